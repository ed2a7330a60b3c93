//! Values and their codes: append-only, shared with every snapshot, never copied.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::appended::{Appended, Appender};

/// The values of one column. Codes count from 0, which is the empty text in every dictionary.
#[derive(Clone, Debug)]
pub struct Dictionary {
    values: Appended<Box<str>>,
}

impl Dictionary {
    pub fn len(&self) -> u32 {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of `code`; empty when no value has it.
    pub fn value(&self, code: u32) -> &str {
        self.values.get(code).map_or("", |value| value)
    }

    /// Values in the order of their codes, from `first` on.
    pub fn values_from(&self, first: u32) -> impl Iterator<Item = (u32, &str)> {
        (first..self.len()).map(|code| (code, self.value(code)))
    }

    /// Bytes held: text, and what it takes to keep it.
    pub(super) fn bytes(&self) -> usize {
        let text: usize = self.values_from(0).map(|(_, value)| allocated(value.len())).sum();
        self.values.bytes() + text
    }
}

/// What a text of this length takes: allocators give out 16 bytes at a time, 24 at least, and keep 8 for themselves.
fn allocated(len: usize) -> usize {
    if len == 0 { 0 } else { (len + 8).next_multiple_of(16).max(32) }
}

/// The writer's side: gives out codes.
pub(super) struct Interner {
    /// By the hash of their values, which stand in the dictionary.
    codes: HashTable<u32>,
    hasher: RandomState,
    values: Appender<Box<str>>,
}

impl Interner {
    pub fn new() -> Self {
        let mut interner = Self { codes: HashTable::new(), hasher: RandomState::default(), values: Appender::new() };
        interner.code("");
        interner
    }

    /// The code of `value`, a new one if it has none yet.
    pub fn code(&mut self, value: &str) -> u32 {
        let Self { codes, hasher, values } = self;
        let hash = hasher.hash_one(value);
        let held = |code: &u32| values.list().get(*code).map_or("", |value| value);
        if let Some(code) = codes.find(hash, |code| held(code) == value) {
            return *code;
        }
        let code = values.list().len();
        codes.insert_unique(hash, code, |code| hasher.hash_one(held(code)));
        values.push(value.into());
        code
    }

    /// Bytes held beside the dictionary.
    pub fn bytes(&self) -> usize {
        self.codes.allocation_size()
    }

    /// What was given out so far.
    pub fn dictionary(&self) -> Dictionary {
        Dictionary { values: self.values.list().clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_stable_and_a_view_does_not_grow() {
        let mut interner = Interner::new();
        let codes: Vec<u32> = (0..5_000).map(|n| interner.code(&format!("value {n}"))).collect();
        let view = interner.dictionary();
        let more = interner.code("later");
        assert_eq!(interner.code("value 4711"), codes[4711]);
        assert_eq!(view.len(), 5_001);
        assert_eq!((view.value(more), interner.dictionary().value(more)), ("", "later"));
        assert!(codes.iter().enumerate().all(|(n, code)| view.value(*code) == format!("value {n}")));
        assert_eq!(view.values_from(4_999).map(|(code, _)| code).collect::<Vec<_>>(), [4_999, 5_000]);
        assert_eq!(view.value(0), "");
    }
}
