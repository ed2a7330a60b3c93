//! Events as a Parquet file, with the columns of a data set, version 1.
//!
//! ```text
//! Record, in the order of their times ──► Writer ──► Rows (a row group, in memory) ──► column by column to the sink
//! ```
//!
//! [`Writer`] takes records one by one and holds no more than one row group: at most [`ROWS`] rows and about [`BYTES`]
//! bytes. The same records in the same order give the same bytes, in whatever run: nothing here reads a clock, what wrote
//! the file is called the same in every version, and compression is by one thread. `raw` is the event as it was sent, byte
//! for byte, and has no annotation, because hostile bytes may be no UTF-8; all other text is UTF-8.
//!
//! ```no_run
//! # use auditui::export::{parquet, About, Record};
//! # fn main() -> std::io::Result<()> {
//! # let (records, about): (Vec<Record>, About) = Default::default();
//! let mut sink = Vec::new();
//! let mut writer = parquet::Writer::new(&mut sink, about)?;
//! for record in &records {
//!     writer.push(record)?;
//! }
//! let summary = writer.finish()?;
//! # Ok(())
//! # }
//! ```
//!
//! What a reader can pass over rows by: statistics of all columns but `raw`, of groups and of pages; Bloom filters of
//! `event_id` and `principal_id`; rows in the order of `event_time`. The metadata says of which of the two columns no value
//! has letters in upper case ([`LOWER_CASE`]): a question that takes both cases for the same can then be asked of a filter.

mod rows;
mod schema;

use std::io::{self, Write};

use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::writer::SerializedFileWriter;
use chrono::{DateTime, Utc};

use super::columns::{About, COLUMNS, Value};
use super::item::{Item, readable};
use super::record::Record;
use rows::Rows;

/// Rows of a group, at most.
pub const ROWS: usize = 128 << 10;

/// Bytes of a group before they are packed; a row that goes beyond ends its group.
pub const BYTES: usize = 64 << 20;

/// Names the columns of those with Bloom filters, with spaces between, in which no value would change in lower case.
pub const LOWER_CASE: &str = "auditui.lower_case";

/// The columns with Bloom filters.
const FILTERED: [&str; 2] = ["event_id", "principal_id"];

/// What a file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub rows: u64,
    pub groups: u64,
    /// The first and the last of the times at which events happened.
    pub first: Option<DateTime<Utc>>,
    pub last: Option<DateTime<Utc>>,
}

/// Writes a file; see the module.
pub struct Writer<W: Write + Send> {
    file: SerializedFileWriter<W>,
    about: About,
    rows: Rows,
    limits: (usize, usize),
    summary: Summary,
    /// Whether a row came that does not say when it happened.
    undated: bool,
    /// Of the columns with Bloom filters: whether all values are in lower case.
    lower: [bool; FILTERED.len()],
}

impl<W: Write + Send> Writer<W> {
    /// Writes what every such file begins with. `sink`: `&mut` of what is needed afterwards; it is flushed in the end.
    pub fn new(sink: W, about: About) -> io::Result<Self> {
        let schema = schema::schema().map_err(io_error)?;
        let file =
            SerializedFileWriter::new(sink, schema, schema::properties().map_err(io_error)?).map_err(io_error)?;
        let (limits, lower) = ((ROWS, BYTES), [true; FILTERED.len()]);
        Ok(Self { file, about, rows: Rows::new(), limits, summary: Summary::default(), undated: false, lower })
    }

    /// Groups of fewer rows, for tests.
    #[must_use]
    pub fn with_rows(self, rows: usize) -> Self {
        Self { limits: (rows.max(1), BYTES), ..self }
    }

    /// Adds a row. Records come in the order of their times; those without one come last.
    pub fn push(&mut self, record: &Record) -> io::Result<()> {
        let text = readable(&record.bytes);
        let item = Item::of(record, &text, &self.about.tenancy_ocid);
        self.summary.count(item.fields.time, &mut self.undated)?;
        for (column, rows) in COLUMNS.iter().zip(self.rows.columns()) {
            let value = column.value(&item, &self.about);
            let place = FILTERED.iter().position(|name| *name == column.name);
            if let (Some(place), Value::Text(text)) = (place, &value) {
                self.lower[place] &= text.to_lowercase() == **text;
            }
            rows.push(value);
        }
        if self.rows.count() >= self.limits.0 || self.rows.bytes() >= self.limits.1 {
            self.write_group()?;
        }
        Ok(())
    }

    /// Writes what is left and what the file ends with.
    pub fn finish(mut self) -> io::Result<Summary> {
        if self.rows.count() > 0 {
            self.write_group()?;
        }
        let lower = FILTERED.iter().zip(self.lower).filter(|(_, lower)| *lower).map(|(name, _)| *name);
        let lower = lower.collect::<Vec<_>>().join(" ");
        self.file.append_key_value_metadata(KeyValue::new(LOWER_CASE.to_owned(), lower));
        self.file.finish().map_err(io_error)?;
        Ok(self.summary)
    }

    fn write_group(&mut self) -> io::Result<()> {
        let mut group = self.file.next_row_group().map_err(io_error)?;
        self.rows.write(&mut group).map_err(io_error)?;
        group.close().map_err(io_error)?;
        self.summary.groups += 1;
        Ok(())
    }
}

impl Summary {
    /// `undated`: whether a row came that does not say when it happened.
    fn count(&mut self, time: Option<DateTime<Utc>>, undated: &mut bool) -> io::Result<()> {
        if time.is_some_and(|time| *undated || self.last.is_some_and(|last| time < last)) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the rows are not in the order of their times"));
        }
        *undated |= time.is_none();
        self.first = self.first.or(time);
        self.last = time.or(self.last);
        self.rows += 1;
        Ok(())
    }
}

/// What the sink said, where it was that: a closed pipe is told from a full disk.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests;
