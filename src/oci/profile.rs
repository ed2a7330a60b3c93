//! A profile that can sign: tenancy, region and credential.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

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
use super::signer::Credential;
use super::token::{SessionToken, TokenError};

/// Whom we are, and how we show it.
pub struct Profile {
    pub name: String,
    pub tenancy: Ocid,
    /// For session tokens: whom the token names.
    pub user: Option<Ocid>,
    pub region: RegionId,
    pub auth: AuthKind,
    /// Of the key that signs.
    pub fingerprint: String,
    pub(super) regions: Regions,
    active: Mutex<Active>,
    session: Option<SessionFiles>,
}

/// What signs at present; a session may be renewed by another process.
#[derive(Clone)]
struct Active {
    credential: Arc<Credential>,
    expires: Option<DateTime<Utc>>,
}

struct SessionFiles {
    token: PathBuf,
    key: Option<PathBuf>,
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
        let credential = Arc::new(Credential::api_key(&tenancy, &user, key));
        Ok(Self {
            name: name.to_owned(),
            regions: regions.of_tenancy(&tenancy, &region),
            tenancy,
            user: Some(user),
            region,
            auth: AuthKind::ApiKey,
            fingerprint: fingerprint.to_owned(),
            active: Mutex::new(Active { credential, expires: None }),
            session: None,
        })
    }

    /// By which our own calls are told in the log.
    pub fn footprint(&self) -> Footprint {
        Footprint::of(self.user.clone())
    }

    pub(super) fn credential(&self) -> Arc<Credential> {
        self.active().credential
    }

    /// When the session token stops being accepted, where it says so.
    pub fn token_expires(&self) -> Option<DateTime<Utc>> {
        self.active().expires
    }

    /// Whether another credential than `refused` is at hand, after a look at the files of the session. Of the calls that
    /// were refused at once, only the first finds the files changed; the others find what that one has read.
    pub(super) fn renewed_since(&self, refused: &Credential) -> bool {
        self.reload();
        *self.credential() != *refused
    }

    /// Reads token and key of a session again. True when they are others now.
    fn reload(&self) -> bool {
        let Some(session) = &self.session else { return false };
        let Ok(token) = SessionToken::read(&session.token) else { return false };
        let before = self.credential();
        // A new login makes a new key. One with a pass phrase cannot be read again, so the old one stays.
        let text = session.key.as_ref().and_then(|path| files::read_small(path).ok()).map(SecretString::from);
        let key = text.and_then(|text| PrivateKey::from_pem(text.expose_secret(), None).ok());
        let key = key.unwrap_or_else(|| before.key().clone());
        let credential = Credential::session(&token.text, key);
        let changed = credential != *before;
        if changed {
            let active = Active { credential: Arc::new(credential), expires: token.expires };
            *self.active.lock().unwrap_or_else(PoisonError::into_inner) = active;
        }
        changed
    }

    fn active(&self) -> Active {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        self.passphrase.is_none() && self.key_text().is_ok_and(|text| key::is_encrypted(text.expose_secret()))
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
        if !self.problems.is_empty() {
            return Vec::new();
        }
        match self.load() {
            Err(problems) => problems,
            Ok(Loaded { token: Some(SessionToken { expires: Some(expires), .. }), .. }) if expires <= now => {
                let message = format!("{}; {}", expired(expires), renew(&self.profile_name));
                vec![ConfigProblem::credential("security_token_file", Fault::Expired, message)]
            }
            Ok(_) => Vec::new(),
        }
    }

    /// Loads the key (and the token), and checks the key against the fingerprint. All problems of the configuration
    /// are reported together; key and token are looked at once it has none.
    pub fn into_profile(mut self, passphrase: Option<SecretString>) -> Result<Profile, Problem> {
        self.passphrase = passphrase.or(self.passphrase);
        if !self.problems.is_empty() {
            return Err(self.in_one(&self.problems));
        }
        let Loaded { key, token } = self.load().map_err(|problems| self.in_one(&problems))?;
        let (Some(tenancy), Some(region)) = (&self.values.tenancy, &self.values.region) else {
            return Err(Problem::usage("the profile has no tenancy or no region"));
        };
        let (tenancy, region) = (Ocid::new(tenancy), RegionId::new(region));
        let user = self.values.user.as_ref().map(Ocid::new);
        let (fingerprint, expires) = (key.fingerprint().to_owned(), token.as_ref().and_then(|token| token.expires));
        let (credential, user) = match (token, user) {
            (Some(token), user) => (Credential::session(&token.text, key), token.user.or(user)),
            (None, Some(user)) => (Credential::api_key(&tenancy, &user, key), Some(user)),
            (None, None) => return Err(Problem::usage("the profile has no user")),
        };
        let key_file = self.values.key_file.filter(|_| self.key_content.is_none());
        let session = self.values.security_token_file.map(|token| SessionFiles { token, key: key_file });
        Ok(Profile {
            name: self.profile_name,
            regions: self.regions.of_tenancy(&tenancy, &region),
            tenancy,
            user,
            region,
            auth: self.values.auth,
            fingerprint,
            active: Mutex::new(Active { credential: Arc::new(credential), expires }),
            session,
        })
    }

    fn load(&self) -> Result<Loaded, Vec<ConfigProblem>> {
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
            let message = format!("the session token {}: {error}; {}", shown(path), renew(&self.profile_name));
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

/// `the session token expired at 14:05Z`
pub(super) fn expired(at: DateTime<Utc>) -> String {
    format!("the session token expired at {}", at.format("%Y-%m-%d %H:%MZ"))
}

pub(super) fn renew(profile: &str) -> String {
    let profile = clean_prefix(profile, 80);
    format!(
        "oci session authenticate --profile-name {profile}, or while it is valid: oci session refresh --profile {profile}"
    )
}

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
