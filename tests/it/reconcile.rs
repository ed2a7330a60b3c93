//! `auditui reconcile`: two records of one world, and whatever is missing in either is found, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use auditui::fake_oci::WorldEvent;
use chrono::TimeDelta;
use serde_json::Value;

use super::hub::{Archive, logged, write_packed};
use super::support::{Cloud, Home, Output, rfc3339};

/// A world, and an archive of it.
struct Two {
    cloud: Cloud,
    world: Vec<WorldEvent>,
    archive: Archive,
}

/// Hour and region: kept, archive, missing in the archive, missing in what was kept, different.
type Hours = BTreeMap<(String, String), [u64; 5]>;

const NAMES: [&str; 5] = ["kept", "archive", "missingInArchive", "missingInKept", "different"];

impl Two {
    fn new() -> Self {
        let cloud = Cloud::small_but("readable = false", "readable = true");
        let (world, archive) = (cloud.world(), Archive::new(cloud.home.path("archive")));
        Self { cloud, world, archive }
    }

    /// A file of these events, as `export --meta` writes them.
    fn keep(&self, kept: &[WorldEvent]) -> String {
        let lines = kept.iter().map(|event| {
            let meta = format!("{{\"_meta\":{{\"region\":\"{}\"}},\"event\":", event.region);
            [meta.as_bytes(), &event.bytes, b"}\n"].concat()
        });
        let path = self.cloud.home.path("kept.jsonl.gz");
        write_packed(&path, &lines.collect::<Vec<_>>().concat());
        path.display().to_string()
    }

    /// Without an account.
    fn reconcile(&self, kept: &str, args: &[&str]) -> Output {
        Home::empty().run(&[&["reconcile", kept, self.archive.arg()], args].concat())
    }

    fn whole(&self) -> [String; 4] {
        let [from, until] = self.cloud.range().map(rfc3339);
        ["--since".into(), from, "--until".into(), until]
    }

    /// What there is to be found where these are kept and those archived.
    fn expected(kept: &[WorldEvent], archived: &[WorldEvent]) -> Hours {
        let ids = |events: &[WorldEvent]| events.iter().map(|event| event.event_id.clone()).collect::<BTreeSet<_>>();
        let (ids_kept, ids_archived) = (ids(kept), ids(archived));
        let mut hours = Hours::new();
        let mut seen = BTreeSet::new();
        for event in kept.iter().chain(archived).filter(|event| seen.insert(&event.event_id)) {
            let [is_kept, is_there] = [&ids_kept, &ids_archived].map(|ids| ids.contains(&event.event_id));
            let hour = event.event_time.format("%Y-%m-%dT%H:00:00Z").to_string();
            let counts = hours.entry((hour, event.region.clone())).or_default();
            let of = [is_kept, is_there, !is_there, !is_kept, false];
            counts.iter_mut().zip(of).for_each(|(count, is)| *count += u64::from(is));
        }
        hours
    }
}

fn hours(document: &Value) -> Hours {
    let rows = document["hours"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.map(|row| ((text(&row["hour"]), text(&row["region"])), NAMES.map(|name| row[name].as_u64().unwrap())))
        .collect()
}

fn ids(lines: &str, what: &str) -> BTreeSet<String> {
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["what"] == what).map(|line| line["id"].as_str().unwrap().to_owned()).collect()
}

fn ids_of(events: &[WorldEvent]) -> BTreeSet<String> {
    events.iter().map(|event| event.event_id.clone()).collect()
}

#[test]
fn the_same_events_are_the_same_whatever_they_are_wrapped_in() {
    let mut two = Two::new();
    two.archive.add(&two.world);
    // Some of it came late, and once more.
    two.archive.add(&two.world[10..30]);
    let kept = two.keep(&two.world);
    let output = two.reconcile(&kept, &["-o", "json"]).expect(0);
    assert_eq!(hours(&output.json()), Two::expected(&two.world, &two.world));
    assert!(output.last_line().ends_with("both sides have the same events"), "{}", output.stderr);
    assert!(output.stderr.contains("20 records in the archive of an id that is there already"), "{}", output.stderr);
    assert!(two.reconcile(&kept, &[]).expect(0).text().ends_with("\n\nno hour differs\n"));
}

