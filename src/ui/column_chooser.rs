//! Drawing of the dialog that chooses columns.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::column_chooser::ColumnChooser;
use crate::query::Field;

use super::pen::{Pen, row};
use super::text::fit;

/// Rows above the columns.
const ABOVE: u16 = 1;

pub fn rows(area: Rect) -> u16 {
    area.height.saturating_sub(2 + ABOVE)
}

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, chooser: &ColumnChooser, keys: &str) {
    let inside = pen.frame(area, "Columns", "", true);
    pen.foot(area, keys);
    let note = " Where room is short the lowest go first; [=] always stays.";
    pen.put(row(inside, 0), note, pen.theme.faint);
    let example = app.event_row();
    let (first, height) = (chooser.view.offset, usize::from(rows(area)));
    for (place, (column, shown)) in chooser.columns.all().iter().enumerate().skip(first).take(height) {
        let at = row(inside, ABOVE + (place - first) as u16);
        let here = place == chooser.view.cursor;
        let cursor = if here { pen.glyphs.cursor } else { ' ' };
        let check = match (column.is_needed(), shown) {
            (true, _) => "[=]",
            (false, true) => "[x]",
            (false, false) => "[ ]",
        };
        let style = if *shown { pen.theme.strong } else { pen.theme.text };
        let value = example.as_ref().map(|event| column.value(event)).unwrap_or_default();
        let spans = [
            (format!(" {cursor} {check} "), pen.theme.key),
            (fit(column.heading(), 12), style),
            (fit(column.field().map_or("", Field::name), 8), pen.theme.faint),
            (fit(column.name(), 20), pen.theme.text),
            (value.into_owned(), pen.theme.faint),
        ];
        pen.spans(at, &spans);
        if here {
            pen.style(at, pen.theme.cursor);
        }
    }
}
