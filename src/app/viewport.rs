//! Viewport: a cursor over numbered rows, and which of them are in sight.

use super::action::Action;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Viewport {
    pub cursor: usize,
    /// The first row in sight.
    pub offset: usize,
    /// Rows in sight; 0 before the first frame.
    pub height: usize,
}

impl Viewport {
    /// Moves the cursor over `len` rows; `false` when this action moves nothing.
    pub fn act(&mut self, action: Action, len: usize) -> bool {
        let page = self.height.max(1);
        let last = len.saturating_sub(1);
        self.cursor = match action {
            Action::LineDown => self.cursor.saturating_add(1),
            Action::LineUp => self.cursor.saturating_sub(1),
            Action::Top => 0,
            Action::Bottom => last,
            Action::HalfPageDown => self.cursor.saturating_add(page.div_ceil(2)),
            Action::HalfPageUp => self.cursor.saturating_sub(page.div_ceil(2)),
            Action::PageDown => self.cursor.saturating_add(page),
            Action::PageUp => self.cursor.saturating_sub(page),
            _ => return false,
        };
        self.settle(len);
        true
    }

    pub fn move_to(&mut self, row: usize, len: usize) {
        self.cursor = row;
        self.settle(len);
    }

    /// Scrolls without moving the cursor's row out of sight.
    pub fn scroll(&mut self, down: bool, len: usize) {
        let furthest = len.saturating_sub(self.height.max(1));
        self.offset = if down { (self.offset + 1).min(furthest) } else { self.offset.saturating_sub(1) };
        let bottom = self.offset + self.height.max(1) - 1;
        self.cursor = self.cursor.clamp(self.offset, bottom.max(self.offset)).min(len.saturating_sub(1));
    }

    /// Brings cursor and offset within `len` rows, the cursor in sight, and no empty rows below the last one.
    pub fn settle(&mut self, len: usize) {
        self.cursor = self.cursor.min(len.saturating_sub(1));
        let height = self.height.max(1);
        let lowest = (self.cursor + 1).saturating_sub(height);
        self.offset = self.offset.clamp(lowest, self.cursor.max(lowest)).min(len.saturating_sub(height));
    }

    pub fn resize(&mut self, height: u16, len: usize) {
        self.height = usize::from(height);
        self.settle(len);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOVES: [Action; 8] = [
        Action::LineDown,
        Action::LineUp,
        Action::Top,
        Action::Bottom,
        Action::HalfPageDown,
        Action::HalfPageUp,
        Action::PageDown,
        Action::PageUp,
    ];

    proptest! {
        #[test]
        fn the_cursor_is_always_in_sight(steps in prop::collection::vec((0usize..8, 0usize..50, 0u16..20), 1..40)) {
            let mut view = Viewport::default();
            for (step, len, height) in steps {
                view.resize(height, len);
                view.act(MOVES[step], len);
                view.scroll(step % 2 == 0, len);
                prop_assert!(view.cursor < len.max(1));
                prop_assert!(view.offset <= view.cursor && view.cursor < view.offset + view.height.max(1));
                prop_assert!(view.offset + view.height <= len.max(view.height));
            }
        }
    }
}
