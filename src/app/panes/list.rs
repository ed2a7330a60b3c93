//! The events: which one the cursor is on, however many arrive above it.

use crate::app::action::Action;
use crate::app::view::View;
use crate::app::viewport::Viewport;
use crate::index::EventKey;
use crate::query::Field;

#[derive(Debug, Default)]
pub struct ListPane {
    view: Viewport,
    key: Option<EventKey>,
    column: ListColumn,
    /// The cursor was put on its event: it stays there, also at the top, until it is moved.
    stays: bool,
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

    /// What is asked of an event that has the same there; of the time it is not a field.
    pub fn field(self) -> Option<Field> {
        Some(match self {
            Self::Time => return None,
            Self::Status => Field::Status,
            Self::User => Field::User,
            Self::Event => Field::Event,
            Self::Resource => Field::Resource,
            Self::Region => Field::Region,
        })
    }

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
        let line = self.view.cursor.saturating_sub(self.view.offset);
        if (self.view.cursor > 0 || self.stays)
            && let Some(rank) = self.key.and_then(|key| view.rank_near(key))
        {
            self.view.cursor = rank;
            self.view.offset = rank.saturating_sub(line);
        }
        self.view.settle(len);
        self.key = view.key(self.view.cursor);
    }

    /// Puts the cursor on an event, on this line of the screen, when the next rows come.
    pub fn go_to(&mut self, key: EventKey, line: usize) {
        self.key = Some(key);
        self.view.cursor = self.view.offset + line;
        self.stays = true;
    }

    pub fn act(&mut self, action: Action, view: &View) -> bool {
        let len = view.matched();
        self.stays &= matches!(action, Action::MoveLeft | Action::MoveRight);
        match action {
            Action::MoveLeft | Action::MoveRight => self.column = self.column.moved(action == Action::MoveRight),
            Action::NextFailed => self.seek_failed(view, true),
            Action::PreviousFailed => self.seek_failed(view, false),
            _ if !self.view.act(action, len) => return false,
            _ => {}
        }
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
