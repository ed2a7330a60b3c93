//! An audit event: the fields that are listed and filtered, read leniently out of its bytes.
//!
//! Every field may be absent, null or of an unexpected type at any depth (real records are), so decoding never fails:
//! what cannot be read is empty and [`Flags`] says why. The bytes themselves are kept elsewhere, untouched.
//! Schema: audit API 20190901, CloudEvents envelope with a `data` block.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::access::Access;
pub use super::repair::repair;

/// What is odd about an event; and what is worth knowing without being odd: whether it is a read of our own, or came late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(u8);

impl Flags {
    /// Not JSON even after repair; only the bytes are left to look at.
    pub const UNREADABLE: Self = Self(1);
    /// Raw control characters or invalid UTF-8 were replaced before it could be read. The bytes kept are the original.
    pub const REPAIRED: Self = Self(2);
    /// A key stands twice in one object; the last one was taken.
    pub const DUPLICATE_KEY: Self = Self(4);
    /// No `eventId`; the hash of the bytes stands in for it.
    pub const NO_ID: Self = Self(8);
    /// No readable `eventTime`; listed at the end.
    pub const NO_TIME: Self = Self(16);
    /// Another event with the same `eventId` has other bytes; both are kept.
    pub const CONFLICT: Self = Self(32);
    /// We made this call ourselves, reading; see [`Footprint`](super::footprint::Footprint).
    pub const OWN: Self = Self(64);
    /// It came when its minutes were read again, and had happened before they were read first.
    pub const LATE: Self = Self(128);

    const NAMES: [(Self, &'static str); 6] = [
        (Self::UNREADABLE, "unreadable"),
        (Self::REPAIRED, "repaired"),
        (Self::DUPLICATE_KEY, "duplicate-key"),
        (Self::NO_ID, "no-id"),
        (Self::NO_TIME, "no-time"),
        (Self::CONFLICT, "conflict"),
    ];

    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub fn is_odd(self) -> bool {
        self.0 & !(Self::OWN.0 | Self::LATE.0) != 0
    }

    /// For storing; see [`from_bits`](Self::from_bits).
    pub fn bits(self) -> u8 {
        self.0
    }

    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The words under which what is odd is written to exports.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, name)| name)
    }
}

/// The fields of one event that are shown, filtered and sorted by. Borrowed from the bytes where no escape stood in the
/// way; empty where the event has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFields<'a> {
    pub id: Cow<'a, str>,
    /// As sent, kept beside the parsed form.
    pub time_text: Cow<'a, str>,
    pub time: Option<DateTime<Utc>>,
    pub event_type: Cow<'a, str>,
    pub source: Cow<'a, str>,
    pub event_name: Cow<'a, str>,
    /// `data.eventGroupingId`
    pub group: Cow<'a, str>,
    pub compartment_id: Cow<'a, str>,
    pub compartment_name: Cow<'a, str>,
    pub resource_name: Cow<'a, str>,
    pub resource_id: Cow<'a, str>,
    pub availability_domain: Cow<'a, str>,
    pub principal_name: Cow<'a, str>,
    pub principal_id: Cow<'a, str>,
    pub auth_type: Cow<'a, str>,
    pub caller_name: Cow<'a, str>,
    pub tenant_id: Cow<'a, str>,
    /// May hold several addresses, joined by commas.
    pub ip_address: Cow<'a, str>,
    pub user_agent: Cow<'a, str>,
    /// `tenancy/user/fingerprint` or a session token: never shown, see [`key_fingerprint`](Self::key_fingerprint).
    pub credentials: Cow<'a, str>,
    pub session: Cow<'a, str>,
    pub request_id: Cow<'a, str>,
    pub path: Cow<'a, str>,
    /// HTTP method of the audited call.
    pub action: Cow<'a, str>,
    /// HTTP status of the audited call; a string in the API.
    pub status: Cow<'a, str>,
    pub response_time: Cow<'a, str>,
    /// `data.response.message`, else `data.message`.
    pub message: Cow<'a, str>,
}

