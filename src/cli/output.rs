//! Where data goes: standard output, or a file that appears only when it is whole.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::domain::problem::{Problem, ProblemKind};

/// An open destination.
pub struct Sink {
    writer: BufWriter<Destination>,
}

enum Destination {
    Standard(io::Stdout),
    /// Beside its final place, mode 0600, renamed to it in the end.
    New(NamedTempFile, PathBuf),
    /// Something that is no plain file, such as a pipe or `/dev/null`; written as it is.
    Special(File, PathBuf),
}

/// How writing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Whole,
    /// The other end of a pipe was closed, as by `head`; no reason to complain.
    ReaderLeft,
}

impl Sink {
    /// Opens the file (standard output if none) before any work is done, so that a wrong path is told at once.
    pub fn open(path: Option<&Path>) -> Result<Self, Problem> {
        let destination = match path {
            None => Destination::Standard(io::stdout()),
            Some(path) => open_file(path).map_err(|error| cannot_write(path, &error))?,
        };
        Ok(Self { writer: BufWriter::with_capacity(1 << 16, destination) })
    }

    pub fn is_terminal(&self) -> bool {
        match self.writer.get_ref() {
            Destination::Standard(stdout) => stdout.is_terminal(),
            Destination::Special(file, _) => file.is_terminal(),
            Destination::New(..) => false,
        }
    }

    pub fn writer(&mut self) -> &mut dyn Write {
        &mut self.writer
    }

    /// Ends the writing that gave `result`. The file takes its place only if all of it could be written.
    pub fn close(self, result: io::Result<()>) -> Result<Written, Problem> {
        let path = match self.writer.get_ref() {
            Destination::Standard(_) => PathBuf::from("standard output"),
            Destination::New(_, path) | Destination::Special(_, path) => path.clone(),
        };
        let finished = result.and_then(|()| self.finish());
        match finished {
            Ok(()) => Ok(Written::Whole),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Written::ReaderLeft),
            Err(error) => Err(cannot_write(&path, &error)),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self.writer.into_inner().map_err(io::IntoInnerError::into_error)? {
            Destination::Standard(mut stdout) => stdout.flush(),
            Destination::Special(mut file, _) => file.flush(),
            Destination::New(file, path) => {
                file.as_file().sync_all()?;
                file.persist(path).map(drop).map_err(|error| error.error)
            }
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard(stdout) => stdout.write(bytes),
            Self::New(file, _) => file.write(bytes),
            Self::Special(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard(stdout) => stdout.flush(),
            Self::New(file, _) => file.flush(),
            Self::Special(file, _) => file.flush(),
        }
    }
}

fn open_file(path: &Path) -> io::Result<Destination> {
    match path.metadata() {
        Ok(found) if found.is_dir() => Err(io::Error::new(ErrorKind::IsADirectory, "it is a directory")),
        Ok(found) if !found.is_file() => {
            Ok(Destination::Special(OpenOptions::new().write(true).open(path)?, path.to_owned()))
        }
        _ => {
            // A link is followed: the file it names is replaced, not the link.
            let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
            let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Ok(Destination::New(tempfile::Builder::new().prefix(".auditui-").tempfile_in(directory)?, path))
        }
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Problem {
    Problem::new(ProblemKind::Io, format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_only_when_it_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.jsonl");
        let mut failed = Sink::open(Some(&path)).unwrap();
        failed.writer().write_all(b"half").unwrap();
        assert!(failed.close(Err(io::Error::other("no"))).is_err());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        let mut sink = Sink::open(Some(&path)).unwrap();
        sink.writer().write_all(b"whole\n").unwrap();
        assert!(!path.exists());
        assert_eq!(sink.close(Ok(())).unwrap(), Written::Whole);
        assert_eq!(std::fs::read(&path).unwrap(), b"whole\n");
    }

    #[test]
    fn a_directory_or_a_missing_one_is_told_at_once() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Sink::open(Some(directory.path())).is_err());
        assert!(Sink::open(Some(&directory.path().join("no/such.jsonl"))).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_stays_what_it_is() {
        let mut sink = Sink::open(Some(Path::new("/dev/null"))).unwrap();
        sink.writer().write_all(b"x").unwrap();
        sink.close(Ok(())).unwrap();
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
    }
}
