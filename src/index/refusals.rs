//! Cells of which events were read that the index had no room for: they do not count as read.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::ledger::{CellKey, CellUpdate, Change};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::size;
use crate::domain::text::count_of;

/// What to do when memory is short.
pub const MORE_MEMORY: &str = "raise --max-memory or narrow the time";

/// In words, as `Problem::what` has them. `limit`: bytes; `events`: how many were refused.
pub fn refusal(limit: u64, events: u64) -> String {
    format!("memory limit of {} reached: {} not held", size::format(limit), count_of(events, "event"))
}

pub(super) struct Refusals {
    /// Bytes.
    limit: u64,
    /// Events refused in the current attempt at a cell.
    cells: HashMap<CellKey, u64>,
}

impl Refusals {
    pub fn new(limit: Option<u64>) -> Self {
        Self { limit: limit.unwrap_or(u64::MAX), cells: HashMap::new() }
    }

    /// What to note of a cell of which so many events more were refused.
    pub fn add(&mut self, cell: &CellKey, events: u64) -> Option<CellUpdate> {
        if events == 0 {
            return None;
        }
        let refused = self.cells.entry(cell.clone()).or_default();
        *refused += events;
        Some(not_kept(cell.clone(), self.limit, *refused))
    }

    /// What to note in the place of what is said by whoever reads, who does not know what was kept.
    pub fn judge(&mut self, update: CellUpdate) -> CellUpdate {
        match (&update.change, self.cells.get(&update.key)) {
            (Change::Complete { .. }, Some(refused)) => not_kept(update.key, self.limit, *refused),
            (Change::Started | Change::Split, Some(_)) => {
                self.cells.remove(&update.key);
                update
            }
            _ => update,
        }
    }
}

fn not_kept(key: CellKey, limit: u64, events: u64) -> CellUpdate {
    let problem = Problem::new(ProblemKind::Io, refusal(limit, events)).hint(MORE_MEMORY);
    CellUpdate { key, change: Change::NotKept(Arc::new(problem)) }
}
