//! Pen: puts text into cells. Everything that is drawn goes through here, so that no text leaves its place.

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
}

/// Styled pieces of one line.
pub type Spans = Vec<(String, Style)>;

impl<'a> Pen<'a> {
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme, glyphs: Glyphs) -> Self {
        Self { buffer, theme, glyphs: GlyphSet::new(glyphs) }
    }

    /// Puts text at the start of `area`'s first row, cut to its width; returns how many cells it took.
    pub fn put(&mut self, area: Rect, text: &str, style: Style) -> u16 {
        let area = area.intersection(self.buffer.area);
        if area.is_empty() {
            return 0;
        }
        let text = self.glyphs.text(&cut(text, usize::from(area.width)));
        let (end, _) = self.buffer.set_stringn(area.x, area.y, &text, usize::from(area.width), style);
        end - area.x
    }

    pub fn spans(&mut self, area: Rect, spans: &[(String, Style)]) -> u16 {
        let mut rest = area;
        for (text, style) in spans {
            let used = self.put(rest, text, *style);
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
            let blank = " ".repeat(usize::from(row.width));
            self.buffer.set_stringn(row.x, row.y, blank, usize::from(row.width), Style::reset());
        }
    }

    /// A frame with titles in its borders; returns what is inside. Focus is told by brackets, not by colour alone.
    pub fn frame(&mut self, area: Rect, title: &str, right: &str, focused: bool) -> Rect {
        let area = area.intersection(self.buffer.area);
        if area.width < 4 || area.height < 2 {
            return Rect { width: 0, height: 0, ..area };
        }
        let style = if focused { self.theme.frame_focused } else { self.theme.frame };
        let g = self.glyphs.frame;
        let across = |left: char, right: char| {
            let line: String = std::iter::repeat_n(g.horizontal, usize::from(area.width) - 2).collect();
            format!("{left}{line}{right}")
        };
        let bottom = area.y + area.height - 1;
        self.put(area, &across(g.top_left, g.top_right), style);
        self.put(Rect { y: bottom, height: 1, ..area }, &across(g.bottom_left, g.bottom_right), style);
        for row in rows(Rect { y: area.y + 1, height: area.height - 2, ..area }) {
            self.put(Rect { width: 1, ..row }, &g.vertical.to_string(), style);
            self.put(Rect { x: row.x + row.width - 1, width: 1, ..row }, &g.vertical.to_string(), style);
        }
        let right_room = if right.is_empty() { 0 } else { (width(right) + 3) as u16 };
        let room = Rect { x: area.x + 2, width: area.width.saturating_sub(4 + right_room), height: 1, ..area };
        let title = if focused { format!("[{title}]") } else { format!(" {title} ") };
        self.put(room, &title, if focused { self.theme.frame_focused } else { self.theme.strong });
        if right_room > 0 && right_room + 4 < area.width {
            let place = Rect { x: area.x + area.width - right_room, width: right_room - 1, height: 1, ..area };
            self.put(place, &format!(" {right} "), style);
        }
        Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
    }

    /// Text in the bottom border of a frame.
    pub fn foot(&mut self, area: Rect, text: &str) {
        if area.height >= 2 && area.width > 6 {
            let y = area.y + area.height - 1;
            let style = self.theme.faint;
            let place = Rect { x: area.x + 2, y, width: area.width - 4, height: 1 };
            self.put(place, &format!(" {text} "), style);
        }
    }
}

pub fn spans_width(spans: &[(String, Style)]) -> usize {
    spans.iter().map(|(text, _)| width(text)).sum()
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
