//! Values and their codes: append-only, shared with every snapshot, never copied.

use std::collections::HashMap;
use std::sync::Arc;

use super::appended::{Appended, Appender};

/// The values of one column. Codes count from 0, which is the empty text in every dictionary.
#[derive(Clone, Debug)]
pub struct Dictionary {
    values: Appended<Arc<str>>,
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
        let text: usize = self.values_from(0).map(|(_, value)| value.len() + 2 * size_of::<usize>()).sum();
        self.values.bytes() + text
    }
}

/// The writer's side: gives out codes.
pub(super) struct Interner {
    codes: HashMap<Arc<str>, u32>,
    values: Appender<Arc<str>>,
}

impl Interner {
    pub fn new() -> Self {
        let mut interner = Self { codes: HashMap::new(), values: Appender::new() };
        interner.code("");
        interner
    }

    /// The code of `value`, a new one if it has none yet.
    pub fn code(&mut self, value: &str) -> u32 {
        if let Some(code) = self.codes.get(value) {
            return *code;
        }
        let code = self.values.list().len();
        let value: Arc<str> = value.into();
        self.values.push(Arc::clone(&value));
        self.codes.insert(value, code);
        code
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
