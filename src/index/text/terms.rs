//! Words that occur more than once, each under a number. Append-only: what was given out never changes.
//!
//! The text lies in chunks, each made once and shared with every reader: each word with a zero before and after it, so
//! that one search through a chunk finds beginnings, ends, whole words and parts.

use std::sync::Arc;

use memchr::memmem::Finder;

/// Bytes of text after which no more words are taken; they are looked for by their groups of letters then.
const MOST_TEXT: usize = 64 << 20;
/// The same for their count. Short words come on top, and are not so many that a number would not fit.
const MOST_WORDS: u32 = 1 << 23;
/// The bits of a slot that are a word's number plus one.
const NUMBER: u32 = (1 << 24) - 1;
/// Words remembered after their first sight; a power of two.
const SEEN: usize = 1 << 16;

#[derive(Debug)]
struct Chunk {
    first: u32,
    /// `\0word\0word\0`
    text: Box<[u8]>,
    /// Where each word begins.
    starts: Box<[u32]>,
}

/// A part of a word, or all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Lower case.
    pub text: Vec<u8>,
    /// Whether the word may begin before it.
    pub open_left: bool,
    /// Whether the word may go on after it.
    pub open_right: bool,
}

/// All words up to some instant.
#[derive(Clone, Debug)]
pub struct Terms {
    chunks: Arc<[Arc<Chunk>]>,
    len: u32,
}

impl Terms {
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// The numbers of the words that `part` is a part of, ascending.
    pub(super) fn matching(&self, part: &Part) -> Vec<u32> {
        let edge = |is_open: bool| if is_open { &[][..] } else { &[0] };
        let pattern = [edge(part.open_left), &part.text, edge(part.open_right)].concat();
        let finder = Finder::new(&pattern);
        let mut found = Vec::new();
        for chunk in &*self.chunks {
            for at in finder.find_iter(&chunk.text) {
                let at = at + usize::from(!part.open_left);
                let place = chunk.starts.partition_point(|start| *start as usize <= at);
                found.push(chunk.first + (place as u32).saturating_sub(1));
            }
        }
        found.dedup();
        found
    }
}

/// The writer's side.
#[derive(Debug)]
pub(super) struct TermWriter {
    chunks: Vec<Arc<Chunk>>,
    /// The chunk that is being filled.
    text: Vec<u8>,
    starts: Vec<u32>,
    /// Words in `chunks`.
    sealed: u32,
    /// Eight bits of a word's hash, and its number plus one, at a place that the lower half tells; at most 3/4 full.
    slots: Vec<u32>,
    /// Of words seen once, a part of the hash.
    seen: Box<[u32]>,
    bytes: usize,
}

impl TermWriter {
    pub fn new() -> Self {
        Self {
            chunks: Vec::new(),
            text: vec![0],
            starts: Vec::new(),
            sealed: 0,
            slots: vec![0; 1 << 12],
            seen: vec![0; SEEN].into(),
            bytes: 0,
        }
    }

    pub fn len(&self) -> u32 {
        self.sealed + self.starts.len() as u32
    }

    pub fn is_full(&self) -> bool {
        self.bytes >= MOST_TEXT || self.len() >= MOST_WORDS
    }

    /// Whether a word of this hash was seen before, as far as that is remembered.
    pub fn is_seen_again(&mut self, hash: u64) -> bool {
        let tag = (hash >> 16) as u32 | 1;
        std::mem::replace(&mut self.seen[(hash >> 48) as usize % SEEN], tag) == tag
    }

