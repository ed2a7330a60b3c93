use super::*;
use crate::cli::testing::{document, of_export};
use crate::domain::ledger::CellState::{Complete, Denied, Failed, Gone, Queued, Settling};

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
        ("iad", "late", Complete),
    ];
    let text = table(&of_export(document(&cells), "day.jsonl"));
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let row = |name: &str| rows.iter().find(|row| row.first() == Some(&name)).unwrap()[1..].to_vec();
    assert_eq!(row("COMPARTMENT"), ["fra", "iad", "EVENTS", "LAST", "READ", "NOTE"]);
    assert_eq!(row("root"), ["=", "~", "2,000", "1970-01-01T00:00:00Z"]);
    assert_eq!(row("prod"), ["!", "?", ">=1,000", "1970-01-01T00:00:00Z", "down"]);
    assert_eq!(row("secret"), ["o", "o", "--", "--", "down"]);
    assert_eq!(row("old"), ["-", "=", "1,000", "1970-01-01T00:00:00Z", "down"]);
    assert_eq!(row("late"), ["=", "1,000", "1970-01-01T00:00:00Z"]);
    assert!(text.contains("day.jsonl: 0 events, 3 bytes, sha256 00ff"), "{text}");
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
    let text = table(&of_export(hostile, "\u{1b}c"));
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
    assert_eq!(find(directory.path()).unwrap(), place("coverage.json"));
    assert_eq!(find(&place("a.jsonl")).unwrap(), place("coverage.json"));
    assert_eq!(find(&place("b.jsonl")).unwrap(), place("b.jsonl.coverage.json"));
    assert_eq!(find(&place("c.jsonl")).unwrap(), place("c.jsonl"), "no other's is taken for its own");
    assert_eq!(find(&place("coverage.json")).unwrap(), place("coverage.json"));
}
