//! Times in the words of the screen.

use std::fmt::{self, Display};

use chrono::{DateTime, Datelike as _, FixedOffset, TimeDelta, Timelike as _, Utc};

use crate::app::setup::Clock;
use crate::domain::time_phrase::format_length;
use crate::domain::time_range::TimeRange;
use crate::domain::zone::Zone;

use super::glyphs::GlyphSet;

/// `14 Mar 08:00 → 14:00 UTC (6h)`: absolute, with its zone; the date where it is needed, always that of the start.
pub fn range(range: TimeRange, zone: Zone, now: DateTime<Utc>, glyphs: &GlyphSet, short: bool) -> String {
    let (start, end) = (zone.at(range.start()), zone.at(range.end()));
    let year = if start.year() == zone.at(now).year() { "" } else { " %Y" };
    let date = format!("%-d %b{year} ");
    let from = start.format(&format!("{date}{}", clock_format(start.second()))).to_string();
    let to_date = if start.date_naive() == end.date_naive() { "" } else { &date };
    let to = end.format(&format!("{to_date}{}", clock_format(end.second()))).to_string();
    let length = format_length(range.length());
    let label = zone.label(range.end());
    if short {
        return format!("{from}{}{to} {label} {length}", glyphs.arrow);
    }
    format!("{from} {} {to} {label} ({length})", glyphs.arrow)
}

fn clock_format(second: u32) -> &'static str {
    if second == 0 { "%H:%M" } else { "%H:%M:%S" }
}

/// How the times of a list are written: all of one width.
#[derive(Clone, Copy, Debug)]
pub struct RowClock {
    clock: Clock,
    now: DateTime<Utc>,
    dates: bool,
}

impl RowClock {
    /// Dates are written where the range holds more than one.
    pub fn new(clock: Clock, now: DateTime<Utc>, range: TimeRange) -> Self {
        let zone = clock.zone();
        let dates =
            zone.at(range.start()).date_naive() != zone.at(range.end() - TimeDelta::microseconds(1)).date_naive();
        Self { clock, now, dates }
    }

    pub fn width(&self) -> usize {
        match self.clock {
            Clock::Wall(_) if self.dates => 14,
            Clock::Wall(_) | Clock::Relative => 8,
        }
    }

    pub fn heading(&self) -> &'static str {
        match self.clock {
            Clock::Wall(_) => "TIME",
            Clock::Relative => "AGO",
        }
    }

    pub fn text(self, time: Option<DateTime<Utc>>) -> impl Display {
        fmt::from_fn(move |f| match (time, self.clock) {
            (None, _) => f.write_str("no time"),
            (Some(time), Clock::Wall(zone)) => self.wall(zone.at(time), f),
            (Some(time), Clock::Relative) => f.write_str(&ago(self.now - time)),
        })
    }

    /// By hand: every row has one, and chrono's formats take the heap three times for each.
    fn wall(self, time: DateTime<FixedOffset>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dates {
            write!(f, "{:02}-{:02} ", time.month(), time.day())?;
        }
        // A leap second is the 60th.
        let second = time.second() + time.nanosecond() / 1_000_000_000;
        write!(f, "{:02}:{:02}:{second:02}", time.hour(), time.minute())
    }
}

/// `12s`, `3m20s`, `2h5m`, `4d3h`: the two largest units.
fn ago(age: TimeDelta) -> String {
    let seconds = age.num_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, m) => format!("{m}m{}s", seconds % 60),
        (0, h, m) => format!("{h}h{m}m"),
        (d, h, _) => format!("{d}d{h}h"),
    }
}

/// The label of the display zone, and the time of day.
pub fn now(clock: Clock, now: DateTime<Utc>) -> String {
    let zone = clock.zone();
    let label = match clock {
        Clock::Wall(_) => zone.label(now),
        Clock::Relative => "ago, clock UTC".to_owned(),
    };
    format!("{label}  {}", zone.at(now).format("%H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::setup::Glyphs;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_is_absolute_and_says_its_zone() {
        let glyphs = GlyphSet::new(Glyphs::Unicode);
        let now = at("2026-03-14T14:02:11Z");
        let of =
            |from: &str, to: &str, zone| range(TimeRange::new(at(from), at(to)).unwrap(), zone, now, &glyphs, false);
        let day = of("2026-03-14T08:00:00Z", "2026-03-14T14:00:00Z", Zone::Utc);
        assert_eq!(day, "14 Mar 08:00 → 14:00 UTC (6h)");
        let night = of("2025-12-31T22:00:00Z", "2026-01-01T02:30:10Z", Zone::Utc);
        assert_eq!(night, "31 Dec 2025 22:00 → 1 Jan 2025 02:30:10 UTC (4h30m10s)".replace("1 Jan 2025", "1 Jan 2026"));
        let berlin = of("2026-03-14T08:00:00Z", "2026-03-14T14:00:00Z", "+01:00".parse().unwrap());
        assert_eq!(berlin, "14 Mar 09:00 → 15:00 +01:00 (6h)");
    }

    #[test]
    fn ages_fit_their_column() {
        for (seconds, text) in [(12, "12s"), (200, "3m20s"), (7_500, "2h5m"), (356_400, "4d3h"), (31_449_600, "364d0h")]
        {
            assert_eq!(ago(TimeDelta::seconds(seconds)), text);
            assert!(text.len() <= 8);
        }
    }
}
