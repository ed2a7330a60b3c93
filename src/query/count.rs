//! How many rows of a selection have which values.

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat};

use super::field::Field;
use super::grid::{Axis, grid};
use super::parse::nearest;
use super::select::Cancel;
use super::selection::Selection;
use crate::domain::access::Access;
use crate::domain::event::{EventFields, decode};
use crate::index::{Column, RowView, Segment};

/// Something that rows are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Field(Field),
    /// `read`, `write` or `session`.
    Access,
    /// The UTC day in which it happened.
    Day,
    /// The UTC hour in which it happened.
    Hour,
}

/// So many rows have these values, in the order of what they are counted by; `None` where the event has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuple {
    pub values: Vec<Option<String>>,
    pub count: u64,
}

impl By {
    const OTHERS: [(&'static str, Self); 3] = [("access", Self::Access), ("day", Self::Day), ("hour", Self::Hour)];

    /// Names that somebody who typed this may have meant.
    pub fn nearest(name: &str) -> Vec<&'static str> {
        nearest(name, Self::names())
    }

    /// By its name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        let other = Self::OTHERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, by)| *by);
        other.or_else(|| Field::named(name).map(Self::Field))
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Field(field) => field.name(),
            other => Self::OTHERS.iter().find(|(_, by)| *by == other).map_or("", |(name, _)| name),
        }
    }

    pub fn names() -> impl Iterator<Item = &'static str> {
        Field::ALL.iter().map(|field| field.name()).chain(Self::OTHERS.iter().map(|(name, _)| *name))
    }

    fn column(self) -> Option<Column> {
        match self {
            Self::Field(field) => field.column(),
            Self::Access | Self::Day | Self::Hour => None,
        }
    }

    /// What a segment knows of it in small numbers.
    fn axis(self, segment: &Segment) -> Option<Axis<'_>> {
        match self {
            Self::Access => Some(Axis::Access(segment)),
            _ => self.column().map(|column| Axis::Codes(segment.codes(column))),
        }
    }

    /// Whether it stands in no column.
    fn is_in_bytes(self) -> bool {
        matches!(self, Self::Field(field) if field.column().is_none())
    }

    /// What stands for the row's value: a code of the column's dictionary where there is one, else one of `texts`.
    pub(super) fn code(self, row: &RowView<'_>, fields: &EventFields<'_>, texts: &mut Texts) -> u64 {
        let units = |seconds: i64| row.time().map_or(0, |time| (time.timestamp().div_euclid(seconds) as u64) << 1 | 1);
        match self {
            Self::Field(field) => match field.column() {
                Some(column) => u64::from(row.code(column)),
                None => texts.code(field.text_of_event(fields)),
            },
            Self::Access => row.access() as u64,
            Self::Day => units(DAY),
            Self::Hour => units(HOUR),
        }
    }

    pub(super) fn value(self, code: u64, selection: &Selection, texts: &Texts) -> Option<String> {
        let time = |seconds: i64| (code != 0).then(|| DateTime::from_timestamp(((code as i64) >> 1) * seconds, 0))?;
        let text = match self {
            Self::Field(field) => match field.column() {
                Some(column) => selection.snapshot().dictionary(column).value(code as u32).to_owned(),
                None => texts.value(code).to_owned(),
            },
            Self::Access => access_name(code).to_owned(),
            Self::Day => time(DAY)?.format("%Y-%m-%d").to_string(),
            Self::Hour => time(HOUR)?.to_rfc3339_opts(SecondsFormat::Secs, true),
        };
        Some(text).filter(|text| !text.is_empty())
    }
}

/// Rows that are listed at once.
pub(super) const STRIDE: usize = 1 << 16;

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

fn access_name(code: u64) -> &'static str {
    match Access::ALL.into_iter().find(|access| *access as u64 == code) {
        Some(Access::Write) => "write",
        Some(Access::Session) => "session",
        Some(Access::Read) | None => "read",
    }
}

/// Codes for values that have none in the index; 0 is the empty text.
pub(super) struct Texts {
    codes: HashMap<String, u64>,
    values: Vec<String>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { codes: HashMap::from([(String::new(), 0)]), values: vec![String::new()] }
    }
}

