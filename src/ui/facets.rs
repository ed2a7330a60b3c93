//! The facets popup: fields on the left, the values of one of them on the right, below what is pending and what it would
//! leave.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::App;
use crate::app::action::Action;
use crate::app::facets::count::FacetsAnswer;
use crate::app::facets::{Facets, Purpose, Side};
use crate::app::keymap::Focus;
use crate::query::{Field, Subject, ValueOrder, Valued};

use super::format::RowClock;
use super::header::at_least;
use super::pen::{Pen, row, rows, skip};
use super::text::{cut, cut_start, fit, fit_right, number, width};

/// What it takes of the screen where there is room.
pub const SIZE: (u16, u16) = (116, 30);

/// Rows below the lists, without the line above them.
fn bottom(inside: u16) -> u16 {
    if inside >= 16 { 5 } else { 3 }
}

/// Rows above the lists.
fn top(inside: u16) -> u16 {
    if inside >= 16 { 2 } else { 1 }
}

/// Rows of each list.
pub fn list_rows(inside: u16) -> u16 {
    inside.saturating_sub(top(inside) + 1 + bottom(inside))
}

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, keys: &str) {
    let inside = pen.frame(area, &title(app, pen, area.width), "", true);
    pen.foot(area, keys);
    let columns = Columns::of(app, inside.width);
    let painter = Painter { app, facets: app.facets(), columns };
    painter.draw(pen, inside);
}

fn title(app: &App, pen: &Pen<'_>, cells: u16) -> String {
    let Some(answer) = app.facets().answer() else { return "Facets".to_owned() };
    let matched = format!("{}{}", bound(app, pen, answer.is_searched), number(answer.matched));
    let dot = pen.glyphs.dot;
    let events = if answer.matched == 1 { "event matches" } else { "events match" };
    match cells {
        90.. => format!("Facets {dot} {matched} {events} {dot} counts are over all of them, not a sample"),
        _ => format!("Facets {dot} {matched} {events}"),
    }
}

/// `≥` where a count may still grow.
fn bound(app: &App, pen: &Pen<'_>, is_complete: bool) -> &'static str {
    if is_complete { at_least(app, pen) } else { pen.glyphs.at_least }
}

/// Cells of each column; 0 where it is left out.
struct Columns {
    clock: RowClock,
    fields: u16,
    value: usize,
    bar: usize,
    first: usize,
    last: usize,
}

const COUNT: usize = 10;
const SHARE: usize = 6;
const MARK: usize = 5;

impl Columns {
    fn of(app: &App, cells: u16) -> Self {
        let clock = RowClock::new(app.clock(), app.now(), app.range());
        let fields = match cells {
            96.. => 32,
            74.. => 23,
            _ => 17,
        };
        let mut room = usize::from(cells.saturating_sub(fields + 2)).saturating_sub(MARK + COUNT + SHARE);
        let mut take = |cells: usize, least: usize| {
            let taken = if room >= least + cells { cells } else { 0 };
            room -= taken;
            taken
        };
        let first = take(clock.width() + 2, 16);
        let last = take(clock.width() + 2, 18);
        let bar = take(10, 20);
        Self { clock, fields, value: room, bar, first, last }
    }
}

struct Painter<'a> {
    app: &'a App,
    facets: &'a Facets,
    columns: Columns,
}

