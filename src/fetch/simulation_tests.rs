//! The engine against a service in virtual time: thousands of calls in milliseconds, every run repeatable.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

use super::backoff::Jitter;
use super::engine::{Answer, CellId, Engine, Failure, Outcome, Request, Settings, Verdict};
use super::plan::PlannedCell;
use crate::domain::ledger::{CellKey, CellState, Change, Ledger};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::time_range::FetchWindow;

const PAGE: usize = 100;
const MONTH: i64 = 30 * 24 * 60;

/// A page token: where in its window the next page begins, and how many empty pages led there.
type Token = (usize, u32);

/// Events by processed second, and what the service bears.
struct World {
    places: BTreeMap<(String, String), Vec<i64>>,
    latency: Duration,
    /// Calls a second and burst of each region, if limited.
    bucket: Option<(f64, f64)>,
    /// Regions without a limit.
    free: HashSet<String>,
    /// Share of calls that fail in some way.
    faults: f64,
    /// Regions that never answer.
    down: HashSet<String>,
    state: RefCell<State>,
}

struct State {
    buckets: HashMap<String, (f64, Duration)>,
    random: Jitter,
}

impl World {
    /// Compartments of very different size, spread over the month with quiet nights.
    fn new(regions: usize, compartments: usize, events: usize, seed: u64) -> Self {
        let mut random = Jitter::new(seed);
        let weights: Vec<f64> = (0..regions * compartments).map(|n| 1.0 / (1.0 + n as f64).powf(1.1)).collect();
        let sum: f64 = weights.iter().sum();
        let mut places = BTreeMap::new();
        for (n, weight) in weights.iter().enumerate() {
            let count = (events as f64 * weight / sum).round() as usize;
            let mut times: Vec<i64> = (0..count).map(|_| second_of_the_month(&mut random)).collect();
            times.sort_unstable();
            places.insert((format!("region-{}", n % regions), format!("c{}", n / regions)), times);
        }
        let state = RefCell::new(State { buckets: HashMap::new(), random: Jitter::new(seed ^ 1) });
        let latency = Duration::from_millis(50);
        Self { places, latency, bucket: None, free: HashSet::new(), faults: 0.0, down: HashSet::new(), state }
    }

    /// The same number in every place: a script's run of some minutes, and a few strays over the month.
    fn in_bursts(places: usize, burst: usize, strays: usize, seed: u64) -> Self {
        let mut random = Jitter::new(seed);
        let mut world = Self::new(1, places, 0, seed);
        for times in world.places.values_mut() {
            let began = second_of_the_month(&mut random);
            times.extend((0..burst).map(|_| began + (random.draw() * 300.0) as i64));
            times.extend((0..strays).map(|_| second_of_the_month(&mut random)));
            times.sort_unstable();
        }
        world
    }

    fn plan(&self) -> Vec<PlannedCell> {
        let window = FetchWindow::from_minutes(0, MONTH).unwrap();
        let cell = |(region, compartment): &(String, String)| {
            let key = CellKey { region: region.as_str().into(), compartment: compartment.as_str().into(), window };
            PlannedCell::whole(key)
        };
        let mut places: Vec<_> = self.places.keys().collect();
        places.sort_by_key(|(region, compartment)| (compartment, region));
        places.into_iter().map(cell).collect()
    }

    /// The fewest calls with which everything can be read.
    fn least_pages(&self) -> usize {
        self.places.values().map(|times| times.len().div_ceil(PAGE).max(1)).sum()
    }

    fn within(&self, key: &CellKey) -> &[i64] {
        let times = &self.places[&(key.region.to_string(), key.compartment.to_string())];
        let from = times.partition_point(|second| *second < key.window.start_minute() * 60);
        let until = times.partition_point(|second| *second < key.window.end_minute() * 60);
        &times[from..until]
    }

