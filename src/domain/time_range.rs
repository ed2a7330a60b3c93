//! Two clocks, two types.
//!
//! [`TimeRange`] is what a user asks about: when things happened (`eventTime`). [`FetchWindow`] is what ListEvents takes:
//! when Oracle *processed* events, in whole minutes. They are different types so that they cannot be mixed up. Both are
//! half-open: the start belongs to them, the end does not.

use std::fmt;

use chrono::{DateTime, DurationRound, SecondsFormat, TimeDelta, Utc};
use serde::{Serialize, Serializer};

/// When things happened: `start <= eventTime < end`. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct TimeRange {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl TimeRange {
    /// `None` when `start` is not before `end`.
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// The span of `length` that ends at `end`; at least a microsecond long.
    pub fn ending_at(end: DateTime<Utc>, length: TimeDelta) -> Self {
        Self { start: end - length.max(TimeDelta::microseconds(1)), end }
    }

    pub fn start(&self) -> DateTime<Utc> {
        self.start
    }

    pub fn end(&self) -> DateTime<Utc> {
        self.end
    }

    pub fn length(&self) -> TimeDelta {
        self.end - self.start
    }

    /// From the same start to the end of the hour that `instant` lies in, if that is later than the end.
    #[must_use]
    pub fn through_hour_of(self, instant: DateTime<Utc>) -> Self {
        let hour = instant.duration_trunc(TimeDelta::hours(1)).unwrap_or(instant) + TimeDelta::hours(1);
        Self { start: self.start, end: self.end.max(hour) }
    }

    /// The whole minute that `instant` lies in.
    pub fn minute_of(instant: DateTime<Utc>) -> Self {
        let minute = floor_minute(instant);
        Self { start: minute_to_time(minute), end: minute_to_time(minute + 1) }
    }

    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.start <= instant && instant < self.end
    }

    /// The processed minutes that hold every event of this range whose processing took up to `padding`: the start
    /// floored, the end plus `padding` ceiled. They may not all have passed yet; see [`FetchWindow::passed`].
    pub fn fetch_window(&self, padding: TimeDelta) -> FetchWindow {
        let start = floor_minute(self.start);
        let end = ceil_minute(self.end.checked_add_signed(padding).unwrap_or(self.end));
        FetchWindow { start, end: end.max(start + 1) }
    }
}

impl fmt::Display for TimeRange {
    /// `2026-03-14T08:00:00Z..2026-03-14T14:00:00Z`, with the fraction of a second where there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", rfc3339(self.start), rfc3339(self.end))
    }
}

/// `2026-03-14T08:00:00Z`, with the fraction of a second where there is one.
pub fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Processed minutes: whole by construction, `start < end`, counted from the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FetchWindow {
    start: i64,
    end: i64,
}

impl FetchWindow {
    /// Before and after all others.
    pub(super) const FIRST: Self = Self { start: i64::MIN, end: i64::MIN };
    pub(super) const LAST: Self = Self { start: i64::MAX, end: i64::MAX };

    /// For events of which nobody says when they were processed.
    pub const UNKNOWN: Self = Self { start: 0, end: 1 };

    /// `None` when `start` is not before `end`.
    pub fn from_minutes(start: i64, end: i64) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    pub fn start_minute(self) -> i64 {
        self.start
    }

    pub fn end_minute(self) -> i64 {
        self.end
    }

    pub fn minutes(self) -> i64 {
        self.end - self.start
    }

    pub fn start(self) -> DateTime<Utc> {
        minute_to_time(self.start)
    }

    pub fn end(self) -> DateTime<Utc> {
        minute_to_time(self.end)
    }

    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The minutes that both have, if any.
    pub fn common(self, other: Self) -> Option<Self> {
        Self::from_minutes(self.start.max(other.start), self.end.min(other.end))
    }

