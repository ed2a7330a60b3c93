//! What a reader holds: everything that was known at one moment, never changed again.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::block::BlockReader;
use super::column::Column;
use super::dictionary::Dictionary;
use super::identity::EventKey;
use super::segment::{Segment, SegmentId};
use crate::domain::access::Access;
use crate::domain::event::Flags;
use crate::domain::ocid::Ocid;

pub(super) type Dictionaries = Arc<[Dictionary]>;

/// Where a row is. Good for the snapshot it came from, and for later ones while its segment lives; to follow an event
/// for longer, keep its [`EventKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowId {
    pub segment: SegmentId,
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
    /// What keeping these bytes takes.
    pub stored_bytes: u64,
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

/// Bytes of memory that a snapshot's parts take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    pub blocks: u64,
    pub columns: u64,
    pub dictionaries: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Snapshot {
    pub(super) lineage: Arc<()>,
    pub(super) version: u64,
    pub(super) segments: Arc<[Arc<Segment>]>,
    pub(super) dictionaries: Dictionaries,
    pub(super) totals: Totals,
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

    /// In the order of their ids.
    pub fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    pub fn dictionary(&self, column: Column) -> &Dictionary {
        &self.dictionaries[column.index()]
    }

    /// Whether both are snapshots of one index: codes and segment ids mean the same in both.
    pub fn is_kin(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.lineage, &other.lineage)
    }

    /// `None` when the row's segment was merged into another since.
    pub fn row(&self, id: RowId) -> Option<RowView<'_>> {
        let segment = self.segment(id.segment)?;
        let row = id.row as usize;
        (row < segment.len()).then_some(RowView { snapshot: self, segment, row })
    }

    /// Where an event is now.
    pub fn find(&self, key: EventKey) -> Option<RowId> {
        self.segments
            .iter()
            .find_map(|segment| segment.find(key).map(|row| RowId { segment: segment.id(), row: row as u32 }))
    }

    /// The event's bytes, as Oracle sent them. Unpacks one block.
    pub fn raw(&self, id: RowId) -> Option<Arc<[u8]>> {
        let mut reader = BlockReader::default();
        self.segment(id.segment)?.read(id.row as usize, &mut reader).map(Arc::from)
    }

    /// Every row, in no particular order.
    pub fn rows(&self) -> impl Iterator<Item = RowView<'_>> {
        let segments = self.segments.iter();
        segments.flat_map(move |segment| (0..segment.len()).map(move |row| RowView { snapshot: self, segment, row }))
    }

    /// When the oldest and the newest event happened, of those that say so.
    pub fn time_span(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let timed = |segment: &Segment| segment.micros().partition_point(|micros| *micros == EventKey::NO_TIME);
        let oldest = self.segments.iter().filter_map(|segment| segment.micros().get(timed(segment))).min()?;
        let newest = self.segments.iter().filter_map(|segment| segment.micros().last()).max()?;
        Some((DateTime::from_timestamp_micros(*oldest)?, DateTime::from_timestamp_micros(*newest)?))
    }

    /// Adds up; for figures, not for frames.
    pub fn memory(&self) -> Memory {
        Memory {
            blocks: self.totals.stored_bytes,
            columns: self.segments.iter().map(|segment| segment.bytes() as u64).sum(),
            dictionaries: self.dictionaries.iter().map(|dictionary| dictionary.bytes() as u64).sum(),
        }
    }

    fn segment(&self, id: SegmentId) -> Option<&Segment> {
        let place = self.segments.binary_search_by_key(&id.number, |segment| segment.id().number).ok()?;
        self.segments.get(place).map(|segment| &**segment)
    }
}

/// One row. Texts are borrowed from the snapshot and empty where the event has none.
#[derive(Clone, Copy, Debug)]
pub struct RowView<'a> {
    snapshot: &'a Snapshot,
    segment: &'a Segment,
    row: usize,
}

impl<'a> RowView<'a> {
    pub fn id(&self) -> RowId {
        RowId { segment: self.segment.id(), row: self.row as u32 }
    }

    /// Who the event is, over all snapshots.
    pub fn key(&self) -> EventKey {
        self.segment.key(self.row).unwrap_or(EventKey { micros: EventKey::NO_TIME, digest: 0 })
    }

    /// `eventTime`.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        self.key().time()
    }

    pub fn access(&self) -> Access {
        self.segment.access().get(self.row).copied().unwrap_or(Access::Read)
    }

    pub fn flags(&self) -> Flags {
        self.segment.flags(self.row)
    }

    /// What stands in a column; the methods below are its readable names.
    pub fn text(&self, column: Column) -> &'a str {
        self.snapshot.dictionary(column).value(self.segment.codes(column).get(self.row))
    }

    /// What stands for that in the column's dictionary.
    pub fn code(&self, column: Column) -> u32 {
        self.segment.codes(column).get(self.row)
    }

    /// HTTP status of the audited call, where it is a number.
    pub fn status(&self) -> Option<u16> {
        self.text(Column::Status).parse().ok()
    }

    pub fn is_failed(&self) -> bool {
        self.status().is_some_and(|status| status >= 400)
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
        self.snapshot.raw(self.id())
    }

    /// The same without a copy; rows that came together share what `reader` has unpacked.
    pub fn bytes<'r>(&self, reader: &'r mut BlockReader) -> Option<&'r [u8]>
    where
        'a: 'r,
    {
        self.segment.read(self.row, reader)
    }
}
