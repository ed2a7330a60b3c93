//! From gaps to pages: many calls, one stream.
//!
//! [`discover`](discover::discover) finds out what the tenancy consists of, [`plan`](plan::plan) turns a scope and a
//! window into cells, [`fetch()`] reads them. The decisions are made by a machine without IO, the
//! [`engine`]; [`stream`] gives it sockets and time.

pub mod backoff;
pub mod call;
mod chain;
pub mod discover;
pub mod engine;
pub mod lane;
mod meter;
pub mod plan;
pub mod stream;
mod tiling;

pub use backoff::RetrySettings;
pub use discover::{discover, discover_again, with_retries};
pub use engine::Settings;
pub use lane::LaneSettings;
pub use plan::{PlannedCell, again, failed, plan, settling};
pub use stream::{FetchEvent, FetchStream, Fetcher, fetch};

#[cfg(test)]
mod simulation_tests;
