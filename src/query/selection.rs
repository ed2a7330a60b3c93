//! The rows of a snapshot that answer a query, in order, and how many there are of what.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};

use super::histogram::{Bucket, Histogram};
use super::hits::Tally;
use super::plan::Plan;
use super::select::{Found, Places};
use super::sorted::Sorted;
use super::term::{AccessSet, Query};
use super::walk::{Ground, Lines};
use crate::domain::access::Access;
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::domain::time_range::TimeRange;
use crate::index::{Column, EventKey, RowId, Segment, SegmentId, Snapshot};

/// In which order rows are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Events without a time come last.
    #[default]
    NewestFirst,
    OldestFirst,
    /// By what stands in a column: texts in any case, a status as a number, nothing last. Rows of the same value stand
    /// newest first.
    By {
        column: Column,
        descending: bool,
    },
}

/// See the module. Holds its snapshot, so its rows can always be read. Cheap to share, not to clone: use an `Arc`.
#[derive(Clone, Debug)]
pub struct Selection {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) query: Query,
    pub(super) order: Order,
    /// The rows, where they are not in the order of time.
    pub(super) sorted: Option<Arc<Sorted>>,
    pub(super) plan: Arc<Plan>,
    /// What was found in each segment of the snapshot.
    pub(super) parts: Arc<[Part]>,
    pub(super) lines: Arc<Lines>,
    pub(super) counts: Counts,
    /// Rows that were not looked at.
    pub(super) unseen: usize,
    /// Where its rows come from, once somebody has asked.
    pub(super) places: Arc<OnceLock<Places>>,
}

#[derive(Clone, Debug)]
pub(super) struct Part {
    pub segment: SegmentId,
    /// Where the segment's rows began at that time.
    pub first: usize,
    pub found: Arc<Found>,
    pub is_seen: bool,
}

/// How many rows match, and how many would if a switch were set otherwise. Arrays by access are in the order of
/// [`Access::ALL`].
///
/// A read of our own that another switch hides as well as `-is:self` counts with the other one, so that no row is said to
/// be hidden twice and none is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub matched: u64,
    /// Of the rows that match.
    pub failed: u64,
    /// Of the rows that match.
    pub by_access: [u64; 3],
    /// Rows that match the query without its access term and `-is:self`.
    pub any_access: [u64; 3],
    /// How many of those are our own reads.
    pub any_access_own: u64,
    /// Rows that match the query but for `-is:self`: what this hides. 0 where the query does not say it.
    pub own_hidden: u64,
    /// Rows that match the query without its failed term and `-is:self`: those that did not fail, and those that did.
    pub any_outcome: [u64; 2],
}

impl Counts {
    /// How many rows the access term hides.
    pub fn hidden_by_access(&self, shown: AccessSet) -> u64 {
        Access::ALL.iter().zip(self.any_access).filter(|(access, _)| !shown.contains(**access)).map(|(_, n)| n).sum()
    }

    pub(super) fn count_hits(&mut self, hits: Tally) {
        self.matched = u64::from(hits.all);
        self.failed = u64::from(hits.failed);
        self.by_access = hits.by_access();
    }

    pub(super) fn add(&mut self, other: &Self) {
        let add = |to: &mut [u64], from: &[u64]| to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        self.matched += other.matched;
        self.own_hidden += other.own_hidden;
        self.any_access_own += other.any_access_own;
        self.failed += other.failed;
        add(&mut self.by_access, &other.by_access);
        add(&mut self.any_access, &other.any_access);
        add(&mut self.any_outcome, &other.any_outcome);
    }
}

impl Selection {
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether every row was looked at. If not, those that were are the newest, and there may be more than it says.
    pub fn is_complete(&self) -> bool {
        self.unseen == 0
    }

