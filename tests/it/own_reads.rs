//! Our own calls, which the service audits as well: kept, counted, marked; and nobody else's are taken for ours.

use std::collections::BTreeSet;

use auditui::fake_oci::WorldEvent;
use serde_json::Value;

use super::support::{Cloud, assert_same_events};

/// Whether the event carries a request id of our form and was made by `user`.
fn is_signed(event: &WorldEvent, user: &str) -> bool {
    let data = serde_json::from_slice::<Value>(&event.bytes).unwrap()["data"].clone();
    data["identity"]["principalId"] == user && data["request"]["id"].as_str().unwrap().starts_with("auditui-")
}

#[test]
fn an_export_keeps_our_own_reads_and_says_which_they_are() {
    let cloud = Cloud::named("own-reads");
    let user = cloud.fake.credentials().user;
    let world = cloud.world();
    let reads = cloud.export(&["--reads"]).expect(0);
    let reads: BTreeSet<&[u8]> = reads.lines().into_iter().collect();
    let is_own = |event: &WorldEvent| is_signed(event, &user) && reads.contains(&*event.bytes);
    let own = world.iter().filter(|event| is_own(event)).count();
    assert!(own > 1 && own < world.iter().filter(|event| is_signed(event, &user)).count(), "{own}");

    let output = cloud.export(&[]).expect(0);
    assert_same_events(&output.lines(), &world);
    let note = format!("note: {own} events are auditui's own reads (request ids auditui-...)\n");
    assert!(output.stderr.contains(&note), "{}", output.stderr);
    assert!(output.last_line().starts_with("export: 600 events, "), "{}", output.stderr);

    let output = cloud.export(&["--meta"]).expect(0);
    for (line, event) in output.lines().into_iter().zip(&world) {
        let meta = serde_json::from_slice::<Value>(line).unwrap()["_meta"].clone();
        let expected = if is_own(event) { Some(&Value::Bool(true)) } else { None };
        assert_eq!(meta.get("self"), expected, "{}", String::from_utf8_lossy(&event.bytes));
        assert_eq!(meta["flags"], Value::Array(Vec::new()), "it is not odd");
    }
    let writes = cloud.export(&["--writes"]).expect(0);
    assert!(!writes.stderr.contains("own read"), "{}", writes.stderr);
}
