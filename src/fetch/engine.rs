//! Which call is made next, and what an answer means for its cell. A pure machine: time and answers go in, requests and
//! ledger updates come out; it owns no socket and reads no clock, so that every fault can be played in virtual time.
//!
//! ```text
//!  add ──► ready, by priority, one lane per region ──► next_request ──► (the wire) ──► answered
//!             ▲                                                                          │
//!             └── the chain's next page · the same page again, after a wait ◄────────────┤
//!                                                                                        └──► complete, denied, failed
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::backoff::{Jitter, RetrySettings};
use super::plan::PlannedCell;
use crate::domain::ledger::{CellKey, CellUpdate, Change};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::RegionId;

/// Bounds of a fetch.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Calls on the wire at once, over all regions.
    pub in_flight: usize,
    /// Calls on the wire at once in one region; OCI counts calls per region.
    pub in_flight_per_region: usize,
    /// Pages of one chain after which it is taken for endless.
    pub longest_chain: u32,
    /// The same for pages in a row that bring nothing new: empty ones, or ones that came before.
    pub longest_idle: u32,
    pub retry: RetrySettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            in_flight: 32,
            in_flight_per_region: 10,
            longest_chain: 100_000,
            longest_idle: 1_000,
            retry: RetrySettings::default(),
        }
    }
}

/// Names a cell inside the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellId(u32);

/// One ListEvents call to make. `T` is the page token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<T> {
    pub id: CellId,
    pub key: CellKey,
    pub page: Option<T>,
}

/// How a call ended.
#[derive(Clone, Debug)]
pub enum Outcome<T> {
    /// `content` tells pages with other events apart.
    Page {
        events: u64,
        content: u64,
        next: Option<T>,
        at: DateTime<Utc>,
    },
    Failed(Failure),
}

/// A call that gave no page.
#[derive(Clone, Debug)]
pub struct Failure {
    pub problem: Problem,
    pub verdict: Verdict,
    /// The least wait that the service asked for.
    pub retry_after: Option<Duration>,
    /// The service said that we ask too much.
    pub throttled: bool,
}

/// What a failure calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Worth another try.
    Retry,
    /// No permission or no such compartment.
    Denied,
    /// The credential is refused: no other call in this region would fare better, nor in any other unless it is the
    /// region that is special.
    Halt,
    /// Asking again cannot help.
    GiveUp,
}

/// See the module's picture.
pub struct Engine<T> {
    settings: Settings,
    jitter: Jitter,
    cells: Vec<Chain<T>>,
    ids: HashMap<CellKey, CellId>,
    lanes: BTreeMap<RegionId, Lane>,
    /// Chains that wait for another try, by when.
    waiting: BTreeSet<(Duration, CellId)>,
    updates: VecDeque<CellUpdate>,
    halted: Option<Problem>,
    batches: i64,
}

struct Chain<T> {
    planned: PlannedCell,
    priority: i64,
    phase: Phase,
    /// The page to ask for next.
    page: Option<T>,
    pages: u32,
    tokens_seen: HashSet<T>,
    contents_seen: HashSet<u64>,
    /// Pages in a row that brought nothing new.
    idle_pages: u32,
    /// Failed tries of the current page.
    tries: u32,
    /// The lane's pages when the first of them failed.
    pages_before: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Ready,
    OnTheWire,
    Waiting,
    Ended,
}

#[derive(Default)]
struct Lane {
    ready: BTreeMap<i64, CellId>,
    in_flight: usize,
    /// The region asked for patience: no call before this time.
    paused_until: Duration,
    /// It said that we ask too much, and has not answered a call since.
    slowed: bool,
    /// Pages that it gave.
    pages: u64,
    /// It has taken the credential.
    accepted: bool,
    /// It refused the credential without having taken it before: no call before the others are through.
    refused: Option<Problem>,
}

