//! Reads everything of a time span: what the tenancy consists of, every page of it, and then whether the tenancy has grown
//! in the meantime.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use tokio::sync::mpsc;

use super::args::ReadArgs;
use super::connect::Connection;
use super::interrupt::Interrupt;
use super::progress::Status;
use super::range::retention_warning;
use super::talk::Talk;
use crate::domain::lateness::Added;
use crate::domain::ledger::{Cell, CellKey, CellState, CellUpdate, Change, Ledger};
use crate::domain::page::Page;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::RegionId;
use crate::domain::scope::Scope;
use crate::domain::tenancy::Tenancy;
use crate::domain::text::{clean, count_of};
use crate::domain::time_range::{FetchWindow, TimeRange};
use crate::export::coverage::{
    self, Asked, CellEntry, CompartmentEntry, CoverageDocument, Filter, RegionEntry, TenancyEntry,
};
use crate::fetch::{
    FetchEvent, FetchStream, Fetcher, LaneSettings, PlannedCell, RetrySettings, Settings, discover, discover_again,
    fetch, plan, settling,
};
use crate::oci::clock;

/// Pages received and not yet dealt with; when whoever takes them is behind, the fetch waits. A page has at most 2 MiB,
/// except for one in the whole process that may have more (`oci::body`), so this is a bound on bytes as well.
const PAGES_AHEAD: usize = 8;

/// While nothing comes, this often it is said that we are still there, where that is worth saying.
const TICK: Duration = Duration::from_secs(1);

/// What is read, and who is told.
pub struct Reading<'a> {
    pub connection: &'a Connection,
    pub read: &'a ReadArgs,
    pub range: TimeRange,
    pub talk: &'a Talk,
    /// Whether to read the newest minutes again and again until nothing can come late any more.
    pub settle: bool,
}

/// What was read, pages aside.
pub struct Collected {
    wire: Wire,
    tenancy: Tenancy,
    /// The tenancy as it was listed first, where it was listed twice.
    earlier: Option<Tenancy>,
    scope: Scope,
    ledger: Ledger,
    /// Cells whose last try failed, and that were not read since.
    trouble: BTreeMap<CellKey, Arc<Problem>>,
    events: u64,
    /// Calls that were too many for the service (429).
    refused: u64,
    halted: Option<Problem>,
    /// What was asked for is read; there is nothing left of which to tell the progress.
    is_whole: bool,
    started_at: DateTime<Utc>,
    listed_again_at: Option<DateTime<Utc>>,
}

/// Where pages go; tells what was new, where a window had been read before.
pub type Take<'t> = dyn FnMut(&Page) -> Result<Added, Problem> + 't;

/// A fetch that goes on somewhere else, so that calls are made while a page is dealt with.
struct Wire {
    /// Gone when nothing more shall be asked.
    fetcher: Option<Fetcher>,
    /// Whether something that was asked for has not ended.
    busy: bool,
    events: mpsc::Receiver<FetchEvent>,
}

/// The least time after which the newest minutes are worth reading again.
const WORTH_WAITING: TimeDelta = TimeDelta::seconds(60);

impl<'a> Reading<'a> {
    pub fn new(connection: &'a Connection, read: &'a ReadArgs, range: TimeRange, talk: &'a Talk) -> Self {
        Self { connection, read, range, talk, settle: false }
    }

