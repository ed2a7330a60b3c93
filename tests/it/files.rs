//! Files in place of a network: what was exported is counted and explored again.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::support::{Cloud, Home, Output};

/// The events of the small scenario as a file, and a home without any account.
struct Exported {
    home: Home,
    path: String,
    events: Vec<Value>,
}

impl Exported {
    fn with(args: &[&str]) -> Self {
        let cloud = Cloud::named("small");
        let home = Home::empty();
        let path = home.path("day.jsonl").display().to_string();
        cloud.export(&[&["--output-file", &path, "-q", "--exclude-compartment", "secret"], args].concat()).expect(0);
        let text = std::fs::read_to_string(&path).unwrap();
        let event = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap();
            if value["event"].is_null() { value } else { value["event"].clone() }
        };
        Self { events: text.lines().map(event).collect(), home, path }
    }

    fn text(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let path: PathBuf = self.home.path(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    fn count(&self, args: &[&str]) -> Output {
        self.home.run(&[&["count", "-o", "json"], args].concat())
    }

    /// By a pointer into the events, as `count --by` should say it.
    fn by(&self, pointer: &str) -> BTreeMap<Option<String>, u64> {
        let mut counts = BTreeMap::new();
        for event in &self.events {
            *counts.entry(event.pointer(pointer).and_then(Value::as_str).map(str::to_owned)).or_default() += 1;
        }
        counts
    }
}

fn gz(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn counts(output: &Output, field: &str) -> BTreeMap<Option<String>, u64> {
    let tuples = output.json();
    let tuples = tuples.as_array().unwrap().iter();
    tuples.map(|t| (t[field].as_str().map(str::to_owned), t["count"].as_u64().unwrap())).collect()
}

#[test]
fn an_export_is_counted_as_it_is() {
    let exported = Exported::with(&[]);
    let all = exported.count(&[&exported.path]).expect(0);
    assert_eq!(all.json(), json!({ "count": exported.events.len() }));
    for (field, pointer) in [("event", "/data/eventName"), ("user", "/data/identity/principalName"), ("id", "/eventId")]
    {
        let output = exported.count(&[&exported.path, "--by", field]).expect(0);
        assert_eq!(counts(&output, field), exported.by(pointer), "{field}");
        let counts: Vec<u64> = output.json().as_array().unwrap().iter().map(|t| t["count"].as_u64().unwrap()).collect();
        assert!(counts.is_sorted_by(|a, b| a >= b));
    }
    let writes = exported.count(&[&exported.path, "--by", "access,status", "--writes"]).expect(0);
    assert!(writes.text().contains("\"access\":\"write\"") && !writes.text().contains("\"access\":\"read\""));
}

#[test]
fn packed_files_directories_pages_and_standard_input_give_the_same() {
    let exported = Exported::with(&[]);
    let text = exported.text();
    let (first, second) = text.split_at(text.iter().position(|byte| *byte == b'\n').unwrap() + 1);
    std::fs::create_dir(exported.home.path("dir")).unwrap();
    exported.file("dir/1.json.zst", &zstd::encode_all(first, 1).unwrap());
    exported.file("dir/2.ndjson", second);
    exported.file("dir/notes.txt", b"not counted");
    let lines: Vec<&[u8]> = text.trim_ascii_end().split(|byte| *byte == b'\n').collect();
    let page = [b"[".as_slice(), &lines.join(&b",\n"[..]), b"]\n"].concat();
    let expected = json!({ "count": exported.events.len() });
    for path in [
        exported.file("misnamed.jsonl", &gz(&text)),
        exported.file("members.jsonl.gz", &[gz(first), gz(second)].concat()),
        exported.file("page.json", &page),
        exported.home.path("dir").display().to_string(),
    ] {
        let output = exported.count(&[&path]).expect(0);
        assert_eq!(output.json(), expected, "{path}");
        assert!(output.last_line().contains("coverage unknown"), "{}", output.stderr);
    }
    let mut child = exported.home.command(&["count", "-o", "json", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&text).unwrap();
    assert_eq!(exported.home.finish(child).expect(0).json(), expected);
}

#[test]
fn the_region_comes_from_meta() {
    let exported = Exported::with(&["--meta"]);
    let text = String::from_utf8(exported.text()).unwrap();
    let mut regions: BTreeMap<Option<String>, u64> = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        *regions.entry(line["_meta"]["region"].as_str().map(str::to_owned)).or_default() += 1;
    }
    let output = exported.count(&[&exported.path, "--by", "region"]).expect(0);
    assert_eq!(counts(&output, "region"), regions);
    let region = regions.keys().flatten().next().unwrap();
    let only = exported.count(&[&exported.path, "--region", region]).expect(0);
    assert_eq!(only.json()["count"].as_u64(), regions.get(&Some(region.clone())).copied());
    exported.count(&[&exported.path, "--region", "nowhere"]).expect(2);
}

#[test]
fn copies_count_once_and_are_told() {
    let exported = Exported::with(&[]);
    let output = exported.count(&[&exported.path, &exported.file("copy.jsonl", &exported.text())]).expect(0);
    assert_eq!(output.json(), json!({ "count": exported.events.len() }));
    assert!(output.stderr.contains(&format!("{} copies", exported.events.len())), "{}", output.stderr);
}

#[test]
fn complete_is_said_only_where_the_coverage_says_it() {
    let exported = Exported::with(&[]);
    let whole = exported.count(&[&exported.path]).expect(0);
    assert!(whole.last_line().contains("coverage complete"), "{}", whole.stderr);
    let packed = exported.file("day.jsonl.gz", &gz(&exported.text()));
    assert!(exported.count(&[&packed]).expect(0).last_line().contains("coverage complete"));
    let beyond = exported.count(&[&exported.path, "--since", "2020-01-01"]).expect(3);
    assert!(beyond.stderr.contains("do not hold all of"), "{}", beyond.stderr);
    let other = exported.count(&[&exported.file("day.jsonl.gz", &gz(b"{\"eventId\":\"1\"}\n"))]).expect(3);
    assert!(other.stderr.contains("changed: ") && other.last_line().contains("incomplete"), "{}", other.stderr);
    std::fs::remove_file(exported.home.path("coverage.json")).unwrap();
    assert!(exported.count(&[&exported.path]).expect(0).last_line().contains("coverage unknown"));
}

#[test]
fn what_is_broken_is_read_as_far_as_it_is_whole() {
    let exported = Exported::with(&[]);
    let text = exported.text();
    let lines = exported.events.len() as u64;
    let cut = exported.count(&[&exported.file("cut.jsonl", &text[..text.len() - 9])]).expect(3);
    assert_eq!(cut.json()["count"], lines - 1);
    assert!(cut.stderr.contains("cut off"), "{}", cut.stderr);
    let packed = gz(&text);
    let half = exported.count(&[&exported.file("half.gz", &packed[..packed.len() / 2])]).expect(3);
    let counted = half.json()["count"].as_u64().unwrap();
    assert!((1..lines).contains(&counted) && half.stderr.contains("cannot be read"), "{}", half.stderr);
    let never = exported.count(&[&exported.home.path("half.gz").display().to_string(), "--fail-on", "never"]);
    assert!(never.expect(0).last_line().contains("incomplete"));
    exported.count(&[&exported.file("x.json", b"\0\0\0")]).expect(5);
    let odd = exported.file("odd.jsonl", b"{\"eventId\":}\n\n{\"form\":1}\n{\"eventId\":\"1\"}\n");
    let odd = exported.count(&[&odd]).expect(0);
    assert_eq!(odd.json()["count"], 2);
    assert!(odd.stderr.contains("1 record left out: no audit event"), "{}", odd.stderr);
}

#[test]
fn a_query_narrows_what_is_counted() {
    let exported = Exported::with(&["--meta"]);
    let failed = |event: &&Value| {
        let status = event.pointer("/data/response/status").and_then(Value::as_str).unwrap_or_default();
        status.parse::<u16>().is_ok_and(|status| status >= 400)
    };
    let expected = exported.events.iter().filter(failed).count();
    let output = exported.count(&[&exported.path, "-Q", "status>=400"]).expect(0);
    assert_eq!(output.json(), json!({ "count": expected }));
    assert!(output.last_line().starts_with(&format!("count: {expected} of {} events", exported.events.len())));
    let reads = exported.count(&[&exported.path, "--writes", "-Q", "is:read"]).expect(0);
    assert_eq!(reads.json()["count"], 0);
    let wrong = exported.count(&[&exported.path, "-Q", "usr:alice"]).expect(2);
    assert!(wrong.stderr.contains("did you mean user"), "{}", wrong.stderr);
    let narrowed = Exported::with(&["-Q", "status>=400"]);
    let told = narrowed.count(&[&narrowed.path]).expect(0);
    assert!(told.stderr.contains("holds only what this query found: status>=400"), "{}", told.stderr);
}

#[test]
fn files_ask_nobody() {
    let cloud = Cloud::named("small");
    let path = cloud.home.path("day.jsonl").display().to_string();
    cloud.export(&["--output-file", &path, "-q"]);
    let before = cloud.fake.counts().requests;
    cloud.run(&["count", &path, "--by", "user"]).expect(3);
    assert_eq!(cloud.fake.counts().requests, before);
}

#[test]
fn a_time_span_without_files_is_fetched() {
    let cloud = Cloud::named("small");
    let [from, until] = cloud.range().map(super::support::rfc3339);
    let output = cloud.run(&["count", "--since", &from, "--until", &until, "-o", "json", "--by", "event"]).expect(3);
    let total: u64 = counts(&output, "event").values().sum();
    assert_eq!(total, cloud.world().len() as u64);
    assert!(output.last_line().starts_with(&format!("count: {total} events; coverage: ")), "{}", output.stderr);
}

#[test]
fn what_could_not_be_fetched_makes_a_count_a_lower_bound() {
    let cloud = Cloud::named("all-denied");
    let output = cloud.run(&["count", "--since", "2h"]).expect(5);
    assert!(output.text().contains(">=0"), "{}", output.text());
}

#[test]
fn the_end_tells_what_it_took() {
    let exported = Exported::with(&[]);
    let plain = exported.count(&[&exported.path, "--stats"]).expect(0);
    for words in ["rows, ", "memory of the index: ", "memory of the process: ", " seconds, "] {
        assert!(
            plain.stderr.lines().any(|line| line.starts_with("stats: ") && line.contains(words)),
            "{}",
            plain.stderr
        );
    }
    let json = exported.count(&[&exported.path, "--stats", "--progress", "json"]).expect(0);
    let lines: Vec<Value> = json.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stats = lines.iter().find(|line| line["type"] == "stats").unwrap();
    assert_eq!(stats["rows"], exported.events.len());
    assert_eq!(lines.last().unwrap()["coverage"], "complete");
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let home = Home::empty();
    for args in [
        &["count"][..],
        &["count", "x.jsonl", "--by", "usr"],
        &["count", "x.jsonl", "--plan"],
        &["count", "x.jsonl", "--settling", "1h"],
        &["count", &home.path("").display().to_string()],
        &["open"],
    ] {
        let output = home.run(args).expect(2);
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    let missing = home.run(&["count", "no-such-file.jsonl"]).expect(1);
    assert!(missing.stderr.contains("no-such-file.jsonl"), "{}", missing.stderr);
    assert!(home.run(&["count", "x", "--by", "usr"]).stderr.contains("did you mean user?"));
}

/// Numbers of events, bytes and writes of a part, as the test counts them itself.
fn independent(events: &[(Value, usize)], of: &dyn Fn(&Value) -> bool) -> Value {
    let chosen: Vec<&(Value, usize)> = events.iter().filter(|(event, _)| of(event)).collect();
    let method = |event: &Value| event["data"]["request"]["action"].as_str().unwrap_or_default().to_owned();
    let changes = ["POST", "PUT", "PATCH", "DELETE"];
    json!({
        "events": chosen.len(),
        "lines": chosen.len(),
        "bytes": chosen.iter().map(|(_, bytes)| bytes).sum::<usize>(),
        "writesByMethod": chosen.iter().filter(|(event, _)| changes.contains(&method(event).as_str())).count(),
    })
}

#[test]
fn a_summary_is_what_an_independent_count_gives() {
    let exported = Exported::with(&[]);
    let text = exported.text();
    let lines = text.trim_ascii_end().split(|byte| *byte == b'\n');
    let events: Vec<(Value, usize)> = lines.map(|line| (serde_json::from_slice(line).unwrap(), line.len())).collect();
    let output = exported.home.run(&["summary", &exported.path, "-o", "json"]).expect(0);
    let summary = output.json();
    let same = |found: &Value, expected: Value| {
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&found[name], value, "{name}");
        }
    };
    same(&summary["all"], independent(&events, &|_| true));
    let writes = exported.count(&[&exported.path, "-Q", "is:write"]).expect(0).json()["count"].clone();
    assert_eq!(summary["all"]["writesByMeaning"], writes);
    for part in summary["by"]["day"].as_array().unwrap() {
        let day = part["day"].as_str().unwrap();
        same(part, independent(&events, &|event| event["eventTime"].as_str().unwrap().starts_with(day)));
    }
    for part in summary["by"]["compartment"].as_array().unwrap() {
        same(part, independent(&events, &|event| event["data"]["compartmentId"] == part["compid"]));
    }
    for (way, parts) in summary["by"].as_object().unwrap() {
        let sum: u64 = parts.as_array().unwrap().iter().map(|part| part["events"].as_u64().unwrap()).sum();
        assert_eq!(sum, events.len() as u64, "{way}");
    }
    assert_eq!(summary["partial"], false);
    let markdown = exported.home.run(&["summary", &exported.path, "-o", "markdown"]).expect(0);
    assert!(markdown.text().contains("| day | events | lines |"), "{}", markdown.text());
}

#[test]
fn a_summary_of_the_tenancy_that_is_partial_says_so() {
    let cloud = Cloud::named("small");
    let [from, until] = cloud.range().map(super::support::rfc3339);
    let output = cloud.run(&["summary", "--since", &from, "--until", &until]).expect(3);
    assert!(output.last_line().starts_with("summary: "), "{}", output.stderr);
    assert!(output.text().contains(">="), "{}", output.text());
    let json = cloud.run(&["summary", "--since", &from, "--until", &until, "-o", "json"]).expect(3).json();
    assert_eq!((&json["partial"], &json["all"]["events"]), (&json!(true), &json!(cloud.world().len())));
    cloud.run(&["summary"]).expect(2);
    cloud.run(&["summary", "x.jsonl", "--plan"]).expect(2);
}
