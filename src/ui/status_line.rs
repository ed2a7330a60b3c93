//! The two lines at the bottom: keys that do something now, and the most important problem with zone and clock.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::App;
use crate::app::hints::Hint;
use crate::app::notices::{Level, Notice};

use super::format;
use super::pen::{Pen, Spans, row, skip, spans_width};
use super::text::{cut, width, wrap};

/// As many hints as fit; help is always among them.
pub fn keys(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let mut hints = app.hints();
    // Each has two spaces before it and one inside; the first has one space before it.
    let taken = |keys: &[Hint]| -> usize { keys.iter().map(|hint| width(&hint.key) + width(&hint.short) + 3).sum() };
    // What is dropped first is what stands before the last one, which is help.
    while hints.len() > 1 && taken(&hints) > usize::from(area.width) + 1 {
        hints.remove(hints.len() - 2);
    }
    let mut rest = area;
    for (place, hint) in hints.iter().enumerate() {
        let gap = if place == 0 { " " } else { "  " };
        rest = skip(rest, pen.print(rest, format_args!("{gap}{}", hint.key), pen.theme.key));
        rest = skip(rest, pen.print(rest, format_args!(" {}", hint.short), pen.theme.text));
    }
}

/// Rows for the problem: one, but for what stands still, which is told whole where the list does not tell it.
pub fn problem_rows(app: &App, screen: Rect) -> u16 {
    let notice = app.notice().filter(|notice| notice.standing && screen.height >= 18);
    let Some(notice) = notice.filter(|_| app.view().is_some_and(|view| view.matched() > 0)) else { return 1 };
    whole(&notice, screen.width).len() as u16 + 1
}

/// Everything about it, over the whole width; what to do gets the row below.
fn whole(notice: &Notice, cells: u16) -> Vec<String> {
    wrap(&format!("{}{}", notice.what, notice.detail), usize::from(cells).saturating_sub(4), 3)
}

pub fn problem(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let right = right(app, pen, area.width);
    let Some(notice) = app.notice() else { return pen.ends(area, &[], &right) };
    let (sign, style) = sign(pen, notice.level);
    if area.height <= 1 {
        let room = usize::from(area.width).saturating_sub(spans_width(&right) + 1 + width(sign));
        return pen.ends(area, &[(sign.to_owned(), style), (line(&notice, room), style)], &right);
    }
    let lines = whole(&notice, area.width);
    for (place, line) in lines.iter().enumerate() {
        let sign = if place == 0 { sign } else { "   " };
        pen.spans(row(area, place as u16), &[(sign.to_owned(), style), (line.clone(), style)]);
    }
    let action = notice.actions.first().map_or("", |action| action.trim_start());
    pen.ends(row(area, lines.len() as u16), &[(format!("   {action}"), style)], &right);
}

/// The sign that the same thing has elsewhere on the screen.
fn sign(pen: &Pen<'_>, level: Level) -> (&'static str, Style) {
    match level {
        Level::Problem => (" ! ", pen.theme.problem),
        Level::NoAccess if pen.glyphs.plain => (" o ", pen.theme.warning),
        Level::NoAccess => (" ø ", pen.theme.warning),
        Level::Warning => (" ~ ", pen.theme.warning),
        Level::Done => (" ", pen.theme.done),
    }
}

/// What it is, what to do, and between them as much about it as there is room for.
fn line(notice: &Notice, room: usize) -> String {
    let what = width(&notice.what);
    let fits = |action: &&String| what + width(action) <= room;
    let Some(action) = notice.actions.iter().find(fits) else {
        return match notice.actions.last() {
            Some(action) if width(action) + LEAST <= room => {
                format!("{}{action}", cut(&notice.what, room - width(action)))
            }
            Some(_) => cut(&notice.what, room).into_owned(),
            None => cut(&format!("{}{}", notice.what, notice.detail), room).into_owned(),
        };
    };
    let left = room - what - width(action);
    let detail = if left >= LEAST.min(width(&notice.detail)) { cut(&notice.detail, left) } else { "".into() };
    format!("{}{detail}{action}", notice.what)
}

/// Fewer cells than these say nothing.
const LEAST: usize = 10;

/// Whom we ask, when that is not Oracle: always in sight. Then zone and clock.
fn right(app: &App, pen: &Pen<'_>, cells: u16) -> Spans {
    let count = app.count().map(|count| (format!("{count} times…  "), pen.theme.key));
    count.into_iter().chain(host_and_clock(app, pen, cells)).collect()
}

fn host_and_clock(app: &App, pen: &Pen<'_>, cells: u16) -> Spans {
    let clock = if cells >= 60 { format!("{} ", format::now(app.clock(), app.now())) } else { String::new() };
    let Some(endpoint) = &app.setup().endpoint else { return vec![(clock, pen.theme.faint)] };
    let address = endpoint.split_once("://").map_or(endpoint.as_str(), |(_, rest)| rest);
    let host = cut(address.split('/').next().unwrap_or_default(), 24);
    let (endpoint, clock) = match cells {
        100.. => (format!("endpoint {host}  "), clock),
        _ => (format!("at {host} "), String::new()),
    };
    vec![(endpoint, pen.theme.warning), (clock, pen.theme.faint)]
}
