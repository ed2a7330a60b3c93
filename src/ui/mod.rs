//! What it looks like: `&App` in, cells and [`Geometry`] out. Only rows in sight are drawn, and nothing is decided here.

mod colours;
mod column_chooser;
mod columns;
mod copy;
mod coverage;
mod coverage_head;
mod detail;
mod empty;
mod facets;
mod format;
mod glyphs;
mod greeting;
mod header;
mod layout;
mod list;
mod overlay;
mod palette;
mod pen;
mod pivot;
mod plain;
mod status_line;
pub mod text;
mod theme;
mod time_bar;
mod time_popup;
mod tree;
mod views;

#[cfg(test)]
mod overlay_tests;
#[cfg(test)]
mod remapped_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod theme_tests;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::geometry::{Area, Geometry, Shape};
use crate::app::keymap::Focus;
use crate::app::{App, Pane};

use layout::Layout;
use pen::{Pen, row, rows};

pub use glyphs::GlyphSet;
pub use plain::plain;
pub use theme::{Theme, ThemeError, names as theme_names};

/// Draws the whole screen and says what it measured.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame<'_>) -> Geometry {
    let screen = frame.area();
    let mut pen = Pen::new(frame.buffer_mut(), theme, app.setup().glyphs);
    pen.style(screen, theme.screen);
    let layout = Layout::new(screen, *app.look(), status_line::problem_rows(app, screen));
    let mut geometry = Geometry {
        width: screen.width,
        height: screen.height,
        shape: layout.shape,
        buckets: layout.buckets,
        bars: area_of(time_bar::bars(layout.time_bar, layout.shape)),
        ..Geometry::default()
    };
    if layout.shape == Shape::TooSmall {
        too_small(&mut pen, screen);
        return geometry;
    }
    header::truth(app, &mut pen, layout.truth);
    if app.is_brushing() {
        time_bar::draw_brushed(app, &mut pen, layout.query);
    } else if app.around().is_some() && app.is_unfiltered() && app.prompt().is_none() {
        header::around(app, &mut pen, layout.query);
    } else {
        header::query(app, &mut pen, layout.query, layout.shape);
    }
    header::filters(app, &mut pen, layout.filters);
    match layout.shape {
        _ if layout.time_bar.is_empty() => {}
        Shape::Wide => time_bar::draw_large(app, &mut pen, layout.time_bar),
        _ => time_bar::draw_small(app, &mut pen, layout.time_bar),
    }
    draw_list(app, &mut pen, &layout, &mut geometry);
    draw_detail(app, &mut pen, &layout, &mut geometry);
    draw_tree(app, &mut pen, &layout, &mut geometry);
    status_line::keys(app, &mut pen, layout.keys);
    status_line::problem(app, &mut pen, layout.problem);
    if app.greets() {
        greeting::draw(app, &mut pen, screen);
    }
    if let Some(open) = app.overlay() {
        let area = overlay::place(app, open, screen);
        overlay::draw(app, &mut pen, area);
        (geometry.overlay_rows, geometry.overlay_columns) = overlay::scrolling(app, open, area);
    }
    geometry
}

fn draw_list(app: &App, pen: &mut Pen<'_>, layout: &Layout, geometry: &mut Geometry) {
    let area = layout.list;
    if area.is_empty() {
        return;
    }
    let (heading, body) = match layout.shape {
        Shape::Wide => {
            let focused = app.has_keys(Pane::List);
            let title = format!("Events  {}", list::order_words(app));
            let inside = pen.frame(area, &pane_title(app, Action::FocusList, &title), "", focused);
            (Some(row(inside, 0)), below(inside, 1))
        }
        Shape::Medium => (Some(row(area, 0)), below(area, 1)),
        Shape::Small | Shape::TooSmall => (None, area),
    };
    geometry.list_columns = list::draw(app, pen, heading, body);
    geometry.list_rows = body.height;
    geometry.list_top = body.y;
    geometry.list = area_of(body);
}

fn draw_detail(app: &App, pen: &mut Pen<'_>, layout: &Layout, geometry: &mut Geometry) {
    let area = layout.detail;
    if area.is_empty() {
        return;
    }
    let focused = app.has_keys(Pane::Detail);
    let title = detail::title(app, pen);
    let body = if layout.shape == Shape::Wide {
        pen.frame(area, &pane_title(app, Action::FocusDetail, &title), detail::tabs(app), focused)
    } else {
        rule(pen, row(area, 0), &title, detail::tabs(app), focused);
        below(area, 1)
    };
    detail::draw(app, pen, body);
    geometry.detail_rows = detail::scrolling_rows(app, body.height);
    geometry.detail_width = body.width;
    geometry.detail = area_of(body);
}

/// With the key that leads there.
fn pane_title(app: &App, action: Action, title: &str) -> String {
    match app.keymap().key_for(Focus::Global, action) {
        Some(key) => format!("{key} {title}"),
        None => title.to_owned(),
    }
}

/// A title in a line across, where there is no room for a frame.
fn rule(pen: &mut Pen<'_>, at: Rect, title: &str, right: &str, focused: bool) {
    let style = if focused { pen.theme.frame_focused } else { pen.theme.frame };
    pen.repeat(at, pen.glyphs.frame.horizontal, style);
    let room = at.width.saturating_sub(right.len() as u16 + 5);
    let title_at = Rect { x: at.x + 1.min(at.width), width: room, ..at };
    pen.title(title_at, title, focused);
    let taken = right.len() as u16 + 3;
    if taken < at.width {
        let place = Rect { x: at.x + at.width - taken, width: taken - 1, ..at };
        pen.print(place, format_args!(" {right} "), style);
    }
}

fn draw_tree(app: &App, pen: &mut Pen<'_>, layout: &Layout, geometry: &mut Geometry) {
    let area = layout.tree;
    if area.is_empty() {
        return;
    }
    pen.clear(area);
    tree::draw(app, pen, area);
    let inside = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    };
    geometry.tree = area_of(inside);
    let regions = app.tenancy().map_or(0, |tenancy| tenancy.regions.len());
    (geometry.tree_rows, geometry.region_rows) = tree::split(area.height.saturating_sub(2), regions);
}

fn area_of(rect: Rect) -> Area {
    Area { x: rect.x, y: rect.y, width: rect.width, height: rect.height }
}

fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

fn too_small(pen: &mut Pen<'_>, screen: Rect) {
    let (width, height) = Geometry::MINIMUM;
    let text = format!("auditui needs {width}x{height}, has {}x{}", screen.width, screen.height);
    let middle = rows(screen).nth(usize::from(screen.height / 2));
    if let Some(at) = middle {
        let left = (usize::from(at.width)).saturating_sub(text.len()) / 2;
        let at = Rect { x: at.x + left as u16, width: at.width - left as u16, ..at };
        pen.put(at, &text, pen.theme.text);
    }
}
