//! Holds a collection against what its ledger and its manifest say of it. Asks nobody and changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::layout::Layout;
use super::manifest::Manifest;
use super::record::DataFile;
use super::scan::{digest, paths};
use super::state::State;
use super::{Trouble, journal};
use crate::domain::text::clean;
use crate::domain::time_range::FetchWindow;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// Good to know.
    Note,
    /// Something was not read.
    Gap,
    /// A run did not come to its end; the next one mends it.
    Unfinished,
    /// Something is not what it was.
    Mismatch,
}

/// Something that is not as it should be, by the name of its file or cell. Harmless on a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub sort: Sort,
    pub what: String,
}

/// What was found in the collection of one tenancy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub files: usize,
    pub rows: u64,
    pub bytes: u64,
    pub found: Vec<Found>,
    /// From when to when it says that it was collected.
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

impl Verified {
    fn add(&mut self, sort: Sort, what: impl AsRef<str>) {
        self.found.push(Found { sort, what: clean(what.as_ref()).into_owned() });
    }
}

/// Looks at everything of one tenancy.
pub fn verify(root: &Path, slug: &str) -> Result<Verified, Trouble> {
    let layout = Layout::named(root, slug);
    let mut verified = Verified::default();
    let manifest = match Manifest::read(&layout.manifest()) {
        Ok(manifest) => manifest,
        Err(error) => {
            verified.add(Sort::Mismatch, format!("{}: {error}", layout.manifest().display()));
            None
        }
    };
    let (mut state, mut met) = (State::default(), false);
    let parsed = journal::parse(&journal::read(&layout.ledger())?, &mut |checksum, record| {
        state.apply(&record)?;
        if let Some(manifest) = manifest.as_ref().filter(|manifest| manifest.ledger == *checksum) {
            met = true;
            against_manifest(&layout, manifest, &state, &mut verified);
        }
        Ok(())
    });
    let ledger = layout.ledger().display().to_string();
    let contents = match parsed {
        Ok(contents) => contents,
        Err(damage) => {
            verified.add(Sort::Mismatch, format!("{ledger}: {damage}"));
            // The manifest is what is left to hold the data against.
            let files = manifest.map(|manifest| manifest.files).unwrap_or_default();
            data(&layout, &files.iter().collect::<Vec<_>>(), &BTreeMap::new(), &mut verified)?;
            return Ok(verified);
        }
    };
    if contents.torn > 0 {
        verified.add(Sort::Unfinished, format!("{ledger}: its last line is not whole"));
    }
    match &manifest {
        Some(_) if !met => {
            let what = "its end is missing, or it is another: the manifest tells of a line that it does not have";
            verified.add(Sort::Mismatch, format!("{ledger}: {what}"));
        }
        None if contents.lines > 0 => {
            verified.add(Sort::Unfinished, format!("{}: there is none", layout.manifest().display()));
        }
        _ => {}
    }
    let intended = state.slots().flat_map(|slot| &slot.intended).map(|file| (file.path.as_str(), file)).collect();
    data(&layout, &state.files(), &intended, &mut verified)?;
    gaps(&state, &mut verified);
    Ok(verified)
}

fn against_manifest(layout: &Layout, manifest: &Manifest, state: &State, verified: &mut Verified) {
    let name = layout.manifest().display().to_string();
    let should = Manifest::of(state, &manifest.ledger);
    let listed: BTreeMap<&str, &DataFile> = manifest.files.iter().map(|file| (file.path.as_str(), file)).collect();
    let before = verified.found.len();
    for file in &should.files {
        match listed.get(file.path.as_str()) {
            None => verified.add(Sort::Mismatch, format!("{name}: {} is missing in it", file.path)),
            Some(found) if **found != *file => {
                verified
                    .add(Sort::Mismatch, format!("{name}: what it says of {} is not what the ledger says", file.path));
            }
            Some(_) => {}
        }
    }
    let known: BTreeSet<&str> = should.files.iter().map(|file| file.path.as_str()).collect();
    for path in listed.keys().filter(|path| !known.contains(*path)) {
        verified.add(Sort::Mismatch, format!("{name}: {path} is in no line of the ledger"));
    }
    if verified.found.len() == before && *manifest != should {
        verified.add(Sort::Mismatch, format!("{name}: its sums are not those of its files"));
    }
}

/// Every file that should be there, and every one that is.
fn data(
    layout: &Layout,
    files: &[&DataFile],
    intended: &BTreeMap<&str, &DataFile>,
    verified: &mut Verified,
) -> Result<(), Trouble> {
    let mut there = paths(layout)?;
    for file in files {
        let place = layout.data().join(&file.path);
        let name = place.display().to_string();
        match digest(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                verified.add(Sort::Mismatch, format!("{name}: is missing"));
            }
            Err(error) => verified.add(Sort::Mismatch, format!("{name}: cannot be read: {error}")),
            Ok(found) if found == (file.bytes, file.sha256.clone()) => {}
            Ok(found) => other(&name, intended.get(file.path.as_str()).copied(), &found, verified),
        }
        there.remove(&file.path);
        verified.files += 1;
        verified.rows += file.rows;
        verified.bytes += file.bytes;
    }
    for path in there {
        let place = layout.data().join(&path);
        let name = place.display().to_string();
        match intended.get(path.as_str()) {
            None => verified.add(Sort::Mismatch, format!("{name}: no line of the ledger knows of it")),
            Some(file) => other(&name, Some(file), &digest(&place)?, verified),
        }
    }
    Ok(())
}

/// A file that is not what the ledger says was done; it may be what the ledger says was about to be done.
fn other(name: &str, intended: Option<&DataFile>, found: &(u64, String), verified: &mut Verified) {
    if intended.is_some_and(|file| *found == (file.bytes, file.sha256.clone())) {
        verified
            .add(Sort::Unfinished, format!("{name}: a run ended before the ledger could say that it is in its place"));
    } else {
        verified.add(Sort::Mismatch, format!("{name}: is not what was written"));
    }
}

fn gaps(state: &State, verified: &mut Verified) {
    (verified.from, verified.until) = (state.from, state.begun);
    let minute = |time: DateTime<Utc>| time.timestamp().div_euclid(60);
    let (Some(from), Some(begun)) = (state.from, state.begun) else { return };
    let Some(window) = FetchWindow::from_minutes(minute(from), minute(begun)) else { return };
    let gone: BTreeSet<_> = state.gaps(window).iter().map(|(region, compartment, _)| (*region, *compartment)).collect();
    let missing = state.missing(window);
    let asked: BTreeSet<_> = missing.iter().map(|(region, compartment, _)| (*region, *compartment)).collect();
    for (region, compartment, windows) in &missing {
        let windows: Vec<String> = windows.iter().map(ToString::to_string).collect();
        let trouble = state.troubles.get(&((*region).clone(), (*compartment).clone()));
        let why = trouble.map_or_else(String::new, |missing| format!(": {}", missing.problem.what));
        verified.add(Sort::Gap, format!("{compartment} in {region}: not read {}{why}", windows.join(", ")));
    }
    for (region, compartment) in gone.difference(&asked) {
        verified.add(Sort::Note, format!("{compartment} in {region}: deleted, and does not answer any more"));
    }
}
