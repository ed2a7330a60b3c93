//! Which events are the same.
//!
//! An event is its bytes: the same bytes are one row, however often and wherever they were read. The same `eventId` with
//! other bytes is another event, and both are marked as in conflict. Hashes only propose; whoever holds the bytes
//! decides, so nothing is dropped on a guess.
//!
//! A digest says both in eight bytes: 40 bits of the id, 24 of the content. They are kept with the bytes; what is kept
//! here is a number of four bytes for each event, found by its id.

use std::collections::HashSet;
use std::hash::BuildHasher;

use chrono::{DateTime, Utc};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::store::{Ordinal, Store};
use crate::domain::event::decode;

/// Who an event is, and where it stands in the order of time. Holds for the life of the index, over all snapshots.
///
/// Ordered oldest first; an event without a time comes before all others. Events of the same microsecond stand in the
/// order of their digests, so that rows are in the same order however they arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey {
    /// `eventTime` in microseconds since 1970; [`EventKey::NO_TIME`] without one.
    pub micros: i64,
    /// Of the id and the bytes; no two events of an index have the same.
    pub digest: u64,
}

impl EventKey {
    pub const NO_TIME: i64 = i64::MIN;

    /// Before every event at `instant`.
    pub fn at(instant: DateTime<Utc>) -> Self {
        Self { micros: instant.timestamp_micros(), digest: 0 }
    }

    pub fn time(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.micros).filter(|_| self.micros != Self::NO_TIME)
    }
}

const CONTENT_BITS: u32 = 24;
const CONTENT: u64 = (1 << CONTENT_BITS) - 1;

/// Tables grow one at a time, so that no insertion waits for all of them.
const TABLES: usize = 256;

/// The events seen so far, by what they are called.
pub(super) struct Identities {
    tables: Box<[HashTable<Ordinal>]>,
    /// First events that are known to be in conflict.
    disputed: HashSet<Ordinal>,
}

/// What an event turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// It is held already.
    Held,
    New {
        digest: u64,
        /// The first event of the same id, which has other bytes.
        rival: Option<Ordinal>,
    },
}

impl Identities {
    pub fn new() -> Self {
        Self { tables: (0..TABLES).map(|_| HashTable::new()).collect(), disputed: HashSet::new() }
    }

    /// Whether the event is held already.
    pub fn holds(&self, id: &str, bytes: &[u8], store: &mut Store) -> bool {
        let digest = digest(id, bytes);
        let namesakes = self.namesakes(digest, store);
        namesakes.into_iter().any(|known| store.read(known) == Some(bytes))
    }

    /// Takes an event in, which stands at `at` if it is new; `id` is its `eventId`, empty where it has none.
    pub fn claim(&mut self, id: &str, bytes: &[u8], at: Ordinal, store: &mut Store) -> Claim {
        self.claim_digest(digest(id, bytes), id, bytes, at, store)
    }

    fn claim_digest(&mut self, mut digest: u64, id: &str, bytes: &[u8], at: Ordinal, store: &mut Store) -> Claim {
        let name = digest >> CONTENT_BITS;
        let namesakes = self.namesakes(digest, store);
        // Different bytes of equal digest move on to the next digest.
        while let Some(known) = namesakes.iter().find(|known| store.digest(**known) == digest) {
            if store.read(*known) == Some(bytes) {
                return Claim::Held;
            }
            digest = digest & !CONTENT | digest.wrapping_add(1) & CONTENT;
        }
        let table = &mut self.tables[name as usize % TABLES];
        table.insert_unique(spread(name), at, |known| spread(name_of(*known, store)));
        let has_id = |known: &Ordinal| store.read(*known).is_some_and(|bytes| decode(bytes).fields.id == id);
        let rival = if id.is_empty() { None } else { namesakes.into_iter().find(has_id) };
        Claim::New { digest, rival }
    }

    /// Events of what may be the same id, in the order of arrival.
    fn namesakes(&self, digest: u64, store: &Store) -> Vec<Ordinal> {
        let name = digest >> CONTENT_BITS;
        let table = &self.tables[name as usize % TABLES];
        let namesakes = table.iter_hash(spread(name)).copied().filter(|known| name_of(*known, store) == name);
        let mut namesakes: Vec<Ordinal> = namesakes.collect();
        namesakes.sort_unstable();
        namesakes
    }

    /// Whether this is the first time that `first` is found to be in conflict.
    pub fn dispute(&mut self, first: Ordinal) -> bool {
        self.disputed.insert(first)
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.tables.iter().map(HashTable::allocation_size).sum()
    }
}

fn digest(id: &str, bytes: &[u8]) -> u64 {
    let content = hash(bytes);
    let name = if id.is_empty() { content } else { hash(id.as_bytes()) };
    name & !CONTENT | content & CONTENT
}

/// The same in every run, because events of the same time are listed in this order.
fn hash(bytes: &[u8]) -> u64 {
    FixedState::with_seed(0x6175_6469_7475_6900).hash_one(bytes)
}

fn name_of(at: Ordinal, store: &Store) -> u64 {
    store.digest(at) >> CONTENT_BITS
}

/// The hash of a name; the bits that choose its table play no part.
fn spread(name: u64) -> u64 {
    (name / TABLES as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::store::StoreOptions;

    #[test]
    fn equal_digests_of_different_bytes_keep_both() {
        let mut store = Store::new(StoreOptions::default());
        let mut identities = Identities::new();
        let mut claim = |bytes: &[u8]| {
            let claim = identities.claim_digest(7, "", bytes, store.next(), &mut store);
            if let Claim::New { digest, .. } = claim {
                store.push(bytes, digest);
            }
            claim
        };
        assert_eq!(claim(b"a"), Claim::New { digest: 7, rival: None });
        assert_eq!(claim(b"b"), Claim::New { digest: 8, rival: None });
        assert_eq!((claim(b"a"), claim(b"b")), (Claim::Held, Claim::Held));
    }

    #[test]
    fn an_event_without_time_is_the_oldest() {
        let none = EventKey { micros: EventKey::NO_TIME, digest: u64::MAX };
        assert!(none < EventKey::at(DateTime::<Utc>::MIN_UTC));
        assert_eq!(none.time(), None);
        assert_eq!(EventKey::at(DateTime::<Utc>::MAX_UTC).micros, DateTime::<Utc>::MAX_UTC.timestamp_micros());
    }
}
