//! How late events became readable: measured on those that a window brought only when it was read again.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// Counts of events by how late they were, exact to the second up to an hour, to the minute up to a day, then to the
/// hour. Each figure is an upper bound: the event was found at a read, and became readable some time before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lateness(BTreeMap<i64, u64>);

/// What a page of a window that had been read before brought that was not there then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    pub events: u64,
    /// Of those that had happened before the window was last read.
    pub late: Lateness,
}

impl Added {
    /// One more event, and how late it came, if it did.
    pub fn count(&mut self, late: Option<TimeDelta>) {
        self.events += 1;
        if let Some(late) = late {
            self.late.add(late);
        }
    }
}

/// What is printed of it, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatenessSummary {
    pub events: u64,
    pub p50_seconds: i64,
    pub p99_seconds: i64,
    pub max_seconds: i64,
}

impl Lateness {
    /// One event, found this long after it happened.
    pub fn add(&mut self, late: TimeDelta) {
        *self.0.entry(rounded_up(late.num_seconds().max(0))).or_default() += 1;
    }

    pub fn add_all(&mut self, other: &Self) {
        for (seconds, count) in &other.0 {
            *self.0.entry(*seconds).or_default() += count;
        }
    }

    pub fn events(&self) -> u64 {
        self.0.values().sum()
    }

    /// `None` when nothing was late.
    pub fn summary(&self) -> Option<LatenessSummary> {
        let (max_seconds, _) = self.0.last_key_value()?;
        Some(LatenessSummary {
            events: self.events(),
            p50_seconds: self.percentile(50),
            p99_seconds: self.percentile(99),
            max_seconds: *max_seconds,
        })
    }

    /// The least value that this share of the events does not exceed.
    fn percentile(&self, percent: u64) -> i64 {
        let wanted = (self.events() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (seconds, count) in &self.0 {
            seen += count;
            if seen >= wanted {
                return *seconds;
            }
        }
        0
    }
}

/// Up, because the figures are upper bounds.
fn rounded_up(seconds: i64) -> i64 {
    let step = match seconds {
        ..=3_600 => 1,
        3_601..=86_400 => 60,
        _ => 3_600,
    };
    (seconds + step - 1) / step * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_events_counted() {
        let mut lateness = Lateness::default();
        assert_eq!(lateness.summary(), None);
        (1..=100).for_each(|second| lateness.add(TimeDelta::seconds(second)));
        let summary = lateness.summary().unwrap();
        assert_eq!((summary.p50_seconds, summary.p99_seconds, summary.max_seconds), (50, 99, 100));
        let mut both = Lateness::default();
        both.add(TimeDelta::seconds(7_201));
        both.add_all(&lateness);
        assert_eq!(both.events(), 101);
        assert_eq!(both.summary().unwrap().max_seconds, 7_260);
    }

    #[test]
    fn however_late_events_are_few_numbers_are_kept() {
        let mut lateness = Lateness::default();
        (0..30 * 86_400).step_by(7).for_each(|second| lateness.add(TimeDelta::seconds(second)));
        assert!(lateness.0.len() < 6_000, "{}", lateness.0.len());
    }
}
