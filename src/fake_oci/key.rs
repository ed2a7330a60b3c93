//! The throw-away key of the simulator and what a client needs to sign with it.

use std::fmt;
use std::fmt::Write as _;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use md5::{Digest, Md5};
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde_json::Value;

/// Registered nowhere and public on purpose.
const KEY_FILE: &str = include_str!("../../assets/fake_oci/throw-away-key.pem");

/// What a client signs with: the user of the scenario and the key registered for them.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub tenancy: String,
    pub user: String,
    pub fingerprint: String,
    pub key_pem: String,
    pub region: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("tenancy", &self.tenancy)
            .field("user", &self.user)
            .field("fingerprint", &self.fingerprint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// The key pair, read once at the start.
pub struct Key {
    pub pem: String,
    pub public: RsaPublicKey,
    pub fingerprint: String,
}

impl Key {
    pub fn throw_away() -> io::Result<Self> {
        let pem = block(KEY_FILE);
        let public = RsaPrivateKey::from_pkcs8_pem(without_label(&pem)).map_err(io::Error::other)?.to_public_key();
        let der = public.to_public_key_der().map_err(io::Error::other)?;
        Ok(Self { pem, fingerprint: fingerprint(der.as_bytes()), public })
    }
}

/// A token in the form of a JWT. Its signature is invented: the server knows the whole token.
pub fn token(mut claims: Value, number: u64, issued: DateTime<Utc>, expires: DateTime<Utc>) -> String {
    if let Some(claims) = claims.as_object_mut() {
        claims.insert("iat".to_owned(), issued.timestamp().into());
        claims.insert("exp".to_owned(), expires.timestamp().into());
        claims.insert("jti".to_owned(), number.into());
    }
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let signature = part(&format!("not a signature {number}"));
    format!("{}.{}.{signature}", part("{\"kid\":\"simulator\",\"alg\":\"RS256\"}"), part(&claims.to_string()))
}

/// The file without the sentence that warns its reader, ending in the label that Oracle's own tools write.
pub fn block(file: &str) -> String {
    file.lines().skip_while(|line| !line.starts_with("-----BEGIN")).collect::<Vec<_>>().join("\n")
}

/// The label behind the block is for people and scanners; strict readers refuse it.
pub fn without_label(pem: &str) -> &str {
    pem.strip_suffix(LABEL).unwrap_or(pem)
}

const LABEL: &str = "OCI_API_KEY";

/// MD5 of the public key's DER form, in pairs.
fn fingerprint(der: &[u8]) -> String {
    let mut text = Md5::digest(der).iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}:");
        text
    });
    text.pop();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_ends_in_its_label_and_stays_out_of_debug() {
        let key = Key::throw_away().unwrap();
        assert!(key.pem.starts_with("-----BEGIN PRIVATE KEY-----"), "no text before the block");
        assert!(key.pem.ends_with(LABEL));
        assert_eq!(key.fingerprint, "1c:2b:67:9f:87:b5:62:16:01:d0:c0:a3:25:97:d9:4e", "as openssl computes it");
        let credentials = Credentials {
            tenancy: "t".into(),
            user: "u".into(),
            fingerprint: key.fingerprint,
            key_pem: key.pem,
            region: "r".into(),
        };
        assert!(!format!("{credentials:?}").contains("PRIVATE"));
    }
}
