//! The bytes of a file on their way to whoever cuts them: counted as they are, and counted and digested unpacked.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::reader::Progress;

/// Of the beginning of a file, what is looked at to tell that it is no text.
const GLANCE: usize = 1 << 10;

/// A file as it is, counted.
pub struct Counted {
    pub inner: Box<dyn Read + Send>,
    pub progress: Arc<Progress>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.add(count as u64);
        Ok(count)
    }
}

/// The content of a file, counted and digested as it is used up.
pub struct Content {
    pub inner: Box<dyn BufRead + Send>,
    pub bytes: u64,
    pub hash: Option<Sha256>,
}

impl Content {
    /// Text has no zero bytes; pictures, archives and UTF-16 do.
    pub fn is_text(&mut self) -> io::Result<bool> {
        let head = self.inner.fill_buf()?;
        Ok(memchr::memchr(0, head.get(..GLANCE).unwrap_or(head)).is_none())
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Content {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        if let Some(hash) = &mut self.hash {
            // What is used up was filled, so this asks nobody.
            let filled = self.inner.fill_buf().unwrap_or_default();
            hash.update(filled.get(..count).unwrap_or_default());
        }
        self.bytes += count as u64;
        self.inner.consume(count);
    }
}
