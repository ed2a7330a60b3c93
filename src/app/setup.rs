//! What the machine is told when it starts.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::problem::Problem;
use crate::domain::scope::ScopeRequest;
use crate::domain::time_range::TimeRange;
use crate::domain::zone::Zone;
use crate::query::Query;

use super::keymap::Keymap;
use super::saved::SavedView;

/// Everything that was decided before the first frame, by arguments, configuration and defaults.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The profile of the OCI configuration, as the user names it.
    pub profile: String,
    /// Where requests go when that was overridden; shown on screen. `None` for the real endpoints and for the demo.
    pub endpoint: Option<String>,
    pub demo: bool,
    /// The words of the command line that say who asks whom, for commands that ask the same.
    pub identity: Vec<String>,
    /// Where events come from files: what these are called.
    pub files: Option<FilesSetup>,
    pub range: TimeRange,
    pub scope: ScopeRequest,
    /// Whether a configuration or a variable says what is read where the command line says nothing: which places, how far
    /// behind. A command that shall read all of them must name them then.
    pub narrowed_by_default: bool,
    pub access: AccessFilter,
    /// Whether our own reads are shown.
    pub own_reads: bool,
    /// What is asked for beside that; everything, where nothing is.
    pub query: Query,
    /// Queries under a name.
    pub views: Vec<SavedView>,
    /// Where views are saved.
    pub views_directory: Option<PathBuf>,
    pub past: Past,
    pub zone: Zone,
    pub glyphs: Glyphs,
    /// The keys in force.
    pub keymap: Arc<Keymap>,
    /// What is wrong with the configuration; it stays on screen until it is mended.
    pub configuration: Option<Problem>,
    /// How much later than `eventTime` an event may be processed; see `FetchWindow`.
    pub padding: TimeDelta,
    /// Bytes of memory that what is held may take.
    pub max_memory: Option<u64>,
    pub now: DateTime<Utc>,
}

/// Files in place of a tenancy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilesSetup {
    /// The name of a file, or how many there are.
    pub name: String,
    /// As they were given on the command line.
    pub paths: Vec<String>,
    /// No range was asked for: the range is what the files span.
    pub all_times: bool,
}

/// What was asked in earlier runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Where queries are kept; `None`: nowhere.
    pub path: Option<PathBuf>,
    /// The newest last.
    pub queries: Vec<String>,
}

/// Which classes of events are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AccessFilter {
    /// What changes something, and sign-ins.
    #[default]
    WritesAndSessions,
    All,
    Reads,
}

impl AccessFilter {
    /// The order in which one key goes through them.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::WritesAndSessions => Self::All,
            Self::All => Self::Reads,
            Self::Reads => Self::WritesAndSessions,
        }
    }
}

/// In which terms instants are shown. What is stored, copied and printed stays UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    Wall(Zone),
    /// How long ago, counted from the clock's last message.
    Relative,
}

impl Clock {
    /// UTC, this computer's zone, relative, and around; a zone that was asked for by offset comes first.
    #[must_use]
    pub fn next(self, asked: Zone) -> Self {
        match (self, asked) {
            (Self::Wall(Zone::Utc), _) => Self::Wall(Zone::Local),
            (Self::Wall(Zone::Local), _) => Self::Relative,
            (Self::Relative, Zone::Fixed(_)) => Self::Wall(asked),
            (Self::Relative | Self::Wall(Zone::Fixed(_)), _) => Self::Wall(Zone::Utc),
        }
    }

    /// The zone in which times are typed, and shown where a length of time would not do.
    pub fn zone(self) -> Zone {
        match self {
            Self::Wall(zone) => zone,
            Self::Relative => Zone::Utc,
        }
    }
}

/// What our own marks and lines are drawn with; never the text of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Glyphs {
    #[default]
    Unicode,
    Ascii,
}
