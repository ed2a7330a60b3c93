//! State, message, effects: no runtime, no screen.

use std::sync::Arc;
use std::time::Duration;

use super::columns::ListColumn;
use super::effect::Effect;
use super::event_detail::EventDetail;
use super::geometry::{Geometry, Shape};
use super::keymap::Focus;
use super::message::{CopyReport, Message};
use super::setup::{AccessFilter, Setup};
use super::testing::{Stage, at, insert, ledger, ocid, setup, snapshot, with_own_reads};
use super::view::View;
use super::{App, Pane};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::scope::ScopeRequest;
use crate::index::{EventKey, IndexBuilder};
use crate::query::TermKind;

pub(super) fn stage() -> Stage {
    let mut stage = Stage::new(ledger(&[]));
    drawn(&mut stage, 5);
    stage
}

pub(super) fn drawn(stage: &mut Stage, list_rows: u16) {
    let geometry = Geometry {
        width: 120,
        height: 36,
        shape: Shape::Wide,
        list_rows,
        list_columns: ListColumn::ALL.into_iter().collect(),
        tree_rows: 12,
        region_rows: 3,
        detail_rows: 8,
        buckets: 60,
        ..Geometry::default()
    };
    stage.send(Message::Drawn(geometry));
}

pub(super) fn copied(stage: &mut Stage, keys: &str) -> (String, String) {
    stage.effects.clear();
    stage.keys(keys);
    let copy = stage.effects.iter().find_map(|effect| match effect {
        Effect::Copy { what, text } => Some((what.clone(), text.clone())),
        _ => None,
    });
    copy.unwrap_or_else(|| panic!("{keys} copied nothing: {:?}", stage.app.notice()))
}

#[test]
fn it_discovers_then_asks_for_rows_and_events() {
    let stage = Stage::new(ledger(&[]));
    let Effect::Select(select) = &stage.effects[0] else { panic!("{:?}", stage.effects) };
    assert_eq!(select.query.time(), Some(setup().range));
    let Effect::Fetch(fetch) = &stage.effects[1] else { panic!("{:?}", stage.effects) };
    assert_eq!((fetch.regions.len(), fetch.compartments.len()), (3, 9));
    assert_eq!(fetch.first, Some(ocid("root")));
    assert!(matches!(stage.effects[2], Effect::LoadEvent(_)));
    assert_eq!(stage.app.detail().event().unwrap().fields.name(), "DeleteUser");
}

#[test]
fn it_opens_on_writes_and_w_goes_on_to_all_and_to_reads() {
    let mut stage = stage();
    assert_eq!(stage.names().len(), 11);
    assert_eq!(stage.keys("w").names().len(), 14);
    assert_eq!(stage.keys("w").names(), ["ListBuckets", "GetInstance", "GetBucket"]);
    assert_eq!(stage.keys("w").app.filters().access, AccessFilter::WritesAndSessions);
}

#[test]
fn failed_only_and_text_narrow_and_are_taken_away_in_turn() {
    let mut stage = stage();
    assert_eq!(stage.keys("!").names(), ["CreateVnicAttachment", "DeleteLogGroup"]);
    stage.keys("/").typed("log group");
    assert_eq!(stage.names(), ["DeleteLogGroup"]);
    stage.keys("<enter> <backspace>");
    assert_eq!(stage.app.filters().query().to_string(), "log");
    stage.keys("<backspace> <backspace>");
    assert_eq!(stage.names().len(), 11);
    stage.keys("! x");
    assert!(!stage.app.filters().failed);
}

#[test]
fn typing_is_live_and_escape_restores() {
    let mut stage = stage();
    stage.keys("/").typed("bucket");
    assert_eq!(stage.names(), ["UpdateBucket"]);
    stage.keys("<esc>");
    assert!(stage.names().len() == 11 && stage.app.filters().query().is_everything());
    assert_eq!(stage.app.key_focus(), Focus::List);
    stage.keys("/");
    stage.send(Message::Paste("up\nload".into()));
    assert_eq!(stage.app.filters().query().to_string(), "up load");
    assert!(!stage.keys("<enter> q").app.setup().demo && stage.app.should_quit());
}

