//! `auditui` reads every OCI Audit event of a time span, over all regions and all compartments, says what it could not
//! read, and makes the events explorable.
//!
//! Each folder of `src/` is a room; arrows between rooms run one way and `tests/it/architecture.rs` guards them.

pub mod app;
pub mod cli;
pub mod collect;
pub mod config;
pub mod domain;
pub mod driver;
pub mod export;
pub mod fake_oci;
pub mod fetch;
pub mod files;
pub mod index;
pub mod oci;
pub mod query;
pub mod reconcile;
pub mod ui;
