//! A ready-made `~/.oci` for the SDK, the CLI and ourselves.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::key::Credentials;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    pub config: PathBuf,
    pub key: PathBuf,
    /// The session token, in scenarios that have one.
    pub token: Option<PathBuf>,
}

/// Writes `config`, the key and, if given, the token into `dir`, readable by nobody else.
pub fn write(dir: &Path, credentials: &Credentials, token: Option<&str>) -> io::Result<Home> {
    fs::create_dir_all(dir)?;
    // the config names absolute paths, so that it works from anywhere
    let dir = fs::canonicalize(dir)?;
    let home =
        Home { config: dir.join("config"), key: dir.join("oci_api_key.pem"), token: token.map(|_| dir.join("token")) };
    private(&home.key, &credentials.key_pem)?;
    if let (Some(path), Some(token)) = (&home.token, token) {
        private(path, token)?;
    }
    private(&home.config, &config(&home, credentials))?;
    Ok(home)
}

fn config(home: &Home, credentials: &Credentials) -> String {
    let Credentials { tenancy, user, fingerprint, region, .. } = credentials;
    let key = home.key.display();
    let mut text = format!(
        "[DEFAULT]\nuser={user}\nfingerprint={fingerprint}\nkey_file={key}\ntenancy={tenancy}\nregion={region}\n"
    );
    if let Some(token) = &home.token {
        text.push_str("security_token_file=");
        text.push_str(&token.display().to_string());
        text.push('\n');
    }
    text
}

fn private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    // a file that was there before keeps its mode otherwise
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    file.write_all(text.as_bytes())
}
