//! The objects of the schema that are used, with the attributes that are filled. Names are the schema's.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::members::Json;

#[derive(Serialize)]
pub struct Event<'a> {
    pub activity_id: u32,
    pub activity_name: &'static str,
    pub category_uid: u32,
    pub category_name: &'static str,
    pub class_uid: u32,
    pub class_name: &'static str,
    pub type_uid: u32,
    pub type_name: String,
    /// Milliseconds since 1970.
    pub time: i64,
    pub timezone_offset: i32,
    pub severity_id: u8,
    pub severity: &'static str,
    pub status_id: u8,
    pub status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'a str>,
    pub metadata: Metadata<'a>,
    pub cloud: Cloud<'a>,
    pub api: Api<'a>,
    pub actor: Actor<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_request: Option<HttpRequest<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_response: Option<HttpResponse>,
    pub src_endpoint: Endpoint<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dst_endpoint: Option<Destination<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observables: Vec<Observable<'a>>,
    pub raw_data_hash: Hash,
    pub raw_data_size: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unmapped: BTreeMap<&'a str, Json<'a>>,
}

#[derive(Serialize)]
pub struct Metadata<'a> {
    pub version: &'static str,
    pub product: Product<'a>,
    pub profiles: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_event_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_uid: Option<&'a str>,
    pub log_name: &'static str,
    pub log_provider: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_time: Option<&'a str>,
    pub tenant_uid: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<&'static str>,
}

#[derive(Serialize)]
pub struct Product<'a> {
    pub name: &'static str,
    pub vendor_name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<Named<'a>>,
}

#[derive(Serialize)]
pub struct Named<'a> {
    pub name: &'a str,
}

#[derive(Serialize)]
pub struct Uid<'a> {
    pub uid: &'a str,
}

#[derive(Serialize)]
pub struct Cloud<'a> {
    pub provider: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account<'a>>,
    pub org: Uid<'a>,
}

#[derive(Serialize)]
pub struct Account<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_id: Option<u32>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
}

#[derive(Serialize)]
pub struct Api<'a> {
    pub operation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<ApiRequest<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<ApiResponse<'a>>,
}

#[derive(Serialize)]
pub struct ApiRequest<'a> {
    pub uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Json<'a>>,
}

#[derive(Serialize)]
pub struct ApiResponse<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Json<'a>>,
}

impl ApiResponse<'_> {
    pub fn unless_empty(self) -> Option<Self> {
        let Self { code, message, error, data } = &self;
        (code.is_some() || message.is_some() || error.is_some() || data.is_some()).then_some(self)
    }
}

#[derive(Serialize)]
pub struct Actor<'a> {
    pub user: User<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Uid<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_name: Option<&'a str>,
}

#[derive(Serialize)]
pub struct User<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<&'a str>,
    pub name: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'a str>,
    pub type_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub programmatic_credentials: Vec<Credential<'a>>,
}

/// A key, by its fingerprint.
#[derive(Serialize)]
pub struct Credential<'a> {
    pub uid: &'a str,
}

#[derive(Serialize)]
pub struct HttpRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Url<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub x_forwarded_for: Vec<String>,
}

impl HttpRequest<'_> {
    pub fn unless_empty(self) -> Option<Self> {
        let Self { uid, http_method, url, user_agent, x_forwarded_for } = &self;
        let says = uid.is_some() || http_method.is_some() || url.is_some() || user_agent.is_some();
        (says || !x_forwarded_for.is_empty()).then_some(self)
    }
}

#[derive(Serialize)]
pub struct Url<'a> {
    pub path: &'a str,
}

#[derive(Serialize)]
pub struct HttpResponse {
    pub code: u16,
}

#[derive(Serialize)]
pub struct Endpoint<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
}

#[derive(Serialize)]
pub struct Destination<'a> {
    pub svc_name: &'a str,
}

#[derive(Serialize)]
pub struct Resource<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Json<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValue>,
}

#[derive(Serialize)]
pub struct KeyValue {
    pub name: String,
    pub value: String,
}

#[derive(Serialize)]
pub struct Observable<'a> {
    pub name: &'static str,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub type_id: u32,
    pub value: &'a str,
}

impl<'a> Observable<'a> {
    pub fn source_address(value: &'a str) -> Self {
        Self { name: "src_endpoint.ip", kind: "IP Address", type_id: 2, value }
    }
}

#[derive(Serialize)]
pub struct Hash {
    pub algorithm: &'static str,
    pub algorithm_id: u32,
    pub value: String,
}