    pub fn find(&self, hash: u64, word: &[u8]) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let held = self.slots[slot];
            let number = (held & NUMBER).checked_sub(1)?;
            if held & !NUMBER == tag(hash) && self.word(number) == Some(word) {
                return Some(number);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// A new word.
    pub fn insert(&mut self, hash: u64, word: &[u8]) -> u32 {
        let number = self.len();
        self.starts.push(self.text.len() as u32);
        self.text.extend_from_slice(word);
        self.text.push(0);
        self.bytes += word.len() + 1;
        if (number as usize + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.place(hash, number);
        number
    }

    /// Everything up to now, for readers.
    pub fn publish(&mut self) -> Terms {
        if !self.starts.is_empty() {
            let first = self.sealed;
            self.sealed = self.len();
            let text = std::mem::replace(&mut self.text, vec![0]).into();
            let starts = std::mem::take(&mut self.starts).into();
            self.chunks.push(Arc::new(Chunk { first, text, starts }));
        }
        Terms { chunks: self.chunks.iter().cloned().collect(), len: self.sealed }
    }

    /// Bytes held, of text and of what finds it.
    pub fn bytes(&self) -> usize {
        let of = |chunk: &Arc<Chunk>| size_of_val(&*chunk.text) + size_of_val(&*chunk.starts) + size_of::<Chunk>();
        self.chunks.iter().map(of).sum::<usize>()
            + self.text.capacity()
            + self.starts.capacity() * size_of::<u32>()
            + self.slots.capacity() * size_of::<u32>()
            + size_of_val(&*self.seen)
    }

    fn word(&self, number: u32) -> Option<&[u8]> {
        let (text, starts, place) = if let Some(place) = number.checked_sub(self.sealed) {
            (&*self.text, &*self.starts, place)
        } else {
            let chunk = self.chunks.partition_point(|chunk| chunk.first <= number).checked_sub(1)?;
            let chunk = self.chunks.get(chunk)?;
            (&*chunk.text, &*chunk.starts, number - chunk.first)
        };
        let start = *starts.get(place as usize)? as usize;
        let end = starts.get(place as usize + 1).map_or(text.len(), |next| *next as usize);
        text.get(start..end - 1)
    }

    fn place(&mut self, hash: u64, number: u32) {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot] != 0 {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = tag(hash) | (number + 1);
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 2];
        for number in 0..self.len() - 1 {
            if let Some(hash) = self.word(number).map(super::words::hash) {
                self.place(hash, number);
            }
        }
    }
}

/// What a slot says of a word's hash.
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32 & !NUMBER
}

#[cfg(test)]
mod tests {
    use super::super::words::hash;
    use super::*;

    fn part(text: &str, open_left: bool, open_right: bool) -> Part {
        Part { text: text.into(), open_left, open_right }
    }

    #[test]
    fn words_are_found_by_all_and_by_part() {
        let mut writer = TermWriter::new();
        for word in ["alice", "malice", "ali", "lice"] {
            writer.insert(hash(word.as_bytes()), word.as_bytes());
        }
        let before = writer.publish();
        writer.insert(hash(b"slice"), b"slice");
        let terms = writer.publish();
        assert_eq!(terms.matching(&part("lice", true, true)), [0, 1, 3, 4]);
        assert_eq!(terms.matching(&part("lice", true, false)), [0, 1, 3, 4]);
        assert_eq!(terms.matching(&part("ali", false, true)), [0, 2]);
        assert_eq!(terms.matching(&part("ali", false, false)), [2]);
        assert_eq!(terms.matching(&part("i", true, true)), [0, 1, 2, 3, 4]);
        assert_eq!((before.matching(&part("slice", true, true)), before.len()), (vec![], 4));
    }

    #[test]
    fn numbers_stay_while_the_table_grows() {
        let mut writer = TermWriter::new();
        let words: Vec<String> = (0..10_000).map(|n| format!("word{n}")).collect();
        for (n, word) in words.iter().enumerate() {
            assert_eq!(writer.find(hash(word.as_bytes()), word.as_bytes()), None);
            assert_eq!(writer.insert(hash(word.as_bytes()), word.as_bytes()), n as u32);
            if n % 777 == 0 {
                writer.publish();
            }
        }
        for (n, word) in words.iter().enumerate() {
            assert_eq!(writer.find(hash(word.as_bytes()), word.as_bytes()), Some(n as u32));
        }
        assert!(!writer.is_seen_again(99 << 48 | 5 << 16) && writer.is_seen_again(99 << 48 | 5 << 16));
    }
}
