//! Takes events in any order, keeps each once, and gives out snapshots.
//!
//! ```text
//!   event ─► open block (< 64) ─► packed ─► fresh rows ─► segments, merged until they are large
//!              the tail of a snapshot                       the rest of it
//! ```
//!
//! Only the tail is built anew for every snapshot. Segments merge with a neighbour that is less than twice their size,
//! so a row moves a dozen times at most, and `n` rows lie in about `n / 2,048` segments.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::column::{Column, RecordRef};
use super::dictionary::Interner;
use super::identity::{EventKey, Identities};
use super::segment::{Row, SEGMENT_ROWS, Segment};
use super::snapshot::{Dictionaries, Snapshot, Totals};
use super::store::{BLOCK_EVENTS, Ordinal, Store, StoreOptions};
use crate::domain::event::{Flags, decode};
use crate::domain::footprint::Footprint;
use crate::domain::lateness::Added;
use crate::domain::ocid::Ocid;
use crate::domain::page::Page;
use crate::domain::region::RegionId;

/// See the module.
pub struct IndexBuilder {
    footprint: Footprint,
    lineage: Arc<()>,
    interners: Vec<Interner>,
    identities: Identities,
    store: Store,
    /// Rows of the open block.
    open: Vec<Row>,
    /// Rows of packed blocks that are in no segment yet, in the order of arrival.
    fresh: Vec<Row>,
    /// Grows at its end, where segments are merged.
    segments: Vec<Arc<Segment>>,
    next_segment: u32,
    /// Rows in segments that turned out to be in conflict since the last snapshot.
    disputed: Vec<Ordinal>,
    totals: Totals,
    published: Arc<Snapshot>,
}

impl Default for IndexBuilder {
    fn default() -> Self {
        Self::new(Footprint::default())
    }
}

impl IndexBuilder {
    /// `footprint` tells which events are our own.
    pub fn new(footprint: Footprint) -> Self {
        let lineage = Arc::new(());
        let interners: Vec<Interner> = Column::ALL.iter().map(|_| Interner::new()).collect();
        let published = Arc::new(Snapshot {
            lineage: Arc::clone(&lineage),
            version: 0,
            segments: Arc::from([]),
            dictionaries: dictionaries(&interners),
            totals: Totals::default(),
        });
        Self {
            footprint,
            lineage,
            interners,
            identities: Identities::default(),
            store: Store::new(StoreOptions::default()),
            open: Vec::with_capacity(BLOCK_EVENTS as usize),
            fresh: Vec::new(),
            segments: Vec::new(),
            next_segment: 0,
            disputed: Vec::new(),
            totals: Totals::default(),
            published,
        }
    }

    /// Takes every event of a page; tells what it added.
    pub fn insert_page(&mut self, page: &Page) -> Added {
        let mut added = Added::default();
        let late_by = |time: Option<DateTime<Utc>>| time.and_then(|time| page.lateness(time));
        for event in page.events() {
            let is_late = |time| late_by(time).is_some();
            let Some(key) = self.take(&page.cell.region, &page.cell.compartment, event, is_late) else { continue };
            added.count(late_by(key.time()));
        }
        added
    }

    /// Takes one event, read in `region` by asking for compartment `queried`. The first place where an event is read is
    /// the one it keeps. `None` when it was held already.
    pub fn insert(&mut self, region: &RegionId, queried: &Ocid, bytes: &[u8]) -> Option<EventKey> {
        self.take(region, queried, bytes, |_| false)
    }

    fn take(
        &mut self,
        region: &RegionId,
        queried: &Ocid,
        bytes: &[u8],
        is_late: impl FnOnce(Option<DateTime<Utc>>) -> bool,
    ) -> Option<EventKey> {
        self.totals.received += 1;
        let at = self.store.next();
        let store = &mut self.store;
        let Some(digest) = self.identities.admit(bytes, at, |known| store.read(known) == Some(bytes)) else {
            self.totals.duplicates += 1;
            return None;
        };
        let decoded = self.footprint.decode(bytes);
        let mut flags = decoded.flags;
        let own = flags.contains(Flags::OWN);
        let record = RecordRef { fields: &decoded.fields, region, queried, own };
        if self.is_in_conflict(&decoded.fields.id, at) {
            flags.insert(Flags::CONFLICT);
        }
        if is_late(decoded.fields.time) {
            flags.insert(Flags::LATE);
        }
        let micros = decoded.fields.time.map_or(EventKey::NO_TIME, |time| time.timestamp_micros());
        let access = decoded.fields.access();
        let codes = Column::ALL.map(|column| self.interners[column.index()].code(column.text(&record)));
        self.totals.count(access, flags, bytes.len());
        let key = EventKey { micros, digest };
        self.open.push(Row { key, access, flags, codes, at });
        self.store.push(bytes, digest as u64);
        if self.open.len() == BLOCK_EVENTS as usize {
            self.block_full();
        }
        Some(key)
    }

