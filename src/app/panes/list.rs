//! The events: which one the cursor is on, however many arrive above it.

use crate::app::action::Action;
use crate::app::columns::{ColumnSet, DrawnColumns, ListColumn};
use crate::app::view::View;
use crate::app::viewport::Viewport;
use crate::index::EventKey;

#[derive(Debug, Default)]
pub struct ListPane {
    view: Viewport,
    key: Option<EventKey>,
    /// The event that the cursor was put on, and on which line of the screen: it stays there, also at the top and while that
    /// is still being searched, until it is moved.
    held: Option<(EventKey, usize)>,
    columns: ColumnSet,
    column: ListColumn,
    /// Columns that there was room for.
    drawn: DrawnColumns,
}

impl ListPane {
    pub fn viewport(&self) -> &Viewport {
        &self.view
    }

    pub fn column(&self) -> ListColumn {
        self.column
    }

    pub fn columns(&self) -> &ColumnSet {
        &self.columns
    }

    /// The cell cursor stays where it is, or goes to the event's name.
    pub fn show_columns(&mut self, columns: ColumnSet) {
        self.columns = columns;
        if !self.columns.shown().any(|column| column == self.column) {
            self.column = ListColumn::default();
        }
    }

    /// The event under the cursor.
    pub fn key(&self) -> Option<EventKey> {
        self.key
    }

    pub fn resize(&mut self, rows: u16, drawn: DrawnColumns, view: Option<&View>) {
        self.drawn = drawn;
        self.view.resize(rows, view.map_or(0, View::matched));
    }

    /// The rows have changed. The cursor stays on its event and on its line of the screen; at the top it stays at the
    /// top, because that is where the newest arrives.
    pub fn follow(&mut self, view: &View) {
        let len = view.matched();
        let here = self.line().filter(|_| self.view.cursor > 0);
        if let Some((key, line)) = self.held.or(here)
            && let Some(rank) = view.rank_near(key)
        {
            self.view.cursor = rank;
            self.view.offset = rank.saturating_sub(line);
        }
        self.view.settle(len);
        self.key = view.key(self.view.cursor);
    }

    /// The event under the cursor, and its line of the screen.
    pub fn line(&self) -> Option<(EventKey, usize)> {
        Some((self.key?, self.view.cursor.saturating_sub(self.view.offset)))
    }

    /// Puts the cursor on an event, on this line of the screen, when the next rows come.
    pub fn go_to(&mut self, key: EventKey, line: usize) {
        self.held = Some((key, line));
    }

    pub fn act(&mut self, action: Action, view: &View) -> bool {
        let len = view.matched();
        match action {
            Action::MoveLeft | Action::MoveRight => {
                self.move_cell(action == Action::MoveRight);
                return true;
            }
            Action::NextFailed => self.seek_failed(view, true),
            Action::PreviousFailed => self.seek_failed(view, false),
            _ if !self.view.act(action, len) => return false,
            _ => {}
        }
        self.held = None;
        self.key = view.key(self.view.cursor);
        true
    }

    /// Scrolls by so many lines, the cursor staying on its event while that is in sight.
    pub fn scroll(&mut self, down: bool, lines: usize, view: &View) {
        (0..lines).for_each(|_| self.view.scroll(down, view.matched()));
        self.held = None;
        self.key = view.key(self.view.cursor);
    }

    /// Puts the cursor on the event at this rank, or on the last one.
    pub fn move_to(&mut self, rank: usize, view: &View) {
        self.view.move_to(rank, view.matched());
        self.held = None;
        self.key = view.key(self.view.cursor);
    }

    /// The cell cursor goes over what can be seen.
    fn move_cell(&mut self, right: bool) {
        let columns: Vec<ListColumn> = self.columns.shown().filter(|column| self.drawn.holds(*column)).collect();
        let at = columns.iter().position(|column| *column == self.column);
        let to = match (at, right) {
            (Some(at), true) => (at + 1).min(columns.len() - 1),
            (Some(at), false) => at.saturating_sub(1),
            (None, _) => columns.len().saturating_sub(1),
        };
        self.column = columns.get(to).copied().unwrap_or(self.column);
    }

    /// Puts the cursor on the next failed event, where there is one.
    fn seek_failed(&mut self, view: &View, forward: bool) {
        let found = view.selection.next_failed(self.view.cursor, forward);
        if let Some(rank) = found {
            self.view.move_to(rank, view.matched());
        }
    }
}
