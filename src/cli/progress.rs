//! How far a reading is, and when that is worth telling. Pure: it is told what time it is.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::{Value, json};

use crate::domain::ledger::Coverage;
use crate::domain::text::{count_of, thousands};
use crate::domain::time_range::rfc3339;

/// Repainting a bar oftener would only cost.
const BAR_EVERY: Duration = Duration::from_millis(100);
/// The least between two lines.
const LINES_EVERY: Duration = Duration::from_secs(1);
/// After this long a line is due if anything has changed, however little.
const AT_LATEST: Duration = Duration::from_secs(10);
/// What a line of plain text is worth, in percent.
const STEP: u8 = 10;
/// Before these much is known of the pace, nothing is foretold.
const PACE_TAKES: (Duration, u64) = (Duration::from_secs(3), 20);

/// How standard error is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A bar at the bottom of a terminal, between sentences.
    Bar,
    /// Sentences, and a line now and then.
    Plain,
    /// An object a line.
    Json,
    /// Only what is missing, and the coverage.
    Silent,
}

/// How far a reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub coverage: Coverage,
    /// Events received; those that are left out later are counted.
    pub events: u64,
    /// Requests made.
    pub calls: u64,
    /// Those of them that were too many for the service (429).
    pub refused: u64,
    /// Of files, in place of slices and calls.
    pub files: Option<Bytes>,
}

/// How far a reading of files is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    pub read: u64,
    /// `None` where only the end will tell.
    pub total: Option<u64>,
}

impl Status {
    /// Slices that need no further call, whatever came of them.
    pub fn settled(&self) -> usize {
        self.coverage.total() - self.coverage.unfinished()
    }

    /// The share of slices that need no further call. It may fall, as long slices are cut while they are read, and never
    /// says 100: that it is the end, the end says.
    pub fn percent(&self) -> u8 {
        if let Some(Bytes { read, total }) = self.files {
            return total.filter(|total| *total > 0).map_or(0, |total| (read * 100 / total).min(99) as u8);
        }
        let total = self.coverage.total().max(1);
        (self.settled() * 100 / total).min(99) as u8
    }

    /// The percentage, where there is one.
    pub fn lead(&self) -> String {
        let unknown = self.files.is_some_and(|bytes| bytes.total.is_none());
        if unknown { String::new() } else { format!("{}%, ", self.percent()) }
    }

    /// `1,225 of 1,260 slices, 12,418 events, 4,118 calls, 2 failed`, or `12 of 40 MB, 12,418 events`
    pub fn sentence(&self) -> String {
        if let Some(Bytes { read, total }) = self.files {
            let of = total.map(|total| format!(" of {}", megabytes(total))).unwrap_or_default();
            return format!("{}{of} MB, {}", megabytes(read), count_of(self.events, "event"));
        }
        let mut sentence = format!(
            "{} of {}, {}, {}",
            thousands(self.settled() as u64),
            count_of(self.coverage.total() as u64, "slice"),
            count_of(self.events, "event"),
            count_of(self.calls, "call"),
        );
        if self.refused > 0 {
            let _ = write!(sentence, " ({} too many, 429)", thousands(self.refused));
        }
        for (count, word) in [(self.coverage.failed, "failed"), (self.coverage.denied, "no access")] {
            if count > 0 {
                let _ = write!(sentence, ", {} {word}", thousands(count as u64));
            }
        }
        sentence
    }

    /// What is left at least, had every slice that is left only one page and the pace of the calls stayed what it was;
    /// `None` while too little is known of that. `elapsed`: since the first call.
    pub fn at_least_left(&self, elapsed: Duration) -> Option<Duration> {
        let known = self.files.is_none() && elapsed >= PACE_TAKES.0 && self.calls >= PACE_TAKES.1;
        let left = elapsed.mul_f64(self.coverage.unfinished() as f64 / self.calls.max(1) as f64);
        Some(left).filter(|left| known && *left >= Duration::from_secs(1))
    }

    pub fn to_json(self, time: DateTime<Utc>) -> Value {
        if let Some(Bytes { read, total }) = self.files {
            let bytes = json!({ "read": read, "total": total });
            let time = rfc3339(time.trunc_subsecs(3));
            return json!({ "type": "progress", "time": time, "bytes": bytes, "events": self.events });
        }
        let Coverage { complete, settling, gone, queued, loading, denied, failed } = self.coverage;
        json!({
            "type": "progress",
            "time": rfc3339(time.trunc_subsecs(3)),
            "slices": {
                "total": self.coverage.total(), "complete": complete, "settling": settling, "failed": failed,
                "denied": denied, "gone": gone, "queued": queued, "loading": loading,
            },
            "events": self.events,
            "calls": self.calls,
            "refused": self.refused,
        })
    }
}

fn megabytes(bytes: u64) -> String {
    thousands(bytes.div_ceil(1_000_000))
}

/// When a status is told. Times are what has passed since the beginning.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    way: Way,
    looked: Duration,
    told: Duration,
    last: Status,
}

impl Pace {
    pub fn new(way: Way) -> Self {
        Self { way, looked: Duration::ZERO, told: Duration::ZERO, last: Status::default() }
    }

