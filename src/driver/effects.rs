//! The hands: one small function per effect. Whatever takes time happens elsewhere and comes back as a message.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, mpsc};
use tokio_util::task::AbortOnDropHandle;

use super::clipboard::{Clipboard, Outcome};
use super::viewer::Viewer;
use crate::app::effect::{Effect, FetchRequest, SelectRequest};
use crate::app::event_detail::EventDetail;
use crate::app::message::Message;
use crate::domain::ledger::{Cell, CellKey, Ledger};
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::domain::scope::Scope;
use crate::domain::tenancy::Tenancy;
use crate::fetch::{
    FetchEvent, FetchStream, Fetcher, PlannedCell, RetrySettings, Settings, again, discover, failed, fetch, plan,
    settling,
};
use crate::index::{EventKey, Ingest, IngestSender, Input};
use crate::oci::OciClient;

/// What comes back from work done elsewhere.
pub enum Happening {
    Message(Message),
    /// A copy that has to go through the terminal.
    WriteThrough {
        sequence: String,
        then: Message,
    },
}

/// How to fetch.
#[derive(Clone, Copy, Debug)]
pub struct FetchOptions {
    pub settings: Settings,
    pub padding: TimeDelta,
    pub settling: TimeDelta,
}

/// Performs effects. Owns the fetch, the index and the threads; dropping it ends them.
pub struct Hands {
    client: OciClient,
    options: FetchOptions,
    tenancy: Option<Arc<Tenancy>>,
    fetcher: Fetcher,
    ingest: Ingest,
    viewer: Viewer,
    clipboard: Clipboard,
    home: Home,
    /// Ends with us; what is on the wire is dropped.
    _forwarder: AbortOnDropHandle<()>,
}

/// The way back to the driver, for work done elsewhere.
#[derive(Clone)]
struct Home {
    happenings: mpsc::UnboundedSender<Happening>,
    /// Work begun and not yet come back.
    away: Arc<AtomicUsize>,
    stirred: Arc<Notify>,
}

impl Hands {
    pub fn new(
        client: OciClient,
        options: FetchOptions,
        clipboard: Clipboard,
    ) -> (Self, mpsc::UnboundedReceiver<Happening>) {
        let (sender, happenings) = mpsc::unbounded_channel();
        let home = Home { happenings: sender, away: Arc::default(), stirred: Arc::default() };
        let (waker, inbox) = Viewer::channel();
        let ingest = Ingest::start(
            client.profile().footprint(),
            options.settling,
            Box::new({
                let waker = waker.clone();
                move || waker.wake()
            }),
        );
        let held = ingest.sender();
        let show = {
            let home = home.clone();
            move |view| home.say(Message::View(Arc::new(view)))
        };
        let viewer = Viewer::start(&waker, inbox, move || held.holdings(), show);
        let (fetcher, stream) = fetch(client.clone(), options.settings);
        let forwarder = AbortOnDropHandle::new(tokio::spawn(forward(stream, ingest.sender(), home.clone())));
        let hands =
            Self { client, options, tenancy: None, fetcher, ingest, viewer, clipboard, home, _forwarder: forwarder };
        (hands, happenings)
    }

    /// What later effects need to know.
    pub fn learn(&mut self, tenancy: &Tenancy) {
        self.tenancy = Some(Arc::new(tenancy.clone()));
    }

