//! Ids by their minimizers: few numbers for each, one of which is shared by every long enough part.
//!
//! Of each [`WINDOW`] neighbouring groups of [`GROUP`] bytes the one with the smallest hash is taken. A part of
//! [`SHORTEST_PART`] bytes has a whole window in it, so what is taken from the part was taken from the id. A request id
//! of 32 digits is one such window. An id that is shorter than a window counts as one, and is found when all of it is
//! known.
//!
//! The numbers of a pack, each with its block, are kept sorted as the gaps between them: some 12 bits for each, and one
//! in 16 to 32 numbers that are not there seems to be.

use super::words::mix;

const GROUP: usize = 8;
const WINDOW: usize = 25;
/// Bytes of the shortest part of an id that is found wherever it stands in it.
pub(super) const SHORTEST_PART: usize = GROUP + WINDOW - 1;

/// How many more places there are for numbers than numbers, as a power of two.
const SPARE_BITS: u32 = 4;
/// Numbers between two places where reading can begin.
const RUN: usize = 128;
const BLOCK_BITS: u32 = 6;
/// With more places than these a number would not fit into 32 bits.
const MOST_PLACE_BITS: u32 = u32::BITS - BLOCK_BITS;

/// Calls `take` with the minimizers of `stretch`; one may come more than once.
pub(super) fn minimizers(stretch: &[u8], mut take: impl FnMut(u32)) {
    let hashes: Vec<u32> = stretch.windows(GROUP).map(group_hash).collect();
    let first = &hashes[..hashes.len().min(WINDOW)];
    let Some(mut least) = first.iter().copied().min() else { return };
    take(least);
    for start in 1..(hashes.len() + 1).saturating_sub(WINDOW) {
        let (gone, come) = (hashes[start - 1], hashes[start + WINDOW - 1]);
        let before = least;
        if come <= least {
            least = come;
        } else if gone == least {
            least = hashes[start..start + WINDOW].iter().copied().min().unwrap_or(come);
        }
        if least != before {
            take(least);
        }
    }
}

fn group_hash(group: &[u8]) -> u32 {
    let mut bytes = [0; GROUP];
    bytes.copy_from_slice(group);
    (mix(u64::from_le_bytes(bytes)) >> 32) as u32
}

/// The minimizers of a pack and the blocks that they are in.
#[derive(Debug, Default)]
pub(super) struct IdIndex {
    /// Gaps in Rice's code: what is above `low_bits` in ones and a zero, then the rest.
    gaps: Box<[u64]>,
    /// Each [`RUN`]th number, and the bit where the next one's gap begins.
    runs: Box<[(u32, u32)]>,
    len: usize,
    low_bits: u32,
    /// What a hash is shifted down by.
    shift: u32,
}

impl IdIndex {
    /// `entries`: a minimizer and its block, in any order, each once.
    pub fn new(entries: &[(u32, u8)]) -> Self {
        let len = entries.len();
        if len == 0 {
            return Self::default();
        }
        let place_bits = (len.next_power_of_two().trailing_zeros() + SPARE_BITS).min(MOST_PLACE_BITS);
        let shift = u32::BITS - place_bits;
        let mut numbers: Vec<u64> =
            entries.iter().map(|(hash, block)| u64::from(hash >> shift) << BLOCK_BITS | u64::from(*block)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let low_bits = ((1_u64 << (place_bits + BLOCK_BITS)) / numbers.len() as u64).ilog2();
        let mut bits = BitWriter::default();
        let mut runs = Vec::with_capacity(len / RUN + 1);
        let mut before = 0;
        for (n, number) in numbers.iter().enumerate() {
            if n % RUN == 0 {
                runs.push((*number as u32, bits.len));
            } else {
                bits.rice(number - before, low_bits);
            }
            before = *number;
        }
        Self { gaps: bits.words.into(), runs: runs.into(), len: numbers.len(), low_bits, shift }
    }

    /// The blocks that `hash` may be in.
    pub fn blocks(&self, hash: u32) -> u64 {
        if self.len == 0 {
            return 0;
        }
        let first = u64::from(hash >> self.shift) << BLOCK_BITS;
        let end = first + (1 << BLOCK_BITS);
        let run = self.runs.partition_point(|(number, _)| u64::from(*number) < first).saturating_sub(1);
        let reached = self.runs[run..].iter().take_while(|(number, _)| u64::from(*number) < end).count();
        (run..run + reached).fold(0, |blocks, run| blocks | self.collect(run, first, end))
    }

    /// The blocks of the numbers of a run that are from `first` to `end`.
    fn collect(&self, run: usize, first: u64, end: u64) -> u64 {
        let (number, bit) = self.runs[run];
        let mut number = u64::from(number);
        let mut reader = BitReader { words: &self.gaps, at: bit };
        let mut blocks = 0;
        for left in (0..RUN.min(self.len - run * RUN)).rev() {
            if number >= end {
                break;
            }
            if number >= first {
                blocks |= 1 << (number - first);
            }
            if left > 0 {
                number += reader.rice(self.low_bits);
            }
        }
        blocks
    }

    pub fn bytes(&self) -> usize {
        size_of_val(&*self.gaps) + size_of_val(&*self.runs)
    }
}

#[derive(Default)]
struct BitWriter {
    words: Vec<u64>,
    len: u32,
}

impl BitWriter {
    fn bits(&mut self, value: u64, count: u32) {
        if count == 0 {
            return;
        }
        let (word, bit) = ((self.len / 64) as usize, self.len % 64);
        self.words.resize((self.len + count).div_ceil(64) as usize, 0);
        self.words[word] |= value << bit;
        if bit + count > 64 {
            self.words[word + 1] |= value >> (64 - bit);
        }
        self.len += count;
    }

