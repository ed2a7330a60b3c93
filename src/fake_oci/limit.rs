//! How many ListEvents calls a region answers: a bucket of tokens, as services have one.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::scenario::LimitSpec;

/// The buckets of the regions.
#[derive(Debug)]
pub struct Limits {
    spec: Option<LimitSpec>,
    buckets: Mutex<BTreeMap<String, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: DateTime<Utc>,
}

impl Limits {
    pub fn new(spec: Option<LimitSpec>) -> Self {
        Self { spec, buckets: Mutex::default() }
    }

    /// Whether a call to `region` is answered at `now`; it takes a token if so. A bucket is full at first.
    pub fn admits(&self, region: &str, now: DateTime<Utc>) -> bool {
        let Some(spec) = self.spec.as_ref().filter(|spec| spec.is_about(region)) else { return true };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = f64::from(spec.burst);
        let bucket = buckets.entry(region.to_owned()).or_insert(Bucket { tokens: full, filled: now });
        let passed = (now - bucket.filled).num_microseconds().unwrap_or(0).max(0);
        bucket.tokens = (bucket.tokens + passed as f64 / 1e6 * spec.per_second).min(full);
        bucket.filled = bucket.filled.max(now);
        let admitted = bucket.tokens >= 1.0;
        if admitted {
            bucket.tokens -= 1.0;
        }
        admitted
    }
}

impl LimitSpec {
    fn is_about(&self, region: &str) -> bool {
        self.regions.is_empty() || self.regions.iter().any(|name| name.get_ref() == region)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn limits(text: &str) -> Limits {
        Limits::new(Some(toml::from_str(text).unwrap()))
    }

    fn admitted(limits: &Limits, region: &str, millis: impl Iterator<Item = i64>) -> usize {
        let at = |millis| DateTime::UNIX_EPOCH + TimeDelta::milliseconds(millis);
        millis.filter(|millis| limits.admits(region, at(*millis))).count()
    }

    #[test]
    fn a_burst_then_the_rate() {
        let limits = limits("per_second = 20\nburst = 5");
        assert_eq!(admitted(&limits, "a", std::iter::repeat_n(0, 9)), 5);
        assert_eq!(admitted(&limits, "a", 1..=1_000), 20, "asked every millisecond of a second");
        assert_eq!(admitted(&limits, "a", std::iter::repeat_n(60_000, 9)), 5, "it does not fill beyond the burst");
        assert_eq!(admitted(&limits, "a", std::iter::repeat_n(59_000, 9)), 0, "a clock that goes back fills nothing");
    }

    #[test]
    fn each_region_has_its_own_and_some_have_none() {
        let each = limits("per_second = 1\nburst = 1");
        assert_eq!(["a", "b"].map(|region| admitted(&each, region, std::iter::repeat_n(0, 3))), [1, 1]);
        let one = limits("per_second = 1\nburst = 1\nregions = [\"a\"]");
        assert_eq!(["a", "b"].map(|region| admitted(&one, region, std::iter::repeat_n(0, 3))), [1, 3]);
        assert_eq!(admitted(&Limits::new(None), "a", std::iter::repeat_n(0, 100)), 100);
    }
}
