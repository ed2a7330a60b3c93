//! What happens next: the pure machine. `App::update` takes a [`Message`](message::Message) and answers with
//! [`Effect`](effect::Effect)s as data; it never waits, never reads a clock and never fails.

pub mod action;
pub mod effect;
pub mod event_detail;
pub mod filters;
pub mod geometry;
pub mod included;
pub mod json;
pub mod key;
pub mod keymap;
pub mod line;
pub mod message;
pub mod panes;
pub mod redact;
pub mod setup;
pub mod summary;
pub mod view;
pub mod viewport;
