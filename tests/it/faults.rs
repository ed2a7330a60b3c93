//! One fault after the other, each a small file in `faults/`: a built-in scenario, what goes wrong in it, and what is
//! expected. After each of them the same invariants are checked.

use std::collections::BTreeSet;
use std::path::Path;

use auditui::domain::ledger::CellState;
use auditui::domain::time_range::TimeRange;
use auditui::fake_oci::{FakeOci, Options, Scenario};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use toml::{Table, Value};

use super::invariants::{Place, assert_bounded_and_read_only, assert_honest, assert_invents_nothing, contradictions};
use super::invariants::{id, places, states};
use super::reader::{Reader, Reading};
use super::support::{Cloud, Output};

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What goes wrong, for people.
    #[serde(rename = "about")]
    _about: String,
    #[serde(default = "small")]
    base: String,
    /// Texts of the base, each with what stands in its place.
    #[serde(default)]
    but: Vec<[String; 2]>,
    /// Laid over the base: tables are merged, lists appended, anything else replaced.
    #[serde(default)]
    scenario: Table,
    #[serde(default)]
    reader: Reader,
    expect: Expect,
}

fn small() -> String {
    "small".to_owned()
}

/// Places are written `path@region`, `path` or `@region`; the root is `.`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expect {
    failed: Vec<String>,
    denied: Vec<String>,
    gone: Vec<String>,
    /// Not known when the plan was made.
    unplanned: Vec<String>,
    /// The same, but the program lists the tenancy again in the end and reads them then.
    appears: Vec<String>,
    /// Depends on what was asked first.
    maybe: Vec<String>,
    settling: bool,
    /// Words of what is said to be wrong, or of standard error.
    says: Vec<String>,
    /// Words of why the read halted.
    halted: Option<String>,
    /// Words of why nothing was read at all.
    plan: Option<String>,
    /// Words of why less may be planned than there is.
    partial: Option<String>,
    /// Requests that met a fault, at least.
    met: u64,
    requests: usize,
    /// Whether one id stands over different bytes; whether copies were left out.
    conflicts: bool,
    copies: bool,
    /// The exit code of `auditui export`, where waiting for the program's own patience is no waste.
    exit: Option<i32>,
    /// More words that it says then.
    told: Vec<String>,
}

impl Default for Expect {
    fn default() -> Self {
        Self {
            failed: Vec::new(),
            denied: vec!["secret".to_owned()],
            gone: vec!["gone".to_owned()],
            unplanned: Vec::new(),
            appears: Vec::new(),
            maybe: Vec::new(),
            settling: false,
            says: Vec::new(),
            halted: None,
            plan: None,
            partial: None,
            met: 1,
            requests: 300,
            conflicts: false,
            copies: false,
            exit: None,
            told: Vec::new(),
        }
    }
}

macro_rules! cases {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                Case::parse(include_str!(concat!("faults/", stringify!($name), ".toml"))).check();
            }
        )*

        #[test]
        fn every_file_is_a_case() {
            let cases = BTreeSet::from([$(concat!(stringify!($name), ".toml").to_owned()),*]);
            let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults");
            let files = std::fs::read_dir(files).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
            assert_eq!(files.collect::<BTreeSet<_>>(), cases);
        }
    };
}

cases! {
    a_clock_that_is_ahead
    a_clock_that_is_behind
    a_credential_that_ends
    a_page_of_compartments_that_fails
    a_page_of_compartments_that_fails_twice
    a_page_of_compartments_that_is_denied
    a_policy_that_ends
    a_region_that_is_down
    a_tenancy_that_changes
    answers_that_say_nothing
    bodies_that_are_cut
    bodies_that_are_too_large
    bursts_of_server_errors
    connections_that_break_anywhere
    copies
    empty_pages_in_between
    events_of_another_version
    events_that_are_no_json
    events_that_come_late
    everything_is_there
    large_events
    nothing_goes_wrong
    one_id_over_different_bytes
    packing_that_is_wrong
    pages_in_no_order
    pages_without_end
    redirects
    refused_for_asking_too_much
    silence
    silence_for_ever
}

fn now() -> DateTime<Utc> {
    "2026-03-14T14:00:00Z".parse().unwrap()
}

fn the_day() -> TimeRange {
    TimeRange::ending_at(now(), TimeDelta::hours(25))
}

impl Case {
    fn parse(text: &str) -> Self {
        toml::from_str(text).unwrap()
    }

