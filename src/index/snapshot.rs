//! What a reader holds: everything that was known at one moment, never changed again.

use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::column::Column;
use super::dictionary::Dictionary;
use super::identity::EventKey;
use super::runs;
use super::segment::Segment;
use super::store::{Blocks, StoreMemory};
use super::texts::Texts;
use crate::domain::access::Access;
use crate::domain::event::Flags;
use crate::domain::ocid::Ocid;

pub(super) type Dictionaries = Arc<[Dictionary]>;

/// Where a row is. Good for the snapshot it came from; to follow an event for longer, keep its [`EventKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowId {
    /// The place of its segment in [`Snapshot::segments`].
    pub segment: u32,
    pub row: u32,
}

/// What came in, and what was kept of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Events read, each time they were read.
    pub received: u64,
    /// Events held, each once. `received - duplicates`.
    pub events: u64,
    pub duplicates: u64,
    /// Events that share their id with one of other bytes; each of them counts.
    pub conflicts: u64,
    /// Events that are odd in any way, conflicts included.
    pub flagged: u64,
    /// Events held, by access, in the order of [`Access::ALL`].
    pub by_access: [u64; 3],
    /// Bytes of the events held, as Oracle sent them.
    pub raw_bytes: u64,
}

impl Totals {
    pub(super) fn count(&mut self, access: Access, flags: Flags, bytes: usize) {
        self.events += 1;
        self.by_access[access as usize] += 1;
        self.raw_bytes += bytes as u64;
        self.flagged += u64::from(flags.is_odd());
        self.conflicts += u64::from(flags.contains(Flags::CONFLICT));
    }

    /// An event held with these flags is found to be in conflict.
    pub(super) fn dispute(&mut self, flags: Flags) {
        self.conflicts += 1;
        self.flagged += u64::from(!flags.is_odd());
    }
}

/// Bytes of memory that the parts of an index take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The events' bytes, compressed.
    pub blocks: u64,
    pub columns: u64,
    pub dictionaries: u64,
    /// What tells whether an event or a value is held already.
    pub tables: u64,
    /// What tells where a text may be.
    pub texts: u64,
    /// On disk, because memory had a limit.
    pub spilled: u64,
}

impl Memory {
    /// Without what is on disk.
    pub fn resident(&self) -> u64 {
        self.blocks + self.columns + self.dictionaries + self.tables + self.texts
    }
}

/// See the module.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) lineage: Arc<()>,
    pub(super) version: u64,
    pub(super) segments: Arc<[Arc<Segment>]>,
    /// Where each run ends in the list of segments.
    pub(super) runs: Arc<[usize]>,
    pub(super) blocks: Blocks,
    pub(super) texts: Texts,
    pub(super) dictionaries: Dictionaries,
    pub(super) totals: Totals,
    pub(super) store: StoreMemory,
    pub(super) tables: usize,
}

impl Snapshot {
    /// Goes up with every snapshot of an index; 0 is the empty one.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Events held.
    pub fn len(&self) -> usize {
        self.totals.events as usize
    }

    pub fn is_empty(&self) -> bool {
        self.totals.events == 0
    }

    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    pub fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// The segments in runs, each as a range of places: within a run, one follows the other in time.
    pub fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = [0].into_iter().chain(self.runs.iter().copied());
        starts.zip(self.runs.iter()).map(|(start, end)| start..*end)
    }

    /// Where a text may be.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The events' bytes.
    pub fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    pub fn dictionary(&self, column: Column) -> &Dictionary {
        &self.dictionaries[column.index()]
    }

    /// Whether both are snapshots of one index: codes and segment ids mean the same in both.
    pub fn is_kin(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.lineage, &other.lineage)
    }

    /// `None` when there is no such row.
    pub fn row(&self, id: RowId) -> Option<RowView<'_>> {
        let segment = self.segments.get(id.segment as usize)?;
        segment.rows().contains(&(id.row as usize)).then_some(RowView { snapshot: self, segment, id })
    }

    /// Where an event is.
    pub fn find(&self, key: EventKey) -> Option<RowId> {
        let digests = |at| self.blocks.digest(at);
        let found = |segment: &Arc<Segment>| runs::find(segment, key, &digests);
        let mut rows = self.segments.iter().enumerate();
        rows.find_map(|(place, segment)| Some(RowId { segment: place as u32, row: found(segment)? as u32 }))
    }

    /// How many rows of the segment at `place` come before `key`, those that are gone included.
    pub fn rows_before(&self, place: usize, key: EventKey) -> usize {
        let digests = |at| self.blocks.digest(at);
        self.segments.get(place).map_or(0, |segment| runs::rows_before(segment, key, &digests))
    }

    /// Who the event in a row is.
    pub fn key(&self, id: RowId) -> Option<EventKey> {
        let segment = self.segments.get(id.segment as usize)?;
        let at = segment.at(id.row as usize)?;
        Some(EventKey { micros: segment.times().get(id.row as usize), digest: self.blocks.digest(at) })
    }

    /// The event's bytes, as Oracle sent them. Unpacks one block.
    pub fn raw(&self, id: RowId) -> Option<Arc<[u8]>> {
        let at = self.segments.get(id.segment as usize)?.at(id.row as usize)?;
        self.blocks.reader().read(at).map(Arc::from)
    }

    /// Every row, in no particular order.
    pub fn rows(&self) -> impl Iterator<Item = RowView<'_>> {
        self.segments.iter().enumerate().flat_map(move |(place, segment)| {
            let id = move |row| RowId { segment: place as u32, row: row as u32 };
            segment.rows().map(move |row| RowView { snapshot: self, segment, id: id(row) })
        })
    }

    /// When the oldest and the newest event happened, of those that say so.
    pub fn time_span(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let timed = |segment: &&Arc<Segment>| {
            let rows = segment.rows();
            let first = rows.start.max(segment.times().before(EventKey::NO_TIME + 1));
            (first < rows.end).then(|| (segment.times().get(first), segment.times().get(rows.end - 1)))
        };
        let (oldest, newest) =
            self.segments.iter().filter_map(|segment| timed(&segment)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
        Some((DateTime::from_timestamp_micros(oldest)?, DateTime::from_timestamp_micros(newest)?))
    }

    /// Adds up; for figures, not for frames.
    pub fn memory(&self) -> Memory {
        Memory {
            blocks: self.store.resident,
            columns: self.segments.iter().map(|segment| segment.bytes() as u64).sum(),
            dictionaries: self.dictionaries.iter().map(|dictionary| dictionary.bytes() as u64).sum(),
            tables: self.tables as u64,
            texts: self.texts.bytes() as u64,
            spilled: self.store.spilled,
        }
    }
}

