//! One screen in every theme: which styles are on it, and where.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::draw;
use super::tests::{screen, story};
use super::theme::{Theme, names};

/// Each style that occurs, and on which text first.
fn styles(theme: &Theme) -> String {
    let mut stage = story();
    screen(&mut stage, 120, 36);
    stage.keys("! j");
    let mut terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
    terminal
        .draw(|frame| {
            draw(&stage.app, theme, frame);
        })
        .unwrap();
    let buffer = terminal.backend().buffer();
    let mut seen: BTreeMap<String, (String, bool)> = BTreeMap::new();
    for cell in buffer.content() {
        let style = format!("{:?} on {:?} {:?}", cell.fg, cell.bg, cell.modifier);
        for (other, (_, open)) in &mut seen {
            *open &= *other == style;
        }
        let (text, open) = seen.entry(style).or_insert((String::new(), true));
        *open &= text.chars().count() < 30;
        if *open {
            text.push_str(cell.symbol());
        }
    }
    seen.iter().fold(String::new(), |mut all, (style, (text, _))| {
        let _ = writeln!(all, "{style}: {}", text.trim());
        all
    })
}

#[test]
fn one_screen_in_every_theme() {
    for name in names() {
        insta::assert_snapshot!(name, styles(&Theme::built_in(name).unwrap()));
    }
}
