//! What may be said, through the whole machine.

use std::sync::Arc;

use super::{PlaceState, Ruler};
use crate::app::message::Message;
use crate::app::testing::{Stage, at, ledger, ocid, tenancy, troubled};
use crate::app::tests::{drawn, stage};
use crate::domain::ledger::Change;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::tenancy::Tenancy;

#[test]
fn only_the_newest_minutes_settle_on_the_ruler() {
    let early = Change::Complete { at: at("2026-03-14T14:02:30Z") };
    let mut stage = Stage::new(ledger(&[("prod", 0, early)]));
    drawn(&mut stage, 5);
    let ruler = &stage.app.facts().ruler;
    assert_eq!((ruler[0], ruler[50], ruler[59]), (Ruler::Complete, Ruler::Complete, Ruler::Settling));
    assert_eq!(ruler.iter().filter(|mark| **mark == Ruler::Settling).count(), 8);
    assert!(stage.app.facts().is_lower_bound());
}

#[test]
fn where_not_every_place_is_known_no_total_is_exact() {
    let exact = |stage: &Stage| stage.app.meanings().iter().any(|line| line.ends_with("every total is exact."));
    let mut stage = stage();
    assert!(exact(&stage) && !stage.app.facts().is_lower_bound());
    let partial = Some(Problem::new(ProblemKind::Denied, "compartments may not be listed"));
    stage.send(Message::TenancyKnown(Box::new(Tenancy { partial, ..tenancy() })));
    assert!(stage.app.facts().coverage.is_complete() && stage.app.facts().is_lower_bound());
    let meanings = stage.app.meanings();
    assert!(!exact(&stage) && meanings[0].contains("there may be more: every total is a lower bound"), "{meanings:#?}");
    assert!(stage.app.coverage_report().contains("events    at least 14"), "{}", stage.app.coverage_report());
}

#[test]
fn what_nobody_asked_yet_counts_as_missing() {
    let mut stage = stage();
    assert!(stage.app.facts().coverage.is_complete() && !stage.app.facts().is_lower_bound());
    stage.keys("t").typed("2026-03-13T00:00Z..2026-03-14T13:00Z");
    stage.keys("<enter>");
    assert_eq!(stage.app.facts().coverage.queued, 27);
    assert!(stage.app.facts().is_lower_bound());
}

#[test]
fn a_place_that_was_not_asked_for_the_whole_range_says_so() {
    let mut stage = stage();
    stage.keys("1 j j o t").typed("2026-03-13T00:00Z..2026-03-14T13:00Z");
    stage.keys("<enter>");
    let tree = &tenancy().tree;
    let state = |name: &str| stage.app.facts().node(tree.find(&ocid(name)).unwrap()).state;
    assert_eq!((state("staging"), state("root")), (PlaceState::Queued, PlaceState::Queued));
    assert_eq!(stage.app.facts().coverage.queued, 12, "only what is in scope counts as missing");
}

#[test]
fn counts_roll_up_and_follow_the_regions() {
    let mut stage = Stage::new(troubled());
    drawn(&mut stage, 5);
    let tree = &tenancy().tree;
    let events = |stage: &Stage, name: &str| stage.app.facts().node(tree.find(&ocid(name)).unwrap()).events;
    assert_eq!((events(&stage, "root"), events(&stage, "prod"), events(&stage, "dns")), (14, 8, 0));
    stage.keys("1 G <space>");
    assert_eq!((events(&stage, "root"), events(&stage, "staging")), (12, 0));
    assert_eq!(stage.app.facts().coverage.failed, 1);
}

fn denied() -> Change {
    let hint = "no permission, or no such compartment. A policy that allows it:\n\
                Allow group <group> to read audit-events in tenancy";
    Change::Denied(Arc::new(Problem::new(ProblemKind::Denied, "404 NotAuthorizedOrNotFound").hint(hint)))
}

#[test]
fn a_refusal_names_the_place_and_the_permission_to_ask_for() {
    let one = Stage::new(ledger(&[("prod-db", 0, denied()), ("prod-db", 1, denied())]));
    let wanted = "no access: prod/prod-db (2 regions): ask for “read audit-events in compartment prod:prod-db”";
    assert_eq!(one.app.notice().unwrap().text(), wanted);
    let subtree: Vec<_> = ["prod", "prod-app", "prod-db", "prod-net"].map(|name| (name, 0, denied())).into();
    let wanted = "no access: prod and 3 below (fra): ask for “read audit-events in compartment prod”";
    assert_eq!(Stage::new(ledger(&subtree)).app.notice().unwrap().text(), wanted);
    let two = Stage::new(ledger(&[("prod-db", 0, denied()), ("archived-x", 0, denied())]));
    let text = two.app.notice().unwrap().text();
    assert!(text.contains("and 1 more") && text.ends_with("in each, or in the tenancy"), "{text}");
}

#[test]
fn a_place_that_is_partly_refused_did_not_fail() {
    let stage = Stage::new(ledger(&[0, 1, 2].map(|region| ("archived-x", region, denied()))));
    let state = |name: &str| {
        let node = stage.app.tenancy().unwrap().tree.find(&ocid(name)).unwrap();
        stage.app.facts().node(node).state
    };
    assert_eq!(state("archived-x"), PlaceState::Denied);
    assert_eq!(state("root"), PlaceState::Limited);
    assert_eq!(state("prod"), PlaceState::Complete);
}
