//! The one place of this room that reads the time of day.

use chrono::{DateTime, Utc};

/// The time of day, now.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Where requests take their date from: the system, or an instant at which a test stopped it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    #[default]
    System,
    Frozen(DateTime<Utc>),
}

impl Clock {
    pub fn now(self) -> DateTime<Utc> {
        match self {
            Self::System => now(),
            Self::Frozen(instant) => instant,
        }
    }
}
