//! What standard error says while a fetch runs: one line that is rewritten on a terminal, nothing in between elsewhere.

use std::cell::Cell;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::domain::ledger::Ledger;
use crate::domain::text::{count_of, thousands};

/// Redrawing oftener would only cost.
const INTERVAL: Duration = Duration::from_millis(100);

pub struct Progress {
    name: &'static str,
    quiet: bool,
    terminal: bool,
    shown_at: Cell<Option<Instant>>,
}

impl Progress {
    /// `name` begins every line. Quiet shows nothing but what is said elsewhere.
    pub fn new(name: &'static str, quiet: bool) -> Self {
        Self { name, quiet, terminal: std::io::stderr().is_terminal(), shown_at: Cell::new(None) }
    }

    /// A line that stays. The text must be harmless.
    pub fn line(&self, text: &str) {
        if !self.quiet {
            self.finish();
            say(&format!("{}: {text}", self.name));
        }
    }

    /// How far the fetch is; cheap to call for every page.
    pub fn show(&self, ledger: &Ledger, received: u64) {
        if self.quiet || !self.terminal || self.shown_at.get().is_some_and(|at| at.elapsed() < INTERVAL) {
            return;
        }
        let coverage = ledger.coverage(|_| true);
        let mut line = format!(
            "{}: {} of {} read, {}",
            self.name,
            thousands(coverage.read() as u64),
            count_of(coverage.total() as u64, "slice"),
            count_of(received, "event"),
        );
        for (count, word) in [(coverage.failed, "failed"), (coverage.denied, "no access")] {
            if count > 0 {
                let _ = write!(line, ", {} {word}", thousands(count as u64));
            }
        }
        // Failing to report progress is no reason to fail.
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K{line}");
        self.shown_at.set(Some(Instant::now()));
    }

    /// Takes the rewritten line away.
    pub fn finish(&self) {
        if self.shown_at.take().is_some() {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// A line on standard error. Nobody may be reading it; that is no error.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
