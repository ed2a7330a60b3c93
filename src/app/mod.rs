//! What happens next: the pure machine. `App::update` takes a [`Message`](message::Message) and answers with
//! [`Effect`](effect::Effect)s as data; it never waits, never reads a clock and never fails.

pub mod geometry;
pub mod key;
pub mod setup;
