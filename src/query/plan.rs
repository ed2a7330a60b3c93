//! A query made ready for columns.
//!
//! Texts are compared with a dictionary's values, once each, never with rows; what is left for the rows is whether a
//! code is in a set. A plan is kept with its selection: when dictionaries grow, only their new values are compared.

use std::collections::BTreeSet;
use std::ops::Range;

use super::field::Field;
use super::mask::Mask;
use super::matches::TEXT_COLUMNS;
use super::scan;
use super::select::Cancel;
use super::term::{AccessSet, Expr, Op, Query, Term};
use super::text;
use crate::domain::access::Access;
use crate::domain::event::{Flags, decode};
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::index::{Column, Dictionary, RecordRef, Segment, Snapshot};

/// The conjuncts of a query, sorted by the switch that adds them, because each switch says what it hides.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub access: Test,
    pub failed: Test,
    /// Of `-is:self` alone; asking for our own reads hides no others behind a switch.
    pub own: Test,
    pub scope: Test,
    pub rest: Test,
    /// The conjuncts that `scope` and `rest` are made of.
    pub scope_of: Vec<Expr>,
    pub rest_of: Vec<Expr>,
    query: Query,
}

/// Where rows are looked at.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub snapshot: &'a Snapshot,
    pub segment: &'a Segment,
    pub cancel: &'a Cancel,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    All,
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Access(AccessSet),
    Failed,
    Own,
    Micros(Range<i64>),
    Column(ColumnTest),
    /// A field without a column.
    Bytes(Field, ValueTest),
}

/// Whether a column's value is one of a set that grows with its dictionary.
#[derive(Clone, Debug)]
pub(super) struct ColumnTest {
    column: Column,
    value: ValueTest,
    /// A bit per code.
    codes: Vec<u64>,
    /// Codes compared so far, and how many of them are in the set.
    compared: u32,
    found: u32,
}

#[derive(Clone, Debug)]
pub(super) enum ValueTest {
    /// In lower case.
    Contains(String),
    /// In lower case.
    Equals(String),
    Region(BTreeSet<RegionId>),
    Compartment(BTreeSet<Ocid>),
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
            part.push(conjunct.clone());
        }
        let all = |exprs: &[Expr]| Test::all(exprs);
        Self {
            access: all(&access),
            failed: all(&failed),
            own: all(&own),
            scope: all(&scope),
            rest: all(&rest),
            scope_of: scope,
            rest_of: rest,
            query: query.clone(),
        }
    }

    /// Whether both ask the same, in whatever order.
    pub fn is_same(&self, other: &Self) -> bool {
        self.query == other.query
    }

    /// Compares what the dictionaries have gained.
    pub fn extend(&mut self, snapshot: &Snapshot) {
        for test in [&mut self.access, &mut self.failed, &mut self.own, &mut self.scope, &mut self.rest] {
            test.extend(snapshot);
        }
    }
}

