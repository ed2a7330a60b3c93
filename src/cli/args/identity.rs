//! Who asks, and over which way.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::SecretString;

use super::seconds;
use crate::oci::AuthKind;

/// Who asks. The same names as in the OCI CLI, whose own variables (`OCI_CLI_PROFILE` and so on) count where these are
/// not given.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Identity")]
pub struct IdentityArgs {
    /// Profile of the OCI config file
    #[arg(long, global = true, value_name = "NAME", env = "AUDITUI_PROFILE")]
    pub profile: Option<String>,
    /// OCI config file, instead of ~/.oci/config
    #[arg(long, global = true, value_name = "PATH", env = "AUDITUI_CONFIG_FILE")]
    pub config_file: Option<PathBuf>,
    #[arg(
        long,
        global = true,
        value_enum,
        env = "AUDITUI_AUTH",
        help = "How to sign in; unless this says otherwise, profiles use what they have: a key, a session, a delegation token"
    )]
    pub auth: Option<Auth>,
    #[arg(
        long,
        global = true,
        value_name = "TEMPLATE",
        env = "AUDITUI_ENDPOINT",
        help = "Where the services are, such as 'http://127.0.0.1:9800/{service}/{region}'; plain http to loopback only"
    )]
    pub endpoint: Option<String>,
    /// Certificates to trust beside those of the platform (PEM)
    #[arg(long, global = true, value_name = "PATH", env = "AUDITUI_CERT_BUNDLE")]
    pub cert_bundle: Option<PathBuf>,
    #[arg(
        long,
        global = true,
        value_name = "URL",
        value_parser = secret,
        env = "AUDITUI_PROXY",
        hide_env_values = true,
        help = "HTTP proxy [default: HTTPS_PROXY]; with a password better in the environment, as others may see a command line"
    )]
    pub proxy: Option<SecretString>,
    /// Longest wait for a connection
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds, env = "AUDITUI_CONNECTION_TIMEOUT")]
    pub connection_timeout: Option<Duration>,
    /// Longest silence in an answer
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds, env = "AUDITUI_READ_TIMEOUT")]
    pub read_timeout: Option<Duration>,
    /// Use an invented tenancy, served by this program itself
    #[arg(long, global = true, conflicts_with_all = ["profile", "config_file", "auth", "endpoint", "cert_bundle", "proxy"])]
    pub demo: bool,
    /// Never ask anything; what would be asked becomes an error
    #[arg(long, global = true, env = "AUDITUI_NO_INPUT")]
    pub no_input: bool,
    /// Who says so, where it is not an option.
    #[arg(skip)]
    pub said_by: BTreeMap<&'static str, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Auth {
    /// The key of a user
    #[value(name = "api_key", alias = "api-key")]
    ApiKey,
    /// A session of oci session authenticate
    #[value(name = "security_token", alias = "security-token")]
    SecurityToken,
    /// The compute instance that this runs on
    #[value(name = "instance_principal", alias = "instance-principal")]
    InstancePrincipal,
    /// The function, or another resource, that this runs in
    #[value(name = "resource_principal", alias = "resource-principal")]
    ResourcePrincipal,
    /// Cloud Shell: an instance on behalf of its user
    #[value(name = "instance_obo_user", alias = "instance-obo-user")]
    InstanceOboUser,
    /// The pod that this runs in
    #[value(name = "oke_workload_identity", alias = "oke-workload-identity")]
    OkeWorkloadIdentity,
}

impl IdentityArgs {
    /// The words that say who asks whom, for a command that asks the same. `profile` is what was chosen in the end; where
    /// there is none, it is called as the way to sign in. A proxy may hold a password: it is left to the environment.
    pub fn words(&self, profile: &str) -> Vec<String> {
        if self.demo {
            return vec!["--demo".to_owned()];
        }
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let auth = self.auth.and_then(|auth| Some(auth.to_possible_value()?.get_name().to_owned()));
        let is_profile = self.profile.is_some() || Auth::from_str(profile, true).is_err();
        let options = [
            ("--profile", Some(profile.to_owned()).filter(|_| is_profile)),
            ("--config-file", path(&self.config_file)),
            ("--auth", auth),
            ("--endpoint", self.endpoint.clone()),
            ("--cert-bundle", path(&self.cert_bundle)),
        ];
        options.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?])).flatten().collect()
    }
}

impl From<Auth> for AuthKind {
    fn from(auth: Auth) -> Self {
        match auth {
            Auth::ApiKey => Self::ApiKey,
            Auth::SecurityToken => Self::SecurityToken,
            Auth::InstancePrincipal => Self::InstancePrincipal,
            Auth::ResourcePrincipal => Self::ResourcePrincipal,
            Auth::InstanceOboUser => Self::InstanceOboUser,
            Auth::OkeWorkloadIdentity => Self::OkeWorkloadIdentity,
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the form that clap asks for")]
fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(text.into())
}
