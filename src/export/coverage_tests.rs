use super::*;
use crate::domain::compartment::{Compartment, CompartmentTree, Lifecycle};
use crate::domain::ledger::{CellKey, CellUpdate, Change};
use crate::domain::problem::ProblemKind;
use crate::domain::region::Region;

fn tenancy(compartments: &[&str], regions: &[&str]) -> Tenancy {
    let compartment = |id: &str, parent: Option<&str>| Compartment {
        id: id.into(),
        parent: parent.map(Ocid::from),
        name: format!("name of {id}"),
        lifecycle: Lifecycle::Active,
    };
    let listed = compartments.iter().map(|id| compartment(id, Some("root"))).collect();
    let region =
        |id: &&str| Region { id: (*id).into(), key: "abc".into(), status: SubscriptionStatus::Ready, home: false };
    Tenancy {
        id: "root".into(),
        name: Some("acme".into()),
        regions: regions.iter().map(region).collect(),
        tree: CompartmentTree::new(compartment("root", None), listed),
        partial: None,
    }
}

fn document() -> CoverageDocument {
    let scope = Scope { regions: vec!["r1".into()], compartments: vec!["root".into(), "b".into(), "unlisted".into()] };
    let (now, earlier) = (tenancy(&["b"], &["r1"]), tenancy(&["a", "b"], &["r1", "r0"]));
    let asked = Asked { tenancy: &now, earlier: Some(&earlier), scope: &scope };
    let mut ledger = Ledger::new(chrono::TimeDelta::zero());
    let problem = Problem::new(ProblemKind::Service, "no\u{202e} answer").request_id(Some("A/B".into()));
    let mut apply = |compartment: &str, from, until, change| {
        let window = FetchWindow::from_minutes(from, until).unwrap();
        ledger.apply(CellUpdate {
            key: CellKey { region: "r1".into(), compartment: compartment.into(), window },
            change,
        });
    };
    apply("b", 30, 60, Change::Failed(problem.into()));
    apply("b", 0, 30, Change::Started);
    apply("b", 0, 30, Change::Page { events: 7 });
    apply("b", 0, 30, Change::Complete { at: DateTime::from_timestamp_micros(7_200_123_456).unwrap() });
    apply("root", 0, 60, Change::Queued);
    let (regions, compartments) = (asked.regions(), asked.compartments());
    let at = DateTime::UNIX_EPOCH;
    CoverageDocument {
        form: FORM,
        tool: "auditui 0".into(),
        run_id: "0123abcd".into(),
        calls: 9,
        tenancy: TenancyEntry { id: "root".into(), name: Some("acme".into()) },
        profile: "DEFAULT".into(),
        endpoint: None,
        range: Span { from: at, until: at + chrono::TimeDelta::hours(1) },
        padding_seconds: 1_800,
        settling_seconds: 0,
        filter: Filter::Writes,
        query: Some("user:alice".into()),
        started_at: at,
        ended_at: at,
        listed_again_at: Some(at),
        clock_offset_milliseconds: Some(-3),
        export: Some(ExportEntry::new(Some("x.jsonl".into()), Some((3, "00ff".into())), Tally::default())),
        exit_code: 3,
        complete: false,
        sentence: "export: 0 events".into(),
        interrupted: false,
        stopped: None,
        listing: None,
        totals: ledger.coverage(|_| true),
        lateness: None,
        cells: cells(&ledger, &regions, &compartments),
        regions,
        compartments,
        files: Vec::new(),
    }
}

