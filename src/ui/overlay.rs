//! The dialogs: where each stands, help and the time range.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::help::{Help, HelpLine, keys_text};
use crate::app::overlay::Overlay;
use crate::app::time_popup::{PRESETS, Preset, TimePopup};
use crate::domain::time_phrase::{RETENTION, format_length};
use crate::domain::time_range::TimeRange;
use crate::domain::zone::Zone;

use super::copy;
use super::coverage::{self, keys as fitting_keys};
use super::facets;
use super::palette;
use super::pen::{Pen, row, spans_width};
use super::pivot;
use super::text::{fit, width};
use super::views;

/// Where a dialog stands: in the middle, no larger than it needs and the screen has.
pub fn place(app: &App, overlay: &Overlay, screen: Rect) -> Rect {
    let (wide, high) = match overlay {
        Overlay::Help(_) => (100, 34),
        Overlay::Time(_) => (86, 23),
        Overlay::Copy(_) => copy::SIZE,
        Overlay::Palette(_) => palette::SIZE,
        Overlay::Facets => facets::SIZE,
        Overlay::Pivot => pivot::SIZE,
        Overlay::Views(_) => views::SIZE,
        Overlay::Coverage => return coverage::place(app, screen),
    };
    let (width, height) = (wide.min(screen.width), high.min(screen.height));
    Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + (screen.height - height) / 2, width, height }
}

/// Rows and columns of the part that scrolls.
pub fn scrolling(app: &App, overlay: &Overlay, area: Rect) -> (u16, u16) {
    match overlay {
        Overlay::Help(_) => (help_rows(area.height.saturating_sub(2)), 0),
        Overlay::Coverage => coverage::scrolling(app, area),
        Overlay::Facets => (facets::list_rows(area.height.saturating_sub(2)), 0),
        Overlay::Pivot => (pivot::list_rows(area.height.saturating_sub(2)), 0),
        Overlay::Palette(_) => (palette::list_rows(area.height.saturating_sub(2)), 0),
        Overlay::Views(_) => (views::list_rows(area.height.saturating_sub(2)), 0),
        Overlay::Time(_) | Overlay::Copy(_) => (0, 0),
    }
}

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    pen.clear(area);
    match app.overlay() {
        Some(Overlay::Help(help)) => draw_help(app, pen, area, help),
        Some(Overlay::Time(popup)) => draw_time(app, pen, area, popup),
        Some(Overlay::Copy(menu)) => copy::draw(app, pen, area, *menu, &keys(app)),
        Some(Overlay::Palette(open)) => palette::draw(app, pen, area, open, &keys(app)),
        Some(Overlay::Coverage) => coverage::draw(app, pen, area),
        Some(Overlay::Facets) => facets::draw(app, pen, area, &fitting_keys(app, area.width)),
        Some(Overlay::Pivot) => {
            if let Some(pivot) = app.pivot() {
                pivot::draw(app, pen, area, pivot, &fitting_keys(app, area.width));
            }
        }
        Some(Overlay::Views(of)) => views::draw(app, pen, area, of, &fitting_keys(app, area.width)),
        None => {}
    }
}

/// The keys of a dialog, from the keymap, in its lower border.
fn keys(app: &App) -> String {
    let hints: Vec<String> = app.hints().iter().map(|hint| format!("{} {}", hint.key, hint.short)).collect();
    hints.join("  ")
}

const LEGEND: [&str; 5] = [
    "Read this list as  who did what, to which resource, where, with what result",
    "Letters            W write   L sign-in or out (login)   R read",
    "Symbols            ▶ cursor   ! failed   ? odd or conflicting   + came late   ⇒ for a user",
    "Coverage           ≥ may still grow   !2 failed   ~3 under way   ø4 no access",
    "While typing       Ctrl-A/E ends   Alt-B/F words   Ctrl-W/U/K cut   Ctrl-Y back",
];

fn help_rows(inside: u16) -> u16 {
    let legend = if inside >= 20 { LEGEND.len() as u16 + 1 } else { 0 };
    inside.saturating_sub(2 + legend)
}

fn draw_help(app: &App, pen: &mut Pen<'_>, area: Rect, help: &Help) {
    let title = format!("Help {} {}   type to search", pen.glyphs.dot, help.from().title());
    let inside = pen.frame(area, &title, "", true);
    pen.foot(area, &keys(app));
    let (shown, all) = help.count();
    let prompt = if pen.glyphs.plain { " > " } else { " › " };
    let count = [(format!("{shown} of {all} actions "), pen.theme.faint)];
    let line = pen.typed(prompt, &help.search, inside.width.saturating_sub(spans_width(&count) as u16 + 1));
    pen.ends(row(inside, 0), &line, &count);
    let height = help_rows(inside.height);
    let lines = help.lines();
    for (place, line) in lines.iter().enumerate().skip(help.view.offset).take(usize::from(height)) {
        let at = row(inside, 2 + (place - help.view.offset) as u16);
        draw_help_line(pen, at, line, place == help.view.cursor);
    }
    if lines.is_empty() {
        pen.put(row(inside, 2), "  No action has all these words. Backspace widens the search.", pen.theme.text);
    }
    if inside.height >= 20 {
        for (place, line) in LEGEND.iter().enumerate() {
            let at = row(inside, inside.height - LEGEND.len() as u16 + place as u16);
            let line = line.replace('≥', pen.glyphs.at_least);
            pen.put(at, &format!(" {line}"), pen.theme.faint);
        }
    }
}

