use super::*;
use crate::app::message::Message;
use crate::app::testing::{Stage, ledger, with_own_reads};

fn story() -> Stage {
    let mut stage = Stage::new(ledger(&[]));
    stage.keys("p");
    stage
}

fn line(stage: &Stage, same: Same) -> PivotLine {
    stage.app.pivot().unwrap().lines().iter().find(|line| line.same == same).unwrap().clone()
}

fn query(stage: &Stage) -> String {
    stage.app.filters().query().to_string()
}

#[test]
fn each_line_leads_to_as_many_events_as_it_says() {
    for same in Same::ALL {
        let mut stage = Stage::with(crate::app::testing::setup(), with_own_reads(), ledger(&[]));
        stage.keys("w ! j j p");
        let line = line(&stage, same);
        let Some(count) = line.count else {
            assert!(line.value.is_empty(), "{same:?}");
            continue;
        };
        let key = super::super::keymap::Keymap::built_in()
            .key_for(super::super::keymap::Focus::Pivot, same.action())
            .unwrap();
        stage.send(Message::Key(key));
        assert!(stage.app.overlay().is_none());
        let view = stage.app.view().unwrap();
        let counts = view.selection.counts();
        assert_eq!((counts.matched, counts.failed), (count.events, count.failed), "{same:?}");
        assert_eq!(counts.by_access[1] + counts.by_access[2], count.writes, "{same:?}");
        let first = view.rows(0..view.matched()).filter_map(|row| row.time()).min();
        assert_eq!(first, count.first, "{same:?}");
        assert!(count.is_complete);
    }
}

#[test]
fn it_counts_whatever_the_filters_are() {
    let stage = story();
    let counted = line(&stage, Same::Ip).count.unwrap();
    assert_eq!((counted.events, counted.writes, counted.failed), (14, 11, 3));
    assert_eq!(stage.app.view().unwrap().matched(), 11);
}

#[test]
fn stories_are_queries() {
    let mut stage = story();
    stage.keys("B");
    assert!(query(&stage).starts_with("ocid=ocid1.thing."), "{}", query(&stage));
    stage.keys("p K");
    assert!(query(&stage).starts_with("event=UploadApiKey *:20:3b"), "{}", query(&stage));
    assert_eq!(stage.names(), ["UploadApiKey"]);
}

#[test]
fn the_cursor_passes_over_what_the_event_has_not() {
    let mut stage = story();
    let at = |stage: &Stage| stage.app.pivot().unwrap().lines()[stage.app.pivot().unwrap().view().cursor].same;
    stage.keys("<down> <down>");
    assert_eq!(at(&stage), Same::Key);
    stage.keys("<down>");
    assert_eq!(at(&stage), Same::Operation);
    stage.keys("<up>");
    assert_eq!(at(&stage), Same::Key);
    for _ in Same::ALL {
        stage.keys("<down>");
    }
    assert_eq!(at(&stage), Same::KeyOrigin);
    stage.keys("s");
    assert!(stage.app.overlay().is_some(), "there is no session to go to");
}

#[test]
fn a_line_can_be_added_or_left_out() {
    let mut stage = story();
    stage.keys("+");
    assert_eq!((query(&stage).as_str(), stage.names().len()), ("user=alice@acme.com", 10));
    let mut stage = story();
    stage.keys("-");
    assert_eq!((query(&stage).as_str(), stage.names().len()), ("-user=alice@acme.com", 1));
    let mut stage = story();
    stage.keys("<up> <esc>");
    assert!(stage.app.pivot().is_none() && query(&stage).is_empty());
    assert!(stage.effects.contains(&Effect::StopCounting));
}

#[test]
fn what_columns_know_is_told_before_events_are_read() {
    let stage = story();
    let asked = stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Count(CountRequest::Pivot(request)) => Some(PivotRequest::clone(request)),
        _ => None,
    });
    let (request, mut counter, mut parts) = (asked.unwrap(), count::PivotCounter::default(), Vec::new());
    loop {
        let answer = counter.count(&request, &crate::query::Cancel::new(), &mut || false).unwrap();
        parts.push(answer.counts.iter().flatten().count());
        if answer.is_last {
            break;
        }
    }
    // Seven lines stand in columns, four are read one after the other.
    assert_eq!(parts, [7, 8, 9, 10, 11]);
}

#[test]
fn an_event_that_is_being_read_is_not_said_to_have_nothing() {
    let mut stage = Stage::new(ledger(&[]));
    let key = |text: &str| Message::Key(text.parse().unwrap());
    let app = &mut stage.app;
    let effects = app.update(key("j"));
    let load = effects.iter().find(|effect| matches!(effect, Effect::LoadEvent(_))).cloned().unwrap();
    app.update(key("p"));
    assert!(app.pivot().unwrap().awaits(Same::Request) && !app.pivot().unwrap().awaits(Same::Session));
    let act = |app: &mut App, same: Same| {
        app.act_in_pivot(same.action());
        app.notices.passing.clone()
    };
    let done = |text: &str| Some(crate::app::notices::Passing::Done(text.to_owned()));
    for same in [Same::Operation, Same::Request] {
        assert_eq!(act(app, same), done("the event is still being read"));
    }
    assert_eq!(act(app, Same::Session), done("the event has nothing there"));
    let answer = stage.answer(&load).unwrap();
    stage.send(answer);
    assert!(!stage.app.pivot().unwrap().awaits(Same::Request));
    act(&mut stage.app, Same::Operation);
    assert!(query(&stage).starts_with("group="), "{}", query(&stage));
}
