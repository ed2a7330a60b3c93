//! How hard one region may be asked. Pure.
//!
//! OCI counts calls per region and publishes no limit, so each region has a lane of its own and learns:
//!
//! - **In flight**: a few, until so many answers came that a small bucket would be empty; then one more for each answer, until
//!   the first refusal; halved by each refusal, and slow to grow from then on.
//! - **Pace**: none until the service answers 429. A service that counts by a token bucket has an empty bucket whenever it
//!   says so; what it accepted between two such moments, divided by the time between them, is therefore its rate, however
//!   large its bucket is. From then on calls leave at a little less than that. Where calls are refused all the same, the
//!   pace is not the reason, and it is given up.
//! - **Breaker**: after many failures in a row nothing is sent for a while, then one trial; after several failed trials
//!   the region counts as down. One region's trouble never stops another.

use std::time::Duration;

use crate::domain::traffic::Standing;

/// Bounds of a lane.
#[derive(Clone, Copy, Debug)]
pub struct LaneSettings {
    /// Calls on the wire at the start, and at most.
    pub window: (usize, usize),
    /// Failures in a row after which the breaker opens.
    pub failures: u32,
    /// Failed trials after which the region counts as down.
    pub trials: u32,
    /// Wait before the first trial; it doubles with each.
    pub first_trial: Duration,
    /// A region that asks for a longer wait than this is not waited for.
    pub longest_wait: Duration,
}

impl Default for LaneSettings {
    fn default() -> Self {
        Self {
            window: (6, 32),
            failures: 10,
            trials: 6,
            first_trial: Duration::from_secs(1),
            longest_wait: Duration::from_mins(2),
        }
    }
}

/// How a call in this lane ended, as far as the lane cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// An answer that says nothing against asking more: a page, or a refusal that is about one compartment.
    Answered,
    /// 429, with the least wait that was asked for.
    Throttled(Option<Duration>),
    /// No answer, or one that says that the service is in trouble.
    Broken,
}

/// See the module's description. Time is what has passed since the fetch began.
#[derive(Clone, Debug)]
pub struct Lane {
    settings: LaneSettings,
    in_flight: usize,
    window: f64,
    pace: Pace,
    breaker: Breaker,
    /// The service asked for patience: no call before this time.
    paused_until: Duration,
    slowed: bool,
    /// Refusals since the last answer.
    refusals: u32,
}

/// Refusals closer together than this are one: calls were on the wire already.
const ONE_REFUSAL: Duration = Duration::from_millis(500);
/// The wait after a refusal that names none, where waiting was found not to matter; and the longest, when refusal follows
/// refusal.
const SHORT_WAIT: Duration = Duration::from_millis(100);
const LONG_WAIT: Duration = Duration::from_secs(30);
/// Refusals without any answer between them, each waited for longer than the one before.
const REFUSALS: u32 = 10;
/// Answers after which a bucket that refuses nothing is taken for a large one, if there is any: what is on the wire when a
/// bucket is found empty is refused, so until then it should be little.
const CAUTIOUS: u32 = 24;
/// Answers after which one more call may be on the wire, once there was a refusal.
const ANSWERS_PER_STEP: f64 = 6.0;
/// No pace is slower than this, in calls a second.
const SLOWEST: f64 = 0.5;
/// Refusals at a measured pace, with fewer than [`ENOUGH`] calls accepted before each, after which that is given up.
const DOUBTS: u8 = 3;
/// Share of the learnt rate that is used.
const SHARE: f64 = 0.975;
/// Accepted calls between two refusals from which a rate may be told.
const ENOUGH: u32 = 8;
/// How long a learnt rate is kept before more is tried, and by how much more then: where it was measured, and where it was
/// only guessed. While nothing is refused the steps grow, because it may have been our own demand rather than a limit.
const MEASURED: (Duration, f64) = (Duration::from_secs(4), 1.03);
const GUESSED: (Duration, f64) = (Duration::from_secs(1), 1.25);
const LARGEST_STEP: f64 = 2.0;

impl Lane {
    pub fn new(settings: LaneSettings) -> Self {
        Self {
            settings,
            in_flight: 0,
            window: settings.window.0 as f64,
            pace: Pace::default(),
            breaker: Breaker::Closed { failures: 0 },
            paused_until: Duration::ZERO,
            slowed: false,
            refusals: 0,
        }
    }

