use std::collections::HashSet;

use super::*;
use crate::domain::ledger::CellState::{self, Complete, Denied, Failed};
use crate::domain::ledger::Ledger;
use crate::domain::time_range::FetchWindow;
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

fn cell(region: &str, compartment: &str) -> PlannedCell {
    let window = FetchWindow::from_minutes(0, 60).unwrap();
    let key = CellKey { region: region.into(), compartment: compartment.into(), window };
    PlannedCell { deleted: compartment == "deleted", ..PlannedCell::whole(key) }
}

fn cells(count: usize) -> Vec<PlannedCell> {
    (0..count).map(|n| cell(["r1", "r2", "r3"][n % 3], &format!("c{n}"))).collect()
}

fn failure(verdict: Verdict, retry_after: Option<u64>) -> Outcome<u32> {
    let problem = Problem::new(ProblemKind::Service, "503 ServiceUnavailable");
    let throttled = retry_after.is_some() && verdict == Verdict::Retry;
    Outcome::Failed(Failure { problem, verdict, retry_after: retry_after.map(Duration::from_secs), throttled })
}

fn page(next: Option<u32>) -> Outcome<u32> {
    let content = next.map_or(u64::MAX, u64::from);
    Outcome::Page(Answer {
        events: 10,
        content,
        next,
        at: DateTime::from_timestamp(1_000_000, 0).unwrap(),
        span: None,
        request_id: None,
    })
}

/// Plays a fetch in virtual time: `answer` is the service.
struct Play {
    engine: Engine<u32>,
    ledger: Ledger,
    now: Duration,
    requests: Vec<(Duration, Request<u32>)>,
    most_in_flight: usize,
}

impl Play {
    fn new(settings: Settings, cells: Vec<PlannedCell>) -> Self {
        let mut engine = Engine::new(settings, 7);
        engine.add(cells);
        let ledger = Ledger::new(TimeDelta::zero());
        Self { engine, ledger, now: Duration::ZERO, requests: Vec::new(), most_in_flight: 0 }
    }

    /// Every call takes a second. Panics when the fetch does not end in a day.
    fn run(mut self, mut answer: impl FnMut(&Request<u32>) -> Outcome<u32>) -> Self {
        let mut wire: VecDeque<(Duration, Request<u32>)> = VecDeque::new();
        while !self.engine.is_idle() {
            while let Some(request) = self.engine.next_request(self.now) {
                self.requests.push((self.now, request.clone()));
                wire.push_back((self.now + Duration::from_secs(1), request));
            }
            self.most_in_flight = self.most_in_flight.max(self.engine.in_flight());
            let answered = wire.front().map(|(at, _)| *at);
            self.now =
                [answered, self.engine.wake_at(self.now)].into_iter().flatten().min().expect("stuck").max(self.now);
            while wire.front().is_some_and(|(at, _)| *at <= self.now) {
                let (_, request) = wire.pop_front().unwrap();
                let outcome = answer(&request);
                self.engine.answered(self.now, request.id, outcome);
            }
            for update in self.engine.take_updates() {
                self.ledger.apply(update);
            }
            assert!(self.now < Duration::from_hours(24), "does not end");
        }
        self
    }

    /// By compartment.
    fn states(&self) -> Vec<CellState> {
        let mut cells: Vec<_> = self.ledger.cells().collect();
        cells.sort_by_key(|cell| &cell.key.compartment);
        cells.into_iter().map(|cell| self.ledger.state(cell)).collect()
    }

    fn asked(&self, compartment: &str) -> usize {
        self.requests.iter().filter(|(_, request)| request.key.compartment.as_str() == compartment).count()
    }
}

#[test]
fn pages_are_followed_until_the_token_is_absent() {
    let play = Play::new(Settings::default(), cells(3)).run(|request| match request.page {
        None => page(Some(1)),
        Some(n) if n < 5 => page(Some(n + 1)),
        Some(_) => page(None),
    });
    assert_eq!(play.states(), [Complete; 3]);
    assert_eq!(play.requests.len(), 18);
    assert!(play.ledger.cells().all(|cell| cell.read.is_some_and(|read| read.pages == 6 && read.events == 60)));
}

#[test]
fn calls_in_flight_are_bounded_over_all_and_per_region() {
    let lane = LaneSettings { window: (2, 2), ..LaneSettings::default() };
    let settings = Settings { in_flight: 5, lane, ..Settings::default() };
    assert_eq!(Play::new(settings, cells(30)).run(|_| page(None)).most_in_flight, 5);
    let one_region = (0..9).map(|n| cell("r", &format!("c{n}"))).collect();
    assert_eq!(Play::new(settings, one_region).run(|_| page(None)).most_in_flight, 2);
}

