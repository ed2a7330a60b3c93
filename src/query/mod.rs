//! What the user wants to see: a [`Query`], and the rows of a snapshot that answer it.
//!
//! ```text
//!   Query (AST) ──► Plan: texts looked up in dictionaries once, code sets ──► one Mask per segment ──► Selection
//!         └───────► matches(): the same question about one event, for who has no index
//! ```
//!
//! A [`Selection`] of an earlier snapshot is extended: segments that are still there are not looked at again.

mod count;
mod display;
mod field;
mod histogram;
mod mask;
mod matches;
mod plan;
mod select;
mod selection;
mod term;
mod text;

pub use crate::index::RecordRef;
pub use count::{By, Tuple, count};
pub use field::Field;
pub use histogram::{Bucket, Histogram};
pub use matches::matches;
pub use select::{Cancel, select};
pub use selection::{Counts, Order, Selection};
pub use term::{AccessSet, Expr, Op, Query, Term, TermKind};

#[cfg(test)]
mod tests;
