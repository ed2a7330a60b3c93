//! Bundles as they are, and as nobody should have made them.

use super::*;
use crate::domain::ledger::Coverage;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::SubscriptionStatus;
use crate::export::Tally;
use crate::export::coverage::{CompartmentEntry, ExportEntry, FORM, Filter, RegionEntry, Span, TenancyEntry};

fn document() -> CoverageDocument {
    let at = chrono::DateTime::UNIX_EPOCH;
    let window = Span { from: at, until: at + chrono::TimeDelta::hours(1) };
    let cell = |compartment: &str, state: CellState| {
        let read = state == CellState::Complete;
        CellEntry {
            region: "r".into(),
            compartment: compartment.into(),
            window,
            asked: None,
            state,
            read_at: read.then_some(window.until),
            pages: read.then_some(1),
            events: read.then_some(2),
            problem: (!read).then(|| Problem::new(ProblemKind::Denied, "not ours")),
        }
    };
    let compartment =
        |id: &str| CompartmentEntry { id: id.into(), path: Some(format!("path/{id}")), lifecycle: None, asked: true };
    let mut document = CoverageDocument {
        form: FORM,
        tool: "auditui 0".into(),
        run_id: "0".into(),
        calls: 3,
        tenancy: TenancyEntry { id: "t".into(), name: None },
        profile: "P".into(),
        endpoint: None,
        range: window,
        padding_seconds: 0,
        settling_seconds: 0,
        filter: Filter::All,
        query: None,
        started_at: at,
        ended_at: at,
        listed_again_at: None,
        clock_offset_milliseconds: Some(5),
        export: None,
        exit_code: 3,
        complete: false,
        sentence: "export: 2 events".into(),
        interrupted: false,
        stopped: None,
        listing: None,
        totals: Coverage::default(),
        lateness: None,
        regions: vec![RegionEntry {
            id: "r".into(),
            key: "RRR".into(),
            status: SubscriptionStatus::Ready,
            home: true,
            asked: true,
        }],
        compartments: ["busy", "quiet", "closed"].map(compartment).to_vec(),
        cells: vec![
            cell("busy", CellState::Complete),
            cell("quiet", CellState::Complete),
            cell("closed", CellState::Denied),
        ],
        files: Vec::new(),
    };
    document.totals = document.coverage();
    document.export = Some(ExportEntry::new(None, None, Tally { events: 2, ..Tally::default() }));
    document
}

/// A sealed bag.
fn bag() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    std::fs::create_dir(path.join(DATA)).unwrap();
    let document = document();
    std::fs::write(
        path.join(DATA).join(format!("{}.jsonl", place("r", "busy"))),
        "{\"eventId\":\"1\"}\n{\"eventId\":\"2\"}\n",
    )
    .unwrap();
    std::fs::write(path.join(REQUESTS), "{}\n").unwrap();
    std::fs::write(path.join(COVERAGE), document.to_json().unwrap()).unwrap();
    let info = [("External-Identifier", "case 42\nPayload-Oxum: 0.0".to_owned())];
    let seal = seal(path, &document, &info).unwrap();
    note(path, None);
    note(path, Some(seal));
    directory
}

fn note(path: &Path, hash_after: Option<String>) {
    append(path, entry(hash_after)).unwrap();
}

fn entry(hash_after: Option<String>) -> Entry {
    let (who, host, what) = ("me".to_owned(), "here".to_owned(), "held".to_owned());
    let time = chrono::DateTime::UNIX_EPOCH;
    Entry { time, who, host, what, hash_before: None, hash_after, previous: None, digest: String::new() }
}

fn mismatches(path: &Path) -> Vec<String> {
    let found = verify(path).unwrap().findings.into_iter();
    found.filter(|finding| finding.kind == Kind::Mismatch).map(|finding| finding.what).collect()
}

fn files(path: &Path) -> Vec<String> {
    let below = |at: &Path| std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let all = below(path).into_iter().chain(below(&path.join(DATA)));
    all.filter(|file| file.is_file()).map(|file| file.strip_prefix(path).unwrap().display().to_string()).collect()
}

#[test]
fn a_bag_says_what_is_in_it_where_nothing_happened_and_what_was_not_read() {
    let directory = bag();
    let verified = verify(directory.path()).unwrap();
    assert_eq!((verified.files, verified.events), (7, 2));
    let found: Vec<(Kind, &str)> =
        verified.findings.iter().map(|finding| (finding.kind, finding.what.as_str())).collect();
    let span = "1970-01-01T00:00:00Z..1970-01-01T01:00:00Z";
    let empty = format!(
        "no event in path/quiet @ r that happened in {span} among those processed {span}: read to its end at \
         1970-01-01T01:00:00Z, 2 events left out"
    );
    let closed = format!("path/closed @ r, {span} is denied: not ours");
    assert_eq!(found, [(Kind::Empty, empty.as_str()), (Kind::Gap, closed.as_str())]);
    let info = std::fs::read_to_string(directory.path().join("bag-info.txt")).unwrap();
    assert_eq!(info.lines().filter(|line| line.starts_with("Payload-Oxum: ")).count(), 1, "{info}");
}

