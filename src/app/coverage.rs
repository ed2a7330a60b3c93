//! The coverage panel: which place of the ledger the user looks at, and what can be done about it.
//!
//! A row is a compartment, a column a region of the scope. Until a region is chosen, what is told about a row is its
//! worst cell.

mod report;
mod words;

use crate::domain::compartment::NodeId;
use crate::domain::ledger::{Cell, CellKey};
use crate::domain::region::Region;
use crate::domain::scope::Scope;
use crate::domain::text::count_of;

use super::action::Action;
use super::effect::Effect;
use super::facts::weight;
use super::files::FilesSeen;
use super::overlay::Overlay;
use super::viewport::Viewport;
use super::{App, Facts};

pub use words::{Line, Tone};

#[derive(Debug, Default)]
pub struct CoveragePanel {
    /// Over the rows.
    view: Viewport,
    /// The compartment under the cursor, which may move to another row as others are read.
    node: Option<NodeId>,
    /// Among the regions of the scope.
    region: Option<usize>,
    first_region: usize,
    regions_in_sight: usize,
    all: bool,
    /// The first line in sight of everything about the cell; `None` while the table is shown.
    reading: Option<usize>,
}

impl CoveragePanel {
    pub fn viewport(&self) -> &Viewport {
        &self.view
    }

    /// The first region in sight.
    pub fn first_region(&self) -> usize {
        self.first_region
    }

    pub fn region(&self) -> Option<usize> {
        self.region
    }

    pub fn shows_all(&self) -> bool {
        self.all
    }

    pub fn reading(&self) -> Option<usize> {
        self.reading
    }

    /// The compartments shown, in the tree's order: those that were not read to their end, or all where there are none.
    pub fn rows<'a>(&self, facts: &'a Facts) -> &'a [NodeId] {
        if self.all || facts.open.is_empty() { &facts.scope } else { &facts.open }
    }

    pub fn resize(&mut self, rows: u16, regions: u16, facts: &Facts) {
        self.view.height = usize::from(rows);
        self.regions_in_sight = usize::from(regions);
        self.follow(facts);
        self.show_region(usize::MAX);
    }

    /// The rows have changed: the cursor stays on its compartment, or goes to the next one.
    pub fn follow(&mut self, facts: &Facts) {
        let rows = self.rows(facts);
        let place = self.node.map_or(0, |node| rows.partition_point(|row| *row < node));
        let line = self.view.cursor.saturating_sub(self.view.offset);
        self.view.cursor = place;
        self.view.offset = place.saturating_sub(line);
        self.view.settle(rows.len());
        self.node = rows.get(self.view.cursor).copied();
    }

    fn move_cursor(&mut self, action: Action, facts: &Facts) {
        let rows = self.rows(facts);
        if self.view.act(action, rows.len()) {
            self.node = rows.get(self.view.cursor).copied();
        }
    }

    /// To the left of the first region is none: the worst cell of the row.
    fn move_region(&mut self, right: bool, regions: usize) {
        self.region = match self.region {
            None if right => Some(self.first_region),
            Some(region) if right => Some(region + 1),
            Some(region) => region.checked_sub(1),
            None => None,
        }
        .filter(|_| regions > 0);
        self.show_region(regions);
    }

    fn show_region(&mut self, regions: usize) {
        self.region = self.region.map(|region| region.min(regions.saturating_sub(1)));
        let Some(region) = self.region else {
            self.first_region = 0;
            return;
        };
        let lowest = (region + 1).saturating_sub(self.regions_in_sight.max(1));
        self.first_region = self.first_region.clamp(lowest, region);
    }

    fn scroll(&mut self, action: Action, lines: usize) {
        let page = self.view.height.max(1);
        let Some(first) = &mut self.reading else { return };
        let to = match action {
            Action::LineDown => *first + 1,
            Action::LineUp => first.saturating_sub(1),
            Action::Top => 0,
            Action::Bottom => lines,
            Action::HalfPageDown | Action::PageDown => *first + page,
            Action::HalfPageUp | Action::PageUp => first.saturating_sub(page),
            _ => return,
        };
        *first = to.min(lines.saturating_sub(1));
    }
}

/// What is looked at.
impl App {
    pub fn coverage_panel(&self) -> &CoveragePanel {
        &self.panel
    }

    /// The regions of the scope, in the tenancy's order.
    pub fn regions_in_scope(&self) -> Vec<&Region> {
        let regions = self.tenancy().into_iter().flat_map(|tenancy| &tenancy.regions);
        regions.filter(|region| self.included.has_region(&region.id)).collect()
    }

    /// The compartment of the row under the cursor.
    pub(super) fn panel_node(&self) -> Option<NodeId> {
        self.panel.rows(&self.facts).get(self.panel.view.cursor).copied()
    }

