//! The metadata service of an instance, and the auth service that gives tokens: to instances for their certificates, to
//! sessions for those that they have; and the cluster that gets them for its pods.
//!
//! Certificates change with every token that was given for one; the one before is still taken. Tokens are JWTs, end when
//! the scenario says so, and can be good for some calls only, as if somebody had revoked them.

mod certificate;

use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use rsa::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde::Deserialize;
use serde_json::json;

use super::answer::{Answer, Refusal};
use super::key::{self, block, without_label};
use super::names::{global_ocid, regional_ocid};
use super::scenario::TokenSpec;
use super::signature::{Caller, Keyring, Registered, Signed};
use certificate::Names;

const INSTANCE_KEY: &str = include_str!("../../../assets/fake_oci/instance-key.pem");
const AUTHORITY_KEY: &str = include_str!("../../../assets/fake_oci/authority-key.pem");
const RESOURCE_KEY: &str = include_str!("../../../assets/fake_oci/resource-key.pem");
const AUTHORITY: &str = "CN=PKISVC Intermediate of the simulator";

/// Whom tokens are given to, and what was given.
pub struct SignIn {
    people: People,
    spec: TokenSpec,
    /// When the server began.
    began: DateTime<Utc>,
    keys: OnceLock<Option<Keys>>,
    given: Mutex<Given>,
}

/// Who may ask.
pub struct People {
    pub tenancy: String,
    pub user: String,
    pub region: String,
    /// Of the region.
    pub region_key: String,
}

struct Keys {
    instance: RsaPrivateKey,
    authority: RsaPrivateKey,
    authority_pem: String,
}

#[derive(Default)]
struct Given {
    /// Every token; their number makes each one of its kind.
    texts: Vec<String>,
    federated: u32,
    refreshed: u32,
    pods: u32,
    /// The words of service accounts that a cluster takes.
    accounts: Vec<String>,
    /// The newest certificates, newest first, in PEM form.
    leaves: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Federation {
    certificate: String,
    public_key: String,
    intermediate_certificates: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Refresh {
    current_token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Pod {
    pod_key: String,
}

impl SignIn {
    pub fn new(people: People, spec: TokenSpec, began: DateTime<Utc>) -> Self {
        Self { people, spec, began, keys: OnceLock::new(), given: Mutex::default() }
    }

    /// For how many calls a token is good.
    pub fn calls(&self) -> Option<u64> {
        self.spec.calls
    }

    fn instance(&self) -> String {
        regional_ocid("instance", &self.people.region, &[&self.people.tenancy])
    }

    /// A token that `claims` say something about, counted so that no two are the same.
    fn token(&self, claims: serde_json::Value, now: DateTime<Utc>, expires: DateTime<Utc>) -> String {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let token = key::token(claims, given.texts.len() as u64 + 1, now, expires);
        given.texts.push(token.clone());
        token
    }

    /// The token of a user's session.
    pub fn session_token(&self, now: DateTime<Utc>, expires: DateTime<Utc>) -> String {
        let People { user, tenancy, .. } = &self.people;
        self.token(json!({ "sub": user, "tenant": tenancy, "ttype": "login", "ptype": "user" }), now, expires)
    }

    /// The token that Cloud Shell keeps for its user.
    pub fn delegation_token(&self, now: DateTime<Utc>) -> String {
        let People { user, tenancy, .. } = &self.people;
        self.token(json!({ "sub": user, "tenant": tenancy, "ttype": "obo" }), now, now + TimeDelta::days(1))
    }

    /// The token and key of a function.
    pub fn resource(&self, now: DateTime<Utc>) -> io::Result<(String, &'static str, Registered)> {
        let expires = now + TimeDelta::seconds(self.spec.seconds);
        let function = regional_ocid("fnfunc", &self.people.region, &[&self.people.tenancy]);
        let compartment = global_ocid("compartment", &[&self.people.tenancy, "functions"]);
        let claims = json!({
            "sub": function, "res_tenant": self.people.tenancy, "res_compartment": compartment, "ttype": "res_sp",
        });
        let public = private(RESOURCE_KEY)?.to_public_key();
        let registered = Registered::new("resource", public).until(expires).for_calls(self.spec.calls);
        Ok((self.token(claims, now, expires), RESOURCE_KEY, registered))
    }

    /// The word of a service account of a cluster.
    pub fn service_account(&self, now: DateTime<Utc>) -> String {
        let claims = json!({ "sub": "system:serviceaccount:default:auditui", "iss": "https://kubernetes.default.svc" });
        let word = self.token(claims, now, now + TimeDelta::hours(1));
        self.given.lock().unwrap_or_else(PoisonError::into_inner).accounts.push(word.clone());
        word
    }

    /// A token for the public key in the body, for a pod whose service account the cluster knows.
    pub fn pod(&self, word: Option<&str>, body: &[u8], now: DateTime<Utc>) -> Result<(String, Registered), Refusal> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let account = word.and_then(|word| word.strip_prefix("Bearer ")).unwrap_or_default();
        if !given.accounts.iter().any(|known| known == account) {
            return Err(Refusal::not_authenticated("The cluster knows no such service account."));
        }
        let public = public_key(&read::<Pod>(body)?.pod_key)?;
        given.pods += 1;
        if self.spec.refuse_after.is_some_and(|most| given.pods > most) {
            return Err(Refusal::new(403, "NotAllowed", "This cluster is a basic one, or gives no more tokens."));
        }
        drop(given);
        let expires = now + TimeDelta::seconds(self.spec.seconds);
        let claims = json!({
            "sub": regional_ocid("cluster", &self.people.region, &[&self.people.tenancy]),
            "res_tenant": self.people.tenancy, "ttype": "res_sp",
        });
        let token = self.token(claims, now, expires);
        Ok((token, Registered::new("workload", public).until(expires).for_calls(self.spec.calls)))
    }

    /// An answer of a cluster: Base64 of JSON.
    pub fn packed(token: &str) -> Answer {
        let text = STANDARD.encode(json!({ "token": format!("ST${token}") }).to_string());
        Answer { content_type: "text/plain", ..Answer::json(text) }
    }

    /// Every token that was given, whoever got it.
    pub fn tokens(&self) -> Vec<String> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).texts.clone()
    }

