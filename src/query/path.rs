//! Places in an event's JSON: `data.request.parameters.bucketName`.

use serde_json::Value;

use crate::domain::event::{listed, repair};
use crate::domain::secret::{is_headers, is_secret};

/// The keys on the way to a value, compared in any case (ASCII). `data.` at the beginning may be left out, and lists on
/// the way are gone through.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JsonPath(Vec<String>);

impl JsonPath {
    /// `None` where there is no key, or an empty one.
    pub fn new(keys: Vec<String>) -> Option<Self> {
        (!keys.is_empty() && keys.iter().all(|key| !key.is_empty())).then_some(Self(keys))
    }

    pub fn keys(&self) -> &[String] {
        &self.0
    }

    /// Whether `test` holds for any text there; an object stands for all texts in it.
    pub fn any(&self, event: &Value, test: &mut dyn FnMut(&str) -> bool) -> bool {
        self.values(event, &mut |value| any_text(value, test))
    }

    /// As `any`, without the credentials that stand below this place.
    pub fn any_but_secrets(&self, event: &Value, test: &mut dyn FnMut(&str) -> bool) -> bool {
        let in_headers = self.0.iter().any(|key| is_headers(key));
        self.values(event, &mut |value| any_text_but_secrets(value, in_headers, test))
    }

    /// Whether anything stands there that is not empty: not null, nor a text, list or object with nothing in it.
    pub fn is_present(&self, event: &Value) -> bool {
        self.values(event, &mut |value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Object(object) => !object.is_empty(),
            _ => true,
        })
    }

    fn values(&self, event: &Value, test: &mut dyn FnMut(&Value) -> bool) -> bool {
        walk(event, &self.0, test) || get(event, "data").any(|data| walk(data, &self.0, test))
    }
}

fn walk(value: &Value, keys: &[String], test: &mut dyn FnMut(&Value) -> bool) -> bool {
    if let Value::Array(list) = value {
        return list.iter().any(|element| walk(element, keys, test));
    }
    match keys.split_first() {
        None => test(value),
        Some((key, rest)) => get(value, key).any(|inner| walk(inner, rest, test)),
    }
}

