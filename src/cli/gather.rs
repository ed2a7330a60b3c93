//! One run of `collect` over one tenancy: from the listing to the ledger's last line.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde_json::json;
use tokio::sync::mpsc;

use super::args::CollectArgs;
use super::collect::{fetch_settings, forward};
use super::collecting::Outcome;
use super::connect::Connection;
use super::interrupt::Interrupt;
use super::progress::Status;
use super::report;
use super::talk::Talk;
use crate::collect::{Disk, Run, Store, Trouble};
use crate::domain::ledger::{CellKey, CellUpdate, Change, Ledger, Read};
use crate::domain::ocid::Ocid;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::RegionId;
use crate::domain::scope::{Scope, ScopeRequest};
use crate::domain::tenancy::Tenancy;
use crate::domain::text::{clean, count_of};
use crate::domain::time_phrase::format_length;
use crate::domain::time_range::rfc3339;
use crate::export::CoverageDocument;
use crate::export::coverage::{self, Asked, Filter, Span, TenancyEntry};
use crate::fetch::{FetchEvent, Fetcher, PlannedCell, RetrySettings, discover, discover_again, fetch, with_retries};
use crate::oci::clock;

/// While nothing comes, this often it is said that we are still there.
const TICK: Duration = Duration::from_secs(1);

/// What is lost sooner than this is warned of.
const SOON: TimeDelta = TimeDelta::days(14);

pub struct Gathering<'a> {
    connection: &'a Connection,
    args: &'a CollectArgs,
    talk: &'a Talk,
    tenancy: Tenancy,
    scope: Scope,
    store: Store,
    /// Of what this run has asked.
    ledger: Ledger,
    fetcher: Option<Fetcher>,
    events: mpsc::Receiver<FetchEvent>,
    received: u64,
    refused: u64,
    halted: Option<Problem>,
    /// Why something that was read was not added to what is held: the first such problem.
    not_kept: Option<Problem>,
    started_at: DateTime<Utc>,
    listed_again_at: Option<DateTime<Utc>>,
}

impl<'a> Gathering<'a> {
    /// Asks what the tenancy consists of, and opens its collection.
    pub async fn open(
        connection: &'a Connection,
        args: &'a CollectArgs,
        disk: &Disk,
        talk: &'a Talk,
        interrupt: &mut Interrupt,
    ) -> Result<Self, Problem> {
        let client = &connection.client;
        let started_at = clock::now().trunc_subsecs(3);
        talk.note(&format!("profile {}: asking what the tenancy consists of", clean(&client.profile().name)));
        let interrupted = || Problem::new(ProblemKind::Interrupted, "interrupted before anything was read");
        let found = interrupt.unless(Box::pin(discover(client, RetrySettings::default()))).await;
        let tenancy = found.unwrap_or_else(|| Err(interrupted()))?;
        let told = with_retries(RetrySettings::default(), || client.retention_days());
        let told = interrupt.unless(Box::pin(told)).await.ok_or_else(interrupted)?;
        let now = client.service_now().trunc_subsecs(0);
        let run = Run {
            at: now,
            since: args.when().range(now)?.map(|range| range.start()),
            retention_days: told.as_ref().ok().copied(),
            run_id: client.run_id().to_owned(),
            settling: args.settling,
        };
        let footprint = client.profile().footprint();
        let opened = tokio::task::block_in_place(|| Store::open(disk, &args.into, &tenancy, footprint, run));
        let store = opened.map_err(|trouble| trouble.to_problem())?;
        if let Err(error) = told {
            let why = clean(&error.to_problem().what).into_owned();
            let taken = format_length(store.retention());
            talk.note(&format!("how long events are kept may not be read ({why}); taken for {taken}"));
        }
        if store.torn() > 0 {
            talk.note("the run before ended in the middle of a line of the ledger; that line is cut off");
        }
        let scope = store.scope(ScopeRequest::default().resolve(&tenancy)?);
        let (fetcher, stream) = fetch(client.clone(), fetch_settings(&args.read()));
        Ok(Self {
            connection,
            args,
            talk,
            tenancy,
            scope,
            store,
            ledger: Ledger::new(args.settling),
            fetcher: Some(fetcher),
            events: forward(stream),
            received: 0,
            refused: 0,
            halted: None,
            not_kept: None,
            started_at,
            listed_again_at: None,
        })
    }

    /// Reads what is to be read; then what has appeared in the meantime.
    pub async fn read(&mut self, interrupt: &mut Interrupt) -> Result<(), Problem> {
        let now = self.connection.client.service_now();
        let cells = self.plan(now, |_| true)?;
        let (name, slices) = (clean(&self.tenancy.display_name()).into_owned(), count_of(cells.len() as u64, "slice"));
        self.talk.note(&format!("{name}: {slices} to ask for, from {}", rfc3339(self.store.from().trunc_subsecs(0))));
        self.read_cells(cells, interrupt).await?;
        if self.halted.is_none() && !interrupt.happened() {
            let grown = self.look_again(interrupt).await?;
            self.read_cells(grown, interrupt).await?;
        }
        self.talk.end_of_progress(self.status());
        Ok(())
    }

