//! An evidence bundle: a bag as RFC 8493 has it. Digests are checked by `sha256sum -c`, without this program.
//!
//! ```text
//! bagit.txt              what this is
//! bag-info.txt           who collected what, when, with what
//! data/_cells.ndjson     every region, compartment and window: its state, and the file with its events
//! data/place-….jsonl     the events of a compartment in a region, each as it was sent
//! manifest-sha256.txt    digests of data/
//! coverage.json          what was asked, what was read, what was not, and why
//! requests.ndjson        every request that was made
//! tagmanifest-sha256.txt digests of all files above that are not in data/
//! custody.log            who had it when; lines are only ever added
//! ```
//!
//! The chain begins with our collection: the service gives no digest of its own. What makes a bag safe from whoever can
//! write to it is a signature over `tagmanifest-sha256.txt`, made and kept elsewhere.

mod custody;
mod plain;
mod verify;

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::coverage::{CellEntry, CoverageDocument};
use super::split::place;
use crate::domain::ledger::CellState;
use crate::domain::text::clean;

pub use custody::{Entry, append};
pub use verify::{Bag, Finding, Kind, is_bag, verify};

pub const DATA: &str = "data";
pub const COVERAGE: &str = "coverage.json";
pub const REQUESTS: &str = "requests.ndjson";
pub const CUSTODY: &str = "custody.log";
const DECLARATION: &str = "bagit.txt";
const INFO: &str = "bag-info.txt";
const MANIFEST: &str = "manifest-sha256.txt";
const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
/// In `data/`; what begins so is passed over where events are looked for.
const CELLS: &str = "_cells.ndjson";
const TAGS: [&str; 5] = [INFO, DECLARATION, COVERAGE, MANIFEST, REQUESTS];

/// A cell in a bag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct CellLine {
    #[serde(flatten)]
    cell: CellEntry,
    /// Below `data/`, the events of its compartment in its region; `None` where there is none of the range.
    file: Option<String>,
}

/// A label of `bag-info.txt` with what it says.
pub type Info = (&'static str, String);

/// Writes all that is not there yet: events, coverage and requests are. Gives back the digest of `tagmanifest-sha256.txt`,
/// which stands for the whole.
pub fn seal(bag: &Path, document: &CoverageDocument, info: &[Info]) -> io::Result<String> {
    let data = bag.join(DATA);
    write(&data.join(CELLS), &cells(&data, document)?)?;
    let (manifest, octets, streams) = manifest(&data)?;
    write(&bag.join(MANIFEST), manifest.as_bytes())?;
    write(&bag.join(DECLARATION), b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")?;
    let mut text = format!("Payload-Oxum: {octets}.{streams}\n");
    for (label, value) in info {
        // One line each: a line that begins with a space would go on with the one before.
        let _ = writeln!(text, "{label}: {}", clean(value.trim()));
    }
    write(&bag.join(INFO), text.as_bytes())?;
    let mut tags = String::new();
    for name in TAGS {
        let _ = writeln!(tags, "{}  {name}", digest(&bag.join(name))?.0);
    }
    write(&bag.join(TAG_MANIFEST), tags.as_bytes())?;
    Ok(format!("{:x}", Sha256::digest(tags)))
}

fn cells(data: &Path, document: &CoverageDocument) -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for cell in &document.cells {
        let file = format!("{}.jsonl", place(cell.region.as_str(), cell.compartment.as_str()));
        let file = Some(file).filter(|file| data.join(file).exists());
        serde_json::to_writer(&mut lines, &CellLine { cell: cell.clone(), file })?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// The lines of the payload manifest, and how many bytes and files those are.
fn manifest(data: &Path) -> io::Result<(String, u64, usize)> {
    let entries = std::fs::read_dir(data)?.collect::<io::Result<Vec<_>>>()?;
    let mut names: Vec<String> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let (mut text, mut octets) = (String::new(), 0);
    for name in &names {
        let (sha256, bytes) = digest(&data.join(name))?;
        let _ = writeln!(text, "{sha256}  {DATA}/{name}");
        octets += bytes;
    }
    Ok((text, octets, names.len()))
}

/// SHA-256 and size of a file.
pub fn digest(path: &Path) -> io::Result<(String, u64)> {
    digest_of(&mut File::open(path)?)
}

fn digest_of(file: &mut File) -> io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let bytes = io::copy(file, &mut hash)?;
    Ok((format!("{:x}", hash.finalize()), bytes))
}

/// A new file, mode 0600, all of it on disk.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = new_file(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A file that was not there, mode 0600.
pub fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether all of a cell's minutes were read, so that events that are not there did not happen.
fn was_read(state: CellState) -> bool {
    matches!(state, CellState::Complete)
}

#[cfg(test)]
mod tests;