    /// Whether a call may leave now.
    pub fn may_send(&self, now: Duration) -> bool {
        let room = match self.breaker {
            Breaker::Closed { .. } => self.in_flight < self.window as usize,
            Breaker::Open { .. } => self.in_flight == 0,
        };
        room && self.opens_at() <= now
    }

    /// When [`may_send`](Self::may_send) may hold again without another answer.
    pub fn opens_at(&self) -> Duration {
        let breaker = match self.breaker {
            Breaker::Closed { .. } => Duration::ZERO,
            Breaker::Open { until, .. } => until,
        };
        self.paused_until.max(breaker).max(self.pace.next)
    }

    pub fn sent(&mut self, now: Duration) {
        self.in_flight += 1;
        self.pace.sent(now);
    }

    pub fn ended(&mut self, now: Duration, ending: Ending) {
        self.in_flight = self.in_flight.saturating_sub(1);
        match ending {
            Ending::Answered => self.answered(now),
            Ending::Throttled(wait) => self.throttled(now, wait),
            Ending::Broken => self.breaker = self.breaker.failed(now, &self.settings),
        }
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether the service said that we ask too much and has not answered a call since.
    pub fn is_slowed(&self) -> bool {
        self.slowed
    }

    /// Whether trial after trial failed, or every call was refused for a minute or more.
    pub fn is_down(&self) -> bool {
        self.refusals >= REFUSALS
            || matches!(self.breaker, Breaker::Open { trials, .. } if trials > self.settings.trials)
    }

    /// Why the region counts as down, if it does.
    pub fn why_down(&self) -> Option<&'static str> {
        match self.is_down() {
            false => None,
            true if self.refusals >= REFUSALS => Some("call after call was refused, or put off for too long"),
            true => Some("trial after trial failed"),
        }
    }

    /// How the region stands, in one word.
    pub fn standing(&self) -> Standing {
        match self.breaker {
            _ if self.is_down() => Standing::Down,
            Breaker::Open { .. } => Standing::Resting,
            Breaker::Closed { .. } if self.slowed => Standing::Slowed,
            Breaker::Closed { .. } => Standing::Open,
        }
    }

    /// Which trial the next call is, counted from 1, where so many failed that it is one.
    pub fn trial(&self) -> Option<u32> {
        match self.breaker {
            Breaker::Open { trials, .. } => Some(trials),
            Breaker::Closed { .. } => None,
        }
    }

    /// Somebody asks again: the region gets another chance at once.
    pub fn reopen(&mut self) {
        self.refusals = 0;
        self.breaker = Breaker::Closed { failures: 0 };
        self.paused_until = Duration::ZERO;
    }

    /// Calls a second, once the service made us learn it.
    pub fn rate(&self) -> Option<f64> {
        self.pace.rate
    }

    fn answered(&mut self, now: Duration) {
        self.slowed = false;
        self.refusals = 0;
        self.breaker = Breaker::Closed { failures: 0 };
        self.pace.accepted(now);
        let step = match self.pace.refused_at {
            Some(_) => 1.0 / ANSWERS_PER_STEP,
            None if self.pace.accepted <= CAUTIOUS => 0.0,
            None => 1.0,
        };
        self.window = (self.window + step).min(self.settings.window.1 as f64);
    }

    /// A 429 is an answer of a healthy service: the breaker has no part in it.
    fn throttled(&mut self, now: Duration, wait: Option<Duration>) {
        self.slowed = true;
        if self.pace.refused(now) {
            self.window = (self.window / 2.0).max(1.0);
            self.refusals += 1;
        }
        let own = match self.refusals {
            0 | 1 if self.pace.given_up => SHORT_WAIT,
            refusals => (ONE_REFUSAL * 2u32.saturating_pow(refusals.saturating_sub(1).min(6))).min(LONG_WAIT),
        };
        let wait = wait.unwrap_or(own);
        if wait > self.settings.longest_wait {
            self.refusals = REFUSALS;
        }
        self.paused_until = self.paused_until.max(now + wait.min(self.settings.longest_wait));
    }
}

