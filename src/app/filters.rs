//! Filters: what of the scope is shown, and the query that says so.

use crate::domain::scope::Scope;
use crate::domain::time_range::TimeRange;
use crate::query::{AccessSet, Expr, Query, Term};

use super::setup::AccessFilter;

/// The switches, and beside them what was asked for in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    pub access: AccessFilter,
    pub failed: bool,
    /// Whether our own reads are shown.
    pub own: bool,
    query: Query,
}

impl Filters {
    #[must_use]
    pub fn with_own(self, own: bool) -> Self {
        Self { own, ..self }
    }

    pub fn new(access: AccessFilter, query: Query) -> Self {
        Self { access, query, ..Self::default() }
    }

    /// None at all, not even the one that hides our own reads.
    pub fn none() -> Self {
        Self { access: AccessFilter::All, own: true, ..Self::default() }
    }

    /// What was asked for in words: the query line, and its chips.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// The same with “failed” in words.
    pub fn said(&self) -> Query {
        if self.failed { self.query.clone().and(Term::Failed) } else { self.query.clone() }
    }

    pub fn ask(&mut self, query: Query) {
        self.query = query;
    }

    /// Adds a term. One that is there switched off is switched on; its opposite goes.
    pub fn include(&mut self, expr: Expr) {
        let (off, opposite) = (expr.clone().switched(), expr.clone().negated());
        let others = self.query.conjuncts().iter().filter(|other| **other != off && **other != opposite);
        self.query = others.cloned().fold(Query::everything(), Query::and).and(expr);
    }

    /// Whether there is anything that [`clear`](Self::clear) takes away.
    pub fn is_narrowed(&self) -> bool {
        self.failed || !self.query.is_everything()
    }

    /// Takes the last term away, then “failed”; `false` when there is neither.
    pub fn remove_last(&mut self) -> bool {
        let last = self.query.conjuncts().len().wrapping_sub(1);
        self.query.remove(last).is_some() || std::mem::take(&mut self.failed)
    }

    /// What one key clears: what was narrowed, not how the list is read.
    pub fn clear(&mut self) {
        self.failed = false;
        self.query = Query::everything();
    }

    /// Switches every term off, keeping it; or all of them on again.
    pub fn switch(&mut self) {
        self.query = self.query.switched();
    }

    pub fn access_set(&self) -> AccessSet {
        match self.access {
            AccessFilter::WritesAndSessions => AccessSet::WRITES,
            AccessFilter::All => AccessSet::ALL,
            AccessFilter::Reads => AccessSet::READS,
        }
    }

    /// The question that all of this asks. `None`: of all times, or of all places.
    pub fn question(&self, range: Option<TimeRange>, scope: Option<&Scope>) -> Query {
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
        // Each in an `And` of one, so that it does not count as one of the switches.
        query.and_all(self.terms().map(|term| Expr::And(vec![term.clone()])))
    }

    /// The terms of the query that are not switched off.
    pub fn terms(&self) -> impl Iterator<Item = &Expr> {
        self.query.conjuncts().iter().filter(|conjunct| !conjunct.is_off())
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
        let asked = Query::everything().and(Term::Failed).and(Term::Own);
        let mut filters = Filters { failed: true, ..Filters::new(AccessFilter::All, asked.clone()) };
        assert!(filters.is_narrowed() && filters.remove_last());
        assert_eq!(filters.query().conjuncts(), &asked.conjuncts()[..1]);
        assert!(filters.remove_last() && filters.failed && filters.remove_last());
        assert!(!filters.failed && !filters.remove_last() && !filters.is_narrowed());
    }

    #[test]
    fn what_is_asked_for_stands_beside_the_switches() {
        let range = TimeRange::ending_at(chrono::DateTime::UNIX_EPOCH, chrono::TimeDelta::hours(1));
        let filters =
            Filters::new(AccessFilter::WritesAndSessions, Query::everything().and(Term::Access(AccessSet::READS)));
        let query = filters.question(Some(range), Some(&Scope::default()));
        assert_eq!(query.access(), AccessSet::WRITES);
        assert!(query.to_string().ends_with(" is:write -is:self is:read"), "{query}");
    }

    #[test]
    fn a_term_that_is_off_asks_nothing_and_comes_back_on() {
        let (late, own) = (Expr::from(Term::Late), Expr::from(Term::Own));
        let mut filters =
            Filters { own: true, ..Filters::new(AccessFilter::All, Query::everything().and(late.clone())) };
        filters.switch();
        assert_eq!((filters.query().to_string().as_str(), filters.terms().count()), ("~is:late", 0));
        assert!(filters.question(None, None).is_everything() && filters.is_narrowed());
        filters.include(own.clone());
        filters.include(late.clone());
        assert_eq!(filters.query().to_string(), "is:self is:late");
        filters.include(own.negated());
        assert_eq!(filters.query().to_string(), "is:late -is:self", "the opposite takes its place");
        filters.switch();
        filters.switch();
        assert_eq!(filters.terms().count(), 2);
    }
}
