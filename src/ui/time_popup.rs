//! The dialog for the time range: the words, what they mean, and what can be chosen instead of typing.

use chrono::NaiveDate;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::App;
use crate::app::action::Action;
use crate::app::calendar::Calendar;
use crate::app::time_popup::{Choice, PRESETS, Part, Preset, TimePopup};
use crate::domain::time_phrase::{RETENTION, format_length};
use crate::domain::time_range::TimeRange;
use crate::domain::zone::Zone;

use super::pen::{Pen, row, skip};
use super::text::{fit, width};

/// Rows above the choices.
const ABOVE: u16 = 4;
/// What the columns need; to the minute, the second one.
const QUICK: u16 = 25;
const AROUND: u16 = 31;
const CALENDAR: u16 = 22;
/// What the second one needs to the second.
const TO_THE_SECOND: u16 = 37;

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, popup: &TimePopup, keys: &str) {
    let inside = pen.frame(area, "Time range", "", true);
    pen.foot(area, keys);
    let prompt = if pen.glyphs.plain { " > " } else { " › " };
    let mut line = pen.typed(prompt, &popup.line, inside.width);
    if popup.part != Part::Text {
        line.remove(2); // The cursor is elsewhere.
    }
    if popup.line.is_empty() {
        line.push((format!(" type a range, or {} to the presets", app.key(Action::SwitchPart)), pen.theme.faint));
    }
    pen.spans(row(inside, 0), &line);
    draw_echo(app, pen, inside, popup);
    let notes = [
        "Syntax  -1h · 2h ago · today · 14:30.. · 13:47~10m · 2026-03-13 · a..b · @epoch",
        &format!(
            "OCI keeps 365 days. The newest minutes may still be arriving; {} reads them again.",
            app.key(Action::Refresh)
        ),
    ];
    let noted = if inside.height >= 20 { notes.len() as u16 } else { 0 };
    let choices = Rect { y: inside.y + ABOVE, height: inside.height.saturating_sub(ABOVE + noted), ..inside };
    draw_choices(app, pen, choices, popup);
    for (place, note) in notes.iter().take(usize::from(noted)).enumerate() {
        pen.put(row(inside, inside.height - noted + place as u16), &format!(" {note}"), pen.theme.faint);
    }
}

/// What the words stand for, or where they are wrong.
fn draw_echo(app: &App, pen: &mut Pen<'_>, inside: Rect, popup: &TimePopup) {
    let anchors = app.anchors();
    match popup.resolve(&anchors) {
        None => echo_range(app, pen, inside, popup.before, "is"),
        Some(Ok(range)) => echo_range(app, pen, inside, range, "="),
        Some(Err(error)) => {
            let text = popup.line.text();
            let from = text.get(..error.span.start.min(text.len())).map_or(0, width);
            let length = text.get(error.span.clone()).map_or(1, width).max(1);
            let caret = format!("   {}{}", " ".repeat(from), "^".repeat(length));
            if popup.part != Part::Presets {
                pen.put(row(inside, 1), &caret, pen.theme.problem);
            }
            pen.put(row(inside, 2), &format!("   {}", error.message), pen.theme.problem);
            if let Some(suggestion) = error.suggestion {
                pen.put(row(inside, 3), &format!("   such as  {suggestion}"), pen.theme.text);
            }
        }
    }
}

/// The range in UTC and in the display zone, and how long it is.
fn echo_range(app: &App, pen: &mut Pen<'_>, inside: Rect, range: TimeRange, mark: &str) {
    let length = format_length(range.length());
    let utc = format!("   {} {range}  {length}, end exclusive", fit(mark, 2));
    pen.put(row(inside, 1), &utc, pen.theme.done);
    let zone = app.clock().zone();
    let local = match zone {
        Zone::Utc => "      zone UTC".to_owned(),
        zone => {
            let at = |instant| zone.at(instant).format("%Y-%m-%d %H:%M:%S").to_string();
            format!("      {} .. {}  {}", at(range.start()), at(range.end()), zone.label(range.end()))
        }
    };
    pen.put(row(inside, 2), &local, pen.theme.text);
    if app.now() - range.start() > RETENTION {
        pen.put(row(inside, 3), "      starts before the 365 days that OCI keeps", pen.theme.warning);
    }
}

/// What fits side by side: presets, around the event and recent ones, the calendar. Where only two fit, the calendar takes
/// the place of the second while it has the keys.
fn draw_choices(app: &App, pen: &mut Pen<'_>, area: Rect, popup: &TimePopup) {
    let in_calendar = popup.part == Part::Calendar;
    let all = area.width >= QUICK + AROUND + CALENDAR;
    let calendar = if all || in_calendar { CALENDAR } else { 0 };
    let first = if all || !in_calendar { QUICK } else { area.width.saturating_sub(calendar) };
    let second = area.width.saturating_sub(first + calendar);
    let [quick, around, days] = [(0, first), (first, second), (first + second, calendar)].map(|(x, width)| Rect {
        x: area.x + x,
        width,
        ..area
    });
    draw_column(app, pen, quick, popup, &quick_lines());
    draw_column(app, pen, around, popup, &around_lines(popup));
    if calendar > 0 {
        draw_calendar(pen, days, &popup.calendar, in_calendar);
    }
}

