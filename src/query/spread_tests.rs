use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::index::IndexBuilder;
use crate::index::testing::{Sent, event, footprint, in_parts};
use crate::query::tests::{events, query};
use crate::query::{Field, JsonPath, Order, Query, Term, select};

const ALL: usize = usize::MAX;

fn path(text: &str) -> Subject {
    Subject::Path(JsonPath::new(text.split('.').map(str::to_owned).collect()).unwrap())
}

fn selected(snapshot: &Arc<Snapshot>, query: &Query) -> Selection {
    select(snapshot, query, Order::NewestFirst, None, &Cancel::new()).unwrap()
}

fn spread(selection: &Selection, subject: &Subject) -> Spread {
    selection.spread(subject, &mut SpreadKept::default(), &Cancel::new(), &mut || false).unwrap()
}

/// Counts, first and last times in microseconds, by value; by `None` where there is none.
type Plain = BTreeMap<Option<String>, (u64, Option<i64>, Option<i64>)>;

fn plain(selection: &Selection, texts: impl Fn(&Value) -> Vec<String>) -> Plain {
    let mut counts = Plain::new();
    for row in selection.rows(0..selection.len()).filter_map(|id| selection.snapshot().row(id)) {
        let json = json_of(&row.raw().unwrap());
        let mut values: Vec<Option<String>> =
            texts(&json).into_iter().filter(|text| !text.is_empty()).map(Some).collect();
        values.sort();
        values.dedup();
        if values.is_empty() {
            values.push(None);
        }
        let time = row.time().map(|time| time.timestamp_micros());
        for value in values {
            let (count, first, last) = counts.entry(value).or_default();
            *count += 1;
            *first = first.iter().copied().chain(time).min();
            *last = last.iter().copied().chain(time).max();
        }
    }
    counts
}

fn told(spread: &Spread) -> Plain {
    let listed = spread.list(ValueOrder::Count, "", ALL);
    assert_eq!((listed.all, listed.values.len() as u64), (spread.distinct(), spread.distinct()));
    let micros = |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp_micros());
    let all = listed.values.into_iter().chain(spread.missing());
    all.map(|valued| (valued.value, (valued.count, micros(valued.first), micros(valued.last)))).collect()
}

/// What stands in the JSON of an event, read by hand.
fn at(json: &Value, path: &str) -> Vec<String> {
    let found = path.split('.').try_fold(json, |value, key| value.get(key));
    match found {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Number(number)) => vec![number.to_string()],
        _ => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn counts_are_those_of_the_json(events in events(250), query in query(), publish_every in 9usize..300) {
        let snapshot = in_parts(IndexBuilder::new(footprint()), &events, publish_every);
        let selection = selected(&snapshot, &query);
        for (field, place) in [
            (Field::User, "data.identity.principalName"),
            (Field::Ip, "data.identity.ipAddress"),
            (Field::Resource, "data.resourceName"),
            (Field::Action, "data.request.action"),
            (Field::Message, "data.response.message"),
            (Field::Request, "data.request.id"),
            (Field::Id, "eventId"),
        ] {
            let expected = plain(&selection, |json| at(json, place));
            prop_assert_eq!(told(&spread(&selection, &Subject::Field(field))), expected, "{}", place);
        }
        for place in ["data.request.path", "data.response.status", "eventId", "data.none"] {
            let expected = plain(&selection, |json| at(json, place));
            prop_assert_eq!(told(&spread(&selection, &path(place))), expected, "{}", place);
        }
    }

    #[test]
    fn what_was_kept_says_the_same(events in events(250), query in query(), publish_every in 9usize..60) {
        let mut builder = IndexBuilder::new(footprint());
        let (mut kept, mut before) = (SpreadKept::default(), None);
        let subject = path("data.request.path");
        for chunk in events.chunks(publish_every) {
            crate::index::testing::insert(&mut builder, chunk);
            let selection =
                select(&builder.snapshot(), &query, Order::NewestFirst, before.as_ref(), &Cancel::new()).unwrap();
            let mut steps = 0;
            let whole = loop {
                let some = selection.spread(&subject, &mut kept, &Cancel::new(), &mut || true).unwrap();
                let (counted, of) = some.progress();
                prop_assert!(counted <= of && of == selection.len() as u64);
                steps += 1;
                prop_assert!(steps <= selection.snapshot().segments().len() + 1);
                if some.is_complete() {
                    break some;
                }
            };
            prop_assert_eq!(told(&whole), told(&spread(&selection, &subject)));
            before = Some(selection);
        }
    }
}

