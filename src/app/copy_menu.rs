//! The copy menu: a letter for each thing that can be copied, and a preview of what the cursor is on.

use super::App;
use super::action::Action;
use super::effect::Effect;
use super::keymap::{Binding, Focus, Keymap};
use super::overlay::Overlay;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyMenu {
    cursor: usize,
}

/// What belongs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyPart {
    Value,
    Ids,
    Event,
    Question,
}

impl CopyPart {
    pub const ALL: [Self; 4] = [Self::Value, Self::Ids, Self::Event, Self::Question];

    pub fn title(self) -> &'static str {
        match self {
            Self::Value => "VALUE UNDER THE CURSOR",
            Self::Ids => "IDENTIFIERS OF THE EVENT",
            Self::Event => "THE EVENT",
            Self::Question => "THE QUESTION",
        }
    }

    pub fn of(action: Action) -> Self {
        match action {
            Action::CopyValue | Action::CopyTerm | Action::CopyKey | Action::CopyPath => Self::Value,
            Action::CopyQuery | Action::CopyExport | Action::CopySearch | Action::CopyCalls => Self::Question,
            Action::CopyOcid
            | Action::CopyPrincipal
            | Action::CopyOperation
            | Action::CopyRequest
            | Action::CopyFingerprint => Self::Ids,
            _ => Self::Event,
        }
    }
}

/// The lines of the menu, part by part.
pub fn copies(keymap: &Keymap) -> Vec<&Binding> {
    let of_menu = |binding: &&Binding| binding.focus == Focus::Copy && binding.action.is_copy();
    let mut lines: Vec<&Binding> = keymap.bindings().iter().filter(of_menu).collect();
    lines.sort_by_key(|binding| CopyPart::ALL.iter().position(|part| *part == CopyPart::of(binding.action)));
    lines
}

impl CopyMenu {
    pub fn cursor(self) -> usize {
        self.cursor
    }
}

impl App {
    pub(super) fn open_copy_menu(&mut self) {
        if self.has_something_to_copy() {
            self.overlay = Some(Overlay::Copy(CopyMenu::default()));
        }
    }

    pub(super) fn act_in_copy_menu(&mut self, action: Action) -> Vec<Effect> {
        let keymap = std::sync::Arc::clone(&self.setup.keymap);
        let lines = copies(&keymap);
        let Some(Overlay::Copy(menu)) = &mut self.overlay else { return Vec::new() };
        match action {
            Action::LineDown => menu.cursor = (menu.cursor + 1) % lines.len().max(1),
            Action::LineUp => menu.cursor = menu.cursor.checked_sub(1).unwrap_or(lines.len().saturating_sub(1)),
            Action::Open => {
                let chosen = lines.get(menu.cursor).map(|binding| binding.action);
                self.overlay = None;
                return chosen.map(|action| self.copy(action)).unwrap_or_default();
            }
            Action::Cancel => self.overlay = None,
            action => {
                self.overlay = None;
                return self.copy(action);
            }
        }
        Vec::new()
    }

    /// Whether a copy would give something; what costs much is not made for it.
    pub fn can_copy(&self, action: Action) -> bool {
        match action {
            Action::CopyJson | Action::CopyLine | Action::CopyWholeJson => self.loaded().is_ok(),
            action => self.copy_of(action).is_ok(),
        }
    }
}
