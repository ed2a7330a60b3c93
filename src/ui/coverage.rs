//! The coverage panel: can the totals be trusted, what is missing, what can be done. Bands are looked up for the rows and
//! regions in sight alone, however many cells there are.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::App;
use crate::app::action::Action;
use crate::app::coverage::{Line, Tone};
use crate::app::facts::{Axis, Mark};
use crate::domain::compartment::NodeId;
use crate::domain::region::Region;
use crate::domain::tenancy::Tenancy;

use super::coverage_head;
use super::pen::{Pen, row, skip};
use super::text::{cut_middle, fit, fit_right, number, short_ocids, width, wrap};
use super::{format, status_line};

/// Over the main screen, between the line of truth and the problem line.
pub fn place(app: &App, screen: Rect) -> Rect {
    let below = status_line::problem_rows(app, screen);
    let height = screen.height.saturating_sub(1 + below);
    Rect { y: screen.y + 1.min(screen.height), height, ..screen }
}

/// Rows of the table and regions beside each other, for paging and scrolling.
pub fn scrolling(app: &App, area: Rect) -> (u16, u16) {
    let inside = Rect { width: area.width.saturating_sub(2), height: area.height.saturating_sub(2), ..area };
    if app.coverage_panel().reading().is_some() {
        return (inside.height, 0);
    }
    let rows = Parts::of(app, inside).table;
    (rows, Columns::of(app, inside.width).shown as u16)
}

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let columns = Columns::of(app, area.width.saturating_sub(2));
    let inside = pen.frame(area, &title(app, pen, area.width), &columns.told(app, pen), true);
    pen.foot(area, &keys(app, area.width));
    if app.tenancy().is_none() || !app.totals_are_current() {
        pen.put(row(inside, 0), " Nothing is known yet.", pen.theme.loading);
        return;
    }
    if let Some(first) = app.coverage_panel().reading() {
        return draw_text(pen, inside, &app.everything_about_cell(), first);
    }
    let parts = Parts::of(app, inside);
    let [head, heading, table, rule, detail, meaning] = parts.areas(inside);
    coverage_head::draw(app, pen, head);
    let painter = Painter { app, columns };
    painter.heading(pen, heading);
    painter.rows(pen, table);
    draw_rule(app, pen, rule);
    draw_detail(app, pen, detail);
    draw_meaning(app, pen, meaning);
}

/// As many keys as fit; how to get help and how to leave are always among them.
pub fn keys(app: &App, cells: u16) -> String {
    let mut hints: Vec<String> = app.hints().iter().map(|hint| format!("{} {}", hint.key, hint.short)).collect();
    while hints.len() > 2 && width(&hints.join("  ")) + 6 > usize::from(cells) {
        hints.remove(hints.len() - 3);
    }
    hints.join("  ")
}

fn title(app: &App, pen: &Pen<'_>, cells: u16) -> String {
    let range = format::range(app.range(), app.clock().zone(), app.now(), &pen.glyphs, true);
    let coverage = app.facts().coverage;
    let (regions, compartments) = (app.included().region_count(), app.included().compartment_count());
    let dot = pen.glyphs.dot;
    match cells {
        100.. => format!(
            "Coverage {dot} {range} {dot} {regions} regions, {compartments} compartments: {} slices",
            number(coverage.total() as u64)
        ),
        76.. => format!("Coverage {dot} {range} {dot} {} slices", number(coverage.total() as u64)),
        _ => format!("Coverage {dot} {} slices", number(coverage.total() as u64)),
    }
}

/// Rows of each part. Where there are few, the table comes first.
struct Parts {
    head: u16,
    table: u16,
    detail: u16,
    meaning: u16,
}

/// The table keeps as many rows, if it has them.
const LEAST_ROWS: u16 = 5;

