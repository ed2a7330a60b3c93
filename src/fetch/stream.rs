//! The engine on real sockets: cells go in through a [`Fetcher`], pages come out of a [`FetchStream`].
//!
//! Calls are begun while the stream is polled, and dropping it ends them. That is how to cancel.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinError;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::engine::{Answer, CellId, Engine, Failure, Outcome, Request, Settings, Verdict};
use super::meter::Meter;
use super::plan::PlannedCell;
use crate::domain::event::decode;
use crate::domain::ledger::{CellKey, CellUpdate};
use crate::domain::page::Page;
use crate::domain::problem::Problem;
use crate::domain::region::RegionId;
use crate::domain::traffic::Traffic;
use crate::oci::{EventPage, OciClient, OciError, PageToken};

/// What a fetch tells, in order: a page comes before the update that counts it.
#[derive(Clone, Debug)]
pub enum FetchEvent {
    Page(Page),
    Update(CellUpdate),
    /// The credential is refused; no call is made until [`Fetcher::resume`].
    Halted(Problem),
    /// The regions that say that we ask too much; told when that changes.
    Slowed(Vec<RegionId>),
    /// Everything that was asked for has ended; the fetch waits for more.
    Idle,
    /// How the calls go; told now and then while calls are made, and when the last one ended.
    Traffic(Arc<Traffic>),
}

/// Asks for cells. The stream ends when all clones are gone and nothing is left to do.
#[derive(Clone, Debug)]
pub struct Fetcher {
    orders: mpsc::UnboundedSender<Order>,
    activity: Arc<Activity>,
}

/// Pages and updates as they come; see [`Fetcher`].
pub struct FetchStream {
    client: OciClient,
    engine: Engine<PageToken>,
    orders: mpsc::UnboundedReceiver<Order>,
    /// Whether a fetcher may still send an order.
    open: bool,
    calls: FuturesUnordered<Call>,
    ready: VecDeque<FetchEvent>,
    /// Whether an event was handed out that the caller may still be busy with: it counts until the next call.
    handed_out: bool,
    started: Instant,
    activity: Arc<Activity>,
    meter: Meter,
    told: Told,
}

/// What was told last, so that it is told when it changes.
#[derive(Debug, Default)]
struct Told {
    halted: bool,
    /// Cells were asked for since [`FetchEvent::Idle`].
    busy: bool,
    slowed: Vec<RegionId>,
    traffic: Option<Duration>,
}

/// A call works in a task of its own, so that signing and unpacking make use of every core. Dropping it ends it.
type Call = AbortOnDropHandle<Answered>;

/// The least time between two tellings of the traffic.
const TELL_TRAFFIC: Duration = Duration::from_millis(250);

/// Events of a page from which it is told how dense they are.
const SAMPLES: usize = 20;

/// How a call ended.
struct Answered {
    id: CellId,
    region: RegionId,
    took: Duration,
    result: Result<Answer<PageToken>, OciError>,
    page: Option<Page>,
}

#[derive(Debug)]
enum Order {
    Add(Vec<PlannedCell>),
    Prefer(Vec<CellKey>),
    Postpone(Vec<CellKey>),
    Pause,
    Resume,
}

/// What is going on, for whoever wants to know whether anything still will.
#[derive(Debug, Default)]
struct Activity {
    /// Orders sent and not yet taken.
    orders: AtomicUsize,
    in_flight: AtomicUsize,
    /// Chains that wait for time to pass.
    queued: AtomicUsize,
    /// Events produced and not yet dealt with by the caller.
    ready: AtomicUsize,
}

/// Opens a fetch. Nothing is asked before the stream is polled.
pub fn fetch(client: OciClient, settings: Settings) -> (Fetcher, FetchStream) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let activity = Arc::new(Activity::default());
    let seed = u64::from(std::process::id());
    let stream = FetchStream {
        client,
        engine: Engine::new(settings, seed),
        orders: receiver,
        open: true,
        calls: FuturesUnordered::new(),
        ready: VecDeque::new(),
        handed_out: false,
        started: Instant::now(),
        activity: Arc::clone(&activity),
        meter: Meter::default(),
        told: Told::default(),
    };
    (Fetcher { orders: sender, activity }, stream)
}

