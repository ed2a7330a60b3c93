//! Millions of events: what they take, and what a question about them costs.
//!
//! `cargo bench -- scale 10000000` builds an index of that many synthetic events and prints a table. Each figure has its
//! floor beside it, taken in the same run, because only their ratio means something on a machine that does other things.

use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auditui::domain::page::Page;
use auditui::domain::time_range::TimeRange;
use auditui::index::{Codes, Column, IndexBuilder, Snapshot};
use auditui::query::{AccessSet, Cancel, Field, Order, Query, Selection, Term, select};
use divan::black_box;

use crate::synthetic::{PAGE, Random, page};
use crate::timing::median;

/// Pages that are made at once, so that making them can be told from taking them.
const BATCH: usize = 20;
/// Events that the compressor is timed with alone.
const SAMPLE: usize = 40_000;
/// Events of a block; see `auditui::index`.
const BLOCK: usize = 64;
const WINDOW: usize = 50;
const ROUNDS: usize = 15;

/// How many times the limit fails the run; what is over the limit is named in any case.
const SLACK: f64 = 2.5;

/// One line of the table: what it took, its floor, and how many times the floor it may take.
struct Line {
    what: &'static str,
    took: Duration,
    floor: (&'static str, Duration),
    limit: f64,
}

/// Builds, measures, prints; fails where a limit is missed by far.
pub fn run(events: usize, out: &mut impl Write) -> std::io::Result<()> {
    let snapshot = load(events, out)?;
    let lines = questions(&snapshot);
    writeln!(out, "\n{:44} {:>10}  {:26} {:>10} {:>7} {:>7}", "question", "took", "floor", "", "ratio", "limit")?;
    let mut missed = Vec::new();
    for Line { what, took, floor: (name, floor), limit } in lines {
        let ratio = took.as_secs_f64() / floor.as_secs_f64();
        let (took, floor) = (format!("{took:.1?}"), format!("{floor:.1?}"));
        let verdict = if ratio > limit { "missed" } else { "" };
        writeln!(out, "{what:44} {took:>10}  {name:26} {floor:>10} {ratio:>7.2} {limit:>7.2} {verdict}")?;
        if ratio > SLACK * limit {
            missed.push(what);
        }
    }
    assert!(missed.is_empty(), "far over the limit: {missed:?}");
    Ok(())
}

fn load(events: usize, out: &mut impl Write) -> std::io::Result<Arc<Snapshot>> {
    let before = resident();
    let (began, cpu) = (Instant::now(), cpu_seconds());
    let mut builder = IndexBuilder::default();
    let mut generating = 0.0;
    for first in (0..events / PAGE).step_by(BATCH) {
        let alone = thread_seconds();
        let pages: Vec<Page> = (first..(first + BATCH).min(events / PAGE)).map(page).collect();
        generating += thread_seconds() - alone;
        for page in &pages {
            builder.insert_page(page);
        }
        builder.snapshot();
    }
    let mut snapshot = builder.snapshot();
    while let Some(settled) = builder.settle() {
        snapshot = settled;
    }
    drop(builder);
    let (wall, cpu) = (began.elapsed(), cpu_seconds() - cpu);
    let held = resident().saturating_sub(before);
    let compressing = compressing();
    let (memory, count) = (snapshot.memory(), snapshot.len() as f64);
    let ours = cpu - generating;
    let each = |bytes: u64| bytes as f64 / count;
    writeln!(
        out,
        "{count} events of {:.0} B in {} segments",
        each(snapshot.totals().raw_bytes),
        snapshot.segments().len()
    )?;
    writeln!(
        out,
        "load: {:.1} s, {:.1} us of CPU an event (generating them {:.1} us more)",
        wall.as_secs_f64(),
        ours / count * 1e6,
        generating / count * 1e6
    )?;
    writeln!(
        out,
        "compression alone {:.1} us an event: the load takes {:.2} times that",
        compressing * 1e6,
        ours / count / compressing
    )?;
    writeln!(
        out,
        "bytes an event: {:.1} blocks, {:.1} columns, {:.1} dictionaries, {:.1} tables: {:.1} accounted, {:.1} resident (x{:.3})",
        each(memory.blocks),
        each(memory.columns),
        each(memory.dictionaries),
        each(memory.tables),
        each(memory.resident()),
        each(held),
        held as f64 / memory.resident() as f64,
    )?;
    let mut values: Vec<(u32, Column)> = Column::ALL.map(|column| (snapshot.dictionary(column).len(), column)).into();
    values.sort_unstable_by(|a, b| b.cmp(a));
    writeln!(out, "most values: {:?}", &values[..5])?;
    Ok(snapshot)
}

/// CPU seconds to compress an event as the index does: blocks of 64, level 3, a dictionary of the same events.
fn compressing() -> f64 {
    let events: Vec<Vec<u8>> =
        (0..SAMPLE / PAGE).flat_map(|number| page(number).events().map(<[u8]>::to_vec).collect::<Vec<_>>()).collect();
    let dictionary = zstd::dict::from_samples(&events[..5_000], 110 * 1024).expect("a dictionary");
    let mut compressor = zstd::bulk::Compressor::with_dictionary(3, &dictionary).expect("a compressor");
    let blocks: Vec<Vec<u8>> = events.chunks(BLOCK).map(<[Vec<u8>]>::concat).collect();
    let cpu = cpu_seconds();
    for block in &blocks {
        drop(black_box(compressor.compress(block).expect("a frame")));
    }
    (cpu_seconds() - cpu) / SAMPLE as f64
}

fn questions(snapshot: &Arc<Snapshot>) -> Vec<Line> {
    let bytes = ("sum of the column", typical(|| sum(snapshot, Column::Event)));
    let shorts = ("sum of the column", typical(|| sum(snapshot, Column::User)));
    let time = ("sum of an i64 column", sum_of_i64(snapshot.len()));
    let common = user(snapshot);
    let (user, event) = (Term::equals(Field::User, &common), Term::equals(Field::Event, "GetInstance"));
    let range = middle(snapshot);
    let four = [user.clone(), event.clone(), Term::Access(AccessSet::READS), Term::Failed, Term::Time(range)];
    let four: Query = four.into_iter().collect();
    let base = selected(snapshot, &Query::everything().and(Term::Access(AccessSet::READS)), None);
    let added = base.query().clone().and(user.clone());
    let of = |term: &Term| Query::everything().and(term.clone());
    let wide =
        selected(snapshot, &Query::everything().and(Term::Access(AccessSet::READS)).and(Term::Time(range)), None);
    let mut random = Random(1);
    let windows = median(200, |_| {
        let first = random.below(wide.len().saturating_sub(WINDOW));
        black_box(
            wide.rows(first..first + WINDOW)
                .filter_map(|id| snapshot.row(id))
                .map(|row| row.user_agent().len())
                .sum::<usize>(),
        );
    });
    let histogram = typical(|| drop(black_box(wide.histogram(range, 120))));
    let facets = [
        Column::Event,
        Column::User,
        Column::Ip,
        Column::Region,
        Column::Status,
        Column::Compartment,
        Column::Agent,
        Column::Resource,
    ];
    let facets_of = |selection: &Selection| {
        for column in &facets {
            drop(black_box(selection.facet(*column, &Cancel::new())));
        }
    };
    let everything = selected(snapshot, &Query::everything(), None);
    let rows = |rows: usize, nanos: u64| Duration::from_nanos(rows as u64 * nanos);
    vec![
        Line {
            what: "one predicate, a byte a row",
            took: typical(|| drop(selected(snapshot, &of(&event), None))),
            floor: bytes,
            limit: 2.0,
        },
        Line {
            what: "one predicate, two bytes a row",
            took: typical(|| drop(selected(snapshot, &of(&user), None))),
            floor: shorts,
            limit: 2.0,
        },
        Line {
            what: "four predicates and a time range",
            took: typical(|| drop(selected(snapshot, &four, None))),
            floor: time,
            limit: 4.0,
        },
        Line {
            what: "one more predicate",
            took: typical(|| drop(selected(snapshot, &added, Some(&base)))),
            floor: shorts,
            limit: 1.0,
        },
        Line { what: "window of 50 rows at any rank", took: windows, floor: bytes, limit: 0.1 },
        Line { what: "histogram of 120 buckets", took: histogram, floor: bytes, limit: 0.1 },
        Line {
            what: "eight exact facets, filtered",
            took: typical(|| facets_of(&wide)),
            floor: ("12 ns a row", rows(wide.len(), 12)),
            limit: 1.0,
        },
        Line {
            what: "eight exact facets, no filter",
            took: typical(|| facets_of(&everything)),
            floor: ("12 ns a row", rows(snapshot.len(), 12)),
            limit: 0.1,
        },
        Line {
            what: "an event's bytes",
            took: fetch(snapshot),
            floor: ("a block's decompression", Duration::from_micros(250)),
            limit: 2.0,
        },
    ]
}

fn selected(snapshot: &Arc<Snapshot>, query: &Query, previous: Option<&Selection>) -> Selection {
    select(snapshot, query, Order::NewestFirst, previous, &Cancel::new()).expect("nobody cancels")
}

/// A user of many events.
fn user(snapshot: &Arc<Snapshot>) -> String {
    let facet = selected(snapshot, &Query::everything(), None).facet(Column::User, &Cancel::new()).expect("a facet");
    facet.values.get(2).map(|(code, _)| snapshot.dictionary(Column::User).value(*code).to_owned()).unwrap_or_default()
}

/// The middle half of what there is.
fn middle(snapshot: &Snapshot) -> TimeRange {
    let (oldest, newest) = snapshot.time_span().expect("events with times");
    let quarter = (newest - oldest) / 4;
    TimeRange::new(oldest + quarter, newest - quarter).expect("a range")
}

fn fetch(snapshot: &Arc<Snapshot>) -> Duration {
    let mut random = Random(2);
    let everything = selected(snapshot, &Query::everything(), None);
    median(200, |_| {
        let row = everything.row(random.below(everything.len())).expect("a row");
        drop(black_box(everything.snapshot().raw(row)));
    })
}

fn sum(snapshot: &Snapshot, column: Column) {
    let total: u64 = snapshot
        .segments()
        .iter()
        .map(|segment| match segment.codes(column) {
            Codes::Same(code) => u64::from(*code),
            Codes::Byte { rows, .. } => rows.iter().map(|row| u64::from(*row)).sum(),
            Codes::Short { rows, .. } => rows.iter().map(|row| u64::from(*row)).sum(),
            Codes::Wide(codes) => codes.iter().map(|code| u64::from(*code)).sum(),
        })
        .sum();
    black_box(total);
}

fn sum_of_i64(rows: usize) -> Duration {
    let column: Vec<i64> = (0..rows as i64).collect();
    typical(|| {
        black_box(black_box(&column).iter().sum::<i64>());
    })
}

/// The median of some rounds.
fn typical(mut work: impl FnMut()) -> Duration {
    median(ROUNDS, |_| work())
}

/// Bytes of memory that the process has, as Linux tells; 0 elsewhere.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|text| text.trim().split(' ').next()?.parse::<u64>().ok()).map_or(0, |kilobytes| kilobytes * 1_024)
}

/// What the process has used, all threads, as Linux tells; 0 elsewhere.
fn cpu_seconds() -> f64 {
    seconds_of("/proc/self/stat")
}

/// What this thread has used.
fn thread_seconds() -> f64 {
    seconds_of("/proc/thread-self/stat")
}

fn seconds_of(path: &str) -> f64 {
    let stat = fs::read_to_string(path).unwrap_or_default();
    // Behind the command, which may contain anything: state, then ten more, then the times in hundredths.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}
