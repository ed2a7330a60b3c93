//! Which profile is meant, and what it says: the config file, the environment and the options laid over each other.
//!
//! The file is `--config-file`, else `OCI_CLI_CONFIG_FILE`, else `~/.oci/config`, else `OCI_CONFIG_FILE`, else
//! `~/.oraclebmc/config`: the order of the OCI CLI and of the SDKs together. A file that was named must exist. The
//! profile is `--profile`, else `OCI_CLI_PROFILE`, else `OCI_CONFIG_PROFILE`, else `default_profile` of
//! `~/.oci/oci_cli_rc`, else `DEFAULT`. The CLI's variables `OCI_CLI_USER` and so on replace what the file says; when they
//! say everything, no file is read.
//!
//! Friendlier than the SDK: a byte order mark is skipped, a session-token profile is recognised by its
//! `security_token_file`, a region with a comment behind it is refused before it becomes a host name, and problems of
//! the file's keys are reported together with those of the values.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::SecretString;
use serde::Serialize;

use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::clean_prefix;

use super::env::Env;
use super::files;
use super::ini::{self, Document};
use super::regions::Regions;

/// How requests are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthKind {
    ApiKey,
    SecurityToken,
}

impl AuthKind {
    /// The word of `--auth`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::SecurityToken => "security_token",
        }
    }
}

impl fmt::Display for AuthKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AuthKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kinds = [Self::ApiKey, Self::SecurityToken];
        let kind = kinds.into_iter().find(|kind| kind.as_str() == text);
        kind.ok_or_else(|| "expected api_key or security_token".to_owned())
    }
}

/// What the command line and the environment say about the profile.
#[derive(Clone, Debug, Default)]
pub struct ProfileOptions {
    pub config_file: Option<PathBuf>,
    pub profile: Option<String>,
    pub auth: Option<AuthKind>,
    /// Instead of the profile's region.
    pub region: Option<String>,
    pub env: Env,
}

/// A profile as far as it could be made out, valid or not.
#[derive(Clone)]
pub struct Settings {
    pub profile_name: String,
    /// `None` when the environment said everything.
    pub config_file: Option<PathBuf>,
    pub values: Values,
    /// Where each value came from: `DEFAULT in /path`, `environment OCI_CLI_REGION`.
    pub origins: BTreeMap<&'static str, String>,
    pub problems: Vec<ConfigProblem>,
    pub warnings: Vec<String>,
    pub(super) passphrase: Option<SecretString>,
    pub(super) key_content: Option<SecretString>,
    pub(super) regions: Regions,
}

/// The values themselves; none of them is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    pub tenancy: Option<String>,
    pub user: Option<String>,
    pub fingerprint: Option<String>,
    /// The id, where a short key stood.
    pub region: Option<String>,
    /// With `~` expanded.
    pub key_file: Option<PathBuf>,
    /// With `~` expanded.
    pub security_token_file: Option<PathBuf>,
    pub auth: AuthKind,
}

/// What is wrong with a key of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    Missing,
    Malformed,
    Unreadable,
    /// The key is not the one that the fingerprint names.
    Mismatch,
    Expired,
    /// A key that must not stand in a file.
    Forbidden,
    /// Valid, but not for this program.
    Unsupported,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigProblem {
    pub key: &'static str,
    pub problem: Fault,
    pub message: String,
    /// Whether the configuration is wrong, or the credential it names.
    #[serde(skip)]
    pub kind: ProblemKind,
}

impl ConfigProblem {
    pub(super) fn usage(key: &'static str, problem: Fault, message: impl Into<String>) -> Self {
        Self { key, problem, message: message.into(), kind: ProblemKind::Usage }
    }

    pub(super) fn credential(key: &'static str, problem: Fault, message: impl Into<String>) -> Self {
        Self { key, problem, message: message.into(), kind: ProblemKind::Authentication }
    }
}

/// There is no profile to speak of: no file, no such section, or a file that cannot be read.
#[derive(Clone, Debug)]
pub struct Unresolved {
    pub profile_name: String,
    pub config_file: Option<PathBuf>,
    pub problem: ConfigProblem,
    pub hint: String,
}

