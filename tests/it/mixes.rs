//! Many faults at once, drawn from a seed: nobody says what is to come of it, only what must never.

use std::fmt::Write as _;

use auditui::domain::ledger::CellState;
use auditui::domain::time_range::TimeRange;
use auditui::fake_oci::{FakeOci, Options, Scenario};
use chrono::{DateTime, TimeDelta, Utc};

use super::invariants::{assert_honest, states};
use super::reader::{Reader, Reading};

/// What can go wrong with a call.
const FAULTS: [&str; 28] = [
    "kind = \"status\"\nstatus = 429\nretry_after = 0",
    "kind = \"status\"\nstatus = 500",
    "kind = \"status\"\nstatus = 503",
    "kind = \"status\"\nstatus = 204",
    "kind = \"status\"\nstatus = 404\ncode = \"NotAuthorizedOrNotFound\"",
    "kind = \"status\"\nstatus = 501",
    "kind = \"redirect\"\nstatus = 307",
    "kind = \"reset\"",
    "kind = \"reset-body\"",
    "kind = \"cut-body\"",
    "kind = \"long-length\"",
    "kind = \"short-length\"",
    "kind = \"stall\"",
    "kind = \"trickle\"\nlatency_ms = 50",
    "kind = \"html\"",
    "kind = \"empty-body\"",
    "kind = \"null-body\"",
    "kind = \"gzip-twice\"",
    "kind = \"false-gzip\"",
    "kind = \"bom\"",
    "kind = \"bomb\"\nbytes = 5_000_000",
    "kind = \"empty-page\"",
    "kind = \"overlap\"",
    "kind = \"page-twice\"",
    "kind = \"copies\"\nof = \"prod/prod-net\"",
    "kind = \"pad\"\nbytes = 20_000",
    "kind = \"twist\"\ntwist = \"invalid-utf8\"",
    "kind = \"twist\"\ntwist = \"null-data\"",
];

const SEEDS: u64 = 12;

/// Share of the calls that meet a fault, whichever.
const SHARE: f64 = 0.25;

fn now() -> DateTime<Utc> {
    "2026-03-14T14:00:00Z".parse().unwrap()
}

/// Chances of single faults that add up to `share` of the calls.
fn share_of_each(share: f64) -> f64 {
    1.0 - (1.0 - share).powf(1.0 / FAULTS.len() as f64)
}

fn with_faults(text: &str, share: f64) -> Scenario {
    let mut text = text.to_owned();
    for fault in FAULTS {
        let each = share_of_each(share);
        write!(text, "\n[[faults]]\noperation = \"ListEvents\"\nshare = {each}\n{fault}\n").unwrap();
    }
    write!(text, "\n[[faults]]\nservice = \"identity\"\nshare = {share}\nkind = \"status\"\nstatus = 502\n").unwrap();
    Scenario::parse(&text).unwrap()
}

fn read(scenario: Scenario, seed: u64, in_flight: usize, most_requests: usize) -> (Reading, u64) {
    let range = TimeRange::ending_at(now(), TimeDelta::hours(25));
    let at = now() + TimeDelta::hours(1);
    let reader = Reader { silence_ms: 500, kib_ms: 250, max_body: 2_000_000, in_flight, ..Reader::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let options = Options { now: Some(at), epoch: Some(now()), seed: Some(seed), keep_served: true, port: 0 };
        let fake = FakeOci::start(scenario, options).await.unwrap();
        let reading = reader.read(&fake, at, range).await.unwrap();
        assert_honest(&fake, range, &reading, most_requests);
        // Nothing is loading for ever, and nothing was forgotten.
        assert!(states(&fake, &reading).values().all(|it| !matches!(it, CellState::Queued | CellState::Loading)));
        (reading, fake.counts().faults)
    })
}

#[test]
fn a_quarter_of_all_calls_fail_and_what_is_said_is_true() {
    let small = include_str!("../../assets/scenarios/small.toml");
    let (mut met, mut whole, mut missing) = (0, 0, 0);
    for seed in 1..=SEEDS {
        println!("seed {seed}");
        let page_size = format!("page_size = {}", 3 + seed * 7 % 18);
        let scenario = with_faults(&small.replace("page_size = 20", &page_size), SHARE);
        let (reading, faults) = read(scenario, seed, if seed % 3 == 0 { 2 } else { 64 }, 1_500);
        let coverage = reading.ledger.coverage(|_| true);
        met += faults;
        whole += coverage.read();
        missing += coverage.failed + coverage.denied;
    }
    assert!(met > SEEDS * 10, "only {met} faults");
    assert!(whole > missing && missing > 0, "{whole} slices read, {missing} not");
}

#[test]
fn one_call_in_a_hundred_fails_in_a_wide_tenancy() {
    let regions = [
        "us-ashburn-1",
        "us-phoenix-1",
        "eu-frankfurt-1",
        "uk-london-1",
        "ap-tokyo-1",
        "ap-sydney-1",
        "ca-toronto-1",
        "sa-saopaulo-1",
    ];
    let mut text =
        "about = \"wide\"\nseed = 5\n[tenancy]\nname = \"wide\"\nhome = \"us-ashburn-1\"\nuser = \"a@b.c\"\n\
                    [events]\nexactly = 900\ndays = 1\n"
            .to_owned();
    for region in regions {
        write!(text, "[[regions]]\nname = \"{region}\"\n").unwrap();
    }
    for number in 0..30 {
        write!(text, "[[compartments]]\npath = \"c{number}\"\nkinds = [\"compute\"]\n").unwrap();
    }
    let scenario = with_faults(&text.replace("path = \"c7\"", "path = \"c6/c7\""), 0.01);
    let (reading, faults) = read(scenario, 5, 64, 700);
    let coverage = reading.ledger.coverage(|_| true);
    assert!(faults > 0 && coverage.total() >= 31 * 8, "{coverage:?}");
    assert!(coverage.read() * 100 >= coverage.total() * 97, "{coverage:?}");
}