#[test]
fn one_failing_cell_never_ends_the_run() {
    let play = Play::new(Settings::default(), cells(6)).run(|request| match request.key.compartment.as_str() {
        "c1" => failure(Verdict::Retry, None),
        "c2" => failure(Verdict::Denied, None),
        "c3" => failure(Verdict::GiveUp, None),
        _ => page(None),
    });
    assert_eq!(play.states(), [Complete, Failed, Denied, Failed, Complete, Complete]);
    assert_eq!((play.asked("c1"), play.asked("c2"), play.asked("c3")), (8, 1, 1));
    let problem = play.ledger.failed().find_map(|cell| cell.problem().filter(|problem| problem.what.contains("after")));
    assert_eq!(problem.unwrap().what, "503 ServiceUnavailable, after 8 tries");
}

#[test]
fn chains_that_always_fail_do_not_pass_for_a_region_that_is_down() {
    let retry = RetrySettings { base: Duration::ZERO, ..RetrySettings::default() };
    let settings = Settings { in_flight: 1, retry, ..Settings::default() };
    let places = ["bad", "worse", "fine", "good"].map(|name| cell("r", name)).into();
    let play = Play::new(settings, places).run(|request| match request.key.compartment.as_str() {
        "bad" | "worse" => failure(Verdict::Retry, None),
        _ => page(None),
    });
    assert_eq!(play.states(), [Failed, Complete, Complete, Failed], "by name");
}

#[test]
fn a_deleted_compartment_that_does_not_answer_is_gone() {
    let play = Play::new(Settings::default(), vec![cell("r", "deleted")]).run(|_| failure(Verdict::Denied, None));
    assert_eq!(play.states(), [CellState::Gone]);
}

#[test]
fn a_region_that_asks_for_patience_is_left_alone_and_no_other() {
    let mut refused = false;
    let play = Play::new(Settings::default(), cells(30)).run(|request| {
        if request.key.region.as_str() == "r1" && !refused {
            refused = true;
            return failure(Verdict::Retry, Some(20));
        }
        page(None)
    });
    assert!(play.ledger.coverage(|_| true).is_complete());
    let of = |region: &'static str| {
        play.requests.iter().filter(move |(_, r)| r.key.region.as_str() == region).map(|(at, _)| at.as_secs())
    };
    assert!(of("r1").all(|at| at <= 1 || at >= 21));
    assert!(of("r2").all(|at| at < 20));
}

#[test]
fn a_region_counts_as_slowed_until_it_answers_again() {
    let mut engine = Engine::new(Settings::default(), 7);
    engine.add(vec![cell("r1", "a")]);
    let request = engine.next_request(Duration::ZERO).unwrap();
    engine.answered(Duration::ZERO, request.id, failure(Verdict::Retry, Some(1)));
    assert_eq!(engine.slowed(), ["r1".into()]);
    let later = engine.wake_at(Duration::ZERO).unwrap();
    let request = engine.next_request(later).unwrap();
    engine.answered(later, request.id, page(None));
    assert!(engine.slowed().is_empty());
}

#[test]
fn paging_loops_end_their_cell_only() {
    let settings = Settings { longest_chain: 50, ..Settings::default() };
    let play = Play::new(settings, cells(4)).run(|request| match request.key.compartment.as_str() {
        "c0" => page(Some(1)),
        "c1" => page(Some(request.page.map_or(0, |n| (n + 1) % 3))),
        "c2" => page(Some(request.page.map_or(0, |n| n + 1))),
        _ => page(None),
    });
    assert_eq!(play.states(), [Failed, Failed, Failed, Complete]);
    assert!(play.ledger.failed().all(|cell| cell.problem().unwrap().what.starts_with("paging loop")));
    assert_eq!(play.asked("c2"), 50);
}

#[test]
fn pages_without_anything_new_end_their_cell_however_new_their_tokens() {
    let settings = Settings { longest_idle: 20, ..Settings::default() };
    let at = DateTime::from_timestamp(1_000_000, 0).unwrap();
    let play = Play::new(settings, cells(3)).run(|request| {
        let turn = request.page.unwrap_or(0);
        let (events, content) = match request.key.compartment.as_str() {
            "c0" => (0, 0),
            "c1" => (10, u64::from(turn % 3)),
            // Nineteen empty ones between those that bring something are no reason to stop.
            _ => (u64::from(turn % 20 == 0), u64::from(turn)),
        };
        let next = (request.key.compartment.as_str() != "c2" || turn < 90).then_some(turn + 1);
        Outcome::Page(Answer { events, content, next, at, span: None, request_id: None })
    });
    assert_eq!(play.states(), [Failed, Failed, Complete]);
    assert_eq!((play.asked("c0"), play.asked("c1")), (20, 23));
}

