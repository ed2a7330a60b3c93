//! The columns of a data set, version 1: their names, what stands in them, and what of an event that is. CSV has those
//! that are single values, Parquet all of them.
//!
//! There will be no others before these, and none of another name for the same: whoever reads files of many months at once
//! relies on it. What is new stands in `ext`, and in `raw` anyway.

use std::borrow::Cow;

use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::item::Item;
use crate::domain::access::Access;
use crate::domain::event::Flags;
use crate::domain::time_range::{FetchWindow, rfc3339};

/// What of a file is said in each of its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The tenancy, as it is called in names of directories.
    pub tenancy: String,
    pub tenancy_ocid: String,
    /// Say in `ext` as well when each event was read, and with which request. The same question does not give the same
    /// bytes then.
    pub retrieval: bool,
}

pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    of: for<'a> fn(&'a Item<'a>, &'a About) -> Value<'a>,
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// JSON, as text.
    Json,
    /// To the microsecond, UTC.
    Time,
    /// 16 bits.
    Number,
    /// In every row.
    Truth,
    /// In every row.
    Bytes,
    /// Text in every row.
    Digest,
}

/// What stands in a cell. An empty text is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    None,
    Text(Cow<'a, str>),
    /// Where the event does not say it in a way that can be read, what it has instead.
    Time(Result<DateTime<Utc>, &'a str>),
    Number(u16),
    Truth(bool),
    Bytes(&'a [u8]),
}

impl Column {
    pub fn value<'a>(&self, item: &'a Item<'a>, about: &'a About) -> Value<'a> {
        (self.of)(item, about)
    }
}

/// How many there are.
pub const COUNT: usize = 42;

/// In order.
pub const COLUMNS: [Column; COUNT] = [
    Column { name: "event_id", kind: Kind::Text, of: |item, _| text(&item.fields.id) },
    Column {
        name: "event_time",
        kind: Kind::Time,
        of: |item, _| Value::Time(item.fields.time.ok_or(&*item.fields.time_text)),
    },
    Column {
        name: "processed_window_start",
        kind: Kind::Time,
        of: |item, _| match item.record.source.cell.window {
            FetchWindow::UNKNOWN => Value::None,
            window => Value::Time(Ok(window.start())),
        },
    },
    Column { name: "event_type", kind: Kind::Text, of: |item, _| text(&item.fields.event_type) },
    Column { name: "event_name", kind: Kind::Text, of: |item, _| text(item.fields.name()) },
    Column { name: "source", kind: Kind::Text, of: |item, _| text(&item.fields.source) },
    Column { name: "tenancy", kind: Kind::Text, of: |_, about| text(&about.tenancy) },
    Column { name: "tenancy_ocid", kind: Kind::Text, of: |item, _| text(&item.tenancy) },
    Column { name: "region", kind: Kind::Text, of: |item, _| item.region().map_or(Value::None, text) },
    Column { name: "compartment_id", kind: Kind::Text, of: |item, _| text(&item.fields.compartment_id) },
    Column { name: "compartment_name", kind: Kind::Text, of: |item, _| text(&item.fields.compartment_name) },
    Column { name: "principal_id", kind: Kind::Text, of: |item, _| text(&item.fields.principal_id) },
    Column { name: "principal_name", kind: Kind::Text, of: |item, _| text(&item.fields.principal_name) },
    Column { name: "auth_type", kind: Kind::Text, of: |item, _| text(&item.fields.auth_type) },
    Column { name: "caller_id", kind: Kind::Text, of: |item, _| owned(item.identity.string("callerId")) },
    Column { name: "caller_name", kind: Kind::Text, of: |item, _| text(&item.fields.caller_name) },
    Column { name: "ip", kind: Kind::Text, of: |item, _| text(&item.fields.ip_address) },
    Column { name: "user_agent", kind: Kind::Text, of: |item, _| text(&item.fields.user_agent) },
    Column { name: "console_session_id", kind: Kind::Text, of: |item, _| text(&item.fields.session) },
    Column {
        name: "credential_fingerprint",
        kind: Kind::Text,
        of: |item, _| item.fields.key_fingerprint().map_or(Value::None, text),
    },
    Column { name: "action", kind: Kind::Text, of: |item, _| text(&item.fields.action) },
    Column { name: "path", kind: Kind::Text, of: |item, _| text(&item.fields.path) },
    Column { name: "request_id", kind: Kind::Text, of: |item, _| text(&item.fields.request_id) },
    Column {
        name: "status",
        kind: Kind::Number,
        of: |item, _| item.fields.status_code().map_or(Value::None, Value::Number),
    },
    Column { name: "status_text", kind: Kind::Text, of: |item, _| text(&item.fields.status) },
    Column { name: "message", kind: Kind::Text, of: |item, _| text(&item.fields.message) },
    Column { name: "resource_id", kind: Kind::Text, of: |item, _| text(&item.fields.resource_id) },
    Column { name: "resource_name", kind: Kind::Text, of: |item, _| text(&item.fields.resource_name) },
    Column { name: "resource_type", kind: Kind::Text, of: |item, _| owned(item.resource_type()) },
    Column { name: "availability_domain", kind: Kind::Text, of: |item, _| text(&item.fields.availability_domain) },
    Column { name: "grouping_id", kind: Kind::Text, of: |item, _| text(&item.fields.group) },
    Column {
        name: "is_write_method",
        kind: Kind::Truth,
        of: |item, _| Value::Truth(Access::is_write_method(&item.fields.action)),
    },
    Column {
        name: "is_write_meaning",
        kind: Kind::Truth,
        of: |item, _| Value::Truth(item.fields.access() != Access::Read),
    },
    Column { name: "freeform_tags", kind: Kind::Json, of: |item, _| json(item, &["freeformTags"]) },
    Column { name: "defined_tags", kind: Kind::Json, of: |item, _| json(item, &["definedTags"]) },
    Column { name: "parameters", kind: Kind::Json, of: |item, _| json(item, &["request", "parameters"]) },
    Column { name: "state_previous", kind: Kind::Json, of: |item, _| json(item, &["stateChange", "previous"]) },
    Column { name: "state_current", kind: Kind::Json, of: |item, _| json(item, &["stateChange", "current"]) },
    Column { name: "additional_details", kind: Kind::Json, of: |item, _| json(item, &["additionalDetails"]) },
    Column { name: "raw", kind: Kind::Bytes, of: |item, _| Value::Bytes(&item.record.bytes) },
    Column { name: "raw_sha256", kind: Kind::Digest, of: |item, _| owned(Some(item.sha256())) },
    Column { name: "ext", kind: Kind::Json, of: ext },
];

