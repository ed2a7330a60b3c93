//! Checks the signature of a request over the bytes that arrived.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    keys: Mutex<BTreeMap<String, Registered>>,
    /// The token on which instances may ask for a user.
    delegation: Mutex<Option<String>>,
}

/// A key that may sign, for whom and how long.
#[derive(Debug, Clone)]
pub struct Registered {
    key: VerifyingKey<Sha256>,
    principal: &'static str,
    expires: Option<DateTime<Utc>>,
    /// So many more requests, then it is refused.
    calls: Option<u64>,
}

impl Registered {
    pub fn new(principal: &'static str, key: RsaPublicKey) -> Self {
        Self { key: VerifyingKey::new(key), principal, expires: None, calls: None }
    }

    #[must_use]
    pub fn until(self, expires: DateTime<Utc>) -> Self {
        Self { expires: Some(expires), ..self }
    }

    #[must_use]
    pub fn for_calls(self, calls: Option<u64>) -> Self {
        Self { calls, ..self }
    }
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub key_id: String,
    /// `user`, `session`, `instance`, `instance for user`, `resource`, `workload`.
    pub principal: &'static str,
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
    /// Registers a key under `tenancy/user/fingerprint` or `ST$token`.
    pub fn register(&self, id: String, key: Registered) {
        self.keys().insert(id, key);
    }

    /// The token on which instances may ask for a user, from now on.
    pub fn delegate(&self, token: String) {
        *self.delegation.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }

    /// Every token that was given is refused from now on.
    pub fn revoke_tokens(&self) {
        self.keys().retain(|id, _| !id.starts_with("ST$"));
    }

    /// The public key behind a key id.
    pub fn public_key(&self, key_id: &str) -> Option<RsaPublicKey> {
        self.keys().get(key_id).map(|registered| registered.key.as_ref().clone())
    }

    /// Who signed; or why the request is refused.
    pub fn check(&self, request: &Signed<'_>, now: DateTime<Utc>) -> Result<Caller, Refusal> {
        let caller = self.check_renewal(request, now)?;
        if !self.spend(&caller.key_id) {
            return Err(refused("the token was revoked"));
        }
        let Some(token) = text(request.headers, DELEGATION) else { return Ok(caller) };
        let claim = Claim::of(request)?;
        let known = self.delegation.lock().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(token);
        if caller.principal != "instance" || !known || !claim.signs(DELEGATION) {
            return Err(refused("the delegation token is not signed, not known, or not for whoever signs"));
        }
        Ok(Caller { principal: "instance for user", ..caller })
    }

    /// The same for the renewal of a session, which costs it no call.
    pub fn check_renewal(&self, request: &Signed<'_>, now: DateTime<Utc>) -> Result<Caller, Refusal> {
        self.check_for(request, now, &["(request-target)", "host"])
    }

    /// The same for the one request in which the host is not signed.
    pub fn check_without_host(&self, request: &Signed<'_>, now: DateTime<Utc>) -> Result<Caller, Refusal> {
        self.check_for(request, now, &["(request-target)"])
    }

    fn check_for(&self, request: &Signed<'_>, now: DateTime<Utc>, required: &[&str]) -> Result<Caller, Refusal> {
        let claim = Claim::of(request)?;
        check_headers(&claim, request, required)?;
        check_date(request.headers, &claim, now)?;
        let registered = self.keys().get(&claim.key_id).cloned().ok_or_else(|| refused("the key is not known"))?;
        if registered.expires.is_some_and(|expires| expires <= now) {
            return Err(refused("the session has expired"));
        }
        let message = claim.message(request).ok_or_else(|| refused("a signed header is absent"))?;
        let signature = STANDARD.decode(&claim.signature).map_err(|_| refused("the signature is not Base64"))?;
        let signature = Signature::try_from(signature.as_slice()).map_err(|_| refused("the signature has no form"))?;
        registered.key.verify(message.as_bytes(), &signature).map_err(|_| refused("the signature does not match"))?;
        Ok(Caller { principal: registered.principal, key_id: claim.key_id })
    }

    /// Takes one of the calls that a key is good for; false if there is none left.
    fn spend(&self, key_id: &str) -> bool {
        match self.keys().get_mut(key_id).and_then(|registered| registered.calls.as_mut()) {
            Some(0) => false,
            Some(calls) => {
                *calls -= 1;
                true
            }
            None => true,
        }
    }

    fn keys(&self) -> MutexGuard<'_, BTreeMap<String, Registered>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const DELEGATION: &str = "opc-obo-token";

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
    fn of(request: &Signed<'_>) -> Result<Self, Refusal> {
        let header = text(request.headers, "authorization").ok_or_else(|| refused("no Authorization header"))?;
        Self::parse(header).ok_or_else(|| refused("the Authorization header cannot be read"))
    }

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

fn check_headers(claim: &Claim, request: &Signed<'_>, required: &[&str]) -> Result<(), Refusal> {
    let body = matches!(request.method, "POST" | "PUT" | "PATCH");
    let bodily = ["content-length", "content-type", "x-content-sha256"];
    let required = required.iter().copied().chain(bodily.into_iter().filter(|_| body));
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