#[test]
fn the_cursor_stays_on_its_event_when_others_arrive_above() {
    let mut builder = IndexBuilder::default();
    (5..14).for_each(|place| insert(&mut builder, place));
    let mut stage = Stage::with(setup(), builder.snapshot(), ledger(&[]));
    drawn(&mut stage, 3);
    stage.keys("j j");
    let (event, line) = (stage.under_cursor(), stage.app.list().viewport().cursor - stage.app.list().viewport().offset);
    (0..5).for_each(|place| insert(&mut builder, place));
    stage.snapshot = builder.snapshot();
    let view = stage.view(&stage.last_select());
    stage.send(Message::View(Arc::new(view)));
    assert_eq!(stage.under_cursor(), event);
    let view = stage.app.list().viewport();
    assert_eq!((view.cursor - view.offset, view.cursor), (line, 6));
}

#[test]
fn putting_events_in_order_changes_nothing_on_the_screen() {
    let mut builder = IndexBuilder::default();
    (5..14).for_each(|place| insert(&mut builder, place));
    let mut stage = Stage::with(setup(), builder.snapshot(), ledger(&[]));
    let cost = |stage: &Stage| stage.app.view().unwrap().elapsed.as_millis();
    let view = |stage: &Stage| View { elapsed: Duration::from_millis(9), ..stage.view(&stage.last_select()) };
    stage.send(Message::View(Arc::new(view(&stage))));
    assert_eq!(cost(&stage), 4, "it was answered before");
    insert(&mut builder, 0);
    stage.snapshot = builder.snapshot();
    stage.send(Message::View(Arc::new(view(&stage))));
    assert_eq!(cost(&stage), 9, "an event more is another answer");
}

#[test]
fn at_the_top_the_cursor_stays_at_the_top() {
    let mut builder = IndexBuilder::default();
    (5..14).for_each(|place| insert(&mut builder, place));
    let mut stage = Stage::with(setup(), builder.snapshot(), ledger(&[]));
    assert_eq!(stage.under_cursor(), "UpdateSecurityList");
    insert(&mut builder, 0);
    stage.snapshot = builder.snapshot();
    let view = stage.view(&stage.last_select());
    stage.send(Message::View(Arc::new(view)));
    assert_eq!(stage.under_cursor(), "DeleteUser");
    assert_eq!(stage.app.detail().event().unwrap().fields.name(), "DeleteUser");
}

#[test]
fn stale_answers_are_ignored() {
    let mut stage = stage();
    let old = stage.view(&stage.last_select());
    stage.keys("w");
    stage.send(Message::View(Arc::new(old)));
    assert_eq!(stage.names().len(), 14);
    let other = EventDetail::parse(EventKey { micros: 1, digest: 1 }, Arc::from(&b"{}"[..]));
    stage.send(Message::EventLoaded(Box::new(other)));
    assert_eq!(stage.app.detail().event().unwrap().fields.name(), "DeleteUser");
}

#[test]
fn narrowing_the_scope_asks_for_rows_of_it_and_zero_takes_it_back() {
    let mut stage = stage();
    stage.keys("1 /").typed("net");
    stage.keys("<enter> o");
    assert_eq!(stage.names(), ["CreateVnicAttachment", "UpdateSecurityList", "CreateJob"]);
    assert_eq!(stage.app.included().compartment_count(), 1);
    stage.effects.clear();
    stage.keys("0");
    assert_eq!(stage.names().len(), 11);
    assert!(!stage.effects.iter().any(is_fetch), "everything was asked for before");
    stage.effects.clear();
    stage.keys("o o");
    assert_eq!(stage.effects.iter().filter(|effect| matches!(effect, Effect::Select(_))).count(), 1);
}

#[test]
fn our_own_reads_are_hidden_until_a_key_shows_them_and_nobody_elses_ever() {
    let mut stage = Stage::with(setup(), with_own_reads(), ledger(&[]));
    let hidden = |stage: &Stage| stage.app.view().unwrap().selection.counts().own_hidden;
    let newest = |stage: &Stage| stage.names()[..2].join(" ");
    assert_eq!((newest(&stage).as_str(), hidden(&stage)), ("UpdateConfiguration DeleteUser", 0), "a read anyway");
    stage.keys("w");
    assert_eq!((newest(&stage).as_str(), hidden(&stage)), ("UpdateConfiguration ListCompartments", 1));
    assert_eq!((stage.names().len(), stage.app.facts().total), (16, 17));
    stage.keys(".");
    assert_eq!((stage.names().len(), stage.names()[2].as_str(), hidden(&stage)), (17, "ListEvents", 0));
    stage.keys("x <backspace>");
    assert_eq!(stage.names().len(), 17, "it is how the list is read, not a filter that was added");
    stage.keys(".");
    assert_eq!(hidden(&stage), 1);
}