    /// Reads it all. Every page goes to `take`; only that, and what must be known before the first page, may fail.
    pub async fn collect(&self, take: &mut Take<'_>, interrupt: &mut Interrupt) -> Result<Collected, Problem> {
        let started_at = clock::now();
        let tenancy = self.tenancy(interrupt).await?;
        let scope = self.read.scope().resolve(&tenancy)?;
        self.talk.note(&announcement(&tenancy, &scope));
        let window = self.range.fetch_window(self.read.padding);
        let ledger = Ledger::new(self.read.settling);
        let cells = plan(&tenancy, &scope, window, &ledger, None, self.connection.client.now());
        let (fetcher, stream) = fetch(self.connection.client.clone(), fetch_settings(self.read));
        let wire = Wire { fetcher: Some(fetcher), busy: false, events: forward(stream) };
        let mut collected = Collected {
            wire,
            tenancy,
            earlier: None,
            scope,
            ledger,
            trouble: BTreeMap::new(),
            events: 0,
            refused: 0,
            halted: None,
            is_whole: false,
            started_at,
            listed_again_at: None,
        };
        self.read_cells(cells, &mut collected, take, interrupt).await?;
        if collected.halted.is_none() && !interrupt.happened() {
            let grown = self.look_again(window, &mut collected, interrupt).await;
            self.read_cells(grown, &mut collected, take, interrupt).await?;
            self.read_again(&mut collected, take, interrupt).await?;
        }
        self.talk.end_of_progress(self.status(&collected));
        collected.is_whole = true;
        Ok(collected)
    }

    /// Says what will be done and asks what the tenancy consists of.
    pub async fn tenancy(&self, interrupt: &mut Interrupt) -> Result<Tenancy, Problem> {
        let Self { connection: Connection { client, warnings, .. }, range, talk, .. } = self;
        let profile = clean(&client.profile().name);
        talk.note(&format!("{range}, profile {profile}: asking what the tenancy consists of"));
        for warning in warnings.iter().cloned().chain(retention_warning(range, client.now())) {
            talk.warning(&warning);
        }
        interrupt
            .unless(Box::pin(discover(client, RetrySettings::default())))
            .await
            .unwrap_or_else(|| Err(Problem::new(ProblemKind::Interrupted, "interrupted before anything was read")))
    }

    /// Compartments and regions that have appeared since the first listing, as cells to read. What has moved or been
    /// renamed since then was read. The first plan was complete for its moment, so where the second look fails that
    /// is said and no more.
    pub async fn look_again(
        &self,
        window: FetchWindow,
        collected: &mut Collected,
        interrupt: &mut Interrupt,
    ) -> Vec<PlannedCell> {
        let found = interrupt.unless(Box::pin(discover_again(&self.connection.client, RetrySettings::default()))).await;
        let resolved = found.map(|found| {
            let tenancy = found?;
            let scope = self.read.scope().resolve(&tenancy)?;
            Ok::<_, Problem>((tenancy, scope))
        });
        match resolved {
            None => Vec::new(),
            Some(Err(problem)) => {
                self.talk.warning(&format!("whether the tenancy has changed meanwhile is not known: {}", problem.what));
                Vec::new()
            }
            Some(Ok((tenancy, scope))) => {
                collected.listed_again_at = Some(clock::now());
                if let (Some(problem), None) = (&tenancy.partial, &collected.tenancy.partial) {
                    self.talk
                        .warning(&format!("whether the tenancy has changed meanwhile is half known: {}", problem.what));
                }
                let cells = collected.grow(tenancy, &scope, window, self.connection.client.now());
                if !cells.is_empty() {
                    let slices = count_of(cells.len() as u64, "slice");
                    self.talk.note(&format!("the tenancy has changed meanwhile: {slices} more to ask for"));
                }
                cells
            }
        }
    }

    /// Reads what was too young to be final again: once, where a long run has let time go by since, or until it is final.
    async fn read_again(
        &self,
        collected: &mut Collected,
        take: &mut Take<'_>,
        interrupt: &mut Interrupt,
    ) -> Result<(), Problem> {
        let client = &self.connection.client;
        loop {
            let now = client.service_now();
            let last = collected.final_at().filter(|_| self.settle);
            let mut cells = settling(&collected.ledger, &collected.tenancy, now);
            let is_final = |cell: &PlannedCell| now >= cell.key.window.end() + self.read.settling;
            cells.retain(|cell| cell.read_at.is_none_or(|at| now >= at + WORTH_WAITING) || is_final(cell));
            self.read_cells(cells, collected, take, interrupt).await?;
            // What was asked when all was final and failed is not asked for ever.
            let Some(last) = last.filter(|last| now < *last && collected.wire.fetcher.is_some()) else {
                return Ok(());
            };
            let left = (last - client.service_now()).clamp(TimeDelta::milliseconds(100), WORTH_WAITING);
            let wait = tokio::time::sleep(left.to_std().unwrap_or_default());
            if interrupt.unless(wait).await.is_none() {
                return Ok(());
            }
        }
    }

