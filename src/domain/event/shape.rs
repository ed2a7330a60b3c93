//! Events in other shapes than that in which ListEvents answers them, and how they would stand there.
//!
//! - The Logging service, and Connector Hub that reads from it, give the same `data` in another envelope: `id`, `time`,
//!   `type`, and what was logged where in `oracle`.
//! - The OCI CLI and the SDKs write the same members as `event-id` or `event_id`.
//! - The first version of the API (20160918) had them side by side in one object.
//!
//! Members keep their bytes, and those without a place in an event of today stay where they are.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::{EventFields, repair};
use crate::domain::members::{Json, Members};

/// Log groups of the audit log begin so.
const AUDIT: &str = "_Audit";

/// Objects whose members the models of CLI and SDK name in their own way; below others names are data.
const MODELS: [&str; 5] = ["data", "identity", "request", "response", "stateChange"];

/// The envelope of the Logging service, and ours.
const ENVELOPE: [(&str, &str); 5] = [
    ("id", "eventId"),
    ("time", "eventTime"),
    ("type", "eventType"),
    ("dataschema", "eventTypeVersion"),
    ("specversion", "cloudEventsVersion"),
];

/// Members of the first version: the object that they are in today, and their name there.
const FIRST: [(&str, Block, &str); 19] = [
    ("eventSource", Block::Event, "source"),
    ("compartmentId", Block::Data, "compartmentId"),
    ("compartmentName", Block::Data, "compartmentName"),
    ("eventName", Block::Data, "eventName"),
    ("tenantId", Block::Identity, "tenantId"),
    ("principalId", Block::Identity, "principalId"),
    ("userName", Block::Identity, "principalName"),
    ("credentialId", Block::Identity, "credentials"),
    ("requestOrigin", Block::Identity, "ipAddress"),
    ("requestAgent", Block::Identity, "userAgent"),
    ("requestId", Block::Request, "id"),
    ("requestAction", Block::Request, "action"),
    ("requestResource", Block::Request, "path"),
    ("requestHeaders", Block::Request, "headers"),
    ("requestParameters", Block::Request, "parameters"),
    ("responseHeaders", Block::Response, "headers"),
    ("responseStatus", Block::Response, "status"),
    ("responseTime", Block::Response, "responseTime"),
    ("responsePayload", Block::Response, "payload"),
];

/// Whether fields that were read as those of an event may be of something else: of an event nearly none is missing.
pub(super) fn may_be_other(fields: &EventFields<'_>) -> bool {
    let says_nothing = fields.event_name.is_empty() && fields.compartment_id.is_empty() && fields.tenant_id.is_empty();
    fields.id.is_empty() || says_nothing
}

/// The event as ListEvents would give it, where it has another shape; `None` for what has that shape already, and for
/// what is no event.
pub fn as_listed(bytes: &[u8]) -> Option<Vec<u8>> {
    let bytes = parsed(bytes);
    let named: Vec<u8>;
    let mut event: Members<'_> = serde_json::from_slice(&bytes).ok()?;
    let renamed = ["event-id", "event_id", "event-time", "event_time"].iter().any(|name| event.get(name).is_some());
    if renamed {
        named = serde_json::to_vec(&Renamed(&event)).ok()?;
        event = serde_json::from_slice(&named).ok()?;
    }
    match Envelope::of(&event) {
        Envelope::Logging if is_audit(&event) => serde_json::to_vec(&Relabelled(&event)).ok(),
        Envelope::First => serde_json::to_vec(&Nested(&event)).ok(),
        Envelope::Listed if renamed => serde_json::to_vec(&Renamed(&event)).ok(),
        Envelope::Logging | Envelope::Listed => None,
    }
}

/// Whether it is a record that is none of the audit log: of another log, or a message of the Events service.
pub fn is_of_another_log(bytes: &[u8]) -> bool {
    let bytes = parsed(bytes);
    let Ok(record) = serde_json::from_slice::<Members<'_>>(&bytes) else { return false };
    let of_events_service = record.get("eventID").is_some() && record.get("eventType").is_some();
    of_events_service || matches!(Envelope::of(&record), Envelope::Logging) && !is_audit(&record)
}

