//! `custody.log`: a line of JSON for everything that was done with a bag. Each has the digest of the one before, so that a
//! line that is changed or taken away shows.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{CUSTODY, plain};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub time: DateTime<Utc>,
    pub who: String,
    pub host: String,
    pub what: String,
    /// SHA-256 of `tagmanifest-sha256.txt` before and after; `None` where there was none.
    pub hash_before: Option<String>,
    pub hash_after: Option<String>,
    /// SHA-256 of the line before this one; `None` in the first.
    #[serde(default)]
    pub previous: Option<String>,
    /// SHA-256 of this line with nothing in this place, so that a last line that was changed shows as well.
    #[serde(default)]
    pub digest: String,
}

impl Entry {
    /// As a line, without its end.
    fn to_line(&self) -> io::Result<Vec<u8>> {
        let open = Self { digest: String::new(), ..self.clone() };
        let digest = digest(&serde_json::to_vec(&open)?);
        Ok(serde_json::to_vec(&Self { digest, ..open })?)
    }
}

/// Adds a line; the digest of the one before is put in here.
pub fn append(bag: &Path, mut entry: Entry) -> io::Result<()> {
    let before = match plain::read(bag, CUSTODY, plain::LARGEST) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    entry.previous = lines(&before).last().map(digest);
    let mut line = entry.to_line()?;
    line.push(b'\n');
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = plain::no_link(&mut options).open(bag.join(CUSTODY))?;
    file.write_all(&line)?;
    file.sync_all()
}

/// What is wrong with a log of a bag whose tag manifest has this digest.
pub fn fault(log: &[u8], tags: &str) -> Option<String> {
    let mut previous = None;
    let mut last = None;
    for (number, line) in (1..).zip(lines(log)) {
        let Ok(entry) = serde_json::from_slice::<Entry>(line) else {
            return Some(format!("line {number} of {CUSTODY} is no entry"));
        };
        if entry.to_line().ok().as_deref() != Some(line) {
            return Some(format!("line {number} of {CUSTODY} is not as it was written"));
        }
        if entry.previous != previous {
            return Some(format!("line {number} of {CUSTODY} does not follow the line before it"));
        }
        previous = Some(digest(line));
        last = Some(entry);
    }
    match last {
        None => Some(format!("{CUSTODY} has no entry")),
        Some(Entry { hash_after: Some(after), .. }) if after == tags => None,
        Some(_) => Some(format!("the last line of {CUSTODY} tells of another tagmanifest-sha256.txt")),
    }
}

fn lines(log: &[u8]) -> impl Iterator<Item = &[u8]> {
    log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

fn digest(line: &[u8]) -> String {
    format!("{:x}", Sha256::digest(line))
}
