//! Facts: what may be said about the view. Counts with what is missing from them, and the state of every place.
//!
//! Made once per version of view, scope and range, by whoever makes the view, so that the machine and drawing only read.
//! The work is one pass over the cells. A place that nobody has planned to ask yet counts as queued: silence about it
//! would read as "nothing there".

mod axis;
mod files;
mod held;
#[cfg(test)]
mod tests;
mod weighing;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::compartment::NodeId;
use crate::domain::ledger::{CellKey, Coverage, Ledger};
use crate::domain::ocid::Ocid;
use crate::domain::problem::Problem;
use crate::domain::region::RegionId;
use crate::domain::tenancy::Tenancy;
use crate::domain::time_range::{FetchWindow, TimeRange};
use crate::query::Selection;

use super::included::Included;

pub use axis::{Axis, Mark};
pub use held::HeldFacts;
use weighing::Weighing;
pub(super) use weighing::weight;

#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Of the scope and range.
    pub coverage: Coverage,
    /// There may be regions or compartments that are not known of.
    pub more_places: bool,
    /// Of files: they say nothing of what was not read.
    pub of_files: bool,
    /// Events there are, in scope and range, whatever the filters.
    pub total: u64,
    /// Per compartment of the tree, rolled up: the worst of what is below.
    pub nodes: Vec<Place>,
    pub regions: Vec<Place>,
    /// Under the histogram, a mark per column.
    pub ruler: Vec<Ruler>,
    /// The first failure in scope, in words.
    pub failure: Option<(CellKey, Problem)>,
    /// What in scope may not be read, in the tree's order.
    pub refusals: Vec<Refusal>,
    /// Per compartment of the tree, by itself and in scope.
    pub own: Vec<Own>,
    /// The compartments in scope, in the tree's order.
    pub scope: Vec<NodeId>,
    /// Of those, the ones that were not read to their end, or not without trouble.
    pub open: Vec<NodeId>,
    /// Of everything held, in scope or not.
    pub held: HeldFacts,
}

/// A compartment that may not be read, with those below it that may not either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub compartment: Ocid,
    /// How many compartments below it are refused as well: what allows this one allows them.
    pub below: usize,
    pub regions: Vec<RegionId>,
    /// What a policy would have to say: `read audit-events in compartment prod:prod-db`. `None` where whoever refused
    /// did not speak of permissions.
    pub statement: Option<String>,
    pub problem: Problem,
}

/// A compartment with what is below it, or a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub state: PlaceState,
    /// Events there, in the range and in the regions of the scope.
    pub events: u64,
}

/// The worst that must be known about a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PlaceState {
    /// Not known yet.
    #[default]
    Queued,
    Loading,
    Complete,
    /// Complete but for its newest minutes.
    Settling,
    /// Part of it failed.
    Failed,
    /// Part of it may not be read; the rest was.
    Limited,
    Denied,
    /// Deleted, and answers no more.
    Gone,
    /// Known from events in files; what else there was, nobody says.
    Found,
}

/// A column of the ruler, from worst to best.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ruler {
    Gap,
    #[default]
    Loading,
    Settling,
    Complete,
}

/// A compartment without those below it, over the regions of the scope.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// What was never asked for counts as queued.
    pub coverage: Coverage,
    pub events: u64,
    /// Of the events, those that came only when a window was read again.
    pub late: u64,
    /// When a cell of it was last read to its end.
    pub last_read: Option<DateTime<Utc>>,
    /// The cell that says most about it; `None` when none was planned.
    pub worst: Option<CellKey>,
}

/// What the facts are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    pub tenancy: Arc<Tenancy>,
    pub included: Included,
    pub range: TimeRange,
    /// The processed minutes in which the range's events were asked for.
    pub window: FetchWindow,
    pub padding: TimeDelta,
    /// Columns of the ruler.
    pub columns: usize,
    /// Where events come from files.
    pub files: Option<OfFiles>,
}

/// What is known of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfFiles {
    /// Everything that is in them was read.
    pub whole: bool,
    /// They are a collection's: its ledger says what they cover.
    pub collected: bool,
    /// No range narrows what is shown: what they were not to hold is not missing.
    pub all_times: bool,
}

impl About {
    fn axis(&self) -> Axis {
        Axis { range: self.range, padding: self.padding, columns: self.columns }
    }
}

impl Facts {
    /// `totals`: what there is in scope and range, whatever the filters.
    pub fn new(ledger: &Ledger, totals: &Selection, about: &About) -> Self {
        let held = HeldFacts::of(totals.snapshot());
        let facts = match about.files {
            Some(OfFiles { whole, collected: false, .. }) => files::facts(totals, about, whole && held.refused == 0),
            Some(OfFiles { whole, .. }) => {
                let facts = Weighing::of(ledger, about).facts(totals);
                Facts { more_places: facts.more_places || !whole || held.refused > 0, ..facts }
            }
            None => Weighing::of(ledger, about).facts(totals),
        };
        Self { held, ..facts }
    }

    /// Whether every total may still grow, or there may be more than it counts.
    pub fn is_lower_bound(&self) -> bool {
        self.more_places || (!self.of_files && self.coverage.is_lower_bound())
    }

    pub fn node(&self, node: NodeId) -> Place {
        self.nodes.get(node.index()).copied().unwrap_or_default()
    }

    pub fn own(&self, node: NodeId) -> Option<&Own> {
        self.own.get(node.index())
    }
}

impl PlaceState {
    fn of(coverage: &Coverage) -> Self {
        let total = coverage.total();
        match coverage {
            _ if total == 0 => Self::Queued,
            c if c.gone == total => Self::Gone,
            c if c.denied > 0 && c.denied + c.gone == total => Self::Denied,
            c if c.failed > 0 => Self::Failed,
            c if c.loading > 0 || (c.queued > 0 && c.read() > 0) => Self::Loading,
            c if c.queued > 0 => Self::Queued,
            c if c.denied > 0 => Self::Limited,
            c if c.settling > 0 => Self::Settling,
            _ => Self::Complete,
        }
    }
}

impl Ruler {
    /// Places that may not be read are told by the header; on the ruler they would hide all else.
    fn of(coverage: &Coverage) -> Self {
        match coverage {
            c if c.failed > 0 => Self::Gap,
            c if c.unfinished() > 0 => Self::Loading,
            c if c.settling > 0 => Self::Settling,
            c if c.complete > 0 => Self::Complete,
            c if c.denied > 0 => Self::Gap,
            c if c.gone > 0 => Self::Complete,
            _ => Self::Loading,
        }
    }
}