impl From<Unresolved> for Problem {
    fn from(unresolved: Unresolved) -> Self {
        Self::new(unresolved.problem.kind, unresolved.problem.message).hint(unresolved.hint)
    }
}

/// Makes out the profile. Values that are missing or malformed are noted in [`Settings::problems`].
pub fn resolve(options: &ProfileOptions) -> Result<Settings, Problem> {
    try_resolve(options).map_err(Problem::from)
}

/// As [`resolve`], with more about why there is no profile.
pub fn try_resolve(options: &ProfileOptions) -> Result<Settings, Unresolved> {
    let env = &options.env;
    let (profile, profile_origin) = profile_name(options);
    let mut origins = BTreeMap::from([("profile", profile_origin)]);
    let file = if environment_is_enough(env) { None } else { Some(locate(options, &profile)?) };
    let document = match &file {
        Some((path, origin)) => {
            origins.insert("config_file", origin.clone());
            Some(read(path, &profile)?)
        }
        None => None,
    };
    let path = file.map(|(path, _)| path);
    let reader = Reader { options, profile, path, document, origins, problems: Vec::new(), warnings: Vec::new() };
    Ok(reader.settings())
}

fn profile_name(options: &ProfileOptions) -> (String, String) {
    if let Some(name) = &options.profile {
        return (name.clone(), "option --profile".to_owned());
    }
    for variable in ["OCI_CLI_PROFILE", "OCI_CONFIG_PROFILE"] {
        if let Some(name) = options.env.get(variable) {
            return (name.to_owned(), format!("environment {variable}"));
        }
    }
    let rc = options.env.expand(options.env.get("OCI_CLI_RC_FILE").unwrap_or("~/.oci/oci_cli_rc"));
    let text = files::read_small(&rc).unwrap_or_default();
    let named = Document::parse(&text).ok().and_then(|document| {
        let (_, entry) = document.lookup("OCI_CLI_SETTINGS", "default_profile")?;
        Some(entry.value.clone()).filter(|name| !name.is_empty())
    });
    match named {
        Some(name) => (name, format!("default_profile in {}", rc.display())),
        None => (ini::DEFAULT.to_owned(), "default".to_owned()),
    }
}

/// Whether the CLI would read no file.
fn environment_is_enough(env: &Env) -> bool {
    let has = |name: &str| env.get(&format!("OCI_CLI_{name}")).is_some();
    ["USER", "TENANCY", "FINGERPRINT", "REGION"].into_iter().all(has) && (has("KEY_FILE") || has("KEY_CONTENT"))
}

/// The config file and how it was found.
fn locate(options: &ProfileOptions, profile: &str) -> Result<(PathBuf, String), Unresolved> {
    let env = &options.env;
    let named = |variable: &str| Some((env.expand(env.get(variable)?), format!("environment {variable}")));
    let usual = |path: &str| Some((env.expand(path), "default location".to_owned()));
    let there = |(path, origin): (PathBuf, String)| files::check(&path).is_ok().then_some((path, origin));
    let option = options.config_file.as_ref().map(|path| {
        let path = path.to_str().map_or_else(|| path.clone(), |path| env.expand(path));
        (path, "option --config-file".to_owned())
    });
    let found = option
        .or_else(|| named("OCI_CLI_CONFIG_FILE"))
        .or_else(|| usual("~/.oci/config").and_then(there))
        .or_else(|| named("OCI_CONFIG_FILE"))
        .or_else(|| usual("~/.oraclebmc/config").and_then(there));
    let (path, origin) = found.ok_or_else(|| no_file(env, profile))?;
    match files::check(&path) {
        Ok(()) => Ok((path, origin)),
        Err(error) => {
            let message = format!("the config file {} ({origin}) cannot be used: {error}", path.display());
            let problem = ConfigProblem::usage("config_file", Fault::Missing, message);
            Err(Unresolved { profile_name: profile.to_owned(), config_file: Some(path), problem, hint: first_steps() })
        }
    }
}

