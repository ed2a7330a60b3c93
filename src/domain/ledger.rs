//! What was read, what was not, and why: the coverage of a fetch.
//!
//! A [`Cell`] is one region, one compartment, one [`FetchWindow`]. The [`Ledger`] holds every cell that was planned and
//! travels with every result, so that no total is shown as whole that is not. It is a value: feed it [`CellUpdate`]s,
//! ask it questions.
//!
//! ```text
//!            Queued ──► Loading ──► Read, labelled complete, or settling while its newest minutes may still grow
//!                          ├──────► Failed   (may be queued again)
//!                          ├──────► Denied   (no permission, or no such compartment: the service does not tell)
//!                          └──────► Gone     (a deleted compartment that no longer answers)
//! ```

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::ocid::Ocid;
use super::problem::Problem;
use super::region::RegionId;
use super::time_range::FetchWindow;

/// Which call chain: what ListEvents was, or will be, asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct CellKey {
    pub region: RegionId,
    /// The compartment *queried*; events carry their own in `data.compartmentId`.
    pub compartment: Ocid,
    pub window: FetchWindow,
}

/// A complete read of a cell: every page, until the service sent no further token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Read {
    /// When the last page was received.
    pub at: DateTime<Utc>,
    pub pages: u32,
    pub events: u64,
}

/// What is being done about a cell, or how the last try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Nothing; the last try, if any, ended in a complete read.
    Idle,
    Queued,
    Loading {
        pages: u32,
        events: u64,
    },
    Failed(Arc<Problem>),
    Denied(Arc<Problem>),
    Gone(Arc<Problem>),
}

/// The label of a cell, from best to worst; [`Cell::state`] derives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellState {
    Complete,
    /// Complete when it was read, but its newest minutes were too young then: late events may still arrive.
    Settling,
    Gone,
    Queued,
    Loading,
    Denied,
    Failed,
}

/// One line of the ledger.
#[derive(Clone, Debug)]
pub struct Cell {
    pub key: CellKey,
    /// The last complete read, kept while the cell is read again.
    pub read: Option<Read>,
    pub attempt: Attempt,
}

impl Cell {
    /// `settling`: how long after its end a window must have been read to be final.
    pub fn state(&self, settling: TimeDelta) -> CellState {
        match (&self.read, &self.attempt) {
            (Some(read), _) if read.at >= self.key.window.end() + settling => CellState::Complete,
            (Some(_), _) => CellState::Settling,
            // A cell without a read is never idle: `apply` sets both at once.
            (None, Attempt::Idle | Attempt::Queued) => CellState::Queued,
            (None, Attempt::Loading { .. }) => CellState::Loading,
            (None, Attempt::Failed(_)) => CellState::Failed,
            (None, Attempt::Denied(_)) => CellState::Denied,
            (None, Attempt::Gone(_)) => CellState::Gone,
        }
    }

    /// The part of the window that the last complete read found final, and the newest part, that may still grow.
    /// `settling`: see [`state`](Self::state).
    pub fn settled(&self, settling: TimeDelta) -> (Option<FetchWindow>, Option<FetchWindow>) {
        let Some(read) = self.read else { return (None, None) };
        let window = self.key.window;
        let minute = (read.at - settling).timestamp().div_euclid(60).clamp(window.start_minute(), window.end_minute());
        (
            FetchWindow::from_minutes(window.start_minute(), minute),
            FetchWindow::from_minutes(minute, window.end_minute()),
        )
    }