    fn answer(&self, now: Duration, request: &Request<Token>) -> (Outcome<Token>, Option<(CellKey, usize, usize)>) {
        let state = &mut *self.state.borrow_mut();
        if self.down.contains(request.key.region.as_str()) {
            return (failure(Verdict::Retry, false, None), None);
        }
        if !self.admits(now, request, state) {
            return (failure(Verdict::Retry, true, None), None);
        }
        let (from, empties) = request.page.unwrap_or_default();
        if state.random.draw() < self.faults {
            let outcome = match (state.random.draw() * 16.0) as u8 {
                0 => failure(Verdict::Retry, true, Some(Duration::from_secs(2))),
                1 => failure(Verdict::GiveUp, false, None),
                2 => failure(Verdict::Denied, false, None),
                3 => empty_page((from, empties + 1)),
                4 if request.page.is_some() => empty_page((from, empties)),
                _ => failure(Verdict::Retry, false, None),
            };
            return (outcome, None);
        }
        let times = self.within(&request.key);
        let until = (from + PAGE).min(times.len());
        let at = |second: &i64| DateTime::from_timestamp(*second, 0).unwrap();
        let span = times.get(from).zip(times.get(until.wrapping_sub(1))).map(|(first, last)| (at(first), at(last)));
        let next = (until < times.len()).then_some((until, empties));
        let at = DateTime::from_timestamp(MONTH * 60 + 86_400, 0).unwrap();
        let content = ((request.key.window.start_minute() as u64) << 32) + from as u64;
        let answer = Answer { events: (until - from) as u64, content, next, at, span, request_id: None };
        (Outcome::Page(answer), Some((request.key.clone(), from, until)))
    }

    fn admits(&self, now: Duration, request: &Request<Token>, state: &mut State) -> bool {
        let region = request.key.region.as_str();
        let Some((rate, burst)) = self.bucket.filter(|_| !self.free.contains(region)) else { return true };
        let bucket = state.buckets.entry(request.key.region.to_string()).or_insert((burst, Duration::ZERO));
        let passed = now.saturating_sub(bucket.1).as_secs_f64();
        *bucket = ((bucket.0 + passed * rate).min(burst), now);
        if bucket.0 < 1.0 {
            return false;
        }
        bucket.0 -= 1.0;
        true
    }
}

fn second_of_the_month(random: &mut Jitter) -> i64 {
    loop {
        let second = (random.draw() * (MONTH * 60) as f64) as i64;
        let hour = second / 3_600 % 24;
        if (8..20).contains(&hour) || random.draw() < 0.3 {
            return second;
        }
    }
}

/// No events, and more behind `next`: a page that leads on, or one that leads nowhere.
fn empty_page(next: Token) -> Outcome<Token> {
    let at = DateTime::from_timestamp(MONTH * 60 + 86_400, 0).unwrap();
    Outcome::Page(Answer { events: 0, content: 0, next: Some(next), at, span: None, request_id: None })
}

fn failure(verdict: Verdict, throttled: bool, retry_after: Option<Duration>) -> Outcome<Token> {
    let problem = Problem::new(ProblemKind::Service, if throttled { "429" } else { "503" });
    Outcome::Failed(Failure { problem, verdict, retry_after, throttled })
}

struct Run {
    ledger: Ledger,
    took: Duration,
    sent: usize,
    refused: usize,
    splits: usize,
    /// Calls that gave a page, and when the last one did.
    accepted: BTreeMap<String, usize>,
    done: BTreeMap<String, Duration>,
    /// When the hundredth did.
    hundredth: BTreeMap<String, Duration>,
    /// Events received, as places in their compartment.
    received: HashSet<(String, String, i64, usize)>,
}