/// One row. Texts are borrowed from the snapshot and empty where the event has none.
#[derive(Clone, Copy, Debug)]
pub struct RowView<'a> {
    snapshot: &'a Snapshot,
    segment: &'a Segment,
    id: RowId,
}

impl<'a> RowView<'a> {
    pub fn id(&self) -> RowId {
        self.id
    }

    /// Who the event is, over all snapshots.
    pub fn key(&self) -> EventKey {
        self.snapshot.key(self.id).unwrap_or(EventKey { micros: EventKey::NO_TIME, digest: 0 })
    }

    /// `eventTime`.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        self.key().time()
    }

    pub fn access(&self) -> Access {
        self.segment.access(self.id.row as usize)
    }

    pub fn flags(&self) -> Flags {
        self.segment.flags(self.id.row as usize)
    }

    /// What stands in a column; the methods below are its readable names.
    pub fn text(&self, column: Column) -> &'a str {
        self.snapshot.dictionary(column).value(self.segment.codes(column).get(self.id.row as usize))
    }

    /// What stands for that in the column's dictionary.
    pub fn code(&self, column: Column) -> u32 {
        self.segment.codes(column).get(self.id.row as usize)
    }

    /// HTTP status of the audited call, where it is a number.
    pub fn status(&self) -> Option<u16> {
        self.text(Column::Status).parse().ok()
    }

    pub fn is_failed(&self) -> bool {
        self.segment.failed().get(self.id.row as usize)
    }

    pub fn event_name(&self) -> &'a str {
        self.text(Column::Event)
    }

    pub fn service(&self) -> &'a str {
        self.text(Column::Service)
    }

    pub fn principal_name(&self) -> &'a str {
        self.text(Column::User)
    }

    /// On whose behalf the principal called, where a service calls for a user.
    pub fn caller_name(&self) -> &'a str {
        self.text(Column::Caller)
    }

    pub fn ip_address(&self) -> &'a str {
        self.text(Column::Ip)
    }

    pub fn user_agent(&self) -> &'a str {
        self.text(Column::Agent)
    }

    /// Of the API key that signed the call.
    pub fn key_fingerprint(&self) -> &'a str {
        self.text(Column::Key)
    }

    pub fn session(&self) -> &'a str {
        self.text(Column::Session)
    }

    pub fn resource_name(&self) -> &'a str {
        self.text(Column::Resource)
    }

    pub fn resource_id(&self) -> &'a str {
        self.text(Column::ResourceId)
    }

    /// Of the event's own compartment.
    pub fn compartment_name(&self) -> &'a str {
        self.text(Column::Compartment)
    }

    pub fn compartment_id(&self) -> &'a str {
        self.text(Column::CompartmentId)
    }

    pub fn action(&self) -> &'a str {
        self.text(Column::Action)
    }

    pub fn path(&self) -> &'a str {
        self.text(Column::Path)
    }

    pub fn message(&self) -> &'a str {
        self.text(Column::Message)
    }

    /// Where it was read first.
    pub fn region(&self) -> &'a str {
        self.text(Column::Region)
    }

    /// The compartment that was asked for when it was read first.
    pub fn queried_compartment(&self) -> Ocid {
        Ocid::new(self.text(Column::Queried))
    }

    /// The event's bytes, as Oracle sent them. Unpacks one block; `domain::event::decode` reads the rest out of them.
    pub fn raw(&self) -> Option<Arc<[u8]>> {
        self.snapshot.raw(self.id)
    }
}
