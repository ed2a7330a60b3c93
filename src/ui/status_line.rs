//! The two lines at the bottom: keys that do something now, and the most important problem with zone and clock.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::notices::Level;

use super::format;
use super::pen::{Pen, Spans, spans_width};
use super::text::cut;

/// As many hints as fit; help is always among them.
pub fn keys(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let hints = app.hints();
    let spans = |keys: &[&crate::app::hints::Hint]| -> Spans {
        let mut spans = vec![(" ".to_owned(), pen.theme.text)];
        for hint in keys {
            spans.push((hint.key.clone(), pen.theme.key));
            spans.push((format!(" {}  ", hint.short), pen.theme.text));
        }
        spans
    };
    let mut shown: Vec<_> = hints.iter().collect();
    // What is dropped first is what stands before the last one, which is help.
    while shown.len() > 1 && spans_width(&spans(&shown)) > usize::from(area.width) + 2 {
        shown.remove(shown.len() - 2);
    }
    let line = spans(&shown);
    pen.spans(area, &line);
}

pub fn problem(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let clock = if area.width >= 60 { format!("{} ", format::now(app.clock(), app.now())) } else { String::new() };
    let right = vec![(elsewhere(app), pen.theme.warning), (clock, pen.theme.faint)];
    let left = match app.notice() {
        None => Spans::new(),
        Some(notice) => {
            let (mark, style) = match notice.level {
                Level::Problem => (" ! ", pen.theme.problem),
                Level::Warning => (" ~ ", pen.theme.warning),
                Level::Done => (" ", pen.theme.done),
            };
            vec![(mark.to_owned(), style), (notice.text, style)]
        }
    };
    pen.ends(area, &left, &right);
}

/// Whom we ask, when that is not Oracle: always in sight.
fn elsewhere(app: &App) -> String {
    let Some(endpoint) = &app.setup().endpoint else { return String::new() };
    let address = endpoint.split_once("://").map_or(endpoint.as_str(), |(_, rest)| rest);
    let host = address.split('/').next().unwrap_or_default();
    format!("endpoint {}  ", cut(host, 24))
}
