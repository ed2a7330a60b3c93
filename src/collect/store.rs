//! A collection of one tenancy while a run adds to it.
//!
//! What is done for a cell, in this order, each step on disk before the next: its pages go to staging; together with what
//! is held of the same days they become files there; the ledger is told what is about to happen; each file is put in its
//! place in one step; the ledger is told that it has happened. Wherever that ends, what is in the ledger is in the data,
//! and a cell that is not in the ledger is read again and put together with what it has left behind.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Days, TimeDelta, Utc};

use super::checkpoint::rotate;
use super::commit::Commit;
use super::disk::Disk;
use super::journal::{self, Contents, Journal};
use super::layout::Layout;
use super::manifest::Manifest;
use super::mend::{self, merged};
use super::record::{CellId, FORM, Head, Held, Missing, Quiet, Record, Why};
use super::staging::Staging;
use super::state::{Gap, Slot, State};
use super::{Trouble, damaged};
use crate::domain::footprint::Footprint;
use crate::domain::lateness::Added;
use crate::domain::ledger::{CellKey, CellUpdate, Change, Read};
use crate::domain::page::Page;
use crate::domain::problem::Problem;
use crate::domain::scope::Scope;
use crate::domain::tenancy::Tenancy;
use crate::domain::time_phrase::RETENTION;
use crate::domain::time_range::{FetchWindow, TimeRange};
use crate::fetch::{PlannedCell, plan, settling};

/// Cells that brought nothing new are told to the ledger this many at a time.
const QUIET: usize = 256;

/// The same for cells that are planned.
const PLANNED: usize = 1_000;

/// Bytes from which on a ledger is told anew.
pub const LEDGER: u64 = 4 << 20;

/// Who and what a run is.
#[derive(Clone, Debug)]
pub struct Run {
    pub at: DateTime<Utc>,
    /// From when on what was processed is wanted; `None`: from when on it was wanted before.
    pub since: Option<DateTime<Utc>>,
    /// For how many days the service holds events; `None` where it does not tell: then what it told last counts.
    pub retention_days: Option<u16>,
    pub run_id: String,
    /// How long after its end a window may still grow.
    pub settling: TimeDelta,
    /// Bytes from which on the ledger is told anew; [`LEDGER`] but for tests.
    pub ledger: u64,
}

/// What a run has added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gains {
    pub events: u64,
    /// Of those, the ones that came late.
    pub late: u64,
    /// Files that are new, or hold more.
    pub files: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Store {
    disk: Disk,
    layout: Layout,
    footprint: Footprint,
    run: Run,
    state: State,
    journal: Journal,
    staging: Staging,
    /// Pages of cells that are under way.
    pages: BTreeMap<CellKey, u32>,
    quiet: Vec<(CellId, Read)>,
    missing: Vec<Missing>,
    /// A cell that was split, and what is known of its parts.
    splitting: Option<(CellKey, Vec<CellKey>)>,
    gains: Gains,
    /// Bytes of an append that the run before did not finish.
    torn: u64,
}

impl Store {
    /// Opens the collection of a tenancy, and begins a run. Whoever calls holds the lock.
    pub fn open(disk: &Disk, root: &Path, tenancy: &Tenancy, footprint: Footprint, run: Run) -> Result<Self, Trouble> {
        let layout = Layout::of(root, tenancy);
        let (contents, state) = load(&layout)?;
        let staging = Staging::open(disk, layout.staging())?;
        let journal = Journal::open(disk, &layout.ledger(), &contents)?;
        let mut store = Self {
            disk: disk.clone(),
            layout,
            footprint,
            run,
            state,
            journal,
            staging,
            pages: BTreeMap::new(),
            quiet: Vec::new(),
            missing: Vec::new(),
            splitting: None,
            gains: Gains::default(),
            torn: contents.torn,
        };
        store.begin(tenancy)?;
        Ok(store)
    }

    fn begin(&mut self, tenancy: &Tenancy) -> Result<(), Trouble> {
        let mut records = Vec::new();
        if self.state.head.is_none() {
            let (tenancy, name) = (tenancy.id.to_string(), tenancy.name.clone());
            records.push(Record::Head(Head { form: FORM, tenancy, name }));
        }
        let Run { at, since, retention_days, run_id, .. } = self.run.clone();
        self.state.retention_days = retention_days.or(self.state.retention_days);
        let from = since.or(self.state.from).unwrap_or(self.oldest());
        let tool = concat!("auditui ", env!("CARGO_PKG_VERSION")).to_owned();
        records.push(Record::Begin { at, from, run_id, tool, retention_days });
        self.record(&records)?;
        let placed = mend::placed(&self.layout, &self.state);
        if placed.is_empty() { Ok(()) } else { self.record(&placed) }
    }

