//! Bursts and gaps of the histogram, and the way from one to the next.
//!
//! A burst begins with a bucket of more than three times the median of those that hold anything, where the one before it
//! does not. A gap is three or more empty buckets between others: only where all of them were read to the end, for what was
//! not read is not quiet.

use std::ops::Range;

use crate::index::EventKey;
use crate::query::Order;

use super::App;
use super::action::Action;
use super::effect::Effect;
use super::facts::Ruler;
use super::view::Bucket;

/// Times the median.
const BURST: u64 = 3;
/// Empty buckets.
const GAP: usize = 3;

/// Something that stands out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    Burst(Range<usize>),
    Gap(Range<usize>),
}

impl Mark {
    fn buckets(&self) -> &Range<usize> {
        match self {
            Self::Burst(buckets) | Self::Gap(buckets) => buckets,
        }
    }

    /// The bucket of the event that the cursor goes to: where a burst begins, or the last one before a gap.
    fn landing(&self) -> usize {
        match self {
            Self::Burst(buckets) => buckets.start,
            Self::Gap(buckets) => buckets.start.saturating_sub(1),
        }
    }
}

/// The bursts and gaps, oldest first. `read` says of each bucket how far it was read.
pub fn marks(buckets: &[Bucket], read: &[Ruler]) -> Vec<Mark> {
    let counts: Vec<u64> = buckets.iter().map(|bucket| u64::from(bucket.total())).collect();
    let Some(median) = median(&counts) else { return Vec::new() };
    let is_high = |at: &usize| counts[*at] > BURST * median;
    let is_quiet = |at: &usize| counts[*at] == 0;
    let was_read = |at: usize| matches!(read.get(at), Some(Ruler::Complete));
    let bursts = runs(counts.len(), is_high).map(Mark::Burst);
    let between = |gap: &Range<usize>| gap.start > 0 && gap.end < counts.len();
    let gaps = runs(counts.len(), is_quiet)
        .filter(|gap| gap.len() >= GAP && between(gap) && gap.clone().all(was_read))
        .map(Mark::Gap);
    let mut marks: Vec<Mark> = bursts.chain(gaps).collect();
    marks.sort_by_key(|mark| mark.buckets().start);
    marks
}

/// Of those that are not 0; the lower one of two.
fn median(counts: &[u64]) -> Option<u64> {
    let mut counts: Vec<u64> = counts.iter().copied().filter(|count| *count > 0).collect();
    counts.sort_unstable();
    counts.get(counts.len().checked_sub(1)? / 2).copied()
}

/// The longest stretches of places that are `wanted`.
fn runs(len: usize, wanted: impl Fn(&usize) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = (at..len).find(&wanted)?;
        at = (start..len).find(|place| !wanted(place)).unwrap_or(len);
        Some(start..at)
    })
}

impl App {
    /// To the burst or gap before the cursor's event in time, or after it.
    pub(super) fn seek_mark(&mut self, action: Action) -> Vec<Effect> {
        let later = action == Action::NextMark;
        if matches!(self.order, Order::By { .. }) {
            return self.fail("bursts are a matter of time: sort by TIME first");
        }
        let Some(view) = self.view.clone() else { return Vec::new() };
        let Some(histogram) = self.histogram() else { return self.fail("the histogram is not shown") };
        // What was not searched yet is not quiet either.
        let ruler: &[Ruler] = if view.selection.is_complete() { &self.facts.ruler } else { &[] };
        let marks = marks(histogram.buckets(), ruler);
        let here = self.event_row().and_then(|row| row.time()).and_then(|time| histogram.bucket_at(time));
        let found = match (later, here) {
            (true, Some(here)) => marks.iter().find(|mark| mark.landing() > here),
            (false, Some(here)) => marks.iter().rev().find(|mark| mark.landing() < here),
            (true, None) => marks.first(),
            (false, None) => marks.last(),
        };
        let Some(mark) = found else {
            let what = if later { "no later burst or gap" } else { "no earlier burst or gap" };
            return self.say(what);
        };
        let edge = histogram.start_of(mark.buckets().start);
        // Where an event at that instant would stand: before the burst's first, behind the last one before the gap.
        let place = view.selection.rank_of(EventKey::at(edge)).unwrap_or_else(|place| place);
        let newest_first = self.order == Order::NewestFirst;
        let rank = match (mark, newest_first) {
            (Mark::Burst(_), true) | (Mark::Gap(_), false) => place.saturating_sub(1),
            (Mark::Burst(_), false) | (Mark::Gap(_), true) => place,
        };
        let words = self.words_of(mark);
        self.list.move_to(rank, &view);
        self.say(words);
        self.look_at_event()
    }

