//! What was read, what was not, and why: the coverage of a fetch.
//!
//! A [`Cell`] is one region, one compartment, one [`FetchWindow`]. The [`Ledger`] holds every cell that was planned and
//! travels with every result, so that no total is shown as whole that is not. It is a value: feed it [`CellUpdate`]s,
//! ask it questions. Copies share what they have in common, so that one can be handed out after every page.
//!
//! ```text
//!            Queued ──► Loading ──► Read, labelled complete, or settling while its newest minutes may still grow
//!                          ├──────► Failed   (may be queued again)
//!                          ├──────► Denied   (no permission, or no such compartment: the service does not tell)
//!                          └──────► Gone     (a deleted compartment that no longer answers)
//! ```

mod cell;
mod coverage;

use std::sync::Arc;

use chrono::TimeDelta;
use rpds::RedBlackTreeMapSync;

pub use cell::{Attempt, Cell, CellKey, CellState, CellUpdate, Change, Read};
pub use coverage::Coverage;

use super::lateness::Lateness;
use super::ocid::Ocid;
use super::region::RegionId;
use super::time_range::FetchWindow;

/// Every cell that was planned. See the module's picture.
#[derive(Clone, Debug)]
pub struct Ledger {
    settling: TimeDelta,
    /// By region, compartment and window, so that asking about one place does not look at all.
    cells: RedBlackTreeMapSync<CellKey, Cell>,
    /// Of all cells.
    total: Coverage,
    lateness: Lateness,
}

impl Ledger {
    /// `settling`: how long after its end a window must have been read to be final; 15 minutes unless the user says
    /// otherwise.
    pub fn new(settling: TimeDelta) -> Self {
        let (cells, total) = (RedBlackTreeMapSync::new_sync(), Coverage::default());
        Self { settling, cells, total, lateness: Lateness::default() }
    }

    /// Takes note of what happened; a cell not heard of before is added.
    pub fn apply(&mut self, update: CellUpdate) {
        let CellUpdate { key, change } = update;
        if let Some(cell) = self.cells.get(&key) {
            self.total.remove(cell.state(self.settling));
        }
        if change == Change::Split {
            self.cells.remove_mut(&key);
            return;
        }
        if let Change::Added { late, .. } = &change {
            self.lateness.add_all(late);
        }
        if !self.cells.contains_key(&key) {
            self.cells.insert_mut(key.clone(), Cell::new(key.clone()));
        }
        if let Some(cell) = self.cells.get_mut(&key) {
            cell.apply(change);
            self.total.add(cell.state(self.settling));
        }
    }

    /// Takes in a cell that was read in another run.
    pub fn restore(&mut self, key: CellKey, read: Read) {
        if let Some(before) = self.cells.get(&key) {
            self.total.remove(before.state(self.settling));
        }
        let cell = Cell { read: Some(read), attempt: Attempt::Idle, ..Cell::new(key.clone()) };
        self.total.add(cell.state(self.settling));
        self.cells.insert_mut(key, cell);
    }

    /// Takes back what is said of cells that failed in `kept`, the ledger of whoever was to keep the events.
    pub fn lose(&mut self, kept: &Self) {
        for cell in kept.failed() {
            let (Attempt::Failed(problem), Some(_)) = (&cell.attempt, self.cells.get(&cell.key)) else { continue };
            self.apply(CellUpdate { key: cell.key.clone(), change: Change::NotKept(Arc::clone(problem)) });
        }
    }

