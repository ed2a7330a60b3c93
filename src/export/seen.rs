//! Which events were written already, for output that goes on for as long as somebody wants it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::sorter::hash;

/// Events by their bytes, with when each was last received. Bounded by forgetting what cannot come again.
#[derive(Clone, Debug, Default)]
pub struct Seen(HashMap<u128, DateTime<Utc>>);

impl Seen {
    /// Takes note of an event received at `at`; whether it is the first with these bytes.
    pub fn is_new(&mut self, bytes: &[u8], at: DateTime<Utc>) -> bool {
        self.0.insert(hash(bytes), at).is_none()
    }

    /// Forgets what was last received before `at`: when only later minutes are read from now on, it cannot come again.
    pub fn forget_before(&mut self, at: DateTime<Utc>) {
        self.0.retain(|_, received| *received >= at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_new_once_and_forgotten_when_it_cannot_come_again() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let mut seen = Seen::default();
        assert!(seen.is_new(b"a", at(1)) && seen.is_new(b"b", at(1)));
        assert!(!seen.is_new(b"a", at(5)));
        seen.forget_before(at(3));
        assert_eq!(seen.0.len(), 1);
        assert!(!seen.is_new(b"a", at(6)) && seen.is_new(b"b", at(6)));
    }
}
