//! Which call is made next, and what an answer means for its cell. A pure machine: time and answers go in, requests and
//! ledger updates come out; it owns no socket and reads no clock, so that every fault can be played in virtual time.
//!
//! ```text
//!  add ──► ready, by priority, one lane per region ──► next_request ──► (the wire) ──► answered
//!             ▲                                                                          │
//!             ├── the chain's next page · the same page again, after a wait ◄────────────┤
//!             └── tiles in place of a chain that turns out to be long ◄──────────────────┤
//!                                                                                        └──► complete, denied, failed
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use super::backoff::{Jitter, RetrySettings};
pub use super::call::{Answer, CellId, Failure, Outcome, Request, Verdict};
use super::chain::{CUTS, Chain, Phase};
use super::lane::{Lane, LaneSettings};
use super::meter::Meter;
use super::plan::PlannedCell;
use crate::domain::ledger::{CellKey, CellUpdate, Change};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::RegionId;
use crate::domain::time_range::FetchWindow;
use crate::domain::traffic::{RegionTraffic, Traffic};

/// Bounds of a fetch.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Calls on the wire at once, over all regions.
    pub in_flight: usize,
    /// Bounds of each region.
    pub lane: LaneSettings,
    /// Pages of one chain after which it is taken for endless.
    pub longest_chain: u32,
    /// The same for pages in a row that bring nothing new: empty ones, or ones that came before.
    pub longest_idle: u32,
    pub retry: RetrySettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            in_flight: 64,
            lane: LaneSettings::default(),
            longest_chain: 100_000,
            longest_idle: 1_000,
            retry: RetrySettings::default(),
        }
    }
}

/// See the module's picture.
pub struct Engine<T> {
    settings: Settings,
    jitter: Jitter,
    cells: Vec<Chain<T>>,
    ids: HashMap<CellKey, CellId>,
    queues: BTreeMap<RegionId, Queue>,
    /// Chains that wait for another try, by when.
    waiting: BTreeSet<(Duration, CellId)>,
    updates: VecDeque<CellUpdate>,
    halted: Option<Problem>,
    paused: bool,
    batches: i64,
}

/// What waits for a region, and how hard that may be asked.
struct Queue {
    ready: BTreeSet<(i64, CellId)>,
    lane: Lane,
    /// It has taken the credential.
    accepted: bool,
    /// It refused the credential without having taken it before: no call before the others are through.
    refused: Option<Problem>,
}

/// Refusals of one page (429) before its cell fails; the lane slows down long before. Many, because with thousands of
/// pages some call is unlucky many times in a row.
const REFUSALS: u32 = 30;

impl Queue {
    /// Whether a call could be made, as far as the lane lets it.
    fn has_work(&self) -> bool {
        self.refused.is_none() && !self.ready.is_empty()
    }
}

impl<T: Clone + Eq + Hash> Engine<T> {
    /// `seed` makes the jitter of the waits repeatable.
    pub fn new(settings: Settings, seed: u64) -> Self {
        Self {
            settings,
            jitter: Jitter::new(seed),
            cells: Vec::new(),
            ids: HashMap::new(),
            queues: BTreeMap::new(),
            waiting: BTreeSet::new(),
            updates: VecDeque::new(),
            halted: None,
            paused: false,
            batches: 0,
        }
    }

    /// Queues cells, most wanted first; they come before everything queued earlier, because they are what the user asked
    /// for last. A cell that waits already moves to its new place; one that ended is read anew.
    pub fn add(&mut self, cells: Vec<PlannedCell>) {
        self.batches += 1;
        for (place, planned) in (0i64..).zip(cells) {
            let priority = place - (self.batches << 32);
            // What is read again is short, and its cell keeps its label meanwhile.
            let cuts = if planned.read_at.is_some() { 0 } else { CUTS };
            match self.ids.get(&planned.key).copied() {
                Some(id) if self.chain(id).phase != Phase::Ended => {
                    self.chain(id).renew(planned);
                    self.move_to(id, priority);
                }
                _ => {
                    let id = self.id_of(planned);
                    self.restart(id, priority, cuts);
                }
            }
        }
    }

    /// Puts cells that wait before everything else that waits. Unlike [`add`](Self::add) it begins nothing anew.
    pub fn prefer(&mut self, cells: &[CellKey]) {
        self.batches += 1;
        self.move_all(cells, -(self.batches << 32));
    }

    /// Puts cells that wait behind everything else that waits.
    pub fn postpone(&mut self, cells: &[CellKey]) {
        self.batches += 1;
        self.move_all(cells, self.batches << 32);
    }