#[test]
fn planted_holes_are_found_and_nothing_else() {
    let mut two = Two::new();
    let hole = two.cloud.range()[0] + TimeDelta::minutes(30);
    let hole = hole..hole + TimeDelta::hours(24);
    let ashburn: Vec<&String> =
        two.world.iter().filter(|event| event.region == "us-ashburn-1").map(|event| &event.event_id).collect();
    let without = |places: [usize; 3]| places.map(|place| ashburn[place].clone());
    let (not_archived, not_kept) = (without([4, 5, 13]), without([2, 7, 11]));
    let is_archived = |event: &&WorldEvent| {
        let in_hole = event.region == "eu-frankfurt-1" && hole.contains(&event.event_time);
        !in_hole && event.region != "us-phoenix-1" && !not_archived.contains(&event.event_id)
    };
    let archived: Vec<WorldEvent> = two.world.iter().filter(is_archived).cloned().collect();
    let kept: Vec<WorldEvent> = two.world.iter().filter(|event| !not_kept.contains(&event.event_id)).cloned().collect();
    two.archive.add(&archived);
    two.archive.add(&archived[3..9]);
    two.archive.add_file(
        "eu-frankfurt-1",
        br#"{"data":{},"id":"x","oracle":{"loggroupid":"l"},"time":"t","type":"com.oraclecloud.sch.runlog"}"#,
    );
    let path = two.keep(&kept);
    let file = two.cloud.home.path("missing.jsonl").display().to_string();
    let (whole, ids_in) = (two.whole(), format!("--ids={file}"));
    let whole: Vec<&str> = whole.iter().map(String::as_str).chain(["-o", "json", &ids_in]).collect();
    let output = two.reconcile(&path, &whole).expect(3);
    assert_eq!(hours(&output.json()), Two::expected(&kept, &archived));
    assert!(output.json()["hours"].as_array().unwrap().iter().all(|row| row["partial"] == false));
    assert!(output.stderr.contains("1 record left out: no audit event"), "{}", output.stderr);

    let lines = std::fs::read_to_string(&file).unwrap();
    let (ids_kept, ids_archived) = (ids_of(&kept), ids_of(&archived));
    assert_eq!(ids(&lines, "missingInArchive"), &ids_kept - &ids_archived);
    assert_eq!(ids(&lines, "missingInKept"), &ids_archived - &ids_kept);
    assert_eq!(ids(&lines, "different").len(), 0);
    let lacking = (&ids_kept - &ids_archived).len();
    assert!(output.last_line().contains(&format!(": {lacking} missing in the archive, ")), "{}", output.stderr);
    let table = two.reconcile(&path, &["--ids"]).expect(3);
    let id = (&ids_archived - &ids_kept).into_iter().next().unwrap();
    assert!(table.text().contains(&format!("missing in what was kept: {id} ")), "{}", table.text());
    let markdown = two.reconcile(&path, &["-o", "markdown"]).expect(3);
    assert!(
        markdown.text().contains("\n| hour (utc) | region | kept |") && markdown.text().contains("| us-phoenix-1 | ")
    );
}

