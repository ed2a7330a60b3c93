//! The exchange of tokens: the one POST that this program can send, to the auth service; from a pod to its own cluster,
//! which asks the auth service for it.
//!
//! ```text
//! POST /v1/x509                       an instance's certificate, for a token that signs
//! POST /v1/authentication/refresh     a session token that is still valid, for a later one
//! POST /resourcePrincipalSessionTokens   the word of a Kubernetes service account, for a token that signs
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::clock::Clock;
use super::endpoint::{EndpointTemplate, Service};
use super::error::OciError;
use super::http::{Answer, Failed, Http, common_headers, header_value, signed_headers};
use super::regions::Regions;
use super::signer::{Credential, Unsigned, host_header, request_target};
use super::token::SessionToken;
use crate::domain::region::RegionId;

const REFRESH: &str = "/v1/authentication/refresh";
const FEDERATION: &str = "/v1/x509";
const JSON: &str = "application/json";

/// The way to the auth service.
#[derive(Clone, Copy)]
pub(super) struct Exchange<'a> {
    pub http: &'a Http,
    pub endpoint: Option<&'a EndpointTemplate>,
    pub regions: &'a Regions,
    pub clock: Clock,
}

/// What an instance shows for its token; each part is Base64 of DER.
pub(super) struct Certified<'a> {
    pub certificate: &'a str,
    pub intermediate: &'a str,
    pub public_key: &'a str,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

impl Exchange<'_> {
    /// The time as the service has it, as far as its answers have told: a token ends by that clock, not by ours.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now() + self.http.clock_offset().unwrap_or_default()
    }

    /// A later token for one that is still valid; the key stays.
    pub async fn refresh(
        &self,
        region: &RegionId,
        current: &SecretString,
        credential: &Credential,
    ) -> Result<SessionToken, OciError> {
        let (target, url) = self.auth(region, REFRESH)?;
        self.signed(&target, url, &refresh_body(current), true, credential).await
    }

    /// A token for the certificate of an instance, from the region's auth service, or from where the user says. Its request
    /// is the one in which the host is not signed.
    pub async fn federate(
        &self,
        region: &RegionId,
        elsewhere: Option<&Url>,
        shown: &Certified<'_>,
        credential: &Credential,
    ) -> Result<SessionToken, OciError> {
        let (target, url) = match elsewhere {
            Some(url) => (format!("auth at {}", host_header(url)), url.clone()),
            None => self.auth(region, FEDERATION)?,
        };
        self.signed(&target, url, &federation_body(shown), false, credential).await
    }

    /// The auth service of a region, as it is named in errors, and a place in it.
    fn auth(&self, region: &RegionId, path: &str) -> Result<(String, Url), OciError> {
        let target = format!("auth in {region}");
        let endpoint = super::endpoint_for(self.endpoint, self.regions, Service::Auth, region);
        let url = Url::parse(&format!("{endpoint}{path}"));
        let url = url.map_err(|error| Failed { target: &target, sent_id: "" }.transport(&error.to_string()))?;
        Ok((target, url))
    }

    async fn signed(
        &self,
        target: &str,
        url: Url,
        body: &Value,
        with_host: bool,
        credential: &Credential,
    ) -> Result<SessionToken, OciError> {
        let sent_id = self.http.next_request_id();
        let failed = Failed { target, sent_id: &sent_id };
        let (host, line, date, bytes) = (host_header(&url), request_target(&url), self.http.date(), body.to_string());
        let request = Unsigned {
            method: "POST",
            target: &line,
            host: with_host.then_some(host.as_str()),
            date: &date,
            delegation: None,
            body: Some((JSON, bytes.as_bytes())),
        };
        let headers = signed_headers(&request, &sent_id, credential).map_err(|detail| failed.transport(detail))?;
        let answer = post(self.http, url, headers, bytes, &failed).await?;
        let token: Token = answer.json(target)?;
        SessionToken::parse(&token.token).map_err(|_| answer.unusable(target, "it holds no token"))
    }
}

