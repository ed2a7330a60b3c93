//! What an export leaves behind to prove what it covers, and `auditui coverage`, which shows it or makes it anew.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::support::{Cloud, Home, Output, assert_polite, assert_same_events, rfc3339, scenario_but};

fn document(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Exports to a file of that name in the home directory.
fn export_to(cloud: &Cloud, name: &str, args: &[&str]) -> Output {
    let path = cloud.home.path(name);
    cloud.export(&[&["--output-file", path.to_str().unwrap()], args].concat())
}

/// `auditui coverage` over the range of the small scenarios.
fn make(cloud: &Cloud, args: &[&str]) -> Output {
    let [from, until] = cloud.range().map(rfc3339);
    cloud.run(&[&["coverage", "--since", &from, "--until", &until], args].concat())
}

#[test]
fn an_export_to_a_file_leaves_proof_beside_it() {
    let cloud = Cloud::named("small");
    let output = export_to(&cloud, "day.jsonl", &[]).expect(3);
    let proof = document(&cloud.home.path("coverage.json"));
    let bytes = std::fs::read(cloud.home.path("day.jsonl")).unwrap();
    let sha256 = format!("{:x}", Sha256::digest(&bytes));
    let world = cloud.world();
    let expected = serde_json::json!({"file": "day.jsonl", "bytes": bytes.len(), "sha256": sha256,
        "events": world.len(),
        "duplicates": proof["export"]["duplicates"], "conflicts": 0, "flagged": 0, "own": proof["export"]["own"]});
    assert_eq!(proof["export"], expected);
    assert_eq!(proof["sentence"], output.last_line());
    assert_eq!((&proof["exitCode"], &proof["complete"]), (&3.into(), &false.into()));
    let run = proof["runId"].as_str().unwrap();
    let requests = cloud.fake.requests();
    assert!(requests.iter().all(|request| request.client_request_id.as_deref().unwrap().contains(run)));
    assert_eq!(proof["calls"], requests.len());
    let cells = proof["cells"].as_array().unwrap();
    assert_eq!(proof["totals"]["denied"], 3);
    let received: u64 = cells.iter().filter_map(|cell| cell["events"].as_u64()).sum();
    assert_eq!(received, world.len() as u64);
    let denied: Vec<_> = cells.iter().filter(|cell| cell["state"] == "denied").collect();
    assert!(denied.iter().all(|cell| cell["compartment"] == cloud.ocid("secret").as_str()));
    assert!(denied.iter().all(|cell| cell["problem"]["requestId"].is_string() && cell["readAt"].is_null()));
    assert_eq!(proof["compartments"].as_array().unwrap().len(), cloud.fake.compartments().len());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(cloud.home.path("coverage.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn each_export_keeps_its_own_proof() {
    let cloud = Cloud::named("small");
    export_to(&cloud, "a.jsonl", &[]).expect(3);
    let first = document(&cloud.home.path("coverage.json"));
    let second = export_to(&cloud, "b.jsonl", &["--region", "fra"]).expect(3);
    assert!(second.stderr.contains("export: the coverage is in ") && second.stderr.contains("b.jsonl.coverage.json\n"));
    assert_eq!(document(&cloud.home.path("coverage.json")), first);
    assert_eq!(document(&cloud.home.path("b.jsonl.coverage.json"))["export"]["file"], "b.jsonl");
    export_to(&cloud, "a.jsonl", &["--region", "fra"]).expect(3);
    assert_ne!(document(&cloud.home.path("coverage.json")), first, "its own is replaced");
}

#[test]
fn the_place_can_be_chosen_for_standard_output_too() {
    let cloud = Cloud::named("small");
    let path = cloud.home.path("proof.json");
    let output = cloud.export(&["--coverage", path.to_str().unwrap(), "--reads"]).expect(3);
    let proof = document(&path);
    assert_eq!((&proof["export"]["file"], &proof["filter"]), (&Value::Null, &"reads".into()));
    assert_eq!(proof["export"]["bytes"], output.stdout.len());
    let asked = cloud.fake.counts().requests;
    cloud.export(&["--coverage", "-"]).expect(2);
    cloud.export(&["--coverage", "/nowhere/at/all.json"]).expect(1);
    assert_eq!(cloud.fake.counts().requests, asked, "told before anything is asked");
}

#[test]
fn a_credential_that_ends_half_way_leaves_proof_of_what_is_missing() {
    let cloud = Cloud::of(
        auditui::fake_oci::Scenario::parse(&format!(
            "{}\n[[faults]]\noperation = \"ListEvents\"\nafter = 10\nkind = \"status\"\nstatus = 401\ncode = \"NotAuthenticated\"\n",
            include_str!("../../assets/scenarios/small.toml")
        ))
        .unwrap(),
    );
    export_to(&cloud, "day.jsonl", &[]).expect(4);
    let proof = document(&cloud.home.path("coverage.json"));
    assert_eq!((&proof["exitCode"], &proof["stopped"]["kind"]), (&4.into(), &"authentication".into()));
    assert_eq!(proof["listedAgainAt"], Value::Null, "who is refused does not ask again");
    let shown = cloud.run(&["coverage", cloud.home.path("").to_str().unwrap()]).expect(3);
    assert!(shown.text().contains("\nstopped: ") && shown.text().contains(" unfinished"), "{}", shown.text());
}

#[test]
fn what_was_written_is_shown_without_asking_anybody() {
    let cloud = Cloud::small_but("readable = false", "readable = true");
    export_to(&cloud, "day.jsonl", &[]).expect(0);
    let (day, directory) = (cloud.home.path("day.jsonl"), cloud.home.path(""));
    let asked = cloud.fake.counts().requests;
    let whole = cloud.run(&["coverage", day.to_str().unwrap()]).expect(0);
    assert!(whole.text().contains("COMPARTMENT    iad  fra  phx  EVENTS  LAST READ"), "{}", whole.text());
    assert!(whole.text().contains("\ngone           -    -    -    --      --"), "{}", whole.text());
    assert!(whole.stderr.is_empty(), "{}", whole.stderr);
    let json = cloud.run(&["coverage", directory.to_str().unwrap(), "-o", "json"]).expect(0);
    assert_eq!(json.json(), document(&cloud.home.path("coverage.json")));
    let here = cloud.home.command(&["coverage"]).current_dir(&directory).spawn().unwrap();
    assert_eq!(cloud.home.finish(here).expect(0).text(), whole.text());
    assert_eq!(cloud.fake.counts().requests, asked);
}

#[test]
fn an_export_that_was_changed_is_not_taken_for_what_was_written() {
    let cloud = Cloud::small_but("readable = false", "readable = true");
    export_to(&cloud, "day.jsonl", &[]).expect(0);
    let (day, directory) = (cloud.home.path("day.jsonl"), cloud.home.path(""));
    let show = |args: &[&str]| cloud.run(&[&["coverage"], args].concat());
    let whole = show(&[day.to_str().unwrap()]).expect(0);
    assert!(whole.text().contains("; compared with the file: the same\n"), "{}", whole.text());
    let mut bytes = std::fs::read(&day).unwrap();
    bytes[1] ^= 1;
    std::fs::write(&day, &bytes).unwrap();
    for path in [&day, &directory] {
        let changed = show(&[path.to_str().unwrap()]).expect(3);
        let finding = "\nchanged: day.jsonl is not the file that was written: its sha256 is ";
        assert!(changed.text().contains(finding), "{}", changed.text());
    }
    std::fs::remove_file(&day).unwrap();
    let json = show(&[directory.to_str().unwrap(), "-o", "json"]).expect(3);
    assert_eq!(json.json(), document(&cloud.home.path("coverage.json")));
    assert_eq!(
        json.last_line(),
        "changed: day.jsonl is not the file that was written: there is none beside coverage.json"
    );
}

#[cfg(unix)]
#[test]
fn the_proof_does_not_take_the_place_of_what_it_proves() {
    let cloud = Cloud::named("small");
    let real = cloud.home.path("real.jsonl");
    cloud.home.write("real.jsonl", "before");
    std::os::unix::fs::symlink(&real, cloud.home.path("link")).unwrap();
    export_to(&cloud, "link", &["--coverage", real.to_str().unwrap()]).expect(2);
    export_to(&cloud, "real.jsonl", &["--coverage", "/dev/null"]).expect(2);
    assert_eq!(std::fs::read(&real).unwrap(), b"before");
    assert_eq!(cloud.fake.counts().requests, 0, "told before anything is asked");
}

#[test]
fn an_output_that_nobody_took_is_not_complete() {
    let cloud = Cloud::small_but("readable = false", "readable = true");
    let [from, until] = cloud.range().map(rfc3339);
    let proof = cloud.home.path("proof.json");
    let args = ["export", "--since", &from, "--until", &until, "--coverage", proof.to_str().unwrap()];
    let mut child = cloud.home.command(&args).spawn().unwrap();
    drop(child.stdout.take());
    cloud.home.finish(child).expect(0);
    let document = document(&proof);
    assert_eq!((&document["complete"], &document["exitCode"]), (&false.into(), &0.into()));
    let shown = cloud.run(&["coverage", proof.to_str().unwrap()]).expect(3);
    assert!(shown.text().contains("\ncut off: "), "{}", shown.text());
}

#[test]
fn what_is_no_coverage_is_said_to_be_none_with_its_place() {
    let home = Home::empty();
    let run = |path: &str| home.run(&["coverage", home.path(path).to_str().unwrap()]);
    assert!(run("").expect(1).stderr.contains("there is no coverage.json in "));
    run("nothing.json").expect(1);
    home.write("some.json", "{\n \"form\": 1,\n \"tool\": 7}");
    let refused = run("some.json").expect(2);
    assert!(
        refused.stderr.contains("some.json: is no coverage document: ") && refused.stderr.contains("at line 3"),
        "{}",
        refused.stderr
    );
    assert!(refused.stdout.is_empty());
}

#[test]
fn without_a_file_everything_is_read_and_no_event_written() {
    let cloud = Cloud::named("small");
    let made = make(&cloud, &["-o", "json"]).expect(3);
    assert_eq!(made.json()["totals"]["denied"], 3);
    assert_eq!(made.json()["export"], Value::Null);
    assert!(made.last_line().starts_with("coverage: ") && made.last_line().contains("3 no access"), "{}", made.stderr);
    let table = make(&cloud, &["--region", "iad", "--exclude-compartment", "secret"]).expect(0);
    assert!(table.text().contains("COMPARTMENT    iad  EVENTS"), "{}", table.text());
    make(&Cloud::named("all-denied"), &[]).expect(5);
    assert_polite(&cloud.fake.requests(), &cloud.fake.ready_regions());
}

#[test]
fn a_plan_asks_for_no_event() {
    let cloud = Cloud::named("small");
    for args in [&["--plan"][..], &["-n", "--region", "fra", "-o", "table"]] {
        let plan = cloud.export(args).expect(0);
        let text = plan.text();
        let slices = if args.len() == 1 { 21 } else { 7 };
        assert!(text.contains(&format!("at least {slices}: one for each slice, more where a page is full")), "{text}");
        assert!(text.contains("compartments  7, 1 of them deleted"), "{text}");
        let first = if args.len() == 1 { "us-ashburn-1    acme-small" } else { "eu-frankfurt-1  acme-small" };
        assert!(text.contains(&format!("\n1      {first}")), "{text}");
    }
    // Without a command it is the explorer's, and needs no terminal.
    let plan = cloud.run(&["--since", "6h", "--plan"]).expect(0);
    assert!(plan.text().contains("at least 24: one for each slice"), "{}", plan.text());
    assert_eq!(cloud.fake.counts().list_events, 0);
}

#[test]
fn a_part_that_is_missing_may_be_forgiven_and_is_told_all_the_same() {
    let cloud = Cloud::named("small");
    let output = export_to(&cloud, "day.jsonl", &["--fail-on", "never"]).expect(0);
    assert!(output.stderr.contains("no access: secret ") && output.last_line().contains("3 no access"));
    assert_eq!(document(&cloud.home.path("coverage.json"))["complete"], false);
    Cloud::named("all-denied").export(&["--fail-on", "never"]).expect(5);
}

/// After both commands have listed what is there, three requests each.
const GROWS: (&str, &str) =
    ("[events]", "[[changes]]\nafter = 7\nkind = \"created\"\ncompartment = \"sandbox\"\n\n[events]");

#[test]
fn a_compartment_that_is_made_while_others_are_read_is_read_as_well() {
    let cloud = Cloud::small_but(GROWS.0, GROWS.1);
    let listed = cloud.run(&["compartments"]).expect(0);
    assert!(!listed.text().contains("sandbox"), "{}", listed.text());
    let output = export_to(&cloud, "day.jsonl", &[]).expect(3);
    let text = std::fs::read(cloud.home.path("day.jsonl")).unwrap();
    let lines: Vec<&[u8]> = text.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n').collect();
    assert_same_events(&lines, &cloud.world());
    assert!(output.stderr.contains("the tenancy has changed meanwhile: 3 slices more to ask for"), "{}", output.stderr);
    let proof = document(&cloud.home.path("coverage.json"));
    assert!(proof["listedAgainAt"].is_string());
    let paths: Vec<_> = proof["compartments"].as_array().unwrap().iter().map(|c| c["path"].clone()).collect();
    assert!(paths.contains(&"sandbox".into()), "{paths:?}");
    // What was not asked for is not read because it is new.
    let narrow = Cloud::small_but(GROWS.0, GROWS.1);
    narrow.export(&["--compartment", "prod"]).expect(0);
    assert!(narrow.cells_asked().iter().all(|(_, path)| path.starts_with("prod")));
}

#[test]
fn a_second_look_that_fails_is_a_warning() {
    let refused = "\n[[faults]]\noperation = \"ListCompartments\"\nafter = 4\nkind = \"status\"\nstatus = 400\ncode = \"InvalidParameter\"\n\n[[regions]]\nname = \"us-ashburn-1\"\n";
    let cloud = Cloud::of(scenario_but("strict", "\n[[regions]]\nname = \"us-ashburn-1\"\n", refused));
    let output = cloud.export(&[]).expect(0);
    assert!(
        output.stderr.contains("export: warning: whether the tenancy has changed meanwhile is not known: "),
        "{}",
        output.stderr
    );
    assert_same_events(&output.lines(), &cloud.world());
}

#[test]
fn what_is_renamed_deleted_or_subscribed_to_while_others_are_read_is_known_by_the_end() {
    let change = |kind: &str, what: &str| format!("[[changes]]\nafter = 3\nkind = \"{kind}\"\n{what}\n\n");
    let changes = [
        change("renamed", "compartment = \"prod\"\nname = \"production\""),
        change("deleted", "compartment = \"sandbox\""),
        change("subscribed", "region = \"uk-london-1\""),
        "[[regions]]\nname = \"uk-london-1\"\n\n[[compartments]]\npath = \"\"".to_owned(),
    ];
    let cloud = Cloud::small_but("[[compartments]]\npath = \"\"", &changes.concat());
    // Whatever the time of day, nothing is too young to be final.
    let output = export_to(&cloud, "day.jsonl", &["--padding", "0", "--settling", "0"]).expect(3);
    let proof = document(&cloud.home.path("coverage.json"));
    let cells = proof["cells"].as_array().unwrap();
    let states = |region: &str, path: &str| -> Vec<&Value> {
        let id = cloud.ocid(path);
        cells.iter().filter(|c| c["region"] == region && c["compartment"] == id.as_str()).map(|c| &c["state"]).collect()
    };
    assert_eq!(states("uk-london-1", "prod/prod-db"), ["complete"], "a region that was not there before");
    assert_eq!(states("us-ashburn-1", "sandbox"), ["gone"]);
    assert_eq!(proof["totals"]["denied"], 4, "of the compartment that is kept from us");
    assert!(output.stderr.contains("gone: deleted compartment sandbox no longer answers"), "{}", output.stderr);
    assert!(!output.stderr.contains("audit-events in compartment sandbox"), "{}", output.stderr);
    let paths: Vec<_> = proof["compartments"].as_array().unwrap().iter().map(|c| c["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"production/prod-db") && !paths.contains(&"prod/prod-db"), "{paths:?}");
}
