//! The panel: what it looks at, and what it asks for.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::app::Pane;
use crate::app::effect::Effect;
use crate::app::facts::{Axis, Mark};
use crate::app::geometry::Geometry;
use crate::app::keymap::Focus;
use crate::app::message::Message;
use crate::app::testing::{REGIONS, Stage, at, ledger, ocid, setup, troubled};
use crate::domain::ledger::{CellKey, CellUpdate, Change, Ledger};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::traffic::Traffic;

fn open(ledger: Arc<Ledger>) -> Stage {
    let mut stage = Stage::new(ledger);
    stage.keys("%");
    stage.send(Message::Drawn(Geometry { overlay_rows: 3, overlay_columns: 2, ..Geometry::default() }));
    stage.effects.clear();
    stage
}

/// Names of the rows, and which the cursor is on.
fn rows(stage: &Stage) -> (Vec<String>, usize) {
    let panel = stage.app.coverage_panel();
    let tree = &stage.app.tenancy().unwrap().tree;
    let names = panel.rows(stage.app.facts()).iter().map(|node| tree.get(*node).name.clone()).collect();
    (names, panel.viewport().cursor)
}

fn show(stage: &mut Stage, ledger: Arc<Ledger>) {
    stage.ledger = ledger;
    let view = stage.view(&stage.last_select());
    stage.send(Message::View(Arc::new(view)));
}

fn place(compartment: &str, region: usize) -> CellKey {
    let window = setup().range.fetch_window(TimeDelta::minutes(30));
    CellKey { region: REGIONS[region].0.into(), compartment: ocid(compartment), window }
}

#[test]
fn it_lists_what_is_not_whole_and_all_where_all_is() {
    let mut stage = open(troubled());
    assert_eq!(rows(&stage).0, ["acme-prod", "archived-x", "prod-app", "prod-db"]);
    assert_eq!(rows(stage.keys("a")).0.len(), 9);
    assert_eq!(rows(&open(ledger(&[]))).0.len(), 9);
    stage.keys("<esc>");
    assert_eq!((stage.app.key_focus(), stage.app.pane()), (Focus::List, Pane::List));
}

#[test]
fn the_cursor_stays_on_its_compartment_while_others_are_read() {
    let mut stage = Stage::new(troubled());
    stage.keys("% j j j");
    assert_eq!(rows(&stage), (["acme-prod", "archived-x", "prod-app", "prod-db"].map(str::to_owned).into(), 3));
    let mut later = (*stage.ledger).clone();
    for compartment in ["root", "prod-app"] {
        let change = Change::Complete { at: at("2026-03-14T15:30:00Z") };
        later.apply(CellUpdate { key: place(compartment, 2), change });
    }
    show(&mut stage, Arc::new(later));
    assert_eq!(rows(&stage), (["archived-x", "prod-db"].map(str::to_owned).into(), 1));
    assert_eq!(stage.app.panel_cell().unwrap().key, place("prod-db", 1));
}

#[test]
fn it_tells_about_the_worst_cell_until_a_region_is_chosen() {
    let mut stage = open(troubled());
    stage.keys("G");
    assert_eq!(stage.app.panel_cell().unwrap().key, place("prod-db", 1));
    let region = |stage: &Stage| stage.app.coverage_panel().region();
    assert_eq!(stage.keys("l").app.panel_cell().unwrap().key, place("prod-db", 0));
    stage.keys("l l l l");
    assert_eq!((region(&stage), stage.app.coverage_panel().first_region()), (Some(2), 1));
    stage.keys("h h h");
    assert_eq!((region(&stage), stage.app.coverage_panel().first_region()), (None, 0));
}

#[test]
fn a_row_is_retried_or_moved_and_nothing_is_asked_for_nothing() {
    let mut stage = open(troubled());
    stage.keys("G r");
    assert_eq!(stage.effects, [Effect::RetryCells(vec![place("prod-db", 1)])]);
    stage.effects.clear();
    stage.keys("+ k k k r");
    assert!(stage.effects.is_empty(), "{:?}", stage.effects);
    assert_eq!(stage.app.notice().unwrap().text(), "nothing of acme-prod failed");
    stage.keys("+ -");
    let [Effect::Prefer(first), Effect::Postpone(last)] = stage.effects.as_slice() else {
        panic!("{:?}", stage.effects)
    };
    assert_eq!(first, last);
    assert_eq!((first.regions.len(), first.compartments.as_slice()), (3, [ocid("root")].as_slice()));
    assert!(stage.keys("R").effects.contains(&Effect::RetryFailed));
}

