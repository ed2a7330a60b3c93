//! From the options to a client that can ask.

use std::collections::HashMap;
use std::io::IsTerminal;

use secrecy::SecretString;

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

/// Pass phrases that were asked for, so that whoever connects again and again asks once.
#[derive(Default)]
pub struct PassPhrases {
    /// By the name of the profile; `None` where none was named.
    known: HashMap<Option<String>, SecretString>,
}

impl PassPhrases {
    fn get(
        &mut self,
        profile: Option<&str>,
        ask: impl FnOnce() -> Result<SecretString, Problem>,
    ) -> Result<SecretString, Problem> {
        let profile = profile.map(str::to_owned);
        if let Some(known) = self.known.get(&profile) {
            return Ok(known.clone());
        }
        let asked = ask()?;
        self.known.insert(profile, asked.clone());
        Ok(asked)
    }
}

/// Loads the profile (asking for a pass phrase, if one is needed and somebody is there) or starts the demo tenancy.
pub async fn connect(identity: &IdentityArgs, env: &Env) -> Result<Connection, Problem> {
    connect_again(identity, env, &mut PassPhrases::default()).await
}

/// The same, where it may have been done before.
pub async fn connect_again(
    identity: &IdentityArgs,
    env: &Env,
    phrases: &mut PassPhrases,
) -> Result<Connection, Problem> {
    if identity.demo {
        return demo(identity, env).await;
    }
    let options = identity.client_options(env)?;
    let settings = resolve(&identity.profile_options(env))?;
    let warnings = settings.warnings.clone();
    let passphrase = if settings.key_is_encrypted_without_passphrase() {
        let ask = || {
            if identity.no_input || !std::io::stdin().is_terminal() {
                return Err(Problem::new(
                    ProblemKind::Authentication,
                    "the private key is encrypted and no pass phrase is known",
                )
                .hint("set pass_phrase in the profile, or OCI_CLI_PASSPHRASE, or run it where it can ask"));
            }
            settings.ask_passphrase()
        };
        Some(phrases.get(identity.profile.as_deref(), ask)?)
    } else {
        None
    };
    let signed_in = OciClient::sign_in(settings, passphrase, options).await;
    if signed_in.is_err() {
        // It may have been a wrong one.
        phrases.known.remove(&identity.profile);
    }
    let client = signed_in?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_phrase_is_asked_for_once_for_each_profile() {
        let mut phrases = PassPhrases::default();
        let mut asked = 0;
        for profile in [Some("A"), None, Some("A"), None] {
            let ask = || {
                asked += 1;
                Ok(SecretString::from("x"))
            };
            assert!(phrases.get(profile, ask).is_ok());
        }
        assert_eq!(asked, 2);
        let problem = || Err(Problem::usage("nobody is there"));
        assert!(phrases.get(Some("B"), problem).is_err());
    }
}
