//! The command palette: what is typed, what it finds with the key that does the same, and how it is used.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::App;
use crate::app::help::keys_text;
use crate::app::palette::{Palette, PaletteLine};
use crate::domain::text::thousands;

use super::header::at_least;
use super::pen::{Pen, Spans, row};
use super::text::{cut, fit};

pub const SIZE: (u16, u16) = (90, 26);

/// Cells for a name, behind which stands what it means.
const NAME: usize = 24;

/// Rows of the list: all but the line, the rule below it, and two at the bottom.
pub fn list_rows(inside: u16) -> u16 {
    inside.saturating_sub(4)
}

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, palette: &Palette, keys: &str) {
    let inside = pen.frame(area, "Command", "", true);
    pen.foot(area, keys);
    let line = pen.typed(" :", &palette.line, inside.width);
    pen.spans(row(inside, 0), &line);
    pen.repeat(row(inside, 1), pen.glyphs.frame.horizontal, pen.theme.frame);
    let height = list_rows(inside.height);
    let lines = palette.lines();
    for (place, line) in lines.iter().enumerate().skip(palette.view.offset).take(usize::from(height)) {
        let at = row(inside, 2 + (place - palette.view.offset) as u16);
        draw_line(app, pen, at, palette, line, place == palette.view.cursor);
    }
    if lines.is_empty() {
        let words = if palette.is_waiting() { "Looking" } else { nothing(&palette.line.text()) };
        let dots = if palette.is_waiting() { pen.glyphs.ellipsis } else { "" };
        pen.put(row(inside, 2), &format!("   {words}{dots}"), pen.theme.faint);
    }
    let (usage, is_wrong) = app.palette_usage();
    let style = if is_wrong { pen.theme.problem } else { pen.theme.text };
    pen.put(row(inside, inside.height.saturating_sub(2)), &format!(" {usage}"), style);
    let jumps = "Jump to  # compartment  @ user  ! view  > recent query    :time A..B  :query TEXT";
    pen.put(row(inside, inside.height.saturating_sub(1)), &format!(" {jumps}"), pen.theme.faint);
}

fn nothing(text: &str) -> &'static str {
    match text.chars().next() {
        Some('#') => "No compartment is called like this.",
        Some('@') => "Nobody is called like this in the events that were read.",
        Some('!') => "No view is called like this.",
        Some('>') => "No query like this was asked before.",
        _ => "Nothing is called like this. Backspace widens the search.",
    }
}

fn draw_line(app: &App, pen: &mut Pen<'_>, at: Rect, palette: &Palette, line: &PaletteLine, here: bool) {
    let cursor = if here { pen.glyphs.cursor } else { ' ' };
    let keymap = app.keymap();
    let [key, text, faint] = [pen.theme.key, pen.theme.text, pen.theme.faint];
    let named = |name: &str, sentence: &str, style: Style| -> Spans {
        vec![(format!(" {cursor} {} ", fit(name, NAME)), style), (sentence.to_owned(), style)]
    };
    let (left, right) = match line {
        PaletteLine::Action { action, here } => {
            let binding = keymap.binding(palette.from(), *action);
            let sentence = binding.map_or("", |binding| &binding.desc);
            let keys = keymap.key_for(palette.from(), *action).map(|key| key.to_string());
            let menu = || binding.filter(|b| b.action.is_copy()).map(|b| keys_text(keymap, b));
            let right = match (here, keys.or_else(menu)) {
                (true, Some(keys)) => (keys, key),
                (true, None) => (String::new(), key),
                (false, _) => (format!("in {}", binding.map_or("", |b| b.focus.title())), faint),
            };
            (named(&action.name(), sentence, if *here { text } else { faint }), right)
        }
        PaletteLine::Command(command) => (named(command.name(), command.sentence(), text), (String::new(), key)),
        PaletteLine::Compartment { path, .. } => {
            (vec![(format!(" {cursor} {}", cut(path, 200)), text)], (String::new(), key))
        }
        PaletteLine::User { name, events } => (
            vec![(format!(" {cursor} {}", cut(name, 200)), text)],
            (format!("{}{}", at_least(app, pen), thousands(*events)), faint),
        ),
        PaletteLine::View(view) => (named(&view.name, &view.about, text), (String::new(), key)),
        PaletteLine::Query(query) => (vec![(format!(" {cursor} {}", cut(query, 300)), text)], (String::new(), key)),
    };
    let right: Spans = if right.0.is_empty() { Vec::new() } else { vec![(format!("{} ", right.0), right.1)] };
    // The key is what people shall learn: what is in its way is cut.
    pen.ends(at, &left, &right);
    if here {
        pen.style(at, pen.theme.cursor);
    }
}
