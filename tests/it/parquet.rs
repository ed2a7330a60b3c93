//! Parquet: what is written is what was read, reads back as it was, and only as much of it as is asked for.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auditui::domain::ledger::CellKey;
use auditui::domain::time_range::{FetchWindow, TimeRange, rfc3339};
use auditui::export::parquet::{LOWER_CASE, Writer};
use auditui::export::{About, Record, Source};
use auditui::files::{FileRead, Narrow, Progress, Reader, find};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{Cloud, Home};

fn minute(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute * 60, 0).unwrap()
}

fn about() -> About {
    About { tenancy: "acme-0badcafe".into(), tenancy_ocid: "ocid1.tenancy.oc1..t".into(), retrieval: false }
}

fn record(bytes: &[u8]) -> Record {
    let cell = CellKey {
        region: "eu-frankfurt-1".into(),
        compartment: "asked".into(),
        window: FetchWindow::from_minutes(0, 60).unwrap(),
    };
    let source = Source { cell, retrieved_at: DateTime::UNIX_EPOCH, request_id: None };
    Record {
        bytes: bytes.into(),
        source: Arc::new(source),
        flags: auditui::domain::event::decode(bytes).flags,
        sealed: None,
    }
}

fn event(number: i64) -> Vec<u8> {
    let user = if number < 25 { "ocid1.user.oc1..alice" } else { "ocid1.user.oc1..bob" };
    let event = json!({
        "eventId": format!("event-{number:04}"), "eventTime": rfc3339(minute(number)),
        "data": {"compartmentId": "c", "identity": {"principalId": user}, "request": {"path": format!("/{number}/").repeat(40)}},
    });
    event.to_string().into_bytes()
}

fn table(events: &[Vec<u8>], rows: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, about()).unwrap().with_rows(rows);
    for event in events {
        writer.push(&record(event)).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

/// Region, compartment asked and bytes of each event, and what became of the file.
fn read(path: &Path, narrow: Narrow) -> (Vec<(String, String, Vec<u8>)>, FileRead) {
    let mut inputs = find(&[path.to_owned()]).unwrap().inputs;
    inputs[0].digest = true;
    let progress = Arc::new(Progress::of(&inputs));
    let reader = Reader { narrow, ..Reader::new(Arc::new(|_| None), DateTime::UNIX_EPOCH, progress) };
    let mut events = Vec::new();
    let mut files = reader.read(&inputs, &mut |chunk| {
        for page in chunk.pages {
            let place =
                |event: &[u8]| (page.cell.region.to_string(), page.cell.compartment.to_string(), event.to_vec());
            events.extend(page.events().map(place));
        }
        ControlFlow::Continue(())
    });
    (events, files.remove(0))
}

struct Kept {
    directory: tempfile::TempDir,
}

impl Kept {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.directory.path().join("x.parquet");
        fs::write(&path, bytes).unwrap();
        path
    }
}

