//! How the selected rows spread over the values of a field: how many have each value, and when the first and the last of
//! them happened.
//!
//! What has a column is counted in an array, a step a row. What stands in no column is read out of the events, a segment
//! at a time from the newest on; what a segment gave is kept for the next selection in which it has the same rows.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::condition::Subject;
use super::mask::Mask;
use super::path::{any_ocid, any_tag, json_of};
use super::select::{Cancel, Found};
use super::selection::{Part, Selection};
use super::text;
use crate::domain::event::decode;
use crate::domain::text::without_tokens;
use crate::index::{Codes, Column, EventKey, Ordinal, Segment, SegmentId, Snapshot};

/// See the module.
#[derive(Clone, Debug)]
pub struct Spread {
    values: Values,
    missing: Seen,
    counted: u64,
    of: u64,
}

/// In which order values are listed; those that are equal in it by their text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ValueOrder {
    /// The most frequent first.
    #[default]
    Count,
    Name,
    /// Those that were seen first, first.
    First,
}

impl ValueOrder {
    /// The order in which one key goes through them.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Count => Self::Name,
            Self::Name => Self::First,
            Self::First => Self::Count,
        }
    }
}

/// A value, and the rows that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valued {
    /// `None`: the events that have none.
    pub value: Option<String>,
    pub count: u64,
    /// `None` where none of the rows says when.
    pub first: Option<DateTime<Utc>>,
    pub last: Option<DateTime<Utc>>,
}

/// Some of the values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    pub values: Vec<Valued>,
    /// How many there are, listed or not.
    pub all: u64,
}

/// What segments gave, of one subject.
#[derive(Debug, Default)]
pub struct SpreadKept {
    subject: Option<Subject>,
    segments: HashMap<SegmentId, Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    /// The rows that were counted.
    found: Arc<Found>,
    texts: Arc<Texts>,
}

#[derive(Clone, Debug)]
enum Values {
    /// By code of a column's dictionary, ascending, with rows.
    Codes(Arc<Snapshot>, Column, Vec<(u32, Seen)>),
    Texts(Vec<(Box<str>, Seen)>),
}

/// Of the rows of one segment.
#[derive(Debug, Default)]
struct Texts {
    values: HashMap<Box<str>, Seen>,
    missing: Seen,
}

/// So many rows, and the times of the first and the last one of those that have a time.
#[derive(Clone, Copy, Debug)]
struct Seen {
    count: u64,
    first: i64,
    last: i64,
}

impl Default for Seen {
    fn default() -> Self {
        Self { count: 0, first: i64::MAX, last: EventKey::NO_TIME }
    }
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    fn add_row(&mut self, micros: i64) {
        let first = if micros == EventKey::NO_TIME { i64::MAX } else { micros };
        self.add(Self { count: 1, first, last: micros });
    }

    fn valued(self, value: Option<&str>) -> Valued {
        let time = |micros: i64| DateTime::from_timestamp_micros(micros).filter(|_| self.last != EventKey::NO_TIME);
        Valued { value: value.map(str::to_owned), count: self.count, first: time(self.first), last: time(self.last) }
    }
}

impl Subject {
    /// The column that holds its values; without one they are read out of the events.
    pub fn column(&self) -> Option<Column> {
        match self {
            Self::Field(field) => field.column(),
            _ => None,
        }
    }
}

impl Selection {
    /// Counts the rows by what `subject` is in them. An event that has several values there counts with each of them.
    /// `None` when it was cancelled. Where events must be read for it, only until `enough` says so, one segment at least:
    /// the spread says how many rows it is of. To go on, give the same `kept`.
    pub fn spread(
        &self,
        subject: &Subject,
        kept: &mut SpreadKept,
        cancel: &Cancel,
        enough: &mut dyn FnMut() -> bool,
    ) -> Option<Spread> {
        match subject.column() {
            Some(column) => self.spread_of_column(column, cancel),
            None => self.spread_of_texts(subject, kept, cancel, enough),
        }
    }

    fn spread_of_column(&self, column: Column, cancel: &Cancel) -> Option<Spread> {
        let mut by_code = vec![Seen::default(); self.snapshot.dictionary(column).len() as usize];
        for (segment, part) in self.snapshot.segments().iter().zip(&*self.parts) {
            if cancel.is_cancelled() {
                return None;
            }
            if part.found.hits.total().all > 0 {
                add_codes(segment, part.found.hits.mask(), segment.codes(column), &mut by_code);
            }
        }
        let seen = by_code.iter().enumerate().skip(1).filter(|(_, seen)| seen.count > 0);
        let values = seen.map(|(code, seen)| (code as u32, *seen)).collect();
        let all = self.len() as u64;
        Some(Spread {
            values: Values::Codes(Arc::clone(&self.snapshot), column, values),
            // The empty text has the first code in every dictionary.
            missing: by_code.first().copied().unwrap_or_default(),
            counted: all,
            of: all,
        })
    }