/// A token for a pod, from the cluster that it runs in; `account` is the word of its service account.
pub(super) async fn of_pod(
    http: &Http,
    url: Url,
    target: &str,
    account: &SecretString,
    public_key: &str,
) -> Result<SessionToken, OciError> {
    let sent_id = http.next_request_id();
    let failed = Failed { target, sent_id: &sent_id };
    let headers = bearer(&http.date(), &sent_id, account).map_err(|detail| failed.transport(detail))?;
    let answer = post(http, url, headers, pod_body(public_key).to_string(), &failed).await?;
    pod_token(answer.body.as_ref()).ok_or_else(|| answer.unusable(target, "it holds no token"))
}

#[expect(clippy::disallowed_methods, reason = "the one POST: tokens for tokens")]
async fn post(
    http: &Http,
    url: Url,
    headers: HeaderMap,
    body: String,
    failed: &Failed<'_>,
) -> Result<Answer, OciError> {
    let client = http.client().map_err(|detail| failed.tls(detail))?;
    http.send(client.post(url).headers(headers).body(body), failed).await
}

fn bearer(date: &str, sent_id: &str, account: &SecretString) -> Result<HeaderMap, &'static str> {
    let mut headers = common_headers(date, sent_id)?;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    let mut word = header_value(&format!("Bearer {}", account.expose_secret()))?;
    word.set_sensitive(true);
    headers.insert(AUTHORIZATION, word);
    Ok(headers)
}

fn pod_body(public_key: &str) -> Value {
    json!({ "podKey": public_key })
}

/// The whole answer is Base64, of a token with the prefix that it has in signatures.
fn pod_token(answer: &[u8]) -> Option<SessionToken> {
    let text = std::str::from_utf8(answer).ok()?.trim().trim_matches('"');
    let token: Token = serde_json::from_slice(&BASE64.decode(text).ok()?).ok()?;
    SessionToken::parse(token.token.strip_prefix("ST$")?).ok()
}

fn refresh_body(current: &SecretString) -> Value {
    json!({ "currentToken": current.expose_secret() })
}

fn federation_body(shown: &Certified<'_>) -> Value {
    json!({
        "certificate": shown.certificate,
        "publicKey": shown.public_key,
        "intermediateCertificates": [shown.intermediate],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bodies that Oracle's SDK signed, but for spaces.
    #[test]
    fn bodies_are_those_of_the_vectors() {
        let vectors: Value = serde_json::from_str(include_str!("../../tests/fixtures/signing-vectors.json")).unwrap();
        let body = |id: &str| {
            let vector = vectors["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == id).unwrap();
            serde_json::from_str::<Value>(vector["body"].as_str().unwrap()).unwrap()
        };
        let refresh = body("session-token-refresh");
        assert_eq!(refresh_body(&refresh["currentToken"].as_str().unwrap().into()), refresh);
        let shown = Certified { certificate: "MIIC", intermediate: "MIID", public_key: "MIIB" };
        assert_eq!(federation_body(&shown).to_string(), body("instance-principal-federation").to_string());
    }

    #[test]
    fn the_token_of_a_pod_is_unpacked() {
        let packed = |json: &str| BASE64.encode(json).into_bytes();
        let token = pod_token(&packed(r#"{"token":"ST$a.b.c","x":1}"#)).unwrap();
        assert_eq!(token.text.expose_secret(), "a.b.c");
        let quoted = format!("\"{}\"\n", BASE64.encode(r#"{"token":"ST$a"}"#));
        assert!(pod_token(quoted.as_bytes()).is_some());
        for bad in
            [&b"?"[..], b"", b"\xff", &packed("{}"), &packed(r#"{"token":"a.b.c"}"#), &packed(r#"{"token":"ST$"}"#)]
        {
            assert!(pod_token(bad).is_none());
        }
    }
}
