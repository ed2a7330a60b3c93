//! What is asked, and in which order. Pure.
//!
//! One call chain per region and compartment covers the whole window, because a quiet compartment then costs one call.
//! Pages come in no promised order, so where somebody is watching, the newest hour of the places on screen is a small
//! cell of its own and comes first: the first rows are then the newest.

use chrono::{DateTime, Utc};

use crate::domain::compartment::Lifecycle;
use crate::domain::ledger::{Cell, CellKey, CellState, Ledger};
use crate::domain::ocid::Ocid;
use crate::domain::scope::Scope;
use crate::domain::tenancy::Tenancy;
use crate::domain::time_range::FetchWindow;

/// A cell to read, and what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedCell {
    pub key: CellKey,
    /// What of its window is asked: what has passed, or only its newest part when it is read again.
    pub ask: FetchWindow,
    /// When it was read to its end before. New events that had happened by then are late.
    pub read_at: Option<DateTime<Utc>>,
    /// A deleted compartment may no longer answer; that is then not a lack of permission.
    pub deleted: bool,
}

impl PlannedCell {
    /// A cell to read from its beginning, as far as its window has passed at `now`.
    pub fn new(key: CellKey, tenancy: &Tenancy, now: DateTime<Utc>) -> Self {
        let node = tenancy.tree.find(&key.compartment);
        let deleted = node.is_some_and(|node| tenancy.tree.get(node).lifecycle == Lifecycle::Deleted);
        Self { ask: key.window.passed(now), read_at: None, key, deleted }
    }

    /// All of a cell, of a compartment that is there.
    #[cfg(test)]
    pub(super) fn whole(key: CellKey) -> Self {
        Self { ask: key.window, read_at: None, key, deleted: false }
    }

    /// Of a cell that is read in parts, the one that asks for these minutes. What has not passed yet stays with the newest.
    #[must_use]
    pub fn tile(&self, ask: FetchWindow) -> Self {
        let is_newest = ask.end_minute() == self.ask.end_minute();
        let window = if is_newest { ask.extended_to(self.key.window.end_minute()) } else { ask };
        Self { key: CellKey { window, ..self.key.clone() }, ask, ..self.clone() }
    }

    /// The newest part of a cell that was read while that was too young to be final; `None` where nothing of it is.
    fn tail(cell: &Cell, tenancy: &Tenancy, ledger: &Ledger, now: DateTime<Utc>) -> Option<Self> {
        let (_, young) = cell.settled(ledger.settling());
        let whole = Self::new(cell.key.clone(), tenancy, now);
        Some(Self { ask: young?.passed(now), read_at: cell.read.map(|read| read.at), ..whole })
    }
}

/// The settling cells that nothing is being done about, each to be read again from where it may still grow. Whoever asks
/// decides how often.
pub fn settling(ledger: &Ledger, tenancy: &Tenancy, now: DateTime<Utc>) -> Vec<PlannedCell> {
    let settling = ledger.cells().filter(|cell| ledger.state(cell) == CellState::Settling && !cell.is_under_way());
    let mut tails: Vec<_> = settling.filter_map(|cell| PlannedCell::tail(cell, tenancy, ledger, now)).collect();
    tails.sort_by_key(|tail| priority(&tail.key, tenancy));
    tails
}

/// The cells that failed, to be read from their beginning again.
pub fn failed(ledger: &Ledger, tenancy: &Tenancy, now: DateTime<Utc>) -> Vec<PlannedCell> {
    ledger.failed().map(|cell| PlannedCell::new(cell.key.clone(), tenancy, now)).collect()
}

/// These cells, to be read again: from the beginning, or from where they may still grow if they were read before.
pub fn again(ledger: &Ledger, tenancy: &Tenancy, keys: &[CellKey], now: DateTime<Utc>) -> Vec<PlannedCell> {
    let cells = keys.iter().filter_map(|key| ledger.get(key)).filter(|cell| !cell.is_under_way());
    let planned = cells.filter_map(|cell| match cell.read {
        Some(_) => PlannedCell::tail(cell, tenancy, ledger, now),
        None => Some(PlannedCell::new(cell.key.clone(), tenancy, now)),
    });
    planned.collect()
}

/// Minutes that the newest slice of a place on screen holds.
const NEWEST_MINUTES: i64 = 60;

