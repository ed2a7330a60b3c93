//! Audit events that look like a tenancy's: few people, many ids, 3 kB each. A function of their number.

use chrono::DateTime;

use auditui::domain::ledger::CellKey;
use auditui::domain::page::Page;
use auditui::domain::time_range::FetchWindow;

/// Events of a page of ListEvents.
pub const PAGE: usize = 100;

const NAMES: [(&str, &str, &str); 8] = [
    ("ComputeApi", "GetInstance", "GET"),
    ("ComputeApi", "ListInstances", "GET"),
    ("ComputeApi", "LaunchInstance", "POST"),
    ("VirtualNetwork", "UpdateSecurityList", "PUT"),
    ("ObjectStorage", "GetBucket", "GET"),
    ("ObjectStorage", "DeleteBucket", "DELETE"),
    ("IdentityControlPlane", "ListUsers", "GET"),
    ("Monitoring", "SummarizeMetricsData", "POST"),
];
pub const REGIONS: [&str; 3] = ["eu-frankfurt-1", "us-ashburn-1", "uk-london-1"];

/// A random number generator of one addition and three mixes (`SplitMix64`).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ n >> 31
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// The OCID of compartment `number`, of forty.
pub fn compartment(number: usize) -> String {
    format!("ocid1.compartment.oc1..aaaaaaaa{number:016x}")
}

/// Page `number` of a fetch; its events are in no order.
pub fn page(number: usize) -> Page {
    let mut random = Random(number as u64);
    let region = REGIONS[number % REGIONS.len()];
    let compartment = compartment(number / REGIONS.len() % 40);
    let events: Vec<String> = (0..PAGE).map(|_| event(&mut random, region, &compartment)).collect();
    let cell = CellKey {
        region: region.into(),
        compartment: compartment.as_str().into(),
        window: FetchWindow::from_minutes(0, 360).expect("six hours"),
    };
    let received = DateTime::from_timestamp(1_800_000_000, 0).expect("an instant");
    Page::new(cell, format!("[{}]", events.join(",")).into_bytes(), None, received).expect("an array")
}

fn event(random: &mut Random, region: &str, compartment: &str) -> String {
    let (service, name, action) = NAMES[random.below(NAMES.len())];
    let user = random.below(30);
    let user_id = format!("ocid1.user.oc1..aaaaaaaa{:052x}", user * 7_919);
    let resource = random.below(2_000);
    let resource_id = format!("ocid1.instance.oc1.{region}.anthel{:054x}", resource * 104_729);
    let micros = 1_790_000_000_000_000 + random.below(21_600_000) as i64 * 1_000;
    let time = DateTime::from_timestamp_micros(micros).unwrap_or_default().format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let status = [200, 200, 200, 200, 200, 404, 409][random.below(7)];
    let request = format!("{:016X}{:016X}/{:032X}/{:032X}", random.next(), random.next(), random.next(), random.next());
    let id = format!(
        "{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}",
        random.next() as u32,
        random.next() as u16,
        random.next() as u16 & 0xfff,
        random.next() as u16 & 0xfff,
        random.next() >> 16
    );
    let ip = format!("203.0.113.{}", random.below(40));
    let fingerprint = format!("2d:81:72:b2:00:11:22:33:44:55:66:77:88:99:aa:{user:02x}");
    let path = format!("/20160918/instances/{resource_id}");
    let agent = "Oracle-PythonSDK/2.165.0 (python 3.11.4; x86_64-Linux) Oracle-PythonCLI/3.63.0";
    format!(
        r#"{{"eventType":"com.oraclecloud.{service}.{name}","cloudEventsVersion":"0.1","eventTypeVersion":"2.0","source":"{service}","eventId":"{id}","eventTime":"{time}","contentType":"application/json","data":{{"eventGroupingId":"{request}","eventName":"{name}","compartmentId":"{compartment}","compartmentName":"team-{:02}","resourceName":"web-{resource:04}","resourceId":"{resource_id}","availabilityDomain":"AD1","freeformTags":{{"owner":"team","stage":"prod"}},"definedTags":{{"Oracle-Tags":{{"CreatedBy":"user{user}@acme.com","CreatedOn":"{time}"}}}},"identity":{{"principalName":"user{user}@acme.com","principalId":"{user_id}","authType":"natv","callerName":null,"callerId":null,"tenantId":"ocid1.tenancy.oc1..aaaaaaaaba3pv6wkcr4jqae5f15p2b2m2yt2j6rx32uzr4h25vqstifsfdsq","ipAddress":"{ip}","credentials":"ocid1.tenancy.oc1..aaaaaaaaba3pv6wkcr4jqae5f15p2b2m2yt2j6rx32uzr4h25vqstifsfdsq/{user_id}/{fingerprint}","userAgent":"{agent}","consoleSessionId":null}},"request":{{"id":"{request}","path":"{path}","action":"{action}","parameters":{{"compartmentId":["{compartment}"]}},"headers":{{"opc-principal":["{{\"tenantId\":\"ocid1.tenancy.oc1..aaaaaaaaba3pv6wkcr4jqae5f15p2b2m2yt2j6rx32uzr4h25vqstifsfdsq\",\"subjectId\":\"{user_id}\",\"claims\":[{{\"key\":\"pstype\",\"value\":\"natv\",\"issuer\":\"authService.oracle.com\"}},{{\"key\":\"h_date\",\"value\":\"{time}\",\"issuer\":\"h\"}}]}}"],"Accept":["*/*"],"User-Agent":["{agent}"],"X-Real-IP":["{ip}"],"opc-request-id":["{request}"],"Authorization":["Signature algorithm=\"rsa-sha256\",headers=\"date (request-target) host\",keyId=\"{user_id}/{fingerprint}\",signature=\"*****SIGNATURE*****\",version=\"1\""],"Date":["{time}"],"Host":["iaas.{region}.oraclecloud.com"]}}}},"response":{{"status":"{status}","responseTime":"{time}","headers":{{"Content-Type":["application/json"],"opc-request-id":["{request}"],"ETag":["{:016x}"]}},"payload":{{"resourceId":"{resource_id}","id":"{resource_id}"}},"message":"{name} {}"}},"stateChange":{{"previous":null,"current":null}},"additionalDetails":{{"imageId":"ocid1.image.oc1.{region}.aaaaaaaa{:052x}","shape":"VM.Standard.E4.Flex","type":"CustomerVmi"}}}}}}"#,
        user % 9,
        random.next(),
        if status == 200 { "succeeded" } else { "failed" },
        resource % 50 * 15_485_863,
    )
}
