//! What whoever asks for its first token gets: an instance, a pod.

use super::Active;
use crate::domain::ocid::Ocid;
use crate::oci::error::OciError;
use crate::oci::key::PrivateKey;
use crate::oci::signer::Credential;
use crate::oci::token::SessionToken;

/// A token has been got, for whom.
pub(in crate::oci) struct Admitted {
    pub active: Active,
    /// The tenancy that whoever asks belongs to.
    pub tenancy: Ocid,
    pub user: Option<Ocid>,
}

impl Admitted {
    pub fn new(token: &SessionToken, key: PrivateKey, tenancy: Ocid) -> Self {
        let active = Active::of(Credential::session(&token.text, key), token);
        Self { active, tenancy, user: token.user.clone() }
    }

    /// The same, asking for the user of this token.
    pub fn on_behalf_of(self, delegation: &SessionToken) -> Self {
        Self { active: self.active.on_behalf_of(&delegation.text), user: delegation.user.clone(), ..self }
    }
}

/// A new key, and its public half. Long sums, so not where others wait.
pub(super) async fn session_key() -> Result<(PrivateKey, String), OciError> {
    let made = tokio::task::spawn_blocking(PrivateKey::generate).await;
    made.ok().and_then(Result::ok).ok_or_else(|| OciError::Credential {
        target: "the system".into(),
        detail: "no session key could be made".into(),
    })
}
