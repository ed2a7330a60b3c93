//! Events on their way out: put in order, each once, and written in a format.
//!
//! ```text
//! Page ──► Sorter (runs on disk when there are many) ──► Record, ordered by eventTime then eventId ──► Format
//! ```

pub mod coverage;
mod format;
mod record;
mod seen;
mod sorter;

pub use coverage::CoverageDocument;
pub use format::{Format, parts_of_line};
pub use record::{Record, Source};
pub use seen::Seen;
pub use sorter::{Ordered, Sorter, SorterSettings, Tally};
