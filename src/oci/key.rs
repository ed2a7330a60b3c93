//! Private keys: every form in which Oracle's tools and OpenSSL write RSA keys.
//!
//! `rsa` reads the key and computes the fingerprint; `ring` signs, being faster and constant-time. A key that ring refuses
//! (fewer than 2048 bits, for one) signs with `rsa`, blinded. Both give the same bytes.
//!
//! Text around the PEM block is ignored: the label line `OCI_API_KEY`, attributes, a byte order mark. Nothing of a key
//! has a `Debug`, and decoded bytes are wiped.

use std::fmt;
use std::sync::Arc;

use aes::cipher::{BlockDecryptMut, KeyIvInit, block_padding::Pkcs7};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use rsa::signature::{RandomizedSigner, SignatureEncoding};
use rsa::{RsaPrivateKey, RsaPublicKey};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

/// How to turn any key into a form that is read.
const CONVERT: &str = "convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in old.pem -out new.pem";

/// Why a text is no usable private key. Never quotes the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key is encrypted and no pass phrase was given")]
    PassphraseRequired,
    #[error("it is not a private key in PEM form")]
    NotAKey,
    /// The text was a key, but what came out of it was none.
    #[error("it cannot be read as an RSA private key")]
    Damaged,
    #[error("the pass phrase is wrong, or the key is damaged")]
    WrongPassphrase,
    #[error("it is a public key; the private one is needed")]
    PublicKeyGiven,
    #[error("{0}")]
    Unsupported(String),
}

/// An RSA private key that signs.
#[derive(Clone)]
pub struct PrivateKey {
    signer: Arc<Signer>,
    fingerprint: String,
}

enum Signer {
    Ring(Box<ring::signature::RsaKeyPair>),
    Rsa(Box<rsa::pkcs1v15::SigningKey<sha2::Sha256>>),
}

/// Signing failed; the reason is never told, and never needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request could not be signed with this key")]
pub struct SigningFailed;

impl PrivateKey {
    /// The first private key in `text`. A pass phrase that is not needed is ignored.
    pub fn from_pem(text: &str, passphrase: Option<&SecretString>) -> Result<Self, KeyError> {
        let block = Block::find(text)?;
        Self::new(&block.decode(passphrase)?)
    }

    fn new(key: &RsaPrivateKey) -> Result<Self, KeyError> {
        let fingerprint = fingerprint(&key.to_public_key()).ok_or(KeyError::Damaged)?;
        let der = key.to_pkcs1_der().map_err(|_| KeyError::Damaged)?;
        let signer = match ring::signature::RsaKeyPair::from_der(der.as_bytes()) {
            Ok(pair) => Signer::Ring(Box::new(pair)),
            Err(_) => Signer::Rsa(Box::new(rsa::pkcs1v15::SigningKey::new(key.clone()))),
        };
        Ok(Self { signer: Arc::new(signer), fingerprint })
    }

    /// A new key of 2048 bits, and its public half: DER, in Base64. It takes a while.
    pub fn generate() -> Result<(Self, String), KeyError> {
        let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).map_err(|_| KeyError::Damaged)?;
        let public = key.to_public_key().to_public_key_der().map_err(|_| KeyError::Damaged)?;
        Ok((Self::new(&key)?, BASE64.encode(public.as_bytes())))
    }

    /// MD5 of the public key's DER form, as the console shows it.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// RSA PKCS#1 v1.5 with SHA-256, in Base64.
    pub fn sign(&self, message: &[u8]) -> Result<String, SigningFailed> {
        let signature = match &*self.signer {
            Signer::Ring(pair) => sign_with_ring(pair, message)?,
            Signer::Rsa(key) => sign_with_rsa(key, message)?,
        };
        Ok(BASE64.encode(signature))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, [redacted])", self.fingerprint)
    }
}

/// Whether `text` holds a private key that needs a pass phrase.
pub fn is_encrypted(text: &str) -> bool {
    Block::find(text).is_ok_and(|block| block.is_encrypted())
}

