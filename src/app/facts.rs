//! Facts: what may be said about the view. Counts with what is missing from them, and the state of every place.
//!
//! Made once per version of view, scope and range, so that drawing only reads. A place that nobody has planned to ask
//! yet counts as queued: silence about it would read as "nothing there".

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::compartment::NodeId;
use crate::domain::ledger::{Cell, CellKey, CellState, Coverage, Ledger};
use crate::domain::ocid::Ocid;
use crate::domain::problem::Problem;
use crate::domain::region::RegionId;
use crate::domain::tenancy::Tenancy;
use crate::domain::time_range::{FetchWindow, TimeRange};

use super::included::Included;
use super::notices::statement;
use super::view::View;

#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Of the scope and range.
    pub coverage: Coverage,
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

/// What the facts are about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub tenancy: &'a Tenancy,
    pub included: &'a Included,
    pub range: TimeRange,
    /// The processed minutes in which the range's events were asked for.
    pub window: FetchWindow,
    pub padding: TimeDelta,
    /// Columns of the ruler.
    pub columns: usize,
}

impl Facts {
    pub fn new(view: &View, about: &About<'_>) -> Self {
        let asked = Asked::new(&view.ledger, about);
        let nodes = asked.nodes(view);
        let regions = about.tenancy.regions.iter().map(|region| asked.region(&region.id, view)).collect();
        let mut failed = asked.in_scope().filter(|(_, state)| *state == CellState::Failed);
        let failure = failed.find_map(|(cell, _)| Some((cell.key.clone(), cell.problem()?.clone())));
        Self {
            coverage: asked.coverage(),
            total: view.totals.counts().matched,
            nodes,
            regions,
            ruler: asked.ruler(),
            failure,
            refusals: asked.refusals(),
        }
    }

    /// Whether every total may still grow.
    pub fn is_lower_bound(&self) -> bool {
        self.coverage.is_lower_bound()
    }

    pub fn node(&self, node: NodeId) -> Place {
        self.nodes.get(node.index()).copied().unwrap_or_default()
    }
}

/// The cells that overlap the window, and what of it they leave out, in every compartment and the regions of the scope.
struct Asked<'a> {
    about: &'a About<'a>,
    settling: TimeDelta,
    cells: Vec<(&'a Cell, CellState)>,
    gaps: Vec<(RegionId, Ocid, FetchWindow)>,
}

impl<'a> Asked<'a> {
    fn new(ledger: &'a Ledger, about: &'a About<'a>) -> Self {
        let cells: Vec<_> = ledger
            .cells()
            .filter(|cell| cell.key.window.overlaps(about.window))
            .map(|cell| (cell, ledger.state(cell)))
            .collect();
        let mut windows: HashMap<(&RegionId, &Ocid), Vec<FetchWindow>> = HashMap::new();
        for (cell, _) in &cells {
            windows.entry((&cell.key.region, &cell.key.compartment)).or_default().push(cell.key.window);
        }
        let mut gaps = Vec::new();
        let scope = about.included.scope(about.tenancy);
        for region in &scope.regions {
            for compartment in about.tenancy.tree.compartments().map(|compartment| &compartment.id) {
                let taken = windows.get(&(region, compartment)).map_or(&[][..], Vec::as_slice);
                let missing = about.window.minus(taken);
                gaps.extend(missing.into_iter().map(|gap| (region.clone(), compartment.clone(), gap)));
            }
        }
        Self { about, settling: ledger.settling(), cells, gaps }
    }

    fn in_scope(&self) -> impl Iterator<Item = (&'a Cell, CellState)> {
        self.cells.iter().copied().filter(|(cell, _)| self.about.included.has_cell(&cell.key))
    }

    fn gaps_in_scope(&self) -> impl Iterator<Item = &(RegionId, Ocid, FetchWindow)> {
        self.gaps.iter().filter(|(_, compartment, _)| self.about.included.has_compartment(compartment))
    }

    fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::default();
        self.in_scope().for_each(|(_, state)| coverage.add(state));
        coverage.queued += self.gaps_in_scope().count();
        coverage
    }

    /// Per compartment, over the regions of the scope; compartments out of scope tell what is known of them all the
    /// same.
    fn nodes(&self, view: &View) -> Vec<Place> {
        let tree = &self.about.tenancy.tree;
        let events = |id: &Ocid| view.totals.in_compartment(id);
        let mut own: Vec<Known> = tree
            .compartments()
            .map(|compartment| Known { events: events(&compartment.id), ..Known::default() })
            .collect();
        for (cell, state) in self.cells.iter().filter(|(cell, _)| self.about.included.has_region(&cell.key.region)) {
            if let Some(place) = tree.find(&cell.key.compartment).and_then(|node| own.get_mut(node.index())) {
                place.coverage.add(*state);
            }
        }
        for (_, compartment, _) in &self.gaps {
            if let Some(place) = tree.find(compartment).and_then(|node| own.get_mut(node.index())) {
                place.unasked = true;
            }
        }
        // Children stand after their parents, so that one pass from the end rolls everything up.
        for node in tree.nodes().rev() {
            let below = own[node.index()];
            if let Some(parent) = tree.parent(node) {
                let above = &mut own[parent.index()];
                above.coverage = sum(above.coverage, below.coverage);
                above.events += below.events;
                above.unasked |= below.unasked;
            }
        }
        own.iter().map(Known::place).collect()
    }

    fn refusals(&self) -> Vec<Refusal> {
        let tree = &self.about.tenancy.tree;
        let mut refused: HashMap<&Ocid, Refusal> = HashMap::new();
        for (cell, _) in self.in_scope().filter(|(_, state)| *state == CellState::Denied) {
            let Some(problem) = cell.problem() else { continue };
            let CellKey { region, compartment, .. } = &cell.key;
            let refusal = refused.entry(compartment).or_insert_with(|| Refusal {
                compartment: compartment.clone(),
                below: 0,
                regions: Vec::new(),
                statement: self.statement(problem, compartment),
                problem: problem.clone(),
            });
            if !refusal.regions.contains(region) {
                refusal.regions.push(region.clone());
            }
        }
        let mut top: Vec<Refusal> = Vec::new();
        let mut end = 0;
        for node in tree.nodes() {
            let Some(refusal) = refused.remove(&tree.get(node).id) else { continue };
            match top.last_mut() {
                Some(above) if node.index() < end => above.below += 1,
                _ => {
                    end = tree.subtree(node).count() + node.index();
                    top.push(refusal);
                }
            }
        }
        top
    }

    fn statement(&self, problem: &Problem, compartment: &Ocid) -> Option<String> {
        let tree = &self.about.tenancy.tree;
        let statement = statement(problem)?;
        let (verb, _) = statement.split_once(" in ")?;
        let place = match tree.find(compartment) {
            Some(node) if node == tree.root() => "tenancy".to_owned(),
            Some(node) => format!("compartment {}", tree.path(node).replace('/', ":")),
            None => format!("compartment id {compartment}"),
        };
        Some(format!("{verb} in {place}"))
    }

    fn region(&self, region: &RegionId, view: &View) -> Place {
        let mut coverage = Coverage::default();
        let unasked = self.gaps_in_scope().any(|(of, ..)| of == region);
        let cells = self.cells.iter().filter(|(cell, _)| cell.key.region == *region);
        cells
            .filter(|(cell, _)| self.about.included.has_compartment(&cell.key.compartment))
            .for_each(|(_, state)| coverage.add(*state));
        // Which compartments may not be read is told by the tree; here it would hide what else is wrong.
        if coverage.denied < coverage.total() - coverage.gone {
            coverage.denied = 0;
        }
        Known { coverage, unasked, events: view.totals.in_region(region) }.place()
    }

    fn ruler(&self) -> Vec<Ruler> {
        let columns = self.about.columns;
        let mut marks = vec![Coverage::default(); columns];
        let gaps = self.gaps_in_scope().map(|(.., window)| (*window, CellState::Queued));
        let cells = self.in_scope().flat_map(|(cell, state)| match state {
            // Of a long window that was just read only the newest minutes are settling.
            CellState::Settling => {
                let (read, young) = cell.settled(self.settling);
                [read.map(|window| (window, CellState::Complete)), young.map(|window| (window, state))]
            }
            _ => [Some((cell.key.window, state)), None],
        });
        for (window, state) in cells.flatten().chain(gaps) {
            for place in self.columns_of(window) {
                marks[place].add(state);
            }
        }
        marks.iter().map(Ruler::of).collect()
    }

    /// The columns whose events may have been processed in this window: an instant is covered when the windows over
    /// it and the padding after it are.
    fn columns_of(&self, window: FetchWindow) -> std::ops::Range<usize> {
        let (range, columns) = (self.about.range, self.about.columns as i64);
        let length = range.length().num_seconds().max(1);
        let seconds = |at: DateTime<Utc>| (at - range.start()).num_seconds();
        let first = (seconds(window.start() - self.about.padding) * columns).div_euclid(length);
        let end = (seconds(window.end()) * columns + length - 1).div_euclid(length);
        first.clamp(0, columns) as usize..end.clamp(0, columns) as usize
    }
}

/// What is known of a place, before it gets its label.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    coverage: Coverage,
    /// Part of the window was never asked for.
    unasked: bool,
    events: u64,
}

impl Known {
    fn place(&self) -> Place {
        let state = match PlaceState::of(&self.coverage) {
            state @ (PlaceState::Failed | PlaceState::Loading) => state,
            _ if self.unasked => PlaceState::Queued,
            state => state,
        };
        Place { state, events: self.events }
    }
}

fn sum(one: Coverage, other: Coverage) -> Coverage {
    Coverage {
        complete: one.complete + other.complete,
        settling: one.settling + other.settling,
        gone: one.gone + other.gone,
        queued: one.queued + other.queued,
        loading: one.loading + other.loading,
        denied: one.denied + other.denied,
        failed: one.failed + other.failed,
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
