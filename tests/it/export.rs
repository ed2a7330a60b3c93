//! `auditui export`: everything, once, as it was sent, or an honest gap.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};

use chrono::TimeDelta;
use serde_json::Value;

use super::support::{Cloud, Home, assert_polite, assert_same_events, in_order, rfc3339};

#[test]
fn a_month_of_a_tenancy_comes_whole_and_politely() {
    let cloud = Cloud::named("strict");
    let [from, until] = [cloud.fake.epoch() - TimeDelta::days(30), cloud.fake.epoch()];
    let time = format!("{}..{}", rfc3339(from), rfc3339(until));
    let output = cloud.run(&["export", "--time", &time]).expect(0);
    let world = in_order(cloud.fake.world_events(from, until));
    assert_eq!(world.len(), 20_000);
    assert_same_events(&output.lines(), &world);
    assert!(output.last_line().starts_with("export: 20,000 events, "), "{}", output.stderr);
    assert_eq!(slices(output.last_line()), Some(Slices::All), "{}", output.stderr);
    assert_eq!(cloud.fake.counts().failures, 0, "no request is one that Oracle would refuse");
    assert_polite(&cloud.fake.requests(), &cloud.fake.ready_regions());
    assert_eq!(cloud.cells_asked().len(), 4 * 13);
}

#[test]
fn what_is_denied_is_named_with_the_policy_to_ask_for() {
    let cloud = Cloud::named("small");
    let output = cloud.export(&[]).expect(3);
    assert_same_events(&output.lines(), &cloud.world());
    let secret = cloud.ocid("secret");
    let regions = "eu-frankfurt-1, us-ashburn-1, us-phoenix-1";
    let denied = format!(
        "no access: secret {secret} ({regions}); ask for\n  \
         Allow group <group> to read audit-events in compartment secret\n"
    );
    assert!(output.stderr.contains(&denied), "{}", output.stderr);
    assert!(output.stderr.contains("gone: deleted compartment gone no longer answers"), "{}", output.stderr);
    assert!(output.last_line().starts_with(&format!("export: {} events, ", cloud.world().len())), "{}", output.stderr);
    assert_eq!(slices(output.last_line()), Some(Slices::AllBut(6)), "{}", output.stderr);
    assert!(output.last_line().contains("3 no access, 3 gone; "), "{}", output.stderr);
    assert_polite(&cloud.fake.requests(), &cloud.fake.ready_regions());
}

#[test]
fn a_deleted_compartment_counts_as_missing_only_where_that_is_asked_for() {
    let cloud = Cloud::small_but("readable = false", "readable = true");
    assert_same_events(&cloud.export(&[]).expect(0).lines(), &cloud.world());
    cloud.export(&["--strict"]).expect(3);
}

#[test]
fn where_nothing_may_be_read_the_answer_is_not_an_empty_list() {
    let cloud = Cloud::named("all-denied");
    let output = cloud.export(&[]).expect(5);
    assert!(output.stdout.is_empty());
    assert!(output.stderr.contains("to read audit-events in tenancy\n"), "{}", output.stderr);
    assert!(output.last_line().contains("0 events, 0 of 21 slices complete"), "{}", output.stderr);
}

#[test]
fn policies_of_single_compartments_give_what_they_allow() {
    let cloud = Cloud::named("narrow-policy");
    let output = cloud.export(&[]).expect(3);
    assert_same_events(&output.lines(), &cloud.world());
    assert!(output.stderr.contains("incomplete: only the compartments that this user can access"), "{}", output.stderr);
    assert!(output.stderr.contains("not ready, not asked: us-phoenix-1"), "{}", output.stderr);
    assert_polite(&cloud.fake.requests(), &cloud.fake.ready_regions());
}

