//! What a ledger says, all its lines taken together.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use super::record::{CellId, DataFile, FORM, Head, Held, Known, Missing, Place, Planned, Quiet, Record, Why};
use crate::domain::ledger::{CellKey, CellUpdate, Change, Ledger, Read};
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::domain::time_range::FetchWindow;

/// What has become of a collection so far.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub head: Option<Head>,
    /// What was processed before is not wanted.
    pub from: Option<DateTime<Utc>>,
    /// When the last run began.
    pub begun: Option<DateTime<Utc>>,
    /// For how many days the service held events when it last told.
    pub retention_days: Option<u16>,
    /// By number. `None`: split, or could not be read.
    cells: Vec<Option<Slot>>,
    ids: HashMap<CellKey, CellId>,
    /// Every place that was ever planned, with the cell that it was planned in first, as far as this ledger has it.
    places: BTreeMap<(RegionId, Ocid), Option<CellId>>,
    /// The place of each cell, as the cell that this was planned in first.
    firsts: Vec<CellId>,
    named: HashMap<CellId, (RegionId, Ocid)>,
    /// The first minute of each place that was ever planned. What appears late is never asked for what was lost before.
    starts: HashMap<(RegionId, Ocid), i64>,
    /// Why a place could not be read when it was tried last.
    pub troubles: BTreeMap<(RegionId, Ocid), Missing>,
}

/// A cell that is held, or will be.
#[derive(Clone, Debug)]
pub struct Slot {
    pub key: CellKey,
    /// `None` while it was not read to its end.
    pub read: Option<Read>,
    pub files: Vec<DataFile>,
    /// Files that were about to be put in their places when the ledger ended.
    pub intended: Vec<DataFile>,
    /// What the cell would have been read as then.
    pub intended_read: Option<Read>,
    /// Minutes that were lost before a read came to them.
    pub holes: Vec<FetchWindow>,
}

impl Slot {
    /// The minutes that were read; none where nobody knows how far they were, see `rebuild`.
    pub fn covered(&self) -> Vec<FetchWindow> {
        let read = self.read.filter(|read| read.at > self.key.window.start());
        read.map(|read| self.key.window.passed(read.at).minus(&self.holes)).unwrap_or_default()
    }
}

/// Minutes of a place that no read has covered.
pub type Gap<'a> = (&'a RegionId, &'a Ocid, Vec<FetchWindow>);

/// A line that does not go with those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misplaced;

impl State {
    /// Takes a line in.
    pub fn apply(&mut self, record: &Record) -> Result<(), Misplaced> {
        match record {
            Record::Head(head) if head.form <= FORM && self.head.is_none() => self.head = Some(head.clone()),
            Record::Head(_) => return Err(Misplaced),
            Record::Begin { at, from, retention_days, .. } => {
                self.retention_days = retention_days.or(self.retention_days);
                self.begun = Some(*at);
                self.from = Some(self.from.map_or(*from, |before| before.min(*from)));
            }
            Record::Plan(planned) => planned.iter().try_for_each(|planned| self.plan(planned))?,
            Record::Split { id, into } => {
                self.take_out(*id)?;
                into.iter().try_for_each(|planned| self.plan(planned))?;
            }
            Record::Intent { id, files, read } => {
                let slot = self.slot(*id)?;
                slot.intended.clone_from(files);
                slot.intended_read = *read;
            }
            Record::Cell(held) => self.hold(held)?,
            Record::Quiet { at, cells } => {
                cells.iter().try_for_each(|Quiet(id, seconds, pages)| {
                    self.read_again(*id, *at + TimeDelta::seconds(*seconds), *pages)
                })?;
            }
            Record::Missing(missing) => missing.iter().try_for_each(|missing| self.miss(missing))?,
            Record::Still(cells) => cells.iter().try_for_each(|id| self.miss_again(*id).map(drop))?,
            Record::Hole { id, window } => {
                let hole = FetchWindow::from_minutes(window.0, window.1).ok_or(Misplaced)?;
                let slot = self.slot(*id)?;
                slot.holes.retain(|before| !hole.contains(*before));
                slot.holes.push(hole);
            }
            Record::Known(known) => known.iter().for_each(|known| self.know(known)),
            Record::Since { .. } | Record::End { .. } => {}
        }
        Ok(())
    }

