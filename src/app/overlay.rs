//! Overlay: the one dialog that is open, if any.

use super::column_chooser::ColumnChooser;
use super::copy_menu::CopyMenu;
use super::help::Help;
use super::keymap::Focus;
use super::palette::Palette;
use super::time_popup::{Part, TimePopup};
use super::views::Views;

#[derive(Debug)]
pub enum Overlay {
    Help(Help),
    Time(TimePopup),
    Copy(CopyMenu),
    Columns(ColumnChooser),
    /// The machine keeps its state: it stays as it was when it is opened again.
    Coverage,
    /// As is that of the facets.
    Facets,
    Pivot,
    Palette(Palette),
    Views(Views),
}

impl Overlay {
    pub fn focus(&self) -> Focus {
        match self {
            Self::Help(_) => Focus::Help,
            Self::Time(popup) if popup.part == Part::Calendar => Focus::Calendar,
            Self::Time(_) => Focus::Time,
            Self::Copy(_) => Focus::Copy,
            Self::Columns(_) => Focus::Columns,
            Self::Coverage => Focus::Coverage,
            Self::Facets => Focus::Facets,
            Self::Pivot => Focus::Pivot,
            Self::Palette(_) => Focus::Palette,
            Self::Views(views) if views.naming.is_some() => Focus::Prompt,
            Self::Views(_) => Focus::Views,
        }
    }

    /// What lay under a dialog that was opened from there, where that was a dialog itself.
    pub fn below(from: Focus) -> Option<Self> {
        match from {
            Focus::Coverage => Some(Self::Coverage),
            Focus::Facets => Some(Self::Facets),
            Focus::Pivot => Some(Self::Pivot),
            Focus::Views => Some(Self::Views(Views::default())),
            _ => None,
        }
    }
}
