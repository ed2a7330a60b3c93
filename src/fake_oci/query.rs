//! Query strings, read more strictly than Oracle may: what a client sends by mistake shall not pass unseen.

use chrono::{DateTime, Utc};

use super::answer::Refusal;

/// The parameters of a request, unescaped, in the order sent.
#[derive(Debug)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads `text`, which may hold each of `known` once and nothing else.
    pub fn parse(text: &str, known: &[&str]) -> Result<Self, Refusal> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (unescape(name)?, unescape(value)?);
            if !known.contains(&name.as_str()) {
                return Err(Refusal::invalid(format!("Unknown query parameter '{name}'")));
            }
            if value.is_empty() {
                return Err(Refusal::invalid(format!("Query parameter '{name}' must not be empty")));
            }
            if pairs.iter().any(|(other, _)| *other == name) {
                return Err(Refusal::invalid(format!("Query parameter '{name}' is given more than once")));
            }
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::missing(format!("Missing query parameter '{name}'")))
    }

    /// A time in RFC 3339 on a whole minute, in milliseconds.
    pub fn minute(&self, name: &str) -> Result<i64, Refusal> {
        let text = self.required(name)?;
        let time: DateTime<Utc> = DateTime::parse_from_rfc3339(text)
            .map_err(|_| Refusal::invalid(format!("'{name}' is not an RFC 3339 time: {text}")))?
            .to_utc();
        if time.timestamp_micros() % 60_000_000 != 0 {
            return Err(Refusal::invalid(format!("'{name}' must have seconds and milliseconds 0: {text}")));
        }
        Ok(time.timestamp_millis())
    }

    /// One of `allowed`, or the first of them.
    pub fn one_of<'a>(&self, name: &str, allowed: &[&'a str]) -> Result<Option<&'a str>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let found = allowed.iter().find(|known| **known == value).copied();
        found.map(Some).ok_or_else(|| Refusal::invalid(format!("'{name}' must be one of {}", allowed.join(", "))))
    }
}

/// A value of the query without any check: for the log and for faults, which meet bad requests as well.
pub fn peek(text: &str, name: &str) -> Option<String> {
    let mut parts = text.split('&').filter_map(|part| part.split_once('='));
    parts.find(|(known, _)| *known == name).and_then(|(_, value)| unescape(value).ok())
}

/// Form decoding: `+` is a space, `%XX` a byte, the bytes UTF-8.
fn unescape(text: &str) -> Result<String, Refusal> {
    let bad = || Refusal::invalid(format!("Cannot decode '{text}'"));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().ok_or_else(bad)?, rest.next().ok_or_else(bad)?];
                let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
                (high.ok_or_else(bad)? * 16 + low.ok_or_else(bad)?) as u8
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        Query::parse(text, &["a", "b"]).map_or_else(|refusal| refusal.code, |_| "fine")
    }

    #[test]
    fn only_known_parameters_once_and_with_a_value() {
        assert_eq!(code("a=1&b=2"), "fine");
        assert_eq!(code(""), "fine");
        for bad in ["c=1", "a=1&a=1", "a=", "a", "a=%zz", "a=%f", "a=%ff"] {
            assert_eq!(code(bad), "InvalidParameter", "{bad}");
        }
        let query = Query::parse("a=1", &["a", "b"]).unwrap();
        assert_eq!(query.required("b").unwrap_err().code, "MissingParameter");
    }

    #[test]
    fn values_are_form_decoded() {
        let query = Query::parse("a=2025-07-21T13%3A41%3A00Z&b=x+y%2Bz%C3%A9", &["a", "b"]).unwrap();
        assert_eq!(query.get("b"), Some("x y+zé"));
        assert_eq!(query.minute("a").unwrap(), 1_753_105_260_000);
        assert_eq!(peek("x=1&a=%2F", "a").as_deref(), Some("/"));
    }

    #[test]
    fn times_are_whole_minutes() {
        for good in ["2025-07-21T13:41:00Z", "2025-07-21T13:41:00.000Z", "2025-07-21T15:41:00%2B02:00"] {
            assert_eq!(Query::parse(&format!("a={good}"), &["a"]).unwrap().minute("a").unwrap(), 1_753_105_260_000);
        }
        for bad in ["2025-07-21T13:41:01Z", "2025-07-21T13:41:00.001Z", "2025-07-21", "now"] {
            let query = Query::parse(&format!("a={bad}"), &["a"]).unwrap();
            assert_eq!(query.minute("a").unwrap_err().code, "InvalidParameter", "{bad}");
        }
    }
}
