//! The fetch against a service in trouble, without the binary: here the waits between tries can be short.

use std::collections::BTreeSet;
use std::time::Duration;

use auditui::domain::footprint::Footprint;
use auditui::domain::lateness::Added;
use auditui::domain::ledger::{CellUpdate, Change, Coverage, Ledger};
use auditui::domain::scope::ScopeRequest;
use auditui::domain::time_range::TimeRange;
use auditui::export::{Sorter, SorterSettings};
use auditui::fake_oci::{FakeOci, Options, RequestRecord, Scenario, WorldEvent};
use auditui::fetch::{FetchEvent, RetrySettings, Settings, discover, fetch, plan, settling};
use auditui::index::IndexBuilder;
use auditui::oci::{ClientOptions, Clock, OciClient, Profile};
use chrono::{DateTime, TimeDelta, Utc};

use super::support::{assert_polite, assert_same_events, in_order, rfc3339, scenario_but};

fn now() -> DateTime<Utc> {
    "2026-03-14T14:00:00Z".parse().unwrap()
}

/// A cloud whose clock stands still at `now`, around the same world whenever it is.
async fn cloud_at(scenario: Scenario, at: DateTime<Utc>) -> FakeOci {
    FakeOci::start(scenario, Options { now: Some(at), epoch: Some(now()), ..Options::default() }).await.unwrap()
}

fn client(fake: &FakeOci, at: DateTime<Utc>) -> OciClient {
    let who = fake.credentials();
    let profile =
        Profile::from_parts("test", &who.tenancy, &who.user, &who.fingerprint, &who.region, &who.key_pem).unwrap();
    let endpoint = fake.endpoint_template().parse().unwrap();
    let options = ClientOptions { endpoint: Some(endpoint), clock: Clock::Frozen(at), ..ClientOptions::default() };
    OciClient::new(profile, options).unwrap()
}

struct Fetched {
    lines: Vec<Vec<u8>>,
    coverage: Coverage,
}

impl Fetched {
    fn lines(&self) -> Vec<&[u8]> {
        self.lines.iter().map(Vec::as_slice).collect()
    }
}

/// Reads everything of `range` with short waits.
async fn read(fake: &FakeOci, at: DateTime<Utc>, range: TimeRange) -> Fetched {
    let retry = RetrySettings { base: Duration::from_millis(1), ..RetrySettings::default() };
    let client = client(fake, at);
    let tenancy = discover(&client, retry).await.unwrap();
    let scope = ScopeRequest::default().resolve(&tenancy).unwrap();
    let mut ledger = Ledger::new(TimeDelta::minutes(15));
    let window = range.fetch_window(TimeDelta::minutes(30));
    let (fetcher, mut stream) = fetch(client, Settings { retry, ..Settings::default() });
    fetcher.add(plan(&tenancy, &scope, window, &ledger, None, at));
    drop(fetcher);
    let mut sorter = Sorter::new(SorterSettings::default(), Footprint::default());
    while let Some(event) = stream.next().await {
        match event {
            FetchEvent::Page(page) => {
                sorter.push(&page, |_, event| event.fields.time.is_some_and(|time| range.contains(time))).unwrap();
            }
            FetchEvent::Update(update) => ledger.apply(update),
            FetchEvent::Slowed(_) | FetchEvent::Traffic(_) | FetchEvent::Idle => {}
            FetchEvent::Halted(problem) => panic!("{problem}"),
        }
    }
    let mut ordered = sorter.finish().unwrap();
    let mut lines = Vec::new();
    while let Some(record) = ordered.next().unwrap() {
        lines.push(record.bytes.into_vec());
    }
    Fetched { lines, coverage: ledger.coverage(|_| true) }
}

fn the_day() -> TimeRange {
    TimeRange::ending_at(now(), TimeDelta::hours(25))
}

fn world(fake: &FakeOci, range: TimeRange) -> Vec<WorldEvent> {
    in_order(fake.world_events(range.start(), range.end()))
}

