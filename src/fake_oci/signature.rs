//! Checks the signature of a request over the bytes that arrived.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use hyper::HeaderMap;
use rsa::RsaPublicKey;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::signature::Verifier as _;
use sha2::{Digest, Sha256};

use super::answer::Refusal;

/// How far a request's date may be off.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// The keys that may sign, by key id.
#[derive(Debug, Default)]
pub struct Keyring {
    keys: BTreeMap<String, Registered>,
}

#[derive(Debug)]
struct Registered {
    key: VerifyingKey<Sha256>,
    expires: Option<DateTime<Utc>>,
}

/// A request as far as signing is concerned.
pub struct Signed<'a> {
    pub method: &'a str,
    /// Path and query, exactly as on the request line.
    pub target: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

impl Keyring {
    /// Registers `key` under `tenancy/user/fingerprint` or `ST$token`.
    pub fn register(&mut self, id: String, key: RsaPublicKey, expires: Option<DateTime<Utc>>) {
        self.keys.insert(id, Registered { key: VerifyingKey::new(key), expires });
    }

    /// Who signed, by key id; or why the request is refused.
    pub fn check(&self, request: &Signed<'_>, now: DateTime<Utc>) -> Result<String, Refusal> {
        let header = text(request.headers, "authorization").ok_or_else(|| refused("no Authorization header"))?;
        let claim = Claim::parse(header).ok_or_else(|| refused("the Authorization header cannot be read"))?;
        check_headers(&claim, request)?;
        check_date(request.headers, &claim, now)?;
        let registered = self.keys.get(&claim.key_id).ok_or_else(|| refused("the key is not known"))?;
        if registered.expires.is_some_and(|expires| expires <= now) {
            return Err(refused("the session has expired"));
        }
        let message = claim.message(request).ok_or_else(|| refused("a signed header is absent"))?;
        let signature = STANDARD.decode(&claim.signature).map_err(|_| refused("the signature is not Base64"))?;
        let signature = Signature::try_from(signature.as_slice()).map_err(|_| refused("the signature has no form"))?;
        registered.key.verify(message.as_bytes(), &signature).map_err(|_| refused("the signature does not match"))?;
        Ok(claim.key_id)
    }
}

/// Oracle gives one sentence for all causes; ours is followed by the cause, for whoever tests against it.
fn refused(cause: &str) -> Refusal {
    Refusal::not_authenticated(format!(
        "The required information to complete authentication was not provided or was incorrect. ({cause})"
    ))
}

/// The parameters of an Authorization header.
struct Claim {
    key_id: String,
    /// Names of the signed headers, in order.
    headers: Vec<String>,
    signature: String,
}

impl Claim {
    fn parse(header: &str) -> Option<Self> {
        let mut parameters = BTreeMap::new();
        let mut rest = header.strip_prefix("Signature ")?.trim_start();
        while !rest.is_empty() {
            let (name, tail) = rest.split_once("=\"")?;
            let (value, tail) = tail.split_once('"')?;
            if parameters.insert(name.trim(), value).is_some() {
                return None;
            }
            rest = tail.trim_start().strip_prefix(',').unwrap_or(tail).trim_start();
        }
        let well_formed = parameters.get("algorithm") == Some(&"rsa-sha256") && parameters.get("version") == Some(&"1");
        Some(Self {
            key_id: (*parameters.get("keyId").filter(|_| well_formed)?).to_owned(),
            headers: parameters.get("headers")?.split(' ').map(str::to_owned).collect(),
            signature: (*parameters.get("signature")?).to_owned(),
        })
    }

    fn signs(&self, name: &str) -> bool {
        self.headers.iter().any(|signed| signed == name)
    }

    /// The text that was signed, as the request has it.
    fn message(&self, request: &Signed<'_>) -> Option<String> {
        let lines: Option<Vec<String>> = self.headers.iter().map(|name| line(name, request)).collect();
        lines.map(|lines| lines.join("\n"))
    }
}

fn line(name: &str, request: &Signed<'_>) -> Option<String> {
    if name == "(request-target)" {
        return Some(format!("{name}: {} {}", request.method.to_ascii_lowercase(), request.target));
    }
    let lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
    let value = text(request.headers, name).filter(|_| lower)?;
    Some(format!("{name}: {value}"))
}

fn check_headers(claim: &Claim, request: &Signed<'_>) -> Result<(), Refusal> {
    let body = matches!(request.method, "POST" | "PUT" | "PATCH");
    let bodily = ["content-length", "content-type", "x-content-sha256"];
    let required = ["(request-target)", "host"].into_iter().chain(bodily.into_iter().filter(|_| body));
    for name in required {
        if !claim.signs(name) {
            return Err(refused(&format!("{name} is not signed")));
        }
    }
    if !claim.signs("date") && !claim.signs("x-date") {
        return Err(refused("date is not signed"));
    }
    let digest = STANDARD.encode(Sha256::digest(request.body));
    if body && text(request.headers, "x-content-sha256") != Some(digest.as_str()) {
        return Err(refused("x-content-sha256 is not that of the body"));
    }
    Ok(())
}

fn check_date(headers: &HeaderMap, claim: &Claim, now: DateTime<Utc>) -> Result<(), Refusal> {
    let name = if claim.signs("x-date") { "x-date" } else { "date" };
    let date = text(headers, name).ok_or_else(|| refused("no date"))?;
    let date = NaiveDateTime::parse_from_str(date, "%a, %d %b %Y %H:%M:%S GMT")
        .map_err(|_| refused("the date has no form"))?
        .and_utc();
    if (now - date).abs() > TOLERANCE {
        return Err(refused("the date is more than five minutes off"));
    }
    Ok(())
}

/// A header's one value.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests;
