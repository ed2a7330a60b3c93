//! One binary, a module for each room that is timed. `cargo bench` runs all, `cargo bench -- index` those of a name.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to time")]

mod coverage;
mod dictionary;
mod frame;
mod index;
mod store;
mod synthetic;

/// Counts allocations, so that what must not depend on the number of rows can be seen not to.
#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() -> std::io::Result<()> {
    if let Some(path) = std::env::var_os("AUDITUI_ZDICT") {
        return dictionary::write(path.as_ref());
    }
    store::report(&mut std::io::stderr().lock())?;
    index::report_memory(&mut std::io::stderr().lock())?;
    frame::assert_independent_of_events(&mut std::io::stderr().lock())?;
    coverage::assert_scales_with_cells(&mut std::io::stderr().lock())?;
    divan::main();
    Ok(())
}
