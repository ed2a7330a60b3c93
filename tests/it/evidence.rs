//! `auditui export --evidence`, `auditui verify` of a bundle, and `--redact`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::{Cloud, assert_same_events, in_order};

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn events(bundle: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(bundle.join("data")).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.file_name().unwrap() != "_cells.ndjson");
    files
        .flat_map(|file| {
            std::fs::read(file).unwrap().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>()
        })
        .filter(|line| !line.is_empty())
        .collect()
}

fn bundle(cloud: &Cloud, code: i32, more: &[&str]) -> PathBuf {
    let place = cloud.home.path("case-42");
    let mut args =
        vec!["--evidence", place.to_str().unwrap(), "--case", "2026-42\nContact-Name: forged", "--operator", "Eve"];
    args.extend(more);
    cloud.export(&args).expect(code);
    place
}

#[test]
fn a_bundle_holds_every_event_every_cell_and_every_request() {
    let cloud = Cloud::named("small");
    let place = bundle(&cloud, 3, &[]);
    let found = events(&place);
    let mut sorted: Vec<&[u8]> = found.iter().map(Vec::as_slice).collect();
    let key = |line: &&[u8]| {
        let event: Value = serde_json::from_slice(line).unwrap();
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        (chrono::DateTime::parse_from_rfc3339(&text("eventTime")).ok(), text("eventId"))
    };
    sorted.sort_by_key(key);
    assert_same_events(&sorted, &in_order(cloud.world()));

    let cells = lines(&place.join("data/_cells.ndjson"));
    let coverage: Value = serde_json::from_slice(&std::fs::read(place.join("coverage.json")).unwrap()).unwrap();
    assert_eq!(cells.len(), coverage["cells"].as_array().unwrap().len());
    for state in ["complete", "denied", "gone"] {
        assert!(cells.iter().any(|cell| cell["state"] == state), "{state}");
    }

    let requests = lines(&place.join("requests.ndjson"));
    assert_eq!(requests.len() as u64, coverage["calls"].as_u64().unwrap());
    assert_eq!(requests.len(), cloud.fake.requests().len());
    for request in &requests {
        assert_eq!(request["method"], "GET");
        assert!(request["url"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{request}");
        assert!(request["opcRequestId"].is_string() && request["date"].is_string(), "{request}");
        assert_eq!(request["status"] == 200, request["sha256"].is_string(), "{request}");
    }
    let info = std::fs::read_to_string(place.join("bag-info.txt")).unwrap();
    assert!(
        info.contains("\nContact-Name: Eve\n")
            && info.contains("External-Identifier: 2026-42\\nContact-Name: forged\n"),
        "{info}"
    );
    assert!(info.contains("Auditui-Clock-Offset-Milliseconds: "), "{info}");

    #[cfg(unix)]
    for path in [place.clone(), place.join("data"), place.join("coverage.json"), place.join("requests.ndjson")] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
    for manifest in ["manifest-sha256.txt", "tagmanifest-sha256.txt"] {
        let checked =
            std::process::Command::new("sha256sum").args(["-c", "--strict", manifest]).current_dir(&place).output();
        assert!(checked.unwrap().status.success(), "{manifest}");
    }
}

#[test]
fn verify_says_what_is_empty_what_was_not_read_and_what_was_changed() {
    let cloud = Cloud::named("small");
    let place = bundle(&cloud, 3, &[]);
    let path = place.to_str().unwrap();
    let verified = cloud.run(&["verify", path]).expect(3);
    assert!(verified.text().contains(": as it was sealed"), "{}", verified.text());
    assert!(verified.text().contains("gap: secret @ "), "{}", verified.text());
    cloud.run(&["verify", path, "--custody", "handed to Bob"]).expect(3);
    let custody = lines(&place.join("custody.log"));
    assert_eq!(custody.len(), 3);
    assert_eq!((&custody[2]["what"], &custody[2]["hashBefore"]), (&"handed to Bob".into(), &custody[1]["hashAfter"]));
    cloud.run(&["verify", path]).expect(3);

    let counted = cloud.run(&["count", path, "-o", "json"]).expect(3);
    assert_eq!(counted.json()["count"].as_u64().unwrap(), cloud.world().len() as u64);
    assert!(counted.stderr.contains("slices complete"), "{}", counted.stderr);
    let compared = cloud.run(&["coverage", path]).expect(3);
    assert!(compared.text().contains("compared with the files: the same"), "{}", compared.text());

    let victim = std::fs::read_dir(place.join("data")).unwrap().map(|entry| entry.unwrap().path());
    let victim = victim.filter(|path| path.extension().is_some_and(|ending| ending == "jsonl")).min().unwrap();
    let mut bytes = std::fs::read(&victim).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&victim, bytes).unwrap();
    let verified = cloud.run(&["verify", path]).expect(6);
    let name = victim.file_name().unwrap().to_str().unwrap();
    assert!(verified.text().contains(&format!("mismatch: data/{name} is not as it was sealed")), "{}", verified.text());
    cloud.run(&["verify", path, "--custody", "never"]).expect(1);
    assert_eq!(lines(&place.join("custody.log")).len(), 3);
    let json = cloud.run(&["verify", path, "-o", "json"]).expect(6);
    assert_eq!(json.json()["sealed"], false);
}

#[test]
fn a_quiet_cell_is_told_as_empty_and_the_same_world_gives_the_same_events() {
    let cloud = Cloud::small_but("readable = false", "readable = true");
    let place = bundle(&cloud, 0, &["event:NoSuchEvent"]);
    let verified = cloud.run(&["verify", place.to_str().unwrap()]).expect(0);
    let told = verified.text().lines().find(|line| line.starts_with("empty: no event in ")).map(str::to_owned);
    assert!(told.is_some_and(|told| told.contains(" and answers event:NoSuchEvent among ")), "{}", verified.text());
    let (first, again) = (cloud.home.path("a"), cloud.home.path("b"));
    for place in [&first, &again] {
        cloud.export(&["--evidence", place.to_str().unwrap()]).expect(0);
    }
    let names = |bundle: &Path| {
        let entries = std::fs::read_dir(bundle.join("data")).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect::<BTreeSet<_>>()
    };
    assert_eq!((names(&first), events(&first).len()), (names(&again), events(&again).len()));
    for name in names(&first).into_iter().filter(|name| name != "_cells.ndjson") {
        let bytes = |bundle: &Path| std::fs::read(bundle.join("data").join(&name)).unwrap();
        assert_eq!(bytes(&first), bytes(&again));
    }
    cloud.export(&["--evidence", first.to_str().unwrap()]).expect(2);
    cloud.export(&["--evidence", "x", "-o", "csv"]).expect(2);
    cloud.export(&["--evidence", "x", "--redact"]).expect(2);
}

#[test]
fn a_bundle_says_that_only_writes_or_reads_were_wanted() {
    let cloud = Cloud::small_but("readable = false", "readable = true");
    let place = bundle(&cloud, 0, &["--writes"]);
    let info = std::fs::read_to_string(place.join("bag-info.txt")).unwrap();
    assert!(info.contains("\nAuditui-Query: --writes\n"), "{info}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_no_obstacle() {
    use std::os::unix::ffi::OsStrExt as _;
    let cloud = Cloud::small_but("readable = false", "readable = true");
    let name = |end: &[u8]| cloud.home.path("x").with_file_name(std::ffi::OsStr::from_bytes(end));
    let [from, until] = cloud.range().map(|at| at.to_rfc3339());
    for (option, place) in [("--output-file", name(b"day-\xff.jsonl")), ("--evidence", name(b"case-\xff"))] {
        let mut command = cloud.home.command(&["export", "--since", &from, "--until", &until, option]);
        cloud.home.finish(command.arg(&place).spawn().unwrap()).expect(0);
        assert!(place.exists());
    }
}

#[test]
fn a_redacted_copy_is_tied_to_the_events_and_says_that_it_is_one() {
    let cloud = Cloud::small_but("readable = false", "readable = true");
    let sealed = cloud.export(&[]).expect(0);
    let place = cloud.home.path("copy.jsonl");
    cloud.home.write("case.key", "0123456789abcdef0123456789abcdef\n");
    let key = cloud.home.path("case.key");
    let args = ["--redact", "--pseudonyms", "--case-key", key.to_str().unwrap()];
    let redacted = cloud.export(&[&args[..], &["--output-file", place.to_str().unwrap()]].concat()).expect(0);
    assert!(redacted.stderr.contains("redacted copies"), "{}", redacted.stderr);
    let copy = lines(&place);
    assert_eq!(copy.len(), sealed.lines().len());
    for (copy, event) in copy.iter().zip(sealed.lines()) {
        use sha2::Digest as _;
        assert_eq!(copy["raw_sha256"], format!("{:x}", sha2::Sha256::digest(event)));
        let event: Value = serde_json::from_slice(event).unwrap();
        assert_eq!((&copy["eventId"], &copy["eventTime"]), (&event["eventId"], &event["eventTime"]));
        assert!(copy["data"]["request"]["headers"].is_null(), "{copy}");
    }
    let text = std::fs::read_to_string(&place).unwrap();
    for event in sealed.lines() {
        let event: Value = serde_json::from_slice(event).unwrap();
        for name in ["principalName", "ipAddress"] {
            let Some(value) = event["data"]["identity"][name].as_str().filter(|value| value.len() > 6) else {
                continue;
            };
            assert!(!text.contains(value), "{name} {value}");
        }
    }
    let coverage: Value = serde_json::from_slice(&std::fs::read(cloud.home.path("coverage.json")).unwrap()).unwrap();
    assert_eq!(coverage["export"]["redacted"]["pseudonyms"], true);
    assert_eq!(cloud.export(&args).expect(0).stdout, text.as_bytes(), "the same key, other bytes");
    let counted = cloud.run(&["count", place.to_str().unwrap(), "-o", "json"]).expect(0);
    assert!(counted.stderr.contains("holds redacted copies"), "{}", counted.stderr);

    cloud.home.write("short.key", "short\n");
    let short = cloud.home.path("short.key");
    let refused = cloud.export(&["--redact", "--pseudonyms", "--case-key", short.to_str().unwrap()]).expect(2);
    assert!(refused.stderr.contains("at least 16 bytes"), "{}", refused.stderr);
    let refused = cloud.export(&["--redact", "--pseudonyms"]).expect(2);
    assert!(refused.stderr.contains("--case-key"), "{}", refused.stderr);
    cloud.export(&["--pseudonyms"]).expect(2);
}
