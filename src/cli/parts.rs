//! An export in several files of one directory.
//!
//! What comes for each part is held until there is enough of all of them, and then added to their files one after the
//! other: however many parts there are, one file is open. Where parts are packed, what is added at once is a member of its
//! own, and all members after each other are the content.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::output::{Packer, Packing};
use crate::export::coverage::PartEntry;
use crate::export::{Format, Part, Record, Split};

/// Bytes of all parts that are held.
const HELD: usize = 16 << 20;

/// Files below a directory, while they are written.
pub struct Parts {
    directory: PathBuf,
    split: Split,
    packing: Option<Packing>,
    /// What names end in.
    ending: String,
    open: BTreeMap<String, OpenPart>,
    /// Number and content of the newest part, where size tells them apart.
    newest: (u64, u64),
    held: usize,
    limit: usize,
}

struct OpenPart {
    of: Option<String>,
    held: Vec<u8>,
    events: u64,
    bytes: u64,
    hash: Sha256,
}

impl Parts {
    /// `ending`: what names of such files end in, before that of what packs them.
    pub fn new(directory: &Path, split: Split, ending: &str, packing: Option<Packing>) -> Self {
        let ending = packing.map_or_else(|| ending.to_owned(), |packing| format!("{ending}.{}", packing.ending()));
        let directory = directory.to_owned();
        Self { directory, split, packing, ending, open: BTreeMap::new(), newest: (0, 0), held: 0, limit: HELD }
    }

    pub fn write(&mut self, record: &Record, format: &Format) -> io::Result<()> {
        let mut text = Vec::new();
        format.write(record, false, &mut text)?;
        let Part { name, of } = match self.split.part_of(record) {
            Some(part) => part,
            None => self.part_for(text.len() as u64, format)?,
        };
        let part = match self.open.entry(format!("{name}.{}", self.ending)) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => {
                new.insert(OpenPart { of, held: head(format)?, events: 0, bytes: 0, hash: Sha256::new() })
            }
        };
        self.held += text.len();
        part.held.append(&mut text);
        part.events += 1;
        if self.held >= self.limit { self.write_out() } else { Ok(()) }
    }

    /// Of parts that are told apart by size, the one that has room for so many bytes more; a new one begins with its head.
    fn part_for(&mut self, bytes: u64, format: &Format) -> io::Result<Part> {
        let Split::Size(most) = self.split else { return Ok(Split::nth(1)) };
        let (nth, content) = &mut self.newest;
        if *nth == 0 || *content + bytes > most.get() {
            (*nth, *content) = (*nth + 1, head(format)?.len() as u64);
        }
        *content += bytes;
        Ok(Split::nth(*nth))
    }

    fn write_out(&mut self) -> io::Result<()> {
        for (name, part) in self.open.iter_mut().filter(|(_, part)| !part.held.is_empty()) {
            let mut packer = Packer::new(self.packing, Vec::new())?;
            packer.write_all(&part.held)?;
            let bytes = packer.finish()?;
            append(&self.directory.join(name), &bytes)?;
            part.bytes += bytes.len() as u64;
            part.hash.update(&bytes);
            part.held = Vec::new();
        }
        self.held = 0;
        Ok(())
    }

    /// Ends the writing: everything is on disk. The parts by the order of their names.
    pub fn close(mut self) -> io::Result<Vec<PartEntry>> {
        self.write_out()?;
        let mut entries = Vec::new();
        for (file, part) in self.open {
            File::open(self.directory.join(&file))?.sync_all()?;
            let sha256 = format!("{:x}", part.hash.finalize());
            entries.push(PartEntry { file, of: part.of, bytes: part.bytes, sha256, events: part.events });
        }
        Ok(entries)
    }
}

/// What a part begins with.
fn head(format: &Format) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    format.write_head(&mut head)?;
    Ok(head)
}

