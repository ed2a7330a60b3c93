//! The certificate by which an instance is known.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use crate::domain::ocid::Ocid;

/// What the token request needs of the leaf certificate.
#[derive(Debug)]
pub(super) struct Leaf {
    pub tenancy: Ocid,
    /// SHA-1 of the DER form, in pairs of upper-case digits.
    pub fingerprint: String,
    /// DER, in Base64.
    pub base64: String,
}

impl Leaf {
    pub fn parse(pem: &str) -> Result<Self, &'static str> {
        let base64 = body(pem).ok_or("it is no certificate in PEM form")?;
        let der = BASE64.decode(&base64).map_err(|_| "its Base64 is damaged")?;
        let certificate = Certificate::from_der(&der).map_err(|_| "it cannot be read as X.509")?;
        let tenancy = tenancy(&certificate).ok_or("its subject names no tenancy")?;
        Ok(Self { tenancy, fingerprint: sha1(&der), base64 })
    }
}

/// The Base64 text of the first certificate, without its line ends.
pub(super) fn body(pem: &str) -> Option<String> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    Some(body.split_whitespace().collect())
}

/// `opc-tenant:<OCID>`, in older certificates `opc-identity:<OCID>`, among the attributes of the subject.
fn tenancy(certificate: &Certificate) -> Option<Ocid> {
    let attributes = certificate.tbs_certificate.subject.0.iter().flat_map(|name| name.0.iter());
    let texts: Vec<&str> =
        attributes.filter_map(|attribute| std::str::from_utf8(attribute.value.value()).ok()).collect();
    let by = |prefix: &str| texts.iter().find_map(|text| text.strip_prefix(prefix));
    by("opc-tenant:").or_else(|| by("opc-identity:")).filter(|ocid| !ocid.is_empty()).map(Ocid::new)
}

fn sha1(der: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, der);
    let pairs: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair};

    fn certificate(unit: &str) -> rcgen::Certificate {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "ocid1.instance.oc1..i");
        params.distinguished_name.push(DnType::OrganizationalUnitName, unit);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap()
    }

    #[test]
    fn the_tenancy_is_in_the_subject() {
        for prefix in ["opc-tenant:", "opc-identity:"] {
            let pem = certificate(&format!("{prefix}ocid1.tenancy.oc1..t")).pem();
            let leaf = Leaf::parse(&format!("some text\n{pem}\nmore")).unwrap();
            assert_eq!(leaf.tenancy.as_str(), "ocid1.tenancy.oc1..t");
            assert!(!leaf.base64.contains(['\n', '-']));
            let form = |pair: &str| pair.len() == 2 && u8::from_str_radix(pair, 16).is_ok();
            assert!(leaf.fingerprint.split(':').count() == 20 && leaf.fingerprint.split(':').all(form));
            assert_eq!(leaf.fingerprint, leaf.fingerprint.to_uppercase());
        }
    }

    #[test]
    fn what_is_no_certificate_of_an_instance_is_named() {
        let pem = certificate("opc-certtype:instance").pem();
        assert_eq!(Leaf::parse(&pem).unwrap_err(), "its subject names no tenancy");
        for (text, why) in [
            ("", "it is no certificate in PEM form"),
            ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----", "its Base64 is damaged"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "it cannot be read as X.509"),
        ] {
            assert_eq!(Leaf::parse(text).unwrap_err(), why);
        }
    }
}
