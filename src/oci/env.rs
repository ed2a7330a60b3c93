//! The environment, read once and handed around as a value, so that tests can have their own.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Environment variables. Cheap to clone; shows names but never values (a pass phrase may be among them).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Env(Arc<HashMap<String, String>>);

impl Env {
    /// The environment of this process. Variables that are no Unicode are left out.
    pub fn from_process() -> Self {
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        std::env::vars_os().filter_map(unicode).collect()
    }

    /// A variable's value; a variable set to nothing counts as not set, as for the OCI CLI.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The user's home directory.
    pub fn home(&self) -> Option<PathBuf> {
        self.get("HOME").or_else(|| self.get("USERPROFILE")).map(PathBuf::from)
    }

    /// `~` and `~/...` with the home directory put in; everything else, `$VAR` included, stays as it is.
    pub fn expand(&self, path: &str) -> PathBuf {
        let rest = match path.strip_prefix('~') {
            Some("") => Some(""),
            Some(rest) => rest.strip_prefix(['/', std::path::MAIN_SEPARATOR]),
            None => None,
        };
        match (rest, self.home()) {
            (Some(""), Some(home)) => home,
            (Some(rest), Some(home)) => home.join(rest),
            _ => Path::new(path).to_path_buf(),
        }
    }

    /// As the CLI reads its switches: `1`, `yes`, `true`, `on` in any case.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| ["1", "yes", "true", "on"].iter().any(|word| value.trim().eq_ignore_ascii_case(word)))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(Arc::new(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect()))
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.0.keys().collect();
        names.sort();
        f.debug_tuple("Env").field(&names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_home_directory_is_expanded() {
        let env: Env = [("HOME", "/home/jo"), ("X", "y")].into_iter().collect();
        assert_eq!(env.expand("~/.oci/config"), Path::new("/home/jo/.oci/config"));
        assert_eq!(env.expand("~"), Path::new("/home/jo"));
        for as_is in ["~root/x", "$X/k", "k~", "/a/~/b", ""] {
            assert_eq!(env.expand(as_is), Path::new(as_is));
        }
        assert_eq!(Env::default().expand("~/x"), Path::new("~/x"));
    }

    #[test]
    fn values_are_not_shown() {
        let env: Env = [("OCI_CLI_PASSPHRASE", "hunter2")].into_iter().collect();
        assert_eq!(format!("{env:?}"), r#"Env(["OCI_CLI_PASSPHRASE"])"#);
    }

    #[test]
    fn set_to_nothing_is_not_set() {
        let env: Env = [("A", ""), ("B", "True")].into_iter().collect();
        assert_eq!(env.get("A"), None);
        assert!(env.is_on("B") && !env.is_on("A") && !env.is_on("C"));
    }
}