    /// What is said of the tenancy, which is not what the service says of it now.
    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub fn gains(&self) -> &Gains {
        &self.gains
    }

    /// Bytes of the ledger that were cut off, because the run before did not finish them.
    pub fn torn(&self) -> u64 {
        self.torn
    }

    /// When the run began.
    pub fn now(&self) -> DateTime<Utc> {
        self.run.at
    }

    /// How long the service holds events: as it tells, or told last, or the longest that it may.
    pub fn retention(&self) -> TimeDelta {
        self.state.retention_days.map_or(RETENTION, |days| TimeDelta::days(i64::from(days)))
    }

    /// The oldest minute that the service still holds.
    fn oldest(&self) -> DateTime<Utc> {
        self.run.at - self.retention()
    }

    /// From when on what was processed is wanted and can be had.
    pub fn from(&self) -> DateTime<Utc> {
        self.state.from.unwrap_or(self.oldest()).max(self.oldest())
    }

    /// The tenancy's regions and compartments, and those that were ever planned.
    pub fn scope(&self, now: Scope) -> Scope {
        let Scope { mut regions, mut compartments } = now;
        for (region, compartment) in self.state.places() {
            if !regions.contains(region) {
                regions.push(region.clone());
            }
            if !compartments.contains(compartment) {
                compartments.push(compartment.clone());
            }
        }
        Scope { regions, compartments }
    }

    /// What of `scope` is to be read, as far as it is `wanted`: what no run has read, as it was planned where it was, and
    /// what may have grown since; the newest day first. It is in the ledger before it is asked.
    pub fn plan(
        &mut self,
        tenancy: &Tenancy,
        scope: &Scope,
        now: DateTime<Utc>,
        wanted: impl Fn(&CellKey) -> bool,
    ) -> Result<Vec<PlannedCell>, Trouble> {
        // What is put off knows cells by the numbers that they have now.
        self.end_split()?;
        self.tell_quiet()?;
        self.tell_missing()?;
        // The minute from which windows are planned: what was planned a moment ago is not cut.
        let oldest = self.oldest().timestamp().div_euclid(60);
        for (id, rest) in mend::cut(&self.state, oldest) {
            let into = self.state.planned(Some(&rest).into_iter().filter(|rest| self.state.id(rest).is_none()));
            self.record(&[Record::Split { id, into }])?;
        }
        let ledger = self.state.ledger(self.run.settling);
        let mut cells = Vec::new();
        for window in windows(self.from(), now) {
            cells.extend(plan(tenancy, scope, window, &ledger, None, now));
        }
        cells.retain(|cell| wanted(&cell.key));
        self.note_plan(&cells)?;
        let open = self.state.slots().filter(|slot| slot.read.is_none());
        let known: std::collections::HashSet<&CellKey> = cells.iter().map(|cell| &cell.key).collect();
        let open = open.filter(|slot| !known.contains(&slot.key));
        let open: Vec<PlannedCell> = open.map(|slot| open_cell(slot, tenancy, now)).collect();
        cells.extend(open);
        cells.extend(settling(&ledger, tenancy, now));
        cells.retain(|cell| wanted(&cell.key) && cell.key.window.end() > self.oldest());
        self.leave_out(&mut cells, oldest)?;
        for cell in &mut cells {
            // What is listed no longer was deleted long ago.
            cell.deleted |= tenancy.partial.is_none() && tenancy.tree.find(&cell.key.compartment).is_none();
        }
        Ok(cells)
    }

    /// Of cells that were read before only what the service still holds is asked; what was lost in between is noted.
    fn leave_out(&mut self, cells: &mut Vec<PlannedCell>, oldest: i64) -> Result<(), Trouble> {
        let mut holes = Vec::new();
        cells.retain_mut(|cell| {
            let hole = mend::forgotten(cell, oldest);
            let id = self.state.id(&cell.key);
            let window = hole.ok().flatten().map(|hole| (hole.start_minute(), hole.end_minute()));
            holes.extend(id.zip(window).map(|(id, window)| Record::Hole { id, window }));
            hole.is_ok()
        });
        if holes.is_empty() { Ok(()) } else { self.record(&holes) }
    }

    fn note_plan(&mut self, cells: &[PlannedCell]) -> Result<(), Trouble> {
        for chunk in cells.chunks(PLANNED) {
            let planned = self.state.planned(chunk.iter().map(|cell| &cell.key));
            self.record(&[Record::Plan(planned)])?;
        }
        Ok(())
    }

    /// What is known of a cell that was read before.
    pub fn read(&self, key: &CellKey) -> Option<Read> {
        self.slot(key)?.1.read
    }

