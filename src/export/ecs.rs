//! Events in the Elastic Common Schema, and as what the `_bulk` API of Elasticsearch and its kin takes.
//!
//! What varies from service to service stands in strings of JSON: as objects, the fields of two services would meet under
//! one name with two types, and the engine would refuse one of them.

use std::borrow::Cow;
use std::io;

use serde::Serialize;

use super::item::{Item, Outcome, some};
use super::to_json_line;
use crate::domain::access::Access;
use crate::domain::event::Flags;
use crate::domain::time_range::rfc3339;

/// The version of the schema whose field names these are.
const VERSION: &str = "8.17.0";

/// Bytes of an `_id` that the engines take at most.
const LONGEST_ID: usize = 512;

/// One document on a line.
pub fn line(item: &Item<'_>) -> io::Result<Vec<u8>> {
    to_json_line(&Document::of(item))
}

/// The action and the document, a line each. `create` with the event's id: what is sent twice is there once.
pub fn bulk(item: &Item<'_>) -> io::Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Action {
        create: Target,
    }
    #[derive(Serialize)]
    struct Target {
        _id: String,
    }
    let mut lines = to_json_line(&Action { create: Target { _id: document_id(item) } })?;
    lines.extend(line(item)?);
    Ok(lines)
}

/// The event's id; the hash of its bytes where it has none that can be one, or other bytes have it as well.
fn document_id(item: &Item<'_>) -> String {
    let id = &*item.fields.id;
    let is_usable = some(id).is_some() && id.len() <= LONGEST_ID && !item.record.flags.contains(Flags::CONFLICT);
    if is_usable { id.to_owned() } else { item.sha256() }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "@timestamp")]
    timestamp: String,
    ecs: Version,
    event: Event<'a>,
    cloud: Cloud<'a>,
    #[serde(skip_serializing_if = "Named::is_empty")]
    user: Named<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<Original<'a>>,
    http: Http<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Path<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'static str>,
    related: Related<'a>,
    oci: Oci<'a>,
}

#[derive(Serialize)]
struct Version {
    version: &'static str,
}

#[derive(Serialize)]
struct Event<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    category: [&'static str; 1],
    #[serde(rename = "type")]
    kinds: [&'static str; 1],
    outcome: &'static str,
    module: &'static str,
    dataset: &'static str,
    /// SHA-256 of the event as it was sent.
    hash: String,
}

#[derive(Serialize)]
struct Cloud<'a> {
    provider: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    availability_zone: Option<&'a str>,
    account: Named<'a>,
    #[serde(skip_serializing_if = "Named::is_empty")]
    project: Named<'a>,
}

#[derive(Serialize)]
struct Named<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

impl Named<'_> {
    fn is_empty(&self) -> bool {
        self.id.is_none() && self.name.is_none()
    }
}

#[derive(Serialize)]
struct Source<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    address: &'a str,
}

#[derive(Serialize)]
struct Original<'a> {
    original: &'a str,
}

#[derive(Serialize)]
struct Path<'a> {
    path: &'a str,
}

#[derive(Serialize)]
struct Http<'a> {
    request: HttpRequest<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<HttpResponse>,
}

#[derive(Serialize)]
struct HttpRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
}

#[derive(Serialize)]
struct HttpResponse {
    status_code: u16,
}

#[derive(Serialize)]
struct Related<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ip: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    user: Vec<&'a str>,
}

#[derive(Serialize)]
struct Oci<'a> {
    audit: Audit<'a>,
}

/// What the common schema has no field for.
#[derive(Serialize)]
struct Audit<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    event_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_grouping_id: Option<&'a str>,
    access: Access,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_tenancy_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    console_session_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_fingerprint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_time: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_change: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_details: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    freeform_tags: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    defined_tags: Option<Cow<'a, str>>,
}

impl<'a> Document<'a> {
    fn of(item: &'a Item<'a>) -> Self {
        let fields = &item.fields;
        let (ip, address) = item.address();
        let (category, kind) = category(item);
        Self {
            timestamp: rfc3339(item.time()),
            ecs: Version { version: VERSION },
            event: Event {
                kind: "event",
                id: some(&fields.id),
                action: some(fields.name()),
                provider: some(&fields.source),
                category: [category],
                kinds: [kind],
                outcome: match item.outcome() {
                    Outcome::Success => "success",
                    Outcome::Failure => "failure",
                    Outcome::Unknown => "unknown",
                },
                module: "oci",
                dataset: "oci.audit",
                hash: item.sha256(),
            },
            cloud: Cloud {
                provider: "oci",
                region: item.region(),
                availability_zone: some(&fields.availability_domain),
                account: Named { id: some(&item.tenancy), name: None },
                project: Named { id: some(&fields.compartment_id), name: some(&fields.compartment_name) },
            },
            user: Named { id: some(&fields.principal_id), name: some(&fields.principal_name) },
            source: address.map(|address| Source { ip, address }),
            user_agent: some(&fields.user_agent).map(|original| Original { original }),
            http: Http {
                request: HttpRequest { id: some(&fields.request_id), method: some(&fields.action) },
                response: fields.status_code().map(|status_code| HttpResponse { status_code }),
            },
            url: some(&fields.path).map(|path| Path { path }),
            message: some(&fields.message),
            tags: item.flags(),
            related: Related {
                ip: ip.into_iter().collect(),
                user: [some(&fields.principal_name), some(&fields.principal_id)].into_iter().flatten().collect(),
            },
            oci: Oci { audit: Audit::of(item) },
        }
    }
}

impl<'a> Audit<'a> {
    fn of(item: &'a Item<'a>) -> Self {
        let fields = &item.fields;
        Self {
            event_type: some(&fields.event_type),
            event_grouping_id: some(&fields.group),
            access: fields.access(),
            auth_type: some(&fields.auth_type),
            caller_id: item.identity.string("callerId"),
            caller_name: some(&fields.caller_name),
            principal_tenancy_id: some(&fields.tenant_id),
            console_session_id: some(&fields.session),
            key_fingerprint: fields.key_fingerprint(),
            status: some(&fields.status),
            response_time: some(&fields.response_time),
            resource_id: some(&fields.resource_id),
            resource_name: some(&fields.resource_name),
            resource_type: item.resource_type(),
            parameters: item.request.get("parameters").map(|json| json.text().into()),
            payload: item.response.get("payload").map(|json| json.text().into()),
            state_change: item.json_text("stateChange"),
            additional_details: item.json_text("additionalDetails"),
            freeform_tags: item.json_text("freeformTags"),
            defined_tags: item.json_text("definedTags"),
        }
    }
}

/// Category and type, of those that the schema allows together.
fn category(item: &Item<'_>) -> (&'static str, &'static str) {
    let fields = &item.fields;
    let change = match fields.action.to_uppercase().as_str() {
        _ if fields.access() == Access::Read => "info",
        "POST" => "creation",
        "DELETE" => "deletion",
        _ => "change",
    };
    match fields.access() {
        Access::Session => ("authentication", "info"),
        _ if fields.service().to_lowercase().starts_with("identity") => ("iam", change),
        Access::Read => ("api", "access"),
        Access::Write => ("api", change),
    }
}
