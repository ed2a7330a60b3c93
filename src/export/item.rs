//! One event taken apart, for formats that are no copy of it.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::format::one_line;
use super::record::Record;
use crate::domain::event::{EventFields, decode, listed, repair};
use crate::domain::members::{Json, Members};
use crate::domain::ocid::Ocid;

/// A record with what stands in it.
pub struct Item<'a> {
    pub record: &'a Record,
    /// OCID of the tenancy that was read; where that is not known, the caller's.
    pub tenancy: Cow<'a, str>,
    pub fields: EventFields<'a>,
    pub event: Members<'a>,
    pub data: Members<'a>,
    pub request: Members<'a>,
    pub response: Members<'a>,
    pub identity: Members<'a>,
}

/// The bytes as JSON on one line in the shape of ListEvents, repaired where a parser would stumble.
pub fn readable(bytes: &[u8]) -> Vec<u8> {
    one_line(&listed(&repair(bytes))).into_owned()
}

impl<'a> Item<'a> {
    /// `text`: what [`readable`] made of the record's bytes.
    pub fn of(record: &'a Record, text: &'a [u8], tenancy: &'a str) -> Self {
        let event: Members<'a> = serde_json::from_slice(text).unwrap_or_default();
        let data = event.object("data");
        let [request, response, identity] = ["request", "response", "identity"].map(|name| data.object(name));
        let fields = decode(text).fields;
        let tenancy = if tenancy.is_empty() { fields.tenant_id.clone() } else { Cow::Borrowed(tenancy) };
        Self { record, tenancy, fields, event, data, request, response, identity }
    }

    /// When it happened; where it does not say so, the beginning of the minutes in which it was processed, and the flag
    /// `no-time` tells.
    pub fn time(&self) -> DateTime<Utc> {
        self.fields.time.unwrap_or_else(|| self.record.source.cell.window.start())
    }

    /// SHA-256 of the bytes as they were sent, in hexadecimal digits.
    pub fn sha256(&self) -> String {
        match &self.record.sealed {
            Some(sealed) => sealed.sha256.clone(),
            None => format!("{:x}", Sha256::digest(&self.record.bytes)),
        }
    }

    /// Bytes of the event as it was sent.
    pub fn size(&self) -> u64 {
        self.record.sealed.as_ref().map_or(self.record.bytes.len() as u64, |sealed| sealed.bytes)
    }

    /// What is odd about it, in words.
    pub fn flags(&self) -> Vec<&'static str> {
        self.record.flags.names().collect()
    }

    /// The region that was asked.
    pub fn region(&self) -> Option<&str> {
        some(self.record.source.cell.region.as_str())
    }

    /// The type in the OCID of the resource.
    pub fn resource_type(&self) -> Option<String> {
        Ocid::new(&*self.fields.resource_id).kind().map(str::to_owned)
    }

    /// Who called: the name, else the id.
    pub fn user(&self) -> Option<&str> {
        some(&self.fields.principal_name).or_else(|| some(&self.fields.principal_id))
    }

    pub fn outcome(&self) -> Outcome {
        match self.fields.status_code() {
            Some(code) if code >= 400 => Outcome::Failure,
            Some(100..) => Outcome::Success,
            _ => Outcome::Unknown,
        }
    }

    /// The first address that is one, and the text that it stands in.
    pub fn address(&self) -> (Option<&str>, Option<&str>) {
        let text = some(&self.fields.ip_address);
        let first = text.into_iter().flat_map(|text| text.split(',')).map(str::trim);
        (first.into_iter().find(|address| address.parse::<std::net::IpAddr>().is_ok()), text)
    }

    /// A part of `data` that is no single value, as it was sent.
    pub fn json(&self, name: &str) -> Option<Json<'a>> {
        self.data.get(name)
    }

    /// The same as JSON text.
    pub fn json_text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.json(name).map(|json| Cow::Borrowed(json.text()))
    }
}

/// How the audited call ended, by its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Unknown,
    Success,
    Failure,
}

/// Nothing where there is no text.
pub fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.trim().is_empty())
}
