//! The laws of the index.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::sync::mpsc;

use chrono::TimeDelta;
use foldhash::fast::FixedState;
use proptest::prelude::*;

use super::testing::{Sent, at, cell, contents, event, footprint, in_parts, insert, numbered, page, sent};
use super::*;
use crate::domain::event::{Flags, decode};
use crate::domain::footprint::Footprint;
use crate::domain::ledger::{CellState, CellUpdate, Change};

fn indexed(events: &[Sent]) -> Arc<Snapshot> {
    let mut builder = IndexBuilder::new(footprint());
    insert(&mut builder, events);
    builder.snapshot()
}

/// Each event's first occurrence: provenance belongs to where an event was read first, which order decides.
fn without_duplicates(events: Vec<Sent>) -> Vec<Sent> {
    let mut seen = BTreeSet::new();
    events.into_iter().filter(|sent| seen.insert(sent.bytes.clone())).collect()
}

fn shuffled(events: &[Sent], seed: u64) -> Vec<Sent> {
    let mut keyed: Vec<_> = events.iter().enumerate().map(|(n, sent)| (mix(seed ^ n as u64), sent.clone())).collect();
    keyed.sort();
    keyed.into_iter().map(|(_, sent)| sent).collect()
}

fn mix(n: u64) -> u64 {
    let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_order_and_any_partition_hold_the_same(
        events in prop::collection::vec(sent(), 0..300),
        seed in any::<u64>(),
        publish_every in 7usize..90,
    ) {
        let events = without_duplicates(events);
        let whole = indexed(&events);
        let pieces = in_parts(IndexBuilder::new(footprint()), &shuffled(&events, seed), publish_every);
        prop_assert_eq!(contents(&whole), contents(&pieces));
        prop_assert_eq!(whole.len(), events.len());
        prop_assert_eq!(whole.totals(), pieces.totals());
    }

    #[test]
    fn every_event_is_held_once_with_its_bytes(events in prop::collection::vec(sent(), 0..200), again in any::<u64>()) {
        let mut builder = IndexBuilder::default();
        insert(&mut builder, &events);
        builder.snapshot();
        insert(&mut builder, &shuffled(&events, again));
        let snapshot = builder.snapshot();
        let sent: BTreeSet<&[u8]> = events.iter().map(|sent| sent.bytes.as_slice()).collect();
        let held: Vec<_> = snapshot.rows().map(|row| row.raw().unwrap()).collect();
        prop_assert_eq!(held.len(), sent.len());
        prop_assert_eq!(held.iter().map(AsRef::as_ref).collect::<BTreeSet<&[u8]>>(), sent);
        let totals = snapshot.totals();
        prop_assert_eq!(totals.received, 2 * events.len() as u64);
        prop_assert_eq!(totals.events + totals.duplicates, totals.received);
        prop_assert_eq!(totals.events, snapshot.len() as u64);
        prop_assert_eq!(totals.raw_bytes, held.iter().map(|bytes| bytes.len() as u64).sum::<u64>());
    }

    #[test]
    fn one_id_with_different_bytes_flags_all_of_them(
        events in prop::collection::vec(sent(), 0..300),
        publish_every in 7usize..90,
    ) {
        let events: Vec<Sent> = events.into_iter().map(|mut sent| {
            // A hundred ids, so that they collide, in one block or not.
            let id = decode(&sent.bytes).fields.id.into_owned();
            if let Some(number) = id.strip_prefix("id-").and_then(|number| number.parse::<u32>().ok()) {
                let text = String::from_utf8(sent.bytes).unwrap();
                sent.bytes = text.replace(&format!("\"{id}\""), &format!("\"id-{}\"", number % 100)).into_bytes();
            }
            sent
        }).collect();
        let snapshot = in_parts(IndexBuilder::default(), &events, publish_every);
        let mut by_id: BTreeMap<String, BTreeSet<&[u8]>> = BTreeMap::new();
        for sent in &events {
            by_id.entry(decode(&sent.bytes).fields.id.into_owned()).or_default().insert(&sent.bytes);
        }
        let mut conflicts = 0;
        for row in snapshot.rows() {
            let raw = row.raw().unwrap();
            let id = decode(&raw).fields.id.into_owned();
            let disputed = !id.is_empty() && by_id[&id].len() > 1;
            conflicts += u64::from(disputed);
            prop_assert_eq!(row.flags().contains(Flags::CONFLICT), disputed, "{}", id);
        }
        prop_assert_eq!(snapshot.totals().conflicts, conflicts);
        let flagged = snapshot.rows().filter(|row| row.flags().is_odd()).count() as u64;
        prop_assert_eq!(snapshot.totals().flagged, flagged);
    }

    #[test]
    fn our_own_reads_are_marked_and_not_odd(events in prop::collection::vec(sent(), 1..150)) {
        let snapshot = indexed(&events);
        for row in snapshot.rows() {
            let raw = row.raw().unwrap();
            let own = footprint().decode(&raw).flags.contains(Flags::OWN);
            prop_assert_eq!(row.flags().contains(Flags::OWN), own);
            prop_assert_eq!(row.flags().is_odd(), row.flags().names().next().is_some());
        }
        prop_assert_eq!(snapshot.totals().events, snapshot.len() as u64);
    }

    #[test]
    fn columns_say_what_the_bytes_say(events in prop::collection::vec(sent(), 1..150)) {
        let snapshot = indexed(&events);
        for row in snapshot.rows() {
            let raw = row.raw().unwrap();
            let decoded = decode(&raw);
            let (region, queried) = (row.region().into(), row.queried_compartment());
            let record = RecordRef { fields: &decoded.fields, region: &region, queried: &queried, own: false };
            for column in Column::ALL {
                prop_assert_eq!(row.text(column), column.text(&record));
            }
            prop_assert_eq!(row.time(), decoded.fields.time);
            prop_assert_eq!(row.access(), decoded.fields.access());
            prop_assert_eq!(row.status(), decoded.fields.status_code());
            prop_assert_eq!(row.is_failed(), decoded.fields.is_failed());
            prop_assert_eq!(snapshot.find(row.key()), Some(row.id()));
        }
    }
}

