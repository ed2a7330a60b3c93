//! One binary, a module for each room that is timed. `cargo bench` runs all, `cargo bench -- index` those of a name.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to time")]

mod coverage;
mod decode;
mod frame;
mod index;
mod scale;
mod synthetic;

/// Counts allocations, so that what must not depend on the number of rows can be seen not to.
#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "scale").skip(1);
    if std::env::args().any(|argument| argument == "scale") {
        let events = arguments.find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
        return scale::run(events, &mut std::io::stdout().lock());
    }
    decode::assert_faster_than_parsers(&mut std::io::stderr().lock())?;
    index::report_memory(&mut std::io::stderr().lock())?;
    frame::assert_independent_of_events(&mut std::io::stderr().lock())?;
    coverage::assert_scales_with_cells(&mut std::io::stderr().lock())?;
    divan::main();
    Ok(())
}