    /// The newest minutes of what was read, and those that have passed since, for a range without an end.
    pub fn newest(&self, collected: &Collected) -> Vec<PlannedCell> {
        let Collected { tenancy, scope, ledger, .. } = collected;
        let now = self.connection.client.service_now();
        let mut cells = plan(tenancy, scope, self.window_ahead(), ledger, None, now);
        cells.extend(settling(ledger, tenancy, now));
        cells
    }

    /// The minutes of a range without an end, by whole hours, so that few windows come of it.
    pub fn window_ahead(&self) -> FetchWindow {
        self.range.through_hour_of(self.connection.client.service_now()).fetch_window(self.read.padding)
    }

    async fn read_cells(
        &self,
        cells: Vec<PlannedCell>,
        collected: &mut Collected,
        take: &mut Take<'_>,
        interrupt: &mut Interrupt,
    ) -> Result<(), Problem> {
        self.read_cells_within(None, cells, collected, take, interrupt).await
    }

    /// Reads these cells, and what is still under way of those before; after `patience` what is left goes on by itself and
    /// is taken up by the next call.
    pub async fn read_cells_within(
        &self,
        patience: Option<Duration>,
        cells: Vec<PlannedCell>,
        collected: &mut Collected,
        take: &mut Take<'_>,
        interrupt: &mut Interrupt,
    ) -> Result<(), Problem> {
        let begun = Instant::now();
        let Some(fetcher) = &collected.wire.fetcher else { return Ok(()) };
        if !cells.is_empty() {
            fetcher.add(cells);
            collected.wire.busy = true;
        }
        if !collected.wire.busy {
            return Ok(());
        }
        loop {
            match tokio::time::timeout(TICK, interrupt.unless(collected.wire.events.recv())).await {
                Ok(Some(Some(FetchEvent::Idle))) => {
                    collected.wire.busy = false;
                    return Ok(());
                }
                Ok(Some(Some(event))) => collected.take(event, take)?,
                Ok(_) => break,
                Err(_) => {}
            }
            if patience.is_some_and(|patience| begun.elapsed() > patience) {
                return Ok(());
            }
            if !collected.is_whole {
                self.talk.progress(|| self.status(collected));
            }
        }
        // What had been received when the signal came counts as well; nothing more is asked for.
        collected.wire.fetcher = None;
        collected.wire.events.close();
        while let Ok(event) = collected.wire.events.try_recv() {
            collected.take(event, take)?;
        }
        Ok(())
    }

    fn status(&self, collected: &Collected) -> Status {
        let Collected { ledger, events, refused, .. } = collected;
        Status {
            coverage: ledger.total(),
            events: *events,
            calls: self.connection.client.calls(),
            refused: *refused,
            files: None,
        }
    }

