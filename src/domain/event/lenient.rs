//! An event read by `serde_json`, whatever is odd about it: what [`one_pass`](super::one_pass) leaves, and the measure of
//! what it gives.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::record::{Block, Envelope, Lax, Text};
use super::{Decoded, EventFields, Flags, repair};

/// As [`decode`](super::decode), which gives the same sooner for ordinary events.
pub fn decode(bytes: &[u8]) -> Decoded<'_> {
    let mut flags = Flags::default();
    let fields = match serde_json::from_slice::<Lax<Envelope<'_>>>(bytes) {
        Ok(Lax(envelope)) => {
            if envelope.has_duplicate() {
                flags.insert(Flags::DUPLICATE_KEY);
            }
            envelope.into_fields()
        }
        Err(_) => decode_repaired(bytes, &mut flags),
    };
    Decoded::new(fields, flags)
}

fn decode_repaired(bytes: &[u8], flags: &mut Flags) -> EventFields<'static> {
    let repaired = repair(bytes);
    let Ok(Lax(envelope)) = serde_json::from_slice::<Lax<Envelope<'_>>>(&repaired) else {
        flags.insert(Flags::UNREADABLE);
        return EventFields::default();
    };
    flags.insert(Flags::REPAIRED);
    if envelope.has_duplicate() {
        flags.insert(Flags::DUPLICATE_KEY);
    }
    envelope.into_fields().into_owned()
}

/// A key of an object, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

struct LaxVisitor<T>(T);
struct TextVisitor;

/// The visits that both visitors answer with "nothing".
macro_rules! nothing_for_compounds {
    () => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
}

impl<'de, T: Block<'de>> Visitor<'de> for LaxVisitor<T> {
    type Value = Lax<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            self.0.read(&key, &mut map)?;
        }
        Ok(Lax(self.0))
    }

    nothing_for_compounds!();

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Lax(self.0))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Lax(self.0))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Lax(self.0))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Lax(self.0))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Lax(self.0))
    }
}

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    nothing_for_compounds!();

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text::default())
    }
}

impl<'de, T: Block<'de>> Deserialize<'de> for Lax<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LaxVisitor(T::default()))
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor).map(|Text(key)| Self(key))
    }
}
