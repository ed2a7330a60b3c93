//! The words of a block, and the index of a pack of blocks.

use memchr::memchr_iter;

use super::grams::{GramFilters, grams, has_grams};
use super::ids::{IdIndex, minimizers};
use super::postings::Postings;
use super::scan::{Sink, compounds, cut};
use super::terms::{TermWriter, Terms};
use super::words::{WordSet, hash};

/// Blocks of a full pack: what a set of them fits into.
pub const PACK_BLOCKS: usize = 64;

/// Blocks of a pack that a word may be in without being a term. To be found by its groups costs less then.
const MOST_NOVEL_BLOCKS: u32 = 2;

/// Bytes of a word that is a term at first sight.
const LONGEST_NAME: usize = 32;
/// How often digits begin or end in it.
const MOST_CHANGES: usize = 2;

/// Fields remembered while a block is read, each at a place that its hash tells.
const RECENT: usize = 1 << 12;

/// Everything in a block that can be looked for, each thing once. Needs nothing but the block's bytes, so that it can be
/// made wherever these are at hand.
#[derive(Debug, Default)]
pub struct BlockWords {
    words: WordSet,
    /// Minimizers, ascending.
    ids: Box<[u32]>,
    is_cut: bool,
}

impl BlockWords {
    pub fn of<'a>(events: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut collector = Collector::default();
        // Most of an event was said in the events before it, in the same words; that is not read again.
        let mut recent: Vec<&[u8]> = vec![&[]; RECENT];
        let mut lower = Vec::new();
        for field in events.into_iter().flat_map(fields) {
            let slot = &mut recent[hash(field) as usize % RECENT];
            if std::mem::replace(slot, field) == field {
                continue;
            }
            lower.clear();
            lower.extend_from_slice(field);
            lower.make_ascii_lowercase();
            compounds(&lower, |compound| {
                if collector.words.find(hash(compound), compound).is_none() {
                    cut(compound, &mut collector);
                }
            });
        }
        let Collector { mut words, mut ids, is_cut } = collector;
        words.shrink();
        ids.sort_unstable();
        ids.dedup();
        Self { words, ids: ids.into(), is_cut }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.words.bytes() + size_of_val(&*self.ids)
    }
}

/// What is between commas; no word goes over one.
fn fields(event: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr_iter(b',', event).chain([event.len()]).map(move |end| {
        let field = &event[start..end];
        start = end + 1;
        field
    })
}

#[derive(Default)]
struct Collector {
    words: WordSet,
    ids: Vec<u32>,
    is_cut: bool,
}

impl Sink for Collector {
    fn word(&mut self, word: &[u8]) {
        self.words.insert(hash(word), word);
    }

    fn id(&mut self, stretch: &[u8]) {
        minimizers(stretch, |minimizer| self.ids.push(minimizer));
    }

    fn cut(&mut self) {
        self.is_cut = true;
    }
}

/// Where what is looked for may be, in up to [`PACK_BLOCKS`] blocks. Never changes.
#[derive(Debug)]
pub struct PackIndex {
    pub(super) postings: Postings,
    pub(super) ids: IdIndex,
    pub(super) grams: GramFilters,
    /// A bit for each block.
    pub(super) blocks: u64,
    /// Blocks with words that an id was cut away from.
    pub(super) cut: u64,
    /// How many terms there were when this was made. A query that knows fewer can tell nothing.
    pub(super) terms: u32,
}

impl PackIndex {
    /// A bit for each block of the pack.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.parts().iter().map(|(_, bytes)| bytes).sum()
    }

    /// What the bytes are for.
    pub fn parts(&self) -> [(&'static str, usize); 4] {
        [
            ("terms", self.postings.bytes()),
            ("ids", self.ids.bytes()),
            ("grams", self.grams.bytes()),
            ("frame", size_of::<Self>()),
        ]
    }
}

/// Makes the indexes of packs, one after the other, and owns the terms that they share.
#[derive(Debug)]
pub struct TextIndexer {
    terms: TermWriter,
}

impl Default for TextIndexer {
    fn default() -> Self {
        Self { terms: TermWriter::new() }
    }
}

impl TextIndexer {
    /// The index of a pack. Of more than [`PACK_BLOCKS`] blocks, those beyond are left out.
    pub fn pack(&mut self, blocks: &[BlockWords]) -> PackIndex {
        let blocks = &blocks[..blocks.len().min(PACK_BLOCKS)];
        let all = u64::MAX.checked_shr((PACK_BLOCKS - blocks.len()) as u32).unwrap_or_default();
        let mut postings = Vec::new();
        let mut novel: Vec<Vec<u32>> = vec![Vec::new(); blocks.len()];
        let (words, masks) = merged(blocks);
        for ((hash, word), mask) in words.iter().zip(masks) {
            match self.term(hash, word, mask) {
                Some(term) => postings.push((term, mask)),
                None => bits(mask).for_each(|block| novel[block].extend(grams(word))),
            }
        }
        postings.sort_unstable();
        let in_block = |(block, words): (usize, &BlockWords)| -> Vec<(u32, u8)> {
            words.ids.iter().map(|id| (*id, block as u8)).collect()
        };
        let ids: Vec<(u32, u8)> = blocks.iter().enumerate().flat_map(in_block).collect();
        PackIndex {
            postings: Postings::new(&postings, all),
            ids: IdIndex::new(&ids),
            grams: GramFilters::new(&novel),
            blocks: all,
            cut: blocks.iter().rev().fold(0, |cut, block| cut << 1 | u64::from(block.is_cut)),
            terms: self.terms.len(),
        }
    }

    /// All terms so far, for queries.
    pub fn terms(&mut self) -> Terms {
        self.terms.publish()
    }

    /// Bytes held, other than by packs.
    pub fn bytes(&self) -> usize {
        self.terms.bytes()
    }

    /// The term of a word that is worth one: a name, or in some blocks, or seen before, or too short for groups.
    fn term(&mut self, hash: u64, word: &[u8], blocks: u64) -> Option<u32> {
        let known = self.terms.find(hash, word);
        if known.is_some() {
            return known;
        }
        let recurs = self.terms.is_seen_again(hash) || blocks.count_ones() > MOST_NOVEL_BLOCKS;
        let is_worth_it = !has_grams(word) || (recurs || is_name(word)) && !self.terms.is_full();
        is_worth_it.then(|| self.terms.insert(hash, word))
    }
}

/// Whether a word looks like something that people call things by, and not like chance. Names are alike, so that their
/// groups would be found in every block.
fn is_name(word: &[u8]) -> bool {
    let changes = word.array_windows().filter(|[one, next]| one.is_ascii_digit() != next.is_ascii_digit()).count();
    word.len() <= LONGEST_NAME && changes <= MOST_CHANGES
}

/// Every word of the blocks, and the blocks that it is in.
fn merged(blocks: &[BlockWords]) -> (WordSet, Vec<u64>) {
    let mut all = WordSet::default();
    let mut masks = Vec::new();
    for (block, words) in blocks.iter().enumerate() {
        for (hash, word) in words.words.iter() {
            let number = all.insert(hash, word);
            if number == masks.len() {
                masks.push(0);
            }
            masks[number] |= 1 << block;
        }
    }
    (all, masks)
}

fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(bit)
    })
}