#[test]
fn only_the_time_that_both_cover_is_compared() {
    let mut two = Two::new();
    // Not between events of one moment.
    let cut = |mut at: usize| {
        while two.world[at - 1].event_time == two.world[at].event_time {
            at += 1;
        }
        at
    };
    let (early, late) = (cut(two.world.len() / 4), cut(two.world.len() * 3 / 4));
    two.archive.add(&two.world[early..]);
    let path = two.keep(&two.world[..late]);
    let output = two.reconcile(&path, &["-o", "json"]).expect(0);
    let found = hours(&output.json());
    let both = &two.world[early..late];
    assert_eq!(found, Two::expected(both, both));
    let partial: Vec<bool> =
        output.json()["hours"].as_array().unwrap().iter().map(|row| row["partial"] == true).collect();
    assert!(partial[0] && partial[partial.len() - 1] && partial.iter().any(|partial| !partial), "{partial:?}");
    assert!(output.stderr.contains("outside of the time compared"), "{}", output.stderr);
    // Who says which time both should have is told what is missing in it.
    let whole = two.whole();
    let whole: Vec<&str> = whole.iter().map(String::as_str).chain(["-o", "json"]).collect();
    let output = two.reconcile(&path, &whole).expect(3);
    assert_eq!(hours(&output.json()), Two::expected(&two.world[..late], &two.world[early..]));
}

#[test]
fn an_id_that_says_something_else_is_told_apart() {
    let mut two = Two::new();
    let changed: Vec<Vec<u8>> = two
        .world
        .iter()
        .enumerate()
        .map(|(number, event)| {
            let text = String::from_utf8(logged(event)).unwrap();
            if number == 40 {
                text.replacen("\"eventName\":\"", "\"eventName\":\"Un", 1).into_bytes()
            } else {
                text.into_bytes()
            }
        })
        .collect();
    two.archive.add_file("", &changed.join(&b'\n'));
    let path = two.keep(&two.world);
    let output = two.reconcile(&path, &["-o", "json", "--ids"]).expect(3);
    let document = output.json();
    let id = &two.world[40].event_id;
    assert_eq!(document["ids"].as_array().unwrap().len(), 1);
    assert_eq!((&document["ids"][0]["id"], &document["ids"][0]["what"]), (&id.as_str().into(), &"different".into()));
    assert_eq!((&document["total"]["different"], &document["total"]["missingInKept"]), (&1.into(), &0.into()));
}

#[test]
fn a_collection_is_compared_as_it_is() {
    let mut two = Two::new();
    let directory = two.cloud.home.path("collection").display().to_string();
    let since = rfc3339(two.cloud.range()[0]);
    two.cloud.run(&["collect", "--since", &since, "--into", &directory, "-q"]).expect(0);
    let lacking = two.world.len() / 2;
    let archived: Vec<WorldEvent> =
        two.world.iter().enumerate().filter(|(number, _)| *number != lacking).map(|(_, event)| event.clone()).collect();
    two.archive.add(&archived);
    let whole = two.whole();
    let whole: Vec<&str> = whole.iter().map(String::as_str).chain(["-o", "json", "--ids"]).collect();
    let document = two.reconcile(&directory, &whole).expect(3).json();
    assert_eq!(hours(&document), Two::expected(&two.world, &archived));
    assert_eq!(document["ids"][0]["id"], two.world[lacking].event_id.as_str());
}

#[test]
fn what_is_broken_is_named_and_nothing_is_the_same_for_it() {
    let mut two = Two::new();
    two.archive.add(&two.world);
    let cut =
        two.archive.add_file("us-ashburn-1", &two.world[..50].iter().map(logged).collect::<Vec<_>>().join(&b'\n'));
    let whole = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let path = two.keep(&two.world);
    let output = two.reconcile(&path, &[]).expect(3);
    let name = cut.file_name().unwrap().to_str().unwrap();
    assert!(output.stderr.contains(name) && output.stderr.contains("not read: "), "{}", output.stderr);
    assert!(output.last_line().ends_with("no difference in what could be read, see above"), "{}", output.stderr);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let mut two = Two::new();
    let path = two.keep(&two.world);
    two.reconcile(&path, &[]).expect(1);
    two.archive.add(&two.world[..40]);
    let later = two.keep(&two.world[100..]);
    let output = two.reconcile(&later, &[]).expect(1);
    assert!(output.stderr.contains("there is no time that both cover"), "{}", output.stderr);
    Home::empty().run(&["reconcile", "-", "-"]).expect(2);
    Home::empty().run(&["reconcile", &path]).expect(2);
}
