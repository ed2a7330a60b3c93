//! Where the coverage of an export goes, and that no other export's is lost to it.

mod compared;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

pub use super::output::directory_of;
use super::output::{cannot_write, new_file_beside, sync_directory};
use crate::domain::problem::{Problem, ProblemKind};
use crate::export::CoverageDocument;

pub use compared::{Compared, is_as_written};

/// The usual name.
pub const NAME: &str = "coverage.json";
/// Bytes beyond which a file is taken for none of ours. A slice is about 400 of them, so that 300,000 have room.
const LARGEST: u64 = 128 << 20;

/// Where the coverage document of a run is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    Nowhere,
    /// Just there, unless that has become the export.
    At {
        path: PathBuf,
        export: Option<PathBuf>,
    },
    /// Beside the export of this name.
    Beside(PathBuf),
}

impl Proof {
    /// `named`: what `--coverage` says; `export`: the plain file that events go to, if they do. Wrong paths are told
    /// here, before any work is done.
    pub fn choose(named: Option<&Path>, export: Option<&Path>) -> Result<Self, Problem> {
        match (named, export) {
            (Some(named), _) if named == Path::new("-") => {
                Err(Problem::usage("--coverage needs a file: standard output is for events"))
            }
            (Some(named), Some(export)) if would_be_same_file(named, export) => {
                Err(Problem::usage("--coverage and --output-file name the same file"))
            }
            (Some(named), _) if named.is_dir() => {
                Err(Problem::usage(format!("--coverage {} is a directory", named.display())).hint("name a file in it"))
            }
            (Some(named), _) if is_special(named) => {
                let what = format!("--coverage {} is no plain file, and would be replaced by one", named.display());
                Err(Problem::usage(what).hint("name a file"))
            }
            (Some(named), _) => {
                // A link is followed: the file it names is replaced, not the link.
                let path = named.canonicalize().unwrap_or_else(|_| named.to_owned());
                // Nothing is kept of it; it is only tried.
                new_file_beside(&path).map_err(|error| cannot_write(named, &error))?;
                Ok(Self::At { path, export: export.map(Path::to_owned) })
            }
            (None, Some(export)) if export.file_name() == Some(OsStr::new(NAME)) => {
                Err(Problem::usage(format!("{NAME} is the name of what is written beside the events"))
                    .hint("give the events another name, or say with --coverage where the coverage is to go"))
            }
            (None, Some(export)) => Ok(Self::Beside(export.to_owned())),
            (None, None) => Ok(Self::Nowhere),
        }
    }

    /// In a directory that is being made, and that nobody else knows.
    pub fn within(directory: &Path) -> Self {
        Self::At { path: directory.join(NAME), export: None }
    }

    /// Writes the document; gives back its place where that is not the usual one.
    pub fn write(&self, document: &CoverageDocument) -> Result<Option<PathBuf>, Problem> {
        let text = document.to_json().map_err(|error| {
            Problem::new(ProblemKind::Io, format!("the coverage cannot be written as JSON: {error}"))
        })?;
        match self {
            Self::Nowhere => Ok(None),
            // Names that were two when it was chosen may be one by now.
            Self::At { path, export: Some(export) } if is_same_file(path, export) => {
                let what = format!("the coverage was not written: {} is the export", path.display());
                Err(Problem::new(ProblemKind::Io, what))
            }
            Self::At { path, .. } => {
                place(&text, path, Existing::Replaced).map(|()| None).map_err(|error| cannot_write(path, &error))
            }
            Self::Beside(export) => beside(&text, export),
        }
    }
}

/// The places where the coverage of an export may be, the usual one first.
pub fn candidates(export: &Path) -> [PathBuf; 2] {
    let mut own = export.file_name().unwrap_or_default().to_owned();
    own.push(OsString::from(format!(".{NAME}")));
    [directory_of(export).join(NAME), directory_of(export).join(own)]
}

/// The document in a file, or why there is none. Only plain files are opened: a pipe may never say anything.
pub fn read(path: &Path) -> Result<CoverageDocument, Problem> {
    let unreadable = |kind, why: &dyn std::fmt::Display| Problem::new(kind, format!("{}: {why}", path.display()));
    let io = |error: io::Error| unreadable(ProblemKind::Io, &error);
    if is_special(path) {
        return Err(unreadable(ProblemKind::Usage, &"is no plain file"));
    }
    let mut text = Vec::new();
    // Counted while it is read: files grow.
    File::open(path).map_err(io)?.take(LARGEST + 1).read_to_end(&mut text).map_err(io)?;
    if text.len() as u64 > LARGEST {
        return Err(unreadable(ProblemKind::Usage, &"is too large for a coverage document (more than 128 MiB)"));
    }
    CoverageDocument::from_json(&text)
        .map_err(|error| unreadable(ProblemKind::Usage, &format!("is no coverage document: {error}")))
}

/// Whether the document at `path` is of the export of that name.
pub fn tells_of(path: &Path, export: &Path) -> bool {
    let Some(name) = export.file_name().map(|name| name.to_string_lossy().into_owned()) else { return false };
    read(path).is_ok_and(|document| document.export.is_some_and(|export| export.names(&name)))
}

fn beside(text: &[u8], export: &Path) -> Result<Option<PathBuf>, Problem> {
    let candidates = candidates(export);
    for path in &candidates {
        // What is there and tells of this export tells of what it was before.
        let existing = if tells_of(path, export) { Existing::Replaced } else { Existing::Kept };
        match place(text, path, existing) {
            Ok(()) => return Ok((path != &candidates[0]).then(|| path.clone())),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(cannot_write(path, &error)),
        }
    }
    let [usual, own] = candidates.map(|path| path.display().to_string());
    Err(Problem::new(ProblemKind::Io, format!("the coverage was not written: {usual} and {own} are of something else"))
        .hint("say with --coverage where it is to go"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    Replaced,
    Kept,
}

/// Puts a file in its place in one step, all of it on disk.
fn place(text: &[u8], path: &Path, existing: Existing) -> io::Result<()> {
    let mut file = new_file_beside(path)?;
    file.write_all(text)?;
    file.as_file().sync_all()?;
    let placed = match existing {
        Existing::Replaced => file.persist(path),
        Existing::Kept => file.persist_noclobber(path),
    };
    placed.map_err(|error| error.error)?;
    sync_directory(path);
    Ok(())
}

/// Whether something is there that is neither a file nor, after links, leads to one: a device, a pipe, a directory.
fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| !found.is_file())
}

/// Whether two paths lead to one file, by way of links and of `.`, or would if there were one.
pub fn would_be_same_file(named: &Path, export: &Path) -> bool {
    let whole = |path: &Path| {
        path.canonicalize().ok().or_else(|| Some(directory_of(path).canonicalize().ok()?.join(path.file_name()?)))
    };
    named == export || whole(named).is_some_and(|named| Some(named) == whole(export)) || is_same_file(named, export)
}

/// Whether what has this very name, a link being a thing of its own, is the file of the export: names may differ in case
/// where case does not count.
#[cfg(unix)]
fn is_same_file(path: &Path, export: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let inode = |found: io::Result<std::fs::Metadata>| found.map(|found| (found.dev(), found.ino())).ok();
    inode(path.symlink_metadata()).is_some_and(|found| Some(found) == inode(export.metadata()))
}

#[cfg(not(unix))]
fn is_same_file(path: &Path, export: &Path) -> bool {
    path.canonicalize().is_ok_and(|path| Some(path) == export.canonicalize().ok())
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