#[test]
fn a_snapshot_never_changes() {
    let mut builder = IndexBuilder::default();
    let mut published = Vec::new();
    for start in (0..5_000).step_by(500) {
        insert(&mut builder, &(start..start + 500).map(numbered).collect::<Vec<_>>());
        // The same id with other bytes: flags of rows that are in a segment already change, in later snapshots only.
        let mut other = numbered(start / 2);
        other.bytes.push(b' ');
        insert(&mut builder, &[other]);
        let snapshot = builder.snapshot();
        published.push((snapshot.len(), contents(&snapshot).len(), fingerprint(&snapshot), snapshot));
    }
    for (len, rows, before, snapshot) in &published {
        assert_eq!((*len, *rows, *before), (snapshot.len(), contents(snapshot).len(), fingerprint(snapshot)));
    }
    let last = &published.last().unwrap().3;
    assert_eq!(last.len(), 5_010);
    assert_eq!(last.totals().conflicts, 20);
}

fn fingerprint(snapshot: &Snapshot) -> u64 {
    FixedState::default().hash_one(contents(snapshot))
}

/// Every run in order, every row in one segment.
fn assert_in_order(snapshot: &Snapshot) {
    let mut rows = 0;
    for run in snapshot.runs() {
        let keys: Vec<EventKey> = run
            .flat_map(|place| {
                let id = move |row| RowId { segment: place as u32, row: row as u32 };
                snapshot.segments()[place].rows().map(move |row| snapshot.key(id(row)).unwrap())
            })
            .collect();
        assert!(keys.is_sorted_by(|a, b| a < b));
        rows += keys.len();
    }
    assert_eq!(rows, snapshot.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// In any order of arrival, whatever is merged when.
    #[test]
    fn runs_are_in_order_at_every_moment(
        chunks in prop::collection::vec((0i64..1_000, 1i64..50, 1usize..300, any::<bool>()), 1..25),
    ) {
        let mut builder = IndexBuilder::default();
        let mut sent = 0;
        for (start, step, count, settle) in chunks {
            for n in 0..count as i64 {
                sent += 1;
                let bytes = event(&format!("id-{sent}"), (start + n * step) % 2_000, "GetX", "u", "200");
                builder.insert(&"r".into(), &"c".into(), &bytes);
            }
            assert_in_order(&builder.snapshot());
            while let Some(snapshot) = settle.then(|| builder.settle()).flatten() {
                assert_in_order(&snapshot);
            }
        }
        let before = contents(&builder.snapshot());
        let mut last = builder.snapshot();
        while let Some(snapshot) = builder.settle() {
            last = snapshot;
        }
        prop_assert_eq!(last.runs().count(), 1);
        prop_assert_eq!(contents(&last), before);
        prop_assert_eq!(last.len(), sent);
    }
}

#[test]
fn segments_stay_few() {
    let mut builder = IndexBuilder::default();
    let mut rows = 0_usize;
    for n in 0..900 {
        let count = 1 + n % 40;
        insert(&mut builder, &(rows..rows + count).map(numbered).collect::<Vec<_>>());
        rows += count;
        let snapshot = builder.snapshot();
        let most = 10 * (rows.ilog2() as usize / 3 + 1);
        assert!(snapshot.segments().len() <= most, "{} segments of {rows} rows", snapshot.segments().len());
    }
}

#[test]
fn what_comes_in_order_is_one_run() {
    for newest_first in [false, true] {
        let mut builder = IndexBuilder::default();
        for n in 0..20_000_i64 {
            let micros = if newest_first { -n } else { n };
            builder.insert(&"r".into(), &"c".into(), &event(&format!("id-{n}"), micros, "GetX", "u", "200"));
        }
        let snapshot = builder.snapshot();
        assert_eq!(snapshot.runs().count(), 1);
        assert!(snapshot.segments().len() <= 4);
        assert_in_order(&snapshot);
    }
}

#[test]
fn nothing_new_is_no_new_snapshot_and_duplicates_only_count() {
    let mut builder = IndexBuilder::default();
    insert(&mut builder, &[numbered(1)]);
    let first = builder.snapshot();
    assert!(Arc::ptr_eq(&first, &builder.snapshot()));
    insert(&mut builder, &[Sent { region: "elsewhere".into(), ..numbered(1) }]);
    let second = builder.snapshot();
    assert!(Arc::ptr_eq(&first.segments()[0], &second.segments()[0]));
    assert_eq!(second.totals().duplicates, 1);
    assert_eq!(second.rows().next().unwrap().region(), "r1");
}

#[test]
fn the_time_span_leaves_out_events_without_time() {
    let sent = |bytes: Vec<u8>| Sent { region: "r".into(), compartment: "c".into(), bytes };
    let snapshot = indexed(&[
        sent(b"{\"eventId\":\"x\"}".to_vec()),
        sent(event("a", 5, "GetX", "u", "200")),
        sent(event("b", 2, "GetX", "u", "200")),
    ]);
    assert_eq!(snapshot.time_span(), Some((at(2), at(5))));
    assert_eq!(indexed(&[sent(b"{}".to_vec())]).time_span(), None);
    assert_eq!(indexed(&[]).time_span(), None);
}

/// What came when its minutes were read again is marked where it had happened before, and counted with its cell.
#[test]
fn what_came_late_is_marked_and_counted() {
    let events: Vec<Sent> = (0..4).map(numbered).collect();
    let times: Vec<_> = events.iter().map(|sent| decode(&sent.bytes).fields.time.unwrap()).collect();
    let (ingest, woken) = started();
    let send = |input| ingest.sender().blocking_send(input).unwrap();
    let key = cell(&events[0].region, &events[0].compartment);
    let update = |change| Input::Update(CellUpdate { key: key.clone(), change });
    send(Input::Page(page(&events[..1])));
    send(update(Change::Complete { at: times[2] }));
    let mut again = page(&events);
    (again.read_at, again.received_at) = (Some(times[2]), times[3] + TimeDelta::minutes(5));
    send(Input::Page(again));
    let holdings = settle(&ingest, &woken);
    let late = |row: &RowView<'_>| row.flags().contains(Flags::LATE);
    let marked: Vec<_> = holdings.snapshot.rows().filter(late).map(|row| row.time().unwrap()).collect();
    assert_eq!(marked, times[1..3]);
    assert_eq!(holdings.snapshot.totals().flagged, 0);
    let read = holdings.ledger.get(&key).unwrap().read.unwrap();
    assert_eq!((read.events, read.late), (3, 2));
    assert_eq!(holdings.ledger.lateness().events(), 2);
}

/// An index whose publications can be waited for.
fn started() -> (Ingest, mpsc::Receiver<()>) {
    let (wake, woken) = mpsc::channel();
    let ingest = Ingest::start(
        Footprint::default(),
        TimeDelta::minutes(15),
        Box::new(move || {
            let _ = wake.send(());
        }),
    );
    (ingest, woken)
}

fn settle(ingest: &Ingest, woken: &mpsc::Receiver<()>) -> Arc<Holdings> {
    while ingest.pending() > 0 {
        // We are woken before the count goes down, so the last call may have been heard already.
        let _ = woken.recv_timeout(std::time::Duration::from_millis(5));
    }
    ingest.holdings()
}

#[test]
fn a_cell_is_never_complete_before_its_last_page_is_published() {
    let (ingest, woken) = started();
    let events: Vec<Sent> = (0..3_000).map(numbered).collect();
    let key = cell(&events[0].region, &events[0].compartment);
    let sender = ingest.sender();
    let feeder = std::thread::spawn({
        let (events, key) = (events.clone(), key.clone());
        move || {
            for chunk in events.chunks(100) {
                sender.blocking_send(Input::Page(page(chunk))).unwrap();
            }
            let change = Change::Complete { at: at(1 << 50) };
            sender.blocking_send(Input::Update(CellUpdate { key, change })).unwrap();
        }
    });
    let complete = |holdings: &Holdings| {
        holdings.ledger.get(&key).is_some_and(|cell| holdings.ledger.state(cell) == CellState::Complete)
    };
    let mut version = 0;
    loop {
        let holdings = ingest.holdings();
        assert!(holdings.snapshot.version() >= version);
        version = holdings.snapshot.version();
        if complete(&holdings) {
            assert_eq!(holdings.snapshot.len(), events.len());
            break;
        }
        woken.recv().unwrap();
    }
    feeder.join().unwrap();
    let last = settle(&ingest, &woken);
    assert_eq!(contents(&last.snapshot), contents(&indexed(&events)));
}

#[tokio::test]
async fn pages_are_sent_from_async_code_and_a_drop_stops_the_thread() {
    let (ingest, woken) = started();
    let sender = ingest.sender();
    for n in 0..10 {
        sender.send(Input::Page(page(&[numbered(n)]))).await.unwrap();
    }
    assert_eq!(settle(&ingest, &woken).snapshot.len(), 10);
    drop(ingest);
    assert_eq!(sender.send(Input::Page(page(&[numbered(11)]))).await, Err(Stopped));
    assert_eq!(sender.blocking_send_is_refused(), Err(Stopped));
}

impl IngestSender {
    /// `blocking_send` may not be called inside a runtime; a thread of its own may.
    fn blocking_send_is_refused(&self) -> Result<(), Stopped> {
        let sender = self.clone();
        std::thread::spawn(move || sender.blocking_send(Input::Page(page(&[numbered(12)])))).join().unwrap()
    }
}
