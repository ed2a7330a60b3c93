//! The data of a tenancy as it lies on disk, without any ledger.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::layout::{Layout, MANIFEST};
use super::lines::Line;
use super::record::DataFile;
use crate::domain::ledger::CellKey;
use crate::domain::time_range::FetchWindow;
use crate::export::parts_of_line;

/// What a data file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// OCID of the tenancy.
    pub tenancy: String,
    pub key: CellKey,
    pub file: DataFile,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    tenancy: String,
    region: String,
    compartment_id: String,
    window_start: DateTime<Utc>,
    window_end: DateTime<Utc>,
}

/// Everything below the data of a tenancy but the manifest, as paths with `/`.
pub fn paths(layout: &Layout) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    look_into(&layout.data(), "", &mut found)?;
    found.remove(MANIFEST);
    Ok(found)
}

fn look_into(directory: &Path, prefix: &str, found: &mut BTreeSet<String>) -> io::Result<()> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            look_into(&entry.path(), &format!("{name}/"), found)?;
        } else {
            found.insert(name);
        }
    }
    Ok(())
}

/// Number of bytes and SHA-256 of a file, in hexadecimal digits.
pub fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let taken = file.read(&mut buffer)?;
        if taken == 0 {
            return Ok((bytes, format!("{:x}", hash.finalize())));
        }
        bytes += taken as u64;
        hash.update(buffer.get(..taken).unwrap_or_default());
    }
}

/// Reads a data file to its end; `None` where it is none of ours, or not under the name that goes with what it holds.
pub fn scan(layout: &Layout, path: &str) -> io::Result<Option<Scanned>> {
    let place = layout.data().join(path);
    let mut reader = BufReader::new(zstd::Decoder::new(File::open(&place)?)?);
    let (mut rows, mut first, mut last, mut found) = (0, None, None, None);
    let mut text = Vec::new();
    while reader.read_until(b'\n', &mut text)? > 0 {
        let line = Line::new(std::mem::take(&mut text));
        let Some(meta) = meta_of(&line.text) else { return Ok(None) };
        let Some(key) = key_of(&meta).filter(|key| Layout::file(key, line.day()) == path) else { return Ok(None) };
        if line.time < i64::MAX {
            first.get_or_insert(line.time);
            last = Some(line.time);
        }
        found.get_or_insert((meta.tenancy, key));
        rows += 1;
    }
    let (bytes, sha256) = digest(&place)?;
    let time = |micros: Option<i64>| micros.and_then(DateTime::<Utc>::from_timestamp_micros);
    let file = DataFile { path: path.to_owned(), sha256, bytes, rows, first: time(first), last: time(last) };
    Ok(found.map(|(tenancy, key)| Scanned { tenancy, key, file }))
}

fn meta_of(line: &[u8]) -> Option<Meta> {
    parts_of_line(line).and_then(|(meta, _)| serde_json::from_slice(meta).ok())
}

fn key_of(meta: &Meta) -> Option<CellKey> {
    let minute = |time: DateTime<Utc>| time.timestamp().div_euclid(60);
    let window = FetchWindow::from_minutes(minute(meta.window_start), minute(meta.window_end))?;
    Some(CellKey { region: meta.region.as_str().into(), compartment: meta.compartment_id.as_str().into(), window })
}
