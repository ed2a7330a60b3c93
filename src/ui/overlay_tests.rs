//! Every dialog at every size and in every look: one picture for each, so that a theme in which something cannot be seen,
//! or a size at which something falls off, is noticed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::tests::{MEMORY, ascii_story, demo, framed, screen, story};
use super::theme::Theme;
use super::{draw, plain};
use crate::app::testing::Stage;

const SIZES: [(u16, u16); 3] = [(120, 36), (80, 24), (60, 15)];
const LOOKS: [&str; 3] = ["dark", "light", "mono"];

/// What it is called, and the keys that lead there; what begins with a quote is typed.
const DIALOGS: [(&str, &[&str]); 19] = [
    ("help", &["?"]),
    ("palette", &[":", "\"co"]),
    ("time", &["t"]),
    ("calendar", &["t <tab> <tab> h <enter>"]),
    ("facets", &["w f j l <space>"]),
    ("facets_find", &["w f j /", "\"bu"]),
    ("pivot", &["p"]),
    ("copy", &["y <down>"]),
    ("views", &["V j"]),
    ("views_naming", &["V s", "\"mine"]),
    ("columns", &["C j <space>"]),
    ("coverage", &["%"]),
    ("coverage_cell", &["% <enter>"]),
    ("query", &["w /", "\"is:failed user:s"]),
    ("completion", &["w /", "\"user:s", "<tab>"]),
    ("history", &["/", "\"user:alice", "<enter> /", "ctrl-r ctrl-u", "\">"]),
    ("histogram", &["i H H"]),
    ("around", &["e z"]),
    ("highlight", &["w h * n"]),
];

fn at(mut stage: Stage, keys: &[&str], size: (u16, u16)) -> Stage {
    screen(&mut stage, size.0, size.1);
    for keys in keys {
        match keys.strip_prefix('"') {
            Some(text) => stage.typed(text),
            None => stage.keys(keys),
        };
        screen(&mut stage, size.0, size.1);
    }
    stage
}

fn drawn(stage: &Stage, theme: &Theme, (width, height): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| _ = draw(&stage.app, theme, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// Each style that occurs, on how many cells, and the text on which it stands first.
fn styles(buffer: &Buffer) -> String {
    let mut seen: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut last = String::new();
    for cell in buffer.content() {
        let style = format!("{:?} on {:?} {:?}", cell.fg, cell.bg, cell.modifier);
        let (cells, text) = seen.entry(style.clone()).or_default();
        if *cells == 0 || (last == style && text.chars().count() < 12 && *cells == text.chars().count()) {
            text.push_str(cell.symbol());
        }
        *cells += 1;
        last = style;
    }
    seen.iter().fold(String::new(), |mut all, (style, (cells, text))| {
        let _ = writeln!(all, "  {style}: {cells} cells, “{}”", text.trim());
        all
    })
}

/// What can be read must differ from what it stands on.
fn check_seen(buffer: &Buffer, what: &str) {
    for cell in buffer.content() {
        let hidden = cell.fg == cell.bg && cell.fg != ratatui::style::Color::Reset && cell.symbol() != " ";
        assert!(!hidden, "{what}: “{}” cannot be seen", cell.symbol());
    }
}

fn picture(name: &str, keys: &[&str]) -> String {
    let mut all = String::new();
    for size in SIZES {
        let _ = writeln!(all, "{}x{}", size.0, size.1);
        all += &framed(&plain(&drawn(&at(story(), keys, size), &Theme::dark(), size)));
        let ascii = plain(&drawn(&at(ascii_story(), keys, size), &Theme::dark(), size));
        let odd: String = ascii.chars().filter(|c| !c.is_ascii()).collect();
        assert!(odd.is_empty(), "{name} {size:?}: “{odd}” is no ASCII\n{ascii}");
        for look in LOOKS {
            let theme = Theme::built_in(look).unwrap();
            check_seen(&drawn(&at(story(), keys, size), &theme, size), &format!("{name} {size:?} {look}"));
        }
    }
    let middle = SIZES[1];
    let _ = writeln!(all, "80x24, ASCII");
    all += &framed(&plain(&drawn(&at(ascii_story(), keys, middle), &Theme::mono(), middle)));
    let stage = at(story(), keys, middle);
    for look in LOOKS {
        let _ = writeln!(all, "{look}");
        all += &styles(&drawn(&stage, &Theme::built_in(look).unwrap(), middle));
    }
    all
}

#[test]
fn every_dialog_in_every_size_and_look() {
    insta::with_settings!({ filters => vec![MEMORY] }, {
        for (name, keys) in DIALOGS {
            insta::assert_snapshot!(name, picture(name, keys));
        }
    });
}

#[test]
fn the_greeting_can_be_seen_in_every_look() {
    for size in SIZES {
        let stage = at(demo(), &[], size);
        for look in LOOKS {
            check_seen(&drawn(&stage, &Theme::built_in(look).unwrap(), size), look);
        }
    }
}
