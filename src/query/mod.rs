//! What the user wants to see: a [`Query`], and the rows of a snapshot that answer it.
//!
//! ```text
//!   Query (AST) ──► Plan: texts looked up in dictionaries once, code sets ──► one Mask per segment ──► Selection
//!         └───────► matches(): the same question about one event, for who has no index
//! ```
//!
//! A [`Selection`] of an earlier snapshot is extended: segments that are still there are not looked at again.

mod complete;
mod condition;
mod count;
mod descent;
mod display;
mod facets;
mod field;
mod flag;
mod fuzzy;
mod glob;
mod grid;
mod histogram;
mod hits;
mod mask;
mod matches;
mod origins;
mod parse;
mod paste;
mod path;
mod plan;
mod ranking;
mod raw;
mod scan;
mod select;
mod selection;
mod sorted;
mod spread;
mod sums;
mod term;
mod text;
mod value;
mod walk;
mod why;

pub use crate::index::RecordRef;
pub use complete::{Completion, Unfinished, completed, unfinished};
pub use condition::{Condition, Numbers, Pattern, Subject, ValueList};
pub use count::{By, Tuple, count};
pub use facets::Facet;
pub use field::Field;
pub use flag::Flag;
pub use fuzzy::{FuzzyFind, fuzzy};
pub use glob::{Glob, Token};
pub use histogram::{Bucket, Histogram};
pub use matches::{EventRef, matches};
pub use parse::{ParseContext, ParseError, list_of, parse};
pub use paste::pasted;
pub use path::JsonPath;
pub use select::{Cancel, select, select_some};
pub use selection::{Counts, Order, Selection};
pub use spread::{Listed, Spread, SpreadKept, ValueOrder, Valued};
pub use sums::{Part, Sums, Total, sums};
pub use term::{AccessSet, Expr, Query, Term, TermKind};
pub use why::{WhyNone, why_none};

#[cfg(test)]
mod example_tests;
#[cfg(test)]
mod tests;
