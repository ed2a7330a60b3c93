//! Events out of files: exports of this program and others, plain or packed, without any network.
//!
//! ```text
//!   find ──► unpack (gz, zst, by content) ──► values (lines, arrays) ──► entry, wrapping (what is around an event) ──► Page
//! ```
//!
//! Parquet files ([`parquet`]) are read from their end, a row group after the other, and as values go the same way.
//!
//! Everything here waits for the disk, so it wants a thread of its own. No file is held as a whole: pages of a few hundred
//! events are handed over as they come, and the longest value that is taken has [`LONGEST`] bytes.
//!
//! What is kept is what was served: a line that no parser would take is an event that cannot be read, and comes out as
//! its bytes. Left out, and said, is what is certainly none: JSON objects without anything that an event has, records of
//! other logs, and what the end of a file cut off.

mod content;
mod entry;
mod find;
mod list;
mod parquet;
mod places;
mod reader;
mod unpack;
mod values;
mod wrapping;

pub use find::{Found, Input, Origin, find};
pub use list::read_list;
pub use parquet::Narrow;
pub use places::Places;
pub use reader::{Chunk, FileRead, Groups, Progress, Reader, RegionNames};
pub use values::LONGEST;