    /// Every private key that a client is given.
    pub fn secret_keys() -> [String; 2] {
        [INSTANCE_KEY, RESOURCE_KEY].map(block)
    }

    fn keys(&self) -> Result<&Keys, Refusal> {
        let keys = self.keys.get_or_init(|| Keys::load(self.began).ok()).as_ref();
        keys.ok_or_else(|| Refusal::new(500, "InternalServerError", "The simulator's keys cannot be read."))
    }

    /// Answers of the metadata service, version 2.
    pub fn metadata(&self, path: &str, bearer: Option<&str>, now: DateTime<Utc>) -> Result<Answer, Refusal> {
        if bearer != Some("Bearer Oracle") {
            return Err(Refusal::new(
                401,
                "NotAuthenticated",
                "Version 2 wants the header Authorization: Bearer Oracle.",
            ));
        }
        let text = match path {
            "/instance/region" => self.people.region_key.clone(),
            "/instance/regionInfo" => json!({
                "realmKey": "oc1", "realmDomainComponent": "oraclecloud.com",
                "regionKey": self.people.region_key.to_uppercase(), "regionIdentifier": self.people.region,
            })
            .to_string(),
            "/instance/id" => self.instance(),
            "/identity/cert.pem" => self.leaf(now)?,
            "/identity/key.pem" => block(INSTANCE_KEY),
            "/identity/intermediate.pem" => self.keys()?.authority_pem.clone(),
            _ => return Err(Refusal::new(404, "NotFound", "There is no such metadata.")),
        };
        Ok(Answer { content_type: "text/plain", ..Answer::json(text) })
    }

    /// The certificate in use; the first one is made when it is asked for.
    fn leaf(&self, now: DateTime<Utc>) -> Result<String, Refusal> {
        let keys = self.keys()?;
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = given.leaves.first() {
            return Ok(leaf.clone());
        }
        let leaf = self.issue(keys, 1, now)?;
        given.leaves.insert(0, leaf.clone());
        Ok(leaf)
    }

    fn issue(&self, keys: &Keys, serial: u64, now: DateTime<Utc>) -> Result<String, Refusal> {
        let subject = format!(
            "CN={},OU=opc-certtype:instance,OU=opc-instance:{},OU=opc-tenant:{}",
            self.instance(),
            self.instance(),
            self.people.tenancy
        );
        let names = Names { issuer: AUTHORITY, subject: &subject };
        let public = keys.instance.to_public_key();
        certificate::issue(&names, serial, &public, &keys.authority, now)
            .map_err(|error| Refusal::new(500, "InternalServerError", error.to_string()))
    }

