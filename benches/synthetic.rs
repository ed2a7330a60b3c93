//! Audit events that look like a tenancy's: few people, many ids, 3.7 kB each. An event is a function of its number.
//!
//! | property | value |
//! |---|---|
//! | size | 3.7 kB on average, one in 200 with a payload of 10 to 30 kB |
//! | names | 255 kinds of event, 480 principals, 2,000 addresses, 50 compartments, 20,400 resources, 50 clients |
//! | how often | each of these by Zipf's law: the most frequent twice as often as the second |
//! | mix | 60 % GET, 17 % DELETE, 15 % POST, 8 % PUT; 7 % refused |
//! | in one event only | three request ids of 32 digits, a UUID, a port, times; often an `ETag`, a new OCID, a token: some 100 B |

use std::io::Write;

use auditui::domain::ledger::CellKey;
use auditui::domain::page::Page;
use auditui::domain::time_range::FetchWindow;
use chrono::{DateTime, Utc};

/// Events of a page of ListEvents.
pub const PAGE: usize = 100;
pub const REGIONS: [&str; 3] = ["eu-frankfurt-1", "us-ashburn-1", "uk-london-1"];

const COMPARTMENTS: usize = 50;
const PRINCIPALS: usize = FIRST.len() * LAST.len();
const ADDRESSES: usize = 2_000;
const AGENTS: usize = 50;
const RESOURCES: usize = ROLES.len() * PARTS.len() * 51;
const TENANCY: &str = "ocid1.tenancy.oc1..aaaaaaaaba3pv6wkcr4jqae5f15p2b2m2yt2j6rx32uzr4h25vqstifsfdsq";

/// Source, host, path, and three kinds of resource: with five verbs these are 255 kinds of event.
const SERVICES: [(&str, &str, &str, [&str; 3]); 17] = [
    ("ComputeApi", "iaas", "20160918", ["Instance", "Image", "VnicAttachment"]),
    ("VirtualNetwork", "iaas", "20160918", ["Vcn", "Subnet", "SecurityList"]),
    ("ObjectStorage", "objectstorage", "n/acme/b", ["Bucket", "Object", "PreauthenticatedRequest"]),
    ("IdentityControlPlane", "identity", "20160918", ["User", "Policy", "ApiKey"]),
    ("BlockVolumes", "iaas", "20160918", ["Volume", "BootVolume", "VolumeBackup"]),
    ("Monitoring", "telemetry", "20180401", ["Alarm", "Metric", "AlarmSuppression"]),
    ("DatabaseService", "database", "20160918", ["DbSystem", "AutonomousDatabase", "DbHome"]),
    ("KmsVault", "kms", "20180608", ["Vault", "Key", "KeyVersion"]),
    ("LoadBalancer", "iaas", "20170115", ["LoadBalancer", "BackendSet", "Listener"]),
    ("LoggingManagement", "logging", "20200531", ["LogGroup", "Log", "UnifiedAgentConfiguration"]),
    ("Functions", "functions", "20181201", ["Application", "Function", "Trigger"]),
    ("ContainerEngine", "containerengine", "20180222", ["Cluster", "NodePool", "WorkRequest"]),
    ("DnsService", "dns", "20180115", ["Zone", "RRSet", "SteeringPolicy"]),
    ("FileStorage", "filestorage", "20171215", ["FileSystem", "MountTarget", "Export"]),
    ("SecretManagement", "vaults", "20180608", ["Secret", "SecretVersion", "SecretBundle"]),
    ("ResourceManager", "resourcemanager", "20180917", ["Stack", "Job", "ConfigurationSourceProvider"]),
    ("Bastion", "bastion", "20210331", ["Bastion", "Session", "PrivateEndpoint"]),
];
/// How often in a hundred events, and the status of a success.
const VERBS: [(usize, &str, &str, u16); 5] = [
    (38, "Get", "GET", 200),
    (60, "List", "GET", 200),
    (77, "Delete", "DELETE", 204),
    (92, "Create", "POST", 200),
    (100, "Update", "PUT", 200),
];
const FIRST: [&str; 24] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "niaj", "olivia",
    "peggy", "quentin", "rupert", "sybil", "trent", "ursula", "victor", "walter", "xenia", "yusuf", "zoe",
];
const LAST: [&str; 20] = [
    "smith", "mueller", "garcia", "tanaka", "novak", "rossi", "dubois", "jensen", "kowalski", "silva", "okafor",
    "haddad", "petrov", "nguyen", "singh", "larsen", "murphy", "costa", "weber", "lind",
];
const ROLES: [&str; 20] = [
    "web", "jump", "batch", "gitlab", "billing", "search", "cache", "proxy", "mail", "ledger", "orders", "portal",
    "report", "sandbox", "stage", "vpn", "wiki", "queue", "metrics", "archive",
];
const PARTS: [&str; 20] = [
    "instance",
    "bootvolume",
    "vnic",
    "subnet",
    "bucket",
    "backup",
    "cluster",
    "pool",
    "policy",
    "group",
    "key",
    "secret",
    "stack",
    "topic",
    "stream",
    "gateway",
    "listener",
    "image",
    "snapshot",
    "zone",
];

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

    /// One of `end` numbers, the smaller the likelier: number `n` with a probability of about `1 / n`.
    fn zipf(&mut self, end: usize) -> usize {
        let even = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        (((end + 1) as f64).powf(even) as usize).clamp(1, end) - 1
    }

    fn percent(&mut self, of_a_hundred: usize) -> bool {
        self.below(100) < of_a_hundred
    }

    /// `count` characters of an alphabet of 32 or 64.
    fn text(&mut self, alphabet: &[u8], count: usize) -> String {
        let (bits, mask) = (alphabet.len().trailing_zeros(), alphabet.len() as u64 - 1);
        let mut out = String::with_capacity(count);
        while out.len() < count {
            let word = self.next();
            let letters = (0..64 / bits).map(|n| alphabet[(word >> (n * bits) & mask) as usize] as char);
            out.extend(letters.take(count - out.len()));
        }
        out
    }
}

