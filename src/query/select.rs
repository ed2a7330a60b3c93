//! From a query to its rows.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering as Atomic};

use super::hits::Hits;
use super::mask::Mask;
use super::origins::origins;
use super::plan::{Place, Plan, Test};
use super::selection::{Counts, Order, Part, PartCounts, Selection};
use super::term::Query;
use super::walk::Lines;
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
/// Of `previous`, a selection of the same index, all is used that is still true: segments that are known to the same
/// query are not looked at again, and where the query has only gained something, only the rows that matched before are.
/// Any other `previous` does no harm.
pub fn select(
    snapshot: &Arc<Snapshot>,
    query: &Query,
    order: Order,
    previous: Option<&Selection>,
    cancel: &Cancel,
) -> Option<Selection> {
    let previous = previous.filter(|previous| previous.snapshot.is_kin(snapshot));
    let same = previous.filter(|previous| previous.query == *query);
    if let Some(same) = same.filter(|same| same.snapshot.version() == snapshot.version()) {
        return Some(Selection { order, ..same.clone() });
    }
    let mut plan = same.map_or_else(|| Plan::new(query), |same| Plan::clone(&same.plan));
    plan.extend(snapshot);
    let parts = find(snapshot, &plan, &Known::of(previous, &plan, snapshot), cancel)?;
    let (counts, compartments, regions) = add_up(snapshot, &parts);
    Some(Selection {
        snapshot: Arc::clone(snapshot),
        query: query.clone(),
        order,
        plan: Arc::new(plan),
        lines: Arc::new(Lines::new(snapshot, &parts)),
        parts: parts.into(),
        counts,
        compartments: Arc::new(compartments),
        regions: Arc::new(regions),
    })
}

/// What an earlier selection says about this one.
struct Known<'a> {
    parts: HashMap<SegmentId, &'a Part>,
    /// It has the same conjuncts but for the scope and the switches, and these in addition.
    added: Option<Test>,
    same_scope: bool,
    same: bool,
}

impl<'a> Known<'a> {
    fn of(previous: Option<&'a Selection>, plan: &Plan, snapshot: &Snapshot) -> Self {
        let Some(previous) = previous else {
            return Self { parts: HashMap::new(), added: None, same_scope: false, same: false };
        };
        let parts = previous.parts.iter().map(|part| (part.segment, part)).collect();
        let before = &previous.plan;
        let added = before.rest_of.iter().all(|expr| plan.rest_of.contains(expr)).then(|| {
            let added: Vec<_> = plan.rest_of.iter().filter(|expr| !before.rest_of.contains(expr)).cloned().collect();
            let mut test = Test::all(&added);
            test.extend(snapshot);
            test
        });
        let same = before.is_same(plan);
        Self { parts, added, same_scope: before.scope_of == plan.scope_of, same }
    }
}

fn find(snapshot: &Snapshot, plan: &Plan, known: &Known<'_>, cancel: &Cancel) -> Option<Vec<Part>> {
    let mut parts = Vec::with_capacity(snapshot.segments().len());
    for segment in snapshot.segments() {
        let place = Place { snapshot, segment, cancel };
        parts.push(part(place, plan, known));
        if cancel.is_cancelled() {
            return None;
        }
    }
    Some(parts)
}

fn part(place: Place<'_>, plan: &Plan, known: &Known<'_>) -> Part {
    let segment = place.segment;
    let before = known.parts.get(&segment.id()).copied();
    if let Some(same) = before.filter(|part| known.same && part.first == segment.rows().start) {
        return same.clone();
    }
    let (rest, scoped) = match before.zip(known.added.as_ref()) {
        Some((part, added)) => {
            let mut rest = within(&part.found.rest, segment);
            added.narrow(place, &mut rest);
            let scoped = known.same_scope.then(|| {
                let mut scoped = Mask::clone(&part.found.scoped);
                scoped.intersect(&rest);
                scoped
            });
            (rest, scoped)
        }
        None => {
            let mut rest = Mask::of(segment.rows());
            plan.rest.narrow(place, &mut rest);
            (rest, None)
        }
    };
    let scoped = scoped.unwrap_or_else(|| narrowed(&plan.scope, place, &rest));
    Part { segment: segment.id(), first: segment.rows().start, found: Arc::new(examine(place, plan, rest, scoped)) }
}

/// Of rows that were found earlier, those that have not moved to another segment since.
fn within(mask: &Mask, segment: &Segment) -> Mask {
    let mut mask = mask.clone();
    mask.keep(segment.rows());
    mask
}

fn narrowed(test: &Test, place: Place<'_>, mask: &Mask) -> Mask {
    let mut mask = mask.clone();
    test.narrow(place, &mut mask);
    mask
}

/// What was found in a segment.
#[derive(Debug)]
pub(super) struct Found {
    /// Rows that match but for the scope and the switches.
    rest: Mask,
    /// Rows that match but for the switches.
    scoped: Mask,
    pub hits: Hits,
    pub counts: PartCounts,
}

fn examine(place: Place<'_>, plan: &Plan, rest: Mask, scoped: Mask) -> Found {
    let segment = place.segment;
    let [access, failed, own] =
        [&plan.access, &plan.failed, &plan.own].map(|test| narrowed(test, place, &Mask::of(segment.rows())));
    let mut counts = Counts::default();
    for (at, word) in scoped.words().iter().enumerate().filter(|(_, word)| **word != 0) {
        let [access, failed, own] = [&access, &failed, &own].map(|mask| mask.word(at));
        let words = [word & failed, word & access, word & access & failed & !own];
        counts.count_switches(words, segment, at);
    }
    let hits_of = |mask: &Mask| {
        let mut hits = mask.clone();
        [&access, &failed, &own].into_iter().for_each(|mask| hits.intersect(mask));
        hits
    };
    let any_scope = hits_of(&rest);
    let origins = origins(segment, &any_scope);
    let hits = Hits::new(if scoped == rest { any_scope } else { hits_of(&scoped) }, segment);
    counts.count_hits(hits.total());
    Found { rest, scoped, hits, counts: PartCounts { counts, origins } }
}

impl Counts {
    /// Of the rows from 64 times `place` on: those that match but for the access term, but for the failed term, and those
    /// that only `-is:self` hides.
    fn count_switches(&mut self, words: [u64; 3], segment: &Segment, place: usize) {
        let [any_access, any_outcome, own_hidden] = words;
        let count = |word: u64| u64::from(word.count_ones());
        let (writes, sessions) = (segment.writes().word(place), segment.sessions().word(place));
        self.any_access[0] += count(any_access & !(writes | sessions));
        self.any_access[1] += count(any_access & writes);
        self.any_access[2] += count(any_access & sessions);
        self.any_access_own += count(any_access & segment.flagged(Flags::OWN).word(place));
        let failed = segment.failed().word(place);
        self.any_outcome[0] += count(any_outcome & !failed);
        self.any_outcome[1] += count(any_outcome & failed);
        self.own_hidden += count(own_hidden);
    }
}

type Sums = (Counts, HashMap<Ocid, u64>, HashMap<RegionId, u64>);

fn add_up(snapshot: &Snapshot, parts: &[Part]) -> Sums {
    let mut counts = Counts::default();
    let (mut compartments, mut regions) = (HashMap::new(), HashMap::new());
    for PartCounts { counts: part, origins } in parts.iter().map(|part| &part.found.counts) {
        counts.add(part);
        for ((queried, region), n) in origins {
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
