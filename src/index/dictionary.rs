//! Values and their codes: append-only, shared with every snapshot, never copied.
//!
//! Values live in chunks that double in size, in slots that are set once. A [`Dictionary`] is a view of the first `len`
//! of them: the writer may set later slots of the same chunk, the reader never looks there.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// Slots of the first chunk; a power of two.
const FIRST_CHUNK: u32 = 64;

type Chunk = Box<[OnceLock<Arc<str>>]>;

/// The values of one column. Codes count from 0, which is the empty text in every dictionary.
#[derive(Clone, Debug)]
pub struct Dictionary {
    chunks: Arc<[Arc<Chunk>]>,
    len: u32,
}

impl Dictionary {
    pub fn len(&self) -> u32 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value of `code`; empty when no value has it.
    pub fn value(&self, code: u32) -> &str {
        if code >= self.len {
            return "";
        }
        let (chunk, slot) = place(code);
        let value = self.chunks.get(chunk).and_then(|chunk| chunk.get(slot)).and_then(OnceLock::get);
        value.map_or("", |value| value)
    }

    /// Values in the order of their codes, from `first` on.
    pub fn values_from(&self, first: u32) -> impl Iterator<Item = (u32, &str)> {
        (first..self.len).map(|code| (code, self.value(code)))
    }

    /// Bytes held: text, and what it takes to keep it.
    pub(super) fn bytes(&self) -> usize {
        let slots: usize = self.chunks.iter().map(|chunk| chunk.len() * size_of::<OnceLock<Arc<str>>>()).sum();
        let text: usize = self.values_from(0).map(|(_, value)| value.len() + 2 * size_of::<usize>()).sum();
        slots + text
    }
}

/// The writer's side: gives out codes.
pub(super) struct Interner {
    codes: HashMap<Arc<str>, u32>,
    dictionary: Dictionary,
}

impl Interner {
    pub fn new() -> Self {
        let mut interner = Self { codes: HashMap::new(), dictionary: Dictionary { chunks: Arc::from([]), len: 0 } };
        interner.code("");
        interner
    }

    /// The code of `value`, a new one if it has none yet.
    pub fn code(&mut self, value: &str) -> u32 {
        if let Some(code) = self.codes.get(value) {
            return *code;
        }
        let code = self.dictionary.len;
        let value: Arc<str> = value.into();
        self.append(code, Arc::clone(&value));
        self.codes.insert(value, code);
        code
    }

    /// What was given out so far.
    pub fn dictionary(&self) -> Dictionary {
        self.dictionary.clone()
    }

    fn append(&mut self, code: u32, value: Arc<str>) {
        let (chunk, slot) = place(code);
        let dictionary = &mut self.dictionary;
        if chunk == dictionary.chunks.len() {
            let slots: Chunk = (0..FIRST_CHUNK << chunk).map(|_| OnceLock::new()).collect();
            dictionary.chunks = dictionary.chunks.iter().cloned().chain([Arc::new(slots)]).collect();
        }
        if let Some(free) = dictionary.chunks[chunk].get(slot) {
            free.get_or_init(|| value);
        }
        dictionary.len = code + 1;
    }
}

/// The chunk and slot of a code: chunk `n` holds `64 << n` values.
fn place(code: u32) -> (usize, usize) {
    let shifted = u64::from(code) + u64::from(FIRST_CHUNK);
    let chunk = shifted.ilog2() - FIRST_CHUNK.ilog2();
    (chunk as usize, (shifted - (u64::from(FIRST_CHUNK) << chunk)) as usize)
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