fn no_file(env: &Env, profile: &str) -> Unresolved {
    let places = ["~/.oci/config", "~/.oraclebmc/config"].map(|path| env.expand(path).display().to_string());
    let message = format!(
        "there is no OCI configuration: looked for {} and {}, and neither OCI_CLI_CONFIG_FILE nor OCI_CONFIG_FILE is set",
        places[0], places[1]
    );
    Unresolved {
        profile_name: profile.to_owned(),
        config_file: None,
        problem: ConfigProblem::usage("config_file", Fault::Missing, message),
        hint: first_steps(),
    }
}

fn first_steps() -> String {
    "make one with: oci setup config\nor name one with --config-file, or look around without one: auditui --demo"
        .to_owned()
}

fn read(path: &Path, profile: &str) -> Result<Document, Unresolved> {
    let fail = |key, fault, message: String, hint: String| Unresolved {
        profile_name: profile.to_owned(),
        config_file: Some(path.to_path_buf()),
        problem: ConfigProblem::usage(key, fault, message),
        hint,
    };
    let shown = path.display();
    let text = files::read_small(path).map_err(|error| {
        fail(
            "config_file",
            Fault::Unreadable,
            format!("the config file {shown} cannot be used: {error}"),
            first_steps(),
        )
    })?;
    let document = Document::parse(&text).map_err(|error| {
        fail("config_file", Fault::Malformed, format!("the config file {shown} cannot be read: {error}"), String::new())
    })?;
    if profile != ini::DEFAULT && document.section(profile).is_none() {
        let message = format!("there is no profile `{}` in {shown}", clean_prefix(profile, 80));
        return Err(fail("profile", Fault::Missing, message, profiles_of(&document)));
    }
    Ok(document)
}

fn profiles_of(document: &Document) -> String {
    let names: Vec<_> = document.names().map(|name| clean_prefix(name, 80).into_owned()).collect();
    if names.is_empty() {
        "the file holds no profile".to_owned()
    } else {
        format!("profiles there: {}; choose one with --profile", names.join(", "))
    }
}

/// Lays file, environment and options over each other.
struct Reader<'a> {
    options: &'a ProfileOptions,
    profile: String,
    path: Option<PathBuf>,
    document: Option<Document>,
    origins: BTreeMap<&'static str, String>,
    problems: Vec<ConfigProblem>,
    warnings: Vec<String>,
}

