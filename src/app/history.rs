//! History: what was looked at before, and where in it the cursor stood.

use crate::domain::time_range::TimeRange;
use crate::index::EventKey;
use crate::query::Order;

use super::filters::Filters;
use super::included::Included;

/// As many steps back as anyone goes.
const LONGEST: usize = 200;

/// What is looked at, and the place in it.
#[derive(Clone, Debug)]
pub struct Place {
    pub filters: Filters,
    pub range: TimeRange,
    /// Of files: whether events of all times are shown, whatever the range.
    pub all_times: bool,
    pub included: Included,
    /// It was everything there was then: it is everything there is by now.
    pub everything: bool,
    pub order: Order,
    /// The event under the cursor, and its line of the screen.
    pub at: Option<(EventKey, usize)>,
}

impl Place {
    /// Whether the same is looked at, wherever the cursor is.
    fn shows_same(&self, other: &Self) -> bool {
        self.filters == other.filters
            && self.range == other.range
            && self.all_times == other.all_times
            && self.everything == other.everything
            && (self.everything || self.included == other.included)
    }
}

#[derive(Debug, Default)]
pub struct History {
    past: Vec<Place>,
    /// What was gone back from, the nearest last.
    future: Vec<Place>,
}

impl History {
    /// `left` is where the user was before looking at something else.
    pub fn leave(&mut self, left: Place) {
        self.future.clear();
        if self.past.last().is_some_and(|last| last.shows_same(&left)) {
            self.past.pop();
        }
        self.past.push(left);
        let over = self.past.len().saturating_sub(LONGEST);
        self.past.drain(..over);
    }

    /// Where to go from `here`; `None` where there is nothing further in that direction.
    pub fn travel(&mut self, here: Place, back: bool) -> Option<Place> {
        let (from, to) = if back { (&mut self.past, &mut self.future) } else { (&mut self.future, &mut self.past) };
        let there = std::iter::from_fn(|| from.pop()).find(|place| !place.shows_same(&here))?;
        to.push(here);
        Some(there)
    }

    /// Whether there is anything in that direction.
    pub fn reaches(&self, back: bool) -> bool {
        !if back { &self.past } else { &self.future }.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{Query, Term};

    fn place(terms: Vec<Term>) -> Place {
        Place {
            filters: Filters::new(crate::app::setup::AccessFilter::All, terms.into_iter().collect::<Query>()),
            range: TimeRange::ending_at(chrono::DateTime::UNIX_EPOCH, chrono::TimeDelta::hours(1)),
            all_times: false,
            included: Included::default(),
            everything: false,
            order: Order::default(),
            at: None,
        }
    }

    #[test]
    fn back_and_forth_and_a_new_way_forgets_the_old_one() {
        let (a, b, c) = (place(vec![]), place(vec![Term::Late]), place(vec![Term::Own]));
        let mut history = History::default();
        assert!(history.travel(a.clone(), true).is_none());
        history.leave(a.clone());
        history.leave(b.clone());
        let back = history.travel(c.clone(), true).unwrap();
        assert!(back.shows_same(&b));
        assert!(history.travel(back.clone(), false).unwrap().shows_same(&c));
        let back = history.travel(c.clone(), true).unwrap();
        let back = history.travel(back, true).unwrap();
        assert!(back.shows_same(&a) && !history.reaches(true) && history.reaches(false));
        history.leave(a.clone());
        assert!(history.travel(c, false).is_none(), "another way was taken");
    }

    #[test]
    fn places_that_show_the_same_are_one_step_and_there_is_an_end() {
        let mut history = History::default();
        history.leave(place(vec![]));
        history.leave(place(vec![]));
        assert!(history.travel(place(vec![]), true).is_none(), "nothing else would be shown");
        for n in 0..LONGEST * 2 {
            history.leave(place(if n % 2 == 0 { vec![] } else { vec![Term::Late] }));
        }
        assert_eq!(history.past.len(), LONGEST);
    }
}
