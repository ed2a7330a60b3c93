use std::cmp::Reverse;

use proptest::prelude::*;

use super::*;
use crate::domain::time_range::TimeRange;
use crate::index::testing::{at, event, footprint, in_parts, insert};
use crate::index::{IndexBuilder, RowView};
use crate::query::tests::{answers, events, index_of, keys, query, selected};
use crate::query::{Query, Term, select};

fn by(column: Column, descending: bool) -> Order {
    Order::By { column, descending }
}

/// What a value is compared by: whether it is a number, that number, the text in lower case, the text.
fn value(row: &RowView<'_>, column: Column) -> (bool, i64, String, String) {
    let text = row.text(column).to_owned();
    let number = (column == Column::Status).then(|| text.parse().ok()).flatten();
    (number.is_none(), number.unwrap_or(0), text.to_lowercase(), text)
}

/// The rows that match, as they are put in order by who has all the time in the world.
fn plain_answer(snapshot: &Snapshot, query: &Query, column: Column, descending: bool) -> Vec<EventKey> {
    let mut rows: Vec<RowView<'_>> = snapshot.rows().filter(|row| answers(query, row)).collect();
    rows.sort_by_key(|row| Reverse(row.key()));
    rows.sort_by_key(|row| value(row, column));
    if descending {
        rows.reverse();
        rows.sort_by_key(|row| Reverse(row.key()));
        rows.sort_by_key(|row| Reverse(value(row, column)));
    }
    rows.sort_by_key(|row| row.text(column).is_empty());
    rows.iter().map(RowView::key).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn rows_stand_as_a_plain_sort_puts_them(
        events in events(250),
        queries in prop::collection::vec(query(), 2),
        column in prop::sample::select(Column::ALL.to_vec()),
        descending in any::<bool>(),
        publish_every in 20usize..130,
    ) {
        let snapshot = in_parts(IndexBuilder::new(footprint()), &events, publish_every);
        for query in queries.iter().chain([&Query::everything()]) {
            let newest = selected(&snapshot, query, Order::NewestFirst, None);
            let sorted = selected(&snapshot, query, by(column, descending), None);
            let expected = plain_answer(&snapshot, query, column, descending);
            prop_assert_eq!(keys(&sorted), expected.clone());
            prop_assert_eq!(sorted.counts(), newest.counts());
            let range = TimeRange::new(at(0), at(60_000_000)).unwrap();
            prop_assert_eq!(sorted.histogram(range, 20), newest.histogram(range, 20));
            prop_assert_eq!((sorted.row(sorted.len()), sorted.key(sorted.len())), (None, None));
            let (start, end) = (sorted.len() / 3, sorted.len() / 2);
            let window = sorted.rows(start..end).map(|row| snapshot.key(row).unwrap());
            prop_assert_eq!(window.collect::<Vec<_>>(), expected[start..end].to_vec());
            let failed = |rank: &usize| snapshot.row(sorted.row(*rank).unwrap()).unwrap().is_failed();
            for (rank, key) in expected.iter().enumerate() {
                prop_assert_eq!(sorted.rank_of(*key), Ok(rank));
                prop_assert_eq!(sorted.next_failed(rank, true), (rank + 1..sorted.len()).find(failed));
                prop_assert_eq!(sorted.next_failed(rank, false), (0..rank).rev().find(failed));
            }
            prop_assert_eq!(sorted.next_failed(sorted.len(), false), None);
            // An event that is not selected stands where it would if it were.
            let everything = plain_answer(&snapshot, &Query::everything(), column, descending);
            let mut before = 0;
            for key in everything {
                let is_there = expected.get(before) == Some(&key);
                prop_assert_eq!(sorted.rank_of(key), if is_there { Ok(before) } else { Err(before) });
                prop_assert_eq!(sorted.rank_near(key), expected.len().checked_sub(1).map(|last| before.min(last)));
                before += usize::from(is_there);
            }
        }
    }

    #[test]
    fn an_order_is_kept_while_segments_arrive(
        events in events(300),
        query in query(),
        column in prop::sample::select(vec![Column::User, Column::Status, Column::Resource, Column::Region]),
        publish_every in 9usize..130,
    ) {
        let mut builder = IndexBuilder::new(footprint());
        let mut extended = None;
        for (n, chunk) in events.chunks(publish_every).enumerate() {
            insert(&mut builder, chunk);
            // Whatever order the rows were in before.
            let order = if n % 3 == 0 { Order::OldestFirst } else { by(column, n % 2 == 0) };
            extended = Some(selected(&builder.snapshot(), &query, order, extended.as_ref()));
        }
        let snapshot = builder.snapshot();
        let extended = selected(&snapshot, &query, by(column, true), extended.as_ref());
        prop_assert_eq!(keys(&extended), plain_answer(&snapshot, &query, column, true));
        let back = selected(&snapshot, &query, Order::NewestFirst, Some(&extended));
        prop_assert_eq!(keys(&back), keys(&selected(&snapshot, &query, Order::NewestFirst, None)));
    }
}

#[test]
fn the_same_rows_in_the_same_order_are_not_sorted_again() {
    let (_, snapshot) = index_of(500);
    let query = Query::everything();
    let before = selected(&snapshot, &query, by(Column::User, false), None);
    let sorted = |order| selected(&snapshot, &query, order, Some(&before)).sorted;
    let is_same = |order| sorted(order).is_some_and(|sorted| Arc::ptr_eq(&sorted, before.sorted.as_ref().unwrap()));
    assert!(is_same(by(Column::User, false)) && !is_same(by(Column::User, true)));
    assert!(sorted(Order::OldestFirst).is_none());
}

#[test]
fn a_cancelled_order_is_none() {
    let (_, snapshot) = index_of(10);
    let before = selected(&snapshot, &Query::everything(), Order::NewestFirst, None);
    let cancel = Cancel::new();
    cancel.cancel();
    // Nothing is left to be found, only to be put in order.
    assert!(before.in_order(by(Column::User, false), &cancel).is_none());
}

#[test]
fn an_event_that_is_not_held_stands_with_those_that_have_nothing() {
    let mut builder = IndexBuilder::default();
    for (n, user) in ["", "b", "a", ""].into_iter().enumerate() {
        builder.insert(&"r".into(), &"c".into(), &event(&format!("id-{n}"), n as i64 * 10, "GetX", user, "200"));
    }
    let sorted = selected(&builder.snapshot(), &Query::everything(), by(Column::User, false), None);
    let rank = |micros| sorted.rank_of(EventKey { micros, digest: 0 });
    assert_eq!([rank(31), rank(29), rank(5), rank(-1)], [Err(2), Err(3), Err(3), Err(4)]);
    assert_eq!(sorted.rank_near(EventKey { micros: -1, digest: 0 }), Some(3));
}

#[test]
fn an_order_takes_four_bytes_a_row_and_a_bit() {
    let (_, snapshot) = index_of(4_000);
    let bytes = |query: &Query| {
        let sorted = select(&snapshot, query, by(Column::User, true), None, &Cancel::new()).unwrap().sorted.unwrap();
        size_of_val(&*sorted.rows) + size_of_val(&*sorted.failed)
    };
    assert_eq!(bytes(&Query::everything()), 16_000);
    assert_eq!(bytes(&Query::everything().and(Term::Failed)), 0);
}
