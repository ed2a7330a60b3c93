//! The server's clock: real, or frozen for tests, and off by what the scenario says.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// Reads the time of the simulated cloud. All clones show the same.
#[derive(Debug, Clone)]
pub struct Clock {
    frozen: Arc<Mutex<Option<DateTime<Utc>>>>,
    skew: TimeDelta,
}

impl Clock {
    pub fn new(frozen: Option<DateTime<Utc>>, skew: TimeDelta) -> Self {
        Self { frozen: Arc::new(Mutex::new(frozen)), skew }
    }

    /// Stands still at another time from now on.
    pub fn set(&self, time: DateTime<Utc>) {
        *self.frozen.lock().unwrap_or_else(PoisonError::into_inner) = Some(time);
    }

    /// What the server believes the time is.
    pub fn now(&self) -> DateTime<Utc> {
        self.true_now() + self.skew
    }

    /// The start of the current hour, without the skew: the moment the scenario's world is built around.
    pub fn hour(&self) -> DateTime<Utc> {
        let now = self.true_now();
        now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place of this room that reads the clock")]
    fn true_now(&self) -> DateTime<Utc> {
        self.frozen.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(Utc::now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_stands_still_and_its_skew_moves_only_the_server() {
        let noon: DateTime<Utc> = "2026-03-14T12:34:56Z".parse().unwrap();
        let clock = Clock::new(Some(noon), TimeDelta::minutes(6));
        assert_eq!(clock.now(), noon + TimeDelta::minutes(6));
        assert_eq!(clock.now(), clock.now());
        assert_eq!(clock.hour().to_rfc3339(), "2026-03-14T12:00:00+00:00");
        clock.clone().set(noon + TimeDelta::hours(1));
        assert_eq!(clock.hour().to_rfc3339(), "2026-03-14T13:00:00+00:00");
    }
}
