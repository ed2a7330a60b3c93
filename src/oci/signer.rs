//! The request signature: what is signed, and the header that carries it.
//!
//! One line per signed header, in the order that `headers="..."` announces, joined by `\n` without a trailing one. The
//! request target must be the bytes that go on the request line, and the host the bytes of the `Host` header. This room
//! sends GETs, and a POST where tokens are exchanged; the other methods are here because the same function makes their
//! signatures, and the test vectors of Oracle's SDK hold it to that.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::domain::ocid::Ocid;

use super::key::{PrivateKey, SigningFailed};

/// A request, as far as it is signed.
#[derive(Clone, Copy, Default)]
pub struct Unsigned<'a> {
    /// In upper case.
    pub method: &'a str,
    /// Path and query as they go on the request line.
    pub target: &'a str,
    /// With the port, if the URL has one. `None` for the token request of instance principals, which leaves it out.
    pub host: Option<&'a str>,
    pub date: &'a str,
    /// The delegation token of Cloud Shell.
    pub delegation: Option<&'a str>,
    /// Content type and bytes, for the methods that have a body, even an empty one.
    pub body: Option<(&'a str, &'a [u8])>,
}

impl<'a> Unsigned<'a> {
    /// Every signed header with its value, in order.
    pub fn headers(&self) -> Vec<(&'static str, Cow<'a, str>)> {
        let mut headers: Vec<(&'static str, Cow<'a, str>)> = vec![
            ("date", self.date.into()),
            ("(request-target)", format!("{} {}", self.method.to_lowercase(), self.target).into()),
        ];
        headers.extend(self.host.map(|host| ("host", host.into())));
        headers.extend(self.delegation.map(|token| ("opc-obo-token", token.into())));
        if let Some((content_type, bytes)) = self.body {
            headers.push(("content-length", bytes.len().to_string().into()));
            headers.push(("content-type", content_type.into()));
            headers.push(("x-content-sha256", BASE64.encode(Sha256::digest(bytes)).into()));
        }
        headers
    }

    /// The text that is signed.
    pub fn signing_string(&self) -> String {
        let lines: Vec<String> = self.headers().iter().map(|(name, value)| format!("{name}: {value}")).collect();
        lines.join("\n")
    }

    fn header_names(&self) -> String {
        let names: Vec<&str> = self.headers().iter().map(|(name, _)| *name).collect();
        names.join(" ")
    }
}

/// A key and the name under which Oracle knows it.
#[derive(Clone)]
pub struct Credential {
    /// Secret, because it may be a session token.
    key_id: SecretString,
    key: PrivateKey,
    /// Sent along and signed: for whom an instance asks.
    delegation: Option<SecretString>,
}

impl Credential {
    /// The API key of a user.
    pub fn api_key(tenancy: &Ocid, user: &Ocid, key: PrivateKey) -> Self {
        let key_id = format!("{tenancy}/{user}/{}", key.fingerprint());
        Self { key_id: key_id.into(), key, delegation: None }
    }

    /// The key that belongs to a session token.
    pub fn session(token: &SecretString, key: PrivateKey) -> Self {
        Self { key_id: format!("ST${}", token.expose_secret()).into(), key, delegation: None }
    }

    /// The key of an instance's certificate; good for nothing but the token request of instance principals.
    pub fn certificate(tenancy: &Ocid, fingerprint: &str, key: PrivateKey) -> Self {
        Self { key_id: format!("{tenancy}/fed-x509/{fingerprint}").into(), key, delegation: None }
    }

    /// The same, asking for the user of this token.
    #[must_use]
    pub fn on_behalf_of(self, delegation: Option<SecretString>) -> Self {
        Self { delegation, ..self }
    }

    pub fn delegation(&self) -> Option<&str> {
        self.delegation.as_ref().map(ExposeSecret::expose_secret)
    }

    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The value of the `Authorization` header.
    pub fn authorize(&self, request: &Unsigned<'_>) -> Result<SecretString, SigningFailed> {
        let signature = self.key.sign(request.signing_string().as_bytes())?;
        let names = request.header_names();
        let key_id = self.key_id.expose_secret();
        Ok(format!(
            r#"Signature algorithm="rsa-sha256",headers="{names}",keyId="{key_id}",signature="{signature}",version="1""#
        )
        .into())
    }
}

impl PartialEq for Credential {
    fn eq(&self, other: &Self) -> bool {
        self.key_id.expose_secret() == other.key_id.expose_secret()
            && self.key.fingerprint() == other.key.fingerprint()
            && self.delegation() == other.delegation()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("key_id", &"[redacted]").field("key", &self.key).finish_non_exhaustive()
    }
}

/// `Sun, 05 Jan 2025 00:00:00 GMT`
pub fn http_date(instant: DateTime<Utc>) -> String {
    instant.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Path and query of a URL, as they go on the request line.
pub fn request_target(url: &reqwest::Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// Host and port of a URL, as they stand in the `Host` header.
pub fn host_header(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// A query with names and values escaped as form encoding does it: everything but `A-Z a-z 0-9 - _ . ~` as `%XX`,
/// space as `+`.
pub fn query(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    pairs.join("&")
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0').to_ascii_uppercase();
                out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    out
}

#[cfg(test)]
#[path = "signer_tests.rs"]
mod tests;
