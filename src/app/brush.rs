//! Brush: a piece of time chosen on the histogram, bucket by bucket.
//!
//! Kept as instants, not as numbers of buckets: another width of the screen, or rows that arrive, leave it where it is.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::time_range::TimeRange;

use super::action::Action;
use super::effect::Effect;
use super::geometry::Shape;
use super::view::Histogram;
use super::{App, Pane};

/// The keys are in the histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brush {
    /// Lies in the bucket that the keys move.
    cursor: DateTime<Utc>,
    /// Lies in the bucket at the other end.
    anchor: DateTime<Utc>,
}

/// What is brushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brushed {
    pub buckets: RangeInclusive<usize>,
    pub range: TimeRange,
    /// Events that match, in these buckets.
    pub count: u64,
}

/// Zooming goes no closer.
const CLOSEST: TimeDelta = TimeDelta::seconds(1);

impl Brush {
    fn at(instant: DateTime<Utc>) -> Self {
        Self { cursor: instant, anchor: instant }
    }

    /// `None` while there are no buckets.
    pub fn over(&self, histogram: &Histogram) -> Option<Brushed> {
        let (cursor, anchor) = (bucket_near(histogram, self.cursor)?, bucket_near(histogram, self.anchor)?);
        let (first, last) = (cursor.min(anchor), cursor.max(anchor));
        let count = histogram.buckets().get(first..=last)?.iter().map(|bucket| u64::from(bucket.total())).sum();
        let range = TimeRange::new(histogram.start_of(first), histogram.start_of(last + 1))?;
        Some(Brushed { buckets: first..=last, range, count })
    }

    /// Moves the cursor to a bucket; the other end stays when the brush is `extended`.
    fn move_to(&mut self, histogram: &Histogram, bucket: usize, extended: bool) {
        let last = histogram.buckets().len().saturating_sub(1);
        self.cursor = histogram.start_of(bucket.min(last));
        if !extended {
            self.anchor = self.cursor;
        }
    }
}

/// The bucket of an instant; of one outside of the range, the first or the last.
fn bucket_near(histogram: &Histogram, instant: DateTime<Utc>) -> Option<usize> {
    let last = histogram.buckets().len().checked_sub(1)?;
    let beyond = if instant < histogram.range().start() { 0 } else { last };
    Some(histogram.bucket_at(instant).unwrap_or(beyond))
}

impl App {
    /// What is being brushed, while the keys are in the histogram.
    pub fn brushed(&self) -> Option<Brushed> {
        self.brush?.over(self.histogram()?)
    }

    pub fn is_brushing(&self) -> bool {
        self.brush.is_some()
    }

    /// The histogram, where it is of what is asked now.
    pub fn histogram(&self) -> Option<&Histogram> {
        let view = self.view().filter(|_| self.totals_are_current())?;
        Some(&view.histogram).filter(|histogram| !histogram.buckets().is_empty())
    }

    /// Puts the keys into the histogram, on the bucket of the event under the cursor.
    pub(super) fn focus_histogram(&mut self) -> Vec<Effect> {
        if self.geometry.shape == Shape::TooSmall || self.tenancy.is_none() {
            return self.fail("there is no histogram yet");
        }
        self.look.histogram = true;
        self.look.brushing = true;
        if self.focus != Pane::List {
            self.focus_on(Pane::List);
        }
        let event = self.event_row().and_then(|row| row.time()).filter(|time| self.range.contains(*time));
        self.brush = Some(Brush::at(event.unwrap_or(self.range.end() - TimeDelta::microseconds(1))));
        Vec::new()
    }

    pub(super) fn leave_histogram(&mut self) {
        self.brush = None;
        self.look.brushing = false;
    }

    /// `None` for what the histogram does not serve.
    pub(super) fn act_in_histogram(&mut self, action: Action) -> Option<Vec<Effect>> {
        match action {
            Action::Cancel | Action::Close | Action::FocusHistogram => self.leave_histogram(),
            Action::Open => return Some(self.use_brushed()),
            Action::ZoomIn | Action::ZoomOut => return Some(self.zoom(action == Action::ZoomIn)),
            Action::MoveLeft
            | Action::MoveRight
            | Action::ExtendLeft
            | Action::ExtendRight
            | Action::Top
            | Action::Bottom => self.move_brush(action),
            _ => return None,
        }
        Some(Vec::new())
    }

    fn move_brush(&mut self, action: Action) {
        let (Some(mut brush), Some(histogram)) = (self.brush, self.histogram()) else { return };
        let Some(at) = bucket_near(histogram, brush.cursor) else { return };
        let to = match action {
            Action::MoveLeft | Action::ExtendLeft => at.saturating_sub(1),
            Action::Top => 0,
            Action::Bottom => usize::MAX,
            _ => at + 1,
        };
        brush.move_to(histogram, to, matches!(action, Action::ExtendLeft | Action::ExtendRight));
        self.brush = Some(brush);
    }

