//! A ready-made `~/.oci` for the SDK, the CLI and ourselves.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::FakeOci;
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
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
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

/// Adds the profiles `SESSION` and `CLOUD-SHELL`, and `instance.env`, `resource.env` and `cloud-shell.env` with the variables
/// that such places set.
pub fn write_sign_ins(home: &Home, fake: &FakeOci) -> io::Result<()> {
    let path = |name: &str| home.config.with_file_name(name);
    let (session, delegation, rpst, pem) =
        (path("session-token"), path("delegation-token"), path("rpst"), path("resource.pem"));
    let resource = fake.new_resource()?;
    private(&session, &fake.new_session(3_600))?;
    private(&delegation, &fake.new_delegation())?;
    private(&rpst, &resource.token)?;
    private(&pem, &resource.key_pem)?;
    let profiles = format!(
        "\n[SESSION]\nsecurity_token_file={}\n\n[CLOUD-SHELL]\nauthentication_type=instance_principal\n\
         delegation_token_file={}\n",
        session.display(),
        delegation.display()
    );
    private(&home.config, &(fs::read_to_string(&home.config)? + &profiles))?;
    let metadata = format!("export OCI_METADATA_BASE_URL={}\n", fake.metadata_base());
    private(&path("instance.env"), &format!("export OCI_CLI_AUTH=instance_principal\n{metadata}"))?;
    private(
        &path("cloud-shell.env"),
        &format!(
            "export OCI_CLI_AUTH=instance_obo_user OCI_CLI_PROFILE=CLOUD-SHELL OCI_CLI_CONFIG_FILE={}\n{metadata}",
            home.config.display()
        ),
    )?;
    private(
        &path("resource.env"),
        &format!(
            "export OCI_CLI_AUTH=resource_principal OCI_RESOURCE_PRINCIPAL_VERSION=2.2 \
             OCI_RESOURCE_PRINCIPAL_REGION={}\nexport OCI_RESOURCE_PRINCIPAL_RPST={}\n\
             export OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM={}\n",
            resource.region,
            rpst.display(),
            pem.display()
        ),
    )
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
