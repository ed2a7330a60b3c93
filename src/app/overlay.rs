//! Overlay: the one dialog that is open, if any.

use super::help::Help;
use super::keymap::Focus;
use super::time_popup::TimePopup;

#[derive(Debug)]
pub enum Overlay {
    Help(Help),
    Time(TimePopup),
    Copy,
    /// The machine keeps its state: it stays as it was when it is opened again.
    Coverage,
    /// As is that of the facets.
    Facets,
    Pivot,
}

impl Overlay {
    pub fn focus(&self) -> Focus {
        match self {
            Self::Help(_) => Focus::Help,
            Self::Time(_) => Focus::Time,
            Self::Copy => Focus::Copy,
            Self::Coverage => Focus::Coverage,
            Self::Facets => Focus::Facets,
            Self::Pivot => Focus::Pivot,
        }
    }
}
