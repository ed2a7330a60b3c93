//! The events: which one the cursor is on, however many arrive above it.

use crate::app::action::Action;
use crate::app::view::View;
use crate::app::viewport::Viewport;
use crate::index::EventKey;

#[derive(Debug, Default)]
pub struct ListPane {
    view: Viewport,
    key: Option<EventKey>,
    /// Where the cursor shall go as soon as the rows have it.
    held: Option<Place>,
    column: ListColumn,
}

/// An event, and the line of the screen on which it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub key: EventKey,
    pub line: usize,
}

/// A column whose value can be copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ListColumn {
    Time,
    Status,
    User,
    #[default]
    Event,
    Resource,
    Region,
}

impl ListColumn {
    pub const ALL: [Self; 6] = [Self::Time, Self::Status, Self::User, Self::Event, Self::Resource, Self::Region];

    fn moved(self, right: bool) -> Self {
        let at = Self::ALL.iter().position(|column| *column == self).unwrap_or_default();
        let to = if right { at + 1 } else { at.saturating_sub(1) };
        Self::ALL.get(to).copied().unwrap_or(self)
    }
}

impl ListPane {
    pub fn viewport(&self) -> &Viewport {
        &self.view
    }

    pub fn column(&self) -> ListColumn {
        self.column
    }

    /// The event under the cursor.
    pub fn key(&self) -> Option<EventKey> {
        self.key
    }

    pub fn resize(&mut self, rows: u16, view: Option<&View>) {
        self.view.resize(rows, view.map_or(0, View::matched));
    }

    /// The rows have changed. The cursor stays on its event and on its line of the screen; at the top it stays at the
    /// top, because that is where the newest arrives.
    pub fn follow(&mut self, view: &View) {
        let len = view.matched();
        let here = self.place().filter(|_| self.view.cursor > 0);
        if let Some(place) = self.held.or(here)
            && let Some(rank) = view.rank_near(place.key)
        {
            self.view.cursor = rank;
            self.view.offset = rank.saturating_sub(place.line);
        }
        self.view.settle(len);
        self.key = view.key(self.view.cursor);
        // While events are still being searched, the one that is held may yet be found.
        self.held = self.held.filter(|held| self.key != Some(held.key) && !view.selection.is_complete());
    }

    /// Where the cursor is.
    pub fn place(&self) -> Option<Place> {
        Some(Place { key: self.key?, line: self.view.cursor.saturating_sub(self.view.offset) })
    }

    /// With the next rows the cursor goes to this event, or where it would stand, even from the top.
    pub fn hold(&mut self, place: Place) {
        self.held = Some(place);
    }

    pub fn act(&mut self, action: Action, view: &View) -> bool {
        let len = view.matched();
        match action {
            Action::MoveLeft | Action::MoveRight => self.column = self.column.moved(action == Action::MoveRight),
            Action::NextFailed => self.seek_failed(view, true),
            Action::PreviousFailed => self.seek_failed(view, false),
            _ if !self.view.act(action, len) => return false,
            _ => {}
        }
        self.held = None;
        self.key = view.key(self.view.cursor);
        true
    }

    /// Puts the cursor on the next failed event, where there is one.
    fn seek_failed(&mut self, view: &View, forward: bool) {
        let found = view.selection.next_failed(self.view.cursor, forward);
        if let Some(rank) = found {
            self.view.move_to(rank, view.matched());
        }
    }
}
