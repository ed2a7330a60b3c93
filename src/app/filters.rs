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
    /// What was asked for at the start, beside the switches.
    asked: Query,
    text: String,
}

impl Filters {
    pub fn new(access: AccessFilter, asked: Query) -> Self {
        Self { access, asked, ..Self::default() }
    }

    /// None at all, not even the one that hides our own reads.
    pub fn none() -> Self {
        Self { access: AccessFilter::All, own: true, ..Self::default() }
    }

    pub fn asked(&self) -> &Query {
        &self.asked
    }

    /// Whether there is anything that [`clear`](Self::clear) takes away.
    pub fn is_narrowed(&self) -> bool {
        self.failed || !self.text.is_empty() || !self.asked.is_everything()
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

    /// Takes the last word away, then “failed”, then the last term that was asked for; `false` when there is none.
    pub fn remove_last(&mut self) -> bool {
        let mut words: Vec<&str> = self.words().collect();
        if words.pop().is_some() {
            self.text = words.join(" ");
            return true;
        }
        let last = self.asked.conjuncts().len().wrapping_sub(1);
        std::mem::take(&mut self.failed) || self.asked.remove(last).is_some()
    }

    /// What one key clears: what was narrowed, not how the list is read.
    pub fn clear(&mut self) {
        self.text.clear();
        self.failed = false;
        self.asked = Query::everything();
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
        // Each in an `And` of one, so that it does not count as one of the switches.
        query.and_all(self.asked.conjuncts().iter().map(|conjunct| Expr::And(vec![conjunct.clone()])))
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
        let asked = Query::everything().and(Term::Failed).and(Term::Own);
        let mut filters = Filters::new(AccessFilter::All, asked.clone());
        assert!(filters.is_narrowed() && filters.remove_last());
        assert_eq!(filters.asked().conjuncts(), &asked.conjuncts()[..1]);
        filters.clear();
        assert!(!filters.is_narrowed() && !filters.remove_last());
    }

    #[test]
    fn what_is_asked_for_stands_beside_the_switches() {
        let range = TimeRange::ending_at(chrono::DateTime::UNIX_EPOCH, chrono::TimeDelta::hours(1));
        let filters =
            Filters::new(AccessFilter::WritesAndSessions, Query::everything().and(Term::Access(AccessSet::READS)));
        let query = filters.query(Some(range), Some(&Scope::default()));
        assert_eq!(query.access(), AccessSet::WRITES);
        assert!(query.to_string().ends_with(" is:write -is:self is:read"), "{query}");
    }
}
