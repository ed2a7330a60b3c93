//! Up to 4,096 rows as columns, in the order of time, never changed once made.
//!
//! Small segments are merged into larger ones; that moves columns only, the blocks of bytes are shared.

use std::sync::Arc;

use super::codes::Codes;
use super::column::Column;
use super::identity::EventKey;
use super::store::{BlockReader, Blocks, Ordinal};
use crate::domain::access::Access;
use crate::domain::event::Flags;

/// The most rows that a segment has when it is published.
pub(super) const SEGMENT_ROWS: usize = 4_096;

/// Names a segment for the life of the index; what was computed over a segment may be kept under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentId {
    /// Ascending in the order in which a snapshot lists its segments.
    pub(super) number: u32,
    /// Goes up when flags change; the rows and their places stay.
    revision: u32,
}

/// One event on its way into a segment.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub key: EventKey,
    pub access: Access,
    pub flags: Flags,
    pub codes: [u32; Column::COUNT],
    pub at: Ordinal,
}

/// See the module.
#[derive(Debug)]
pub struct Segment {
    id: SegmentId,
    columns: Arc<Columns>,
    flags: Box<[Flags]>,
}

#[derive(Debug)]
struct Columns {
    micros: Box<[i64]>,
    digests: Box<[u128]>,
    access: Box<[Access]>,
    codes: Box<[Codes]>,
    at: Box<[Ordinal]>,
    /// Where the rows' bytes are.
    blocks: Blocks,
}

impl Segment {
    /// `blocks` has the bytes of all rows.
    pub(super) fn new(number: u32, mut rows: Vec<Row>, blocks: Blocks) -> Self {
        rows.sort_unstable_by_key(|row| row.key);
        let columns = Columns {
            micros: rows.iter().map(|row| row.key.micros).collect(),
            digests: rows.iter().map(|row| row.key.digest).collect(),
            access: rows.iter().map(|row| row.access).collect(),
            codes: (0..Column::COUNT).map(|column| Codes::new(rows.iter().map(move |row| row.codes[column]))).collect(),
            at: rows.iter().map(|row| row.at).collect(),
            blocks,
        };
        let flags = rows.iter().map(|row| row.flags).collect();
        Self { id: SegmentId { number, revision: 0 }, columns: Arc::new(columns), flags }
    }

    /// The rows of both.
    pub(super) fn merged(number: u32, one: &Self, other: &Self) -> Self {
        let rows = one.rows().chain(other.rows()).collect();
        let [one, other] = [one, other].map(|segment| &segment.columns.blocks);
        Self::new(number, rows, if one.len() < other.len() { other } else { one }.clone())
    }

    /// The same rows, those at `marks` (ascending) with `flag`; `None` when none of them is here.
    pub(super) fn marked(&self, marks: &[Ordinal], flag: Flags) -> Option<Self> {
        let mut flags = self.flags.clone();
        let mut changed = false;
        for (flags, at) in flags.iter_mut().zip(&self.columns.at) {
            if marks.binary_search(at).is_ok() {
                flags.insert(flag);
                changed = true;
            }
        }
        let id = SegmentId { revision: self.id.revision + 1, ..self.id };
        changed.then(|| Self { id, columns: Arc::clone(&self.columns), flags })
    }

    pub fn id(&self) -> SegmentId {
        self.id
    }

    pub fn len(&self) -> usize {
        self.columns.micros.len()
    }

    pub fn is_empty(&self) -> bool {
        self.columns.micros.is_empty()
    }

    /// The rows' times, ascending; see [`EventKey::micros`].
    pub fn micros(&self) -> &[i64] {
        &self.columns.micros
    }

    pub fn access(&self) -> &[Access] {
        &self.columns.access
    }

    pub fn codes(&self, column: Column) -> &Codes {
        &self.columns.codes[column.index()]
    }

    pub fn flags(&self, row: usize) -> Flags {
        self.flags.get(row).copied().unwrap_or_default()
    }

    pub fn key(&self, row: usize) -> Option<EventKey> {
        let columns = &self.columns;
        Some(EventKey { micros: *columns.micros.get(row)?, digest: *columns.digests.get(row)? })
    }

    /// The flags of the event that arrived as `at`, if it is here.
    pub(super) fn flags_of(&self, at: Ordinal) -> Option<Flags> {
        self.columns.at.iter().position(|here| *here == at).map(|row| self.flags(row))
    }

    /// The row of an event, if it is here.
    pub fn find(&self, key: EventKey) -> Option<usize> {
        let first = self.columns.micros.partition_point(|micros| *micros < key.micros);
        (first..self.len())
            .take_while(|row| self.columns.micros[*row] == key.micros)
            .find(|row| self.columns.digests[*row] == key.digest)
    }

    /// The event's bytes, as Oracle sent them.
    pub fn read<'a>(&self, row: usize, reader: &'a mut BlockReader<'_>) -> Option<&'a [u8]> {
        reader.read(*self.columns.at.get(row)?)
    }

    /// For the bytes of its events.
    pub fn reader(&self) -> BlockReader<'_> {
        self.columns.blocks.reader()
    }

    /// Bytes of columns.
    pub(super) fn bytes(&self) -> usize {
        let columns = &*self.columns;
        let codes: usize = columns.codes.iter().map(Codes::bytes).sum();
        codes
            + size_of_val(&*columns.micros)
            + size_of_val(&*columns.digests)
            + size_of_val(&*columns.access)
            + size_of_val(&*columns.at)
            + size_of_val(&*self.flags)
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        let columns = &*self.columns;
        (0..self.len()).map(move |row| Row {
            key: EventKey { micros: columns.micros[row], digest: columns.digests[row] },
            access: columns.access[row],
            flags: self.flags[row],
            codes: std::array::from_fn(|column| columns.codes[column].get(row)),
            at: columns.at[row],
        })
    }
}