/// What is said to be empty, of a bag with another coverage.
fn empty(change: impl Fn(&mut CoverageDocument)) -> Vec<String> {
    let directory = bag();
    let mut document = document();
    change(&mut document);
    document.totals = document.coverage();
    std::fs::write(directory.path().join(COVERAGE), document.to_json().unwrap()).unwrap();
    let cells = cells(&directory.path().join(DATA), &document).unwrap();
    std::fs::write(directory.path().join(DATA).join(CELLS), cells).unwrap();
    let found = verify(directory.path()).unwrap().findings.into_iter();
    found.filter(|finding| finding.kind == Kind::Empty).map(|finding| finding.what).collect()
}

#[test]
fn nothing_is_told_as_empty_that_had_events() {
    let quiet = |events: u64| empty(|document| document.cells[1].events = Some(events));
    assert!(quiet(0)[0].ends_with(", none came") && quiet(1)[0].ends_with(", 1 event left out"), "{:?}", quiet(0));
    let copies = |events: u64| {
        empty(|document| {
            document.cells[1].events = Some(events);
            document.export.as_mut().unwrap().duplicates = 1;
        })
    };
    assert_eq!((copies(0).len(), copies(1).len()), (1, 0), "what came may be a copy that was left out");
    // Another window of a place that has events.
    let more = |events: u64| {
        empty(|document| {
            let mut cell = document.cells[0].clone();
            let from = cell.window.until;
            (cell.window, cell.events) = (Span { from, until: from + chrono::TimeDelta::hours(1) }, Some(events));
            document.cells.push(cell);
        })
    };
    assert!(more(0).iter().any(|what| what.contains("path/busy") && what.contains("T01:00:00Z..")), "{:?}", more(0));
    assert!(!more(1).iter().any(|what| what.contains("path/busy")), "{:?}", more(1));
}

#[test]
fn what_was_asked_for_is_said_with_what_is_empty() {
    let asked = |filter: Filter, query: Option<&str>| {
        let found = empty(|document| (document.filter, document.query) = (filter, query.map(str::to_owned)));
        let (_, after) = found[0].split_once("T01:00:00Z").unwrap();
        after.split_once(" among ").unwrap().0.to_owned()
    };
    assert_eq!(asked(Filter::All, None), "");
    assert_eq!(asked(Filter::Writes, None), " and answers --writes");
    assert_eq!(asked(Filter::Reads, Some("event:X")), " and answers event:X with --reads");
}

#[cfg(unix)]
#[test]
fn other_programs_can_check_it() {
    let directory = bag();
    for manifest in ["manifest-sha256.txt", "tagmanifest-sha256.txt"] {
        let mut check = std::process::Command::new("sha256sum");
        let checked = check.args(["-c", "--strict", "--quiet", manifest]).current_dir(directory.path()).output();
        assert!(checked.is_ok_and(|output| output.status.success()), "{manifest}");
    }
}

#[test]
fn whichever_byte_is_flipped_the_file_is_named() {
    let directory = bag();
    for name in files(directory.path()) {
        let path = directory.path().join(&name);
        let bytes = std::fs::read(&path).unwrap();
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 20) {
            let mut other = bytes.clone();
            other[at] ^= 1;
            std::fs::write(&path, &other).unwrap();
            let found = mismatches(directory.path());
            // A manifest that was changed names the files with whose digests it does not agree any more.
            let named = found.iter().any(|what| what.contains(&name)) || name.contains("manifest") && !found.is_empty();
            assert!(named, "{name} at {at}: {found:?}");
        }
        std::fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(mismatches(directory.path()), Vec::<String>::new());
}

#[test]
fn whichever_file_is_dropped_or_added_is_named() {
    let directory = bag();
    for name in files(directory.path()) {
        let path = directory.path().join(&name);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let found = mismatches(directory.path());
        assert!(found.iter().any(|what| what.contains(&name)), "{name}: {found:?}");
        std::fs::write(&path, &bytes).unwrap();
    }
    for name in ["notes.txt", "data/more.jsonl", "data/sub", "tagmanifest-sha256.txt.exe"] {
        let path = directory.path().join(name);
        std::fs::write(&path, "x").unwrap();
        let found = mismatches(directory.path());
        assert!(found.contains(&format!("{name} was added: no manifest names it")), "{name}: {found:?}");
        std::fs::remove_file(path).unwrap();
    }
    std::fs::write(directory.path().join("tagmanifest-sha256.txt.sig"), "signature").unwrap();
    assert_eq!(mismatches(directory.path()), Vec::<String>::new());
}