    /// Why the last try ended without a complete read.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.attempt {
            Attempt::Failed(problem) | Attempt::Denied(problem) | Attempt::Gone(problem) => Some(problem),
            Attempt::Idle | Attempt::Queued | Attempt::Loading { .. } => None,
        }
    }

    /// Events received by the last complete read, or so far by the current attempt. Duplicates are counted.
    pub fn events_received(&self) -> u64 {
        match (&self.attempt, &self.read) {
            (Attempt::Loading { events, .. }, None) => *events,
            (_, Some(read)) => read.events,
            _ => 0,
        }
    }

    fn apply(&mut self, change: Change) {
        self.attempt = match change {
            Change::Queued => Attempt::Queued,
            Change::Started => Attempt::Loading { pages: 0, events: 0 },
            Change::Page { events } => match self.attempt {
                Attempt::Loading { pages, events: before } => {
                    Attempt::Loading { pages: pages + 1, events: before + events }
                }
                _ => Attempt::Loading { pages: 1, events },
            },
            Change::Complete { at } => {
                let (pages, events) = match self.attempt {
                    Attempt::Loading { pages, events } => (pages, events),
                    _ => (0, 0),
                };
                self.read = Some(Read { at, pages, events });
                Attempt::Idle
            }
            Change::Failed(problem) => Attempt::Failed(problem),
            Change::Denied(problem) => Attempt::Denied(problem),
            Change::Gone(problem) => Attempt::Gone(problem),
            // The ledger takes such a cell out.
            Change::Split => Attempt::Idle,
        };
    }
}

/// Something that happened to a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellUpdate {
    pub key: CellKey,
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Queued,
    Started,
    /// A page arrived.
    Page {
        events: u64,
    },
    /// The last page arrived, at `at`.
    Complete {
        at: DateTime<Utc>,
    },
    Failed(Arc<Problem>),
    Denied(Arc<Problem>),
    Gone(Arc<Problem>),
    /// It turned out to be long; cells that tile its window take its place.
    Split,
}

/// How many cells are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    pub complete: usize,
    pub settling: usize,
    pub gone: usize,
    pub queued: usize,
    pub loading: usize,
    pub denied: usize,
    pub failed: usize,
}

impl Coverage {
    pub fn add(&mut self, state: CellState) {
        *match state {
            CellState::Complete => &mut self.complete,
            CellState::Settling => &mut self.settling,
            CellState::Gone => &mut self.gone,
            CellState::Queued => &mut self.queued,
            CellState::Loading => &mut self.loading,
            CellState::Denied => &mut self.denied,
            CellState::Failed => &mut self.failed,
        } += 1;
    }

    pub fn total(&self) -> usize {
        self.read() + self.gone + self.unfinished() + self.denied + self.failed
    }

    /// Cells with a complete read, settling ones included.
    pub fn read(&self) -> usize {
        self.complete + self.settling
    }

    pub fn unfinished(&self) -> usize {
        self.queued + self.loading
    }

    /// Whether everything that can be asked was read to its end. Settling windows count as read; deleted compartments
    /// that no longer answer can not be asked. False when nothing was planned.
    pub fn is_complete(&self) -> bool {
        self.total() > 0 && self.unfinished() + self.denied + self.failed == 0
    }

    /// Whether a total may still grow: [`is_complete`](Self::is_complete) does not hold, or windows are settling.
    pub fn is_lower_bound(&self) -> bool {
        !self.is_complete() || self.settling > 0
    }

    /// Nothing could be read, and permission was the reason at least once.
    pub fn nothing_readable(&self) -> bool {
        self.denied > 0 && self.read() + self.unfinished() + self.failed == 0
    }

    /// Share of cells read, in percent, rounded down so that 100 means all. `None` when nothing was planned.
    pub fn percent(&self) -> Option<u8> {
        let askable = self.total() - self.gone;
        match (self.total(), askable) {
            (0, _) => None,
            (_, 0) => Some(100),
            _ => Some((self.read() * 100 / askable) as u8),
        }
    }
}

/// Every cell that was planned. See the module's picture.
#[derive(Clone, Debug)]
pub struct Ledger {
    settling: TimeDelta,
    cells: Vec<Cell>,
    /// Where the cells of a region and compartment stand, so that asking about one does not look at all.
    places: HashMap<(RegionId, Ocid), Vec<u32>>,
}

impl Ledger {
    /// `settling`: how long after its end a window must have been read to be final; 15 minutes unless the user says
    /// otherwise.
    pub fn new(settling: TimeDelta) -> Self {
        Self { settling, cells: Vec::new(), places: HashMap::new() }
    }

