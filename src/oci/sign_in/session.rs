//! Sessions of `oci session authenticate`: a token and a key in files, which other programs renew as well.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::Active;
use crate::domain::region::RegionId;
use crate::oci::files;
use crate::oci::key::PrivateKey;
use crate::oci::signer::Credential;
use crate::oci::token::SessionToken;

pub(in crate::oci) struct SessionFiles {
    pub token: PathBuf,
    /// `None` where the key came from the environment.
    pub key: Option<PathBuf>,
    /// Where the token is renewed.
    pub region: RegionId,
}

impl SessionFiles {
    /// What the files hold, where that is another credential than `before`.
    pub fn read_again(&self, before: &Credential) -> Option<Active> {
        let token = SessionToken::read(&self.token).ok()?;
        // A new login makes a new key. One with a pass phrase cannot be read again, so the old one stays.
        let text = self.key.as_ref().and_then(|path| files::read_small(path).ok()).map(SecretString::from);
        let key = text.and_then(|text| PrivateKey::from_pem(text.expose_secret(), None).ok());
        let credential = Credential::session(&token.text, key.unwrap_or_else(|| before.key().clone()));
        (credential != *before).then(|| Active::of(credential, &token))
    }

    /// Puts a renewed token in the place of the one that it was got for, as `oci session refresh` does, in one step and
    /// readable by nobody else. If it cannot be written, or somebody was faster, this run still has it.
    pub fn keep(&self, old: &SecretString, new: &SecretString) {
        let unchanged = SessionToken::read(&self.token).is_ok_and(|t| t.text.expose_secret() == old.expose_secret());
        if unchanged {
            let _this_run_has_it = write(&self.token, new);
        }
    }
}

fn write(path: &Path, token: &SecretString) -> std::io::Result<()> {
    // A link stays a link.
    let path = std::fs::canonicalize(path)?;
    let directory = path.parent().unwrap_or(Path::new("."));
    // A file of mode 0600 that did not exist before.
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(token.expose_secret().as_bytes())?;
    file.persist(&path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_token_replaces_the_one_it_was_got_for_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("token"), dir.path().join("link"));
        std::fs::write(&path, "old\n").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&path, &link).unwrap();
        #[cfg(not(unix))]
        std::fs::copy(&path, &link).unwrap();
        let files = SessionFiles { token: link.clone(), key: None, region: "us-ashburn-1".into() };
        files.keep(&"old".into(), &"new".into());
        assert_eq!(std::fs::read_to_string(&link).unwrap(), "new");
        #[cfg(unix)]
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink() && files::loose_mode(&path).is_none());
        files.keep(&"old".into(), &"newer".into());
        assert_eq!(std::fs::read_to_string(&link).unwrap(), "new", "somebody else wrote it");
    }
}
