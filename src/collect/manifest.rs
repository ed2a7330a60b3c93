//! What a dataset consists of, for whoever reads it without us: every file with its digest, rows and times.

use std::io::{self, Write as _};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::disk::Disk;
use super::layout::Layout;
use super::record::DataFile;
use super::staging::Staging;
use super::state::State;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub form: u32,
    /// OCID.
    pub tenancy: String,
    pub name: Option<String>,
    /// The checksum of the line of the ledger up to which this tells.
    pub ledger: String,
    pub rows: u64,
    pub bytes: u64,
    /// When the first and the last event happened.
    pub first: Option<DateTime<Utc>>,
    pub last: Option<DateTime<Utc>>,
    pub files: Vec<DataFile>,
}

impl Manifest {
    pub fn of(state: &State, ledger: &str) -> Self {
        let head = state.head.as_ref();
        let files: Vec<DataFile> = state.files().into_iter().cloned().collect();
        Self {
            form: super::record::FORM,
            tenancy: head.map(|head| head.tenancy.clone()).unwrap_or_default(),
            name: head.and_then(|head| head.name.clone()),
            ledger: ledger.to_owned(),
            rows: files.iter().map(|file| file.rows).sum(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            first: files.iter().filter_map(|file| file.first).min(),
            last: files.iter().filter_map(|file| file.last).max(),
            files,
        }
    }

    /// `None` where there is none.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => Ok(Some(serde_json::from_slice(&text?)?)),
        }
    }

    /// Puts it in its place in one step.
    pub fn write(&self, disk: &Disk, layout: &Layout, staging: &mut Staging) -> io::Result<()> {
        let staged = staging.name();
        let mut file = disk.create(&staged)?;
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        file.write_all(&text)?;
        file.sync()?;
        disk.make_directories(&layout.data())?;
        disk.place(&staged, &layout.manifest())
    }
}
