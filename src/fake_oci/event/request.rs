//! The request and response blocks: paths, parameters and headers as Oracle's front door records them.

use super::super::json::Json;
use super::super::seed::Stream;
use super::identity::{etag, port};
use super::{Class, Facts, http_date, names, rfc3339};

pub fn request(j: &mut Json, facts: &Facts<'_>) {
    if facts.action.class == Class::Session {
        j.text("id", &facts.segments[2]);
        for key in ["path", "action", "parameters", "headers"] {
            j.raw(key, "null");
        }
        return;
    }
    let path = facts.path.as_deref().unwrap_or_default();
    j.text("id", &facts.segments.join("/"));
    j.text("path", path);
    match facts.action.method.as_deref() {
        Some(method) => j.exact("action", method),
        None => j.raw("action", "null"),
    }
    j.object("parameters", |j| parameters(j, facts));
    j.object("headers", |j| headers(j, facts, path));
}

fn parameters(j: &mut Json, facts: &Facts<'_>) {
    if facts.action.name.to_ascii_lowercase().starts_with("list") || facts.action.resource.is_none() {
        j.list("compartmentId", &facts.compartment.id);
        if facts.stream.clone().chance(0.5) {
            j.list("limit", "100");
        }
        if facts.action.name == "ListEvents" {
            let minute = |back: i64| {
                let at = facts.time.timestamp() / 60 * 60 - back * 60;
                chrono::DateTime::from_timestamp(at, 0).map(rfc3339).unwrap_or_default()
            };
            j.list("startTime", &minute(60));
            j.list("endTime", &minute(0));
        }
    }
}

fn headers(j: &mut Json, facts: &Facts<'_>, path: &str) {
    let mut stream = facts.stream.clone();
    let who = &facts.who;
    let date = http_date(facts.time);
    let host = host(facts);
    let method = facts.action.method.as_deref().unwrap_or("GET");
    let body = matches!(method, "POST" | "PUT");
    j.list("Accept", "application/json");
    j.list("Accept-Encoding", if who.console_session.is_some() { "gzip, deflate, br, zstd" } else { "gzip, deflate" });
    if who.console_session.is_some() {
        j.list("Accept-Language", "en-US,en;q=0.9");
        j.list("Origin", "https://cloud.oracle.com");
        j.list("Referer", "https://cloud.oracle.com/");
        j.list("x-date", &date);
    } else {
        j.list("Date", &date);
    }
    j.list("Authorization", &who.authorization(body));
    j.list("Connection", "keep-alive");
    if body {
        j.list("Content-Length", &stream.between(40, 2400).to_string());
        j.list("x-content-sha256", &format!("{}=", stream.letters(43, super::super::page::BASE64)));
    }
    j.list("Content-Type", "application/json");
    j.list("User-Agent", &who.agent);
    if who.caller.is_some() {
        j.list("X-Forwarded-For", &who.ip);
    }
    j.list("X-Real-IP", who.ip.split(',').next().unwrap_or_default());
    j.list("X-Real-Port", &port(&mut stream).to_string());
    j.list("oci-original-host", &host);
    j.list("oci-original-url", &format!("https://{host}{path}"));
    j.list("oci-splat-audited", "true");
    if let Some(info) = who.client_info() {
        j.list("opc-client-info", info);
    }
    if who.has_principal_header() {
        j.list("opc-principal", &who.principal_header(facts.tenancy, &host, &date));
    }
    j.list("opc-request-id", &facts.segments[..2].join("/"));
}

pub fn response(j: &mut Json, facts: &Facts<'_>) {
    let answered = facts.time + facts.took;
    match facts.status {
        Some(status) => j.exact("status", &status.to_string()),
        None => j.raw("status", "null"),
    }
    j.exact("responseTime", &rfc3339(answered));
    if facts.action.class == Class::Session {
        j.raw("headers", "null");
    } else {
        j.object("headers", |j| answer_headers(j, facts));
    }
    let empty = if facts.action.class == Class::Session { "null" } else { "{}" };
    j.raw("payload", facts.payload.as_deref().unwrap_or(empty));
    j.maybe("message", facts.message.as_deref());
}

fn answer_headers(j: &mut Json, facts: &Facts<'_>) {
    let mut stream = Stream::new(facts.stream.clone().number());
    j.list("Cache-Control", "no-cache, no-store, must-revalidate");
    j.list("Connection", "keep-alive");
    j.list("Content-Length", &stream.between(2, 9_000).to_string());
    j.list("Content-Type", "application/json");
    j.list("Date", &http_date(facts.time + facts.took));
    if facts.action.class == Class::Write {
        j.list("ETag", &etag(&mut stream));
        if facts.action.phases {
            let work = names::regional_ocid("workrequest", &facts.region.name, &[&facts.segments[1]]);
            j.list("opc-work-request-id", &work);
        }
    }
    j.list("X-Content-Type-Options", "nosniff");
    j.list("opc-request-id", &facts.segments.join("/"));
}

fn host(facts: &Facts<'_>) -> String {
    use super::super::catalogue::Kind;
    let region = &facts.region.name;
    match facts.action.kind {
        Kind::Identity | Kind::SignOn => format!("identity.{region}.oci.oraclecloud.com"),
        Kind::Database => format!("database.{region}.oraclecloud.com"),
        Kind::Storage if facts.action.source == "objectstorage" => format!("objectstorage.{region}.oraclecloud.com"),
        Kind::Observability if facts.action.source == "Audit" => format!("audit.{region}.oraclecloud.com"),
        Kind::Observability => format!("telemetry.{region}.oraclecloud.com"),
        Kind::Compute | Kind::Network | Kind::Storage => format!("iaas.{region}.oraclecloud.com"),
        Kind::Security | Kind::Apps | Kind::Governance => {
            format!("{}.{region}.oci.oraclecloud.com", facts.action.source.to_ascii_lowercase())
        }
    }
}

/// The path of the call, its placeholders filled in.
pub fn path(facts: &Facts<'_>) -> String {
    let template = facts.action.path.as_deref().unwrap_or("/");
    let id = facts.resource.as_ref().and_then(|resource| resource.id.as_deref());
    let mut filled = template.split('/').map(|part| match part {
        "{namespaceName}" => "acmeprod",
        "{bucketName}" => facts.resource.as_ref().map_or("bucket", |resource| resource.name.as_str()),
        "{tenancyId}" => facts.tenancy,
        "{compartmentId}" => facts.compartment.id.as_str(),
        part if part.starts_with('{') => id.unwrap_or("00000000"),
        part => part,
    });
    let mut path = filled.next().unwrap_or_default().to_owned();
    for part in filled {
        path.push('/');
        path.push_str(part);
    }
    path
}
