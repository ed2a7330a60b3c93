//! Certificates of instances: a leaf that names its tenancy, and the authority above it.

use std::io;
use std::str::FromStr as _;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rsa::pkcs1v15::SigningKey;
use rsa::rand_core::OsRng;
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _};
use rsa::{RsaPrivateKey, RsaPublicKey};
use sha2::Sha256;
use x509_cert::der::asn1::{Any, BitString, Null, ObjectIdentifier, UtcTime};
use x509_cert::der::{Encode as _, EncodePem as _};
use x509_cert::name::RdnSequence;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};
use x509_cert::{Certificate, TbsCertificate, Version};

const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");

/// Who issues it, to whom, in the form of RFC 4514.
pub struct Names<'a> {
    pub issuer: &'a str,
    pub subject: &'a str,
}

/// A certificate in PEM form, valid for a day from an hour ago.
pub fn issue(
    names: &Names<'_>,
    serial: u64,
    holder: &RsaPublicKey,
    authority: &RsaPrivateKey,
    now: DateTime<Utc>,
) -> io::Result<String> {
    let algorithm = AlgorithmIdentifierOwned { oid: RSA_SHA256, parameters: Some(Any::from(Null)) };
    let tbs = TbsCertificate {
        version: Version::V3,
        serial_number: SerialNumber::from(serial),
        signature: algorithm.clone(),
        issuer: RdnSequence::from_str(names.issuer).map_err(io::Error::other)?,
        validity: Validity {
            not_before: time(now - TimeDelta::hours(1))?,
            not_after: time(now + TimeDelta::hours(23))?,
        },
        subject: RdnSequence::from_str(names.subject).map_err(io::Error::other)?,
        subject_public_key_info: SubjectPublicKeyInfoOwned::from_key(holder.clone()).map_err(io::Error::other)?,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: None,
    };
    let signer = SigningKey::<Sha256>::new(authority.clone());
    let signature = signer.sign_with_rng(&mut OsRng, &tbs.to_der().map_err(io::Error::other)?);
    let signature = BitString::from_bytes(&signature.to_vec()).map_err(io::Error::other)?;
    let certificate = Certificate { tbs_certificate: tbs, signature_algorithm: algorithm, signature };
    certificate.to_pem(x509_cert::der::pem::LineEnding::LF).map_err(io::Error::other)
}

fn time(instant: DateTime<Utc>) -> io::Result<Time> {
    let since = Duration::from_secs(u64::try_from(instant.timestamp()).unwrap_or_default());
    UtcTime::from_unix_duration(since).map(Time::UtcTime).map_err(io::Error::other)
}