/// An event as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded<'a> {
    pub fields: EventFields<'a>,
    pub flags: Flags,
}

/// Reads the fields out of one event's bytes. Never fails; see [`Flags`].
pub fn decode(bytes: &[u8]) -> Decoded<'_> {
    let mut flags = Flags::default();
    let mut fields = match serde_json::from_slice::<Lax<Envelope<'_>>>(bytes) {
        Ok(Lax(envelope)) => {
            if envelope.has_duplicate() {
                flags.insert(Flags::DUPLICATE_KEY);
            }
            envelope.into_fields()
        }
        Err(_) => decode_repaired(bytes, &mut flags),
    };
    fields.time = parse_time(&fields.time_text);
    if fields.time.is_none() {
        flags.insert(Flags::NO_TIME);
    }
    if fields.id.is_empty() {
        flags.insert(Flags::NO_ID);
    }
    Decoded { fields, flags }
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

/// An RFC 3339 instant; `None` for anything else.
pub fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text.trim()).ok().map(|time| time.with_timezone(&Utc))
}

impl EventFields<'_> {
    /// The operation: `data.eventName`, else the last word of the event type without its phase.
    pub fn name(&self) -> &str {
        if !self.event_name.is_empty() {
            return &self.event_name;
        }
        let name = self.event_type.trim_end_matches(".begin").trim_end_matches(".end");
        name.rsplit('.').next().unwrap_or_default()
    }

    /// The service part of the event type, such as `ComputeApi`; its case differs between sources.
    pub fn service(&self) -> &str {
        self.event_type.split('.').nth(2).unwrap_or_default()
    }

    pub fn access(&self) -> Access {
        Access::classify(&self.event_type, &self.event_name, &self.action)
    }

    /// `data.response.status` as a number, where it is one.
    pub fn status_code(&self) -> Option<u16> {
        self.status.trim().parse().ok()
    }

    /// Status 400 and above. A sign-in carries its outcome elsewhere and often no status.
    pub fn is_failed(&self) -> bool {
        self.status_code().is_some_and(|code| code >= 400)
    }

    /// The fingerprint of the API key that signed the call: the last part of `identity.credentials`, where that is one.
    /// Anything else in there (session tokens) is a secret and is not given out.
    pub fn key_fingerprint(&self) -> Option<&str> {
        let last = self.credentials.rsplit('/').next()?;
        let pairs = last.split(':').filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit())).count();
        (pairs == 16 && last.len() == 47).then_some(last)
    }

    /// The same fields without the borrow.
    pub fn into_owned(self) -> EventFields<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        EventFields {
            id: own(self.id),
            time_text: own(self.time_text),
            time: self.time,
            event_type: own(self.event_type),
            source: own(self.source),
            event_name: own(self.event_name),
            group: own(self.group),
            compartment_id: own(self.compartment_id),
            compartment_name: own(self.compartment_name),
            resource_name: own(self.resource_name),
            resource_id: own(self.resource_id),
            availability_domain: own(self.availability_domain),
            principal_name: own(self.principal_name),
            principal_id: own(self.principal_id),
            auth_type: own(self.auth_type),
            caller_name: own(self.caller_name),
            tenant_id: own(self.tenant_id),
            ip_address: own(self.ip_address),
            user_agent: own(self.user_agent),
            credentials: own(self.credentials),
            session: own(self.session),
            request_id: own(self.request_id),
            path: own(self.path),
            action: own(self.action),
            status: own(self.status),
            response_time: own(self.response_time),
            message: own(self.message),
        }
    }
}

/// An object of the event: the keys we know, read leniently, and which of them stood there twice.
macro_rules! block {
    ($name:ident { $($key:literal => $field:ident: $kind:ty,)* }) => {
        #[derive(Default)]
        struct $name<'a> {
            $($field: Option<$kind>,)*
            duplicate: bool,
        }

        impl<'de> Block<'de> for $name<'de> {
            fn read<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
                match key {
                    $($key => {
                        self.duplicate |= self.$field.is_some();
                        self.$field = Some(map.next_value()?);
                    })*
                    _ => {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(())
            }
        }
    };
}

