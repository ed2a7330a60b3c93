//! Up to some ten thousand rows as columns, in the order of time, never changed once made.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::bits::Bits;
use super::codes::{Codes, Numbering};
use super::column::Column;
use super::identity::EventKey;
use super::store::Ordinal;
use super::times::Times;
use crate::domain::access::Access;
use crate::domain::event::Flags;

/// Names a segment for the life of the index; what was computed over a segment may be kept under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentId {
    pub(super) number: u32,
    /// Goes up when flags change; the rows and their places stay.
    revision: u32,
}

/// One event on its way into a segment.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub key: EventKey,
    pub access: Access,
    pub failed: bool,
    pub flags: Flags,
    pub codes: [u32; Column::COUNT],
    pub at: Ordinal,
}

/// See the module. The oldest rows may have moved to another segment; then only the rest is [`rows`](Self::rows).
#[derive(Clone, Debug)]
pub struct Segment {
    id: SegmentId,
    columns: Arc<Columns>,
    flags: Arc<[Bits; FLAGS]>,
    first: usize,
}

const FLAGS: usize = 8;

#[derive(Debug)]
struct Columns {
    times: Times,
    writes: Bits,
    sessions: Bits,
    failed: Bits,
    codes: Box<[Codes]>,
    at: Box<[Ordinal]>,
    /// How many rows come from each (queried compartment, region); counted when somebody asks.
    origins: OnceLock<Box<[Origin]>>,
}

/// Codes of a queried compartment and a region, and how many rows have both.
type Origin = ((u32, u32), u32);

/// Rows in the order of their keys, as they become a segment.
#[derive(Default)]
struct Draft {
    micros: Vec<i64>,
    at: Vec<Ordinal>,
    access: Vec<Access>,
    failed: Vec<bool>,
    flags: Vec<Flags>,
}

impl Segment {
    pub(super) fn new(number: u32, mut rows: Vec<Row>, numbering: &mut [Numbering]) -> Self {
        rows.sort_unstable_by_key(|row| row.key);
        let draft = Draft {
            micros: rows.iter().map(|row| row.key.micros).collect(),
            at: rows.iter().map(|row| row.at).collect(),
            access: rows.iter().map(|row| row.access).collect(),
            failed: rows.iter().map(|row| row.failed).collect(),
            flags: rows.iter().map(|row| row.flags).collect(),
        };
        let mut codes = Vec::with_capacity(rows.len());
        draft.into_segment(number, |column| {
            codes.clear();
            codes.extend(rows.iter().map(|row| row.codes[column.index()]));
            Codes::new(&codes, &mut numbering[column.index()])
        })
    }

