//! Puts events in order, each once, in bounded memory.
//!
//! Events are collected until a budget is used up, then sorted and written to a temporary file that has no name (mode
//! 0600), a *run*. In the end the runs are merged. Order: eventTime, then eventId, then the hash of the bytes; events
//! without a time come last. So the same events give the same output in whatever order the pages came.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::record::{Record, Source};
use crate::domain::event::{Decoded, Flags};
use crate::domain::footprint::Footprint;
use crate::domain::ledger::CellKey;
use crate::domain::page::Page;

/// Limits of a [`Sorter`].
#[derive(Clone, Copy, Debug)]
pub struct SorterSettings {
    /// Bytes of events held in memory before they are written to a run.
    pub memory: usize,
}

impl Default for SorterSettings {
    fn default() -> Self {
        Self { memory: 40 << 20 }
    }
}

/// What went in and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events written.
    pub events: u64,
    /// Copies left out: same id, same bytes.
    pub duplicates: u64,
    /// Events whose id stands over other bytes as well; all are written and flagged.
    pub conflicts: u64,
    /// Events that are odd in any way.
    pub flagged: u64,
    /// Reads of our own.
    pub own: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, more: Self) {
        self.events += more.events;
        self.duplicates += more.duplicates;
        self.conflicts += more.conflicts;
        self.flagged += more.flagged;
        self.own += more.own;
    }
}

/// Takes pages in any order; see [`Sorter::finish`].
pub struct Sorter {
    settings: SorterSettings,
    footprint: Footprint,
    /// Where runs are written; `None`: where the system keeps what is temporary.
    directory: Option<PathBuf>,
    held: Vec<Item>,
    held_bytes: usize,
    runs: Vec<File>,
    sources: Vec<Arc<Source>>,
    /// Of sources without a request of their own, as pages of files have: there are many pages of few places.
    places: HashMap<(CellKey, DateTime<Utc>), u32>,
    /// Content hash by id hash, to find ids that stand over different bytes.
    contents: HashMap<u128, u64>,
    conflicts: HashSet<u128>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SortKey {
    /// Microseconds since 1970; the greatest where the event has no time.
    time: i64,
    id: Box<[u8]>,
    content: u128,
}

struct Item {
    key: SortKey,
    source: u32,
    flags: Flags,
    bytes: Box<[u8]>,
}

impl Sorter {
    /// `footprint` tells which events are our own.
    pub fn new(settings: SorterSettings, footprint: Footprint) -> Self {
        Self {
            settings,
            footprint,
            directory: None,
            held: Vec::new(),
            held_bytes: 0,
            runs: Vec::new(),
            sources: Vec::new(),
            places: HashMap::new(),
            contents: HashMap::new(),
            conflicts: HashSet::new(),
        }
    }

    /// What does not fit into memory is written to files in `directory`, which have no name.
    #[must_use]
    pub fn in_directory(self, directory: PathBuf) -> Self {
        Self { directory: Some(directory), ..self }
    }

    /// Takes the events of a page that `wanted` picks. Fails when a run cannot be written.
    pub fn push(&mut self, page: &Page, mut wanted: impl FnMut(&[u8], &Decoded<'_>) -> bool) -> io::Result<()> {
        let mut source = None;
        for bytes in page.events() {
            let decoded = self.footprint.decode(bytes);
            if !wanted(bytes, &decoded) {
                continue;
            }
            let source = *source.get_or_insert_with(|| self.source(page));
            self.hold(&decoded, bytes, source)?;
        }
        Ok(())
    }

    fn source(&mut self, page: &Page) -> u32 {
        let next = self.sources.len() as u32;
        let place = match page.request_id {
            Some(_) => next,
            None => *self.places.entry((page.cell.clone(), page.received_at)).or_insert(next),
        };
        if place == next {
            self.sources.push(Arc::new(Source::of(page)));
        }
        place
    }

    /// The events in order. Everything that was pushed comes out exactly once.
    pub fn finish(mut self) -> io::Result<Ordered> {
        self.held.sort_by(|a, b| a.key.cmp(&b.key));
        let mut streams = vec![Stream::Memory(self.held.into_iter())];
        for mut run in self.runs {
            run.rewind()?;
            streams.push(Stream::File(BufReader::with_capacity(1 << 18, run)));
        }
        let mut heads = Vec::with_capacity(streams.len());
        for stream in &mut streams {
            heads.push(stream.next()?);
        }
        let unwanted = vec![false; self.sources.len()];
        Ok(Ordered {
            streams,
            heads,
            sources: self.sources,
            unwanted,
            conflicts: self.conflicts,
            tally: Tally::default(),
        })
    }

    fn hold(&mut self, decoded: &Decoded<'_>, bytes: &[u8], source: u32) -> io::Result<()> {
        let content = hash(bytes);
        let fields = &decoded.fields;
        let id: Box<[u8]> =
            if fields.id.is_empty() { content.to_be_bytes().into() } else { fields.id.as_bytes().into() };
        let id_hash = hash(&id);
        if *self.contents.entry(id_hash).or_insert(content as u64) != content as u64 {
            self.conflicts.insert(id_hash);
        }
        let time = fields.time.map_or(i64::MAX, |time| time.timestamp_micros());
        self.held_bytes += bytes.len() + id.len() + size_of::<Item>();
        self.held.push(Item { key: SortKey { time, id, content }, source, flags: decoded.flags, bytes: bytes.into() });
        if self.held_bytes >= self.settings.memory { self.write_run() } else { Ok(()) }
    }

    fn write_run(&mut self) -> io::Result<()> {
        self.held.sort_by(|a, b| a.key.cmp(&b.key));
        let run = self.directory.as_ref().map_or_else(tempfile::tempfile, tempfile::tempfile_in)?;
        let mut out = BufWriter::with_capacity(1 << 18, run);
        for item in self.held.drain(..) {
            item.write(&mut out)?;
        }
        self.held_bytes = 0;
        self.runs.push(out.into_inner().map_err(io::IntoInnerError::into_error)?);
        Ok(())
    }
}

/// Events in order, each once.
pub struct Ordered {
    streams: Vec<Stream>,
    /// The first event of each stream.
    heads: Vec<Option<Item>>,
    sources: Vec<Arc<Source>>,
    /// By source: whether what it gave is passed over.
    unwanted: Vec<bool>,
    conflicts: HashSet<u128>,
    tally: Tally,
}

impl Ordered {
    /// Only what was read in these places; before the first event is taken.
    pub fn only(mut self, wanted: impl Fn(&Source) -> bool) -> io::Result<Self> {
        self.unwanted = self.sources.iter().map(|source| !wanted(source)).collect();
        for (stream, head) in self.streams.iter_mut().zip(&mut self.heads) {
            while head.as_ref().is_some_and(|item| self.unwanted[item.source as usize]) {
                *head = stream.next()?;
            }
        }
        Ok(self)
    }

