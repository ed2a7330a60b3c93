//! The rows of one segment that match, ready to be counted up to any row and to be found by their number.

use super::mask::{Mask, WORD, below, bits};
use crate::index::{Bits, Segment};

/// Rows between two sums that are kept.
const STRIDE: usize = 512;
const WORDS: usize = STRIDE / WORD;

/// How many rows match, and of those how many are what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub all: u32,
    pub writes: u32,
    pub sessions: u32,
    pub failed: u32,
}

impl Tally {
    fn of(hits: u64, segment: &Segment, place: usize) -> Self {
        let count = |word: u64| (hits & word).count_ones();
        Self {
            all: hits.count_ones(),
            writes: count(segment.writes().word(place)),
            sessions: count(segment.sessions().word(place)),
            failed: count(segment.failed().word(place)),
        }
    }

    /// Of a stride, all words at once.
    fn of_stride(hits: &[u64; WORDS], segment: &Segment, stride: usize) -> Self {
        Self {
            all: ones(hits),
            writes: common(hits, segment.writes(), stride),
            sessions: common(hits, segment.sessions(), stride),
            failed: common(hits, segment.failed(), stride),
        }
    }

    /// In the order of [`Access::ALL`](crate::domain::access::Access::ALL).
    pub fn by_access(self) -> [u64; 3] {
        [self.all - self.writes - self.sessions, self.writes, self.sessions].map(u64::from)
    }

    pub fn add(&mut self, other: Self) {
        self.all += other.all;
        self.writes += other.writes;
        self.sessions += other.sessions;
        self.failed += other.failed;
    }
}

/// How many rows of a mask are in `bits`.
pub(super) fn count_common(mask: &Mask, bits: &Bits) -> u64 {
    if bits.is_empty() {
        return 0;
    }
    mask.strides().enumerate().map(|(stride, hits)| u64::from(common(&hits, bits, stride))).sum()
}

fn common(hits: &[u64; WORDS], bits: &Bits, stride: usize) -> u32 {
    if bits.is_empty() {
        return 0;
    }
    let mut words = bits.eight(stride);
    words.iter_mut().zip(hits).for_each(|(word, hits)| *word &= hits);
    ones(&words)
}

fn ones(words: &[u64; WORDS]) -> u32 {
    words.iter().map(|word| word.count_ones()).sum()
}

/// See the module.
#[derive(Debug)]
pub(super) struct Hits {
    mask: Mask,
    /// What matches before each stride, and in all.
    sums: Box<[Tally]>,
}

impl Hits {
    pub fn new(mask: Mask, segment: &Segment) -> Self {
        let mut sum = Tally::default();
        let mut sums = vec![sum];
        for (stride, hits) in mask.strides().enumerate() {
            if hits != [0; WORDS] {
                sum.add(Tally::of_stride(&hits, segment, stride));
            }
            sums.push(sum);
        }
        Self { mask, sums: sums.into() }
    }

    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    pub fn total(&self) -> Tally {
        self.sums.last().copied().unwrap_or_default()
    }

    /// What matches before `row`.
    pub fn before(&self, row: usize, segment: &Segment) -> Tally {
        let stride = row / STRIDE;
        let Some(mut tally) = self.sums.get(stride).copied() else { return self.total() };
        for place in stride * WORDS..=row / WORD {
            let end = row.saturating_sub(place * WORD);
            tally.add(Tally::of(self.mask.word(place) & below(end), segment, place));
        }
        tally
    }

    /// How many rows match before `row`.
    pub fn count_before(&self, row: usize) -> usize {
        let stride = row / STRIDE;
        let Some(sum) = self.sums.get(stride) else { return self.total().all as usize };
        let words = stride * WORDS..=row / WORD;
        let count = |place| (self.mask.word(place) & below(row.saturating_sub(place * WORD))).count_ones();
        sum.all as usize + words.map(count).sum::<u32>() as usize
    }

    /// The row before which `count` rows match and which matches itself.
    pub fn row(&self, count: usize) -> Option<usize> {
        self.nth(count, |sum| sum.all, |place| self.mask.word(place))
    }

    /// The row before which `count` failed rows match and which is one of them.
    pub fn failed_row(&self, count: usize, segment: &Segment) -> Option<usize> {
        self.nth(count, |sum| sum.failed, |place| self.mask.word(place) & segment.failed().word(place))
    }

    fn nth(&self, count: usize, of: impl Fn(&Tally) -> u32, word: impl Fn(usize) -> u64) -> Option<usize> {
        let stride = self.sums.partition_point(|sum| of(sum) as usize <= count).checked_sub(1)?;
        let mut left = count - of(self.sums.get(stride)?) as usize;
        for place in stride * WORDS..(stride + 1) * WORDS {
            let word = word(place);
            let here = word.count_ones() as usize;
            if left < here {
                return bits(word).nth(left).map(|bit| place * WORD + bit);
            }
            left -= here;
        }
        None
    }
}
