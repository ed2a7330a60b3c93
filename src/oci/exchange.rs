//! The exchange of tokens: the one POST that this program can send, and it can go to the auth service alone.
//!
//! ```text
//! POST /v1/x509                     an instance's certificate, for a token that signs
//! POST /v1/authentication/refresh   a session token that is still valid, for a later one
//! ```

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::clock::Clock;
use super::endpoint::{EndpointTemplate, Service};
use super::error::OciError;
use super::http::{Failed, Http, signed_headers};
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
        self.post(region, REFRESH, &refresh_body(current), true, credential).await
    }

    /// A token for the certificate of an instance. Its request is the one in which the host is not signed.
    pub async fn federate(
        &self,
        region: &RegionId,
        shown: &Certified<'_>,
        credential: &Credential,
    ) -> Result<SessionToken, OciError> {
        self.post(region, FEDERATION, &federation_body(shown), false, credential).await
    }

    #[expect(clippy::disallowed_methods, reason = "the one POST: tokens for tokens, to the auth service")]
    async fn post(
        &self,
        region: &RegionId,
        path: &str,
        body: &Value,
        with_host: bool,
        credential: &Credential,
    ) -> Result<SessionToken, OciError> {
        let (target, sent_id) = (format!("auth in {region}"), self.http.next_request_id());
        let failed = Failed { target: &target, sent_id: &sent_id };
        let client = self.http.client().map_err(|detail| failed.tls(detail))?;
        let endpoint = super::endpoint_for(self.endpoint, self.regions, Service::Auth, region);
        let url = reqwest::Url::parse(&format!("{endpoint}{path}"));
        let url = url.map_err(|error| failed.transport(&error.to_string()))?;
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
        let answer = self.http.send(client.post(url).headers(headers).body(bytes), &failed).await?;
        let token: Token = answer.json(&target)?;
        SessionToken::parse(&token.token).map_err(|_| answer.unusable(&target, "it holds no token"))
    }
}

fn refresh_body(current: &SecretString) -> Value {
    json!({ "currentToken": secrecy::ExposeSecret::expose_secret(current) })
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
}
