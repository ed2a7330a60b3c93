//! From a query to its rows.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering as Atomic};

use super::mask::Mask;
use super::plan::Plan;
use super::selection::{Counts, Entry, Order, Part, PartCounts, Selection};
use super::term::Query;
use crate::domain::event::Flags;
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::index::{Column, Segment, SegmentId, Snapshot};

/// Says to a selection under way that nobody wants it any more. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn cancel(&self) {
        self.0.store(true, Atomic::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.load(Atomic::Relaxed)
    }
}

/// The rows of `snapshot` that answer `query`. `None` when it was cancelled.
///
/// `previous`, where it answered the same query on an earlier snapshot of the same index, is extended: the segments that
/// it knows are not looked at again. Any other `previous` is of no use and does no harm.
pub fn select(
    snapshot: &Arc<Snapshot>,
    query: &Query,
    order: Order,
    previous: Option<&Selection>,
    cancel: &Cancel,
) -> Option<Selection> {
    let previous = previous.filter(|previous| previous.query == *query && previous.snapshot.is_kin(snapshot));
    if let Some(same) = previous.filter(|previous| previous.snapshot.version() == snapshot.version()) {
        return Some(Selection { order, ..same.clone() });
    }
    let mut plan = previous.map_or_else(|| Plan::new(query), |previous| Plan::clone(&previous.plan));
    plan.extend(snapshot);
    let found = find(snapshot, &plan, previous, cancel)?;
    let entries = in_order(snapshot, found.kept, found.added);
    let (counts, compartments, regions) = add_up(snapshot, &found.parts);
    Some(Selection {
        snapshot: Arc::clone(snapshot),
        query: query.clone(),
        order,
        plan: Arc::new(plan),
        parts: found.parts.into(),
        entries,
        counts,
        compartments: Arc::new(compartments),
        regions: Arc::new(regions),
    })
}

struct Found {
    parts: Vec<Part>,
    /// Entries of segments that `previous` knew, in order.
    kept: Vec<Entry>,
    /// Entries of the others, segment by segment.
    added: Vec<Entry>,
}

fn find(snapshot: &Snapshot, plan: &Plan, previous: Option<&Selection>, cancel: &Cancel) -> Option<Found> {
    let known: HashMap<SegmentId, usize> = previous.map_or_else(HashMap::new, |previous| {
        previous.parts.iter().enumerate().map(|(place, part)| (part.segment, place)).collect()
    });
    let mut moved: Vec<Option<u32>> = vec![None; known.len()];
    let mut parts = Vec::with_capacity(snapshot.segments().len());
    let mut added = Vec::new();
    for (place, segment) in snapshot.segments().iter().enumerate() {
        if cancel.is_cancelled() {
            return None;
        }
        let before = known.get(&segment.id()).and_then(|before| Some((*before, previous?.parts.get(*before)?)));
        parts.push(match before {
            Some((before, part)) => {
                moved[before] = Some(place as u32);
                part.clone()
            }
            None => examine(segment, place as u32, plan, &mut added),
        });
    }
    let kept = previous.map_or_else(Vec::new, |previous| keep(&previous.entries, &moved));
    Some(Found { parts, kept, added })
}

/// The entries whose segments are still there, at their new places.
fn keep(entries: &[Entry], moved: &[Option<u32>]) -> Vec<Entry> {
    let at_new_place = |entry: &Entry| Some(Entry { part: (*moved.get(entry.part as usize)?)?, ..*entry });
    entries.iter().filter_map(at_new_place).collect()
}

