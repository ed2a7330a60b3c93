//! Weighing: one pass over the ledger, from which every fact is told.

use chrono::TimeDelta;

use crate::domain::compartment::NodeId;
use crate::domain::ledger::{Cell, CellKey, CellState, Coverage, Ledger};
use crate::domain::ocid::Ocid;
use crate::domain::problem::Problem;
use crate::domain::region::RegionId;
use crate::domain::time_range::FetchWindow;
use crate::query::Selection;

use super::axis::{Axis, parts};
use super::{About, Facts, Own, Place, PlaceState, Refusal, Ruler};
use crate::app::notices::statement;

/// What is known so far. Cells that overlap the window count, and what of it they leave out.
pub(super) struct Weighing<'a> {
    about: &'a About,
    settling: TimeDelta,
    window: FetchWindow,
    /// By the places of the tree and of the tenancy's regions.
    in_scope: Vec<bool>,
    asked_regions: Vec<bool>,
    coverage: Coverage,
    regions: Vec<Known>,
    nodes: Vec<Known>,
    own: Vec<Seen<'a>>,
    ruler: Steps,
    failure: Option<&'a Cell>,
}

/// What is known of a place, before it gets its label.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    coverage: Coverage,
    /// Part of the window was never asked for.
    unasked: bool,
    events: u64,
}

/// What is known of one compartment in scope.
#[derive(Clone, Debug, Default)]
struct Seen<'a> {
    own: Own,
    worst: Option<(u8, &'a Cell)>,
    refused: Vec<&'a Cell>,
}

/// How many windows of each state begin and end at each column: a window costs two notes, however wide it is.
struct Steps {
    axis: Axis,
    begin: Vec<Coverage>,
    end: Vec<Coverage>,
}

impl<'a> Weighing<'a> {
    pub fn of(ledger: &'a Ledger, about: &'a About) -> Self {
        let tenancy = &about.tenancy;
        let (nodes, regions) = (tenancy.tree.len(), tenancy.regions.len());
        let has_compartment = |id| about.included.has_compartment(id);
        let mut weighing = Self {
            about,
            settling: ledger.settling(),
            window: about.window,
            in_scope: tenancy.tree.compartments().map(|compartment| has_compartment(&compartment.id)).collect(),
            asked_regions: tenancy.regions.iter().map(|region| about.included.has_region(&region.id)).collect(),
            coverage: Coverage::default(),
            regions: vec![Known::default(); regions],
            nodes: vec![Known::default(); nodes],
            own: vec![Seen::default(); nodes],
            ruler: Steps::new(about.axis()),
            failure: None,
        };
        weighing.take_all(ledger);
        weighing
    }

    fn take_all(&mut self, ledger: &'a Ledger) {
        let tenancy = &self.about.tenancy;
        let nodes = tenancy.tree.len();
        let mut heard_of = vec![false; nodes * tenancy.regions.len()];
        let cells: Vec<&Cell> = ledger.cells().filter(|cell| cell.key.window.overlaps(self.window)).collect();
        let same_place =
            |a: &&Cell, b: &&Cell| (&a.key.region, &a.key.compartment) == (&b.key.region, &b.key.compartment);
        let mut last: Option<(&RegionId, Option<usize>)> = None;
        for cells in cells.chunk_by(same_place) {
            let Some(CellKey { region, compartment, .. }) = cells.first().map(|cell| &cell.key) else { continue };
            let known = last
                .filter(|(id, _)| *id == region)
                .map_or_else(|| tenancy.regions.iter().position(|known| known.id == *region), |(_, place)| place);
            last = Some((region, known));
            if let (Some(region), Some(node)) = (known, tenancy.tree.find(compartment)) {
                heard_of[region * nodes + node.index()] = true;
                self.take(region, node.index(), cells);
            }
        }
        for region in 0..tenancy.regions.len() {
            let id = &tenancy.regions[region].id;
            for (node, compartment) in tenancy.tree.compartments().enumerate() {
                if !heard_of[region * nodes + node] && self.is_planned(ledger, id, &compartment.id) {
                    self.take(region, node, &[]);
                }
            }
        }
    }

    /// A collection may hold several tenancies: not every compartment is in every region of it.
    fn is_planned(&self, ledger: &Ledger, region: &RegionId, compartment: &Ocid) -> bool {
        self.about.files.is_none() || ledger.of_place(region, compartment).next().is_some()
    }

