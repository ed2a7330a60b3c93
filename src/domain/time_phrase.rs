//! Times as people type them: `-1h`, `yesterday 22:00..today 02:30`, `13:47~10m`.
//!
//! One grammar for the time popup, `--since`, `--until` and `--time`:
//!
//! | form | meaning |
//! |---|---|
//! | `-1h` `1h` `last 1h` `2h ago` `2d1h20m` | from then until now; units `s m h d w` |
//! | `today` `yesterday` `monday` `this week` `last week` | whole days in the display zone |
//! | `2026-03-14` | that day |
//! | `2026-03-14T08:00Z` `2026-03-14 08:00` `yesterday 22:00` `08:00` | a moment, and alone: from it until now |
//! | `a..b` `a..` `..b` | a range; a day on the right means its first instant, because the end is exclusive |
//! | `13:47~10m` | ten minutes either side |
//! | `2026-03-14T08:00Z/PT6H` | ISO 8601 interval |
//! | `@1773475200` | seconds since 1970 |
//! | `event` `event~5m` | the selected event, in the explorer |
//!
//! A misread time changes what an investigator sees, so nothing is guessed: what is not in the table is an error that
//! points at the place, and the caller echoes the resolved range.

use std::fmt::Write as _;
use std::ops::Range;

use chrono::{DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};

use super::time_range::{TimeRange, rfc3339};
use super::zone::Zone;

/// The longest that OCI keeps audit events.
pub const RETENTION: TimeDelta = TimeDelta::days(365);

/// What the words are relative to.
#[derive(Clone, Copy, Debug)]
pub struct Anchors {
    pub now: DateTime<Utc>,
    pub zone: Zone,
    /// The time of the selected event, where there is one.
    pub event: Option<DateTime<Utc>>,
}

/// Why a text is no time, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TimeError {
    /// Bytes of the text that the message is about.
    pub span: Range<usize>,
    pub message: String,
    /// What may have been meant, as a text that parses.
    pub suggestion: Option<String>,
}

/// Reads a range. Its end is never later than now.
pub fn parse_range(text: &str, anchors: &Anchors) -> Result<TimeRange, TimeError> {
    let whole = Piece::new(text).trim();
    if whole.text.is_empty() {
        return Err(whole.error("type a time range, such as -1h, today or 08:00..09:30"));
    }
    let span = resolve_range(whole, anchors)?;
    check_range(whole, &span, anchors)
}

/// Reads one end of a range, for `--since` and `--until`: a day means its first instant, a length means that long ago.
pub fn parse_moment(text: &str, anchors: &Anchors) -> Result<DateTime<Utc>, TimeError> {
    let piece = Piece::new(text).trim();
    if piece.text.is_empty() {
        return Err(piece.error("type a time, such as 2h, yesterday or 2026-03-14T08:00Z"));
    }
    resolve_point(piece, anchors).map(|point| point.start)
}

/// `2h 30m`-like lengths without the spaces: `90m`, `2d1h20m`, `1w`.
pub fn parse_length(text: &str) -> Option<TimeDelta> {
    let mut rest = text.trim();
    let mut total = TimeDelta::zero();
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at_checked(digits)?;
        let number: i64 = number.parse().ok()?;
        let unit = tail.chars().next()?;
        let seconds = match unit.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(&TimeDelta::try_seconds(number.checked_mul(seconds)?)?)?;
        rest = tail.get(unit.len_utf8()..)?;
    }
    (total > TimeDelta::zero()).then_some(total)
}

/// A length as people write it: `6h`, `4h30m`, `2d`, `45s`.
pub fn format_length(length: TimeDelta) -> String {
    let mut seconds = length.num_seconds().max(0);
    if seconds == 0 {
        return format!("{}ms", length.num_milliseconds().max(0));
    }
    let mut out = String::new();
    for (unit, size) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if seconds >= size {
            let _ = write!(out, "{}{unit}", seconds / size);
            seconds %= size;
        }
    }
    out
}

/// Part of the typed text, with its place in it.
#[derive(Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    start: usize,
}

impl<'a> Piece<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, start: 0 }
    }

    fn trim(self) -> Self {
        let text = self.text.trim_start();
        Self { start: self.start + self.text.len() - text.len(), text: text.trim_end() }
    }

    fn split(self, separator: &str) -> Option<(Self, Self)> {
        let (left, right) = self.text.split_once(separator)?;
        let right = Self { text: right, start: self.start + left.len() + separator.len() };
        Some((Self { text: left, start: self.start }.trim(), right.trim()))
    }

    fn error(self, message: impl Into<String>) -> TimeError {
        TimeError { span: self.start..self.start + self.text.len(), message: message.into(), suggestion: None }
    }
}

/// What one side resolves to: an instant, or whole days.
#[derive(Clone, Copy)]
struct Point {
    start: DateTime<Utc>,
    /// For whole days the first instant after them.
    end: Option<DateTime<Utc>>,
}

