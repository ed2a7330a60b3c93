//! Events on their way out: put in order, each once, and written in a format.
//!
//! ```text
//! Page ──► Sorter (runs on disk when there are many) ──► Record, ordered by eventTime then eventId ──► Format
//! ```

pub mod bag;
mod columns;
pub mod coverage;
mod csv;
mod ecs;
mod format;
mod hec;
mod item;
mod ocsf;
pub mod parquet;
mod record;
mod redact;
mod seen;
mod sorter;
mod split;

pub use columns::About;
pub use coverage::CoverageDocument;
pub use format::{Format, Shape, one_line, parts_of_line};
pub use record::{Record, Source};
pub use redact::{Pseudonyms, Redaction, SHORTEST_KEY};
pub use seen::Seen;
pub use sorter::{Ordered, Sorter, SorterSettings, Tally};
pub use split::{Part, Split, place};

/// A document as one line.
fn to_json_line(document: &impl serde::Serialize) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(document)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod made_tests;