    /// The next event; `None` after the last.
    #[expect(
        clippy::should_implement_trait,
        reason = "an error ends it, so `?` at the call reads better than Option<Result>"
    )]
    pub fn next(&mut self) -> io::Result<Option<Record>> {
        let Some(mut item) = self.pop()? else { return Ok(None) };
        // Copies stand next to each other. Which one is kept must not depend on which page came first.
        while self.least().is_some_and(|place| self.heads[place].as_ref().is_some_and(|next| next.key == item.key)) {
            if let Some(copy) = self.pop()? {
                self.tally.duplicates += 1;
                if self.sources[copy.source as usize].cell < self.sources[item.source as usize].cell {
                    item = copy;
                }
            }
        }
        if self.conflicts.contains(&hash(&item.key.id)) {
            item.flags.insert(Flags::CONFLICT);
            self.tally.conflicts += 1;
        }
        self.tally.events += 1;
        self.tally.flagged += u64::from(item.flags.is_odd());
        self.tally.own += u64::from(item.flags.contains(Flags::OWN));
        let source = Arc::clone(&self.sources[item.source as usize]);
        Ok(Some(Record { bytes: item.bytes, source, flags: item.flags, sealed: None }))
    }

    /// Counts of what was handed out so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    fn pop(&mut self) -> io::Result<Option<Item>> {
        let Some(place) = self.least() else { return Ok(None) };
        let mut next = self.streams[place].next()?;
        while next.as_ref().is_some_and(|item| self.unwanted[item.source as usize]) {
            next = self.streams[place].next()?;
        }
        Ok(std::mem::replace(&mut self.heads[place], next))
    }

    /// The stream with the least head. There are as many streams as budgets were used up, so few that looking at each
    /// is quicker than keeping them in order.
    fn least(&self) -> Option<usize> {
        let heads = self.heads.iter().enumerate().filter_map(|(place, head)| Some((&head.as_ref()?.key, place)));
        heads.min().map(|(_, place)| place)
    }
}

enum Stream {
    Memory(std::vec::IntoIter<Item>),
    File(BufReader<File>),
}

impl Stream {
    fn next(&mut self) -> io::Result<Option<Item>> {
        match self {
            Self::Memory(items) => Ok(items.next()),
            Self::File(reader) => Item::read(reader),
        }
    }
}

impl Item {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&[1, self.flags.bits()])?;
        out.write_all(&self.key.time.to_le_bytes())?;
        out.write_all(&self.key.content.to_le_bytes())?;
        out.write_all(&self.source.to_le_bytes())?;
        for part in [&self.key.id, &self.bytes] {
            out.write_all(&(part.len() as u64).to_le_bytes())?;
            out.write_all(part)?;
        }
        Ok(())
    }

    fn read(reader: &mut impl Read) -> io::Result<Option<Self>> {
        let mut start = [0; 1];
        if reader.read(&mut start)? == 0 {
            return Ok(None);
        }
        let [flags] = array(reader)?;
        let time = i64::from_le_bytes(array(reader)?);
        let content = u128::from_le_bytes(array(reader)?);
        let source = u32::from_le_bytes(array(reader)?);
        let id = part(reader)?;
        let bytes = part(reader)?;
        Ok(Some(Self { key: SortKey { time, id, content }, source, flags: Flags::from_bits(flags), bytes }))
    }
}

fn array<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn part(reader: &mut impl Read) -> io::Result<Box<[u8]>> {
    let mut bytes = vec![0; u64::from_le_bytes(array(reader)?) as usize];
    reader.read_exact(&mut bytes)?;
    Ok(bytes.into())
}

pub(super) fn hash(bytes: &[u8]) -> u128 {
    let digest = Sha256::digest(bytes);
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(first)
}

#[cfg(test)]
#[path = "sorter_tests.rs"]
mod tests;
