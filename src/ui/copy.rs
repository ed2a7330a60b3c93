//! The copy menu: a letter for each thing, and what would land in the clipboard.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::copy_menu::{CopyMenu, CopyPart, copies};
use crate::app::keymap::Binding;

use super::pen::{Pen, row, skip};
use super::text::{cut, number, wrap};

pub const SIZE: (u16, u16) = (90, 24);

/// Below this there is one column, without headings.
const TWO_COLUMNS: (u16, u16) = (76, 18);
/// Columns of the parts, as many rows as the longer one takes: 4 + 5 and two headings, 7 + 4 and two.
const ROWS: u16 = 13;

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, menu: CopyMenu, keys: &str) {
    let name = app.event_row().map(|event| cut(event.event_name(), 40).into_owned()).unwrap_or_default();
    let title = if name.is_empty() { "Copy".to_owned() } else { format!("Copy {} {name}", pen.glyphs.dot) };
    let inside = pen.frame(area, &title, "", true);
    pen.foot(area, keys);
    let lines = copies(app.keymap());
    let (width, height) = TWO_COLUMNS;
    let taken = if inside.width >= width && inside.height >= height {
        draw_parts(app, pen, inside, &lines, menu);
        ROWS
    } else {
        let taken = inside.height.saturating_sub(4);
        draw_column(app, pen, Rect { height: taken, ..inside }, &lines, menu);
        taken
    };
    let below = Rect { y: inside.y + taken, height: inside.height.saturating_sub(taken), ..inside };
    if let Some(chosen) = lines.get(menu.cursor()) {
        draw_preview(app, pen, below, chosen);
    }
}

fn draw_parts(app: &App, pen: &mut Pen<'_>, inside: Rect, lines: &[&Binding], menu: CopyMenu) {
    let half = Rect { width: inside.width / 2, ..inside };
    let columns = [half, skip(inside, half.width)];
    let mut rows = [0, 0];
    for part in CopyPart::ALL {
        let side = usize::from(matches!(part, CopyPart::Event | CopyPart::Question));
        let (column, at) = (columns[side], &mut rows[side]);
        pen.put(row(column, *at), &format!(" {}", part.title()), pen.theme.strong);
        *at += 1;
        for (place, binding) in lines.iter().enumerate().filter(|(_, b)| CopyPart::of(b.action) == part) {
            draw_line(app, pen, row(column, *at), binding, place == menu.cursor());
            *at += 1;
        }
    }
}

fn draw_column(app: &App, pen: &mut Pen<'_>, area: Rect, lines: &[&Binding], menu: CopyMenu) {
    let height = usize::from(area.height).max(1);
    let first = (menu.cursor() + 1).saturating_sub(height);
    for (place, binding) in lines.iter().enumerate().skip(first).take(height) {
        draw_line(app, pen, row(area, (place - first) as u16), binding, place == menu.cursor());
    }
}

fn draw_line(app: &App, pen: &mut Pen<'_>, at: Rect, binding: &Binding, here: bool) {
    let key = binding.keys.first().map(ToString::to_string).unwrap_or_default();
    let style = if app.can_copy(binding.action) { pen.theme.text } else { pen.theme.faint };
    let cursor = if here { pen.glyphs.cursor } else { ' ' };
    pen.spans(at, &[(format!(" {cursor}{key}  "), pen.theme.key), (binding.desc.clone(), style)]);
    if here {
        pen.style(at, pen.theme.cursor);
    }
}

/// What would land in the clipboard, from its beginning, and how much it is.
fn draw_preview(app: &App, pen: &mut Pen<'_>, area: Rect, binding: &Binding) {
    match app.copy_of(binding.action) {
        Err(why) => {
            pen.put(row(area, 1), &format!(" nothing: {why}"), pen.theme.faint);
        }
        Ok((what, text)) => {
            pen.put(row(area, 1), &format!(" {what}, {} bytes:", number(text.len() as u64)), pen.theme.faint);
            let cells = usize::from(area.width.saturating_sub(3)).max(1);
            let room = usize::from(area.height.saturating_sub(2));
            let shown = text.lines().take(room).flat_map(|line| wrap(line, cells, room)).take(room);
            for (place, line) in shown.enumerate() {
                pen.put(row(area, 2 + place as u16), &format!("  {line}"), pen.theme.text);
            }
        }
    }
}
