use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::index::testing::{Sent, at, event, footprint, in_parts, insert};
use crate::index::{IndexBuilder, Snapshot};
use crate::query::tests::{events, query};
use crate::query::{Cancel, Order, Query, Term, select};

fn held(events: &[Sent]) -> Arc<Snapshot> {
    let mut builder = IndexBuilder::default();
    insert(&mut builder, events);
    builder.snapshot()
}

fn sent(id: u32, seconds: i64, name: &str, status: &str, region: &str) -> Sent {
    let bytes = event(&format!("id-{id}"), at(seconds * 1_000_000).timestamp_micros(), name, "alice", status);
    Sent { region: region.into(), compartment: "c".into(), bytes }
}

fn counted(snapshot: &Arc<Snapshot>, query: &Query, by: &str) -> Vec<(Vec<Option<String>>, u64)> {
    let by: Vec<By> = by.split(',').filter(|name| !name.is_empty()).map(|name| By::named(name).unwrap()).collect();
    let selection = select(snapshot, query, Order::NewestFirst, None, &Cancel::new()).unwrap();
    count(&selection, &by).into_iter().map(|tuple| (tuple.values, tuple.count)).collect()
}

fn some(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|value| Some((*value).to_owned())).collect()
}

#[test]
fn rows_are_counted_by_what_stands_in_them() {
    let snapshot = held(&[
        sent(1, 0, "GetBucket", "200", "r1"),
        sent(2, 3_599, "GetBucket", "404", "r2"),
        sent(3, 3_600, "DeleteBucket", "200", "r1"),
        sent(4, 86_400, "GetBucket", "200", "r1"),
        sent(4, 86_400, "GetBucket", "200", "r1"),
    ]);
    let all = Query::everything();
    assert_eq!(counted(&snapshot, &all, ""), [(vec![], 4)]);
    assert_eq!(counted(&snapshot, &all, "EVENT"), [(some(&["GetBucket"]), 3), (some(&["DeleteBucket"]), 1)]);
    let expected =
        [(some(&["GetBucket", "r1"]), 2), (some(&["DeleteBucket", "r1"]), 1), (some(&["GetBucket", "r2"]), 1)];
    assert_eq!(counted(&snapshot, &all, "event,region"), expected);
    assert_eq!(counted(&snapshot, &all, "day"), [(some(&["1970-01-01"]), 3), (some(&["1970-01-02"]), 1)]);
    assert_eq!(counted(&snapshot, &all, "hour")[0], (some(&["1970-01-01T00:00:00Z"]), 2));
    assert_eq!(counted(&snapshot, &all, "access,id").len(), 4);
    let failed = all.and(Term::Failed);
    assert_eq!(counted(&snapshot, &failed, "id,access"), [(some(&["id-2", "read"]), 1)]);
    assert_eq!(counted(&snapshot, &failed.and(Term::equals(Field::Event, "x")), ""), [(vec![], 0)]);
}

#[test]
fn what_an_event_has_not_is_nothing() {
    let event = |bytes: &[u8]| Sent { region: "".into(), compartment: "".into(), bytes: bytes.to_vec() };
    let snapshot = held(&[event(b"{\"eventId\":\"1\"}"), event(b"{\"eventId\":")]);
    let all = Query::everything();
    for by in ["region", "day", "hour", "user", "src"] {
        assert_eq!(counted(&snapshot, &all, by), [(vec![None], 2)], "{by}");
    }
    assert_eq!(counted(&snapshot, &all, "id"), [(vec![None], 1), (some(&["1"]), 1)]);
}

#[test]
fn codes_and_texts_give_the_same_counts() {
    let events: Vec<Sent> =
        (0..300).map(|n| sent(n, i64::from(n % 7), ["A", "B", "C"][n as usize % 3], "200", "r")).collect();
    let snapshot = held(&events);
    let mut plain: BTreeMap<String, u64> = BTreeMap::new();
    for row in snapshot.rows() {
        let raw = row.raw().unwrap();
        *plain.entry(decode(&raw).fields.event_type.into_owned()).or_default() += 1;
    }
    let counted = counted(&snapshot, &Query::everything(), "type");
    let counted: BTreeMap<String, u64> = counted.into_iter().map(|(mut v, n)| (v.remove(0).unwrap(), n)).collect();
    assert_eq!(counted, plain);
}

#[test]
fn names_are_found_again() {
    for name in By::names() {
        assert_eq!(By::named(name).map(By::name), Some(name));
    }
}

/// What a row is counted by, without a code.
fn value(by: By, row: &RowView<'_>) -> Option<String> {
    let text = match by {
        By::Field(field) => match field.column() {
            Some(column) => row.text(column).to_owned(),
            None => field.text_of_event(&decode(&row.raw().unwrap()).fields).to_owned(),
        },
        By::Access => access_name(row.access() as u64).to_owned(),
        By::Day => row.time()?.format("%Y-%m-%d").to_string(),
        By::Hour => row.time()?.format("%Y-%m-%dT%H:00:00Z").to_string(),
    };
    Some(text).filter(|text| !text.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn rows_are_counted_as_one_by_one(
        events in events(250),
        query in query(),
        names in prop::collection::vec(prop::sample::select(By::names().collect::<Vec<_>>()), 1..4),
        publish_every in 20usize..130,
    ) {
        let snapshot = in_parts(IndexBuilder::new(footprint()), &events, publish_every);
        let by: Vec<By> = names.iter().map(|name| By::named(name).unwrap()).collect();
        for query in [query, Query::everything()] {
            let selection = select(&snapshot, &query, Order::NewestFirst, None, &Cancel::new()).unwrap();
            let mut plain: BTreeMap<Vec<Option<String>>, u64> = BTreeMap::new();
            for row in selection.rows(0..selection.len()).filter_map(|id| snapshot.row(id)) {
                *plain.entry(by.iter().map(|by| value(*by, &row)).collect()).or_default() += 1;
            }
            let counted = count(&selection, &by);
            let in_order = |a: &Tuple, b: &Tuple| (b.count, &a.values) < (a.count, &b.values);
            prop_assert!(counted.is_sorted_by(in_order));
            let counted: BTreeMap<_, _> = counted.into_iter().map(|tuple| (tuple.values, tuple.count)).collect();
            prop_assert_eq!(&counted, &plain, "{:?}", names);
            let slowly = of_rows(&selection, &by, &mut by.iter().map(|_| Texts::default()).collect::<Vec<_>>());
            prop_assert_eq!(slowly.values().sum::<u64>(), selection.len() as u64);
            prop_assert_eq!(slowly.len(), plain.len());
        }
    }
}
