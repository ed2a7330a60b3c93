//! Where the events of an export go: one after the other into one output, or into the parts of a directory.

use std::io;
use std::path::Path;

use super::args::ExportFormat;
use super::output::{Packing, Sink, Written, cannot_write};
use super::parquet;
use super::parts::Parts;
use super::staged::Staged;
use crate::domain::problem::Problem;
use crate::export::bag;
use crate::export::coverage::{ExportEntry, PartEntry};
use crate::export::{About, Format, Ordered, Record, Redaction, Split, Tally};

/// How events are written.
pub enum Form {
    /// Each by itself.
    Each(Format),
    /// As one table.
    Parquet(About),
}

/// An open output.
pub enum Outlet {
    One { sink: Box<Sink>, begun: bool },
    Many { parts: Parts, directory: Staged },
}

/// An output that was written to its end.
pub enum Delivered {
    One(Written),
    /// Not in its place yet.
    Many {
        parts: Vec<PartEntry>,
        directory: Staged,
    },
}

impl Outlet {
    pub fn one(path: Option<&Path>, packing: Option<Packing>) -> Result<Self, Problem> {
        Ok(Self::One { sink: Box::new(Sink::packed(path, packing)?), begun: false })
    }

    /// A new directory at `place`.
    pub fn many(place: &Path, split: Split, format: ExportFormat, packing: Option<Packing>) -> Result<Self, Problem> {
        let directory = Staged::beside(place, "--output-file")?;
        let parts = Parts::new(directory.path(), split, ending(format), packing);
        Ok(Self::Many { parts, directory })
    }

    /// The events of an evidence bundle that is being made.
    pub fn bundle(directory: Staged) -> Self {
        let parts = Parts::new(&directory.path().join(bag::DATA), Split::Place, "jsonl", None);
        Self::Many { parts, directory }
    }

    /// Whether it is a plain file, rather than a pipe, a device or a directory.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::One { sink, .. } if sink.is_file())
    }

    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::One { sink, .. } if sink.is_terminal())
    }

    /// Writes redacted copies, where there is a redaction.
    pub fn write(&mut self, ordered: &mut Ordered, form: &Form, redaction: Option<&Redaction>) -> io::Result<()> {
        let copied = |record: Record| match redaction {
            Some(redaction) => redaction.copy(&record),
            None => record,
        };
        match (self, form) {
            (Self::One { sink, .. }, Form::Parquet(about)) => {
                parquet::write(sink.writer(), ordered, about.clone(), &copied)
            }
            (Self::One { sink, begun }, Form::Each(format)) => {
                let terminal = sink.is_terminal();
                if !std::mem::replace(begun, true) {
                    format.write_head(sink.writer())?;
                }
                while let Some(record) = ordered.next()? {
                    format.write(&copied(record), terminal, sink.writer())?;
                }
                sink.writer().flush()
            }
            (Self::Many { parts, .. }, Form::Each(format)) => {
                while let Some(record) = ordered.next()? {
                    parts.write(&copied(record), format)?;
                }
                Ok(())
            }
            (Self::Many { .. }, Form::Parquet(_)) => Err(io::Error::other("a table is not written in parts")),
        }
    }

    /// Ends the writing that gave `result`.
    pub fn close(self, result: io::Result<()>) -> Result<Delivered, Problem> {
        match self {
            Self::One { sink, .. } => sink.close(result).map(Delivered::One),
            Self::Many { parts, directory } => {
                let parts = result.and_then(|()| parts.close());
                let parts = parts.map_err(|error| cannot_write(directory.place(), &error))?;
                Ok(Delivered::Many { parts, directory })
            }
        }
    }
}

impl Delivered {
    pub fn reader_left(&self) -> bool {
        matches!(self, Self::One(Written::ReaderLeft))
    }

    /// `file`: the name of the one file, where it is one.
    pub fn entry(&self, file: Option<String>, tally: Tally, packing: Option<Packing>) -> ExportEntry {
        let mut entry = match self {
            Self::One(Written::Whole { bytes, sha256 }) => {
                ExportEntry::new(file, Some((*bytes, sha256.clone())), tally)
            }
            Self::One(Written::ReaderLeft) => ExportEntry::new(file, None, tally),
            Self::Many { parts, .. } => {
                let bytes = parts.iter().map(|part| part.bytes).sum();
                let parts = Some(parts.clone());
                ExportEntry { bytes: Some(bytes), parts, ..ExportEntry::new(None, None, tally) }
            }
        };
        entry.compression = packing.map(|packing| packing.name().to_owned());
        entry
    }

    /// Puts a directory in its place, whole; an output of another kind is there already.
    pub fn put(self) -> Result<(), Problem> {
        match self {
            Self::One(_) => Ok(()),
            Self::Many { directory, .. } => directory.put(),
        }
    }
}

/// What names of such files end in.
fn ending(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Jsonl | ExportFormat::Ocsf | ExportFormat::Ecs | ExportFormat::Hec => "jsonl",
        ExportFormat::Bulk => "ndjson",
        ExportFormat::Csv => "csv",
        ExportFormat::Table => "txt",
        ExportFormat::Parquet => "parquet",
    }
}
