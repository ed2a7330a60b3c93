//! A complete read of a simulated tenancy, as `auditui export` does it, without the binary: here waits can be short.

use std::collections::BTreeSet;
use std::time::Duration;

use auditui::domain::footprint::Footprint;
use auditui::domain::ledger::{CellKey, CellState, Change, Ledger};
use auditui::domain::problem::Problem;
use auditui::domain::scope::ScopeRequest;
use auditui::domain::time_range::TimeRange;
use auditui::export::{Sorter, SorterSettings, Tally};
use auditui::fake_oci::FakeOci;
use auditui::fetch::{FetchEvent, LaneSettings, RetrySettings, Settings, discover, fetch, plan};
use auditui::oci::{ClientOptions, Clock, OciClient, Profile};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

/// How the reader differs from the program: in how short its waits are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reader {
    pub silence_ms: u64,
    pub kib_ms: u64,
    pub max_body: usize,
    pub attempts: u32,
    pub longest_idle: u32,
    pub longest_chain: u32,
    pub in_flight: usize,
    /// Failures in a row after which a region is only tried; more than in the program, since nothing is waited for
    /// between them.
    pub failures: u32,
    /// Read once more, one call at a time.
    pub twice: bool,
    /// How long after the end of the span it reads.
    pub minutes_later: i64,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            silence_ms: 5_000,
            kib_ms: 5_000,
            max_body: auditui::oci::MAX_BODY,
            attempts: 8,
            longest_idle: 30,
            longest_chain: 500,
            in_flight: 64,
            failures: 1_000,
            twice: true,
            minutes_later: 60,
        }
    }
}

/// What a read leaves behind.
#[derive(Debug)]
pub struct Reading {
    /// The events, in order, each once.
    pub lines: Vec<Vec<u8>>,
    pub tally: Tally,
    pub ledger: Ledger,
    /// What was planned.
    pub planned: Vec<CellKey>,
    pub halted: Option<Problem>,
    /// Why the tenancy may be larger than what was planned.
    pub partial: Option<Problem>,
    /// Cells that were complete once and then not any more.
    pub lost: Vec<CellKey>,
}

impl Reading {
    /// Everything that was said to be wrong.
    pub fn problems(&self) -> String {
        let cells = self.ledger.cells().filter_map(|cell| cell.problem());
        let told: Vec<String> = cells.chain(&self.halted).chain(&self.partial).map(ToString::to_string).collect();
        told.join("\n")
    }
}

impl Reader {
    /// Reads all of `range`, at `at`. `Err` when it cannot be told what the tenancy consists of.
    pub async fn read(&self, fake: &FakeOci, at: DateTime<Utc>, range: TimeRange) -> Result<Reading, Problem> {
        let client = self.client(fake, at);
        let settings = self.settings();
        let tenancy = discover(&client, settings.retry).await?;
        let scope = ScopeRequest::default().resolve(&tenancy)?;
        let mut ledger = Ledger::new(TimeDelta::minutes(15));
        let window = range.fetch_window(TimeDelta::minutes(30));
        let cells = plan(&tenancy, &scope, window, &ledger, None, at);
        let planned = cells.iter().map(|cell| cell.key.clone()).collect();
        let (fetcher, mut stream) = fetch(client, settings);
        fetcher.add(cells);
        drop(fetcher);
        let mut sorter = Sorter::new(SorterSettings { memory: 1 << 20 }, Footprint::default());
        let mut halted = None;
        let mut complete = BTreeSet::new();
        while let Some(event) = stream.next().await {
            match event {
                FetchEvent::Page(page) => {
                    let wanted = |time: Option<DateTime<Utc>>| time.is_none_or(|time| range.contains(time));
                    sorter.push(&page, |_, event| wanted(event.fields.time)).unwrap();
                }
                FetchEvent::Update(update) => {
                    if matches!(update.change, Change::Complete { .. }) {
                        complete.insert(update.key.clone());
                    }
                    ledger.apply(update);
                }
                FetchEvent::Slowed(_) | FetchEvent::Traffic(_) | FetchEvent::Idle => {}
                FetchEvent::Halted(problem) => halted = Some(problem),
            }
        }
        let read =
            |key: &CellKey| ledger.get(key).map(|cell| ledger.state(cell)).is_some_and(|it| it <= CellState::Settling);
        let lost = complete.into_iter().filter(|key| !read(key)).collect();
        let mut ordered = sorter.finish().unwrap();
        let mut lines = Vec::new();
        while let Some(record) = ordered.next().unwrap() {
            lines.push(record.bytes.into_vec());
        }
        Ok(Reading { lines, tally: ordered.tally(), ledger, planned, halted, partial: tenancy.partial, lost })
    }

    fn client(&self, fake: &FakeOci, at: DateTime<Utc>) -> OciClient {
        let who = fake.credentials();
        let profile =
            Profile::from_parts("test", &who.tenancy, &who.user, &who.fingerprint, &who.region, &who.key_pem).unwrap();
        let options = ClientOptions {
            endpoint: Some(fake.endpoint_template().parse().unwrap()),
            clock: Clock::Frozen(at),
            read_timeout: Duration::from_millis(self.silence_ms),
            slowest_kib: Duration::from_millis(self.kib_ms),
            max_body: self.max_body,
            ..ClientOptions::default()
        };
        OciClient::new(profile, options).unwrap()
    }

    fn settings(&self) -> Settings {
        let brief = Duration::from_millis(2);
        let retry = RetrySettings { attempts: self.attempts, base: brief, cap: brief, ..RetrySettings::default() };
        let lane = LaneSettings { first_trial: brief, failures: self.failures, ..LaneSettings::default() };
        Settings {
            in_flight: self.in_flight,
            lane,
            longest_chain: self.longest_chain,
            longest_idle: self.longest_idle,
            retry,
        }
    }
}
