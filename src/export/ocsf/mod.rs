//! Events as OCSF 1.8.0 has them: class API Activity (6003), profile `cloud`.
//!
//! Schema: <https://github.com/ocsf/ocsf-schema>, tag 1.8.0. What has no place in it stands in `unmapped`; headers and
//! credentials are left out, the hash of the bytes is not.

mod activity;
mod shape;

use std::collections::BTreeMap;

use activity::Activity;
use shape::{
    Account, Actor, Api, ApiRequest, ApiResponse, Cloud, Credential, Destination, Endpoint, Event, Hash, HttpRequest,
    HttpResponse, KeyValue, Metadata, Named, Observable, Product, Resource, Uid, Url, User,
};

use super::item::{Item, Outcome, some};
use super::to_json_line;
use crate::domain::members::Json;

/// Members that stand somewhere in the event made of them, or are left out.
const TOP: [&str; 6] = ["eventType", "eventTypeVersion", "eventTime", "eventId", "source", "data"];
const DATA: [&str; 15] = [
    "eventGroupingId",
    "eventName",
    "compartmentId",
    "compartmentName",
    "resourceName",
    "resourceId",
    "availabilityDomain",
    "identity",
    "request",
    "response",
    "stateChange",
    "freeformTags",
    "message",
    "headers",
    "credentials",
];

pub fn line(item: &Item<'_>) -> std::io::Result<Vec<u8>> {
    let version = item.event.string("eventTypeVersion");
    let [app_uid, app_name] = ["callerId", "callerName"].map(|name| item.identity.string(name));
    let resource_type = item.resource_type();
    let activity = Activity::of(item);
    let fields = &item.fields;
    let status = status(item);
    let (address, text) = item.address();
    let code = fields.status_code();
    let name = some(fields.name());
    let event = Event {
        activity_id: activity.id(),
        activity_name: activity.name(),
        category_uid: 6,
        category_name: "Application Activity",
        class_uid: 6003,
        class_name: "API Activity",
        type_uid: 600_300 + activity.id(),
        type_name: format!("API Activity: {}", activity.name()),
        time: item.time().timestamp_millis(),
        timezone_offset: 0,
        severity_id: 1,
        severity: "Informational",
        status_id: status.0,
        status: status.1,
        status_code: some(&fields.status),
        status_detail: some(&fields.message),
        message: some(&fields.message).or_else(|| some(&fields.event_type)),
        metadata: metadata(item, version.as_deref()),
        cloud: cloud(item),
        api: Api {
            operation: name.unwrap_or("unknown"),
            service: some(&fields.source).map(|name| Named { name }),
            version: api_version(&fields.path),
            request: some(&fields.request_id).map(|uid| ApiRequest { uid, data: item.request.get("parameters") }),
            response: ApiResponse {
                code,
                message: some(&fields.message),
                error: some(&fields.status).filter(|_| item.outcome() == Outcome::Failure),
                data: item.response.get("payload"),
            }
            .unless_empty(),
        },
        actor: Actor {
            user: user(item),
            session: some(&fields.session).map(|uid| Uid { uid }),
            app_uid: app_uid.as_deref(),
            app_name: app_name.as_deref(),
        },
        http_request: HttpRequest {
            uid: some(&fields.request_id),
            http_method: some(&fields.action),
            url: some(&fields.path).map(|path| Url { path }),
            user_agent: some(&fields.user_agent),
            x_forwarded_for: forwarded(item),
        }
        .unless_empty(),
        http_response: code.map(|code| HttpResponse { code }),
        src_endpoint: match address {
            Some(ip) => Endpoint { ip: Some(ip), name: None },
            None => Endpoint { ip: None, name: Some(text.unwrap_or("unknown")) },
        },
        dst_endpoint: some(&fields.source).map(|svc_name| Destination { svc_name }),
        resources: resource(item, resource_type.as_deref()).into_iter().collect(),
        observables: address.map(Observable::source_address).into_iter().collect(),
        raw_data_hash: Hash { algorithm: "SHA-256", algorithm_id: 3, value: item.sha256() },
        raw_data_size: item.size(),
        unmapped: unmapped(item),
    };
    to_json_line(&event)
}

fn status<'a>(item: &'a Item<'_>) -> (u8, &'a str) {
    match (item.outcome(), some(&item.fields.status)) {
        (Outcome::Success, _) => (1, "Success"),
        (Outcome::Failure, _) => (2, "Failure"),
        (Outcome::Unknown, None) => (0, "Unknown"),
        // Of a status that is no number, the schema wants the text.
        (Outcome::Unknown, Some(status)) => (99, status),
    }
}