    /// Puts the brush on a bucket, or extends it to there.
    pub(super) fn brush_bucket(&mut self, bucket: usize, extended: bool) {
        if let (Some(mut brush), Some(histogram)) = (self.brush, self.histogram()) {
            brush.move_to(histogram, bucket, extended);
            self.brush = Some(brush);
        }
    }

    fn use_brushed(&mut self) -> Vec<Effect> {
        let Some(brushed) = self.brushed() else { return Vec::new() };
        self.leave_histogram();
        self.use_range(brushed.range)
    }

    /// In: what is brushed becomes the range, or half of the range around a single bucket. Out: twice the range.
    fn zoom(&mut self, closer: bool) -> Vec<Effect> {
        let Some(brushed) = self.brushed() else { return Vec::new() };
        let middle = brushed.range.start() + brushed.range.length() / 2;
        let range = match (closer, brushed.buckets.start() == brushed.buckets.end()) {
            (true, false) => Some(brushed.range),
            (true, true) => around(middle, self.range.length() / 2, self.range),
            (false, _) => twice(self.range, self.now),
        };
        match range.filter(|range| !closer || range.length() >= CLOSEST) {
            Some(range) => {
                self.brush = Some(Brush::at(middle.clamp(range.start(), range.end())));
                self.use_range(range)
            }
            None => self.fail("this is as close as it goes"),
        }
    }
}

/// So much of `whole`, as close around an instant as its ends allow.
fn around(middle: DateTime<Utc>, length: TimeDelta, whole: TimeRange) -> Option<TimeRange> {
    let start = (middle - length / 2).clamp(whole.start(), (whole.end() - length).max(whole.start()));
    TimeRange::new(start, start + length)
}

/// Twice as long around the same middle, but for what has not happened yet: that much more of the past.
fn twice(range: TimeRange, now: DateTime<Utc>) -> Option<TimeRange> {
    let half = range.length() / 2;
    let end = range.end().checked_add_signed(half)?.min(now.max(range.end()));
    TimeRange::new(end.checked_sub_signed(range.length() * 2)?, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keymap::Focus;
    use crate::app::testing::{Stage, at};
    use crate::app::tests::stage;

    fn brushed(stage: &Stage) -> Brushed {
        stage.app.brushed().unwrap()
    }

    /// Six hours in 60 buckets: six minutes each.
    #[test]
    fn it_begins_at_the_event_and_counts_what_is_brushed() {
        let mut stage = stage();
        stage.keys("i");
        assert_eq!(stage.app.key_focus(), Focus::Histogram);
        let one = brushed(&stage);
        assert_eq!((one.range.start(), one.count), (at("2026-03-14T13:54:00Z"), 1));
        stage.keys("H H H");
        let four = brushed(&stage);
        assert_eq!(four.range.to_string(), "2026-03-14T13:36:00Z..2026-03-14T14:00:00Z");
        assert_eq!(four.count, 9);
        stage.keys("l");
        assert_eq!(brushed(&stage).range.to_string(), "2026-03-14T13:42:00Z..2026-03-14T13:48:00Z");
        stage.keys("l l l l l l");
        assert_eq!(brushed(&stage).range.end(), stage.app.range().end());
        stage.keys("g H");
        assert_eq!(brushed(&stage).range.start(), stage.app.range().start());
        stage.keys("<esc>");
        assert_eq!((stage.app.key_focus(), stage.app.should_quit()), (Focus::List, false));
    }

    #[test]
    fn enter_makes_it_the_range_and_asks_for_it() {
        let mut stage = stage();
        stage.keys("i H H");
        stage.effects.clear();
        stage.keys("<enter>");
        assert_eq!(stage.app.range().to_string(), "2026-03-14T13:42:00Z..2026-03-14T14:00:00Z");
        assert_eq!(stage.last_select().query.time(), Some(stage.app.range()));
        assert!(stage.effects.iter().any(|effect| matches!(effect, Effect::Fetch(_))));
        assert!(!stage.app.is_brushing());
    }

    #[test]
    fn zooming_stays_in_the_histogram_and_never_reaches_beyond_now() {
        let mut stage = stage();
        stage.keys("i H z");
        assert_eq!(stage.app.range().to_string(), "2026-03-14T13:48:00Z..2026-03-14T14:00:00Z");
        assert!(stage.app.is_brushing());
        stage.keys("z");
        assert_eq!(stage.app.range().length(), TimeDelta::minutes(6));
        stage.keys("Z Z Z");
        assert_eq!(stage.app.range().length(), TimeDelta::minutes(48));
        assert!(stage.app.range().end() <= stage.app.now());
        for _ in 0..30 {
            stage.keys("z");
        }
        assert!(stage.app.range().length() >= CLOSEST && stage.app.range().length() < CLOSEST * 2);
    }

    #[test]
    fn another_pane_takes_the_keys_and_what_is_hidden_is_shown() {
        let mut stage = stage();
        stage.keys("I 3 i");
        assert!(stage.app.look().histogram && stage.app.pane() == Pane::List);
        stage.keys("1");
        assert!(!stage.app.is_brushing() && stage.app.pane() == Pane::Tree);
        stage.keys("i I");
        assert!(!stage.app.is_brushing());
    }
}
