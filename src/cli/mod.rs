//! Without a screen.

pub mod doctor;