    /// Whether it is time to count: that looks at every slice.
    pub fn wants(&self, now: Duration) -> bool {
        let every = match self.way {
            Way::Bar => BAR_EVERY,
            Way::Plain | Way::Json => LINES_EVERY,
            Way::Silent => return false,
        };
        now >= self.looked + every
    }

    /// Takes note of a status; whether it is to be told.
    pub fn takes(&mut self, now: Duration, status: Status) -> bool {
        self.looked = now;
        let changed = status != self.last;
        let late = now >= self.told + AT_LATEST;
        let tell = match self.way {
            Way::Bar => true,
            Way::Json => changed || late,
            Way::Plain => changed && (late || status.percent() >= self.last.percent() + STEP),
            Way::Silent => false,
        };
        if tell {
            (self.told, self.last) = (now, status);
        }
        tell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(complete: usize, queued: usize) -> Status {
        let coverage = Coverage { complete, queued, ..Coverage::default() };
        Status { coverage, events: complete as u64 * 10, calls: complete as u64, ..Status::default() }
    }

    fn told(way: Way, every: Duration, statuses: impl IntoIterator<Item = Status>) -> Vec<(u64, u8)> {
        let mut pace = Pace::new(way);
        let mut told = Vec::new();
        for (n, status) in (1..).zip(statuses) {
            let now = every * n;
            if pace.wants(now) && pace.takes(now, status) {
                told.push((now.as_secs(), status.percent()));
            }
        }
        told
    }

    #[test]
    fn plain_lines_are_few_however_many_pages_come() {
        let quick = told(Way::Plain, Duration::from_millis(1), (0..900).map(|n| status(n, 900 - n)));
        assert_eq!(quick, [], "what is over at once needs no progress");
        let steady = told(Way::Plain, Duration::from_millis(10), (0..10_000).map(|n| status(n, 10_000 - n)));
        assert!((9..=10).contains(&steady.len()), "{steady:?}");
        let slow = told(Way::Plain, Duration::from_secs(1), (0..60).map(|n| status(n / 5, 1_000)));
        assert_eq!(slow.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [10, 20, 30, 40, 50, 60]);
        assert_eq!(
            told(Way::Plain, Duration::from_secs(1), vec![status(0, 9); 100]).len(),
            1,
            "nothing new is no news"
        );
    }

    #[test]
    fn json_tells_what_changed_and_that_it_is_alive() {
        let still = told(Way::Json, Duration::from_secs(1), vec![status(1, 1); 25]);
        assert_eq!(still.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1, 11, 21]);
        assert_eq!(told(Way::Json, Duration::from_millis(1), (0..3_000).map(|n| status(n, 1))).len(), 3);
        assert_eq!(told(Way::Silent, Duration::from_mins(1), (0..9).map(|n| status(n, 1))), []);
    }

    #[test]
    fn a_hundred_percent_is_not_for_progress_to_say() {
        assert_eq!(status(0, 0).percent(), 0);
        assert_eq!(status(999, 1).percent(), 99);
        assert_eq!(status(10, 0).percent(), 99);
        let refused = Coverage { denied: 3, gone: 1, queued: 4, ..Coverage::default() };
        assert_eq!(Status { coverage: refused, ..Status::default() }.percent(), 50);
    }

    #[test]
    fn what_is_left_is_told_once_the_pace_is_known() {
        let minute = Duration::from_mins(1);
        assert_eq!(status(60, 30).at_least_left(minute), Some(minute / 2));
        assert_eq!(status(60, 30).at_least_left(Duration::from_secs(2)), None);
        assert_eq!(status(19, 30).at_least_left(minute), None);
        assert_eq!(status(60, 0).at_least_left(minute), None);
    }

    #[test]
    fn of_files_bytes_are_told_and_a_percentage_only_where_the_end_is_known() {
        let files = |total| Status { events: 7, files: Some(Bytes { read: 12_000_001, total }), ..Status::default() };
        let known = files(Some(40_000_000));
        assert_eq!((known.lead(), known.sentence()), ("30%, ".into(), "13 of 40 MB, 7 events".into()));
        assert_eq!((files(None).lead(), files(None).sentence()), (String::new(), "13 MB, 7 events".into()));
        assert_eq!(files(Some(12_000_001)).percent(), 99);
        let object = files(None).to_json(DateTime::UNIX_EPOCH).to_string();
        assert!(object.ends_with(r#""bytes":{"read":12000001,"total":null},"events":7}"#), "{object}");
    }

    #[test]
    fn the_object_counts_every_state() {
        let coverage = Coverage { complete: 1, settling: 2, gone: 3, queued: 4, loading: 5, denied: 6, failed: 7 };
        let object = Status { coverage, events: 8, calls: 9, refused: 2, files: None }.to_json(DateTime::UNIX_EPOCH);
        assert_eq!(
            object.to_string(),
            r#"{"type":"progress","time":"1970-01-01T00:00:00Z","slices":{"total":28,"complete":1,"settling":2,"failed":7,"denied":6,"gone":3,"queued":4,"loading":5},"events":8,"calls":9,"refused":2}"#
        );
        assert_eq!(
            Status { coverage, events: 8, calls: 1, refused: 1, files: None }.sentence(),
            "19 of 28 slices, 8 events, 1 call (1 too many, 429), 7 failed, 6 no access"
        );
    }
}
