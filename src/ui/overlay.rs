//! The dialogs: help, the time range, the copy menu.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::action::Action;
use crate::app::help::{Help, HelpLine};
use crate::app::keymap::Focus;
use crate::app::overlay::Overlay;

use super::coverage::{self, keys as fitting_keys};
use super::pen::{Pen, row, spans_width};
use super::text::{cut, fit};
use super::{column_chooser, facets, pivot, time_popup, views};

/// Where a dialog stands: in the middle, no larger than it needs and the screen has.
pub fn place(app: &App, overlay: &Overlay, screen: Rect) -> Rect {
    let (wide, high) = match overlay {
        Overlay::Help(_) => (100, 34),
        Overlay::Time(_) => (86, 23),
        Overlay::Copy => (84, 15),
        Overlay::Columns(_) => (92, 20),
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
        Overlay::Columns(_) => (column_chooser::rows(area), 0),
        Overlay::Coverage => coverage::scrolling(app, area),
        Overlay::Facets => (facets::list_rows(area.height.saturating_sub(2)), 0),
        Overlay::Pivot => (pivot::list_rows(area.height.saturating_sub(2)), 0),
        Overlay::Views(_) => (views::list_rows(area.height.saturating_sub(2)), 0),
        Overlay::Time(_) | Overlay::Copy => (0, 0),
    }
}

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    pen.clear(area);
    match app.overlay() {
        Some(Overlay::Help(help)) => draw_help(app, pen, area, help),
        Some(Overlay::Time(popup)) => time_popup::draw(app, pen, area, popup, &fitting_keys(app, area.width)),
        Some(Overlay::Copy) => draw_copy(app, pen, area),
        Some(Overlay::Columns(chooser)) => {
            column_chooser::draw(app, pen, area, chooser, &fitting_keys(app, area.width));
        }
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

fn draw_help_line(pen: &mut Pen<'_>, at: Rect, line: &HelpLine<'_>, here: bool) {
    match line {
        HelpLine::Heading(part) => {
            pen.put(at, &format!(" {}", part.title()), pen.theme.strong);
        }
        HelpLine::Entry(binding, available) => {
            let cursor = if here { pen.glyphs.cursor } else { ' ' };
            let style = if *available { pen.theme.text } else { pen.theme.faint };
            let place = if *available { String::new() } else { format!("  {}", binding.focus.title()) };
            let spans = [
                (format!(" {cursor} {} ", fit(&binding.keys_text(), 14)), pen.theme.key),
                (format!("{}{place}", binding.desc), style),
            ];
            pen.spans(at, &spans);
            if here {
                pen.style(at, pen.theme.cursor);
            }
        }
    }
}

fn draw_copy(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let name = app.event_row().map(|event| cut(event.event_name(), 40).into_owned()).unwrap_or_default();
    let title = if name.is_empty() { "Copy".to_owned() } else { format!("Copy {} {name}", pen.glyphs.dot) };
    let inside = pen.frame(area, &title, "", true);
    pen.foot(area, &keys(app));
    let bindings = app.keymap().bindings().iter().filter(|binding| binding.focus == Focus::Copy);
    let copies = bindings.filter(|binding| !matches!(binding.action, Action::Cancel | Action::Quit | Action::Redraw));
    let mut at = 0;
    for binding in copies {
        let preview = match binding.action {
            Action::CopyJson | Action::CopyWholeJson => None,
            action => Some(app.copy_preview(action)),
        };
        let style = if preview == Some(None) { pen.theme.faint } else { pen.theme.text };
        let key = binding.keys.first().map(ToString::to_string).unwrap_or_default();
        pen.spans(row(inside, at), &[(format!("  {key}  "), pen.theme.key), (binding.desc.clone(), style)]);
        at += 1;
        if let Some(preview) = preview {
            let text = preview.map_or_else(|| "nothing of the kind here".to_owned(), |text| first_line(&text));
            pen.put(row(inside, at), &format!("       {text}"), pen.theme.faint);
            at += 1;
        }
    }
    let note = "  The line at the bottom then says how much was copied, and by which way.";
    pen.put(row(inside, at + 1), note, pen.theme.faint);
}

fn first_line(text: &str) -> String {
    cut(text.lines().next().unwrap_or_default(), 200).into_owned()
}