    fn plan(&mut self, now: DateTime<Utc>, wanted: impl Fn(&CellKey) -> bool) -> Result<Vec<PlannedCell>, Problem> {
        let Self { store, tenancy, scope, .. } = self;
        tokio::task::block_in_place(|| store.plan(tenancy, scope, now, wanted)).map_err(|trouble| trouble.to_problem())
    }

    /// Compartments and regions that have appeared since the first listing.
    async fn look_again(&mut self, interrupt: &mut Interrupt) -> Result<Vec<PlannedCell>, Problem> {
        let client = self.connection.client.clone();
        let found = interrupt.unless(Box::pin(discover_again(&client, RetrySettings::default()))).await;
        let resolved = match found {
            None => return Ok(Vec::new()),
            Some(found) => found.and_then(|tenancy| Ok((ScopeRequest::default().resolve(&tenancy)?, tenancy))),
        };
        let (scope, mut tenancy) = match resolved {
            Ok(resolved) => resolved,
            Err(problem) => {
                self.talk.warning(&format!("whether the tenancy has changed meanwhile is not known: {}", problem.what));
                self.tenancy.partial.get_or_insert(problem);
                return Ok(Vec::new());
            }
        };
        self.listed_again_at = Some(clock::now().trunc_subsecs(3));
        // One listing of the whole is enough to know the whole.
        tenancy.partial = self.tenancy.partial.take().filter(|_| tenancy.partial.is_some());
        let regions: HashSet<RegionId> = self.scope.regions.iter().cloned().collect();
        let compartments: HashSet<Ocid> = self.scope.compartments.iter().cloned().collect();
        (self.scope, self.tenancy) = (self.store.scope(scope), tenancy);
        let is_new = |key: &CellKey| !regions.contains(&key.region) || !compartments.contains(&key.compartment);
        self.plan(client.service_now(), is_new)
    }

    async fn read_cells(&mut self, cells: Vec<PlannedCell>, interrupt: &mut Interrupt) -> Result<(), Problem> {
        let Some(fetcher) = self.fetcher.as_ref().filter(|_| !cells.is_empty()) else { return Ok(()) };
        for cell in &cells {
            match self.store.read(&cell.key).filter(|read| has_reached(read, &cell.key, self.store.now())) {
                Some(read) => self.ledger.restore(cell.key.clone(), read),
                // Also where another run has read the beginning of it: minutes that nobody has asked are not read.
                None => self.ledger.apply(CellUpdate { key: cell.key.clone(), change: Change::Queued }),
            }
        }
        fetcher.add(cells);
        loop {
            match tokio::time::timeout(TICK, interrupt.unless(self.events.recv())).await {
                Ok(Some(Some(FetchEvent::Idle))) => return Ok(()),
                Ok(Some(Some(event))) => {
                    tokio::task::block_in_place(|| self.take(event)).map_err(|trouble| trouble.to_problem())?;
                }
                // What is under way is asked again by the next run.
                Ok(_) => {
                    self.fetcher = None;
                    return Ok(());
                }
                Err(_) => {}
            }
            self.talk.progress(|| self.status());
        }
    }

    fn take(&mut self, event: FetchEvent) -> Result<(), Trouble> {
        match event {
            FetchEvent::Page(page) => {
                self.received += page.len() as u64;
                self.store.page(&page)?;
            }
            FetchEvent::Update(update) => {
                let added = match self.store.update(&update) {
                    Err(trouble @ Trouble::DamagedData { .. }) => return self.lose(update.key, &trouble),
                    added => added?,
                };
                if let Some(added) = added.filter(|added| added.events > 0) {
                    let change = Change::Added { events: added.events, late: added.late };
                    self.ledger.apply(CellUpdate { key: update.key.clone(), change });
                }
                self.ledger.apply(update);
            }
            // What is on the wire comes to its end, and then the stream ends.
            FetchEvent::Halted(problem) => (self.halted, self.fetcher) = (Some(problem), None),
            FetchEvent::Traffic(traffic) => self.refused = traffic.calls.refused,
            FetchEvent::Slowed(_) | FetchEvent::Idle => {}
        }
        Ok(())
    }

    /// A file that is not what was written costs its own cell, and no other.
    fn lose(&mut self, key: CellKey, trouble: &Trouble) -> Result<(), Trouble> {
        let problem = trouble.to_problem();
        self.not_kept.get_or_insert_with(|| problem.clone());
        let update = CellUpdate { key, change: Change::NotKept(problem.into()) };
        self.store.update(&update)?;
        self.ledger.apply(update);
        Ok(())
    }

    fn status(&self) -> Status {
        Status {
            coverage: self.ledger.total(),
            events: self.received,
            calls: self.connection.client.calls(),
            refused: self.refused,
            files: None,
        }
    }

