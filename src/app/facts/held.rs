//! What holding the events takes, and what a limit of that has led to.

use crate::index::{Memory, Pressure, Snapshot};

#[derive(Clone, Debug, Default)]
pub struct HeldFacts {
    /// Events held, in whatever scope and range.
    pub events: u64,
    pub memory: Memory,
    /// Events that were read and are not held, because there was no memory left.
    pub refused: u64,
    /// `None` without a limit.
    pub pressure: Option<Pressure>,
}

impl HeldFacts {
    /// Adds up; not for frames.
    pub fn of(snapshot: &Snapshot) -> Self {
        let totals = snapshot.totals();
        Self {
            events: totals.events,
            memory: snapshot.memory(),
            refused: totals.refused,
            pressure: snapshot.pressure().cloned(),
        }
    }

    /// Bytes of memory that an event takes on average; `None` without events.
    pub fn bytes_an_event(&self) -> Option<u64> {
        self.memory.resident().checked_div(self.events)
    }
}
