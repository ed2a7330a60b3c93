//! What the machine is told when it starts.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::region::RegionId;
use crate::domain::time_range::TimeRange;

/// Everything that was decided before the first frame, by arguments, configuration and defaults.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The profile of the OCI configuration, as the user names it.
    pub profile: String,
    /// Where requests go when that was overridden; shown on screen. `None` for the real endpoints and for the demo.
    pub endpoint: Option<String>,
    pub demo: bool,
    pub range: TimeRange,
    pub scope: ScopeRequest,
    pub access: AccessFilter,
    pub zone: Zone,
    pub glyphs: Glyphs,
    /// How much later than `eventTime` an event may be processed; see `FetchWindow`.
    pub padding: TimeDelta,
    pub now: DateTime<Utc>,
}

/// Which part of the tenancy was asked for, before it is known what the tenancy holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeRequest {
    /// Empty: every subscribed region.
    pub regions: Vec<RegionId>,
    /// OCIDs, paths or names; resolved once the tree is known. Empty: every compartment.
    pub compartments: Vec<String>,
    /// Leave out what lies below the named compartments.
    pub no_subtree: bool,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Zone {
    #[default]
    Utc,
    /// The zone of this computer.
    Local,
    /// How long ago, counted from the clock's last message.
    Relative,
}

impl Zone {
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Utc => Self::Local,
            Self::Local => Self::Relative,
            Self::Relative => Self::Utc,
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
