//! The bytes of events as Oracle sent them, compressed 64 at a time.
//!
//! 64 events are enough for the compressor to see how alike they are, and few enough to unpack one at once. A block is
//! packed when it is full and never again: segments that are merged share it.

use std::ops::Range;
use std::sync::Arc;

use zstd::bulk::{Compressor, decompress};

/// Events of a full block.
pub(super) const BLOCK_EVENTS: usize = 64;

const LEVEL: i32 = 3;

/// Up to 64 events.
#[derive(Debug)]
pub(super) enum Block {
    /// Not full yet, or refused by the compressor.
    Plain(Box<[Arc<[u8]>]>),
    /// One zstd frame; `ends` says where each event ends in its content.
    Packed { frame: Box<[u8]>, ends: Box<[u32]> },
}

impl Block {
    pub fn plain(events: &[Arc<[u8]>]) -> Self {
        Self::Plain(events.into())
    }

    /// Bytes held.
    pub fn stored(&self) -> u64 {
        match self {
            Self::Plain(events) => events.iter().map(|event| event.len() as u64).sum(),
            Self::Packed { frame, ends } => (frame.len() + size_of_val(&**ends)) as u64,
        }
    }
}

/// Where an event's bytes are, over all blocks: its number in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ordinal(pub u32);

impl Ordinal {
    pub fn block(self) -> u32 {
        self.0 / BLOCK_EVENTS as u32
    }

    pub fn slot(self) -> usize {
        self.0 as usize % BLOCK_EVENTS
    }
}

/// Reads events out of blocks. Keeps the block unpacked last, because neighbours are asked for together.
#[derive(Debug, Default)]
pub struct BlockReader {
    block: Option<u32>,
    content: Vec<u8>,
}

impl BlockReader {
    /// `None` when there is no such slot, or the block cannot be unpacked.
    pub(super) fn read<'a>(&'a mut self, at: Ordinal, block: &'a Block) -> Option<&'a [u8]> {
        match block {
            Block::Plain(events) => events.get(at.slot()).map(AsRef::as_ref),
            Block::Packed { frame, ends } => {
                if self.block.replace(at.block()) != Some(at.block()) {
                    self.content = decompress(frame, *ends.last()? as usize).unwrap_or_default();
                }
                self.content.get(extent(ends, at.slot())?)
            }
        }
    }
}

fn extent(ends: &[u32], slot: usize) -> Option<Range<usize>> {
    let start = slot.checked_sub(1).map_or(Some(0), |before| ends.get(before).copied())?;
    Some(start as usize..*ends.get(slot)? as usize)
}

/// All blocks, by number; the last one is open.
pub(super) struct BlockStore {
    packed: Vec<Arc<Block>>,
    open: Vec<Arc<[u8]>>,
    /// Missing only when zstd could not be set up; blocks stay plain then.
    compressor: Option<Compressor<'static>>,
    reader: BlockReader,
}

impl BlockStore {
    pub fn new() -> Self {
        Self {
            packed: Vec::new(),
            open: Vec::with_capacity(BLOCK_EVENTS),
            compressor: Compressor::new(LEVEL).ok(),
            reader: BlockReader::default(),
        }
    }

    /// The ordinal that the next event gets.
    pub fn next(&self) -> Ordinal {
        Ordinal((self.packed.len() * BLOCK_EVENTS + self.open.len()) as u32)
    }

    /// Keeps an event's bytes. When that fills the block, it is packed and its size in memory is returned.
    pub fn push(&mut self, bytes: &[u8]) -> Option<u64> {
        self.open.push(bytes.into());
        if self.open.len() < BLOCK_EVENTS {
            return None;
        }
        let block = pack(&self.open, self.compressor.as_mut()).unwrap_or_else(|| Block::plain(&self.open));
        self.open.clear();
        let stored = block.stored();
        self.packed.push(Arc::new(block));
        Some(stored)
    }

    pub fn read(&mut self, at: Ordinal) -> Option<&[u8]> {
        match self.packed.get(at.block() as usize) {
            Some(block) => self.reader.read(at, block),
            None => self.open.get(at.slot()).map(AsRef::as_ref),
        }
    }

    /// A packed block, or what the open one holds now.
    pub fn block(&self, number: u32) -> Arc<Block> {
        self.packed.get(number as usize).map_or_else(|| Arc::new(Block::plain(&self.open)), Arc::clone)
    }

    pub fn is_packed(&self, at: Ordinal) -> bool {
        (at.block() as usize) < self.packed.len()
    }

    pub fn open_bytes(&self) -> u64 {
        self.open.iter().map(|event| event.len() as u64).sum()
    }
}

/// `None` when the compressor fails, or the block is too large for its offsets.
fn pack(events: &[Arc<[u8]>], compressor: Option<&mut Compressor<'static>>) -> Option<Block> {
    let content: Vec<u8> = events.concat();
    u32::try_from(content.len()).ok()?;
    let ends = events.iter().scan(0, |end, event| {
        *end += event.len() as u32;
        Some(*end)
    });
    // The compressor's buffer is as large as its result might have been; boxing gives the rest back.
    let frame = compressor?.compress(&content).ok()?.into_boxed_slice();
    Some(Block::Packed { frame, ends: ends.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_comes_back_as_it_was_packed_or_not() {
        let mut store = BlockStore::new();
        let event = |n: usize| format!("{{\"n\":{n},\"pad\":\"{}\"}}", "x".repeat(n % 7)).into_bytes();
        let count = 3 * BLOCK_EVENTS + 5;
        for n in 0..count {
            assert_eq!(store.next(), Ordinal(n as u32));
            store.push(&event(n));
        }
        for n in (0..count).rev() {
            assert_eq!(store.read(Ordinal(n as u32)).unwrap(), event(n));
        }
        assert!(matches!(&*store.block(0), Block::Packed { .. }) && matches!(&*store.block(3), Block::Plain(_)));
        assert!(store.read(Ordinal(count as u32)).is_none());
    }

    #[test]
    fn empty_events_take_a_slot_too() {
        let mut store = BlockStore::new();
        for n in 0..BLOCK_EVENTS {
            store.push(if n % 2 == 0 { b"" } else { b"x" });
        }
        assert_eq!(store.read(Ordinal(2)), Some(&b""[..]));
        assert_eq!(store.read(Ordinal(3)), Some(&b"x"[..]));
    }
}
