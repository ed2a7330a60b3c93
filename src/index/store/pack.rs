//! Events in their states: as they came, packed as a block, packed as part of a pack.
//!
//! ```text
//!   64 events ─► Block::Plain ─► Block::Packed ─┐ 64 blocks
//!                                  ...          ├───────────► Pack in memory ─► Pack in a file
//!                                               ┘
//! ```
//!
//! A [`PackCell`] is the place of 4,096 events for the life of the store. What stands in it is exchanged whole, so that
//! whoever looks, through an old view or a new one, finds every event in one state or the next.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, ArcSwapOption};

use super::area::Area;
use super::spill::Medium;
use super::{BLOCK_EVENTS, Ordinal, PACK_BLOCKS, PACK_EVENTS};
use super::{codec, content};

/// What the allocator adds to a piece of memory, roughly.
pub(super) const ALLOCATION: usize = 16;

/// The place of 4,096 events.
pub(super) struct PackCell {
    digests: Box<[AtomicU64]>,
    state: ArcSwap<PackState>,
}

pub(super) enum PackState {
    /// Blocks that are there; those to come are missing.
    Blocks(Box<[ArcSwapOption<Block>]>),
    Packed(Pack),
}

pub(super) enum Block {
    /// Not full, or not packed yet.
    Plain(Plain),
    Packed(PackedBlock),
}

/// Events as they came, each set once.
pub(super) struct Plain {
    events: Box<[OnceLock<Event>]>,
}

pub(super) enum Event {
    Small(Box<[u8]>),
    Large(Arc<Large>),
}

/// An event too long to stand among others.
pub(super) struct Large {
    /// As it came.
    pub len: usize,
    /// Packed by itself, unless the compressor refused it.
    pub is_packed: bool,
    pub bytes: Extent,
}

pub(super) struct PackedBlock {
    /// See `codec`.
    pub bytes: Box<[u8]>,
    /// By slot in the block, ascending. They are empty among `bytes`.
    pub large: Box<[(u16, Arc<Large>)]>,
}

/// 64 packed blocks.
pub(super) struct Pack {
    /// Where each block starts in `bytes`, and where the last ends.
    offsets: Box<[u32]>,
    bytes: Extent,
    /// By slot in the pack, ascending.
    large: Box<[(u16, Arc<Large>)]>,
}

/// Bytes in memory or in a file.
pub(super) enum Extent {
    Memory(Area),
    File { medium: Arc<dyn Medium>, at: u64, len: usize },
}

impl PackCell {
    pub fn new() -> Self {
        let blocks = (0..PACK_BLOCKS).map(|_| ArcSwapOption::empty()).collect();
        Self {
            digests: (0..PACK_EVENTS).map(|_| AtomicU64::new(0)).collect(),
            state: ArcSwap::from_pointee(PackState::Blocks(blocks)),
        }
    }

    /// Bytes that a cell holds by itself.
    pub const BYTES: usize = PACK_EVENTS as usize * size_of::<u64>()
        + PACK_BLOCKS as usize * size_of::<ArcSwapOption<Block>>()
        + 3 * ALLOCATION;

    pub fn digest(&self, at: Ordinal) -> u64 {
        self.digests[at.slot_in_pack()].load(Ordering::Relaxed)
    }

    pub fn set_digest(&self, at: Ordinal, digest: u64) {
        self.digests[at.slot_in_pack()].store(digest, Ordering::Relaxed);
    }

    pub fn state(&self) -> arc_swap::Guard<Arc<PackState>> {
        self.state.load()
    }

    /// Puts a block in its place, or in the place of what it was before.
    pub fn set_block(&self, at: usize, block: Arc<Block>) {
        if let PackState::Blocks(blocks) = &**self.state.load() {
            blocks[at].store(Some(block));
        }
    }