impl<T: Clone + Eq + Hash> Engine<T> {
    /// `seed` makes the jitter of the waits repeatable.
    pub fn new(settings: Settings, seed: u64) -> Self {
        Self {
            settings,
            jitter: Jitter::new(seed),
            cells: Vec::new(),
            ids: HashMap::new(),
            lanes: BTreeMap::new(),
            waiting: BTreeSet::new(),
            updates: VecDeque::new(),
            halted: None,
            batches: 0,
        }
    }

    /// Queues cells, most wanted first; they come before everything queued earlier, because they are what the user asked
    /// for last. A cell that is under way already stays as it is; one that ended is read anew.
    pub fn add(&mut self, cells: Vec<PlannedCell>) {
        self.batches += 1;
        for (place, planned) in (0i64..).zip(cells) {
            let priority = place - (self.batches << 32);
            match self.ids.get(&planned.key).copied() {
                Some(id) if self.chain(id).phase != Phase::Ended => {}
                Some(id) => self.restart(id, priority),
                None => {
                    let id = CellId(self.cells.len() as u32);
                    self.ids.insert(planned.key.clone(), id);
                    self.cells.push(Chain {
                        planned,
                        priority,
                        phase: Phase::Ended,
                        page: None,
                        pages: 0,
                        tokens_seen: HashSet::new(),
                        contents_seen: HashSet::new(),
                        idle_pages: 0,
                        tries: 0,
                        pages_before: 0,
                    });
                    self.restart(id, priority);
                }
            }
        }
    }

    /// Takes up calls again after a halt, with a credential that may work now.
    pub fn resume(&mut self) {
        self.halted = None;
        self.lanes.values_mut().for_each(|lane| lane.refused = None);
    }

    /// Why no further call is made, if so.
    pub fn halted(&self) -> Option<&Problem> {
        self.halted.as_ref()
    }

    /// The next call to make now, if any may be made now. Call until `None`.
    pub fn next_request(&mut self, now: Duration) -> Option<Request<T>> {
        self.wake(now);
        if self.halted.is_some() || self.in_flight() >= self.settings.in_flight {
            return None;
        }
        let limit = self.settings.in_flight_per_region;
        let lane = self
            .lanes
            .values_mut()
            .filter(|lane| lane.refused.is_none() && lane.in_flight < limit && lane.paused_until <= now)
            .min_by_key(|lane| lane.ready.first_key_value().map_or(i64::MAX, |(priority, _)| *priority))?;
        let (_, id) = lane.ready.pop_first()?;
        lane.in_flight += 1;
        let chain = &mut self.cells[id.0 as usize];
        chain.phase = Phase::OnTheWire;
        let request = Request { id, key: chain.planned.key.clone(), page: chain.page.clone() };
        if chain.pages == 0 && chain.tries == 0 {
            self.report(id, Change::Started);
        }
        Some(request)
    }

    /// Takes note of how a call ended, at `now`.
    pub fn answered(&mut self, now: Duration, id: CellId, outcome: Outcome<T>) {
        if let Some(lane) = self.lanes.get_mut(&self.cells[id.0 as usize].planned.key.region) {
            lane.in_flight = lane.in_flight.saturating_sub(1);
            match &outcome {
                Outcome::Page { .. } => {
                    lane.slowed = false;
                    lane.accepted = true;
                    lane.pages += 1;
                }
                Outcome::Failed(failure) => {
                    lane.slowed |= failure.throttled;
                    lane.accepted |= failure.verdict == Verdict::Denied;
                }
            }
        }
        match outcome {
            Outcome::Page { events, content, next, at } => self.page_arrived(id, events, content, next, at),
            Outcome::Failed(failure) => self.call_failed(now, id, failure),
        }
        self.judge_refusals();
    }