impl Test {
    /// That all of these hold.
    pub fn all(exprs: &[Expr]) -> Self {
        Self::and(exprs.iter().map(Self::new).collect())
    }

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
            Term::Own => Self::Own,
            Term::Failed => Self::Failed,
            Term::Region(regions) => Self::column(Column::Region, ValueTest::Region(regions.clone())),
            Term::Queried(ids) => Self::column(Column::Queried, ValueTest::Compartment(ids.clone())),
            Term::Time(range) => Self::Micros(range.start().timestamp_micros()..range.end().timestamp_micros()),
            Term::Text(text) => Self::and(text.split_whitespace().map(Self::of_word).collect()),
            Term::Field { field, op, value } => {
                let value = match op {
                    Op::Contains => ValueTest::Contains(value.to_lowercase()),
                    Op::Equals => ValueTest::Equals(value.to_lowercase()),
                };
                match field.column() {
                    Some(column) => Self::column(column, value),
                    None => Self::Bytes(*field, value),
                }
            }
        }
    }

    fn of_word(word: &str) -> Self {
        let word = word.to_lowercase();
        Self::Or(TEXT_COLUMNS.iter().map(|column| Self::column(*column, ValueTest::Contains(word.clone()))).collect())
    }

    fn column(column: Column, value: ValueTest) -> Self {
        Self::Column(ColumnTest::new(column, value))
    }

    /// What costs least comes first; what needs an event's bytes comes last, when few rows are left.
    fn and(mut all: Vec<Self>) -> Self {
        all.sort_by_key(Self::cost);
        if all.is_empty() { Self::All } else { Self::And(all) }
    }

    /// What a row costs: nothing but a bit, a look at one column or at some, or unpacking its event.
    fn cost(&self) -> u32 {
        match self {
            Self::All | Self::Access(_) | Self::Failed | Self::Own | Self::Micros(_) => 0,
            Self::Column(_) => 1,
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::cost).fold(0, u32::saturating_add),
            Self::Not(inner) => inner.cost(),
            Self::Bytes(..) => 1 << 16,
        }
    }

    pub fn extend(&mut self, snapshot: &Snapshot) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter_mut().for_each(|part| part.extend(snapshot)),
            Self::Not(inner) => inner.extend(snapshot),
            Self::Column(test) => test.extend(snapshot.dictionary(test.column)),
            Self::All | Self::Access(_) | Self::Failed | Self::Own | Self::Micros(_) | Self::Bytes(..) => {}
        }
    }

    /// Takes the rows out of `mask` that do not pass.
    pub fn narrow(&self, place: Place<'_>, mask: &mut Mask) {
        let segment = place.segment;
        match self {
            Self::All => {}
            Self::And(all) => all.iter().for_each(|test| test.narrow(place, mask)),
            Self::Or(any) => narrow_to_any(any, place, mask),
            Self::Not(inner) => {
                let mut passing = mask.clone();
                inner.narrow(place, &mut passing);
                mask.subtract(&passing);
            }
            Self::Access(set) => narrow_to_access(*set, segment, mask),
            Self::Failed => mask.keep_bits(segment.failed(), true),
            Self::Own => mask.keep_bits(segment.flagged(Flags::OWN), true),
            Self::Micros(range) => mask.keep(segment.times().before(range.start)..segment.times().before(range.end)),
            Self::Column(test) => test.narrow(segment, mask),
            Self::Bytes(field, value) => narrow_by_bytes(*field, value, place, mask),
        }
    }
}

/// Each part is asked about the rows only that none before it has let pass.
fn narrow_to_any(any: &[Test], place: Place<'_>, mask: &mut Mask) {
    let mut passed = Mask::none(place.segment.end());
    for test in any {
        if mask.is_empty() {
            break;
        }
        let mut passing = mask.clone();
        test.narrow(place, &mut passing);
        mask.subtract(&passing);
        passed.add(&passing);
    }
    *mask = passed;
}

fn narrow_to_access(set: AccessSet, segment: &Segment, mask: &mut Mask) {
    let all = |access| if set.contains(access) { u64::MAX } else { 0 };
    let [reads, writes, sessions] = [Access::Read, Access::Write, Access::Session].map(all);
    mask.narrow(|place, _| {
        let (write, session) = (segment.writes().word(place), segment.sessions().word(place));
        write & writes | session & sessions | !(write | session) & reads
    });
}

/// Rows are in the order of time, events lie in the order of arrival: they are read in theirs, so that none is unpacked
/// twice. Nothing passes any more once the selection is cancelled; nobody will see it.
fn narrow_by_bytes(field: Field, value: &ValueTest, place: Place<'_>, mask: &mut Mask) {
    let mut reader = place.snapshot.blocks().reader();
    let (region, queried) = (RegionId::new(""), Ocid::new(""));
    let mut rows: Vec<_> = mask.rows().filter_map(|row| Some((place.segment.at(row)?, row))).collect();
    rows.sort_unstable();
    let mut passing = vec![false; place.segment.end()];
    for (at, row) in rows {
        if place.cancel.is_cancelled() {
            break;
        }
        passing[row] = reader.read(at).is_some_and(|bytes| {
            let decoded = decode(bytes);
            let record = RecordRef { fields: &decoded.fields, region: &region, queried: &queried, own: false };
            value.holds(field.text(&record))
        });
    }
    mask.retain(|row| passing[row]);
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

    fn holds(&self, code: u32) -> bool {
        self.codes.get(code as usize / 64).is_some_and(|word| word >> (code % 64) & 1 != 0)
    }

    fn narrow(&self, segment: &Segment, mask: &mut Mask) {
        if self.found == 0 {
            mask.clear();
        } else if self.found < self.compared {
            scan::narrow(segment.codes(self.column), |code| self.holds(code), mask);
        }
    }
}

impl ValueTest {
    fn holds(&self, value: &str) -> bool {
        match self {
            Self::Contains(needle) => text::contains(value, needle),
            Self::Equals(needle) => text::equals(value, needle),
            Self::Region(regions) => regions.iter().any(|region| region.as_str() == value),
            Self::Compartment(ids) => ids.iter().any(|id| id.as_str() == value),
        }
    }
}