/// Start and end before they are checked; the flag says that the end may be cut at now (`today` ends tonight).
struct Span {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    cut_at_now: bool,
}

fn resolve_range(whole: Piece<'_>, anchors: &Anchors) -> Result<Span, TimeError> {
    if let Some((left, right)) = whole.split("..") {
        let start = match left.text {
            "" => anchors.now - RETENTION,
            _ => resolve_point(left, anchors)?.start,
        };
        let end = match right.text {
            "" => anchors.now,
            _ => resolve_point(right, anchors)?.start,
        };
        return Ok(Span { start, end, cut_at_now: false });
    }
    if let Some((middle, radius)) = whole.split("~") {
        let radius = parse_length(radius.text)
            .ok_or_else(|| radius.error("after ~ comes a length, such as 10m (units s m h d w)"))?;
        let middle = resolve_point(middle, anchors)?.start;
        return Ok(Span { start: middle - radius, end: middle + radius, cut_at_now: true });
    }
    if let Some((left, right)) = whole.split("/") {
        let start = resolve_point(left, anchors)?.start;
        let end = match right.text.strip_prefix(['P', 'p']) {
            Some(duration) => {
                start
                    + iso_duration(duration).ok_or_else(|| right.error("no ISO 8601 duration, such as PT6H or P1D"))?
            }
            None => resolve_point(right, anchors)?.start,
        };
        return Ok(Span { start, end, cut_at_now: false });
    }
    let point = resolve_point(whole, anchors)?;
    Ok(Span { start: point.start, end: point.end.unwrap_or(anchors.now), cut_at_now: true })
}

fn check_range(whole: Piece<'_>, span: &Span, anchors: &Anchors) -> Result<TimeRange, TimeError> {
    let &Span { start, end, cut_at_now } = span;
    let suggest =
        |message: String, suggestion: String| Err(TimeError { suggestion: Some(suggestion), ..whole.error(message) });
    if start > end {
        let swapped = format!("{}..{}", rfc3339(end), rfc3339(start.min(anchors.now)));
        return suggest(format!("the range ends before it starts ({}..{})", rfc3339(start), rfc3339(end)), swapped);
    }
    if start >= anchors.now {
        return suggest(format!("{} lies in the future", rfc3339(start)), "-1h".to_owned());
    }
    if end > anchors.now && !cut_at_now {
        let now = format!("{}..", rfc3339(start));
        return suggest(format!("the end, {}, lies in the future", rfc3339(end)), now);
    }
    TimeRange::new(start, end.min(anchors.now)).ok_or_else(|| whole.error("the range is empty: its end is exclusive"))
}

fn resolve_point(piece: Piece<'_>, anchors: &Anchors) -> Result<Point, TimeError> {
    let lower = piece.text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let at = |start| Ok(Point { start, end: None });
    match words.as_slice() {
        ["now"] => return at(anchors.now),
        ["event"] => {
            return anchors
                .event
                .map(|start| Point { start, end: None })
                .ok_or_else(|| piece.error("no event with a time is selected; `event` works in the explorer's list"));
        }
        ["mark"] => return Err(piece.error("marks cannot be made yet; use event, or type the times")),
        _ => {}
    }
    if let Some(length) = relative_length(&lower) {
        return anchors
            .now
            .checked_sub_signed(length)
            .map(|start| Point { start, end: None })
            .ok_or_else(|| piece.error("that is too long ago"));
    }
    if let Some(seconds) = lower.strip_prefix('@') {
        let time = seconds.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        return time.map_or_else(|| Err(piece.error("after @ come seconds since 1970")), at);
    }
    if let Some(instant) = zoned_instant(piece.text) {
        return at(instant);
    }
    days_and_clock(piece, &lower, &words, anchors)
}

/// `-1h`, `1h`, `last 1h`, `2h ago`
fn relative_length(lower: &str) -> Option<TimeDelta> {
    let text = lower.strip_prefix('-').or_else(|| lower.strip_prefix("last ")).unwrap_or(lower);
    let text = text.strip_suffix(" ago").unwrap_or(text);
    parse_length(text)
}

/// An instant that names its own zone: RFC 3339, also without seconds or with a space for the `T`.
fn zoned_instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.to_uppercase().replacen(' ', "T", 1).replace('Z', "+00:00");
    ["%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M%:z"]
        .iter()
        .find_map(|format| DateTime::parse_from_str(&text, format).ok())
        .map(|time| time.with_timezone(&Utc))
}