impl Parts {
    fn of(app: &App, inside: Rect) -> Self {
        let head = coverage_head::rows(app, inside.height);
        let detail = match inside.height {
            ..=8 => 0,
            9..=12 => 2,
            13..=18 => 3,
            _ => 5,
        };
        let room = inside.height.saturating_sub(head + 2 + detail);
        let wanted = app.coverage_panel().rows(app.facts()).len().min(usize::from(room)) as u16;
        let table = wanted.min(LEAST_ROWS.max(room / 2)).min(room);
        let meaning = if inside.height >= 18 { meaning_rows(app, inside.width).min(room - table) } else { 0 };
        Self { head, table: room - meaning, detail, meaning }
    }

    fn areas(&self, inside: Rect) -> [Rect; 6] {
        let mut y = inside.y;
        [self.head, 1, self.table, 1, self.detail, self.meaning].map(|height| {
            let height = height.min((inside.y + inside.height).saturating_sub(y));
            let area = Rect { y, height, ..inside };
            y += height;
            area
        })
    }
}

/// Cells of each column of the table; 0 where it is left out.
#[derive(Clone, Copy)]
struct Columns {
    name: usize,
    /// Of one region's band.
    band: usize,
    shown: usize,
    events: usize,
    read: usize,
    note: usize,
}

impl Columns {
    fn of(app: &App, cells: u16) -> Self {
        let (name, bands, events, read, least_note) = match cells {
            100.. => (26, 6..=8, 8, 8, 36),
            74.. => (20, 4..=6, 6, 8, 12),
            _ => (16, 3..=4, 5, 0, 9),
        };
        let (least_band, widest_band) = (*bands.start(), *bands.end());
        let fixed = 1 + name + 1 + events + 1 + read + usize::from(read > 0) + least_note + 1;
        let room = usize::from(cells).saturating_sub(fixed);
        let regions = app.regions_in_scope().len().max(1);
        let shown = (room / (least_band + 1)).clamp(1, regions);
        let band = (room / shown).saturating_sub(1).clamp(least_band, widest_band);
        let note = least_note + room.saturating_sub(shown * (band + 1));
        Self { name, band, shown, events, read, note }
    }

    /// `regions 1–7 of 40`, where not all are in sight.
    fn told(&self, app: &App, pen: &Pen<'_>) -> String {
        let all = app.regions_in_scope().len();
        if self.shown >= all || app.coverage_panel().reading().is_some() {
            return String::new();
        }
        let first = app.coverage_panel().first_region();
        if self.shown == 1 {
            return format!("region {} of {all}", first + 1);
        }
        let dash = if pen.glyphs.plain { '-' } else { '–' };
        format!("regions {}{dash}{} of {all}", first + 1, (first + self.shown).min(all))
    }
}

struct Painter<'a> {
    app: &'a App,
    columns: Columns,
}