fn refused(fake: &FakeOci, status: u16) -> usize {
    fake.requests().iter().filter(|request| request.status == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttling_delays_and_loses_nothing() {
    let fake = cloud_at(scenario_but("throttled", "retry_after = 1", "retry_after = 0"), now()).await;
    let fetched = read(&fake, now(), the_day()).await;
    assert_same_events(&fetched.lines(), &world(&fake, the_day()));
    assert!(fetched.coverage.read() >= 15 && fetched.coverage.failed == 0);
    assert!(refused(&fake, 429) > 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_that_pass_lose_and_double_nothing() {
    let fake = cloud_at(Scenario::named("flaky").unwrap(), now()).await;
    let fetched = read(&fake, now(), the_day()).await;
    assert_same_events(&fetched.lines(), &world(&fake, the_day()));
    assert!(fetched.coverage.read() >= 15 && fetched.coverage.failed == 0);
    assert!(refused(&fake, 503) > 0 && refused(&fake, 500) > 0 && refused(&fake, 0) > 0, "all kinds of trouble came");
    let usable: Vec<RequestRecord> = fake.requests();
    assert_polite(&usable, &fake.ready_regions());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_region_that_never_recovers_does_not_stop_the_others() {
    let small = include_str!("../../assets/scenarios/small.toml");
    let fault = "[[faults]]\nservice = \"audit\"\nregion = \"eu-frankfurt-1\"\nkind = \"status\"\nstatus = 503\n";
    let fake = cloud_at(Scenario::parse(&format!("{small}\n{fault}")).unwrap(), now()).await;
    let fetched = read(&fake, now(), the_day()).await;
    let mut expected = world(&fake, the_day());
    expected.retain(|event| event.region != "eu-frankfurt-1");
    assert_same_events(&fetched.lines(), &expected);
    assert!(fetched.coverage.read() >= 10);
    assert_eq!(fetched.coverage.failed, 7);
    assert!(refused(&fake, 503) <= 7 * 8, "every cell gives up after eight tries");
}

/// An event counts by when it was processed and is seen later still: a window read too early is not called complete,
/// and read again later it is whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_events_are_waited_for_and_found() {
    let range = TimeRange::ending_at(now(), TimeDelta::hours(2));
    let mut found = Vec::new();
    for minutes in [0, 50] {
        let at = now() + TimeDelta::minutes(minutes);
        let fake = cloud_at(Scenario::named("late-events").unwrap(), at).await;
        let fetched = read(&fake, at, range).await;
        let world = world(&fake, range);
        found.push((fetched.lines.len(), world.len()));
        if minutes == 0 {
            assert_eq!((fetched.coverage.settling, fetched.coverage.complete), (15, 0));
            assert!(fetched.coverage.is_lower_bound());
        } else {
            assert_eq!((fetched.coverage.settling, fetched.coverage.complete), (0, 15));
            assert_same_events(&fetched.lines(), &world);
        }
    }
    assert!(found[0].0 < found[0].1, "{found:?}");
}

/// What was read while it was young is read again, only its newest part, until it is final; what that brings is counted
/// as late, and by how much.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settling_tail_is_read_again_until_it_is_final_and_what_was_late_is_measured() {
    let range = TimeRange::ending_at(now(), TimeDelta::hours(2));
    let fake = cloud_at(Scenario::named("late-events").unwrap(), now()).await;
    let tenancy = discover(&client(&fake, now()), RetrySettings::default()).await.unwrap();
    let scope = ScopeRequest::default().resolve(&tenancy).unwrap();
    // Events come up to twenty minutes late here; what settles for less would miss some.
    let mut ledger = Ledger::new(TimeDelta::minutes(25));
    let mut index = IndexBuilder::default();
    let mut late = Vec::new();
    for minutes in [0, 10, 25, 55, 60] {
        let at = now() + TimeDelta::minutes(minutes);
        fake.set_clock(at);
        let cells = if minutes == 0 {
            plan(&tenancy, &scope, range.fetch_window(TimeDelta::minutes(30)), &ledger, None, at)
        } else {
            settling(&ledger, &tenancy, at)
        };
        assert_eq!(cells.is_empty(), minutes == 60, "after {minutes} minutes");
        let asked = fake.requests().len();
        let (fetcher, mut stream) = fetch(client(&fake, at), Settings::default());
        fetcher.add(cells);
        drop(fetcher);
        while let Some(event) = stream.next().await {
            match event {
                FetchEvent::Page(page) => {
                    let added = index.insert_page(&page);
                    if page.read_at.is_some() {
                        let Added { events, late } = added;
                        ledger.apply(CellUpdate { key: page.cell.clone(), change: Change::Added { events, late } });
                    }
                }
                FetchEvent::Update(update) => ledger.apply(update),
                FetchEvent::Slowed(_) | FetchEvent::Traffic(_) | FetchEvent::Idle => {}
                FetchEvent::Halted(problem) => panic!("{problem}"),
            }
        }
        late.push(ledger.lateness().events());
        if minutes == 10 {
            let from = rfc3339(now() - TimeDelta::minutes(25));
            let again = &fake.requests()[asked..];
            let tails = again.iter().filter(|request| request.start_time.as_ref() == Some(&from)).count();
            assert_eq!((tails, again.len()), (15, 15), "only the tails are asked, and nothing that was denied");
        }
    }
    let held = index.snapshot();
    let ids: BTreeSet<_> = held.rows().filter_map(|row| row.time().map(|_| row.raw().unwrap())).collect();
    for event in world(&fake, range) {
        assert!(ids.contains(event.bytes.as_slice()), "{} was not found", event.event_id);
    }
    assert_eq!(ledger.total().settling, 0);
    assert!(late[0] == 0 && late.is_sorted() && late[3] > 0, "{late:?}");
    let lateness = ledger.lateness().summary().unwrap();
    assert!(lateness.max_seconds >= 20 * 60, "{lateness:?}");
}