#[test]
fn an_export_holds_what_jsonl_holds_and_is_counted_the_same() {
    let cloud = Cloud::named("small");
    let path = |name: &str| cloud.home.path(name).display().to_string();
    let (table, lines) = (path("day.parquet"), path("day.jsonl"));
    cloud.export(&["-o", "parquet", "--output-file", &table]).expect(3);
    cloud.export(&["--meta", "--output-file", &lines, "--coverage", &path("day.jsonl.coverage.json")]).expect(3);
    let piped = cloud.export(&["-o", "parquet", "--concurrency", "1"]).expect(3);
    assert!(fs::read(&table).unwrap() == piped.stdout, "the same question, other bytes");
    let (events, file) = read(Path::new(&table), Narrow::default());
    let mut raw: Vec<String> = events.into_iter().map(|(.., raw)| String::from_utf8(raw).unwrap()).collect();
    let text = fs::read_to_string(&lines).unwrap();
    let event = |line: &str| {
        let line = format!("{line}\n");
        let (_, event) = auditui::export::parts_of_line(line.as_bytes())?;
        String::from_utf8(event.to_vec()).ok()
    };
    let mut expected: Vec<String> = text.lines().map(|line| event(line).unwrap()).collect();
    raw.sort_unstable();
    expected.sort_unstable();
    assert_eq!(raw, expected);
    assert!(file.faults.is_empty());
    // `coverage.json` beside it tells of the file, and the file is that.
    let said: Value = serde_json::from_slice(&fs::read(path("coverage.json")).unwrap()).unwrap();
    assert_eq!(said["export"]["sha256"].as_str(), file.sha256.as_deref());
    cloud.home.run(&["coverage", &table]).expect(3);
    for by in ["user,event", "queried,region", "day,access"] {
        let counted = |path: &str| cloud.home.run(&["count", path, "--by", by, "-o", "json"]).expect(3).json();
        assert_eq!(counted(&table), counted(&lines), "{by}");
    }
    let summed = |path: &str| cloud.home.run(&["summary", path, "-o", "json"]).expect(3).json()["all"].clone();
    assert_eq!(summed(&table), summed(&lines));
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_asked() {
    let cloud = Cloud::named("small");
    for args in [&["--follow"][..], &["--meta"]] {
        let output = cloud.run(&[&["export", "--since", "1h", "-o", "parquet"], args].concat()).expect(2);
        assert!(output.stdout.is_empty() && output.stderr.contains("-o "), "{}", output.stderr);
    }
    assert!(cloud.cells_asked().is_empty());
}

#[test]
fn only_groups_that_may_hold_what_is_asked_are_read() {
    let kept = Kept::new();
    let events: Vec<Vec<u8>> = (0..50).map(event).collect();
    let path = kept.file(&table(&events, 10));
    let (all, whole) = read(&path, Narrow::default());
    let groups = whole.groups.unwrap();
    assert_eq!((all.len(), groups.read, groups.skipped), (50, 5, 0));
    assert_eq!(all[0], ("eu-frankfurt-1".to_owned(), "asked".to_owned(), events[0].clone()));
    let ids = |ids: &[&str]| Some(ids.iter().map(|id| (*id).to_owned()).collect());
    let range = |from, until| TimeRange::new(minute(from), minute(until));
    let cases = [
        (Narrow { range: range(12, 15), ..Narrow::default() }, 1),
        (Narrow { range: range(9, 11), ..Narrow::default() }, 2),
        (Narrow { range: range(10, 20), ..Narrow::default() }, 1),
        (Narrow { range: range(90, 99), ..Narrow::default() }, 0),
        (Narrow { event_ids: ids(&["event-0033"]), ..Narrow::default() }, 1),
        (Narrow { event_ids: ids(&["event-0001", "event-0049"]), ..Narrow::default() }, 2),
        // Between the least and the greatest of a group, which only the filter tells.
        (Narrow { event_ids: ids(&["event-0033x"]), ..Narrow::default() }, 0),
        (Narrow { principal_ids: ids(&["ocid1.user.oc1..bob"]), ..Narrow::default() }, 3),
        (Narrow { range: range(0, 30), principal_ids: ids(&["ocid1.user.oc1..bob"]), event_ids: None }, 1),
    ];
    for (narrow, expected) in cases {
        let (some, file) = read(&path, narrow.clone());
        let read = file.groups.unwrap();
        assert_eq!((read.read, read.skipped), (expected, 5 - expected), "{narrow:?}");
        assert_eq!(some.len() as u64, expected * 10);
        assert!(read.bytes < groups.bytes, "{narrow:?}: {} of {} bytes", read.bytes, groups.bytes);
    }
}

#[test]
fn letters_in_upper_case_and_unknown_times_are_never_passed_over() {
    let kept = Kept::new();
    let mut events: Vec<Vec<u8>> = (0..3).map(event).collect();
    events.push(br#"{"eventId":"Event-X"}"#.to_vec());
    let path = kept.file(&table(&events, 2));
    let ids = Some(vec!["event-x".to_owned()]);
    assert_eq!(read(&path, Narrow { event_ids: ids, ..Narrow::default() }).0.len(), 4);
    let late = Narrow { range: TimeRange::new(minute(50), minute(60)), ..Narrow::default() };
    assert_eq!(read(&path, late).0.len(), 2);
}

#[test]
fn count_and_summary_read_what_they_need_and_stats_tell() {
    let home = Home::empty();
    let path = home.path("x.parquet").display().to_string();
    fs::write(&path, table(&(0..50).map(event).collect::<Vec<_>>(), 10)).unwrap();
    let stats = |args: &[&str]| {
        let usual = [args, &["-o", "json", "--stats", "--progress", "json"]].concat();
        let output = home.run(&usual).expect(0);
        let lines: Vec<Value> = output.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let stats = lines.into_iter().find(|line| line["type"] == "stats").unwrap();
        (output.json(), stats)
    };
    let (counted, all) = stats(&["count", &path]);
    assert_eq!(
        (&counted["count"], &all["rowGroupsRead"], &all["rowGroupsSkipped"]),
        (&50.into(), &5.into(), &0.into())
    );
    let range = ["--since", "1970-01-01T00:12Z", "--until", "1970-01-01T00:15Z"];
    let (counted, some) = stats(&[&["count", &path], &range[..]].concat());
    assert_eq!(
        (&counted["count"], &some["rowGroupsRead"], &some["rowGroupsSkipped"]),
        (&3.into(), &1.into(), &4.into())
    );
    assert!(some["parquetBytesRead"].as_u64() < all["parquetBytesRead"].as_u64());
    let (counted, one) = stats(&["count", &path, "-Q", "id=EVENT-0017"]);
    assert_eq!((&counted["count"], &one["rowGroupsRead"]), (&1.into(), &1.into()));
    let (_, summed) = stats(&[&["summary", &path], &range[..]].concat());
    assert_eq!(summed["rowGroupsRead"], 1);
    let words = home.run(&["count", &path, "--stats"]).expect(0).stderr;
    assert!(words.contains("of Parquet files: 5 row groups read, 0 passed over, "), "{words}");
}

#[test]
fn a_damaged_file_gives_what_is_whole_and_says_what_is_not() {
    let kept = Kept::new();
    let events: Vec<Vec<u8>> = (0..30).map(event).collect();
    let whole = table(&events, 10);
    let cut = read(&kept.file(&whole[..whole.len() - 9]), Narrow::default());
    assert!(cut.0.is_empty() && cut.1.faults[0].contains("it is cut off"), "{:?}", cut.1.faults);
    // Where the second group keeps what was sent.
    let mut holed = whole.clone();
    let at = raw_of_group(&kept.file(&whole), 1);
    holed[at..at + 400].fill(0xa5);
    let (events, file) = read(&kept.file(&holed), Narrow::default());
    assert_eq!(events.len(), 20, "{:?}", file.faults);
    assert!(file.faults.len() == 1 && file.faults[0].contains("row group 2 of 3 cannot be read"), "{:?}", file.faults);
    assert_eq!(file.sha256, None);
    let path = kept.file(&holed);
    let output = Home::empty().run(&["count", path.to_str().unwrap(), "-o", "json"]).expect(3);
    assert_eq!(output.json()["count"], 20);
}

#[test]
fn a_redacted_copy_reads_back_as_the_copy() {
    let kept = Kept::new();
    let mut redaction = auditui::export::Redaction::new(None);
    let secret = br#"{"eventId":"1","data":{"request":{"headers":{"Authorization":["Bearer abc"]}}}}"#;
    redaction.meet(secret);
    redaction.prepare().unwrap();
    let copy = redaction.copy(&record(secret));
    assert_ne!(copy.bytes[..], secret[..]);
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, about()).unwrap();
    writer.push(&copy).unwrap();
    writer.finish().unwrap();
    let (events, file) = read(&kept.file(&bytes), Narrow::default());
    assert_eq!(file.faults, Vec::<String>::new());
    assert_eq!(events, [("eu-frankfurt-1".to_owned(), "asked".to_owned(), copy.bytes.to_vec())]);
}

#[test]
fn of_many_rows_that_are_left_out_a_few_are_named_and_all_are_counted() {
    let kept = Kept::new();
    let path = kept.file(&table(&(0..40).map(event).collect::<Vec<_>>(), 10));
    let inputs = find(&[path]).unwrap().inputs;
    let progress = Arc::new(Progress::of(&inputs));
    let reader = Reader { longest: 100, ..Reader::new(Arc::new(|_| None), DateTime::UNIX_EPOCH, progress) };
    let file = reader.read(&inputs, &mut |_| ControlFlow::Continue(())).remove(0);
    assert_eq!((file.events, file.faults.len()), (0, 6), "{:?}", file.faults);
    assert!(file.faults[5].starts_with("35 events more left out"), "{:?}", file.faults);
}

fn raw_of_group(path: &Path, group: usize) -> usize {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    let reader = SerializedFileReader::try_from(path).unwrap();
    let columns = reader.metadata().row_group(group).columns();
    let raw = columns.iter().find(|column| column.column_path().string() == "raw").unwrap();
    raw.data_page_offset() as usize
}

#[test]
fn a_file_of_somebody_else_is_told_what_it_lacks() {
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    let written = |message: &str| {
        let schema = Arc::new(parquet::schema::parser::parse_message_type(message).unwrap());
        let mut bytes = Vec::new();
        SerializedFileWriter::new(&mut bytes, schema, Arc::new(WriterProperties::builder().build()))
            .unwrap()
            .close()
            .unwrap();
        bytes
    };
    let kept = Kept::new();
    let other = kept.file(&written("message m { required int32 raw; optional binary region (STRING); }"));
    let (events, file) = read(&other, Narrow::default());
    assert!(events.is_empty());
    let lacks = "it lacks the columns event_id, event_time, tenancy, principal_id, raw, raw_sha256, ext";
    assert!(file.faults[0].contains(lacks), "{:?}", file.faults);
    let home = Home::empty();
    let output = home.run(&["count", other.to_str().unwrap()]).expect(5);
    assert!(output.stderr.contains("it lacks the columns"), "{}", output.stderr);
    let piped = home.shell(&format!("cat '{}' | auditui count -", other.display())).expect(5);
    assert!(piped.stderr.contains("a Parquet file is read from its end"), "{}", piped.stderr);
}

#[test]
fn both_sides_call_the_same_the_same() {
    let kept = Kept::new();
    let bytes = table(&[event(1)], 9);
    assert!(bytes.windows(LOWER_CASE.len()).any(|part| part == LOWER_CASE.as_bytes()));
    let path = kept.file(&bytes);
    let narrow = Narrow { event_ids: Some(vec!["none".into()]), ..Narrow::default() };
    assert_eq!(read(&path, narrow).1.groups.unwrap().skipped, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_bytes_an_event_has_it_reads_back(
        events in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 1..30),
        rows in 1..9usize,
    ) {
        // Bytes without a time come last, in whatever order.
        let events: Vec<Vec<u8>> = events.into_iter().map(|event| [&b"\xff"[..], &event].concat()).collect();
        let kept = Kept::new();
        let (found, file) = read(&kept.file(&table(&events, rows)), Narrow::default());
        prop_assert!(file.faults.is_empty(), "{:?}", file.faults);
        prop_assert_eq!(found.into_iter().map(|(.., raw)| raw).collect::<Vec<_>>(), events);
    }

    #[test]
    fn whatever_is_changed_in_a_file_no_event_is_other_than_it_was(
        places in prop::collection::vec((any::<bool>(), any::<u32>(), any::<u8>()), 1..4),
    ) {
        let events: Vec<Vec<u8>> = (0..8).map(event).collect();
        let mut bytes = table(&events, 4);
        // Behind the first bytes, without which it is no Parquet file any more; half of them where it tells of itself.
        let told = bytes[bytes.len() - 8..][..4].try_into().unwrap();
        let told = bytes.len() - 8 - u32::from_le_bytes(told) as usize;
        for (of_itself, place, byte) in places {
            let first = if of_itself { told } else { 4 };
            let place = first + place as usize % (bytes.len() - first);
            bytes[place] = byte;
        }
        let kept = Kept::new();
        let narrow = Narrow { event_ids: Some(vec!["event-0005".into()]), ..Narrow::default() };
        let (found, _) = read(&kept.file(&bytes), narrow);
        prop_assert!(found.iter().all(|(.., raw)| events.contains(raw)));
    }
}
