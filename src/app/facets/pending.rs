//! What was chosen among the values and does not hold yet: asked for all at once, or forgotten.

use crate::query::{Condition, Expr, Subject, Term};

/// Values that are wanted, and values that are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending(Vec<Change>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    subject: Subject,
    /// `None`: that there is none.
    value: Option<String>,
    wanted: bool,
}

impl Pending {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether a value is wanted, or not wanted; `None` where nothing was said of it.
    pub fn get(&self, subject: &Subject, value: Option<&str>) -> Option<bool> {
        self.0.iter().find(|change| change.is_about(subject, value)).map(|change| change.wanted)
    }

    /// Whether anything was said of a field.
    pub fn has(&self, subject: &Subject) -> bool {
        self.0.iter().any(|change| change.subject == *subject)
    }

    /// Says that a value is wanted, or not; where just that was said, takes it back.
    pub fn toggle(&mut self, subject: &Subject, value: Option<&str>, wanted: bool) {
        let said = self.get(subject, value);
        self.0.retain(|change| !change.is_about(subject, value));
        if said != Some(wanted) {
            self.0.push(Change { subject: subject.clone(), value: value.map(str::to_owned), wanted });
        }
    }

    /// Of this field, nothing but this value is wanted.
    pub fn only(&mut self, subject: &Subject, value: Option<&str>) {
        self.0.retain(|change| change.subject != *subject);
        self.toggle(subject, value, true);
    }

    /// As terms: one for the values of a field that are wanted, one for each that is not.
    pub fn terms(&self) -> Vec<Expr> {
        let mut terms: Vec<Expr> = Vec::new();
        for (place, change) in self.0.iter().enumerate() {
            let before = self.0.iter().take(place);
            if !change.wanted {
                terms.push(that(&change.subject, change.value.as_deref()).negated());
            } else if !before.into_iter().any(|other| other.wanted && other.subject == change.subject) {
                terms.push(self.wanted_of(&change.subject));
            }
        }
        terms
    }

    fn wanted_of(&self, subject: &Subject) -> Expr {
        let of = self.0.iter().filter(|change| change.wanted && change.subject == *subject);
        let values: Vec<&str> = of.clone().filter_map(|change| change.value.as_deref()).collect();
        let missing = of.clone().any(|change| change.value.is_none()).then(|| that(subject, None));
        let present = match &*values {
            [] => None,
            [only] => Some(that(subject, Some(only))),
            values => {
                let any = values.iter().filter_map(|value| condition(that(subject, Some(value)))).collect();
                Some(Term::About { subject: subject.clone(), condition: Condition::Any(any) }.into())
            }
        };
        match (present, missing) {
            (Some(present), Some(missing)) => Expr::Or(vec![present, missing]),
            (one, other) => one.or(other).unwrap_or(Expr::All),
        }
    }
}

impl Change {
    fn is_about(&self, subject: &Subject, value: Option<&str>) -> bool {
        self.subject == *subject && self.value.as_deref() == value
    }
}

/// That an event has this value there, or none.
fn that(subject: &Subject, value: Option<&str>) -> Expr {
    Term::is(subject.clone(), value.unwrap_or_default())
}

/// What a term asks of its subject.
fn condition(term: Expr) -> Option<Condition> {
    match term {
        Expr::Term(Term::About { condition, .. }) => Some(condition),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{Field, Query};

    fn typed(pending: &Pending) -> String {
        Query::everything().and_all(pending.terms()).to_string()
    }

    #[test]
    fn values_are_typed_as_people_type_them() {
        let mut pending = Pending::default();
        for (field, values) in [(Field::Ip, ["10.0.0.1", "odd, 10.0.0.2"]), (Field::Status, ["404", "409"])] {
            for value in values {
                pending.toggle(&Subject::Field(field), Some(value), true);
            }
        }
        assert_eq!(typed(&pending), "ip in (10.0.0.1, \"odd, 10.0.0.2\") status:(404 OR 409)");
    }

    #[test]
    fn what_is_chosen_becomes_terms() {
        let (event, user) = (Subject::Field(Field::Event), Subject::Field(Field::User));
        let mut pending = Pending::default();
        pending.toggle(&event, Some("A"), true);
        assert_eq!(typed(&pending), "event=A");
        pending.toggle(&user, Some("bob"), false);
        pending.toggle(&event, Some("B"), true);
        assert_eq!(typed(&pending), "event in (A, B) -user=bob");
        pending.toggle(&event, None, true);
        assert_eq!(typed(&pending), "(event in (A, B) OR -event:*) -user=bob");
        pending.toggle(&event, Some("A"), false);
        assert_eq!(typed(&pending), "-user=bob (event=B OR -event:*) -event=A");
        pending.only(&event, None);
        assert_eq!(typed(&pending), "-user=bob -event:*");
        pending.toggle(&event, None, true);
        pending.toggle(&user, Some("bob"), false);
        assert!(pending.is_empty() && !pending.has(&event));
    }
}
