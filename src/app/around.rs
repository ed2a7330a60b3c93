//! Around this event: everything that happened in the scope about the same time, whatever the filters say; and back to
//! the place one came from.

use crate::domain::time_phrase::parse_range;
use crate::domain::time_range::TimeRange;
use crate::index::EventKey;
use crate::query::Order;

use super::App;
use super::effect::Effect;
use super::filters::Filters;
use super::history::Place;

/// How far either side, in the words of the time popup; one key goes through them.
const REACHES: [&str; 4] = ["1m", "5m", "15m", "1h"];

#[derive(Clone, Debug)]
pub struct Around {
    /// The event in the middle.
    event: EventKey,
    reach: usize,
    range: TimeRange,
    /// Where Esc goes back to.
    before: Place,
    /// Whether the end of the range moved with the clock there.
    following: bool,
}

impl Around {
    pub fn event(&self) -> EventKey {
        self.event
    }

    /// Such as `5m`.
    pub fn reach(&self) -> &'static str {
        REACHES.get(self.reach).copied().unwrap_or_default()
    }
}

impl App {
    /// The event around which everything is shown, if so: not once another range is looked at, whatever led there.
    pub fn around(&self) -> Option<&Around> {
        self.around.as_ref().filter(|around| around.range == self.range)
    }

    /// Whether nothing of what happened around the event is left out.
    pub fn is_unfiltered(&self) -> bool {
        self.filters == Filters::none()
    }

    /// The same event again reaches further; another one begins anew.
    pub(super) fn look_around(&mut self) -> Vec<Effect> {
        let Some(event) = self.list.key() else { return self.fail("no event is selected") };
        if event.time().is_none() {
            return self.fail("this event has no time");
        }
        let known = self.around().cloned();
        let reach = known.as_ref().filter(|around| around.event == event).map_or(0, |around| around.reach + 1);
        let reach = reach % REACHES.len();
        let words = format!("event~{}", REACHES[reach]);
        let Ok(range) = parse_range(&words, &self.anchors()) else {
            return self.fail("this event is in the future");
        };
        let here = || (self.place(), self.is_following());
        let (before, following) = known.map_or_else(here, |around| (around.before, around.following));
        self.history.leave(before.clone());
        self.around = Some(Around { event, reach, range, before, following });
        self.filters = Filters::none();
        self.order = Order::default();
        // What happened before and after it is to be seen.
        self.list.go_to(event, self.list.viewport().height / 2);
        self.change_range(range)
    }

    /// Back to where one came from, filters and all.
    pub(super) fn leave_around(&mut self) -> Vec<Effect> {
        let Some(Around { before, following, .. }) = self.around.take() else { return Vec::new() };
        let effects = self.go_to(before);
        self.set_following(following);
        effects
    }
}

#[cfg(test)]
mod tests {
    use crate::app::setup::AccessFilter;
    use crate::app::testing::{Stage, ledger, setup, snapshot};
    use crate::app::tests::{drawn, stage};

    fn line(stage: &Stage) -> usize {
        let view = stage.app.list().viewport();
        view.cursor - view.offset
    }

    #[test]
    fn everything_around_an_event_is_shown_and_the_cursor_stays_on_it() {
        let mut stage = stage();
        stage.keys("! /").typed("vnic");
        stage.keys("<enter> z");
        assert_eq!(stage.app.range().to_string(), "2026-03-14T13:48:55.318Z..2026-03-14T13:50:55.318Z");
        assert_eq!(stage.names(), ["ListBuckets", "CreateVnicAttachment"]);
        assert_eq!(stage.under_cursor(), "CreateVnicAttachment");
        assert!(stage.app.is_unfiltered());
        stage.keys("z");
        assert_eq!((stage.names().len(), stage.under_cursor().as_str()), (6, "CreateVnicAttachment"));
        stage.keys("z z");
        assert_eq!(stage.app.around().unwrap().reach(), "1h");
        assert_eq!(stage.app.range().end(), stage.app.now(), "nothing is asked of the future");
        assert_eq!(stage.keys("z").app.around().unwrap().reach(), "1m");
    }

    #[test]
    fn escape_and_q_come_back_to_the_place() {
        for back in ["<esc>", "q", "3 <esc> <esc>"] {
            let mut stage = stage();
            stage.keys("j j j j j j j k");
            let (event, at) = (stage.under_cursor(), line(&stage));
            stage.keys("z z j j").keys(back);
            assert_eq!((stage.under_cursor(), line(&stage)), (event, at), "{back}");
            assert_eq!((stage.app.range(), stage.app.filters().access), (setup().range, AccessFilter::default()));
            assert!(stage.app.around().is_none() && !stage.app.should_quit());
        }
    }

    #[test]
    fn another_event_is_looked_around_in_turn_and_a_chosen_range_stays() {
        let mut stage = stage();
        stage.keys("z z");
        stage.keys("j z");
        assert_eq!(stage.app.around().unwrap().reach(), "1m");
        assert_eq!(stage.keys("<esc>").under_cursor(), "DeleteUser");
        stage.keys("j z t <tab> 2");
        assert!(stage.app.around().is_none());
    }

    #[test]
    fn without_an_event_it_says_so() {
        let mut stage = Stage::with(setup(), snapshot(0), ledger(&[]));
        drawn(&mut stage, 5);
        stage.keys("z");
        assert!(stage.app.around().is_none() && stage.app.notice().is_some());
    }
}