impl Painter<'_> {
    fn regions(&self) -> Vec<&Region> {
        let first = self.app.coverage_panel().first_region();
        self.app.regions_in_scope().into_iter().skip(first).take(self.columns.shown).collect()
    }

    fn heading(&self, pen: &mut Pen<'_>, at: Rect) {
        let Columns { name, band, events, read, .. } = self.columns;
        let faint = pen.theme.faint;
        let mut spans = vec![(format!(" {} ", fit("compartment", name)), faint)];
        for (place, region) in self.regions().into_iter().enumerate() {
            let chosen = self.app.coverage_panel().region() == Some(self.app.coverage_panel().first_region() + place);
            let style = if chosen { pen.theme.cursor } else { pen.theme.strong };
            spans.push((fit(&region.key, band), style));
            spans.push((" ".to_owned(), faint));
        }
        spans.push((format!("{} ", fit_right(if events < 6 { "ev" } else { "events" }, events)), faint));
        if read > 0 {
            spans.push((format!("{} ", fit("read", read)), faint));
        }
        spans.push(("note".to_owned(), faint));
        pen.spans(at, &spans);
    }

    fn rows(&self, pen: &mut Pen<'_>, area: Rect) {
        let (Some(tenancy), panel) = (self.app.tenancy(), self.app.coverage_panel()) else { return };
        let rows = panel.rows(self.app.facts());
        let view = panel.viewport();
        for (line, place) in (view.offset..rows.len()).take(usize::from(area.height)).enumerate() {
            let here = view.cursor == place;
            self.row(pen, row(area, line as u16), tenancy, rows[place], here);
        }
    }

    fn row(&self, pen: &mut Pen<'_>, at: Rect, tenancy: &Tenancy, node: NodeId, here: bool) {
        let Columns { name, band, events, read, note, .. } = self.columns;
        let cursor = if here { pen.glyphs.cursor } else { ' ' };
        let mut used = pen.put(at, &format!("{cursor}{} ", fit(&self.name(tenancy, node), name)), pen.theme.text);
        let mut chosen = None;
        for (place, region) in self.regions().into_iter().enumerate() {
            let cell = Rect { width: band as u16, ..skip(at, used) };
            self.band(pen, cell, region, tenancy, node);
            if self.app.coverage_panel().region() == Some(self.app.coverage_panel().first_region() + place) {
                chosen = Some(cell);
            }
            used += band as u16 + 1;
        }
        let Some(own) = self.app.facts().own(node) else { return };
        let unread = own.coverage.read() == 0;
        let count = if unread && own.events == 0 { "--".to_owned() } else { number(own.events) };
        let mut spans = vec![(format!("{} ", fit_right(&count, events)), pen.theme.text)];
        if read > 0 {
            let last = own.last_read.map_or_else(|| "--".to_owned(), |at| self.app.time(at));
            spans.push((format!("{} ", fit(&last, read)), pen.theme.faint));
        }
        let told = self.app.row_note(node);
        spans.push((fit(&told.text, note), tone(pen, told.tone)));
        pen.spans(skip(at, used), &spans);
        if here {
            self.mark(pen, at, chosen);
        }
    }

    /// The cursor's row; the chosen region's cell is left out of the mark, so that it stands out.
    fn mark(&self, pen: &mut Pen<'_>, at: Rect, chosen: Option<Rect>) {
        let Some(cell) = chosen.filter(|_| self.columns.shown > 0) else { return pen.style(at, pen.theme.cursor) };
        pen.style(Rect { width: cell.x - at.x, ..at }, pen.theme.cursor);
        pen.style(skip(at, cell.x - at.x + cell.width), pen.theme.cursor);
    }

    /// Indented where the compartments above stand above; the whole path where they may not.
    fn name(&self, tenancy: &Tenancy, node: NodeId) -> String {
        let tree = &tenancy.tree;
        let panel = self.app.coverage_panel();
        if node == tree.root() {
            return format!("{} (root)", tree.get(node).name);
        }
        if panel.shows_all() || self.app.facts().open.is_empty() {
            return format!("{}{}", " ".repeat(tree.depth(node).min(6)), tree.get(node).name);
        }
        cut_middle(&tree.path(node), self.columns.name)
    }

    fn band(&self, pen: &mut Pen<'_>, at: Rect, region: &Region, tenancy: &Tenancy, node: NodeId) {
        let Some(view) = self.app.view() else { return };
        let axis = Axis { range: self.app.range(), padding: self.app.setup().padding, columns: usize::from(at.width) };
        let marks = axis.band(&view.ledger, &region.id, &tenancy.tree.get(node).id);
        let mut at = at;
        for alike in marks.chunk_by(|one, other| one == other) {
            let Some(mark) = alike.first().copied() else { continue };
            let text: String = std::iter::repeat_n(pen.glyphs.mark(mark), alike.len()).collect();
            let used = pen.put(at, &text, mark_style(pen, mark));
            at = skip(at, used);
        }
    }
}

fn mark_style(pen: &Pen<'_>, mark: Mark) -> Style {
    match mark {
        Mark::Failed => pen.theme.problem,
        Mark::Denied => pen.theme.warning,
        Mark::Loading => pen.theme.loading,
        Mark::Queued | Mark::Settling | Mark::Gone => pen.theme.faint,
        Mark::Complete => pen.theme.done,
    }
}

fn tone(pen: &Pen<'_>, tone: Tone) -> Style {
    match tone {
        Tone::Title => pen.theme.strong,
        Tone::Problem => pen.theme.problem,
        Tone::Advice => pen.theme.warning,
        Tone::Plain => pen.theme.text,
        Tone::Faint => pen.theme.faint,
    }
}

