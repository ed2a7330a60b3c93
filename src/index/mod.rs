//! Every event we hold, found fast.
//!
//! ```text
//!   pages, cell updates ──► Ingest (its own thread) ──► Holdings { Snapshot, Ledger } ──► whoever draws or selects
//!                             IndexBuilder                published as one value, never changed again
//! ```
//!
//! [`IndexBuilder`] takes events in any order and keeps each once. What is filtered or listed becomes a code of a
//! [`Dictionary`] in a [`Segment`]'s columns; the bytes as Oracle sent them are kept compressed beside them. A
//! [`Snapshot`] is immutable: who holds one waits for nobody, and nobody waits for them.
//!
//! No clock is read here, and nothing of a screen or of the wire is known.

mod appended;
mod bits;
mod builder;
mod codes;
mod column;
mod dictionary;
mod identity;
mod ingest;
mod runs;
mod segment;
mod snapshot;
mod store;
pub mod text;
mod texts;
mod times;

pub use bits::Bits;
pub use builder::IndexBuilder;
pub use codes::{Codes, Table};
pub use column::{Column, RecordRef};
pub use dictionary::Dictionary;
pub use identity::EventKey;
pub use ingest::{Holdings, Ingest, IngestSender, Input, Stopped};
pub use segment::{Segment, SegmentId};
pub use snapshot::{Memory, RowId, RowView, Snapshot, Totals};
pub use store::{BlockReader, Blocks, Ordinal, SpillError, Store, StoreMemory, StoreOptions, train_dictionary};
pub use texts::{Candidates, Texts};
pub use times::Times;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
