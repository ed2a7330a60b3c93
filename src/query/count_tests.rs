use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::index::testing::{Sent, at, event, insert};
use crate::index::{IndexBuilder, Snapshot};
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