    /// Ends the run in the ledger, and says what came of it.
    pub fn conclude(mut self, interrupted: bool) -> Result<Outcome, Problem> {
        let mut document = self.document(interrupted);
        let gone = self.args.verdict.strict && document.totals.gone > 0;
        document.complete = document.leaves_nothing_open() && !gone;
        document.exit_code = report::exit_code(&document, self.args.verdict.strict, self.args.verdict.fail_on);
        if let Some(problem) = self.not_kept.as_ref().filter(|_| !document.interrupted) {
            document.exit_code = problem.kind.exit_code();
        }
        let gains = self.store.gains().clone();
        let coverage = report::sentence(&document);
        let coverage = coverage.strip_prefix("coverage: ").unwrap_or(&coverage);
        let name = clean(&self.tenancy.display_name()).into_owned();
        document.sentence = format!("collect: {name}: {}, {coverage}", count_of(gains.events, "new event"));
        let (at, code, sentence) = (clock::now().trunc_subsecs(3), document.exit_code, document.sentence.clone());
        let finished = tokio::task::block_in_place(|| self.store.finish(at, code, sentence));
        finished.map_err(|trouble| trouble.to_problem())?;
        self.talk.findings(&report::findings(&document));
        if let Some(problem) = &self.not_kept {
            self.talk.problem(problem);
        }
        let left = self.store.first_unread().map(|first| first + self.store.retention() - clock::now());
        self.warn(left);
        self.talk.summary(&document);
        let rows: u64 = self.store.state().files().iter().map(|file| file.rows).sum();
        let slices = Status { coverage: document.totals, ..Status::default() }.to_json(document.ended_at);
        let parts = json!({
            "profile": document.profile,
            "tenancy": self.tenancy.id.as_str(),
            "name": self.store.layout().slug,
            "exitCode": document.exit_code,
            "complete": document.complete,
            "from": rfc3339(self.store.from().trunc_subsecs(0)),
            "newEvents": gains.events,
            "lateEvents": gains.late,
            "files": gains.files,
            "rows": rows,
            "slices": slices["slices"],
            "calls": document.calls,
            "refused": self.refused,
            "lostInSeconds": left.map(|left| left.num_seconds().max(0)),
            "lostPlaces": self.store.lost(),
            "sentence": document.sentence,
            "problem": document.stopped.as_ref().or(self.not_kept.as_ref()).map(|problem| &problem.what),
        });
        Ok(Outcome { exit_code: document.exit_code, parts })
    }

    /// What will soon be lost, and what is.
    fn warn(&self, left: Option<TimeDelta>) {
        if let Some(left) = left.filter(|left| *left < SOON) {
            let left = format_length(TimeDelta::seconds(left.num_seconds().max(0)));
            self.talk.warning(&format!("the oldest of what is not collected yet is lost in {left}"));
        }
        let lost = self.store.lost() as u64;
        if lost > 0 {
            let places = count_of(lost, "place");
            self.talk.warning(&format!(
                "of {places} (a compartment in a region) something was never collected that the service holds no longer; \
                 `auditui verify` names it"
            ));
        }
    }

    fn document(&self, interrupted: bool) -> CoverageDocument {
        let Self { connection: Connection { client, .. }, tenancy, scope, ledger, .. } = self;
        let asked = Asked { tenancy, earlier: None, scope };
        let (regions, compartments) = (asked.regions(), asked.compartments());
        let ended_at = clock::now().trunc_subsecs(3);
        let from = self.store.from().trunc_subsecs(0);
        CoverageDocument {
            form: coverage::FORM,
            tool: concat!("auditui ", env!("CARGO_PKG_VERSION")).to_owned(),
            run_id: client.run_id().to_owned(),
            calls: client.calls(),
            tenancy: TenancyEntry { id: tenancy.id.clone(), name: tenancy.name.clone() },
            profile: client.profile().name.clone(),
            endpoint: client.endpoint_override().map(ToString::to_string),
            range: Span { from, until: self.started_at.trunc_subsecs(0) },
            padding_seconds: 0,
            settling_seconds: self.args.settling.num_seconds(),
            filter: Filter::All,
            query: None,
            started_at: self.started_at,
            ended_at,
            listed_again_at: self.listed_again_at,
            clock_offset_milliseconds: client.clock_offset().map(|offset| offset.num_milliseconds()),
            export: None,
            exit_code: 0,
            complete: false,
            sentence: String::new(),
            interrupted,
            stopped: self.halted.clone(),
            listing: tenancy.partial.clone(),
            totals: ledger.total(),
            lateness: ledger.lateness().summary(),
            cells: coverage::cells(ledger, &regions, &compartments),
            regions,
            compartments,
            files: Vec::new(),
        }
    }
}

/// Whether a read has what had passed of a window at `now`, but for the minute that was under way.
fn has_reached(read: &Read, key: &CellKey, now: DateTime<Utc>) -> bool {
    let passed = now.timestamp().div_euclid(60).min(key.window.end_minute());
    read.at > key.window.start() && key.window.passed(read.at).end_minute() >= passed
}
