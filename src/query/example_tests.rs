//! What an investigator types, and what that finds among a few events made by hand: with an index and without.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::domain::event::Flags;
use crate::domain::footprint::{Footprint, request_id};
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::domain::zone::Zone;
use crate::index::IndexBuilder;

const CLI: &str = "Oracle-PythonSDK/2.158.0 (python 3.12.3) Oracle-PythonCLI/3.63.1";
const SDK: &str = "Oracle-JavaSDK/3.66.0 (Linux)";
const TERRAFORM: &str = "Oracle-GoSDK/65.98.0 (Terraform/1.9.8) Oracle-TerraformProvider/7.12.0";
const BROWSER: &str = "Mozilla/5.0 (X11; Ubuntu)";
const KEY: &str = "11:22:33:44:55:66:77:88:99:aa:bb:cc:2d:81:72:b2";

fn made(id: &str, time: &str, service: &str, name: &str, action: &str, status: &str) -> Value {
    json!({
        "eventId": id, "eventTime": format!("2026-03-14T{time}:00Z"), "source": service,
        "eventType": format!("com.oraclecloud.{service}.{name}"),
        "data": {
            "eventName": name, "request": {"action": action}, "response": {"status": status},
            "identity": {"principalId": "ocid1.user.oc1..someone"},
        },
    })
}

/// Puts values at places, such as `identity.userAgent`, below `data`.
fn with(mut event: Value, values: Value) -> Value {
    let Value::Object(values) = values else { panic!("no object") };
    for (place, value) in values {
        let pointer = format!("/data/{}", place.replace('.', "/"));
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        if event.pointer(parent).is_none() {
            let (above, name) = parent.rsplit_once('/').unwrap();
            event.pointer_mut(above).unwrap()[name] = json!({});
        }
        event.pointer_mut(parent).unwrap()[key] = value;
    }
    event
}

/// With the region each is read in.
fn events() -> Vec<(&'static str, Value)> {
    let of = |user: &str, ip: &str, agent: &str, comp: &str| json!({"identity.principalName": user, "identity.ipAddress": ip, "identity.userAgent": agent, "compartmentName": comp});
    let deleted = with(
        made("delete", "13:45", "ObjectStorage", "DeleteBucket", "DELETE", "204"),
        of("alice@acme.com", "203.0.113.9", CLI, "prod-data"),
    );
    let deleted = with(
        deleted,
        json!({
            "request.path": "/n/x/b/backups-prod", "request.parameters": {"bucketName": ["backups-prod"]},
            "identity.credentials": format!("ocid1.tenancy.oc1..t/ocid1.user.oc1..someone/{KEY}"),
            "resourceId": "ocid1.bucket.oc1..aaaabbbb",
        }),
    );
    let listed = with(
        made("list", "12:00", "ObjectStorage", "ListBuckets", "GET", "200"),
        of("Alice@acme.com.au", "10.1.2.3", BROWSER, "dev"),
    );
    let listed =
        with(listed, json!({"identity.consoleSessionId": "csid12", "message": "below ocid1.bucket.oc1..aaaazzzz"}));
    let terminated = with(
        made("terminate", "13:00", "ComputeApi", "TerminateInstance", "DELETE", "404"),
        of("bob@acme.com", "192.168.7.7", TERRAFORM, "prod-web"),
    );
    let refused = with(
        made("refused", "13:10", "ObjectStorage", "GetObject", "GET", "403"),
        of("svc-backup", "10.0.0.5,198.51.100.1", SDK, "dev"),
    );
    let broken_in = with(
        made("login", "13:40", "IdentitySignOn", "InteractiveLogin", "", "401"),
        of("mallory", "198.51.100.7", BROWSER, ""),
    );
    let signed_in = with(
        made("office", "09:00", "IdentitySignOn", "InteractiveLogin", "", "200"),
        of("bob", "10.1.2.3", BROWSER, ""),
    );
    let uploaded = with(
        made("upload", "13:55", "IdentityControlPlane", "UploadApiKey", "POST", "200"),
        of("alice@acme.com", "203.0.113.9", CLI, "root"),
    );
    let uploaded =
        with(uploaded, json!({"eventGroupingId": "71307F2A-0001", "identity.credentials": format!("t/u/{KEY}")}));
    let opened = with(
        made("open", "13:56", "virtualNetwork", "UpdateSecurityList", "PUT", "200"),
        of("bob@acme.com", "203.0.113.90", TERRAFORM, "prod-net"),
    );
    let opened = with(
        opened,
        json!({"resourceName": "web-sl", "stateChange.previous": {"rules": []}, "stateChange.current": {"rules": [{"source": "0.0.0.0/0"}]}}),
    );
    let public = with(
        made("public", "11:00", "ObjectStorage", "UpdateBucket", "POST", "200"),
        of("svc-deploy", "172.16.0.1", SDK, "prod-data"),
    );
    let public = with(
        public,
        json!({"identity.callerName": "resmgr", "stateChange.previous": null, "stateChange.current": {"publicAccessType": "ObjectRead"}}),
    );
    let launched = with(
        made("launch", "13:50", "ComputeApi", "LaunchInstance.begin", "POST", "200"),
        of("worker", "172.16.0.2", SDK, "prod-web"),
    );
    let launched = with(
        launched,
        json!({
            "identity.principalId": "ocid1.instance.oc1.fra.x", "identity.authType": "instance", "eventGroupingId": "71307f2a-0002",
            "freeformTags": {"env": "prod"}, "message": "allowed 0.0.0.0/0",
        }),
    );
    let own = with(
        made("own", "13:59", "Audit", "ListEvents", "GET", "429"),
        json!({"request.id": request_id("0badcafe", 1)}),
    );
    let mut bare = json!({"eventId": "bare", "data": {"identity": {"principalId": "objectstorage/ABC"}}});
    bare["data"]["response"] = json!({"status": "-"});
    [
        ("us-ashburn-1", deleted),
        ("eu-frankfurt-1", listed),
        ("us-ashburn-1", terminated),
        ("us-ashburn-1", refused),
        ("uk-london-1", broken_in),
        ("uk-london-1", signed_in),
        ("us-ashburn-1", uploaded),
        ("eu-frankfurt-1", opened),
        ("uk-london-1", public),
        ("eu-frankfurt-1", launched),
        ("uk-london-1", own),
        ("uk-london-1", bare),
    ]
    .into()
}

