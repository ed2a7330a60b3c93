//! Filters: what of the scope is shown, and the query that says so.

use crate::domain::scope::Scope;
use crate::domain::time_range::TimeRange;
use crate::query::{AccessSet, Expr, Query, Term};

use super::setup::AccessFilter;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    pub access: AccessFilter,
    pub failed: bool,
    /// Whether our own reads are shown.
    pub own: bool,
    text: String,
}

impl Filters {
    pub fn new(access: AccessFilter) -> Self {
        Self { access, ..Self::default() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn set_text(&mut self, text: &str) {
        text.trim().clone_into(&mut self.text);
    }

    /// The words of the text filter, each of which must occur.
    pub fn words(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.text.split_whitespace()
    }

    /// Takes the last word away, then “failed”; `false` when neither is set.
    pub fn remove_last(&mut self) -> bool {
        let mut words: Vec<&str> = self.words().collect();
        if words.pop().is_some() {
            self.text = words.join(" ");
            return true;
        }
        std::mem::take(&mut self.failed)
    }

    /// What one key clears: what was narrowed, not how the list is read.
    pub fn clear(&mut self) {
        self.text.clear();
        self.failed = false;
    }

    pub fn access_set(&self) -> AccessSet {
        match self.access {
            AccessFilter::WritesAndSessions => AccessSet::WRITES,
            AccessFilter::All => AccessSet::ALL,
            AccessFilter::Reads => AccessSet::READS,
        }
    }

    /// `None`: of all times, or of all places.
    pub fn query(&self, range: Option<TimeRange>, scope: Option<&Scope>) -> Query {
        let mut query = Query::everything();
        if let Some(range) = range {
            query.push(Term::Time(range));
        }
        if let Some(scope) = scope {
            query.push(Term::Region(scope.regions.iter().cloned().collect()));
            query.push(Term::Queried(scope.compartments.iter().cloned().collect()));
        }
        if self.access != AccessFilter::All {
            query.set(Term::Access(self.access_set()));
        }
        if self.failed {
            query.set(Term::Failed);
        }
        if !self.own {
            query.push(Expr::from(Term::Own).negated());
        }
        if !self.text.is_empty() {
            query.set(Term::Text(self.text.clone()));
        }
        query
    }
}

/// The scope alone. The regions stand in an `Or` of one, so that they do not count as part of the scope: counts per
/// compartment, which look beyond the scope, are then of these regions only.
pub fn totals(range: Option<TimeRange>, scope: Option<&Scope>) -> Query {
    let mut query = Query::everything();
    if let Some(range) = range {
        query.push(Term::Time(range));
    }
    if let Some(scope) = scope {
        let regions = Term::Region(scope.regions.iter().cloned().collect());
        query.push(Expr::Or(vec![regions.into()]));
        query.push(Term::Queried(scope.compartments.iter().cloned().collect()));
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_filter_goes_first() {
        let mut filters = Filters { failed: true, ..Filters::default() };
        filters.set_text("  delete bucket ");
        assert!(filters.remove_last());
        assert_eq!(filters.text(), "delete");
        assert!(filters.remove_last() && filters.remove_last());
        assert!(!filters.failed && !filters.remove_last());
    }
}