/// `today`, `monday`, `2026-03-14`, each alone or with a clock time; a clock time alone.
fn days_and_clock(piece: Piece<'_>, lower: &str, words: &[&str], anchors: &Anchors) -> Result<Point, TimeError> {
    let today = anchors.zone.at(anchors.now).date_naive();
    if let Some(date) = day(lower, today) {
        return whole_days(piece, date, 1, anchors.zone);
    }
    let monday = today - TimeDelta::days(i64::from(today.weekday().num_days_from_monday()));
    match words {
        ["this", "week"] => return whole_days(piece, monday, 7, anchors.zone),
        ["last", "week"] => return whole_days(piece, monday - TimeDelta::days(7), 7, anchors.zone),
        _ => {}
    }
    let (date, clock) = match lower.rsplit_once([' ', 't']) {
        Some((date, clock)) if day(date.trim(), today).is_some() => (day(date.trim(), today), clock),
        _ => (None, lower),
    };
    let Some((time, zone)) = clock_time(clock, anchors.zone) else {
        return Err(piece.error(unknown(piece.text)));
    };
    let date_given = date.is_some();
    let date = date.unwrap_or_else(|| zone.at(anchors.now).date_naive());
    let mut start = instant(piece, date.and_time(time), zone)?;
    if !date_given && start > anchors.now {
        start = instant(piece, (date - TimeDelta::days(1)).and_time(time), zone)?;
    }
    Ok(Point { start, end: None })
}

fn unknown(text: &str) -> String {
    let text: String = text.chars().take(40).collect();
    format!("“{text}” is no time: try -1h, today, yesterday 22:00, 2026-03-14, 08:00..09:30 or 13:47~10m")
}

fn day(lower: &str, today: NaiveDate) -> Option<NaiveDate> {
    match lower {
        "today" => return Some(today),
        "yesterday" => return today.pred_opt(),
        _ => {}
    }
    if let Ok(weekday) = lower.parse::<Weekday>() {
        // The most recent one, today excluded: on a Monday, "monday" is a week ago; today has its own word.
        let back = (7 + today.weekday().num_days_from_monday() - weekday.num_days_from_monday()) % 7;
        return today.checked_sub_days(Days::new(u64::from(if back == 0 { 7 } else { back })));
    }
    (lower.len() == 10).then(|| NaiveDate::parse_from_str(lower, "%Y-%m-%d").ok()).flatten()
}

fn clock_time(text: &str, zone: Zone) -> Option<(NaiveTime, Zone)> {
    let (text, zone) = text.strip_suffix('z').map_or((text, zone), |text| (text, Zone::Utc));
    let complete =
        text.len() >= 4 && text.split(':').all(|part| part.len() == 2 || part.contains('.') || part.len() == 1);
    let time = ["%H:%M", "%H:%M:%S", "%H:%M:%S%.f"].iter().find_map(|f| NaiveTime::parse_from_str(text, f).ok());
    time.filter(|_| complete).map(|time| (time, zone))
}

fn whole_days(piece: Piece<'_>, first: NaiveDate, days: u64, zone: Zone) -> Result<Point, TimeError> {
    let after = first.checked_add_days(Days::new(days)).ok_or_else(|| piece.error("that date is out of range"))?;
    let midnight = |date: NaiveDate| first_instant(piece, date, zone);
    Ok(Point { start: midnight(first)?, end: Some(midnight(after)?) })
}

/// The first instant of a day; where summer time begins at midnight, the first that exists.
fn first_instant(piece: Piece<'_>, date: NaiveDate, zone: Zone) -> Result<DateTime<Utc>, TimeError> {
    let midnight = date.and_time(NaiveTime::MIN);
    (0..=8)
        .find_map(|quarter| zone.instants(midnight + TimeDelta::minutes(15 * quarter)).earliest())
        .ok_or_else(|| piece.error("that day has no beginning in this zone"))
}

fn instant(piece: Piece<'_>, wall: NaiveDateTime, zone: Zone) -> Result<DateTime<Utc>, TimeError> {
    match zone.instants(wall) {
        MappedLocalTime::Single(instant) => Ok(instant),
        MappedLocalTime::Ambiguous(first, second) => Err(TimeError {
            suggestion: Some(rfc3339(first)),
            ..piece.error(format!(
                "that clock time happens twice, as {} and {}: type it with Z",
                rfc3339(first),
                rfc3339(second)
            ))
        }),
        MappedLocalTime::None => Err(piece.error("that clock time is skipped when summer time begins: type it with Z")),
    }
}

/// `T6H`, `1D`, `1DT12H30M`: what follows the `P`. Months and years have no fixed length and are refused.
fn iso_duration(text: &str) -> Option<TimeDelta> {
    let text = text.to_uppercase();
    let (days, clock) = text.split_once('T').unwrap_or((&text, ""));
    let fits = |part: &str, units: &str| part.chars().all(|c| c.is_ascii_digit() || units.contains(c));
    if !fits(days, "DW") || !fits(clock, "HMS") {
        return None;
    }
    parse_length(&format!("{days}{clock}"))
}

#[cfg(test)]
#[path = "time_phrase_tests.rs"]
mod tests;