    /// What was read as a document. What became of the events, and the outcome, are still to be put in.
    pub fn document(&self, collected: &Collected, filter: Filter) -> CoverageDocument {
        let Self { connection: Connection { client, .. }, read, range, .. } = self;
        let Collected { tenancy, earlier, scope, ledger, .. } = collected;
        let asked = Asked { tenancy, earlier: earlier.as_ref(), scope };
        let (regions, compartments) = (asked.regions(), asked.compartments());
        CoverageDocument {
            form: coverage::FORM,
            tool: concat!("auditui ", env!("CARGO_PKG_VERSION")).to_owned(),
            run_id: client.run_id().to_owned(),
            calls: client.calls(),
            tenancy: TenancyEntry { id: tenancy.id.clone(), name: tenancy.name.clone() },
            profile: client.profile().name.clone(),
            endpoint: client.endpoint_override().map(ToString::to_string),
            range: (*range).into(),
            padding_seconds: read.padding.num_seconds(),
            settling_seconds: read.settling.num_seconds(),
            filter,
            query: None,
            started_at: collected.started_at.trunc_subsecs(3),
            ended_at: clock::now().trunc_subsecs(3),
            listed_again_at: collected.listed_again_at.map(|at| at.trunc_subsecs(3)),
            clock_offset_milliseconds: client.clock_offset().map(|offset| offset.num_milliseconds()),
            export: None,
            exit_code: 0,
            complete: false,
            sentence: String::new(),
            interrupted: false,
            stopped: collected.halted.clone(),
            listing: tenancy.partial.clone(),
            totals: ledger.total(),
            lateness: ledger.lateness().summary(),
            cells: collected.entries(&regions, &compartments),
            regions,
            compartments,
            files: Vec::new(),
        }
    }
}

impl Collected {
    /// As it was listed last.
    pub fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    /// Why no further call was made, if so.
    pub fn halted(&self) -> Option<&Problem> {
        self.halted.as_ref()
    }

    /// Cells that may still grow.
    pub fn settling(&self) -> usize {
        self.ledger.total().settling
    }

    /// When the last window that may still grow is final.
    fn final_at(&self) -> Option<DateTime<Utc>> {
        self.young().map(|cell| cell.key.window.end() + self.ledger.settling()).max()
    }

    /// The first of the minutes that will be read again: those too young to be final, and all of what failed.
    pub fn asked_again_from(&self) -> Option<DateTime<Utc>> {
        let young = self.young().filter_map(|cell| Some(cell.settled(self.ledger.settling()).1?.start()));
        young.chain(self.ledger.failed().map(|cell| cell.key.window.start())).min()
    }

    /// Regions of which something could not be read the last time, and why.
    pub fn troubled(&self) -> BTreeMap<RegionId, String> {
        self.trouble.iter().map(|(key, problem)| (key.region.clone(), problem.what.clone())).collect()
    }

    /// Takes back what was said of cells whose events could not be kept, as whoever keeps events says.
    pub fn lose(&mut self, kept: &Ledger) {
        self.ledger.lose(kept);
    }

    /// Keeps in mind what failed until it is read: while it is tried again the ledger says no more than that.
    fn note_trouble(&mut self, update: &CellUpdate) {
        match &update.change {
            Change::Failed(problem) | Change::NotKept(problem) => {
                self.trouble.insert(update.key.clone(), Arc::clone(problem));
            }
            Change::Complete { .. } | Change::Split | Change::Denied(_) | Change::Gone(_) => {
                self.trouble.remove(&update.key);
            }
            Change::Queued | Change::Started | Change::Page { .. } | Change::Added { .. } => {}
        }
    }

    /// The cells as a document has them, each with the problem it had last.
    fn entries(&self, regions: &[RegionEntry], compartments: &[CompartmentEntry]) -> Vec<CellEntry> {
        let mut entries = coverage::cells(&self.ledger, regions, compartments);
        for (key, problem) in &self.trouble {
            let window = key.window.into();
            let is_it = |cell: &&mut CellEntry| {
                cell.region == key.region && cell.compartment == key.compartment && cell.window == window
            };
            if let Some(cell) = entries.iter_mut().find(is_it) {
                cell.problem.get_or_insert_with(|| (**problem).clone());
            }
        }
        entries
    }

    fn young(&self) -> impl Iterator<Item = &Cell> {
        self.ledger.cells().filter(|cell| self.ledger.state(cell) == CellState::Settling)
    }

