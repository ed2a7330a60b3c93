//! Which profile is meant, and what it says: the config file, the environment and the options laid over each other.
//!
//! The file is `--config-file`, else `OCI_CLI_CONFIG_FILE`, else `~/.oci/config`, else `OCI_CONFIG_FILE`, else
//! `~/.oraclebmc/config`: the order of the OCI CLI and of the SDKs together. A file that was named must exist. The
//! profile is `--profile`, else `OCI_CLI_PROFILE`, else `OCI_CONFIG_PROFILE`, else `default_profile` of
//! `~/.oci/oci_cli_rc`, else `DEFAULT`. The CLI's variables `OCI_CLI_USER` and so on replace what the file says; when they
//! say everything, no file is read; nor where `--auth` or `OCI_CLI_AUTH` says that the place where this runs signs.
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
use super::overlay::Overlay;
use super::regions::Regions;

/// How requests are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthKind {
    /// The key of a user.
    ApiKey,
    /// A session of `oci session authenticate`.
    SecurityToken,
    /// The compute instance that this runs on.
    InstancePrincipal,
    /// The function, or another resource, that this runs in.
    ResourcePrincipal,
    /// Cloud Shell: an instance on behalf of a user.
    InstanceOboUser,
    /// The pod that this runs in, in a cluster of Oracle's Kubernetes Engine.
    OkeWorkloadIdentity,
}

impl AuthKind {
    const ALL: [Self; 6] = [
        Self::ApiKey,
        Self::SecurityToken,
        Self::InstancePrincipal,
        Self::ResourcePrincipal,
        Self::InstanceOboUser,
        Self::OkeWorkloadIdentity,
    ];

    /// The word of `--auth`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::SecurityToken => "security_token",
            Self::InstancePrincipal => "instance_principal",
            Self::ResourcePrincipal => "resource_principal",
            Self::InstanceOboUser => "instance_obo_user",
            Self::OkeWorkloadIdentity => "oke_workload_identity",
        }
    }

    /// Whether everything comes from where the program runs, and no file is needed.
    pub fn is_by_place(self) -> bool {
        matches!(self, Self::InstancePrincipal | Self::ResourcePrincipal | Self::OkeWorkloadIdentity)
    }

    /// Whether there is nothing before somebody was asked for a token.
    pub fn asks_first(self) -> bool {
        matches!(self, Self::InstancePrincipal | Self::InstanceOboUser | Self::OkeWorkloadIdentity)
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
        let kind = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        kind.ok_or_else(|| format!("expected one of {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// What the command line and the environment say about the profile.
#[derive(Clone, Debug, Default)]
pub struct ProfileOptions {
    pub config_file: Option<PathBuf>,
    pub profile: Option<String>,
    pub auth: Option<AuthKind>,
    /// Who says so, by the name of the option, where it is not the option itself.
    pub said_by: BTreeMap<&'static str, String>,
    /// Instead of the profile's region.
    pub region: Option<String>,
    pub env: Env,
}

impl ProfileOptions {
    pub(super) fn said_by(&self, option: &str) -> String {
        self.said_by.get(option).cloned().unwrap_or_else(|| format!("option --{option}"))
    }
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
    /// What may explain the problems.
    pub note: Option<String>,
    pub(super) passphrase: Option<SecretString>,
    pub(super) key_content: Option<SecretString>,
    pub(super) regions: Regions,
    pub(super) env: Env,
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
    /// With `~` expanded.
    pub delegation_token_file: Option<PathBuf>,
    pub auth: AuthKind,
}

impl Settings {
    /// The files that the profile names, with their modes; without those that are not there.
    pub fn file_modes(&self) -> Vec<(&Path, u32)> {
        let Values { key_file, security_token_file, delegation_token_file, .. } = &self.values;
        let files = [&self.config_file, key_file, security_token_file, delegation_token_file];
        files.into_iter().flatten().filter_map(|path| Some((path.as_path(), files::mode(path)?))).collect()
    }
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
    if let Some(auth) = auth_of_place(options) {
        return Ok(Overlay::without_file(options, auth.to_string()).settings());
    }
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
    let overlay = Overlay { options, profile, path, document, origins, problems: Vec::new(), warnings: Vec::new() };
    Ok(overlay.settings())
}

/// The way to sign that needs no file, where it is asked for.
fn auth_of_place(options: &ProfileOptions) -> Option<AuthKind> {
    let asked = options.auth.or_else(|| options.env.get("OCI_CLI_AUTH")?.parse().ok());
    asked.filter(|auth| auth.is_by_place())
}

fn profile_name(options: &ProfileOptions) -> (String, String) {
    if let Some(name) = &options.profile {
        return (name.clone(), options.said_by("profile"));
    }
    for variable in ["OCI_CLI_PROFILE", "OCI_CONFIG_PROFILE"] {
        if let Some(name) = options.env.get(variable) {
            return (name.to_owned(), format!("environment {variable}"));
        }
    }
    match rc_setting(&options.env, "default_profile") {
        Some((name, rc)) => (name, format!("default_profile in {}", shown(&rc))),
        None => (ini::DEFAULT.to_owned(), "default".to_owned()),
    }
}

/// A setting of the OCI CLI itself, and the file it stands in.
pub(super) fn rc_setting(env: &Env, key: &str) -> Option<(String, PathBuf)> {
    let rc = env.expand(env.get("OCI_CLI_RC_FILE").unwrap_or("~/.oci/oci_cli_rc"));
    let document = Document::parse(&files::read_config(&rc).ok()?).ok()?;
    let (_, entry) = document.lookup("OCI_CLI_SETTINGS", key)?;
    Some((entry.value.clone(), rc)).filter(|(value, _)| !value.is_empty())
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
        (path, options.said_by("config-file"))
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
            let message = format!("the config file {} ({origin}) cannot be used: {error}", shown(&path));
            let problem = ConfigProblem::usage("config_file", Fault::Missing, message);
            Err(Unresolved { profile_name: profile.to_owned(), config_file: Some(path), problem, hint: first_steps() })
        }
    }
}

fn no_file(env: &Env, profile: &str) -> Unresolved {
    let places = ["~/.oci/config", "~/.oraclebmc/config"].map(|path| shown(&env.expand(path)));
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
    "make one with: oci setup config\nor name one with --config-file, or look around without one: auditui --demo\nwithout \
     a key, in a browser: oci session authenticate, then auditui --auth security_token --profile NAME"
        .to_owned()
}

fn read(path: &Path, profile: &str) -> Result<Document, Unresolved> {
    let fail = |key, fault, message: String, hint: String| Unresolved {
        profile_name: profile.to_owned(),
        config_file: Some(path.to_path_buf()),
        problem: ConfigProblem::usage(key, fault, message),
        hint,
    };
    let shown = shown(path);
    let text = files::read_config(path).map_err(|error| {
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

pub(super) fn profiles_of(document: &Document) -> String {
    let names: Vec<_> = document.names().map(|name| clean_prefix(name, 80).into_owned()).collect();
    if names.is_empty() {
        "the file holds no profile".to_owned()
    } else {
        format!("profiles there: {}; choose one with --profile", names.join(", "))
    }
}

/// A path as harmless text.
pub(super) fn shown(path: &Path) -> String {
    clean_prefix(&path.display().to_string(), 400).into_owned()
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