    pub fn block(&self, at: usize) -> Option<Arc<Block>> {
        match &**self.state.load() {
            PackState::Blocks(blocks) => blocks.get(at)?.load_full(),
            PackState::Packed(_) => None,
        }
    }

    pub fn set_pack(&self, pack: Pack) {
        self.state.store(Arc::new(PackState::Packed(pack)));
    }

    #[cfg(test)]
    pub fn is_in_file(&self) -> bool {
        matches!(&**self.state.load(), PackState::Packed(Pack { bytes: Extent::File { .. }, .. }))
    }

    /// The pack of its blocks, when all of them are packed, and what they held.
    pub fn gather(&self) -> Option<(Pack, usize)> {
        let state = self.state.load();
        let PackState::Blocks(blocks) = &**state else { return None };
        let blocks: Vec<Arc<Block>> = blocks.iter().map(ArcSwapOption::load_full).collect::<Option<_>>()?;
        let blocks: Vec<&PackedBlock> = blocks.iter().map(|block| block.packed()).collect::<Option<_>>()?;
        let held = blocks.iter().map(|block| block.held()).sum();
        Some((Pack::new(&blocks)?, held))
    }
}

impl Block {
    pub fn packed(&self) -> Option<&PackedBlock> {
        match self {
            Self::Packed(packed) => Some(packed),
            Self::Plain(_) => None,
        }
    }

    pub fn plain(&self) -> Option<&Plain> {
        match self {
            Self::Plain(plain) => Some(plain),
            Self::Packed(_) => None,
        }
    }
}

impl Plain {
    pub fn new() -> Self {
        Self { events: (0..BLOCK_EVENTS).map(|_| OnceLock::new()).collect() }
    }

    /// Bytes held by a block without events.
    pub const BYTES: usize = size_of::<Block>() + BLOCK_EVENTS as usize * size_of::<OnceLock<Event>>() + 3 * ALLOCATION;

    pub fn set(&self, slot: usize, event: Event) {
        if let Some(free) = self.events.get(slot) {
            free.get_or_init(|| event);
        }
    }

    pub fn event(&self, slot: usize) -> Option<&Event> {
        self.events.get(slot)?.get()
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        Self::BYTES + self.events.iter().filter_map(OnceLock::get).map(Event::held).sum::<usize>()
    }

    /// Bytes of the events as they came.
    pub fn raw(&self) -> u64 {
        let lens = self.events.iter().filter_map(OnceLock::get).map(|event| match event {
            Event::Small(bytes) => bytes.len(),
            Event::Large(large) => large.len,
        });
        lens.sum::<usize>() as u64
    }

    /// All slots; long events leave theirs empty.
    pub fn small(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.events.iter().map(|event| match event.get() {
            Some(Event::Small(bytes)) => &**bytes,
            _ => &[],
        })
    }

    pub fn large(&self) -> Box<[(u16, Arc<Large>)]> {
        let large = self.events.iter().enumerate().filter_map(|(slot, event)| match event.get() {
            Some(Event::Large(large)) => Some((slot as u16, Arc::clone(large))),
            _ => None,
        });
        large.collect()
    }
}

impl Event {
    pub fn new(bytes: &[u8]) -> Self {
        if bytes.len() <= content::LONGEST {
            Self::Small(bytes.into())
        } else {
            Self::Large(Arc::new(Large::new(bytes)))
        }
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        match self {
            Self::Small(bytes) => bytes.len() + ALLOCATION,
            Self::Large(large) => large.held(),
        }
    }
}

impl Large {
    fn new(bytes: &[u8]) -> Self {
        let packed = codec::pack_alone(bytes);
        let is_packed = packed.is_some();
        Self { len: bytes.len(), is_packed, bytes: Extent::Memory(packed.unwrap_or_else(|| bytes.into()).into()) }
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        size_of::<Self>() + 2 * ALLOCATION + self.bytes.held()
    }
}