    /// Takes a page of a cell.
    pub fn page(&mut self, page: &Page) -> Result<(), Trouble> {
        *self.pages.entry(page.cell.clone()).or_default() += 1;
        Ok(self.staging.keep(page)?)
    }

    /// Takes note of what happened to a cell. What a cell brought that had been read before, when it is complete.
    pub fn update(&mut self, update: &CellUpdate) -> Result<Option<Added>, Trouble> {
        let CellUpdate { key, change } = update;
        let is_part =
            matches!(change, Change::Queued) && self.splitting.as_ref().is_some_and(|(whole, _)| is_part(key, whole));
        if is_part {
            if let Some((_, parts)) = &mut self.splitting {
                parts.push(key.clone());
            }
            return Ok(None);
        }
        self.end_split()?;
        match change {
            Change::Started => self.forget(key)?,
            Change::Split => {
                self.forget(key)?;
                self.splitting = Some((key.clone(), Vec::new()));
            }
            Change::Complete { at } => return self.complete(key, *at),
            Change::Failed(problem) | Change::NotKept(problem) => self.miss(key, Why::Failed, problem)?,
            Change::Denied(problem) => self.miss(key, Why::Denied, problem)?,
            Change::Gone(problem) => self.miss(key, Why::Gone, problem)?,
            Change::Queued | Change::Page { .. } | Change::Added { .. } => {}
        }
        Ok(None)
    }

    /// What is not read of what is wanted and can be had: the first such minute, if any.
    pub fn first_unread(&self) -> Option<DateTime<Utc>> {
        self.unread(self.from(), self.run.at).into_iter().flat_map(|(_, _, gaps)| gaps).map(FetchWindow::start).min()
    }

    /// Places of which something was wanted that was never read and that the service holds no longer.
    pub fn lost(&self) -> usize {
        self.state.from.map_or(0, |from| self.unread(from, self.oldest()).len())
    }

    fn unread(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Gap<'_>> {
        let minute = |time: DateTime<Utc>| time.timestamp().div_euclid(60);
        let window = FetchWindow::from_minutes(minute(from), minute(until));
        window.map(|window| self.state.missing(window)).unwrap_or_default()
    }

    /// Ends the run: what was put off is told to the ledger, and the manifest is written.
    pub fn finish(&mut self, at: DateTime<Utc>, exit_code: u8, sentence: String) -> Result<(), Trouble> {
        self.end_split()?;
        self.tell_quiet()?;
        self.tell_missing()?;
        self.record(&[Record::End { at, exit_code, sentence }])?;
        let manifest = Manifest::of(&self.state, self.journal.last());
        manifest.write(&self.disk, &self.layout, &mut self.staging)?;
        if self.journal.is_long(self.run.ledger) {
            let Self { disk, layout, staging, journal, state, run, .. } = self;
            rotate(disk, layout, staging, journal, state, run.settling)?;
        }
        Ok(())
    }

    fn slot(&self, key: &CellKey) -> Option<(CellId, &Slot)> {
        let id = self.state.id(key)?;
        Some((id, self.state.get(id)?))
    }

    /// Takes lines into the ledger, for good.
    fn record(&mut self, records: &[Record]) -> Result<(), Trouble> {
        self.journal.add(records)?;
        for record in records {
            self.state.apply(record).map_err(|_| Trouble::bug("a line of the ledger does not go with the others"))?;
        }
        Ok(())
    }

    fn end_split(&mut self) -> Result<(), Trouble> {
        let Some((whole, parts)) = self.splitting.take() else { return Ok(()) };
        let Some(id) = self.state.id(&whole) else { return Ok(()) };
        let parts = parts.iter().filter(|part| self.state.id(part).is_none());
        let into = self.state.planned(parts);
        self.record(&[Record::Split { id, into }])
    }

    fn forget(&mut self, key: &CellKey) -> Result<(), Trouble> {
        self.pages.remove(key);
        Ok(self.staging.forget(key)?)
    }