    /// How many rows were looked at, of all that there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.snapshot.len() - self.unseen, self.snapshot.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    pub fn query(&self) -> &Query {
        &self.query
    }

    pub fn order(&self) -> Order {
        self.order
    }

    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The row that stands at `rank`, counted from 0. For several at once, [`rows`](Self::rows) is quicker.
    pub fn row(&self, rank: usize) -> Option<RowId> {
        self.rows(rank..rank.saturating_add(1)).next()
    }

    /// The rows of a window of ranks; as many of them as there are.
    pub fn rows(&self, ranks: Range<usize>) -> impl ExactSizeIterator<Item = RowId> + use<> {
        let len = self.len();
        let (start, end) = (ranks.start.min(len), ranks.end.min(len));
        if let Some(sorted) = &self.sorted {
            return sorted.rows(start.min(end)..end).into_iter();
        }
        if self.order == Order::OldestFirst {
            return self.lines.rows(start..end, self.ground()).into_iter();
        }
        let mut rows = self.lines.rows(len - end.max(start)..len - start, self.ground());
        rows.reverse();
        rows.into_iter()
    }

    /// Who the event at `rank` is.
    pub fn key(&self, rank: usize) -> Option<EventKey> {
        self.snapshot.key(self.row(rank)?)
    }

    /// Where an event stands, `Err` with where it would stand if it is not selected (at most `len`).
    pub fn rank_of(&self, key: EventKey) -> Result<usize, usize> {
        let (place, backwards) = match &self.sorted {
            Some(sorted) => (sorted.rank_of(key, &self.snapshot), false),
            None => (self.lines.rank_of(key, self.ground()), self.order != Order::OldestFirst),
        };
        let before = if backwards { (self.len() - place).checked_sub(1) } else { Some(place) };
        match before.filter(|rank| self.key(*rank) == Some(key)) {
            Some(rank) => Ok(rank),
            None if backwards => Err(self.len() - place),
            None => Err(place),
        }
    }

    /// Where an event stands, or the last one that is not beyond its place; `None` when nothing is selected.
    pub fn rank_near(&self, key: EventKey) -> Option<usize> {
        let last = self.len().checked_sub(1)?;
        Some(self.rank_of(key).unwrap_or_else(|place| place).min(last))
    }

    /// Where the next failed event after that at `rank` stands, or the one before it.
    pub fn next_failed(&self, rank: usize, forward: bool) -> Option<usize> {
        if let Some(sorted) = &self.sorted {
            return sorted.next_failed(rank, forward);
        }
        let later = forward == (self.order == Order::OldestFirst);
        let found = self.lines.next_failed(self.key(rank)?, later, self.ground())?;
        self.rank_of(found).ok()
    }

    /// When the first of the rows happened, of those that say so.
    pub fn first_time(&self) -> Option<DateTime<Utc>> {
        let first = |(segment, part): (&Arc<Segment>, &Part)| {
            let untimed = segment.times().before(EventKey::NO_TIME + 1);
            let row = part.found.hits.mask().rows().find(|row| *row >= untimed)?;
            Some(segment.times().get(row))
        };
        let micros = self.snapshot.segments().iter().zip(&*self.parts).filter_map(first).min()?;
        DateTime::from_timestamp_micros(micros)
    }

    /// Rows by their time, in `buckets` equal parts of `range`.
    pub fn histogram(&self, range: TimeRange, buckets: usize) -> Histogram {
        Histogram::new(range, buckets, |micros| {
            let tally = self.lines.before(micros, self.ground());
            Bucket { by_access: tally.by_access().map(|count| count as u32), failed: tally.failed }
        })
    }

    /// How many rows were read by asking for this compartment, its subtree not included; over the rows that match
    /// everything but the scope.
    pub fn in_compartment(&self, compartment: &Ocid) -> u64 {
        self.places().compartments.get(compartment).copied().unwrap_or(0)
    }

    /// How many rows were read in this region; over the rows that match everything but the scope.
    pub fn in_region(&self, region: &RegionId) -> u64 {
        self.places().regions.get(region).copied().unwrap_or(0)
    }

    fn places(&self) -> &Places {
        self.places.get_or_init(|| Places::of(self))
    }

    pub(super) fn ground(&self) -> Ground<'_> {
        Ground { snapshot: &self.snapshot, parts: &self.parts }
    }
}
