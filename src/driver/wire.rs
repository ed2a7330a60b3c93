//! Events from a tenancy: what the machine asks of the service, and what comes of it.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::task::AbortOnDropHandle;

use super::home::Home;
use crate::app::effect::{Effect, FetchRequest};
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
use crate::index::{IngestSender, Input};
use crate::oci::OciClient;

/// How to fetch.
#[derive(Clone, Copy, Debug)]
pub struct FetchOptions {
    pub settings: Settings,
    pub padding: TimeDelta,
    pub settling: TimeDelta,
}

/// Owns the fetch; dropping it ends that.
pub struct Wire {
    client: OciClient,
    padding: TimeDelta,
    tenancy: Option<Arc<Tenancy>>,
    fetcher: Fetcher,
    held: IngestSender,
    home: Home,
    /// Ends with us; what is on the wire is dropped.
    _forwarder: AbortOnDropHandle<()>,
}

impl Wire {
    pub fn new(client: OciClient, options: FetchOptions, held: IngestSender, home: Home) -> Self {
        let (fetcher, stream) = fetch(client.clone(), options.settings);
        let forwarder = AbortOnDropHandle::new(tokio::spawn(forward(stream, held.clone(), home.clone())));
        Self { client, padding: options.padding, tenancy: None, fetcher, held, home, _forwarder: forwarder }
    }

    /// What later effects need to know.
    pub fn learn(&mut self, tenancy: &Tenancy) {
        self.tenancy = Some(Arc::new(tenancy.clone()));
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.client.now()
    }

    /// Calls under way and waiting, `parked` ones aside.
    pub fn pending(&self, parked: usize) -> usize {
        self.fetcher.in_flight().saturating_sub(parked) + self.fetcher.backlog()
    }

    /// Performs what is asked of a tenancy; gives back what is not.
    pub fn perform(&self, effect: Effect) -> Option<Effect> {
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
            other => return Some(other),
        }
        None
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
        let window = request.range.fetch_window(self.padding);
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
        let ledger = &self.held.holdings().ledger;
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
        let (fetcher, holdings, now) = (self.fetcher.clone(), self.held.holdings(), self.client.service_now());
        self.home.spawn_blocking(move || {
            fetcher.add(pick(&holdings.ledger, &tenancy, now));
            None
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
        home.stir();
    }
}