/// As somebody would who makes all digests anew.
fn sealed_again(path: &Path, document: &CoverageDocument) {
    for name in ["bag-info.txt", "bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "custody.log"] {
        std::fs::remove_file(path.join(name)).unwrap();
    }
    let cells = std::fs::read(path.join(DATA).join(CELLS)).unwrap();
    std::fs::remove_file(path.join(DATA).join(CELLS)).unwrap();
    seal(path, document, &[]).unwrap();
    std::fs::write(path.join(DATA).join(CELLS), cells).unwrap();
    for name in ["manifest-sha256.txt", "bag-info.txt", "tagmanifest-sha256.txt"] {
        std::fs::remove_file(path.join(name)).unwrap();
    }
    let (text, octets, streams) = manifest(&path.join(DATA)).unwrap();
    std::fs::write(path.join(MANIFEST), text).unwrap();
    std::fs::write(path.join(INFO), format!("Payload-Oxum: {octets}.{streams}\n")).unwrap();
    let tags: Vec<String> =
        TAGS.iter().map(|name| format!("{}  {name}\n", digest(&path.join(name)).unwrap().0)).collect();
    let tags = tags.concat();
    std::fs::write(path.join(TAG_MANIFEST), &tags).unwrap();
    note(path, Some(format!("{:x}", Sha256::digest(tags))));
}

#[test]
fn a_cell_that_was_removed_is_named_even_where_all_digests_were_made_anew() {
    let directory = bag();
    let mut fewer = document();
    fewer.cells.remove(2);
    fewer.totals = fewer.coverage();
    std::fs::write(directory.path().join(COVERAGE), fewer.to_json().unwrap()).unwrap();
    sealed_again(directory.path(), &fewer);
    let span = "1970-01-01T00:00:00Z..1970-01-01T01:00:00Z";
    assert_eq!(mismatches(directory.path()), [format!("path/closed @ r, {span} was removed from coverage.json")]);
}

#[test]
fn a_line_of_custody_can_be_added_and_none_changed() {
    let directory = bag();
    let log = directory.path().join(CUSTODY);
    note(directory.path(), Some(verify(directory.path()).unwrap().seal));
    assert_eq!(mismatches(directory.path()), Vec::<String>::new());
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, text.replacen("held", "lost", 1)).unwrap();
    assert!(mismatches(directory.path()).iter().any(|what| what.contains("line 1 of custody.log")));
    std::fs::write(&log, text.split_inclusive('\n').skip(1).collect::<String>()).unwrap();
    assert!(mismatches(directory.path()).iter().any(|what| what.contains("line 1 of custody.log")));
}

#[test]
fn no_manifest_leads_out_of_the_bag() {
    let directory = bag();
    let path = directory.path().join(MANIFEST);
    let text = std::fs::read_to_string(&path).unwrap();
    for name in ["../secret", "/etc/passwd", "data/../../x"] {
        std::fs::write(&path, format!("{text}{}  {name}\n", "0".repeat(64))).unwrap();
        let found = mismatches(directory.path());
        assert!(found.iter().any(|what| what.contains("names no file of the bag")), "{name}: {found:?}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_named_and_holds_up_nothing() {
    use std::os::unix::fs::symlink;
    let pipe = |path: &Path| {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.is_ok_and(|status| status.success()));
    };
    let without_end = |path: &Path| symlink("/dev/zero", path).unwrap();
    for name in files(bag().path()) {
        for put in [&pipe as &dyn Fn(&Path), &without_end] {
            let directory = bag();
            let path = directory.path().join(&name);
            std::fs::remove_file(&path).unwrap();
            put(&path);
            let found = mismatches(directory.path());
            assert!(
                found.iter().any(|what| what.contains(&name) && what.contains("no plain file")),
                "{name}: {found:?}"
            );
        }
    }
    let directory = bag();
    std::fs::rename(directory.path().join(DATA), directory.path().join("elsewhere")).unwrap();
    symlink("elsewhere", directory.path().join(DATA)).unwrap();
    let found = mismatches(directory.path());
    assert!(found.contains(&"data/_cells.ndjson cannot be read: it is no plain file".to_owned()), "{found:?}");
}

#[cfg(unix)]
#[test]
fn nothing_is_added_to_what_a_link_in_the_place_of_the_log_names() {
    let directory = bag();
    let log = directory.path().join(CUSTODY);
    let other = directory.path().join("other");
    std::fs::rename(&log, &other).unwrap();
    std::os::unix::fs::symlink(&other, &log).unwrap();
    let before = std::fs::read(&other).unwrap();
    assert!(append(directory.path(), entry(None)).is_err());
    assert_eq!(std::fs::read(&other).unwrap(), before);
    std::fs::remove_file(&other).unwrap();
    assert!(append(directory.path(), entry(None)).is_err());
    assert!(!other.exists());
}

#[test]
fn what_is_too_large_to_be_read_whole_is_an_error() {
    let directory = bag();
    let bytes = std::fs::read(directory.path().join(COVERAGE)).unwrap();
    let most = bytes.len() as u64;
    assert_eq!(plain::read(directory.path(), COVERAGE, most).unwrap(), bytes);
    assert!(plain::read(directory.path(), COVERAGE, most - 1).is_err());
}