impl Painter<'_> {
    fn draw(&self, pen: &mut Pen<'_>, inside: Rect) {
        let (top, lists) = (top(inside.height), list_rows(inside.height));
        let heading = row(inside, 0);
        self.heading(pen, heading);
        let rule = |pen: &mut Pen<'_>, place: u16| {
            pen.repeat(row(inside, place), pen.glyphs.frame.horizontal, pen.theme.frame);
        };
        if top > 1 {
            rule(pen, 1);
        }
        let area = Rect { y: inside.y + top, height: lists, ..inside }.intersection(inside);
        let fields = Rect { width: self.columns.fields.min(area.width), ..area };
        self.fields(pen, fields);
        for line in rows(Rect { y: inside.y, height: (top + lists).min(inside.height), ..inside }) {
            pen.put_char(skip(line, self.columns.fields), pen.glyphs.frame.vertical, pen.theme.frame);
        }
        self.values(pen, skip(area, self.columns.fields + 1));
        rule(pen, top + lists);
        let below = top + lists + 1;
        let rest = Rect { y: inside.y + below, height: inside.height.saturating_sub(below), ..inside };
        self.below(pen, rest.intersection(inside));
    }

    fn heading(&self, pen: &mut Pen<'_>, at: Rect) {
        let theme = pen.theme;
        let fields = Rect { width: self.columns.fields.min(at.width), ..at };
        pen.ends(fields, &[("  FIELD", theme.strong)].map(owned), &[("values ", theme.strong)].map(owned));
        let right = skip(at, self.columns.fields + 1);
        let name = self.facets.field().filter(|_| !self.facets.is_on_add()).map(ToString::to_string);
        let name = fit(&name.unwrap_or_default(), MARK + self.columns.value);
        let mut line = format!("{name}{}{}", fit_right("count", COUNT), fit_right("share", SHARE));
        line.push_str(&" ".repeat(self.columns.bar));
        let time =
            |cells: usize, name: &str| if cells == 0 { String::new() } else { format!("  {}", fit(name, cells - 2)) };
        line.push_str(&time(self.columns.first, "first"));
        line.push_str(&time(self.columns.last, "last"));
        pen.put(right, &line, theme.strong);
    }

    fn fields(&self, pen: &mut Pen<'_>, area: Rect) {
        let view = self.facets.field_view();
        for (line, place) in rows(area).zip(view.offset..) {
            let here = place == view.cursor;
            let cursor = if here { pen.glyphs.cursor } else { ' ' };
            match self.facets.fields().get(place) {
                Some(field) => self.field(pen, line, cursor, field, place),
                None if place == self.facets.fields().len() => {
                    let plus = if line.width >= 22 { "+ a field or JSON path" } else { "+ JSON path" };
                    let ellipsis = pen.glyphs.ellipsis;
                    pen.print(line, format_args!("{cursor} {plus}{ellipsis}"), pen.theme.faint);
                }
                None => break,
            }
            if here && self.facets.side() == Side::Fields {
                pen.style(line, pen.theme.cursor);
            }
        }
    }

    fn field(&self, pen: &mut Pen<'_>, line: Rect, cursor: char, field: &Subject, place: usize) {
        let name = label(field, line.width >= 30);
        let pending = if self.facets.pending().has(field) { "*" } else { " " };
        let answer = self.facets.answer();
        let distinct = answer.and_then(|answer| answer.distinct.get(place).copied().flatten());
        let is_whole = answer.is_none_or(|answer| answer.field != *field || answer.progress.0 == answer.progress.1);
        let count = match distinct {
            Some(distinct) => format!("{}{} ", bound(self.app, pen, is_whole && self.is_searched()), number(distinct)),
            None if field.column().is_some() => format!("{} ", pen.glyphs.ellipsis),
            None => "? ".to_owned(),
        };
        let style = if distinct == Some(0) { pen.theme.faint } else { pen.theme.text };
        pen.ends(line, &[(format!("{cursor}{pending}{name}"), style)], &[(count, style)]);
    }

    fn is_searched(&self) -> bool {
        self.facets.answer().is_none_or(|answer| answer.is_searched)
    }

    fn values(&self, pen: &mut Pen<'_>, area: Rect) {
        let Some(answer) = self.facets.values() else {
            let words = if self.facets.is_on_add() {
                format!(" {}: count by a field or a place in the JSON", self.app.key(Action::Open))
            } else {
                " counting".to_owned()
            };
            pen.put(row(area, 0), &words, pen.theme.loading);
            return;
        };
        let view = self.facets.value_view();
        for (line, place) in rows(area).zip(view.offset..) {
            let Some(valued) = self.facets.row(place) else { break };
            let here = place == view.cursor && self.facets.side() == Side::Values;
            self.value(pen, line, answer, valued, here);
            if here {
                pen.style(line, pen.theme.cursor);
            }
        }
        if self.facets.rows() == 0 {
            let words =
                if answer.progress.0 < answer.progress.1 { " nothing so far" } else { " no event has such a value" };
            pen.put(row(area, 0), words, pen.theme.faint);
        }
    }

    fn value(&self, pen: &mut Pen<'_>, line: Rect, answer: &FacetsAnswer, valued: &Valued, here: bool) {
        let theme = pen.theme;
        let (mark, style) = match self.facets.pending().get(&answer.field, valued.value.as_deref()) {
            Some(true) => ("[+] ", theme.done),
            Some(false) => ("[-] ", theme.problem),
            None => ("[ ] ", theme.faint),
        };
        let text = valued.value.as_deref();
        let value = fit(text.unwrap_or("(missing)"), self.columns.value);
        let is_whole = answer.is_searched && answer.progress.0 == answer.progress.1;
        let count = format!("{}{}", bound(self.app, pen, is_whole), number(valued.count));
        let share = share(valued.count, answer.progress.0);
        let plain = if text.is_none() { theme.faint } else { theme.text };
        let cursor = if here { pen.glyphs.cursor } else { ' ' };
        let mut spans = vec![(cursor.to_string(), theme.text), (mark.to_owned(), style), (value, plain)];
        spans.push((format!("{}{}", fit_right(&count, COUNT), fit_right(&share, SHARE)), theme.strong));
        if self.columns.bar > 0 {
            let cells = self.columns.bar - 2;
            spans.push((format!("  {}", bar(valued.count, answer.progress.0, cells, pen.glyphs.plain)), theme.done));
        }
        for (cells, time) in [(self.columns.first, valued.first), (self.columns.last, valued.last)] {
            if cells > 0 {
                spans.push((format!("  {}", fit(&self.columns.clock.text(time).to_string(), cells - 2)), theme.text));
            }
        }
        // Blocks are ours, and are no text to be made plain.
        pen.spans(line, &spans);
    }

    fn below(&self, pen: &mut Pen<'_>, area: Rect) {
        let mut lines = vec![self.status(pen)];
        if let Some(typed) = self.facets.line() {
            let label = match typed.purpose {
                Purpose::Find => " find: ",
                Purpose::AddField => " count by field or JSON path: ",
            };
            let line = pen.typed(label, &typed.line, area.width);
            pen.spans(row(area, 0), &line);
            lines.clear();
            lines.extend(typed.fault.as_ref().map(|fault| (format!(" {fault}"), pen.theme.problem)));
            if typed.purpose == Purpose::AddField && typed.fault.is_none() {
                lines.push((
                    " such as group, req, tag or data.request.parameters.bucketName".to_owned(),
                    pen.theme.faint,
                ));
            }
            if typed.purpose == Purpose::Find {
                lines.push(self.status(pen));
            }
            return draw_lines(pen, Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, &lines);
        }
        let cells = usize::from(area.width);
        let query = self.app.facets_query();
        let query = if query.is_empty() { "everything".to_owned() } else { query };
        let is_pending = !self.facets.pending().is_empty();
        let preview = self.preview(pen);
        if area.height >= 5 {
            lines.push(if is_pending {
                (format!(" pending  {}", self.app.facets_pending()), pen.theme.warning)
            } else {
                (" nothing pending".to_owned(), pen.theme.faint)
            });
            lines.push((format!(" query    {}", cut_start(&query, cells.saturating_sub(10))), pen.theme.text));
            lines.push((format!(" preview  {preview}"), if is_pending { pen.theme.strong } else { pen.theme.faint }));
        } else if is_pending {
            let pending = self.app.facets_pending();
            let room = cells.saturating_sub(width(&preview) + 4);
            lines.push((format!(" {preview}: {}", cut_start(&pending, room)), pen.theme.warning));
        } else {
            lines.push((" nothing pending".to_owned(), pen.theme.faint));
        }
        match self.app.leaves_out("counts") {
            Some(missing) => lines.push((format!(" ! {missing}"), pen.theme.warning)),
            None => lines.push((" (missing): the event has no such field".to_owned(), pen.theme.faint)),
        }
        draw_lines(pen, area, &lines);
    }

    /// How many values there are, and which of them are listed.
    fn status(&self, pen: &Pen<'_>) -> (String, Style) {
        let Some(answer) = self.facets.values() else { return (String::new(), pen.theme.text) };
        let (counted, of) = answer.progress;
        let listed = answer.listed.values.len() as u64;
        let order = match self.facets.order() {
            ValueOrder::Count => "most frequent first",
            ValueOrder::Name => "by name",
            ValueOrder::First => "by when first seen",
        };
        let values = if answer.listed.all == 1 { "value" } else { "values" };
        let find = match self.facets.find_text() {
            "" => String::new(),
            text => format!(" with “{}”", cut(text, 24)),
        };
        let ellipsis = pen.glyphs.ellipsis;
        let more = match answer.listed.all - listed {
            0 => String::new(),
            more => format!(
                " {ellipsis} {} more than are listed: {} finds them",
                number(more),
                self.app.key(Action::Search)
            ),
        };
        let words = format!(" {} {values}{find}, {order}{more}", number(answer.listed.all));
        if counted < of {
            let read = format!("{words} {} read {} of {} events", pen.glyphs.dot, number(counted), number(of));
            return (read, pen.theme.loading);
        }
        (words, pen.theme.text)
    }

    fn preview(&self, pen: &Pen<'_>) -> String {
        let answer = self.facets.answer();
        if self.facets.pending().is_empty() {
            let key = |action| self.app.keymap().name_for(Focus::Facets, action);
            let (want, not, also) = (key(Action::Toggle), key(Action::Exclude), key(Action::OnlyThis));
            return format!("choose with {want}, {not} or {also}");
        }
        // Until the answer to what is pending now is there, the one before says nothing.
        let preview = answer.and_then(|answer| answer.preview.map(|preview| (answer, preview)));
        let Some((answer, preview)) = preview.filter(|_| self.facets.is_preview_current()) else {
            return format!("counting{}", pen.glyphs.ellipsis);
        };
        let count = number(preview.count);
        let events = if preview.count == 1 { "event" } else { "events" };
        let bound = bound(self.app, pen, preview.is_complete);
        if preview.is_complete && answer.is_searched {
            return format!("{bound}{count} {events} (-{})", number(answer.matched.saturating_sub(preview.count)));
        }
        format!("{bound}{count} {events} so far")
    }
}