fn draw_help_line(pen: &mut Pen<'_>, at: Rect, line: &HelpLine, here: bool) {
    match line {
        HelpLine::Heading(part) => {
            pen.put(at, &format!(" {}", part.title()), pen.theme.strong);
        }
        HelpLine::Entry(binding, available) => {
            let cursor = if here { pen.glyphs.cursor } else { ' ' };
            let style = if *available { pen.theme.text } else { pen.theme.faint };
            let place = if *available { String::new() } else { format!("  works in “{}”", binding.focus.title()) };
            let spans = [
                (format!(" {cursor} {} ", fit(&keys_text(binding), 14)), pen.theme.key),
                (format!("{}{place}", binding.desc), style),
            ];
            // By its name it is done from the palette; where there is no room for both, what it does is what counts.
            let name = [(format!(":{} ", binding.action.name()), pen.theme.faint)];
            let roomy = spans_width(&spans) + spans_width(&name) < usize::from(at.width);
            pen.ends(at, &spans, if roomy { &name } else { &[] });
            if here {
                pen.style(at, pen.theme.cursor);
            }
        }
    }
}

fn draw_time(app: &App, pen: &mut Pen<'_>, area: Rect, popup: &TimePopup) {
    let inside = pen.frame(area, "Time range", "", true);
    pen.foot(area, &keys(app));
    let prompt = if pen.glyphs.plain { " > " } else { " › " };
    let mut line = pen.typed(prompt, &popup.line, inside.width);
    if popup.choosing {
        line.remove(2); // The cursor is among the presets.
    }
    if popup.line.is_empty() {
        line.push((" type a range, or Tab to the presets".to_owned(), pen.theme.faint));
    }
    pen.spans(row(inside, 0), &line);
    draw_echo(app, pen, inside, popup);
    let presets = Rect { y: inside.y + 5, height: inside.height.saturating_sub(5), ..inside };
    draw_presets(app, pen, presets, popup);
    let notes = [
        "Syntax  -1h · 2h ago · today · 14:30.. · 13:47~10m · 2026-03-13 · a..b · @epoch",
        "OCI keeps 365 days. The newest minutes may still be arriving; R reads them again.",
    ];
    if inside.height >= 20 {
        for (place, note) in notes.iter().enumerate() {
            pen.put(row(inside, inside.height - 2 + place as u16), &format!(" {note}"), pen.theme.faint);
        }
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
            if !popup.choosing {
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

fn draw_presets(app: &App, pen: &mut Pen<'_>, area: Rect, popup: &TimePopup) {
    let half = Rect { width: area.width / 2, ..area };
    let other = Rect { x: area.x + half.width, width: area.width - half.width, ..area };
    let title = if popup.choosing { pen.theme.key } else { pen.theme.strong };
    pen.put(row(half, 0), " QUICK", title);
    pen.put(row(other, 0), " AROUND THE SELECTED EVENT", title);
    let (quick, around): (Vec<&Preset>, Vec<&Preset>) = PRESETS.iter().partition(|preset| !preset.around_event);
    for (column, presets) in [(half, quick), (other, around)] {
        for (place, preset) in presets.into_iter().enumerate() {
            draw_preset(app, pen, row(column, 1 + place as u16), popup, preset);
        }
    }
}

fn draw_preset(app: &App, pen: &mut Pen<'_>, at: Rect, popup: &TimePopup, preset: &Preset) {
    let here = popup.chosen().is_some_and(|chosen| chosen.key == preset.key);
    let resolved = popup.range_of(preset, &app.anchors()).ok();
    let note = match (&resolved, preset.around_event) {
        (_, false) => preset.phrase.to_owned(),
        (None, true) => "no event".to_owned(),
        (Some(range), true) => {
            let at = |instant| app.clock().zone().at(instant).format("%H:%M:%S");
            format!("{}..{}", at(range.start()), at(range.end()))
        }
    };
    let cursor = if here { pen.glyphs.cursor } else { ' ' };
    let style = if resolved.is_some() { pen.theme.text } else { pen.theme.faint };
    let spans =
        [(format!("{cursor} {}", preset.key), pen.theme.key), (format!("  {} {note}", fit(preset.name, 13)), style)];
    pen.spans(at, &spans);
    if here {
        pen.style(at, pen.theme.cursor);
    }
}
