//! Which rows of a column have one of some codes.
//!
//! The question is asked of the segment's table first; only where the table has codes of both kinds are rows looked at,
//! 64 at a time and only where a row is still wanted. Few codes are compared, 16 rows at once; many are looked up.

use wide::{i8x16, i16x16, u8x16};

use super::mask::{Mask, WORD, bits};
use crate::index::Codes;

/// Up to how many numbers comparing is quicker than looking up.
const FEW: usize = 4;

/// Takes the rows out of `mask` whose code does not pass.
pub(super) fn narrow(codes: &Codes, passes: impl Fn(u32) -> bool, mask: &mut Mask) {
    match codes {
        Codes::Same(code) => {
            if !passes(*code) {
                mask.clear();
            }
        }
        Codes::Byte { table, rows } => by_number(table.codes(), rows, passes, mask),
        Codes::Short { table, rows } => by_number(table.codes(), rows, passes, mask),
        Codes::Wide(codes) => mask.retain(|row| codes.get(row).is_some_and(|code| passes(*code))),
    }
}

/// A row's number: a place in a segment's table.
trait Number: Copy + Default {
    fn of(place: usize) -> Self;
    fn place(self) -> usize;
    /// A bit for each row that has this number.
    fn equal(self, rows: &[Self; LANES]) -> u64;
}

/// Rows that are compared at once.
const LANES: usize = 16;

impl Number for u8 {
    fn of(place: usize) -> Self {
        place as Self
    }

    fn place(self) -> usize {
        usize::from(self)
    }

    fn equal(self, rows: &[Self; LANES]) -> u64 {
        u64::from(u8x16::from(*rows).simd_eq(u8x16::splat(self)).to_bitmask())
    }
}

impl Number for u16 {
    fn of(place: usize) -> Self {
        place as Self
    }

    fn place(self) -> usize {
        usize::from(self)
    }

    fn equal(self, rows: &[Self; LANES]) -> u64 {
        let equal = i16x16::from(rows.map(u16::cast_signed)).simd_eq(i16x16::splat(self.cast_signed()));
        u64::from(i8x16::from_i16x16_saturate(equal).to_bitmask())
    }
}

fn by_number<N: Number>(table: &[u32], rows: &[N], passes: impl Fn(u32) -> bool, mask: &mut Mask) {
    let passing: Vec<bool> = table.iter().map(|code| passes(*code)).collect();
    let numbers = |wanted: bool| -> Vec<N> {
        let places = passing.iter().enumerate().filter(|(_, passes)| **passes == wanted);
        places.map(|(place, _)| N::of(place)).take(FEW + 1).collect()
    };
    let (wanted, unwanted) = (numbers(true), numbers(false));
    if wanted.is_empty() {
        mask.clear();
    } else if unwanted.is_empty() {
        // All of them.
    } else if wanted.len() <= FEW {
        mask.narrow(|place, _| with_rows(rows, place, |rows| equal_to(rows, &wanted)));
    } else if unwanted.len() <= FEW {
        mask.narrow(|place, _| !with_rows(rows, place, |rows| equal_to(rows, &unwanted)));
    } else {
        let holds = |row: usize| rows.get(row).is_some_and(|number| passing.get(number.place()) == Some(&true));
        mask.narrow(|place, word| bits(word).fold(0, |kept, bit| kept | u64::from(holds(place * WORD + bit)) << bit));
    }
}

/// Calls with the 64 rows of a word; past the end they are zero.
fn with_rows<N: Number>(rows: &[N], place: usize, test: impl Fn(&[N; WORD]) -> u64) -> u64 {
    let rest = rows.get(place * WORD..).unwrap_or_default();
    if let Some(rows) = rest.first_chunk() {
        return test(rows);
    }
    let mut padded = [N::default(); WORD];
    padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    test(&padded)
}

fn equal_to<N: Number>(rows: &[N; WORD], numbers: &[N]) -> u64 {
    let (lanes, _) = rows.as_chunks::<LANES>();
    let equal = |rows| numbers.iter().fold(0, |hits, number| hits | number.equal(rows));
    lanes.iter().enumerate().fold(0, |word, (place, rows)| word | equal(rows) << (place * LANES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_what_each_row_says(
            rows in prop::collection::vec(any::<u16>(), 1..300),
            kinds in 1u16..400,
            wanted in prop::collection::vec(0u32..400, 0..9),
            inverted in any::<bool>(),
            first in 0usize..100,
        ) {
            let passes = |code: u32| wanted.contains(&code) != inverted;
            let codes: Vec<u32> = rows.iter().map(|row| u32::from(row % kinds) * 7 % 400).collect();
            for codes in [Codes::of(&codes), Codes::Wide(codes.into()), Codes::Same(7)] {
                let mut mask = Mask::of(first.min(rows.len())..rows.len());
                let expected: Vec<usize> = mask.rows().filter(|row| passes(codes.get(*row))).collect();
                narrow(&codes, passes, &mut mask);
                prop_assert_eq!(mask.rows().collect::<Vec<_>>(), expected);
            }
        }
    }
}
