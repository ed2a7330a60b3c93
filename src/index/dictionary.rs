//! Values and their codes: append-only, shared with every snapshot, never copied.
//!
//! 64 values make a pack, which is one piece of text: a tenancy has millions of resource names and paths, and each would
//! take more for itself than it is long. Values that wait for their pack stand beside each other; every view holds those
//! that it has seen.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::appended::{Appended, Appender};

/// Values of a pack.
const PACK: usize = 64;

/// The values of one column. Codes count from 0, which is the empty text in every dictionary.
#[derive(Clone, Debug)]
pub struct Dictionary {
    packs: Appended<Pack>,
    /// Values behind the packs, fewer than one has.
    open: Arc<[Arc<str>]>,
    /// Of the packs' values.
    text: usize,
}

/// One after the other, and where each ends.
#[derive(Debug)]
struct Pack {
    text: Box<str>,
    ends: Box<[u32]>,
}

impl Pack {
    fn new(values: &[Arc<str>]) -> Self {
        let ends = values.iter().scan(0, |end, value| {
            *end += value.len() as u32;
            Some(*end)
        });
        let ends = ends.collect();
        let text: String = values.iter().map(AsRef::as_ref).collect();
        Self { text: text.into(), ends }
    }

    fn value(&self, slot: usize) -> Option<&str> {
        let start = slot.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.text.get(start as usize..*self.ends.get(slot)? as usize)
    }
}

impl Dictionary {
    pub fn len(&self) -> u32 {
        self.packs.len() * PACK as u32 + self.open.len() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of `code`; empty when no value has it.
    pub fn value(&self, code: u32) -> &str {
        value(&self.packs, &self.open, code).unwrap_or_default()
    }

    /// Values in the order of their codes, from `first` on.
    pub fn values_from(&self, first: u32) -> impl Iterator<Item = (u32, &str)> {
        (first..self.len()).map(|code| (code, self.value(code)))
    }

    /// Bytes held: text, and what it takes to keep it.
    pub(super) fn bytes(&self) -> usize {
        let open: usize = self.open.iter().map(|value| value.len() + 4 * size_of::<usize>()).sum();
        self.packs.bytes() + self.packs.len() as usize * PACK * size_of::<u32>() + self.text + open
    }
}

fn value<'a>(packs: &'a Appended<Pack>, open: &'a [Arc<str>], code: u32) -> Option<&'a str> {
    let (pack, slot) = (code / PACK as u32, code as usize % PACK);
    if pack < packs.len() {
        return packs.get(pack)?.value(slot);
    }
    open.get(slot).filter(|_| pack == packs.len()).map(AsRef::as_ref)
}

/// The writer's side: gives out codes.
pub(super) struct Interner {
    /// By the hash of their values, which stand in the dictionary.
    codes: HashTable<u32>,
    hasher: RandomState,
    packs: Appender<Pack>,
    open: Vec<Arc<str>>,
    text: usize,
    /// What was asked for last: values often come again at once.
    last: u32,
    /// What was given out last.
    published: Dictionary,
}

impl Interner {
    pub fn new() -> Self {
        let packs = Appender::new();
        let published = Dictionary { packs: packs.list().clone(), open: Arc::default(), text: 0 };
        let (codes, hasher) = (HashTable::new(), RandomState::default());
        let mut interner = Self { codes, hasher, packs, open: Vec::new(), text: 0, last: 0, published };
        interner.code("");
        interner
    }

    /// The code of `value`, a new one if it has none yet.
    pub fn code(&mut self, text: &str) -> u32 {
        let Self { codes, hasher, packs, open, last, .. } = self;
        if value(packs.list(), open, *last) == Some(text) {
            return *last;
        }
        let hash = hasher.hash_one(text);
        let held = |code: &u32| value(packs.list(), open, *code).unwrap_or_default();
        if let Some(code) = codes.find(hash, |code| held(code) == text) {
            *last = *code;
            return *last;
        }
        let code = packs.list().len() * PACK as u32 + open.len() as u32;
        codes.insert_unique(hash, code, |code| hasher.hash_one(held(code)));
        *last = code;
        self.open.push(text.into());
        if self.open.len() == PACK {
            let pack = Pack::new(&self.open);
            self.text += pack.text.len();
            self.packs.push(pack);
            self.open.clear();
        }
        code
    }

    /// Bytes held beside the dictionary.
    pub fn bytes(&self) -> usize {
        self.codes.allocation_size()
    }

    /// What was given out so far.
    pub fn dictionary(&mut self) -> Dictionary {
        let packs = self.packs.list();
        if self.published.len() as usize != packs.len() as usize * PACK + self.open.len() {
            self.published = Dictionary { packs: packs.clone(), open: self.open.as_slice().into(), text: self.text };
        }
        self.published.clone()
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
