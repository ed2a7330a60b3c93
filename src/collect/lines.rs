//! Lines of data files: read, put together with what is new, written. The lines of a file stand in the order of when the
//! events happened, then of their ids, then of a hash of their bytes, and no event stands there twice. So what a file
//! holds, not how it came to that, makes its bytes.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use sha2::{Digest as _, Sha256};

use super::disk::{Disk, DiskFile};
use super::record::DataFile;
use crate::domain::event::decode;
use crate::export::parts_of_line;

/// How hard data is packed: zstd's own middle.
const LEVEL: i32 = 3;

/// A line, with what it is ordered by and told by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Microseconds since 1970; the greatest where the event does not say when it happened.
    pub time: i64,
    id: Box<str>,
    content: [u8; 32],
    /// With its line end.
    pub text: Vec<u8>,
}

impl Line {
    /// `text`: as `export --meta` writes it.
    pub fn new(text: Vec<u8>) -> Self {
        let event = parts_of_line(&text).map_or(&*text, |(_, event)| event);
        let content = Sha256::digest(event).into();
        let fields = decode(event).fields;
        let time = fields.time.map_or(i64::MAX, |time| time.timestamp_micros());
        Self { time, id: fields.id.into(), content, text }
    }

    /// The day on which it happened, as far as days are told apart.
    pub fn day(&self) -> Option<NaiveDate> {
        let time = DateTime::from_timestamp_micros(self.time).filter(|_| self.time < i64::MAX)?;
        let day = time.date_naive();
        match day.year() {
            ..1970 => NaiveDate::from_ymd_opt(1970, 1, 1),
            1970..=9999 => Some(day),
            _ => NaiveDate::from_ymd_opt(9999, 12, 31),
        }
    }
}

/// The lines of a file that may not be there.
pub struct Old {
    reader: Option<Box<dyn BufRead>>,
    next: Option<Line>,
}

impl Old {
    pub fn open(path: &Path) -> io::Result<Self> {
        let reader: Option<Box<dyn BufRead>> = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            file => Some(Box::new(BufReader::new(zstd::Decoder::new(file?)?))),
        };
        let mut old = Self { reader, next: None };
        old.advance()?;
        Ok(old)
    }

    pub fn time(&self) -> Option<i64> {
        self.next.as_ref().map(|line| line.time)
    }

    /// The next line; `None` after the last.
    pub fn take(&mut self) -> io::Result<Option<Line>> {
        let line = self.next.take();
        self.advance()?;
        Ok(line)
    }

    fn advance(&mut self) -> io::Result<()> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let mut text = Vec::new();
        self.next = (reader.read_until(b'\n', &mut text)? > 0).then(|| Line::new(text));
        Ok(())
    }
}

/// Lines of the same instant: each event once, those that were there before are kept as they were.
#[derive(Default)]
pub struct Group {
    lines: Vec<Line>,
    /// However many there are, without a time for one.
    contents: HashSet<[u8; 32]>,
}

impl Group {
    /// Whether the event was not there yet.
    pub fn add(&mut self, line: Line) -> bool {
        let is_new = self.contents.insert(line.content);
        if is_new {
            self.lines.push(line);
        }
        is_new
    }

    pub fn write(mut self, file: &mut NewFile) -> io::Result<()> {
        self.lines.sort_by(|a, b| (&a.id, &a.content).cmp(&(&b.id, &b.content)));
        self.lines.iter().try_for_each(|line| file.write(line))
    }
}

/// A data file while it is written, somewhere else than where data is.
pub struct NewFile {
    encoder: zstd::Encoder<'static, BufWriter<Hashing>>,
    rows: u64,
    first: Option<i64>,
    last: Option<i64>,
}

struct Hashing {
    file: DiskFile,
    hash: Sha256,
    bytes: u64,
}

impl NewFile {
    pub fn create(disk: &Disk, staged: &Path) -> io::Result<Self> {
        let hashing = Hashing { file: disk.create(staged)?, hash: Sha256::new(), bytes: 0 };
        let mut encoder = zstd::Encoder::new(BufWriter::with_capacity(1 << 16, hashing), LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self { encoder, rows: 0, first: None, last: None })
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        self.rows += 1;
        if line.time < i64::MAX {
            self.first.get_or_insert(line.time);
            self.last = Some(line.time);
        }
        self.encoder.write_all(&line.text)
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// All of it on disk. `path`: where it will be.
    pub fn finish(self, path: String) -> io::Result<DataFile> {
        let Hashing { file, hash, bytes } =
            self.encoder.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync()?;
        let time = |micros: Option<i64>| micros.and_then(DateTime::<Utc>::from_timestamp_micros);
        let (first, last) = (time(self.first), time(self.last));
        Ok(DataFile { path, sha256: format!("{:x}", hash.finalize()), bytes, rows: self.rows, first, last })
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.file.write(bytes)?;
        self.bytes += taken as u64;
        self.hash.update(bytes.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
