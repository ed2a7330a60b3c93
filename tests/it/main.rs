//! Tests of whole rooms together, in one binary so that it is linked once.

mod picture;
mod screen;
mod terminal;
