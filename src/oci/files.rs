//! Reading small files that the configuration names.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

/// No key and no token is larger.
const SMALL: u64 = 64 << 10;
/// Nor a configuration, even one with a profile for each of a thousand tenancies.
const CONFIG: u64 = 1 << 20;
/// The certificates that a browser trusts are a fifth of a MiB.
const CERTIFICATES: u64 = 8 << 20;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("there is no such file")]
    Missing,
    #[error("it is not a regular file")]
    NotAFile,
    #[error("it is larger than {} KiB", .0 >> 10)]
    TooLarge(u64),
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

/// The text of a key or token. Bytes that are no UTF-8 become U+FFFD.
pub fn read_small(path: &Path) -> Result<String, FileError> {
    read(path, SMALL)
}

/// The text of a file of certificates.
pub fn read_certificates(path: &Path) -> Result<String, FileError> {
    read(path, CERTIFICATES)
}

/// The text of a configuration.
pub fn read_config(path: &Path) -> Result<String, FileError> {
    read(path, CONFIG)
}

fn read(path: &Path, limit: u64) -> Result<String, FileError> {
    check(path)?;
    let mut bytes = Vec::new();
    let file = open(path).map_err(|error| unreadable(&error))?;
    // It may have become something else since.
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err(FileError::NotAFile);
    }
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge(limit));
    }
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Without waiting: a pipe that nobody writes to would be opened for ever.
#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    fs::OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<fs::File> {
    fs::File::open(path)
}

/// Whether there is such a file, without opening it: opening a pipe would wait.
pub fn check(path: &Path) -> Result<(), FileError> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if metadata.is_file() { Ok(()) } else { Err(FileError::NotAFile) }
}

/// The mode of a file that others may read or write, or that may be run; links count themselves. `None` on systems
/// without modes.
pub fn loose_mode(path: &Path) -> Option<u32> {
    mode(path).filter(|mode| mode & 0o177 != 0)
}

#[cfg(unix)]
pub fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(fs::symlink_metadata(path).ok()?.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
pub fn mode(_: &Path) -> Option<u32> {
    None
}

fn unreadable(error: &std::io::Error) -> FileError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FileError::Missing,
        _ => FileError::Unreadable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_small_regular_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        assert_eq!(read_small(&path).unwrap_err(), FileError::Missing);
        assert_eq!(read_small(dir.path()).unwrap_err(), FileError::NotAFile);
        fs::write(&path, vec![b'x'; 1 + (64 << 10)]).unwrap();
        assert_eq!(read_small(&path).unwrap_err(), FileError::TooLarge(SMALL));
        assert!(read_config(&path).is_ok());
        fs::write(&path, b"a\xff").unwrap();
        assert_eq!(read_small(&path).unwrap(), "a\u{fffd}");
    }

    #[cfg(unix)]
    #[test]
    fn pipes_devices_and_endless_files_are_refused_and_nothing_waits() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        for (name, what) in [("null", "/dev/null"), ("zero", "/dev/zero"), ("tree", "/"), ("linked", "pipe")] {
            std::os::unix::fs::symlink(what, path(name)).unwrap();
        }
        for name in ["pipe", "null", "zero", "tree", "linked"] {
            assert_eq!(read_small(&path(name)).unwrap_err(), FileError::NotAFile, "{name}");
        }
        // One that turned up after the look: opening it does not wait for somebody to write.
        assert!(!open(&path("pipe")).unwrap().metadata().unwrap().is_file());
        // Terabytes that take no room.
        fs::File::create(path("huge")).unwrap().set_len(1 << 42).unwrap();
        assert_eq!(read_small(&path("huge")).unwrap_err(), FileError::TooLarge(SMALL));
    }
}
