//! What a fetch brings, on its way to the output: the events that are wanted, in order, each once, round after round.

use chrono::{DateTime, TimeDelta, Utc};

use super::news::News;
use crate::domain::event::{Decoded, Flags};
use crate::domain::footprint::Footprint;
use crate::domain::lateness::Added;
use crate::domain::page::Page;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::time_range::TimeRange;
use crate::export::{Ordered, Sorter, SorterSettings};
use crate::query::{EventRef, Query, matches};

/// Which of the events that are read are written.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub range: TimeRange,
    pub query: Query,
}

impl Wanted {
    /// By the microsecond, as all queries.
    fn is_in_range(&self, time: DateTime<Utc>) -> bool {
        let (start, end) = (self.range.start().timestamp_micros(), self.range.end().timestamp_micros());
        (start..end).contains(&time.timestamp_micros())
    }

    /// What cannot be told of an event is no reason to leave it out: without a readable time it may lie in the range, and
    /// where nothing of it can be read it may be anything.
    pub fn has(&self, bytes: &[u8], decoded: &Decoded<'_>, page: &Page) -> bool {
        let (fields, mut flags) = (&decoded.fields, decoded.flags);
        if flags.contains(Flags::UNREADABLE) {
            return true;
        }
        if fields.time.is_some_and(|time| page.lateness(time).is_some()) {
            flags.insert(Flags::LATE);
        }
        let event = EventRef { fields, flags, region: &page.cell.region, queried: &page.cell.compartment, bytes };
        fields.time.is_none_or(|time| self.is_in_range(time)) && matches(&self.query, &event)
    }
}

pub struct Intake {
    wanted: Wanted,
    footprint: Footprint,
    sorter: Sorter,
    /// Whether more will be read after the first output.
    goes_on: bool,
    news: News,
    /// Events left out because they were received before.
    copies: u64,
}

impl Intake {
    /// `settling`: how long after its end a window is read again. `goes_on`: what was received once is remembered for as
    /// long as it may come again, so that no output has it twice.
    pub fn new(wanted: Wanted, settling: TimeDelta, footprint: Footprint, goes_on: bool) -> Self {
        let sorter = Sorter::new(SorterSettings::default(), footprint.clone());
        Self { wanted, footprint, sorter, goes_on, news: News::new(settling, goes_on), copies: 0 }
    }

    /// Takes a page; tells what was new in it, where its window had been read before.
    pub fn take(&mut self, page: &Page) -> Result<Added, Problem> {
        let Self { wanted, sorter, news, copies, goes_on, .. } = self;
        let again = page.read_at.is_some();
        let mut added = Added::default();
        let is_wanted = |bytes: &[u8], decoded: &Decoded<'_>| {
            // Without more to come the sorter tells copies, and which one to keep.
            if !news.is_new(page, bytes) && (again || *goes_on) {
                *copies += u64::from(!again);
                return false;
            }
            if again {
                added.count(decoded.fields.time.and_then(|time| page.lateness(time)));
            }
            wanted.has(bytes, decoded, page)
        };
        sorter.push(page, is_wanted).map_err(|error| cannot_sort(&error))?;
        Ok(added)
    }

    /// What came since the last call, in order.
    pub fn drain(&mut self) -> Result<Ordered, Problem> {
        let next = Sorter::new(SorterSettings::default(), self.footprint.clone());
        std::mem::replace(&mut self.sorter, next).finish().map_err(|error| cannot_sort(&error))
    }

    /// Copies left out, other than those of minutes read again.
    pub fn copies(&self) -> u64 {
        self.copies
    }

    /// Nothing that was processed before `at` is read again from now on.
    pub fn forget_before(&mut self, at: DateTime<Utc>) {
        self.news.forget_before(at);
    }
}

pub fn cannot_sort(error: &std::io::Error) -> Problem {
    Problem::new(ProblemKind::Io, format!("events cannot be put in order on disk: {error}"))
        .hint("temporary files go to TMPDIR; is it full?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ledger::CellKey;
    use crate::domain::time_range::FetchWindow;

    fn minute(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    /// Events of these minutes, read at one minute and before at another.
    fn page(minutes: &[i64], received: i64, read: Option<i64>) -> Page {
        let events =
            minutes.iter().map(|m| format!(r#"{{"eventId":"{m}","eventTime":"{}"}}"#, minute(*m).to_rfc3339()));
        let body = format!("[{}]", events.collect::<Vec<_>>().join(","));
        let window = FetchWindow::from_minutes(0, 60).unwrap();
        let cell = CellKey { region: "r".into(), compartment: "c".into(), window };
        let mut page = Page::new(cell, body.into_bytes(), None, minute(received)).unwrap();
        page.read_at = read.map(minute);
        page
    }

    fn intake(goes_on: bool) -> Intake {
        let range = TimeRange::new(minute(0), minute(1_000)).unwrap();
        Intake::new(Wanted { range, query: Query::everything() }, TimeDelta::minutes(15), Footprint::default(), goes_on)
    }

    fn written(intake: &mut Intake) -> u64 {
        let mut ordered = intake.drain().unwrap();
        while ordered.next().unwrap().is_some() {}
        ordered.tally().events
    }

    #[test]
    fn the_last_look_at_a_window_writes_only_what_is_new() {
        let mut intake = intake(true);
        assert_eq!(intake.take(&page(&[40, 50], 58, None)).unwrap(), Added::default());
        assert_eq!(written(&mut intake), 2);
        // Long after the window is final, as the last read of it always is.
        let added = intake.take(&page(&[40, 45, 50, 59], 90, Some(58))).unwrap();
        assert_eq!((added.events, added.late.events()), (2, 1));
        assert_eq!(written(&mut intake), 2);
        assert_eq!(intake.copies(), 0);
    }

    #[test]
    fn a_cell_that_failed_and_is_read_from_its_beginning_writes_nothing_twice() {
        let mut intake = intake(true);
        intake.take(&page(&[1, 2], 200, None)).unwrap();
        assert_eq!(written(&mut intake), 2);
        intake.take(&page(&[1, 2, 3], 210, None)).unwrap();
        assert_eq!((written(&mut intake), intake.copies()), (1, 2));
    }

    #[test]
    fn where_nothing_follows_copies_are_told_by_whoever_sorts() {
        let mut intake = intake(false);
        intake.take(&page(&[1, 2], 58, None)).unwrap();
        intake.take(&page(&[1, 2], 59, None)).unwrap();
        let mut ordered = intake.drain().unwrap();
        while ordered.next().unwrap().is_some() {}
        assert_eq!((ordered.tally().events, ordered.tally().duplicates), (2, 2));
    }
}
