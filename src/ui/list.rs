//! The events, one per row: when, what sort, with what result, who, did what, to what, where.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::columns::{DrawnColumns, ListColumn, is_descending};
use crate::app::summary::{target, who};
use crate::app::{App, Pane};
use crate::domain::access::Access;
use crate::domain::event::Flags;
use crate::domain::text::clean_prefix;
use crate::index::RowView;
use crate::query::Order;

use super::columns::{GUTTER, widths};
use super::empty;
use super::format::RowClock;
use super::pen::{Pen, row, skip};
use super::text::{fit, width};

/// The heading's row, where there is one, and the rows below. Gives back the columns that there was room for.
pub fn draw(app: &App, pen: &mut Pen<'_>, heading: Option<Rect>, area: Rect) -> DrawnColumns {
    let clock = RowClock::new(app.clock(), app.now(), app.range());
    let columns = widths(app.list().columns().shown(), usize::from(area.width), clock.width());
    let drawn = columns.iter().map(|(column, _)| *column).collect();
    if let Some(heading) = heading {
        draw_heading(app, pen, heading, &columns, &clock);
    }
    let words = empty::explain(app, pen);
    if !words.is_empty() {
        empty::draw(pen, area, &words);
        return drawn;
    }
    let Some(view) = app.view() else { return drawn };
    let painter = Painter { app, columns, clock, focused: app.has_keys(Pane::List) };
    let offset = app.list().viewport().offset;
    let rows = view.rows(offset..offset + usize::from(area.height));
    for (place, event) in (0..area.height).zip(rows) {
        painter.row(pen, row(area, place), &event, offset + usize::from(place));
    }
    drawn
}

/// `newest first`, or by which column; of the rows that are shown.
pub fn order_words(app: &App) -> String {
    let order = shown_order(app);
    match (order, ListColumn::sorted_by(order)) {
        (Order::NewestFirst, _) => "newest first".to_owned(),
        (Order::OldestFirst, _) => "oldest first".to_owned(),
        (Order::By { descending, .. }, column) => {
            let name = column.map_or("a column", ListColumn::name);
            format!("by {name}{}", if descending { ", reversed" } else { "" })
        }
    }
}

fn shown_order(app: &App) -> Order {
    app.view().map(|view| view.selection.order()).unwrap_or_default()
}

fn draw_heading(app: &App, pen: &mut Pen<'_>, area: Rect, columns: &[(ListColumn, usize)], clock: &RowClock) {
    let order = shown_order(app);
    let mut text = " ".repeat(GUTTER);
    for (column, cells) in columns {
        let name = if *column == ListColumn::Time { clock.heading() } else { column.heading() };
        let name =
            if column.is_sorted(order) { sorted(pen, name, *cells, is_descending(order)) } else { name.to_owned() };
        text.push_str(&fit(&name, *cells));
        text.push(' ');
    }
    pen.put(area, text.trim_end(), pen.theme.strong);
}

/// A heading with its arrow, which is there however narrow the column is.
fn sorted(pen: &Pen<'_>, name: &str, cells: usize, descending: bool) -> String {
    let arrow = match (pen.glyphs.plain, descending) {
        (true, true) => 'v',
        (true, false) => '^',
        (false, true) => '▼',
        (false, false) => '▲',
    };
    match cells.saturating_sub(name.len()) {
        0 => format!("{}{arrow}", name.get(..cells.saturating_sub(1)).unwrap_or_default()),
        1 => format!("{name}{arrow}"),
        _ => format!("{name} {arrow}"),
    }
}

struct Painter<'a> {
    app: &'a App,
    columns: Vec<(ListColumn, usize)>,
    clock: RowClock,
    focused: bool,
}

