use super::super::effect::{Effect, ListName};
use super::super::message::Message;
use super::super::prompt::Fault;
use super::super::saved::{SavedView, Show};
use super::super::testing::{Stage, ledger, snapshot};
use crate::domain::event::{Flags, decode};
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::query::{EventRef, Field, Query, Subject, Term, list_of, matches};

fn stage() -> Stage {
    let mut stage = Stage::new(ledger(&[]));
    stage.keys("w");
    stage
}

/// Of addresses.
fn list(file: &str) -> ListName {
    ListName { file: file.to_owned(), subject: Subject::Field(Field::Ip) }
}

fn read(file: &str, content: &str) -> Message {
    let list = list(file);
    let values = list_of(&list.subject, file, content);
    Message::ListRead { list, values }
}

fn asked(stage: &Stage) -> String {
    stage.app.filters().query().to_string()
}

#[test]
fn the_query_line_speaks_the_language_and_an_error_keeps_the_last_good_answer() {
    let mut stage = stage();
    stage.keys("/").typed("user:svc-* is:failed");
    assert_eq!(stage.names(), ["GetBucket"]);
    stage.typed(" usr:alice");
    let error = stage.app.prompt().unwrap().wrong().unwrap().clone();
    assert_eq!((error.span, stage.names().len(), asked(&stage).as_str()), (21..24, 1, "user:svc-* is:failed"));
    assert!(stage.app.notice().unwrap().text().starts_with("col 22: no field is called “usr”"));
    assert!(stage.keys("<enter>").app.prompt().is_some(), "what is no query is not kept silently");
    stage.keys("<tab>");
    assert_eq!((asked(&stage).as_str(), stage.names().len()), ("user:svc-* is:failed user:alice", 0));
    stage.keys("<esc>");
    assert_eq!((asked(&stage).as_str(), stage.names().len()), ("", 14));
}

#[test]
fn a_term_that_is_being_typed_is_not_taken_for_a_word() {
    let mut stage = stage();
    let shown = ["user:", "is:", "status:4", "status:4.", "-", "ip:300.", "user:a (b"].map(|text| {
        stage.keys("x /").typed(text);
        let shown = asked(&stage);
        stage.keys("<esc>");
        shown
    });
    assert_eq!(shown, ["", "", "status:4", "", "", "ip:300.", "user:a"]);
    stage.keys("/").typed("user:a b");
    stage.keys("<home>").typed("usr:x ");
    assert_eq!(asked(&stage), "user:a b", "what is wrong before other terms changes nothing");
}

#[test]
fn the_value_under_the_cursor_is_included_or_excluded() {
    let mut stage = stage();
    stage.keys("+");
    assert_eq!((asked(&stage).as_str(), stage.names().len()), ("event=DeleteUser", 1));
    stage.keys("[");
    assert_eq!((asked(&stage).as_str(), stage.names().len()), ("", 14));
    stage.keys("h -");
    assert_eq!(asked(&stage), "-user=alice@acme.com");
    assert_eq!(stage.names(), ["CreateBackup", "GetInstance", "GetBucket"]);
    stage.keys("h h h +");
    assert_eq!(asked(&stage), "-user=alice@acme.com time:2026-03-14T12:58:00Z..2026-03-14T12:59:00Z");
    stage.keys("<backspace> X");
    assert_eq!((asked(&stage).as_str(), stage.names().len()), ("~-user=alice@acme.com", 14));
    stage.keys("X ]");
    assert_eq!(stage.names().len(), 3, "there is nothing further on");
    let back = [14, 3, 1, 3, 14].map(|_| stage.keys("[").names().len());
    assert_eq!(back, [14, 3, 1, 3, 14]);
}

#[test]
fn a_cell_without_a_value_asks_for_events_without_one() {
    let mut stage = stage();
    stage.keys("e e l");
    assert_eq!(stage.under_cursor(), "DeleteLogGroup");
    stage.keys("+");
    assert!(asked(&stage).starts_with("resid="), "the name is missing, the id is there: {}", asked(&stage));
}

