//! What the demo says to who has just opened it: what there is to find, and the keys that find it. Gone with the first
//! key, whatever it is.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::action::Action;

use super::pen::{Pen, row};
use super::text::{width as cells_of, wrap};

const STORY: &str = "An invented tenancy. Somebody has stolen an API key in it: whose, from where, what for?";

/// What to try first, where there is room for some of it only.
const KEYS: [(Action, &str); 5] = [
    (Action::Facets, "counts users, keys, addresses"),
    (Action::Include, "only this value"),
    (Action::Pivot, "same key, same address"),
    (Action::Help, "help"),
    (Action::Palette, "all by name"),
];

/// The most cells and lines of text it takes.
const CELLS: usize = 92;
const LINES: usize = 5;

/// At the bottom, over the detail, above the keys.
pub fn draw(app: &App, pen: &mut Pen<'_>, screen: Rect) {
    let focus = app.key_focus();
    let keymap = app.keymap();
    let keys: Vec<String> =
        KEYS.iter().filter_map(|(action, what)| Some(format!("{} {what}", keymap.key_for(focus, *action)?))).collect();
    let cells = CELLS.min(usize::from(screen.width).saturating_sub(6)).max(1);
    let mut lines = wrap(STORY, cells, LINES);
    lines.extend(rows_of(&keys, cells).into_iter().take(LINES.saturating_sub(lines.len())));
    let (width, height) = (cells as u16 + 4, lines.len() as u16 + 2);
    if screen.height < height + 6 {
        return;
    }
    let area = Rect {
        x: screen.x + (screen.width - width.min(screen.width)) / 2,
        y: screen.y + screen.height - height - 2,
        width: width.min(screen.width),
        height,
    };
    pen.clear(area);
    let inside = pen.frame(area, "Try it", "", true);
    pen.foot(area, "any key closes this");
    for (place, line) in lines.iter().enumerate() {
        pen.put(row(inside, place as u16), &format!(" {line}"), pen.theme.text);
    }
}

/// As many in a row as fit, none of them broken.
fn rows_of(pieces: &[String], cells: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for piece in pieces {
        match rows.last_mut() {
            Some(row) if cells_of(row) + cells_of(piece) + 3 <= cells => *row += &format!("   {piece}"),
            _ => rows.push(piece.clone()),
        }
    }
    rows
}
