//! One binary, a module for each room that is timed. `cargo bench` runs all, `cargo bench -- index` those of a name.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to time")]

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

mod coverage;
mod decode;
mod dictionary;
mod frame;
mod index;
mod key_to_screen;
mod question;
mod scale;
mod store;
mod synthetic;
mod text;
mod timing;

/// Counts allocations twice: divan's for its table, and one that can be asked, for what is asserted.
#[global_allocator]
static ALLOCATOR: divan::AllocProfiler<&StatsAlloc<System>> = divan::AllocProfiler::new(&INSTRUMENTED_SYSTEM);

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |word: &str| arguments.iter().position(|argument| argument == word).map(|at| arguments.get(at + 1));
    if let Some(path) = after("dictionary") {
        return dictionary::write(path.map_or("assets/events.zdict", String::as_str).as_ref());
    }
    if let Some(events) = after("scale") {
        let events = events.and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
        return scale::run(events, &mut std::io::stdout().lock());
    }
    if let Some(events) = after("events") {
        let events = events.and_then(|text| text.parse().ok()).unwrap_or(10_000);
        return key_to_screen::write_events(events, std::io::stdout().lock());
    }
    if let Some(events) = after("key_to_screen") {
        let events = events.and_then(|text| text.parse().ok()).unwrap_or(200_000);
        return key_to_screen::run(events, &mut std::io::stdout().lock());
    }
    if let Some(place) = arguments.iter().position(|argument| argument == "question") {
        let events = arguments.get(place + 1).and_then(|text| text.parse().ok()).unwrap_or(300_000);
        let query = arguments.get(place + 2).map_or("is:write status>=400", String::as_str);
        return question::run(events, query, &mut std::io::stdout().lock());
    }
    if after("frame").is_some() {
        return frame::assert_independent_of_events(&mut std::io::stderr().lock());
    }
    decode::assert_faster_than_parsers(&mut std::io::stderr().lock())?;
    store::report(&mut std::io::stderr().lock())?;
    index::report_memory(&mut std::io::stderr().lock())?;
    frame::assert_independent_of_events(&mut std::io::stderr().lock())?;
    coverage::assert_scales_with_cells(&mut std::io::stderr().lock())?;
    text::assert_is_fast(&mut std::io::stderr().lock())?;
    divan::main();
    Ok(())
}
