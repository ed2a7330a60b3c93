use super::*;
use crate::app::message::Message;
use crate::app::testing::{Stage, ledger, setup, snapshot};
use crate::query::Selection;

fn story() -> Stage {
    let mut stage = Stage::new(ledger(&[]));
    stage.keys("w f");
    stage
}

fn values(stage: &Stage) -> Vec<(String, u64)> {
    let facets = stage.app.facets();
    let text = |valued: &Valued| valued.value.clone().unwrap_or_else(|| "(missing)".to_owned());
    (0..facets.rows()).filter_map(|place| facets.row(place)).map(|row| (text(row), row.count)).collect()
}

fn field(stage: &Stage) -> String {
    stage.app.facets().field().unwrap().to_string()
}

/// The last question to the counting thread.
fn last_count(stage: &Stage) -> FacetsRequest {
    let asked = stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Count(CountRequest::Facets(request)) => Some(FacetsRequest::clone(request)),
        _ => None,
    });
    asked.unwrap()
}

fn preview(stage: &Stage) -> Option<u64> {
    stage.app.facets().answer().and_then(|answer| answer.preview).map(|preview| preview.count)
}

#[test]
fn it_tells_fields_and_the_values_of_one_of_them() {
    let mut stage = story();
    assert_eq!(field(&stage), "user");
    let expected = [("alice@acme.com", 11), ("svc-monitor", 2), ("svc-backup", 1)];
    assert_eq!(values(&stage), expected.map(|(user, count)| (user.to_owned(), count)));
    let distinct = &stage.app.facets().answer().unwrap().distinct;
    assert_eq!((distinct[0], distinct[1], distinct[2]), (Some(3), Some(14), Some(1)));
    assert!(distinct.iter().all(Option::is_some));
    stage.keys("j j j j j j j");
    assert_eq!(field(&stage), "res");
    assert_eq!(values(&stage).last().unwrap(), &("(missing)".to_owned(), 2));
}

#[test]
fn what_is_chosen_is_asked_for_all_at_once() {
    let mut stage = story();
    let before = stage.names();
    stage.keys("l <space>");
    assert_eq!((preview(&stage), stage.app.facets_query().as_str()), (Some(11), "user=alice@acme.com"));
    stage.keys("h j l j -");
    assert_eq!(stage.names(), before, "nothing holds yet");
    assert_eq!(stage.app.facets_query(), "user=alice@acme.com -event=CreateJob");
    assert_eq!(preview(&stage), Some(10));
    stage.keys("<enter>");
    assert!(stage.app.overlay().is_none());
    assert_eq!(stage.names().len(), 10);
    assert!(stage.effects.contains(&Effect::StopCounting));
}

#[test]
fn escape_forgets_what_is_pending() {
    let mut stage = story();
    let before = stage.names();
    stage.keys("l <space> <esc>");
    assert!(stage.app.overlay().is_none());
    stage.keys("f");
    assert!(stage.app.facets().pending().is_empty());
    assert_eq!(stage.names(), before);
    stage.keys("<space>");
    assert_eq!(preview(&stage), Some(11));
    stage.keys("<space>");
    assert_eq!((preview(&stage), stage.app.facets().pending().is_empty()), (None, true));
}

#[test]
fn enter_on_a_value_asks_for_it() {
    let mut stage = story();
    stage.keys("<enter> j <enter>");
    assert_eq!(stage.names(), ["GetInstance", "GetBucket"]);
}

#[test]
fn those_that_have_none_can_be_chosen() {
    let mut stage = story();
    stage.keys("j j j j j j j l G <space> <enter>");
    assert_eq!(stage.names(), ["ListBuckets", "DeleteLogGroup"]);
}

#[test]
fn values_are_found_and_put_in_order() {
    let mut stage = story();
    stage.keys("j /").typed("bucket");
    let names: Vec<String> = values(&stage).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["GetBucket", "ListBuckets", "UpdateBucket"]);
    stage.keys("<enter> s s");
    assert_eq!(stage.app.facets().order(), ValueOrder::First);
    let names: Vec<String> = values(&stage).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["GetBucket", "ListBuckets", "UpdateBucket"]);
    stage.keys("/ <esc>");
    assert_eq!((stage.app.facets().find_text(), values(&stage).len()), ("", 14));
    assert_eq!(values(&stage)[0].0, "GetBucket");
}

#[test]
fn any_place_in_the_json_can_be_counted_by() {
    let mut stage = story();
    stage.keys("a").typed(".data.request.parameters.big");
    stage.keys("<enter>");
    assert_eq!((field(&stage).as_str(), values(&stage)), ("data.request.parameters.big", vec![("1".to_owned(), 14)]));
    stage.keys("<space> <enter> f");
    assert_eq!(field(&stage), "data.request.parameters.big", "it stays among the fields");
    for (wrong, why) in [("usr", "no field"), ("user:x OR ip", "neither"), ("*", "neither")] {
        stage.keys("a").typed(wrong).keys("<enter>");
        let fault = stage.app.facets().line().unwrap().fault.clone().unwrap();
        assert!(fault.contains(why), "{fault}");
        stage.keys("<esc>");
    }
}

