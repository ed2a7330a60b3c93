//! Full text over whole events: which blocks may contain a text, and whether an event does.
//!
//! ```text
//!   block of events ─► BlockWords ─┐ (where the block is compressed, in any thread)
//!                                  ├─ 64 ─► TextIndexer ─► PackIndex, Terms
//!   text ─► TextQuery(Terms) ──────┴──────► candidates(PackIndex) ─► blocks to open ─► TextMatcher
//! ```
//!
//! # What is a hit
//!
//! The bytes of the event contain the text, whatever the case of ASCII letters, where each character of the text stands
//! as itself or as JSON may write it:
//!
//! - `"`, `\`, `<`, `>`, `&`, `=`, `'`, control characters: also escaped, as `\"`, `\n` or `\u000a`;
//! - `/`: also as `\/`;
//! - a character that is not ASCII: in lower or upper case, as UTF-8 or as `\u00e9`; two of those above U+FFFF.
//!
//! Every other character stands as itself only. The text may begin and end anywhere, also inside of a word or an id.
//! Nothing is parsed: names of fields, punctuation and JSON inside of strings are searched as they stand, and an event
//! that is no JSON is searched like any other. [`TextMatcher`] decides by this and nothing else; the index may only
//! leave out what it would refuse.
//!
//! # What the index knows
//!
//! [`scan`] tells words from ids. Of a block are kept
//!
//! - ids, as [`ids`] says: found by any part of 32 characters or more, and by all of them when their ends are known;
//! - words that occurred twice, as [`terms`] in [`postings`]: found by any part;
//! - other words, as groups of three bytes in [`grams`]: found by any part of three characters.
//!
//! Numbers, dates, and shorter parts of ids tell nothing; a text of nothing else may be in any block.

mod find;
mod grams;
mod ids;
mod needle;
mod pack;
mod postings;
mod query;
mod scan;
mod search;
mod terms;
mod words;

pub use find::TextMatcher;
pub use pack::{BlockWords, PACK_BLOCKS, PackIndex, TextIndexer};
pub use query::TextQuery;
pub use search::{Hit, Pack, Progress, TextSearch};
pub use terms::Terms;

#[cfg(test)]
mod tests;
