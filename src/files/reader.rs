//! Reads files one after the other and hands their events over as pages.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead as _, Read};
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::content::{Content, Counted};
use super::entry::{Event, Meta, Wrapped, unwrap};
use super::find::{Input, Origin};
use super::parquet::{self, Narrow, Table};
use super::places::{Places, region_of};
use super::unpack::unpack;
use super::values::{LONGEST, Next, Values};
use super::wrapping::{Part, inside};
use crate::domain::event::{EventFields, Flags, decode, is_of_another_log};
use crate::domain::ledger::CellKey;
use crate::domain::ocid::Ocid;
use crate::domain::page::Page;
use crate::domain::region::RegionId;
use crate::domain::text::{clean, count_of, thousands};
use crate::domain::time_range::FetchWindow;

/// Rows of a table that are named where they are left out; the others are counted.
const NAMED: u64 = 5;

/// How much is handed over at once: events, or bytes where they are long.
const CHUNK_EVENTS: usize = 512;
const CHUNK_BYTES: usize = 2 << 20;

/// More bytes than these are waited for until nobody holds them any more, so that however many long values there are, only
/// one of them is held.
const LARGE: usize = 2 * CHUNK_BYTES;

/// How often it is looked whether they are held.
const LOOK: Duration = Duration::from_millis(1);

/// The id and the three letters of a region by either of them; `None` where nobody knows it.
pub type RegionNames = Arc<dyn Fn(&str) -> Option<(RegionId, String)> + Send + Sync>;

/// Reads files; see the module.
pub struct Reader {
    pub names: RegionNames,
    /// Pages say that they were received then.
    pub now: DateTime<Utc>,
    pub progress: Arc<Progress>,
    /// What of Parquet files need not be read; nothing unless it is said.
    pub narrow: Narrow,
    /// The longest value that is taken, in bytes; [`LONGEST`] but for tests.
    pub longest: usize,
}

/// How far the reading is; read it from anywhere.
#[derive(Debug, Default)]
pub struct Progress {
    total: Option<u64>,
    read: AtomicU64,
    events: AtomicU64,
}

/// Events on their way to whoever asked, and what was seen so far. Take what you need of the pages and drop them.
pub struct Chunk<'a> {
    /// One for each place.
    pub pages: Vec<Page>,
    /// Which of the files it is out of.
    pub file: usize,
    pub places: &'a Places,
}

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRead {
    pub origin: Origin,
    /// Handed over; those that come twice count twice.
    pub events: u64,
    /// JSON objects that are no audit events; left out.
    pub others: u64,
    /// Bytes of the content, unpacked.
    pub bytes: u64,
    /// Of the content, unpacked, in hexadecimal digits; where it was asked for and all of it was read.
    pub sha256: Option<String>,
    /// Of a Parquet file.
    pub groups: Option<Groups>,
    /// What could not be read, and why, in words.
    pub faults: Vec<String>,
}

/// The row groups of Parquet files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    pub read: u64,
    /// Passed over, because they cannot hold anything of what is asked.
    pub skipped: u64,
    /// Bytes that were read of such files, as they are on disk.
    pub bytes: u64,
}

impl Progress {
    /// For these files. How much there is in all is known where each of them is a plain file.
    pub fn of(inputs: &[Input]) -> Self {
        let size = |input: &Input| match &input.origin {
            Origin::Stdin => None,
            Origin::File(path) => path.metadata().ok().filter(std::fs::Metadata::is_file).map(|found| found.len()),
        };
        Self { total: inputs.iter().map(size).sum(), ..Self::default() }
    }

    /// Bytes of the files as they are, packed or not.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Takes note of bytes that were read.
    pub(super) fn add(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }
}

impl Reader {
    pub fn new(names: RegionNames, now: DateTime<Utc>, progress: Arc<Progress>) -> Self {
        Self { names, now, progress, narrow: Narrow::default(), longest: LONGEST }
    }

