//! The question as a value: built by keys or by a parser, printed as text, evaluated by [`super::select()`].

use std::collections::BTreeSet;

use super::condition::{Condition, Subject};
use super::field::Field;
use super::flag::Flag;
use super::parse::bare_value;
use crate::domain::access::Access;
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::domain::time_range::TimeRange;

/// What must hold for an event to be shown: all of the conjuncts. None of them: everything is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Query {
    conjuncts: Vec<Expr>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// Every event.
    All,
    /// All of these; every event when there are none.
    And(Vec<Self>),
    /// Any of these; no event when there are none.
    Or(Vec<Self>),
    Not(Box<Self>),
    /// Kept, but switched off: every event. Only a whole conjunct is switched off.
    Off(Box<Self>),
    Term(Term),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    Access(AccessSet),
    /// Status 400 and above.
    Failed,
    /// Our own calls, reading; see [`Footprint`](crate::domain::footprint::Footprint).
    Own,
    /// See [`Flags::LATE`](crate::domain::event::Flags::LATE).
    Late,
    Flag(Flag),
    /// Read in one of these regions.
    Region(BTreeSet<RegionId>),
    /// Read by asking for one of these compartments.
    Queried(BTreeSet<Ocid>),
    /// Happened in this range. Instants are compared by the microsecond.
    Time(TimeRange),
    /// Each word stands, in any case, in some field that is shown in the list.
    Text(String),
    About {
        subject: Subject,
        condition: Condition,
    },
}

/// What a term is about; a query has at most one conjunct of each kind but [`Field`](Self::Field) and
/// [`Other`](Self::Other) when it is changed by [`Query::set`] only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TermKind {
    Access,
    Failed,
    Own,
    Region,
    Queried,
    Time,
    Text,
    /// A condition on a field, or a flag.
    Field,
    /// Anything that is not a single term.
    Other,
}

impl Query {
    /// Shows everything.
    pub fn everything() -> Self {
        Self::default()
    }

    pub fn conjuncts(&self) -> &[Expr] {
        &self.conjuncts
    }

    pub fn is_everything(&self) -> bool {
        self.conjuncts.is_empty()
    }

    /// Adds a conjunct.
    #[must_use]
    pub fn and(mut self, expr: impl Into<Expr>) -> Self {
        self.push(expr);
        self
    }

    /// Adds conjuncts.
    #[must_use]
    pub fn and_all<E: Into<Expr>>(self, exprs: impl IntoIterator<Item = E>) -> Self {
        exprs.into_iter().fold(self, Self::and)
    }

    /// Adds a conjunct, unless it is there already. `All` adds nothing.
    pub fn push(&mut self, expr: impl Into<Expr>) {
        let expr = expr.into();
        if expr != Expr::All && !self.conjuncts.contains(&expr) {
            self.conjuncts.push(expr);
        }
    }

    /// Puts a term in the place of the conjunct of its kind; a field's term is added.
    pub fn set(&mut self, term: Term) {
        let kind = term.kind();
        match self.conjuncts.iter_mut().find(|conjunct| conjunct.kind() == kind) {
            Some(conjunct) if kind != TermKind::Field => *conjunct = Expr::Term(term),
            _ => self.push(term),
        }
    }

    /// Takes away every conjunct of this kind.
    pub fn clear(&mut self, kind: TermKind) {
        self.conjuncts.retain(|conjunct| conjunct.kind() != kind);
    }

    /// Takes a conjunct away, as when its chip is closed.
    pub fn remove(&mut self, place: usize) -> Option<Expr> {
        (place < self.conjuncts.len()).then(|| self.conjuncts.remove(place))
    }

    /// The query with every conjunct switched off; where all are off already, with every one on.
    #[must_use]
    pub fn switched(&self) -> Self {
        let all_off = self.conjuncts.iter().all(Expr::is_off);
        let switch = |conjunct: &Expr| {
            if conjunct.is_off() == all_off { conjunct.clone().switched() } else { conjunct.clone() }
        };
        Self { conjuncts: self.conjuncts.iter().map(switch).collect() }
    }

