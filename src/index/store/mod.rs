//! The bytes of events as Oracle sent them: 64 to a block, packed, 64 blocks to a pack.
//!
//! ```text
//!   push ─► open block ─► worker threads ─► packs in memory ─► packs in a temporary file
//!                                              (4,096 events, one piece of memory each)
//! ```
//!
//! 64 events are enough for the compressor to see how alike they are, and few enough to unpack one at once. What is
//! waiting to be packed is read as it came, so nothing ever waits for the compressor. [`Blocks`] is what a reader holds.
//! A pack is one piece of memory of exactly its size, so that memory held is memory counted.

mod codec;
mod content;
mod pack;
mod primer;
mod shred;
mod spill;
mod training;
mod unpack;
mod view;
mod workers;
mod writer;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::thread;

pub use spill::SpillError;
pub use training::train_dictionary;
pub use view::{BlockReader, Blocks};
pub(super) use workers::yield_to_others;
pub use writer::Store;

/// Events of a full block.
pub(super) const BLOCK_EVENTS: u32 = 64;
/// Blocks of a full pack.
const PACK_BLOCKS: u32 = 64;
const PACK_EVENTS: u32 = BLOCK_EVENTS * PACK_BLOCKS;

/// An event's number in the order of arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ordinal(pub u32);

impl Ordinal {
    /// Among all blocks.
    pub fn block(self) -> u32 {
        self.0 / BLOCK_EVENTS
    }

    fn slot(self) -> usize {
        (self.0 % BLOCK_EVENTS) as usize
    }

    fn pack(self) -> u32 {
        self.0 / PACK_EVENTS
    }

    fn block_in_pack(self) -> usize {
        (self.block() % PACK_BLOCKS) as usize
    }

    fn slot_in_pack(self) -> usize {
        (self.0 % PACK_EVENTS) as usize
    }
}

/// How a store works.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Threads that pack; 0: blocks are packed by whoever pushes, and the same pushes make the same bytes.
    pub workers: usize,
    /// Whether to train a dictionary on the first events.
    pub train: bool,
    /// Where the temporary file goes; `None`: where the system puts them (`TMPDIR`).
    pub directory: Option<PathBuf>,
}

impl Default for StoreOptions {
    /// A thread for each core but one; the directory is `AUDITUI_TMPDIR` if that is set.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let directory = std::env::var_os("AUDITUI_TMPDIR").filter(|path| !path.is_empty()).map(PathBuf::from);
        Self { workers: cores.saturating_sub(1).max(1), train: true, directory }
    }
}

/// What a store takes. Bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreMemory {
    /// All events as they were sent.
    pub raw: u64,
    /// In memory, all that belongs to the store.
    pub resident: u64,
    /// In the temporary file.
    pub spilled: u64,
    /// Those events that are packed, as they were sent.
    pub packed_raw: u64,
    /// The same as they are packed, in memory or in the file.
    pub packed: u64,
}
