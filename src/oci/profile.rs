//! A profile that can sign: tenancy, region and credential.

use std::fmt;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::domain::footprint::Footprint;
use crate::domain::ocid::Ocid;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::RegionId;
use crate::domain::text::clean_prefix;

use super::config::{AuthKind, ConfigProblem, Fault, Settings, shown};
use super::files::{self, FileError};
use super::key::{self, KeyError, PrivateKey};
use super::regions::Regions;
use super::sign_in::admitted::Admitted;
use super::sign_in::resource::Resource;
use super::sign_in::session::SessionFiles;
use super::sign_in::{Active, Keeper, Source};
use super::signer::Credential;
use super::token::{SessionToken, TokenError};

/// Whom we are, and how we show it.
pub struct Profile {
    pub name: String,
    pub tenancy: Ocid,
    /// Where a token signs: whom it names, a user, an instance or a function.
    pub user: Option<Ocid>,
    pub region: RegionId,
    pub auth: AuthKind,
    /// Of the key that signs at first.
    pub fingerprint: String,
    pub(super) regions: Regions,
    pub(super) keeper: Keeper,
}

/// Key and token of a profile.
struct Loaded {
    key: PrivateKey,
    token: Option<SessionToken>,
}

impl Profile {
    /// A profile that stands in no file; for the demo.
    pub fn from_parts(
        name: &str,
        tenancy: &str,
        user: &str,
        fingerprint: &str,
        region: &str,
        key_pem: &str,
    ) -> Result<Self, Problem> {
        let refuse = |why: String| Problem::new(ProblemKind::Authentication, why);
        let key = PrivateKey::from_pem(key_pem, None).map_err(|error| refuse(format!("the key: {error}")))?;
        if key.fingerprint() != fingerprint {
            return Err(refuse(format!("the key's fingerprint is {}, not {fingerprint}", key.fingerprint())));
        }
        let mut regions = Regions::default();
        let region = regions.resolve(region).ok_or_else(|| Problem::usage("no such region"))?;
        let (tenancy, user) = (Ocid::new(tenancy), Ocid::new(user));
        let credential = Credential::api_key(&tenancy, &user, key);
        Ok(Self {
            name: name.to_owned(),
            regions: regions.of_tenancy(&tenancy, &region),
            tenancy,
            user: Some(user),
            region,
            auth: AuthKind::ApiKey,
            fingerprint: fingerprint.to_owned(),
            keeper: Keeper::new(Active::lasting(credential), Source::Fixed),
        })
    }

    /// By which our own calls are told in the log.
    pub fn footprint(&self) -> Footprint {
        Footprint::of(self.user.clone())
    }

