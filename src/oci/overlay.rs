//! The values of a profile: the section of the file, `[DEFAULT]` below it, the environment and the options above it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr as _;

use secrecy::SecretString;

use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::domain::text::clean_prefix;

use super::config::{AuthKind, ConfigProblem, Fault, ProfileOptions, Settings, Values, profiles_of, shown};
use super::files;
use super::ini::{self, Document};
use super::regions::Regions;
use super::sign_in::{instance, resource, workload};

/// Lays file, environment and options over each other.
pub(super) struct Overlay<'a> {
    pub options: &'a ProfileOptions,
    pub profile: String,
    pub path: Option<PathBuf>,
    pub document: Option<Document>,
    pub origins: BTreeMap<&'static str, String>,
    pub problems: Vec<ConfigProblem>,
    pub warnings: Vec<String>,
}

impl<'a> Overlay<'a> {
    /// Where the place signs. Options about a file would be about nothing, which is said.
    pub fn without_file(options: &'a ProfileOptions, profile: String) -> Self {
        let given = [("--profile", options.profile.is_some()), ("--config-file", options.config_file.is_some())];
        let given = given.into_iter().filter(|(_, given)| *given);
        let warnings = given.map(|(name, _)| format!("{profile} needs no configuration, so {name} is not looked at"));
        let warnings = warnings.collect();
        Self { options, profile, path: None, document: None, origins: BTreeMap::new(), problems: Vec::new(), warnings }
    }
}

