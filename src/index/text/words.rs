//! Distinct words, each with its hash, in the order in which they were first seen.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

/// Different in every process, so that nobody can choose words that collide.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));

/// A hash that is the same everywhere in this process.
pub(super) fn hash(word: &[u8]) -> u64 {
    let seed = *SEED ^ word.len() as u64;
    let Some(last) = word.last_chunk::<8>() else { return mix(seed ^ short(word)) };
    let (chunks, _) = word[..word.len() - 1].as_chunks::<8>();
    let state = chunks.iter().fold(seed, |state, chunk| mix(state ^ u64::from_le_bytes(*chunk)));
    mix(state ^ u64::from_le_bytes(*last))
}

/// Up to seven bytes as a number; with their count it tells which they are.
fn short(word: &[u8]) -> u64 {
    match (word.first_chunk::<4>(), word.last_chunk::<4>()) {
        (Some(first), Some(last)) => u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)),
        _ => word.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
    }
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
    /// The upper half of a word's hash and its number plus one, at a place that the lower half tells; 0 is free. A power of
    /// two, at most half full.
    slots: Vec<(u32, u32)>,
}

impl WordSet {
    /// How many there are.
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

    /// The number of a word that is here.
    pub fn find(&self, hash: u64, word: &[u8]) -> Option<usize> {
        let tag = (hash >> 32) as u32;
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = hash as usize & mask;
        loop {
            let (held, number) = self.slots[slot];
            let number = number.checked_sub(1)? as usize;
            if held == tag && self.word(number) == word {
                return Some(number);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The number of a word, a new one if it has none yet.
    pub fn insert(&mut self, hash: u64, word: &[u8]) -> usize {
        if let Some(number) = self.find(hash, word) {
            return number;
        }
        if (self.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        self.text.extend_from_slice(word);
        self.ends.push(self.text.len() as u32);
        self.hashes.push(hash);
        let number = self.len() - 1;
        self.place(hash, number);
        number
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
            + self.slots.capacity() * size_of::<(u32, u32)>()
    }

    fn place(&mut self, hash: u64, number: usize) {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot].1 != 0 {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = ((hash >> 32) as u32, number as u32 + 1);
    }

    fn grow(&mut self) {
        self.slots = vec![(0, 0); (self.slots.len() * 2).max(4_096)];
        for number in 0..self.len() {
            self.place(self.hashes[number], number);
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
