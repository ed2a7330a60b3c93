//! Events as Splunk's HTTP Event Collector takes them. Nothing is sent: these are the lines for whatever does.

use std::io;

use serde::Serialize;

use super::item::{Item, some};
use super::to_json_line;
use crate::domain::members::Without;

/// What of an event is not handed over: headers carry signatures and principals, credentials tokens.
const SECRETS: [&[&str]; 5] = [
    &["data", "request", "headers"],
    &["data", "response", "headers"],
    &["data", "identity", "credentials"],
    &["request", "headers"],
    &["response", "headers"],
];

#[derive(Serialize)]
struct Line<'a> {
    /// Seconds since 1970.
    time: f64,
    source: &'static str,
    sourcetype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    event: Without<'a>,
    fields: Fields<'a>,
}

/// What the event does not say; Splunk keeps these as indexed fields.
#[derive(Serialize)]
struct Fields<'a> {
    oci_tenancy: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    oci_region: Option<&'a str>,
    oci_compartment_asked: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    oci_key_fingerprint: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<&'static str>,
    raw_sha256: String,
}

pub fn line(item: &Item<'_>) -> io::Result<Vec<u8>> {
    to_json_line(&Line {
        time: item.time().timestamp_millis() as f64 / 1_000.0,
        source: "auditui",
        sourcetype: "oci:audit",
        host: some(&item.fields.source),
        event: Without { members: item.event.clone(), places: SECRETS.to_vec() },
        fields: Fields {
            oci_tenancy: &item.tenancy,
            oci_region: item.region(),
            oci_compartment_asked: item.record.source.cell.compartment.as_str(),
            oci_key_fingerprint: item.fields.key_fingerprint(),
            flags: item.flags(),
            raw_sha256: item.sha256(),
        },
    })
}
