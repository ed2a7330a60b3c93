//! What it costs to cut a page and to read the fields of its events, beside parsers and what memory can do.

use std::io::Write;
use std::time::{Duration, Instant};

use auditui::domain::access::Access;
use auditui::domain::event::{decode, lenient, one_pass};
use auditui::domain::ledger::CellKey;
use auditui::domain::page::Page;
use chrono::DateTime;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

use crate::synthetic::{PAGE, page};

/// Pages for a report: 5 MB, more than the caches next to a core.
const PAGES: usize = 15;
const ROUNDS: usize = 7;
/// How much faster one pass is than `serde_json` reading the same fields, and than a tree of it. The
/// tree allocates most, and allocations are counted here: without that it is a third faster.
const THAN_TYPED: f64 = 3.0;
const THAN_TREE: f64 = 10.0;

/// Pages as they are received, and cut.
struct Input {
    cell: CellKey,
    bodies: Vec<&'static [u8]>,
    pages: Vec<Page>,
    bytes: usize,
}

impl Input {
    /// The bodies stay for good, so that cutting them copies nothing.
    fn of(pages: usize) -> Self {
        let pages: Vec<Page> = (0..pages).map(page).collect();
        let bodies = pages.iter().map(|page| {
            let events: Vec<&[u8]> = page.events().collect();
            &*[b"[", &*events.join(&b","[..]), b"]"].concat().leak()
        });
        let bodies: Vec<&[u8]> = bodies.collect();
        Self { cell: pages[0].cell.clone(), bytes: bodies.iter().map(|body| body.len()).sum(), bodies, pages }
    }

    fn each_event(&self, mut read: impl FnMut(&[u8])) {
        self.pages.iter().flat_map(Page::events).for_each(|event| read(black_box(event)));
    }

    fn each_body(&self, mut read: impl FnMut(&'static [u8])) {
        self.bodies.iter().for_each(|body| read(black_box(body)));
    }

    fn cut(&self, body: &'static [u8]) -> usize {
        Page::new(self.cell.clone(), body, None, DateTime::UNIX_EPOCH).map_or(0, |page| page.len())
    }

    fn work(&self, what: &str) {
        match what {
            "memcpy" => self.each_body(|body| drop(black_box(body.to_vec()))),
            "a rare byte" => self.each_body(|body| _ = black_box(memchr::memchr(0, body))),
            "page cut" => self.each_body(|body| _ = black_box(self.cut(body))),
            "one pass" => self.each_event(|event| drop(black_box(one_pass::decode(event)))),
            "decode" => self.each_event(|event| drop(black_box(decode(event)))),
            "serde typed" => self.each_event(|event| drop(black_box(lenient::decode(event)))),
            _ => self.each_event(|event| drop(black_box(serde_json::from_slice::<serde_json::Value>(event)))),
        }
    }
}

const WORKS: [&str; 7] = ["memcpy", "a rare byte", "page cut", "one pass", "decode", "serde typed", "serde Value"];

/// Fails when one pass has lost its lead. Best of several rounds, taken in turns.
pub fn assert_faster_than_parsers(out: &mut impl Write) -> std::io::Result<()> {
    let input = Input::of(PAGES);
    let mut best = [Duration::MAX; WORKS.len()];
    for _ in 0..ROUNDS {
        for (best, what) in best.iter_mut().zip(WORKS) {
            let began = Instant::now();
            input.work(what);
            *best = began.elapsed().min(*best);
        }
    }
    let events = (PAGES * PAGE) as f64;
    writeln!(out, "events of {:.0} B: MB/s, ns an event", input.bytes as f64 / events)?;
    for (best, what) in best.iter().zip(WORKS) {
        let seconds = best.as_secs_f64();
        writeln!(out, "  {what:<12} {:7.0} {:7.0}", input.bytes as f64 / seconds / 1e6, seconds / events * 1e9)?;
    }
    let times = |what: &str| {
        let of = |what: &str| WORKS.iter().position(|work| *work == what).map_or(0.0, |at| best[at].as_secs_f64());
        of(what) / of("one pass")
    };
    let (typed, tree) = (times("serde typed"), times("serde Value"));
    writeln!(
        out,
        "  one pass is x{typed:.2} as fast as serde_json reading the same fields, x{tree:.1} as a tree of it"
    )?;
    assert!(typed >= THAN_TYPED, "one pass is only x{typed:.2} as fast as serde_json with types");
    assert!(tree >= THAN_TREE, "one pass is only x{tree:.1} as fast as a tree of serde_json");
    Ok(())
}

#[divan::bench(args = WORKS)]
fn read_a_page(bencher: Bencher<'_, '_>, what: &str) {
    let input = Input::of(1);
    bencher.counter(BytesCount::new(input.bytes)).bench_local(|| input.work(what));
}

#[divan::bench]
fn access_of_a_page(bencher: Bencher<'_, '_>) {
    let input = Input::of(1);
    let page = &input.pages[0];
    let fields: Vec<_> = page.events().map(|event| decode(event).fields).collect();
    bencher.bench_local(|| fields.iter().filter(|fields| black_box(fields).access() != Access::Read).count());
}

#[divan::bench]
fn time_of_an_event() -> Option<DateTime<chrono::Utc>> {
    auditui::domain::event::parse_time(black_box("2026-03-14T13:55:10.123Z"))
}