impl Reader<'_> {
    fn settings(mut self) -> Settings {
        let mut regions = Regions::load(&self.options.env);
        self.note_a_missing_default();
        let auth = self.auth();
        let token_only = auth == AuthKind::SecurityToken;
        let tenancy = self.checked("tenancy", "OCI_CLI_TENANCY", false, is_ocid, "it is no OCID");
        let user = self.checked("user", "OCI_CLI_USER", token_only, is_ocid, "it is no OCID");
        let fingerprint = self.checked(
            "fingerprint",
            "OCI_CLI_FINGERPRINT",
            token_only,
            is_fingerprint,
            "it is not 16 pairs of lower-case hexadecimal digits with colons between them",
        );
        let region = self.region(&mut regions);
        let key_content = self.options.env.get("OCI_CLI_KEY_CONTENT").map(SecretString::from);
        let key_file = self.key_file(key_content.is_some());
        let security_token_file = if token_only { self.token_file() } else { None };
        let passphrase = self.passphrase();
        self.check_odd_keys();
        self.check_modes([&self.path.clone(), &key_file, &security_token_file]);
        Settings {
            profile_name: self.profile,
            config_file: self.path,
            values: Values { tenancy, user, fingerprint, region, key_file, security_token_file, auth },
            origins: self.origins,
            problems: self.problems,
            warnings: self.warnings,
            passphrase,
            key_content,
            regions,
        }
    }

    /// The value of a key, and where it came from. A value that runs over several lines is cut after the first: what
    /// follows is nearly always another key that was indented by mistake, and it may be a secret.
    fn value(&mut self, key: &'static str, variable: &str) -> Option<String> {
        if let Some(value) = self.options.env.get(variable) {
            self.origins.insert(key, format!("environment {variable}"));
            return Some(value.to_owned());
        }
        let (section, entry) = self.document.as_ref()?.lookup(&self.profile, key)?;
        let place = self.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        let origin = match section {
            ini::DEFAULT => format!("DEFAULT in {place}"),
            _ => format!("profile {} in {place}", clean_prefix(section, 80)),
        };
        let (first, rest) = entry.value.split_once('\n').unwrap_or((&entry.value, ""));
        let (value, line) = (first.to_owned(), entry.continued_at.filter(|_| !rest.is_empty()));
        if let Some(line) = line {
            let message = format!(
                "line {line} of {place} is indented deeper than `{key}`, so the file format makes it part of that value; \
                 remove the indentation"
            );
            self.problems.push(ConfigProblem::usage(key, Fault::Malformed, message));
        }
        self.origins.insert(key, origin);
        Some(value)
    }

    fn has_problem(&self, key: &str) -> bool {
        self.problems.iter().any(|problem| problem.key == key)
    }

    fn missing(&mut self, key: &'static str) {
        let message = format!("the profile `{}` has no `{key}`", clean_prefix(&self.profile, 80));
        self.problems.push(ConfigProblem::usage(key, Fault::Missing, message));
    }

    fn malformed(&mut self, key: &'static str, value: &str, why: &str) {
        let value = clean_prefix(value, 120);
        let message =
            if value.is_empty() { format!("`{key}` is empty") } else { format!("`{key}` is `{value}`: {why}") };
        self.problems.push(ConfigProblem::usage(key, Fault::Malformed, message));
    }

    fn checked(
        &mut self,
        key: &'static str,
        variable: &str,
        optional: bool,
        valid: fn(&str) -> bool,
        why: &str,
    ) -> Option<String> {
        let value = self.value(key, variable);
        match &value {
            None if !optional => self.missing(key),
            Some(text) if !valid(text) && !self.has_problem(key) => self.malformed(key, text, why),
            _ => {}
        }
        value
    }

    /// `OCI_REGION` counts only where the key is absent, as for the SDK.
    fn region(&mut self, regions: &mut Regions) -> Option<String> {
        let value = match &self.options.region {
            Some(region) => {
                self.origins.insert("region", "option --region".to_owned());
                Some(region.clone())
            }
            None => self.value("region", "OCI_CLI_REGION").or_else(|| {
                let region = self.options.env.get("OCI_REGION")?;
                self.origins.insert("region", "environment OCI_REGION".to_owned());
                Some(region.to_owned())
            }),
        };
        let Some(value) = value else {
            self.missing("region");
            return None;
        };
        match regions.resolve(&value) {
            Some(region) => Some(region.to_string()),
            None => {
                if !self.has_problem("region") {
                    let why = "it is no name of a region (the file format has no comments behind a value)";
                    self.malformed("region", &value, why);
                }
                Some(value)
            }
        }
    }

    fn auth(&mut self) -> AuthKind {
        if let Some(auth) = self.options.auth {
            self.origins.insert("auth", "option --auth".to_owned());
            return auth;
        }
        if let Some(word) = self.options.env.get("OCI_CLI_AUTH") {
            self.origins.insert("auth", "environment OCI_CLI_AUTH".to_owned());
            return word.parse().unwrap_or_else(|_| {
                self.unsupported_auth(word);
                AuthKind::ApiKey
            });
        }
        let kind = self.file_key("authentication_type");
        if let Some(word) = kind {
            self.unsupported_auth(&word);
            return AuthKind::ApiKey;
        }
        let by_variable = self.options.env.get("OCI_CLI_SECURITY_TOKEN_FILE").is_some();
        let recognised = by_variable || self.file_key("security_token_file").is_some();
        let origin = if recognised { "recognised by security_token_file" } else { "default" };
        self.origins.insert("auth", origin.to_owned());
        if recognised { AuthKind::SecurityToken } else { AuthKind::ApiKey }
    }

    fn unsupported_auth(&mut self, word: &str) {
        let message = format!("`{}` is not supported: use api_key or security_token", clean_prefix(word, 80));
        self.problems.push(ConfigProblem::usage("auth", Fault::Unsupported, message));
    }

    fn key_file(&mut self, has_content: bool) -> Option<PathBuf> {
        if has_content {
            self.origins.insert("key_content", "environment OCI_CLI_KEY_CONTENT".to_owned());
            self.origins.remove("key_file");
            return None;
        }
        self.path_of("key_file", "OCI_CLI_KEY_FILE", "oci setup config makes one")
    }

    fn token_file(&mut self) -> Option<PathBuf> {
        let hint = format!("oci session authenticate --profile-name {} makes one", clean_prefix(&self.profile, 80));
        self.path_of("security_token_file", "OCI_CLI_SECURITY_TOKEN_FILE", &hint)
    }

    fn path_of(&mut self, key: &'static str, variable: &str, hint: &str) -> Option<PathBuf> {
        let Some(value) = self.value(key, variable).filter(|value| !value.is_empty()) else {
            self.missing(key);
            return None;
        };
        let path = self.options.env.expand(&value);
        if let Err(error) = files::check(&path)
            && !self.has_problem(key)
        {
            let fault = if error == files::FileError::Missing { Fault::Missing } else { Fault::Unreadable };
            let shown = path.display().to_string();
            let message = format!("`{key}` is {}: {error}; {hint}", clean_prefix(&shown, 300));
            self.problems.push(ConfigProblem::usage(key, fault, message));
        }
        Some(path)
    }

    fn passphrase(&mut self) -> Option<SecretString> {
        if let Some(value) = self.options.env.get("OCI_CLI_PASSPHRASE") {
            self.origins.insert("pass_phrase", "environment OCI_CLI_PASSPHRASE".to_owned());
            return Some(value.into());
        }
        self.value("pass_phrase", "OCI_CLI_PASSPHRASE").filter(|value| !value.is_empty()).map(SecretString::from)
    }

    fn file_key(&self, key: &str) -> Option<String> {
        let (_, entry) = self.document.as_ref()?.lookup(&self.profile, key)?;
        Some(entry.value.lines().next().unwrap_or_default().to_owned())
    }

    /// Keys that the SDK refuses although it does not need them.
    fn check_odd_keys(&mut self) {
        if self.file_key("key_content").is_some() {
            let message = "`key_content` must not stand in a file; use key_file, or OCI_CLI_KEY_CONTENT";
            self.problems.push(ConfigProblem::usage("key_content", Fault::Forbidden, message));
        }
        let switch = ["1", "yes", "true", "on", "0", "no", "false", "off"];
        if let Some(value) = self.file_key("log_requests")
            && !switch.contains(&value.to_lowercase().as_str())
        {
            self.malformed("log_requests", &value, "it is neither true nor false");
        }
    }

    fn note_a_missing_default(&mut self) {
        if let Some(document) = &self.document
            && document.section(&self.profile).is_none()
        {
            self.warnings.push(format!("there is no profile `{}`; {}", self.profile, profiles_of(document)));
        }
    }

    /// Warns of files that others may read, as the CLI does.
    fn check_modes(&mut self, paths: [&Option<PathBuf>; 3]) {
        if self.options.env.is_on("OCI_CLI_SUPPRESS_FILE_PERMISSIONS_WARNING") {
            return;
        }
        for path in paths.into_iter().flatten() {
            if let Some(mode) = files::loose_mode(path) {
                let path = path.display();
                self.warnings.push(format!("{path} has mode {mode:04o}, so others may get at it; chmod 600 {path}"));
            }
        }
    }
}

/// `^([0-9a-zA-Z-_]+[.:])([0-9a-zA-Z-_]*[.:]){3,}([0-9a-zA-Z-_]+)$`, the SDK's pattern for tenancies and users.
fn is_ocid(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['.', ':']).collect();
    let word = |part: &&str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let ends = [parts.first(), parts.last()];
    parts.len() >= 5 && parts.iter().all(word) && ends.into_iter().flatten().all(|part| !part.is_empty())
}

/// `^([0-9a-f]{2}:){15}[0-9a-f]{2}$`
fn is_fingerprint(text: &str) -> bool {
    let pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    text.split(':').count() == 16 && text.split(':').all(pair)
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("profile_name", &self.profile_name)
            .field("config_file", &self.config_file)
            .field("values", &self.values)
            .field("problems", &self.problems)
            .field("secrets", &"[redacted]")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
