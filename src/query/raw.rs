//! Text anywhere in an event's JSON, as it was sent.

use std::borrow::Cow;

use super::text;

/// A text to look for in bytes, in any case.
#[derive(Clone, Debug)]
pub struct Needle {
    /// In lower case.
    plain: String,
    /// The same as it stands in a JSON text, where that is different.
    escaped: Option<String>,
}

impl Needle {
    pub fn new(text: &str) -> Self {
        let plain = text.to_lowercase();
        let json = serde_json::to_string(&plain).unwrap_or_default();
        let inner = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
        let escaped = (inner != plain).then(|| inner.to_owned());
        Self { plain, escaped }
    }

    /// Of a text of which the bytes tell at once that it stands nowhere in the event. It must have nothing that JSON could
    /// write in several ways: only visible ASCII, and a letter that no number has.
    pub fn telling(text: &str) -> Option<Self> {
        let is_number = |c: char| !c.is_ascii_alphabetic() || matches!(c, 'e' | 'E');
        let is_telling = text.chars().all(|c| c.is_ascii_graphic()) && !text.chars().all(is_number);
        is_telling.then(|| Self::new(text))
    }

    /// Whether these bytes say, without being read as JSON, that no value holds the text.
    pub fn is_ruled_out(&self, bytes: &[u8]) -> bool {
        memchr::memchr(b'\\', bytes).is_none() && !self.is_in(bytes)
    }

    /// Whether the bytes hold the text as it is, or as JSON writes it.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        let json: Cow<'_, str> = String::from_utf8_lossy(bytes);
        text::contains(&json, &self.plain)
            || self.escaped.as_ref().is_some_and(|escaped| text::contains(&json, escaped))
    }
}

/// As [`Needle::is_in`], for one event.
pub fn contains(bytes: &[u8], text: &str) -> bool {
    Needle::new(text).is_in(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_is_found_as_it_is_and_as_json_writes_it() {
        let bytes = json!({"a": "say \"Hi\"\n", "path": "C:\\x", "n": "ÉMILE"}).to_string().into_bytes();
        for found in ["SAY", "say \"hi\"", "c:\\x", "\"a\":", "émile", "hi\"\n"] {
            assert!(contains(&bytes, found), "{found}");
        }
        assert!(!contains(&bytes, "hi there"));
    }

    #[test]
    fn only_what_json_writes_in_one_way_is_ruled_out() {
        let plain = br#"{"a":"one","n":1e3}"#;
        let escaped = br#"{"a":"\u006fne"}"#;
        let one = Needle::telling("ONE").unwrap();
        assert!(!one.is_ruled_out(plain) && !one.is_ruled_out(escaped));
        assert!(Needle::telling("two").unwrap().is_ruled_out(plain));
        for text in ["1000", "1e3", "", "a b", "\u{e9}", "a\u{1}"] {
            assert!(Needle::telling(text).is_none(), "{text}");
        }
    }
}
