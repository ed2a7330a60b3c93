//! The reader's side of the store.

use std::fmt;
use std::sync::Arc;

use super::pack::PackCell;
use super::primer::Primers;
use super::unpack::Unpacker;
use super::{BLOCK_EVENTS, Ordinal};
use crate::index::appended::{Appended, Appender};

/// The events that were pushed up to a moment. Cheap to clone. Stays readable while packs are spilled under it.
#[derive(Clone)]
pub struct Blocks {
    pub(super) packs: Appended<PackCell>,
    pub(super) primers: Arc<Primers>,
    pub(super) len: u32,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { packs: Appender::new().list().clone(), primers: Arc::default(), len: 0 }
    }
}

impl fmt::Debug for Blocks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Blocks").field("len", &self.len).finish_non_exhaustive()
    }
}

impl Blocks {
    /// Events of a full block.
    pub const BLOCK_EVENTS: u32 = BLOCK_EVENTS;

    /// Number of events.
    pub fn len(&self) -> u32 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The digest that came with an event; 0 when there is no such event.
    pub fn digest(&self, at: Ordinal) -> u64 {
        if at.0 >= self.len {
            return 0;
        }
        self.packs.get(at.pack()).map_or(0, |cell| cell.digest(at))
    }

    /// Number of blocks, the open one included. The highest is the newest.
    pub fn count(&self) -> u32 {
        self.len.div_ceil(BLOCK_EVENTS)
    }

    /// The events of a block. Reading them in this order unpacks the block once.
    pub fn ordinals(&self, block: u32) -> impl DoubleEndedIterator<Item = Ordinal> + Clone + use<> {
        let first = block.saturating_mul(BLOCK_EVENTS);
        (first..first.saturating_add(BLOCK_EVENTS).min(self.len)).map(Ordinal)
    }

    pub fn reader(&self) -> BlockReader<'_> {
        BlockReader { blocks: self, unpacker: Unpacker::new() }
    }
}

/// Reads events out of blocks. Keeps the block unpacked last, because neighbours are asked for together.
pub struct BlockReader<'a> {
    blocks: &'a Blocks,
    unpacker: Unpacker,
}

impl fmt::Debug for BlockReader<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("BlockReader").field("blocks", self.blocks).finish_non_exhaustive()
    }
}

impl BlockReader<'_> {
    /// `None` when there is no such event, or its bytes cannot be read back from the file.
    pub fn read(&mut self, at: Ordinal) -> Option<&[u8]> {
        self.unpacker.read(self.blocks, at)
    }

    /// Bytes among which every text stands that is in an event of the block, unless it has a quotation mark or a line feed
    /// in it. So a text that is not found here is in none of its events; one that is found has to be looked for in each.
    /// Takes half of what reading the events takes. `None` when there is no shortcut: read the events.
    pub fn haystack(&mut self, block: u32) -> Option<&[u8]> {
        self.unpacker.haystack(self.blocks, block)
    }
}
