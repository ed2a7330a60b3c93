use chrono::{DateTime, TimeDelta};

use super::*;
use crate::cli::testing::{document, of_export};
use crate::domain::ledger::CellKey;
use crate::domain::ledger::CellState::{Complete, Denied, Failed, Gone, Loading, Queued, Settling};
use crate::domain::time_range::FetchWindow;

#[test]
fn the_table_has_a_row_for_each_compartment_and_a_sign_for_each_region() {
    let cells = [
        ("fra", "root", Complete),
        ("iad", "root", Settling),
        ("fra", "prod", Complete),
        ("fra", "prod", Failed),
        ("iad", "prod", Queued),
        ("fra", "secret", Denied),
        ("iad", "secret", Denied),
        ("fra", "old", Gone),
        ("iad", "old", Complete),
        ("fra", "late", Complete),
        ("iad", "late", Loading),
    ];
    let text = table(&of_export(document(&cells), "day.jsonl"), &Compared::Same);
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let row = |name: &str| rows.iter().find(|row| row.first() == Some(&name)).unwrap()[1..].to_vec();
    assert_eq!(row("COMPARTMENT"), ["fra", "iad", "EVENTS", "LAST", "READ", "NOTE"]);
    assert_eq!(row("root"), ["v", "\"", "2,000", "1970-01-01T00:00:00Z"]);
    assert_eq!(row("prod"), ["!", "?", ">=1,000", "1970-01-01T00:00:00Z", "down"]);
    assert_eq!(row("secret"), ["o", "o", "--", "--", "down"]);
    assert_eq!(row("old"), ["-", "v", "1,000", "1970-01-01T00:00:00Z", "down"]);
    assert_eq!(row("late"), ["v", "~", ">=1,000", "1970-01-01T00:00:00Z"]);
    assert!(text.contains("day.jsonl: 0 events, 3 bytes, sha256 00ff; compared with the file: the same\n"), "{text}");
    let legend = "\nv complete   \" settling   - gone   ? not read   ~ not read to its end   o no access   ! failed; ";
    assert!(text.contains(legend), "{text}");
    assert!(text.contains("\nfailed: prod @ fra "), "{text}");
    assert!(text.ends_with("1 gone; 1970-01-01T00:00:00Z..1970-01-01T01:00:00Z"), "{text}");
}

#[test]
fn a_name_in_it_cannot_speak_to_the_terminal() {
    let mut hostile = document(&[("fra", "a\u{1b}[2Jb\nc", Denied)]);
    hostile.tenancy.name = Some("\u{202e}acme".into());
    hostile.regions[0].key = "\u{7}".into();
    for text in [&mut hostile.tool, &mut hostile.profile, &mut hostile.run_id] {
        *text = "\u{9b}x".into();
    }
    let text = table(&of_export(hostile, "\u{1b}c"), &Compared::Other("no".into()));
    assert!(text.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')), "{text:?}");
}

#[test]
fn a_path_is_a_document_a_directory_or_an_export_beside_one() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let write = |name: &str, of: &str| {
        std::fs::write(place(name), of_export(document(&[("r", "c", Complete)]), of).to_json().unwrap()).unwrap();
    };
    assert!(find(directory.path()).unwrap_err().what.contains("there is no coverage.json"));
    write("b.jsonl.coverage.json", "b.jsonl");
    assert!(find(directory.path()).unwrap_err().hint.contains("b.jsonl.coverage.json"));
    write("coverage.json", "a.jsonl");
    assert_eq!(find(directory.path()).unwrap(), (place("coverage.json"), None));
    assert_eq!(find(&place("a.jsonl")).unwrap(), (place("coverage.json"), Some(&*place("a.jsonl"))));
    assert_eq!(find(&place("b.jsonl")).unwrap(), (place("b.jsonl.coverage.json"), Some(&*place("b.jsonl"))));
    assert_eq!(find(&place("c.jsonl")).unwrap(), (place("c.jsonl"), None), "no other's is taken for its own");
    assert_eq!(find(&place("coverage.json")).unwrap(), (place("coverage.json"), None));
}

#[test]
fn a_file_that_has_changed_is_told_before_all_else() {
    let text = table(
        &of_export(document(&[("fra", "secret", Denied)]), "day.jsonl"),
        &Compared::Other("it has 5 bytes, and had 3".into()),
    );
    assert!(text.contains("; compared with the file: NOT the same\n"), "{text}");
    let finding = "\n\nchanged: day.jsonl is not the file that was written: it has 5 bytes, and had 3\nno access: ";
    assert!(text.contains(finding), "{text}");
}

#[test]
fn what_a_second_reading_brings_is_counted_once() {
    let minute = |minute: i64| DateTime::from_timestamp(minute * 60, 0).unwrap();
    let page = |events: &[&str], at: i64, read_at: Option<i64>| {
        let window = FetchWindow::from_minutes(0, 60).unwrap();
        let cell = CellKey { region: "fra".into(), compartment: "c".into(), window };
        let mut page = Page::new(cell, format!("[{}]", events.join(",")), None, minute(at)).unwrap();
        page.read_at = read_at.map(minute);
        page
    };
    let event = |at: i64| format!(r#"{{"eventTime":"{}","minute":{at}}}"#, rfc3339(minute(at)));
    let [a, b, c, d] = [50, 55, 56, 70].map(event);
    let mut news = News::new(TimeDelta::minutes(15), false);
    let mut of = |page: &Page| added(&mut news, page);
    // A chain that was begun while the window was young may bring its pages when it is not any more.
    assert_eq!(of(&page(&[&a], 62, None)), Added::default(), "the first reading is counted by itself");
    assert_eq!(of(&page(&[&b], 76, None)), Added::default());
    let again = of(&page(&[&b, &c], 64, Some(62)));
    assert_eq!((again.events, again.late.summary().unwrap().max_seconds), (1, 480));
    // The last reading finds the window final; what it has already is no news for that.
    let last = of(&page(&[&b, &c, &d], 80, Some(64)));
    assert_eq!((last.events, last.late.events()), (1, 0));
}
