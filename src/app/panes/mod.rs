//! The panes: each owns its state and its own update.

pub mod detail;
pub mod list;
pub mod tree;
