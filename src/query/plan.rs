//! A query made ready for columns.
//!
//! Texts are compared with a dictionary's values, once each, never with rows; what is left for the rows is whether a
//! code is in a set. A plan is kept with its selection: when dictionaries grow, only their new values are compared.

use std::ops::Range;

use super::condition::{Condition, Subject};
use super::mask::Mask;
use super::matches::TEXT_COLUMNS;
use super::term::{AccessSet, Expr, Query, Term};
use super::value::{BytesTest, ValueTest};
use crate::domain::event::{Flags, decode};
use crate::index::{BlockReader, Column, Dictionary, Segment, Snapshot};

/// The conjuncts of a query, sorted by the switch that adds them, because each switch says what it hides.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub access: Test,
    pub failed: Test,
    /// Of `-is:self` alone; asking for our own reads hides no others behind a switch.
    pub own: Test,
    pub scope: Test,
    pub rest: Test,
    /// Whether a row failed, for the counts.
    pub failure: ColumnTest,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    All,
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Access(AccessSet),
    Flag(Flags),
    Micros(Range<i64>),
    Column(ColumnTest),
    /// What no column holds.
    Bytes(BytesTest),
}

/// Whether a column's value is one of a set that grows with its dictionary.
#[derive(Clone, Debug)]
pub(super) struct ColumnTest {
    pub column: Column,
    value: ValueTest,
    /// A bit per code.
    codes: Vec<u64>,
    /// Codes compared so far, and how many of them are in the set.
    compared: u32,
    found: u32,
}

impl Plan {
    pub fn new(query: &Query) -> Self {
        let (mut access, mut failed, mut own, mut scope, mut rest) = (vec![], vec![], vec![], vec![], vec![]);
        for conjunct in query.conjuncts() {
            let part = match conjunct {
                Expr::Term(Term::Access(_)) => &mut access,
                Expr::Term(Term::Failed) => &mut failed,
                conjunct if conjunct.hides_own() => &mut own,
                Expr::Term(Term::Region(_) | Term::Queried(_)) => &mut scope,
                _ => &mut rest,
            };
            part.push(Test::new(conjunct));
        }
        Self {
            access: Test::and(access),
            failed: Test::and(failed),
            own: Test::and(own),
            scope: Test::and(scope),
            rest: Test::and(rest),
            failure: ColumnTest::new(Column::Status, ValueTest::Failed),
        }
    }

    /// Compares what the dictionaries have gained.
    pub fn extend(&mut self, snapshot: &Snapshot) {
        self.failure.extend(snapshot.dictionary(Column::Status));
        for test in [&mut self.access, &mut self.failed, &mut self.own, &mut self.scope, &mut self.rest] {
            test.extend(snapshot);
        }
    }
}

impl Test {
    fn new(expr: &Expr) -> Self {
        match expr {
            Expr::All => Self::All,
            Expr::And(all) => Self::and(all.iter().map(Self::new).collect()),
            Expr::Or(any) => Self::Or(any.iter().map(Self::new).collect()),
            Expr::Not(inner) => Self::Not(Box::new(Self::new(inner))),
            Expr::Term(term) => Self::of_term(term),
        }
    }

    fn of_term(term: &Term) -> Self {
        match term {
            Term::Access(set) => Self::Access(*set),
            Term::Own => Self::Flag(Flags::OWN),
            Term::Late => Self::Flag(Flags::LATE),
            Term::Flag(flag) => Self::new(&flag.meaning()),
            Term::Failed => Self::column(Column::Status, ValueTest::Failed),
            Term::Region(regions) => Self::column(Column::Region, ValueTest::Region(regions.clone())),
            Term::Queried(ids) => Self::column(Column::Queried, ValueTest::Compartment(ids.clone())),
            Term::Time(range) => Self::Micros(range.start().timestamp_micros()..range.end().timestamp_micros()),
            Term::Text(text) => Self::and(text.split_whitespace().map(Self::of_word).collect()),
            Term::About { subject, condition } => Self::about(subject, condition),
        }
    }

    fn about(subject: &Subject, condition: &Condition) -> Self {
        let column = match subject {
            Subject::Field(field) => field.column().map(|column| (column, ValueTest::of_field(*field, condition))),
            _ => None,
        };
        match (column, BytesTest::new(subject, condition)) {
            (Some((column, value)), _) => Self::column(column, value),
            (None, Some(test)) => Self::Bytes(test),
            (None, None) => Self::in_text_columns(&ValueTest::new(condition)),
        }
    }