    fn complete(&mut self, key: &CellKey, at: DateTime<Utc>) -> Result<Option<Added>, Trouble> {
        let pages = self.pages.get(key).copied().unwrap_or_default();
        let Some((id, slot)) = self.slot(key) else {
            return Err(Trouble::bug("a cell was read that nobody had planned"));
        };
        let slot = slot.clone();
        let tenancy = self.state.head.as_ref().map(|head| head.tenancy.clone()).unwrap_or_default();
        let commit = Commit { disk: &self.disk, layout: &self.layout, tenancy: &tenancy, footprint: &self.footprint };
        let prepared = commit.prepare(&mut self.staging, key, &slot)?;
        let Slot { files: held, read: before, .. } = slot;
        if prepared.files.is_empty() {
            self.quiet.push((id, Read { at, pages, events: 0, late: 0 }));
            if self.quiet.len() >= QUIET {
                self.tell_quiet()?;
            }
        } else {
            let (new, staged): (Vec<_>, Vec<_>) = prepared.files.into_iter().unzip();
            let before = before.unwrap_or(Read { at, pages: 0, events: 0, late: 0 });
            let files = merged(held, new.clone());
            let read = Read {
                at: at.max(before.at),
                pages: before.pages + pages,
                events: files.iter().map(|file| file.rows).sum(),
                late: before.late + prepared.added.late.events(),
            };
            self.record(&[Record::Intent { id, files: new.clone(), read: Some(read) }])?;
            for (file, staged) in new.iter().zip(&staged) {
                let place = self.layout.data().join(&file.path);
                self.disk.make_directories(place.parent().unwrap_or(&place))?;
                self.disk.place(staged, &place)?;
            }
            self.gains.files += new.len() as u64;
            let Read { at, pages, events, late } = read;
            self.record(&[Record::Cell(Held { id, at, pages, events, late, files })])?;
        }
        self.gains.events += prepared.added.events;
        self.gains.late += prepared.added.late.events();
        self.forget(key)?;
        Ok(Some(prepared.added).filter(|_| before.is_some()))
    }

    fn tell_quiet(&mut self) -> Result<(), Trouble> {
        let quiet = std::mem::take(&mut self.quiet);
        let Some(first) = quiet.iter().map(|(_, read)| read.at).min() else { return Ok(()) };
        let first = DateTime::from_timestamp(first.timestamp(), 0).unwrap_or(first);
        let cells = quiet.iter().map(|(id, read)| Quiet(*id, (read.at - first).num_seconds(), read.pages)).collect();
        self.record(&[Record::Quiet { at: first, cells }])
    }

    fn miss(&mut self, key: &CellKey, why: Why, problem: &Arc<Problem>) -> Result<(), Trouble> {
        self.forget(key)?;
        if let Some(id) = self.state.id(key) {
            self.missing.push(Missing { id, why, problem: (**problem).clone() });
            if self.missing.len() >= QUIET {
                self.tell_missing()?;
            }
        }
        Ok(())
    }

    fn tell_missing(&mut self) -> Result<(), Trouble> {
        let missing = std::mem::take(&mut self.missing);
        let (known, new): (Vec<_>, Vec<_>) = missing.into_iter().partition(|missing| self.state.is_known(missing));
        let mut records = Vec::new();
        if !known.is_empty() {
            records.push(Record::Still(known.into_iter().map(|missing| missing.id).collect()));
        }
        if !new.is_empty() {
            records.push(Record::Missing(new));
        }
        if records.is_empty() { Ok(()) } else { self.record(&records) }
    }
}

/// Reads the ledger of a tenancy, and holds it against the manifest: a ledger that was cut at a line end looks whole.
pub fn load(layout: &Layout) -> Result<(Contents, State), Trouble> {
    // A manifest that cannot be read is for `verify` to say.
    let told = Manifest::read(&layout.manifest()).ok().flatten().map(|manifest| manifest.ledger);
    let (mut state, mut met) = (State::default(), told.is_none());
    let parsed = journal::parse(&journal::read(&layout.ledger())?, &mut |checksum, record| {
        let stands_for = matches!(&record, Record::Since { ledger } if told.as_ref() == Some(ledger));
        met |= stands_for || told.as_deref() == Some(checksum);
        state.apply(&record)
    });
    let contents = parsed.map_err(|damage| damaged(layout, &damage.to_string()))?;
    if !met {
        return Err(damaged(layout, "its end is missing: the manifest tells of more than it holds"));
    }
    Ok((contents, state))
}

/// What is asked in one go: the day of `now`, up to its end, and before it everything since `from`.
fn windows(from: DateTime<Utc>, now: DateTime<Utc>) -> Vec<FetchWindow> {
    let midnight = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let tomorrow = midnight.checked_add_days(Days::new(1)).unwrap_or(now);
    let ranges = [TimeRange::new(from.max(midnight), tomorrow), TimeRange::new(from, midnight)];
    ranges.into_iter().flatten().map(|range| range.fetch_window(TimeDelta::zero())).collect()
}

/// A cell that was planned and not read. Where files of it may be in their places it is not cut, as nothing is that was
/// read before: its parts would hold the same events once more.
fn open_cell(slot: &Slot, tenancy: &Tenancy, now: DateTime<Utc>) -> PlannedCell {
    let read_at = (!slot.intended.is_empty()).then(|| slot.key.window.start());
    PlannedCell { read_at, ..PlannedCell::new(slot.key.clone(), tenancy, now) }
}

fn is_part(key: &CellKey, whole: &CellKey) -> bool {
    key.region == whole.region && key.compartment == whole.compartment && whole.window.contains(key.window)
}
