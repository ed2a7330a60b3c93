//! Two records of the same events held against each other, by event id, hour by hour and region by region.
//!
//! What is held of an event is 24 bytes: its id, the place and time, and a digest of what both records say in the same
//! words. So millions fit into memory; see [`Ledger::take`].

mod id;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::domain::event::EventFields;
use crate::domain::region::RegionId;
use id::{Id, Names};

/// Milliseconds.
const HOUR: i64 = 3_600_000;

/// Bits of an item's place: milliseconds of the hour, the side, and the region in what is left.
const OF_TIME: u32 = 22;
const OF_SIDE: u32 = 1;

/// Regions that are told apart; whatever is beyond that is called unknown.
const REGIONS: usize = 1 << (32 - OF_TIME - OF_SIDE);

/// Who has a record of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// What was read from the service and kept.
    Kept,
    /// What arrived by another way.
    Archive,
}

/// From a moment to another, that one included; milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    pub first: i64,
    pub last: i64,
}

/// Everything that both sides have.
#[derive(Default)]
pub struct Ledger {
    hours: BTreeMap<i64, Vec<Item>>,
    names: Names,
    regions: Vec<RegionId>,
    codes: HashMap<RegionId, u32>,
    of: [OfSide; 2],
}

#[derive(Clone, Copy, Debug, Default)]
struct OfSide {
    reach: Option<Reach>,
    nameless: u64,
    timeless: u64,
}

/// Ordered by id, then side.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    id: Id,
    content: u32,
    place: u32,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order of time, then of the names of regions.
    pub rows: Vec<Row>,
    pub total: Counts,
    /// More records of an id on one side than one, by side; they count once.
    pub copies: [u64; 2],
    /// Records outside of the time that is compared, by side.
    pub outside: [u64; 2],
}

/// An hour of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub hour: DateTime<Utc>,
    /// Empty where neither side tells.
    pub region: RegionId,
    /// Whether only a part of the hour is compared.
    pub partial: bool,
    pub counts: Counts,
}

/// Ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub kept: u64,
    pub archive: u64,
    /// Kept, and not in the archive.
    pub only_kept: u64,
    pub only_archive: u64,
    /// On both sides, and not saying the same.
    pub different: u64,
}

/// How an id differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    MissingInArchive,
    MissingInKept,
    Different,
}

/// An id that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub sort: Sort,
    pub region: RegionId,
    pub time: DateTime<Utc>,
    pub id: String,
}

impl Counts {
    pub fn differs(self) -> bool {
        self.only_kept + self.only_archive + self.different > 0
    }

    fn add(&mut self, more: Self) {
        self.kept += more.kept;
        self.archive += more.archive;
        self.only_kept += more.only_kept;
        self.only_archive += more.only_archive;
        self.different += more.different;
    }
}

impl Reach {
    fn with(self, at: i64) -> Self {
        Self { first: self.first.min(at), last: self.last.max(at) }
    }

    /// What lies in both; `None` where nothing does.
    pub fn and(self, other: Self) -> Option<Self> {
        let both = Self { first: self.first.max(other.first), last: self.last.min(other.last) };
        (both.first <= both.last).then_some(both)
    }

    fn contains(self, at: i64) -> bool {
        (self.first..=self.last).contains(&at)
    }
}

impl Ledger {
    /// Takes an event that one side has, read in `region`. It costs 24 bytes, up to twice that while an hour grows, and
    /// more where its id is no UUID.
    pub fn take(&mut self, side: Side, region: &RegionId, fields: &EventFields<'_>) {
        let of = &mut self.of[side as usize];
        if fields.id.is_empty() {
            of.nameless += 1;
            return;
        }
        let Some(time) = fields.time else {
            of.timeless += 1;
            return;
        };
        let at = time.timestamp_millis();
        of.reach = Some(of.reach.map_or(Reach { first: at, last: at }, |reach| reach.with(at)));
        let region = self.code(region);
        let place = region << (OF_TIME + OF_SIDE) | (side as u32) << OF_TIME | at.rem_euclid(HOUR) as u32;
        let item = Item { id: self.names.id(&fields.id), content: content(fields), place };
        self.hours.entry(at.div_euclid(HOUR)).or_default().push(item);
    }

    /// From the first to the last event of a side; `None` where it has none.
    pub fn reach(&self, side: Side) -> Option<Reach> {
        self.of[side as usize].reach
    }

    /// Events of a side that cannot be compared: without an id, and without a time.
    pub fn incomparable(&self, side: Side) -> (u64, u64) {
        let of = &self.of[side as usize];
        (of.nameless, of.timeless)
    }

