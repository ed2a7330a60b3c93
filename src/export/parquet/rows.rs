//! A row group while it grows: column by column, each as bytes that stand behind each other.

use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int32Type, Int64Type};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::writer::{SerializedColumnWriter, SerializedRowGroupWriter};
use std::io::Write;

use super::super::columns::{COLUMNS, Kind, Value};
use crate::domain::text::without_tokens;

/// Rows that are handed over at once, and bytes: a page ends only between them.
const AT_ONCE: usize = 1_024;
const BYTES_AT_ONCE: usize = 1 << 20;

pub struct Rows {
    columns: Vec<Cells>,
}

/// The cells of one column.
pub struct Cells {
    values: Values,
    /// 1 where there is a value, 0 where there is none.
    levels: Vec<i16>,
    /// Whether there may be none.
    optional: bool,
}

enum Values {
    /// Where each ends in the bytes.
    Bytes(Vec<u8>, Vec<usize>),
    Times(Vec<i64>),
    Numbers(Vec<i32>),
    Truths(Vec<bool>),
}

impl Rows {
    pub fn new() -> Self {
        Self { columns: COLUMNS.iter().map(|column| Cells::new(column.kind)).collect() }
    }

    pub fn columns(&mut self) -> impl Iterator<Item = &mut Cells> {
        self.columns.iter_mut()
    }

    pub fn count(&self) -> usize {
        self.columns.first().map_or(0, |cells| cells.levels.len())
    }

    /// What they take, about.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(Cells::bytes).sum()
    }

    /// Writes all of it as a group, and is empty then.
    pub fn write<W: Write + Send>(&mut self, group: &mut SerializedRowGroupWriter<'_, W>) -> Result<()> {
        for cells in &mut self.columns {
            let column = group.next_column()?;
            let column = column.ok_or_else(|| ParquetError::General("the schema has fewer columns".to_owned()))?;
            cells.write(column)?;
        }
        Ok(())
    }
}

impl Cells {
    fn new(kind: Kind) -> Self {
        let (values, optional) = match kind {
            Kind::Text | Kind::Json => (Values::Bytes(Vec::new(), Vec::new()), true),
            Kind::Bytes | Kind::Digest => (Values::Bytes(Vec::new(), Vec::new()), false),
            Kind::Time => (Values::Times(Vec::new()), true),
            Kind::Number => (Values::Numbers(Vec::new()), true),
            Kind::Truth => (Values::Truths(Vec::new()), false),
        };
        Self { values, levels: Vec::new(), optional }
    }

    /// A value of another kind than the column's counts as none. Session tokens stand in `raw` alone.
    pub fn push(&mut self, value: Value<'_>) {
        let before = self.values.count();
        match (&mut self.values, value) {
            // An empty text is none, where there may be none.
            (Values::Bytes(..), Value::Text(text)) if self.optional && text.is_empty() => {}
            (Values::Bytes(bytes, ends), Value::Text(text)) => {
                bytes.extend_from_slice(without_tokens(&text).as_bytes());
                ends.push(bytes.len());
            }
            (Values::Bytes(bytes, ends), Value::Bytes(value)) => {
                bytes.extend_from_slice(value);
                ends.push(bytes.len());
            }
            (Values::Times(times), Value::Time(Ok(time))) => times.push(time.timestamp_micros()),
            (Values::Numbers(numbers), Value::Number(number)) => {
                numbers.extend(i16::try_from(number).ok().map(i32::from));
            }
            (Values::Truths(truths), Value::Truth(is)) => truths.push(is),
            _ => {}
        }
        self.levels.push(i16::from(self.values.count() > before));
    }

    fn bytes(&self) -> usize {
        let values = match &self.values {
            Values::Bytes(bytes, ends) => bytes.len() + ends.len() * size_of::<usize>(),
            Values::Times(times) => size_of_val(times.as_slice()),
            Values::Numbers(numbers) => size_of_val(numbers.as_slice()),
            Values::Truths(truths) => truths.len(),
        };
        values + size_of_val(self.levels.as_slice())
    }

    fn write(&mut self, mut column: SerializedColumnWriter<'_>) -> Result<()> {
        let levels = std::mem::take(&mut self.levels);
        let all = Some(levels.as_slice()).filter(|_| self.optional);
        match &mut self.values {
            Values::Bytes(bytes, ends) => {
                let bytes = ByteArray::from(std::mem::take(bytes));
                write_bytes(&mut column, &bytes, &std::mem::take(ends), &levels, self.optional)?;
            }
            Values::Times(times) => {
                column.typed::<Int64Type>().write_batch(&std::mem::take(times), all, None)?;
            }
            Values::Numbers(numbers) => {
                column.typed::<Int32Type>().write_batch(&std::mem::take(numbers), all, None)?;
            }
            Values::Truths(truths) => {
                column.typed::<BoolType>().write_batch(&std::mem::take(truths), all, None)?;
            }
        }
        column.close()
    }
}

impl Values {
    fn count(&self) -> usize {
        match self {
            Self::Bytes(_, ends) => ends.len(),
            Self::Times(times) => times.len(),
            Self::Numbers(numbers) => numbers.len(),
            Self::Truths(truths) => truths.len(),
        }
    }
}

/// A little at a time, so that no page becomes much larger than its longest value.
fn write_bytes(
    column: &mut SerializedColumnWriter<'_>,
    bytes: &ByteArray,
    ends: &[usize],
    levels: &[i16],
    optional: bool,
) -> Result<()> {
    let mut ends = ends.iter().copied();
    let (mut start, mut first, mut held) = (0, 0, 0);
    let mut values = Vec::new();
    for (row, level) in levels.iter().enumerate() {
        let end = if *level > 0 { ends.next() } else { None };
        if let Some(end) = end {
            values.push(bytes.slice(start, end - start));
            held += end - start;
            start = end;
        }
        let next = row + 1;
        if next - first >= AT_ONCE || held >= BYTES_AT_ONCE || next == levels.len() {
            let levels = levels.get(first..next).filter(|_| optional);
            column.typed::<ByteArrayType>().write_batch(&values, levels, None)?;
            values.clear();
            (first, held) = (next, 0);
        }
    }
    Ok(())
}
