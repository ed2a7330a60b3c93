//! An audit event: the fields that are listed and filtered, read leniently out of its bytes.
//!
//! Every field may be absent, null or of an unexpected type at any depth (real records are), so decoding never fails:
//! what cannot be read is empty and [`Flags`] says why. The bytes themselves are kept elsewhere, untouched.
//! Schema: audit API 20190901, CloudEvents envelope with a `data` block.

pub mod lenient;
pub mod one_pass;
mod record;
mod scan;
mod shape;
mod time;

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::access::Access;
pub use super::repair::repair;
pub use shape::is_of_another_log;
pub use time::parse_time;

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

impl<'a> Decoded<'a> {
    /// With the instant of its time, and what is missing among the flags.
    #[inline]
    fn new(mut fields: EventFields<'a>, mut flags: Flags) -> Self {
        fields.time = parse_time(&fields.time_text);
        if fields.time.is_none() {
            flags.insert(Flags::NO_TIME);
        }
        if fields.id.is_empty() {
            flags.insert(Flags::NO_ID);
        }
        Self { fields, flags }
    }
}

/// Reads the fields out of one event's bytes. Never fails; see [`Flags`].
///
/// An event in another shape than that of ListEvents is read as what it says there; see [`listed`].
pub fn decode(bytes: &[u8]) -> Decoded<'_> {
    let decoded = as_it_is(bytes);
    if shape::may_be_other(&decoded.fields) { decode_other(bytes, decoded) } else { decoded }
}

/// One pass where the bytes are ordinary, which is many times faster; [`lenient`] decides about all others.
fn as_it_is(bytes: &[u8]) -> Decoded<'_> {
    one_pass::decode(bytes).unwrap_or_else(|| lenient::decode(bytes))
}

/// The event in the shape in which ListEvents answers: as it is, where it has that already or is no event; else what the
/// Logging service, the OCI CLI, an SDK or the first version of the API made of it, put back.
pub fn listed(bytes: &[u8]) -> Cow<'_, [u8]> {
    let other = shape::may_be_other(&as_it_is(bytes).fields).then(|| shape::as_listed(bytes)).flatten();
    other.map_or(Cow::Borrowed(bytes), Cow::Owned)
}

#[cold]
fn decode_other<'a>(bytes: &[u8], as_it_is: Decoded<'a>) -> Decoded<'a> {
    let Some(listed) = shape::as_listed(bytes) else { return as_it_is };
    let Decoded { fields, mut flags } = lenient::decode(&listed);
    if as_it_is.flags.contains(Flags::REPAIRED) {
        flags.insert(Flags::REPAIRED);
    }
    Decoded { fields: fields.into_owned(), flags }
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

#[cfg(test)]
mod tests;