#[test]
fn a_region_that_refuses_the_credential_that_others_take_fails_alone() {
    let refuses = |region: &'static str| {
        move |request: &Request<u32>| {
            if request.key.region.as_str() == region { failure(Verdict::Halt, None) } else { page(None) }
        }
    };
    let play = Play::new(
        Settings { lane: LaneSettings { window: (2, 2), ..LaneSettings::default() }, ..Settings::default() },
        cells(12),
    )
    .run(refuses("r2"));
    assert!(play.engine.halted().is_none());
    let coverage = play.ledger.coverage(|_| true);
    assert_eq!((coverage.complete, coverage.failed, coverage.unfinished()), (8, 4, 0));
    assert_eq!(play.requests.iter().filter(|(_, r)| r.key.region.as_str() == "r2").count(), 2, "asked no further");
    let problem = play.ledger.failed().next().unwrap().problem().unwrap();
    assert_eq!(problem.what, "r2 refused the credential that other regions took");
    let mut play = play;
    play.engine.add(cells(12));
    assert!(play.run(|_| page(None)).ledger.coverage(|_| true).is_complete());
}

#[test]
fn a_credential_that_no_region_takes_halts() {
    let play = Play::new(Settings::default(), cells(12)).run(|_| failure(Verdict::Halt, None));
    assert!(play.engine.halted().is_some());
    assert_eq!(play.ledger.coverage(|_| true).unfinished(), 12);
}

#[test]
fn a_refused_credential_halts_everything_and_loses_nothing() {
    let mut answers = 0;
    let mut play = Play::new(Settings { in_flight: 1, ..Settings::default() }, cells(5)).run(|_| {
        answers += 1;
        if answers > 2 { failure(Verdict::Halt, None) } else { page(None) }
    });
    assert!(play.engine.halted().is_some());
    assert_eq!(play.ledger.coverage(|_| true).complete, 2);
    play.engine.resume();
    let play = play.run(|_| page(None));
    assert!(play.ledger.coverage(|_| true).is_complete());
}

#[test]
fn what_was_asked_for_last_comes_first_and_a_failed_cell_can_be_asked_again() {
    let mut play = Play::new(Settings { in_flight: 1, ..Settings::default() }, cells(2));
    play.engine.add(vec![cell("r1", "urgent"), cells(1).remove(0)]);
    let play = play.run(|_| failure(Verdict::GiveUp, None));
    let order: Vec<_> = play.requests.iter().map(|(_, r)| r.key.compartment.to_string()).collect();
    assert_eq!(order, ["urgent", "c0", "c1"]);
    let mut play = play;
    play.engine.add(cells(2));
    let play = play.run(|_| page(None));
    assert_eq!(play.ledger.coverage(|_| true).complete, 2);
}

#[test]
fn a_pause_lets_calls_end_and_begins_none() {
    let mut engine = Engine::new(Settings::default(), 1);
    engine.add(cells(12));
    let first = engine.next_request(Duration::ZERO).unwrap();
    engine.pause();
    assert!(engine.next_request(Duration::ZERO).is_none() && !engine.is_idle());
    engine.answered(Duration::from_secs(1), first.id, page(None));
    assert!(engine.is_idle() && engine.wake_at(Duration::from_secs(1)).is_none());
    engine.resume();
    assert!(engine.next_request(Duration::from_secs(1)).is_some());
}

#[test]
fn what_waits_can_be_asked_earlier_or_later() {
    let next = |engine: &mut Engine<u32>| engine.next_request(Duration::ZERO).unwrap().key.compartment.to_string();
    let mut engine = Engine::new(Settings::default(), 1);
    engine.add(vec![cell("r", "a"), cell("r", "b"), cell("r", "c"), cell("r", "d")]);
    engine.postpone(&[cell("r", "a").key, cell("r", "unknown").key]);
    engine.add(vec![cell("r", "c")]);
    assert_eq!([next(&mut engine), next(&mut engine), next(&mut engine), next(&mut engine)], ["c", "b", "d", "a"]);
    // One on the wire stays there.
    engine.add(vec![cell("r", "a")]);
    assert!(engine.next_request(Duration::ZERO).is_none());
}

