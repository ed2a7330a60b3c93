//! Instance principals: an instance shows the certificate that its metadata service gives it, and gets a token for a key
//! of its own making. In Cloud Shell the instance is Oracle's, and asks on behalf of the user whose token lies there.

use std::path::PathBuf;

use secrecy::SecretString;

use super::certificate::{self, Leaf};
use super::metadata::Metadata;
use super::{Active, retry};
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::oci::config::shown;
use crate::oci::error::OciError;
use crate::oci::exchange::{Certified, Exchange};
use crate::oci::key::PrivateKey;
use crate::oci::regions::Regions;
use crate::oci::signer::Credential;
use crate::oci::token::SessionToken;

pub(in crate::oci) struct Instance {
    pub metadata: Metadata,
    /// Where the instance is, and where its tokens come from.
    pub region: RegionId,
    /// The token of the user on whose behalf it asks.
    pub delegation: Option<PathBuf>,
}

/// A token has been got, for whom.
pub(in crate::oci) struct Admitted {
    pub active: Active,
    /// The tenancy of the certificate.
    pub tenancy: Ocid,
    pub user: Option<Ocid>,
}

impl Instance {
    /// Finds out where it is. A region that stands in no table brings its domain along.
    pub async fn find(
        metadata: Metadata,
        delegation: Option<PathBuf>,
        regions: &mut Regions,
    ) -> Result<Self, OciError> {
        let name = metadata.text("/instance/region").await?;
        let region = regions.resolve(&name).ok_or_else(|| unusable("it names no region"))?;
        if !regions.knows(&region) {
            regions.learn(&metadata.text("/instance/regionInfo").await?);
        }
        Ok(Self { metadata, region, delegation })
    }

    /// A new key, and a token for it; the certificate is asked for each time, because it changes.
    pub async fn admit(&self, exchange: &Exchange<'_>) -> Result<Admitted, OciError> {
        let leaf = self.metadata.text("/identity/cert.pem").await?;
        let key = self.metadata.text("/identity/key.pem").await?;
        let intermediate = self.metadata.text("/identity/intermediate.pem").await?;
        let leaf = Leaf::parse(&leaf).map_err(|why| unusable(&format!("its certificate: {why}")))?;
        let intermediate = certificate::body(&intermediate).ok_or_else(|| unusable("its intermediate certificate"))?;
        let key = PrivateKey::from_pem(&key, None).map_err(|why| unusable(&format!("its key: {why}")))?;
        let delegation = self.delegation()?;
        let (session_key, public_key) = session_key().await?;
        let credential = Credential::certificate(&leaf.tenancy, &leaf.fingerprint, key);
        let shown = Certified { certificate: &leaf.base64, intermediate: &intermediate, public_key: &public_key };
        let again = |error: &OciError| error.is_retryable() && !error.is_throttled();
        let token = retry(again, || exchange.federate(&self.region, &shown, &credential)).await?;
        Ok(Admitted::new(&token, session_key, delegation.as_ref(), leaf.tenancy))
    }

    fn delegation(&self) -> Result<Option<SessionToken>, OciError> {
        let Some(path) = &self.delegation else { return Ok(None) };
        SessionToken::read(path).map(Some).map_err(|error| OciError::Body {
            target: "the file of the delegation token".into(),
            detail: format!("{}: {error}", shown(path)).into(),
            request_id: None,
        })
    }
}

impl Admitted {
    fn new(token: &SessionToken, key: PrivateKey, delegation: Option<&SessionToken>, tenancy: Ocid) -> Self {
        let text: Option<SecretString> = delegation.map(|token| token.text.clone());
        let user = delegation.map_or(&token.user, |delegation| &delegation.user).clone();
        let credential = Credential::session(&token.text, key).on_behalf_of(text);
        Self { active: Active::of(credential, token), tenancy, user }
    }
}

/// Long sums, so not where others wait.
async fn session_key() -> Result<(PrivateKey, String), OciError> {
    let made = tokio::task::spawn_blocking(PrivateKey::generate).await;
    made.ok().and_then(Result::ok).ok_or_else(|| OciError::Body {
        target: "the system".into(),
        detail: "no session key could be made".into(),
        request_id: None,
    })
}

fn unusable(why: &str) -> OciError {
    OciError::Body { target: "the instance's metadata service".into(), detail: why.into(), request_id: None }
}
