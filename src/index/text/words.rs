//! Distinct words, each with its hash, in the order in which they were first seen.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

/// Different in every process, so that nobody can choose words that collide.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));

/// A hash that is the same everywhere in this process.
pub(super) fn hash(word: &[u8]) -> u64 {
    let (chunks, rest) = word.as_chunks::<8>();
    let mut state = *SEED ^ word.len() as u64;
    for chunk in chunks {
        state = mix(state ^ u64::from_le_bytes(*chunk));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(state ^ u64::from_le_bytes(last))
}

/// Spreads every bit of `value` over the whole number.
pub(super) fn mix(value: u64) -> u64 {
    let product = u128::from(value ^ 0x9e37_79b9_7f4a_7c15) * 0xd134_2543_de82_ef95_u128;
    let folded = (product >> 64) as u64 ^ product as u64;
    folded ^ folded >> 29
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct WordSet {
    text: Vec<u8>,
    ends: Vec<u32>,
    hashes: Vec<u64>,
    /// The number of a word, plus one, at a place that its hash tells; 0 is free. A power of two, at most half full.
    slots: Vec<u32>,
}

impl WordSet {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn word(&self, number: usize) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.text[start..self.ends[number] as usize]
    }

    /// Words with their hashes.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.hashes.iter().enumerate().map(|(number, hash)| (*hash, self.word(number)))
    }

    /// The number of a word.
    pub fn insert(&mut self, hash: u64, word: &[u8]) -> usize {
        if self.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while let Some(number) = self.slots[slot].checked_sub(1) {
            let number = number as usize;
            if self.hashes[number] == hash && self.word(number) == word {
                return number;
            }
            slot = (slot + 1) & mask;
        }
        self.text.extend_from_slice(word);
        self.ends.push(self.text.len() as u32);
        self.hashes.push(hash);
        self.slots[slot] = self.ends.len() as u32;
        self.len() - 1
    }

    /// Nothing but what is needed to read.
    pub fn shrink(&mut self) {
        self.slots = Vec::new();
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.hashes.shrink_to_fit();
    }

    pub fn bytes(&self) -> usize {
        self.text.capacity()
            + self.ends.capacity() * size_of::<u32>()
            + self.hashes.capacity() * size_of::<u64>()
            + self.slots.capacity() * size_of::<u32>()
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1_024);
        self.slots = vec![0; size];
        for (number, hash) in self.hashes.iter().enumerate() {
            let mut slot = *hash as usize & (size - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = number as u32 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_keeps_its_number() {
        let mut set = WordSet::default();
        let words: Vec<String> = (0..3_000).map(|n| format!("word{n}")).collect();
        for _ in 0..2 {
            for (number, word) in words.iter().enumerate() {
                assert_eq!(set.insert(hash(word.as_bytes()), word.as_bytes()), number);
            }
        }
        assert!(set.iter().zip(&words).all(|((_, held), word)| held == word.as_bytes()));
        assert_eq!(set.insert(7, b"one"), 3_000);
        assert_eq!(set.insert(7, b"other"), 3_001);
    }
}