/// As bytes that a parser takes, where that is possible.
fn parsed(bytes: &[u8]) -> Cow<'_, [u8]> {
    match serde_json::from_slice::<&RawValue>(bytes) {
        Ok(_) => Cow::Borrowed(bytes),
        Err(_) => Cow::Owned(repair(bytes)),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Envelope {
    Listed,
    Logging,
    First,
}

impl Envelope {
    fn of(event: &Members<'_>) -> Self {
        let has = |name: &str| event.get(name).is_some();
        let is_event = has("eventId") || has("eventTime");
        match () {
            () if is_event && !has("data") && (has("eventSource") || has("requestAction") || has("credentialId")) => {
                Self::First
            }
            () if !is_event && has("data") && has("type") && (has("id") || has("time")) => Self::Logging,
            () => Self::Listed,
        }
    }
}

/// By the log group that it was read from; where that was lost on the way, by what only audit events have.
fn is_audit(record: &Members<'_>) -> bool {
    let group = record.object("oracle").string("loggroupid");
    let data = record.object("data");
    group.is_some_and(|group| group.starts_with(AUDIT))
        || data.get("eventName").is_some() && data.get("identity").is_some()
}

/// With the names that ListEvents uses.
struct Renamed<'a>(&'a Members<'a>);

impl Serialize for Renamed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, raw) in self.0.entries() {
            let name = camel_case(key);
            match Json::of(raw).filter(|json| MODELS.contains(&&*name) && json.text().starts_with('{')) {
                Some(json) => map.serialize_entry(&name, &Renamed(&json.members()))?,
                None => map.serialize_entry(&name, raw)?,
            }
        }
        map.end()
    }
}

/// `event-id`, `event_id`: `eventId`
fn camel_case(key: &str) -> Cow<'_, str> {
    if !key.contains(['-', '_']) {
        return Cow::Borrowed(key);
    }
    let mut words = key.split(['-', '_']);
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    Cow::Owned(name)
}

/// With the envelope of ListEvents.
struct Relabelled<'a>(&'a Members<'a>);

impl Serialize for Relabelled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, raw) in self.0.entries() {
            let name = ENVELOPE.iter().find(|(theirs, _)| *theirs == key).map_or(key, |(_, ours)| ours);
            map.serialize_entry(name, raw)?;
        }
        map.end()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Event,
    Data,
    Identity,
    Request,
    Response,
}

/// With the objects that members have been put into since.
struct Nested<'a>(&'a Members<'a>);

impl<'a> Nested<'a> {
    /// Names and values of one object, in their order.
    fn of(&self, block: Block) -> Vec<(&'a str, &'a RawValue)> {
        let place = |(key, raw)| {
            let moved = FIRST.iter().find(|(theirs, ..)| *theirs == key);
            let (at, name) = moved.map_or((Block::Event, key), |(_, at, name)| (*at, *name));
            (at == block).then_some((name, raw))
        };
        self.0.entries().filter_map(place).collect()
    }
}

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.of(Block::Event);
        let mut map = serializer.serialize_map(None)?;
        event.iter().try_for_each(|(name, raw)| map.serialize_entry(name, raw))?;
        map.serialize_entry("data", &DataOf(self))?;
        map.end()
    }
}

struct DataOf<'a>(&'a Nested<'a>);

impl Serialize for DataOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.0.of(Block::Data).iter().try_for_each(|(name, raw)| map.serialize_entry(name, raw))?;
        for (name, block) in [("identity", Block::Identity), ("request", Block::Request), ("response", Block::Response)]
        {
            map.serialize_entry(name, &Object(self.0.of(block)))?;
        }
        map.end()
    }
}

struct Object<'a>(Vec<(&'a str, &'a RawValue)>);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
