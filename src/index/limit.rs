//! What an index does about a limit of its memory: packs of events move to a temporary file, the oldest first, and when
//! that is not enough, or not possible, nothing more is taken.

use std::path::PathBuf;
use std::sync::Arc;

use super::store::{SpillError, Store};

/// Bytes that an index may take, and what keeping to that has led to.
pub(super) struct Limit {
    most: u64,
    is_full: bool,
    failure: Option<Arc<SpillError>>,
}

/// What is known of a limit at one moment.
#[derive(Clone, Debug)]
pub struct Pressure {
    /// Bytes that may be taken.
    pub limit: u64,
    /// Where events are moved to.
    pub directory: PathBuf,
    /// Nothing more is taken.
    pub is_full: bool,
    /// Why events could not be moved the last time.
    pub failure: Option<Arc<SpillError>>,
}

impl Limit {
    pub fn new(most: u64) -> Self {
        Self { most, is_full: false, failure: None }
    }

    /// Nothing more is to be taken.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// `held`: bytes of the whole index, the store's included. Whether anything was moved or decided.
    pub fn keep(&mut self, held: u64, store: &mut Store) -> bool {
        if held <= self.most && !self.is_full {
            return false;
        }
        let before = (store.memory().spilled, self.is_full);
        let others = held.saturating_sub(store.memory().resident);
        let target = self.low().saturating_sub(others);
        let mut result = store.spill(target);
        if result.is_ok() && others + store.memory().resident > self.most {
            // What is being packed right now can be moved once it is.
            store.settle();
            result = store.spill(target);
        }
        let left = others + store.memory().resident;
        self.is_full = left > if self.is_full { self.low() } else { self.most };
        self.failure = result.err().map(Arc::new);
        before != (store.memory().spilled, self.is_full)
    }

    pub fn pressure(&self, store: &Store) -> Pressure {
        Pressure {
            limit: self.most,
            directory: store.options().spill_directory(),
            is_full: self.is_full,
            failure: self.failure.clone(),
        }
    }

    /// Room is made down to this, so that not every pack is moved by itself. Once full, there has to be as much room
    /// before anything is taken again.
    fn low(&self) -> u64 {
        self.most - self.most / 8
    }
}