/// Every line of the summary and of the document, of every event: what is asked by it holds for the event itself.
#[test]
fn what_is_asked_of_the_detail_holds_for_the_event() {
    let mut stage = stage();
    let mut asked = 0;
    for _ in 0..14 {
        for keys in ["<enter>", "<enter> E"] {
            stage.keys(keys);
            let lines = stage.app.detail().summary().len().max(stage.app.detail().visible().len());
            for _ in 0..lines {
                if let Ok(term) = stage.app.term_under_cursor() {
                    let raw = stage.app.detail().event().unwrap().whole_json();
                    let printed = term.to_string();
                    let fields = &decode(raw.as_bytes()).fields;
                    let (region, queried) = (&RegionId::new("r"), &Ocid::new("q"));
                    let event = EventRef { fields, flags: Flags::default(), region, queried, bytes: raw.as_bytes() };
                    assert!(matches(&Query::everything().and(term), &event), "{printed} of {raw}");
                    asked += 1;
                }
                stage.keys("j");
            }
        }
        stage.keys("[ <esc> j");
    }
    assert!(asked > 14 * 30, "{asked}");
}

#[test]
fn credentials_are_not_written_into_a_query() {
    let mut stage = stage();
    stage.keys("<enter> <enter> E /").typed("Authorization");
    stage.keys("<enter> j");
    assert_eq!(stage.app.term_under_cursor(), Err("credentials are not written into a query".to_owned()));
    stage.keys("/").typed("credentials");
    stage.keys("<enter>");
    let term = stage.app.term_under_cursor().unwrap().to_string();
    assert_eq!(term, "key=20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:2d:81:72");
}

#[test]
fn going_back_restores_the_query_the_range_the_scope_and_the_place() {
    let mut stage = stage();
    stage.keys("j j j j j");
    let event = stage.under_cursor();
    let range = stage.app.range();
    stage.keys("/").typed("bucket");
    stage.keys("<enter> t ctrl-u").typed("-1h");
    stage.keys("<enter> 1 j o 2");
    let scope = stage.app.included().clone();
    stage.keys("[ [ [");
    assert_eq!((stage.under_cursor(), stage.app.range(), asked(&stage).as_str()), (event, range, ""));
    assert_ne!(*stage.app.included(), scope);
    stage.keys("] ]");
    assert_eq!(asked(&stage), "bucket");
    assert_ne!(stage.app.range(), range);
}

#[test]
fn a_file_of_values_is_read_by_others_and_the_query_waits_for_it() {
    let mut stage = stage();
    stage.effects.clear();
    stage.keys("/").typed("ip in @n");
    assert_eq!(stage.app.prompt().unwrap().fault, Some(Fault::Waiting));
    assert!(stage.effects.contains(&Effect::ReadList(list("n"))));
    stage.send(read("n", "203.0.113.0/24\n"));
    assert_eq!((stage.app.prompt().unwrap().fault.clone(), asked(&stage).as_str()), (None, "ip in @n"));
    assert_eq!(stage.names().len(), 14);
    stage.typed("o");
    stage.send(Message::ListRead { list: list("no"), values: Err("no cannot be read: gone".into()) });
    assert!(stage.app.notice().unwrap().what.contains("gone"));
}

#[test]
fn earlier_queries_come_back_with_the_arrows() {
    let mut stage = stage();
    for query in ["bucket", "is:failed", "bucket"] {
        stage.keys("x /").typed(query);
        stage.keys("<enter>");
    }
    stage.keys("x /").typed("us");
    stage.keys("<up>");
    assert_eq!(asked(&stage), "bucket");
    stage.keys("<up> <up> <up>");
    assert_eq!(asked(&stage), "is:failed");
    stage.keys("<down> <down>");
    assert_eq!(asked(&stage), "");
}

#[test]
fn what_is_pasted_alone_becomes_a_term() {
    let mut stage = stage();
    let paste = |stage: &mut Stage, text: &str| {
        stage.send(Message::Paste(text.into()));
        asked(stage)
    };
    assert_eq!(paste(&mut stage, "203.0.113.9\n"), "ip:203.0.113.9");
    stage.keys("<enter>");
    assert_eq!(paste(&mut stage, "alice@acme.com"), "ip:203.0.113.9 user=alice@acme.com");
    stage.keys("<esc>");
    assert_eq!(asked(&stage), "ip:203.0.113.9");
    stage.keys("x /").typed("-ip:");
    assert_eq!(paste(&mut stage, "10.0.0.0/8"), "-ip:10.0.0.0/8");
    stage.keys("<enter> 3");
    assert_eq!(paste(&mut stage, "x"), "-ip:10.0.0.0/8", "only the list takes text");
}

