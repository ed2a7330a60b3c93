//! What is new in a window that is read again. Of events no more than a hash is kept, and only where their window may be
//! read again.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::page::Page;
use crate::export::Seen;

/// A chain that takes longer than this after its window was final is not read again.
const LONG_CHAIN: TimeDelta = TimeDelta::hours(1);

pub struct News {
    settling: TimeDelta,
    all: bool,
    seen: Seen,
}

impl News {
    /// `settling`: how long after its end a window is read again. `all`: windows that are final are remembered as well.
    pub fn new(settling: TimeDelta, all: bool) -> Self {
        Self { settling, all, seen: Seen::default() }
    }

    /// Whether an event of a page was not received before, as far as that is remembered.
    pub fn is_new(&mut self, page: &Page, bytes: &[u8]) -> bool {
        let young = page.cell.window.end() + self.settling + LONG_CHAIN > page.received_at;
        let remembered = self.all || page.read_at.is_some() || young;
        !remembered || self.seen.is_new(bytes, page.received_at)
    }

    /// Nothing that was processed before `at` is read again from now on.
    pub fn forget_before(&mut self, at: DateTime<Utc>) {
        self.seen.forget_before(at);
    }
}