fn owned((text, style): (&str, Style)) -> (String, Style) {
    (text.to_owned(), style)
}

fn draw_lines(pen: &mut Pen<'_>, area: Rect, lines: &[(String, Style)]) {
    for (place, (line, style)) in lines.iter().enumerate() {
        pen.put(row(area, place as u16), line, *style);
    }
}

/// `80%`, `<1%`
fn share(count: u64, of: u64) -> String {
    match count.saturating_mul(100) / of.max(1) {
        0 if count > 0 => "<1%".to_owned(),
        percent => format!("{percent}%"),
    }
}

/// A bar to the right, as long as the share.
fn bar(count: u64, of: u64, cells: usize, plain: bool) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (count.saturating_mul(cells as u64 * 8) / of.max(1)).min(cells as u64 * 8).max(u64::from(count > 0));
    let bar = if plain {
        "#".repeat((eighths.div_ceil(8)) as usize)
    } else {
        format!("{}{}", "█".repeat((eighths / 8) as usize), PARTS[(eighths % 8) as usize])
    };
    fit(&bar, cells)
}

/// A field as it is typed, and in words where those say more.
fn label(field: &Subject, wide: bool) -> String {
    let name = field.to_string();
    let words = match field {
        Subject::Field(field) if wide => match field {
            Field::Agent => "user agent",
            Field::Key => "API key",
            Field::Service => "service",
            Field::Resource => "resource",
            Field::Compartment => "compartment",
            Field::Message => "message",
            Field::Type => "event type",
            Field::ResourceId => "resource OCID",
            Field::UserId => "principal OCID",
            Field::CompartmentId => "compartment OCID",
            Field::Queried => "found in",
            Field::Source => "source",
            Field::AvailabilityDomain => "availability domain",
            Field::Group => "operation",
            Field::Request => "request id",
            _ => "",
        },
        _ => "",
    };
    if words.is_empty() { name } else { format!("{name}  {words}") }
}
