//! Reading events out of blocks, in whatever state these are.

use std::sync::Arc;

use super::codec::{Decoder, Form};
use super::content;
use super::pack::{Block, Event, Large, PackState};
use super::shred::Joiner;
use super::view::Blocks;
use super::{BLOCK_EVENTS, Ordinal};

/// A reader of any blocks of one store. Keeps the block unpacked last.
pub(super) struct Unpacker {
    decoder: Decoder,
    joiner: Joiner,
    /// The block that is kept, by number.
    kept: Option<(u32, Kept)>,
    /// Of the block kept, when it was packed: what the frame held, and the events if they were taken apart in it.
    content: Vec<u8>,
    events: Vec<u8>,
    /// Where each event ends; empty until the first of them is read.
    ends: Vec<u32>,
    /// The long event read last.
    long: Option<Ordinal>,
    long_bytes: Vec<u8>,
    /// What was read from a file.
    scratch: Vec<u8>,
}

enum Kept {
    Plain(Arc<Block>),
    Content { form: Form, large: Vec<(u16, Arc<Large>)> },
}

/// Where an event is.
enum Found {
    Here,
    Long(Arc<Large>),
}

impl Unpacker {
    pub fn new() -> Self {
        Self {
            decoder: Decoder::new(),
            joiner: Joiner::default(),
            kept: None,
            content: Vec::new(),
            events: Vec::new(),
            ends: Vec::new(),
            long: None,
            long_bytes: Vec::new(),
            scratch: Vec::new(),
        }
    }

    pub fn read(&mut self, blocks: &Blocks, at: Ordinal) -> Option<&[u8]> {
        if at.0 >= blocks.len {
            return None;
        }
        self.keep(blocks, at.block())?;
        match self.find(at)? {
            Found::Here => self.short(at),
            Found::Long(large) => self.long(at, &large),
        }
    }

    /// See `BlockReader::haystack`.
    pub fn haystack(&mut self, blocks: &Blocks, block: u32) -> Option<&[u8]> {
        if block >= blocks.count() {
            return None;
        }
        self.keep(blocks, block)?;
        match &self.kept.as_ref()?.1 {
            Kept::Content { large, .. } if large.is_empty() => Some(&self.content),
            _ => None,
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let buffers = [&self.content, &self.events, &self.long_bytes, &self.scratch].map(Vec::capacity);
        let tables = self.joiner.bytes() + self.ends.capacity() * size_of::<u32>();
        self.decoder.bytes() + tables + buffers.into_iter().sum::<usize>()
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

    fn short(&mut self, at: Ordinal) -> Option<&[u8]> {
        let form = match &self.kept.as_ref()?.1 {
            Kept::Content { form, .. } => *form,
            Kept::Plain(_) => return self.plain(at),
        };
        if self.ends.is_empty() && self.lay_out(form).is_none() {
            self.ends.clear();
            return None;
        }
        let (bytes, start) = match form {
            Form::Joined => (&self.content, content::START),
            Form::Shredded => (&self.events, 0),
        };
        let start = at.slot().checked_sub(1).map_or(Some(start), |before| Some(*self.ends.get(before)? as usize))?;
        bytes.get(start..*self.ends.get(at.slot())? as usize)
    }

    /// Finds the events of the content.
    fn lay_out(&mut self, form: Form) -> Option<()> {
        match form {
            Form::Joined => content::ends(&self.content, &mut self.ends),
            Form::Shredded => self.joiner.join(&self.content, BLOCK_EVENTS as usize, &mut self.events, &mut self.ends),
        }
    }

    fn plain(&self, at: Ordinal) -> Option<&[u8]> {
        let Kept::Plain(block) = &self.kept.as_ref()?.1 else { return None };
        match block.plain()?.event(at.slot())? {
            Event::Small(bytes) => Some(bytes),
            Event::Large(_) => None,
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

    /// Makes a block the one that is kept.
    fn keep(&mut self, blocks: &Blocks, number: u32) -> Option<()> {
        if self.kept.as_ref().is_none_or(|(kept, _)| *kept != number) {
            self.kept = None;
            self.ends.clear();
            self.kept = Some((number, self.load(blocks, Ordinal(number * BLOCK_EVENTS))?));
        }
        Some(())
    }

    fn load(&mut self, blocks: &Blocks, at: Ordinal) -> Option<Kept> {
        let state = blocks.packs.get(at.pack())?.state();
        let number = at.block_in_pack();
        match &**state {
            PackState::Packed(pack) => {
                let bytes = pack.block(number, &mut self.scratch)?;
                let form = self.decoder.unpack(bytes, &blocks.primers, &mut self.content)?;
                Some(Kept::Content { form, large: pack.large(number).collect() })
            }
            PackState::Blocks(loose) => {
                let block = loose.get(number)?.load_full()?;
                let Some(packed) = block.packed() else { return Some(Kept::Plain(block)) };
                let form = self.decoder.unpack(&packed.bytes, &blocks.primers, &mut self.content)?;
                Some(Kept::Content { form, large: packed.large.to_vec() })
            }
        }
    }
}