    /// Rows of other segments: `order` lists places in the concatenation of `parts`, by ascending key.
    pub(super) fn gathered(number: u32, parts: &[Part<'_>], order: &[u32], numbering: &mut [Numbering]) -> Self {
        let draft = Draft::gathered(parts, order);
        let (mut all, mut codes) = (Vec::new(), Vec::with_capacity(order.len()));
        draft.into_segment(number, |column| {
            all.clear();
            for part in parts {
                part.segment.codes(column).unpack(part.rows.start, part.rows.end, &mut all);
            }
            codes.clear();
            codes.extend(order.iter().map(|place| all[*place as usize]));
            Codes::new(&codes, &mut numbering[column.index()])
        })
    }

    /// The rows from `first` on.
    pub(super) fn rest(&self, first: usize) -> Self {
        Self { first: first.max(self.first), ..self.clone() }
    }

    /// The same rows, those given with `flag`.
    pub(super) fn marked(&self, rows: &[usize], flag: Flags) -> Self {
        let mut flags = Arc::clone(&self.flags);
        let planes = Arc::make_mut(&mut flags);
        for (_, plane) in planes.iter_mut().enumerate().filter(|(bit, _)| flag.bits() >> bit & 1 != 0) {
            for row in rows {
                plane.insert(self.end(), *row);
            }
        }
        let id = SegmentId { revision: self.id.revision + 1, ..self.id };
        Self { id, flags, ..self.clone() }
    }

    pub fn id(&self) -> SegmentId {
        self.id
    }

    pub fn len(&self) -> usize {
        self.rows().len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows().is_empty()
    }

    /// The places of the rows: they are counted from 0, and those before the range's start are gone.
    pub fn rows(&self) -> Range<usize> {
        self.first..self.end()
    }

    /// Where the last row ends.
    pub fn end(&self) -> usize {
        self.columns.at.len()
    }

    pub fn times(&self) -> &Times {
        &self.columns.times
    }

    /// Rows of [`Access::Write`].
    pub fn writes(&self) -> &Bits {
        &self.columns.writes
    }

    /// Rows of [`Access::Session`].
    pub fn sessions(&self) -> &Bits {
        &self.columns.sessions
    }

    /// Rows with status 400 and above.
    pub fn failed(&self) -> &Bits {
        &self.columns.failed
    }

    /// Rows with this flag, which must be a single one.
    pub fn flagged(&self, flag: Flags) -> &Bits {
        &self.flags[flag.bits().trailing_zeros() as usize % FLAGS]
    }

    pub fn codes(&self, column: Column) -> &Codes {
        &self.columns.codes[column.index()]
    }

    /// How many rows come from each (queried compartment, region), by codes; those included that are gone.
    pub fn origins(&self) -> &[((u32, u32), u32)] {
        let (queried, regions) = (self.codes(Column::Queried), self.codes(Column::Region));
        self.columns.origins.get_or_init(|| origins(queried, regions, self.end()))
    }

    pub fn access(&self, row: usize) -> Access {
        if self.columns.writes.get(row) {
            Access::Write
        } else if self.columns.sessions.get(row) {
            Access::Session
        } else {
            Access::Read
        }
    }

    pub fn flags(&self, row: usize) -> Flags {
        let bits = self.flags.iter().enumerate().fold(0, |bits, (bit, plane)| bits | u8::from(plane.get(row)) << bit);
        Flags::from_bits(bits)
    }

    /// Where the event's bytes are.
    pub fn at(&self, row: usize) -> Option<Ordinal> {
        self.columns.at.get(row).copied()
    }

    /// Bytes of columns.
    pub(super) fn bytes(&self) -> usize {
        let columns = &*self.columns;
        let bits = [&columns.writes, &columns.sessions, &columns.failed];
        columns.codes.iter().map(Codes::bytes).sum::<usize>()
            + bits.into_iter().chain(&*self.flags).map(Bits::bytes).sum::<usize>()
            + columns.times.bytes()
            + size_of_val(&*columns.at)
            + size_of_val(&*columns.codes)
            + columns.origins.get().map_or(0, |origins| size_of_val(&**origins))
            + size_of::<Columns>()
            + size_of::<Self>()
    }
}

/// Some rows of a segment, in order.
#[derive(Clone)]
pub(super) struct Part<'a> {
    pub segment: &'a Segment,
    pub rows: Range<usize>,
}

impl Draft {
    fn gathered(parts: &[Part<'_>], order: &[u32]) -> Self {
        let places: Vec<(&Segment, usize)> =
            parts.iter().flat_map(|part| part.rows.clone().map(|row| (part.segment, row))).collect();
        let mut draft = Self::default();
        for (segment, row) in order.iter().map(|place| places[*place as usize]) {
            draft.micros.push(segment.times().get(row));
            draft.at.push(segment.at(row).unwrap_or_default());
            draft.access.push(segment.access(row));
            draft.failed.push(segment.failed().get(row));
            draft.flags.push(segment.flags(row));
        }
        draft
    }

    fn into_segment(self, number: u32, codes: impl FnMut(Column) -> Codes) -> Segment {
        let count = self.at.len();
        let codes: Box<[Codes]> = Column::ALL.into_iter().map(codes).collect();
        let columns = Columns {
            times: Times::new(&self.micros),
            writes: Bits::of(count, |row| self.access[row] == Access::Write),
            sessions: Bits::of(count, |row| self.access[row] == Access::Session),
            failed: Bits::of(count, |row| self.failed[row]),
            origins: OnceLock::new(),
            codes,
            at: self.at.into(),
        };
        let flags = std::array::from_fn(|bit| Bits::of(count, |row| self.flags[row].bits() >> bit & 1 != 0));
        Segment { id: SegmentId { number, revision: 0 }, columns: Arc::new(columns), flags: Arc::new(flags), first: 0 }
    }
}

fn origins(queried: &Codes, regions: &Codes, rows: usize) -> Box<[Origin]> {
    let mut counts: HashMap<(u32, u32), u32> = HashMap::new();
    // Rows of one place often follow each other.
    let mut last = ((0, 0), 0);
    for origin in (0..rows).map(|row| (queried.get(row), regions.get(row))) {
        if origin != last.0 {
            *counts.entry(last.0).or_default() += last.1;
            last = (origin, 0);
        }
        last.1 += 1;
    }
    *counts.entry(last.0).or_default() += last.1;
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}
