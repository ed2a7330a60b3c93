//! A ledger made anew from the data.
//!
//! Data does not say how far a window was read, nor what was read and held nothing. So each cell that has data counts as
//! read as of its first minute: the next run asks all of it again, as far as the service still holds it, and adds what is
//! not there.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::disk::Disk;
use super::journal::{self, Journal};
use super::layout::Layout;
use super::record::{DataFile, FORM, Head, Held, Record};
use super::scan::{Scanned, paths, scan};
use super::staging::Staging;
use super::state::State;
use super::{Trouble, damaged};
use crate::domain::ledger::CellKey;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Where the ledger that was is now, as text.
    pub aside: String,
    pub cells: usize,
    pub rows: u64,
    /// Files that are none of ours, or cannot be read; left where they are.
    pub foreign: Vec<String>,
}

/// Makes the ledger of a tenancy anew, whatever it is like: it may be whole and data be missing. Whoever calls holds the
/// lock.
pub fn rebuild(disk: &Disk, layout: &Layout, now: DateTime<Utc>) -> Result<Rebuilt, Trouble> {
    let mut rebuilt = Rebuilt::default();
    let mut tenancy = None;
    let mut cells: BTreeMap<CellKey, Vec<DataFile>> = BTreeMap::new();
    for path in paths(layout)? {
        match scan(layout, &path) {
            Ok(Some(Scanned { tenancy: id, key, file })) => {
                rebuilt.rows += file.rows;
                cells.entry(key).or_default().push(file);
                tenancy = Some(id);
            }
            Ok(None) => rebuilt.foreign.push(path),
            Err(error) => rebuilt.foreign.push(format!("{path} ({error})")),
        }
    }
    rebuilt.cells = cells.len();
    let text = journal::read(&layout.ledger())?;
    let (head, from, retention_days) = salvage(&text);
    let head = head.or_else(|| Some(Head { form: FORM, tenancy: tenancy?, name: None }));
    let Some(head) = head else {
        return Err(damaged(layout, "and there is nothing of which it could be made anew"));
    };
    let first = cells.keys().map(|key| key.window.start()).min();
    let from = from.or(first).unwrap_or(now);
    let mut records = vec![
        Record::Head(head),
        Record::Begin { at: now, from, run_id: "rebuilt".to_owned(), tool: tool(), retention_days },
        Record::Plan(State::default().planned(cells.keys())),
    ];
    records.extend((0..).zip(cells).map(|(id, (key, files))| {
        let events = files.iter().map(|file| file.rows).sum();
        Record::Cell(Held { id, at: key.window.start(), pages: 0, events, late: 0, files })
    }));
    let mut staging = Staging::open(disk, layout.staging())?;
    let (staged, aside) = (staging.name(), journal::aside(&layout.ledger()));
    let kept = staging.name();
    let mut file = disk.create(&kept)?;
    std::io::Write::write_all(&mut file, &text)?;
    file.sync()?;
    disk.place(&kept, &aside)?;
    Journal::rewrite(disk, &staged, &layout.ledger(), &records)?;
    // It tells of the ledger that was; the next run writes its own.
    disk.remove(&layout.manifest())?;
    rebuilt.aside = aside.display().to_string();
    Ok(rebuilt)
}

fn tool() -> String {
    concat!("auditui ", env!("CARGO_PKG_VERSION")).to_owned()
}

/// Whose ledger it was, from when on it was kept, and for how many days the service held events, as far as a line that can
/// be read says so.
fn salvage(text: &[u8]) -> (Option<Head>, Option<DateTime<Utc>>, Option<u16>) {
    let (mut head, mut from, mut days) = (None, None, None);
    for line in text.split(|byte| *byte == b'\n') {
        let json = line.iter().position(|byte| *byte == b'{').and_then(|at| line.get(at..)).unwrap_or_default();
        match serde_json::from_slice(json) {
            Ok(Record::Head(found)) => head = Some(found),
            Ok(Record::Begin { from: found, retention_days, .. }) => {
                days = retention_days.or(days);
                from = Some(from.map_or(found, |from: DateTime<Utc>| from.min(found)));
            }
            _ => {}
        }
    }
    (head, from, days)
}
