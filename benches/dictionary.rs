//! Makes `assets/events.zdict`, which is no bench but needs the same events:
//!
//! ```text
//! cargo bench -- dictionary assets/events.zdict
//! ```

use std::path::Path;

use auditui::index::train_dictionary;

use crate::synthetic::write_event;

/// Events to learn from, and how far apart: those of one page have too much in common.
const EVENTS: u64 = 4_608;
const STRIDE: u64 = 977;

/// The same bytes every time: events are functions of their numbers.
pub fn write(path: &Path) -> std::io::Result<()> {
    let event = |number| {
        let mut event = Vec::new();
        write_event(&mut event, number * STRIDE);
        event
    };
    let events: Vec<Vec<u8>> = (1..=EVENTS).map(event).collect();
    let dictionary = train_dictionary(events.iter().map(Vec::as_slice)).expect("events to learn from");
    std::fs::write(path, dictionary)
}