#[test]
fn paging_at_its_worst_loses_nothing_elsewhere_and_doubles_nothing() {
    let cloud = Cloud::named("odd-pages");
    let output = cloud.export(&[]).expect(3);
    let looping = |event: &auditui::fake_oci::WorldEvent| {
        event.compartment_path == "prod/prod-db" && event.region != "us-phoenix-1"
    };
    let world = cloud.world();
    let found: Vec<String> = output.lines().into_iter().map(id).collect();
    let distinct: BTreeSet<&String> = found.iter().collect();
    assert_eq!(distinct.len(), found.len(), "an event came twice");
    let missing: Vec<_> = world.iter().filter(|event| !found.contains(&event.event_id)).collect();
    assert!(missing.iter().all(|event| looping(event)), "lost outside of the two endless lists");
    // A long list is read in parts, as many as the hour of the day makes it long: each names itself.
    let failed: Vec<&str> = output.stderr.lines().filter(|line| line.starts_with("failed: ")).collect();
    for region in ["eu-frankfurt-1", "us-ashburn-1"] {
        let list = format!("failed: prod/prod-db @ {region}");
        assert!(failed.iter().any(|line| line.starts_with(&list)), "{}", output.stderr);
    }
    for line in &failed {
        assert!(line.starts_with("failed: prod/prod-db @ ") && !line.contains("us-phoenix-1"), "{line}");
        assert!(line.contains("paging loop"), "{line}");
    }
    let gaps = failed.len() + 3 + 3;
    assert_eq!(slices(output.last_line()), Some(Slices::AllBut(gaps)), "{}", output.stderr);
    let told = format!("{} failed, 3 no access, 3 gone", failed.len());
    assert!(output.last_line().contains(&told), "{}", output.stderr);
}

#[test]
fn the_same_question_gets_the_same_bytes() {
    let cloud = Cloud::named("small");
    let runs = [cloud.export(&[]), cloud.export(&["--concurrency", "1"])].map(|output| output.expect(3).stdout);
    assert!(!runs[0].is_empty() && runs[0] == runs[1]);
}

#[test]
fn meta_wraps_each_event_with_where_and_when_it_was_read() {
    let cloud = Cloud::named("small");
    let output = cloud.export(&["--meta"]).expect(3);
    let world = cloud.world();
    assert_eq!(output.lines().len(), world.len());
    let [from, _] = cloud.range();
    for (line, event) in output.lines().into_iter().zip(&world) {
        let record: Value = serde_json::from_slice(line).unwrap();
        let meta = record["_meta"].as_object().unwrap();
        let keys: Vec<&str> = meta.keys().map(String::as_str).filter(|key| *key != "self").collect();
        let expected =
            ["tenancy", "region", "compartmentId", "windowStart", "windowEnd", "retrievedAt", "requestId", "flags"];
        assert_eq!(keys, expected);
        assert_eq!(meta["tenancy"], cloud.fake.credentials().tenancy.as_str());
        assert_eq!(meta["region"], event.region.as_str());
        assert_eq!(meta["compartmentId"], event.compartment.as_str());
        // The window that was asked: the whole, or a tile of it.
        let [start, end] = ["windowStart", "windowEnd"].map(|key| meta[key].as_str().unwrap());
        let processed = event.processed_time;
        assert!(rfc3339(from).as_str() <= start && start < end, "{start}..{end}");
        assert!(start <= rfc3339(processed).as_str() && rfc3339(processed).as_str() < end, "{start}..{end}");
        assert!(meta["requestId"].as_str().unwrap().starts_with("auditui-"));
        assert_eq!(meta["flags"], Value::Array(Vec::new()));
        assert!(line.ends_with(&[b"\"event\":", &*event.bytes, b"}"].concat()), "the bytes are those that were sent");
    }
}

#[test]
fn writes_and_reads_are_two_halves_of_the_whole() {
    let cloud = Cloud::named("small");
    let [writes, reads] = ["--writes", "--reads"].map(|half| cloud.export(&[half]).expect(3));
    assert!(!writes.lines().is_empty() && !reads.lines().is_empty());
    let both: BTreeSet<String> = writes.lines().into_iter().chain(reads.lines()).map(id).collect();
    assert_eq!(both.len(), writes.lines().len() + reads.lines().len(), "no event is both");
    assert_eq!(both.len(), cloud.world().len());
    let method = |line: &[u8]| serde_json::from_slice::<Value>(line).unwrap()["data"]["request"]["action"].clone();
    assert!(writes.lines().iter().all(|line| method(line) != "GET" || String::from_utf8_lossy(line).contains("ogin")));
}

