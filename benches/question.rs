//! `cargo bench -- question 300000 'is:write status>=400'`: how long a question to that many events takes, as JSON. For
//! `benches/against_duckdb.py`, whose file holds the same events.

use std::io::Write;
use std::time::{Duration, Instant};

use auditui::domain::zone::Zone;
use auditui::index::IndexBuilder;
use auditui::query::{Cancel, Order, ParseContext, Subject, parse, select};
use chrono::DateTime;
use divan::black_box;

use crate::synthetic::{PAGE, page};

const ROUNDS: usize = 51;

pub fn run(events: usize, text: &str, out: &mut impl Write) -> std::io::Result<()> {
    let mut builder = IndexBuilder::default();
    for number in 0..events / PAGE {
        builder.insert_page(&page(number));
    }
    let mut snapshot = builder.snapshot();
    while let Some(settled) = builder.settle() {
        snapshot = settled;
    }
    let read_list = |name: &str, _: &Subject| Err(format!("{name} is not read here"));
    let now = DateTime::from_timestamp(1_800_000_000, 0).expect("an instant");
    let context = ParseContext { now, zone: Zone::Utc, read_list: &read_list };
    let mut took = Vec::new();
    let mut matched = 0;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let query = parse(text, &context).map_err(std::io::Error::other)?;
        let selection = select(&snapshot, &query, Order::NewestFirst, None, &Cancel::new()).expect("nobody cancels");
        matched = black_box(selection).len();
        took.push(began.elapsed());
    }
    took.sort();
    let [median, best] = [took[ROUNDS / 2], took[0]].map(|took: Duration| took.as_secs_f64() * 1e3);
    writeln!(out, "{{\"events\":{},\"matched\":{matched},\"ms\":{median:.4},\"bestMs\":{best:.4}}}", snapshot.len())
}
