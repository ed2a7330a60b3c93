//! Whether a query can show anything of a lot of events of which little is known: where they were read, and from when to
//! when they happened. What cannot match need not be opened.

use chrono::{DateTime, Utc};

use super::condition::{Condition, Subject};
use super::field::Field;
use super::matches::holds;
use super::term::{Expr, Query, Term};
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;

/// Events that lie together somewhere.
#[derive(Clone, Copy, Debug)]
pub struct Lot<'a> {
    /// `None`: in more than one.
    pub region: Option<&'a RegionId>,
    /// The compartment queried; `None`: more than one.
    pub queried: Option<&'a Ocid>,
    /// When the first and the last of them happened; `None` where none says so.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// There may be some that do not say when they happened.
    pub undated: bool,
}

/// What is known of the answer for every event of a lot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    No,
    Maybe,
    Yes,
}

/// Whether the query may show an event of the lot. `false` is certain.
pub fn may_match(query: &Query, lot: &Lot<'_>) -> bool {
    query.conjuncts().iter().all(|conjunct| lot.answer(conjunct) != Answer::No)
}

impl Lot<'_> {
    fn answer(&self, expr: &Expr) -> Answer {
        match expr {
            Expr::All | Expr::Off(_) => Answer::Yes,
            Expr::And(all) => self.all(all),
            Expr::Or(any) => self.any(any),
            Expr::Not(inner) => self.answer(inner).negated(),
            Expr::Term(term) => self.of_term(term),
        }
    }

    fn all(&self, all: &[Expr]) -> Answer {
        let answers = all.iter().map(|expr| self.answer(expr));
        answers.fold(Answer::Yes, |so_far, next| match (so_far, next) {
            (Answer::No, _) | (_, Answer::No) => Answer::No,
            (Answer::Yes, Answer::Yes) => Answer::Yes,
            _ => Answer::Maybe,
        })
    }

    fn any(&self, any: &[Expr]) -> Answer {
        let answers = any.iter().map(|expr| self.answer(expr).negated());
        let none = answers.fold(Answer::Yes, |so_far, next| match (so_far, next) {
            (Answer::No, _) | (_, Answer::No) => Answer::No,
            (Answer::Yes, Answer::Yes) => Answer::Yes,
            _ => Answer::Maybe,
        });
        none.negated()
    }

    fn of_term(&self, term: &Term) -> Answer {
        match term {
            Term::Region(regions) => self.region.map_or(Answer::Maybe, |region| regions.contains(region).into()),
            Term::Queried(places) => self.queried.map_or(Answer::Maybe, |queried| places.contains(queried).into()),
            Term::Time(range) => {
                let (start, end) = (range.start().timestamp_micros(), range.end().timestamp_micros());
                let dated = self.span.map(|(first, last)| {
                    let (first, last) = (first.timestamp_micros(), last.timestamp_micros());
                    match () {
                        () if last < start || end <= first => Answer::No,
                        () if start <= first && last < end => Answer::Yes,
                        () => Answer::Maybe,
                    }
                });
                // What does not say when it happened is in no range.
                match dated {
                    Some(Answer::Yes) if self.undated => Answer::Maybe,
                    dated => dated.unwrap_or(Answer::No),
                }
            }
            Term::About { subject: Subject::Field(field), condition } => self.of_field(*field, condition),
            _ => Answer::Maybe,
        }
    }

    fn of_field(&self, field: Field, condition: &Condition) -> Answer {
        let text = match field {
            Field::Region => self.region.map(RegionId::as_str),
            Field::Queried => self.queried.map(Ocid::as_str),
            _ => None,
        };
        text.map_or(Answer::Maybe, |text| holds(condition, text).into())
    }
}

impl Answer {
    fn negated(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

impl From<bool> for Answer {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::zone::Zone;
    use crate::query::{ParseContext, parse};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Whether the query may show something that was read in Frankfurt and happened on 14 March 2026.
    fn opens(text: &str, span: Option<(&str, &str)>, undated: bool) -> bool {
        let context = ParseContext {
            now: at("2026-03-20T00:00:00Z"),
            zone: Zone::Utc,
            read_list: &|_, _| Err("none".to_owned()),
        };
        let query = parse(text, &context).unwrap();
        let (region, queried) = (RegionId::new("eu-frankfurt-1"), Ocid::new("ocid1.compartment.oc1..a"));
        let span = span.map(|(first, last)| (at(first), at(last)));
        may_match(&query, &Lot { region: Some(&region), queried: Some(&queried), span, undated })
    }

    #[test]
    fn only_what_cannot_match_stays_closed() {
        let day = Some(("2026-03-14T00:00:00Z", "2026-03-14T23:59:59Z"));
        for (query, expected) in [
            ("region:eu-frankfurt-1", true),
            ("region:us-*", false),
            ("-region:us-*", true),
            ("-region:eu-*", false),
            ("region:us-ashburn-1 or user:alice", true),
            ("region:us-ashburn-1 or region:uk-london-1", false),
            ("queried:ocid1.compartment.oc1..b", false),
            ("time:2026-03-14T10:00Z..11:00Z", true),
            ("time:2026-03-15T00:00Z..2026-03-16T00:00Z", false),
            ("time>=2026-03-15T00:00Z", false),
            ("-time:2026-03-14T00:00Z..2026-03-15T00:00Z", false),
            ("-time:2026-03-14T10:00Z..11:00Z", true),
            ("user:alice", true),
            ("-user:alice", true),
        ] {
            assert_eq!(opens(query, day, false), expected, "{query}");
        }
    }

    #[test]
    fn what_does_not_say_when_it_happened_is_in_no_range() {
        for (query, expected) in
            [("time:2026-03-14T10:00Z..11:00Z", false), ("-time:2026-03-14T10:00Z..11:00Z", true), ("user:alice", true)]
        {
            assert_eq!(opens(query, None, true), expected, "{query}");
        }
        let mixed = Some(("2026-03-14T10:00:00Z", "2026-03-14T10:30:00Z"));
        assert!(opens("-time:2026-03-14T10:00Z..11:00Z", mixed, true));
    }
}
