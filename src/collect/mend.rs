//! What a run puts right before it reads: files that a run before put in their places without coming to say so, and
//! windows of which the service holds only a part by now.

use std::collections::BTreeMap;
use std::io;

use super::layout::Layout;
use super::record::{DataFile, Held, Record};
use super::scan::digest;
use super::state::{Slot, State};
use crate::domain::ledger::{CellKey, Read};
use crate::domain::time_range::FetchWindow;
use crate::fetch::PlannedCell;

/// Lines about cells of which files were about to be put in their places when a run ended. Where all of them are, the cell
/// is what it would have been; where some are, it is asked once more, as far as the service still has it. So nothing stays
/// unfinished for ever, whatever the service has forgotten meanwhile.
pub fn placed(layout: &Layout, state: &State) -> Vec<Record> {
    let intended = state.numbered().filter(|(_, slot)| !slot.intended.is_empty());
    intended.filter_map(|(id, slot)| of_slot(layout, id, slot)).collect()
}

fn of_slot(layout: &Layout, id: u32, slot: &Slot) -> Option<Record> {
    let is_file = |file: &DataFile| match digest(&layout.data().join(&file.path)) {
        Ok(found) => Some(found == (file.bytes, file.sha256.clone())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(false),
        Err(_) => None,
    };
    let (mut there, mut elsewhere) = (Vec::new(), 0);
    for file in &slot.intended {
        // What is neither is damage, which is for whoever adds to the file to say.
        let held = slot.files.iter().find(|held| held.path == file.path);
        match (is_file(file)?, held) {
            (true, _) => there.push(file.clone()),
            (false, Some(held)) if is_file(held)? => elsewhere += 1,
            (false, None) if !layout.data().join(&file.path).exists() => elsewhere += 1,
            (false, _) => return None,
        }
    }
    if there.is_empty() {
        return Some(Record::Intent { id, files: Vec::new(), read: None });
    }
    // As of its first minute: nobody knows how far it was read.
    let unknown = Read { at: slot.key.window.start(), pages: 0, events: 0, late: 0 };
    let before = slot.read.unwrap_or(unknown);
    let read = slot.intended_read.filter(|_| elsewhere == 0).unwrap_or(before);
    let files = merged(slot.files.clone(), there);
    let events = files.iter().map(|file| file.rows).sum();
    Some(Record::Cell(Held { id, at: read.at, pages: read.pages, events, late: read.late, files }))
}

/// The files of a cell, `new` in the place of what they replace.
pub fn merged(held: Vec<DataFile>, new: Vec<DataFile>) -> Vec<DataFile> {
    let mut files: BTreeMap<String, DataFile> = held.into_iter().map(|file| (file.path.clone(), file)).collect();
    files.extend(new.into_iter().map(|file| (file.path.clone(), file)));
    files.into_values().collect()
}

/// Cells that were planned, not read, and begin before `oldest`, each with what is left of it. The rest is lost, and no
/// cell says that it was read.
pub fn cut(state: &State, oldest: i64) -> Vec<(u32, CellKey)> {
    let open = state.numbered().filter(|(_, slot)| slot.read.is_none() && slot.intended.is_empty());
    let straddling = open.filter_map(|(id, slot)| {
        let window = slot.key.window;
        let rest = FetchWindow::from_minutes(oldest, window.end_minute()).filter(|_| window.start_minute() < oldest)?;
        Some((id, CellKey { window: rest, ..slot.key.clone() }))
    });
    straddling.collect()
}

/// Leaves out of what is asked of a cell that was read before what the service holds no longer. The minutes of it that no
/// read had come to; they are lost. `Err`: nothing is left to ask.
pub fn forgotten(cell: &mut PlannedCell, oldest: i64) -> Result<Option<FetchWindow>, ()> {
    let Some(read_at) = cell.read_at.filter(|_| cell.ask.start_minute() < oldest) else { return Ok(None) };
    let window = cell.key.window;
    let reached = if read_at > window.start() { window.passed(read_at).end_minute() } else { window.start_minute() };
    cell.ask = FetchWindow::from_minutes(oldest, cell.ask.end_minute()).ok_or(())?;
    Ok(FetchWindow::from_minutes(reached, oldest))
}
