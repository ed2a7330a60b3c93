//! Rooms together, as a user, a script or Oracle's service meets them, screens included. One binary, so that it is linked
//! once; laws of single rooms stand beside their code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed; the helpers stand outside of #[test] functions"
)]

mod architecture;
mod authentication;
mod cli;
mod collected;
mod collecting;
mod config;
mod coverage;
mod decoding;
mod delivery;
mod doctor;
mod evidence;
mod export;
mod faults;
mod fetching;
mod files;
mod follow;
mod formats;
mod from_files;
mod hardening;
mod hub;
mod interruption;
mod invariants;
mod listing;
mod memory;
mod mixes;
mod opened;
mod own_reads;
mod parquet;
mod permalink;
mod picture;
mod progress;
mod proxy;
mod reader;
mod reconcile;
mod screen;
mod secrets;
mod sign_in;
mod support;
mod terminal;
mod tls;
mod wrong;
