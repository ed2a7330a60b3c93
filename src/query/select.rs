//! From a query to its rows.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering as Atomic};
use std::sync::{Arc, OnceLock};

use super::hits::{Hits, count_common};
use super::mask::Mask;
use super::origins::{Origins, origins};
use super::plan::{Place, Plan, Test};
use super::selection::{Counts, Order, Part, Selection};
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
    select_some(snapshot, query, order, previous, cancel, &mut || false)
}

/// As [`select`], but where events must be read for it, only until `enough` says so: some of the newest segments are
/// looked at then, one at least, and the selection says that it is not complete. To go on, give it as `previous`.
pub fn select_some(
    snapshot: &Arc<Snapshot>,
    query: &Query,
    order: Order,
    previous: Option<&Selection>,
    cancel: &Cancel,
    enough: &mut dyn FnMut() -> bool,
) -> Option<Selection> {
    let previous = previous.filter(|previous| previous.snapshot.is_kin(snapshot));
    let same = previous.filter(|previous| previous.query == *query);
    let has_all = |same: &&Selection| same.is_complete() && same.snapshot.version() == snapshot.version();
    if let Some(same) = same.filter(has_all) {
        return same.clone().in_order(order, cancel);
    }
    let mut plan = same.map_or_else(|| Plan::new(query), |same| Plan::clone(&same.plan));
    plan.extend(snapshot, cancel)?;
    let known = Known::of(previous, same.is_some(), &plan, snapshot, cancel)?;
    // Where all rows are known to a part of the query, only what it has gained is asked of values.
    if !known.spares(snapshot) {
        plan.rest.extend(snapshot, cancel)?;
    }
    let parts = find(snapshot, &plan, &known, cancel, enough)?;
    let mut counts = Counts::default();
    for part in &parts {
        counts.add(&part.found.counts);
    }
    let selection = Selection {
        snapshot: Arc::clone(snapshot),
        query: query.clone(),
        order: Order::default(),
        sorted: None,
        plan: Arc::new(plan),
        lines: Arc::new(Lines::new(snapshot, &parts)),
        unseen: parts.iter().zip(snapshot.segments()).filter(|(part, _)| !part.is_seen).map(|(_, s)| s.len()).sum(),
        parts: parts.into(),
        counts,
        places: Arc::default(),
    };
    selection.in_order(order, cancel)
}

/// What an earlier selection says about this one.
struct Known<'a> {
    parts: HashMap<SegmentId, &'a Part>,
    /// It has the same conjuncts but for the scope and the switches, and these in addition.
    added: Option<Test>,
    same_scope: bool,
    /// It answers the same query.
    same: bool,
}

impl<'a> Known<'a> {
    /// `None` when it was cancelled.
    fn of(
        previous: Option<&'a Selection>,
        same: bool,
        plan: &Plan,
        snapshot: &Snapshot,
        cancel: &Cancel,
    ) -> Option<Self> {
        let Some(previous) = previous else {
            return Some(Self { parts: HashMap::new(), added: None, same_scope: false, same });
        };
        let parts = previous.parts.iter().filter(|part| part.is_seen).map(|part| (part.segment, part)).collect();
        let before = &previous.plan;
        let added = if before.rest_of.iter().all(|expr| plan.rest_of.contains(expr)) {
            let added: Vec<_> = plan.rest_of.iter().filter(|expr| !before.rest_of.contains(expr)).cloned().collect();
            let mut test = Test::all(&added);
            test.extend(snapshot, cancel)?;
            Some(test)
        } else {
            None
        };
        Some(Self { parts, added, same_scope: before.scope_of == plan.scope_of, same })
    }

    /// Whether the rest of the query need not be asked of any row but by what it has gained.
    fn spares(&self, snapshot: &Snapshot) -> bool {
        self.added.is_some() && snapshot.segments().iter().all(|segment| self.parts.contains_key(&segment.id()))
    }

    /// Whether what is known of a segment leaves no event to be read.
    fn spares_reading(&self, segment: &Segment) -> bool {
        self.parts.contains_key(&segment.id()) && self.added.as_ref().is_some_and(|added| !added.reads_events())
    }

    /// What was found in a segment by the same query, if it has the same rows still.
    fn same(&self, segment: &Segment) -> Option<&'a Part> {
        let part = self.parts.get(&segment.id()).copied().filter(|_| self.same)?;
        (part.first == segment.rows().start).then_some(part)
    }
}

fn find(
    snapshot: &Snapshot,
    plan: &Plan,
    known: &Known<'_>,
    cancel: &Cancel,
    enough: &mut dyn FnMut() -> bool,
) -> Option<Vec<Part>> {
    let segments = snapshot.segments();
    let mut parts: Vec<Option<Part>> = vec![None; segments.len()];
    let mut order: Vec<usize> = (0..segments.len()).collect();
    order.sort_by_key(|place| Reverse(segments[*place].times().get(segments[*place].end().saturating_sub(1))));
    let reads_events = plan.reads_events();
    let (mut is_enough, mut read) = (false, 0);
    for number in order {
        let place = Place { snapshot, segment: &segments[number], cancel };
        let same = known.same(place.segment);
        let reads = same.is_none() && reads_events && !known.spares_reading(place.segment);
        if reads {
            is_enough |= read > 0 && enough();
            read += 1;
        }
        parts[number] = Some(match same {
            Some(same) => same.clone(),
            None if reads && is_enough => Part::unseen(place.segment),
            None => part(place, plan, known),
        });
        if cancel.is_cancelled() {
            return None;
        }
    }
    parts.into_iter().collect()
}

