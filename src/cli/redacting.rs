//! What `--redact` asks for, and the key of the case.

use std::fs::File;
use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretSlice, SecretString};

use super::args::DeliveryArgs;
use super::talk::Talk;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::clean;
use crate::export::{Pseudonyms, Redaction, SHORTEST_KEY};

/// A larger file is no key.
const LARGEST: u64 = 64 << 10;

/// How events are redacted, if they are. Asks for the key, if one is needed and somebody is there.
pub fn redaction(args: &DeliveryArgs, no_input: bool, talk: &Talk) -> Result<Option<Redaction>, Problem> {
    if !args.redact {
        return Ok(None);
    }
    if !args.pseudonyms {
        return Ok(Some(Redaction::new(None)));
    }
    let key: SecretSlice<u8> = match &args.case_key {
        Some(path) => read(path, talk)?,
        None => asked(no_input)?,
    };
    let pseudonyms = Pseudonyms::new(without_line_break(key.expose_secret())).ok_or_else(|| {
        Problem::usage(format!("the key of the case is too short: it needs at least {SHORTEST_KEY} bytes"))
            .hint("`openssl rand -hex 32 > case.key` makes one")
    })?;
    Ok(Some(Redaction::new(Some(pseudonyms))))
}

fn asked(no_input: bool) -> Result<SecretSlice<u8>, Problem> {
    if no_input || !std::io::stdin().is_terminal() {
        return Err(Problem::usage("--pseudonyms needs a key, and nobody can be asked for one")
            .hint("name a file that holds it with --case-key"));
    }
    let key = rpassword::prompt_password("Key of the case: ").map(SecretString::from).map_err(|error| {
        Problem::new(ProblemKind::Io, format!("the key of the case could not be asked for: {error}"))
    })?;
    Ok(key.expose_secret().as_bytes().to_vec().into())
}

fn read(path: &Path, talk: &Talk) -> Result<SecretSlice<u8>, Problem> {
    let shown = clean(&path.display().to_string()).into_owned();
    let cannot = |why: &dyn std::fmt::Display| Problem::usage(format!("--case-key {shown}: {why}"));
    let found = path.metadata().map_err(|error| cannot(&error))?;
    if !found.is_file() || found.len() > LARGEST {
        return Err(cannot(&"it is no plain file of at most 64 KiB"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 != 0 {
        talk.warning(&format!("others may read the key of the case; `chmod 600 {shown}` keeps it"));
    }
    let mut key = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut key));
    opened.map_err(|error| cannot(&error))?;
    Ok(key.into())
}

fn without_line_break(key: &[u8]) -> &[u8] {
    let key = key.strip_suffix(b"\n").unwrap_or(key);
    key.strip_suffix(b"\r").unwrap_or(key)
}