impl Overlay<'_> {
    pub fn settings(mut self) -> Settings {
        let mut regions = Regions::load(&self.options.env);
        let note = self.missing_default();
        let auth = self.auth();
        let by_key = matches!(auth, AuthKind::ApiKey | AuthKind::SecurityToken);
        let mut values = Values {
            tenancy: None,
            user: None,
            fingerprint: None,
            region: None,
            key_file: None,
            security_token_file: None,
            delegation_token_file: None,
            auth,
        };
        if !auth.is_by_place() {
            values.tenancy = self.checked("tenancy", "OCI_CLI_TENANCY", false, is_ocid, "it is no OCID");
        }
        let mut key_content = None;
        let mut passphrase = None;
        if by_key {
            self.user_and_fingerprint(&mut values);
            key_content = self.options.env.get("OCI_CLI_KEY_CONTENT").map(SecretString::from);
            values.region = self.region(&mut regions);
            values.key_file = self.key_file(key_content.is_some());
            values.security_token_file = if auth == AuthKind::SecurityToken { self.token_file() } else { None };
            passphrase = self.passphrase();
        } else {
            values.region = self.region_of_place(auth, &mut regions);
        }
        if auth == AuthKind::InstanceOboUser {
            let hint = "Cloud Shell has one in /etc/oci/delegation_token";
            values.delegation_token_file = self.path_of("delegation_token_file", "OCI_CLI_DELEGATION_TOKEN_FILE", hint);
        }
        if auth == AuthKind::ResourcePrincipal {
            self.problems.extend(resource::problems(&self.options.env));
        }
        if auth == AuthKind::OkeWorkloadIdentity {
            self.problems.extend(workload::problems(&self.options.env));
        }
        let federates = matches!(auth, AuthKind::InstancePrincipal | AuthKind::InstanceOboUser);
        if federates && self.options.env.get(instance::FEDERATION).is_some() {
            self.origins.insert("federation_endpoint", format!("environment {}", instance::FEDERATION));
        }
        self.check_odd_keys();
        self.check_types(&values, &regions);
        // That of Cloud Shell is Oracle's, and nothing in it is secret.
        let config = self.path.clone().filter(|_| by_key);
        self.check_modes([&config, &values.key_file, &values.security_token_file]);
        Settings {
            profile_name: self.profile,
            config_file: self.path,
            values,
            origins: self.origins,
            problems: self.problems,
            warnings: self.warnings,
            note,
            passphrase,
            key_content,
            regions,
            env: self.options.env.clone(),
        }
    }

    fn user_and_fingerprint(&mut self, values: &mut Values) {
        let optional = values.auth == AuthKind::SecurityToken;
        values.user = self.checked("user", "OCI_CLI_USER", optional, is_ocid, "it is no OCID");
        values.fingerprint = self.checked(
            "fingerprint",
            "OCI_CLI_FINGERPRINT",
            optional,
            is_fingerprint,
            "it is not 16 pairs of lower-case hexadecimal digits with colons between them",
        );
    }

    /// Of an instance the metadata service tells it, unless the profile does; of a resource and a pod a variable.
    fn region_of_place(&mut self, auth: AuthKind, regions: &mut Regions) -> Option<String> {
        let by_hand = self.options.region.is_some() || self.options.env.get("OCI_CLI_REGION").is_some();
        if by_hand || self.file_key("region").is_some() {
            return self.region(regions);
        }
        if !matches!(auth, AuthKind::ResourcePrincipal | AuthKind::OkeWorkloadIdentity) {
            self.origins.insert("region", "told by the metadata service".to_owned());
            return None;
        }
        let value = self.value("region", resource::REGION);
        if value.is_none() {
            let message = format!("{} is not set", resource::REGION);
            self.problems.push(ConfigProblem::usage("region", Fault::Missing, message));
            return None;
        }
        self.resolved(value, regions)
    }

    /// The value of a key, and where it came from. A value that runs over several lines is cut after the first: what
    /// follows is nearly always another key that was indented by mistake, and it may be a secret.
    fn value(&mut self, key: &'static str, variable: &str) -> Option<String> {
        if let Some(value) = self.options.env.get(variable) {
            self.origins.insert(key, format!("environment {variable}"));
            return Some(value.to_owned());
        }
        let (section, entry) = self.document.as_ref()?.lookup(&self.profile, key)?;
        let place = self.path.as_deref().map(shown).unwrap_or_default();
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
        self.resolved(value, regions)
    }

    fn resolved(&mut self, value: Option<String>, regions: &mut Regions) -> Option<String> {
        let Some(value) = value else {
            self.missing("region");
            return None;
        };
        if let Some(region) = regions.resolve(&value) {
            return Some(region.to_string());
        }
        if !self.has_problem("region") {
            let why = "it is no name of a region (the file format has no comments behind a value)";
            self.malformed("region", &value, why);
        }
        Some(value)
    }

    fn auth(&mut self) -> AuthKind {
        if let Some(auth) = self.options.auth {
            self.origins.insert("auth", self.options.said_by("auth"));
            return auth;
        }
        if let Some(word) = self.options.env.get("OCI_CLI_AUTH") {
            self.origins.insert("auth", "environment OCI_CLI_AUTH".to_owned());
            return word.parse().unwrap_or_else(|_| {
                self.unsupported_auth(word);
                AuthKind::ApiKey
            });
        }
        if let Some(word) = self.file_key("authentication_type") {
            return self.auth_of_profile(&word);
        }
        let by_variable = self.options.env.get("OCI_CLI_SECURITY_TOKEN_FILE").is_some();
        let recognised = by_variable || self.file_key("security_token_file").is_some();
        let origin = if recognised { "recognised by security_token_file" } else { "default" };
        self.origins.insert("auth", origin.to_owned());
        if recognised { AuthKind::SecurityToken } else { AuthKind::ApiKey }
    }

    /// Cloud Shell's profiles say `instance_principal` and name a delegation token.
    fn auth_of_profile(&mut self, word: &str) -> AuthKind {
        self.origins.insert("auth", "authentication_type of the profile".to_owned());
        let delegated = self.options.env.get("OCI_CLI_DELEGATION_TOKEN_FILE").is_some()
            || self.file_key("delegation_token_file").is_some();
        match word.parse() {
            Ok(AuthKind::InstancePrincipal) if delegated => AuthKind::InstanceOboUser,
            Ok(kind) => kind,
            Err(_) => {
                self.unsupported_auth(word);
                AuthKind::ApiKey
            }
        }
    }

    fn unsupported_auth(&mut self, word: &str) {
        let why = AuthKind::from_str(word).err().unwrap_or_default();
        let message = format!("`{}` is not supported: {why}", clean_prefix(word, 80));
        self.problems.push(ConfigProblem::usage("auth", Fault::Unsupported, message));
    }

    /// A key in the environment is used instead of the file, which is named all the same.
    fn key_file(&mut self, has_content: bool) -> Option<PathBuf> {
        if has_content {
            self.origins.insert("key_content", "environment OCI_CLI_KEY_CONTENT".to_owned());
            let value = self.value("key_file", "OCI_CLI_KEY_FILE").filter(|value| !value.is_empty());
            return value.map(|value| self.options.env.expand(&value));
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
            let message = format!("`{key}` is {}: {error}; {hint}", shown(&path));
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

    /// OCIDs that are sound, but of something else, or of another realm: the service would only say 401.
    fn check_types(&mut self, values: &Values, regions: &Regions) {
        for (key, value, kinds) in [
            ("tenancy", &values.tenancy, &["tenancy"][..]),
            ("user", &values.user, &["user", "saml2idp", "federateduser"]),
        ] {
            let Some(text) = value.as_deref().filter(|text| is_ocid(text)) else { continue };
            let kind = text.split('.').nth(1).unwrap_or_default();
            let known = ["tenancy", "user", "compartment", "group", "instance", "key"];
            if known.contains(&kind) && !kinds.contains(&kind) && !self.has_problem(key) {
                self.malformed(key, text, &format!("it is the OCID of a {kind}, not of a {key}"));
            }
        }
        let Some((tenancy, region)) = values.tenancy.as_ref().zip(values.region.as_ref()) else { return };
        let tenancy = Ocid::new(tenancy);
        let of_region = regions.realm(&RegionId::new(region));
        if let (Some(mine), Some(theirs)) = (tenancy.realm(), of_region)
            && mine != theirs
            && regions.has_realm(mine)
            && !self.has_problem("region")
            && !self.has_problem("tenancy")
        {
            let why = format!("it is in realm {theirs}, but the tenancy is in {mine}");
            self.malformed("region", region, &why);
        }
    }

    /// `DEFAULT` is never unknown, but a file without it is seldom meant.
    fn missing_default(&self) -> Option<String> {
        let document = self.document.as_ref().filter(|document| document.section(&self.profile).is_none())?;
        Some(format!("there is no profile `{}`; {}", clean_prefix(&self.profile, 80), profiles_of(document)))
    }

    /// Warns of files that others may read, as the CLI does.
    fn check_modes(&mut self, paths: [&Option<PathBuf>; 3]) {
        if self.options.env.is_on("OCI_CLI_SUPPRESS_FILE_PERMISSIONS_WARNING") {
            return;
        }
        for path in paths.into_iter().flatten() {
            if let Some(mode) = files::loose_mode(path) {
                let path = shown(path);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_the_sdk() {
        for good in ["ocid1.user.oc1..x", "a.b.c.d.e", "ocid1:tenancy:oc1:::x"] {
            assert!(is_ocid(good), "{good}");
        }
        for bad in ["", "ocid1.user.oc1.x", "ocid1.user.oc1..", ".a.b.c.d", "ocid1.user.oc1..x y", "ocid1.us/er.oc1..x"]
        {
            assert!(!is_ocid(bad), "{bad}");
        }
        assert!(is_fingerprint("20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34"));
        for bad in
            ["", "20:3B:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34", "20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a"]
        {
            assert!(!is_fingerprint(bad), "{bad}");
        }
    }
}