/// A line of a column of choices.
enum Line {
    Heading(&'static str),
    Choice(char, Choice),
    Gap,
}

fn quick_lines() -> Vec<Line> {
    let quick = PRESETS.iter().filter(|preset| !preset.around_event);
    [Line::Heading("QUICK")].into_iter().chain(quick.map(preset_line)).collect()
}

fn around_lines(popup: &TimePopup) -> Vec<Line> {
    let around = PRESETS.iter().filter(|preset| preset.around_event);
    let mut lines: Vec<Line> =
        [Line::Heading("AROUND THE SELECTED EVENT")].into_iter().chain(around.map(preset_line)).collect();
    let recent = popup.recent().keyed().map(|(key, range)| Line::Choice(key, Choice::Recent(range)));
    let mut recent = recent.peekable();
    if recent.peek().is_some() {
        lines.extend([Line::Gap, Line::Heading("RECENT")]);
        lines.extend(recent);
    }
    lines
}

fn preset_line(preset: &'static Preset) -> Line {
    Line::Choice(preset.key, Choice::Preset(preset))
}

/// As many lines as there is room for, that of the cursor among them.
fn draw_column(app: &App, pen: &mut Pen<'_>, area: Rect, popup: &TimePopup, lines: &[Line]) {
    let chosen = popup.chosen().map(|(key, _)| key);
    let cursor = lines.iter().position(|line| matches!(line, Line::Choice(key, _) if Some(*key) == chosen));
    let offset = (cursor.unwrap_or_default() + 1).saturating_sub(usize::from(area.height));
    for (place, line) in lines.iter().skip(offset).enumerate() {
        let at = row(area, place as u16);
        match line {
            Line::Heading(text) => {
                let style = if popup.part == Part::Presets { pen.theme.key } else { pen.theme.strong };
                pen.print(at, format_args!(" {text}"), style);
            }
            Line::Choice(key, choice) => draw_choice(app, pen, at, popup, (*key, *choice), Some(*key) == chosen),
            Line::Gap => {}
        }
    }
}

fn draw_choice(app: &App, pen: &mut Pen<'_>, at: Rect, popup: &TimePopup, (key, choice): (char, Choice), here: bool) {
    let resolved = popup.range_of(choice, &app.anchors()).ok();
    let text = match choice {
        Choice::Recent(range) => days_and_times(app, range),
        Choice::Preset(preset) => {
            let note = match &resolved {
                _ if !preset.around_event => preset.phrase.to_owned(),
                None => "no event".to_owned(),
                Some(range) => {
                    let form = if at.width < TO_THE_SECOND { "%H:%M" } else { "%H:%M:%S" };
                    let at = |instant| app.clock().zone().at(instant).format(form);
                    format!("{}..{}", at(range.start()), at(range.end()))
                }
            };
            format!("{} {note}", fit(preset.name, if preset.around_event { 13 } else { 9 }))
        }
    };
    let cursor = if here { pen.glyphs.cursor } else { ' ' };
    let style = if resolved.is_some() { pen.theme.text } else { pen.theme.faint };
    pen.spans(at, &[(format!("{cursor} {key}"), pen.theme.key), (format!("  {text}"), style)]);
    if here {
        pen.style(at, pen.theme.cursor);
    }
}

/// `13 Mar 22:00..02:30`, with the second date where it is another.
fn days_and_times(app: &App, range: TimeRange) -> String {
    let at = |instant| app.clock().zone().at(instant);
    let (start, end) = (at(range.start()), at(range.end()));
    let to = if start.date_naive() == end.date_naive() { "%H:%M" } else { "%-d %b %H:%M" };
    format!("{}..{}", start.format("%-d %b %H:%M"), end.format(to))
}

fn draw_calendar(pen: &mut Pen<'_>, area: Rect, calendar: &Calendar, focused: bool) {
    let style = if focused { pen.theme.key } else { pen.theme.strong };
    pen.print(row(area, 0), format_args!(" {}", calendar.cursor.format("CALENDAR %b %Y")), style);
    pen.put(row(area, 1), " Mo Tu We Th Fr Sa Su", pen.theme.faint);
    for (place, week) in calendar.weeks().into_iter().enumerate() {
        let at = row(area, 2 + place as u16);
        for (day, column) in week.into_iter().zip(0..) {
            if calendar.is_in_month(day) {
                draw_day(pen, skip(at, column * 3), calendar, day, focused);
            }
        }
    }
}

/// Brackets say where the cursor is, in the cells between the days.
fn draw_day(pen: &mut Pen<'_>, at: Rect, calendar: &Calendar, day: NaiveDate, focused: bool) {
    let here = focused && day == calendar.cursor;
    let style: Style = match () {
        () if calendar.is_picked(day) => pen.theme.hit,
        () if day == calendar.today => pen.theme.strong,
        () if calendar.can_pick(day) => pen.theme.text,
        () => pen.theme.faint,
    };
    if here {
        pen.put_char(at, '[', pen.theme.key);
        pen.put_char(skip(at, 3), ']', pen.theme.key);
    }
    pen.print(
        Rect { width: at.width.saturating_sub(1).min(2), ..skip(at, 1) },
        format_args!("{:>2}", day.format("%-d").to_string()),
        style,
    );
}
