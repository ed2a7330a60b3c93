//! What the calls of a fetch were like: how many, how they ended, how long they took, and how hard each region may be
//! asked.

use std::time::Duration;

use serde::Serialize;

use super::region::RegionId;

/// Since the fetch began.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    /// The user said to make no calls.
    pub paused: bool,
    #[serde(flatten)]
    pub calls: Calls,
    /// In the order of their names; only those that were asked.
    pub regions: Vec<RegionTraffic>,
}

/// One region's part.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionTraffic {
    pub region: RegionId,
    #[serde(flatten)]
    pub calls: Calls,
    /// Calls a second, once the service made us learn what it bears.
    pub rate: Option<f64>,
    pub standing: Standing,
}

/// Counts of calls, and what they took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calls {
    /// Calls that ended, in whatever way.
    pub ended: u64,
    /// Of those: the service said that we ask too much (429).
    pub refused: u64,
    /// Of those: no answer, or any other error.
    pub failed: u64,
    pub in_flight: usize,
    /// Milliseconds from sending a call to having its whole answer, over the last calls. `None` before the first.
    pub latency: Option<Latency>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    #[serde(rename = "p50Ms", serialize_with = "millis")]
    pub p50: Duration,
    #[serde(rename = "p95Ms", serialize_with = "millis")]
    pub p95: Duration,
}

/// Whether a region is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    #[default]
    Open,
    /// It said that we ask too much and has not answered a call since.
    Slowed,
    /// Call after call failed: nothing is sent for a while, then one trial.
    Resting,
    /// Trial after trial failed: what was wanted of it has failed, until it is asked for again.
    Down,
}

impl Standing {
    /// What a person is told.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Slowed => "slowed",
            Self::Resting => "resting",
            Self::Down => "down",
        }
    }
}

fn millis<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(duration.as_millis() as u64)
}