impl Fetcher {
    /// Queues cells, most wanted first, before everything queued earlier.
    pub fn add(&self, cells: Vec<PlannedCell>) {
        self.order(Order::Add(cells));
    }

    /// Puts cells that wait before everything else that waits; begins nothing anew.
    pub fn prefer(&self, cells: Vec<CellKey>) {
        self.order(Order::Prefer(cells));
    }

    /// Puts cells that wait behind everything else that waits.
    pub fn postpone(&self, cells: Vec<CellKey>) {
        self.order(Order::Postpone(cells));
    }

    /// Makes no further call until [`resume`](Self::resume); calls on the wire come to their end.
    pub fn pause(&self) {
        self.order(Order::Pause);
    }

    /// Takes up calls again after [`FetchEvent::Halted`] or [`pause`](Self::pause).
    pub fn resume(&self) {
        self.order(Order::Resume);
    }

    /// Calls on the wire now.
    pub fn in_flight(&self) -> usize {
        self.activity.in_flight.load(Ordering::SeqCst)
    }

    /// Orders, chains and events that wait for something else than the wire.
    pub fn backlog(&self) -> usize {
        let Activity { orders, queued, ready, .. } = &*self.activity;
        [orders, queued, ready].iter().map(|count| count.load(Ordering::SeqCst)).sum()
    }