    /// The first conjunct that is a term of this kind.
    pub fn term(&self, kind: TermKind) -> Option<&Term> {
        self.conjuncts.iter().find_map(|conjunct| match conjunct {
            Expr::Term(term) if term.kind() == kind => Some(term),
            _ => None,
        })
    }

    /// The classes that are shown, as far as a conjunct of that kind says.
    pub fn access(&self) -> AccessSet {
        match self.term(TermKind::Access) {
            Some(Term::Access(set)) => *set,
            _ => AccessSet::ALL,
        }
    }

    pub fn time(&self) -> Option<TimeRange> {
        match self.term(TermKind::Time) {
            Some(Term::Time(range)) => Some(*range),
            _ => None,
        }
    }

    /// The live filter's text; empty without one.
    pub fn text(&self) -> &str {
        match self.term(TermKind::Text) {
            Some(Term::Text(text)) => text,
            _ => "",
        }
    }
}

impl FromIterator<Term> for Query {
    fn from_iter<I: IntoIterator<Item = Term>>(terms: I) -> Self {
        terms.into_iter().fold(Self::default(), Self::and)
    }
}

impl From<Term> for Expr {
    fn from(term: Term) -> Self {
        Self::Term(term)
    }
}

impl Expr {
    /// The opposite; twice is once.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    pub fn kind(&self) -> TermKind {
        match self {
            Self::Term(term) => term.kind(),
            _ => TermKind::Other,
        }
    }

    /// Switched off, or on again.
    #[must_use]
    pub fn switched(self) -> Self {
        match self {
            Self::Off(inner) => *inner,
            other => Self::Off(Box::new(other)),
        }
    }

    pub fn is_off(&self) -> bool {
        matches!(self, Self::Off(_))
    }

    /// Whether this is `-is:self`, which hides our own reads.
    pub fn hides_own(&self) -> bool {
        matches!(self, Self::Not(inner) if **inner == Self::Term(Term::Own))
    }
}

impl Term {
    pub fn kind(&self) -> TermKind {
        match self {
            Self::Access(_) => TermKind::Access,
            Self::Failed => TermKind::Failed,
            Self::Own => TermKind::Own,
            Self::Region(_) => TermKind::Region,
            Self::Queried(_) => TermKind::Queried,
            Self::Time(_) => TermKind::Time,
            Self::Text(_) => TermKind::Text,
            Self::Late | Self::Flag(_) | Self::About { .. } => TermKind::Field,
        }
    }

    /// That a text of the subject is exactly this one, in any case, or that there is none where this is empty. Written
    /// as it would be typed: an address as an address, a status as a number.
    pub fn is(subject: Subject, text: &str) -> Expr {
        if text.is_empty() {
            return Expr::from(Self::About { subject, condition: Condition::Present }).negated();
        }
        let typed = bare_value(&subject, true, text)
            .filter(|typed| matches!(typed, Condition::Number(_) | Condition::Address(_) | Condition::Equals(_)));
        Self::About { condition: typed.unwrap_or_else(|| Condition::Equals(text.to_owned())), subject }.into()
    }

    pub fn contains(field: Field, value: impl Into<String>) -> Self {
        Self::About { subject: Subject::Field(field), condition: Condition::Contains(value.into()) }
    }

    pub fn equals(field: Field, value: impl Into<String>) -> Self {
        Self::About { subject: Subject::Field(field), condition: Condition::Equals(value.into()) }
    }
}

/// Some of the access classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccessSet(u8);

impl AccessSet {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(0b111);
    pub const READS: Self = Self(1 << Access::Read as u8);
    pub const LOGINS: Self = Self(1 << Access::Session as u8);
    /// What "writes" means wherever it is said: signing in and out is among them.
    pub const WRITES: Self = Self(1 << Access::Write as u8 | 1 << Access::Session as u8);

    pub fn of(access: impl IntoIterator<Item = Access>) -> Self {
        Self(access.into_iter().fold(0, |set, access| set | 1 << access as u8))
    }

    pub fn contains(self, access: Access) -> bool {
        self.0 & 1 << access as u8 != 0
    }
}