impl Painter<'_> {
    fn row(&self, pen: &mut Pen<'_>, area: Rect, event: &RowView<'_>, rank: usize) {
        let here = self.app.list().viewport().cursor == rank;
        let failed = event.is_failed();
        let is = |flag| event.flags().contains(flag);
        let mark = match () {
            () if failed => '!',
            () if is(Flags::CONFLICT) || is(Flags::UNREADABLE) => '?',
            () if is(Flags::LATE) => '+',
            () => ' ',
        };
        let cursor = if here { pen.glyphs.cursor } else { ' ' };
        let mut at = area;
        let theme = pen.theme;
        pen.repeat(Rect { width: at.width.min(2), ..at }, ' ', theme.key);
        pen.put_char(skip(at, 1), cursor, theme.key);
        pen.put_char(skip(at, 2), mark, if failed { theme.failed } else { theme.text });
        at = skip(at, GUTTER as u16);
        for (column, cells) in &self.columns {
            let cell = take(&mut at, *cells);
            self.cell(pen, cell, *column, event);
            at = skip(at, 1);
        }
        if here {
            pen.style(area, if self.focused { theme.cursor } else { theme.cursor_unfocused });
        }
    }

    fn cell(&self, pen: &mut Pen<'_>, at: Rect, column: ListColumn, event: &RowView<'_>) {
        let theme = pen.theme;
        let style = match column {
            ListColumn::Status if event.is_failed() => theme.failed,
            ListColumn::Class => access_style(pen, event.access()),
            ListColumn::Event => theme.strong,
            _ => theme.text,
        };
        let is_hit = self.app.highlight().is_some_and(|highlight| highlight.is_at(event, column));
        let style = if is_hit { style.patch(theme.hit) } else { style };
        let style = self.style(pen, at, style, column);
        match column {
            ListColumn::Time => self.time(pen, at, event.time(), style),
            ListColumn::Class => pen.put_char(at, event.access().letter(), style),
            ListColumn::User => pen.fit(at, &Self::user(event, usize::from(at.width)), style),
            ListColumn::Event => pen.fit(at, event.event_name(), style),
            ListColumn::Resource => {
                pen.fit(at, or_dashes(&target(event.resource_name(), event.resource_id())), style);
            }
            ListColumn::Region => pen.fit(at, self.region(event), style),
            ListColumn::Key => {
                pen.fit(at, or_dashes(last_letters(event.key_fingerprint(), usize::from(at.width))), style);
            }
            _ => pen.fit(at, or_dashes(&column.value(event)), style),
        }
    }

    fn time(&self, pen: &mut Pen<'_>, at: Rect, time: Option<DateTime<Utc>>, style: Style) {
        pen.print_fit(at, format_args!("{}", self.clock.text(time)), style);
    }

    /// Only the cursor's row shows which cell is meant; `cell` is an underline, which reverse keeps.
    fn style(&self, pen: &Pen<'_>, at: Rect, style: Style, column: ListColumn) -> Style {
        let here = self.focused && column == self.app.list().column();
        if here && self.is_cursor_row(at) { style.patch(pen.theme.cell) } else { style }
    }

    fn is_cursor_row(&self, at: Rect) -> bool {
        let view = self.app.list().viewport();
        usize::from(at.y.saturating_sub(self.top())) + view.offset == view.cursor
    }

    fn top(&self) -> u16 {
        self.app.geometry().list_top
    }

    /// Without the e-mail's domain where the whole does not fit.
    fn user<'e>(event: &RowView<'e>, cells: usize) -> Cow<'e, str> {
        let name = event.principal_name();
        let whole = who(name, event.caller_name());
        if whole.is_empty() {
            return Cow::Borrowed("--");
        }
        if width(&clean_prefix(&whole, 200)) <= cells {
            return whole;
        }
        let local = name.split_once('@').map_or(name, |(local, _)| local);
        who(local, event.caller_name())
    }

    /// The region's three letters, or the start of its name.
    fn region<'e>(&'e self, event: &RowView<'e>) -> &'e str {
        let region = self.app.tenancy().and_then(|tenancy| tenancy.region_named(event.region()));
        region.map_or_else(|| first_letters(event.region(), 3), |region| region.key.as_str())
    }
}

fn access_style(pen: &Pen<'_>, access: Access) -> Style {
    match access {
        Access::Read => pen.theme.read,
        Access::Write => pen.theme.write,
        Access::Session => pen.theme.session,
    }
}

fn first_letters(text: &str, letters: usize) -> &str {
    let end = text.char_indices().nth(letters).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or_default()
}

fn last_letters(text: &str, letters: usize) -> &str {
    let start = text.char_indices().rev().nth(letters.saturating_sub(1)).map_or(0, |(start, _)| start);
    text.get(start..).unwrap_or_default()
}

/// The first cells of what is left of a row.
fn take(rest: &mut Rect, cells: usize) -> Rect {
    let taken = Rect { width: rest.width.min(cells as u16), ..*rest };
    *rest = skip(*rest, cells as u16);
    taken
}

fn or_dashes(text: &str) -> &str {
    if text.is_empty() { "--" } else { text }
}