    fn scenario(&self) -> Scenario {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("assets/scenarios/{}.toml", self.base));
        let mut text = std::fs::read_to_string(path).unwrap();
        for [from, to] in &self.but {
            assert!(text.contains(from), "{} has no {from}", self.base);
            text = text.replace(from, to);
        }
        let mut table: Table = toml::from_str(&text).unwrap();
        lay_over(&mut table, self.scenario.clone());
        let text: Vec<String> = table.iter().map(|(key, value)| format!("{key} = {}\n", inline(value))).collect();
        Scenario::parse(&text.concat()).unwrap()
    }

    fn check(&self) {
        let reading = self.read(&self.reader);
        if let Some(reading) = reading.filter(|_| self.reader.twice) {
            // The same question gets the same bytes, in whatever order it is asked.
            let slower = self.read(&Reader { in_flight: 1, ..self.reader.clone() });
            if self.expect.is_whole() {
                assert!(slower.is_some_and(|slower| slower.lines == reading.lines), "other bytes, one call at a time");
            }
        }
        if let Some(code) = self.expect.exit {
            self.run(code);
        }
    }

    /// Without the binary. `None` where nothing could be planned, as expected.
    fn read(&self, reader: &Reader) -> Option<Reading> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let at = now() + TimeDelta::minutes(reader.minutes_later);
            let options = Options { now: Some(at), epoch: Some(now()), keep_served: true, ..Options::default() };
            let fake = FakeOci::start(self.scenario(), options).await.unwrap();
            let reading = reader.read(&fake, at, the_day()).await;
            let faults = fake.counts().faults;
            assert!(faults >= self.expect.met, "only {faults} requests met a fault");
            match (reading, &self.expect.plan) {
                (Ok(reading), None) => {
                    assert_honest(&fake, the_day(), &reading, self.expect.requests);
                    self.expect.assert_met(&fake, &reading);
                    Some(reading)
                }
                (Err(problem), Some(words)) => {
                    assert!(problem.to_string().contains(words.as_str()), "{problem}");
                    assert_bounded_and_read_only(&fake, self.expect.requests);
                    None
                }
                (other, expected) => panic!("{:?}, where {expected:?} was expected", other.map(|it| it.problems())),
            }
        })
    }

    /// As a user does.
    fn run(&self, code: i32) {
        let cloud = Cloud::of(self.scenario());
        let output = cloud.export(&[]).expect(code);
        let fake = &cloud.fake;
        assert_invents_nothing(fake, &output.lines());
        assert_bounded_and_read_only(fake, self.expect.requests);
        self.expect.assert_told(&output);
        let found: BTreeSet<&[u8]> = output.lines().into_iter().filter_map(id).collect();
        let reads = self.expect.halted.is_none() && self.expect.plan.is_none();
        for event in cloud.world().iter().filter(|_| reads) {
            let place = Place::of(event);
            let there = self.expect.is_missing(&place) || found.contains(event.event_id.as_bytes());
            assert!(there, "{} of {place} is missing", event.event_id);
        }
    }
}

impl Expect {
    /// Whether everything that can be read is.
    fn is_whole(&self) -> bool {
        self.failed.is_empty() && self.maybe.is_empty() && self.halted.is_none()
    }

    fn is_missing(&self, place: &Place) -> bool {
        [&self.failed, &self.denied, &self.maybe, &self.unplanned].iter().any(|patterns| is_among(patterns, place))
    }

    fn assert_met(&self, fake: &FakeOci, reading: &Reading) {
        let states = states(fake, reading);
        for place in places(fake) {
            let state = states.get(&place).copied();
            let expected = match state {
                // How far it came before the halt is not told by the fault.
                _ if self.halted.is_some() => state.is_some_and(|state| state != CellState::Failed),
                _ if is_among(&self.maybe, &place) => state.is_some(),
                _ if is_among(&self.unplanned, &place) || is_among(&self.appears, &place) => state.is_none(),
                _ if is_among(&self.failed, &place) => state == Some(CellState::Failed),
                _ if is_among(&self.denied, &place) => state == Some(CellState::Denied),
                _ if is_among(&self.gone, &place) => state == Some(CellState::Gone),
                _ if self.settling => state == Some(CellState::Settling),
                _ => state == Some(CellState::Complete),
            };
            assert!(expected, "{place} is {state:?}\n{}", reading.problems());
        }
        let told = reading.problems();
        for words in &self.says {
            assert!(told.contains(words.as_str()), "nobody says {words}: {told}");
        }
        assert_among("halted", self.halted.as_deref(), reading.halted.as_ref().map(ToString::to_string));
        assert_among("partial", self.partial.as_deref(), reading.partial.as_ref().map(ToString::to_string));
        let lines: Vec<&[u8]> = reading.lines.iter().map(Vec::as_slice).collect();
        assert_eq!(contradictions(&lines) > 0, self.conflicts);
        assert_eq!(reading.tally.conflicts > 0, self.conflicts);
        assert!(!self.copies || reading.tally.duplicates > 0, "no copies came");
    }

    fn assert_told(&self, output: &Output) {
        let words = self.says.iter().chain(&self.halted).chain(&self.plan).chain(&self.partial).chain(&self.told);
        for words in words {
            assert!(output.stderr.contains(words.as_str()), "nobody says {words}: {}", output.stderr);
        }
        let promises_all = output.last_line().starts_with("export: ")
            && !["failed", "unfinished", "no access"].iter().any(|gap| output.last_line().contains(gap));
        assert_eq!(output.code == Some(0), promises_all && self.partial.is_none(), "{}", output.stderr);
    }
}

fn assert_among(what: &str, expected: Option<&str>, told: Option<String>) {
    match (expected, told) {
        (Some(words), Some(told)) => assert!(told.contains(words), "{what}: {told}"),
        (expected, told) => assert_eq!(expected.map(str::to_owned), told, "{what}"),
    }
}

fn is_among(patterns: &[String], place: &Place) -> bool {
    patterns.iter().any(|pattern| {
        let (path, region) = pattern.split_once('@').unwrap_or((pattern, ""));
        (path.is_empty() || path == place.path) && (region.is_empty() || region == place.region)
    })
}

fn lay_over(table: &mut Table, more: Table) {
    for (key, value) in more {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(table)), Value::Table(more)) => lay_over(table, more),
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
            (_, value) => drop(table.insert(key, value)),
        }
    }
}

/// As TOML on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => serde_json::to_string(text).unwrap(),
        Value::Array(values) => format!("[{}]", values.iter().map(inline).collect::<Vec<_>>().join(",")),
        Value::Table(table) => {
            let pairs = table.iter().map(|(key, value)| format!("{key} = {}", inline(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Boolean(yes) => yes.to_string(),
        Value::Datetime(time) => time.to_string(),
    }
}