#[test]
fn a_query_picks_the_events_and_stands_in_the_proof() {
    let cloud = Cloud::named("small");
    let proof = cloud.home.path("proof.json");
    cloud.home.write("nets.txt", "# all there are\n0.0.0.0/0\n");
    let nets = cloud.home.path("nets.txt").display().to_string();
    let list = format!("ip in @{nets}");
    let query = "event:(Delete* OR Create*) -status:>=400";
    let args = [query, "-Q", &list, "--writes", "--coverage", proof.to_str().unwrap()];
    let output = cloud.export(&args).expect(3);
    let text = |event: &Value, place: &str| event.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
    let wanted = |event: &Value| {
        let name = text(event, "/data/eventName");
        let failed = text(event, "/data/response/status").parse::<u16>().is_ok_and(|status| status >= 400);
        (["Delete", "Create"].iter().any(|verb| name.starts_with(verb))) && !failed
    };
    let world: Vec<_> =
        cloud.world().into_iter().filter(|event| wanted(&serde_json::from_slice(&event.bytes).unwrap())).collect();
    assert!((4..cloud.world().len() / 2).contains(&world.len()), "{}", world.len());
    assert_same_events(&output.lines(), &world);
    let proof: Value = serde_json::from_slice(&std::fs::read(&proof).unwrap()).unwrap();
    assert_eq!(proof["query"], format!("event:(Delete* OR Create*) -status>=400 ip in @\"{nets}\""));
    assert_eq!(proof["filter"], "writes");
    let received: u64 = proof["cells"].as_array().unwrap().iter().filter_map(|cell| cell["events"].as_u64()).sum();
    assert_eq!(received, cloud.world().len() as u64, "what was read is more than what was wanted");
    let shown = cloud.run(&["coverage", cloud.home.path("proof.json").to_str().unwrap()]);
    assert!(shown.text().contains("only what answers event:(Delete* OR Create*)"), "{}", shown.text());
}

#[test]
fn a_query_that_cannot_be_read_is_pointed_at_before_anything_is_asked() {
    let cloud = Cloud::named("small");
    for args in [["-Q", "is:write usr:alice"], ["--filter", "is:write usr:alice"], ["--tz=utc", "is:write usr:alice"]] {
        let output = cloud.export(&args).expect(2);
        let said = "  is:write usr:alice\n           ^^^\ndid you mean user?\n";
        assert!(output.stdout.is_empty() && output.stderr.contains(said), "{}", output.stderr);
    }
    cloud.export(&["-Q", "ip in @/nowhere/nets.txt"]).expect(2);
    assert_eq!(cloud.fake.counts().requests, 0);
}

#[test]
fn only_what_is_in_scope_is_asked_for() {
    let cloud = Cloud::named("small");
    let asked_by = |args: &[&str]| {
        let cloud = Cloud::named("small");
        cloud.export(args);
        let asked = cloud.cells_asked();
        asked.into_iter().map(|(region, path)| format!("{path}@{region}")).collect::<Vec<_>>()
    };
    assert_eq!(
        asked_by(&["--region", "PHX", "--compartment", "prod"]),
        ["prod@us-phoenix-1", "prod/prod-db@us-phoenix-1", "prod/prod-net@us-phoenix-1"]
    );
    assert_eq!(
        asked_by(&["--region", "iad,fra", "--exclude-region", "fra", "--compartment", "prod", "--no-subtree"]),
        ["prod@us-ashburn-1"]
    );
    let db = cloud.ocid("prod/prod-db");
    assert_eq!(asked_by(&["--region", "iad", "--compartment", &db]), ["prod/prod-db@us-ashburn-1"]);
    let but = asked_by(&["--region", "iad", "--exclude-compartment", "prod", "--exclude-compartment", "secret"]);
    assert_eq!(but, ["@us-ashburn-1", "gone@us-ashburn-1", "sandbox@us-ashburn-1"]);
    for args in [["--region", "nowhere"], ["--compartment", "nothing"]] {
        let refused = cloud.export(&args).expect(2);
        assert!(refused.stderr.contains(args[1]) && refused.stdout.is_empty(), "{}", refused.stderr);
    }
}

