//! Prompt: the line of text that is being typed, and what it is for.

use super::line::LineEditor;

#[derive(Debug)]
pub struct Prompt {
    pub purpose: Purpose,
    pub line: LineEditor,
    /// What Esc restores.
    pub before: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    FilterEvents,
    FindCompartment,
    FindInDetail,
}

impl Prompt {
    /// The filter is edited; a search starts anew.
    pub fn new(purpose: Purpose, before: &str) -> Self {
        let text = if purpose == Purpose::FilterEvents { before } else { "" };
        Self { purpose, line: LineEditor::new(text), before: before.to_owned() }
    }
}
