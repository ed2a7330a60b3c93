//! Around this event: everything that happened in the scope about the same time, whatever the filters say; and back to
//! the place one came from.

use crate::domain::time_phrase::parse_range;
use crate::domain::time_range::TimeRange;
use crate::index::EventKey;
use crate::query::Order;

use super::App;
use super::effect::Effect;
use super::files::FilesSeen;
use super::filters::Filters;
use super::panes::list::Place;

/// How far either side, in the words of the time popup; one key goes through them.
const REACHES: [&str; 4] = ["1m", "5m", "15m", "1h"];

#[derive(Clone, Debug)]
pub struct Around {
    /// The event in the middle.
    event: EventKey,
    reach: usize,
    /// Where Esc goes back to.
    before: Before,
}

#[derive(Clone, Debug)]
struct Before {
    filters: Filters,
    range: TimeRange,
    /// Of files: the range was whatever they span.
    all_times: bool,
    following: bool,
    order: Order,
    place: Option<Place>,
}

impl Around {
    pub fn event(&self) -> EventKey {
        self.event
    }

    /// Such as `5m`.
    pub fn reach(&self) -> &'static str {
        REACHES.get(self.reach).copied().unwrap_or_default()
    }

    /// The same event again reaches further; another one begins anew.
    fn next(before: Option<Self>, event: EventKey, otherwise: impl FnOnce() -> Before) -> Self {
        match before {
            Some(around) if around.event == event => Self { reach: (around.reach + 1) % REACHES.len(), ..around },
            Some(around) => Self { event, reach: 0, before: around.before },
            None => Self { event, reach: 0, before: otherwise() },
        }
    }
}

impl App {
    /// The event around which everything is shown, if so.
    pub fn around(&self) -> Option<&Around> {
        self.around.as_ref()
    }

    /// Whether nothing of what happened around the event is left out.
    pub fn is_unfiltered(&self) -> bool {
        self.filters == Filters::none()
    }

    pub(super) fn look_around(&mut self) -> Vec<Effect> {
        let Some(place) = self.list.place() else { return self.fail("no event is selected") };
        if place.key.time().is_none() {
            return self.fail("this event has no time");
        }
        let before = || Before {
            filters: self.filters.clone(),
            range: self.range,
            all_times: self.files.as_ref().is_some_and(FilesSeen::all_times),
            following: self.is_following(),
            order: self.order,
            place: Some(place),
        };
        let around = Around::next(self.around.clone(), place.key, before);
        let Ok(range) = parse_range(&format!("event~{}", around.reach()), &self.anchors()) else {
            return self.fail("this event is in the future");
        };
        self.filters = Filters::none();
        self.order = Order::default();
        self.list.hold(place);
        let effects = self.change_range(range);
        self.around = Some(around);
        effects
    }

    /// Back to where one came from, filters and all.
    pub(super) fn leave_around(&mut self) -> Vec<Effect> {
        let Some(Around { before, .. }) = self.around.take() else { return Vec::new() };
        self.filters = before.filters;
        self.order = before.order;
        if let Some(place) = before.place {
            self.list.hold(place);
        }
        match before.all_times {
            true => self.all_of_files(),
            false => self.range = before.range,
        }
        self.set_following(before.following);
        self.range_changed()
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
