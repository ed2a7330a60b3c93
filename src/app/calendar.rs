//! [`Calendar`]: days picked with the arrows, one or from one to another.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::domain::time_phrase::RETENTION;

use super::action::Action;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The day under the cursor.
    pub cursor: NaiveDate,
    /// No day after it is there to pick.
    pub today: NaiveDate,
    first: Option<NaiveDate>,
    second: Option<NaiveDate>,
}

impl Calendar {
    pub fn new(cursor: NaiveDate, today: NaiveDate) -> Self {
        Self { cursor, today, first: None, second: None }.moved_to(cursor)
    }

    fn moved_to(self, day: NaiveDate) -> Self {
        Self { cursor: day.clamp(self.oldest(), self.today), ..self }
    }

    /// The oldest day of which Oracle has anything.
    fn oldest(&self) -> NaiveDate {
        self.today.checked_sub_signed(RETENTION).unwrap_or(self.today)
    }

    pub fn can_pick(&self, day: NaiveDate) -> bool {
        (self.oldest()..=self.today).contains(&day)
    }

    pub fn is_picked(&self, day: NaiveDate) -> bool {
        self.picked().is_some_and(|(first, last)| (first..=last).contains(&day))
    }

    /// By a day, a week, a month.
    pub fn act(&mut self, action: Action) {
        let day = self.cursor;
        let moved = match action {
            Action::MoveLeft => day.checked_sub_days(Days::new(1)),
            Action::MoveRight => day.checked_add_days(Days::new(1)),
            Action::LineUp => day.checked_sub_days(Days::new(7)),
            Action::LineDown => day.checked_add_days(Days::new(7)),
            Action::PageUp => day.checked_sub_months(Months::new(1)),
            Action::PageDown => day.checked_add_months(Months::new(1)),
            _ => None,
        };
        *self = self.moved_to(moved.unwrap_or(day));
    }

    /// Picks the day under the cursor, as another end of what is picked where that is one day. `true` when it was picked
    /// last: nothing is left to pick.
    pub fn pick(&mut self) -> bool {
        let day = Some(self.cursor);
        match (self.first, self.second) {
            (first, None) if first == day => return true,
            (_, second) if second == day => return true,
            (Some(_), None) => self.second = day,
            _ => (self.first, self.second) = (day, None),
        }
        false
    }

    /// First and last day.
    fn picked(&self) -> Option<(NaiveDate, NaiveDate)> {
        let first = self.first?;
        let second = self.second.unwrap_or(first);
        Some((first.min(second), first.max(second)))
    }

    /// What is picked, as it would be typed. The end of a range is exclusive: the day after the last.
    pub fn phrase(&self) -> Option<String> {
        let (first, last) = self.picked()?;
        Some(match last.succ_opt().filter(|_| last < self.today) {
            _ if first == last => first.to_string(),
            Some(end) => format!("{first}..{end}"),
            None => format!("{first}.."),
        })
    }

    /// The weeks of the cursor's month, from Monday on; all seven days of each.
    pub fn weeks(&self) -> Vec<[NaiveDate; 7]> {
        let first = self.cursor.with_day(1).unwrap_or(self.cursor);
        let monday = first - Days::new(u64::from(first.weekday().num_days_from_monday()));
        let week = |number: u64| std::array::from_fn(|day| monday + Days::new(7 * number + day as u64));
        (0..6).map(week).filter(|days| days.iter().any(|day| self.is_in_month(*day))).collect()
    }

    pub fn is_in_month(&self, day: NaiveDate) -> bool {
        (day.year(), day.month()) == (self.cursor.year(), self.cursor.month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn calendar() -> Calendar {
        Calendar::new(day("2026-03-14"), day("2026-03-14"))
    }

    #[test]
    fn one_day_is_picked_then_another_makes_a_range_and_again_ends_it() {
        let mut calendar = calendar();
        calendar.act(Action::LineUp);
        assert!(!calendar.pick());
        assert_eq!(calendar.phrase().unwrap(), "2026-03-07");
        assert!(calendar.clone().pick(), "the same day again");
        calendar.act(Action::MoveLeft);
        calendar.act(Action::MoveLeft);
        assert!(!calendar.pick());
        assert_eq!(calendar.phrase().unwrap(), "2026-03-05..2026-03-08");
        assert!(calendar.is_picked(day("2026-03-06")) && !calendar.is_picked(day("2026-03-08")));
        assert!(calendar.clone().pick());
        calendar.act(Action::MoveRight);
        assert!(!calendar.pick());
        assert_eq!(calendar.phrase().unwrap(), "2026-03-06", "a third begins anew");
        calendar.act(Action::PageDown);
        assert!(!calendar.pick());
        assert_eq!(calendar.phrase().unwrap(), "2026-03-06..", "today is not over");
    }

    #[test]
    fn neither_the_future_nor_what_is_no_longer_kept_can_be_picked() {
        let mut calendar = calendar();
        calendar.act(Action::LineDown);
        assert_eq!(calendar.cursor, calendar.today);
        for _ in 0..20 {
            calendar.act(Action::PageUp);
        }
        assert_eq!(calendar.cursor, day("2025-03-14"));
    }

    #[test]
    fn a_month_is_whole_weeks() {
        let weeks = calendar().weeks();
        assert_eq!((weeks.len(), weeks[0][0], weeks[5][1]), (6, day("2026-02-23"), day("2026-03-31")));
        let february = Calendar::new(day("2026-02-10"), day("2026-03-14"));
        assert_eq!(february.weeks().len(), 5);
    }
}
