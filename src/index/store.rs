//! STUB of the store until the real one is merged.
use std::sync::Arc;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ordinal(pub u32);

#[derive(Clone, Copy, Debug, Default)]
pub struct StoreOptions {}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreMemory {
    pub raw: u64,
    pub resident: u64,
    pub spilled: u64,
}

type Event = (u64, Arc<[u8]>);

#[derive(Default)]
pub struct Store {
    events: Vec<Event>,
    raw: u64,
}

impl Store {
    pub fn new(_: StoreOptions) -> Self {
        Self::default()
    }
    pub fn next(&self) -> Ordinal {
        Ordinal(self.events.len() as u32)
    }
    pub fn push(&mut self, bytes: &[u8], digest: u64) {
        self.raw += bytes.len() as u64;
        self.events.push((digest, bytes.into()));
    }
    pub fn digest(&self, at: Ordinal) -> u64 {
        self.events.get(at.0 as usize).map_or(0, |event| event.0)
    }
    pub fn read(&mut self, at: Ordinal) -> Option<&[u8]> {
        self.events.get(at.0 as usize).map(|event| &*event.1)
    }
    pub fn blocks(&mut self) -> Blocks {
        Blocks { events: self.events.clone().into() }
    }
    pub fn memory(&self) -> StoreMemory {
        StoreMemory { raw: self.raw, resident: self.raw, spilled: 0 }
    }
    pub fn settle(&mut self) {}
}

#[derive(Clone, Debug)]
pub struct Blocks {
    events: Arc<[Event]>,
}

impl Blocks {
    pub fn digest(&self, at: Ordinal) -> u64 {
        self.events.get(at.0 as usize).map_or(0, |event| event.0)
    }
    pub fn reader(&self) -> BlockReader<'_> {
        BlockReader { blocks: self }
    }
}

pub struct BlockReader<'a> {
    blocks: &'a Blocks,
}

impl BlockReader<'_> {
    pub fn read(&mut self, at: Ordinal) -> Option<&[u8]> {
        self.blocks.events.get(at.0 as usize).map(|event| &*event.1)
    }
}
