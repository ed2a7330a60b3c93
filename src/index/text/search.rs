//! Goes through packs from the newest to the oldest, opens the blocks that may contain a text, and tells what does.
//!
//! Nothing here waits, reads a clock or decides how long to go on: each step opens a bounded number of blocks, so that
//! who drives it can show what was found, or drop it, in between.

use super::find::TextMatcher;
use super::pack::PackIndex;
use super::query::TextQuery;

/// A pack as a search sees it.
pub trait Pack {
    /// `None` while it has none: every block is opened then.
    fn index(&self) -> Option<&PackIndex>;

    /// Blocks in it, at most [`PACK_BLOCKS`](super::PACK_BLOCKS).
    fn block_count(&self) -> usize;

    /// Shows each event of a block, in order, to `each`. Tells whether the block could be read.
    fn read(&self, block: usize, each: &mut dyn FnMut(&[u8])) -> bool;
}

/// An event that contains the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Counts the packs in the order of the search.
    pub pack: usize,
    pub block: usize,
    /// The event's place in its block.
    pub slot: usize,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Packs that are done.
    pub packs: usize,
    pub blocks_opened: usize,
    /// Blocks that cannot contain the text.
    pub blocks_skipped: usize,
    /// Blocks that could not be read; whether they contain it is not known.
    pub blocks_unread: usize,
    /// Whether all packs are done.
    pub is_done: bool,
}

/// See the module.
pub struct TextSearch<I: Iterator> {
    packs: I,
    query: TextQuery,
    matcher: TextMatcher,
    /// The pack at hand, and its blocks that are still to be opened.
    current: Option<(I::Item, u64)>,
    progress: Progress,
}

impl<P: Pack, I: Iterator<Item = P>> TextSearch<I> {
    /// `packs` from the newest to the oldest.
    pub fn new(packs: I, query: TextQuery, matcher: TextMatcher) -> Self {
        Self { packs, query, matcher, current: None, progress: Progress::default() }
    }

    /// Opens up to `blocks` blocks and calls `found` for each event that contains the text: blocks from the last to the
    /// first, events of a block in order. Packs in which nothing is opened count as one block, because they take time
    /// too.
    pub fn step(&mut self, blocks: usize, mut found: impl FnMut(Hit)) -> Progress {
        let mut left = blocks;
        while left > 0 && !self.progress.is_done {
            left -= 1;
            match self.current.take() {
                None => self.next_pack(),
                Some((_, 0)) => self.progress.packs += 1,
                Some((pack, candidates)) => {
                    let block = candidates.ilog2() as usize;
                    self.open(&pack, block, &mut found);
                    self.current = Some((pack, candidates & !(1 << block)));
                }
            }
        }
        self.progress
    }

    fn next_pack(&mut self) {
        let Some(pack) = self.packs.next() else {
            self.progress.is_done = true;
            return;
        };
        let all = u64::MAX.checked_shr(64_u32.saturating_sub(pack.block_count() as u32)).unwrap_or_default();
        let candidates = pack.index().map_or(all, |index| self.query.candidates(index));
        self.progress.blocks_skipped += (all & !candidates).count_ones() as usize;
        self.current = Some((pack, candidates));
    }

    fn open(&mut self, pack: &P, block: usize, found: &mut impl FnMut(Hit)) {
        let (mut slot, number) = (0, self.progress.packs);
        let is_read = pack.read(block, &mut |event| {
            if self.matcher.contains(event) {
                found(Hit { pack: number, block, slot });
            }
            slot += 1;
        });
        self.progress.blocks_opened += usize::from(is_read);
        self.progress.blocks_unread += usize::from(!is_read);
    }
}