    fn plan(&mut self, planned: &Planned) -> Result<(), Misplaced> {
        let id = planned.id;
        let first = match &planned.place {
            Place::Of(other) => *self.firsts.get(*other as usize).ok_or(Misplaced)?,
            Place::Named(region, compartment) => {
                let place: (RegionId, Ocid) = (region.as_str().into(), compartment.as_str().into());
                self.named.insert(id, place.clone());
                *self.places.entry(place).or_default().get_or_insert(id)
            }
        };
        let (region, compartment) = self.named.get(&first).cloned().ok_or(Misplaced)?;
        let window = FetchWindow::from_minutes(planned.window.0, planned.window.1);
        let window = window.filter(|_| id as usize == self.cells.len()).ok_or(Misplaced)?;
        let key = CellKey { region, compartment, window };
        self.firsts.push(first);
        let start = self.starts.entry((key.region.clone(), key.compartment.clone())).or_insert(planned.window.0);
        *start = planned.window.0.min(*start);
        // Planned twice: nothing that may stand in its place is forgotten.
        let before = self.ids.get(&key).copied();
        let intended = before.map(|id| self.take_out(id)).transpose()?.map(|slot| slot.intended).unwrap_or_default();
        self.ids.insert(key.clone(), id);
        let (files, holes) = (Vec::new(), Vec::new());
        self.cells.push(Some(Slot { key, read: None, files, intended, intended_read: None, holes }));
        Ok(())
    }

    fn know(&mut self, known: &Known) {
        let place: (RegionId, Ocid) = (known.place.0.as_str().into(), known.place.1.as_str().into());
        let start = self.starts.entry(place.clone()).or_insert(known.start);
        *start = known.start.min(*start);
        self.places.entry(place.clone()).or_default();
        if let Some(trouble) = &known.trouble {
            self.troubles.insert(place, trouble.clone());
        }
    }

    /// What is known of a place that was planned, beside its cells.
    pub fn known(&self, place: &(RegionId, Ocid)) -> Option<Known> {
        let trouble = self.troubles.get(place).cloned();
        let start = self.start(place)?;
        Some(Known { place: (place.0.to_string(), place.1.to_string()), start, trouble })
    }

