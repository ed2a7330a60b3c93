//! The server as a client meets it, over a socket.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use rsa::RsaPrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::names::http_date;
use super::*;

mod events;
mod identity_api;
mod oddities;
mod strictness;
mod trouble;

const NOW: &str = "2026-03-14T14:00:00Z";

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

async fn start(name: &str) -> FakeOci {
    start_with(Scenario::named(name).unwrap()).await
}

async fn start_with(scenario: Scenario) -> FakeOci {
    FakeOci::start(scenario, Options { now: Some(now()), ..Options::default() }).await.unwrap()
}

/// An answer as received.
struct Reply {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }

    fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    fn next(&self) -> Option<String> {
        self.headers.get("opc-next-page").cloned()
    }
}

/// A client that signs on its own, sharing nothing with the server but the key.
struct Client<'a> {
    fake: &'a FakeOci,
    key: SigningKey<Sha256>,
    key_id: String,
    date: DateTime<Utc>,
}

impl<'a> Client<'a> {
    fn of(fake: &'a FakeOci) -> Self {
        let credentials = fake.credentials();
        let key = RsaPrivateKey::from_pkcs8_pem(key::without_label(&credentials.key_pem)).unwrap();
        Self {
            fake,
            key: SigningKey::new(key),
            key_id: format!("{}/{}/{}", credentials.tenancy, credentials.user, credentials.fingerprint),
            date: now(),
        }
    }

    /// Signs `names` of `headers` and returns the Authorization header.
    fn authorization(&self, method: &str, target: &str, names: &str, headers: &[(&str, String)]) -> String {
        let line = |name: &str| match name {
            "(request-target)" => format!("(request-target): {} {target}", method.to_lowercase()),
            name => {
                let (_, value) = headers.iter().find(|(header, _)| *header == name).unwrap();
                format!("{name}: {value}")
            }
        };
        let text = names.split(' ').map(line).collect::<Vec<_>>().join("\n");
        let signature = self.key.sign_with_rng(&mut rsa::rand_core::OsRng, text.as_bytes());
        format!(
            "Signature algorithm=\"rsa-sha256\",headers=\"{names}\",keyId=\"{}\",signature=\"{}\",version=\"1\"",
            self.key_id,
            STANDARD.encode(signature.to_vec())
        )
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        vec![("date", http_date(self.date)), ("host", format!("127.0.0.1:{}", self.fake.port()))]
    }

    async fn get(&self, target: &str) -> Reply {
        self.get_with(target, &[]).await
    }

    async fn get_with(&self, target: &str, extra: &[(&'static str, String)]) -> Reply {
        let mut headers = self.headers();
        headers.push(("authorization", self.authorization("GET", target, "date (request-target) host", &headers)));
        headers.extend_from_slice(extra);
        send(self.fake.port(), "GET", target, &headers, "").await.unwrap()
    }

    async fn try_get(&self, target: &str) -> io::Result<Reply> {
        let mut headers = self.headers();
        headers.push(("authorization", self.authorization("GET", target, "date (request-target) host", &headers)));
        send(self.fake.port(), "GET", target, &headers, "").await
    }

    /// All pages of one cell and window.
    async fn all(&self, region: &str, compartment: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Value> {
        let mut events = Vec::new();
        let mut page = None;
        loop {
            let reply = self.get(&list_events(region, compartment, from, until, page.as_deref())).await;
            assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
            events.extend(reply.json().as_array().unwrap().clone());
            page = reply.next();
            if page.is_none() {
                return events;
            }
        }
    }
}

fn list_events(
    region: &str,
    compartment: &str,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    page: Option<&str>,
) -> String {
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H%%3A%M%%3A00Z").to_string();
    let (from, until) = (time(from), time(until));
    let page = page.map(|page| format!("&page={}", page.replace('=', "%3D"))).unwrap_or_default();
    format!("/audit/{region}/20190901/auditEvents?compartmentId={compartment}&startTime={from}&endTime={until}{page}")
}

/// Writes a request as bytes and reads the answer to the end.
async fn send(
    port: u16,
    method: &str,
    target: &str,
    headers: &[(&'static str, String)],
    body: &str,
) -> io::Result<Reply> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let text = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\n{}\r\n{body}", lines.concat());
    stream.write_all(text.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> io::Result<Reply> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok()).unwrap();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let body = bytes[end + 4..].to_vec();
    let length: Option<usize> = headers.get("content-length").and_then(|length| length.parse().ok());
    if length.is_some_and(|length| length > body.len()) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Reply { status, headers, body })
}

fn ids(events: &[Value]) -> BTreeSet<String> {
    events.iter().map(|event| event["eventId"].as_str().unwrap().to_owned()).collect()
}

fn day() -> (DateTime<Utc>, DateTime<Utc>) {
    (now() - TimeDelta::hours(25), now())
}
