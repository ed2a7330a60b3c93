//! What is asked, and in which order. Pure.
//!
//! One call chain per region and compartment covers the whole window, because a quiet compartment then costs one call.
//! Pages come in no promised order, so where somebody is watching, the newest hour of the places on screen is a small
//! cell of its own and comes first: the first rows are then the newest.

use crate::domain::compartment::Lifecycle;
use crate::domain::ledger::{CellKey, Ledger};
use crate::domain::ocid::Ocid;
use crate::domain::scope::Scope;
use crate::domain::tenancy::Tenancy;
use crate::domain::time_range::FetchWindow;

/// A cell to read, and what is known about its compartment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedCell {
    pub key: CellKey,
    /// A deleted compartment may no longer answer; that is then not a lack of permission.
    pub deleted: bool,
}

impl PlannedCell {
    pub fn new(key: CellKey, tenancy: &Tenancy) -> Self {
        let node = tenancy.tree.find(&key.compartment);
        let deleted = node.is_some_and(|node| tenancy.tree.get(node).lifecycle == Lifecycle::Deleted);
        Self { key, deleted }
    }
}

/// Minutes that the newest slice of a place on screen holds.
const NEWEST_MINUTES: i64 = 60;

/// The cells of `scope` and `window` that `ledger` does not hold, most wanted first: the newest slices of `on_screen`
/// (and of the root, where IAM changes and sign-ins are), then everything else by age, the home region and the root
/// before others.
pub fn plan(
    tenancy: &Tenancy,
    scope: &Scope,
    window: FetchWindow,
    ledger: &Ledger,
    on_screen: Option<&[Ocid]>,
) -> Vec<PlannedCell> {
    let mut cells = Vec::new();
    for region in &scope.regions {
        for compartment in &scope.compartments {
            let newest_first = on_screen.is_some_and(|on| *compartment == tenancy.id || on.contains(compartment));
            let gaps = ledger.gaps(region, compartment, window);
            for window in gaps.into_iter().flat_map(|gap| slices(gap, newest_first)) {
                let key = CellKey { region: region.clone(), compartment: compartment.clone(), window };
                cells.push(PlannedCell::new(key, tenancy));
            }
        }
    }
    cells.sort_by_key(|cell| priority(&cell.key, tenancy));
    cells
}

fn slices(gap: FetchWindow, newest_first: bool) -> Vec<FetchWindow> {
    if newest_first
        && gap.minutes() > 2 * NEWEST_MINUTES
        && let Some((older, newest)) = gap.split_at(gap.end_minute() - NEWEST_MINUTES)
    {
        return vec![newest, older];
    }
    vec![gap]
}

/// Smaller comes first. The sort is stable: within a class the order of the tenancy stays.
fn priority(key: &CellKey, tenancy: &Tenancy) -> (bool, i64, bool, bool) {
    let whole = key.window.minutes() > NEWEST_MINUTES;
    let away = tenancy.home() != Some(&key.region);
    (whole, -key.window.end_minute(), away, key.compartment != tenancy.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::compartment::{Compartment, CompartmentTree};
    use crate::domain::ledger::{CellUpdate, Change};
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

    fn everything() -> Scope {
        Scope {
            regions: vec!["far-1".into(), "home-1".into()],
            compartments: vec!["root".into(), "a".into(), "gone".into()],
        }
    }

    #[test]
    fn every_region_and_compartment_is_asked_once_home_and_root_first() {
        let cells = plan(&tenancy(), &everything(), window(0, 600), &Ledger::new(TimeDelta::zero()), None);
        assert_eq!(cells.len(), 6);
        assert!(cells.iter().all(|cell| cell.key.window == window(0, 600)));
        assert_eq!((cells[0].key.region.as_str(), cells[0].key.compartment.as_str()), ("home-1", "root"));
        assert_eq!(cells.iter().filter(|cell| cell.deleted).count(), 2);
    }

    #[test]
    fn on_screen_the_newest_hour_comes_first_and_tiles_with_the_rest() {
        let ledger = Ledger::new(TimeDelta::zero());
        let cells = plan(&tenancy(), &everything(), window(0, 600), &ledger, Some(&["a".into()]));
        assert_eq!(cells.len(), 10);
        assert!(cells[..4].iter().all(|cell| cell.key.window == window(540, 600)));
        assert!(cells[4..].iter().all(|cell| cell.key.window.start_minute() == 0));
    }

    #[test]
    fn only_what_is_not_held_is_asked() {
        let mut ledger = Ledger::new(TimeDelta::zero());
        for cell in plan(&tenancy(), &everything(), window(100, 200), &ledger.clone(), None) {
            ledger.apply(CellUpdate { key: cell.key, change: Change::Queued });
        }
        assert!(plan(&tenancy(), &everything(), window(120, 180), &ledger, None).is_empty());
        let cells = plan(&tenancy(), &everything(), window(50, 250), &ledger, None);
        assert_eq!(cells.len(), 12);
        assert!(cells[..6].iter().all(|cell| cell.key.window == window(200, 250)));
    }
}