    fn move_all(&mut self, cells: &[CellKey], to: i64) {
        for (place, key) in (0i64..).zip(cells) {
            if let Some(id) = self.ids.get(key).copied() {
                self.move_to(id, place + to);
            }
        }
    }

    /// Makes no call until [`resume`](Self::resume).
    pub fn pause(&mut self) {
        self.paused = true;
    }

    /// Takes up calls again after a pause, or after a halt, with a credential that may work now.
    pub fn resume(&mut self) {
        self.halted = None;
        self.paused = false;
        self.queues.values_mut().for_each(|queue| queue.refused = None);
    }

    /// Why no further call is made, if so.
    pub fn halted(&self) -> Option<&Problem> {
        self.halted.as_ref()
    }

    /// The next call to make now, if any may be made now. Call until `None`.
    pub fn next_request(&mut self, now: Duration) -> Option<Request<T>> {
        self.wake(now);
        if self.is_stopped() || self.in_flight() >= self.settings.in_flight {
            return None;
        }
        let open = self.queues.values_mut().filter(|queue| queue.has_work() && queue.lane.may_send(now));
        let queue = open.min_by_key(|queue| queue.ready.first().copied())?;
        let next = if queue.lane.trial().is_some_and(|trial| trial % 2 == 1) {
            // Some chains always fail: whether the region is down shows in what did not fail yet. Others fail at first,
            // so every other trial is of what is first in line.
            queue.ready.iter().min_by_key(|(priority, id)| (self.cells[id.0 as usize].tries, *priority)).copied()?
        } else {
            queue.ready.first().copied()?
        };
        queue.ready.remove(&next);
        queue.lane.sent(now);
        let (_, id) = next;
        let chain = &mut self.cells[id.0 as usize];
        chain.phase = Phase::OnTheWire;
        let PlannedCell { key, ask, read_at, .. } = &chain.planned;
        let request = Request {
            id,
            key: key.clone(),
            ask: *ask,
            read_at: *read_at,
            page: chain.page.clone(),
            weigh: chain.sample.is_some(),
        };
        if chain.is_untried() {
            self.report(id, Change::Started);
        }
        Some(request)
    }

    /// Takes note of how a call ended, at `now`.
    pub fn answered(&mut self, now: Duration, id: CellId, outcome: Outcome<T>) {
        let region = self.chain(id).planned.key.region.clone();
        let queue = self.queue(&region);
        queue.lane.ended(now, outcome.ending());
        queue.accepted |= match &outcome {
            Outcome::Page(_) => true,
            Outcome::Failed(failure) => failure.verdict == Verdict::Denied,
        };
        match outcome {
            Outcome::Page(answer) => self.page_arrived(id, answer),
            Outcome::Failed(failure) => {
                let last = failure.problem.clone();
                self.call_failed(now, id, failure);
                if let Some(why) = self.queue(&region).lane.why_down() {
                    let what = format!("{}; {why}, so the region counts as down", last.what);
                    self.give_up(&region, &Problem { what, ..last });
                }
            }
        }
        self.judge_refusals();
    }

