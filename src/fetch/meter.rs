//! Counts calls and times them, for whoever wants to see how the fetch goes.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::lane::Ending;
use crate::domain::region::RegionId;
use crate::domain::traffic::{Calls, Latency};

/// The calls over which latency is told.
const WINDOW: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Meter {
    all: Gauge,
    regions: BTreeMap<RegionId, Gauge>,
}

#[derive(Debug, Default)]
struct Gauge {
    ended: u64,
    refused: u64,
    failed: u64,
    latest: VecDeque<Duration>,
}

impl Meter {
    /// A call ended. `failed`: it gave no page.
    pub fn ended(&mut self, region: &RegionId, ending: Ending, failed: bool, took: Duration) {
        if !self.regions.contains_key(region) {
            self.regions.insert(region.clone(), Gauge::default());
        }
        for gauge in self.regions.get_mut(region).into_iter().chain([&mut self.all]) {
            gauge.ended(ending, failed, took);
        }
    }

    /// Of all regions. `in_flight`: see [`Calls`].
    pub fn all(&self, in_flight: usize) -> Calls {
        self.all.calls(in_flight)
    }

    pub fn of(&self, region: &RegionId, in_flight: usize) -> Calls {
        self.regions.get(region).map_or(Calls { in_flight, ..Calls::default() }, |gauge| gauge.calls(in_flight))
    }
}

impl Gauge {
    fn ended(&mut self, ending: Ending, failed: bool, took: Duration) {
        self.ended += 1;
        match ending {
            Ending::Throttled(_) => self.refused += 1,
            _ if failed => self.failed += 1,
            _ => {}
        }
        if self.latest.len() == WINDOW {
            self.latest.pop_front();
        }
        self.latest.push_back(took);
    }

    fn calls(&self, in_flight: usize) -> Calls {
        let Self { ended, refused, failed, .. } = *self;
        Calls { ended, refused, failed, in_flight, latency: self.latency() }
    }

    fn latency(&self) -> Option<Latency> {
        let mut sorted: Vec<Duration> = self.latest.iter().copied().collect();
        sorted.sort_unstable();
        let at = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).copied();
        Some(Latency { p50: at(50)?, p95: at(95)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_how_they_ended_and_timed_over_the_last() {
        let mut meter = Meter::default();
        assert_eq!(meter.all(0), Calls::default());
        for millis in 1..=1_000 {
            meter.ended(&"a".into(), Ending::Answered, millis % 10 == 0, Duration::from_millis(millis));
        }
        meter.ended(&"b".into(), Ending::Throttled(None), true, Duration::from_millis(1));
        meter.ended(&"b".into(), Ending::Broken, true, Duration::from_millis(3));
        let b = meter.of(&"b".into(), 2);
        assert_eq!((b.ended, b.refused, b.failed, b.in_flight), (2, 1, 1, 2));
        assert_eq!(b.latency, Some(Latency { p50: Duration::from_millis(1), p95: Duration::from_millis(3) }));
        assert_eq!(meter.all(2).failed, 101);
        assert!(meter.of(&"a".into(), 0).latency.unwrap().p50 > Duration::from_millis(744));
    }
}
