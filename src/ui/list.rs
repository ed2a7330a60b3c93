//! The events, one per row: when, what sort, with what result, who, did what, to what, where.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::panes::list::ListColumn;
use crate::app::summary::{target, who};
use crate::app::{App, Pane};
use crate::domain::access::Access;
use crate::domain::event::Flags;
use crate::domain::text::clean_prefix;
use crate::index::{Column, RowView};

use super::empty;
use super::format::RowClock;
use super::pen::{Pen, row, skip};
use super::text::{fit, width};

/// Where the columns stand; a column of no width is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    pub time: usize,
    pub user: usize,
    pub event: usize,
    pub resource: usize,
    pub region: usize,
}

/// Cursor, failure, and the spaces around them.
const GUTTER: usize = 3;
/// Letter and status with the spaces before them.
const RESULT: usize = 6;

impl Columns {
    /// Widths shrink before columns go; time, result, user and event never go.
    pub fn new(cells: usize, time: usize) -> Self {
        let fixed = GUTTER + time + RESULT + 1;
        let rest = cells.saturating_sub(fixed);
        if rest < 52 {
            let user = (rest / 3).clamp(5, 14);
            return Self { time, user, event: rest.saturating_sub(user + 1), ..Self::default() };
        }
        let rest = rest.saturating_sub(3 + 4);
        let user = (rest * 26 / 100).clamp(8, 28);
        let resource = (rest * 29 / 100).clamp(8, 40);
        Self { time, user, event: rest.saturating_sub(user + resource), resource, region: 3 }
    }
}

/// The heading's row, where there is one, and the rows below.
pub fn draw(app: &App, pen: &mut Pen<'_>, heading: Option<Rect>, area: Rect) {
    let clock = RowClock::new(app.clock(), app.now(), app.range());
    let columns = Columns::new(usize::from(area.width), clock.width());
    if let Some(heading) = heading {
        draw_heading(pen, heading, &columns, &clock);
    }
    let words = empty::explain(app, pen);
    if !words.is_empty() {
        return empty::draw(pen, area, &words);
    }
    let Some(view) = app.view() else { return };
    let painter = Painter { app, columns, clock, focused: app.has_keys(Pane::List) };
    let offset = app.list().viewport().offset;
    let rows = view.rows(offset..offset + usize::from(area.height));
    for (place, event) in (0..area.height).zip(rows) {
        painter.row(pen, row(area, place), &event, offset + usize::from(place));
    }
}

fn draw_heading(pen: &mut Pen<'_>, area: Rect, columns: &Columns, clock: &RowClock) {
    let arrow = if pen.glyphs.plain { "v" } else { "▼" };
    let mut text =
        format!("{}{} W ST  ", " ".repeat(GUTTER), fit(&format!("{} {arrow}", clock.heading()), columns.time));
    for (name, cells) in [("USER", columns.user), ("EVENT", columns.event), ("RESOURCE", columns.resource)] {
        if cells > 0 {
            text.push_str(&fit(name, cells));
            text.push(' ');
        }
    }
    if columns.region > 0 {
        text.push_str("RGN");
    }
    pen.put(area, text.trim_end(), pen.theme.strong);
}

struct Painter<'a> {
    app: &'a App,
    columns: Columns,
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
        let mark_style = if failed { theme.failed } else { theme.text };
        pen.repeat(Rect { width: at.width.min(2), ..at }, ' ', theme.key);
        pen.put_char(skip(at, 1), cursor, theme.key);
        pen.put_char(skip(at, 2), mark, mark_style);
        at = skip(at, GUTTER as u16);
        self.time(pen, &mut at, event.time());
        pen.put_char(skip(at, 1), event.access().letter(), access_style(pen, event.access()));
        at = skip(at, 3);
        let status = event.text(Column::Status);
        self.put(pen, &mut at, or_dashes(status), 3, mark_style, ListColumn::Status);
        at = skip(at, 1);
        self.put(pen, &mut at, &self.user(event), self.columns.user, theme.text, ListColumn::User);
        at = skip(at, 1);
        self.put(pen, &mut at, event.event_name(), self.columns.event, theme.strong, ListColumn::Event);
        if self.columns.resource > 0 {
            at = skip(at, 1);
            let resource = target(event.resource_name(), event.resource_id());
            self.put(pen, &mut at, or_dashes(&resource), self.columns.resource, theme.text, ListColumn::Resource);
            at = skip(at, 1);
            self.put(pen, &mut at, self.region(event), self.columns.region, theme.text, ListColumn::Region);
        }
        if here {
            pen.style(area, if self.focused { theme.cursor } else { theme.cursor_unfocused });
        }
    }

    fn put(&self, pen: &mut Pen<'_>, at: &mut Rect, text: &str, cells: usize, style: Style, column: ListColumn) {
        let style = self.style(pen, *at, style, column);
        pen.fit(take(at, cells), text, style);
    }

    fn time(&self, pen: &mut Pen<'_>, at: &mut Rect, time: Option<DateTime<Utc>>) {
        let style = self.style(pen, *at, pen.theme.text, ListColumn::Time);
        pen.print_fit(take(at, self.columns.time), format_args!("{}", self.clock.text(time)), style);
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
    fn user<'e>(&self, event: &RowView<'e>) -> Cow<'e, str> {
        let name = event.principal_name();
        let whole = who(name, event.caller_name());
        if whole.is_empty() {
            return Cow::Borrowed("--");
        }
        if width(&clean_prefix(&whole, 200)) <= self.columns.user {
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

/// The first cells of what is left of a row.
fn take(rest: &mut Rect, cells: usize) -> Rect {
    let taken = Rect { width: rest.width.min(cells as u16), ..*rest };
    *rest = skip(*rest, cells as u16);
    taken
}

fn or_dashes(text: &str) -> &str {
    if text.is_empty() { "--" } else { text }
}

#[cfg(test)]
mod tests {
    use super::Columns;

    #[test]
    fn columns_always_fit() {
        for cells in 38..200 {
            for time in [8, 14] {
                let c = Columns::new(cells, time);
                let gaps = if c.resource > 0 { 3 } else { 1 };
                let used = super::GUTTER + c.time + super::RESULT + 1 + c.user + c.event + c.resource + c.region + gaps;
                assert!(used <= cells + 1, "{cells}: {c:?} takes {used}");
                assert!(c.event >= 8 || cells < 45, "{cells}: {c:?}");
            }
        }
    }
}