#[test]
fn credentials_are_no_values() {
    let mut stage = story();
    let places =
        ["request.headers.authorization", "data.request.headers", "identity.credentials", "request", "identity"];
    for place in places {
        stage.keys("a").typed(place).keys("<enter>");
        let fault = stage.app.facets().line().unwrap().fault.clone().unwrap();
        assert!(fault.contains("credentials are not listed"), "{place}: {fault}");
        stage.keys("<esc>");
    }
}

#[test]
fn a_session_token_is_neither_listed_nor_asked_for() {
    let mut builder = crate::index::IndexBuilder::default();
    let event = serde_json::json!({
        "eventTime": "2026-03-14T09:00:00Z", "eventId": "1",
        "data": {"eventName": "ST$canary.a-b", "request": {"action": "POST", "parameters": {"x": "see ST$canary"}}},
    });
    builder.insert(&"eu-frankfurt-1".into(), &crate::app::testing::ocid("prod"), event.to_string().as_bytes());
    let mut stage = Stage::with(setup(), builder.snapshot(), ledger(&[]));
    stage.keys("w f j");
    assert_eq!((field(&stage).as_str(), values(&stage)), ("event", vec![("[left out]".to_owned(), 1)]));
    stage.keys("a").typed("request.parameters.x").keys("<enter>");
    assert_eq!(values(&stage), [("see [left out]".to_owned(), 1)]);
    for key in ["<space>", "-", "<enter>"] {
        stage.keys(key);
        assert!(stage.app.overlay().is_some() && stage.app.facets().pending().is_empty());
    }
}

#[test]
fn a_view_before_the_last_word_is_asked_about_after_it() {
    let mut stage = story();
    let app = &mut stage.app;
    let effects = app.update(Message::Key("s".parse().unwrap()));
    let [Effect::Count(CountRequest::Facets(request))] = &*effects else { panic!("{effects:?}") };
    let answer = |is_last| {
        let mut answer =
            count::FacetCounter::default().count(request, &crate::query::Cancel::new(), &mut || false).unwrap();
        answer.is_last = is_last;
        Message::FacetsCounted(Box::new(answer))
    };
    let view = Arc::clone(request.seen.view());
    assert!(app.update(Message::View(Arc::clone(&view))).is_empty(), "one question at a time");
    assert!(app.update(answer(false)).is_empty());
    let again = app.update(answer(true));
    assert!(matches!(&*again, [Effect::Count(_)]), "{again:?}");
    // What answers a question that is over is not shown.
    app.update(answer(true));
    assert!(app.facets().answer().unwrap().generation < again_generation(&again));
}

fn again_generation(effects: &[Effect]) -> u64 {
    match effects {
        [Effect::Count(CountRequest::Facets(request))] => request.generation,
        _ => 0,
    }
}

#[test]
fn the_cursor_stays_on_its_value_while_events_come() {
    let mut stage = Stage::with(setup(), snapshot(13), ledger(&[]));
    stage.keys("w f l j");
    let under = |stage: &Stage| values(stage)[stage.app.facets().value_view().cursor].0.clone();
    assert_eq!(under(&stage), "svc-backup");
    stage.snapshot = snapshot(14);
    let view = stage.view(&stage.last_select());
    stage.send(Message::View(Arc::new(view)));
    assert_eq!(values(&stage)[1].0, "svc-monitor");
    assert_eq!(under(&stage), "svc-backup");
}

#[test]
fn counting_goes_on_in_parts() {
    let mut stage = story();
    stage.keys("l <space>");
    let request = last_count(&stage);
    let selection: &Selection = &request.seen.view().selection;
    let mut counter = count::FacetCounter::default();
    let mut steps = 0;
    loop {
        let answer = counter.count(&request, &crate::query::Cancel::new(), &mut || steps % 3 != 2).unwrap();
        assert_eq!(answer.matched, selection.len() as u64);
        steps += 1;
        assert!(steps < 200);
        if answer.is_last {
            assert!(answer.distinct.iter().all(Option::is_some));
            break;
        }
    }
    assert!(steps > 1);
}

#[test]
fn a_count_that_was_cut_off_is_none_of_a_field_that_is_not_listed() {
    let mut builder = crate::index::IndexBuilder::new(crate::index::testing::footprint());
    for n in 0..300 {
        let bytes = crate::index::testing::event(&format!("id-{n}"), 1_773_482_400_000_000 + n, "X", "u", "200");
        builder.insert(&"eu-frankfurt-1".into(), &crate::app::testing::ocid("prod"), &bytes);
        if n % 30 == 0 {
            builder.snapshot();
        }
    }
    let mut stage = Stage::with(setup(), builder.snapshot(), ledger(&[]));
    stage.keys("w f a").typed("id").keys("<enter>");
    let mut request = last_count(&stage);
    let place = request.fields.len() - 1;
    let mut counter = count::FacetCounter::default();
    let answer = counter.count(&request, &crate::query::Cancel::new(), &mut || true).unwrap();
    assert!(answer.progress.0 < 300 && answer.distinct[place] == Some(answer.progress.0), "{:?}", answer.progress);
    request.field = request.fields[0].clone();
    let answer = counter.count(&request, &crate::query::Cancel::new(), &mut || true).unwrap();
    assert_eq!(answer.distinct[place], None);
    for field in [place, 0] {
        request.field = request.fields[field].clone();
        let answer = counter.count(&request, &crate::query::Cancel::new(), &mut || false).unwrap();
        assert_eq!(answer.distinct[place], Some(300));
    }
}