/// Looks at every row of a segment.
fn examine(segment: &Segment, place: u32, plan: &Plan, entries: &mut Vec<Entry>) -> Part {
    let mut base = Mask::all(segment.len());
    plan.rest.narrow(segment, &mut base);
    let masks = Masks::new(segment, plan, &base);
    let failed = |row: usize| plan.failure.holds(segment.codes(Column::Status).get(row));
    let mut counts = Counts::default();
    for row in masks.matched.rows() {
        let Some((micros, access)) = segment.micros().get(row).zip(segment.access().get(row)) else { continue };
        let failed = failed(row);
        entries.push(Entry { micros: *micros, part: place, row: row as u16, access: *access, failed });
        counts.matched += 1;
        counts.failed += u64::from(failed);
        counts.by_access[*access as usize] += 1;
    }
    for (row, access) in masks.any_access.rows().filter_map(|row| Some((row, segment.access().get(row)?))) {
        counts.any_access[*access as usize] += 1;
        counts.any_access_own += u64::from(segment.flags(row).contains(Flags::OWN));
    }
    counts.own_hidden = masks.own_hidden.rows().count() as u64;
    for row in masks.any_outcome.rows() {
        counts.any_outcome[usize::from(failed(row))] += 1;
    }
    let origins = origins(segment, &masks.any_scope);
    Part { segment: segment.id(), counts: Arc::new(PartCounts { counts, origins }) }
}

/// The rows that match, and those that would without one of the switches.
struct Masks {
    matched: Mask,
    any_access: Mask,
    any_outcome: Mask,
    any_scope: Mask,
    /// Those that would match but for `-is:self`.
    own_hidden: Mask,
}

impl Masks {
    fn new(segment: &Segment, plan: &Plan, base: &Mask) -> Self {
        let [access, failed, scope, own] = [&plan.access, &plan.failed, &plan.scope, &plan.own].map(|test| {
            let mut mask = base.clone();
            test.narrow(segment, &mut mask);
            mask
        });
        let both = |one: &Mask, other: &Mask| {
            let mut mask = one.clone();
            mask.intersect(other);
            mask
        };
        let any_scope = both(&both(&access, &failed), &own);
        let any_access = both(&failed, &scope);
        let mut own_hidden = both(&access, &any_access);
        own_hidden.subtract(&own);
        Self {
            matched: both(&any_scope, &scope),
            any_outcome: both(&access, &scope),
            any_access,
            any_scope,
            own_hidden,
        }
    }
}

fn origins(segment: &Segment, mask: &Mask) -> Vec<((u32, u32), u64)> {
    let (queried, regions) = (segment.codes(Column::Queried), segment.codes(Column::Region));
    let mut counts: HashMap<(u32, u32), u64> = HashMap::new();
    for row in mask.rows() {
        *counts.entry((queried.get(row), regions.get(row))).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// All entries, oldest first.
fn in_order(snapshot: &Snapshot, kept: Vec<Entry>, mut added: Vec<Entry>) -> Arc<[Entry]> {
    let compare = |one: &Entry, other: &Entry| {
        one.micros.cmp(&other.micros).then_with(|| one.key(snapshot).cmp(&other.key(snapshot)))
    };
    // Both are made of sorted runs, which is what this sort is good at.
    added.sort_by(compare);
    if kept.is_empty() {
        return added.into();
    }
    let mut entries = kept;
    entries.append(&mut added);
    entries.sort_by(compare);
    entries.into()
}

type Sums = (Counts, HashMap<Ocid, u64>, HashMap<RegionId, u64>);

fn add_up(snapshot: &Snapshot, parts: &[Part]) -> Sums {
    let mut counts = Counts::default();
    let (mut compartments, mut regions) = (HashMap::new(), HashMap::new());
    for part in parts {
        counts.add(&part.counts.counts);
        for ((queried, region), n) in &part.counts.origins {
            *compartments.entry(*queried).or_default() += n;
            *regions.entry(*region).or_default() += n;
        }
    }
    let (ids, names) = (snapshot.dictionary(Column::Queried), snapshot.dictionary(Column::Region));
    (
        counts,
        named(compartments, |code| Ocid::new(ids.value(code))),
        named(regions, |code| RegionId::new(names.value(code))),
    )
}

fn named<T: Hash + Eq>(counts: HashMap<u32, u64>, name: impl Fn(u32) -> T) -> HashMap<T, u64> {
    counts.into_iter().map(|(code, n)| (name(code), n)).collect()
}
