use super::*;
use crate::app::testing::{Stage, ledger, ocid, troubled};
use crate::app::{Pane, overlay::Overlay};

fn lines(from: Focus, text: &str) -> Vec<String> {
    let name = |line: PaletteLine| match line {
        PaletteLine::Action { action, here: true } => action.name().into_owned(),
        PaletteLine::Action { action, here: false } => format!("({})", action.name()),
        PaletteLine::Command(command) => format!("{}…", command.name()),
        other => panic!("{other:?}"),
    };
    commands(Keymap::built_in(), from, text).into_iter().map(name).collect()
}

#[test]
fn everything_that_a_key_does_has_a_name_here() {
    for from in [Focus::Tree, Focus::List, Focus::Detail, Focus::Json, Focus::Coverage] {
        let all = lines(from, "");
        for binding in Keymap::built_in().bindings() {
            let name = binding.action.name().into_owned();
            let here = from.chain().any(|place| place == binding.focus);
            assert!(all.contains(&name) || !here && all.contains(&format!("({name})")), "{name} in {from:?}");
        }
        let first_other = all.iter().position(|name| name.starts_with('(')).unwrap();
        assert!(all[first_other..].iter().all(|name| name.starts_with('(')), "what cannot be done here comes last");
    }
}

#[test]
fn names_come_before_meanings_and_what_was_typed_whole_comes_first() {
    assert_eq!(lines(Focus::List, "quit")[0], "quit");
    assert_eq!(lines(Focus::List, "q")[0], "quit");
    assert_eq!(lines(Focus::List, "copy query")[0], "copy-query");
    assert_eq!(lines(Focus::Tree, "COPY  event")[0], "copy-json");
    assert_eq!(lines(Focus::List, "time -2h"), ["time…"]);
    let found = lines(Focus::List, "histogram");
    assert_eq!(found[0], "toggle-histogram");
    assert_eq!(lines(Focus::List, "unfold all"), ["(unfold-all)"]);
    assert_eq!(lines(Focus::Json, "unfold all"), ["unfold-all"]);
    assert_eq!(lines(Focus::List, "quarter of what a page"), [""; 0]);
    assert!(lines(Focus::List, "auditui's own").contains(&"toggle-own".to_owned()), "by meaning");
}

#[test]
fn an_action_is_run_where_the_palette_was_opened() {
    let mut stage = Stage::new(ledger(&[]));
    stage.keys(":").typed("cycle zone").keys("<enter>");
    assert!(stage.app.overlay().is_none());
    assert_eq!(stage.app.clock(), crate::app::setup::Clock::Wall(crate::domain::zone::Zone::Local));
    stage.keys("ctrl-p <up>");
    assert_eq!(stage.app.palette().unwrap().line.text(), "cycle-zone");
    stage.keys("<esc> 1 j :").typed("only this").keys("<enter>");
    assert_eq!(stage.app.included().compartment_count(), 1, "of the tree");
    stage.keys("2 :").typed("only this").keys("<enter>");
    assert!(stage.app.palette().is_some(), "nothing that works here");
    assert!(stage.app.notice().unwrap().text().contains("Compartments and regions"));
    stage.keys("<esc> % :").typed("show-all").keys("<enter>");
    assert!(matches!(stage.app.overlay(), Some(Overlay::Coverage)), "back to the panel it was opened from");
    stage.keys("<esc> : <backspace>");
    assert!(stage.app.overlay().is_none());
    stage.keys(":").typed("q").keys("<enter>");
    assert!(stage.app.should_quit());
}

#[test]
fn commands_take_a_text_and_say_why_they_cannot() {
    let mut stage = Stage::new(ledger(&[]));
    stage.keys(":").typed("time 2026-03-14T13:00Z..13:30").keys("<enter>");
    assert_eq!(stage.app.range().to_string(), "2026-03-14T13:00:00Z..2026-03-14T13:30:00Z");
    stage.keys(":").typed("time yesterdya");
    assert!(stage.app.palette_usage().1);
    stage.keys("<enter>");
    assert!(stage.app.palette().is_some(), "what cannot be read stays");
    stage.keys("ctrl-u").typed("query event:Update*").keys("<enter>");
    assert_eq!(stage.app.filters().query().to_string(), "event:Update*");
    stage.keys(":").typed("filter usr:alice").keys("<enter>");
    assert_eq!(
        stage.app.palette_usage(),
        ("no field is called “usr”; for a text with : = < or > use quotes".to_owned(), true)
    );
    stage.keys("ctrl-u").typed("query").keys("<enter>");
    assert!(stage.app.prompt().is_some() && stage.app.overlay().is_none());
    stage.keys("<esc> [");
    assert!(stage.app.filters().query().is_everything(), "there is a way back");
    stage.keys(":").typed(">upd").keys("<enter>");
    assert_eq!(stage.app.filters().query().to_string(), "event:Update*", "asked again");
    stage.keys(":").typed("query user in @nowhere.txt").keys("<enter>");
    assert!(stage.app.prompt().is_some(), "the query line waits for the file");
}

#[test]
fn compartments_and_users_are_jumped_to() {
    let mut stage = Stage::new(troubled());
    stage.keys("1 :").typed("#prnet");
    let Some(PaletteLine::Compartment { path, .. }) = stage.app.palette().unwrap().chosen() else { panic!("none") };
    assert_eq!(path, "prod/prod-net");
    stage.keys("<enter>");
    assert_eq!(stage.app.included().compartment_count(), 1);
    assert!(stage.app.included().has_compartment(&ocid("prod-net")));
    assert_eq!(stage.app.pane(), Pane::List);
    stage.keys("0 :").typed("@");
    let users = |stage: &Stage| -> Vec<(String, u64)> {
        let lines = stage.app.palette().unwrap().lines().iter();
        let user = |line: &PaletteLine| match line {
            PaletteLine::User { name, events } => (name.clone(), *events),
            other => panic!("{other:?}"),
        };
        lines.map(user).collect()
    };
    let all = [("alice@acme.com".to_owned(), 11), ("svc-monitor".to_owned(), 2), ("svc-backup".to_owned(), 1)];
    assert_eq!(users(&stage), all, "those of reads as well, the most frequent first");
    stage.typed("svcmon");
    assert_eq!(users(&stage), all[1..2]);
    stage.keys("<enter>");
    assert_eq!(stage.app.filters().query().to_string(), "user=svc-monitor");
}

#[test]
fn tab_completes() {
    let mut stage = Stage::new(ledger(&[]));
    let line = |stage: &Stage| stage.app.palette().unwrap().line.text();
    stage.keys(":").typed("tim").keys("<tab>");
    assert_eq!(line(&stage), "time ");
    stage.keys("ctrl-u").typed("#dns").keys("<tab>");
    assert_eq!(line(&stage), "#shared/dns");
}

#[test]
fn views_are_found_by_their_names() {
    let mut stage = Stage::new(ledger(&[]));
    stage.keys(":").typed("!");
    let names: Vec<String> = stage.app.saved_views().iter().map(|view| view.name.clone()).collect();
    let listed = stage.app.palette().unwrap().lines();
    assert!(listed.len() == names.len() && names.len() > 2);
    let (name, query) = (names[1].clone(), stage.app.saved_views()[1].query.clone());
    stage.typed(&name).keys("<enter>");
    assert!(stage.app.overlay().is_none());
    assert_eq!(stage.app.filters().query().to_string(), query);
}
