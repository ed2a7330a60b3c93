//! The event in full: a sentence and its summary, or its document.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::event_detail::Body;
use crate::app::json::{JsonKind, JsonNode, JsonTree};
use crate::app::panes::detail::Tab;
use crate::app::redact::Masks;
use crate::app::summary::{duration, sentence};
use crate::app::{App, Pane};
use crate::domain::text::clean_prefix;

use super::pen::{Pen, Spans, row, rows, skip};
use super::text::{cut, short_ocids, width, wrap};

/// Rows of the summary that do not scroll: the sentence.
pub const SENTENCE: u16 = 1;

/// `UpdateSecurityList · 200 · 312 ms`
pub fn title(app: &App, pen: &Pen<'_>) -> String {
    let Some(event) = app.event_row() else { return "Detail".to_owned() };
    let dot = pen.glyphs.dot;
    let status = event.text(crate::index::Column::Status);
    let status = if status.is_empty() { String::new() } else { format!(" {dot} {}", cut(status, 12)) };
    let took = loaded(app).and_then(|event| duration(&event.fields));
    let took = took.map(|took| format!(" {dot} {} ms", took.num_milliseconds())).unwrap_or_default();
    format!("{}{status}{took}", cut(event.event_name(), 60))
}

pub fn tabs(app: &App) -> &'static str {
    match app.detail().tab() {
        Tab::Summary => "[Summary] JSON",
        Tab::Json => "Summary [JSON]",
    }
}

/// The event under the cursor, once it is read.
fn loaded(app: &App) -> Option<&crate::app::event_detail::EventDetail> {
    app.detail().event().filter(|event| app.list().key() == Some(event.key))
}

/// How many rows scroll in an area of this height.
pub fn scrolling_rows(app: &App, height: u16) -> u16 {
    match app.detail().tab() {
        Tab::Summary => height.saturating_sub(SENTENCE),
        Tab::Json => height,
    }
}

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let Some(event) = app.event_row() else {
        pen.put(row(area, 0), " No event is selected.", pen.theme.faint);
        return;
    };
    let focused = app.has_keys(Pane::Detail);
    match app.detail().tab() {
        Tab::Summary => {
            pen.print(row(area, 0), format_args!(" {}", sentence(&event)), pen.theme.strong);
            let below = Rect { y: area.y + SENTENCE, height: area.height.saturating_sub(SENTENCE), ..area };
            draw_summary(app, pen, below, focused);
        }
        Tab::Json => draw_document(app, pen, area, focused),
    }
}

fn draw_summary(app: &App, pen: &mut Pen<'_>, area: Rect, focused: bool) {
    if loaded(app).is_none() {
        pen.put(row(area, 0), " reading…", pen.theme.loading);
        return;
    }
    let view = app.detail().viewport();
    let cells = usize::from(area.width.saturating_sub(10));
    let mut free = rows(area);
    for (place, line) in app.detail().summary().iter().enumerate().skip(view.offset) {
        let here = focused && view.cursor == place;
        let texts =
            if app.detail().wraps() { wrap(&line.text, cells.max(1), 6) } else { vec![brief(&line.text, cells)] };
        for (part, text) in texts.iter().enumerate() {
            let Some(at) = free.next() else { return };
            let cursor = if here && part == 0 { pen.glyphs.cursor } else { ' ' };
            let label = if part == 0 { line.label } else { "" };
            let hit = is_hit(app, &line.text);
            let style = if line.failed { pen.theme.failed } else { pen.theme.text };
            let style = if hit { pen.theme.hit } else { style };
            let used = pen.print(at, format_args!("{cursor}{label:8}"), pen.theme.faint);
            pen.put(skip(at, used), text, style);
            if here {
                pen.style(at, pen.theme.cursor);
            }
        }
    }
}

/// Where a line does not fit, its OCIDs are shortened before its end is cut off.
fn brief(text: &str, cells: usize) -> String {
    let fits = width(&clean_prefix(text, cells * 4 + 1)) <= cells;
    if fits { cut(text, cells).into_owned() } else { cut(&short_ocids(text), cells).into_owned() }
}

fn is_hit(app: &App, text: &str) -> bool {
    let wanted = app.detail().find_text().trim().to_lowercase();
    !wanted.is_empty() && text.to_lowercase().contains(&wanted)
}

fn draw_document(app: &App, pen: &mut Pen<'_>, area: Rect, focused: bool) {
    let Some(event) = loaded(app) else {
        pen.put(row(area, 0), " reading…", pen.theme.loading);
        return;
    };
    let painter = Document { app, body: &event.body, focused, cells: usize::from(area.width) };
    let mut free = rows(area);
    let visible = app.detail().visible();
    let first = painter.first_line(usize::from(area.height));
    for (place, node) in visible.iter().enumerate().skip(first) {
        let here = app.detail().viewport().cursor == place;
        for spans in painter.line(pen, *node as usize, here) {
            let Some(at) = free.next() else { return };
            pen.spans(at, &spans);
            if here && focused {
                pen.style(at, pen.theme.cursor);
            }
        }
    }
}

struct Document<'a> {
    app: &'a App,
    body: &'a Body,
    focused: bool,
    cells: usize,
}

/// Deeper than this, indentation would leave no room for values.
const DEEPEST: usize = 24;
/// Rows that one wrapped value may take.
const WRAPPED: usize = 12;

