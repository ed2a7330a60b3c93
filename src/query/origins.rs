//! How many rows come from where: which compartment was asked, in which region.

use std::collections::HashMap;

use super::mask::{Mask, WORD, bits};
use crate::index::{Codes, Column, Segment};

/// Rows by codes of (queried compartment, region).
pub(super) type Origins = Vec<((u32, u32), u64)>;

/// The most pairs that are counted in an array.
const PAIRS: usize = 1 << 16;

pub(super) fn origins(segment: &Segment, mask: &Mask) -> Origins {
    let rows = mask.count() as usize;
    if rows == segment.end() {
        return segment.origins().iter().map(|(origin, count)| (*origin, u64::from(*count))).collect();
    }
    let (queried, regions) = (segment.codes(Column::Queried), segment.codes(Column::Region));
    match (kinds(queried), kinds(regions)) {
        (1, 1) => vec![((queried.get(0), regions.get(0)), rows as u64)],
        (many, kinds) if many * kinds <= PAIRS => in_array((queried, many), (regions, kinds), mask),
        _ => in_map(queried, regions, mask),
    }
}

fn in_array((queried, many): (&Codes, usize), (regions, kinds): (&Codes, usize), mask: &Mask) -> Origins {
    let mut counts = vec![0_u64; many * kinds];
    each(mask, |row| counts[number(queried, row) * kinds + number(regions, row)] += 1);
    let counted = counts.into_iter().enumerate().filter(|(_, count)| *count > 0);
    counted.map(|(pair, count)| ((code(queried, pair / kinds), code(regions, pair % kinds)), count)).collect()
}

fn in_map(queried: &Codes, regions: &Codes, mask: &Mask) -> Origins {
    let mut counts: HashMap<(u32, u32), u64> = HashMap::new();
    each(mask, |row| *counts.entry((queried.get(row), regions.get(row))).or_default() += 1);
    counts.into_iter().collect()
}

fn each(mask: &Mask, mut count: impl FnMut(usize)) {
    for (place, word) in mask.words().iter().enumerate().filter(|(_, word)| **word != 0) {
        bits(*word).for_each(|bit| count(place * WORD + bit));
    }
}

/// How many numbers a column has; more than can be counted in an array where it has none.
fn kinds(codes: &Codes) -> usize {
    match codes {
        Codes::Same(_) => 1,
        Codes::Byte { table, .. } | Codes::Short { table, .. } => table.codes().len(),
        Codes::Wide(_) => PAIRS + 1,
    }
}

fn number(codes: &Codes, row: usize) -> usize {
    match codes {
        Codes::Byte { rows, .. } => usize::from(rows[row]),
        Codes::Short { rows, .. } => usize::from(rows[row]),
        Codes::Same(_) | Codes::Wide(_) => 0,
    }
}

fn code(codes: &Codes, number: usize) -> u32 {
    match codes {
        Codes::Same(code) => *code,
        Codes::Byte { table, .. } | Codes::Short { table, .. } => table.codes()[number],
        Codes::Wide(_) => 0,
    }
}