    /// A token for the certificate and the public key in the body. Returns it with what it is good for.
    pub fn federate(&self, signed: &Signed<'_>, now: DateTime<Utc>) -> Result<(String, Registered), Refusal> {
        let keys = self.keys()?;
        let body: Federation = read(signed.body)?;
        let leaves = self.given.lock().unwrap_or_else(PoisonError::into_inner).leaves.clone();
        let leaf = leaves.iter().find(|leaf| stripped(leaf) == body.certificate);
        let leaf = leaf.ok_or_else(|| Refusal::not_authenticated("The certificate is not known, or was replaced."))?;
        if body.intermediate_certificates != [stripped(&keys.authority_pem)] {
            return Err(Refusal::not_authenticated("The intermediate certificate is not the instance's."));
        }
        let fingerprint = fingerprint(leaf);
        let keyring = Keyring::default();
        let id = format!("{}/fed-x509/{fingerprint}", self.people.tenancy);
        keyring.register(id, Registered::new("certificate", keys.instance.to_public_key()));
        keyring.check_without_host(signed, now)?;
        let public = public_key(&body.public_key)?;
        if public == keys.instance.to_public_key() {
            return Err(Refusal::invalid("The session key must not be the certificate's."));
        }
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.federated += 1;
        if self.spec.refuse_after.is_some_and(|most| given.federated > most) {
            return Err(Refusal::not_authenticated("This instance gets no more tokens."));
        }
        let next = self.issue(keys, u64::from(given.federated) + 1, now)?;
        given.leaves.insert(0, next);
        given.leaves.truncate(2);
        drop(given);
        let expires = now + TimeDelta::seconds(self.spec.seconds);
        let claims = json!({
            "sub": self.instance(), "opc-instance": self.instance(), "opc-tenant": self.people.tenancy, "ttype": "x509",
        });
        let token = self.token(claims, now, expires);
        Ok((token, Registered::new("instance", public).until(expires).for_calls(self.spec.calls)))
    }

    /// A later token for the one that signs.
    pub fn refresh(
        &self,
        caller: &Caller,
        public: RsaPublicKey,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(String, Registered), Refusal> {
        let body: Refresh = read(body)?;
        if caller.principal != "session" || caller.key_id != format!("ST${}", body.current_token) {
            return Err(Refusal::not_authenticated("The token to renew is not the one that signs."));
        }
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.refreshed += 1;
        if self.spec.refuse_after.is_some_and(|most| given.refreshed > most) {
            return Err(Refusal::not_authenticated("The session cannot be renewed any more."));
        }
        drop(given);
        let expires = now + TimeDelta::seconds(self.spec.seconds);
        let token = self.session_token(now, expires);
        Ok((token, Registered::new("session", public).until(expires).for_calls(self.spec.calls)))
    }
}

impl Keys {
    fn load(now: DateTime<Utc>) -> io::Result<Self> {
        let (instance, authority) = (private(INSTANCE_KEY)?, private(AUTHORITY_KEY)?);
        let names = Names { issuer: AUTHORITY, subject: AUTHORITY };
        let public = authority.to_public_key();
        let authority_pem = certificate::issue(&names, 1, &public, &authority, now)?;
        Ok(Self { instance, authority, authority_pem })
    }
}

fn private(file: &str) -> io::Result<RsaPrivateKey> {
    RsaPrivateKey::from_pkcs8_pem(without_label(&block(file))).map_err(io::Error::other)
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::new(400, "CannotParseRequest", format!("The body cannot be read: {error}")))
}

fn public_key(text: &str) -> Result<RsaPublicKey, Refusal> {
    let der = STANDARD.decode(text).map_err(|_| Refusal::invalid("publicKey is no Base64."))?;
    let key = RsaPublicKey::from_public_key_der(&der).map_err(|_| Refusal::invalid("publicKey is no RSA key."))?;
    if key.size() < 256 { Err(Refusal::invalid("publicKey is shorter than 2048 bits.")) } else { Ok(key) }
}

/// PEM without its first and last line and its line ends.
fn stripped(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

/// SHA-1 of the DER form, in pairs of upper-case digits.
fn fingerprint(pem: &str) -> String {
    let der = STANDARD.decode(stripped(pem)).unwrap_or_default();
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, &der);
    let pairs: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests;