fn metadata<'a>(item: &'a Item<'_>, version: Option<&'a str>) -> Metadata<'a> {
    let fields = &item.fields;
    let feature = some(&fields.source).map(|name| Named { name });
    Metadata {
        version: "1.8.0",
        product: Product { name: "OCI Audit", vendor_name: "Oracle", feature },
        profiles: ["cloud"],
        uid: some(&fields.id),
        original_event_uid: some(&fields.id),
        event_code: some(&fields.event_type),
        correlation_uid: some(&fields.group),
        log_name: "_Audit",
        log_provider: "OCI Audit",
        log_version: version,
        original_time: some(&fields.time_text),
        tenant_uid: some(&fields.tenant_id).unwrap_or(&item.tenancy),
        labels: item.flags(),
    }
}

fn cloud<'a>(item: &'a Item<'_>) -> Cloud<'a> {
    let (uid, name) = (some(&item.fields.compartment_id), some(&item.fields.compartment_name));
    let account = Account { uid, name, type_id: Some(12), kind: Some("OCI Compartment") };
    Cloud {
        provider: "OCI",
        region: item.region(),
        zone: some(&item.fields.availability_domain),
        account: (uid.is_some() || name.is_some()).then_some(account),
        org: Uid { uid: &item.tenancy },
    }
}

fn user<'a>(item: &'a Item<'_>) -> User<'a> {
    let fields = &item.fields;
    let kind = some(&fields.auth_type);
    User {
        uid: some(&fields.principal_id),
        name: item.user().unwrap_or("unknown"),
        type_id: if kind.is_some() { 99 } else { 0 },
        kind,
        account: some(&fields.tenant_id).map(|uid| Account { uid: Some(uid), name: None, type_id: None, kind: None }),
        programmatic_credentials: fields.key_fingerprint().map(|uid| Credential { uid }).into_iter().collect(),
    }
}

/// The date after which a path such as `/20160918/instances` names a version of the service.
fn api_version(path: &str) -> Option<&str> {
    path.split('/').find(|part| part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Of all headers this one says where a call came from, and nothing that authorises.
fn forwarded(item: &Item<'_>) -> Vec<String> {
    let headers = item.request.object("headers");
    let values = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("x-forwarded-for"));
    let texts = values.flat_map(|(_, json)| {
        let many: Option<Vec<String>> = serde_json::from_str(json.text()).ok();
        many.or_else(|| Some(vec![json.as_string()?])).unwrap_or_default()
    });
    let addresses = texts.flat_map(|text| text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>());
    addresses.filter(|address| address.parse::<std::net::IpAddr>().is_ok()).collect()
}

fn resource<'a>(item: &'a Item<'a>, kind: Option<&'a str>) -> Option<Resource<'a>> {
    let fields = &item.fields;
    let (uid, name) = (some(&fields.resource_id), some(&fields.resource_name));
    let tags = item.data.object("freeformTags");
    let tags = tags.iter().map(|(name, value)| KeyValue {
        name: name.to_owned(),
        value: value.as_string().unwrap_or_else(|| value.text().to_owned()),
    });
    (uid.is_some() || name.is_some()).then(|| Resource {
        uid,
        name,
        kind,
        region: item.region(),
        group: some(&fields.compartment_name).map(|name| Named { name }),
        data: item.json("stateChange"),
        tags: tags.collect(),
    })
}

/// What stands nowhere else, so that nothing is lost but headers and credentials.
fn unmapped<'a>(item: &'a Item<'a>) -> BTreeMap<&'a str, Json<'a>> {
    let top = item.event.iter().filter(|(name, _)| !TOP.contains(name));
    let data = item.data.iter().filter(|(name, _)| !DATA.contains(name));
    let time = item.response.get("responseTime").map(|time| ("responseTime", time));
    let no_resource = some(&item.fields.resource_id).is_none() && some(&item.fields.resource_name).is_none();
    let orphans = ["stateChange", "freeformTags"].into_iter().filter(|_| no_resource);
    let orphans = orphans.filter_map(|name| Some((name, item.json(name)?)));
    let parameters = item.request.get("parameters").filter(|_| item.fields.request_id.is_empty());
    let parameters = parameters.map(|parameters| ("parameters", parameters));
    top.chain(data).chain(time).chain(orphans).chain(parameters).collect()
}
