//! What things are: plain data and its laws. No IO, no clock, no async.

pub mod compartment;
pub mod ocid;
pub mod region;