    /// Reads all of it, in order. `take` may end it early.
    pub fn read(&self, inputs: &[Input], take: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Vec<FileRead> {
        self.read_on(&mut Places::default(), inputs, take)
    }

    /// The same, where some places are known already.
    pub fn read_on(
        &self,
        places: &mut Places,
        inputs: &[Input],
        take: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    ) -> Vec<FileRead> {
        let mut files = Vec::new();
        for (number, input) in inputs.iter().enumerate() {
            let mut reading = OneFile {
                reader: self,
                number,
                places: &mut *places,
                chunk: Pending::default(),
                told: region_of_path(&input.origin, &self.names),
                file: FileRead {
                    origin: input.origin.clone(),
                    events: 0,
                    others: 0,
                    bytes: 0,
                    sha256: None,
                    groups: None,
                    faults: Vec::new(),
                },
                left_out: 0,
            };
            let flow = reading.read(input, take);
            files.push(reading.file);
            if flow.is_break() {
                break;
            }
        }
        files
    }
}

/// A file while it is read.
struct OneFile<'a> {
    reader: &'a Reader,
    number: usize,
    places: &'a mut Places,
    chunk: Pending,
    /// The region that the path names.
    told: Option<RegionId>,
    file: FileRead,
    /// Rows of a table.
    left_out: u64,
}

/// What was read and not handed over yet.
#[derive(Default)]
struct Pending {
    body: Vec<u8>,
    /// Where events stand in the body, by where they were read.
    events: HashMap<(RegionId, Ocid), Vec<Range<usize>>>,
    count: usize,
}

