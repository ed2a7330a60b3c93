//! What is counted for the pivot menu: asked by the machine, done on a thread of its own, told a line at a time.

use chrono::{DateTime, Utc};

use crate::app::view::Seen;
use crate::domain::access::Access;
use crate::query::{Cancel, Order, Query, Selection, select_some};

/// How much each of these asks for, of all there is in range and scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PivotRequest {
    pub generation: u64,
    /// Its totals are what is counted in.
    pub seen: Seen,
    /// What asks for everything stands for a line without a value, and is not counted.
    pub queries: Vec<Query>,
}

/// What was counted so far.
#[derive(Clone, Debug)]
pub struct PivotAnswer {
    pub generation: u64,
    /// By query.
    pub counts: Vec<Option<PivotCount>>,
    /// Nothing more comes.
    pub is_last: bool,
}

/// How many events a line leads to, and what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PivotCount {
    pub events: u64,
    /// Signing in and out is among them.
    pub writes: u64,
    pub failed: u64,
    /// When the first of them happened, of those looked at.
    pub first: Option<DateTime<Utc>>,
    /// All events were looked at.
    pub is_complete: bool,
}

impl PivotCount {
    fn of(selection: &Selection) -> Self {
        let counts = selection.counts();
        Self {
            events: counts.matched,
            writes: counts.by_access[Access::Write as usize] + counts.by_access[Access::Session as usize],
            failed: counts.failed,
            first: selection.first_time(),
            is_complete: selection.is_complete(),
        }
    }
}

/// Keeps what was found, as long as it holds.
#[derive(Debug, Default)]
pub struct PivotCounter {
    /// By query.
    found: Vec<(Query, Selection)>,
}

impl PivotCounter {
    /// Counts on until `enough` says so, one line at least; to go on, ask again. `None` when it was cancelled.
    pub fn count(
        &mut self,
        request: &PivotRequest,
        cancel: &Cancel,
        enough: &mut dyn FnMut() -> bool,
    ) -> Option<PivotAnswer> {
        let totals = &request.seen.view().totals;
        let asked = request.queries.iter().filter(|query| !query.is_everything());
        let mut unknown: Vec<&Query> = asked.filter(|query| !self.is_known(query, totals)).collect();
        unknown.sort_by_key(|query| query.reads_events());
        let mut has_counted = false;
        for query in unknown {
            // What is known at once does not wait for what must be read.
            if has_counted && (query.reads_events() || enough()) {
                break;
            }
            has_counted = true;
            let place = self.found.iter().position(|(of, _)| of == query);
            // What was found in an earlier view says more than what there is in this one.
            let before = place.map_or(&**totals, |place| &self.found[place].1);
            let found =
                select_some(totals.snapshot(), &within(query, totals), Order::default(), Some(before), cancel, enough)?;
            match place {
                Some(place) => self.found[place].1 = found,
                None => self.found.push((query.clone(), found)),
            }
        }
        let counts: Vec<Option<PivotCount>> = request.queries.iter().map(|query| self.counted(query, totals)).collect();
        let is_last = request.queries.iter().all(|query| query.is_everything() || self.is_known(query, totals));
        Some(PivotAnswer { generation: request.generation, counts, is_last })
    }

    /// What was found for it, complete or not, if that is still of what there is.
    fn found(&self, query: &Query, totals: &Selection) -> Option<&Selection> {
        let found = self.found.iter().find(|(of, _)| of == query).map(|(_, found)| found)?;
        let same = found.snapshot().version() == totals.snapshot().version();
        Some(found).filter(|found| same && *found.query() == within(query, totals))
    }

    fn is_known(&self, query: &Query, totals: &Selection) -> bool {
        self.found(query, totals).is_some_and(Selection::is_complete)
    }

    fn counted(&self, query: &Query, totals: &Selection) -> Option<PivotCount> {
        self.found(query, totals).map(PivotCount::of)
    }
}

/// The same, in range and scope.
fn within(query: &Query, totals: &Selection) -> Query {
    totals.query().clone().and_all(query.conjuncts().iter().cloned())
}
