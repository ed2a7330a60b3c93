//! One event on its way out, with where it was read.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::event::Flags;
use crate::domain::ledger::CellKey;
use crate::domain::page::Page;

/// Where and when a page was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub cell: CellKey,
    pub retrieved_at: DateTime<Utc>,
    /// `opc-request-id` of the answer.
    pub request_id: Option<Arc<str>>,
}

impl Source {
    pub fn of(page: &Page) -> Self {
        Self { cell: page.cell.clone(), retrieved_at: page.received_at, request_id: page.request_id.clone() }
    }
}

/// An event's bytes as received, its source, what is odd about it, and whether it is our own.
#[derive(Clone, Debug)]
pub struct Record {
    pub bytes: Box<[u8]>,
    pub source: Arc<Source>,
    pub flags: Flags,
    /// Of a redacted copy, what it was made of.
    pub sealed: Option<Arc<Sealed>>,
}

/// An event before it was redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Of the bytes as received, in hexadecimal digits.
    pub sha256: String,
    pub bytes: u64,
}
