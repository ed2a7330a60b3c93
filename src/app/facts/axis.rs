//! Axis: where on a line of time a window stands, and what is known there.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::ledger::{Cell, CellState, Coverage, Ledger};
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::domain::time_range::{FetchWindow, TimeRange};

/// A range of event times in so many columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    pub range: TimeRange,
    /// How much later than an event happened it may have been processed.
    pub padding: TimeDelta,
    pub columns: usize,
}

/// A column of one place, from worst to best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    Failed,
    Denied,
    Loading,
    /// Waits, or was never asked for.
    Queued,
    Settling,
    /// A deleted compartment that no longer answers.
    Gone,
    Complete,
}

impl Axis {
    /// The columns whose events may have been processed in this window: an instant is covered when the windows over
    /// it and the padding after it are.
    pub fn columns_of(&self, window: FetchWindow) -> Range<usize> {
        let columns = self.columns as i64;
        let length = self.range.length().num_seconds().max(1);
        let seconds = |at: DateTime<Utc>| (at - self.range.start()).num_seconds();
        let first = (seconds(window.start() - self.padding) * columns).div_euclid(length);
        let end = (seconds(window.end()) * columns + length - 1).div_euclid(length);
        first.clamp(0, columns) as usize..end.clamp(0, columns) as usize
    }

    /// What is known of one region and compartment, column by column; looks at no other cell.
    pub fn band(&self, ledger: &Ledger, region: &RegionId, compartment: &Ocid) -> Vec<Mark> {
        let mut columns = vec![Coverage::default(); self.columns];
        for cell in ledger.of_place(region, compartment) {
            for (window, state) in parts(cell, ledger.state(cell), ledger.settling()) {
                let of_window = columns.get_mut(self.columns_of(window)).into_iter().flatten();
                of_window.for_each(|column| column.add(state));
            }
        }
        columns.iter().map(Mark::of).collect()
    }
}

impl Mark {
    fn of(coverage: &Coverage) -> Self {
        match coverage {
            c if c.failed > 0 => Self::Failed,
            c if c.denied > 0 => Self::Denied,
            c if c.loading > 0 => Self::Loading,
            c if c.queued > 0 => Self::Queued,
            c if c.settling > 0 => Self::Settling,
            c if c.complete > 0 => Self::Complete,
            c if c.gone > 0 => Self::Gone,
            _ => Self::Queued,
        }
    }
}

/// Of a long window that was just read only the newest minutes are settling.
pub(super) fn parts(
    cell: &Cell,
    state: CellState,
    settling: TimeDelta,
) -> impl Iterator<Item = (FetchWindow, CellState)> + use<> {
    let parts = match state {
        CellState::Settling => {
            let (read, young) = cell.settled(settling);
            [read.map(|window| (window, CellState::Complete)), young.map(|window| (window, state))]
        }
        _ => [Some((cell.key.window, state)), None],
    };
    parts.into_iter().flatten()
}