    fn take(&mut self, event: FetchEvent, take: &mut Take<'_>) -> Result<(), Problem> {
        match event {
            FetchEvent::Page(page) => {
                self.events += page.len() as u64;
                let Added { events, late } = take(&page)?;
                if events > 0 {
                    self.ledger.apply(CellUpdate { key: page.cell, change: Change::Added { events, late } });
                }
            }
            FetchEvent::Update(update) => {
                self.note_trouble(&update);
                self.ledger.apply(update);
            }
            // What is on the wire comes to its end, and then the stream ends.
            FetchEvent::Halted(problem) => (self.halted, self.wire.fetcher) = (Some(problem), None),
            FetchEvent::Traffic(traffic) => self.refused = traffic.calls.refused,
            // Waiting shows in the progress by itself.
            FetchEvent::Slowed(_) | FetchEvent::Idle => {}
        }
        Ok(())
    }

    /// Takes a later listing in. The cells that it makes worth asking.
    fn grow(
        &mut self,
        mut tenancy: Tenancy,
        scope: &Scope,
        window: FetchWindow,
        now: DateTime<Utc>,
    ) -> Vec<PlannedCell> {
        let mut cells = plan(&tenancy, scope, window, &self.ledger, None, now);
        // What failed is not held either, and was tried often enough.
        cells.retain(|cell| self.ledger.of_place(&cell.key.region, &cell.key.compartment).next().is_none());
        // What was refused because it had been deleted by then is asked once more, so that it is called gone and nobody
        // looks for a policy.
        let refused = self.ledger.cells().filter(|cell| self.ledger.state(cell) == CellState::Denied);
        let again = refused.map(|cell| PlannedCell::new(cell.key.clone(), &tenancy, now));
        cells.extend(again.filter(|cell| cell.deleted));
        // One listing of the whole is enough to know the whole.
        tenancy.partial = self.tenancy.partial.take().filter(|_| tenancy.partial.is_some());
        self.scope = Scope {
            regions: united(&scope.regions, &self.scope.regions),
            compartments: united(&scope.compartments, &self.scope.compartments),
        };
        self.earlier = Some(std::mem::replace(&mut self.tenancy, tenancy));
        cells
    }
}

fn united<T: Clone + Eq + Hash>(now: &[T], before: &[T]) -> Vec<T> {
    let known: HashSet<&T> = now.iter().collect();
    now.iter().chain(before.iter().filter(|one| !known.contains(one))).cloned().collect()
}

/// Polls the stream somewhere else, so that calls go on while a page is dealt with. Ends when the receiver is closed.
pub fn forward(mut stream: FetchStream) -> mpsc::Receiver<FetchEvent> {
    let (sender, receiver) = mpsc::channel(PAGES_AHEAD);
    tokio::spawn(async move {
        let next = async |stream: &mut FetchStream| {
            tokio::select! {
                biased;
                () = sender.closed() => None,
                event = stream.next() => event,
            }
        };
        while let Some(event) = next(&mut stream).await {
            if sender.send(event).await.is_err() {
                break;
            }
        }
    });
    receiver
}

/// The bounds of a fetch as the user set them.
pub fn fetch_settings(read: &ReadArgs) -> Settings {
    let defaults = Settings::default();
    read.concurrency.map_or(defaults, |calls| {
        let calls = usize::from(calls);
        let (first, most) = defaults.lane.window;
        let lane = LaneSettings { window: (first.min(calls), most.min(calls)), ..defaults.lane };
        Settings { in_flight: calls, lane, ..defaults }
    })
}

fn announcement(tenancy: &Tenancy, scope: &Scope) -> String {
    let waiting: Vec<&str> = tenancy.regions.iter().filter(|r| !r.is_ready()).map(|r| r.id.as_str()).collect();
    let note =
        if waiting.is_empty() { String::new() } else { format!(" (not ready, not asked: {})", waiting.join(", ")) };
    format!(
        "{}: {} regions x {} compartments{note}",
        clean(&tenancy.display_name()),
        scope.regions.len(),
        scope.compartments.len()
    )
}