impl OneFile<'_> {
    fn read(&mut self, input: &Input, take: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        if is_csv(&input.origin) {
            self.file.faults.push("a table has columns of events, not events; nothing of it was read".to_owned());
            return ControlFlow::Continue(());
        }
        if let Origin::File(path) = &input.origin
            && let Some(file) = parquet::open(path)
        {
            return self.read_table(file, path, input.digest, take);
        }
        let opened = self.open(&input.origin).and_then(unpack);
        let content = match opened {
            Ok(content) => content,
            Err(error) => {
                self.file.faults.push(format!("it cannot be read: {error}"));
                return ControlFlow::Continue(());
            }
        };
        let mut content = Content { inner: content, bytes: 0, hash: input.digest.then(Sha256::new) };
        let flow = match content.is_text() {
            Ok(true) => self.read_values(&mut content, take),
            Ok(false) => {
                let table = content.inner.fill_buf().is_ok_and(parquet::begins);
                let why =
                    if table { "a Parquet file is read from its end, so name it, unpacked" } else { "it is no text" };
                self.file.faults.push(format!("{why}; nothing of it was read"));
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.file.faults.push(format!("it cannot be read: {error}"));
                ControlFlow::Continue(())
            }
        };
        self.file.bytes = content.bytes;
        let whole = flow.is_continue() && self.file.faults.is_empty();
        self.file.sha256 = content.hash.filter(|_| whole).map(|hash| format!("{:x}", hash.finalize()));
        flow
    }

    /// A damaged group ends before its damage; those behind it are read.
    fn read_table(
        &mut self,
        file: File,
        path: &Path,
        digest: bool,
        take: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let before = self.reader.progress.read();
        self.file.bytes = file.metadata().map_or(0, |found| found.len());
        let table = match Table::open(file, Arc::clone(&self.reader.progress), self.reader.longest) {
            Ok(table) => table,
            Err(why) => {
                self.file.faults.push(why);
                return ControlFlow::Continue(());
            }
        };
        let mut groups = Groups::default();
        for group in 0..table.groups() {
            if !table.may_hold(group, &self.reader.narrow) {
                groups.skipped += 1;
                continue;
            }
            groups.read += 1;
            self.read_group(&table, group, take)?;
        }
        if self.left_out > NAMED {
            let more = count_of(self.left_out - NAMED, "event");
            self.file.faults.push(format!("{more} more left out: too long, or not the bytes that were written"));
        }
        groups.bytes = self.reader.progress.read() - before;
        self.file.groups = Some(groups);
        if digest && groups.skipped == 0 && self.file.faults.is_empty() {
            self.file.sha256 = parquet::digest_of(path).ok();
        }
        self.hand_over(take)
    }

    fn read_group(
        &mut self,
        table: &Table,
        group: usize,
        take: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut rows = table.rows(group);
        loop {
            let read = rows
                .as_mut()
                .map_err(|error| parquet::words(error))
                .and_then(|rows| rows.next().map_err(|error| parquet::words(&error)));
            match read {
                Ok(rows) if rows.is_empty() => return ControlFlow::Continue(()),
                Ok(rows) => {
                    for row in rows {
                        self.take_row(row);
                        if self.chunk.is_full() {
                            self.hand_over(take)?;
                        }
                    }
                }
                Err(why) => {
                    let behind = thousands(self.file.events);
                    let place = format!("row group {} of {}", group + 1, table.groups());
                    self.file.faults.push(format!("behind event {behind}, {place} cannot be read: {why}"));
                    return ControlFlow::Continue(());
                }
            }
        }
    }

    fn take_row(&mut self, row: parquet::Row) {
        let bytes = row.raw.data();
        let too_long = bytes.len() > self.reader.longest;
        if too_long || !row.is_whole {
            self.left_out += 1;
            if self.left_out <= NAMED {
                let behind = thousands(self.file.events);
                let fault = if too_long {
                    format!("one of {} was left out: too long", count_of(bytes.len() as u64, "byte"))
                } else {
                    "one was left out: its bytes are not those that were written".to_owned()
                };
                self.file.faults.push(format!("behind event {behind}, {fault}"));
            }
            return;
        }
        let start = self.chunk.body.len();
        self.chunk.body.extend_from_slice(bytes);
        self.take_record(Some(row.meta), start..self.chunk.body.len());
    }

    fn open(&self, origin: &Origin) -> io::Result<Counted> {
        let inner: Box<dyn Read + Send> = match origin {
            Origin::Stdin => Box::new(io::stdin()),
            Origin::File(path) => Box::new(File::open(path)?),
        };
        Ok(Counted { inner, progress: Arc::clone(&self.reader.progress) })
    }

    fn read_values(
        &mut self,
        content: &mut Content,
        take: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut values = Values::new(content, self.reader.longest);
        loop {
            let next = values.next(&mut self.chunk.body);
            let behind = || format!("behind event {}", thousands(self.file.events));
            match next {
                Ok(Next::Value(extent)) => self.take_value(extent),
                Ok(Next::TooLong(bytes)) => {
                    let fault = format!("{}, one of {} was left out: too long", behind(), count_of(bytes, "byte"));
                    self.file.faults.push(fault);
                }
                Ok(Next::Cut) => self.file.faults.push(format!("{} it is cut off", behind())),
                Ok(Next::End) => break,
                Err(error) => {
                    self.file.faults.push(format!("{} it cannot be read: {}", behind(), clean(&error.to_string())));
                    break;
                }
            }
            if self.chunk.is_full() {
                self.hand_over(take)?;
            }
        }
        self.hand_over(take)
    }

    /// The value at `extent` is what the body ends with.
    fn take_value(&mut self, extent: Range<usize>) {
        let line = self.chunk.body.get(extent.clone()).unwrap_or_default();
        match unwrap(line) {
            Some(Wrapped { meta, event: Event::At(at) }) => {
                self.take_record(Some(meta), extent.start + at.start..extent.start + at.end);
            }
            Some(Wrapped { meta, event: Event::Text(text) }) => {
                let extent = self.chunk.append(text.as_bytes());
                self.take_record(Some(meta), extent);
            }
            None => self.take_record(None, extent),
        }
    }

    fn take_record(&mut self, meta: Option<Meta>, extent: Range<usize>) {
        let bytes = self.chunk.body.get(extent.clone()).unwrap_or_default();
        let decoded = decode(bytes);
        // What has an id is an event; all else is looked at once more.
        if decoded.fields.id.is_empty() && bytes.starts_with(b"{") {
            if let Some(parts) = inside(bytes) {
                return self.take_parts(meta.as_ref(), &extent, parts);
            }
            let says_nothing = EventFields { time: None, ..decoded.fields.clone() } == EventFields::default();
            let readable = !decoded.flags.contains(Flags::UNREADABLE);
            if meta.is_none() && readable && (says_nothing || is_of_another_log(bytes)) {
                self.file.others += 1;
                return;
            }
        }
        if let Some(tenancy) = meta.as_ref().and_then(|meta| meta.tenancy.as_deref()) {
            self.places.tell_tenancy(tenancy);
        }
        let place = place(meta.unwrap_or_default(), &decoded.fields, self.told.as_ref(), &self.reader.names);
        self.places.add(&place.0, &place.1, &decoded.fields, &*self.reader.names);
        self.chunk.events.entry(place).or_default().push(extent);
        self.chunk.count += 1;
        self.file.events += 1;
    }

    /// `extent`: where the wrapping stands in the body.
    fn take_parts(&mut self, meta: Option<&Meta>, extent: &Range<usize>, parts: Vec<Part>) {
        for part in parts {
            match part {
                Part::At(at) => self.take_record(meta.cloned(), extent.start + at.start..extent.start + at.end),
                Part::Decoded(bytes) => {
                    let extent = self.chunk.append(&bytes);
                    self.take_record(meta.cloned(), extent);
                }
                Part::Broken(why) => {
                    let behind = thousands(self.file.events);
                    self.file.faults.push(format!("behind event {behind}, a message was left out: {why}"));
                }
            }
        }
    }

    fn hand_over(&mut self, take: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let Pending { body, events, count } = std::mem::take(&mut self.chunk);
        if count == 0 {
            return ControlFlow::Continue(());
        }
        self.reader.progress.events.fetch_add(count as u64, Ordering::Relaxed);
        let large = body.len() > LARGE;
        let body: Arc<dyn AsRef<[u8]> + Send + Sync> = Arc::new(body);
        let page = |((region, compartment), extents)| {
            let cell = CellKey { region, compartment, window: FetchWindow::UNKNOWN };
            Page::of_values(cell, Arc::clone(&body), extents, self.reader.now)
        };
        let flow =
            take(Chunk { pages: events.into_iter().map(page).collect(), file: self.number, places: self.places });
        let held = Arc::downgrade(&body);
        drop(body);
        while large && flow.is_continue() && held.strong_count() > 0 {
            thread::park_timeout(LOOK);
        }
        flow
    }
}