fn is_fetch(effect: &Effect) -> bool {
    matches!(effect, Effect::Fetch(_))
}

#[test]
fn widening_the_scope_fetches_what_was_not_asked_for() {
    let scope = ScopeRequest { compartments: vec!["prod".into()], ..ScopeRequest::default() };
    let mut stage = Stage::with(Setup { scope, ..setup() }, snapshot(14), ledger(&[]));
    stage.effects.clear();
    stage.keys("0");
    assert_eq!(stage.effects.iter().filter(|effect| is_fetch(effect)).count(), 1);
    stage.effects.clear();
    stage.keys("t").typed("13:00..14:00");
    stage.keys("<enter>");
    assert!(stage.effects.iter().any(is_fetch), "another range is asked for anew");
}

#[test]
fn space_takes_a_subtree_or_a_region_out_and_in() {
    let mut stage = stage();
    stage.keys("1 j j <space>");
    assert_eq!(stage.app.included().compartment_count(), 5);
    assert_eq!(stage.names().len(), 5);
    stage.keys("<space> G <space>");
    assert_eq!((stage.app.included().compartment_count(), stage.app.included().region_count()), (9, 2));
    assert!(!stage.names().contains(&"CreateBackup".to_owned()));
    stage.keys("g <space>");
    assert_eq!(stage.app.included().compartment_count(), 0);
    assert!(stage.names().is_empty());
}

#[test]
fn enter_in_the_tree_goes_on_to_its_events() {
    let mut stage = stage();
    stage.keys("1 j j <enter>");
    assert_eq!((stage.app.pane(), stage.app.included().compartment_count()), (Pane::List, 4));
}

#[test]
fn a_new_range_is_asked_for_and_fetched() {
    let mut stage = stage();
    stage.effects.clear();
    stage.keys("t").typed("13:40..13:50");
    assert!(stage.effects.is_empty(), "nothing happens while typing");
    stage.keys("<enter>");
    let range = stage.app.range();
    assert_eq!((range.start(), range.end()), (at("2026-03-14T13:40:00Z"), at("2026-03-14T13:50:00Z")));
    assert!(matches!(&stage.effects[..2], [Effect::Select(_), Effect::Fetch(fetch)] if fetch.range == range));
    assert_eq!(stage.names().len(), 6);
}

#[test]
fn presets_are_a_key_each_and_a_wrong_text_changes_nothing() {
    let mut stage = stage();
    let before = stage.app.range();
    stage.keys("t").typed("yesterdya");
    stage.keys("<enter>");
    assert_eq!((stage.app.range(), stage.app.key_focus()), (before, Focus::Time));
    stage.keys("<esc> j j t <tab> b");
    let event = stage.app.event_row().unwrap().time().unwrap();
    assert_eq!(stage.app.range().start(), event - chrono::TimeDelta::minutes(5));
    stage.keys("t <tab> 2");
    assert_eq!(stage.app.range().length(), chrono::TimeDelta::hours(1));
}

#[test]
fn ranges_of_this_run_are_there_to_choose_again() {
    let mut stage = stage();
    let first = stage.app.range();
    stage.keys("t <tab> 2 t <tab> 6");
    let second = stage.app.range();
    stage.keys("t <tab> i");
    assert_eq!(stage.app.range(), first);
    stage.keys("t <tab> h");
    assert_eq!(stage.app.range(), second);
    // None stands there twice, nor the one that is on screen.
    stage.keys("t <tab> j");
    assert_eq!(stage.app.range(), second);
}

