//! The reader's side of the store.

use std::fmt;
use std::sync::Arc;

use super::codec::Decoder;
use super::content::{self, Ends};
use super::pack::{Block, Event, Large, PackCell, PackState};
use super::primer::Primers;
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
}

/// A reader of any blocks of one store.
pub(super) struct Unpacker {
    decoder: Decoder,
    /// The block unpacked last, by number.
    kept: Option<(u32, Kept)>,
    /// Of the block kept, when it was packed.
    content: Vec<u8>,
    /// The long event read last.
    long: Option<Ordinal>,
    long_bytes: Vec<u8>,
    /// What was read from a file.
    scratch: Vec<u8>,
}

enum Kept {
    Plain(Arc<Block>),
    Content { ends: Ends, large: Vec<(u16, Arc<Large>)> },
}

/// Where an event is in what is kept.
enum Found {
    Here,
    Long(Arc<Large>),
}

impl Unpacker {
    pub fn new() -> Self {
        Self {
            decoder: Decoder::new(),
            kept: None,
            content: Vec::new(),
            long: None,
            long_bytes: Vec::new(),
            scratch: Vec::new(),
        }
    }

    pub fn read(&mut self, blocks: &Blocks, at: Ordinal) -> Option<&[u8]> {
        if at.0 >= blocks.len {
            return None;
        }
        if self.kept.as_ref().is_none_or(|(number, _)| *number != at.block()) {
            self.kept = None;
            self.kept = Some((at.block(), self.load(blocks, at)?));
        }
        match self.find(at)? {
            Found::Here => self.short(at),
            Found::Long(large) => self.long(at, &large),
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.decoder.bytes() + self.content.capacity() + self.long_bytes.capacity() + self.scratch.capacity()
    }

    fn find(&self, at: Ordinal) -> Option<Found> {
        let large = match &self.kept.as_ref()?.1 {
            Kept::Plain(block) => match block.plain()?.event(at.slot())? {
                Event::Small(_) => None,
                Event::Large(large) => Some(large),
            },
            Kept::Content { large, .. } => {
                large.iter().find(|(slot, _)| usize::from(*slot) == at.slot()).map(|(_, large)| large)
            }
        };
        Some(large.map_or(Found::Here, |large| Found::Long(Arc::clone(large))))
    }

    fn short(&self, at: Ordinal) -> Option<&[u8]> {
        match &self.kept.as_ref()?.1 {
            Kept::Plain(block) => match block.plain()?.event(at.slot())? {
                Event::Small(bytes) => Some(bytes),
                Event::Large(_) => None,
            },
            Kept::Content { ends, .. } => content::event(&self.content, ends, at.slot()),
        }
    }

    fn long(&mut self, at: Ordinal, large: &Large) -> Option<&[u8]> {
        if self.long != Some(at) {
            self.long = None;
            let bytes = large.bytes.all(&mut self.scratch)?;
            if large.is_packed {
                self.decoder.unpack_alone(bytes, large.len, &mut self.long_bytes)?;
            } else {
                self.long_bytes.clear();
                self.long_bytes.extend_from_slice(bytes);
            }
            self.long = Some(at);
        }
        Some(&self.long_bytes)
    }

    fn load(&mut self, blocks: &Blocks, at: Ordinal) -> Option<Kept> {
        let state = blocks.packs.get(at.pack())?.state();
        let number = at.block_in_pack();
        match &**state {
            PackState::Packed(pack) => {
                let bytes = pack.block(number, &mut self.scratch)?;
                self.decoder.unpack(bytes, &blocks.primers, &mut self.content)?;
                Some(Kept::Content { ends: content::ends(&self.content)?, large: pack.large(number).collect() })
            }
            PackState::Blocks(loose) => {
                let block = loose.get(number)?.load_full()?;
                let Some(packed) = block.packed() else { return Some(Kept::Plain(block)) };
                self.decoder.unpack(&packed.bytes, &blocks.primers, &mut self.content)?;
                Some(Kept::Content { ends: content::ends(&self.content)?, large: packed.large.to_vec() })
            }
        }
    }
}