    fn spread_of_texts(
        &self,
        subject: &Subject,
        kept: &mut SpreadKept,
        cancel: &Cancel,
        enough: &mut dyn FnMut() -> bool,
    ) -> Option<Spread> {
        if kept.subject.as_ref() != Some(subject) {
            *kept = SpreadKept { subject: Some(subject.clone()), segments: HashMap::new() };
        }
        let mut order: Vec<(&Segment, &Part)> =
            self.snapshot.segments().iter().map(AsRef::as_ref).zip(&*self.parts).collect();
        order.sort_by_key(|(segment, _)| std::cmp::Reverse(segment.times().get(segment.end().saturating_sub(1))));
        let mut segments = HashMap::new();
        let mut has_read = false;
        for (segment, part) in order {
            let known = kept.segments.get(&part.segment).filter(|known| Arc::ptr_eq(&known.found, &part.found));
            let here = match known {
                Some(known) => known.clone(),
                None if has_read && enough() => continue,
                None => {
                    has_read |= part.found.hits.total().all > 0;
                    let texts = Arc::new(read(&self.snapshot, segment, part, subject, cancel)?);
                    Kept { found: Arc::clone(&part.found), texts }
                }
            };
            segments.insert(part.segment, here);
        }
        kept.segments = segments;
        Some(self.merged(kept))
    }

    fn merged(&self, kept: &SpreadKept) -> Spread {
        let (mut values, mut missing, mut counted): (HashMap<&str, Seen>, _, _) = Default::default();
        for Kept { found, texts } in kept.segments.values() {
            Seen::add(&mut missing, texts.missing);
            counted += u64::from(found.hits.total().all);
            texts.values.iter().for_each(|(value, seen)| values.entry(value).or_default().add(*seen));
        }
        let values = values.into_iter().map(|(value, seen)| (value.into(), seen)).collect();
        Spread { values: Values::Texts(values), missing, counted, of: self.len() as u64 }
    }
}

/// Rows of a segment by the number that stands for their value.
#[derive(Clone, Copy)]
struct Rows {
    count: u32,
    /// Of those with a time.
    first: usize,
    last: usize,
}

fn add_codes(segment: &Segment, mask: &Mask, codes: &Codes, by_code: &mut [Seen]) {
    match codes {
        Codes::Same(code) => add_numbers(segment, mask, &[*code], |_| 0, by_code),
        Codes::Byte { table, rows } => {
            add_numbers(segment, mask, table.codes(), |row| usize::from(rows[row]), by_code);
        }
        Codes::Short { table, rows } => {
            add_numbers(segment, mask, table.codes(), |row| usize::from(rows[row]), by_code);
        }
        Codes::Wide(codes) => {
            mask.rows().for_each(|row| by_code[codes[row] as usize].add_row(segment.times().get(row)));
        }
    }
}

/// Rows are in the order of time: the first and the last one that has a value are the first and the last in time.
fn add_numbers(segment: &Segment, mask: &Mask, table: &[u32], number: impl Fn(usize) -> usize, by_code: &mut [Seen]) {
    let times = segment.times();
    let untimed = times.before(EventKey::NO_TIME + 1);
    let mut numbers = vec![Rows { count: 0, first: usize::MAX, last: 0 }; table.len()];
    for row in mask.rows() {
        let rows = &mut numbers[number(row)];
        rows.count += 1;
        if row >= untimed {
            rows.first = rows.first.min(row);
            rows.last = row;
        }
    }
    for (code, rows) in table.iter().zip(numbers).filter(|(_, rows)| rows.count > 0) {
        let timed = rows.first != usize::MAX;
        let (first, last) =
            if timed { (times.get(rows.first), times.get(rows.last)) } else { (i64::MAX, EventKey::NO_TIME) };
        by_code[*code as usize].add(Seen { count: u64::from(rows.count), first, last });
    }
}

