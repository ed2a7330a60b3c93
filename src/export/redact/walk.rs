//! JSON rewritten as it is read: what nobody wants changed keeps its bytes.

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is looked into.
    Kept,
    /// The member is left out with its name.
    Gone,
    /// The name stays, the value does not; true, false and null tell nothing and stay.
    LeftOut,
}

/// Who decides. Places are the names of members from the outside in, without arrays.
pub trait Rules {
    fn fate(&self, place: &[String]) -> Fate;
    /// Another name for the member at `place`; `None` leaves it.
    fn name(&mut self, place: &[String]) -> Option<String>;
    /// Another text for the one at `place`; `None` leaves it.
    fn text(&mut self, place: &[String], text: &str) -> Option<String>;
    /// Whether the number at `place` stays.
    fn keeps_number(&self, _: &[String]) -> bool {
        true
    }
}

/// These tell nothing, and stay wherever they stand.
const WORDS: [&[u8]; 3] = [b"true", b"false", b"null"];

/// Nesting that is taken; a parser takes as much.
const DEEPEST: usize = 128;

/// What stands in place of what is left out.
const LEFT_OUT: &[u8] = b"\"[left out]\"";

/// The JSON with what `rules` wants; `None` where it is none.
pub fn rewrite(json: &[u8], rules: &mut dyn Rules) -> Option<Vec<u8>> {
    let mut walk = Walk { json, at: 0, out: Vec::with_capacity(json.len()), place: Vec::new(), depth: 0 };
    walk.value(rules)?;
    walk.space();
    (walk.at == json.len()).then_some(walk.out)
}

struct Walk<'a> {
    json: &'a [u8],
    at: usize,
    out: Vec<u8>,
    place: Vec<String>,
    depth: usize,
}

impl<'a> Walk<'a> {
    fn value(&mut self, rules: &mut dyn Rules) -> Option<()> {
        self.space();
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        match self.peek()? {
            b'{' => self.object(rules),
            b'[' => self.array(rules),
            b'"' => self.string(rules),
            _ => self.word(rules),
        }?;
        self.depth -= 1;
        Some(())
    }

    fn object(&mut self, rules: &mut dyn Rules) -> Option<()> {
        self.take(b'{')?;
        self.out.push(b'{');
        let mut first = true;
        loop {
            self.space();
            if self.peek()? == b'}' {
                self.at += 1;
                self.out.push(b'}');
                return Some(());
            }
            self.member(rules, &mut first)?;
            self.space();
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
    }

    fn member(&mut self, rules: &mut dyn Rules, first: &mut bool) -> Option<()> {
        let (start, begun) = (self.out.len(), *first);
        let raw = self.raw_string()?;
        // A name that is no text cannot be judged.
        let name = serde_json::from_slice::<String>(raw).ok()?;
        self.place.push(name);
        if !std::mem::replace(first, false) {
            self.out.push(b',');
        }
        match rules.name(&self.place) {
            Some(other) => serde_json::to_writer(&mut self.out, &other).ok()?,
            None => self.out.extend_from_slice(raw),
        }
        self.space();
        self.take(b':')?;
        self.out.push(b':');
        let value = self.out.len();
        self.value(rules)?;
        match rules.fate(&self.place) {
            Fate::Kept => {}
            Fate::Gone => {
                self.out.truncate(start);
                *first = begun;
            }
            Fate::LeftOut => {
                let word = self.out.get(value..).unwrap_or_default();
                if !WORDS.contains(&word) {
                    self.out.truncate(value);
                    self.out.extend_from_slice(LEFT_OUT);
                }
            }
        }
        self.place.pop();
        Some(())
    }

    fn array(&mut self, rules: &mut dyn Rules) -> Option<()> {
        self.take(b'[')?;
        self.out.push(b'[');
        let mut first = true;
        loop {
            self.space();
            if self.peek()? == b']' {
                self.at += 1;
                self.out.push(b']');
                return Some(());
            }
            if !std::mem::replace(&mut first, false) {
                self.out.push(b',');
            }
            self.value(rules)?;
            self.space();
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
    }

    fn string(&mut self, rules: &mut dyn Rules) -> Option<()> {
        let raw = self.raw_string()?;
        match serde_json::from_slice::<String>(raw) {
            Ok(text) => match rules.text(&self.place, &text) {
                Some(other) => serde_json::to_writer(&mut self.out, &other).ok()?,
                None => self.out.extend_from_slice(raw),
            },
            // Half a surrogate pair: what else stands there cannot be judged.
            Err(_) => self.out.extend_from_slice(LEFT_OUT),
        }
        Some(())
    }

    /// A number or a word.
    fn word(&mut self, rules: &dyn Rules) -> Option<()> {
        let rest = self.json.get(self.at..)?;
        let end = rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"+-.".contains(byte)));
        let word = rest.get(..end.unwrap_or(rest.len())).filter(|word| !word.is_empty())?;
        let stays = WORDS.contains(&word) || rules.keeps_number(&self.place);
        self.out.extend_from_slice(if stays { word } else { LEFT_OUT });
        self.at += word.len();
        Some(())
    }

