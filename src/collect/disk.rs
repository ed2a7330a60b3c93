//! Every change that is made to the disk, one operation at a time, so that a test can let the n-th of them fail, or be the
//! last that happens.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is done to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    MakeDirectory,
    Create,
    Write,
    Sync,
    Rename,
    SyncDirectory,
    Remove,
    Truncate,
}

/// How an operation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Whole,
    /// Of a write, the first half; then it fails.
    Half,
}

/// Is told of each operation before it is done. An error is what the operation ends with.
pub trait Watch: Send + Sync {
    fn before(&self, op: Op, path: &Path) -> io::Result<Step>;
}

/// Changes the disk. Cheap to clone.
#[derive(Clone, Default)]
pub struct Disk {
    watch: Option<Arc<dyn Watch>>,
}

/// A file that is written; each write is an operation.
#[derive(Debug)]
pub struct DiskFile {
    disk: Disk,
    path: PathBuf,
    file: File,
}

impl Disk {
    pub fn watched(watch: Arc<dyn Watch>) -> Self {
        Self { watch: Some(watch) }
    }

    fn before(&self, op: Op, path: &Path) -> io::Result<Step> {
        self.watch.as_ref().map_or(Ok(Step::Whole), |watch| watch.before(op, path))
    }

    /// Makes a directory and those above it that are missing, each to last. Nobody else may look into them.
    pub fn make_directories(&self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(parent) = parent {
            self.make_directories(parent)?;
        }
        self.before(Op::MakeDirectory, path)?;
        match make_directory(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
            made => made?,
        }
        self.sync_directory(parent.unwrap_or(Path::new(".")))
    }

    /// A new file, in the place of what has this name; mode 0600.
    pub fn create(&self, path: &Path) -> io::Result<DiskFile> {
        self.open(path, OpenOptions::new().write(true).create(true).truncate(true))
    }

    /// A file that is written at its end; made where there is none, mode 0600.
    pub fn append(&self, path: &Path) -> io::Result<DiskFile> {
        self.open(path, OpenOptions::new().append(true).create(true))
    }

    fn open(&self, path: &Path, options: &mut OpenOptions) -> io::Result<DiskFile> {
        self.before(Op::Create, path)?;
        for_us_alone(options);
        Ok(DiskFile { disk: self.clone(), path: path.to_owned(), file: options.open(path)? })
    }

    /// Puts a file in its place in one step, for good.
    pub fn place(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.before(Op::Rename, to)?;
        fs::rename(from, to)?;
        self.sync_directory(to.parent().unwrap_or(Path::new(".")))
    }

    /// Makes names last through a power cut. Not every file system knows how.
    #[cfg(unix)]
    pub fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.before(Op::SyncDirectory, path)?;
        match File::open(path)?.sync_all() {
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
            synced => synced,
        }
    }

    #[cfg(not(unix))]
    pub fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.before(Op::SyncDirectory, path).map(drop)
    }

    /// Removes a file; one that is not there is as good.
    pub fn remove(&self, path: &Path) -> io::Result<()> {
        self.before(Op::Remove, path)?;
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// Cuts a file, for good.
    pub fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.before(Op::Truncate, path)?;
        let file = for_us_alone(OpenOptions::new().write(true)).open(path)?;
        file.set_len(length)?;
        file.sync_all()
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").finish_non_exhaustive()
    }
}

impl DiskFile {
    pub fn sync(&self) -> io::Result<()> {
        self.disk.before(Op::Sync, &self.path)?;
        self.file.sync_all()
    }
}

impl Write for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.disk.before(Op::Write, &self.path)? {
            Step::Whole => self.file.write(bytes),
            Step::Half => {
                self.file.write_all(bytes.get(..bytes.len() / 2).unwrap_or_default())?;
                Err(io::Error::other("stopped in the middle of a write"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Mode 0600, and no link in the place of the file: whoever put it there would choose what is written to.
#[cfg(unix)]
pub fn for_us_alone(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
}

#[cfg(not(unix))]
pub fn for_us_alone(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn make_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_directory(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn a_link_in_the_place_of_a_file_is_not_written_through() {
        let directory = tempfile::tempdir().unwrap();
        let (victim, link) = (directory.path().join("victim"), directory.path().join("link"));
        fs::write(&victim, "theirs").unwrap();
        symlink(&victim, &link).unwrap();
        let disk = Disk::default();
        assert!(disk.create(&link).is_err() && disk.append(&link).is_err() && disk.truncate(&link, 0).is_err());
        assert_eq!(fs::read_to_string(&victim).unwrap(), "theirs");
        symlink(directory.path().join("not there yet"), directory.path().join("dangling")).unwrap();
        assert!(disk.create(&directory.path().join("dangling")).is_err());
        assert!(!directory.path().join("not there yet").exists());
        disk.place(&victim, &link).unwrap();
        assert!(!fs::symlink_metadata(&link).unwrap().is_symlink(), "a rename takes the place of the link");
    }

    #[test]
    fn what_is_made_is_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let disk = Disk::default();
        disk.make_directories(&directory.path().join("a/b")).unwrap();
        disk.create(&directory.path().join("a/b/c")).unwrap();
        for (path, expected) in [("a", 0o700), ("a/b", 0o700), ("a/b/c", 0o600)] {
            let mode = fs::metadata(directory.path().join(path)).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, expected, "{path}: {mode:o}");
        }
    }
}
