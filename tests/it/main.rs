//! Everything that needs no screen, as a user, a script or Oracle's service meets it. One binary, so that it is linked
//! once. Screens have tests of their own; laws of single rooms stand beside their code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed; the helpers stand outside of #[test] functions"
)]

mod architecture;
mod authentication;
mod cli;
mod doctor;
mod export;
mod fetching;
mod interruption;
mod listing;
mod support;
