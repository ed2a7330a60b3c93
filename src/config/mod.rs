//! The program's own configuration: where its files are, and what they say, each value with its origin.
//!
//! Two files are read: the user's, and `.auditui.toml` in the directory of the work at hand. The latter may come from
//! somebody else, so it may say which keys do what and nothing more. No file is needed, no value is a secret, and a file that
//! cannot be understood stops nothing by itself: it is told in [`Config::findings`], with the line and what to do.

mod known;
mod origin;
mod places;
mod read;
mod template;

pub use known::{KNOWN, Known, Shape};
pub use origin::Origin;
pub use places::{File, Places, directory};
pub use template::write_default;

use std::fmt;
use std::path::PathBuf;

use crate::domain::text::clean;

/// What the files say.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The values that are set.
    pub settings: Vec<Setting>,
    pub preset: Option<(String, Origin)>,
    /// Changes to the keys, in the order in which they are to be made.
    pub keys: Vec<KeyLine>,
    pub findings: Vec<Finding>,
    /// The files that were looked for, and what became of that.
    pub files: Vec<(File, State)>,
}

/// A value that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub known: &'static Known,
    /// As they would be typed on the command line.
    pub values: Vec<String>,
    pub origin: Origin,
}

/// What a key shall do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLine {
    pub focus: String,
    pub key: String,
    /// The name of an action; `None` for nothing.
    pub run: Option<String>,
    pub origin: Origin,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Read,
    /// As it may.
    Missing,
    /// Nothing of it could be used.
    Broken,
}

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether what was meant cannot be done; else it is of no effect, and that is all.
    pub is_error: bool,
    pub path: PathBuf,
    pub line: Option<usize>,
    /// Harmless for a terminal, whatever the file holds.
    pub what: String,
    /// What to do about it, where that is not plain.
    pub remedy: &'static str,
}

impl Finding {
    /// The file and the line, as an [`Origin`] tells them.
    pub fn place(&self) -> String {
        let path = clean(&self.path.display().to_string()).into_owned();
        match self.line {
            Some(line) => format!("{path} line {line}"),
            None => path,
        }
    }

    /// For a line of the screen: the file by its name alone, and what is wrong.
    pub fn short(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let line = self.line.map(|line| format!(" line {line}")).unwrap_or_default();
        format!("{}{line}: {}", clean(&name), self.what)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{}", self.place(), self.what, self.remedy)
    }
}

impl Config {
    /// Reads what is there.
    pub fn load(places: &Places) -> Self {
        let mut config = Self::default();
        // The user's keys first: what the project says about the same key comes after them.
        for file in places.files() {
            let state = config.take(&file);
            config.files.push((file, state));
        }
        config
    }

    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.is_error)
    }

    /// Whether a file could not be used at all: what was in force before is the better guess.
    pub fn is_broken(&self) -> bool {
        self.files.iter().any(|(_, state)| *state == State::Broken)
    }

    pub fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.known.name == name)
    }
}