/// In the order in which events lie, so that no block is unpacked twice. `None` when it was cancelled.
fn read(snapshot: &Snapshot, segment: &Segment, part: &Part, subject: &Subject, cancel: &Cancel) -> Option<Texts> {
    let mut rows: Vec<(Ordinal, usize)> =
        part.found.hits.mask().rows().filter_map(|row| Some((segment.at(row)?, row))).collect();
    rows.sort_unstable();
    let mut texts = Texts::default();
    let mut reader = snapshot.blocks().reader();
    for block in rows.chunk_by(|(one, _), (next, _)| one.block() == next.block()) {
        if cancel.is_cancelled() {
            return None;
        }
        for (at, row) in block {
            texts.add(segment.times().get(*row), &values_of(subject, reader.read(*at).unwrap_or_default()));
        }
    }
    Some(texts)
}

/// What an event has there.
struct ValuesOf {
    /// Each once.
    values: Vec<Box<str>>,
    is_missing: bool,
}

fn values_of(subject: &Subject, bytes: &[u8]) -> ValuesOf {
    let mut values: Vec<Box<str>> = Vec::new();
    let mut add = |text: &str| {
        if !text.is_empty() && !values.iter().any(|value| &**value == text) {
            values.push(text.into());
        }
        false
    };
    let is_missing = match subject {
        Subject::Path(path) => {
            let json = json_of(bytes);
            path.any_but_secrets(&json, &mut add);
            Some(!path.is_present(&json))
        }
        Subject::Field(field) => {
            add(field.text_of_event(&decode(bytes).fields));
            None
        }
        Subject::Tag => {
            any_tag(&json_of(bytes), &mut add);
            None
        }
        Subject::AnyOcid => {
            any_ocid(bytes, &mut add);
            None
        }
        // An event as a whole is no value.
        Subject::Raw | Subject::Shown => None,
    };
    ValuesOf { is_missing: is_missing.unwrap_or(values.is_empty()), values }
}

impl Texts {
    fn add(&mut self, micros: i64, of: &ValuesOf) {
        if of.is_missing {
            self.missing.add_row(micros);
        }
        for value in &of.values {
            match self.values.get_mut(value) {
                Some(seen) => seen.add_row(micros),
                None => self.values.entry(value.clone()).or_default().add_row(micros),
            }
        }
    }
}

impl Spread {
    /// How many values there are; having none is none.
    pub fn distinct(&self) -> u64 {
        match &self.values {
            Values::Codes(_, _, values) => values.len() as u64,
            Values::Texts(values) => values.len() as u64,
        }
    }

    /// Of how many rows this is, and how many there are.
    pub fn progress(&self) -> (u64, u64) {
        (self.counted, self.of)
    }

    pub fn is_complete(&self) -> bool {
        self.counted == self.of
    }

    /// The rows that have none; `None` where all have one.
    pub fn missing(&self) -> Option<Valued> {
        (self.missing.count > 0).then(|| self.missing.valued(None))
    }

    /// The first `most` of the values that have `find` in them, in any case; session tokens are left out.
    pub fn list(&self, order: ValueOrder, find: &str, most: usize) -> Listed {
        match &self.values {
            Values::Codes(snapshot, column, values) => {
                let dictionary = snapshot.dictionary(*column);
                listed(values.iter().map(|(code, seen)| (dictionary.value(*code), *seen)), order, find, most)
            }
            Values::Texts(values) => listed(values.iter().map(|(value, seen)| (&**value, *seen)), order, find, most),
        }
    }
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

fn listed<'a>(values: impl Iterator<Item = (&'a str, Seen)>, order: ValueOrder, find: &str, most: usize) -> Listed {
    let find = find.to_lowercase();
    let mut found: Vec<(&str, Seen)> = values.filter(|(value, _)| text::contains(value, &find)).collect();
    let all = found.len() as u64;
    let compare = |(a, x): &(&str, Seen), (b, y): &(&str, Seen)| {
        let first = match order {
            ValueOrder::Count => y.count.cmp(&x.count),
            ValueOrder::Name => Ordering::Equal,
            ValueOrder::First => x.first.cmp(&y.first),
        };
        first.then_with(|| folded(a).cmp(folded(b))).then_with(|| a.cmp(b))
    };
    if most < found.len() {
        found.select_nth_unstable_by(most, compare);
        found.truncate(most);
    }
    found.sort_unstable_by(compare);
    Listed { values: found.into_iter().map(|(value, seen)| seen.valued(Some(&without_tokens(value)))).collect(), all }
}

#[cfg(test)]
#[path = "spread_tests.rs"]
mod tests;
