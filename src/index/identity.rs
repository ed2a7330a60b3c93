//! Which events are the same.
//!
//! An event is its bytes: the same bytes are one row, however often and wherever they were read. The same `eventId` with
//! other bytes is another event, and both are marked as in conflict. Hashes only propose; whoever holds the bytes
//! decides, so nothing is dropped on a guess.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::store::Ordinal;

/// Who an event is, and where it stands in the order of time. Holds for the life of the index, over all snapshots.
///
/// Ordered oldest first; an event without a time comes before all others. Events of the same microsecond stand in the
/// order of their digests, so that rows are in the same order however they arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey {
    /// `eventTime` in microseconds since 1970; [`EventKey::NO_TIME`] without one.
    pub micros: i64,
    /// The first half of the SHA-256 of the bytes.
    pub digest: u128,
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

pub(super) fn digest(bytes: &[u8]) -> u128 {
    let hash = Sha256::digest(bytes);
    hash.iter().take(16).fold(0, |digest, byte| digest << 8 | u128::from(*byte))
}

/// The events seen so far, by what they are and by what they are called.
#[derive(Default)]
pub(super) struct Identities {
    digests: HashMap<u128, Ordinal>,
    /// The first event of each `eventId`, by the digest of the id.
    ids: HashMap<u128, Ordinal>,
    /// First events that are known to be in conflict.
    disputed: HashSet<Ordinal>,
}

impl Identities {
    /// The digest for an event with these bytes; `None` when they were seen before. `is_same` compares with the event
    /// that stands at an ordinal. Different bytes of equal digest (nobody has found any) move on to the next digest.
    pub fn admit(&mut self, bytes: &[u8], at: Ordinal, is_same: impl FnMut(Ordinal) -> bool) -> Option<u128> {
        self.admit_digest(digest(bytes), at, is_same)
    }

    fn admit_digest(
        &mut self,
        mut digest: u128,
        at: Ordinal,
        mut is_same: impl FnMut(Ordinal) -> bool,
    ) -> Option<u128> {
        while let Some(known) = self.digests.get(&digest) {
            if is_same(*known) {
                return None;
            }
            digest = digest.wrapping_add(1);
        }
        self.digests.insert(digest, at);
        Some(digest)
    }

    /// The first event of this id, if there is one: the new one is in conflict with it. `has_id` checks its id.
    pub fn claim_id(&mut self, id: &str, at: Ordinal, has_id: impl FnOnce(Ordinal) -> bool) -> Option<Ordinal> {
        let first = *self.ids.entry(digest(id.as_bytes())).or_insert(at);
        (first != at && has_id(first)).then_some(first)
    }

    /// Whether this is the first time that `first` is found to be in conflict.
    pub fn dispute(&mut self, first: Ordinal) -> bool {
        self.disputed.insert(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_digests_of_different_bytes_keep_both() {
        let mut identities = Identities::default();
        assert_eq!(identities.admit_digest(7, Ordinal(0), |_| false), Some(7));
        assert_eq!(identities.admit_digest(7, Ordinal(1), |_| false), Some(8));
        assert_eq!(identities.admit_digest(7, Ordinal(2), |known| known == Ordinal(1)), None);
    }

    #[test]
    fn an_event_without_time_is_the_oldest() {
        let none = EventKey { micros: EventKey::NO_TIME, digest: u128::MAX };
        assert!(none < EventKey::at(DateTime::<Utc>::MIN_UTC));
        assert_eq!(none.time(), None);
        assert_eq!(EventKey::at(DateTime::<Utc>::MAX_UTC).micros, DateTime::<Utc>::MAX_UTC.timestamp_micros());
    }
}
