//! How many rows of one segment have which values in several columns at once.
//!
//! A segment's columns hold small numbers. Together they make the number of a cell, so a row costs a step in an array; only
//! where there would be more cells than rows are tuples of codes looked up instead.

use std::collections::HashMap;

use super::mask::{Mask, WORD, bits};
use crate::index::{Codes, Segment};

/// The most cells that are counted in an array: as many as a segment has rows.
const CELLS: usize = 1 << 16;

/// Something that rows are counted by.
#[derive(Clone, Copy)]
pub(super) enum Axis<'a> {
    Codes(&'a Codes),
    /// The codes are those of [`Access`](crate::domain::access::Access).
    Access(&'a Segment),
}

/// Rows of the mask by their codes, one for each axis. No tuple comes twice, and none without rows.
pub(super) fn grid(axes: &[Axis<'_>], mask: &Mask) -> Vec<(Vec<u32>, u64)> {
    let rows = mask.count();
    let kinds = axes.iter().map(Axis::kinds);
    match kinds.fold(1, usize::saturating_mul) {
        _ if rows == 0 => Vec::new(),
        1 => vec![(axes.iter().map(|axis| axis.code(0)).collect(), rows)],
        cells if cells <= CELLS => in_array(axes, cells, mask),
        _ => in_map(axes, mask),
    }
}

fn in_array(axes: &[Axis<'_>], cells: usize, mask: &Mask) -> Vec<(Vec<u32>, u64)> {
    let mut counts = vec![0_u64; cells];
    for (place, word) in mask.words().iter().enumerate().filter(|(_, word)| **word != 0) {
        let mut here = [0; WORD];
        for axis in axes {
            axis.step(place * WORD, *word, &mut here);
        }
        bits(*word).for_each(|bit| counts[here[bit]] += 1);
    }
    let counted = counts.into_iter().enumerate().filter(|(_, count)| *count > 0);
    counted.map(|(cell, count)| (codes_of(axes, cell), count)).collect()
}

/// The codes that a cell stands for.
fn codes_of(axes: &[Axis<'_>], mut cell: usize) -> Vec<u32> {
    let mut codes = vec![0; axes.len()];
    for (code, axis) in codes.iter_mut().zip(axes).rev() {
        *code = axis.code(cell % axis.kinds());
        cell /= axis.kinds();
    }
    codes
}

fn in_map(axes: &[Axis<'_>], mask: &Mask) -> Vec<(Vec<u32>, u64)> {
    let mut counts: HashMap<Vec<u32>, u64> = HashMap::new();
    let mut key = vec![0; axes.len()];
    for row in mask.rows() {
        key.iter_mut().zip(axes).for_each(|(code, axis)| *code = axis.get(row));
        match counts.get_mut(&key) {
            Some(count) => *count += 1,
            None => drop(counts.insert(key.clone(), 1)),
        }
    }
    counts.into_iter().collect()
}

impl Axis<'_> {
    /// How many numbers there are; more than can be counted in an array where there are none.
    fn kinds(&self) -> usize {
        match self {
            Self::Codes(Codes::Same(_)) => 1,
            Self::Codes(Codes::Byte { table, .. } | Codes::Short { table, .. }) => table.codes().len(),
            Self::Codes(Codes::Wide(_)) => CELLS + 1,
            Self::Access(_) => 3,
        }
    }

    /// Goes on to the cells of 64 rows along this axis.
    fn step(&self, first: usize, word: u64, cells: &mut [usize; WORD]) {
        let kinds = self.kinds();
        let on = |cell: &mut usize, number: usize| *cell = *cell * kinds + number;
        match self {
            Self::Codes(Codes::Byte { rows, .. }) => {
                bits(word).for_each(|bit| on(&mut cells[bit], usize::from(rows[first + bit])));
            }
            Self::Codes(Codes::Short { rows, .. }) => {
                bits(word).for_each(|bit| on(&mut cells[bit], usize::from(rows[first + bit])));
            }
            Self::Codes(Codes::Same(_) | Codes::Wide(_)) => {}
            Self::Access(segment) => {
                bits(word).for_each(|bit| on(&mut cells[bit], segment.access(first + bit) as usize));
            }
        }
    }

    /// The code of a number.
    fn code(&self, number: usize) -> u32 {
        match self {
            Self::Codes(Codes::Same(code)) => *code,
            Self::Codes(Codes::Byte { table, .. } | Codes::Short { table, .. }) => table.codes()[number],
            Self::Codes(Codes::Wide(_)) => 0,
            Self::Access(_) => number as u32,
        }
    }

    fn get(&self, row: usize) -> u32 {
        match self {
            Self::Codes(codes) => codes.get(row),
            Self::Access(segment) => segment.access(row) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_are_counted_as_one_by_one(
            rows in prop::collection::vec((0..70_000u32, any::<bool>()), 1..1_500),
            kinds in prop::collection::vec(prop::sample::select(vec![1u32, 2, 200, 700, 100_000]), 1..4),
        ) {
            let of = |kinds: &u32| rows.iter().map(|(value, _)| value / 3 % kinds).collect::<Vec<u32>>();
            let columns: Vec<Codes> = kinds.iter().map(|kinds| Codes::of(&of(kinds))).collect();
            let mut mask = Mask::of(0..rows.len());
            mask.retain(|row| rows[row].1);
            let mut expected: HashMap<Vec<u32>, u64> = HashMap::new();
            for row in mask.rows() {
                *expected.entry(columns.iter().map(|codes| codes.get(row)).collect()).or_default() += 1;
            }
            let axes: Vec<Axis<'_>> = columns.iter().map(Axis::Codes).collect();
            let counted = grid(&axes, &mask);
            prop_assert_eq!(counted.len(), expected.len());
            prop_assert_eq!(counted.into_iter().collect::<HashMap<_, _>>(), expected.clone());
            // However they are counted.
            if !expected.is_empty() {
                prop_assert_eq!(in_map(&axes, &mask).into_iter().collect::<HashMap<_, _>>(), expected);
            }
        }
    }
}
