//! [`EventDetail`]: one event, decoded for reading. Made off the screen's thread; it may be large.

use std::sync::Arc;

use crate::domain::event::{EventFields, Flags, decode, repair};
use crate::domain::text::clean_json;
use crate::index::EventKey;

use super::json::JsonTree;
use super::redact::{Masks, masks};

#[derive(Clone, Debug)]
pub struct EventDetail {
    pub key: EventKey,
    pub fields: EventFields<'static>,
    pub flags: Flags,
    pub body: Body,
    raw: Arc<[u8]>,
}

/// The event's bytes as far as they could be read.
#[derive(Clone, Debug)]
pub enum Body {
    Json {
        tree: JsonTree,
        masks: Masks,
    },
    /// Not JSON, even after repair: pieces of text, none longer than 400 characters.
    Text(Vec<String>),
}

const PIECE: usize = 400;

impl EventDetail {
    /// Reads the bytes of the event. Never fails: what cannot be read is shown as text.
    pub fn parse(key: EventKey, raw: Arc<[u8]>) -> Self {
        let decoded = decode(&raw);
        let (fields, flags) = (decoded.fields.into_owned(), decoded.flags);
        Self { key, fields, flags, body: Body::read(&raw), raw }
    }

    /// Bytes, as received.
    pub fn size(&self) -> usize {
        self.raw.len()
    }

    /// The document for the clipboard, without credentials; `None` when it is no document. Also how many values were
    /// left out.
    pub fn redacted_json(&self) -> Option<(String, usize)> {
        match &self.body {
            Body::Json { tree, masks } if !tree.is_cut() => {
                let text = tree.pretty(|node| masks.get(&node).map(String::as_str));
                Some((clean_json_lines(&text), masks.len()))
            }
            Body::Json { .. } | Body::Text(_) => None,
        }
    }

    /// The document for the clipboard, whole. Control characters are written as escapes, so that pasting it into a
    /// terminal is harmless; it is the same document.
    pub fn whole_json(&self) -> String {
        match &self.body {
            Body::Json { .. } => clean_json_lines(&String::from_utf8_lossy(&self.raw)),
            Body::Text(_) => clean_json(&self.raw),
        }
    }
}

/// As `clean_json`, but line breaks stay: between values they are no danger, and inside strings JSON has none.
fn clean_json_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| clean_json(line.as_bytes())).collect();
    lines.join("\n")
}

impl Body {
    fn read(raw: &[u8]) -> Self {
        let strict = std::str::from_utf8(raw).ok().and_then(|text| JsonTree::parse(text).ok());
        let tree = strict.or_else(|| JsonTree::parse(String::from_utf8_lossy(&repair(raw))).ok());
        match tree {
            Some(tree) => Self::Json { masks: masks(&tree), tree },
            None => Self::Text(pieces(&String::from_utf8_lossy(raw))),
        }
    }
}

fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for (place, c) in text.chars().enumerate() {
        if c == '\n' || (place > 0 && piece.chars().count() >= PIECE) {
            pieces.push(std::mem::take(&mut piece));
        }
        if c != '\n' {
            piece.push(c);
        }
    }
    pieces.push(piece);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(raw: &[u8]) -> EventDetail {
        EventDetail::parse(EventKey { micros: 0, digest: 0 }, raw.into())
    }

    #[test]
    fn an_event_that_is_not_json_is_text() {
        let detail = detail(b"<html>\n\x1b[2J");
        let Body::Text(lines) = &detail.body else { panic!("not text") };
        assert_eq!(lines.len(), 2);
        assert!(detail.flags.contains(Flags::UNREADABLE));
        assert_eq!(detail.redacted_json(), None);
        assert!(!detail.whole_json().contains('\x1b'));
    }

    #[test]
    fn what_needs_repair_is_repaired_for_reading() {
        let detail = detail(b"{\"eventId\":\"a\x01b\"}");
        assert!(matches!(detail.body, Body::Json { .. }));
        assert!(detail.redacted_json().unwrap().0.contains("a\\u0001b"));
    }

    #[test]
    fn copies_say_how_much_they_leave_out() {
        let raw = include_bytes!("../../tests/fixtures/events/v2-create-vcn-denied.json");
        let detail = detail(raw);
        let (text, left_out) = detail.redacted_json().unwrap();
        assert_eq!(left_out, 2);
        assert!(!text.contains("Signature keyId"));
        assert!(detail.whole_json().contains("Signature keyId"));
        assert_eq!(detail.size(), raw.len());
    }

    #[test]
    fn long_text_comes_in_pieces() {
        assert_eq!(pieces(&"x".repeat(1_000)).len(), 3);
    }
}
