//! One ListEvents call, as the engine sees it: what is asked, and how that ended.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::lane::Ending;
use crate::domain::ledger::CellKey;
use crate::domain::problem::Problem;
use crate::domain::time_range::FetchWindow;

/// Names a cell inside the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellId(pub(super) u32);

/// One ListEvents call to make. `T` is the page token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<T> {
    pub id: CellId,
    pub key: CellKey,
    /// What of the cell's window is asked.
    pub ask: FetchWindow,
    /// When that was read to its end before, if it was.
    pub read_at: Option<DateTime<Utc>>,
    pub page: Option<T>,
    /// Whether it is wanted to know how dense the events of the page are, should it not be the last.
    pub weigh: bool,
}

/// How a call ended.
#[derive(Clone, Debug)]
pub enum Outcome<T> {
    Page(Answer<T>),
    Failed(Failure),
}

/// A page, as far as it decides what comes next.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    pub events: u64,
    /// Tells pages with other events apart.
    pub content: u64,
    pub next: Option<T>,
    /// When it was asked for, by the slower of the two clocks.
    pub at: DateTime<Utc>,
    /// The oldest and the newest event; where that was wanted.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// `opc-request-id` of the answer.
    pub request_id: Option<Arc<str>>,
}

/// A call that gave no page.
#[derive(Clone, Debug)]
pub struct Failure {
    pub problem: Problem,
    pub verdict: Verdict,
    /// The least wait that the service asked for.
    pub retry_after: Option<Duration>,
    /// The service said that we ask too much.
    pub throttled: bool,
}

/// What a failure calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Worth another try.
    Retry,
    /// No permission or no such compartment.
    Denied,
    /// The credential is refused: no other call in this region would fare better, nor in any other unless it is the
    /// region that is special.
    Halt,
    /// Asking again cannot help.
    GiveUp,
}

impl<T> Outcome<T> {
    /// What it means for the lane.
    pub(super) fn ending(&self) -> Ending {
        match self {
            Self::Failed(Failure { throttled: true, retry_after, .. }) => Ending::Throttled(*retry_after),
            Self::Failed(Failure { verdict: Verdict::Retry, .. }) => Ending::Broken,
            Self::Page(_) | Self::Failed(_) => Ending::Answered,
        }
    }
}