    /// When the token in use stops being accepted, where it says so.
    pub fn token_expires(&self) -> Option<DateTime<Utc>> {
        self.keeper.active().expires
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("name", &self.name)
            .field("tenancy", &self.tenancy)
            .field("user", &self.user)
            .field("region", &self.region)
            .field("auth", &self.auth)
            .field("fingerprint", &self.fingerprint)
            .field("credential", &"[redacted]")
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Whether a pass phrase has to be asked for before [`into_profile`](Self::into_profile).
    pub fn key_is_encrypted_without_passphrase(&self) -> bool {
        let has_key = matches!(self.values.auth, AuthKind::ApiKey | AuthKind::SecurityToken);
        has_key
            && self.passphrase.is_none()
            && self.key_text().is_ok_and(|text| key::is_encrypted(text.expose_secret()))
    }

    /// Asks for the pass phrase on the terminal, without an echo. Before the screen starts, or not at all.
    pub fn ask_passphrase(&self) -> Result<SecretString, Problem> {
        let prompt = format!("Pass phrase of {}: ", self.key_place());
        rpassword::prompt_password(prompt).map(SecretString::from).map_err(|error| {
            Problem::new(ProblemKind::Authentication, format!("the pass phrase could not be asked for: {error}"))
                .hint("set OCI_CLI_PASSPHRASE, or pass_phrase in the profile")
        })
    }

    /// What is wrong with key and token; empty when the configuration has problems of its own, because then they were
    /// not looked at.
    pub fn credential_problems(&self, now: DateTime<Utc>) -> Vec<ConfigProblem> {
        let auth = self.values.auth;
        if !self.problems.is_empty() || auth.asks_first() {
            return Vec::new();
        }
        match self.load() {
            Err(problems) => problems,
            Ok(Loaded { token: Some(SessionToken { expires: Some(expires), .. }), .. }) if expires <= now => {
                let key = if auth == AuthKind::SecurityToken { "security_token_file" } else { "resource_principal" };
                let message = format!("{}; {}", expired(auth, expires), renew(auth, &self.profile_name));
                vec![ConfigProblem::credential(key, Fault::Expired, message)]
            }
            Ok(_) => Vec::new(),
        }
    }

    /// Loads the key (and the token), and checks the key against the fingerprint. All problems of the configuration
    /// are reported together; key and token are looked at once it has none.
    ///
    /// Instances have to be asked who they are first: that is [`OciClient::sign_in`](super::OciClient::sign_in).
    pub fn into_profile(mut self, passphrase: Option<SecretString>) -> Result<Profile, Problem> {
        self.passphrase = passphrase.or(self.passphrase);
        self.check()?;
        let Loaded { key, token } = self.load().map_err(|problems| self.in_one(&problems))?;
        let fingerprint = key.fingerprint().to_owned();
        let named = self.values.user.as_ref().map(Ocid::new);
        let of_token = token.as_ref().and_then(|token| token.user.clone());
        let tenancy = self.values.tenancy.as_ref().map(Ocid::new);
        let tenancy = tenancy.or_else(|| token.as_ref()?.tenancy.clone());
        let (Some(tenancy), Some(region)) = (tenancy, &self.values.region) else {
            return Err(Problem::usage("the profile has no tenancy or no region"));
        };
        let region = RegionId::new(region);
        let active = match (&token, &named) {
            (Some(token), _) => Active::of(Credential::session(&token.text, key), token),
            (None, Some(user)) => Active::lasting(Credential::api_key(&tenancy, user, key)),
            (None, None) => return Err(Problem::usage("the profile has no user")),
        };
        let source = self.source(&region);
        Ok(self.profile(tenancy, of_token.or(named), region, fingerprint, Keeper::new(active, source)))
    }

    /// The profile of an instance, or a pod, that was given a token.
    pub(super) fn of_admitted(self, admitted: Admitted, region: RegionId, source: Source) -> Profile {
        let fingerprint = admitted.active.credential.key().fingerprint().to_owned();
        // In Cloud Shell the certificate is of Oracle's instance, and the profile says whose tenancy it is about.
        let tenancy = self.values.tenancy.as_ref().map_or(admitted.tenancy, Ocid::new);
        let region = self.values.region.as_ref().map_or(region, RegionId::new);
        self.profile(tenancy, admitted.user, region, fingerprint, Keeper::new(admitted.active, source))
    }

    fn profile(
        self,
        tenancy: Ocid,
        user: Option<Ocid>,
        region: RegionId,
        fingerprint: String,
        keeper: Keeper,
    ) -> Profile {
        let regions = self.regions.of_tenancy(&tenancy, &region);
        let (name, auth) = (self.profile_name, self.values.auth);
        Profile { name, tenancy, user, region, auth, fingerprint, regions, keeper }
    }

    /// The problems of the configuration, in one.
    pub(super) fn check(&self) -> Result<(), Problem> {
        if self.problems.is_empty() { Ok(()) } else { Err(self.in_one(&self.problems)) }
    }

    /// Where another credential comes from when this one ends.
    fn source(&self, region: &RegionId) -> Source {
        let resource = || Resource::of(&self.env).map(Source::Resource);
        let session = || {
            let key = self.values.key_file.clone().filter(|_| self.key_content.is_none());
            let token = self.values.security_token_file.clone()?;
            Some(Source::Session(SessionFiles { token, key, region: region.clone() }))
        };
        let source = match self.values.auth {
            AuthKind::SecurityToken => session(),
            AuthKind::ResourcePrincipal => resource(),
            AuthKind::ApiKey
            | AuthKind::InstancePrincipal
            | AuthKind::InstanceOboUser
            | AuthKind::OkeWorkloadIdentity => None,
        };
        source.unwrap_or(Source::Fixed)
    }

    fn load(&self) -> Result<Loaded, Vec<ConfigProblem>> {
        if let Some(resource) = Resource::of(&self.env).filter(|_| self.values.auth == AuthKind::ResourcePrincipal) {
            let (key, token) = resource.read().map_err(|problem| vec![problem])?;
            return Ok(Loaded { key, token: Some(token) });
        }
        let (key, token) = (self.load_key(), self.load_token());
        match (key, token) {
            (Ok(key), Ok(token)) => Ok(Loaded { key, token }),
            (key, token) => Err([key.err(), token.err()].into_iter().flatten().collect()),
        }
    }

    fn load_key(&self) -> Result<PrivateKey, ConfigProblem> {
        let name = if self.key_content.is_some() { "key_content" } else { "key_file" };
        let refuse = |key, fault, why: String| {
            ConfigProblem::credential(key, fault, format!("the key {}: {why}", self.key_place()))
        };
        let text = self.key_text().map_err(|error| refuse(name, fault_of(&error), error.to_string()))?;
        let key =
            PrivateKey::from_pem(text.expose_secret(), self.passphrase.as_ref()).map_err(|error| match error {
                KeyError::PassphraseRequired => refuse("pass_phrase", Fault::Missing, error.to_string()),
                KeyError::WrongPassphrase => refuse("pass_phrase", Fault::Mismatch, error.to_string()),
                KeyError::Unsupported(_) => refuse(name, Fault::Unsupported, error.to_string()),
                _ => refuse(name, Fault::Malformed, error.to_string()),
            })?;
        match &self.values.fingerprint {
            // The key of a session is named by its token; its fingerprint is decoration.
            Some(said) if said != key.fingerprint() && self.values.auth == AuthKind::ApiKey => Err(refuse(
                "fingerprint",
                Fault::Mismatch,
                format!("its fingerprint is {}, but the profile says {said}", key.fingerprint()),
            )),
            _ => Ok(key),
        }
    }

    fn load_token(&self) -> Result<Option<SessionToken>, ConfigProblem> {
        let Some(path) = &self.values.security_token_file else { return Ok(None) };
        SessionToken::read(path).map(Some).map_err(|error| {
            let fault = match &error {
                TokenError::File(error) => fault_of(error),
                TokenError::NotAToken => Fault::Malformed,
            };
            let message = format!(
                "the session token {}: {error}; {}",
                shown(path),
                renew(AuthKind::SecurityToken, &self.profile_name)
            );
            ConfigProblem::credential("security_token_file", fault, message)
        })
    }

    fn key_text(&self) -> Result<SecretString, FileError> {
        match (&self.key_content, &self.values.key_file) {
            (Some(content), _) => Ok(content.clone()),
            (None, Some(path)) => files::read_small(path).map(SecretString::from),
            (None, None) => Err(FileError::Missing),
        }
    }

    fn key_place(&self) -> String {
        match &self.values.key_file {
            Some(path) if self.key_content.is_none() => shown(path),
            _ => "in OCI_CLI_KEY_CONTENT".to_owned(),
        }
    }

    fn in_one(&self, problems: &[ConfigProblem]) -> Problem {
        let usage = problems.iter().any(|problem| problem.kind == ProblemKind::Usage);
        let kind = if usage { ProblemKind::Usage } else { ProblemKind::Authentication };
        let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        let place = self.config_file.as_ref().map(|path| format!(" in {}", shown(path))).unwrap_or_default();
        let name = clean_prefix(&self.profile_name, 80);
        let what = format!("the profile `{name}`{place} cannot be used: {}", messages.join("; "));
        let note = self.note.as_ref().map(|note| format!("{note}\n")).unwrap_or_default();
        Problem::new(kind, what).hint(format!("{note}auditui doctor shows every value and where it came from"))
    }
}

fn fault_of(error: &FileError) -> Fault {
    match error {
        FileError::Missing => Fault::Missing,
        FileError::TooLarge(_) => Fault::Malformed,
        FileError::NotAFile | FileError::Unreadable(_) => Fault::Unreadable,
    }
}

/// `the session token expired at 2026-03-14 14:05Z`
pub(super) fn expired(auth: AuthKind, at: DateTime<Utc>) -> String {
    format!("the {} expired at {}", token_of(auth), at.format("%Y-%m-%d %H:%MZ"))
}

/// What the token is called.
pub(super) fn token_of(auth: AuthKind) -> &'static str {
    match auth {
        AuthKind::ApiKey | AuthKind::SecurityToken => "session token",
        AuthKind::InstancePrincipal => "token of the instance",
        AuthKind::ResourcePrincipal => "token of the resource principal",
        AuthKind::InstanceOboUser => "token of this Cloud Shell",
        AuthKind::OkeWorkloadIdentity => "token of the pod",
    }
}

/// What to do about a token that is over.
pub(super) fn renew(auth: AuthKind, profile: &str) -> String {
    let profile = clean_prefix(profile, 80);
    match auth {
        AuthKind::ApiKey | AuthKind::SecurityToken => format!(
            "oci session authenticate --profile-name {profile}, or while it is valid: oci session refresh --profile {profile}"
        ),
        AuthKind::InstancePrincipal | AuthKind::OkeWorkloadIdentity => {
            "another one is asked for by itself; auditui doctor says why none came".into()
        }
        AuthKind::ResourcePrincipal => {
            "whoever runs this function or resource renews it: in OCI_RESOURCE_PRINCIPAL_RPST a path to a file can be \
             renewed, a value cannot"
                .into()
        }
        AuthKind::InstanceOboUser => "open a new Cloud Shell".into(),
    }
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
