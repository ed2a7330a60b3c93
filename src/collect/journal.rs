//! The file of a ledger: lines that are only ever added, each with a checksum over itself and the line before.
//!
//! ```text
//! <32 hexadecimal digits> <JSON>
//! ```
//!
//! A line that an append left unfinished is cut off when it is opened: nobody was told that it is there. Anything else
//! that is not as it was written is damage.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::disk::{Disk, DiskFile};
use super::record::Record;
use super::state::Misplaced;

/// Digits of a checksum.
const DIGITS: usize = 32;

/// A ledger that is being added to.
#[derive(Debug)]
pub struct Journal {
    file: DiskFile,
    last: String,
    /// Bytes, and those of them up to where it was told anew last.
    length: u64,
    told_anew: u64,
}

/// How far a ledger goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    pub lines: usize,
    /// Bytes of whole lines.
    pub length: u64,
    /// Bytes up to the line that says what another ledger said.
    told_anew: u64,
    /// Bytes after them, of an append that was not finished.
    pub torn: u64,
    /// The checksum of the last line.
    last: String,
}

/// A ledger that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    #[error("line {0} is not as it was written")]
    Line(usize),
    #[error("line {0} is of a form that this program does not know")]
    Form(usize),
    #[error("line {0} does not go with those before it")]
    Misplaced(usize),
}

/// Takes apart what stands in a ledger; each line goes to `take`, with its checksum. One that does not go with those before
/// it is damage as well.
pub fn parse(text: &[u8], take: &mut dyn FnMut(&str, Record) -> Result<(), Misplaced>) -> Result<Contents, Damage> {
    let mut contents = Contents::default();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let number = contents.lines + 1;
        let whole = line.strip_suffix(b"\n");
        let Some((checksum, json)) = whole.and_then(|line| checked(line, &contents.last)) else {
            let rest = text.get(contents.length as usize..).unwrap_or_default();
            // Without a line end it was never finished; zeros are what some file systems leave of that.
            if whole.is_none() || rest.iter().all(|byte| *byte == 0) {
                contents.torn = rest.len() as u64;
                return Ok(contents);
            }
            return Err(Damage::Line(number));
        };
        let record: Record = serde_json::from_slice(json).map_err(|_| Damage::Form(number))?;
        if matches!(record, Record::Since { .. }) {
            contents.told_anew = contents.length + line.len() as u64;
        }
        take(&checksum, record).map_err(|Misplaced| Damage::Misplaced(number))?;
        contents.length += line.len() as u64;
        contents.lines = number;
        contents.last = checksum;
    }
    Ok(contents)
}

/// The parts of a line that is as it was written after the line with the checksum `last`.
fn checked<'l>(line: &'l [u8], last: &str) -> Option<(String, &'l [u8])> {
    let (checksum, json) = line.split_at_checked(DIGITS)?;
    let json = json.strip_prefix(b" ")?;
    let checksum = std::str::from_utf8(checksum).ok()?.to_owned();
    (checksum == checksum_of(last, json)).then_some((checksum, json))
}

fn checksum_of(last: &str, json: &[u8]) -> String {
    let mut digits = format!("{:x}", Sha256::new().chain_update(last).chain_update(json).finalize());
    digits.truncate(DIGITS);
    digits
}

impl Journal {
    /// Opens it for adding, behind what it holds.
    pub fn open(disk: &Disk, path: &Path, contents: &Contents) -> io::Result<Self> {
        if contents.torn > 0 {
            disk.truncate(path, contents.length)?;
        }
        let is_new = !path.exists();
        let file = disk.append(path)?;
        if is_new {
            disk.sync_directory(path.parent().unwrap_or(Path::new(".")))?;
        }
        let Contents { length, told_anew, last, .. } = contents.clone();
        Ok(Self { file, last, length, told_anew })
    }

    /// Writes a ledger anew, in the place of what has this name, in one step.
    pub fn rewrite(disk: &Disk, staged: &Path, path: &Path, records: &[Record]) -> io::Result<()> {
        let mut journal = Self { file: disk.create(staged)?, last: String::new(), length: 0, told_anew: 0 };
        journal.add(records)?;
        disk.place(staged, path)
    }