#[test]
fn days_are_picked_in_the_calendar_of_the_zone_shown() {
    let mut stage = Stage::with(Setup { zone: "+10:00".parse().unwrap(), ..setup() }, snapshot(14), ledger(&[]));
    drawn(&mut stage, 5);
    stage.keys("t <tab> <tab>");
    assert_eq!(stage.app.key_focus(), Focus::Calendar);
    stage.keys("h <enter> <enter>");
    assert_eq!(stage.app.range().to_string(), "2026-03-12T14:00:00Z..2026-03-13T14:00:00Z");
    stage.keys("t <tab> <tab> <enter> k <enter> <enter>");
    assert_eq!(stage.app.range().to_string(), "2026-03-05T14:00:00Z..2026-03-13T14:00:00Z");
    // What is picked can be read and changed as text.
    stage.keys("t shift-<tab> <enter> <tab>").typed("~1h");
    assert_eq!(stage.app.key_focus(), Focus::Time);
    stage.keys("<enter>");
    assert_eq!(stage.app.range().length(), chrono::TimeDelta::hours(2));
}

#[test]
fn start_to_here_holds_the_event_itself() {
    let mut stage = stage();
    stage.keys("j j j t <tab> f");
    assert_eq!(stage.app.range().start(), setup().range.start());
    assert_eq!(stage.names()[0], "CreateVnicAttachment");
}

#[test]
fn copies_say_what_they_are_and_leave_credentials_out() {
    let mut stage = stage();
    let (what, text) = copied(&mut stage, "Y");
    assert!(what.ends_with("2 credentials left out"), "{what}");
    assert!(!text.contains("canary") && text.contains("50:4e:2d:81:72") && text.contains("\n  \"eventType\""));
    assert!(copied(&mut stage, "y J").1.contains("canary"));
    assert_eq!(copied(&mut stage, "c").1, "DeleteUser");
    assert_eq!(copied(&mut stage, "l c").1, "svc-backup");
    assert_eq!(copied(&mut stage, "y o").1, "ocid1.thing.oc1.us-ashburn-1.aaaaaaaaq7xa");
    assert_eq!(copied(&mut stage, "y i").1, "93e7a143-650b-4632-8a53-000000000000");
    let line = copied(&mut stage, "y s").1;
    assert!(line.starts_with("2026-03-14T13:55:10.318Z  alice@acme.com  DeleteUser  svc-backup  200"), "{line}");
    assert_eq!(copied(&mut stage, "1 y o").1, ocid("root").to_string());
}

#[test]
fn a_copy_reports_where_it_went_until_the_next_key() {
    let mut stage = stage();
    let report = CopyReport { what: "the event id".into(), bytes: 36, way: "OSC 52".into() };
    stage.send(Message::Copied(report));
    assert_eq!(stage.app.notice().unwrap().text(), "copied the event id: 36 bytes via OSC 52");
    stage.keys("j");
    assert_eq!(stage.app.notice(), None);
}

#[test]
fn the_document_folds_unfolds_and_is_searched() {
    let mut stage = stage();
    stage.keys("<enter> <enter>");
    assert_eq!(stage.app.key_focus(), Focus::Json);
    stage.keys("1");
    assert_eq!(stage.app.detail().visible().len(), 6);
    stage.keys("/").typed("accept");
    stage.keys("<enter>");
    let (path, _) = stage.app.detail().value().unwrap();
    assert_eq!(path, "data.request.headers.Accept");
    stage.keys("h h");
    assert_eq!(stage.app.detail().value().unwrap().0, "data.request.headers");
    assert_eq!(stage.keys("E g").app.detail().visible().len(), stage.app.detail().event().map_or(0, nodes));
    stage.keys("[ q q");
    assert!(stage.app.should_quit());
}

fn nodes(event: &EventDetail) -> usize {
    match &event.body {
        super::event_detail::Body::Json { tree, .. } => tree.len(),
        super::event_detail::Body::Text(_) => 0,
    }
}

#[test]
fn what_is_masked_cannot_be_copied_by_a_side_door() {
    let mut stage = stage();
    stage.keys("<enter> <enter> /").typed("authorization");
    stage.keys("<enter>");
    assert!(!copied(&mut stage, "c").1.contains("canary"));
    stage.keys("h");
    assert!(!copied(&mut stage, "c").1.contains("canary"));
    stage.keys("/").typed("canary");
    let (path, _) = stage.app.detail().value().unwrap();
    assert!(!path.contains("Authorization"), "a masked value is no hit");
}

#[test]
fn next_failed_is_found_from_any_pane() {
    let mut stage = stage();
    stage.keys("e");
    assert_eq!(stage.under_cursor(), "CreateVnicAttachment");
    stage.keys("3 e");
    assert_eq!(stage.under_cursor(), "DeleteLogGroup");
    stage.keys("E");
    assert_eq!(stage.app.detail().event().unwrap().fields.name(), "CreateVnicAttachment");
}