block!(Envelope {
    "eventId" => id: Text<'a>,
    "eventTime" => time: Text<'a>,
    "eventType" => event_type: Text<'a>,
    "source" => source: Text<'a>,
    "data" => data: Lax<Data<'a>>,
});

block!(Data {
    "eventGroupingId" => group: Text<'a>,
    "eventName" => event_name: Text<'a>,
    "compartmentId" => compartment_id: Text<'a>,
    "compartmentName" => compartment_name: Text<'a>,
    "resourceName" => resource_name: Text<'a>,
    "resourceId" => resource_id: Text<'a>,
    "availabilityDomain" => availability_domain: Text<'a>,
    "identity" => identity: Lax<Identity<'a>>,
    "request" => request: Lax<Request<'a>>,
    "response" => response: Lax<Response<'a>>,
    "message" => message: Text<'a>,
});

block!(Identity {
    "principalName" => principal_name: Text<'a>,
    "principalId" => principal_id: Text<'a>,
    "authType" => auth_type: Text<'a>,
    "callerName" => caller_name: Text<'a>,
    "tenantId" => tenant_id: Text<'a>,
    "ipAddress" => ip_address: Text<'a>,
    "userAgent" => user_agent: Text<'a>,
    "credentials" => credentials: Text<'a>,
    "consoleSessionId" => session: Text<'a>,
});

block!(Request {
    "id" => id: Text<'a>,
    "path" => path: Text<'a>,
    "action" => action: Text<'a>,
});

block!(Response {
    "status" => status: Text<'a>,
    "responseTime" => time: Text<'a>,
    "message" => message: Text<'a>,
});

impl<'a> Envelope<'a> {
    fn into_fields(self) -> EventFields<'a> {
        let data = self.data.unwrap_or_default().0;
        let identity = data.identity.unwrap_or_default().0;
        let request = data.request.unwrap_or_default().0;
        let response = data.response.unwrap_or_default().0;
        let text = |field: Option<Text<'a>>| field.unwrap_or_default().0;
        let message = text(response.message);
        EventFields {
            id: text(self.id),
            time_text: text(self.time),
            time: None,
            event_type: text(self.event_type),
            source: text(self.source),
            event_name: text(data.event_name),
            group: text(data.group),
            compartment_id: text(data.compartment_id),
            compartment_name: text(data.compartment_name),
            resource_name: text(data.resource_name),
            resource_id: text(data.resource_id),
            availability_domain: text(data.availability_domain),
            principal_name: text(identity.principal_name),
            principal_id: text(identity.principal_id),
            auth_type: text(identity.auth_type),
            caller_name: text(identity.caller_name),
            tenant_id: text(identity.tenant_id),
            ip_address: text(identity.ip_address),
            user_agent: text(identity.user_agent),
            credentials: text(identity.credentials),
            session: text(identity.session),
            request_id: text(request.id),
            path: text(request.path),
            action: text(request.action),
            status: text(response.status),
            response_time: text(response.time),
            message: if message.trim().is_empty() { text(data.message) } else { message },
        }
    }

    fn has_duplicate(&self) -> bool {
        let data = self.data.as_ref().map(|lax| &lax.0);
        self.duplicate
            || data.is_some_and(|data| {
                data.duplicate
                    || data.identity.as_ref().is_some_and(|lax| lax.0.duplicate)
                    || data.request.as_ref().is_some_and(|lax| lax.0.duplicate)
                    || data.response.as_ref().is_some_and(|lax| lax.0.duplicate)
            })
    }
}

trait Block<'de>: Default {
    fn read<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

/// A block, or nothing where something else than an object stands.
#[derive(Default)]
struct Lax<T>(T);

/// A string; numbers and booleans by their text, nothing for null, arrays and objects.
#[derive(Default)]
struct Text<'a>(Cow<'a, str>);

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

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
