//! A query made ready for columns.
//!
//! Texts are compared with a dictionary's values, once each, never with rows; what is left for the rows is whether a
//! code is in a set. A plan is kept with its selection: when dictionaries grow, only their new values are compared.

use std::ops::Range;

use super::condition::{Condition, Subject};
use super::mask::Mask;
use super::matches::TEXT_COLUMNS;
use super::scan;
use super::select::Cancel;
use super::term::{AccessSet, Expr, Query, Term};
use super::value::{BytesTest, ValueTest};
use crate::domain::access::Access;
use crate::domain::event::{Flags, decode};
use crate::index::{Candidates, Column, Dictionary, Ordinal, Segment, Snapshot, Texts};

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
}

/// What it costs to read an event, where a look at a column costs 1.
const READING: u32 = 1 << 16;

/// Values that are compared between two looks at whether that is wanted still.
const TOGETHER: u32 = 1 << 10;

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
    Flag(Flags),
    Micros(Range<i64>),
    Column(ColumnTest),
    /// What no column holds.
    Bytes(EventTest),
}

/// What must be asked of events themselves, and in which blocks it is of no use to ask.
#[derive(Clone, Debug)]
pub(super) struct EventTest {
    test: BytesTest,
    /// `None` where every block may have what is looked for.
    candidates: Option<Candidates>,
    /// How much was indexed when the candidates were found.
    packs: u32,
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

impl Query {
    /// Whether events must be unpacked to answer it, which takes long where there are many.
    pub fn reads_events(&self) -> bool {
        Plan::new(self).reads_events()
    }
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
        }
    }

    /// Whether events must be unpacked for it.
    pub fn reads_events(&self) -> bool {
        self.rest.reads_events()
    }

    /// Compares what the dictionaries have gained, but for `rest`. `None` when it was cancelled.
    pub fn extend(&mut self, snapshot: &Snapshot, cancel: &Cancel) -> Option<()> {
        let tests = [&mut self.access, &mut self.failed, &mut self.own, &mut self.scope];
        tests.into_iter().try_for_each(|test| test.extend(snapshot, cancel))
    }
}

impl Test {
    /// That all of these hold.
    pub fn all(exprs: &[Expr]) -> Self {
        Self::and(exprs.iter().map(Self::new).collect())
    }

    fn new(expr: &Expr) -> Self {
        match expr {
            Expr::All | Expr::Off(_) => Self::All,
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
            Term::Failed => Self::Failed,
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
            (None, Some(test)) => Self::Bytes(EventTest { test, candidates: None, packs: 0 }),
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

    /// What costs least comes first; what needs an event's bytes comes last, when few rows are left.
    fn and(mut all: Vec<Self>) -> Self {
        all.sort_by_key(Self::cost);
        if all.is_empty() { Self::All } else { Self::And(all) }
    }

    /// What a row costs: nothing but a bit, a look at one column or at some, or unpacking its event.
    fn cost(&self) -> u32 {
        match self {
            Self::All | Self::Access(_) | Self::Failed | Self::Flag(_) | Self::Micros(_) => 0,
            Self::Column(_) => 1,
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::cost).fold(0, u32::saturating_add),
            Self::Not(inner) => inner.cost(),
            Self::Bytes(_) => READING,
        }
    }

    /// Whether events must be unpacked for it.
    pub fn reads_events(&self) -> bool {
        self.cost() >= READING
    }

    /// Whether every row passes.
    pub fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// Compares what the dictionaries have gained. `None` when it was cancelled.
    pub fn extend(&mut self, snapshot: &Snapshot, cancel: &Cancel) -> Option<()> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter_mut().try_for_each(|part| part.extend(snapshot, cancel)),
            Self::Not(inner) => inner.extend(snapshot, cancel),
            Self::Column(test) => test.extend(snapshot.dictionary(test.column), cancel),
            Self::Bytes(test) => {
                test.extend(snapshot.texts());
                Some(())
            }
            Self::All | Self::Access(_) | Self::Failed | Self::Flag(_) | Self::Micros(_) => Some(()),
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
            Self::Failed => mask.keep_bits(segment.failed()),
            Self::Flag(flag) => mask.keep_bits(segment.flagged(*flag)),
            Self::Micros(range) => mask.keep(segment.times().before(range.start)..segment.times().before(range.end)),
            Self::Column(test) => test.narrow(segment, mask),
            Self::Bytes(test) => narrow_by_bytes(test, place, mask),
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
fn narrow_by_bytes(test: &EventTest, place: Place<'_>, mask: &mut Mask) {
    let mut reader = place.snapshot.blocks().reader();
    let may_pass = |at: Ordinal| test.candidates.as_ref().is_none_or(|candidates| candidates.allow(at));
    let rows = mask.rows().filter_map(|row| Some((place.segment.at(row)?, row)));
    let mut rows: Vec<(Ordinal, usize)> = rows.filter(|(at, _)| may_pass(*at)).collect();
    rows.sort_unstable();
    let mut passing = vec![false; place.segment.end()];
    for block in rows.chunk_by(|(one, _), (next, _)| one.block() == next.block()) {
        if place.cancel.is_cancelled() {
            break;
        }
        let number = block.first().map_or(0, |(at, _)| at.block());
        if reader.haystack(number).is_some_and(|strings| test.test.is_ruled_out(strings)) {
            continue;
        }
        for (at, row) in block {
            passing[*row] = reader.read(*at).is_some_and(|bytes| test.test.holds(bytes, &decode(bytes).fields));
        }
    }
    mask.retain(|row| passing[row]);
}

impl EventTest {
    /// Asks the text index what it has gained.
    fn extend(&mut self, texts: &Texts) {
        if texts.packs() != self.packs {
            self.packs = texts.packs();
            self.candidates = self.test.needle().and_then(|needle| texts.candidates(needle));
        }
    }
}

impl ColumnTest {
    fn new(column: Column, value: ValueTest) -> Self {
        Self { column, value, codes: Vec::new(), compared: 0, found: 0 }
    }

    fn extend(&mut self, dictionary: &Dictionary, cancel: &Cancel) -> Option<()> {
        self.codes.resize(dictionary.len().max(self.compared).div_ceil(64) as usize, 0);
        for (code, text) in dictionary.values_from(self.compared) {
            if code % TOGETHER == 0 && cancel.is_cancelled() {
                return None;
            }
            if self.value.holds(text) {
                self.codes[code as usize / 64] |= 1 << (code % 64);
                self.found += 1;
            }
        }
        self.compared = self.compared.max(dictionary.len());
        Some(())
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
