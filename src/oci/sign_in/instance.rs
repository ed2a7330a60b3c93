//! Instance principals: an instance shows the certificate that its metadata service gives it, and gets a token for a key
//! of its own making. In Cloud Shell the instance is Oracle's, and asks on behalf of the user whose token lies there.

use std::path::PathBuf;
use std::sync::OnceLock;

use reqwest::Url;

use super::admitted::{Admitted, session_key};
use super::certificate::{self, Leaf};
use super::metadata::Metadata;
use super::retry;
use crate::domain::ocid::Ocid;
use crate::domain::problem::Problem;
use crate::domain::region::RegionId;
use crate::domain::text::clean_prefix;
use crate::oci::config::shown;
use crate::oci::endpoint::is_loopback;
use crate::oci::env::Env;
use crate::oci::error::OciError;
use crate::oci::exchange::{Certified, Exchange};
use crate::oci::key::PrivateKey;
use crate::oci::regions::Regions;
use crate::oci::signer::Credential;
use crate::oci::token::SessionToken;

/// As for the CLI: instead of the region's auth service, with the path.
pub(in crate::oci) const FEDERATION: &str = "OCI_CLI_FEDERATION_ENDPOINT";

pub(in crate::oci) struct Instance {
    pub metadata: Metadata,
    /// Where the instance is, and where its tokens come from.
    pub region: RegionId,
    /// The token of the user on whose behalf it asks.
    pub delegation: Option<PathBuf>,
    /// Where its tokens come from instead.
    federation: Option<Url>,
    /// That of the first certificate; the others have to say the same.
    tenancy: OnceLock<Ocid>,
}

impl Instance {
    /// Finds out where it is. A region that stands in no table brings its domain along.
    pub async fn find(
        metadata: Metadata,
        delegation: Option<PathBuf>,
        federation: Option<Url>,
        regions: &mut Regions,
    ) -> Result<Self, OciError> {
        let name = metadata.text("/instance/region").await?;
        let region = regions.resolve(&name).ok_or_else(|| unusable("it names no region"))?;
        if !regions.knows(&region) {
            regions.learn(&metadata.text("/instance/regionInfo").await?);
        }
        Ok(Self { metadata, region, delegation, federation, tenancy: OnceLock::new() })
    }

    /// A new key, and a token for it; the certificate is asked for each time, because it changes.
    pub async fn admit(&self, exchange: &Exchange<'_>) -> Result<Admitted, OciError> {
        let leaf = self.metadata.text("/identity/cert.pem").await?;
        let key = self.metadata.text("/identity/key.pem").await?;
        let intermediate = self.metadata.text("/identity/intermediate.pem").await?;
        let leaf = Leaf::parse(&leaf).map_err(|why| unusable(&format!("its certificate: {why}")))?;
        self.check_tenancy(&leaf.tenancy)?;
        let intermediate = certificate::body(&intermediate).ok_or_else(|| unusable("its intermediate certificate"))?;
        let key = PrivateKey::from_pem(&key, None).map_err(|why| unusable(&format!("its key: {why}")))?;
        let delegation = self.delegation()?;
        let (session_key, public_key) = session_key().await?;
        let credential = Credential::certificate(&leaf.tenancy, &leaf.fingerprint, key);
        let shown = Certified { certificate: &leaf.base64, intermediate: &intermediate, public_key: &public_key };
        let again = |error: &OciError| error.is_retryable() && !error.is_throttled();
        let token =
            retry(again, || exchange.federate(&self.region, self.federation.as_ref(), &shown, &credential)).await?;
        let admitted = Admitted::new(&token, session_key, leaf.tenancy);
        Ok(match delegation {
            Some(delegation) => admitted.on_behalf_of(&delegation),
            None => admitted,
        })
    }

    /// A run is about one tenancy, whatever happens to the instance meanwhile.
    fn check_tenancy(&self, found: &Ocid) -> Result<(), OciError> {
        let first = self.tenancy.get_or_init(|| found.clone());
        if first == found {
            return Ok(());
        }
        let detail = format!("its certificate is now of the tenancy {found}, and was of {first}");
        Err(OciError::Credential { target: "the instance's metadata service".into(), detail: detail.into() })
    }

    fn delegation(&self) -> Result<Option<SessionToken>, OciError> {
        let Some(path) = &self.delegation else { return Ok(None) };
        SessionToken::read(path).map(Some).map_err(|error| OciError::Credential {
            target: "the file of the delegation token".into(),
            detail: format!("{}: {error}", shown(path)).into(),
        })
    }
}

/// `OCI_CLI_FEDERATION_ENDPOINT`, where it is set. The certificate goes there, so it is encrypted, or stays on this machine.
pub(in crate::oci) fn federation(env: &Env) -> Result<Option<Url>, Problem> {
    let Some(text) = env.get(FEDERATION) else { return Ok(None) };
    let refuse = |why: &str| Err(Problem::usage(format!("{FEDERATION} is `{}`: {why}", clean_prefix(text, 200))));
    let Ok(url) = Url::parse(text) else { return refuse("it is no URL") };
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return refuse("only scheme, host and path may stand in it");
    }
    match url.scheme() {
        "https" => Ok(Some(url)),
        "http" if is_loopback(&url) => Ok(Some(url)),
        "http" => refuse("plain http is for loopback addresses only; use https"),
        _ => refuse("its scheme is not https"),
    }
}

fn unusable(why: &str) -> OciError {
    OciError::Body { target: "the instance's metadata service".into(), detail: why.into(), request_id: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::clock::Clock;

    #[test]
    fn one_run_is_about_one_tenancy() {
        let metadata = Metadata::new(&Env::default(), Clock::System).unwrap();
        let instance = Instance {
            metadata,
            region: "us-ashburn-1".into(),
            delegation: None,
            federation: None,
            tenancy: OnceLock::new(),
        };
        let [first, other] = ["ocid1.tenancy.oc1..a", "ocid1.tenancy.oc1..b"].map(Ocid::new);
        assert!(instance.check_tenancy(&first).is_ok() && instance.check_tenancy(&first).is_ok());
        let refused = instance.check_tenancy(&other).unwrap_err();
        assert!(!refused.is_retryable() && refused.to_problem().kind.exit_code() == 4, "{refused}");
        assert!(refused.to_string().contains("now of the tenancy ocid1.tenancy.oc1..b"), "{refused}");
    }

    #[test]
    fn the_auth_service_may_be_elsewhere_but_not_in_the_open() {
        let found = |text: &str| federation(&[(FEDERATION, text)].into_iter().collect());
        for good in ["https://auth.example.org/v1/x509", "http://127.0.0.1:9800/auth/x/v1/x509", "http://[::1]/v1/x509"]
        {
            assert_eq!(found(good).unwrap().unwrap().as_str(), good);
        }
        for bad in
            ["http://auth.example.org/v1/x509", "auth.example.org", "https://u:p@x/", "https://x/?a=b", "ftp://x/"]
        {
            assert!(found(bad).unwrap_err().what.contains(FEDERATION), "{bad}");
        }
        assert_eq!(federation(&Env::default()).unwrap(), None);
    }
}