fn run(world: &World, settings: Settings, seed: u64) -> Run {
    let mut engine = Engine::new(settings, seed);
    engine.add(world.plan());
    let mut run = Run {
        ledger: Ledger::new(TimeDelta::zero()),
        took: Duration::ZERO,
        sent: 0,
        refused: 0,
        splits: 0,
        accepted: BTreeMap::new(),
        done: BTreeMap::new(),
        hundredth: BTreeMap::new(),
        received: HashSet::new(),
    };
    let mut wire: BinaryHeap<Reverse<(Duration, usize, CellId)>> = BinaryHeap::new();
    let mut requests: HashMap<usize, (Duration, Request<Token>)> = HashMap::new();
    let mut now = Duration::ZERO;
    while !engine.is_idle() {
        while let Some(request) = engine.next_request(now) {
            wire.push(Reverse((now + world.latency, run.sent, request.id)));
            requests.insert(run.sent, (now, request));
            run.sent += 1;
        }
        let answered = wire.peek().map(|Reverse((at, ..))| *at);
        now = [answered, engine.wake_at(now)].into_iter().flatten().min().expect("stuck").max(now);
        while wire.peek().is_some_and(|Reverse((at, ..))| *at <= now) {
            let Some(Reverse((_, number, id))) = wire.pop() else { break };
            let (left, request) = requests.remove(&number).unwrap();
            // The service decides when the call reaches it, half way.
            let (outcome, page) = world.answer(left + world.latency / 2, &request);
            run.refused += usize::from(matches!(&outcome, Outcome::Failed(failure) if failure.throttled));
            if let Some((key, from, until)) = page {
                let times = &world.within(&key)[from..until];
                let mut copies = HashMap::new();
                for second in times {
                    let copy = copies.entry(second).or_insert(0usize);
                    run.received.insert((key.region.to_string(), key.compartment.to_string(), *second, *copy));
                    *copy += 1;
                }
                let accepted = run.accepted.entry(key.region.to_string()).or_default();
                *accepted += 1;
                if *accepted == 100 {
                    run.hundredth.insert(key.region.to_string(), now);
                }
                run.done.insert(key.region.to_string(), now);
            }
            engine.answered(now, id, outcome);
        }
        for update in engine.take_updates() {
            run.splits += usize::from(update.change == Change::Split);
            run.ledger.apply(update);
        }
        assert!(now < Duration::from_hours(24), "does not end");
    }
    run.took = now;
    run
}

#[test]
fn a_month_of_a_tenancy_takes_few_calls_and_little_time() {
    let world = World::new(4, 13, 20_000, 1);
    let run = run(&world, Settings::default(), 1);
    assert!(run.ledger.coverage(|_| true).is_complete());
    assert_eq!(run.received.len(), world.places.values().map(Vec::len).sum::<usize>());
    let least = world.least_pages() as f64;
    assert!(run.sent as f64 <= 1.2 * least + run.splits as f64, "{} calls for {least} pages", run.sent);
    // The longest chain has 40 pages; one after the other they would take two seconds.
    assert!(run.took <= Duration::from_millis(750), "{:?}", run.took);
}

/// What happens in bursts looks denser than it is.
#[test]
fn bursts_take_few_calls_too() {
    for (burst, strays) in [(130, 20), (130, 150), (20, 300)] {
        let world = World::in_bursts(52, burst, strays, 8);
        let run = run(&world, Settings::default(), 8);
        assert!(run.ledger.coverage(|_| true).is_complete());
        let least = world.least_pages() as f64;
        // Two for each split: a page of strays over most of the month says nothing of how many there are.
        let most = 1.2 * least + 2.0 * run.splits as f64;
        assert!(run.sent as f64 <= most, "{} calls for {least} pages, {} splits", run.sent, run.splits);
    }
}

#[test]
fn an_unknown_limit_is_learnt_with_few_refusals() {
    let world = World { bucket: Some((20.0, 20.0)), ..World::new(4, 13, 60_000, 2) };
    let run = run(&world, Settings::default(), 2);
    assert!(run.ledger.coverage(|_| true).is_complete());
    let (region, most) = run.accepted.iter().max_by_key(|(_, count)| **count).unwrap();
    let ideal = (*most as f64 - 20.0) / 20.0;
    assert!(run.refused as f64 <= 0.05 * run.sent as f64, "{} of {} refused", run.refused, run.sent);
    assert!(run.took.as_secs_f64() <= 1.1 * ideal, "{:?} where {ideal} s are needed", run.took);
    let learnt = run.done[region].as_secs_f64() - run.hundredth[region].as_secs_f64();
    let ideal = (*most as f64 - 100.0) / 20.0;
    assert!(learnt <= 1.05 * ideal, "once learnt, {learnt} s where {ideal} s are needed");
}

