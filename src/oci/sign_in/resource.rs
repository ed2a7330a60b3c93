//! Resource principals, version 2.2: functions and other resources find their token and key in variables, or in files
//! that variables name. Whoever runs them renews the files.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::Active;
use crate::domain::text::clean_prefix;
use crate::oci::config::{ConfigProblem, Fault};
use crate::oci::env::Env;
use crate::oci::files;
use crate::oci::key::PrivateKey;
use crate::oci::signer::Credential;
use crate::oci::token::SessionToken;

pub(in crate::oci) const VERSION: &str = "OCI_RESOURCE_PRINCIPAL_VERSION";
pub(in crate::oci) const REGION: &str = "OCI_RESOURCE_PRINCIPAL_REGION";
const TOKEN: &str = "OCI_RESOURCE_PRINCIPAL_RPST";
const KEY: &str = "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM";
const PASSPHRASE: &str = "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE";

/// A value, or the file that holds it.
#[derive(Clone)]
enum Place {
    Value(SecretString),
    File(PathBuf),
}

impl Place {
    /// A value that is an absolute path names a file.
    fn of(env: &Env, variable: &str) -> Option<Self> {
        let value = env.get(variable)?;
        let path = Path::new(value);
        Some(if path.is_absolute() { Self::File(path.to_path_buf()) } else { Self::Value(value.into()) })
    }

    fn read(&self) -> Result<SecretString, String> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::File(path) => files::read_small(path)
                .map(|text| text.trim().into())
                .map_err(|error| format!("{}: {error}", crate::oci::config::shown(path))),
        }
    }
}

#[derive(Clone)]
pub(in crate::oci) struct Resource {
    token: Place,
    key: Place,
    passphrase: Option<Place>,
}

/// What is wrong with the variables; empty where [`Resource::of`] finds them.
pub(in crate::oci) fn problems(env: &Env) -> Vec<ConfigProblem> {
    let version = match env.get(VERSION) {
        Some("2.2") => None,
        Some(other) => {
            let message =
                format!("{VERSION} is `{}`; only 2.2 is supported{}", clean_prefix(other, 40), instead(other));
            Some(ConfigProblem::usage("resource_principal", Fault::Unsupported, message))
        }
        None => {
            let message = format!("{VERSION} is not set: this runs in no function or other resource with a principal");
            Some(ConfigProblem::usage("resource_principal", Fault::Missing, message))
        }
    };
    if version.is_some() {
        return version.into_iter().collect();
    }
    let missing = [TOKEN, KEY].into_iter().filter(|variable| env.get(variable).is_none());
    missing
        .map(|variable| ConfigProblem::usage("resource_principal", Fault::Missing, format!("{variable} is not set")))
        .collect()
}

/// What else there is for whoever has another version.
fn instead(version: &str) -> &'static str {
    match version {
        "1.1" => ", but where the resource is an instance, --auth instance_principal works without it",
        "2.1" | "2.1.1" | "2.1.2" | "3.0" => {
            ", which needs no further service; --auth api_key or security_token works everywhere"
        }
        _ => "",
    }
}

impl Resource {
    pub fn of(env: &Env) -> Option<Self> {
        let key = Place::of(env, KEY)?;
        // A phrase may look like a path; it is one only where the key is.
        let passphrase = match key {
            Place::File(_) => Place::of(env, PASSPHRASE),
            Place::Value(_) => env.get(PASSPHRASE).map(|phrase| Place::Value(phrase.into())),
        };
        Some(Self { token: Place::of(env, TOKEN)?, key, passphrase })
    }

    pub fn read(&self) -> Result<(PrivateKey, SessionToken), ConfigProblem> {
        let refuse = |fault, variable: &str, why: String| {
            Err(ConfigProblem::credential("resource_principal", fault, format!("{variable}: {why}")))
        };
        let token = match self.token.read() {
            Ok(text) => text,
            Err(why) => return refuse(Fault::Unreadable, TOKEN, why),
        };
        let Ok(token) = SessionToken::parse(token.expose_secret()) else {
            return refuse(Fault::Malformed, TOKEN, "it is no token".to_owned());
        };
        let key = match self.key.read() {
            Ok(text) => text,
            Err(why) => return refuse(Fault::Unreadable, KEY, why),
        };
        let passphrase = match self.passphrase.as_ref().map(Place::read).transpose() {
            Ok(phrase) => phrase,
            Err(why) => return refuse(Fault::Unreadable, PASSPHRASE, why),
        };
        match PrivateKey::from_pem(key.expose_secret(), passphrase.as_ref()) {
            Ok(key) => Ok((key, token)),
            Err(error) => refuse(Fault::Malformed, KEY, error.to_string()),
        }
    }

    /// What is there now, where that is another credential than `before`.
    pub fn read_again(&self, before: &Credential) -> Option<Active> {
        let (key, token) = self.read().ok()?;
        let credential = Credential::session(&token.text, key);
        (credential != *before).then(|| Active::of(credential, &token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_are_not_supported_are_named_with_what_is() {
        let told = |version: &str| {
            let mut told = problems(&[(VERSION, version)].into_iter().collect());
            assert_eq!(told.len(), 1, "{version}");
            told.remove(0).message
        };
        for version in ["1.1", "2.1", "2.1.1", "2.1.2", "3.0"] {
            let message = told(version);
            let named = format!("{VERSION} is `{version}`; only 2.2 is supported, ");
            assert!(message.starts_with(&named) && message.contains("--auth"), "{message}");
        }
        assert!(told("4\u{1b}").ends_with("is `4\\x1b`; only 2.2 is supported"), "{}", told("4\u{1b}"));
        let missing = problems(&[(VERSION, "2.2")].into_iter().collect());
        assert_eq!(
            missing.iter().map(|p| p.message.as_str()).collect::<Vec<_>>(),
            ["OCI_RESOURCE_PRINCIPAL_RPST is not set", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM is not set"]
        );
    }
}
