//! Pen: puts text into cells. Everything that is drawn goes through here, so that no text leaves its place.

use std::fmt::{Arguments, Write as _};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::line::LineEditor;
use crate::app::setup::Glyphs;

use super::glyphs::GlyphSet;
use super::text::{cut, cut_start, width};
use super::theme::Theme;

pub struct Pen<'a> {
    pub buffer: &'a mut Buffer,
    pub theme: &'a Theme,
    pub glyphs: GlyphSet,
    /// What [`Pen::print`] writes into: one for the whole frame.
    line: String,
}

/// Styled pieces of one line.
pub type Spans = Vec<(String, Style)>;

impl<'a> Pen<'a> {
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme, glyphs: Glyphs) -> Self {
        Self { buffer, theme, glyphs: GlyphSet::new(glyphs), line: String::new() }
    }

    /// Puts text at the start of `area`'s first row, cut to its width; returns how many cells it took.
    pub fn put(&mut self, area: Rect, text: &str, style: Style) -> u16 {
        let area = area.intersection(self.buffer.area);
        if area.is_empty() {
            return 0;
        }
        let text = cut(text, usize::from(area.width));
        let (end, _) = self.buffer.set_stringn(area.x, area.y, self.glyphs.text(&text), usize::from(area.width), style);
        end - area.x
    }

    /// As [`Pen::put`], of what `format_args!` gives: nothing is allocated for it.
    pub fn print(&mut self, area: Rect, text: Arguments<'_>, style: Style) -> u16 {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        // A `String` takes whatever is written.
        let _ = line.write_fmt(text);
        let used = self.put(area, &line, style);
        self.line = line;
        used
    }

    /// As [`Pen::put`], and spaces up to the end of the area.
    pub fn fit(&mut self, area: Rect, text: &str, style: Style) {
        let used = self.put(area, text, style);
        self.repeat(skip(area, used), ' ', style);
    }

    /// As [`Pen::fit`], of what `format_args!` gives.
    pub fn print_fit(&mut self, area: Rect, text: Arguments<'_>, style: Style) {
        let used = self.print(area, text, style);
        self.repeat(skip(area, used), ' ', style);
    }

    /// One of our own glyphs in each cell of the area's first row.
    pub fn repeat(&mut self, area: Rect, glyph: char, style: Style) {
        for x in area.left()..area.right() {
            if let Some(cell) = self.buffer.cell_mut((x, area.y)) {
                cell.set_char(glyph).set_style(style);
            }
        }
    }

    /// One of our own glyphs in the area's first cell.
    pub fn put_char(&mut self, area: Rect, glyph: char, style: Style) {
        self.repeat(Rect { width: area.width.min(1), ..area }, glyph, style);
    }

    pub fn spans<T: AsRef<str>>(&mut self, area: Rect, spans: &[(T, Style)]) -> u16 {
        let mut rest = area;
        for (text, style) in spans {
            let used = self.put(rest, text.as_ref(), *style);
            rest.x += used;
            rest.width -= used;
        }
        area.width - rest.width
    }

    /// A line that is being typed, in at most `cells`: however long it is, its cursor is in sight.
    pub fn typed(&self, label: &str, line: &LineEditor, cells: u16) -> Spans {
        let (before, after) = line.parts();
        let cursor = if self.glyphs.plain { "_" } else { "▏" };
        let room = usize::from(cells).saturating_sub(width(label) + 2);
        vec![
            (label.to_owned(), self.theme.key),
            (cut_start(&before, room), self.theme.strong),
            (cursor.to_owned(), self.theme.key),
            (after, self.theme.strong),
        ]
    }

    /// Left and right pieces on one row; where both do not fit, the left one is cut.
    pub fn ends(&mut self, area: Rect, left: &[(String, Style)], right: &[(String, Style)]) {
        let wanted = spans_width(right).min(usize::from(area.width)) as u16;
        let [left_area, right_area] = split_right(area, wanted);
        let gap = u16::from(wanted > 0);
        self.spans(Rect { width: left_area.width.saturating_sub(gap), ..left_area }, left);
        self.spans(right_area, right);
    }

    pub fn style(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    /// Empties the cells, so that what lies below does not show through.
    pub fn clear(&mut self, area: Rect) {
        for row in rows(area.intersection(self.buffer.area)) {
            self.repeat(row, ' ', Style::reset().patch(self.theme.screen));
        }
    }

    /// A frame with titles in its borders; returns what is inside.
    pub fn frame(&mut self, area: Rect, title: &str, right: &str, focused: bool) -> Rect {
        let area = area.intersection(self.buffer.area);
        if area.width < 4 || area.height < 2 {
            return Rect { width: 0, height: 0, ..area };
        }
        let style = if focused { self.theme.frame_focused } else { self.theme.frame };
        let g = self.glyphs.frame;
        for row in rows(area) {
            let (left, right) = match row.y {
                y if y == area.top() => (g.top_left, g.top_right),
                y if y == area.bottom() - 1 => (g.bottom_left, g.bottom_right),
                _ => (g.vertical, g.vertical),
            };
            if left != g.vertical {
                self.repeat(row, g.horizontal, style);
            }
            self.put_char(row, left, style);
            self.put_char(skip(row, row.width - 1), right, style);
        }
        let right_room = if right.is_empty() { 0 } else { (width(right) + 3) as u16 };
        let room = Rect { x: area.x + 2, width: area.width.saturating_sub(4 + right_room), height: 1, ..area };
        self.title(room, title, focused);
        if right_room > 0 && right_room + 4 < area.width {
            let place = Rect { x: area.x + area.width - right_room, width: right_room - 1, height: 1, ..area };
            self.print(place, format_args!(" {right} "), style);
        }
        Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
    }

    /// Focus is told by brackets, not by colour alone.
    pub fn title(&mut self, area: Rect, title: &str, focused: bool) {
        if focused {
            self.print(area, format_args!("[{title}]"), self.theme.frame_focused);
        } else {
            self.print(area, format_args!(" {title} "), self.theme.strong);
        }
    }

    /// Text in the bottom border of a frame.
    pub fn foot(&mut self, area: Rect, text: &str) {
        if area.height >= 2 && area.width > 6 {
            let y = area.y + area.height - 1;
            let style = self.theme.faint;
            let place = Rect { x: area.x + 2, y, width: area.width - 4, height: 1 };
            self.print(place, format_args!(" {text} "), style);
        }
    }
}

pub fn spans_width<T: AsRef<str>>(spans: &[(T, Style)]) -> usize {
    spans.iter().map(|(text, _)| width(text.as_ref())).sum()
}

/// Each row of an area.
pub fn rows(area: Rect) -> impl DoubleEndedIterator<Item = Rect> {
    (area.y..area.y.saturating_add(area.height)).map(move |y| Rect { y, height: 1, ..area })
}

/// The row at a place in an area; empty below its end.
pub fn row(area: Rect, place: u16) -> Rect {
    let inside = place < area.height;
    Rect { y: area.y + place.min(area.height), height: u16::from(inside), ..area }
}

/// What is left of an area behind its first cells.
pub fn skip(area: Rect, cells: u16) -> Rect {
    let cells = cells.min(area.width);
    Rect { x: area.x + cells, width: area.width - cells, ..area }
}

fn split_right(area: Rect, right: u16) -> [Rect; 2] {
    let right = right.min(area.width);
    let left = Rect { width: area.width - right, ..area };
    [left, Rect { x: area.x + left.width, width: right, ..area }]
}