    /// By region, compartment and window.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.cells.values()
    }

    pub fn get(&self, key: &CellKey) -> Option<&Cell> {
        self.cells.get(key)
    }

    /// The cells of one region and compartment, oldest first.
    pub fn of_place(&self, region: &RegionId, compartment: &Ocid) -> impl Iterator<Item = &Cell> {
        let key = |window| CellKey { region: region.clone(), compartment: compartment.clone(), window };
        self.cells.range(key(FetchWindow::FIRST)..=key(FetchWindow::LAST)).map(|(_, cell)| cell)
    }

    pub fn state(&self, cell: &Cell) -> CellState {
        cell.state(self.settling)
    }

    pub fn settling(&self) -> TimeDelta {
        self.settling
    }

    /// Counts all cells.
    pub fn total(&self) -> Coverage {
        self.total
    }

    /// How late events were that came when a window was read again.
    pub fn lateness(&self) -> &Lateness {
        &self.lateness
    }

    /// Counts the cells that `wanted` picks.
    pub fn coverage(&self, mut wanted: impl FnMut(&CellKey) -> bool) -> Coverage {
        let mut coverage = Coverage::default();
        for cell in self.cells().filter(|cell| wanted(&cell.key)) {
            coverage.add(self.state(cell));
        }
        coverage
    }

    /// What of `window` no cell of this region and compartment is about, whatever became of it. Oldest first.
    pub fn gaps(&self, region: &RegionId, compartment: &Ocid, window: FetchWindow) -> Vec<FetchWindow> {
        let taken: Vec<FetchWindow> = self.of_place(region, compartment).map(|cell| cell.key.window).collect();
        window.minus(&taken)
    }

    /// Failed cells, to be asked again.
    pub fn failed(&self) -> impl Iterator<Item = &Cell> {
        self.cells().filter(|cell| self.state(cell) == CellState::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use chrono::{DateTime, Utc};

    use crate::domain::problem::{Problem, ProblemKind};

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
        assert_eq!(cell.read.unwrap().events, 7);
        assert!(cell.problem().is_some());
    }

    #[test]
    fn a_cell_whose_events_could_not_be_kept_is_not_read_until_it_is_read_again() {
        let k = key("r", 0, 10);
        let mut changes = vec![
            (k.clone(), Change::Started),
            (k.clone(), Change::Page { events: 7 }),
            (k.clone(), Change::Complete { at: minute(60) }),
            (k.clone(), Change::NotKept(problem())),
        ];
        let before = ledger(changes.clone());
        let cell = before.get(&k).unwrap();
        assert_eq!((before.state(cell), cell.broken_off), (CellState::Failed, Some((1, 7))));
        let mut told = ledger(changes[..3].to_vec());
        told.apply(CellUpdate { key: key("other", 0, 10), change: Change::Complete { at: minute(60) } });
        let mut kept = before.clone();
        kept.apply(CellUpdate { key: key("split since", 0, 10), change: Change::NotKept(problem()) });
        told.lose(&kept);
        assert_eq!((told.total().failed, told.total().complete), (1, 1));
        changes.extend([(k.clone(), Change::Started), (k.clone(), Change::Complete { at: minute(70) })]);
        let after = ledger(changes);
        assert_eq!(after.state(after.get(&k).unwrap()), CellState::Complete);
    }

    #[test]
    fn what_came_before_a_failure_is_told_until_the_cell_is_read() {
        let k = key("r", 0, 10);
        let mut changes = vec![
            (k.clone(), Change::Started),
            (k.clone(), Change::Page { events: 7 }),
            (k.clone(), Change::Page { events: 4 }),
            (k.clone(), Change::Failed(problem())),
        ];
        assert_eq!(ledger(changes.clone()).get(&k).unwrap().broken_off, Some((2, 11)));
        changes.push((k.clone(), Change::Queued));
        assert_eq!(ledger(changes.clone()).get(&k).unwrap().broken_off, Some((2, 11)));
        changes.push((k.clone(), Change::Complete { at: minute(60) }));
        assert_eq!(ledger(changes).get(&k).unwrap().broken_off, None);
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
    fn reading_again_adds_to_what_was_read() {
        let k = key("r", 0, 100);
        let mut late = Lateness::default();
        late.add(TimeDelta::minutes(3));
        let ledger = ledger(vec![
            (k.clone(), Change::Started),
            (k.clone(), Change::Page { events: 7 }),
            (k.clone(), Change::Complete { at: minute(101) }),
            (k.clone(), Change::Started),
            (k.clone(), Change::Page { events: 5 }),
            (k.clone(), Change::Added { events: 2, late }),
            (k.clone(), Change::Complete { at: minute(115) }),
        ]);
        let read = ledger.get(&k).unwrap().read.unwrap();
        assert_eq!(read, Read { at: minute(115), pages: 2, events: 9, late: 1 });
        assert_eq!(ledger.lateness().summary().unwrap().max_seconds, 180);
    }

    #[test]
    fn what_another_run_has_read_counts_as_read() {
        let k = key("r", 0, 100);
        let mut ledger = Ledger::new(TimeDelta::minutes(15));
        ledger.apply(CellUpdate { key: k.clone(), change: Change::Queued });
        ledger.restore(k.clone(), Read { at: minute(50), pages: 1, events: 7, late: 0 });
        assert_eq!(ledger.total(), ledger.coverage(|_| true));
        assert_eq!(ledger.state(ledger.get(&k).unwrap()), CellState::Settling);
    }

    #[test]
    fn the_total_is_the_count_of_all_cells_after_any_change() {
        let changes = [
            Change::Queued,
            Change::Started,
            Change::Split,
            Change::Denied(problem()),
            Change::Complete { at: minute(60) },
        ];
        let mut ledger = Ledger::new(TimeDelta::minutes(15));
        for round in 0..200 {
            let change = changes[round * 7 % 5].clone();
            ledger.apply(CellUpdate { key: key("r", (round * 3 % 11) as i64, 12), change });
            assert_eq!(ledger.total(), ledger.coverage(|_| true));
        }
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
    fn gaps_are_what_no_cell_is_about() {
        let ledger = ledger(vec![
            (key("r", 0, 10), Change::Complete { at: minute(60) }),
            (key("r", 10, 20), Change::Failed(problem())),
            (key("r", 20, 30), Change::Queued),
            (key("other", 30, 40), Change::Queued),
        ]);
        let gaps = ledger.gaps(&"r".into(), &"c".into(), FetchWindow::from_minutes(-5, 40).unwrap());
        let minutes: Vec<_> = gaps.iter().map(|g| (g.start_minute(), g.end_minute())).collect();
        assert_eq!(minutes, [(-5, 0), (30, 40)]);
    }
}