    fn of_word(word: &str) -> Self {
        Self::in_text_columns(&ValueTest::Contains(word.to_lowercase()))
    }

    fn in_text_columns(value: &ValueTest) -> Self {
        Self::Or(TEXT_COLUMNS.iter().map(|column| Self::column(*column, value.clone())).collect())
    }

    fn column(column: Column, value: ValueTest) -> Self {
        Self::Column(ColumnTest::new(column, value))
    }

    /// What needs an event's bytes comes last, when few rows are left.
    fn and(mut all: Vec<Self>) -> Self {
        all.sort_by_key(Self::needs_bytes);
        if all.is_empty() { Self::All } else { Self::And(all) }
    }

    fn needs_bytes(&self) -> bool {
        match self {
            Self::Bytes(_) => true,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::needs_bytes),
            Self::Not(inner) => inner.needs_bytes(),
            Self::All | Self::Access(_) | Self::Flag(_) | Self::Micros(_) | Self::Column(_) => false,
        }
    }

    fn extend(&mut self, snapshot: &Snapshot) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter_mut().for_each(|part| part.extend(snapshot)),
            Self::Not(inner) => inner.extend(snapshot),
            Self::Column(test) => test.extend(snapshot.dictionary(test.column)),
            Self::All | Self::Access(_) | Self::Flag(_) | Self::Micros(_) | Self::Bytes(_) => {}
        }
    }

    /// Takes the rows out of `mask` that do not pass.
    pub fn narrow(&self, segment: &Segment, mask: &mut Mask) {
        match self {
            Self::All => {}
            Self::And(all) => all.iter().for_each(|test| test.narrow(segment, mask)),
            Self::Or(any) => narrow_to_any(any, segment, mask),
            Self::Not(inner) => {
                let mut passing = mask.clone();
                inner.narrow(segment, &mut passing);
                mask.subtract(&passing);
            }
            Self::Access(set) => {
                mask.retain(|row| segment.access().get(row).is_some_and(|access| set.contains(*access)));
            }
            Self::Flag(flag) => mask.retain(|row| segment.flags(row).contains(*flag)),
            Self::Micros(range) => {
                let first = segment.micros().partition_point(|micros| *micros < range.start);
                let end = segment.micros().partition_point(|micros| *micros < range.end);
                if (first, end) != (0, segment.len()) {
                    mask.retain(|row| (first..end).contains(&row));
                }
            }
            Self::Column(test) => test.narrow(segment, mask),
            Self::Bytes(test) => narrow_by_bytes(test, segment, mask),
        }
    }
}

/// Each part is asked about the rows only that none before it has let pass.
fn narrow_to_any(any: &[Test], segment: &Segment, mask: &mut Mask) {
    let mut passed = Mask::none(segment.len());
    for test in any {
        if mask.is_empty() {
            break;
        }
        let mut passing = mask.clone();
        test.narrow(segment, &mut passing);
        mask.subtract(&passing);
        passed.add(&passing);
    }
    *mask = passed;
}

fn narrow_by_bytes(test: &BytesTest, segment: &Segment, mask: &mut Mask) {
    let mut reader = BlockReader::default();
    mask.retain(|row| segment.read(row, &mut reader).is_some_and(|bytes| test.holds(bytes, &decode(bytes).fields)));
}

impl ColumnTest {
    fn new(column: Column, value: ValueTest) -> Self {
        Self { column, value, codes: Vec::new(), compared: 0, found: 0 }
    }

    fn extend(&mut self, dictionary: &Dictionary) {
        self.codes.resize(dictionary.len().max(self.compared).div_ceil(64) as usize, 0);
        for (code, text) in dictionary.values_from(self.compared) {
            if self.value.holds(text) {
                self.codes[code as usize / 64] |= 1 << (code % 64);
                self.found += 1;
            }
        }
        self.compared = self.compared.max(dictionary.len());
    }

    pub fn holds(&self, code: u32) -> bool {
        self.codes.get(code as usize / 64).is_some_and(|word| word >> (code % 64) & 1 != 0)
    }

    fn narrow(&self, segment: &Segment, mask: &mut Mask) {
        if self.found == 0 {
            mask.clear();
        } else if self.found < self.compared {
            let codes = segment.codes(self.column);
            mask.retain(|row| self.holds(codes.get(row)));
        }
    }
}