fn part(place: Place<'_>, plan: &Plan, known: &Known<'_>) -> Part {
    let segment = place.segment;
    let before = known.parts.get(&segment.id()).copied();
    let (rest, scoped) = if let Some((part, added)) = before.zip(known.added.as_ref()) {
        let mut rest = within(&part.found.rest, segment);
        added.narrow(place, &mut rest);
        let scoped = part.found.scoped.as_ref().filter(|_| known.same_scope).map(|scoped| {
            let mut scoped = scoped.clone();
            scoped.intersect(&rest);
            scoped
        });
        (rest, scoped)
    } else {
        let mut rest = Mask::of(segment.rows());
        plan.rest.narrow(place, &mut rest);
        (rest, None)
    };
    let scoped = scoped.or_else(|| (!plan.scope.is_all()).then(|| narrowed(&plan.scope, place, &rest)));
    let found = Arc::new(examine(place, plan, rest, scoped));
    Part { segment: segment.id(), first: segment.rows().start, found, is_seen: true }
}

impl Part {
    /// Of a segment that was not looked at.
    fn unseen(segment: &Segment) -> Self {
        let found = Found {
            rest: Mask::none(segment.end()),
            scoped: None,
            hits: Hits::new(Mask::none(segment.end()), segment),
            counts: Counts::default(),
            origins: OnceLock::new(),
        };
        Self { segment: segment.id(), first: segment.rows().start, found: Arc::new(found), is_seen: false }
    }
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
    /// Rows that match but for the switches; `None` where there is no scope, so that these are the same.
    scoped: Option<Mask>,
    pub hits: Hits,
    pub counts: Counts,
    /// Where rows that match but for the scope come from; see [`Part::origins`].
    pub origins: OnceLock<Origins>,
}

/// What the switches of a query leave in a segment; `None` where one is not set.
struct Switches {
    access: Option<Mask>,
    failed: Option<Mask>,
    own: Option<Mask>,
}

impl Switches {
    fn new(place: Place<'_>, plan: &Plan) -> Self {
        let left = |test: &Test| (!test.is_all()).then(|| narrowed(test, place, &Mask::of(place.segment.rows())));
        // Where nothing is our own, nothing hides it.
        let own = if place.segment.flagged(Flags::OWN).is_empty() { None } else { left(&plan.own) };
        Self { access: left(&plan.access), failed: left(&plan.failed), own }
    }
}

fn both(mask: &Mask, switches: &[&Option<Mask>]) -> Mask {
    let mut mask = mask.clone();
    switches.iter().filter_map(|switch| switch.as_ref()).for_each(|switch| mask.intersect(switch));
    mask
}

fn examine(place: Place<'_>, plan: &Plan, rest: Mask, scoped: Option<Mask>) -> Found {
    let segment = place.segment;
    let Switches { access, failed, own } = Switches::new(place, plan);
    let within = scoped.as_ref().unwrap_or(&rest);
    let hits = Hits::new(both(within, &[&access, &failed, &own]), segment);
    let mut counts = Counts::default();
    counts.count_hits(hits.total());
    // Most switches are not set most of the time; what would be counted then is what was.
    counts.any_access = if access.is_none() && own.is_none() {
        counts.by_access
    } else {
        by_access(&both(within, &[&failed]), segment)
    };
    counts.any_outcome = if failed.is_none() && own.is_none() {
        [counts.matched - counts.failed, counts.failed]
    } else {
        let any = both(within, &[&access]);
        let failed = count_common(&any, segment.failed());
        [any.count() - failed, failed]
    };
    let of_own = segment.flagged(Flags::OWN);
    if !of_own.is_empty() {
        counts.any_access_own = count_common(&both(within, &[&failed]), of_own);
    }
    if let Some(own) = &own {
        let mut hidden = both(within, &[&access, &failed]);
        hidden.subtract(own);
        counts.own_hidden = hidden.count();
    }
    Found { rest, scoped, hits, counts, origins: OnceLock::new() }
}

/// In the order of [`Access::ALL`](crate::domain::access::Access::ALL).
fn by_access(mask: &Mask, segment: &Segment) -> [u64; 3] {
    let (writes, sessions) = (count_common(mask, segment.writes()), count_common(mask, segment.sessions()));
    [mask.count() - writes - sessions, writes, sessions]
}

impl Part {
    /// Where the rows come from that match but for the scope. Counted when somebody wants to know, and once: it takes
    /// longer than finding them.
    pub fn origins(&self, place: Place<'_>, plan: &Plan) -> &Origins {
        self.found.origins.get_or_init(|| {
            let Switches { access, failed, own } = Switches::new(place, plan);
            origins(place.segment, &both(&self.found.rest, &[&access, &failed, &own]))
        })
    }
}

/// Rows by where they come from.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub compartments: HashMap<Ocid, u64>,
    pub regions: HashMap<RegionId, u64>,
}

impl Places {
    pub fn of(selection: &Selection) -> Self {
        let snapshot = &selection.snapshot;
        let cancel = Cancel::new();
        let (mut compartments, mut regions) = (HashMap::new(), HashMap::new());
        for (segment, part) in snapshot.segments().iter().zip(&*selection.parts) {
            let place = Place { snapshot, segment, cancel: &cancel };
            for ((queried, region), n) in part.origins(place, &selection.plan) {
                *compartments.entry(*queried).or_default() += n;
                *regions.entry(*region).or_default() += n;
            }
        }
        let (ids, names) = (snapshot.dictionary(Column::Queried), snapshot.dictionary(Column::Region));
        Self {
            compartments: named(compartments, |code| Ocid::new(ids.value(code))),
            regions: named(regions, |code| RegionId::new(names.value(code))),
        }
    }
}

fn named<T: Hash + Eq>(counts: HashMap<u32, u64>, name: impl Fn(u32) -> T) -> HashMap<T, u64> {
    counts.into_iter().map(|(code, n)| (name(code), n)).collect()
}
