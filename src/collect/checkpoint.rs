//! A ledger told anew in fewer lines, once it has grown long: what its lines say taken together, and last the checksum of
//! the line up to which they do. The ledger that was is kept beside it, packed, under that checksum; so the chain goes on.

use std::io::{self, Write as _};

use chrono::{DateTime, TimeDelta, Utc};

use super::disk::Disk;
use super::journal::{self, Journal};
use super::layout::Layout;
use super::record::{Held, Known, Quiet, Record};
use super::staging::Staging;
use super::state::{Slot, State};
use crate::domain::ledger::CellKey;

/// Cells to a line.
const CELLS: usize = 1_000;

/// How hard a ledger that was is packed.
const LEVEL: i32 = 9;

/// Puts a shorter ledger in the place of that of `journal`, in one step. What has this checksum is in the manifest.
pub fn rotate(
    disk: &Disk,
    layout: &Layout,
    staging: &mut Staging,
    journal: &Journal,
    state: &State,
    settling: TimeDelta,
) -> io::Result<()> {
    let Some(records) = records(state, settling, journal.last()) else { return Ok(()) };
    let staged = staging.name();
    let mut file = disk.create(&staged)?;
    file.write_all(&zstd::encode_all(&*journal::read(&layout.ledger())?, LEVEL)?)?;
    file.sync()?;
    disk.place(&staged, &layout.ledger_before(journal.last()))?;
    Journal::rewrite(disk, &staging.name(), &layout.ledger(), &records)
}

/// What a state is, in lines. `None` where there is none.
fn records(state: &State, settling: TimeDelta, ledger: &str) -> Option<Vec<Record>> {
    let (at, from) = (state.begun?, state.from?);
    let tool = concat!("auditui ", env!("CARGO_PKG_VERSION")).to_owned();
    let mut records = vec![
        Record::Head(state.head.clone()?),
        Record::Begin { at, from, run_id: "checkpoint".to_owned(), tool, retention_days: state.retention_days },
    ];
    // Numbers cells as whoever reads this will.
    let mut fresh = State::default();
    let slots = joined(state, settling);
    for slots in slots.chunks(CELLS) {
        let record = Record::Plan(fresh.planned(slots.iter().map(|slot| &slot.key)));
        fresh.apply(&record).ok()?;
        records.push(record);
    }
    let mut quiet: Vec<(u32, DateTime<Utc>, u32)> = Vec::new();
    for slot in &slots {
        let id = fresh.id(&slot.key)?;
        match slot.read {
            Some(read) if slot.files.is_empty() => quiet.push((id, read.at, read.pages)),
            Some(read) => {
                let files = slot.files.clone();
                let held = Held { id, at: read.at, pages: read.pages, events: read.events, late: read.late, files };
                records.push(Record::Cell(held));
            }
            None => {}
        }
        let holes = slot.holes.iter().map(|hole| (hole.start_minute(), hole.end_minute()));
        records.extend(holes.map(|window| Record::Hole { id, window }));
        if !slot.intended.is_empty() {
            records.push(Record::Intent { id, files: slot.intended.clone(), read: slot.intended_read });
        }
    }
    for quiet in quiet.chunks(CELLS) {
        let first = quiet.iter().map(|(_, at, _)| *at).min()?;
        let first = DateTime::from_timestamp(first.timestamp(), 0)?;
        let cells = quiet.iter().map(|(id, at, pages)| Quiet(*id, (*at - first).num_seconds(), *pages)).collect();
        records.push(Record::Quiet { at: first, cells });
    }
    let known: Vec<Known> = state.places().filter_map(|place| state.known(place)).collect();
    records.extend(known.chunks(CELLS).map(|known| Record::Known(known.to_vec())));
    records.push(Record::Since { ledger: ledger.to_owned() });
    Some(records)
}

/// The cells; those of a place that follow each other, are final and hold nothing are one.
fn joined(state: &State, settling: TimeDelta) -> Vec<Slot> {
    let is_final = |slot: &Slot| {
        let bare = slot.files.is_empty() && slot.holes.is_empty() && slot.intended.is_empty();
        bare && slot.read.is_some_and(|read| read.at >= slot.key.window.end() + settling)
    };
    let mut slots: Vec<Slot> = state.slots().cloned().collect();
    slots.sort_by(|a, b| a.key.cmp(&b.key));
    let mut joined: Vec<Slot> = Vec::new();
    for slot in slots {
        match (joined.last_mut(), slot.read) {
            (Some(last), Some(read)) if follows(&last.key, &slot.key) && is_final(last) && is_final(&slot) => {
                last.key.window = last.key.window.extended_to(slot.key.window.end_minute());
                if let Some(before) = &mut last.read {
                    before.at = before.at.max(read.at);
                    before.pages = before.pages.saturating_add(read.pages);
                }
            }
            _ => joined.push(slot),
        }
    }
    joined
}

fn follows(before: &CellKey, after: &CellKey) -> bool {
    let same_place = before.region == after.region && before.compartment == after.compartment;
    same_place && before.window.end_minute() == after.window.start_minute()
}
