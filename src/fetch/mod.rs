//! From gaps to pages: many calls, one stream.

pub mod backoff;
pub mod engine;
pub mod plan;