    fn words_of(&self, mark: &Mark) -> String {
        let Some(histogram) = self.histogram() else { return String::new() };
        let buckets = mark.buckets();
        let zone = self.clock.zone();
        let at = |bucket| zone.at(histogram.start_of(bucket)).format("%H:%M:%S");
        let count: u64 =
            histogram.buckets().iter().take(buckets.end).skip(buckets.start).map(|b| u64::from(b.total())).sum();
        let (from, to) = (at(buckets.start), at(buckets.end));
        match mark {
            Mark::Burst(_) => {
                let is_whole = self.view.as_ref().is_some_and(|view| view.selection.is_complete());
                let bound = if self.facts.is_lower_bound() || !is_whole { "at least " } else { "" };
                format!("burst: {bound}{count} events from {from} to {to}")
            }
            Mark::Gap(_) => {
                let nothing = if self.is_unfiltered() { "nothing" } else { "nothing that matches" };
                format!("gap: {nothing} from {from} to {to}, and all of it was read")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::{Stage, ledger};
    use crate::app::tests::stage;
    use crate::domain::ledger::Change;

    fn marks_of(counts: &[u32], read: &[Ruler]) -> Vec<Mark> {
        let bucket = |count: &u32| Bucket { by_access: [*count, 0, 0], failed: 0 };
        marks(&counts.iter().map(bucket).collect::<Vec<_>>(), read)
    }

    #[test]
    fn a_burst_is_more_than_three_times_the_median_and_a_gap_was_read() {
        use Ruler::{Complete as C, Gap as G};
        let all = [C; 12];
        assert_eq!(marks_of(&[0, 2, 2, 6, 2, 2], &all), []);
        assert_eq!(marks_of(&[0, 2, 2, 7, 9, 2, 2, 2, 8, 2], &all), [Mark::Burst(3..5), Mark::Burst(8..9)]);
        assert_eq!(marks_of(&[0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0], &all), [Mark::Gap(7..10)]);
        let mut some = all;
        some[8] = G;
        assert_eq!(marks_of(&[0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0], &some), []);
        assert_eq!(marks_of(&[0, 0, 0], &all), []);
        assert_eq!(marks_of(&[], &[]), []);
    }

    /// 60 buckets of six minutes, one event in most of those that have any.
    #[test]
    fn the_cursor_goes_from_one_to_the_next_in_time() {
        let mut stage = stage();
        stage.keys("w {");
        assert_eq!(stage.under_cursor(), "UpdateConfiguration");
        assert_eq!(stage.app.notice().unwrap().text(), "burst: 8 events from 13:42:00 to 13:54:00");
        stage.keys("{");
        assert_eq!(stage.under_cursor(), "UpdateInstance");
        assert!(stage.app.notice().unwrap().text().starts_with("gap: nothing that matches from 13:18"));
        stage.keys("{");
        assert_eq!(stage.under_cursor(), "GetInstance");
        stage.keys("{ {");
        assert_eq!(stage.under_cursor(), "GetBucket");
        assert_eq!(stage.app.notice().unwrap().text(), "no earlier burst or gap");
        stage.keys("}");
        assert_eq!(stage.under_cursor(), "GetInstance");
        assert_eq!(stage.keys("h h h S {").under_cursor(), "GetBucket", "oldest first, time goes the same way");
        assert_eq!(stage.keys("}").under_cursor(), "GetInstance");
    }

    #[test]
    fn what_was_not_read_is_no_gap_and_other_orders_have_none() {
        let mut stage = Stage::new(ledger(&[("prod", 0, Change::Started)]));
        crate::app::tests::drawn(&mut stage, 5);
        stage.keys("w { {");
        assert_eq!(stage.under_cursor(), "UpdateConfiguration");
        assert_eq!(stage.app.notice().unwrap().text(), "no earlier burst or gap");
        stage.keys("s {");
        assert!(stage.app.notice().unwrap().text().contains("sort by TIME"));
    }
}