    /// What happened to cells since the last call, in order.
    pub fn take_updates(&mut self) -> impl Iterator<Item = CellUpdate> + '_ {
        self.updates.drain(..)
    }

    /// When [`next_request`](Self::next_request) is worth calling again although nothing was answered.
    pub fn wake_at(&self, now: Duration) -> Option<Duration> {
        if self.halted.is_some() {
            return None;
        }
        let retry = self.waiting.first().map(|(when, _)| *when);
        let lanes = self
            .lanes
            .values()
            .filter(|lane| lane.refused.is_none() && !lane.ready.is_empty() && lane.paused_until > now);
        let paused = lanes.map(|lane| lane.paused_until).min();
        [retry, paused].into_iter().flatten().min()
    }

    /// Calls on the wire.
    pub fn in_flight(&self) -> usize {
        self.lanes.values().map(|lane| lane.in_flight).sum()
    }

    /// Chains that are neither on the wire nor ended.
    pub fn queued(&self) -> usize {
        self.waiting.len() + self.lanes.values().map(|lane| lane.ready.len()).sum::<usize>()
    }

    /// Regions that said that we ask too much and have not answered a call since.
    pub fn slowed(&self) -> Vec<RegionId> {
        self.lanes.iter().filter(|(_, lane)| lane.slowed).map(|(region, _)| region.clone()).collect()
    }

    /// Whether nothing is left that could be done.
    pub fn is_idle(&self) -> bool {
        self.in_flight() == 0 && (self.halted.is_some() || self.queued() == 0)
    }

    fn chain(&mut self, id: CellId) -> &mut Chain<T> {
        &mut self.cells[id.0 as usize]
    }

    fn restart(&mut self, id: CellId, priority: i64) {
        let chain = self.chain(id);
        chain.priority = priority;
        chain.page = None;
        chain.pages = 0;
        chain.tries = 0;
        chain.tokens_seen.clear();
        chain.contents_seen.clear();
        chain.idle_pages = 0;
        self.make_ready(id);
        self.report(id, Change::Queued);
    }

    fn make_ready(&mut self, id: CellId) {
        let chain = self.chain(id);
        chain.phase = Phase::Ready;
        let (priority, region) = (chain.priority, chain.planned.key.region.clone());
        self.lanes.entry(region).or_default().ready.insert(priority, id);
    }

    fn wake(&mut self, now: Duration) {
        while let Some(&(when, id)) = self.waiting.first() {
            if when > now {
                break;
            }
            self.waiting.remove(&(when, id));
            self.make_ready(id);
        }
        self.judge_refusals();
    }

    fn page_arrived(&mut self, id: CellId, events: u64, content: u64, next: Option<T>, at: DateTime<Utc>) {
        let Settings { longest_chain, longest_idle, .. } = self.settings;
        let chain = self.chain(id);
        chain.tries = 0;
        chain.pages += 1;
        let news = events > 0 && chain.contents_seen.insert(content);
        chain.idle_pages = if news { 0 } else { chain.idle_pages + 1 };
        let endless = match &next {
            Some(token) if !chain.tokens_seen.insert(token.clone()) => Some("the same page token came twice"),
            Some(_) if chain.pages >= longest_chain => Some("there is no end of pages"),
            Some(_) if chain.idle_pages >= longest_idle => Some("page after page brings nothing new"),
            _ => None,
        };
        let ended = next.is_none();
        chain.page = next;
        self.report(id, Change::Page { events });
        if let Some(why) = endless {
            let problem = Problem::new(ProblemKind::Service, format!("paging loop: {why}"))
                .hint("What was received is kept, but the end was not reached; try a shorter time range.");
            self.end(id, Change::Failed(Arc::new(problem)));
        } else if ended {
            self.end(id, Change::Complete { at });
        } else {
            self.make_ready(id);
        }
    }

    fn call_failed(&mut self, now: Duration, id: CellId, failure: Failure) {
        let Failure { problem, verdict, retry_after, throttled } = failure;
        match verdict {
            Verdict::Retry => self.try_again(now, id, problem, retry_after, throttled),
            Verdict::Denied if self.chain(id).planned.deleted => self.end(id, Change::Gone(Arc::new(problem))),
            Verdict::Denied => self.end(id, Change::Denied(Arc::new(problem))),
            Verdict::GiveUp => self.end(id, Change::Failed(Arc::new(problem))),
            Verdict::Halt => {
                self.make_ready(id);
                let region = self.chain(id).planned.key.region.clone();
                self.lanes.entry(region).or_default().refused.get_or_insert(problem);
            }
        }
    }

    /// A region that took the credential and refuses it now: it is not valid any more, and everything halts. One that
    /// never took it may be the only one, as where the tenancy is not subscribed to it: the others go on, and when they
    /// are through it is known whether the region is to blame, or the credential.
    fn judge_refusals(&mut self) {
        let refused = || self.lanes.values().filter(|lane| lane.refused.is_some());
        if self.halted.is_some() || refused().next().is_none() {
            return;
        }
        if let Some(lane) = refused().find(|lane| lane.accepted) {
            self.halted = lane.refused.clone();
            return;
        }
        let busy = |lane: &Lane| lane.in_flight > 0 || (lane.refused.is_none() && !lane.ready.is_empty());
        if !self.waiting.is_empty() || self.lanes.values().any(busy) {
            return;
        }
        if !self.lanes.values().any(|lane| lane.accepted) {
            self.halted = self.lanes.values().find_map(|lane| lane.refused.clone());
            return;
        }
        let mut failed = Vec::new();
        for (region, lane) in &mut self.lanes {
            if let Some(problem) = lane.refused.take() {
                let what = format!("{region} refused the credential that other regions took");
                let hint = "the tenancy may not be subscribed to the region, or a new key not be known there yet";
                let problem = Arc::new(Problem { what, ..problem }.hint(hint));
                let ready = std::mem::take(&mut lane.ready);
                failed.extend(ready.into_values().map(|id| (id, Arc::clone(&problem))));
            }
        }
        for (id, problem) in failed {
            self.end(id, Change::Failed(problem));
        }
    }

    fn try_again(
        &mut self,
        now: Duration,
        id: CellId,
        problem: Problem,
        retry_after: Option<Duration>,
        throttled: bool,
    ) {
        let random = self.jitter.draw();
        let retry = self.settings.retry;
        let pages = self.lanes.get(&self.cells[id.0 as usize].planned.key.region).map_or(0, |lane| lane.pages);
        let chain = self.chain(id);
        if chain.tries == 0 {
            chain.pages_before = pages;
        }
        chain.tries += 1;
        let tries = chain.tries;
        // A region that gives pages is there and only busy, so being asked for less is no reason to give up soon: with
        // thousands of pages, some call is unlucky many times in a row.
        let patience = match pages {
            pages if !throttled || pages == 0 => 0,
            pages if pages > chain.pages_before => retry.attempts * 2,
            _ => retry.attempts / 2,
        };
        let counted = tries.saturating_sub(patience).max(tries.min(retry.attempts.saturating_sub(1)));
        let Some(wait) = retry.wait(counted, retry_after, random) else {
            let what = format!("{}, after {tries} tries", problem.what);
            return self.end(id, Change::Failed(Arc::new(Problem { what, ..problem })));
        };
        chain.phase = Phase::Waiting;
        let region = chain.planned.key.region.clone();
        self.waiting.insert((now + wait, id));
        if let Some(asked) = retry_after {
            let lane = self.lanes.entry(region).or_default();
            lane.paused_until = lane.paused_until.max(now + asked);
        }
    }

    fn end(&mut self, id: CellId, change: Change) {
        let chain = self.chain(id);
        chain.phase = Phase::Ended;
        chain.tokens_seen = HashSet::new();
        chain.contents_seen = HashSet::new();
        self.report(id, change);
    }

    fn report(&mut self, id: CellId, change: Change) {
        let key = self.chain(id).planned.key.clone();
        self.updates.push_back(CellUpdate { key, change });
    }
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