    /// Lines for cells that shall be read, numbered from the next on.
    pub fn planned<'k>(&self, keys: impl Iterator<Item = &'k CellKey>) -> Vec<Planned> {
        let place = |key: &CellKey| {
            let known = self.places.get(&(key.region.clone(), key.compartment.clone())).copied().flatten();
            known.map_or_else(|| Place::Named(key.region.to_string(), key.compartment.to_string()), Place::Of)
        };
        let window = |key: &CellKey| (key.window.start_minute(), key.window.end_minute());
        (self.next_id()..).zip(keys).map(|(id, key)| Planned { id, place: place(key), window: window(key) }).collect()
    }

    fn take_out(&mut self, id: CellId) -> Result<Slot, Misplaced> {
        let slot = self.cells.get_mut(id as usize).and_then(Option::take).ok_or(Misplaced)?;
        self.ids.remove(&slot.key);
        Ok(slot)
    }

    fn slot(&mut self, id: CellId) -> Result<&mut Slot, Misplaced> {
        self.cells.get_mut(id as usize).and_then(Option::as_mut).ok_or(Misplaced)
    }

    fn hold(&mut self, held: &Held) -> Result<(), Misplaced> {
        let Held { id, at, pages, events, late, files } = held.clone();
        let slot = self.slot(id)?;
        (slot.read, slot.files) = (Some(Read { at, pages, events, late }), files);
        slot.intended.clear();
        slot.intended_read = None;
        let place = (slot.key.region.clone(), slot.key.compartment.clone());
        self.troubles.remove(&place);
        Ok(())
    }

    fn read_again(&mut self, id: CellId, at: DateTime<Utc>, pages: u32) -> Result<(), Misplaced> {
        let slot = self.slot(id)?;
        let before = slot.read.unwrap_or(Read { at, pages: 0, events: 0, late: 0 });
        slot.read = Some(Read { at: at.max(before.at), pages: before.pages + pages, ..before });
        let place = (slot.key.region.clone(), slot.key.compartment.clone());
        self.troubles.remove(&place);
        Ok(())
    }

    fn miss(&mut self, missing: &Missing) -> Result<(), Misplaced> {
        let place = self.miss_again(missing.id)?;
        self.troubles.insert(place, missing.clone());
        Ok(())
    }

    /// A cell that was read before stays what it is, and so does one of which files may be in their places: another window
    /// in its stead would hold the same events once more.
    fn miss_again(&mut self, id: CellId) -> Result<(RegionId, Ocid), Misplaced> {
        let slot = self.slot(id)?;
        let place = (slot.key.region.clone(), slot.key.compartment.clone());
        if slot.read.is_none() && slot.intended.is_empty() {
            self.take_out(id)?;
        }
        Ok(place)
    }

    /// Whether this is what is known of the place.
    pub fn is_known(&self, missing: &Missing) -> bool {
        let slot = self.get(missing.id);
        let known = slot.and_then(|slot| self.troubles.get(&(slot.key.region.clone(), slot.key.compartment.clone())));
        known.is_some_and(|known| known.why == missing.why && known.problem.what == missing.problem.what)
    }

    pub fn id(&self, key: &CellKey) -> Option<CellId> {
        self.ids.get(key).copied()
    }

    pub fn get(&self, id: CellId) -> Option<&Slot> {
        self.cells.get(id as usize)?.as_ref()
    }

    /// The number of the next cell that is planned.
    fn next_id(&self) -> CellId {
        self.cells.len() as CellId
    }

    /// Cells that are held, or will be, in the order in which they were planned.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.cells.iter().flatten()
    }

    /// The same with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (CellId, &Slot)> {
        (0..).zip(&self.cells).filter_map(|(id, slot)| Some((id, slot.as_ref()?)))
    }

    /// Every region and compartment that was ever planned, in the order of their names.
    pub fn places(&self) -> impl Iterator<Item = &(RegionId, Ocid)> {
        self.places.keys()
    }

    /// The first minute that was ever planned of a place.
    pub fn start(&self, place: &(RegionId, Ocid)) -> Option<i64> {
        self.starts.get(place).copied()
    }

    /// Every file that the ledger knows of, in the order of their paths.
    pub fn files(&self) -> Vec<&DataFile> {
        let mut files: Vec<&DataFile> = self.slots().flat_map(|slot| &slot.files).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    /// The cells as a fetch knows them.
    pub fn ledger(&self, settling: TimeDelta) -> Ledger {
        let mut ledger = Ledger::new(settling);
        for slot in self.slots() {
            match slot.read {
                Some(read) => ledger.restore(slot.key.clone(), read),
                None => ledger.apply(CellUpdate { key: slot.key.clone(), change: Change::Queued }),
            }
        }
        ledger
    }

    /// As [`gaps`](Self::gaps), but for deleted compartments that do not answer any more: they cannot be asked.
    pub fn missing(&self, window: FetchWindow) -> Vec<Gap<'_>> {
        let mut gaps = self.gaps(window);
        gaps.retain(|(region, compartment, _)| {
            let place = ((*region).clone(), (*compartment).clone());
            self.troubles.get(&place).is_none_or(|missing| missing.why != Why::Gone)
        });
        gaps
    }

    /// Per place, the minutes of `window` that no read has covered, from the first that was ever planned.
    pub fn gaps(&self, window: FetchWindow) -> Vec<Gap<'_>> {
        let mut read: HashMap<(&RegionId, &Ocid), Vec<FetchWindow>> = HashMap::new();
        for slot in self.slots() {
            read.entry((&slot.key.region, &slot.key.compartment)).or_default().extend(slot.covered());
        }
        let gaps = |place: &(RegionId, Ocid)| {
            let start = self.starts.get(place).map_or(window.start_minute(), |start| window.start_minute().max(*start));
            let wanted = FetchWindow::from_minutes(start, window.end_minute());
            let read = read.get(&(&place.0, &place.1)).map_or(&[][..], Vec::as_slice);
            wanted.map(|wanted| wanted.minus(read)).unwrap_or_default()
        };
        let all = self.places.keys().map(|place| (&place.0, &place.1, gaps(place)));
        all.filter(|(_, _, gaps)| !gaps.is_empty()).collect()
    }
}
