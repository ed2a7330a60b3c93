//! Holds a collection against what its ledger and its manifest say of it. Asks nobody and changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::layout::Layout;
use super::manifest::Manifest;
use super::record::{DataFile, Record};
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
    let (mut state, mut met, mut since) = (State::default(), false, None);
    let parsed = journal::parse(&journal::read(&layout.ledger())?, &mut |checksum, record| {
        state.apply(&record)?;
        let stands_for = match record {
            Record::Since { ledger } => Some(since.insert(ledger).clone()),
            _ => None,
        };
        let is_told = |ledger: &String| ledger == checksum || stands_for.as_ref() == Some(ledger);
        if let Some(manifest) = manifest.as_ref().filter(|manifest| is_told(&manifest.ledger)) {
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
            data(&layout, Told::of(files), &|| None, &mut verified)?;
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
    let newer = || {
        let mut state = State::default();
        let text = journal::read(&layout.ledger()).ok()?;
        journal::parse(&text, &mut |_, record| state.apply(&record)).ok().map(|_| Told::by(&state))
    };
    data(&layout, Told::by(&state), &newer, &mut verified)?;
    before(&layout, since, &mut verified);
    gaps(&state, &mut verified);
    Ok(verified)
}

/// Goes back through the ledgers that were: each must end with the line that the next one stands for.
fn before(layout: &Layout, mut since: Option<String>, verified: &mut Verified) {
    while let Some(checksum) = since.take() {
        let path = layout.ledger_before(&checksum);
        let name = path.display().to_string();
        let text = match std::fs::File::open(&path).and_then(zstd::decode_all) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                verified.add(Sort::Note, format!("{name}: is not kept; it is what the ledger was before"));
                return;
            }
            Err(error) => return verified.add(Sort::Mismatch, format!("{name}: cannot be read: {error}")),
        };
        let mut last = String::new();
        let parsed = journal::parse(&text, &mut |line, record| {
            line.clone_into(&mut last);
            if let Record::Since { ledger } = record {
                since = Some(ledger);
            }
            Ok(())
        });
        match parsed {
            Err(damage) => return verified.add(Sort::Mismatch, format!("{name}: {damage}")),
            Ok(_) if last != checksum => {
                return verified.add(Sort::Mismatch, format!("{name}: is another than the one that it is called by"));
            }
            Ok(_) => {}
        }
    }
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

/// What a ledger says of files, by path.
#[derive(Debug, Default)]
struct Told {
    files: BTreeMap<String, DataFile>,
    /// Those that were about to be put in their places.
    intended: BTreeMap<String, DataFile>,
}

impl Told {
    fn of(files: Vec<DataFile>) -> Self {
        Self { files: by_path(files), intended: BTreeMap::new() }
    }

    fn by(state: &State) -> Self {
        let intended = state.slots().flat_map(|slot| &slot.intended).cloned();
        Self { files: by_path(state.files().into_iter().cloned()), intended: by_path(intended) }
    }

    fn about(&self, path: &str) -> (Option<&DataFile>, Option<&DataFile>) {
        (self.files.get(path), self.intended.get(path))
    }

    /// How the file at `path` is not what it should be, if it is not.
    fn judge(&self, layout: &Layout, path: &str) -> Option<(Sort, String)> {
        let place = layout.data().join(path);
        let name = place.display().to_string();
        let (held, intended) = self.about(path);
        let found = match digest(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return held.map(|_| (Sort::Mismatch, format!("{name}: is missing")));
            }
            Err(error) => return Some((Sort::Mismatch, format!("{name}: cannot be read: {error}"))),
            Ok(found) => found,
        };
        let is = |file: &DataFile| found == (file.bytes, file.sha256.clone());
        if held.is_some_and(is) {
            None
        } else if intended.is_some_and(is) {
            let what = "a run ended before the ledger could say that it is in its place";
            Some((Sort::Unfinished, format!("{name}: {what}")))
        } else if held.is_none() && intended.is_none() {
            Some((Sort::Mismatch, format!("{name}: no line of the ledger knows of it")))
        } else {
            Some((Sort::Mismatch, format!("{name}: is not what was written")))
        }
    }
}

fn by_path(files: impl IntoIterator<Item = DataFile>) -> BTreeMap<String, DataFile> {
    files.into_iter().map(|file| (file.path.clone(), file)).collect()
}

/// Holds every file against what the ledger says of it. A collector may be at work meanwhile: what is odd is held against
/// what the ledger says by then (`newer`), until it says what it said before.
fn data(
    layout: &Layout,
    mut told: Told,
    newer: &dyn Fn() -> Option<Told>,
    verified: &mut Verified,
) -> Result<(), Trouble> {
    verified.files = told.files.len();
    verified.rows = told.files.values().map(|file| file.rows).sum();
    verified.bytes = told.files.values().map(|file| file.bytes).sum();
    let mut paths = paths(layout)?;
    paths.extend(told.files.keys().cloned());
    let judge = |told: &Told, paths: BTreeSet<String>| -> BTreeMap<String, (Sort, String)> {
        paths.into_iter().filter_map(|path| told.judge(layout, &path).map(|odd| (path, odd))).collect()
    };
    let mut odd = judge(&told, paths);
    let mut sure = BTreeMap::new();
    while !odd.is_empty() {
        let now = newer();
        let same = |path: &str| now.as_ref().is_none_or(|now| now.about(path) == told.about(path));
        let (settled, open): (BTreeMap<_, _>, BTreeMap<_, _>) = odd.into_iter().partition(|(path, _)| same(path));
        sure.extend(settled);
        told = now.unwrap_or_default();
        odd = judge(&told, open.into_keys().collect());
    }
    for (sort, what) in sure.into_values() {
        verified.add(sort, what);
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::disk::Disk;
    use crate::collect::store::load;
    use crate::collect::testing::{World, at, directory};

    #[test]
    fn what_a_collector_changes_meanwhile_is_no_damage_and_what_somebody_else_changes_is() {
        let (directory, world) = (directory(), World::small());
        let root = directory.path();
        let layout = world.layout(root);
        let told = || Told::by(&load(&layout).unwrap().1);
        world.collect(root, &Disk::default(), at("2026-03-14T08:00:00Z")).unwrap();
        let before = told();
        world.collect(root, &Disk::default(), at("2026-03-14T23:50:00Z")).unwrap();
        let found = |before: Told, newer: &dyn Fn() -> Option<Told>| {
            let mut verified = Verified::default();
            data(&layout, before, newer, &mut verified).unwrap();
            verified.found
        };
        let path = before.files.keys().find(|path| before.about(path) != told().about(path)).unwrap().clone();
        let again = Told { files: before.files.clone(), ..Told::default() };
        assert!(!found(again, &|| None).is_empty());
        let again = Told { files: before.files.clone(), ..Told::default() };
        assert_eq!(found(again, &|| Some(told())), []);
        std::fs::write(layout.data().join(&path), "other").unwrap();
        let found = found(before, &|| Some(told()));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].sort == Sort::Mismatch && found[0].what.contains(&path), "{found:?}");
    }
}
