//! Takes events in any order, keeps each once, and gives out snapshots.
//!
//! ```text
//!   event ─► identity: new? ─► store (its bytes)
//!                        └───► fresh rows ─► a segment for each snapshot ─► runs, merged as they grow
//! ```

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::column::{Column, RecordRef};
use super::dictionary::Interner;
use super::identity::{Claim, EventKey, Identities};
use super::runs::Runs;
use super::segment::Row;
use super::snapshot::{Dictionaries, Snapshot, Totals};
use super::store::{Ordinal, Store, StoreOptions};
use super::texts::TextWriter;
use crate::domain::event::{Flags, decode};
use crate::domain::footprint::Footprint;
use crate::domain::lateness::Added;
use crate::domain::ocid::Ocid;
use crate::domain::page::Page;
use crate::domain::region::RegionId;

/// Rows that make a segment even when nobody asks for a snapshot.
const FRESH_ROWS: usize = 4_096;

/// See the module.
pub struct IndexBuilder {
    footprint: Footprint,
    lineage: Arc<()>,
    interners: Vec<Interner>,
    identities: Identities,
    store: Store,
    /// Rows that are in no segment yet, in the order of arrival.
    fresh: Vec<Row>,
    runs: Runs,
    texts: TextWriter,
    /// Rows in segments that turned out to be in conflict since the last snapshot.
    disputed: Vec<EventKey>,
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
        let mut store = Store::new(StoreOptions::default());
        let mut interners: Vec<Interner> = Column::ALL.iter().map(|_| Interner::new()).collect();
        let lineage = Arc::new(());
        let (runs, identities, texts) = (Runs::new(), Identities::new(), TextWriter::new());
        let (segments, ends) = runs.list();
        let published = Arc::new(Snapshot {
            lineage: Arc::clone(&lineage),
            version: 0,
            segments,
            runs: ends,
            blocks: store.blocks(),
            texts: texts.texts(),
            dictionaries: dictionaries(&mut interners),
            totals: Totals::default(),
            store: store.memory(),
            tables: identities.bytes(),
        });
        Self {
            footprint,
            lineage,
            interners,
            identities,
            store,
            fresh: Vec::new(),
            runs,
            texts,
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
        let decoded = self.footprint.decode(bytes);
        let fields = &decoded.fields;
        let Claim::New { digest, rival } = self.identities.claim(&fields.id, bytes, at, &mut self.store) else {
            self.totals.duplicates += 1;
            return None;
        };
        let mut flags = decoded.flags;
        let record = RecordRef { fields, region, queried, own: flags.contains(Flags::OWN) };
        if let Some(rival) = rival {
            flags.insert(Flags::CONFLICT);
            self.dispute(rival);
        }
        if is_late(fields.time) {
            flags.insert(Flags::LATE);
        }
        let micros = fields.time.map_or(EventKey::NO_TIME, |time| time.timestamp_micros());
        let (access, failed) = (fields.access(), fields.is_failed());
        let codes = Column::ALL.map(|column| self.interners[column.index()].code(column.text(&record)));
        self.totals.count(access, flags, bytes.len());
        let key = EventKey { micros, digest };
        self.store.push(bytes, digest);
        self.fresh.push(Row { key, access, failed, flags, codes, at });
        if self.fresh.len() >= FRESH_ROWS {
            self.seal();
            self.merge_some();
        }
        Some(key)
    }

    /// Everything taken so far. The same value again when nothing came in between.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        if self.totals.received == self.published.totals.received {
            if self.texts.texts().packs() != self.published.texts.packs() {
                self.publish();
            }
            return Arc::clone(&self.published);
        }
        self.seal();
        self.merge_some();
        self.publish()
    }

    /// Puts all that was taken into its final order, a step at a time: `None` when that is done. Each step is a matter of
    /// milliseconds.
    pub fn settle(&mut self) -> Option<Arc<Snapshot>> {
        let has_new = self.seal();
        let store = &self.store;
        if self.runs.step(true, &|at| store.digest(at)) || has_new {
            return Some(self.publish());
        }
        self.store.settle();
        if self.store.memory() != self.published.store {
            self.publish();
        }
        None
    }

    /// Takes a little more into the text index: `false` when all is in it that is to be. The next snapshot has it.
    pub fn index_text(&mut self) -> bool {
        self.texts.step(&self.store.blocks())
    }

    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn publish(&mut self) -> Arc<Snapshot> {
        let (segments, runs) = self.runs.list();
        self.published = Arc::new(Snapshot {
            lineage: Arc::clone(&self.lineage),
            version: self.published.version + 1,
            segments,
            runs,
            blocks: self.store.blocks(),
            texts: self.texts.texts(),
            dictionaries: dictionaries(&mut self.interners),
            totals: self.totals,
            store: self.store.memory(),
            tables: self.tables(),
        });
        Arc::clone(&self.published)
    }

    /// Bytes held beside what snapshots share.
    fn tables(&self) -> usize {
        self.identities.bytes() + self.texts.bytes() + self.interners.iter().map(Interner::bytes).sum::<usize>()
    }

    /// Marks the first event of an id as in conflict, once.
    fn dispute(&mut self, first: Ordinal) {
        if !self.identities.dispute(first) {
            return;
        }
        let loose = self.fresh.first().and_then(|row| first.0.checked_sub(row.at.0));
        if let Some(row) = loose.and_then(|place| self.fresh.get_mut(place as usize)) {
            let before = row.flags;
            row.flags.insert(Flags::CONFLICT);
            self.totals.dispute(before);
            return;
        }
        let time = self.store.read(first).and_then(|bytes| decode(bytes).fields.time);
        let micros = time.map_or(EventKey::NO_TIME, |time| time.timestamp_micros());
        let key = EventKey { micros, digest: self.store.digest(first) };
        let store = &self.store;
        self.totals.dispute(self.runs.flags(key, &|at| store.digest(at)));
        self.disputed.push(key);
    }

    /// Makes a segment of the fresh rows; whether there is anything that was not published.
    fn seal(&mut self) -> bool {
        let store = &self.store;
        let digests = |at| store.digest(at);
        self.runs.push(std::mem::take(&mut self.fresh), &digests);
        self.runs.mark(&std::mem::take(&mut self.disputed), Flags::CONFLICT, &digests);
        self.totals.received != self.published.totals.received
    }

    /// Does a step of what is due to be merged.
    fn merge_some(&mut self) {
        let store = &self.store;
        self.runs.step(false, &|at| store.digest(at));
    }
}

fn dictionaries(interners: &mut [Interner]) -> Dictionaries {
    interners.iter_mut().map(Interner::dictionary).collect()
}
