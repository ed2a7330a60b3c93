//! Which groups of three bytes occur in the words of a block that are no terms.
//!
//! Such words are mostly random: tokens, digests, new OCIDs. One bit for each group tells whether a text may stand in
//! them: of the bits of a block a third is set, so that a stranger of five letters passes in one block of 30, one of
//! eight in one of 700.

use super::words::mix;

const GRAM: usize = 3;
/// Bits for each group, times ten.
const BITS_TIMES_TEN: usize = 25;
/// Most 64 bit words of a block: one with more groups than fill these is never skipped.
const LARGEST: usize = 1 << 14;

/// 64 bit words for counting.
const COUNTING: usize = 1 << 10;

/// The groups of `word`, as hashes; none when it is shorter than three bytes.
pub(super) fn grams(word: &[u8]) -> impl Iterator<Item = u32> {
    word.windows(GRAM).map(|gram| {
        let number = gram.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        (mix(number) >> 32) as u32
    })
}

/// Whether every place where `part` stands in a word is told by its groups.
pub(super) fn has_grams(part: &[u8]) -> bool {
    part.len() >= GRAM
}

/// The groups of all blocks of a pack.
#[derive(Debug, Default)]
pub(super) struct GramFilters {
    bits: Box<[u64]>,
    /// Where each block's bits end.
    ends: Box<[u32]>,
}

impl GramFilters {
    /// The groups of each block; one may come more than once.
    pub fn new(blocks: &[Vec<u32>]) -> Self {
        let mut bits = Vec::new();
        let mut counting = vec![0; COUNTING];
        let mut ends = Vec::with_capacity(blocks.len());
        for grams in blocks {
            let words = (distinct(grams, &mut counting) * BITS_TIMES_TEN / 10).div_ceil(64).min(LARGEST);
            let start = bits.len();
            bits.resize(start + words, 0);
            for gram in grams {
                let at = place(*gram, words);
                bits[start + at / 64] |= 1 << (at % 64);
            }
            ends.push(bits.len() as u32);
        }
        Self { bits: bits.into(), ends: ends.into() }
    }

    /// Those of `blocks` that may have a word with all of `grams`, which are not none.
    pub fn blocks(&self, blocks: u64, grams: &[u32]) -> u64 {
        let mut left = blocks;
        let mut found = 0;
        while left != 0 {
            let block = left.trailing_zeros() as usize;
            left &= left - 1;
            let start = block.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
            let Some(end) = self.ends.get(block) else { break };
            let bits = &self.bits[start as usize..*end as usize];
            let is_set = |gram: &u32| {
                let at = place(*gram, bits.len());
                bits[at / 64] >> (at % 64) & 1 == 1
            };
            if !bits.is_empty() && grams.iter().all(is_set) {
                found |= 1 << block;
            }
        }
        found
    }

    pub fn bytes(&self) -> usize {
        size_of_val(&*self.bits) + size_of_val(&*self.ends)
    }
}

/// How many different groups there are, or a little less.
fn distinct(grams: &[u32], counting: &mut [u64]) -> usize {
    counting.fill(0);
    for gram in grams {
        let at = place(*gram, COUNTING);
        counting[at / 64] |= 1 << (at % 64);
    }
    counting.iter().map(|word| word.count_ones() as usize).sum()
}

/// A bit of `words` words, by the upper bits of the hash.
fn place(gram: u32, words: usize) -> usize {
    ((u64::from(gram) * (words as u64 * 64)) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_in_their_block_and_seldom_elsewhere() {
        let token = |n: u64| format!("{:016x}{:016x}q", mix(n), mix(n + 1_000_000));
        let tokens: Vec<String> = (0..64 * 50).map(token).collect();
        let blocks: Vec<Vec<u32>> =
            tokens.chunks(50).map(|block| block.iter().flat_map(|word| grams(word.as_bytes())).collect()).collect();
        let filters = GramFilters::new(&blocks);
        let mut strangers = 0;
        for (n, word) in tokens.iter().enumerate() {
            let part: Vec<u32> = grams(&word.as_bytes()[24..]).collect();
            let found = filters.blocks(u64::MAX, &part);
            assert!(found >> (n / 50) & 1 == 1);
            strangers += found.count_ones() - 1;
        }
        assert!(strangers < 64 * 50, "{strangers} blocks for nothing");
        assert_eq!(GramFilters::new(&[vec![], vec![]]).blocks(u64::MAX, &[1]), 0);
    }
}