impl PackedBlock {
    /// Bytes of events.
    pub fn stored(&self) -> usize {
        self.bytes.len() + self.large.iter().map(|(_, large)| large.bytes.len()).sum::<usize>()
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        size_of::<Block>() + 2 * ALLOCATION + self.bytes.len() + held_by_large(&self.large)
    }
}

fn held_by_large(large: &[(u16, Arc<Large>)]) -> usize {
    size_of_val(large) + large.iter().map(|(_, large)| large.held()).sum::<usize>()
}

impl Pack {
    /// `None` when offsets do not reach so far, which takes more than 64 blocks of the largest content.
    fn new(blocks: &[&PackedBlock]) -> Option<Self> {
        let mut offsets = Vec::with_capacity(blocks.len() + 1);
        let mut end = 0;
        let mut large = Vec::new();
        offsets.push(0);
        for (number, block) in blocks.iter().enumerate() {
            end += block.bytes.len();
            offsets.push(u32::try_from(end).ok()?);
            let first = (number as u32 * BLOCK_EVENTS) as u16;
            large.extend(block.large.iter().map(|(slot, event)| (first + slot, Arc::clone(event))));
        }
        let bytes = Extent::Memory(Area::of(blocks.iter().map(|block| &*block.bytes)));
        Some(Self { offsets: offsets.into(), bytes, large: large.into() })
    }

    /// The packed block at `number` of 64, read into `scratch` if it is in a file.
    pub fn block<'a>(&'a self, number: usize, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        let (start, end) = (*self.offsets.get(number)?, *self.offsets.get(number + 1)?);
        self.bytes.part(start as usize, end as usize, scratch)
    }

    /// The long events of the block at `number`, by slot in the block.
    pub fn large(&self, number: usize) -> impl Iterator<Item = (u16, Arc<Large>)> {
        let first = (number as u32 * BLOCK_EVENTS) as u16;
        let start = self.large.partition_point(|(slot, _)| *slot < first);
        let here = self.large[start..].iter().take_while(move |(slot, _)| *slot < first + BLOCK_EVENTS as u16);
        here.map(move |(slot, large)| (slot - first, Arc::clone(large)))
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        let itself = size_of::<PackState>() + 3 * ALLOCATION + size_of_val(&*self.offsets);
        itself + self.bytes.held() + held_by_large(&self.large)
    }

    /// The same with its bytes where `put` puts them.
    pub fn moved(&self, mut put: impl FnMut(&[u8]) -> io::Result<Extent>) -> io::Result<Self> {
        let bytes = self.bytes.moved(&mut put)?;
        let moved = self.large.iter().map(|(slot, large)| {
            let bytes = large.bytes.moved(&mut put)?;
            Ok((*slot, Arc::new(Large { len: large.len, is_packed: large.is_packed, bytes })))
        });
        let large = moved.collect::<io::Result<_>>()?;
        Ok(Self { offsets: self.offsets.clone(), bytes, large })
    }
}

impl Extent {
    pub fn len(&self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::File { len, .. } => *len,
        }
    }

    fn held(&self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.held(),
            Self::File { .. } => 0,
        }
    }

    /// All of it, read into `scratch` if it is in a file.
    pub fn all<'a>(&'a self, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        self.part(0, self.len(), scratch)
    }

    fn part<'a>(&'a self, start: usize, end: usize, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        match self {
            Self::Memory(bytes) => bytes.get(start..end),
            Self::File { medium, at, .. } => {
                scratch.resize(end.checked_sub(start)?, 0);
                medium.read_at(scratch, at + start as u64).ok()?;
                Some(scratch)
            }
        }
    }

    fn moved(&self, put: &mut impl FnMut(&[u8]) -> io::Result<Self>) -> io::Result<Self> {
        match self {
            Self::Memory(bytes) => put(bytes),
            Self::File { medium, at, len } => Ok(Self::File { medium: Arc::clone(medium), at: *at, len: *len }),
        }
    }
}
