//! Counts: `12j` moves twelve lines.
//!
//! A single digit keeps its meaning: 1 to 3 go to a pane at once, 0 takes the whole scope. Only when another digit follows
//! soon is it the first one of a count; the pane that had the keys before has them again then. In the document digits
//! unfold levels, so nothing is counted there.

use chrono::{DateTime, TimeDelta, Utc};

use super::action::Action;
use super::brush::Brush;
use super::effect::Effect;
use super::key::KeyPress;
use super::keymap::Focus;
use super::look::Look;
use super::{App, Pane};

/// The digits so far.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    digits: u32,
    /// What the first digit changed, when it was typed: a pane that was gone to long ago is no count.
    undo: Option<Before>,
}

#[derive(Clone, Copy, Debug)]
struct Before {
    at: DateTime<Utc>,
    pane: Pane,
    look: Look,
    brush: Option<Brush>,
}

/// No list is longer.
const MOST: u32 = 9_999_999;
/// As often as anything but a line is repeated.
const REPEATS: u32 = 1_000;
const SOON: TimeDelta = TimeDelta::seconds(2);

impl App {
    /// The count that is being typed.
    pub fn count(&self) -> Option<u32> {
        self.count.filter(|count| count.undo.is_none()).map(|count| count.digits)
    }

    /// A key where digits may count. `None`: it is a key like any other.
    pub(super) fn press_digit(&mut self, key: KeyPress, action: Option<Action>) -> Option<Vec<Effect>> {
        let digit = key.typed().and_then(|c| c.to_digit(10)).filter(|_| self.can_count())?;
        let before = self.count.take().filter(|count| count.undo.is_none_or(|before| self.now - before.at < SOON));
        if let Some(count) = before {
            if let Some(before) = count.undo {
                (self.focus, self.look, self.brush) = (before.pane, before.look, before.brush);
            }
            self.count = Some(Count { digits: (count.digits * 10 + digit).min(MOST), undo: None });
            return Some(Vec::new());
        }
        let undo = match action? {
            Action::Count => None,
            Action::FocusTree | Action::FocusList | Action::FocusDetail => {
                Some(Before { at: self.now, pane: self.focus, look: self.look, brush: self.brush })
            }
            _ => return None,
        };
        let effects = action.filter(|_| undo.is_some()).map(|action| self.act(action)).unwrap_or_default();
        self.count = Some(Count { digits: digit, undo });
        Some(effects)
    }

    fn can_count(&self) -> bool {
        matches!(self.key_focus(), Focus::Tree | Focus::List | Focus::Detail | Focus::Histogram)
    }

    /// As often as was said before it, where it can be repeated.
    pub(super) fn act_counted(&mut self, action: Action) -> Vec<Effect> {
        let Some(count) = self.count.take().filter(|count| count.undo.is_none()) else { return self.act(action) };
        match action {
            Action::Cancel => Vec::new(),
            Action::Top | Action::Bottom if self.key_focus() == Focus::List => self.go_to_row(count.digits),
            _ if is_motion(action) => {
                let repeats = if is_line(action) { count.digits } else { count.digits.min(REPEATS) };
                self.repeat(action, repeats)
            }
            _ => self.act(action),
        }
    }

    /// Of the events passed over none is read.
    fn repeat(&mut self, action: Action, times: u32) -> Vec<Effect> {
        if let (true, Focus::List, Some(view)) = (is_line(action), self.key_focus(), self.view.clone()) {
            let here = self.list.viewport().cursor;
            let by = times as usize;
            let to = if action == Action::LineDown { here.saturating_add(by) } else { here.saturating_sub(by) };
            self.list.move_to(to, &view);
            return self.look_at_event();
        }
        let mut effects = Vec::new();
        for _ in 0..times.min(REPEATS) {
            effects.retain(|effect| !matches!(effect, Effect::LoadEvent(_)));
            effects.extend(self.act(action));
        }
        effects
    }

