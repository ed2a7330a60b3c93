//! The list of views: what each asks, and the digit that runs it.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::saved::SavedView;
use crate::app::views::Views;

use super::pen::{Pen, row, rows, skip};
use super::text::{cut, fit, wrap};

/// What it takes of the screen where there is room.
pub const SIZE: (u16, u16) = (100, 20);

/// Rows below the list: a line, what the chosen view is about, its query.
fn bottom(inside: u16) -> u16 {
    if inside >= 14 { 5 } else { 2 }
}

/// Rows of the list.
pub fn list_rows(inside: u16) -> u16 {
    inside.saturating_sub(bottom(inside))
}

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, views: &Views, keys: &str) {
    let inside = pen.frame(area, "Views", "", true);
    pen.foot(area, keys);
    let all = app.saved_views();
    let seen = all.iter().enumerate().skip(views.view.offset);
    for (line, (place, view)) in rows(inside).take(usize::from(list_rows(inside.height))).zip(seen) {
        let chosen = place == views.view.cursor;
        let digit = if place < 9 { (place + 1).to_string() } else { " ".to_owned() };
        let mark = if chosen { pen.glyphs.cursor } else { ' ' };
        let rest = skip(line, pen.put(line, &format!("{mark} {digit}  "), pen.theme.key));
        let room = usize::from(rest.width);
        let text = if room > 60 {
            format!("{} {}", fit(&view.name, 16), cut(said(view), room - 17))
        } else {
            cut(&view.name, room).into_owned()
        };
        pen.put(rest, &text, pen.theme.text);
        if chosen {
            pen.style(line, pen.theme.cursor);
        }
    }
    let below = row(inside, list_rows(inside.height));
    draw_below(pen, below, inside, views, all.get(views.view.cursor));
}

/// What a view is about; the query of one that does not say.
fn said(view: &SavedView) -> &str {
    if view.about.is_empty() { &view.query } else { &view.about }
}

fn draw_below(pen: &mut Pen<'_>, line: Rect, inside: Rect, views: &Views, chosen: Option<&SavedView>) {
    let left = Rect { height: inside.bottom().saturating_sub(line.y), ..line };
    let rule = if pen.glyphs.plain { '-' } else { '─' };
    pen.repeat(line, rule, pen.theme.frame);
    if let Some(name) = &views.naming {
        let spans = pen.typed(" save this query as: ", name, line.width);
        pen.spans(row(left, 1), &spans);
        return;
    }
    let Some(view) = chosen else { return };
    let shows = match view.show {
        crate::app::saved::Show::Writes => "writes and sign-ins",
        crate::app::saved::Show::All => "everything",
        crate::app::saved::Show::Reads => "reads",
    };
    let query = if view.query.is_empty() { String::new() } else { format!(" that answers  {}", view.query) };
    let cells = usize::from(line.width).saturating_sub(2);
    let about = if view.about.is_empty() { Vec::new() } else { wrap(&view.about, cells, 2) };
    let asks = wrap(&format!("{shows}{query}"), cells, usize::from(left.height));
    let room = usize::from(left.height).saturating_sub(1);
    for (place, text) in about.iter().chain(&asks).take(room).enumerate() {
        pen.put(row(left, place as u16 + 1), &format!(" {text}"), pen.theme.faint);
    }
}