#[test]
fn a_pause_is_told_everywhere_and_taken_back_by_the_same_key() {
    let mut stage = Stage::new(troubled());
    stage.effects.clear();
    stage.keys("P");
    assert_eq!(stage.effects, [Effect::Pause]);
    stage.send(Message::Traffic(Arc::new(Traffic { paused: true, ..Traffic::default() })));
    assert!(stage.app.notice().unwrap().text().starts_with("fetching is paused: 2 slices wait"));
    assert!(stage.app.meanings()[0].starts_with("Paused"));
    stage.keys("% P");
    assert_eq!(stage.effects, [Effect::Pause, Effect::Resume]);
}

#[test]
fn what_is_looked_at_is_asked_first_while_anything_waits() {
    let mut stage = Stage::new(troubled());
    stage.effects.clear();
    stage.keys("1 /").typed("net");
    stage.keys("<enter> o");
    let preferred = stage.effects.iter().filter(|effect| matches!(effect, Effect::Prefer(_)));
    assert_eq!(preferred.count(), 1);
    let mut stage = Stage::new(ledger(&[]));
    stage.keys("1 j o");
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Prefer(_))));
}

#[test]
fn enter_tells_everything_and_escape_goes_back_by_steps() {
    let mut stage = open(troubled());
    stage.keys("G <enter> j");
    assert_eq!(stage.app.coverage_panel().reading(), Some(1));
    let text: Vec<String> = stage.app.everything_about_cell().into_iter().map(|line| line.text).collect();
    assert!(text.iter().any(|line| line.contains(ocid("prod-db").as_str())), "{text:#?}");
    assert!(text[0].contains("prod/prod-db @ us-ashburn-1   failed"), "{text:#?}");
    stage.keys("?");
    assert_eq!(stage.app.key_focus(), Focus::Help);
    stage.keys("<esc> <esc>");
    assert_eq!((stage.app.key_focus(), stage.app.coverage_panel().reading()), (Focus::Coverage, None));
}

#[test]
fn the_report_has_every_problem_with_its_request_id_and_is_harmless() {
    let problem = Problem::new(ProblemKind::Service, "500 \u{1b}[2J Internal").request_id(Some("id-7\u{202e}".into()));
    let mut stage = open(ledger(&[("prod", 2, Change::Failed(Arc::new(problem)))]));
    stage.keys("y");
    let Some(Effect::Copy { text, .. }) = stage.effects.pop() else { panic!("{:?}", stage.effects) };
    assert!(!text.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{text}");
    for part in ["26 of 27 read to their end, 1 failed", "failed: prod @ uk-london-1", "opc-request-id id-7", "as of"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn a_band_shows_each_column_its_worst() {
    let mut ledger = Ledger::new(TimeDelta::minutes(15));
    let range = setup().range;
    let axis = Axis { range, padding: TimeDelta::zero(), columns: 6 };
    let whole = range.fetch_window(TimeDelta::zero());
    assert_eq!(axis.band(&ledger, &"r".into(), &ocid("prod")), [Mark::Queued; 6]);
    let (first, rest) = whole.split_at(whole.start_minute() + 120).unwrap();
    let failed = Change::Failed(Arc::new(Problem::new(ProblemKind::Service, "no")));
    for (window, change) in [(first, failed), (rest, Change::Complete { at: range.end() })] {
        let key = CellKey { region: "r".into(), compartment: ocid("prod"), window };
        ledger.apply(CellUpdate { key, change });
    }
    let band = axis.band(&ledger, &"r".into(), &ocid("prod"));
    assert_eq!(band[..2], [Mark::Failed; 2]);
    assert_eq!(band[2..5], [Mark::Complete; 3]);
    assert_eq!(band[5], Mark::Settling);
}
