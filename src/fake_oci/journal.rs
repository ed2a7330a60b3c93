//! The request log: what clients asked and what they were told.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// One answered request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestRecord {
    /// By the server's clock.
    pub time: DateTime<Utc>,
    pub method: String,
    /// `audit`, `identity`, `auth`, or `opc` for the metadata service; what the path begins with otherwise.
    pub service: String,
    pub region: String,
    /// Such as `ListEvents`; empty for a path that is none.
    pub operation: String,
    /// Path and query as received.
    pub target: String,
    /// 0 when the connection was closed without an answer.
    pub status: u16,
    /// The code of an error body.
    pub code: Option<String>,
    /// The client's own `opc-request-id`.
    pub client_request_id: Option<String>,
    pub user_agent: Option<String>,
    /// Who signed: `user`, `session`, `instance`, `instance for user`, `resource`, `workload`; none where nobody was recognised.
    pub principal: Option<&'static str>,
    /// The OCID asked for.
    pub compartment: Option<String>,
    pub start_time: Option<String>,
    pub end_time: Option<String>,
    pub page: Option<String>,
    /// Events in the answer.
    pub events: usize,
}

/// Totals over the life of the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub requests: u64,
    pub list_events: u64,
    pub events: u64,
    /// Answers of 400 and above, and connections closed without one.
    pub failures: u64,
    /// Requests that met a fault of the scenario.
    pub faults: u64,
}

/// The newest records and the totals.
#[derive(Debug, Default)]
pub struct Journal(Mutex<(VecDeque<RequestRecord>, Counts)>);

/// A server left running for days shall not grow for ever.
const KEPT: usize = 100_000;

impl Journal {
    pub fn write(&self, record: RequestRecord) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (records, counts) = &mut *inner;
        counts.requests += 1;
        counts.list_events += u64::from(record.operation == "ListEvents");
        counts.events += record.events as u64;
        counts.failures += u64::from(!(200..400).contains(&record.status));
        if records.len() == KEPT {
            records.pop_front();
        }
        records.push_back(record);
    }

    pub fn count_fault(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.faults += 1;
    }

    pub fn records(&self) -> Vec<RequestRecord> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.iter().cloned().collect()
    }

    pub fn counts(&self) -> Counts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// Which events were on any page, byte for byte; for checkers that ask for it.
#[derive(Debug)]
pub struct Served(Option<Mutex<HashSet<[u8; 32]>>>);

impl Served {
    pub fn new(wanted: bool) -> Self {
        Self(wanted.then(Mutex::default))
    }

    pub fn note(&self, events: &[Vec<u8>]) {
        let Some(served) = &self.0 else { return };
        let mut served = served.lock().unwrap_or_else(PoisonError::into_inner);
        served.extend(events.iter().map(|event| <[u8; 32]>::from(Sha256::digest(event))));
    }

    pub fn holds(&self, event: &[u8]) -> bool {
        let hash: [u8; 32] = Sha256::digest(event).into();
        self.0.as_ref().is_some_and(|served| served.lock().unwrap_or_else(PoisonError::into_inner).contains(&hash))
    }
}
