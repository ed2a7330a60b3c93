//! One collector at a time. The lock is the operating system's, so it ends with its process however that ends; what stands
//! in the file names the owner.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::disk::{Disk, for_us_alone};
use super::ownership;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::clean;
use crate::domain::time_range::rfc3339;

/// Held as long as it lives.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Who has a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub pid: u32,
    pub host: String,
    pub since: DateTime<Utc>,
}

impl Owner {
    /// This process.
    pub fn here(since: DateTime<Utc>) -> Self {
        let named = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let named = named.or_else(|| std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")).ok());
        let host = named.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        Self { pid: std::process::id(), host: host.unwrap_or_else(|| "unknown".to_owned()), since }
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "process {} on {}, since {}", self.pid, clean(&self.host), rfc3339(self.since))
    }
}

impl Lock {
    /// Takes it, or says who has it. Also says whose it was, where its owner did not give it back.
    pub fn take(disk: &Disk, path: &Path, owner: &Owner) -> Result<(Self, Option<Owner>), Problem> {
        let cannot = |error: io::Error| {
            Problem::new(ProblemKind::Io, format!("cannot lock {}: {error}", clean(&path.display().to_string())))
        };
        let hidden = path.parent().unwrap_or(Path::new("."));
        disk.make_directories(hidden).map_err(cannot)?;
        ownership::check(hidden)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = for_us_alone(&mut options).open(path).map_err(cannot)?;
        let locked = file.try_lock();
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(cannot)?;
        let before: Option<Owner> = serde_json::from_str(&text).ok();
        match (locked, before) {
            (Err(TryLockError::WouldBlock), before) => {
                let who = before.map_or_else(|| "another process".to_owned(), |owner| owner.to_string());
                let what = format!("another collector works in {}: {who}", collection(path));
                Err(Problem::new(ProblemKind::Io, what).hint("wait for it to end, or use another directory"))
            }
            (Err(TryLockError::Error(error)), _) => Err(cannot(error)),
            (Ok(()), Some(other)) if other.host != owner.host => {
                let what = format!("{} is locked from another host: {other}", collection(path));
                let hint = format!("if that collector does not run any more, remove {}", path.display());
                Err(Problem::new(ProblemKind::Io, what).hint(hint))
            }
            (Ok(()), before) => {
                let lock = Self { file };
                lock.write(owner).map_err(cannot)?;
                Ok((lock, before))
            }
        }
    }

    fn write(&self, owner: &Owner) -> io::Result<()> {
        self.file.set_len(0)?;
        let mut file = &self.file;
        io::Seek::rewind(&mut file)?;
        file.write_all(&serde_json::to_vec(owner)?)?;
        self.file.sync_all()
    }
}

impl Drop for Lock {
    /// Nobody's any more. If that cannot be written, the next owner says so.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

/// The directory that a lock is for.
fn collection(path: &Path) -> String {
    let directory: PathBuf = path.ancestors().nth(2).map(Path::to_owned).unwrap_or_default();
    clean(&directory.display().to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(host: &str, pid: u32) -> Owner {
        Owner { pid, host: host.into(), since: DateTime::UNIX_EPOCH }
    }

    #[test]
    fn the_second_is_told_who_is_the_first() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hidden/lock");
        let disk = Disk::default();
        let (first, before) = Lock::take(&disk, &path, &owner("here", 7)).unwrap();
        assert_eq!(before, None);
        let refused = Lock::take(&disk, &path, &owner("here", 8)).unwrap_err();
        assert!(refused.what.ends_with("process 7 on here, since 1970-01-01T00:00:00Z"), "{refused}");
        drop(first);
        assert_eq!(Lock::take(&disk, &path, &owner("here", 8)).unwrap().1, None);
    }

    #[test]
    fn what_a_dead_process_left_is_taken_over_but_not_from_another_host() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hidden/lock");
        Disk::default().make_directories(&directory.path().join("hidden")).unwrap();
        std::fs::write(&path, serde_json::to_vec(&owner("here", 7)).unwrap()).unwrap();
        let refused = Lock::take(&Disk::default(), &path, &owner("there", 8)).unwrap_err();
        assert!(refused.what.contains("process 7 on here") && refused.hint.contains("remove"), "{refused}");
        let (_lock, before) = Lock::take(&Disk::default(), &path, &owner("here", 8)).unwrap();
        assert_eq!(before, Some(owner("here", 7)));
    }
}