    /// Everything taken so far. The same value again when nothing came in between.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        if self.totals.received == self.published.totals.received {
            return Arc::clone(&self.published);
        }
        let segments = if self.totals.events == self.published.totals.events {
            Arc::clone(&self.published.segments)
        } else {
            self.segments()
        };
        let totals = Totals { stored_bytes: self.store.memory().resident, ..self.totals };
        self.published = Arc::new(Snapshot {
            lineage: Arc::clone(&self.lineage),
            version: self.published.version + 1,
            segments,
            dictionaries: dictionaries(&self.interners),
            totals,
        });
        Arc::clone(&self.published)
    }

    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Whether another event has the same id; the first of them is marked too.
    fn is_in_conflict(&mut self, id: &str, at: Ordinal) -> bool {
        if id.is_empty() {
            return false;
        }
        let store = &mut self.store;
        let has_id = |known| store.read(known).is_some_and(|bytes| decode(bytes).fields.id == id);
        let Some(first) = self.identities.claim_id(id, at, has_id) else { return false };
        if self.identities.dispute(first) {
            self.mark_first(first);
        }
        true
    }

    fn mark_first(&mut self, first: Ordinal) {
        if let Some(row) = self.loose_row(first) {
            let before = row.flags;
            row.flags.insert(Flags::CONFLICT);
            self.totals.dispute(before);
        } else {
            self.totals.dispute(self.flags_in_segments(first));
            self.disputed.push(first);
        }
    }

    /// The row of an event that is in no segment yet, other than the tail of a snapshot.
    fn loose_row(&mut self, at: Ordinal) -> Option<&mut Row> {
        if let Some(first) = self.open.first().map(|row| row.at).filter(|first| *first <= at) {
            return self.open.get_mut((at.0 - first.0) as usize);
        }
        let first = self.fresh.first()?.at;
        self.fresh.get_mut(at.0.checked_sub(first.0)? as usize)
    }

    fn flags_in_segments(&self, at: Ordinal) -> Flags {
        self.segments.iter().find_map(|segment| segment.flags_of(at)).unwrap_or_default()
    }

    fn block_full(&mut self) {
        self.fresh.append(&mut self.open);
        if self.fresh.len() >= SEGMENT_ROWS {
            self.seal();
        }
    }

    /// Makes a segment of the fresh rows and merges it with its neighbours while they are small.
    fn seal(&mut self) {
        if self.fresh.is_empty() {
            return;
        }
        let rows = std::mem::take(&mut self.fresh);
        let number = self.next_number();
        let mut newest = Segment::new(number, rows, self.store.blocks());
        while let Some(before) = self.segments.pop_if(|before| may_merge(before, &newest)) {
            newest = Segment::merged(self.next_number(), &before, &newest);
        }
        self.segments.push(Arc::new(newest));
    }

    fn segments(&mut self) -> Arc<[Arc<Segment>]> {
        self.seal();
        self.mark_disputed();
        let tail = self.tail();
        self.segments.iter().cloned().chain(tail).collect()
    }

    fn mark_disputed(&mut self) {
        let mut disputed = std::mem::take(&mut self.disputed);
        disputed.sort_unstable();
        if disputed.is_empty() {
            return;
        }
        for segment in &mut self.segments {
            if let Some(marked) = segment.marked(&disputed, Flags::CONFLICT) {
                *segment = Arc::new(marked);
            }
        }
    }

    fn tail(&mut self) -> Option<Arc<Segment>> {
        if self.open.is_empty() {
            return None;
        }
        let number = self.next_number();
        Some(Arc::new(Segment::new(number, self.open.clone(), self.store.blocks())))
    }

    fn next_number(&mut self) -> u32 {
        self.next_segment += 1;
        self.next_segment
    }
}

fn may_merge(before: &Segment, newest: &Segment) -> bool {
    before.len() + newest.len() <= SEGMENT_ROWS && before.len() < 2 * newest.len()
}

fn dictionaries(interners: &[Interner]) -> Dictionaries {
    interners.iter().map(Interner::dictionary).collect()
}
