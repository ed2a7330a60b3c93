//! What a fetch brings, on its way to the output: the events that are wanted, in order, each once, round after round.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::event::{Decoded, Flags};
use crate::domain::footprint::Footprint;
use crate::domain::lateness::Added;
use crate::domain::page::Page;
use crate::domain::problem::{Problem, ProblemKind};
use crate::export::{Ordered, Seen, Sorter, SorterSettings};
use crate::query::{Query, RecordRef, matches};

pub struct Intake {
    query: Query,
    settling: TimeDelta,
    footprint: Footprint,
    sorter: Sorter,
    /// What was received of windows that will be read again.
    seen: Seen,
}

impl Intake {
    /// `settling`: how long after its end a window is read again.
    pub fn new(query: Query, settling: TimeDelta, footprint: Footprint) -> Self {
        let sorter = Sorter::new(SorterSettings::default(), footprint.clone());
        Self { query, settling, footprint, sorter, seen: Seen::default() }
    }

    /// Takes a page; tells what was new in it, where its window had been read before.
    pub fn take(&mut self, page: &Page) -> Result<Added, Problem> {
        let Self { query, sorter, seen, .. } = self;
        let again = page.read_at.is_some();
        let young = page.cell.window.end() + self.settling > page.received_at;
        let mut added = Added::default();
        let wanted = |bytes: &[u8], decoded: &Decoded<'_>| {
            let is_new = !young || seen.is_new(bytes, page.received_at);
            if again && !is_new {
                return false;
            }
            if again {
                added.events += 1;
                if let Some(late) = decoded.fields.time.and_then(|time| page.lateness(time)) {
                    added.late.add(late);
                }
            }
            is_wanted(query, decoded, page)
        };
        sorter.push(page, wanted).map_err(|error| cannot_sort(&error))?;
        Ok(added)
    }

    /// What came since the last call, in order.
    pub fn drain(&mut self) -> Result<Ordered, Problem> {
        let next = Sorter::new(SorterSettings::default(), self.footprint.clone());
        std::mem::replace(&mut self.sorter, next).finish().map_err(|error| cannot_sort(&error))
    }

    /// Nothing that was processed before `at` is read again from now on.
    pub fn forget_before(&mut self, at: DateTime<Utc>) {
        self.seen.forget_before(at);
    }
}

/// Events without a readable time cannot be placed in the range; they are kept rather than dropped on a guess.
fn is_wanted(query: &Query, decoded: &Decoded<'_>, page: &Page) -> bool {
    let own = decoded.flags.contains(Flags::OWN);
    let (region, queried) = (&page.cell.region, &page.cell.compartment);
    decoded.fields.time.is_none() || matches(query, &RecordRef { fields: &decoded.fields, region, queried, own })
}

pub fn cannot_sort(error: &std::io::Error) -> Problem {
    Problem::new(ProblemKind::Io, format!("events cannot be put in order on disk: {error}"))
        .hint("temporary files go to TMPDIR; is it full?")
}
