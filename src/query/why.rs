//! Why nothing answers a query: what each of its terms finds by itself, and what was probably meant.

use std::sync::Arc;

use super::condition::{Condition, Subject};
use super::field::Field;
use super::plan::Plan;
use super::select::{Cancel, select};
use super::selection::Order;
use super::term::{Expr, Query, Term};
use crate::index::Snapshot;

/// More terms than these are not explained one by one.
const MOST: usize = 16;
/// Values of a field that are compared with what was typed.
const VALUES: usize = 50_000;
/// How like a value must be to what was typed to be named, of 1.
const LIKENESS: f64 = 0.75;
/// Where a value may have been meant to stand, the likeliest first.
const FIELDS: [Field; 9] = [
    Field::User,
    Field::Event,
    Field::Resource,
    Field::Compartment,
    Field::Ip,
    Field::Region,
    Field::Service,
    Field::Agent,
    Field::Key,
];

/// See the module. Counted are the events of range and scope, whatever the switches hide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNone {
    /// This term alone finds none of so many events.
    Term { term: Expr, of: u64, meant: Option<Expr> },
    /// Each of these finds some, all of them together none; without the last there are so many.
    Together { terms: Vec<Expr>, without_last: u64 },
    /// So many answer all of them: what is not among the terms hides those.
    Hidden { found: u64 },
}

/// Why no event of `base` that is shown answers all of `terms`. `None` where it would take reading events to tell, or
/// when it was cancelled.
pub fn why_none(snapshot: &Arc<Snapshot>, base: &Query, terms: &[Expr], cancel: &Cancel) -> Option<WhyNone> {
    let all = base.clone().and_all(terms.iter().cloned());
    if terms.is_empty() || terms.len() > MOST || Plan::new(&all).reads_events() {
        return None;
    }
    let count =
        |query: &Query| select(snapshot, query, Order::default(), None, cancel).map(|selection| selection.len() as u64);
    for term in terms {
        if count(&base.clone().and(term.clone()))? == 0 {
            let (of, meant) = (count(base)?, meant(snapshot, base, term, cancel));
            return Some(WhyNone::Term { term: term.clone(), of, meant });
        }
    }
    let mut query = base.clone();
    let mut before = 0;
    for (place, term) in terms.iter().enumerate() {
        query = query.and(term.clone());
        let found = count(&query)?;
        if found == 0 {
            return Some(WhyNone::Together { terms: terms.get(..=place)?.to_vec(), without_last: before });
        }
        before = found;
    }
    Some(WhyNone::Hidden { found: before })
}

/// The same with a value that the field has, or of a field that has the value.
fn meant(snapshot: &Arc<Snapshot>, base: &Query, term: &Expr, cancel: &Cancel) -> Option<Expr> {
    let Expr::Term(term) = term else { return None };
    let (field, value) = match term {
        Term::Text(text) => (None, text),
        Term::About {
            subject: Subject::Field(field),
            condition: Condition::Contains(text) | Condition::Equals(text),
        } => (Some(*field), text),
        _ => return None,
    };
    let finds = |expr: &Expr| {
        let query = base.clone().and(expr.clone());
        select(snapshot, &query, Order::default(), None, cancel).is_some_and(|found| !found.is_empty())
    };
    let near = field.and_then(|field| Some(Term::is(Subject::Field(field), &nearest(snapshot, field, value)?)));
    let elsewhere = FIELDS
        .into_iter()
        .filter(|other| Some(*other) != field && field.is_some())
        .map(|other| Expr::from(Term::contains(other, value.clone())));
    near.into_iter().chain(elsewhere).find(finds)
}

/// The value of a field that is most like what was typed.
fn nearest(snapshot: &Snapshot, field: Field, typed: &str) -> Option<String> {
    let typed = typed.to_lowercase();
    let values = snapshot.dictionary(field.column()?).values_from(0).take(VALUES);
    let weighed = values.filter(|(_, value)| value.len() <= 4 * typed.len().max(8)).map(|(_, value)| {
        let likeness = strsim::jaro_winkler(&typed, &value.to_lowercase());
        (likeness, value)
    });
    let best = weighed.filter(|(likeness, _)| *likeness >= LIKENESS).max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(best.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::IndexBuilder;
    use crate::index::testing::event;

    fn snapshot() -> Arc<Snapshot> {
        let mut builder = IndexBuilder::default();
        for (n, (name, user)) in [("GetX", "alice@acme.com"), ("DeleteX", "bob"), ("DeleteX", "bob")].iter().enumerate()
        {
            builder.insert(&"r".into(), &"c".into(), &event(&format!("id-{n}"), 0, name, user, "200"));
        }
        builder.snapshot()
    }

    fn why(terms: &[Expr]) -> Option<WhyNone> {
        why_none(&snapshot(), &Query::everything(), terms, &Cancel::new())
    }

    #[test]
    fn a_term_that_finds_nothing_is_named_with_what_was_meant() {
        let user = |text: &str| Expr::from(Term::contains(Field::User, text));
        let bob = user("bob");
        let meant = |term: Expr| match why(&[bob.clone(), term.clone()]) {
            Some(WhyNone::Term { term: named, of: 3, meant }) if named == term => meant.map(|expr| expr.to_string()),
            other => panic!("{other:?}"),
        };
        assert_eq!(meant(user("alcie@acme.com")).as_deref(), Some("user=alice@acme.com"));
        assert_eq!(meant(user("Delete")).as_deref(), Some("event:Delete"));
        assert_eq!(meant(user("zzz")), None);
        assert_eq!(meant(Term::Failed.into()), None);
    }

    #[test]
    fn terms_that_find_nothing_together_are_named_together() {
        let (bob, get) =
            (Expr::from(Term::contains(Field::User, "bob")), Expr::from(Term::contains(Field::Event, "Get")));
        let together = why(&[bob.clone(), get.clone(), Expr::from(Term::Own).negated()]);
        assert_eq!(together, Some(WhyNone::Together { terms: vec![bob.clone(), get], without_last: 2 }));
        assert_eq!(why(&[bob]), Some(WhyNone::Hidden { found: 2 }));
        assert_eq!(why(&[]), None);
    }

    #[test]
    fn what_would_take_reading_events_is_not_explained() {
        let raw = Term::About { subject: Subject::Raw, condition: Condition::Contains("zzz".into()) };
        assert_eq!(why(&[raw.into()]), None);
    }
}
