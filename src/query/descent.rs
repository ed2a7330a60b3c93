//! All rows that match, the newest first, one after the other.

use std::ops::Range;

use super::mask::{WORD, bits_from_end};
use super::select::Cancel;
use super::walk::Ground;
use crate::index::{EventKey, RowId};

/// Rows that are visited before somebody is asked whether it is still wanted.
const STRIDE: usize = 1 << 14;

/// Calls with every row that matches, the newest first. `None` when it was cancelled.
pub(super) fn newest_first(ground: Ground<'_>, cancel: &Cancel, mut visit: impl FnMut(RowId)) -> Option<()> {
    let mut visited = 0_usize;
    let mut visit = |row| {
        visit(row);
        visited += 1;
        (!visited.is_multiple_of(STRIDE) || !cancel.is_cancelled()).then_some(())
    };
    let mut runs: Vec<_> = ground.snapshot.runs().map(|places| rows_of(places, ground)).collect();
    if let [run] = &mut *runs {
        return run.try_for_each(visit);
    }
    let mut heads: Vec<Head<_>> = runs.into_iter().filter_map(|run| Head::of(run, ground)).collect();
    while let Some(newest) = newest(&heads, ground) {
        visit(heads[newest].row)?;
        if !heads[newest].advance(ground) {
            heads.swap_remove(newest);
        }
    }
    Some(())
}

/// The rows of a run that match, the newest first.
fn rows_of(places: Range<usize>, ground: Ground<'_>) -> impl Iterator<Item = RowId> {
    let parts = ground.parts.get(places.clone()).unwrap_or_default();
    parts.iter().zip(places).rev().flat_map(|(part, segment)| {
        let words = part.found.hits.mask().words().iter().enumerate().rev();
        words.flat_map(move |(place, word)| {
            bits_from_end(*word).map(move |bit| RowId { segment: segment as u32, row: (place * WORD + bit) as u32 })
        })
    })
}

/// Where a run has come to.
struct Head<I> {
    rows: I,
    row: RowId,
    micros: i64,
}

impl<I: Iterator<Item = RowId>> Head<I> {
    fn of(mut rows: I, ground: Ground<'_>) -> Option<Self> {
        let row = rows.next()?;
        Some(Self { rows, row, micros: micros(row, ground) })
    }

    /// Goes to the next row, if there is one.
    fn advance(&mut self, ground: Ground<'_>) -> bool {
        let next = self.rows.next();
        if let Some(row) = next {
            (self.row, self.micros) = (row, micros(row, ground));
        }
        next.is_some()
    }
}

fn micros(row: RowId, ground: Ground<'_>) -> i64 {
    let segment = ground.snapshot.segments().get(row.segment as usize);
    segment.map_or(EventKey::NO_TIME, |segment| segment.times().get(row.row as usize))
}

/// The head that is the newest. Digests lie with the bytes, so they are looked up only where the time does not decide.
fn newest<I>(heads: &[Head<I>], ground: Ground<'_>) -> Option<usize> {
    let key = |head: &Head<I>| ground.snapshot.key(head.row);
    let is_newer =
        |one: &Head<I>, other: &Head<I>| one.micros.cmp(&other.micros).then_with(|| key(one).cmp(&key(other))).is_gt();
    (0..heads.len()).reduce(|best, next| if is_newer(&heads[next], &heads[best]) { next } else { best })
}
