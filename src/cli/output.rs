//! Where data goes: standard output, or a file that appears only when it is whole.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::domain::problem::{Problem, ProblemKind};

/// An open destination.
pub struct Sink {
    writer: BufWriter<Counted>,
}

/// A destination, and what has gone there.
struct Counted {
    destination: Destination,
    bytes: u64,
    hash: Sha256,
}

enum Destination {
    Standard(io::Stdout),
    /// Beside its final place, mode 0600, renamed to it in the end.
    New(NamedTempFile, PathBuf),
    /// Something that is no plain file, such as a pipe or `/dev/null`; written as it is.
    Special(File, PathBuf),
}

/// How writing ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    Whole {
        bytes: u64,
        /// In hexadecimal digits.
        sha256: String,
    },
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
        let counted = Counted { destination, bytes: 0, hash: Sha256::new() };
        Ok(Self { writer: BufWriter::with_capacity(1 << 16, counted) })
    }

    /// Whether it is a plain file, rather than a pipe or a device.
    pub fn is_file(&self) -> bool {
        matches!(self.writer.get_ref().destination, Destination::New(..))
    }

    pub fn is_terminal(&self) -> bool {
        match &self.writer.get_ref().destination {
            Destination::Standard(stdout) => stdout.is_terminal(),
            Destination::Special(file, _) => file.is_terminal(),
            Destination::New(..) => false,
        }
    }

    pub fn writer(&mut self) -> &mut (dyn Write + Send) {
        &mut self.writer
    }

    /// Ends the writing that gave `result`. The file takes its place only if all of it could be written.
    pub fn close(self, result: io::Result<()>) -> Result<Written, Problem> {
        let path = match &self.writer.get_ref().destination {
            Destination::Standard(_) => PathBuf::from("standard output"),
            Destination::New(_, path) | Destination::Special(_, path) => path.clone(),
        };
        let finished = result.and_then(|()| self.finish());
        match finished {
            Ok(written) => Ok(written),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Written::ReaderLeft),
            Err(error) => Err(cannot_write(&path, &error)),
        }
    }

    fn finish(self) -> io::Result<Written> {
        let Counted { destination, bytes, hash } = self.writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        match destination {
            Destination::Standard(mut stdout) => stdout.flush()?,
            Destination::Special(mut file, _) => file.flush()?,
            Destination::New(file, path) => {
                file.as_file().sync_all()?;
                file.persist(&path).map_err(|error| error.error)?;
                sync_directory(&path);
            }
        }
        Ok(Written::Whole { bytes, sha256: format!("{:x}", hash.finalize()) })
    }
}

/// Makes a new name last through a power cut. Not every file system knows how, and the file is there all the same.
pub fn sync_directory(path: &Path) {
    let _ = File::open(directory_of(path)).and_then(|directory| directory.sync_all());
}

/// Where a file is, or would be.
pub fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.destination.write(bytes)?;
        self.bytes += taken as u64;
        self.hash.update(bytes.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.destination.flush()
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
            Ok(Destination::New(new_file_beside(&path)?, path))
        }
    }
}

/// A file without its final name; mode 0600, gone unless it is given one.
pub fn new_file_beside(path: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".auditui-").tempfile_in(directory_of(path))
}

pub fn cannot_write(path: &Path, error: &io::Error) -> Problem {
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
        let sha256 = "3661291e28107bb940142d346bdb3a86da68415ae7fe451374d403c6037b9fa5".to_owned();
        assert_eq!(sink.close(Ok(())).unwrap(), Written::Whole { bytes: 6, sha256 });
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
