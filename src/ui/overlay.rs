//! The dialogs: where each stands, help and the time range.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::help::{Help, HelpLine, keys_text};
use crate::app::keymap::Keymap;
use crate::app::overlay::Overlay;

use super::copy;
use super::coverage::{self, keys as fitting_keys};
use super::pen::{Pen, row, spans_width};
use super::text::fit;
use super::{column_chooser, facets, palette, pivot, time_popup, views};

/// Where a dialog stands: in the middle, no larger than it needs and the screen has.
pub fn place(app: &App, overlay: &Overlay, screen: Rect) -> Rect {
    let (wide, high) = match overlay {
        Overlay::Help(_) => (100, 34),
        Overlay::Time(_) => (86, 23),
        Overlay::Copy(_) => copy::SIZE,
        Overlay::Palette(_) => palette::SIZE,
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
        Overlay::Palette(_) => (palette::list_rows(area.height.saturating_sub(2)), 0),
        Overlay::Views(_) => (views::list_rows(area.height.saturating_sub(2)), 0),
        Overlay::Time(_) | Overlay::Copy(_) => (0, 0),
    }
}

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    pen.clear(area);
    match app.overlay() {
        Some(Overlay::Help(help)) => draw_help(app, pen, area, help),
        Some(Overlay::Time(popup)) => time_popup::draw(app, pen, area, popup, &fitting_keys(app, area.width)),
        Some(Overlay::Copy(menu)) => copy::draw(app, pen, area, *menu, &keys(app)),
        Some(Overlay::Palette(open)) => palette::draw(app, pen, area, open, &keys(app)),
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
        draw_help_line(&help.keymap, pen, at, line, place == help.view.cursor);
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

fn draw_help_line(keymap: &Keymap, pen: &mut Pen<'_>, at: Rect, line: &HelpLine<'_>, here: bool) {
    match line {
        HelpLine::Heading(part) => {
            pen.put(at, &format!(" {}", part.title()), pen.theme.strong);
        }
        HelpLine::Entry(binding, available) => {
            let cursor = if here { pen.glyphs.cursor } else { ' ' };
            let style = if *available { pen.theme.text } else { pen.theme.faint };
            let place = if *available { String::new() } else { format!("  works in “{}”", binding.focus.title()) };
            let spans = [
                (format!(" {cursor} {} ", fit(&keys_text(keymap, binding), 14)), pen.theme.key),
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
