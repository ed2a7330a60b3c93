//! How much of what was planned is read.

use std::ops::{AddAssign, SubAssign};

use serde::{Deserialize, Serialize};

use super::cell::CellState;

/// How many cells are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    pub complete: usize,
    pub settling: usize,
    pub gone: usize,
    pub queued: usize,
    pub loading: usize,
    pub denied: usize,
    pub failed: usize,
}

impl Coverage {
    pub fn add(&mut self, state: CellState) {
        *self.count(state) += 1;
    }

    /// Takes back what [`add`](Self::add) counted.
    pub(super) fn remove(&mut self, state: CellState) {
        *self.count(state) -= 1;
    }

    fn count(&mut self, state: CellState) -> &mut usize {
        match state {
            CellState::Complete => &mut self.complete,
            CellState::Settling => &mut self.settling,
            CellState::Gone => &mut self.gone,
            CellState::Queued => &mut self.queued,
            CellState::Loading => &mut self.loading,
            CellState::Denied => &mut self.denied,
            CellState::Failed => &mut self.failed,
        }
    }

    pub fn total(&self) -> usize {
        self.read() + self.gone + self.unfinished() + self.denied + self.failed
    }

    /// Cells with a complete read, settling ones included.
    pub fn read(&self) -> usize {
        self.complete + self.settling
    }

    pub fn unfinished(&self) -> usize {
        self.queued + self.loading
    }

    /// Whether everything that can be asked was read to its end. Settling windows count as read; deleted compartments
    /// that no longer answer can not be asked. False when nothing was planned.
    pub fn is_complete(&self) -> bool {
        self.total() > 0 && self.unfinished() + self.denied + self.failed == 0
    }

    /// Whether a total may still grow: [`is_complete`](Self::is_complete) does not hold, or windows are settling.
    pub fn is_lower_bound(&self) -> bool {
        !self.is_complete() || self.settling > 0
    }

    /// Nothing could be read, and permission was the reason at least once.
    pub fn nothing_readable(&self) -> bool {
        self.denied > 0 && self.read() + self.unfinished() + self.failed == 0
    }

    /// Cells that can be asked: all but those of deleted compartments that no longer answer.
    pub fn askable(&self) -> usize {
        self.total() - self.gone
    }

    /// Share of cells read, in percent, rounded down so that 100 means all. `None` when nothing was planned.
    pub fn percent(&self) -> Option<u8> {
        let askable = self.askable();
        match (self.total(), askable) {
            (0, _) => None,
            (_, 0) => Some(100),
            _ => Some((self.read() * 100 / askable) as u8),
        }
    }
}

impl AddAssign for Coverage {
    fn add_assign(&mut self, other: Self) {
        self.complete += other.complete;
        self.settling += other.settling;
        self.gone += other.gone;
        self.queued += other.queued;
        self.loading += other.loading;
        self.denied += other.denied;
        self.failed += other.failed;
    }
}

/// Takes back what was added before.
impl SubAssign for Coverage {
    fn sub_assign(&mut self, other: Self) {
        self.complete -= other.complete;
        self.settling -= other.settling;
        self.gone -= other.gone;
        self.queued -= other.queued;
        self.loading -= other.loading;
        self.denied -= other.denied;
        self.failed -= other.failed;
    }
}
