//! Pages of cells that are not read to their end yet, on disk: of however many cells are under way, no event is held in
//! memory. Whatever is here when a run begins is of one that did not end, and goes.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write as _};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::disk::Disk;
use crate::domain::ledger::CellKey;
use crate::domain::page::Page;

#[derive(Debug)]
pub struct Staging {
    disk: Disk,
    directory: PathBuf,
    /// The cells that have a file here, and its number.
    cells: HashMap<CellKey, u32>,
    next: u32,
}

#[derive(Serialize, Deserialize)]
struct Head {
    request_id: Option<Arc<str>>,
    received_at: DateTime<Utc>,
    read_at: Option<DateTime<Utc>>,
    /// Lengths of the events that follow.
    lengths: Vec<usize>,
}

/// The pages of one cell, in the order in which they came.
pub struct Pages {
    key: CellKey,
    reader: BufReader<File>,
}

impl Staging {
    /// Makes the directory, and takes out what is there.
    pub fn open(disk: &Disk, directory: PathBuf) -> io::Result<Self> {
        disk.make_directories(&directory)?;
        for left in std::fs::read_dir(&directory)? {
            disk.remove(&left?.path())?;
        }
        Ok(Self { disk: disk.clone(), directory, cells: HashMap::new(), next: 0 })
    }

    /// A name for a file that will be put in its place.
    pub fn name(&mut self) -> PathBuf {
        self.next += 1;
        self.directory.join(format!("{}.part", self.next))
    }

    /// Keeps a page, if there is anything on it.
    pub fn keep(&mut self, page: &Page) -> io::Result<()> {
        if page.is_empty() {
            return Ok(());
        }
        let head = Head {
            request_id: page.request_id.clone(),
            received_at: page.received_at,
            read_at: page.read_at,
            lengths: page.events().map(<[u8]>::len).collect(),
        };
        let head = serde_json::to_vec(&head)?;
        let mut text = Vec::with_capacity(8 + head.len());
        text.extend_from_slice(&(head.len() as u64).to_le_bytes());
        text.extend_from_slice(&head);
        for event in page.events() {
            text.extend_from_slice(event);
        }
        let next = &mut self.next;
        let number = *self.cells.entry(page.cell.clone()).or_insert_with(|| {
            *next += 1;
            *next
        });
        self.disk.append(&self.path(number))?.write_all(&text)
    }

    /// The pages kept of a cell; `None` where none had anything on it.
    pub fn pages(&self, key: &CellKey) -> io::Result<Option<Pages>> {
        let Some(number) = self.cells.get(key) else { return Ok(None) };
        let reader = BufReader::new(File::open(self.path(*number))?);
        Ok(Some(Pages { key: key.clone(), reader }))
    }

    /// Forgets the pages of a cell.
    pub fn forget(&mut self, key: &CellKey) -> io::Result<()> {
        let Some(number) = self.cells.remove(key) else { return Ok(()) };
        self.disk.remove(&self.path(number))
    }

    fn path(&self, number: u32) -> PathBuf {
        self.directory.join(format!("{number}.pages"))
    }
}

impl Pages {
    /// The next page; `None` after the last.
    pub fn next(&mut self) -> io::Result<Option<Page>> {
        let mut length = [0; 8];
        match self.reader.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let mut head = vec![0; u64::from_le_bytes(length) as usize];
        self.reader.read_exact(&mut head)?;
        let Head { request_id, received_at, read_at, lengths } = serde_json::from_slice(&head)?;
        let mut body = vec![0; lengths.iter().sum()];
        self.reader.read_exact(&mut body)?;
        let mut at = 0;
        let extents: Vec<Range<usize>> = lengths
            .into_iter()
            .map(|length| {
                at += length;
                at - length..at
            })
            .collect();
        let mut page = Page::of_values(self.key.clone(), Arc::new(body), extents, received_at);
        (page.request_id, page.read_at) = (request_id, read_at);
        Ok(Some(page))
    }
}
