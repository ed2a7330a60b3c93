//! Overlay: the one dialog that is open, if any.

use super::column_chooser::ColumnChooser;
use super::help::Help;
use super::keymap::Focus;
use super::time_popup::{Part, TimePopup};
use super::views::Views;

#[derive(Debug)]
pub enum Overlay {
    Help(Help),
    Time(TimePopup),
    Copy,
    Columns(ColumnChooser),
    /// The machine keeps its state: it stays as it was when it is opened again.
    Coverage,
    /// As is that of the facets.
    Facets,
    Pivot,
    Views(Views),
}

impl Overlay {
    pub fn focus(&self) -> Focus {
        match self {
            Self::Help(_) => Focus::Help,
            Self::Time(popup) if popup.part == Part::Calendar => Focus::Calendar,
            Self::Time(_) => Focus::Time,
            Self::Copy => Focus::Copy,
            Self::Columns(_) => Focus::Columns,
            Self::Coverage => Focus::Coverage,
            Self::Facets => Focus::Facets,
            Self::Pivot => Focus::Pivot,
            Self::Views(views) if views.naming.is_some() => Focus::Prompt,
            Self::Views(_) => Focus::Views,
        }
    }
}