/// Adds to a file that only we know, mode 0600.
fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;
    use std::sync::Arc;

    use super::*;
    use crate::domain::event::Flags;
    use crate::domain::ledger::CellKey;
    use crate::domain::ocid::Ocid;
    use crate::domain::time_range::FetchWindow;
    use crate::export::{Shape, Source};

    fn record(compartment: &str, id: usize) -> Record {
        let cell = CellKey {
            region: "r".into(),
            compartment: Ocid::new(compartment),
            window: FetchWindow::from_minutes(0, 60).unwrap(),
        };
        let source = Source { cell, retrieved_at: chrono::DateTime::UNIX_EPOCH, request_id: None };
        let bytes = format!("{{\"eventId\":\"{id}\"}}").into_bytes().into();
        Record { bytes, source: Arc::new(source), flags: Flags::default(), sealed: None }
    }

    fn jsonl() -> Format {
        Format::Jsonl { meta: false, tenancy: "t".into() }
    }

    fn content(directory: &Path, entry: &PartEntry) -> String {
        let bytes = std::fs::read(directory.join(&entry.file)).unwrap();
        assert_eq!((bytes.len() as u64, format!("{:x}", Sha256::digest(&bytes))), (entry.bytes, entry.sha256.clone()));
        let mut text = String::new();
        let read: Box<dyn io::Read> = match Path::new(&entry.file).extension().and_then(|ending| ending.to_str()) {
            Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(bytes.as_slice())),
            Some("zst") => Box::new(zstd::Decoder::new(bytes.as_slice()).unwrap()),
            _ => Box::new(bytes.as_slice()),
        };
        io::Read::read_to_string(&mut { read }, &mut text).unwrap();
        text
    }

    #[test]
    fn however_little_is_held_each_part_has_its_events_in_order() {
        for packing in [None, Some(Packing::Gzip), Some(Packing::Zstd)] {
            let directory = tempfile::tempdir().unwrap();
            let mut parts = Parts::new(directory.path(), Split::Compartment, "jsonl", packing);
            parts.limit = 100;
            for id in 0..90 {
                parts.write(&record(["a", "../b", "c"][id % 3], id), &jsonl()).unwrap();
            }
            let entries = parts.close().unwrap();
            assert_eq!(entries.iter().map(|entry| entry.events).collect::<Vec<_>>(), [30, 30, 30]);
            for entry in &entries {
                let first = ["a", "../b", "c"].iter().position(|name| entry.of.as_deref() == Some(name)).unwrap();
                let lines: Vec<_> = (0..30).map(|n| format!("{{\"eventId\":\"{}\"}}\n", first + 3 * n)).collect();
                let expected = lines.concat();
                assert_eq!(content(directory.path(), entry), expected);
            }
            assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 3);
        }
    }

    #[test]
    fn parts_by_size_are_full_but_never_too_full() {
        let directory = tempfile::tempdir().unwrap();
        let split = Split::Size(NonZeroU64::new(40).unwrap());
        let mut parts = Parts::new(directory.path(), split, "jsonl", None);
        // A line has 16 bytes, so two of them are a part.
        (10..15).for_each(|id| parts.write(&record("a", id), &jsonl()).unwrap());
        parts.write(&record("a", 10usize.pow(18) * 10), &jsonl()).unwrap();
        let entries = parts.close().unwrap();
        let found: Vec<_> = entries.iter().map(|entry| (entry.file.as_str(), entry.events)).collect();
        let names = ["part-00001.jsonl", "part-00002.jsonl", "part-00003.jsonl", "part-00004.jsonl"];
        assert_eq!(found, names.into_iter().zip([2, 2, 1, 1]).collect::<Vec<_>>());
    }

    #[test]
    fn the_head_counts_where_size_tells_parts_apart() {
        let format = Format::Made { shape: Shape::Csv, tenancy: "t".into() };
        let (mut head, mut line) = (Vec::new(), Vec::new());
        format.write_head(&mut head).unwrap();
        format.write(&record("a", 10), false, &mut line).unwrap();
        let most = head.len() + 3 * line.len() - 1;
        let directory = tempfile::tempdir().unwrap();
        let split = Split::Size(NonZeroU64::new(most as u64).unwrap());
        let mut parts = Parts::new(directory.path(), split, "csv", None);
        (10..16).for_each(|id| parts.write(&record("a", id), &format).unwrap());
        let entries = parts.close().unwrap();
        assert_eq!(entries.iter().map(|entry| entry.events).collect::<Vec<_>>(), [2, 2, 2]);
        assert!(entries.iter().all(|entry| entry.bytes <= most as u64), "{entries:?}");
    }

    #[test]
    fn each_part_has_a_head() {
        let directory = tempfile::tempdir().unwrap();
        let format = Format::Made { shape: Shape::Csv, tenancy: "t".into() };
        let mut parts = Parts::new(directory.path(), Split::Compartment, "csv", None);
        (0..4).for_each(|id| parts.write(&record(["a", "b"][id % 2], id), &format).unwrap());
        for entry in parts.close().unwrap() {
            let text = content(directory.path(), &entry);
            assert!(text.starts_with("event_id,") && text.lines().count() == 3, "{text}");
        }
    }
}