impl Pending {
    /// Where it stands then.
    fn append(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.body.len();
        self.body.extend_from_slice(bytes);
        start..self.body.len()
    }

    fn is_full(&self) -> bool {
        self.count >= CHUNK_EVENTS || self.body.len() >= CHUNK_BYTES
    }
}

/// Where an event was read: what was said of it, else what it says itself, else what the path of its file says; empty
/// where nobody knows.
fn place(meta: Meta, fields: &EventFields<'_>, told: Option<&RegionId>, names: &RegionNames) -> (RegionId, Ocid) {
    let region = match meta.region {
        Some(region) => RegionId::new(region),
        None => region_of(&fields.resource_id, &**names).or_else(|| told.cloned()).unwrap_or_else(|| RegionId::new("")),
    };
    let compartment = meta.compartment_id.map_or_else(|| Ocid::new(&*fields.compartment_id), Ocid::new);
    (region, compartment)
}

/// The last directory that is called as a region, by its name or as `region=<name>`.
fn region_of_path(origin: &Origin, names: &RegionNames) -> Option<RegionId> {
    let Origin::File(path) = origin else { return None };
    let directories = path.parent()?.components().rev().filter_map(|part| part.as_os_str().to_str());
    // Three letters may mean anything.
    let mut named = directories.map(|part| part.strip_prefix("region=").unwrap_or(part)).filter(|name| name.len() > 3);
    named.find_map(|name| names(name).map(|(id, _)| id).filter(|id| id.as_str() == name))
}

/// A table of columns, by its name: its lines would be taken for events that cannot be read.
fn is_csv(origin: &Origin) -> bool {
    let Origin::File(path) = origin else { return false };
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    [".csv", ".csv.gz", ".csv.zst"].iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