    /// What of this window none of `taken` covers, oldest first, as few windows as possible.
    pub fn minus(self, taken: &[Self]) -> Vec<Self> {
        let mut taken: Vec<Self> = taken.iter().copied().filter(|t| t.overlaps(self)).collect();
        taken.sort();
        let mut gaps = Vec::new();
        let mut at = self.start;
        for window in taken {
            gaps.extend(Self::from_minutes(at, window.start));
            at = at.max(window.end);
        }
        gaps.extend(Self::from_minutes(at, self.end));
        gaps
    }

    /// What of it has passed at `now`, the current minute included; its first minute where nothing has.
    #[must_use]
    pub fn passed(self, now: DateTime<Utc>) -> Self {
        Self { start: self.start, end: ceil_minute(now).min(self.end).max(self.start + 1) }
    }

    /// The same with a later end.
    #[must_use]
    pub fn extended_to(self, end: i64) -> Self {
        Self { start: self.start, end: end.max(self.end) }
    }

    /// Cut at `minute`, where that lies inside.
    pub fn split_at(self, minute: i64) -> Option<(Self, Self)> {
        Some((Self::from_minutes(self.start, minute)?, Self::from_minutes(minute, self.end)?))
    }
}

impl fmt::Display for FetchWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start().format("%Y-%m-%dT%H:%MZ"), self.end().format("%Y-%m-%dT%H:%MZ"))
    }
}

impl fmt::Debug for FetchWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for FetchWindow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn floor_minute(instant: DateTime<Utc>) -> i64 {
    instant.timestamp().div_euclid(60)
}

fn ceil_minute(instant: DateTime<Utc>) -> i64 {
    let floor = floor_minute(instant);
    floor + i64::from(minute_to_time(floor) < instant)
}

fn minute_to_time(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute.saturating_mul(60), 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_is_floored_ceiled_and_padded_and_the_future_is_not_asked() {
        let range = TimeRange::new(at("2026-03-14T08:00:10Z"), at("2026-03-14T09:00:00.001Z")).unwrap();
        let window = range.fetch_window(TimeDelta::minutes(30));
        assert_eq!(window.to_string(), "2026-03-14T08:00Z..2026-03-14T09:31Z");
        assert_eq!(window.passed(at("2026-03-20T00:00:00Z")), window);
        assert_eq!(window.passed(range.end()).to_string(), "2026-03-14T08:00Z..2026-03-14T09:01Z");
        assert_eq!(window.passed(at("2026-01-01T00:00:00Z")).to_string(), "2026-03-14T08:00Z..2026-03-14T08:01Z");
    }

    #[test]
    fn a_range_can_be_taken_through_an_hour() {
        let range = TimeRange::new(at("2026-03-14T08:00:10Z"), at("2026-03-14T09:00:00Z")).unwrap();
        assert_eq!(range.through_hour_of(at("2026-03-14T08:59:00Z")), range);
        assert_eq!(range.through_hour_of(range.end()).end(), at("2026-03-14T10:00:00Z"));
        assert_eq!(range.through_hour_of(at("2026-03-14T12:34:56Z")).end(), at("2026-03-14T13:00:00Z"));
    }

    #[test]
    fn an_empty_range_is_no_range() {
        let t = at("2026-03-14T08:00:00Z");
        assert_eq!(TimeRange::new(t, t), None);
        assert_eq!(TimeRange::ending_at(t, TimeDelta::zero()).length(), TimeDelta::microseconds(1));
    }

    proptest! {
        #[test]
        fn gaps_and_taken_tile_the_window(start in 0i64..50, length in 1i64..50, cuts in prop::collection::vec((0i64..100, 1i64..20), 0..8)) {
            let whole = FetchWindow::from_minutes(start, start + length).unwrap();
            let taken: Vec<_> = cuts.iter().map(|(s, l)| FetchWindow::from_minutes(*s, s + l).unwrap()).collect();
            let gaps = whole.minus(&taken);
            for minute in whole.start..whole.end {
                let one = FetchWindow::from_minutes(minute, minute + 1).unwrap();
                let in_gaps = gaps.iter().filter(|gap| gap.contains(one)).count();
                let in_taken = taken.iter().any(|t| t.contains(one));
                prop_assert_eq!(in_gaps, usize::from(!in_taken));
            }
            prop_assert!(gaps.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }
}
