//! Rows in the order of a column's value: four bytes for each.
//!
//! The values that occur are put in order, and how many rows have each is counted; so it is known where the rows of a
//! value begin, and one pass over all rows puts each in its place. That pass goes from the newest to the oldest, which is
//! the order of rows with the same value. Where a row stands is found by searching for its value and its time.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::descent::newest_first;
use super::mask::{WORD, below};
use super::ranking::Ranking;
use super::select::Cancel;
use super::selection::{Order, Selection};
use crate::index::{Column, EventKey, RowId, Snapshot};

/// See the module.
#[derive(Debug)]
pub(super) struct Sorted {
    column: Column,
    descending: bool,
    /// The number of each segment's first row, when the rows of all segments are counted through.
    starts: Box<[u32]>,
    /// The numbers of the rows that match.
    rows: Box<[u32]>,
    /// A bit for each that failed; empty when none did.
    failed: Box<[u64]>,
}

impl Selection {
    /// The same rows in another order. `None` when it was cancelled.
    pub(super) fn in_order(mut self, order: Order, cancel: &Cancel) -> Option<Self> {
        if self.order != order {
            self.sorted = match order {
                Order::By { column, descending } => Some(Arc::new(Sorted::new(&self, column, descending, cancel)?)),
                Order::NewestFirst | Order::OldestFirst => None,
            };
            self.order = order;
        }
        Some(self)
    }
}

impl Sorted {
    fn new(selection: &Selection, column: Column, descending: bool, cancel: &Cancel) -> Option<Self> {
        let snapshot = &*selection.snapshot;
        let mut next = places(selection, column, descending, cancel)?;
        let starts = snapshot.segments().iter().scan(0, |end, segment| {
            let start = *end;
            *end += segment.end() as u32;
            Some(start)
        });
        let starts: Box<[u32]> = starts.collect();
        let failing = selection.counts.failed > 0;
        let mut rows = vec![0; selection.len()];
        let mut failed = vec![0; if failing { selection.len().div_ceil(WORD) } else { 0 }];
        newest_first(selection.ground(), cancel, |id| {
            let (number, row) = (id.segment as usize, id.row as usize);
            let segment = &snapshot.segments()[number];
            let next = &mut next[segment.codes(column).get(row) as usize];
            let place = *next as usize;
            rows[place] = starts[number] + id.row;
            if failing {
                failed[place / WORD] |= u64::from(segment.failed().get(row)) << (place % WORD);
            }
            *next += 1;
        })?;
        Some(Self { column, descending, starts, rows: rows.into(), failed: failed.into() })
    }

    /// The rows of a window of ranks, as far as there are any.
    pub fn rows(&self, ranks: Range<usize>) -> Vec<RowId> {
        self.rows.get(ranks).unwrap_or_default().iter().map(|number| self.row(*number)).collect()
    }

    /// Where an event stands, or would stand. One that is not in the snapshot has no value.
    pub fn rank_of(&self, key: EventKey, snapshot: &Snapshot) -> usize {
        let ranking = Ranking::new(self.column, snapshot.dictionary(self.column), self.descending);
        let code_of = |row| snapshot.row(row).map_or(0, |row| row.code(self.column));
        let code = snapshot.find(key).map_or(0, code_of);
        let compare = |row: RowId| -> Ordering {
            let by_time = || Some(key).cmp(&snapshot.key(row));
            ranking.compare(code_of(row), code).then_with(by_time)
        };
        self.rows.partition_point(|number| compare(self.row(*number)).is_lt())
    }

    /// Where the next failed row after that at `rank` stands, or the one before it.
    pub fn next_failed(&self, rank: usize, forward: bool) -> Option<usize> {
        if rank >= self.rows.len() {
            return None;
        }
        let (here, words) = (rank / WORD, self.failed.len());
        let before = below(rank % WORD);
        let word = |place: usize, kept: u64| self.failed.get(place).map_or(0, |word| word & kept);
        if forward {
            let rest = (here + 1..words).map(|place| (place, word(place, u64::MAX)));
            let mut later = [(here, word(here, !before & !(1 << (rank % WORD))))].into_iter().chain(rest);
            later.find_map(|(place, word)| (word != 0).then(|| place * WORD + word.trailing_zeros() as usize))
        } else {
            let rest = (0..here).rev().map(|place| (place, word(place, u64::MAX)));
            let mut earlier = [(here, word(here, before))].into_iter().chain(rest);
            earlier.find_map(|(place, word)| Some(place * WORD + word.checked_ilog2()? as usize))
        }
    }

    fn row(&self, number: u32) -> RowId {
        let segment = self.starts.partition_point(|start| *start <= number).saturating_sub(1);
        RowId { segment: segment as u32, row: number - self.starts[segment] }
    }
}

/// By code, at which rank its rows begin.
fn places(selection: &Selection, column: Column, descending: bool, cancel: &Cancel) -> Option<Vec<u32>> {
    let dictionary = selection.snapshot.dictionary(column);
    let facet = selection.facet(column, cancel)?;
    let mut places = vec![0; dictionary.len() as usize];
    facet.values.iter().for_each(|(code, count)| places[*code as usize] = *count as u32);
    let codes = facet.values.into_iter().map(|(code, _)| code);
    let mut sum = 0;
    for code in Ranking::new(column, dictionary, descending).sorted(codes, cancel)? {
        let count = std::mem::replace(&mut places[code as usize], sum);
        sum += count;
    }
    Some(places)
}

#[cfg(test)]
#[path = "sorted_tests.rs"]
mod tests;