/// Under the table: what of it is not in sight.
fn draw_rule(app: &App, pen: &mut Pen<'_>, at: Rect) {
    let line: String = std::iter::repeat_n(pen.glyphs.frame.horizontal, usize::from(at.width)).collect();
    pen.put(at, &line, pen.theme.frame);
    let (panel, facts) = (app.coverage_panel(), app.facts());
    let rows = panel.rows(facts);
    let complete = facts.scope.len() - rows.len();
    let all = app.key(Action::ShowAll);
    let mut words = Vec::new();
    if rows.len() > panel.viewport().height && panel.viewport().height > 0 {
        words.push(format!("row {} of {}", panel.viewport().cursor + 1, number(rows.len() as u64)));
    }
    if complete > 0 {
        words.push(format!("{} more without trouble, {all} shows all", number(complete as u64)));
    } else if panel.shows_all() && !facts.open.is_empty() {
        words
            .push(format!("{} with trouble or not read yet, {all} shows these alone", number(facts.open.len() as u64)));
    }
    if !words.is_empty() {
        pen.put(skip(at, 2), &format!(" {} ", words.join("  ")), pen.theme.faint);
    }
}

fn draw_detail(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let mut lines = Vec::new();
    for line in app.about_cell() {
        let most = if matches!(line.tone, Tone::Problem | Tone::Advice) { 2 } else { 1 };
        lines.extend(wrapped(&line, area.width, most));
    }
    for (place, line) in lines.iter().take(usize::from(area.height)).enumerate() {
        pen.put(row(area, place as u16), &format!(" {}", line.text), tone(pen, line.tone));
    }
}

fn draw_text(pen: &mut Pen<'_>, area: Rect, lines: &[Line], first: usize) {
    let rows = lines.iter().skip(first).flat_map(|line| wrapped(line, area.width, usize::from(area.height)));
    for (place, line) in rows.take(usize::from(area.height)).enumerate() {
        pen.put(row(area, place as u16), &format!(" {}", line.text), tone(pen, line.tone));
    }
}

/// In as many rows as it needs and may have; where that is one, OCIDs are shortened before the end is cut off.
fn wrapped(line: &Line, cells: u16, most: usize) -> Vec<Line> {
    let cells = usize::from(cells.saturating_sub(2)).max(1);
    let texts = match most {
        1 if width(&line.text) > cells => vec![short_ocids(&line.text)],
        1 => vec![line.text.clone()],
        _ => wrap(&line.text, cells, most),
    };
    texts.into_iter().map(|text| Line { tone: line.tone, text }).collect()
}

const MEANING: &str = "What this means for you";

/// Each in as many rows as it takes.
fn meanings(app: &App, cells: u16) -> Vec<Vec<String>> {
    let cells = usize::from(cells.saturating_sub(4)).max(1);
    let rows = |line: String| {
        let lines = wrap(&line, cells, 4).into_iter().enumerate();
        lines.map(|(place, line)| format!(" {} {line}", if place == 0 { '·' } else { ' ' })).collect()
    };
    app.meanings().into_iter().map(rows).collect()
}

fn meaning_rows(app: &App, cells: u16) -> u16 {
    meanings(app, cells).iter().map(Vec::len).sum::<usize>() as u16 + 2
}

fn draw_meaning(app: &App, pen: &mut Pen<'_>, area: Rect) {
    if area.height < 2 {
        return;
    }
    let all = meanings(app, area.width);
    // An empty row before it, where there is room for that.
    let blank = u16::from(area.height >= meaning_rows(app, area.width));
    pen.put(row(area, blank), &format!(" {MEANING}"), pen.theme.strong);
    let mut free = area.height - blank - 1;
    // What does not fit whole is left out: half a sentence may mean something else.
    let fits = all.iter().take_while(|lines| {
        let rest = free.checked_sub(lines.len() as u16);
        free = rest.unwrap_or_default();
        rest.is_some()
    });
    for (place, line) in fits.flatten().enumerate() {
        let line = line.replace('≥', pen.glyphs.at_least);
        pen.put(row(area, blank + 1 + place as u16), &line, pen.theme.text);
    }
}
