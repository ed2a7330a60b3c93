//! How long to wait before asking again: exponential with full jitter, so that many cells do not come back at once.

use std::time::Duration;

/// Limits of retrying one call.
#[derive(Clone, Copy, Debug)]
pub struct RetrySettings {
    /// Tries in all, the first included.
    pub attempts: u32,
    /// Ceiling of the wait before the second try; it doubles with each try.
    pub base: Duration,
    /// The wait never exceeds this, unless the service asks for more.
    pub cap: Duration,
    /// A service that asks for a longer wait than this is not waited for.
    pub longest_retry_after: Duration,
}

impl Default for RetrySettings {
    /// As patient as Oracle's SDKs: eight tries, waits of up to 30 s.
    fn default() -> Self {
        Self {
            attempts: 8,
            base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
            longest_retry_after: Duration::from_mins(2),
        }
    }
}

impl RetrySettings {
    /// No second try.
    pub const ONCE: Self =
        Self { attempts: 1, base: Duration::ZERO, cap: Duration::ZERO, longest_retry_after: Duration::ZERO };

    /// The wait before the next try, after `tries` of them failed; `None` when it is time to give up. `random` in 0..1.
    /// The service's `Retry-After` is the least that is waited.
    pub fn wait(&self, tries: u32, retry_after: Option<Duration>, random: f64) -> Option<Duration> {
        if tries >= self.attempts || retry_after.is_some_and(|wait| wait > self.longest_retry_after) {
            return None;
        }
        let ceiling = self.base.saturating_mul(1 << (tries.saturating_sub(1)).min(16)).min(self.cap);
        Some(retry_after.unwrap_or_default() + ceiling.mul_f64(random.clamp(0.0, 1.0)))
    }
}

/// `SplitMix64`: jitter needs no better, and a seed makes a run repeatable.
#[derive(Clone, Debug)]
pub struct Jitter(u64);

impl Jitter {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// In 0..1.
    pub fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_end() {
        let settings = RetrySettings::default();
        let waits: Vec<_> = (1..=8).map(|n| settings.wait(n, None, 1.0).map(|d| d.as_secs())).collect();
        assert_eq!(waits, [Some(1), Some(2), Some(4), Some(8), Some(16), Some(30), Some(30), None]);
        assert_eq!(settings.wait(1, None, 0.0), Some(Duration::ZERO));
    }

    #[test]
    fn the_service_is_given_the_time_it_asks_for() {
        let settings = RetrySettings::default();
        let asked = Some(Duration::from_secs(7));
        assert_eq!(settings.wait(1, asked, 0.5), Some(Duration::from_millis(7_500)));
        assert_eq!(settings.wait(1, Some(Duration::from_hours(1)), 0.5), None);
    }

    #[test]
    fn jitter_is_spread_and_repeatable() {
        let draw = |seed| {
            let mut jitter = Jitter::new(seed);
            (0..1000).map(|_| jitter.draw()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        let mean = draw(1).iter().sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
    }
}