    fn order(&self, order: Order) {
        self.activity.orders.fetch_add(1, Ordering::SeqCst);
        if self.orders.send(order).is_err() {
            self.activity.orders.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl FetchStream {
    /// The next event; `None` when nothing more can come. Safe to drop and call again.
    pub async fn next(&mut self) -> Option<FetchEvent> {
        self.handed_out = false;
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.handed_out = true;
                self.tell_activity();
                return Some(event);
            }
            // One time for both: what opened in between would be waited for without end.
            let now = self.now();
            self.make_calls(now);
            if !self.ready.is_empty() {
                continue;
            }
            if !self.open && self.engine.is_idle() {
                return None;
            }
            let wake = self.engine.wake_at(now).map(|at| self.started + at);
            tokio::select! {
                order = self.orders.recv(), if self.open => self.obey(order),
                Some(answered) = self.calls.next(), if !self.calls.is_empty() => self.take_answer(unless_panicked(answered)),
                () = tokio::time::sleep_until(wake.unwrap_or(self.started)), if wake.is_some() => {}
            }
        }
    }

    fn make_calls(&mut self, now: Duration) {
        while let Some(request) = self.engine.next_request(now) {
            self.calls.push(AbortOnDropHandle::new(tokio::spawn(call(self.client.clone(), request))));
        }
        self.collect();
    }

    fn obey(&mut self, order: Option<Order>) {
        match order {
            None => self.open = false,
            Some(Order::Add(cells)) => {
                self.engine.add(cells);
                self.told.busy = true;
            }
            Some(Order::Prefer(cells)) => self.engine.prefer(&cells),
            Some(Order::Postpone(cells)) => self.engine.postpone(&cells),
            Some(Order::Pause) => {
                self.engine.pause();
                self.tell_traffic();
            }
            Some(Order::Resume) => {
                self.engine.resume();
                self.told.halted = false;
                self.tell_traffic();
            }
        }
        self.make_calls(self.now());
        if self.open {
            self.activity.orders.fetch_sub(1, Ordering::SeqCst);
        }
    }

    fn take_answer(&mut self, Answered { id, region, took, result, page }: Answered) {
        let outcome = match result {
            Ok(answer) => {
                self.ready.extend(page.map(FetchEvent::Page));
                Outcome::Page(answer)
            }
            Err(error) => Outcome::Failed(Failure {
                verdict: verdict(&error),
                retry_after: error.retry_after(),
                throttled: error.is_throttled(),
                problem: error.to_problem(),
            }),
        };
        self.meter.ended(&region, outcome.ending(), matches!(outcome, Outcome::Failed(_)), took);
        self.engine.answered(self.now(), id, outcome);
        let slowed = self.engine.slowed();
        if slowed != self.told.slowed {
            self.told.slowed.clone_from(&slowed);
            self.ready.push_back(FetchEvent::Slowed(slowed));
        }
        self.make_calls(self.now());
        let due = self.told.traffic.is_none_or(|told| self.now() >= told + TELL_TRAFFIC);
        if due || self.engine.in_flight() == 0 {
            self.tell_traffic();
        }
    }

    fn tell_traffic(&mut self) {
        self.told.traffic = Some(self.now());
        let traffic = self.engine.traffic(&self.meter);
        self.ready.push_back(FetchEvent::Traffic(Arc::new(traffic)));
        self.tell_activity();
    }

    /// What the engine has to tell, a halt included: it may come with an answer, or when nothing is left to wait for.
    fn collect(&mut self) {
        self.ready.extend(self.engine.take_updates().map(FetchEvent::Update));
        if let Some(problem) = self.engine.halted().filter(|_| !self.told.halted).cloned() {
            self.told.halted = true;
            self.ready.push_back(FetchEvent::Halted(problem));
        }
        if self.told.busy && self.engine.is_done() {
            self.told.busy = false;
            self.ready.push_back(FetchEvent::Idle);
        }
        self.tell_activity();
    }

    fn tell_activity(&self) {
        let Activity { in_flight, queued, ready, .. } = &*self.activity;
        ready.store(self.ready.len() + usize::from(self.handed_out), Ordering::SeqCst);
        in_flight.store(self.engine.in_flight(), Ordering::SeqCst);
        queued.store(self.engine.waits_for_time(), Ordering::SeqCst);
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Drop for FetchStream {
    /// Whoever waits for the fetch to settle need not wait for a stream that is gone.
    fn drop(&mut self) {
        let Activity { orders, in_flight, queued, ready } = &*self.activity;
        for count in [orders, in_flight, queued, ready] {
            count.store(0, Ordering::SeqCst);
        }
    }
}

async fn call(client: OciClient, request: Request<PageToken>) -> Answered {
    let Request { id, key, ask, read_at, page: token, weigh } = request;
    let (began, region) = (Instant::now(), key.region.clone());
    let at = client.service_now();
    let asked = CellKey { window: ask, ..key.clone() };
    let listed = client.list_events(&asked, token.as_ref()).await;
    let took = began.elapsed();
    match listed {
        Err(error) => Answered { id, region, took, result: Err(error), page: None },
        Ok(EventPage { mut page, next }) => {
            (page.cell, page.read_at) = (key, read_at);
            let span = next.as_ref().filter(|_| weigh).and_then(|_| span(&page));
            let content = next.as_ref().map_or(0, |_| content(&page));
            let request_id = page.request_id.clone();
            let answer = Answer { events: page.len() as u64, content, next, at, span, request_id };
            Answered { id, region, took, result: Ok(answer), page: Some(page) }
        }
    }
}

/// A call that panicked is a bug, and goes on as one; nobody else ends one that is still wanted.
fn unless_panicked(answered: Result<Answered, JoinError>) -> Answered {
    answered.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// Tells pages with other events apart, by their sizes and the bytes of the first and the last one. It only serves to notice
/// that page after page is the same, so it may be cheap and need not be sure.
fn content(page: &Page) -> u64 {
    let mut hasher = Sha256::new();
    page.events().for_each(|event| hasher.update(event.len().to_le_bytes()));
    page.events().take(1).chain(page.events().last()).for_each(|event| hasher.update(event));
    hasher.finalize().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// About the oldest and the newest event of a page, where its events have times: some of them are looked at.
fn span(page: &Page) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let step = (page.len() / SAMPLES).max(1);
    let sample = page.events().step_by(step).chain(page.events().last());
    let times = sample.filter_map(|bytes| decode(bytes).fields.time);
    times.fold(None, |span, time| {
        let (from, until) = span.unwrap_or((time, time));
        Some((time.min(from), time.max(until)))
    })
}

fn verdict(error: &OciError) -> Verdict {
    if error.is_auth() {
        Verdict::Halt
    } else if error.is_denied() {
        Verdict::Denied
    } else if error.is_retryable() {
        Verdict::Retry
    } else {
        Verdict::GiveUp
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