impl Texts {
    fn code(&mut self, text: &str) -> u64 {
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        let code = self.values.len() as u64;
        self.values.push(text.to_owned());
        self.codes.insert(text.to_owned(), code);
        code
    }

    fn value(&self, code: u64) -> &str {
        self.values.get(code as usize).map_or("", String::as_str)
    }
}

/// Counts the rows by the values that they have there; the most frequent first, then by value. Without anything to count
/// by, that is one tuple of nothing, however many rows there are.
pub fn count(selection: &Selection, by: &[By]) -> Vec<Tuple> {
    if by.is_empty() {
        return vec![Tuple { values: Vec::new(), count: selection.len() as u64 }];
    }
    let mut texts: Vec<Texts> = by.iter().map(|_| Texts::default()).collect();
    let counts = of_column(selection, by)
        .or_else(|| of_columns(selection, by))
        .unwrap_or_else(|| of_rows(selection, by, &mut texts));
    let value = |((code, by), texts): ((&u64, &By), &Texts)| by.value(*code, selection, texts);
    let tuple = |(codes, count): (Box<[u64]>, u64)| Tuple {
        values: codes.iter().zip(by).zip(&texts).map(value).collect(),
        count,
    };
    let mut tuples: Vec<Tuple> = counts.into_iter().map(tuple).collect();
    tuples.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.values.cmp(&b.values)));
    tuples
}

/// How many rows have which codes.
type Counted = HashMap<Box<[u64]>, u64>;

/// By one column, or by what is counted anyway. Of segments that match as a whole no row is looked at.
fn of_column(selection: &Selection, by: &[By]) -> Option<Counted> {
    let [by] = by else { return None };
    let key = |code: u64| -> Box<[u64]> { [code].into() };
    if *by == By::Access {
        let counted = Access::ALL.iter().zip(selection.counts().by_access).filter(|(_, count)| *count > 0);
        return Some(counted.map(|(access, count)| (key(*access as u64), count)).collect());
    }
    let facet = selection.facet(by.column()?, &Cancel::new())?;
    Some(facet.values.into_iter().map(|(code, count)| (key(u64::from(code)), count)).collect())
}

/// By several columns, a segment at a time: no text is looked at, and a key is made for each tuple, not for each row.
fn of_columns(selection: &Selection, by: &[By]) -> Option<Counted> {
    let mut counts = Counted::new();
    for (segment, part) in selection.snapshot().segments().iter().zip(&*selection.parts) {
        let axes = by.iter().map(|by| by.axis(segment)).collect::<Option<Vec<Axis<'_>>>>()?;
        for (codes, count) in grid(&axes, part.found.hits.mask()) {
            let key: Box<[u64]> = codes.iter().map(|code| u64::from(*code)).collect();
            *counts.entry(key).or_default() += count;
        }
    }
    Some(counts)
}

/// By anything, row by row.
fn of_rows(selection: &Selection, by: &[By], texts: &mut [Texts]) -> Counted {
    let snapshot = selection.snapshot();
    let mut counts = Counted::new();
    let mut key = vec![0; by.len()];
    let reads_bytes = by.iter().any(|by| by.is_in_bytes());
    let mut reader = snapshot.blocks().reader();
    let strides = (0..selection.len()).step_by(STRIDE).map(|start| start..start + STRIDE);
    for row in strides.flat_map(|ranks| selection.rows(ranks)).filter_map(|id| snapshot.row(id)) {
        let place = || snapshot.segments().get(row.id().segment as usize)?.at(row.id().row as usize);
        let bytes = if reads_bytes { place().and_then(|at| reader.read(at)) } else { None };
        let fields = bytes.map(|bytes| decode(bytes).fields).unwrap_or_default();
        for ((code, by), texts) in key.iter_mut().zip(by).zip(&mut *texts) {
            *code = by.code(&row, &fields, texts);
        }
        match counts.get_mut(&*key) {
            Some(count) => *count += 1,
            None => drop(counts.insert(key.clone().into(), 1)),
        }
    }
    counts
}

#[cfg(test)]
#[path = "count_tests.rs"]
mod tests;
