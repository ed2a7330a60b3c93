//! One binary, a module for each room that is timed. `cargo bench` runs all, `cargo bench -- index` those of a name.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to time")]

mod coverage;
mod decode;
mod dictionary;
mod frame;
mod index;
mod scale;
mod store;
mod synthetic;
mod text;

/// Counts allocations, so that what must not depend on the number of rows can be seen not to.
#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

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
    decode::assert_faster_than_parsers(&mut std::io::stderr().lock())?;
    store::report(&mut std::io::stderr().lock())?;
    index::report_memory(&mut std::io::stderr().lock())?;
    frame::assert_independent_of_events(&mut std::io::stderr().lock())?;
    coverage::assert_scales_with_cells(&mut std::io::stderr().lock())?;
    text::assert_is_fast(&mut std::io::stderr().lock())?;
    divan::main();
    Ok(())
}