    /// Performs what needs no terminal; gives back what does.
    pub fn perform(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::Discover => self.discover(),
            Effect::Fetch(request) => self.fetch(&request),
            Effect::RetryFailed => self.retry(failed),
            Effect::RetryCells(keys) => self.retry(move |ledger, tenancy, now| again(ledger, tenancy, &keys, now)),
            Effect::Pause => self.fetcher.pause(),
            Effect::Resume => self.resume(),
            Effect::Prefer(scope) => self.fetcher.prefer(self.waiting_in(&scope)),
            Effect::Postpone(scope) => self.fetcher.postpone(self.waiting_in(&scope)),
            Effect::RefreshTail => self.add(settling),
            Effect::Select(request) => self.select(request),
            Effect::LoadEvent(key) => self.load_event(key),
            Effect::Copy { what, text } => self.copy(what, text),
            other @ (Effect::Suspend | Effect::Redraw | Effect::Quit) => return Some(other),
        }
        None
    }

    /// Whether anything may still come back, `parked` calls on the wire aside.
    pub fn is_busy(&self, parked: usize) -> bool {
        let on_the_wire = self.fetcher.in_flight().saturating_sub(parked);
        let counts = [
            self.home.away.load(Ordering::SeqCst),
            on_the_wire,
            self.fetcher.backlog(),
            self.ingest.pending(),
            self.viewer.pending(),
        ];
        counts.iter().sum::<usize>() > 0
    }

    /// Is notified whenever something may have come to an end.
    pub fn stirred(&self) -> Arc<Notify> {
        Arc::clone(&self.home.stirred)
    }

    fn discover(&self) {
        let client = self.client.clone();
        self.home.spawn(async move {
            match discover(&client, RetrySettings::default()).await {
                Ok(tenancy) => Message::TenancyKnown(Box::new(tenancy)),
                Err(problem) => Message::TenancyFailed(problem),
            }
        });
    }

    fn fetch(&self, request: &FetchRequest) {
        let scope = Scope { regions: request.regions.clone(), compartments: request.compartments.clone() };
        let window = request.range.fetch_window(self.options.padding);
        let on_screen: Vec<_> = request.first.iter().cloned().collect();
        self.add(move |ledger, tenancy, now| plan(tenancy, &scope, window, ledger, Some(&on_screen), now));
    }

    fn retry(&self, which: impl FnOnce(&Ledger, &Tenancy, DateTime<Utc>) -> Vec<PlannedCell> + Send + 'static) {
        self.resume();
        self.add(which);
    }

    fn resume(&self) {
        self.fetcher.resume();
        self.home.say(Message::FetchResumed);
    }

    /// The cells in a scope that are not read to their end yet; the newest first, as in a plan.
    fn waiting_in(&self, scope: &Scope) -> Vec<CellKey> {
        let regions: HashSet<&RegionId> = scope.regions.iter().collect();
        let compartments: HashSet<&Ocid> = scope.compartments.iter().collect();
        let ledger = &self.ingest.holdings().ledger;
        let inside = |cell: &&Cell| {
            cell.is_under_way() && compartments.contains(&cell.key.compartment) && regions.contains(&cell.key.region)
        };
        let mut waiting: Vec<CellKey> = ledger.cells().filter(inside).map(|cell| cell.key.clone()).collect();
        waiting.sort_by_key(|key| Reverse(key.window.end_minute()));
        waiting
    }

    /// Asks for cells that are picked elsewhere: there may be very many to look through.
    fn add(&self, pick: impl FnOnce(&Ledger, &Tenancy, DateTime<Utc>) -> Vec<PlannedCell> + Send + 'static) {
        // Before the tenancy is known nothing was planned.
        let Some(tenancy) = self.tenancy.clone() else { return };
        let (fetcher, holdings, now) = (self.fetcher.clone(), self.ingest.holdings(), self.client.service_now());
        self.home.spawn_blocking(move || {
            fetcher.add(pick(&holdings.ledger, &tenancy, now));
            None
        });
    }

    fn select(&self, request: SelectRequest) {
        self.viewer.ask(request);
    }

    fn load_event(&self, key: EventKey) {
        let holdings = self.ingest.holdings();
        let snapshot = Arc::clone(&holdings.snapshot);
        self.home.spawn_blocking(move || {
            let raw = snapshot.find(key).and_then(|row| snapshot.raw(row))?;
            Some(Message::EventLoaded(Box::new(EventDetail::parse(key, raw))))
        });
    }

    fn copy(&self, what: String, text: String) {
        let home = self.home.clone();
        home.leave();
        let back = move |outcome| {
            home.happen(match outcome {
                Outcome::Done(report) => Happening::Message(Message::Copied(report)),
                Outcome::Failed(problem) => Happening::Message(Message::CopyFailed(problem)),
                Outcome::ThroughTerminal { sequence, report } => {
                    Happening::WriteThrough { sequence, then: Message::Copied(report) }
                }
            });
            home.come_back();
        };
        self.clipboard.copy(what, text, Box::new(back));
    }
}

impl Home {
    fn say(&self, message: Message) {
        self.happen(Happening::Message(message));
    }

    /// The driver may be gone; then nobody cares.
    fn happen(&self, happening: Happening) {
        let _ = self.happenings.send(happening);
        self.stirred.notify_one();
    }

    fn leave(&self) {
        self.away.fetch_add(1, Ordering::SeqCst);
    }

    fn come_back(&self) {
        self.away.fetch_sub(1, Ordering::SeqCst);
        self.stirred.notify_one();
    }

    fn spawn(&self, work: impl Future<Output = Message> + Send + 'static) {
        let home = self.clone();
        home.leave();
        tokio::spawn(async move {
            home.say(work.await);
            home.come_back();
        });
    }

    fn spawn_blocking(&self, work: impl FnOnce() -> Option<Message> + Send + 'static) {
        let home = self.clone();
        home.leave();
        tokio::task::spawn_blocking(move || {
            if let Some(message) = work() {
                home.say(message);
            }
            home.come_back();
        });
    }
}

/// From the wire to the index. When the index is behind, the wire waits.
async fn forward(mut stream: FetchStream, ingest: IngestSender, home: Home) {
    while let Some(event) = stream.next().await {
        let taken = match event {
            FetchEvent::Page(page) => ingest.send(Input::Page(page)).await,
            FetchEvent::Update(update) => ingest.send(Input::Update(update)).await,
            FetchEvent::Halted(problem) => {
                home.say(Message::FetchHalted(problem));
                Ok(())
            }
            FetchEvent::Slowed(regions) => {
                home.say(Message::SlowedDown(regions));
                Ok(())
            }
            FetchEvent::Idle => ingest.send(Input::Idle).await,
            FetchEvent::Traffic(traffic) => {
                home.say(Message::Traffic(traffic));
                Ok(())
            }
        };
        if taken.is_err() {
            break;
        }
        home.stirred.notify_one();
    }
}
