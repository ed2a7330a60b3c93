//! One line of the ledger: a call chain, what was read of it, and what is being done about it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::lateness::Lateness;
use crate::domain::ocid::Ocid;
use crate::domain::problem::Problem;
use crate::domain::region::RegionId;
use crate::domain::time_range::FetchWindow;

/// Which call chain: what ListEvents was, or will be, asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct CellKey {
    pub region: RegionId,
    /// The compartment *queried*; events carry their own in `data.compartmentId`.
    pub compartment: Ocid,
    /// May end in the future; of that, what has passed is asked, and the rest when it has.
    pub window: FetchWindow,
}

/// A complete read of a cell: every page, until the service sent no further token. Reading its newest part again adds
/// to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Read {
    /// As of when: what could be read then was read. Pages may have come later than that.
    pub at: DateTime<Utc>,
    pub pages: u32,
    /// Events received; of what was read again, those that were new.
    pub events: u64,
    /// Of those, the ones that had happened before a read that did not have them yet.
    pub late: u64,
}

/// What is being done about a cell, or how the last try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Nothing; the last try, if any, ended in a complete read.
    Idle,
    Queued,
    Loading {
        pages: u32,
        events: u64,
    },
    Failed(Arc<Problem>),
    Denied(Arc<Problem>),
    Gone(Arc<Problem>),
}

/// The label of a cell, from best to worst; [`Cell::state`] derives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellState {
    Complete,
    /// Complete when it was read, but its newest minutes were too young then: late events may still arrive.
    Settling,
    Gone,
    Queued,
    Loading,
    Denied,
    Failed,
}

/// One line of the ledger.
#[derive(Clone, Debug)]
pub struct Cell {
    pub key: CellKey,
    /// The last complete read, kept while the cell is read again.
    pub read: Option<Read>,
    pub attempt: Attempt,
    /// What the last try brought before it ended without a complete read: pages and events. They are kept.
    pub broken_off: Option<(u32, u64)>,
}

impl Cell {
    pub(super) fn new(key: CellKey) -> Self {
        Self { key, read: None, attempt: Attempt::Queued, broken_off: None }
    }

    /// `settling`: how long after its end a window must have been read to be final.
    pub fn state(&self, settling: TimeDelta) -> CellState {
        match (&self.read, &self.attempt) {
            (Some(read), _) if read.at >= self.key.window.end() + settling => CellState::Complete,
            (Some(_), _) => CellState::Settling,
            // A cell without a read is never idle: `apply` sets both at once.
            (None, Attempt::Idle | Attempt::Queued) => CellState::Queued,
            (None, Attempt::Loading { .. }) => CellState::Loading,
            (None, Attempt::Failed(_)) => CellState::Failed,
            (None, Attempt::Denied(_)) => CellState::Denied,
            (None, Attempt::Gone(_)) => CellState::Gone,
        }
    }

    /// The part of the window that the last complete read found final, and the newest part, that may still grow.
    /// `settling`: see [`state`](Self::state).
    pub fn settled(&self, settling: TimeDelta) -> (Option<FetchWindow>, Option<FetchWindow>) {
        let Some(read) = self.read else { return (None, None) };
        let window = self.key.window;
        let minute = (read.at - settling).timestamp().div_euclid(60).clamp(window.start_minute(), window.end_minute());
        (
            FetchWindow::from_minutes(window.start_minute(), minute),
            FetchWindow::from_minutes(minute, window.end_minute()),
        )
    }

    /// Whether something is being done about it, or will be.
    pub fn is_under_way(&self) -> bool {
        matches!(self.attempt, Attempt::Queued | Attempt::Loading { .. })
    }

    /// Why the last try ended without a complete read.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.attempt {
            Attempt::Failed(problem) | Attempt::Denied(problem) | Attempt::Gone(problem) => Some(problem),
            Attempt::Idle | Attempt::Queued | Attempt::Loading { .. } => None,
        }
    }

    pub(super) fn apply(&mut self, change: Change) {
        match &change {
            Change::Failed(_) | Change::Denied(_) | Change::Gone(_) => {
                self.broken_off = Some(self.loaded()).filter(|(pages, _)| *pages > 0);
            }
            Change::NotKept(_) => {
                let read = self.read.take().map(|read| (read.pages, read.events));
                self.broken_off = read.or(Some(self.loaded())).filter(|(pages, _)| *pages > 0);
            }
            Change::Complete { .. } => self.broken_off = None,
            _ => {}
        }
        self.attempt = match change {
            Change::Queued => Attempt::Queued,
            Change::Started => Attempt::Loading { pages: 0, events: 0 },
            Change::Page { events } => {
                let (pages, before) = self.loaded();
                Attempt::Loading { pages: pages + 1, events: before + events }
            }
            Change::Added { events, late } => {
                if let Some(read) = &mut self.read {
                    read.events += events;
                    read.late += late.events();
                }
                return;
            }
            Change::Complete { at } => {
                let (pages, events) = self.loaded();
                self.read = Some(match self.read {
                    None => Read { at, pages, events, late: 0 },
                    Some(before) => Read { at: at.max(before.at), pages: before.pages + pages, ..before },
                });
                Attempt::Idle
            }
            Change::Failed(problem) | Change::NotKept(problem) => Attempt::Failed(problem),
            Change::Denied(problem) => Attempt::Denied(problem),
            Change::Gone(problem) => Attempt::Gone(problem),
            // The ledger takes such a cell out.
            Change::Split => Attempt::Idle,
        };
    }

    /// Pages and events that the current attempt received.
    fn loaded(&self) -> (u32, u64) {
        match self.attempt {
            Attempt::Loading { pages, events } => (pages, events),
            _ => (0, 0),
        }
    }
}

/// Something that happened to a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellUpdate {
    pub key: CellKey,
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Queued,
    Started,
    /// A page arrived.
    Page {
        events: u64,
    },
    /// A page of a window that had been read before held this many new events. Who counts pages cannot tell; who keeps
    /// events says so.
    Added {
        events: u64,
        late: Lateness,
    },
    /// The last page arrived. What could be read at `at` was read; see [`Read::at`].
    Complete {
        at: DateTime<Utc>,
    },
    Failed(Arc<Problem>),
    Denied(Arc<Problem>),
    Gone(Arc<Problem>),
    /// Events of it were read and could not be kept: it does not count as read, whatever was said of it before.
    NotKept(Arc<Problem>),
    /// It turned out to be long; cells that tile its window take its place.
    Split,
}
