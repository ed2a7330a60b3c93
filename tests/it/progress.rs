//! What standard error says of the progress, in each way of telling it.

use serde_json::Value;

use super::support::{Cloud, Home, Output};

fn objects(output: &Output) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    output.stderr.lines().map(parse).collect()
}

#[test]
fn as_json_every_line_is_an_object_and_the_last_is_the_summary() {
    let cloud = Cloud::named("small");
    let output = cloud.export(&["--progress", "json"]).expect(3);
    let objects = objects(&output);
    let summary = objects.last().unwrap();
    assert_eq!((&summary["type"], &summary["exitCode"]), (&"summary".into(), &3.into()));
    assert_eq!(summary["events"], cloud.world().len());
    assert_eq!(summary["calls"], cloud.fake.counts().requests);
    assert!(summary["sentence"].as_str().unwrap().starts_with("export: "), "{summary}");
    let last = objects.iter().rfind(|object| object["type"] == "progress").unwrap();
    let slices = &last["slices"];
    assert_eq!((&slices["denied"], &slices["gone"], &slices["queued"]), (&3.into(), &3.into(), &0.into()));
    let parts = ["complete", "settling", "failed", "denied", "gone", "queued", "loading"];
    assert_eq!(parts.iter().map(|part| slices[part].as_u64().unwrap()).sum::<u64>(), slices["total"].as_u64().unwrap());
    assert!(last["events"].as_u64() >= summary["events"].as_u64());
    let denied = objects.iter().find(|object| object["kind"] == "no-access").unwrap();
    assert_eq!(denied["hint"], "Allow group <group> to read audit-events in compartment secret");
}

#[test]
fn as_json_a_failure_is_an_object_too() {
    let args = ["export", "--progress", "json", "--since"];
    for (since, code) in [("sometime", 2), ("1h", 2)] {
        let output = Home::empty().run(&[&args[..], &[since]].concat()).expect(code);
        let objects = objects(&output);
        let problem = objects.last().unwrap();
        assert_eq!((&problem["type"], &problem["exitCode"]), (&"problem".into(), &code.into()), "{problem}");
        assert!(problem["what"].is_string());
    }
}

#[test]
fn the_environment_may_choose_and_quiet_is_none() {
    let mut cloud = Cloud::named("small");
    let none = cloud.export(&["--progress", "none"]).expect(3);
    assert!(none.stderr.starts_with("no access: ") && none.last_line().starts_with("export: "), "{}", none.stderr);
    cloud.home.set("AUDITUI_PROGRESS", "json");
    assert!(objects(&cloud.export(&[]).expect(3)).len() > 3);
    assert_eq!(cloud.export(&["-q"]).expect(3).stderr, none.stderr);
    let plain = cloud.export(&["--progress", "plain"]).expect(3);
    assert!(plain.stderr.starts_with("export: ") && plain.stderr.lines().count() < 20, "{}", plain.stderr);
}
