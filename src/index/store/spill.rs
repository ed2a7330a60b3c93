//! The file that packs go to when memory is short.
//!
//! It has no name from the moment it exists, so nobody else opens it and nothing is left of it however we end.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::pack::Extent;

/// Packs could not be moved to the file. All of them are readable still.
#[derive(Debug, thiserror::Error)]
#[error("events cannot be moved to a temporary file: {0}")]
pub struct SpillError(#[from] io::Error);

/// Bytes that stand at places, written once, read from many threads.
pub(super) trait Medium: Send + Sync {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()>;
}

#[cfg(unix)]
impl Medium for File {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, at)
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, bytes, at)
    }
}

/// Where a file has one position only, whoever moves it keeps it until the bytes are through.
#[cfg(not(unix))]
impl Medium for std::sync::Mutex<File> {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        use std::io::{Seek as _, Write as _};
        let mut file = self.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(io::SeekFrom::Start(at))?;
        file.write_all(bytes)
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        use std::io::{Read as _, Seek as _};
        let mut file = self.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(io::SeekFrom::Start(at))?;
        file.read_exact(bytes)
    }
}

/// A temporary file that only this process can reach.
pub(super) fn temporary(directory: Option<&Path>) -> io::Result<Arc<dyn Medium>> {
    let file = directory.map_or_else(tempfile::tempfile, tempfile::tempfile_in)?;
    #[cfg(not(unix))]
    let file = std::sync::Mutex::new(file);
    Ok(Arc::new(file))
}

/// The writer's side of the file.
pub(super) struct SpillFile {
    medium: Arc<dyn Medium>,
    end: u64,
}

impl SpillFile {
    pub fn new(medium: Arc<dyn Medium>) -> Self {
        Self { medium, end: 0 }
    }

    /// Writes at the end. What was written when it fails is written over next time.
    pub fn put(&mut self, bytes: &[u8]) -> io::Result<Extent> {
        self.medium.write_at(bytes, self.end)?;
        let at = self.end;
        self.end += bytes.len() as u64;
        Ok(Extent::File { medium: Arc::clone(&self.medium), at, len: bytes.len() })
    }

    /// Forgets what was written from `end` on.
    pub fn cut(&mut self, end: u64) {
        self.end = end;
    }

    pub fn end(&self) -> u64 {
        self.end
    }
}