fn held(names: &[&str]) -> Arc<Snapshot> {
    let mut builder = IndexBuilder::default();
    for (n, name) in names.iter().enumerate() {
        let bytes = event(&format!("id-{n}"), n as i64 * 1_000_000, name, "alice", "200");
        let Sent { region, compartment, .. } = crate::index::testing::numbered(0);
        builder.insert(&region, &compartment, &bytes);
    }
    builder.snapshot()
}

#[test]
fn values_are_listed_in_the_order_that_is_asked_for() {
    let snapshot = held(&["b", "C", "a", "C", "a", "C", "d"]);
    let selection = selected(&snapshot, &Query::everything());
    let spread = spread(&selection, &Subject::Field(Field::Event));
    let names = |order, find, most| -> (Vec<String>, u64) {
        let Listed { values, all } = spread.list(order, find, most);
        (values.into_iter().filter_map(|valued| valued.value).collect(), all)
    };
    assert_eq!(names(ValueOrder::Count, "", ALL), (["C", "a", "b", "d"].map(str::to_owned).into(), 4));
    assert_eq!(names(ValueOrder::Count, "", 2), (["C", "a"].map(str::to_owned).into(), 4));
    assert_eq!(names(ValueOrder::Name, "", ALL), (["a", "b", "C", "d"].map(str::to_owned).into(), 4));
    assert_eq!(names(ValueOrder::First, "", 3), (["b", "C", "a"].map(str::to_owned).into(), 4));
    assert_eq!(names(ValueOrder::Name, "c", ALL), (["C"].map(str::to_owned).into(), 1));
    assert_eq!(spread.missing(), None);
    let first = &spread.list(ValueOrder::Count, "", 1).values[0];
    assert_eq!(
        (first.count, first.first, first.last),
        (3, DateTime::from_timestamp(1, 0), DateTime::from_timestamp(5, 0))
    );
}

#[test]
fn a_cancelled_spread_is_none() {
    let selection = selected(&held(&["a"]), &Query::everything().and(Term::equals(Field::User, "alice")));
    let cancel = Cancel::new();
    cancel.cancel();
    for subject in [Subject::Field(Field::User), path("data.request.path")] {
        assert!(selection.spread(&subject, &mut SpreadKept::default(), &cancel, &mut || false).is_none());
    }
}

#[test]
fn a_hundred_thousand_events_are_counted_one_by_one() {
    let mut builder = IndexBuilder::default();
    let at = crate::index::testing::numbered(0);
    for n in 0..100_000_i64 {
        let bytes = event(
            &format!("id-{n}"),
            n * 1_000,
            ["GetX", "ListY", "PutZ"][n as usize % 3],
            &format!("u{}", n % 700),
            "200",
        );
        builder.insert(&at.region, &at.compartment, &bytes);
    }
    let selection = selected(&builder.snapshot(), &Query::everything().and(Term::equals(Field::Event, "ListY")));
    let spread = spread(&selection, &Subject::Field(Field::User));
    assert_eq!((selection.len(), spread.distinct(), spread.missing()), (33_333, 700, None));
    let listed = spread.list(ValueOrder::Count, "", ALL).values;
    // Every 2,100 events begin anew: 47 times all of them, and 1,300 more, a third of which are lists.
    assert_eq!(listed.iter().map(|valued| valued.count).sum::<u64>(), 33_333);
    assert!(listed.iter().all(|valued| [47, 48].contains(&valued.count)));
    let first = listed.iter().filter_map(|valued| valued.first).min();
    assert_eq!(first, DateTime::from_timestamp_micros(1_000));
}