#[test]
fn help_runs_what_it_finds() {
    let mut stage = stage();
    stage.keys("?").typed("histogram show");
    stage.keys("<enter>");
    assert!(stage.app.overlay().is_none() && !stage.app.look().histogram);
}

#[test]
fn escape_never_quits_and_q_steps_back_first() {
    let mut stage = stage();
    stage.keys("<esc> <esc> 3 <esc> <esc>");
    assert!(!stage.app.should_quit());
    stage.keys("1 q");
    assert!(!stage.app.should_quit());
    stage.keys("q");
    assert!(stage.app.should_quit());
}

#[test]
fn refresh_retries_and_goes_on_where_it_was_halted() {
    let mut stage = stage();
    let expired = Problem::new(ProblemKind::Authentication, "session token expired 14:05").hint("refresh it\nmore");
    stage.send(Message::FetchHalted(expired));
    assert!(stage.app.is_halted());
    assert_eq!(stage.app.notice().unwrap().text(), "session token expired 14:05: refresh it  R tries again");
    stage.effects.clear();
    stage.keys("R");
    assert_eq!(stage.effects, [Effect::RetryFailed, Effect::RefreshTail]);
    assert!(!stage.app.is_halted());
}

#[test]
fn a_tenancy_that_cannot_be_read_is_asked_again_by_r() {
    let (mut app, _) = App::new(setup());
    app.update(Message::TenancyFailed(Problem::new(ProblemKind::Service, "cannot connect")));
    assert!(app.is_halted());
    assert_eq!(app.update(Message::Key("R".parse().unwrap())), [Effect::Discover]);
}

#[test]
fn a_scope_that_means_nothing_looks_at_nothing_and_says_so() {
    let scope = ScopeRequest { compartments: vec!["nowhere".into()], ..ScopeRequest::default() };
    let mut stage = Stage::with(Setup { scope, ..setup() }, snapshot(14), ledger(&[]));
    assert!(stage.app.notice().unwrap().text().contains("nowhere"));
    assert!(!stage.effects.iter().any(|effect| matches!(effect, Effect::Fetch(_))));
    stage.keys("0");
    assert_eq!((stage.names().len(), stage.app.notice()), (11, None));
}

#[test]
fn an_unlisted_compartment_that_was_asked_for_is_in_the_tree() {
    let scope = ScopeRequest { compartments: vec!["ocid1.compartment.oc1..hidden".into()], ..ScopeRequest::default() };
    let stage = Stage::with(Setup { scope, ..setup() }, snapshot(14), ledger(&[]));
    assert_eq!(stage.app.tenancy().unwrap().tree.len(), 10);
    assert_eq!(stage.app.included().compartment_count(), 1);
}

#[test]
fn the_query_holds_the_scope_and_the_filters() {
    let mut stage = stage();
    stage.keys("! /").typed("a b");
    let query = stage.last_select().query;
    for kind in [TermKind::Time, TermKind::Region, TermKind::Queried, TermKind::Access, TermKind::Failed] {
        assert!(query.term(kind).is_some(), "{kind:?}");
    }
    assert!(query.to_string().ends_with(" a b"), "{query}");
}

#[test]
fn every_key_in_every_place_is_survived() {
    for place in [
        "",
        "1",
        "3",
        "<enter> <enter>",
        "?",
        "t",
        "t <tab>",
        "t <tab> <tab>",
        "y",
        "%",
        "% <enter>",
        "% ?",
        "C",
        "i",
        "z",
        "/",
        "1 /",
        "3 /",
        "B",
        "\\ \\",
    ] {
        for binding in super::keymap::Keymap::built_in().bindings() {
            let mut stage = stage();
            stage.keys(place);
            for key in &binding.keys {
                stage.send(Message::Key(*key));
                stage.send(Message::Key(*key));
            }
        }
    }
}

#[test]
fn nothing_breaks_before_anything_is_known() {
    for binding in super::keymap::Keymap::built_in().bindings() {
        let (mut app, _) = App::new(setup());
        for key in &binding.keys {
            app.update(Message::Key(*key));
            app.update(Message::Paste("x".into()));
        }
    }
}
