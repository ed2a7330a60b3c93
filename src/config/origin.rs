//! Origin: who says so.

use std::fmt;
use std::path::PathBuf;

use crate::domain::text::clean;

/// Where a value comes from; what stands earlier wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An option of the command line, without its dashes.
    Flag(String),
    /// A variable of the environment.
    Variable(String),
    /// `.auditui.toml`, and the line.
    Project(PathBuf, usize),
    /// The user's file, and the line.
    User(PathBuf, usize),
    /// What the OCI configuration says, in words.
    Oci(String),
    Default,
}

impl Origin {
    /// The line of a file that it is.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Project(_, line) | Self::User(_, line) => Some(*line),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "option --{name}"),
            Self::Variable(name) => write!(f, "environment {name}"),
            Self::Project(path, line) | Self::User(path, line) => {
                write!(f, "{} line {line}", clean(&path.display().to_string()))
            }
            Self::Oci(words) => f.write_str(words),
            Self::Default => f.write_str("default"),
        }
    }
}
