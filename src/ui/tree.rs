//! The compartments with their check boxes, states and counts, and the regions below them.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::action::Action;
use crate::app::facts::{Place, PlaceState};
use crate::app::included::Check;
use crate::app::keymap::Focus;
use crate::app::panes::tree::TreeRow;
use crate::app::{App, Pane};
use crate::domain::compartment::{Lifecycle, NodeId};
use crate::domain::tenancy::Tenancy;

use super::pane_title;
use super::pen::{Pen, row, skip};
use super::text::{cut, short_number};

/// Cells of a count.
const COUNT: usize = 5;

/// How many rows the two lists get: compartments and regions.
pub fn split(height: u16, regions: usize) -> (u16, u16) {
    let regions = (regions as u16).min(height / 3);
    let legend = u16::from(height > regions + 16) * 4;
    let heading = if regions > 0 { 2 } else { 0 };
    (height.saturating_sub(regions + heading + legend), regions)
}

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let focused = app.has_keys(Pane::Tree);
    let inside = pen.frame(area, &pane_title(app, Action::FocusTree, "Compartments"), "", focused);
    let Some(tenancy) = app.tenancy() else {
        let words = match app.files() {
            Some(_) => " reading…",
            None if app.is_halted() => " not connected",
            None => " connecting…",
        };
        pen.put(row(inside, 0), words, pen.theme.loading);
        return;
    };
    if focused {
        let key = |action| app.keymap().name_for(Focus::Tree, action);
        pen.foot(area, &format!("{} include  {} only", key(Action::Toggle), key(Action::OnlyThis)));
    }
    let (tree_rows, region_rows) = split(inside.height, tenancy.regions.len());
    let painter = Painter { app, tenancy, focused };
    painter.compartments(pen, Rect { height: tree_rows, ..inside });
    painter.regions(pen, inside, tree_rows, region_rows);
    let used = tree_rows + region_rows + 2;
    if inside.height > used && app.files().is_none() {
        legend(pen, Rect { y: inside.y + used, height: inside.height - used, ..inside });
    }
}

struct Painter<'a> {
    app: &'a App,
    tenancy: &'a Tenancy,
    focused: bool,
}