/// The rate at which calls may leave.
#[derive(Clone, Debug, Default)]
struct Pace {
    rate: Option<f64>,
    /// Whether the rate was measured between two refusals rather than guessed after one.
    measured: bool,
    doubts: u8,
    given_up: bool,
    /// No call leaves before this time.
    next: Duration,
    /// Where the measuring began: at the first call, then at a refusal.
    since: Option<Duration>,
    /// Calls accepted since then.
    accepted: u32,
    refused_at: Option<Duration>,
    changed_at: Duration,
    /// The factor of the next step up; `None` after a refusal.
    step: Option<f64>,
}

impl Pace {
    fn sent(&mut self, now: Duration) {
        self.since.get_or_insert(now);
        if let Some(rate) = self.rate {
            // Evenly spaced; time that went by unused is not made up for, or it would come as a burst.
            self.next = now.max(self.next) + Duration::from_secs_f64(1.0 / rate);
        }
    }

    fn accepted(&mut self, now: Duration) {
        self.accepted += 1;
        let (steady, first_step) = if self.measured { MEASURED } else { GUESSED };
        if let Some(rate) = self.rate.filter(|_| now >= self.changed_at + steady) {
            let step = self.step.unwrap_or(first_step);
            self.rate = Some(rate * step);
            self.step = Some((step * step).min(LARGEST_STEP));
            self.changed_at = now;
        }
    }

    /// Whether this is a new refusal, not the echo of one.
    fn refused(&mut self, now: Duration) -> bool {
        if self.refused_at.is_some_and(|at| now < at + ONE_REFUSAL) {
            return false;
        }
        self.refused_at = Some(now);
        self.step = None;
        if !self.given_up {
            self.learn(now);
        }
        true
    }

