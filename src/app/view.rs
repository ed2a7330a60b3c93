//! View: one consistent version of all that can be seen.
//!
//! Made off the screen's thread whenever the holdings, the ledger or the request change. Everything in it belongs
//! together: rows, counts and coverage of the same instant.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::ledger::Ledger;
use crate::index::{EventKey, RowView, Snapshot};
use crate::query::{Selection, WhyNone};

use super::facts::Facts;

pub use crate::query::{Bucket, Histogram};

#[derive(Clone, Debug)]
pub struct View {
    /// Of the [`SelectRequest`](super::effect::SelectRequest) that this answers.
    pub generation: u64,
    pub snapshot: Arc<Snapshot>,
    /// The rows that match.
    pub selection: Arc<Selection>,
    /// The rows that are there: same range and scope, no filters.
    pub totals: Arc<Selection>,
    /// Of the rows that match.
    pub histogram: Histogram,
    pub ledger: Arc<Ledger>,
    /// What may be said about all this.
    pub facts: Arc<Facts>,
    /// Why nothing matches; comes after the first view of that.
    pub why: Option<Arc<WhyNone>>,
    /// What selecting cost.
    pub elapsed: Duration,
}

/// A view as part of a question: the same only as itself.
#[derive(Clone, Debug)]
pub struct Seen(pub Arc<View>);

impl Seen {
    pub fn view(&self) -> &Arc<View> {
        &self.0
    }
}

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Seen {}

impl View {
    /// As it is shown after `before`. The same answer over the same events, which were only put in order meanwhile, has
    /// cost what it cost at first: nothing changes on the screen.
    pub fn after(self: Arc<Self>, before: Option<&Self>) -> Arc<Self> {
        let repeats = |before: &&Self| {
            before.generation == self.generation
                && before.snapshot.len() == self.snapshot.len()
                && before.selection.is_complete()
        };
        match before.filter(repeats) {
            Some(before) => Arc::new(Self { elapsed: before.elapsed, ..Self::clone(&self) }),
            None => self,
        }
    }

    pub fn matched(&self) -> usize {
        self.selection.len()
    }

    /// The rows of a window of ranks.
    pub fn rows(&self, ranks: Range<usize>) -> impl Iterator<Item = RowView<'_>> {
        let snapshot = self.selection.snapshot();
        self.selection.rows(ranks).filter_map(|id| snapshot.row(id))
    }

    pub fn key(&self, rank: usize) -> Option<EventKey> {
        self.selection.key(rank)
    }

    /// Where an event stands, or the last one that is not beyond its place.
    pub fn rank_near(&self, key: EventKey) -> Option<usize> {
        self.selection.rank_near(key)
    }
}