    /// The cells of one region and compartment.
    fn take(&mut self, region: usize, node: usize, cells: &[&'a Cell]) {
        let (asked, in_scope) = (self.asked_regions[region], self.in_scope[node]);
        if !asked && !in_scope {
            return;
        }
        for cell in cells {
            let state = cell.state(self.settling);
            if in_scope {
                self.regions[region].coverage.add(state);
            }
            if asked {
                self.nodes[node].coverage.add(state);
            }
            if asked && in_scope {
                self.take_in_scope(node, cell, state);
            }
        }
        if asked && !cells.iter().any(|cell| cell.key.window.contains(self.window)) {
            let windows: Vec<FetchWindow> = cells.iter().map(|cell| cell.key.window).collect();
            self.miss(region, node, &self.window.minus(&windows));
        }
    }

    fn take_in_scope(&mut self, node: usize, cell: &'a Cell, state: CellState) {
        self.coverage.add(state);
        parts(cell, state, self.settling).for_each(|(window, state)| self.ruler.add(window, state));
        if state == CellState::Failed {
            self.failure.get_or_insert(cell);
        }
        self.own[node].take(cell, state);
    }

    /// What nobody has asked for yet.
    fn miss(&mut self, region: usize, node: usize, gaps: &[FetchWindow]) {
        if self.about.files.is_some_and(|files| files.all_times) {
            return;
        }
        self.nodes[node].unasked |= !gaps.is_empty();
        if !self.in_scope[node] {
            return;
        }
        self.regions[region].unasked |= !gaps.is_empty();
        for gap in gaps {
            self.coverage.add(CellState::Queued);
            self.own[node].own.coverage.add(CellState::Queued);
            self.ruler.add(*gap, CellState::Queued);
        }
    }

    pub fn facts(mut self, totals: &Selection) -> Facts {
        let tree = &self.about.tenancy.tree;
        let refusals = self.refusals();
        for (node, compartment) in tree.compartments().enumerate() {
            let events = totals.in_compartment(&compartment.id);
            self.nodes[node].events = events;
            self.own[node].own.events = events;
        }
        let scope: Vec<NodeId> = tree.nodes().filter(|node| self.in_scope[node.index()]).collect();
        let open = scope.iter().copied().filter(|node| self.own[node.index()].is_open()).collect();
        let failure = self.failure.and_then(|cell| Some((cell.key.clone(), cell.problem()?.clone())));
        Facts {
            coverage: self.coverage,
            of_files: false,
            more_places: self.about.tenancy.partial.is_some(),
            total: totals.counts().matched,
            nodes: self.rolled_up(),
            regions: self.regions(totals),
            ruler: self.ruler.columns().iter().map(Ruler::of).collect(),
            failure,
            refusals,
            own: self.own.into_iter().map(Seen::told).collect(),
            scope,
            open,
            ..Facts::default()
        }
    }

    /// Per compartment with those below it; compartments out of scope tell what is known of them all the same.
    fn rolled_up(&self) -> Vec<Place> {
        let tree = &self.about.tenancy.tree;
        let mut nodes = self.nodes.clone();
        // Children stand after their parents, so that one pass from the end rolls everything up.
        for node in tree.nodes().rev() {
            let below = nodes[node.index()];
            if let Some(parent) = tree.parent(node) {
                let above = &mut nodes[parent.index()];
                above.coverage += below.coverage;
                above.events += below.events;
                above.unasked |= below.unasked;
            }
        }
        nodes.iter().map(Known::place).collect()
    }

    fn regions(&self, totals: &Selection) -> Vec<Place> {
        let place = |(region, known): (&crate::domain::region::Region, &Known)| {
            let mut coverage = known.coverage;
            // Which compartments may not be read is told by the tree; here it would hide what else is wrong.
            if coverage.denied < coverage.total() - coverage.gone {
                coverage.denied = 0;
            }
            Known { coverage, events: totals.in_region(&region.id), ..*known }.place()
        };
        self.about.tenancy.regions.iter().zip(&self.regions).map(place).collect()
    }

    /// The topmost compartments that were refused; what is below one and refused as well is counted.
    fn refusals(&self) -> Vec<Refusal> {
        let tree = &self.about.tenancy.tree;
        let mut top: Vec<Refusal> = Vec::new();
        let mut end = 0;
        for node in tree.nodes() {
            let refused = &self.own[node.index()].refused;
            let Some(problem) = refused.iter().find_map(|cell| cell.problem()) else { continue };
            match top.last_mut() {
                Some(above) if node.index() < end => above.below += 1,
                _ => {
                    end = tree.subtree(node).count() + node.index();
                    let compartment = tree.get(node).id.clone();
                    let mut regions: Vec<RegionId> = refused.iter().map(|cell| cell.key.region.clone()).collect();
                    regions.dedup();
                    let statement = self.statement(problem, &compartment);
                    top.push(Refusal { compartment, below: 0, regions, statement, problem: problem.clone() });
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
}

impl<'a> Seen<'a> {
    fn take(&mut self, cell: &'a Cell, state: CellState) {
        self.own.coverage.add(state);
        if let Some(read) = cell.read {
            self.own.last_read = self.own.last_read.max(Some(read.at));
            self.own.late += read.late;
        }
        if state == CellState::Denied {
            self.refused.push(cell);
        }
        let weight = weight(cell, state);
        if self.worst.is_none_or(|(worst, _)| weight > worst) {
            self.worst = Some((weight, cell));
        }
    }

    fn is_open(&self) -> bool {
        let coverage = self.own.coverage;
        coverage.read() + coverage.gone < coverage.total()
            || self.worst.is_some_and(|(_, cell)| cell.read.is_some() && cell.problem().is_some())
    }

    fn told(self) -> Own {
        Own { worst: self.worst.map(|(_, cell)| cell.key.clone()), ..self.own }
    }
}

/// How much a cell has to say about its place.
pub(in crate::app) fn weight(cell: &Cell, state: CellState) -> u8 {
    match state {
        CellState::Failed => 7,
        CellState::Denied => 6,
        // It was read, but not again.
        CellState::Settling | CellState::Complete if cell.problem().is_some() => 5,
        CellState::Loading => 4,
        CellState::Queued => 3,
        CellState::Settling => 2,
        CellState::Gone => 1,
        CellState::Complete => 0,
    }
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

impl Steps {
    fn new(axis: Axis) -> Self {
        let none = vec![Coverage::default(); axis.columns + 1];
        Self { axis, begin: none.clone(), end: none }
    }

    fn add(&mut self, window: FetchWindow, state: CellState) {
        let columns = self.axis.columns_of(window);
        // A window before the range ends where it begins; one after it begins where it ends.
        if columns.start < columns.end {
            self.begin[columns.start].add(state);
            self.end[columns.end].add(state);
        }
    }

    fn columns(&self) -> Vec<Coverage> {
        let mut open = Coverage::default();
        let steps = self.begin.iter().zip(&self.end).take(self.axis.columns);
        let next = |(begin, end): (&Coverage, &Coverage)| {
            open += *begin;
            open -= *end;
            open
        };
        steps.map(next).collect()
    }
}
