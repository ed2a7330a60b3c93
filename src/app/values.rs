//! Which values a field has: found by a part of them, and counted, on another thread.

use std::collections::HashMap;

use super::view::Seen;
use crate::query::{Cancel, Field, fuzzy};

/// More of one kind than anyone looks through.
pub const MOST: usize = 200;

/// What somebody looks for, among all events of the scope and the time range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuesRequest {
    pub seen: Seen,
    pub field: Field,
    pub find: String,
}

/// Values with the events that have them: the best match first, without a text the most frequent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuesFound {
    pub field: Field,
    pub find: String,
    pub values: Vec<(String, u64)>,
}

impl ValuesRequest {
    /// `None` when it was cancelled, or when the field has no column.
    pub fn find(&self, cancel: &Cancel) -> Option<ValuesFound> {
        let totals = &self.seen.view().totals;
        let column = self.field.column()?;
        let dictionary = totals.snapshot().dictionary(column);
        let facet = totals.facet(column, cancel)?;
        let found = if self.find.is_empty() {
            facet.top(MOST, dictionary)
        } else {
            let counts: HashMap<u32, u64> = facet.values.iter().copied().collect();
            let matching = fuzzy(dictionary, &self.find, usize::MAX, cancel)?.into_iter();
            matching.filter_map(|(code, _)| Some((code, *counts.get(&code)?))).take(MOST).collect()
        };
        let named = found.into_iter().map(|(code, count)| (dictionary.value(code).to_owned(), count));
        let values = named.filter(|(value, _)| !value.is_empty()).collect();
        Some(ValuesFound { field: self.field, find: self.find.clone(), values })
    }
}