    /// Counted from 1, as people do.
    fn go_to_row(&mut self, row: u32) -> Vec<Effect> {
        let Some(view) = self.view.clone() else { return Vec::new() };
        self.list.move_to((row as usize).saturating_sub(1), &view);
        self.look_at_event()
    }
}

fn is_line(action: Action) -> bool {
    matches!(action, Action::LineDown | Action::LineUp)
}

fn is_motion(action: Action) -> bool {
    is_line(action)
        || matches!(
            action,
            Action::MoveLeft
                | Action::MoveRight
                | Action::HalfPageDown
                | Action::HalfPageUp
                | Action::PageDown
                | Action::PageUp
                | Action::ScrollDetailDown
                | Action::ScrollDetailUp
                | Action::NextHit
                | Action::PreviousHit
                | Action::NextFailed
                | Action::PreviousFailed
                | Action::NextMark
                | Action::PreviousMark
                | Action::ExtendLeft
                | Action::ExtendRight
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::message::Message;
    use crate::app::testing::Stage;
    use crate::app::tests::stage;

    fn cursor(stage: &Stage) -> usize {
        stage.app.list().viewport().cursor
    }

    #[test]
    fn a_count_repeats_a_motion() {
        let mut stage = stage();
        assert_eq!(stage.keys("4").app.count(), Some(4));
        assert_eq!((cursor(stage.keys("j")), stage.app.count()), (4, None));
        assert_eq!(cursor(stage.keys("j")), 5, "once");
        assert_eq!(cursor(stage.keys("1 0 k")), 0, "the 0 belongs to the number");
        assert_eq!(cursor(stage.keys("9 9 9 9 9 9 9 9 9 j")), 10);
        assert_eq!(cursor(stage.keys("7 G")), 6, "rows are counted from 1");
        assert_eq!(cursor(stage.keys("4 <esc> j")), 7);
        assert!(!stage.keys("5 q").app.setup().demo && stage.app.should_quit(), "no motion, no count");
    }

    #[test]
    fn one_event_is_read_however_many_are_passed() {
        let mut stage = stage();
        stage.effects.clear();
        stage.keys("1 0 j");
        assert_eq!(stage.effects.iter().filter(|effect| matches!(effect, Effect::LoadEvent(_))).count(), 1);
    }

    #[test]
    fn a_single_digit_goes_to_its_pane_and_a_second_one_takes_that_back() {
        let mut stage = stage();
        stage.keys("1");
        assert_eq!((stage.app.pane(), stage.app.count()), (Pane::Tree, None));
        stage.keys("j");
        assert_eq!((stage.app.pane(), cursor(&stage)), (Pane::Tree, 0), "not a count");
        stage.keys("2 1 2");
        assert_eq!((stage.app.pane(), stage.app.count()), (Pane::Tree, Some(212)));
        stage.keys("<esc> 2 3 1 <esc>");
        assert_eq!(stage.app.pane(), Pane::Tree, "the pane before the first digit");
        assert!(!stage.keys("2 3").app.look().detail_open);
    }

    #[test]
    fn panes_chosen_at_leisure_are_no_count() {
        let mut stage = stage();
        stage.keys("1");
        stage.send(Message::Clock(stage.app.now() + TimeDelta::seconds(3)));
        stage.keys("2");
        assert_eq!((stage.app.pane(), stage.app.count()), (Pane::List, None));
    }

    #[test]
    fn digits_mean_levels_in_the_document_and_nothing_is_counted_while_typing() {
        let mut stage = stage();
        stage.keys("<enter> <enter> 4");
        assert_eq!((stage.app.key_focus(), stage.app.count()), (Focus::Json, None));
        stage.keys("[ q /").typed("40");
        assert_eq!((stage.app.prompt().unwrap().line.text().as_str(), stage.app.count()), ("40", None));
        stage.keys("<esc> t 4");
        assert_eq!(stage.app.count(), None);
    }

    #[test]
    fn zero_alone_still_takes_the_whole_scope() {
        let mut stage = stage();
        stage.keys("1 o");
        stage.keys("j o 0");
        assert!(stage.app.included().is_everything(stage.app.tenancy().unwrap()));
    }
}