fn get<'a>(value: &'a Value, key: &'a str) -> impl Iterator<Item = &'a Value> {
    let entries = value.as_object().into_iter().flatten();
    entries.filter(move |(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

fn any_text(value: &Value, test: &mut dyn FnMut(&str) -> bool) -> bool {
    match value {
        Value::Object(object) => object.values().any(|inner| any_text(inner, test)),
        Value::Array(list) => list.iter().any(|inner| any_text(inner, test)),
        _ => text_of(value).is_some_and(|text| test(&text)),
    }
}

fn any_text_but_secrets(value: &Value, in_headers: bool, test: &mut dyn FnMut(&str) -> bool) -> bool {
    match value {
        Value::Object(object) => object.iter().any(|(key, inner)| {
            let in_headers = in_headers || is_headers(key);
            !is_secret(key, in_headers) && any_text_but_secrets(inner, in_headers, test)
        }),
        Value::Array(list) => list.iter().any(|inner| any_text_but_secrets(inner, in_headers, test)),
        _ => text_of(value).is_some_and(|text| test(&text)),
    }
}

/// A text as it is, a number or a truth value as it is written.
fn text_of(value: &Value) -> Option<std::borrow::Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether `test` holds for any tag; see [`Subject::Tag`](super::condition::Subject::Tag).
pub fn any_tag(event: &Value, test: &mut dyn FnMut(&str) -> bool) -> bool {
    let of = |kind: &'static str| {
        let tags = event.get("data").and_then(|data| data.get(kind)).and_then(Value::as_object);
        tags.into_iter().flatten()
    };
    let pair = |key: &str, value: &Value| format!("{key}={}", text_of(value).unwrap_or_default());
    of("freeformTags").any(|(key, value)| test(&pair(key, value)))
        || of("definedTags").any(|(space, keys)| {
            let keys = keys.as_object().into_iter().flatten();
            keys.into_iter().any(|(key, value)| test(&format!("{space}.{}", pair(key, value))))
        })
}

/// An event's bytes as JSON in the shape of ListEvents, repaired where they need it; null where they are none.
pub fn json_of(bytes: &[u8]) -> Value {
    let bytes = listed(bytes);
    serde_json::from_slice(&bytes).or_else(|_| serde_json::from_slice(&repair(&bytes))).unwrap_or_default()
}

/// Whether `test` holds for any OCID in these bytes.
pub fn any_ocid(bytes: &[u8], test: &mut dyn FnMut(&str) -> bool) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let mut after = 0;
    memchr::memmem::find_iter(bytes, b"ocid1.").any(|start| {
        // One within another is a part of it.
        if start < after {
            return false;
        }
        let rest = bytes.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| is_part(byte)).count();
        after = start + length;
        rest.get(..length).and_then(|ocid| std::str::from_utf8(ocid).ok()).is_some_and(&mut *test)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn texts(path: &str, event: &Value) -> Vec<String> {
        let mut texts = Vec::new();
        let path = JsonPath::new(path.split('.').map(str::to_owned).collect()).unwrap();
        path.any(event, &mut |text| {
            texts.push(text.to_owned());
            false
        });
        texts
    }

    #[test]
    fn a_path_finds_texts_with_and_without_data_and_in_lists() {
        let event = json!({
            "eventTypeVersion": "2.0",
            "data": { "request": { "parameters": { "bucketName": ["a", ["b"], null, 7, true, {}] } }, "list": [{"k": 1}, {"K": 2}] },
        });
        assert_eq!(texts("data.request.parameters.bucketName", &event), ["a", "b", "7", "true"]);
        assert_eq!(texts("REQUEST.parameters.bucketname", &event), ["a", "b", "7", "true"]);
        assert_eq!(texts("list.k", &event), ["1", "2"]);
        assert_eq!(texts("list", &event), ["1", "2"]);
        assert_eq!(texts("request", &event), ["a", "b", "7", "true"]);
        assert_eq!(texts("eventTypeVersion", &event), ["2.0"]);
        assert!(texts("request.none", &event).is_empty() && texts("eventTypeVersion.x", &event).is_empty());
    }

    #[test]
    fn credentials_below_a_place_are_passed_over() {
        let event = json!({"data": {"more": {
            "credentials": {"a": "canary"}, "headers": {"Authorization": ["canary"], "Accept": [{"cookie": "canary", "x": "1"}]},
            "token": "no header",
        }}});
        let mut texts = Vec::new();
        let path = JsonPath::new(vec!["more".to_owned()]).unwrap();
        path.any_but_secrets(&event, &mut |text| {
            texts.push(text.to_owned());
            false
        });
        texts.sort();
        assert_eq!(texts, ["1", "no header"]);
    }

    #[test]
    fn what_is_empty_is_not_present() {
        let event = json!({"data": {"a": null, "b": "", "c": [], "d": {}, "e": [null, ""], "f": 0, "g": {"x": null}, "h": [false]}});
        let present = |key: &str| JsonPath::new(vec![key.to_owned()]).unwrap().is_present(&event);
        assert_eq!(
            ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map(present),
            [false, false, false, false, false, true, true, true, false]
        );
    }

    #[test]
    fn tags_and_ocids_are_found() {
        let event = json!({"data": {
            "freeformTags": {"env": "prod", "odd": {"x": 1}},
            "definedTags": {"Oracle-Tags": {"CreatedBy": "alice", "n": 3}, "odd": 1},
            "resourceId": "ocid1.bucket.oc1..aaaa", "path": "/n/ocid1.vcn.oc1.fra.bb/x",
        }});
        let mut found = Vec::new();
        any_tag(&event, &mut |tag| {
            found.push(tag.to_owned());
            false
        });
        assert_eq!(found, ["env=prod", "odd=", "Oracle-Tags.CreatedBy=alice", "Oracle-Tags.n=3"]);
        let mut found = Vec::new();
        any_ocid(event.to_string().as_bytes(), &mut |ocid| {
            found.push(ocid.to_owned());
            false
        });
        assert_eq!(found, ["ocid1.bucket.oc1..aaaa", "ocid1.vcn.oc1.fra.bb"]);
    }
}