    /// With its quotes.
    fn raw_string(&mut self) -> Option<&'a [u8]> {
        let rest = self.json.get(self.at..).filter(|rest| rest.starts_with(b"\""))?;
        let mut end = 1;
        loop {
            end += memchr::memchr2(b'"', b'\\', rest.get(end..)?)?;
            if rest.get(end) == Some(&b'"') {
                break;
            }
            end += 2;
        }
        self.at += end + 1;
        rest.get(..=end)
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        let found = self.peek()? == byte;
        self.at += usize::from(found);
        found.then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sample;

    impl Rules for Sample {
        fn fate(&self, place: &[String]) -> Fate {
            match place.last().map(String::as_str) {
                Some("gone") => Fate::Gone,
                Some("secret") => Fate::LeftOut,
                _ => Fate::Kept,
            }
        }

        fn name(&mut self, place: &[String]) -> Option<String> {
            (place == ["a", "old"]).then(|| "new".to_owned())
        }

        fn text(&mut self, _: &[String], text: &str) -> Option<String> {
            text.contains("alice").then(|| text.replace("alice", "\"x\""))
        }
    }

    fn rewritten(json: &str) -> Option<String> {
        rewrite(json.as_bytes(), &mut Sample).map(|out| String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_is_not_changed_keeps_its_bytes() {
        let json =
            r#"{"n":1.50,"big":123456789012345678901234567890,"e":[1e400,true,null,"\u00e9\n"],"d":{"d":{}},"d":[]}"#;
        assert_eq!(rewritten(json).unwrap(), json);
        assert_eq!(rewritten(" { \"a\" : [ 1 , 2 ] } ").unwrap(), r#"{"a":[1,2]}"#);
        assert_eq!(rewritten(r#""text""#).unwrap(), r#""text""#);
    }

    #[test]
    fn members_are_left_out_with_or_without_their_name() {
        assert_eq!(rewritten(r#"{"gone":{"x":[1]},"b":1,"gone":2}"#).unwrap(), r#"{"b":1}"#);
        assert_eq!(rewritten(r#"{"a":1,"gone":2,"c":3}"#).unwrap(), r#"{"a":1,"c":3}"#);
        let json = r#"{"secret":[{"x":1}],"a":{"secret":7,"old":"\u0061lice"},"b":{"secret":true}}"#;
        let expected = r#"{"secret":"[left out]","a":{"secret":"[left out]","new":"\"x\""},"b":{"secret":true}}"#;
        assert_eq!(rewritten(json).unwrap(), expected);
    }

    #[test]
    fn what_is_no_json_is_not_rewritten() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for odd in ["", "{", "{\"a\"}", "{\"a\":}", "[1 2", "\"a", "{\"a\":1}x", "{\"\\ud800\":1}", &deep] {
            assert_eq!(rewritten(odd), None, "{}", odd.get(..20).unwrap_or(odd));
        }
        assert_eq!(rewritten(r#"["\ud800"]"#).unwrap(), r#"["[left out]"]"#);
    }
}
