//! A set of rows of one segment, a bit each.

use std::ops::Range;

use crate::index::Bits;

/// Rows of a word.
pub(super) const WORD: usize = u64::BITS as usize;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mask {
    words: Box<[u64]>,
}

impl Mask {
    pub fn none(rows: usize) -> Self {
        Self { words: vec![0; rows.div_ceil(WORD)].into() }
    }

    /// The rows of a range, of as many as its end says.
    pub fn of(rows: Range<usize>) -> Self {
        let mut mask = Self { words: vec![u64::MAX; rows.end.div_ceil(WORD)].into() };
        mask.keep(rows);
        mask
    }

    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// How many rows are in.
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The rows from 64 times `place` on.
    pub fn word(&self, place: usize) -> u64 {
        self.words.get(place).copied().unwrap_or(0)
    }

    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Eight words at a time.
    pub fn strides(&self) -> impl Iterator<Item = [u64; 8]> {
        let (whole, rest) = self.words.as_chunks::<8>();
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        whole.iter().copied().chain((!rest.is_empty()).then_some(last))
    }

    /// Keeps what `narrowed` says of each word; empty ones are not asked about.
    pub fn narrow(&mut self, mut narrowed: impl FnMut(usize, u64) -> u64) {
        for (place, word) in self.words.iter_mut().enumerate().filter(|(_, word)| **word != 0) {
            *word &= narrowed(place, *word);
        }
    }

    /// Keeps the rows for which `test` holds; the others are not asked about.
    pub fn retain(&mut self, mut test: impl FnMut(usize) -> bool) {
        self.narrow(|place, word| bits(word).fold(0, |kept, bit| kept | u64::from(test(place * WORD + bit)) << bit));
    }

    /// Keeps the rows of a range.
    pub fn keep(&mut self, rows: Range<usize>) {
        let all = self.words.len();
        let (first, last) = ((rows.start / WORD).min(all), (rows.end / WORD).min(all));
        if rows.is_empty() {
            return self.clear();
        }
        self.words[..first].fill(0);
        if let Some(word) = self.words.get_mut(first) {
            *word &= !below(rows.start % WORD);
        }
        if let Some(word) = self.words.get_mut(last) {
            *word &= below(rows.end % WORD);
        }
        self.words[(last + 1).min(all)..].fill(0);
    }

    /// Keeps the rows that are in `bits` as well.
    pub fn keep_bits(&mut self, bits: &Bits) {
        self.words.iter_mut().enumerate().for_each(|(place, word)| *word &= bits.word(place));
    }

    pub fn rows(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(place, word)| bits(*word).map(move |bit| place * WORD + bit))
    }

    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    pub fn add(&mut self, other: &Self) {
        self.zip(other, |word, other| word | other);
    }

    pub fn intersect(&mut self, other: &Self) {
        self.zip(other, |word, other| word & other);
    }

    pub fn subtract(&mut self, other: &Self) {
        self.zip(other, |word, other| word & !other);
    }

    fn zip(&mut self, other: &Self, combine: impl Fn(u64, u64) -> u64) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word = combine(*word, *other);
        }
    }
}

/// The first `count` bits of a word, all of them from 64 on.
pub(super) fn below(count: usize) -> u64 {
    if count >= WORD { u64::MAX } else { (1 << count) - 1 }
}

/// The places of the bits that are set, ascending.
pub(super) fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros())?;
        word &= word - 1;
        Some(bit as usize)
    })
}

/// The places of the bits that are set, descending.
pub(super) fn bits_from_end(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = word.checked_ilog2()?;
        word ^= 1 << bit;
        Some(bit as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_the_same_from_either_end() {
        for word in [0, 1, 1 << 63, u64::MAX, 0x8000_1234_0000_0101] {
            let mut backwards: Vec<usize> = bits_from_end(word).collect();
            backwards.reverse();
            assert_eq!(backwards, bits(word).collect::<Vec<_>>());
        }
    }

    #[test]
    fn rows_come_back_in_order() {
        for rows in [0, 1, 63, 64, 65, 4_096] {
            let mut mask = Mask::of(0..rows);
            assert!(mask.rows().eq(0..rows));
            mask.retain(|row| row % 3 == 1);
            assert!(mask.rows().eq((0..rows).filter(|row| row % 3 == 1)));
            let mut rest = Mask::of(0..rows);
            rest.subtract(&mask);
            assert!(rest.rows().eq((0..rows).filter(|row| row % 3 != 1)));
            rest.add(&mask);
            assert_eq!(rest, Mask::of(0..rows));
            rest.intersect(&Mask::none(rows));
            assert!(rest.is_empty());
        }
    }

    #[test]
    fn a_range_is_kept() {
        for (start, end) in [(0, 0), (0, 64), (3, 64), (63, 65), (64, 200), (130, 128)] {
            let mut mask = Mask::of(0..200);
            mask.keep(start..end);
            assert!(mask.rows().eq(start..end), "{start}..{end}");
        }
        assert!(Mask::of(70..140).rows().eq(70..140));
    }
}
