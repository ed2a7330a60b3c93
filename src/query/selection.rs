//! The rows of a snapshot that answer a query, in order, and how many there are of what.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::histogram::{Bucket, Histogram};
use super::plan::Plan;
use super::term::{AccessSet, Query};
use crate::domain::access::Access;
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::domain::time_range::TimeRange;
use crate::index::{EventKey, RowId, Segment, SegmentId, Snapshot};

/// In which order rows are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Events without a time come last.
    #[default]
    NewestFirst,
    OldestFirst,
}

/// See the module. Holds its snapshot, so its rows can always be read. Cheap to share, not to clone: use an `Arc`.
#[derive(Clone, Debug)]
pub struct Selection {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) query: Query,
    pub(super) order: Order,
    pub(super) plan: Arc<Plan>,
    /// What was found in each segment of the snapshot.
    pub(super) parts: Arc<[Part]>,
    /// Oldest first.
    pub(super) entries: Arc<[Entry]>,
    pub(super) counts: Counts,
    pub(super) compartments: Arc<HashMap<Ocid, u64>>,
    pub(super) regions: Arc<HashMap<RegionId, u64>>,
}

/// A row of the selection, with what the histogram asks, so that it need not go to the columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub micros: i64,
    pub part: u32,
    pub row: u16,
    pub access: Access,
    pub failed: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Part {
    pub segment: SegmentId,
    pub counts: Arc<PartCounts>,
}

#[derive(Debug, Default)]
pub(super) struct PartCounts {
    pub counts: Counts,
    /// Rows that match but for the scope, by codes of (queried compartment, region).
    pub origins: Vec<((u32, u32), u64)>,
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
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
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

    /// The row that stands at `rank`, counted from 0.
    pub fn row(&self, rank: usize) -> Option<RowId> {
        self.entry(rank).and_then(|entry| self.row_of(entry))
    }

    /// The rows of a window of ranks; as many of them as there are.
    pub fn rows(&self, ranks: Range<usize>) -> impl Iterator<Item = RowId> {
        (ranks.start..ranks.end.min(self.len())).filter_map(|rank| self.row(rank))
    }

    /// Who the event at `rank` is.
    pub fn key(&self, rank: usize) -> Option<EventKey> {
        self.entry(rank).and_then(|entry| entry.key(&self.snapshot))
    }

    /// Where an event stands, `Err` with where it would stand if it is not selected (at most `len`).
    pub fn rank_of(&self, key: EventKey) -> Result<usize, usize> {
        let found = self.entries.binary_search_by(|entry| {
            entry.micros.cmp(&key.micros).then_with(|| entry.key(&self.snapshot).cmp(&Some(key)))
        });
        match self.order {
            Order::OldestFirst => found,
            Order::NewestFirst => match found {
                Ok(place) => Ok(self.len() - 1 - place),
                Err(place) => Err(self.len() - place),
            },
        }
    }

    /// Where an event stands, or the last one that is not beyond its place; `None` when nothing is selected.
    pub fn rank_near(&self, key: EventKey) -> Option<usize> {
        let last = self.len().checked_sub(1)?;
        Some(self.rank_of(key).unwrap_or_else(|place| place).min(last))
    }

    /// Rows by their time, in `buckets` equal parts of `range`.
    pub fn histogram(&self, range: TimeRange, buckets: usize) -> Histogram {
        let mut histogram = Histogram::new(range, buckets);
        let first = self.entries.partition_point(|entry| entry.micros < range.start().timestamp_micros());
        let end = self.entries.partition_point(|entry| entry.micros < range.end().timestamp_micros());
        for entry in self.entries.get(first..end).unwrap_or_default() {
            histogram.count(entry.micros, Bucket::one(entry.access, entry.failed));
        }
        histogram
    }

    /// How many rows were read by asking for this compartment, its subtree not included; over the rows that match
    /// everything but the scope.
    pub fn in_compartment(&self, compartment: &Ocid) -> u64 {
        self.compartments.get(compartment).copied().unwrap_or(0)
    }

    /// How many rows were read in this region; over the rows that match everything but the scope.
    pub fn in_region(&self, region: &RegionId) -> u64 {
        self.regions.get(region).copied().unwrap_or(0)
    }

    fn entry(&self, rank: usize) -> Option<&Entry> {
        match self.order {
            Order::OldestFirst => self.entries.get(rank),
            Order::NewestFirst => self.entries.get(self.len().checked_sub(rank + 1)?),
        }
    }

    fn row_of(&self, entry: &Entry) -> Option<RowId> {
        let segment = self.parts.get(entry.part as usize)?.segment;
        Some(RowId { segment, row: u32::from(entry.row) })
    }
}

impl Entry {
    /// `part` is a place in the snapshot's list of segments.
    pub fn key(&self, snapshot: &Snapshot) -> Option<EventKey> {
        let segment: &Segment = snapshot.segments().get(self.part as usize)?;
        segment.key(usize::from(self.row))
    }
}
