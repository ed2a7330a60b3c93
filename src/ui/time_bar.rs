//! The histogram, and under it the ruler that says where a dip is quiet and where it is a gap.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::App;
use crate::app::facts::Ruler;
use crate::app::geometry::Shape;
use crate::app::view::{Bucket, Histogram};
use crate::domain::time_phrase::format_length;

use super::pen::{Pen, row};
use super::text::{number, short_number};
use super::{format, header};

/// Cells of the axis to the left.
const AXIS: u16 = 5;
/// Cells of the legend to the right.
const LEGEND: u16 = 24;

/// How many columns fit on a large screen.
pub fn columns_with_axis(width: u16) -> u16 {
    width.saturating_sub(AXIS + LEGEND)
}

/// How many fit between the two ends on a small one.
pub fn columns_bare(width: u16) -> u16 {
    width.saturating_sub(4)
}

/// Where the bars and their ruler stand, in the histogram's area.
pub fn bars(area: Rect, shape: Shape) -> Rect {
    match shape {
        _ if area.is_empty() => Rect::default(),
        Shape::Wide => Rect { x: area.x + AXIS, width: columns_with_axis(area.width), ..area },
        _ => Rect { x: area.x + 2, width: columns_bare(area.width), ..area },
    }
}

/// Three rows of bars with an axis, and the ruler.
pub fn draw_large(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let g = pen.glyphs.frame;
    let heights = area.height.saturating_sub(1);
    let histogram = app.histogram();
    let peak = histogram.map_or(0, Histogram::peak);
    for place in 0..heights {
        let line = row(area, place);
        let label = axis_label(u64::from(peak), heights, place);
        pen.print(line, format_args!("{label:>3}{} ", g.axis), pen.theme.faint);
        let bars = Rect { x: line.x + AXIS, width: columns_with_axis(line.width), ..line };
        if let Some(histogram) = histogram {
            draw_bars(histogram, pen, bars, heights, place);
            draw_brush(app, pen, bars);
        }
    }
    draw_legend(app, pen, area, histogram);
    let ruler = row(area, heights);
    pen.print(ruler, format_args!("   {} ", g.bottom_left), pen.theme.faint);
    draw_ruler(app, pen, Rect { x: ruler.x + AXIS, width: columns_with_axis(ruler.width), ..ruler });
}

/// One row of bars and one of the ruler, between two ends.
pub fn draw_small(app: &App, pen: &mut Pen<'_>, area: Rect) {
    for place in 0..2 {
        let line = row(area, place);
        let inner = Rect { x: line.x + 2, width: columns_bare(line.width), ..line };
        pen.put_char(Rect { x: line.x + 1, width: 1, ..line }, pen.glyphs.frame.left_end, pen.theme.faint);
        let right = Rect { x: inner.x + inner.width, width: 1, ..line };
        pen.put_char(right, pen.glyphs.frame.right_end, pen.theme.faint);
        match (place, app.histogram()) {
            (0, Some(histogram)) => {
                draw_bars(histogram, pen, inner, 1, 0);
                draw_brush(app, pen, inner);
            }
            (1, _) => draw_ruler(app, pen, inner),
            _ => {}
        }
    }
}

/// The columns that are brushed, over a row of bars.
fn draw_brush(app: &App, pen: &mut Pen<'_>, bars: Rect) {
    let Some(brushed) = app.brushed() else { return };
    let (first, last) = (*brushed.buckets.start() as u16, *brushed.buckets.end() as u16);
    if first < bars.width {
        let width = (last - first + 1).min(bars.width - first);
        pen.style(Rect { x: bars.x + first, width, ..bars }, pen.theme.cursor);
    }
}

/// What is brushed, in words: from when to when, how long, how many events.
pub fn draw_brushed(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let Some(brushed) = app.brushed() else {
        pen.spans(area, &[(" brush  ", pen.theme.key), ("the histogram is being drawn up", pen.theme.faint)]);
        return;
    };
    let range = format::range(brushed.range, app.clock().zone(), app.now(), &pen.glyphs, area.width < 70);
    let bound = header::found_at_least(app, pen);
    let events = if brushed.count == 1 { "event" } else { "events" };
    let count = [(format!("{bound}{} {events} ", number(brushed.count)), pen.theme.strong)];
    let words = [(" brush  ".to_owned(), pen.theme.key), (range, pen.theme.strong)];
    pen.ends(area, &words, &count);
}

fn axis_label(peak: u64, heights: u16, place: u16) -> String {
    match place {
        _ if peak == 0 => if place + 1 == heights { "0" } else { "" }.to_owned(),
        0 => short_number(peak),
        _ if place + 1 == heights => "0".to_owned(),
        _ => short_number(peak / 2),
    }
}

fn draw_bars(histogram: &Histogram, pen: &mut Pen<'_>, area: Rect, heights: u16, place: u16) {
    let peak = u64::from(histogram.peak()).max(1);
    let full = u64::from(heights) * 8;
    let below = u64::from(heights - 1 - place) * 8;
    for (column, bucket) in histogram.buckets().iter().enumerate().take(usize::from(area.width)) {
        // Rounded up: one event among a million is still seen.
        let eighths = (u64::from(bucket.total()) * full).div_ceil(peak);
        let bar = pen.glyphs.bar(eighths.saturating_sub(below));
        let style = bar_style(pen, *bucket);
        pen.put_char(Rect { x: area.x + column as u16, width: 1, ..area }, bar, style);
    }
}

/// Red where most failed, faint where most read.
fn bar_style(pen: &Pen<'_>, bucket: Bucket) -> Style {
    let total = bucket.total();
    let reads = bucket.by_access.first().copied().unwrap_or_default();
    match () {
        () if bucket.failed * 2 > total => pen.theme.bar_failed,
        () if reads * 2 > total => pen.theme.bar_read,
        () => pen.theme.bar,
    }
}

fn draw_legend(app: &App, pen: &mut Pen<'_>, area: Rect, histogram: Option<&Histogram>) {
    let line = row(area, 0);
    let place = |line: Rect| Rect { x: line.x + line.width.saturating_sub(LEGEND - 1), width: LEGEND - 1, ..line };
    if let Some(histogram) = histogram.filter(|histogram| !histogram.buckets().is_empty()) {
        let length = app.range().length() / histogram.buckets().len().max(1) as i32;
        let about = if length.num_seconds() > 0 { chrono::TimeDelta::seconds(length.num_seconds()) } else { length };
        pen.put(place(line), &format!("1 bucket = {}", format_length(about)), pen.theme.faint);
    }
    if app.files().is_some() && app.collected().is_none() {
        return;
    }
    let marks = [Ruler::Complete, Ruler::Gap, Ruler::Loading, Ruler::Settling].into_iter();
    let legend =
        marks.zip(["ok", "gap", "load", "late?"]).map(|(mark, word)| format!("{}{word}", pen.glyphs.ruler(mark)));
    let legend = legend.collect::<Vec<_>>().join(" ");
    pen.put(place(row(area, area.height.saturating_sub(1))), &legend, pen.theme.faint);
}

fn draw_ruler(app: &App, pen: &mut Pen<'_>, area: Rect) {
    for (column, mark) in app.facts().ruler.iter().enumerate().take(usize::from(area.width)) {
        let style = match mark {
            Ruler::Gap => pen.theme.problem,
            Ruler::Loading => pen.theme.loading,
            Ruler::Settling => pen.theme.faint,
            Ruler::Complete => pen.theme.done,
        };
        let glyph = pen.glyphs.ruler(*mark);
        pen.put_char(Rect { x: area.x + column as u16, width: 1, ..area }, glyph, style);
    }
}
