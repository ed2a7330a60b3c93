//! What every error becomes at the edge: a sentence, and what to do about it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What sort of problem it is; picks the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The command line, or the configuration, is missing or cannot be used.
    Usage,
    /// The key, token or credential is unusable or was refused, or the clock is too far off for it to be accepted.
    Authentication,
    /// The service says no, or says that the thing does not exist; it does not tell which (`NotAuthorizedOrNotFound`).
    Denied,
    /// The service asked us to slow down for longer than we are willing to wait.
    Throttled,
    /// The network, or a service that answers badly.
    Service,
    /// A file of ours could not be read or written.
    Io,
    /// Stopped on request.
    Interrupted,
}

impl ProblemKind {
    /// The process exit code when this problem ends the run (README lists them).
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Authentication => 4,
            Self::Denied => 5,
            Self::Throttled | Self::Service | Self::Io => 1,
            Self::Interrupted => 130,
        }
    }
}

/// A problem, told to a person: what happened, and what to do.
///
/// Text from outside (an answer's `message`, a file's content) must be made harmless before it gets in here; see
/// [`super::text::clean`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    pub kind: ProblemKind,
    /// One sentence, no full stop.
    pub what: String,
    /// What to do about it; may be several lines, may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// `opc-request-id` of the answer, for a ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    pub fn new(kind: ProblemKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), hint: String::new(), request_id: None }
    }

    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(ProblemKind::Usage, what)
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    #[must_use]
    pub fn request_id(mut self, id: Option<String>) -> Self {
        self.request_id = id;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(id) = &self.request_id {
            write!(f, " (opc-request-id {id})")?;
        }
        if !self.hint.is_empty() {
            write!(f, "\n{}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
