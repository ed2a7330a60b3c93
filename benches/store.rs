//! Keeping the bytes of events: packing, reading one, reading all, searching all.

use std::io::Write;
use std::sync::OnceLock;
use std::time::Instant;

use auditui::index::{Blocks, Ordinal, Store, StoreOptions};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

use crate::synthetic::{Random, write_event};

const EVENTS: u64 = 20_000;

fn events() -> &'static [Vec<u8>] {
    static ALL: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let event = |number| {
            let mut event = Vec::new();
            write_event(&mut event, number);
            event
        };
        (0..EVENTS).map(event).collect()
    })
}

fn filled(options: StoreOptions) -> Store {
    let mut store = Store::new(options);
    for event in events() {
        store.push(event, 0);
    }
    store
}

fn blocks() -> &'static Blocks {
    static ALL: OnceLock<Blocks> = OnceLock::new();
    ALL.get_or_init(|| filled(inline(true)).blocks())
}

fn inline(train: bool) -> StoreOptions {
    StoreOptions { workers: 0, train, ..StoreOptions::default() }
}

fn raw_bytes() -> BytesCount {
    BytesCount::new(events().iter().map(Vec::len).sum::<usize>())
}

/// What an event takes as it is packed, with the shipped dictionary and with one that is trained on the way.
pub fn report(out: &mut impl Write) -> std::io::Result<()> {
    for train in [false, true] {
        let mut store = Store::new(inline(train));
        let learnt = events().len() / 2;
        events()[..learnt].iter().for_each(|event| store.push(event, 0));
        let before = store.memory();
        let began = Instant::now();
        events()[learnt..].iter().for_each(|event| store.push(event, 0));
        let (seconds, after) = (began.elapsed().as_secs_f64(), store.memory());
        let raw = (after.packed_raw - before.packed_raw) as f64;
        let count = (events().len() - learnt) as f64;
        writeln!(
            out,
            "{} dictionary: {:.1} B an event of {:.0} B, packed at {:.0} MB/s",
            if train { "trained" } else { "shipped" },
            (after.packed - before.packed) as f64 / count,
            raw / count,
            raw / seconds / 1e6,
        )?;
    }
    Ok(())
}

/// One thread, no training.
#[divan::bench(sample_count = 3)]
fn pack(bencher: Bencher<'_, '_>) {
    bencher.counter(raw_bytes()).bench_local(|| filled(inline(false)));
}

/// As the explorer does it; waits for the last block.
#[divan::bench(sample_count = 3)]
fn pack_with_workers(bencher: Bencher<'_, '_>) {
    let options = StoreOptions { train: false, ..StoreOptions::default() };
    bencher.counter(raw_bytes()).bench_local(|| filled(options.clone()).settle());
}

#[divan::bench(sample_count = 500)]
fn read_any(bencher: Bencher<'_, '_>) {
    let mut reader = blocks().reader();
    let mut random = Random(7);
    bencher.bench_local(|| reader.read(Ordinal(random.below(EVENTS as usize) as u32)).map(<[u8]>::len));
}

#[divan::bench(sample_count = 5)]
fn read_all(bencher: Bencher<'_, '_>) {
    let mut reader = blocks().reader();
    bencher
        .counter(raw_bytes())
        .bench_local(|| (0..blocks().len()).filter_map(|at| reader.read(Ordinal(at)).map(<[u8]>::len)).sum::<usize>());
}

/// A text that is nowhere.
#[divan::bench(sample_count = 5)]
fn search_all(bencher: Bencher<'_, '_>) {
    let finder = memchr::memmem::Finder::new(b"nobody-has-this-name");
    let mut reader = blocks().reader();
    bencher.counter(raw_bytes()).bench_local(|| {
        let mut found = |block| reader.haystack(block).is_none_or(|text| finder.find(black_box(text)).is_some());
        (0..blocks().count()).filter(|block| found(*block)).count()
    });
}

/// A view of everything, taken for every frame.
#[divan::bench]
fn view(bencher: Bencher<'_, '_>) {
    let mut store = filled(inline(false));
    bencher.bench_local(|| store.blocks());
}
