//! From the options to a client that can ask.

use std::io::IsTerminal;

use super::args::IdentityArgs;
use crate::domain::problem::{Problem, ProblemKind};
use crate::fake_oci::{FakeOci, Options, Scenario};
use crate::oci::{ClientOptions, Clock, Env, OciClient, Profile, ProfileOptions, resolve};

/// A client, and what must live as long as it.
pub struct Connection {
    pub client: OciClient,
    /// The tenancy of `--demo`.
    pub fake: Option<FakeOci>,
    /// Things a user should know that stop nothing, such as a key that others may read.
    pub warnings: Vec<String>,
}

impl IdentityArgs {
    pub fn profile_options(&self, env: &Env) -> ProfileOptions {
        ProfileOptions {
            config_file: self.config_file.clone(),
            profile: self.profile.clone(),
            auth: self.auth.map(Into::into),
            said_by: self.said_by.clone(),
            region: None,
            env: env.clone(),
        }
    }

    pub fn client_options(&self, env: &Env) -> Result<ClientOptions, Problem> {
        let defaults = ClientOptions::default();
        Ok(ClientOptions {
            endpoint: self.endpoint.as_deref().map(str::parse).transpose()?,
            clock: Clock::System,
            connect_timeout: self.connection_timeout.unwrap_or(defaults.connect_timeout),
            read_timeout: self.read_timeout.unwrap_or(defaults.read_timeout),
            cert_bundle: self.cert_bundle.clone(),
            proxy: self.proxy.clone(),
            env: env.clone(),
            witness: self.witness.clone(),
            ..defaults
        })
    }
}

/// Loads the profile (asking for a pass phrase, if one is needed and somebody is there) or starts the demo tenancy.
pub async fn connect(identity: &IdentityArgs, env: &Env) -> Result<Connection, Problem> {
    if identity.demo {
        return demo(identity, env).await;
    }
    let options = identity.client_options(env)?;
    let settings = resolve(&identity.profile_options(env))?;
    let warnings = settings.warnings.clone();
    let passphrase = if settings.key_is_encrypted_without_passphrase() {
        if identity.no_input || !std::io::stdin().is_terminal() {
            return Err(Problem::new(
                ProblemKind::Authentication,
                "the private key is encrypted and no pass phrase is known",
            )
            .hint("set pass_phrase in the profile, or OCI_CLI_PASSPHRASE, or run it where it can ask"));
        }
        Some(settings.ask_passphrase()?)
    } else {
        None
    };
    let client = OciClient::sign_in(settings, passphrase, options).await?;
    Ok(Connection { client, fake: None, warnings })
}

async fn demo(identity: &IdentityArgs, env: &Env) -> Result<Connection, Problem> {
    let no_port = |error| Problem::new(ProblemKind::Io, format!("the demo tenancy cannot be served: {error}"));
    let scenario =
        Scenario::named("demo").ok_or_else(|| Problem::new(ProblemKind::Io, "the demo scenario is missing"))?;
    let fake = FakeOci::start(scenario, Options::default()).await.map_err(no_port)?;
    let who = fake.credentials();
    let profile = Profile::from_parts("demo", &who.tenancy, &who.user, &who.fingerprint, &who.region, &who.key_pem)?;
    let options = ClientOptions { endpoint: Some(fake.endpoint_template().parse()?), ..identity.client_options(env)? };
    let client = OciClient::new(profile, options)?;
    Ok(Connection { client, fake: Some(fake), warnings: Vec::new() })
}
