//! JSON as it was sent, taken apart one object at a time: what is not looked at keeps its bytes.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// A value as it was sent; as a string where a strict parser would refuse it, as numbers that are too great and nesting
/// that is too deep.
#[derive(Clone, Copy, Debug)]
pub struct Json<'a>(&'a RawValue);

impl<'a> Json<'a> {
    /// `None` for null.
    pub fn of(raw: &'a RawValue) -> Option<Self> {
        (raw.get() != "null").then_some(Self(raw))
    }

    pub fn text(self) -> &'a str {
        self.0.get()
    }

    /// What a string says; `None` for all else.
    pub fn as_string(self) -> Option<String> {
        serde_json::from_str(self.text()).ok()
    }

    /// Its members, where it is an object.
    pub fn members(self) -> Members<'a> {
        serde_json::from_str(self.text()).unwrap_or_default()
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_str::<Value>(self.text()) {
            Ok(_) => self.0.serialize(serializer),
            Err(_) => serializer.serialize_str(self.text()),
        }
    }
}

/// The members of an object in their order, with keys that stand twice.
#[derive(Clone, Debug, Default)]
pub struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The last of that name, which is not null.
    pub fn get(&self, name: &str) -> Option<Json<'a>> {
        self.0.iter().rev().find(|(key, _)| key == name).and_then(|(_, raw)| Json::of(raw))
    }

    /// Whether there is one of that name, be it null.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The members of an object among these; none where there is no such object.
    #[must_use]
    pub fn object(&self, name: &str) -> Self {
        self.get(name).map(Json::members).unwrap_or_default()
    }

    /// What a string among these says.
    pub fn string(&self, name: &str) -> Option<String> {
        self.get(name).and_then(Json::as_string).filter(|text| !text.is_empty())
    }

    /// All of them as they were sent, null too.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, raw)| (key.as_str(), *raw))
    }

    /// Those that are not null.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Json<'a>)> {
        self.0.iter().filter_map(|(key, raw)| Some((key.as_str(), Json::of(raw)?)))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }

        deserializer.deserialize_map(Pairs).map(Self)
    }
}

/// An object as it was sent, but for what stands at these places.
pub struct Without<'a> {
    pub members: Members<'a>,
    pub places: Vec<&'static [&'static str]>,
}

impl Serialize for Without<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, raw) in &self.members.0 {
            let places = self.places.iter().filter_map(|place| place.split_first());
            let below: Vec<_> = places.filter(|(name, _)| *name == key).map(|(_, below)| below).collect();
            match Json::of(raw) {
                None => map.serialize_entry(key, &())?,
                Some(_) if below.iter().any(|below| below.is_empty()) => {}
                Some(json) if below.is_empty() || !json.text().starts_with('{') => map.serialize_entry(key, &json)?,
                Some(json) => map.serialize_entry(key, &Without { members: json.members(), places: below })?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_looked_at_keeps_its_bytes() {
        let members: Members<'_> =
            serde_json::from_str(r#"{"a":1.50,"b":{"c":123456789012345678901234567890},"a":null,"d":1e400}"#).unwrap();
        assert!(members.get("a").is_none() && members.object("nothing").0.is_empty());
        let all = Without { members, places: vec![&["x"]] };
        let written = serde_json::to_string(&all).unwrap();
        assert_eq!(written, r#"{"a":1.50,"b":{"c":123456789012345678901234567890},"a":null,"d":"1e400"}"#);
    }

    #[test]
    fn what_is_left_out_is_left_out_wherever_it_stands_twice() {
        let text = r#"{"a":{"b":{"x":1},"c":2,"b":3},"b":4,"a":"text"}"#;
        let all = Without { members: serde_json::from_str(text).unwrap(), places: vec![&["a", "b"]] };
        assert_eq!(serde_json::to_string(&all).unwrap(), r#"{"a":{"c":2},"b":4,"a":"text"}"#);
    }
}