    /// Takes note of what happened; a cell not heard of before is added.
    pub fn apply(&mut self, update: CellUpdate) {
        let CellUpdate { key, change } = update;
        if change == Change::Split {
            return self.remove(&key);
        }
        let places = self.places.entry((key.region.clone(), key.compartment.clone())).or_default();
        let known = places.iter().find(|place| self.cells[**place as usize].key.window == key.window);
        let place = known.copied().unwrap_or_else(|| {
            self.cells.push(Cell { key, read: None, attempt: Attempt::Queued });
            places.push((self.cells.len() - 1) as u32);
            (self.cells.len() - 1) as u32
        });
        self.cells[place as usize].apply(change);
    }

    fn remove(&mut self, key: &CellKey) {
        let Some(place) = self.cells.iter().position(|cell| cell.key == *key) else { return };
        self.cells.swap_remove(place);
        let last = self.cells.len() as u32;
        if let Some(places) = self.places.get_mut(&(key.region.clone(), key.compartment.clone())) {
            places.retain(|known| *known as usize != place);
        }
        // The last cell stands in the gap now.
        if let Some(moved) = self.cells.get(place) {
            let places = self.places.get_mut(&(moved.key.region.clone(), moved.key.compartment.clone()));
            places.into_iter().flatten().filter(|known| **known == last).for_each(|known| *known = place as u32);
        }
    }