    fn rice(&mut self, value: u64, low_bits: u32) {
        for _ in 0..value >> low_bits {
            self.bits(1, 1);
        }
        self.bits(0, 1);
        self.bits(value & ((1 << low_bits) - 1), low_bits);
    }
}

struct BitReader<'a> {
    words: &'a [u64],
    at: u32,
}

impl BitReader<'_> {
    fn peek(&self) -> u64 {
        let (word, bit) = ((self.at / 64) as usize, self.at % 64);
        let low = self.words.get(word).copied().unwrap_or_default() >> bit;
        let high = self.words.get(word + 1).copied().unwrap_or_default();
        if bit == 0 { low } else { low | high << (64 - bit) }
    }

    fn rice(&mut self, low_bits: u32) -> u64 {
        let mut high = 0;
        loop {
            let ones = self.peek().trailing_ones();
            high += u64::from(ones);
            self.at += ones;
            if ones < 64 {
                break;
            }
        }
        self.at += 1;
        let low = self.peek() & ((1 << low_bits) - 1);
        self.at += low_bits;
        high << low_bits | low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Vec<u32> {
        let mut all = Vec::new();
        minimizers(text.as_bytes(), |hash| all.push(hash));
        all
    }

    proptest! {
        #[test]
        fn every_part_that_is_long_enough_shares_what_it_gives(text in "[0-9a-f-]{32,90}", at in 0_usize..60) {
            let whole = all(&text);
            let start = at.min(text.len() - SHORTEST_PART);
            let part = all(text.get(start..start + SHORTEST_PART).unwrap());
            prop_assert!(!part.is_empty() && part.iter().all(|hash| whole.contains(hash)));
        }

        #[test]
        fn no_block_is_forgotten(entries in prop::collection::btree_set((any::<u32>(), 0_u8..64), 0..700), near in 0_u32..50) {
            let mut entries: Vec<(u32, u8)> = entries.into_iter().collect();
            entries.extend((0..64).map(|block| (near, block)));
            let index = IdIndex::new(&entries);
            for (hash, block) in &entries {
                prop_assert!(index.blocks(*hash) >> block & 1 == 1);
            }
        }
    }

    #[test]
    fn a_request_id_is_one_number_and_strangers_are_rarely_taken_for_it() {
        assert_eq!(all("00112233445566778899aabbccddeeff").len(), 1);
        assert_eq!(all("0011").len(), 0);
        let entries: Vec<(u32, u8)> = (0..20_000_u64).map(|n| ((mix(n) >> 32) as u32, (n % 64) as u8)).collect();
        let index = IdIndex::new(&entries);
        let strangers = (20_000..30_000_u64).filter(|n| index.blocks((mix(*n) >> 32) as u32) != 0).count();
        assert!(strangers < 10_000 / 16, "{strangers} of 10,000");
        assert!(index.bytes() < 20_000 * 13 / 8, "{} B for 20,000", index.bytes());
        assert_eq!(IdIndex::new(&[]).blocks(7), 0);
    }
}
