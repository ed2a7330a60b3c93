//! Who there is: found by a part of their names, and counted, on another thread.

use std::collections::HashMap;

use super::MOST;
use crate::app::view::Seen;
use crate::index::Column;
use crate::query::{Cancel, fuzzy};

/// Whom somebody looks for, among all events of the scope and the time range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsersRequest {
    pub seen: Seen,
    pub find: String,
}

/// Names with the events that they have: the best match first, without a text who has the most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsersFound {
    pub find: String,
    pub users: Vec<(String, u64)>,
}

impl UsersRequest {
    /// `None` when it was cancelled.
    pub fn find(&self, cancel: &Cancel) -> Option<UsersFound> {
        let totals = &self.seen.view().totals;
        let dictionary = totals.snapshot().dictionary(Column::User);
        let facet = totals.facet(Column::User, cancel)?;
        let found = if self.find.is_empty() {
            facet.top(MOST, dictionary)
        } else {
            let counts: HashMap<u32, u64> = facet.values.iter().copied().collect();
            let matching = fuzzy(dictionary, &self.find, usize::MAX, cancel)?.into_iter();
            matching.filter_map(|(code, _)| Some((code, *counts.get(&code)?))).take(MOST).collect()
        };
        let named = found.into_iter().map(|(code, count)| (dictionary.value(code).to_owned(), count));
        let users = named.filter(|(name, _)| !name.is_empty()).collect();
        Some(UsersFound { find: self.find.clone(), users })
    }
}
