//! Answers that are odd in length, packing, paging or content, and a tenancy that changes.

use std::io::Read as _;

use super::trouble::faulty;
use super::*;

async fn reply(fault: &str, extra: &[(&'static str, String)]) -> (FakeOci, io::Result<Reply>) {
    let fake = start_with(faulty(&format!("operation = \"ListEvents\"\n{fault}"))).await;
    let (from, until) = day();
    let target = list_events("us-ashburn-1", &fake.credentials().tenancy, from, until, None);
    let client = Client::of(&fake);
    let mut headers = client.headers();
    headers.push(("authorization", client.authorization("GET", &target, "date (request-target) host", &headers)));
    headers.extend_from_slice(extra);
    let reply = send(fake.port(), "GET", &target, &headers, "").await;
    (fake, reply)
}

fn unpacked(body: &[u8], most: u64) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(body).take(most).read_to_end(&mut out).unwrap();
    out
}

#[tokio::test]
async fn lengths_can_lie() {
    let (_fake, long) = reply("kind = \"long-length\"", &[]).await;
    assert!(long.is_err(), "more is promised than comes");
    let (_fake, short) = reply("kind = \"short-length\"", &[]).await;
    let short = short.unwrap();
    assert_eq!(short.headers["content-length"], short.body.len().to_string());
    assert!(serde_json::from_slice::<Value>(&short.body).is_err());
}

#[tokio::test]
async fn a_sweep_cuts_a_little_later_each_time() {
    let fake = start_with(faulty("kind = \"reset-sweep\"\noperation = \"ListEvents\"\nfirst = 4")).await;
    let (from, until) = day();
    let target = list_events("us-ashburn-1", &fake.credentials().tenancy, from, until, None);
    let client = Client::of(&fake);
    for _ in 0..4 {
        assert!(client.try_get(&target).await.is_err());
    }
    assert_eq!(client.get(&target).await.status, 200);
    assert_eq!(fake.counts().faults, 4);
}

#[tokio::test]
async fn packing_can_lie() {
    let (_fake, twice) = reply("kind = \"gzip-twice\"", &[]).await;
    let body = unpacked(&unpacked(&twice.unwrap().body, u64::MAX), u64::MAX);
    assert!(serde_json::from_slice::<Value>(&body).unwrap().is_array());
    let (_fake, not_packed) = reply("kind = \"false-gzip\"", &[]).await;
    let not_packed = not_packed.unwrap();
    assert_eq!(not_packed.headers["content-encoding"], "gzip");
    assert!(not_packed.json().is_array());
    let (_fake, bomb) = reply("kind = \"bomb\"\nbytes = 50_000_000", &[]).await;
    let bomb = bomb.unwrap().body;
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    assert_eq!(unpacked(&bomb, 49_000_000).len(), 49_000_000);
}

#[tokio::test]
async fn redirects_lead_to_another_host_that_would_notice() {
    let (fake, moved) = reply("kind = \"redirect\"\nstatus = 301", &[]).await;
    let moved = moved.unwrap();
    assert_eq!(moved.status, 301);
    let expected = format!("http://localhost:{}/moved/audit/us-ashburn-1/", fake.port());
    assert!(moved.headers["location"].starts_with(&expected), "{}", moved.headers["location"]);
    let (_fake, nothing) = reply("kind = \"status\"\nstatus = 204", &[]).await;
    let nothing = nothing.unwrap();
    assert!(nothing.status == 204 && nothing.body.is_empty());
}

/// All pages until there is no token, or so many.
async fn pages(fault: &str, most: usize) -> Vec<Vec<Value>> {
    let fake = start_with(faulty(fault)).await;
    let (from, until) = day();
    let (client, mut pages, mut page) = (Client::of(&fake), Vec::new(), None::<String>);
    while pages.len() < most {
        let target = list_events("us-ashburn-1", &fake.credentials().tenancy, from, until, page.as_deref());
        let reply = client.get(&target).await;
        pages.push(reply.json().as_array().unwrap().clone());
        page = reply.next();
        if page.is_none() {
            break;
        }
    }
    pages
}

#[tokio::test]
async fn pages_can_come_twice_without_end_or_in_no_order() {
    let plain = pages("kind = \"slow\"", 50).await;
    let whole = ids(&plain.concat());
    let twice = pages("kind = \"page-twice\"", 50).await;
    assert_eq!(twice.len(), plain.len() * 2);
    assert!(twice[0] == twice[1] && ids(&twice.concat()) == whole);
    let endless = pages("kind = \"endless\"", plain.len() + 300).await;
    assert_eq!(endless.len(), plain.len() + 300);
    assert!(endless[plain.len()..].iter().all(Vec::is_empty) && ids(&endless.concat()) == whole);
    let scattered = pages("kind = \"scattered\"", 50).await;
    assert_eq!((scattered.len(), ids(&scattered.concat())), (plain.len(), whole.clone()));
    let times = |page: &[Value]| page.iter().map(|event| event["eventTime"].to_string()).max().unwrap();
    assert!(!scattered.is_sorted_by_key(|page| times(page)));
    let copies = pages("kind = \"copies\"\nof = \"prod/prod-db\"", 50).await;
    assert!(copies[0].len() > plain[0].len() && copies[1..] == plain[1..]);
    let conflict = pages("kind = \"conflict\"", 50).await.concat();
    assert!(conflict.len() > whole.len() && ids(&conflict) == whole);
}

#[tokio::test]
async fn what_was_served_is_remembered_where_that_is_wanted() {
    let options = Options { now: Some(now()), keep_served: true, ..Options::default() };
    let scenario = faulty("kind = \"twist\"\ntwist = \"no-data\"");
    let fake = FakeOci::start(scenario, options).await.unwrap();
    let (from, until) = day();
    let events = Client::of(&fake).all("us-ashburn-1", &fake.credentials().tenancy, from, until).await;
    assert!(events.iter().all(|event| event.get("data").is_none()));
    assert!(fake.has_served(events[0].to_string().as_bytes()), "as it was twisted");
    assert!(!fake.has_served(&fake.world_events(from, until)[0].bytes), "not as it would have been");
}

#[tokio::test]
async fn a_tenancy_can_change_while_it_is_read() {
    let small = include_str!("../../../assets/scenarios/small.toml");
    let change = |kind: &str, what: &str| format!("\n[[changes]]\nafter = 3\nkind = \"{kind}\"\n{what}\n");
    let changes = [
        change("created", "compartment = \"prod\""),
        change("renamed", "compartment = \"prod/prod-db\"\nname = \"renamed\""),
        change("deleted", "compartment = \"sandbox\""),
        change("revoked", "compartment = \"prod/prod-net\""),
        change("subscribed", "region = \"us-phoenix-1\""),
    ];
    let fake = start_with(Scenario::parse(&format!("{small}{}", changes.concat())).unwrap()).await;
    let (client, tenancy) = (Client::of(&fake), fake.credentials().tenancy);
    let base = "/identity/us-ashburn-1/20160918";
    let tree = format!("{base}/compartments?compartmentId={tenancy}&compartmentIdInSubtree=true");
    let regions = format!("{base}/tenancies/{tenancy}/regionSubscriptions");
    let (from, until) = day();
    let (net, _) = fake.compartments().into_iter().find(|(_, path)| path == "prod/prod-net").unwrap();
    let events = list_events("us-phoenix-1", &net, from, until, None);
    let names = |list: &Value| list.as_array().unwrap().iter().map(|it| it["name"].to_string()).collect::<Vec<_>>();
    let before = client.get(&tree).await.json();
    assert!(!names(&before).contains(&"\"prod\"".to_owned()) && names(&before).contains(&"\"prod-db\"".to_owned()));
    assert_eq!(client.get(&regions).await.json().as_array().unwrap().len(), 2);
    assert_eq!(client.get(&events).await.status, 401, "not subscribed yet");
    let after = client.get(&tree).await.json();
    assert!(names(&after).contains(&"\"prod\"".to_owned()) && names(&after).contains(&"\"renamed\"".to_owned()));
    let sandbox = after.as_array().unwrap().iter().find(|it| it["name"] == "sandbox").unwrap();
    assert_eq!(sandbox["lifecycleState"], "DELETED");
    assert_eq!(client.get(&regions).await.json().as_array().unwrap().len(), 3);
    assert_eq!(client.get(&events).await.status, 404, "subscribed, but denied by now");
}

#[test]
fn faults_and_changes_that_say_too_little_are_refused() {
    let small = include_str!("../../../assets/scenarios/small.toml");
    for (text, key) in [
        ("[[faults]]\nkind = \"copies\"", "faults.of"),
        ("[[faults]]\nkind = \"twist\"", "faults.twist"),
        ("[[faults]]\nkind = \"bomb\"", "faults.bytes"),
        ("[[faults]]\nkind = \"redirect\"\nstatus = 404", "faults.status"),
        ("[[changes]]\nafter = 1\nkind = \"created\"\ncompartment = \"nowhere\"", "changes.compartment"),
        ("[[changes]]\nafter = 1\nkind = \"renamed\"\ncompartment = \"prod\"", "changes.name"),
        ("[[changes]]\nafter = 1\nkind = \"subscribed\"", "changes.region"),
    ] {
        let error = Scenario::parse(&format!("{small}\n{text}")).unwrap_err().to_string();
        assert!(error.contains(key), "{error}");
    }
}
