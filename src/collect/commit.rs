//! From the pages of a cell to its files: one for each day on which its events happened, together with what the files
//! there hold already.

use std::io;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};

use super::disk::Disk;
use super::layout::Layout;
use super::lines::{Group, Line, NewFile, Old};
use super::record::DataFile;
use super::scan::digest;
use super::staging::Staging;
use super::state::Slot;
use super::{Trouble, damaged_data};
use crate::domain::footprint::Footprint;
use crate::domain::lateness::Added;
use crate::domain::ledger::CellKey;
use crate::export::{Format, Ordered, Sorter, SorterSettings};

/// Files that are written and not in their places yet.
#[derive(Debug, Default)]
pub struct Prepared {
    /// What they will be, and where they are now.
    pub files: Vec<(DataFile, PathBuf)>,
    pub added: Added,
}

/// What a commit needs to know of its collection.
pub struct Commit<'a> {
    pub disk: &'a Disk,
    pub layout: &'a Layout,
    pub tenancy: &'a str,
    pub footprint: &'a Footprint,
}

/// New lines in order, the first of them known.
struct News<'a> {
    ordered: Ordered,
    format: &'a Format,
    next: Option<(Line, DateTime<Utc>)>,
}

impl News<'_> {
    fn advance(&mut self) -> io::Result<()> {
        self.next = match self.ordered.next()? {
            None => None,
            Some(record) => {
                let mut text = Vec::new();
                self.format.write(&record, false, &mut text)?;
                Some((Line::new(text), record.source.retrieved_at))
            }
        };
        Ok(())
    }
}

impl Commit<'_> {
    /// Puts the pages of `key` together with what `slot` says is held of it.
    pub fn prepare(&self, staging: &mut Staging, key: &CellKey, slot: &Slot) -> Result<Prepared, Trouble> {
        let read_at = slot.read.map(|read| read.at);
        let mut prepared = Prepared::default();
        let Some(mut pages) = staging.pages(key)? else { return Ok(prepared) };
        let sorter = Sorter::new(SorterSettings::default(), self.footprint.clone());
        // On the disk of the collection, which has room for it, and whose owner alone may look into it.
        let mut sorter = sorter.in_directory(self.layout.staging());
        while let Some(page) = pages.next()? {
            sorter.push(&page, |_, _| true)?;
        }
        let format = Format::Jsonl { meta: true, tenancy: self.tenancy.to_owned() };
        let mut news = News { ordered: sorter.finish()?, format: &format, next: None };
        news.advance()?;
        while let Some((line, _)) = &news.next {
            let path = Layout::file(key, line.day());
            let staged = staging.name();
            let before = slot.files.iter().find(|file| file.path == path);
            self.check(&path, before, slot)?;
            let added = prepared.added.events;
            let file = self.merge(&path, &staged, &mut news, &mut prepared.added, read_at)?;
            if prepared.added.events == added && before.is_some_and(|before| before.rows == file.rows()) {
                drop(file);
                self.disk.remove(&staged)?;
            } else {
                prepared.files.push((file.finish(path)?, staged));
            }
        }
        Ok(prepared)
    }

    /// That the file at `path` is what was put there last. What is written anew from a file that somebody has changed, or
    /// from one that is gone, would look sound ever after.
    fn check(&self, path: &str, held: Option<&DataFile>, slot: &Slot) -> Result<(), Trouble> {
        let place = self.layout.data().join(path);
        let mut known = held.into_iter().chain(slot.intended.iter().filter(|file| file.path == path)).peekable();
        if known.peek().is_none() {
            return Ok(());
        }
        match digest(&place) {
            Ok(found) if known.any(|file| found == (file.bytes, file.sha256.clone())) => Ok(()),
            Ok(_) => Err(damaged_data(&place, "it is not what was written")),
            // It was about to be put there.
            Err(error) if error.kind() == io::ErrorKind::NotFound && held.is_none() => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(damaged_data(&place, "it is missing")),
            Err(error) => Err(damaged_data(&place, &format!("it cannot be read: {error}"))),
        }
    }

    /// Writes what the file at `path` holds and what is new for it. Whatever is there is kept, also where no ledger knows
    /// of it: it may be of a run that did not come to say so.
    fn merge(
        &self,
        path: &str,
        staged: &std::path::Path,
        news: &mut News<'_>,
        added: &mut Added,
        read_at: Option<DateTime<Utc>>,
    ) -> Result<NewFile, Trouble> {
        let place = self.layout.data().join(path);
        let damaged = |error: io::Error| damaged_data(&place, &format!("it cannot be read: {error}"));
        let day = news.next.as_ref().and_then(|(line, _)| line.day());
        let mut old = Old::open(&place).map_err(damaged)?;
        let mut file = NewFile::create(self.disk, staged)?;
        loop {
            let new_time = news.next.as_ref().filter(|(line, _)| line.day() == day).map(|(line, _)| line.time);
            let Some(time) = old.time().into_iter().chain(new_time).min() else { return Ok(file) };
            let mut group = Group::default();
            while old.time() == Some(time) {
                if let Some(line) = old.take().map_err(damaged)? {
                    group.add(line);
                }
            }
            while let Some((line, retrieved_at)) = news.next.take_if(|(line, _)| line.time == time && line.day() == day)
            {
                if group.add(line) {
                    added.count(lateness(time, retrieved_at, read_at));
                }
                news.advance()?;
            }
            group.write(&mut file)?;
        }
    }
}

/// How late an event was that a read before this one did not have.
fn lateness(time: i64, retrieved_at: DateTime<Utc>, read_at: Option<DateTime<Utc>>) -> Option<TimeDelta> {
    let time = DateTime::from_timestamp_micros(time)?;
    read_at.filter(|before| time <= *before).map(|_| retrieved_at - time)
}