/// Those that are no single values, or say nothing where a file stands for itself.
const NOT_IN_CSV: [&str; 3] = ["processed_window_start", "tenancy", "ext"];

/// The columns of CSV.
pub fn of_csv() -> impl Iterator<Item = &'static Column> {
    const ALL: &[Column] = &COLUMNS;
    ALL.iter().filter(|column| !matches!(column.kind, Kind::Json | Kind::Bytes) && !NOT_IN_CSV.contains(&column.name))
}

/// What there is no column for, in the names that `jsonl --meta` has for it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ext<'a> {
    /// The compartment that was asked for.
    compartment_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    window_end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retrieved_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<&'static str>,
    #[serde(rename = "self", skip_serializing_if = "std::ops::Not::not")]
    own: bool,
    /// `raw` is a copy, and `raw_sha256` is of what was sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    redacted: bool,
    /// Of the copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    copy_sha256: Option<String>,
}

fn ext<'a>(item: &'a Item<'a>, about: &'a About) -> Value<'a> {
    let source = &item.record.source;
    let ext = Ext {
        compartment_id: source.cell.compartment.as_str(),
        window_end: (source.cell.window != FetchWindow::UNKNOWN).then(|| rfc3339(source.cell.window.end())),
        retrieved_at: about.retrieval.then(|| rfc3339(source.retrieved_at.trunc_subsecs(3))),
        request_id: source.request_id.as_deref().filter(|_| about.retrieval),
        flags: item.flags(),
        own: item.record.flags.contains(Flags::OWN),
        redacted: item.record.sealed.is_some(),
        copy_sha256: item.record.sealed.as_ref().map(|_| format!("{:x}", Sha256::digest(&item.record.bytes))),
    };
    owned(serde_json::to_string(&ext).ok())
}

fn text(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

fn owned<'a>(text: Option<String>) -> Value<'a> {
    text.map_or(Value::None, |text| Value::Text(Cow::Owned(text)))
}

/// What stands at a place in `data`, as it was sent.
fn json<'a>(item: &'a Item<'a>, place: &[&str]) -> Value<'a> {
    let found = match place {
        ["request", name] => item.request.get(name),
        [object, name] => item.data.object(object).get(name),
        _ => place.first().and_then(|name| item.data.get(name)),
    };
    found.map_or(Value::None, |json| text(json.text()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_has_the_single_values() {
        let names: Vec<&str> = of_csv().map(|column| column.name).collect();
        assert_eq!((names.len(), names[0], names[31]), (32, "event_id", "raw_sha256"));
        let mut all: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), COUNT, "no name stands twice");
    }
}