    /// The cell that the panel tells about: the worst of the row, or of its chosen region.
    pub fn panel_cell(&self) -> Option<&Cell> {
        let (node, view, tenancy) = (self.panel_node()?, self.view.as_ref()?, self.tenancy.as_ref()?);
        let Some(region) = self.panel.region else {
            return view.ledger.get(self.facts.own(node)?.worst.as_ref()?);
        };
        let region = &self.regions_in_scope().get(region)?.id;
        let window = self.window;
        let cells = view.ledger.of_place(region, &tenancy.tree.get(node).id);
        cells.filter(|cell| cell.key.window.overlaps(window)).max_by_key(|cell| weight(cell, view.ledger.state(cell)))
    }
}

/// What is done.
impl App {
    pub(super) fn open_coverage(&mut self) {
        let coverage = self.files().and_then(FilesSeen::end).map_or("they are still being read", |end| end.coverage);
        if self.refuses(&format!("{coverage}; {}", self.memory_words().join(", "))) {
            return;
        }
        self.panel.reading = None;
        self.panel.follow(&self.facts);
        self.overlay = Some(Overlay::Coverage);
    }

    pub(super) fn act_in_coverage(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Cancel | Action::Close | Action::Open if self.panel.reading.is_some() => self.panel.reading = None,
            Action::Cancel | Action::Close => self.overlay = None,
            Action::Help => self.open_help(),
            Action::Palette => return self.open_palette(),
            Action::CycleZone => self.clock = self.clock.next(self.setup.zone),
            Action::Open => self.panel.reading = self.panel_cell().map(|_| 0),
            Action::ShowAll => {
                self.panel.all = !self.panel.all;
                self.panel.follow(&self.facts);
            }
            Action::MoveLeft | Action::MoveRight => {
                let regions = self.regions_in_scope().len();
                self.panel.move_region(action == Action::MoveRight, regions);
            }
            Action::Refresh => return self.refresh(),
            Action::TogglePause => return self.toggle_pause(),
            Action::RetryRow => return self.retry_row(),
            Action::AskFirst | Action::AskLast => return self.ask_row(action == Action::AskFirst),
            Action::CopyReport => {
                return vec![Effect::Copy { what: "the coverage report".to_owned(), text: self.coverage_report() }];
            }
            _ if self.panel.reading.is_some() => {
                let lines = self.everything_about_cell().len();
                self.panel.scroll(action, lines);
            }
            _ => self.panel.move_cursor(action, &self.facts),
        }
        Vec::new()
    }

    pub(super) fn toggle_pause(&mut self) -> Vec<Effect> {
        if self.refuses("there are no calls to pause") {
            return Vec::new();
        }
        vec![if self.traffic.paused { Effect::Resume } else { Effect::Pause }]
    }

    fn retry_row(&mut self) -> Vec<Effect> {
        let Some((node, name)) = self.panel_node().zip(self.row_name()) else { return Vec::new() };
        let keys = self.troubled_cells(node);
        if keys.is_empty() {
            return self.say(format!("nothing of {name} failed"));
        }
        self.say(format!("{} of {name} asked again", count_of(keys.len() as u64, "slice")));
        self.notices.halted = None;
        vec![Effect::RetryCells(keys)]
    }

    /// The cells of a row whose last try ended without a complete read.
    fn troubled_cells(&self, node: NodeId) -> Vec<CellKey> {
        let (Some(view), Some(tenancy)) = (&self.view, &self.tenancy) else { return Vec::new() };
        let window = self.window;
        let compartment = &tenancy.tree.get(node).id;
        let regions = self.regions_in_scope();
        let cells = regions.iter().flat_map(|region| view.ledger.of_place(&region.id, compartment));
        let troubled = cells.filter(|cell| cell.problem().is_some() && cell.key.window.overlaps(window));
        troubled.map(|cell| cell.key.clone()).collect()
    }

    fn ask_row(&mut self, first: bool) -> Vec<Effect> {
        let Some((node, name)) = self.panel_node().zip(self.row_name()) else { return Vec::new() };
        let Some(tenancy) = &self.tenancy else { return Vec::new() };
        if self.facts.own(node).is_none_or(|own| own.coverage.unfinished() == 0) {
            return self.say(format!("nothing of {name} waits"));
        }
        let regions = self.regions_in_scope().into_iter().map(|region| region.id.clone()).collect();
        let scope = Scope { regions, compartments: vec![tenancy.tree.get(node).id.clone()] };
        self.say(format!("{name} is asked {}", if first { "next" } else { "last" }));
        vec![if first { Effect::Prefer(scope) } else { Effect::Postpone(scope) }]
    }

    fn row_name(&self) -> Option<String> {
        let tenancy = self.tenancy()?;
        Some(tenancy.tree.get(self.panel_node()?).name.clone())
    }
}

#[cfg(test)]
mod tests;