    /// In no order that means anything.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter()
    }

    pub fn get(&self, key: &CellKey) -> Option<&Cell> {
        self.of_place(&key.region, &key.compartment).find(|cell| cell.key.window == key.window)
    }

    /// The cells of one region and compartment.
    pub fn of_place(&self, region: &RegionId, compartment: &Ocid) -> impl Iterator<Item = &Cell> {
        let places = self.places.get(&(region.clone(), compartment.clone()));
        places.into_iter().flatten().map(|place| &self.cells[*place as usize])
    }

    pub fn state(&self, cell: &Cell) -> CellState {
        cell.state(self.settling)
    }

    pub fn settling(&self) -> TimeDelta {
        self.settling
    }

    /// Counts the cells that `wanted` picks.
    pub fn coverage(&self, mut wanted: impl FnMut(&CellKey) -> bool) -> Coverage {
        let mut coverage = Coverage::default();
        for cell in self.cells.iter().filter(|cell| wanted(&cell.key)) {
            coverage.add(self.state(cell));
        }
        coverage
    }

    /// The worst state among the cells that `wanted` picks; `None` when there is none.
    pub fn worst(&self, mut wanted: impl FnMut(&CellKey) -> bool) -> Option<CellState> {
        self.cells.iter().filter(|cell| wanted(&cell.key)).map(|cell| self.state(cell)).max()
    }

    /// What of `window` no cell of this region and compartment holds or is about to hold; a failed cell holds nothing,
    /// a denied or gone one will not get better by asking again. Oldest first.
    pub fn gaps(&self, region: &RegionId, compartment: &Ocid, window: FetchWindow) -> Vec<FetchWindow> {
        let taken: Vec<FetchWindow> = self
            .of_place(region, compartment)
            .filter(|cell| self.state(cell) != CellState::Failed)
            .map(|cell| cell.key.window)
            .collect();
        window.minus(&taken)
    }

    /// Failed cells, to be asked again.
    pub fn failed(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| self.state(cell) == CellState::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::ProblemKind;

    fn key(region: &str, start: i64, end: i64) -> CellKey {
        CellKey {
            region: region.into(),
            compartment: "c".into(),
            window: FetchWindow::from_minutes(start, end).unwrap(),
        }
    }

    fn ledger(updates: Vec<(CellKey, Change)>) -> Ledger {
        let mut ledger = Ledger::new(TimeDelta::minutes(15));
        for (key, change) in updates {
            ledger.apply(CellUpdate { key, change });
        }
        ledger
    }

    fn minute(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    fn problem() -> Arc<Problem> {
        Arc::new(Problem::new(ProblemKind::Service, "no"))
    }

    #[test]
    fn a_cell_is_complete_only_when_read_long_enough_after_its_end() {
        let ledger = ledger(vec![
            (key("early", 0, 10), Change::Complete { at: minute(24) }),
            (key("late", 0, 10), Change::Complete { at: minute(25) }),
        ]);
        let states: Vec<_> = ledger.cells().map(|cell| ledger.state(cell)).collect();
        assert_eq!(states, [CellState::Settling, CellState::Complete]);
        let coverage = ledger.coverage(|_| true);
        assert!(coverage.is_complete() && coverage.is_lower_bound());
    }

    #[test]
    fn of_a_settling_window_only_the_newest_part_may_grow() {
        let k = key("r", 0, 100);
        let ledger = ledger(vec![(k.clone(), Change::Complete { at: minute(101) })]);
        let settled = ledger.get(&k).unwrap().settled(TimeDelta::minutes(15));
        assert_eq!(settled, (FetchWindow::from_minutes(0, 86), FetchWindow::from_minutes(86, 100)));
        assert_eq!(ledger.get(&k).unwrap().settled(TimeDelta::zero()), (Some(k.window), None));
    }

    #[test]
    fn a_failed_second_read_does_not_take_the_first_away() {
        let k = key("r", 0, 10);
        let ledger = ledger(vec![
            (k.clone(), Change::Started),
            (k.clone(), Change::Page { events: 7 }),
            (k.clone(), Change::Complete { at: minute(60) }),
            (k.clone(), Change::Started),
            (k.clone(), Change::Failed(problem())),
        ]);
        let cell = ledger.get(&k).unwrap();
        assert_eq!(ledger.state(cell), CellState::Complete);
        assert_eq!(cell.events_received(), 7);
        assert!(cell.problem().is_some());
    }

    #[test]
    fn a_split_cell_is_no_cell_and_the_others_keep_theirs() {
        let ledger = ledger(vec![
            (key("a", 0, 10), Change::Queued),
            (key("b", 0, 10), Change::Queued),
            (key("c", 0, 10), Change::Complete { at: minute(60) }),
            (key("a", 0, 10), Change::Split),
            (key("a", 0, 5), Change::Queued),
            (key("a", 0, 10), Change::Split),
            (key("c", 0, 10), Change::Started),
        ]);
        assert_eq!(ledger.cells().count(), 3);
        assert!(ledger.get(&key("a", 0, 10)).is_none());
        assert_eq!(ledger.get(&key("c", 0, 10)).unwrap().attempt, Attempt::Loading { pages: 0, events: 0 });
        assert_eq!(ledger.of_place(&"b".into(), &"c".into()).count(), 1);
    }

    #[test]
    fn nothing_planned_is_not_complete() {
        let coverage = ledger(vec![]).coverage(|_| true);
        assert!(!coverage.is_complete());
        assert_eq!(coverage.percent(), None);
    }

    #[test]
    fn gone_is_complete_denied_is_not() {
        let gone = ledger(vec![
            (key("a", 0, 10), Change::Gone(problem())),
            (key("b", 0, 10), Change::Complete { at: minute(60) }),
        ]);
        assert!(gone.coverage(|_| true).is_complete());
        let denied = ledger(vec![(key("a", 0, 10), Change::Denied(problem()))]).coverage(|_| true);
        assert!(!denied.is_complete() && denied.nothing_readable());
        assert_eq!(denied.percent(), Some(0));
    }

    #[test]
    fn gaps_leave_out_what_is_held_or_coming_but_not_what_failed() {
        let ledger = ledger(vec![
            (key("r", 0, 10), Change::Complete { at: minute(60) }),
            (key("r", 10, 20), Change::Failed(problem())),
            (key("r", 20, 30), Change::Queued),
            (key("other", 30, 40), Change::Queued),
        ]);
        let gaps = ledger.gaps(&"r".into(), &"c".into(), FetchWindow::from_minutes(-5, 40).unwrap());
        let minutes: Vec<_> = gaps.iter().map(|g| (g.start_minute(), g.end_minute())).collect();
        assert_eq!(minutes, [(-5, 0), (10, 20), (30, 40)]);
    }
}
