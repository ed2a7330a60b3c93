//! Watch: keeps the newest minutes fresh while somebody looks, and moves the end of the range along when that is wanted.
//!
//! What was read while it was young is read again until it is final; see `CellState::Settling`. How often is a matter of
//! courtesy: each round costs a call for every settling cell.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use crate::domain::time_range::TimeRange;

use super::App;
use super::effect::Effect;

#[derive(Debug)]
pub struct Watch {
    following: bool,
    /// When the newest minutes were last asked for.
    asked_at: DateTime<Utc>,
}

/// Between two rounds, when nobody waits for news, and when somebody does.
const UNHURRIED: TimeDelta = TimeDelta::seconds(60);
const FOLLOWING: TimeDelta = TimeDelta::seconds(10);
/// More of it for each cell, so that however many there are, no more than twenty calls a second are made for this.
const PER_CELL: TimeDelta = TimeDelta::milliseconds(50);

impl Watch {
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { following: false, asked_at: now }
    }

    fn interval(&self, settling: usize) -> TimeDelta {
        let least = if self.following { FOLLOWING } else { UNHURRIED };
        least.max(PER_CELL * i32::try_from(settling).unwrap_or(i32::MAX))
    }

    /// Whether it is time for another round over `settling` cells.
    fn is_due(&self, now: DateTime<Utc>, settling: usize) -> bool {
        (self.following || settling > 0) && now >= self.asked_at + self.interval(settling)
    }
}

impl App {
    /// Whether the end of the range moves with the clock.
    pub fn is_following(&self) -> bool {
        self.watch.following
    }

    pub(super) fn tick(&mut self, now: DateTime<Utc>) -> Vec<Effect> {
        self.now = now;
        let settling = self.view().map_or(0, |view| view.ledger.total().settling);
        if self.tenancy.is_none() || !self.watch.is_due(now, settling) {
            return Vec::new();
        }
        self.watch.asked_at = now;
        self.round()
    }

    /// What has passed since it was asked, and what may have grown.
    pub(super) fn round(&mut self) -> Vec<Effect> {
        let mut effects = if self.watch.following { self.move_along() } else { self.padding_passed() };
        effects.push(Effect::RefreshTail);
        effects
    }

    pub(super) fn toggle_follow(&mut self) -> Vec<Effect> {
        if self.refuses("no new ones will come") {
            return Vec::new();
        }
        self.watch.following = !self.watch.following;
        self.watch.asked_at = self.now;
        if !self.watch.following || self.tenancy.is_none() {
            return Vec::new();
        }
        let mut effects = self.move_along();
        effects.push(Effect::RefreshTail);
        effects
    }

    /// Another range was chosen: it stays where it is; or it goes on from there.
    pub(super) fn set_following(&mut self, following: bool) {
        self.watch.following = following;
    }

    /// Minutes behind the range in which events of it may have been processed have passed since they were asked for.
    fn padding_passed(&mut self) -> Vec<Effect> {
        let before = self.window;
        self.renew_window();
        if self.window == before || !self.was_asked() {
            return Vec::new();
        }
        self.select().into_iter().chain([self.request(self.range)]).collect()
    }

    /// The range ends with the minute that is running, so that it changes once a minute and holds what happens meanwhile.
    fn move_along(&mut self) -> Vec<Effect> {
        let end = minute_after(self.now);
        if end <= self.range.end() {
            return self.fetch_ahead().into_iter().collect();
        }
        let Some(range) = TimeRange::new(self.range.start(), end) else { return Vec::new() };
        self.range = range;
        self.range_moved()
    }
}

fn minute_after(now: DateTime<Utc>) -> DateTime<Utc> {
    now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now) + TimeDelta::minutes(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::message::Message;
    use crate::app::testing::{Stage, ledger};
    use crate::domain::ledger::Change;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn rounds_come_more_often_when_followed_and_never_faster_than_twenty_calls_a_second() {
        let began = at("2026-03-14T14:00:00Z");
        let mut watch = Watch::new(began);
        let after = |watch: &Watch, seconds, cells| watch.is_due(began + TimeDelta::seconds(seconds), cells);
        assert!(!after(&watch, 3_600, 0), "nothing is settling");
        assert!(!after(&watch, 59, 52) && after(&watch, 60, 52));
        watch.following = true;
        assert!(!after(&watch, 9, 52) && after(&watch, 10, 52) && after(&watch, 10, 0));
        assert!(!after(&watch, 999, 20_000) && after(&watch, 1_000, 20_000));
    }

    /// What the clock makes it ask for, without the rows.
    fn ticked(stage: &mut Stage, at_time: &str) -> Vec<Effect> {
        stage.effects.clear();
        stage.send(Message::Clock(at(at_time)));
        stage.effects.retain(|effect| matches!(effect, Effect::Fetch(_) | Effect::RefreshTail));
        std::mem::take(&mut stage.effects)
    }

    #[test]
    fn what_is_settling_is_read_again_by_itself_and_what_is_final_is_not() {
        let young = Change::Complete { at: at("2026-03-14T14:05:00Z") };
        let mut stage = Stage::new(ledger(&[("root", 0, young)]));
        assert_eq!(ticked(&mut stage, "2026-03-14T14:03:00Z"), []);
        let effects = ticked(&mut stage, "2026-03-14T14:03:20Z");
        let [Effect::Fetch(padding), Effect::RefreshTail] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(padding.range, stage.app.range());
        assert_eq!(ticked(&mut stage, "2026-03-14T14:04:19Z"), []);
        assert_eq!(ticked(&mut Stage::new(ledger(&[])), "2026-03-14T15:00:00Z"), []);
    }

    #[test]
    fn following_moves_the_end_of_the_range_and_asks_whole_hours_ahead() {
        let mut stage = Stage::new(ledger(&[]));
        ticked(&mut stage, "2026-03-14T14:10:20Z");
        stage.keys("F");
        assert_eq!(stage.app.range().end(), at("2026-03-14T14:11:00Z"));
        let effects = ticked(&mut stage, "2026-03-14T14:11:05Z");
        assert_eq!(stage.app.range().end(), at("2026-03-14T14:12:00Z"));
        let [Effect::Fetch(request), Effect::RefreshTail] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(request.range.end(), at("2026-03-14T15:00:00Z"));
        // A range of one's own stays where it is.
        stage.keys("t <tab> 2");
        assert!(!stage.app.is_following());
        stage.keys("F F");
        assert!(!stage.app.is_following());
    }

    #[test]
    fn ends_lie_behind_the_instant() {
        assert_eq!(minute_after(at("2026-03-14T14:02:11Z")), at("2026-03-14T14:03:00Z"));
        assert_eq!(minute_after(at("2026-03-14T14:02:00Z")), at("2026-03-14T14:03:00Z"));
    }
}