    /// Compares what lies in `reach`, and tells each difference.
    pub fn compare(mut self, reach: Reach, tell: &mut dyn FnMut(Difference)) -> Report {
        let mut report = Report::default();
        for (hour, mut items) in std::mem::take(&mut self.hours) {
            let start = hour * HOUR;
            let before = items.len();
            let sides = |items: &[Item], side| items.iter().filter(|item| item.side() == side).count() as u64;
            let all = [Side::Kept, Side::Archive].map(|side| sides(&items, side));
            items.retain(|item| reach.contains(start + item.millisecond()));
            if items.len() < before {
                for side in [Side::Kept, Side::Archive] {
                    report.outside[side as usize] += all[side as usize] - sides(&items, side);
                }
            }
            items.sort_unstable();
            let mut rows: BTreeMap<RegionId, Counts> = BTreeMap::new();
            for same in items.chunk_by(|a, b| a.id == b.id) {
                let one = self.compare_one(same, start, &mut report.copies, tell);
                rows.entry(one.0).or_default().add(one.1);
            }
            let partial = !(reach.contains(start) && reach.contains(start + HOUR - 1));
            let Some(hour) = DateTime::from_timestamp_millis(start) else { continue };
            for (region, counts) in rows {
                report.total.add(counts);
                report.rows.push(Row { hour, region, partial, counts });
            }
        }
        report
    }

    /// `same`: all records of an id in the hour that begins at `start`.
    fn compare_one(
        &self,
        same: &[Item],
        start: i64,
        copies: &mut [u64; 2],
        tell: &mut dyn FnMut(Difference),
    ) -> (RegionId, Counts) {
        let of = |side| same.iter().filter(move |item| item.side() == side);
        let count = |side| of(side).count() as u64;
        let there = [Side::Kept, Side::Archive].map(count);
        for (copies, there) in copies.iter_mut().zip(there) {
            *copies += there.saturating_sub(1);
        }
        let [kept, archive] = there.map(|count| u64::from(count > 0));
        let says_the_same = of(Side::Kept).any(|one| of(Side::Archive).any(|other| other.content == one.content));
        let sort = match (kept, archive) {
            (_, 0) => Some(Sort::MissingInArchive),
            (0, _) => Some(Sort::MissingInKept),
            _ => (!says_the_same).then_some(Sort::Different),
        };
        // What was kept knows where it was asked for; of the rest somebody may.
        let mut by_side = of(Side::Kept).chain(of(Side::Archive));
        let region = by_side.find_map(|item| self.regions.get(item.region()).filter(|id| !id.as_str().is_empty()));
        let region = region.cloned().unwrap_or_else(|| RegionId::new(""));
        let is = |wanted| u64::from(sort == Some(wanted));
        let counts = Counts {
            kept,
            archive,
            only_kept: is(Sort::MissingInArchive),
            only_archive: is(Sort::MissingInKept),
            different: is(Sort::Different),
        };
        let first = same.first().zip(sort);
        if let Some((item, sort)) = first {
            let time = DateTime::from_timestamp_millis(start + item.millisecond()).unwrap_or_default();
            tell(Difference { sort, region: region.clone(), time, id: self.names.text(item.id) });
        }
        (region, counts)
    }

    fn code(&mut self, region: &RegionId) -> u32 {
        if let Some(code) = self.codes.get(region) {
            return *code;
        }
        // Files of strangers may name any number of regions.
        let id = if self.regions.len() < REGIONS - 1 { region.clone() } else { RegionId::new("") };
        let code = self.regions.len().min(REGIONS - 1);
        if code == self.regions.len() {
            self.regions.push(id);
            self.codes.insert(region.clone(), code as u32);
        }
        code as u32
    }
}

impl Item {
    fn side(self) -> Side {
        if self.place >> OF_TIME & 1 == 0 { Side::Kept } else { Side::Archive }
    }

    fn millisecond(self) -> i64 {
        i64::from(self.place & ((1 << OF_TIME) - 1))
    }

    fn region(self) -> usize {
        (self.place >> (OF_TIME + OF_SIDE)) as usize
    }
}

/// A digest of what ListEvents and the Logging service say in the same words; messages, sources and states they do not.
fn content(fields: &EventFields<'_>) -> u32 {
    let event_type = fields.event_type.to_lowercase();
    let time = fields.time.map_or(0, |time| time.timestamp_millis()).to_be_bytes();
    let said = [
        &*event_type,
        &*fields.event_name,
        &*fields.compartment_id,
        &*fields.resource_id,
        &*fields.principal_id,
        &*fields.tenant_id,
        &*fields.ip_address,
        &*fields.request_id,
        &*fields.path,
        &*fields.action,
        &*fields.status,
    ];
    let mut hash = Sha256::new();
    hash.update(time);
    for text in said {
        // Some who pass events on write nothing like this.
        let text = if text == "None" { "" } else { text };
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let digest = hash.finalize();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

#[cfg(test)]
mod tests;