impl Painter<'_> {
    fn compartments(&self, pen: &mut Pen<'_>, area: Rect) {
        let pane = self.app.tree();
        let nodes = pane.nodes(&self.tenancy.tree);
        let view = pane.viewport();
        let shown = nodes.iter().enumerate().skip(view.offset).take(usize::from(area.height));
        for (line, (place, node)) in shown.enumerate() {
            let here = view.cursor == place;
            let state = self.app.facts().node(*node).state;
            let style = self.style(pen, TreeRow::Compartment(*node), here, state);
            self.compartment(pen, row(area, line as u16), *node, here, style);
            self.colour_sign(pen, row(area, line as u16), COUNT + 2, here, state);
        }
    }

    fn compartment(&self, pen: &mut Pen<'_>, at: Rect, node: NodeId, here: bool, style: Style) {
        let tree = &self.tenancy.tree;
        let compartment = tree.get(node);
        let folded = self.app.tree().is_folded(&compartment.id);
        let marker = match (tree.has_children(node), folded) {
            (true, true) => pen.glyphs.folded,
            (true, false) => pen.glyphs.unfolded,
            (false, _) if tree.depth(node) < 2 => ' ',
            (false, _) if self.is_last(node) => pen.glyphs.frame.last_branch,
            (false, _) => pen.glyphs.frame.branch,
        };
        let check = match self.app.included().check(tree, node) {
            Check::All => "[x]",
            Check::Some => "[-]",
            Check::None => "[ ]",
        };
        // Deep trees are told by their indentation up to a point; beyond it names need the room.
        let indent = tree.depth(node).min(6);
        let cursor = cursor(pen, here, self.focused);
        let gone = match compartment.lifecycle {
            Lifecycle::Active => "",
            Lifecycle::Deleted | Lifecycle::Deleting => " (deleted)",
            _ => "*",
        };
        let name = cut(&compartment.name, 60);
        let rest = left_of(pen, at, COUNT + 2, style);
        pen.print_fit(rest, format_args!("{cursor}{:indent$}{marker}{check}{name}{gone}", ""), style);
        let (glyph, count) = self.state(pen, self.app.facts().node(node));
        pen.print(skip(at, rest.width + 1), format_args!("{glyph} {count:>COUNT$}"), style);
    }

    fn is_last(&self, node: NodeId) -> bool {
        let tree = &self.tenancy.tree;
        let last = tree.parent(node).and_then(|parent| tree.children(parent).last());
        last == Some(node)
    }

    /// The state's glyph and the count; no count where nothing is known to be countable.
    fn state(&self, pen: &Pen<'_>, place: Place) -> (char, String) {
        let known = self.app.totals_are_current();
        let glyph = if known { pen.glyphs.place(place.state, place.events == 0) } else { '?' };
        let count = match place.state {
            _ if !known => String::new(),
            PlaceState::Denied | PlaceState::Gone if place.events == 0 => "--".to_owned(),
            PlaceState::Queued if place.events == 0 => String::new(),
            _ => short_number(place.events),
        };
        (glyph, count)
    }

    fn regions(&self, pen: &mut Pen<'_>, inside: Rect, tree_rows: u16, region_rows: u16) {
        if region_rows == 0 {
            return;
        }
        let view = self.app.tree().viewport();
        let nodes = self.app.tree().nodes(&self.tenancy.tree).len();
        let cursor_at = view.cursor.checked_sub(nodes);
        pen.put(row(inside, tree_rows + 1), "regions", pen.theme.strong);
        let first = self.app.tree().first_region(self.tenancy);
        for (line, place) in (first..self.tenancy.regions.len()).take(usize::from(region_rows)).enumerate() {
            let here = cursor_at == Some(place);
            let known = self.app.facts().regions.get(place).copied().unwrap_or_default();
            let style = self.style(pen, TreeRow::Region(place), here, known.state);
            let at = row(inside, tree_rows + 2 + line as u16);
            self.region(pen, at, place, here, style);
            self.colour_sign(pen, at, 1, here, known.state);
        }
    }

    fn region(&self, pen: &mut Pen<'_>, at: Rect, place: usize, here: bool, style: Style) {
        let Some(region) = self.tenancy.regions.get(place) else { return };
        let check = match (region.is_ready(), self.app.included().has_region(&region.id)) {
            (false, _) => " - ",
            (true, true) => "[x]",
            (true, false) => "[ ]",
        };
        let known = self.app.facts().regions.get(place).copied().unwrap_or_default();
        let glyph = if self.app.view().is_some() { pen.glyphs.place(known.state, false) } else { '?' };
        let not_ready = if region.is_ready() { "" } else { " not ready" };
        let cursor = cursor(pen, here, self.focused);
        let id = if region.id.as_str().is_empty() { "unknown" } else { region.id.as_str() };
        let rest = left_of(pen, at, 1, style);
        pen.print_fit(rest, format_args!("{cursor}{check}{} {id}{not_ready}", region.key), style);
        pen.put_char(skip(at, rest.width + 1), glyph, style);
    }

    /// The sign alone: a place that is partly refused is told without painting every row above it.
    fn colour_sign(&self, pen: &mut Pen<'_>, at: Rect, from_right: usize, here: bool, state: PlaceState) {
        let style = match state {
            _ if here && self.focused => return,
            PlaceState::Limited | PlaceState::Denied => pen.theme.warning,
            PlaceState::Loading => pen.theme.loading,
            _ => return,
        };
        let from_right = (from_right as u16).min(at.width);
        pen.style(Rect { x: at.x + at.width - from_right, width: from_right.min(1), ..at }, style);
    }

    fn style(&self, pen: &Pen<'_>, row: TreeRow, here: bool, state: PlaceState) -> Style {
        match state {
            _ if here && self.focused => pen.theme.cursor,
            _ if self.app.tree().is_hit(row, self.tenancy) => pen.theme.hit,
            PlaceState::Failed => pen.theme.problem,
            PlaceState::Denied | PlaceState::Gone => pen.theme.faint,
            _ => pen.theme.text,
        }
    }
}

fn cursor(pen: &Pen<'_>, here: bool, focused: bool) -> char {
    match (here, focused, pen.glyphs.plain) {
        (true, true, _) => pen.glyphs.cursor,
        (true, false, false) => '▌',
        (true, false, true) => '|',
        (false, ..) => ' ',
    }
}

/// Where a name may stand, to the left of a state of some cells; between them is a space.
fn left_of(pen: &mut Pen<'_>, at: Rect, state: usize, style: Style) -> Rect {
    let rest = Rect { width: at.width.saturating_sub(state as u16 + 1), ..at };
    pen.put_char(skip(at, rest.width), ' ', style);
    rest
}

fn legend(pen: &mut Pen<'_>, area: Rect) {
    let glyph = |state, quiet| pen.glyphs.place(state, quiet);
    let lines = [
        [(glyph(PlaceState::Complete, false), "complete"), (glyph(PlaceState::Loading, false), "loading")],
        [(glyph(PlaceState::Failed, false), "failed"), (glyph(PlaceState::Denied, false), "no access")],
        [(glyph(PlaceState::Settling, false), "settling"), (glyph(PlaceState::Queued, false), "not asked")],
        [(glyph(PlaceState::Complete, true), "no events"), (glyph(PlaceState::Gone, false), "deleted")],
    ];
    let from = area.height.saturating_sub(lines.len() as u16);
    for (place, [(left, first), (right, second)]) in lines.into_iter().enumerate() {
        let text = format_args!("{left} {first:11}{right} {second}");
        pen.print(row(area, from + place as u16), text, pen.theme.faint);
    }
}