    /// What happened to cells since the last call, in order.
    pub fn take_updates(&mut self) -> impl Iterator<Item = CellUpdate> + '_ {
        self.updates.drain(..)
    }

    /// When [`next_request`](Self::next_request) is worth calling again although nothing was answered.
    pub fn wake_at(&self, now: Duration) -> Option<Duration> {
        if self.is_stopped() {
            return None;
        }
        let retry = self.waiting.first().map(|(when, _)| *when);
        let lanes = self.queues.values().filter(|queue| queue.has_work()).map(|queue| queue.lane.opens_at());
        lanes.filter(|opens| *opens > now).chain(retry).min()
    }

    /// Calls on the wire.
    pub fn in_flight(&self) -> usize {
        self.queues.values().map(|queue| queue.lane.in_flight()).sum()
    }

    /// Chains that wait for time to pass, rather than for an answer to make room for them.
    pub fn waits_for_time(&self) -> usize {
        if self.is_stopped() || self.in_flight() >= self.settings.in_flight {
            return 0;
        }
        let idle = self.queues.values().filter(|queue| queue.lane.in_flight() == 0 && queue.has_work());
        self.waiting.len() + idle.map(|queue| queue.ready.len()).sum::<usize>()
    }

    /// Chains that are neither on the wire nor ended.
    fn queued(&self) -> usize {
        self.waiting.len() + self.queues.values().map(|queue| queue.ready.len()).sum::<usize>()
    }

    /// Regions that said that we ask too much and have not answered a call since.
    pub fn slowed(&self) -> Vec<RegionId> {
        self.queues.iter().filter(|(_, queue)| queue.lane.is_slowed()).map(|(region, _)| region.clone()).collect()
    }

    /// How the calls that `meter` counted went, and how hard each region is asked now.
    pub(super) fn traffic(&self, meter: &Meter) -> Traffic {
        let of = |(region, queue): (&RegionId, &Queue)| RegionTraffic {
            region: region.clone(),
            calls: meter.of(region, queue.lane.in_flight()),
            rate: queue.lane.rate(),
            standing: queue.lane.standing(),
        };
        let regions = self.queues.iter().map(of).collect();
        Traffic { paused: self.paused, calls: meter.all(self.in_flight()), regions }
    }

    /// Whether everything that was asked for has ended, one way or the other.
    pub fn is_done(&self) -> bool {
        self.in_flight() == 0 && self.queued() == 0
    }

    /// Whether nothing is left that could be done.
    pub fn is_idle(&self) -> bool {
        self.in_flight() == 0 && (self.is_stopped() || self.queued() == 0)
    }

    fn is_stopped(&self) -> bool {
        self.paused || self.halted.is_some()
    }

    fn chain(&mut self, id: CellId) -> &mut Chain<T> {
        &mut self.cells[id.0 as usize]
    }

    fn queue(&mut self, region: &RegionId) -> &mut Queue {
        let lane = self.settings.lane;
        self.queues.entry(region.clone()).or_insert_with(|| Queue {
            ready: BTreeSet::new(),
            lane: Lane::new(lane),
            accepted: false,
            refused: None,
        })
    }

    fn id_of(&mut self, planned: PlannedCell) -> CellId {
        if let Some(id) = self.ids.get(&planned.key).copied() {
            self.chain(id).planned = planned;
            return id;
        }
        let id = CellId(self.cells.len() as u32);
        self.ids.insert(planned.key.clone(), id);
        self.cells.push(Chain::new(planned));
        id
    }

    fn restart(&mut self, id: CellId, priority: i64, cuts: u8) {
        let chain = self.chain(id);
        chain.restart(priority, cuts);
        let region = chain.planned.key.region.clone();
        let lane = &mut self.queue(&region).lane;
        if lane.is_down() {
            lane.reopen();
        }
        self.make_ready(id);
        self.report(id, Change::Queued);
    }

    /// Gives a chain that has not ended another place among those that wait.
    fn move_to(&mut self, id: CellId, priority: i64) {
        let chain = self.chain(id);
        let before = std::mem::replace(&mut chain.priority, priority);
        let (phase, region) = (chain.phase, chain.planned.key.region.clone());
        if phase == Phase::Ready {
            let ready = &mut self.queue(&region).ready;
            ready.remove(&(before, id));
            ready.insert((priority, id));
        }
    }

    fn make_ready(&mut self, id: CellId) {
        let chain = self.chain(id);
        chain.phase = Phase::Ready;
        let (priority, region) = (chain.priority, chain.planned.key.region.clone());
        self.queue(&region).ready.insert((priority, id));
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

    fn page_arrived(&mut self, id: CellId, answer: Answer<T>) {
        let settings = self.settings;
        let chain = self.chain(id);
        let endless = chain.page_arrived(&settings, &answer);
        let Answer { events, next, at, request_id, .. } = answer;
        let ended = next.is_none();
        let as_of = chain.read_as_of(at);
        chain.page = next;
        let region = chain.planned.key.region.clone();
        // Where the service counts our calls, reading side by side gains nothing, and each tile costs a call.
        let tiles = if ended { None } else { chain.tiles() }.filter(|_| self.queue(&region).lane.rate().is_none());
        self.report(id, Change::Page { events });
        if let Some(why) = endless {
            let problem = Problem::new(ProblemKind::Service, format!("paging loop: {why}"))
                .request_id(request_id.map(|id| id.to_string()))
                .hint("What was received is kept, but the end was not reached; try a shorter time range.");
            self.end(id, Change::Failed(Arc::new(problem)));
        } else if ended {
            self.end(id, Change::Complete { at: as_of });
        } else if let Some(tiles) = tiles {
            self.split(id, tiles);
        } else {
            self.make_ready(id);
        }
    }

    /// Puts tiles in the place of a chain; they are as urgent as it was.
    fn split(&mut self, id: CellId, tiles: Vec<FetchWindow>) {
        self.end(id, Change::Split);
        let chain = self.chain(id);
        let (priority, cuts, planned) = (chain.priority, chain.cuts - 1, chain.planned.clone());
        for ask in tiles {
            // What has not passed yet stays with the newest.
            let is_newest = ask.end_minute() == planned.ask.end_minute();
            let window = if is_newest { ask.extended_to(planned.key.window.end_minute()) } else { ask };
            let key = CellKey { window, ..planned.key.clone() };
            let known = self.ids.get(&key).copied();
            // A window that is being read on its own already need not be read twice.
            if known.is_none_or(|id| self.chain(id).phase == Phase::Ended) {
                let tile = self.id_of(PlannedCell { key, ask, ..planned.clone() });
                self.restart(tile, priority, cuts);
            }
        }
    }

    fn call_failed(&mut self, now: Duration, id: CellId, failure: Failure) {
        let Failure { problem, verdict, retry_after, throttled } = failure;
        match verdict {
            Verdict::Retry if throttled => self.ask_later(id, problem, retry_after),
            Verdict::Retry => self.try_again(now, id, problem, retry_after),
            Verdict::Denied if self.chain(id).planned.deleted => self.end(id, Change::Gone(Arc::new(problem))),
            Verdict::Denied => self.end(id, Change::Denied(Arc::new(problem))),
            Verdict::GiveUp => self.end(id, Change::Failed(Arc::new(problem))),
            Verdict::Halt => {
                self.make_ready(id);
                let region = self.chain(id).planned.key.region.clone();
                self.queue(&region).refused.get_or_insert(problem);
            }
        }
    }

    /// After a 429: first in line again; when that is, the lane knows.
    fn ask_later(&mut self, id: CellId, problem: Problem, retry_after: Option<Duration>) {
        let longest = self.settings.retry.longest_retry_after;
        let chain = self.chain(id);
        chain.refusals += 1;
        if chain.refusals < REFUSALS && retry_after.is_none_or(|wait| wait <= longest) {
            self.make_ready(id);
        } else {
            self.end(id, Change::Failed(Arc::new(problem)));
        }
    }

    fn try_again(&mut self, now: Duration, id: CellId, problem: Problem, retry_after: Option<Duration>) {
        let random = self.jitter.draw();
        let retry = self.settings.retry;
        let chain = self.chain(id);
        chain.tries += 1;
        let tries = chain.tries;
        let Some(wait) = retry.wait(tries, retry_after, random) else {
            let what = format!("{}, after {tries} tries", problem.what);
            return self.end(id, Change::Failed(Arc::new(Problem { what, ..problem })));
        };
        chain.phase = Phase::Waiting;
        self.waiting.insert((now + wait, id));
    }

    /// A region that took the credential and refuses it now: it is not valid any more, and everything halts. One that
    /// never took it may be the only one, as where the tenancy is not subscribed to it: the others go on, and when they
    /// are through it is known whether the region is to blame, or the credential.
    fn judge_refusals(&mut self) {
        let refused = || self.queues.values().filter(|queue| queue.refused.is_some());
        if self.halted.is_some() || refused().next().is_none() {
            return;
        }
        if let Some(queue) = refused().find(|queue| queue.accepted) {
            self.halted.clone_from(&queue.refused);
            return;
        }
        if !self.waiting.is_empty() || self.queues.values().any(|queue| queue.lane.in_flight() > 0 || queue.has_work())
        {
            return;
        }
        if !self.queues.values().any(|queue| queue.accepted) {
            self.halted = refused().find_map(|queue| queue.refused.clone());
            return;
        }
        let refusing =
            self.queues.iter_mut().filter_map(|(region, queue)| Some((region.clone(), queue.refused.take()?)));
        for (region, problem) in refusing.collect::<Vec<_>>() {
            let what = format!("{region} refused the credential that other regions took");
            let hint = "the tenancy may not be subscribed to the region, or a new key not be known there yet";
            self.give_up(&region, &Problem { what, ..problem }.hint(hint));
        }
    }

    /// What still waits for a region fails now, rather than each after tries of its own.
    fn give_up(&mut self, region: &RegionId, problem: &Problem) {
        let problem = Arc::new(problem.clone());
        let mut lost: Vec<CellId> =
            std::mem::take(&mut self.queue(region).ready).into_iter().map(|(_, id)| id).collect();
        let cells = &self.cells;
        self.waiting.retain(|(_, id)| {
            let stays = cells[id.0 as usize].planned.key.region != *region;
            if !stays {
                lost.push(*id);
            }
            stays
        });
        for id in lost {
            self.end(id, Change::Failed(Arc::clone(&problem)));
        }
    }

    fn end(&mut self, id: CellId, change: Change) {
        let chain = self.chain(id);
        chain.end();
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
