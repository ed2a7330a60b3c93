//! A directory that appears only when it is whole: made beside its place, mode 0700, and renamed to it in the end.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::output::{cannot_write, directory_of, sync_directory};
use crate::domain::problem::{Problem, ProblemKind};

/// What is made there, and gone unless it is put in its place.
pub struct Staged {
    directory: TempDir,
    place: PathBuf,
}

impl Staged {
    /// `option`: what names the place, for errors. It must be free, or an empty directory: what is in it already might
    /// later pass for a part of this.
    pub fn beside(place: &Path, option: &str) -> Result<Self, Problem> {
        // A link is followed: the directory it names is filled, the link stays.
        let place = place.canonicalize().unwrap_or_else(|_| place.to_owned());
        if place.file_name().is_none() {
            return Err(Problem::usage(format!("{option} {} is no name for a new directory", place.display())));
        }
        if !is_free(&place) {
            let what = format!("{option} {} is there already and is not an empty directory", place.display());
            return Err(
                Problem::usage(what).hint("name one that is new: what is in it would be mixed with what is written")
            );
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".auditui-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let directory = builder.tempdir_in(directory_of(&place)).map_err(|error| cannot_write(&place, &error))?;
        Ok(Self { directory, place })
    }

    /// Where it is made.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Puts it in its place in one step.
    pub fn put(self) -> Result<(), Problem> {
        let Self { directory, place } = self;
        if !is_free(&place) {
            let what = format!("cannot write {}: something is there by now", place.display());
            return Err(Problem::new(ProblemKind::Io, what));
        }
        put(directory, &place).map_err(|error| cannot_write(&place, &error))
    }
}

fn put(directory: TempDir, place: &Path) -> io::Result<()> {
    sync_directory(&directory.path().join("any"));
    if place.is_dir() {
        // Fails where something has come into it.
        std::fs::remove_dir(place)?;
    }
    std::fs::rename(directory.path(), place)?;
    // Nothing is left to be taken away.
    let _ = directory.keep();
    sync_directory(place);
    Ok(())
}

fn is_free(place: &Path) -> bool {
    match std::fs::read_dir(place) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => place.symlink_metadata().is_err(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_appears_when_it_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("out");
        let count = || std::fs::read_dir(directory.path()).unwrap().count();
        let given_up = Staged::beside(&place, "--x").unwrap();
        std::fs::write(given_up.path().join("a"), "half").unwrap();
        drop(given_up);
        assert_eq!(count(), 0);
        std::fs::create_dir(&place).unwrap();
        let staged = Staged::beside(&place, "--x").unwrap();
        std::fs::write(staged.path().join("a"), "whole").unwrap();
        assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
        staged.put().unwrap();
        assert_eq!((std::fs::read(place.join("a")).unwrap(), count()), (b"whole".to_vec(), 1));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(place.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn what_is_there_is_neither_replaced_nor_added_to() {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        std::fs::create_dir(place("full")).unwrap();
        std::fs::write(place("full/a"), "").unwrap();
        std::fs::write(place("file"), "").unwrap();
        for taken in ["full", "file", "none/such", "..", "/"] {
            assert!(Staged::beside(&place(taken), "--x").is_err(), "{taken}");
        }
        let late = Staged::beside(&place("late"), "--x").unwrap();
        std::fs::write(place("late"), "mine").unwrap();
        assert!(late.put().is_err());
        assert_eq!(std::fs::read(place("late")).unwrap(), b"mine");
    }
}