#[test]
fn an_earlier_place_that_is_filled_by_now_keeps_its_event() {
    let mut stage = Stage::with(super::super::testing::setup(), snapshot(5), ledger(&[]));
    assert_eq!(stage.under_cursor(), "DeleteUser");
    stage.keys("j +");
    stage.keys("[");
    assert_eq!(stage.under_cursor(), "UpdateBucket");
}

#[test]
fn a_view_is_run_by_its_digit_and_the_query_is_saved_under_a_name() {
    let mut stage = stage();
    stage.keys("! V 2");
    assert_eq!((asked(&stage).as_str(), stage.app.filters().failed), ("is:failed", false));
    assert_eq!(stage.names(), ["CreateVnicAttachment", "DeleteLogGroup", "GetBucket"]);
    stage.keys("! V s").typed("tried q");
    stage.effects.clear();
    stage.keys("<enter>");
    let [Effect::SaveView { view, path }] = stage.effects.as_slice() else { panic!("{:?}", stage.effects) };
    assert_eq!((view.query.as_str(), path.to_str().unwrap()), ("is:failed", "/config/views/tried-q.toml"));
    let (view, path) = (view.clone(), path.clone());
    stage.send(Message::ViewSaved { view, path });
    assert!(stage.app.notice().unwrap().text().contains("is saved in /config/views/tried-q.toml"));
    stage.keys("x V 8");
    assert_eq!(asked(&stage), "is:failed");
    stage.keys("V s").typed("../x");
    stage.effects.clear();
    stage.keys("<enter>");
    assert!(stage.effects.is_empty() && stage.app.overlay().is_some());
}

#[test]
fn a_view_that_cannot_be_read_is_opened_to_be_mended() {
    let mut stage = stage();
    let view = SavedView { name: "x".into(), about: String::new(), query: "usr:a".into(), show: Show::All };
    stage.app.use_view(&view);
    assert!(stage.app.prompt().unwrap().wrong().is_some());
    assert_eq!(asked(&stage), "");
    stage.keys("<tab> <enter> [");
    assert_eq!(asked(&stage), "");
}

#[test]
fn a_view_with_a_list_is_asked_anew_each_time() {
    let mut stage = stage();
    let view = SavedView { name: "x".into(), about: String::new(), query: "ip in @f".into(), show: Show::All };
    let run = |stage: &mut Stage| {
        let effects = stage.app.use_view(&view);
        stage.perform(effects);
        stage.send(read("f", "203.0.113.0/24"));
        stage.keys("<enter>").names().len()
    };
    assert_eq!(run(&mut stage), 14);
    stage.keys("! w");
    assert_eq!((run(&mut stage), stage.app.filters().failed), (14, false));
}

#[test]
fn a_query_that_no_line_can_hold_is_not_opened_to_be_cut() {
    let mut stage = stage();
    let odd = Query::everything().and(Term::contains(Field::Agent, "a\tb\u{1b}c"));
    let long = Query::everything().and(Term::contains(Field::Agent, "x".repeat(70_000)));
    for query in [odd, long] {
        stage.app.ask(query.clone());
        stage.keys("/");
        assert!(stage.app.prompt().is_none() && stage.app.notice().unwrap().text().contains("Backspace takes"));
        assert_eq!(*stage.app.filters().query(), query);
    }
    let many = (0..300).fold(Query::everything(), |query, n| {
        query.and(crate::query::Expr::from(Term::equals(Field::User, format!("user-{n}@acme.com"))).negated())
    });
    stage.app.ask(many.clone());
    stage.keys("/").typed(" x");
    assert_eq!(stage.app.filters().query().conjuncts().len(), 301);
}

#[test]
fn going_back_while_following_stays_at_the_end() {
    let mut stage = stage();
    stage.keys("F !");
    let later = stage.app.now() + chrono::TimeDelta::minutes(3);
    stage.send(Message::Clock(later));
    let range = stage.app.range();
    stage.keys("[");
    assert!(stage.app.is_following() && stage.app.range() == range);
    stage.keys("/").typed("x");
    stage.keys("<esc>");
    assert!(stage.app.is_following() && stage.app.range() == range);
}
