//! Prompt: the line of text that is being typed, and what it is for.

use crate::query::ParseError;

use super::completing::Choices;
use super::line::LineEditor;

#[derive(Debug)]
pub struct Prompt {
    pub purpose: Purpose,
    pub line: LineEditor,
    /// What Esc restores.
    pub before: String,
    /// Why what is typed is no query; what is shown is then the answer to the last text that was one.
    pub fault: Option<Fault>,
    /// How many steps back in the list of earlier queries the line is.
    pub(super) recalled: usize,
    /// What Tab found, until something else is typed.
    pub choices: Option<Choices>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    FilterEvents,
    FindCompartment,
    FindInDetail,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be read.
    Wrong(ParseError),
    /// A file of values that it names is being read.
    Waiting,
}

impl Prompt {
    /// The filter is edited; a search starts anew.
    pub fn new(purpose: Purpose, before: &str) -> Self {
        let text = if purpose == Purpose::FilterEvents { before } else { "" };
        Self {
            purpose,
            line: LineEditor::new(text),
            before: before.to_owned(),
            fault: None,
            recalled: 0,
            choices: None,
        }
    }

    /// Why what is typed is no query.
    pub fn wrong(&self) -> Option<&ParseError> {
        match &self.fault {
            Some(Fault::Wrong(error)) => Some(error),
            _ => None,
        }
    }
}
