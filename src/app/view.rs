//! View: one consistent version of all that can be seen.
//!
//! Made off the screen's thread whenever the holdings, the ledger or the request change. Everything in it belongs
//! together: rows, counts and coverage of the same instant.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::ledger::Ledger;
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::index::{Histogram, Selection, Snapshot};

#[derive(Clone, Debug)]
pub struct View {
    /// Of the [`SelectRequest`](super::effect::SelectRequest) that this answers.
    pub generation: u64,
    pub snapshot: Arc<Snapshot>,
    /// The rows that match, newest first.
    pub selection: Arc<Selection>,
    pub histogram: Histogram,
    /// Matches of each of `SelectRequest::counts`.
    pub counts: Vec<u64>,
    /// Events held in the asked range, by the compartment queried.
    pub by_compartment: HashMap<Ocid, u64>,
    pub by_region: HashMap<RegionId, u64>,
    pub ledger: Arc<Ledger>,
    /// What selecting cost.
    pub elapsed: Duration,
}
