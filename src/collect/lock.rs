//! One collector at a time. The lock is the operating system's, so it ends with its process however that ends; what stands
//! in the file names the owner.
//!
//! A lock that another host has is seen by this one only where both ask the same kernel, as containers of one machine do,
//! or where the file system cannot be that of several machines. Elsewhere, as over NFS, it may be held and look free.

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
    /// Of the kernel, since it began; containers of one machine have the same. Linux only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
}

/// File systems of one machine, by the names that Linux has for them.
const LOCAL: [&str; 11] =
    ["ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "tmpfs", "overlay", "ecryptfs"];

impl Owner {
    /// This process.
    pub fn here(since: DateTime<Utc>) -> Self {
        let named = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let named = named.or_else(|| std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")).ok());
        let host = named.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let host = host.unwrap_or_else(|| "unknown".to_owned());
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        Self { pid: std::process::id(), host, since, boot: boot.map(|id| id.trim().to_owned()) }
    }

    /// Whether the two ask the same kernel for locks.
    fn shares_kernel(&self, other: &Self) -> bool {
        self.boot.is_some() && self.boot == other.boot
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
        Self::take_on(disk, path, owner, is_local)
    }

    /// `is_local`: whether no other machine can hold a lock there.
    fn take_on(
        disk: &Disk,
        path: &Path,
        owner: &Owner,
        is_local: impl Fn(&Path) -> bool,
    ) -> Result<(Self, Option<Owner>), Problem> {
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
            (Ok(()), Some(other)) if other.host != owner.host && !owner.shares_kernel(&other) && !is_local(path) => {
                let what = format!("{} is locked from another host: {other}", collection(path));
                let name = clean(&path.display().to_string()).into_owned();
                let hint = format!(
                    "over a network nobody here can tell whether it still runs: look there; if it does not, remove\n\
                     {name} and run this again (nothing that was collected is lost by that)"
                );
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

/// Whether the file lies on a file system that only this machine has. What is not known is not.
fn is_local(path: &Path) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    path.canonicalize().is_ok_and(|path| file_system(&mounts, &path).is_some_and(|kind| LOCAL.contains(&kind)))
}

/// The kind of file system on which a path lies, by what Linux says of mounts: of the last that is the longest part of it.
fn file_system<'m>(mounts: &'m str, path: &Path) -> Option<&'m str> {
    let of_line = |line: &'m str| {
        let (mount, kind) = line.split_once(" - ")?;
        let point = mount.split(' ').nth(4)?.replace("\\040", " ");
        let kind = kind.split(' ').next()?;
        path.starts_with(&point).then_some((point.len(), kind))
    };
    mounts.lines().filter_map(of_line).max_by_key(|(length, _)| *length).map(|(_, kind)| kind)
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
        Owner { pid, host: host.into(), since: DateTime::UNIX_EPOCH, boot: None }
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
    fn what_a_dead_process_left_is_taken_over_but_not_from_another_host_over_a_network() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hidden/lock");
        Disk::default().make_directories(&directory.path().join("hidden")).unwrap();
        let booted = |host: &str, pid, boot: &str| Owner { boot: Some(boot.into()), ..owner(host, pid) };
        let left = |by: &Owner| std::fs::write(&path, serde_json::to_vec(by).unwrap()).unwrap();
        let take = |by: &Owner, local: bool| Lock::take_on(&Disk::default(), &path, by, |_| local);
        let dead = booted("here", 7, "a");
        for (next, local) in
            [(booted("here", 8, "b"), false), (booted("there", 8, "a"), false), (owner("there", 8), true)]
        {
            left(&dead);
            let (_lock, before) = take(&next, local).unwrap();
            assert_eq!(before, Some(dead.clone()));
        }
        for next in [booted("there", 8, "b"), owner("there", 8)] {
            left(&dead);
            let refused = take(&next, false).unwrap_err();
            assert!(refused.what.contains("process 7 on here") && refused.hint.contains("remove"), "{refused}");
            assert!(path.exists());
        }
        // One without a boot id, as it was written before there were any.
        std::fs::write(&path, r#"{"pid":7,"host":"here","since":"1970-01-01T00:00:00Z"}"#).unwrap();
        assert!(take(&booted("there", 8, "b"), false).is_err());
        assert!(take(&booted("here", 8, "b"), false).is_ok());
    }

    #[test]
    fn the_file_system_of_a_path_is_that_of_its_nearest_mount() {
        let mounts = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
                      40 22 0:40 / /srv/a\\040b rw shared:2 - nfs4 host:/x rw\n\
                      41 22 0:41 / /srv rw - xfs /dev/sdb rw\n";
        for (path, kind) in
            [("/var/x", "ext4"), ("/srv/a b/lock", "nfs4"), ("/srv/audit/lock", "xfs"), ("/srvx", "ext4")]
        {
            assert_eq!(file_system(mounts, Path::new(path)), Some(kind), "{path}");
        }
        assert_eq!(file_system("", Path::new("/x")), None);
    }
}