#[test]
fn the_table_has_a_line_for_each_event() {
    let cloud = Cloud::named("small");
    let output = cloud.export(&["-o", "table"]).expect(3);
    let lines: Vec<&str> = output.text().lines().collect();
    assert!(lines[0].starts_with("TIME                      ACCESS   STATUS  USER"), "{}", lines[0]);
    let world = cloud.world();
    assert_eq!(lines.len(), 1 + world.len());
    for (line, event) in lines[1..].iter().zip(&world) {
        assert!(line.starts_with(&rfc3339(event.event_time)) && line.ends_with(&event.region), "{line}");
    }
}

#[test]
fn nothing_that_a_terminal_would_obey_comes_out_of_a_table() {
    let cloud = Cloud::named("hostile");
    let table = cloud.export(&["-o", "table"]).expect(3);
    let text = table.text();
    let bad = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e0fff}')
    };
    assert_eq!(text.chars().find(|c| bad(*c)), None);
    assert!(text.contains("\\x1b["), "what was there is shown, not hidden");
    assert_eq!(text.lines().count(), 1 + cloud.world().len(), "no event makes a line of its own");
    let jsonl = cloud.export(&[]).expect(3);
    assert_same_events(&jsonl.lines(), &cloud.world());
}

#[test]
fn a_file_holds_what_standard_output_would() {
    let cloud = Cloud::named("small");
    let path = cloud.home.path("events.jsonl");
    let output = cloud.export(&["--output-file", path.to_str().unwrap()]).expect(3);
    assert!(output.stdout.is_empty());
    let written = std::fs::read(&path).unwrap();
    assert_eq!(written, cloud.export(&[]).stdout);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let asked = cloud.fake.counts().requests;
    let refused = cloud.export(&["--output-file", "/nowhere/at/all.jsonl"]).expect(1);
    assert!(refused.stderr.contains("/nowhere/at/all.jsonl"), "{}", refused.stderr);
    assert_eq!(cloud.fake.counts().requests, asked, "told before anything is asked");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let cloud = Cloud::named("small");
    let [from, until] = cloud.range().map(rfc3339);
    let mut child = cloud.home.command(&["export", "--since", &from, "--until", &until]).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = cloud.home.finish(child).expect(0);
    assert_eq!(first.trim_end().as_bytes(), cloud.world()[0].bytes);
    for word in ["panic", "pipe", "error"] {
        assert!(!output.stderr.to_lowercase().contains(word), "{}", output.stderr);
    }
}

#[test]
fn progress_can_be_silenced_but_not_the_coverage() {
    let cloud = Cloud::named("small");
    let quiet = cloud.export(&["--quiet"]).expect(3);
    assert!(quiet.stderr.starts_with("no access: "), "{}", quiet.stderr);
    assert!(quiet.last_line().starts_with("export: "), "{}", quiet.stderr);
}

#[test]
fn the_demo_needs_no_account() {
    let output = Home::empty().run(&["export", "--demo", "--since", "2h", "--until", "1h"]).expect(3);
    assert!(!output.lines().is_empty());
    assert!(output.lines().into_iter().all(|line| !id(line).is_empty()));
    assert!(output.last_line().starts_with("export: "), "{}", output.stderr);
}

fn id(line: &[u8]) -> String {
    serde_json::from_slice::<Value>(line).unwrap()["eventId"].as_str().unwrap().to_owned()
}

/// What the sentence says of slices. How many there are depends on how long the chains are.
#[derive(Debug, PartialEq, Eq)]
enum Slices {
    All,
    AllBut(usize),
}

fn slices(sentence: &str) -> Option<Slices> {
    let counts = sentence.split(", ").find(|part| part.contains("slices complete"))?;
    let mut numbers = counts.split(' ').filter_map(|word| word.parse::<usize>().ok());
    match numbers.next()?.abs_diff(numbers.next()?) {
        0 => Some(Slices::All),
        missing => Some(Slices::AllBut(missing)),
    }
}