fn read(text: &str) -> Query {
    let read_list = |name: &str, subject: &Subject| list_of(subject, name, "10.0.0.0/8\n192.168.0.0/16 \n");
    let now = "2026-03-14T14:00:00Z".parse().unwrap();
    parse(text, &ParseContext { now, zone: Zone::Utc, read_list: &read_list })
        .unwrap_or_else(|error| panic!("{}", error.render(text)))
}

/// What a query finds, by the ids, in the order of the events.
struct World {
    footprint: Footprint,
    events: Vec<(RegionId, Vec<u8>)>,
    snapshot: std::sync::Arc<crate::index::Snapshot>,
}

impl World {
    fn new() -> Self {
        let footprint = Footprint::of(Some("ocid1.user.oc1..someone".into()));
        let events: Vec<_> = events()
            .into_iter()
            .map(|(region, event)| (RegionId::new(region), event.to_string().into_bytes()))
            .collect();
        let mut builder = IndexBuilder::new(footprint.clone());
        for (region, bytes) in &events {
            builder.insert(region, &"c".into(), bytes);
        }
        Self { footprint, events, snapshot: builder.snapshot() }
    }

    fn matches(&self, query: &Query) -> String {
        let queried = Ocid::new("c");
        let found = self.events.iter().filter_map(|(region, bytes)| {
            let decoded = self.footprint.decode(bytes);
            let event = EventRef { fields: &decoded.fields, flags: decoded.flags, region, queried: &queried, bytes };
            matches(query, &event).then(|| decoded.fields.id.to_string())
        });
        found.collect::<Vec<_>>().join(" ")
    }

    fn selects(&self, query: &Query) -> BTreeSet<String> {
        let selection = select(&self.snapshot, query, Order::OldestFirst, None, &Cancel::new()).unwrap();
        let id = |row| self.footprint.decode(&self.snapshot.row(row).unwrap().raw().unwrap()).fields.id.to_string();
        selection.rows(0..selection.len()).map(id).collect()
    }
}

const EVERYTHING: &str = "delete list terminate refused login office upload open public launch own bare";