#[test]
fn a_tail_is_read_again_without_a_cut_and_its_cell_keeps_its_label() {
    let mut ledger = Ledger::new(TimeDelta::minutes(15));
    let key = cell("r", "a").key;
    let minute = |minute: i64| DateTime::from_timestamp(minute * 60, 0).unwrap();
    ledger.apply(CellUpdate { key: key.clone(), change: Change::Complete { at: minute(60) } });
    let ask = FetchWindow::from_minutes(45, 60).unwrap();
    let mut play = Play::new(Settings::default(), Vec::new());
    play.ledger = ledger;
    play.engine.add(vec![PlannedCell { ask, read_at: Some(minute(60)), ..PlannedCell::whole(key.clone()) }]);
    let span = Some((minute(45), minute(46)));
    let play = play.run(|request| {
        assert_eq!((request.ask, request.read_at), (ask, Some(minute(60))));
        match page(request.page.is_none().then_some(1)) {
            Outcome::Page(answer) => Outcome::Page(Answer { span, at: minute(75), ..answer }),
            failed @ Outcome::Failed(_) => failed,
        }
    });
    assert_eq!(play.requests.len(), 2);
    let cell = play.ledger.get(&key).unwrap();
    assert_eq!(play.ledger.state(cell), Complete);
    assert_eq!(cell.read.unwrap().pages, 2);
}

/// Minutes that were not asked for are not read, however late the answer comes; nor is what came to a page that went by.
#[test]
fn a_cell_is_read_as_of_when_it_was_asked_for() {
    let minute = |minute: i64| DateTime::from_timestamp(minute * 60, 0).unwrap();
    let whole = cell("r", "whole");
    let young = PlannedCell { ask: FetchWindow::from_minutes(0, 40).unwrap(), ..cell("r", "young") };
    let mut play = Play::new(Settings::default(), Vec::new());
    play.ledger = Ledger::new(TimeDelta::minutes(15));
    play.engine.add(vec![whole.clone(), young.clone()]);
    let play = play.run(|request| {
        let (next, at) = if request.page.is_none() { (Some(1), minute(70)) } else { (None, minute(900)) };
        match page(next) {
            Outcome::Page(answer) => Outcome::Page(Answer { at, ..answer }),
            failed @ Outcome::Failed(_) => failed,
        }
    });
    let read_at = |planned: &PlannedCell| play.ledger.get(&planned.key).unwrap().read.unwrap().at;
    assert_eq!((read_at(&whole), read_at(&young)), (minute(70), minute(40)));
    assert_eq!(play.ledger.total().settling, 2);
}

#[test]
fn a_newer_plan_of_a_cell_that_waits_takes_the_place_of_the_older() {
    let mut engine = Engine::<u32>::new(Settings::default(), 1);
    let planned = |end| PlannedCell { ask: FetchWindow::from_minutes(0, end).unwrap(), ..cell("r", "a") };
    engine.pause();
    engine.add(vec![planned(10)]);
    engine.add(vec![planned(50)]);
    engine.resume();
    assert_eq!(engine.next_request(Duration::ZERO).unwrap().ask.end_minute(), 50);
}

#[test]
fn of_a_window_that_has_not_passed_the_newest_tile_keeps_the_rest() {
    let whole = cell("r", "a");
    let window = |start, end| FetchWindow::from_minutes(start, end).unwrap();
    let planned = PlannedCell { ask: window(0, 40), ..whole.clone() };
    let minute = |minute: i64| DateTime::from_timestamp(minute * 60, 0).unwrap();
    let play = Play::new(Settings::default(), vec![planned]).run(|request| {
        let long = request.page.is_none() && request.ask == window(0, 40);
        match page(long.then_some(1)) {
            Outcome::Page(answer) => Outcome::Page(Answer { span: Some((minute(0), minute(6))), ..answer }),
            failed @ Outcome::Failed(_) => failed,
        }
    });
    let windows: Vec<_> = play.ledger.cells().map(|cell| cell.key.window).collect();
    assert!(windows.len() > 1 && whole.key.window.minus(&windows).is_empty(), "{windows:?}");
    assert!(play.requests.iter().all(|(_, request)| request.ask.end_minute() <= 40));
}

proptest! {
    /// Whatever the service does, the fetch ends and no cell is called complete that was not read to its end.
    #[test]
    fn every_fault_ends_honestly(script in prop::collection::vec(0u8..6, 1..200), count in 1usize..12) {
        let mut at = 0;
        let mut ends = HashSet::new();
        let settings = Settings { longest_chain: 20, ..Settings::default() };
        let play = Play::new(settings, cells(count)).run(|request| {
            at += 1;
            match script[at % script.len()] {
                0 => failure(Verdict::Retry, None),
                1 => failure(Verdict::Retry, Some(3)),
                2 => failure(Verdict::Denied, None),
                3 => page(Some(request.page.unwrap_or(0) + 1)),
                4 => page(Some(1)),
                _ => {
                    ends.insert(request.key.clone());
                    page(None)
                }
            }
        });
        for cell in play.ledger.cells() {
            let complete = play.ledger.state(cell) == Complete;
            prop_assert_eq!(complete, ends.contains(&cell.key));
        }
        prop_assert_eq!(play.ledger.coverage(|_| true).unfinished(), 0);
    }
}