const BASE32: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The OCID of compartment `number`.
pub fn compartment(number: usize) -> String {
    format!("ocid1.compartment.oc1..aaaaaaaa{}", Random(number as u64 ^ 0xc0).text(BASE32, 52))
}

/// Page `number` of a fetch: the events from `number * PAGE` on, which are in no order.
pub fn page(number: usize) -> Page {
    let place = Place::of(number);
    let mut body = vec![b'['];
    for event in number * PAGE..(number + 1) * PAGE {
        write_event(&mut body, event as u64);
        body.push(b',');
    }
    body.pop();
    body.push(b']');
    let cell = CellKey {
        region: place.region.into(),
        compartment: compartment(place.compartment).as_str().into(),
        window: FetchWindow::from_minutes(0, 360).expect("six hours"),
    };
    let received = DateTime::from_timestamp(1_800_000_000, 0).expect("an instant");
    Page::new(cell, body, None, received).expect("an array")
}

/// Appends event `number`, as JSON without spaces.
pub fn write_event(out: &mut Vec<u8>, number: u64) {
    let mut random = Random(number.wrapping_mul(0xd134_2543_de82_ef95));
    let place = Place::of(number as usize / PAGE);
    Event::new(&mut random, &place).write(out).expect("memory takes all");
}

/// Where a page was read.
struct Place {
    region: &'static str,
    compartment: usize,
}

impl Place {
    fn of(page: usize) -> Self {
        let compartment = Random(page as u64 ^ 0x70).zipf(COMPARTMENTS);
        Self { region: REGIONS[page % REGIONS.len()], compartment }
    }
}

/// What is said more than once in an event.
struct Event<'a> {
    random: &'a mut Random,
    place: &'a Place,
    service: &'static (&'static str, &'static str, &'static str, [&'static str; 3]),
    kind: &'static str,
    name: String,
    method: &'static str,
    status: u16,
    compartment: String,
    user: usize,
    user_name: String,
    user_id: String,
    ip: String,
    agent: String,
    resource_name: String,
    resource_id: String,
    request: [String; 3],
    time: DateTime<Utc>,
}

