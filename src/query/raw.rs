//! What an event's bytes tell before they are read as JSON.

use super::text;

/// A text that tells without JSON being read.
#[derive(Clone, Debug)]
pub struct Needle {
    /// In lower case.
    text: String,
}

impl Needle {
    /// Of a text of which the bytes tell at once that it stands nowhere in the event. It must have nothing that JSON could
    /// write in several ways: only visible ASCII, and a letter that no number has.
    pub fn telling(text: &str) -> Option<Self> {
        let is_number = |c: char| !c.is_ascii_alphabetic() || matches!(c, 'e' | 'E');
        let is_telling = text.chars().all(|c| c.is_ascii_graphic()) && !text.chars().all(is_number);
        is_telling.then(|| Self { text: text.to_lowercase() })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether these bytes say, without being read as JSON, that no value holds the text.
    pub fn is_ruled_out(&self, bytes: &[u8]) -> bool {
        memchr::memchr(b'\\', bytes).is_none() && !text::contains(&String::from_utf8_lossy(bytes), &self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
