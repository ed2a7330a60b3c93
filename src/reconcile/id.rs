//! Ids of events in 16 bytes each, and back.

use std::collections::HashMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// A UUID by its bits, anything else by its hash.
pub type Id = [u8; 16];

/// Where the hyphens of a UUID stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Knows the ids that are no UUIDs.
#[derive(Default)]
pub struct Names(HashMap<Id, Box<str>>);

impl Names {
    pub fn id(&mut self, text: &str) -> Id {
        if let Some(id) = uuid(text) {
            return id;
        }
        let mut id = Id::default();
        id.copy_from_slice(&Sha256::digest(text)[..16]);
        self.0.entry(id).or_insert_with(|| text.into());
        id
    }

    pub fn text(&self, id: Id) -> String {
        if let Some(text) = self.0.get(&id) {
            return text.to_string();
        }
        let mut text = String::with_capacity(36);
        for (place, byte) in id.iter().enumerate() {
            text.push_str(if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" });
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// Of a UUID in the form that everybody writes, so that its text can be made of it again.
fn uuid(text: &str) -> Option<Id> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 || HYPHENS.iter().any(|at| bytes[*at] != b'-') {
        return None;
    }
    let mut digits = bytes.iter().enumerate().filter(|(at, _)| !HYPHENS.contains(at)).map(|(_, byte)| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    });
    let mut id = Id::default();
    for byte in &mut id {
        *byte = digits.next()?? << 4 | digits.next()??;
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_comes_back_as_it_was() {
        let mut names = Names::default();
        for text in [
            "1fd6329b-6e11-40a5-bb48-b4db04cce956",
            "1FD6329B-6e11-40a5-bb48-b4db04cce956",
            "1fd6329b-6e11-40a5-bb48-b4db04cce95",
            "1fd6329b+6e11-40a5-bb48-b4db04cce956",
            "gfd6329b-6e11-40a5-bb48-b4db04cce956",
            "1158fbdexxxx0",
            "id",
        ] {
            let id = names.id(text);
            assert_eq!(names.text(id), text);
        }
        assert_eq!(names.0.len(), 6, "UUIDs are not kept as text");
    }
}