impl<'a> Event<'a> {
    fn new(random: &'a mut Random, place: &'a Place) -> Self {
        // Which kinds are frequent has nothing to do with their order in the table.
        let kinds = SERVICES.len() * 3;
        let which = random.zipf(kinds) * 19 % kinds;
        let service = &SERVICES[which / 3];
        let kind = service.3[which % 3];
        let dice = random.below(100);
        let (_, verb, method, success) = *VERBS.iter().find(|(below, ..)| dice < *below).unwrap_or(&VERBS[0]);
        let user = random.zipf(PRINCIPALS);
        // A resource is of one kind and in one region.
        let region = REGIONS.iter().position(|region| *region == place.region).unwrap_or(0);
        let of_kind = RESOURCES / kinds;
        let resource = which * of_kind + random.zipf(of_kind / REGIONS.len()) * REGIONS.len() + region;
        let is_new = method == "POST";
        let resource_seed = if is_new { random.next() } else { resource as u64 ^ 0x5e50 };
        let key = ["anthel", "abthel", "anuwcl"][resource % 3];
        let micros = 1_790_000_000_000_000 + random.below(21_600_000) as i64 * 1_000;
        Self {
            service,
            kind,
            name: format!("{verb}{kind}{}", if verb == "List" { "s" } else { "" }),
            method,
            status: if random.percent(7) { [400, 401, 404, 404, 409, 429, 500][random.below(7)] } else { success },
            compartment: compartment(place.compartment),
            user,
            user_name: format!("{}.{}@acme.com", FIRST[user % FIRST.len()], LAST[user / FIRST.len()]),
            user_id: format!("ocid1.user.oc1..aaaaaaaa{}", Random(user as u64 ^ 0x05e7).text(BASE32, 52)),
            ip: address(random, user),
            agent: agent(user),
            resource_name: format!("{}-{}-{:03}", ROLES[resource % 20], PARTS[resource / 20 % 20], resource / 400),
            resource_id: format!(
                "ocid1.{}.oc1.{}.{key}{}",
                kind.to_ascii_lowercase(),
                place.region,
                Random(resource_seed).text(BASE32, 54)
            ),
            request: [(); 3].map(|()| format!("{:016X}{:016X}", random.next(), random.next())),
            time: DateTime::from_timestamp_micros(micros).unwrap_or_default(),
            random,
            place,
        }
    }

