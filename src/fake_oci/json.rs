//! Writes events as JSON text, field by field.
//!
//! A page of a hundred events is 300 KB; a tree of values for it would cost more than all the rest of the server. It
//! can also say what no serializer would: any escape, in any string.

use std::fmt::Write as _;

use super::hostile::Poison;

/// An object being written. Keys come in the order of the calls.
#[derive(Debug)]
pub struct Json {
    out: String,
    empty: bool,
    poison: Option<Poison>,
}

impl Json {
    /// Writes one object with `fields`; `poison` is put into every string that is not exact.
    pub fn write(poison: Option<Poison>, fields: impl FnOnce(&mut Self)) -> String {
        let mut json = Self { out: String::with_capacity(4096), empty: true, poison };
        json.out.push('{');
        fields(&mut json);
        json.out.push('}');
        json.out
    }

    /// A string that strangers can choose.
    pub fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.string(value);
    }

    pub fn maybe(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(key, value),
            None => self.raw(key, "null"),
        }
    }

    /// A string that only the service can choose.
    pub fn exact(&mut self, key: &str, value: &str) {
        self.key(key);
        escape_into(&mut self.out, value);
    }

    /// JSON as it is.
    pub fn raw(&mut self, key: &str, json: &str) {
        self.key(key);
        self.out.push_str(json);
    }

    /// A header or parameter: a list of one string.
    pub fn list(&mut self, key: &str, value: &str) {
        self.key(key);
        self.out.push('[');
        self.string(value);
        self.out.push(']');
    }

    pub fn object(&mut self, key: &str, fields: impl FnOnce(&mut Self)) {
        self.key(key);
        self.out.push('{');
        self.empty = true;
        fields(self);
        self.out.push('}');
        self.empty = false;
    }

    fn key(&mut self, key: &str) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        escape_into(&mut self.out, key);
        self.out.push(':');
    }

    fn string(&mut self, value: &str) {
        match &mut self.poison {
            None => escape_into(&mut self.out, value),
            Some(poison) => {
                let poisoned = poison.apply(value);
                escape_into(&mut self.out, &poisoned);
            }
        }
    }
}

/// `value` as a JSON string, quotes included.
pub fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    escape_into(&mut out, value);
    out
}

fn escape_into(out: &mut String, value: &str) {
    out.push('"');
    if value.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        value.chars().for_each(|c| escape_char(out, c));
    } else {
        out.push_str(value);
    }
    out.push('"');
}

fn escape_char(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c < ' ' => {
            let _infallible = write!(out, "\\u{:04x}", u32::from(c));
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let nasty = "a\"b\\c\u{1b}[0m\n\u{0}é\u{202e}";
        let text = Json::write(None, |j| {
            j.text("plain", "x");
            j.object("inner", |j| {
                j.text("nasty", nasty);
                j.raw("none", "null");
            });
            j.object("empty", |_| {});
            j.list("after", "y");
        });
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["inner"]["nasty"], nasty);
        assert_eq!(value["after"][0], "y");
        assert_eq!(quoted(nasty), serde_json::to_string(nasty).unwrap());
    }
}
