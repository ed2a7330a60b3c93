//! The pivot menu: what an event has in common with others, how many they are, and the key that goes there.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::action::Action;
use crate::app::keymap::Focus;
use crate::app::pivot::{Pivot, PivotLine, Same};

use super::format::RowClock;
use super::header::at_least;
use super::pen::{Pen, row};
use super::text::{cut, fit, fit_right, number, short_ocids};

/// What it takes of the screen where there is room.
pub const SIZE: (u16, u16) = (108, 20);

/// Rows of lines in sight.
pub fn list_rows(inside: u16) -> u16 {
    let lines = Same::ALL.len() as u16;
    if has_stories(inside) { lines } else { inside.saturating_sub(1).min(lines) }
}

/// Whether all lines fit with a heading among them.
fn has_stories(inside: u16) -> bool {
    inside >= Same::ALL.len() as u16 + 2
}

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, pivot: &Pivot, keys: &str) {
    let painter = Painter { app, pivot, columns: Columns::of(app, area.width.saturating_sub(2)) };
    let inside = pen.frame(area, &painter.title(), "", true);
    pen.foot(area, keys);
    painter.draw(pen, inside);
}

/// Cells of each column; 0 where it is left out.
struct Columns {
    clock: RowClock,
    title: usize,
    value: usize,
    /// Of each of the three counts.
    count: usize,
    first: usize,
}

impl Columns {
    fn of(app: &App, cells: u16) -> Self {
        let clock = RowClock::new(app.clock(), app.now(), app.range());
        let (title, count, first) = match cells {
            90.. => (17, 10, clock.width() + 2),
            74.. => (16, 8, clock.width() + 2),
            _ => (13, 7, 0),
        };
        let value = usize::from(cells).saturating_sub(4 + title + 3 * count + first);
        Self { clock, title, value, count, first }
    }
}

struct Painter<'a> {
    app: &'a App,
    pivot: &'a Pivot,
    columns: Columns,
}

impl Painter<'_> {
    fn title(&self) -> String {
        let Some(event) = self.app.event_row() else { return "Pivot".to_owned() };
        format!("Pivot from {} {}", cut(event.event_name(), 40), self.columns.clock.text(event.time()))
    }

    fn draw(&self, pen: &mut Pen<'_>, inside: Rect) {
        let counts = ["events", "writes", "failed"].map(|name| fit_right(name, self.columns.count)).concat();
        let first = if self.columns.first > 0 { "  first" } else { "" };
        let heading = format!(" SAME{}{counts}{first}", " ".repeat(self.columns.title + self.columns.value - 1));
        pen.put(row(inside, 0), &heading, pen.theme.strong);
        let view = self.pivot.view();
        let stories = has_stories(inside.height);
        let mut at = 1;
        for (place, line) in self.pivot.lines().iter().enumerate().skip(view.offset) {
            if stories && line.same == Same::Mentions {
                pen.put(row(inside, at), " STORIES", pen.theme.strong);
                at += 1;
            }
            self.line(pen, row(inside, at), line, place == view.cursor);
            at += 1;
        }
        self.notes(pen, Rect { y: inside.y + at, height: inside.height.saturating_sub(at), ..inside });
    }

    fn line(&self, pen: &mut Pen<'_>, at: Rect, line: &PivotLine, here: bool) {
        let theme = pen.theme;
        let has_value = !line.value.is_empty();
        let key = self.app.keymap().key_for(Focus::Pivot, line.same.action());
        let key = key.map(|key| key.to_string()).unwrap_or_default();
        // Where nothing is to be found, as far as is known, there is no need to go.
        let leads = line.count.is_none_or(|count| count.events > 0 || !count.is_complete);
        let style = if has_value && leads { theme.text } else { theme.faint };
        let mut spans = vec![
            (format!(" {} ", fit(&key, 2)), if has_value { theme.key } else { theme.faint }),
            (fit(line.same.title(), self.columns.title), style),
            (fit(&self.value(line), self.columns.value), style),
        ];
        if has_value {
            spans.push((self.counts(pen, line), theme.strong));
            spans.push((self.first(pen, line), style));
        }
        pen.spans(at, &spans);
        if here {
            pen.style(at, theme.cursor);
        }
    }

    fn value(&self, line: &PivotLine) -> String {
        match (line.same, &*line.value) {
            (Same::Session, "") => "no console session".to_owned(),
            (Same::Mentions, "") => "the event has no resource OCID".to_owned(),
            (Same::Key | Same::KeyOrigin, "") => "no API key".to_owned(),
            (same, "") if self.pivot.awaits(same) => "still being read".to_owned(),
            (_, "") => "--".to_owned(),
            // The end of a fingerprint is what people compare.
            (Same::Key | Same::KeyOrigin, key) => super::text::cut_start(key, self.columns.value.saturating_sub(1)),
            (Same::Mentions, id) => format!("{} in any field", short_ocids(id)),
            (_, value) => short_ocids(&cut(value, 200)),
        }
    }

    fn counts(&self, pen: &Pen<'_>, line: &PivotLine) -> String {
        let cells = self.columns.count;
        let Some(count) = line.count else { return fit_right(pen.glyphs.ellipsis, cells) };
        let bound = if count.is_complete { at_least(self.app, pen) } else { pen.glyphs.at_least };
        let cell = |count: u64| fit_right(&format!("{bound}{}", number(count)), cells);
        [count.events, count.writes, count.failed].map(cell).concat()
    }

    fn first(&self, pen: &Pen<'_>, line: &PivotLine) -> String {
        if self.columns.first == 0 {
            return String::new();
        }
        match line.count {
            // The newest are looked at first: there may be an older one.
            Some(count) if count.is_complete && count.events > 0 => {
                format!("  {}", self.columns.clock.text(count.first))
            }
            Some(count) if count.is_complete => "  --".to_owned(),
            _ => format!("  {}", pen.glyphs.ellipsis),
        }
    }

    fn notes(&self, pen: &mut Pen<'_>, area: Rect) {
        let switches = [Action::CycleAccess, Action::ToggleFailed, Action::ToggleOwn];
        let switches = switches.map(|action| self.app.keymap().name_for(Focus::List, action)).join(" ");
        let counted = format!(" Counted in this range and scope, whatever the query and {switches} hide");
        pen.put(row(area, 1), &counted, pen.theme.faint);
        if let Some(missing) = self.app.leaves_out("counts") {
            pen.put(row(area, 2), &format!(" ! {missing}"), pen.theme.warning);
        }
    }
}
