//! The same value elsewhere in the list: seen where it stands, and gone to, without leaving anything out.

use super::App;
use super::action::Action;
use super::columns::ListColumn;
use super::effect::Effect;
use crate::domain::text::{clean_prefix, thousands};
use crate::index::{Column, RowView};
use crate::query::Field;

/// Rows that are looked at for one key.
const LOOKED: usize = 100_000;

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Highlight {
    shown: ListColumn,
    column: Column,
    value: String,
}

impl Highlight {
    /// Whether the row has the value, and this is where it stands.
    pub fn is_at(&self, row: &RowView<'_>, shown: ListColumn) -> bool {
        shown == self.shown && self.is_in(row)
    }

    fn is_in(&self, row: &RowView<'_>) -> bool {
        row.text(self.column) == self.value
    }
}

impl App {
    pub fn highlight(&self) -> Option<&Highlight> {
        self.highlight.as_ref()
    }

    /// Highlights the value under the cursor; what is highlighted already not any more.
    pub(super) fn toggle_highlight(&mut self) -> Vec<Effect> {
        let shown = self.list.column();
        let Some(column) = shown.field().and_then(Field::column) else {
            return self.fail("in this column there is no value to highlight");
        };
        let value = self.event_row().map(|row| row.text(column).to_owned()).unwrap_or_default();
        if value.is_empty() {
            return self.fail("there is no value to highlight here");
        }
        let highlight = Highlight { shown, column, value };
        if self.highlight.as_ref() == Some(&highlight) {
            self.highlight = None;
            return self.say("nothing is highlighted any more");
        }
        let (next, before) = (self.key(Action::NextHit), self.key(Action::PreviousHit));
        let value = clean_prefix(&highlight.value, 60).into_owned();
        self.highlight = Some(highlight);
        self.say(format!("highlighted: {value}  {next} and {before} go to the next and the one before"))
    }

    /// To the next row of the list that has the value.
    pub(super) fn seek_highlight(&mut self, forward: bool) -> Vec<Effect> {
        let (Some(highlight), Some(view)) = (&self.highlight, self.view.clone()) else {
            let key = self.key(Action::Highlight);
            return self.fail(format!("nothing is highlighted: {key} does that with the value under the cursor"));
        };
        let here = self.list.viewport().cursor;
        let ranks =
            if forward { here + 1..view.matched().min(here + 1 + LOOKED) } else { here.saturating_sub(LOOKED)..here };
        let mut found = view.rows(ranks.clone()).zip(ranks.clone()).filter(|(row, _)| highlight.is_in(row));
        let found = if forward { found.next() } else { found.last() }.map(|(_, rank)| rank);
        let Some(rank) = found else {
            let reached = if forward { ranks.end == view.matched() } else { ranks.start == 0 };
            let where_to = if forward { "below" } else { "above" };
            let within = if reached { String::new() } else { format!(" within {} rows", thousands(LOOKED as u64)) };
            return self.say(format!("no more of it {where_to}{within}"));
        };
        self.list.move_to(rank, &view);
        self.look_at_event()
    }
}

#[cfg(test)]
mod tests {
    use crate::app::testing::{Stage, ledger};

    #[test]
    fn the_same_value_is_gone_to_and_nothing_is_left_out() {
        let mut stage = Stage::new(ledger(&[]));
        stage.keys("w l l *");
        let said = stage.app.notice().unwrap().text();
        assert!(said.starts_with("highlighted: fra") || said.starts_with("highlighted: us-ashburn-1"), "{said}");
        let rows = stage.names().len();
        stage.keys("n");
        assert_eq!((stage.under_cursor().as_str(), stage.names().len()), ("DeleteLogGroup", rows));
        stage.keys("n n n");
        assert_eq!(stage.under_cursor(), "UploadApiKey");
        assert!(stage.app.notice().unwrap().text().contains("no more of it below"));
        stage.keys("N N");
        assert_eq!(stage.under_cursor(), "DeleteLogGroup");
        stage.keys("n n");
        assert_eq!(stage.under_cursor(), "UploadApiKey");
        stage.keys("*");
        assert!(stage.app.highlight().is_none());
        stage.keys("n");
        assert!(stage.app.notice().unwrap().text().contains("nothing is highlighted"));
    }
}