    fn learn(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.since.unwrap_or(now)).as_secs_f64().max(0.05);
        let seen = f64::from(self.accepted.max(1)) / passed;
        let enough = self.accepted >= ENOUGH;
        let rate = match self.rate {
            // The first refusal comes after a burst, so what was seen is too much.
            None => seen * 0.5,
            Some(_) if enough => seen * SHARE,
            Some(_) if self.measured => return self.doubt(),
            // Too few to tell; the measuring goes on.
            Some(_) => return,
        };
        self.measured = self.rate.is_some();
        self.rate = Some(rate.max(SLOWEST));
        self.doubts = 0;
        self.since = Some(now);
        self.accepted = 0;
        self.changed_at = now;
    }

    fn doubt(&mut self) {
        self.doubts += 1;
        if self.doubts >= DOUBTS {
            self.given_up = true;
            self.rate = None;
            self.next = Duration::ZERO;
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Breaker {
    Closed { failures: u32 },
    Open { until: Duration, trials: u32 },
}

impl Breaker {
    fn failed(self, now: Duration, settings: &LaneSettings) -> Self {
        match self {
            Self::Closed { failures } if failures + 1 < settings.failures => Self::Closed { failures: failures + 1 },
            Self::Closed { .. } => Self::Open { until: now + settings.first_trial, trials: 1 },
            // Calls that were on the wire when it opened are no trials.
            Self::Open { until, .. } if now < until => self,
            Self::Open { trials, .. } => {
                let wait = settings.first_trial * 2u32.saturating_pow(trials.min(5));
                Self::Open { until: now + wait, trials: trials + 1 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_window_grows_with_answers_and_shrinks_with_refusals() {
        let mut lane = Lane::new(LaneSettings::default());
        let fill = |lane: &mut Lane, now| {
            let mut sent = 0;
            while lane.may_send(now) {
                lane.sent(now);
                sent += 1;
            }
            sent
        };
        assert_eq!(fill(&mut lane, millis(0)), 6);
        let answers = |lane: &mut Lane, count| {
            for _ in 0..count {
                lane.ended(millis(50), Ending::Answered);
                lane.sent(millis(50));
            }
            fill(lane, millis(50))
        };
        assert_eq!(answers(&mut lane, CAUTIOUS), 0, "a small bucket may be empty by then");
        assert_eq!(answers(&mut lane, 10), 10);
        assert_eq!(answers(&mut lane, 100), 32 - 16);
        lane.ended(millis(100), Ending::Throttled(None));
        assert!(lane.is_slowed() && !lane.may_send(millis(200)));
        lane.ended(millis(100), Ending::Answered);
        assert!(!lane.is_slowed());
    }

    #[test]
    fn the_service_is_given_the_time_it_asks_for() {
        let mut lane = Lane::new(LaneSettings::default());
        lane.sent(millis(0));
        lane.ended(millis(50), Ending::Throttled(Some(Duration::from_secs(7))));
        assert_eq!(lane.opens_at(), millis(7_050));
    }

    #[test]
    fn a_region_that_asks_for_hours_is_given_up_rather_than_waited_for() {
        let mut lane = Lane::new(LaneSettings::default());
        lane.sent(millis(0));
        lane.ended(millis(50), Ending::Throttled(Some(Duration::MAX)));
        assert!(lane.is_down() && lane.why_down().unwrap().contains("put off"));
        assert_eq!(lane.opens_at(), millis(50) + LaneSettings::default().longest_wait);
        lane.reopen();
        assert!(lane.may_send(millis(50)));
    }

    #[test]
    fn where_calls_are_refused_at_any_pace_the_pace_is_given_up() {
        let mut lane = Lane::new(LaneSettings::default());
        let mut now = Duration::ZERO;
        for call in 0..300 {
            now = now.max(lane.opens_at());
            lane.sent(now);
            now += millis(50);
            lane.ended(now, if call % 3 == 2 { Ending::Throttled(None) } else { Ending::Answered });
        }
        assert!(lane.rate().is_none());
        assert!(now < Duration::from_secs(45), "{now:?}");
    }

    #[test]
    fn a_rate_that_was_learnt_from_a_stray_refusal_does_not_last() {
        let mut lane = Lane::new(LaneSettings::default());
        let mut now = Duration::ZERO;
        let mut call = 0;
        let mut slowest = f64::MAX;
        while lane.rate().is_none_or(|rate| rate < 50.0) {
            now = now.max(lane.opens_at());
            lane.sent(now);
            // Our own demand is two calls a second; the fifth is refused for no reason.
            now += millis(500);
            call += 1;
            lane.ended(now, if call == 5 { Ending::Throttled(None) } else { Ending::Answered });
            slowest = lane.rate().unwrap_or(slowest).min(slowest);
            assert!(now < Duration::from_mins(1), "{:?}", lane.rate());
        }
        assert!(slowest < 2.0);
    }

    #[test]
    fn refusal_after_refusal_waits_longer_and_longer() {
        let mut lane = Lane::new(LaneSettings::default());
        let mut now = Duration::ZERO;
        while !lane.is_down() {
            now = now.max(lane.opens_at());
            lane.sent(now);
            lane.ended(now, Ending::Throttled(None));
        }
        assert_eq!(lane.opens_at(), now + LONG_WAIT);
        assert!(now > Duration::from_secs(45), "{now:?}");
    }

    #[test]
    fn a_region_that_does_not_answer_gets_single_trials_and_is_then_down() {
        let mut lane = Lane::new(LaneSettings::default());
        let mut now = Duration::ZERO;
        let mut calls = 0;
        while !lane.is_down() {
            now = now.max(lane.opens_at());
            assert!(lane.may_send(now));
            lane.sent(now);
            lane.ended(now, Ending::Broken);
            calls += 1;
        }
        assert_eq!(calls, 16);
        assert_eq!(now.as_secs(), 1 + 2 + 4 + 8 + 16 + 32);
        lane.reopen();
        assert!(lane.may_send(now) && !lane.is_down());
    }

    #[test]
    fn an_answer_closes_the_breaker() {
        let mut lane = Lane::new(LaneSettings::default());
        for _ in 0..10 {
            lane.sent(millis(0));
            lane.ended(millis(0), Ending::Broken);
        }
        assert!(!lane.may_send(millis(999)) && lane.may_send(millis(1_000)));
        lane.sent(millis(1_000));
        assert!(!lane.may_send(millis(1_000)), "one trial at a time");
        lane.ended(millis(1_050), Ending::Answered);
        assert!(lane.may_send(millis(1_050)));
    }
}
