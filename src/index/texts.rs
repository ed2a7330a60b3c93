//! The text index of what is held: made pack by pack when there is time, and used to leave out blocks.
//!
//! A search never depends on it: blocks that are not indexed yet are candidates of every text.

use std::sync::Arc;

use super::appended::{Appended, Appender};
use super::store::{Blocks, Ordinal};
use super::text::{BlockWords, PACK_BLOCKS, PackIndex, Terms, TextIndexer, TextQuery};

/// Packs below which none is indexed: going through all of so few events takes a fraction of a second.
const WORTH_IT: u32 = 16;

/// What is indexed, as a snapshot has it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Texts {
    packs: Appended<Indexed>,
    terms: Terms,
    bytes: usize,
}

#[derive(Debug)]
struct Indexed {
    index: PackIndex,
    /// Blocks in which characters may be written in ways that the index does not know.
    odd: u64,
}

/// The blocks that may contain a text.
#[derive(Clone, Debug)]
pub struct Candidates {
    /// A bit for each block of a pack that is indexed.
    packs: Arc<[u64]>,
}

impl Texts {
    /// `None` when the text tells nothing, so that it may be anywhere.
    ///
    /// What is left out neither contains the text, as [`TextMatcher`](super::text::TextMatcher) would find it, nor has it
    /// in any string when that is read as JSON and put in lower case. The text must be of visible ASCII characters for
    /// the second.
    pub fn candidates(&self, text: &str) -> Option<Candidates> {
        let query = TextQuery::new(text, &self.terms);
        let allowed = |pack: &Indexed| query.candidates(&pack.index) | pack.odd;
        query.is_selective().then(|| Candidates {
            packs: (0..self.packs.len()).filter_map(|number| self.packs.get(number)).map(allowed).collect(),
        })
    }

    /// Packs that are indexed.
    pub fn packs(&self) -> u32 {
        self.packs.len()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Candidates {
    pub fn allow(&self, at: Ordinal) -> bool {
        let block = at.block() as usize;
        self.packs.get(block / PACK_BLOCKS).is_none_or(|blocks| blocks >> (block % PACK_BLOCKS) & 1 != 0)
    }

    /// How many blocks of those that are indexed.
    pub fn blocks(&self) -> u32 {
        self.packs.iter().map(|blocks| blocks.count_ones()).sum()
    }
}

/// Makes the index.
pub(super) struct TextWriter {
    indexer: TextIndexer,
    packs: Appender<Indexed>,
    /// Of the pack that is under way.
    words: Vec<BlockWords>,
    odd: u64,
    /// Held by packs.
    bytes: usize,
    texts: Texts,
}

impl TextWriter {
    pub fn new() -> Self {
        let (mut indexer, packs) = (TextIndexer::default(), Appender::new());
        let texts = Texts { packs: packs.list().clone(), terms: indexer.terms(), bytes: 0 };
        Self { indexer, packs, words: Vec::new(), odd: 0, bytes: 0, texts }
    }

    /// What is indexed so far.
    pub fn texts(&self) -> Texts {
        self.texts.clone()
    }

    /// Bytes held beside what is given out.
    pub fn bytes(&self) -> usize {
        self.words.iter().map(BlockWords::bytes).sum()
    }

    /// Takes in one more block, which takes about a millisecond; `false` when there is none to take in yet.
    pub fn step(&mut self, blocks: &Blocks) -> bool {
        let full = blocks.len() / (Blocks::BLOCK_EVENTS * PACK_BLOCKS as u32);
        if full < WORTH_IT || self.packs.list().len() >= full {
            return false;
        }
        let number = self.packs.list().len() * PACK_BLOCKS as u32 + self.words.len() as u32;
        let mut reader = blocks.reader();
        let mut events = Vec::with_capacity(Blocks::BLOCK_EVENTS as usize);
        for at in blocks.ordinals(number) {
            // What cannot be read is a candidate always, so that whoever searches finds out.
            let event = reader.read(at);
            let is_odd = event.is_none_or(is_odd);
            self.odd |= u64::from(is_odd) << self.words.len();
            events.push(event.unwrap_or_default().to_vec());
        }
        self.words.push(BlockWords::of(events.iter().map(Vec::as_slice)));
        if self.words.len() == PACK_BLOCKS {
            self.complete();
        }
        true
    }

    fn complete(&mut self) {
        let index = self.indexer.pack(&self.words);
        self.words.clear();
        let odd = std::mem::take(&mut self.odd);
        self.bytes += index.bytes() + size_of::<Indexed>();
        self.packs.push(Indexed { index, odd });
        let bytes = self.bytes + self.indexer.bytes();
        self.texts = Texts { packs: self.packs.list().clone(), terms: self.indexer.terms(), bytes };
    }
}

/// Whether an event may have characters that read, or read in lower case, as visible ASCII without being written so.
fn is_odd(event: &[u8]) -> bool {
    let is_hidden = |digits: &[u8]| {
        let unit = std::str::from_utf8(digits).ok().and_then(|digits| u16::from_str_radix(digits, 16).ok());
        // Signs of Kelvin, and the dotted capital I.
        unit.is_none_or(|unit| matches!(unit, 0x21..=0x7e | 0x130 | 0x212a))
    };
    let escapes = memchr::memmem::find_iter(event, b"\\u");
    let mut digits = escapes.map(|at| event.get(at + 2..at + 6).unwrap_or_default());
    let has = |text: &str| memchr::memmem::find(event, text.as_bytes()).is_some();
    digits.any(is_hidden) || !event.is_ascii() && (has("\u{130}") || has("\u{212a}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::store::{Store, StoreOptions};

    fn event(n: usize) -> Vec<u8> {
        let name = if n % 7_000 == 1 { "needle-in-hay".to_owned() } else { format!("instance-{}", n % 90) };
        format!("{{\"eventId\":\"{n}\",\"data\":{{\"resourceName\":\"{name}\"}}}}").into_bytes()
    }

    #[test]
    fn what_is_left_out_does_not_have_the_text() {
        let mut store = Store::new(StoreOptions { workers: 0, train: false, ..StoreOptions::default() });
        let mut texts = TextWriter::new();
        let count = 17 * 4_096 + 100;
        for n in 0..count {
            let odd = br#"{"data":{"resourceName":"\u006eeedle-in-hay"}}"#;
            let plain = event(n);
            store.push(if n == 5_000 { odd } else { &plain }, n as u64);
        }
        let blocks = store.blocks();
        let before = texts.texts().candidates("needle-in-hay");
        assert!(before.is_none_or(|candidates| candidates.allow(Ordinal(0))));
        while texts.step(&blocks) {}
        assert_eq!(texts.texts().packs(), 17);
        let candidates = texts.texts().candidates("needle-in-hay").unwrap();
        assert!(candidates.blocks() < 30, "{}", candidates.blocks());
        for n in (0..count).filter(|n| n % 7_000 == 1 || *n == 5_000 || *n >= 17 * 4_096) {
            assert!(candidates.allow(Ordinal(n as u32)), "{n}");
        }
        assert!(!candidates.allow(Ordinal(64)));
        assert!(texts.texts().candidates("7").is_none());
    }
}