#[test]
fn a_region_with_a_limit_does_not_slow_the_others() {
    let free = (1..4).map(|n| format!("region-{n}")).collect();
    let limited = World { bucket: Some((5.0, 5.0)), free, ..World::new(4, 13, 20_000, 5) };
    let with_limit = run(&limited, Settings::default(), 5);
    let without = run(&World::new(4, 13, 20_000, 5), Settings::default(), 5);
    assert!(with_limit.ledger.coverage(|_| true).is_complete());
    assert!(with_limit.done["region-0"] > 5 * without.done["region-0"]);
    for region in ["region-1", "region-2", "region-3"] {
        assert!(with_limit.done[region] <= without.done[region] + Duration::from_millis(50), "{region}");
    }
}

/// 64 calls for 40 regions are less than two for each: what stray refusals teach is not what the regions bear.
#[test]
fn twenty_thousand_slices_with_stray_faults_are_read_in_little_more_than_the_least_time() {
    let world = World { faults: 0.01, ..World::new(40, 500, 20_000, 6) };
    let run = run(&world, Settings::default(), 6);
    let coverage = run.ledger.total();
    assert!(coverage.total() >= 20_000 && coverage.unfinished() == 0);
    let least = world.latency.as_secs_f64() * run.sent as f64 / 64.0;
    assert!(run.took.as_secs_f64() <= 1.5 * least + 5.0, "{:?} where {least} s are the least", run.took);
}

#[test]
fn small_limits_are_learnt_too() {
    for rate in [2.0, 5.0, 50.0] {
        let world = World { bucket: Some((rate, rate)), ..World::new(2, 6, 30_000, 4) };
        let run = run(&world, Settings::default(), 4);
        assert!(run.ledger.coverage(|_| true).is_complete());
        let most = run.accepted.values().max().copied().unwrap_or_default() as f64;
        let ideal = (most - rate) / rate;
        assert!(run.took.as_secs_f64() <= 1.15 * ideal + 2.0, "{rate}: {:?} where {ideal} s are needed", run.took);
        assert!(run.refused as f64 <= 0.1 * run.sent as f64, "{rate}: {} of {} refused", run.refused, run.sent);
    }
}

#[test]
fn a_region_that_is_down_holds_up_no_other_and_is_not_asked_for_ever() {
    let mut world = World::new(4, 13, 20_000, 3);
    world.down.insert("region-1".to_owned());
    let run = run(&world, Settings::default(), 3);
    let of = |region: &str| {
        let cells = run.ledger.cells().filter(|cell| cell.key.region.as_str() == region);
        cells.map(|cell| run.ledger.state(cell)).max()
    };
    assert_eq!(of("region-1"), Some(CellState::Failed));
    assert_eq!(run.ledger.failed().count(), 13);
    for region in ["region-0", "region-2", "region-3"] {
        assert_eq!(of(region), Some(CellState::Complete));
        assert!(run.done[region] < Duration::from_secs(1), "{region}: {:?}", run.done[region]);
    }
    assert!(run.took < Duration::from_mins(2), "{:?}", run.took);
    let useless = run.sent - run.accepted.values().sum::<usize>();
    assert!(useless < 30, "{useless} calls to a region that is down");
}

proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(500), ..ProptestConfig::default() })]

    /// A quarter of the calls fail in some way: what is called complete was read to its end, whatever is missing is
    /// named, and the fetch ends.
    #[test]
    fn any_mix_of_faults_ends_honestly(seed: u64, regions in 1usize..4, compartments in 1usize..5, events in 0usize..300) {
        let world = World { faults: 0.25, ..World::new(regions, compartments, events, seed) };
        let run = run(&world, Settings::default(), seed);
        prop_assert_eq!(run.ledger.coverage(|_| true).unfinished(), 0);
        for ((region, compartment), times) in &world.places {
            let (region, compartment) = (region.as_str(), compartment.as_str());
            let cells: Vec<_> = run.ledger.of_place(&region.into(), &compartment.into()).collect();
            let windows: Vec<_> = cells.iter().map(|cell| cell.key.window).collect();
            prop_assert!(FetchWindow::from_minutes(0, MONTH).unwrap().minus(&windows).is_empty());
            let received = run.received.iter().filter(|(r, c, ..)| r == region && c == compartment);
            if cells.iter().all(|cell| run.ledger.state(cell) == CellState::Complete) {
                prop_assert_eq!(received.count(), times.len());
            } else {
                prop_assert!(cells.iter().any(|cell| cell.problem().is_some()));
            }
        }
    }
}