/// As typed, as printed (empty: the same), and the events that it finds.
const EXAMPLES: [(&str, &str, &str); 64] = [
    ("user:alice", "", "delete list upload"),
    ("user=\"alice@acme.com\" is:write", "user=alice@acme.com is:write", "delete upload"),
    ("ip:203.0.113.9", "", "delete upload"),
    ("ip:10.0.0.0/8", "", "list refused office"),
    ("-ip:10.0.0.0/8 -ip:192.168.0.0/16 is:write", "", "delete login upload open public launch bare"),
    ("event:Delete*", "", "delete"),
    ("event:(Delete* OR Terminate*) comp:prod*", "", "delete terminate"),
    ("status:>=400", "status>=400", "terminate refused login own"),
    ("status:4xx -status:404", "", "refused login own"),
    ("status:400..409", "", "terminate refused login"),
    ("is:denied user:svc-*", "", "refused"),
    ("is:login is:failed", "", "login"),
    ("is:login -ip in @office-nets.txt", "", "login"),
    ("key:2d:81:72:b2", "", "delete upload"),
    ("event:UploadApiKey OR event:CreateAuthToken OR event:CreateCustomerSecretKey", "", "upload"),
    ("svc:IdentityControlPlane -action:GET", "", "upload"),
    ("ocid:ocid1.bucket.oc1..aaaa", "ocid:\"ocid1.bucket.oc1..aaaa\"", "delete list"),
    ("res:web-sl has:diff", "", "open"),
    ("data.request.parameters.bucketName:backups-prod", "", "delete"),
    ("stateChange.current.publicAccessType:ObjectRead", "", "public"),
    ("\"0.0.0.0/0\" is:write", "0.0.0.0/0 is:write", "launch"),
    ("*:\"0.0.0.0/0\" is:write", "*:0.0.0.0/0 is:write", "open launch"),
    ("ua=~\"(?i)terraform|pulumi\"", "ua=~/(?i)terraform|pulumi/", "terminate open"),
    ("NOT (user:svc-* OR is:service) is:write", "", "delete terminate login office upload open launch"),
    (
        "time:13:40..13:56 region:(iad OR fra)",
        "time:2026-03-14T13:40:00Z..2026-03-14T13:56:00Z region:(us-ashburn-1 OR eu-frankfurt-1)",
        "delete upload launch",
    ),
    ("group:71307F2A*", "", "upload launch"),
    ("session:csid*", "", "list"),
    ("-is:self", "", "delete list terminate refused login office upload open public launch bare"),
    // What the examples leave out.
    ("", "", EVERYTHING),
    ("*", "", EVERYTHING),
    ("NOT *", "", ""),
    ("is:self", "", "own"),
    ("is:read", "", "list refused own"),
    ("is:service", "", "public bare"),
    ("is:console", "", "list login office"),
    ("is:cli", "", "delete upload"),
    ("is:terraform", "", "terminate open"),
    ("is:sdk", "", "refused public launch"),
    ("is:instance", "", "launch"),
    ("is:begin", "", "launch"),
    ("is:end", "", ""),
    ("is:late", "", ""),
    ("has:diff", "", "open public"),
    ("has:stateChange.previous", "stateChange.previous:*", "open"),
    ("has:caller", "caller:*", "public"),
    ("time:*", "", "delete list terminate refused login office upload open public launch own"),
    ("-time:*", "", "bare"),
    ("time:>=13:56", "time:>=2026-03-14T13:56:00Z", "open own"),
    ("time:<=11:00", "time:<2026-03-14T11:00:00.000001Z", "office public"),
    ("tag:env=prod", "tag:\"env=prod\"", "launch"),
    ("tag:*", "", "launch"),
    ("ip=198.51.100.1", "ip:198.51.100.1", "refused"),
    ("ip:198.51.*", "", "refused login"),
    ("ip=~/^198/", "", "refused login"),
    ("status in (204, 403)", "status:(204 OR 403)", "delete refused"),
    ("user in (BOB, svc-*)", "", "refused office public"),
    ("status:\"-\"", "", "bare"),
    ("DELETE prod", "", "delete"),
    ("/^Delete|^Up.*Key$/", "", "delete upload"),
    ("?pdate*", "", "open public"),
    ("stateChange:0.0.0.0/0", "", "open"),
    ("\"below ocid1\"", "", "list"),
    ("user:\\:a*", "", ""),
    ("*\\:x", "", ""),
];

#[test]
fn every_example_finds_what_it_should() {
    let world = World::new();
    for (typed, printed, found) in EXAMPLES {
        let query = read(typed);
        assert_eq!(world.matches(&query), found, "{typed}");
        assert_eq!(
            world.selects(&query),
            found.split_whitespace().map(str::to_owned).collect(),
            "{typed} with an index"
        );
        let expected = match (printed, typed) {
            ("", "*") => "",
            ("", typed) => typed,
            (printed, _) => printed,
        };
        assert_eq!(query.to_string(), expected);
        assert_eq!(read(&query.to_string()), query, "{typed}");
    }
}

#[test]
fn an_event_that_came_late_is_found() {
    let world = World::new();
    let (region, bytes) = &world.events[0];
    let decoded = world.footprint.decode(bytes);
    let (flags, queried) = (Flags::LATE, Ocid::new("c"));
    assert!(matches(&read("is:late"), &EventRef { fields: &decoded.fields, flags, region, queried: &queried, bytes }));
}