fn sign_with_ring(pair: &ring::signature::RsaKeyPair, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
    let mut signature = vec![0; pair.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    pair.sign(&ring::signature::RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| SigningFailed)?;
    Ok(signature)
}

fn sign_with_rsa(key: &rsa::pkcs1v15::SigningKey<sha2::Sha256>, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
    let signature = key.try_sign_with_rng(&mut rsa::rand_core::OsRng, message).map_err(|_| SigningFailed)?;
    Ok(signature.to_vec())
}

fn fingerprint(key: &RsaPublicKey) -> Option<String> {
    let der = key.to_public_key_der().ok()?;
    let pairs: Vec<String> = Md5::digest(der.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    Some(pairs.join(":"))
}

/// A PEM block: its label, the header lines of the old encrypted form, the Base64 text.
struct Block<'a> {
    label: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    base64: Zeroizing<String>,
}

impl<'a> Block<'a> {
    /// The first block that is a private key; else why there is none.
    fn find(text: &'a str) -> Result<Self, KeyError> {
        let mut other = KeyError::NotAKey;
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("-----BEGIN ") {
            let Some((label, body)) = after.split_once("-----") else { break };
            match label {
                "PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" | "RSA PRIVATE KEY" => {
                    let (body, _) = body.split_once("-----END ").ok_or(KeyError::Damaged)?;
                    return Ok(Self::new(label, body));
                }
                "OPENSSH PRIVATE KEY" => {
                    other = unsupported("it is a key of OpenSSH; convert a copy of it: ssh-keygen -p -m PEM -f copy");
                }
                "EC PRIVATE KEY" | "DSA PRIVATE KEY" => other = unsupported("Oracle Cloud takes RSA keys only"),
                "PUBLIC KEY" | "RSA PUBLIC KEY" if other == KeyError::NotAKey => other = KeyError::PublicKeyGiven,
                _ => {}
            }
            rest = body;
        }
        Err(other)
    }

    fn new(label: &'a str, body: &'a str) -> Self {
        let (headers, lines): (Vec<&str>, Vec<&str>) = body.lines().partition(|line| line.contains(':'));
        let headers = headers.into_iter().filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.trim(), value.trim())).collect();
        let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
        base64.extend(lines.into_iter().flat_map(str::chars).filter(|c| !c.is_whitespace()));
        Self { label, headers, base64 }
    }

    fn is_encrypted(&self) -> bool {
        self.label == "ENCRYPTED PRIVATE KEY" || self.header("Proc-Type").is_some_and(|v| v.contains("ENCRYPTED"))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    fn decode(&self, passphrase: Option<&SecretString>) -> Result<RsaPrivateKey, KeyError> {
        let der = Zeroizing::new(BASE64.decode(self.base64.as_bytes()).map_err(|_| KeyError::Damaged)?);
        if !self.is_encrypted() {
            return self.plain(&der);
        }
        let passphrase = passphrase.ok_or(KeyError::PassphraseRequired)?.expose_secret();
        match self.header("DEK-Info") {
            Some(info) => self.plain(&legacy_decrypt(info, &der, passphrase)?).map_err(|_| KeyError::WrongPassphrase),
            None => decrypt_pkcs8(&der, passphrase),
        }
    }

    fn plain(&self, der: &[u8]) -> Result<RsaPrivateKey, KeyError> {
        let key = match self.label {
            "RSA PRIVATE KEY" => RsaPrivateKey::from_pkcs1_der(der).ok(),
            _ => RsaPrivateKey::from_pkcs8_der(der).ok(),
        };
        key.ok_or(KeyError::Damaged)
    }
}

fn decrypt_pkcs8(der: &[u8], passphrase: &str) -> Result<RsaPrivateKey, KeyError> {
    let info = rsa::pkcs8::EncryptedPrivateKeyInfo::try_from(der)
        .map_err(|_| unsupported(format!("its encryption is not supported; {CONVERT}")))?;
    if info.encryption_algorithm.pbes2().is_none() {
        return Err(unsupported(format!("its encryption (PKCS#5 scheme 1) is not supported; {CONVERT}")));
    }
    RsaPrivateKey::from_pkcs8_encrypted_der(der, passphrase).map_err(|_| KeyError::WrongPassphrase)
}

/// `Proc-Type: 4,ENCRYPTED`: AES or triple DES in CBC mode, the key from MD5 over pass phrase and salt.
fn legacy_decrypt(info: &str, data: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (cipher, iv) = info.split_once(',').ok_or(KeyError::Damaged)?;
    let iv = |length| hex(iv.trim()).filter(|iv| iv.len() == length).ok_or(KeyError::Damaged);
    let plain = match cipher.trim() {
        "AES-128-CBC" => cbc::<cbc::Decryptor<aes::Aes128>>(data, &iv(16)?, passphrase, 16),
        "AES-192-CBC" => cbc::<cbc::Decryptor<aes::Aes192>>(data, &iv(16)?, passphrase, 24),
        "AES-256-CBC" => cbc::<cbc::Decryptor<aes::Aes256>>(data, &iv(16)?, passphrase, 32),
        "DES-EDE3-CBC" => cbc::<cbc::Decryptor<des::TdesEde3>>(data, &iv(8)?, passphrase, 24),
        _ => return Err(unsupported(format!("its encryption is not supported; {CONVERT}"))),
    };
    plain.ok_or(KeyError::WrongPassphrase)
}

fn cbc<D: KeyIvInit + BlockDecryptMut>(
    data: &[u8],
    iv: &[u8],
    passphrase: &str,
    key_length: usize,
) -> Option<Zeroizing<Vec<u8>>> {
    let key = legacy_key(passphrase, iv.get(..8)?, key_length);
    let decryptor = D::new_from_slices(key.get(..key_length)?, iv).ok()?;
    decryptor.decrypt_padded_vec_mut::<Pkcs7>(data).ok().map(Zeroizing::new)
}

fn legacy_key(passphrase: &str, salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(48));
    let mut last: Zeroizing<Vec<u8>> = Zeroizing::default();
    while key.len() < length {
        let digest = Md5::new().chain_update(&*last).chain_update(passphrase).chain_update(salt).finalize();
        last = Zeroizing::new(digest.to_vec());
        key.extend_from_slice(&last);
    }
    key
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    Some(digits?.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + *digit as u8)).collect())
}

fn unsupported(why: impl Into<String>) -> KeyError {
    KeyError::Unsupported(why.into())
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