    /// Adds lines, for good.
    pub fn add(&mut self, records: &[Record]) -> io::Result<()> {
        let mut text = Vec::new();
        for record in records {
            let json = serde_json::to_vec(record)?;
            let checksum = checksum_of(&self.last, &json);
            text.extend_from_slice(checksum.as_bytes());
            text.push(b' ');
            text.extend_from_slice(&json);
            text.push(b'\n');
            self.last = checksum;
        }
        self.file.write_all(&text)?;
        self.length += text.len() as u64;
        self.file.sync()
    }

    /// Whether it is longer than `limit`, and twice as long as it was when it was told anew.
    pub fn is_long(&self, limit: u64) -> bool {
        self.length > limit && self.length > 2 * self.told_anew
    }

    /// The checksum of the last line.
    pub fn last(&self) -> &str {
        &self.last
    }
}

/// The content of a ledger, empty where there is none.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        text => text,
    }
}

/// Where a ledger that is made anew is kept: beside its place, under a name that is free.
pub fn aside(path: &Path) -> PathBuf {
    let name = |n: u32| path.with_extension(format!("before-{n}"));
    (1..u32::MAX).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::record::{Held, Place, Planned};

    fn records() -> Vec<Record> {
        let planned = |id| Planned { id, place: Place::Named("r".into(), "c".into()), window: (0, 60) };
        let held = |id| Held { id, at: chrono::DateTime::UNIX_EPOCH, pages: 1, events: 2, late: 0, files: Vec::new() };
        vec![Record::Plan(vec![planned(0), planned(1)]), Record::Cell(held(0)), Record::Cell(held(1))]
    }

    fn written() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ledger");
        let mut journal = Journal::open(&Disk::default(), &path, &Contents::default()).unwrap();
        for record in records() {
            journal.add(&[record]).unwrap();
        }
        let text = std::fs::read(&path).unwrap();
        (directory, path, text)
    }

    fn parsed(text: &[u8]) -> Result<(Contents, Vec<Record>), Damage> {
        let mut records = Vec::new();
        let contents = parse(text, &mut |_, record| {
            records.push(record);
            Ok(())
        })?;
        Ok((contents, records))
    }

    #[test]
    fn what_was_added_is_there() {
        let (_directory, _, text) = written();
        let (contents, found) = parsed(&text).unwrap();
        assert_eq!(found, records());
        assert_eq!((contents.length, contents.torn), (text.len() as u64, 0));
    }

    #[test]
    fn an_unfinished_line_is_cut_off_and_the_next_stands_in_its_place() {
        let (_directory, path, text) = written();
        let second = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for keep in second..text.len() {
            std::fs::write(&path, &text[..keep]).unwrap();
            let (contents, found) = parsed(&text[..keep]).unwrap();
            let whole = contents.lines;
            assert!(whole >= 1 && found == records()[..whole], "{keep}");
            let mut journal = Journal::open(&Disk::default(), &path, &contents).unwrap();
            journal.add(&records()[whole..]).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), text, "{keep}");
        }
        let mut zeros = text.clone();
        zeros.extend([0; 100]);
        assert_eq!(parsed(&zeros).unwrap().0.torn, 100);
    }

    #[test]
    fn whatever_bit_is_flipped_is_noticed() {
        let (_directory, _, text) = written();
        for at in 0..text.len() {
            for bit in [1, 0x40] {
                let mut flipped = text.clone();
                flipped[at] ^= bit;
                match parsed(&flipped) {
                    Err(_) => {}
                    // The last line end: what is left looks like an append that was not finished.
                    Ok((contents, _)) => assert!(at == text.len() - 1 && contents.lines == 2, "byte {at}"),
                }
            }
        }
    }

    #[test]
    fn a_line_that_is_missing_in_the_middle_is_noticed() {
        let (_directory, _, text) = written();
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        assert_eq!(parsed(&[lines[0], lines[2]].concat()), Err(Damage::Line(2)));
        assert_eq!(parsed(&[lines[1], lines[0], lines[2]].concat()), Err(Damage::Line(1)));
    }
}
