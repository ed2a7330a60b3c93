//! What things are: plain data and its laws. No IO, no clock, no async.

pub mod access;
pub mod compartment;
pub mod event;
pub mod footprint;
pub mod lateness;
pub mod ledger;
pub mod members;
pub mod ocid;
pub mod page;
pub mod problem;
mod quotes;
pub mod region;
mod repair;
pub mod scope;
pub mod secret;
pub mod size;
pub mod tenancy;
pub mod text;
pub mod time_phrase;
pub mod time_range;
pub mod traffic;
pub mod zone;