    fn write(mut self, out: &mut Vec<u8>) -> std::io::Result<()> {
        let (source, name, time) = (self.service.0, &self.name, self.time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
        let [a, b] = [self.random.next(), self.random.next()];
        write!(
            out,
            r#"{{"eventType":"com.oraclecloud.{source}.{name}","cloudEventsVersion":"0.1","eventTypeVersion":"2.0","source":"{source}","eventId":"{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}","eventTime":"{time}","contentType":"application/json","data":{{"eventGroupingId":"{}","eventName":"{name}","compartmentId":"{}","compartmentName":"team-{:02}","resourceName":"{}","resourceId":"{}","availabilityDomain":"AD{}","freeformTags":{{"owner":"{}","stage":"prod"}},"definedTags":{{"Oracle-Tags":{{"CreatedBy":"default/{}","CreatedOn":"2026-0{}-1{}T08:12:44.{:03}Z"}}}},"#,
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            b & 0xfff,
            b >> 16,
            self.request.join("/"),
            self.compartment,
            self.place.compartment,
            self.resource_name,
            self.resource_id,
            self.user % 3 + 1,
            ROLES[self.user % 20],
            self.user_name,
            self.user % 9 + 1,
            self.user % 7,
            self.user,
        )?;
        self.identity(out)?;
        self.request(out, &time)?;
        self.response(out, &time)?;
        self.details(out)
    }

    fn identity(&self, out: &mut Vec<u8>) -> std::io::Result<()> {
        let Self { user, user_name, user_id, ip, agent, .. } = self;
        let session =
            if user % 3 == 0 { format!("\"csid{:032x}\"", Random(*user as u64).next()) } else { "null".into() };
        write!(
            out,
            r#""identity":{{"principalName":"{user_name}","principalId":"{user_id}","authType":"{}","callerName":null,"callerId":null,"tenantId":"{TENANCY}","ipAddress":"{ip}","credentials":{},"userAgent":"{agent}","consoleSessionId":{session}}},"#,
            if user % 3 == 0 { "fed" } else { "natv" },
            if user % 3 == 0 { "null".into() } else { self.credentials() },
        )
    }

    fn credentials(&self) -> String {
        format!("\"{TENANCY}/{}/{}\"", self.user_id, self.fingerprint())
    }

    fn fingerprint(&self) -> String {
        let [a, b] = [0x2d, 0x81].map(|seed| Random(self.user as u64 ^ seed).next());
        let pairs: Vec<String> =
            a.to_be_bytes().iter().chain(&b.to_be_bytes()).map(|byte| format!("{byte:02x}")).collect();
        pairs.join(":")
    }

    fn request(&mut self, out: &mut Vec<u8>, time: &str) -> std::io::Result<()> {
        let (_, host, root, _) = self.service;
        let date = self.time.format("%a, %d %b %Y %H:%M:%S GMT");
        let ids = self.request[..2].join("/");
        let collection = format!("/{root}/{}s", self.kind.to_ascii_lowercase());
        let lists = self.name.starts_with("List");
        let path =
            if lists || self.method == "POST" { collection } else { format!("{collection}/{}", self.resource_id) };
        let host = format!("{host}.{}.oraclecloud.com", self.place.region);
        write!(
            out,
            r#""request":{{"id":"{}","path":"{path}","action":"{}","parameters":{{"compartmentId":["{}"]{}}},"headers":{{"Accept":["application/json"],"Accept-Encoding":["gzip, deflate"],"Authorization":["Signature algorithm=\"rsa-sha256\",headers=\"date (request-target) host\",keyId=\"{}\",signature=\"*****\",version=\"1\""],"Connection":["keep-alive"],"Content-Type":["application/json"],"Date":["{date}"],"Host":["{host}"],"User-Agent":["{}"],"#,
            self.request.join("/"),
            self.method,
            self.compartment,
            if lists { r#","limit":["100"],"sortBy":["TIMECREATED"]"# } else { "" },
            self.fingerprint(),
            self.agent,
        )?;
        if self.method == "POST" || self.method == "PUT" {
            let (length, digest) = (self.random.below(2_400) + 40, self.random.text(BASE64, 43));
            write!(out, r#""Content-Length":["{length}"],"x-content-sha256":["{digest}="],"#)?;
        }
        write!(
            out,
            r#""X-Real-IP":["{}"],"X-Real-Port":["{}"],"oci-original-host":["{host}"],"oci-splat-audited":["true"],"#,
            self.ip,
            1_024 + self.random.below(64_000),
        )?;
        if self.random.percent(25) {
            write!(
                out,
                r#""oci-original-url":["https://{host}{path}"],"opc-principal":["{{\"tenantId\":\"{TENANCY}\",\"subjectId\":\"{}\",\"claims\":[{{\"key\":\"pstype\",\"value\":\"natv\",\"issuer\":\"authService.oracle.com\"}},{{\"key\":\"h_host\",\"value\":\"{host}\",\"issuer\":\"h\"}},{{\"key\":\"ptype\",\"value\":\"user\",\"issuer\":\"authService.oracle.com\"}},{{\"key\":\"h_date\",\"value\":\"{time}\",\"issuer\":\"h\"}}]}}"],"#,
                self.user_id,
            )?;
        }
        write!(out, r#""opc-request-id":["{ids}"]}}}},"#)
    }

    fn response(&mut self, out: &mut Vec<u8>, time: &str) -> std::io::Result<()> {
        let id = &self.request[0];
        write!(
            out,
            r#""response":{{"status":"{}","responseTime":"{time}","headers":{{"Cache-Control":["no-cache, no-store, must-revalidate"],"Connection":["keep-alive"],"Content-Length":["{}"],"Content-Type":["application/json"],"Date":["{}"],"X-Content-Type-Options":["nosniff"],"opc-request-id":["{id}"]"#,
            self.status,
            self.random.below(9_000),
            self.time.format("%a, %d %b %Y %H:%M:%S GMT"),
        )?;
        if self.random.percent(35) {
            let tag = [(); 4].map(|()| format!("{:016x}", self.random.next())).concat();
            write!(out, r#","ETag":["{tag}"]"#)?;
        }
        if self.name.starts_with("List") && self.random.percent(25) {
            write!(out, r#","opc-next-page":["{}"]"#, self.random.text(BASE64, 96))?;
        }
        out.extend_from_slice(br#"},"payload":"#);
        self.payload(out)?;
        let message = if self.status < 400 { "succeeded" } else { "failed with response 'NotAuthorizedOrNotFound'" };
        write!(out, r#","message":"{} {message}"}},"#, self.name)
    }

    /// What was answered: one in 200 is long.
    fn payload(&mut self, out: &mut Vec<u8>) -> std::io::Result<()> {
        write!(out, r#"{{"resourceName":"{}"#, self.resource_name)?;
        out.extend_from_slice(br#"","lifecycleState":"ACTIVE","items":["#);
        let long = if self.random.below(200) == 0 { 40 + self.random.below(80) } else { self.random.zipf(3) };
        for item in 0..long {
            let resource = self.random.zipf(RESOURCES);
            write!(
                out,
                r#"{}{{"displayName":"{}-{}-{:03}","lifecycleState":"{}","shape":"VM.Standard.E4.Flex","faultDomain":"FAULT-DOMAIN-{}","timeCreated":"2026-08-1{}T09:0{}:00Z"}}"#,
                if item == 0 { "" } else { "," },
                ROLES[resource % 20],
                PARTS[resource / 20 % 20],
                resource / 400,
                ["RUNNING", "STOPPED", "AVAILABLE"][resource % 3],
                resource % 3 + 1,
                resource % 10,
                resource % 7,
            )?;
        }
        out.extend_from_slice(b"]}");
        Ok(())
    }

    fn details(&mut self, out: &mut Vec<u8>) -> std::io::Result<()> {
        let image = if self.random.percent(50) {
            let tail = Random(self.random.zipf(50) as u64 ^ 0x1a6e).text(BASE32, 52);
            format!(r#""imageId":"ocid1.image.oc1.{}.aaaaaaaa{tail}","#, self.place.region)
        } else {
            String::new()
        };
        let change = if self.method == "GET" {
            r#"{"previous":null,"current":null}"#.into()
        } else {
            format!(
                r#"{{"previous":null,"current":{{"displayName":"{}","compartmentId":"{}","id":"{}","lifecycleState":"UPDATING"}}}}"#,
                self.resource_name, self.compartment, self.resource_id
            )
        };
        write!(
            out,
            r#""stateChange":{change},"additionalDetails":{{{image}"shape":"VM.Standard.E4.Flex","type":"CustomerVmi","volumeId":"null"}}}}}}"#,
        )
    }
}

/// An address: most often one that the user comes from, else any.
fn address(random: &mut Random, user: usize) -> String {
    let which = if random.percent(70) { user * 4 + random.zipf(4) } else { random.zipf(ADDRESSES) };
    let [a, b, c, ..] = Random((which % ADDRESSES) as u64 ^ 0x1b).next().to_be_bytes();
    format!("{}.{a}.{b}.{c}", [10, 140, 203, 192][which % 4])
}

fn agent(user: usize) -> String {
    let which = user % AGENTS;
    match which % 3 {
        0 => format!("Mozilla/5.0 (X11; Linux x86_64; rv:1{which}.0) Gecko/20100101 Firefox/1{which}.0"),
        1 => format!("Oracle-PythonSDK/2.1{which}.0 (python 3.11.4; x86_64-Linux) Oracle-PythonCLI/3.{which}.0"),
        _ => format!("Oracle-TerraformProvider/5.{which}.0 (linux/amd64; terraform/1.{which}.5)"),
    }
}