/// The cells of `scope` and `window` that `ledger` does not hold, those that failed included, most wanted first: the newest
/// slices of `on_screen` (and of the root, where IAM changes and sign-ins are), then everything else by age, the root and
/// the home region before others. What begins after `now` and what is held waits until it has begun.
pub fn plan(
    tenancy: &Tenancy,
    scope: &Scope,
    window: FetchWindow,
    ledger: &Ledger,
    on_screen: Option<&[Ocid]>,
    now: DateTime<Utc>,
) -> Vec<PlannedCell> {
    let mut cells = Vec::new();
    // By compartment: neighbours in the plan are asked side by side, and each region bears only so much.
    for compartment in &scope.compartments {
        for region in &scope.regions {
            let newest_first = on_screen.is_some_and(|on| *compartment == tenancy.id || on.contains(compartment));
            let failed = ledger.of_place(region, compartment).filter(|cell| ledger.state(cell) == CellState::Failed);
            let failed = failed.filter(|cell| cell.key.window.overlaps(window));
            cells.extend(failed.map(|cell| PlannedCell::new(cell.key.clone(), tenancy, now)));
            let mut gaps = ledger.gaps(region, compartment, window);
            gaps.retain(|gap| *gap == window || gap.start() < now);
            for window in gaps.into_iter().flat_map(|gap| slices(gap, newest_first, now)) {
                let key = CellKey { region: region.clone(), compartment: compartment.clone(), window };
                cells.push(PlannedCell::new(key, tenancy, now));
            }
        }
    }
    cells.sort_by_key(|cell| priority(&cell.key, tenancy));
    cells
}

fn slices(gap: FetchWindow, newest_first: bool, now: DateTime<Utc>) -> Vec<FetchWindow> {
    let passed = gap.passed(now);
    if newest_first
        && passed.minutes() > 2 * NEWEST_MINUTES
        && let Some((older, newest)) = gap.split_at(passed.end_minute() - NEWEST_MINUTES)
    {
        return vec![newest, older];
    }
    vec![gap]
}

