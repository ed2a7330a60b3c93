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
    /// How to sign in; unless this says otherwise, profiles use what they have: a key, a security_token_file, Cloud Shell's
    /// delegation_token_file
    #[arg(long, global = true, value_enum, env = "AUDITUI_AUTH")]
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
    /// HTTP proxy, such as http://proxy:8080 [default: HTTPS_PROXY]. With a password better in the environment: others
    /// may see a command line
    #[arg(long, global = true, value_name = "URL", value_parser = secret, env = "AUDITUI_PROXY", hide_env_values = true)]
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
}

impl From<Auth> for AuthKind {
    fn from(auth: Auth) -> Self {
        match auth {
            Auth::ApiKey => Self::ApiKey,
            Auth::SecurityToken => Self::SecurityToken,
            Auth::InstancePrincipal => Self::InstancePrincipal,
            Auth::ResourcePrincipal => Self::ResourcePrincipal,
            Auth::InstanceOboUser => Self::InstanceOboUser,
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the form that clap asks for")]
fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(text.into())
}
