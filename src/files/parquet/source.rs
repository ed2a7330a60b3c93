//! The bytes of a file, counted as they are read, and no more of them at once than a page may have.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::sync::Arc;

use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::reader::{ChunkReader, Length};
use hyper::body::Bytes;

use super::super::reader::Progress;
use super::footer;
use crate::domain::text::count_of;

/// What a page may have beside one value of the greatest length.
const BESIDE: usize = 16 << 20;

/// Bytes that are read for the head of a page.
const HEAD: usize = 256;

#[derive(Clone)]
pub struct Source(Arc<Inner>);

struct Inner {
    file: File,
    length: u64,
    progress: Arc<Progress>,
    /// The most bytes at once, packed or not.
    most: usize,
}

/// A part of the file.
pub struct Part {
    source: Source,
    at: u64,
}

impl Source {
    pub fn new(file: File, progress: Arc<Progress>, longest: usize) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self(Arc::new(Inner { file, length, progress, most: longest.saturating_add(BESIDE) })))
    }

    pub fn ends_with(&self, end: &[u8]) -> bool {
        let at = self.0.length.checked_sub(end.len() as u64);
        at.is_some_and(|at| self.take(at, end.len()).is_ok_and(|found| found == end))
    }

    /// The first bytes of what the file says of itself, which ends before its length and the last four. They are not
    /// counted, because they are read once more.
    pub fn told(&self) -> std::result::Result<Vec<u8>, String> {
        let unreadable = |error| format!("it cannot be read: {error}");
        let at = self.0.length.saturating_sub(8);
        let length = self.look(at, 4).map_err(unreadable)?;
        let length = u32::from_le_bytes(length.try_into().unwrap_or_default());
        if length as usize > footer::MOST_BYTES {
            return Err(format!("it says too much of itself: {}", count_of(length.into(), "byte")));
        }
        let begin = at.checked_sub(length.into()).ok_or("it says more of itself than there is")?;
        self.look(begin, (length as usize).min(footer::MOST_OF_COLUMNS)).map_err(unreadable)
    }

    fn take(&self, start: u64, length: usize) -> io::Result<Vec<u8>> {
        let bytes = self.look(start, length)?;
        self.0.progress.add(bytes.len() as u64);
        Ok(bytes)
    }

    fn look(&self, start: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut file = &self.0.file;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::with_capacity(length);
        file.take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.0.length
    }
}

impl ChunkReader for Source {
    type T = BufReader<Part>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::with_capacity(HEAD, Part { source: self.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if length > self.0.most {
            return Err(ParquetError::General(format!("a part of {length} bytes is too large")));
        }
        if start.checked_add(length as u64).is_none_or(|end| end > self.0.length) {
            return Err(ParquetError::EOF("a part lies beyond the end of the file".to_owned()));
        }
        let bytes = self.take(start, length)?;
        check_packed(&bytes, self.0.most)?;
        Ok(bytes.into())
    }
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.source.take(self.at, buffer.len())?;
        self.at += bytes.len() as u64;
        (&bytes[..]).read(buffer)
    }
}

/// What is packed by zstd says how large it is, and that is held to be true when it is unpacked; a few bytes may stand
/// for gigabytes. What is not packed is what it is.
fn check_packed(bytes: &[u8], most: usize) -> Result<()> {
    let unread = || Err(ParquetError::General("a page does not say how large it is".to_owned()));
    match bytes {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {}
        // What is passed over when it is unpacked, before who knows what; and frames of old.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] | [_, 0xb5, 0x2f, 0xfd, ..] => return unread(),
        _ => return Ok(()),
    }
    let one = zstd::zstd_safe::find_frame_compressed_size(bytes).is_ok_and(|length| length == bytes.len());
    let size = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten();
    match size {
        Some(size) if one && size <= most as u64 => Ok(()),
        Some(size) if one => Err(ParquetError::General(format!("a page of {size} bytes is too large"))),
        _ => unread(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_no_larger_than_it_may_be_whatever_stands_before_it() {
        let large = zstd::bulk::compress(&[7; 5_000], 1).unwrap();
        assert!(check_packed(&large, 5_000).is_ok());
        assert!(check_packed(&large, 4_999).is_err());
        for first in 0x50..=0x5f {
            let skipped = [&[first, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9], &large[..]].concat();
            assert!(check_packed(&skipped, 4_999).is_err(), "{first:x}");
        }
        assert!(check_packed(&[large.clone(), large].concat(), 5_000).is_err(), "one and another");
        assert!(check_packed(&[0x27, 0xb5, 0x2f, 0xfd, 0], 5_000).is_err(), "a frame of old");
        assert!(check_packed(&[4, 0, 0, 0, 1, 2, 3, 4], 5_000).is_ok(), "what is not packed");
    }
}