/// Smaller comes first. The sort is stable: within a class the order of the tenancy stays.
fn priority(key: &CellKey, tenancy: &Tenancy) -> (bool, i64, bool, bool) {
    let whole = key.window.minutes() > 2 * NEWEST_MINUTES;
    let below = key.compartment != tenancy.id;
    let away = tenancy.home() != Some(&key.region);
    (whole, -key.window.end_minute(), below, away)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::compartment::{Compartment, CompartmentTree};
    use crate::domain::ledger::{CellUpdate, Change};
    use crate::domain::problem::{Problem, ProblemKind};
    use crate::domain::region::{Region, SubscriptionStatus};
    use chrono::TimeDelta;

    fn tenancy() -> Tenancy {
        let compartment = |id: &str, parent: Option<&str>, lifecycle| Compartment {
            id: id.into(),
            parent: parent.map(Ocid::from),
            name: id.into(),
            lifecycle,
        };
        let region =
            |id: &str, home| Region { id: id.into(), key: String::new(), status: SubscriptionStatus::Ready, home };
        let listed = vec![
            compartment("a", Some("root"), Lifecycle::Active),
            compartment("gone", Some("root"), Lifecycle::Deleted),
        ];
        Tenancy {
            id: "root".into(),
            name: None,
            regions: vec![region("far-1", false), region("home-1", true)],
            tree: CompartmentTree::new(compartment("root", None, Lifecycle::Active), listed),
            partial: None,
        }
    }

    fn window(start: i64, end: i64) -> FetchWindow {
        FetchWindow::from_minutes(start, end).unwrap()
    }

    fn minute(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    fn later() -> DateTime<Utc> {
        minute(10_000)
    }

    fn everything() -> Scope {
        Scope {
            regions: vec!["far-1".into(), "home-1".into()],
            compartments: vec!["root".into(), "a".into(), "gone".into()],
        }
    }

    #[test]
    fn every_region_and_compartment_is_asked_once_home_and_root_first() {
        let cells = plan(&tenancy(), &everything(), window(0, 600), &Ledger::new(TimeDelta::zero()), None, later());
        assert_eq!(cells.len(), 6);
        assert!(cells.iter().all(|cell| cell.key.window == window(0, 600)));
        assert_eq!((cells[0].key.region.as_str(), cells[0].key.compartment.as_str()), ("home-1", "root"));
        assert_eq!(cells.iter().filter(|cell| cell.deleted).count(), 2);
    }

    #[test]
    fn on_screen_the_newest_hour_comes_first_and_tiles_with_the_rest() {
        let ledger = Ledger::new(TimeDelta::zero());
        let cells = plan(&tenancy(), &everything(), window(0, 600), &ledger, Some(&["a".into()]), later());
        assert_eq!(cells.len(), 10);
        assert!(cells[..4].iter().all(|cell| cell.key.window == window(540, 600)));
        assert!(cells[4..].iter().all(|cell| cell.key.window.start_minute() == 0));
    }

    #[test]
    fn only_what_is_not_held_is_asked() {
        let mut ledger = Ledger::new(TimeDelta::zero());
        for cell in plan(&tenancy(), &everything(), window(100, 200), &ledger.clone(), None, later()) {
            ledger.apply(CellUpdate { key: cell.key, change: Change::Queued });
        }
        assert!(plan(&tenancy(), &everything(), window(120, 180), &ledger, None, later()).is_empty());
        let cells = plan(&tenancy(), &everything(), window(50, 250), &ledger, None, later());
        assert_eq!(cells.len(), 12);
        assert!(cells[..6].iter().all(|cell| cell.key.window == window(200, 250)));
    }

    #[test]
    fn what_failed_is_asked_again_as_the_cells_it_was() {
        let mut ledger = Ledger::new(TimeDelta::zero());
        for window in [window(0, 50), window(50, 100), window(100, 200)] {
            let key = CellKey { region: "home-1".into(), compartment: "a".into(), window };
            let problem = Problem::new(ProblemKind::Service, "down").into();
            let failed = window.end_minute() <= 100;
            let change = if failed { Change::Failed(problem) } else { Change::Complete { at: later() } };
            ledger.apply(CellUpdate { key, change });
        }
        let scope = Scope { regions: vec!["home-1".into()], compartments: vec!["a".into()] };
        let cells = plan(&tenancy(), &scope, window(0, 210), &ledger, None, later());
        let windows: Vec<_> = cells.iter().map(|cell| cell.key.window).collect();
        assert_eq!(windows, [window(200, 210), window(50, 100), window(0, 50)]);
    }

    #[test]
    fn what_has_not_passed_is_not_asked_yet_and_the_newest_hour_is_of_what_has() {
        let ledger = Ledger::new(TimeDelta::zero());
        let cells = plan(&tenancy(), &everything(), window(0, 630), &ledger, Some(&["a".into()]), minute(600));
        assert!(cells[..4].iter().all(|cell| cell.key.window == window(540, 630) && cell.ask == window(540, 600)));
        assert!(cells[4..].iter().all(|cell| cell.ask.start_minute() == 0));
    }

    #[test]
    fn of_a_settling_cell_the_newest_part_is_read_again_as_far_as_it_has_passed() {
        let mut ledger = Ledger::new(TimeDelta::minutes(15));
        let key = |region: &str| CellKey { region: region.into(), compartment: "a".into(), window: window(0, 630) };
        for (region, at) in [("far-1", 600), ("home-1", 600), ("final", 645)] {
            ledger.apply(CellUpdate { key: key(region), change: Change::Complete { at: minute(at) } });
        }
        let tails = settling(&ledger, &tenancy(), minute(610));
        assert_eq!(tails.len(), 2);
        assert_eq!(tails[0].key.region.as_str(), "home-1");
        for tail in &tails {
            assert_eq!(
                (tail.key.window, tail.ask, tail.read_at),
                (window(0, 630), window(585, 610), Some(minute(600)))
            );
        }
        ledger.apply(CellUpdate { key: key("home-1"), change: Change::Queued });
        assert_eq!(settling(&ledger, &tenancy(), minute(610)).len(), 1);
        let keys = [key("far-1"), key("home-1"), key("nowhere")];
        let asked = again(&ledger, &tenancy(), &keys, minute(610));
        assert_eq!(asked.len(), 1, "what is under way, or was never planned, is not asked");
        assert_eq!(asked[0].ask, window(585, 610));
    }
}