#[test]
fn of_a_window_that_had_not_passed_it_is_said_what_was_asked() {
    let mut ledger = Ledger::new(chrono::TimeDelta::zero());
    for (compartment, seconds) in [("early", 1_830), ("late", 3_600)] {
        let window = FetchWindow::from_minutes(0, 60).unwrap();
        let key = CellKey { region: "r1".into(), compartment: compartment.into(), window };
        let at = DateTime::from_timestamp(seconds, 0).unwrap();
        ledger.apply(CellUpdate { key, change: Change::Complete { at } });
    }
    let cells = cells(&ledger, &[], &[]);
    let until = DateTime::from_timestamp(31 * 60, 0).unwrap();
    assert_eq!(cells[0].asked, Some(Span { from: DateTime::UNIX_EPOCH, until }), "the minute under way included");
    assert_eq!(cells[1].asked, None, "all of it");
    assert!(serde_json::to_string(&cells[0]).unwrap().contains(r#""asked":{"from":"1970-01-01T00:00:00Z""#));
}

#[test]
fn what_is_written_is_read_back() {
    let document = document();
    let text = document.to_json().unwrap();
    assert_eq!(CoverageDocument::from_json(&text).unwrap(), document);
    let text = String::from_utf8(text).unwrap();
    assert!(text.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')), "{text}");
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("\"state\":")).collect();
    assert_eq!(lines.len(), 3, "a line for each cell: {text}");
    assert_eq!(
        lines[1].trim(),
        r#"{"region":"r1","compartment":"b","window":{"from":"1970-01-01T00:00:00Z","until":"1970-01-01T00:30:00Z"},"state":"complete","readAt":"1970-01-01T02:00:00.123Z","pages":1,"events":7,"problem":null},"#
    );
    assert!(lines[2].contains(
        r#""pages":null,"events":null,"problem":{"kind":"service","what":"no\u202e answer","requestId":"A/B"}"#
    ));
}

#[test]
fn both_listings_and_what_none_holds_are_told() {
    let document = document();
    let told: Vec<_> = document.compartments.iter().map(|c| (c.id.as_str(), c.path.as_deref(), c.asked)).collect();
    let expected = [
        ("root", Some("name of root"), true),
        ("b", Some("name of b"), true),
        ("a", Some("name of a"), false),
        ("unlisted", None, true),
    ];
    assert_eq!(told, expected);
    let regions: Vec<_> = document.regions.iter().map(|region| (region.id.as_str(), region.asked)).collect();
    assert_eq!(regions, [("r1", true), ("r0", false)]);
    let order: Vec<_> = document.cells.iter().map(|cell| cell.compartment.as_str()).collect();
    assert_eq!(order, ["root", "b", "b"]);
}

#[test]
fn a_newer_writer_may_add_fields_and_words_that_matter_are_refused_with_their_place() {
    let text = String::from_utf8(document().to_json().unwrap()).unwrap();
    let read = |from: &str, to: &str| {
        assert!(text.contains(from));
        CoverageDocument::from_json(text.replace(from, to).as_bytes())
    };
    assert_eq!(read("\"calls\": 9", "\"calls\": 9, \"weather\": {\"x\": [1]}").unwrap(), document());
    let error = read("\"state\":\"failed\"", "\"state\":\"tired\\u001b\"").unwrap_err().to_string();
    assert!(
        error.contains("unknown variant `tired") && error.contains(" at line ") && !error.contains('\u{1b}'),
        "{error}"
    );
    assert!(read("\"form\": 1", "\"form\": 2").unwrap_err().to_string().contains("its form is 2"));
    assert!(read("\"runId\"", "\"runID\"").unwrap_err().to_string().contains("missing field `runId`"));
    assert!(CoverageDocument::from_json(b"{").unwrap_err().to_string().contains("line 1 column 1"));
}

#[test]
fn nothing_is_complete_while_anything_is_open() {
    let mut document = document();
    assert!(!document.leaves_nothing_open());
    document.cells.retain(|cell| cell.state == CellState::Complete);
    assert!(document.leaves_nothing_open(), "counted from the cells, not from what is said of them");
    document.listing = Some(Problem::usage("half a list"));
    assert!(!document.leaves_nothing_open());
    document.listing = None;
    document.interrupted = true;
    assert!(!document.leaves_nothing_open());
    (document.interrupted, document.cells) = (false, Vec::new());
    assert!(!document.leaves_nothing_open(), "nothing was asked");
}
