use super::*;
use crate::cli::testing::{document, of_export};
use crate::domain::ledger::CellState::{Complete, Denied, Failed, Gone, Loading, Queued, Settling};
use crate::domain::problem::ProblemKind;
use crate::export::coverage::ExportEntry;

#[test]
fn every_region_that_failed_is_named_however_many_slices_failed_in_the_first() {
    let names: Vec<String> = (0..30).map(|n| format!("c{n}")).collect();
    let failed = [("r1", 30), ("r2", 5), ("r3", 1)];
    let cells: Vec<_> = failed
        .iter()
        .flat_map(|(region, count)| names.iter().take(*count).map(|name| (*region, name.as_str(), Failed)))
        .collect();
    let lines: Vec<String> = findings(&document(&cells)).iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), LISTED + 2);
    for id in ["r1-c0", "r2-c0", "r3-c0"] {
        assert!(lines.iter().any(|line| line.ends_with(&format!("(opc-request-id {id})"))), "{lines:#?}");
    }
    assert!(lines[LISTED].starts_with("failed: 25 slices more in r1: c"), "{lines:#?}");
    for name in &names {
        assert!(lines.iter().any(|line| line.contains(name.as_str())), "{name} is not named");
    }
    assert_eq!(lines[LISTED + 1], "failed: 1 slice more in r2: c4");
}

#[test]
fn what_was_not_read_before_the_end_is_named_by_region() {
    let document = document(&[("r1", "a", Queued), ("r2", "a", Queued), ("r1", "b", Loading), ("r1", "c", Complete)]);
    let lines: Vec<String> = findings(&document).iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["unfinished: 2 slices in r1: a, b", "unfinished: 1 slice in r2: a"]);
}

#[test]
fn what_could_not_be_read_again_is_named_by_region_with_the_first_reason() {
    let cells = [("r1", "a", Settling), ("r2", "b", Settling), ("r1", "c", Settling), ("r1", "d", Settling)];
    let mut document = document(&cells);
    for (place, what) in [(1, "gone quiet"), (2, "503 down"), (3, "500 later")] {
        let problem = Problem::new(ProblemKind::Service, what).request_id(Some(format!("id-{place}")));
        document.cells[place].problem = Some(problem);
    }
    let lines: Vec<String> = findings(&document).iter().map(ToString::to_string).collect();
    let wanted = [
        "not read again: 2 slices in r1: c, d; the newest minutes may lack events: 503 down (opc-request-id id-2)",
        "not read again: 1 slice in r2: b; the newest minutes may lack events: gone quiet (opc-request-id id-1)",
    ];
    assert_eq!(lines, wanted);
    assert_eq!(findings(&document)[0].to_json()["kind"], "not-read-again");
    assert_eq!(exit_code(&document, false, FailOn::Partial), 0, "settling does not change it");
    // What was final already lacks nothing.
    document.cells.iter_mut().for_each(|cell| cell.state = Complete);
    assert_eq!(findings(&document), []);
}

#[test]
fn an_output_that_nobody_took_to_its_end_is_said_to_be_cut_off() {
    let mut document = of_export(document(&[("r", "a", Complete)]), "x");
    assert_eq!(findings(&document), []);
    document.export = Some(ExportEntry::new(None, None, crate::export::Tally::default()));
    assert_eq!(findings(&document)[0].to_string(), "cut off: whoever read the output left before its end");
}

#[test]
fn the_exit_code_is_by_the_worst() {
    let code = |document: &CoverageDocument| exit_code(document, false, FailOn::Partial);
    assert_eq!(code(&document(&[("r", "a", Complete), ("r", "b", Gone), ("r", "c", Settling)])), 0);
    assert_eq!(exit_code(&document(&[("r", "a", Complete), ("r", "b", Gone)]), true, FailOn::Partial), 3);
    assert_eq!(code(&document(&[("r", "a", Complete), ("r", "b", Denied)])), 3);
    assert_eq!(code(&document(&[("r", "b", Denied), ("r", "a", Denied)])), 5);
    let mut stopped = document(&[("r", "a", Complete), ("r", "b", Queued)]);
    stopped.stopped = Some(Problem::new(ProblemKind::Authentication, "expired"));
    assert_eq!(code(&stopped), 4);
    stopped.interrupted = true;
    assert_eq!(code(&stopped), 130);
}

#[test]
fn never_forgives_what_is_partial_and_nothing_else() {
    let never = |document: &CoverageDocument| exit_code(document, true, FailOn::Never);
    assert_eq!(never(&document(&[("r", "a", Complete), ("r", "b", Failed), ("r", "c", Gone)])), 0);
    assert_eq!(never(&document(&[("r", "b", Denied)])), 5);
    let mut stopped = document(&[("r", "a", Queued)]);
    stopped.stopped = Some(Problem::new(ProblemKind::Authentication, "expired"));
    assert_eq!(never(&stopped), 4);
    stopped.interrupted = true;
    assert_eq!(never(&stopped), 130);
}

#[test]
fn text_from_a_file_is_made_harmless() {
    let mut hostile = of_export(document(&[("r\u{1b}[1m", "a\nb", Denied), ("r\u{1b}[1m", "c", Failed)]), "x");
    hostile.cells[1].problem =
        Some(Problem::new(ProblemKind::Service, "\u{1b}]52;c;x\u{7}").request_id(Some("\r".into())));
    hostile.listing = Some(Problem::usage("half\u{202e}").hint("one\ntwo\u{7}"));
    let lines: Vec<String> = findings(&hostile).iter().map(ToString::to_string).collect();
    for text in lines.iter().chain([&sentence(&hostile)]) {
        assert!(text.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')), "{text:?}");
    }
    assert_eq!(lines[0], "incomplete: half\\u{202e}\none\ntwo\\x07");
}

#[test]
fn as_an_object_it_says_the_same() {
    let denied = findings(&document(&[("fra", "secret", Denied)]));
    assert_eq!(
        denied[0].to_json().to_string(),
        r#"{"type":"problem","kind":"no-access","what":"secret secret (fra)","hint":"Allow group <group> to read audit-events in compartment secret"}"#
    );
    let failed = findings(&document(&[("fra", "prod", Failed)]))[0].to_json();
    assert_eq!((failed["kind"].as_str(), failed["requestId"].as_str()), (Some("failed"), Some("fra-prod")));
}

#[test]
fn what_is_being_tried_again_is_told_with_why_it_failed_before() {
    let mut document = document(&[("r1", "a", Queued), ("r1", "b", Queued), ("r2", "a", Queued)]);
    document.cells[1].problem = Some(Problem::new(ProblemKind::Service, "503").request_id(Some("id".to_owned())));
    let lines: Vec<String> = findings(&document).iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["unfinished: 2 slices in r1: a, b; 503 (opc-request-id id)", "unfinished: 1 slice in r2: a"]);
}
