//! Taking pages, selecting rows, drawing a window of them, opening one.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use auditui::index::{Column, IndexBuilder, Snapshot};
use auditui::query::{AccessSet, Cancel, Field, Order, Query, Selection, Term, select};
use divan::{Bencher, black_box};

use crate::synthetic::{PAGE, Random, page};

const SIZES: [usize; 2] = [10_000, 100_000];
const WINDOW: usize = 50;

fn build(events: usize) -> IndexBuilder {
    let mut builder = IndexBuilder::default();
    (0..events / PAGE).for_each(|number| {
        builder.insert_page(&page(number));
    });
    builder
}

/// Built once for all benches of a size.
fn snapshot(events: usize) -> Arc<Snapshot> {
    static SMALL: OnceLock<Arc<Snapshot>> = OnceLock::new();
    static LARGE: OnceLock<Arc<Snapshot>> = OnceLock::new();
    let cell = if events == SIZES[0] { &SMALL } else { &LARGE };
    Arc::clone(cell.get_or_init(|| build(events).snapshot()))
}

fn selected(snapshot: &Arc<Snapshot>, query: &Query) -> Selection {
    select(snapshot, query, Order::NewestFirst, None, &Cancel::new()).expect("nobody cancels")
}

fn writes() -> Query {
    Query::everything().and(Term::Access(AccessSet::WRITES))
}

/// What an event takes in memory, by part.
pub fn report_memory(out: &mut impl Write) -> std::io::Result<()> {
    for events in SIZES {
        let snapshot = snapshot(events);
        let (memory, count) = (snapshot.memory(), snapshot.len() as u64);
        writeln!(
            out,
            "{count} events of {} B: blocks {} B, columns {} B, dictionaries {} B an event, in {} segments",
            snapshot.totals().raw_bytes / count,
            memory.blocks / count,
            memory.columns / count,
            memory.dictionaries / count,
            snapshot.segments().len(),
        )?;
    }
    Ok(())
}

/// One page into an index that holds some, and published.
#[divan::bench(args = SIZES, sample_count = 50)]
fn ingest_page(bencher: Bencher<'_, '_>, events: usize) {
    let mut builder = build(events);
    let mut number = events / PAGE;
    bencher
        .counter(divan::counter::ItemsCount::new(PAGE))
        .with_inputs(|| {
            number += 1;
            page(number)
        })
        .bench_local_refs(|page| {
            builder.insert_page(page);
            builder.snapshot()
        });
}

/// A page that is held already: every event is compared with its bytes.
#[divan::bench(sample_count = 50)]
fn ingest_duplicate_page(bencher: Bencher<'_, '_>) {
    let mut builder = build(SIZES[0]);
    bencher.with_inputs(|| page(17)).bench_local_refs(|page| builder.insert_page(page));
}

#[divan::bench(args = SIZES)]
fn select_writes(bencher: Bencher<'_, '_>, events: usize) {
    let (snapshot, query) = (snapshot(events), writes());
    bencher.bench_local(|| selected(&snapshot, black_box(&query)));
}

#[divan::bench(args = SIZES)]
fn select_writes_by_text(bencher: Bencher<'_, '_>, events: usize) {
    let (snapshot, query) = (snapshot(events), writes().and(Term::Text("smith bucket".into())));
    bencher.bench_local(|| selected(&snapshot, black_box(&query)));
}

#[divan::bench(args = SIZES)]
fn select_everything(bencher: Bencher<'_, '_>, events: usize) {
    let (snapshot, query) = (snapshot(events), Query::everything());
    bencher.bench_local(|| selected(&snapshot, black_box(&query)));
}

/// A field that has no column, after one that leaves few rows.
#[divan::bench(args = SIZES, sample_count = 10)]
fn select_by_bytes(bencher: Bencher<'_, '_>, events: usize) {
    let terms = [Term::contains(Field::Group, "00"), Term::equals(Field::Resource, "web-instance-000")];
    let (snapshot, query) = (snapshot(events), terms.into_iter().collect());
    bencher.bench_local(|| selected(&snapshot, black_box(&query)));
}

/// A selection of everything, after one more page.
#[divan::bench(args = SIZES)]
fn extend_by_a_page(bencher: Bencher<'_, '_>, events: usize) {
    let query = Query::everything();
    let mut builder = build(events);
    let before = selected(&builder.snapshot(), &query);
    builder.insert_page(&page(events / PAGE));
    let after = builder.snapshot();
    bencher.bench_local(|| select(&after, &query, Order::NewestFirst, Some(&before), &Cancel::new()));
}

/// What the list needs to draw 50 rows anywhere; allocates nothing, however many rows there are.
#[divan::bench(args = SIZES)]
fn window_of_50_rows(bencher: Bencher<'_, '_>, events: usize) {
    let snapshot = snapshot(events);
    let selection = selected(&snapshot, &Query::everything());
    let mut random = Random(7);
    bencher.bench_local(|| {
        let first = random.below(selection.len() - WINDOW);
        let rows = selection.rows(first..first + WINDOW).filter_map(|id| snapshot.row(id));
        rows.map(|row| Column::ALL.iter().map(|column| row.text(*column).len()).sum::<usize>()).sum::<usize>()
    });
}

#[divan::bench(args = SIZES)]
fn rank_of_an_event(bencher: Bencher<'_, '_>, events: usize) {
    let selection = selected(&snapshot(events), &Query::everything());
    let mut random = Random(7);
    bencher
        .with_inputs(|| selection.key(random.below(selection.len())).expect("a row"))
        .bench_local_values(|key| selection.rank_of(key));
}

#[divan::bench(args = SIZES)]
fn histogram_of_120_buckets(bencher: Bencher<'_, '_>, events: usize) {
    let snapshot = snapshot(events);
    let selection = selected(&snapshot, &Query::everything());
    let (first, last) = snapshot.time_span().expect("events with times");
    let range = auditui::domain::time_range::TimeRange::new(first, last).expect("a range");
    bencher.bench_local(|| selection.histogram(range, 120));
}

/// The bytes of any event.
#[divan::bench(args = SIZES)]
fn raw_event(bencher: Bencher<'_, '_>, events: usize) {
    let snapshot = snapshot(events);
    let selection = selected(&snapshot, &Query::everything());
    let mut random = Random(7);
    bencher
        .with_inputs(|| selection.row(random.below(selection.len())).expect("a row"))
        .bench_local_values(|row| snapshot.raw(row));
}