impl Document<'_> {
    /// Wrapped values take several rows; the cursor must be in sight all the same.
    fn first_line(&self, height: usize) -> usize {
        let view = self.app.detail().viewport();
        if !self.app.detail().wraps() {
            return view.offset;
        }
        let visible = self.app.detail().visible();
        let mut free = height;
        let mut first = view.cursor;
        while first >= view.offset {
            let Some(node) = visible.get(first) else { break };
            free = match free.checked_sub(self.height_of(*node as usize)) {
                Some(free) => free,
                None => return (first + 1).min(view.cursor),
            };
            match first.checked_sub(1) {
                Some(before) => first = before,
                None => return 0,
            }
        }
        view.offset
    }

    fn height_of(&self, node: usize) -> usize {
        let (indent, text) = self.texts(node);
        wrap(&text, self.cells.saturating_sub(indent).max(8), WRAPPED).len()
    }

    /// Indentation, and key with value, as they are wrapped.
    fn texts(&self, node: usize) -> (usize, String) {
        match self.body {
            Body::Text(lines) => (1, lines.get(node).cloned().unwrap_or_default()),
            Body::Json { tree, masks } => {
                let Some(shown) = tree.get(node) else { return (0, String::new()) };
                let key = key_text(&shown);
                (indent(&shown), format!("{key}{}", self.value(tree, masks, node, &shown)))
            }
        }
    }

    fn line(&self, pen: &Pen<'_>, node: usize, here: bool) -> Vec<Spans> {
        let cursor = if here && self.focused { pen.glyphs.cursor } else { ' ' };
        let (indent, text) = self.texts(node);
        if self.app.detail().wraps() {
            let lines = wrap(&text, self.cells.saturating_sub(indent).max(8), WRAPPED);
            let style = if is_hit(self.app, &text) { pen.theme.hit } else { pen.theme.text };
            let head = |place: usize| if place == 0 { self.head(pen, node, cursor) } else { " ".repeat(indent) };
            return lines
                .into_iter()
                .enumerate()
                .map(|(place, line)| vec![(head(place), pen.theme.text), (line, style)])
                .collect();
        }
        let Body::Json { tree, masks } = self.body else {
            return vec![vec![
                (cursor.to_string(), pen.theme.key),
                (cut(&text, self.cells).into_owned(), pen.theme.text),
            ]];
        };
        let Some(shown) = tree.get(node) else { return Vec::new() };
        let value = cut(&self.value(tree, masks, node, &shown), self.cells).into_owned();
        let mut style = value_style(pen, &shown, masks.contains_key(&node));
        if is_hit(self.app, &text) {
            style = pen.theme.hit;
        }
        vec![vec![
            (self.head(pen, node, cursor), pen.theme.text),
            (cut(&key_text(&shown), self.cells).into_owned(), pen.theme.json_key),
            (value, style),
        ]]
    }

    /// Cursor, indentation and fold mark.
    fn head(&self, pen: &Pen<'_>, node: usize, cursor: char) -> String {
        let Body::Json { tree, .. } = self.body else { return cursor.to_string() };
        let Some(shown) = tree.get(node) else { return cursor.to_string() };
        let fold = match (self.app.detail().can_fold(node), self.app.detail().is_folded(node)) {
            (true, true) => pen.glyphs.folded,
            (true, false) => pen.glyphs.unfolded,
            (false, _) => ' ',
        };
        format!("{cursor}{}{fold}", " ".repeat(indent(&shown).saturating_sub(2)))
    }

    /// A scalar as it stands; a container by its size, with a look inside while it is folded.
    fn value(&self, tree: &JsonTree, masks: &Masks, at: usize, node: &JsonNode<'_>) -> String {
        if let Some(mask) = masks.get(&at) {
            return format!("{mask} (J copies it whole)");
        }
        let (open, close) = if node.kind == JsonKind::Array { ('[', ']') } else { ('{', '}') };
        if !node.is_container() {
            // Far more than a screen shows; the rest is not even looked at.
            return node.value.chars().take(8_000).collect();
        }
        if !self.app.detail().is_folded(at) {
            return if node.children == 0 { format!("{open}{close}") } else { open.to_string() };
        }
        match only_scalar(tree, masks, at, node) {
            Some(inside) => format!("{open}{inside}{close}"),
            None => format!("{open}{}{close}", node.children),
        }
    }
}

/// The value of a list of one, as headers are.
fn only_scalar(tree: &JsonTree, masks: &Masks, at: usize, node: &JsonNode<'_>) -> Option<String> {
    let child = tree.get(at + 1).filter(|child| node.children == 1 && !child.is_container() && child.key.is_none())?;
    let text = masks.get(&(at + 1)).cloned();
    Some(text.unwrap_or_else(|| child.value.chars().take(1_000).collect()))
}

fn indent(node: &JsonNode<'_>) -> usize {
    node.depth.min(DEEPEST) * 2 + 2
}

/// The key without its quotes, as a stranger wrote it otherwise.
fn key_text(node: &JsonNode<'_>) -> String {
    let key = node.key.map(|key| key.chars().take(200).collect::<String>());
    key.map(|key| format!("{}: ", key.trim_matches('"'))).unwrap_or_default()
}

fn value_style(pen: &Pen<'_>, node: &JsonNode<'_>, masked: bool) -> Style {
    match node.kind {
        _ if masked => pen.theme.masked,
        JsonKind::String => pen.theme.json_string,
        JsonKind::Number => pen.theme.json_number,
        JsonKind::Bool | JsonKind::Null => pen.theme.json_word,
        JsonKind::Object | JsonKind::Array => pen.theme.faint,
    }
}
