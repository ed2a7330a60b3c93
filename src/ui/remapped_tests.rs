//! Where every key is another one, no text names a key of before.

use std::sync::Arc;

use super::tests::{empty, halted, one_refused, paused, screen, story, troubles};
use crate::app::action::Action;
use crate::app::keymap::{Focus, Keymap};
use crate::app::message::Message;
use crate::app::rebind::Change;
use crate::app::testing::{Stage, ledger, troubled};
use crate::app::time_popup::PRESETS;

/// Every action on a letter of its own that is on no screen otherwise; what leads out stays.
fn remapped() -> Keymap {
    let mut keymap = Keymap::clone(Keymap::built_in());
    let letters: Vec<char> =
        ('\u{0410}'..'\u{0480}').chain('\u{0531}'..'\u{0557}').chain('\u{10d0}'..'\u{10f1}').collect();
    let actions: Vec<Action> = Action::all().collect();
    assert!(actions.len() <= letters.len(), "more letters are needed");
    for binding in Keymap::built_in().bindings() {
        let focus = binding.focus.name();
        let place = actions.iter().position(|action| *action == binding.action).unwrap();
        let mut change = |key: String, run| keymap.change(&Change { focus: focus.clone(), key, run });
        for key in &binding.keys {
            // Esc and Ctrl-C refuse.
            let _ = change(written(&key.to_string()), None);
        }
        change(letters[place].to_string(), Some(binding.action.name().into_owned())).unwrap();
    }
    keymap
}

/// A key as it is written in a file, from what the screen calls it.
fn written(shown: &str) -> String {
    let named = [
        ("↑", "<up>"),
        ("↓", "<down>"),
        ("←", "<left>"),
        ("→", "<right>"),
        ("PgUp", "<pageup>"),
        ("PgDn", "<pagedown>"),
    ];
    let (held, key) = match shown.rsplit_once('-') {
        Some((held, key)) if !key.is_empty() => (format!("{}-", held.to_lowercase()), key),
        _ => (String::new(), shown),
    };
    let key = match named.iter().find(|(name, _)| *name == key) {
        Some((_, key)) => (*key).to_owned(),
        None if key.chars().count() > 1 => format!("<{}>", key.to_lowercase()),
        None => key.to_owned(),
    };
    format!("{held}{key}")
}

fn act(stage: &mut Stage, size: (u16, u16), actions: &[Action]) {
    for action in actions {
        screen(stage, size.0, size.1);
        let keymap = stage.app.keymap();
        let key = keymap.key_for(stage.app.key_focus(), *action);
        let key = key.unwrap_or_else(|| panic!("{action:?} has no key in {:?}", stage.app.key_focus()));
        stage.send(Message::Key(key));
    }
}

/// Keys that stay, and letters that are words as well.
const ALSO_WORDS: [&str; 5] = ["Esc", "Ctrl-C", "a", "s", "W"];

/// Other keys, as texts would name them.
const IN_WORDS: [&str; 13] = [
    "1 Compartments",
    "2 Events",
    "─ 3 ",
    "[3 ",
    "0 looks",
    "  0 all",
    "a shows",
    "[.]",
    ". shows",
    "[!]",
    "! shows",
    "+ asks",
    "1-9",
];

/// What is no key of the map: letters of the list and keys of a line of text, which help explains, and the presets of the
/// time range, which have letters of their own.
fn explains_itself(line: &str) -> bool {
    let preset = PRESETS.iter().any(|preset| line.contains(preset.name));
    preset || ["Letters  ", "While typing  "].iter().any(|start| line.contains(start))
}

/// How the stage begins, and what is done on it.
type State = (fn() -> Stage, &'static [Action]);

#[test]
fn no_text_names_a_key_that_is_no_longer_one() {
    let states: [State; 21] = [
        (story, &[]),
        (story, &[Action::FocusTree]),
        (story, &[Action::FocusTree, Action::OnlyThis]),
        (story, &[Action::FocusTree, Action::Toggle]),
        (story, &[Action::ToggleFailed]),
        (story, &[Action::Open]),
        (story, &[Action::Open, Action::Open]),
        (story, &[Action::Search]),
        (story, &[Action::Help]),
        (story, &[Action::PickTime]),
        (story, &[Action::CopyMenu]),
        (troubles, &[Action::Coverage]),
        (troubles, &[Action::Coverage, Action::ShowAll]),
        (troubles, &[Action::Coverage, Action::LineDown, Action::Open]),
        (paused, &[Action::Coverage]),
        (paused, &[]),
        (|| halted(14), &[]),
        (story, &[Action::Facets]),
        (story, &[Action::Facets, Action::Bottom]),
        (story, &[Action::Facets, Action::Toggle]),
        (story, &[Action::Pivot]),
    ];
    let empties: [State; 5] = [
        (|| halted(0), &[]),
        (|| empty(ledger(&[])), &[]),
        (|| empty(troubled()), &[]),
        (|| one_refused(0), &[]),
        (|| one_refused(14), &[Action::ToggleFailed]),
    ];
    let forbidden: Vec<String> = Keymap::built_in()
        .bindings()
        .iter()
        .flat_map(|binding| binding.keys.iter().map(ToString::to_string))
        .filter(|key| key.starts_with(char::is_alphabetic) && !ALSO_WORDS.contains(&key.as_str()))
        .collect();
    for (make, actions) in states.into_iter().chain(empties) {
        for size in [(120, 36), (80, 24), (60, 15)] {
            let mut stage = make();
            stage.send(Message::Configuration { keymap: Some(Arc::new(remapped())), problem: None });
            act(&mut stage, size, actions);
            let text = screen(&mut stage, size.0, size.1);
            let lines = text.lines().filter(|line| !explains_itself(line));
            for line in lines {
                let bare = line.split_whitespace().filter(|word| *word != "[x]");
                let mut bare = bare.map(|word| word.trim_matches(['[', ']', '(', ')', ',', ';', ':']));
                let named = bare.find(|word| forbidden.iter().any(|key| key == word));
                assert!(named.is_none(), "{actions:?} {size:?}: `{}` in\n{text}", named.unwrap());
            }
            for words in IN_WORDS {
                assert!(!text.contains(words), "{actions:?} {size:?}: `{words}` in\n{text}");
            }
        }
    }
}

#[test]
fn help_lists_the_keys_that_are_in_force_and_runs_what_has_none() {
    let mut stage = story();
    let mut keymap = Keymap::clone(Keymap::built_in());
    let change =
        |key: &str, run: Option<&str>| Change { focus: "global".into(), key: key.into(), run: run.map(Into::into) };
    keymap.change(&change("I", None)).unwrap();
    keymap.change(&change("<f9>", Some("help"))).unwrap();
    stage.send(Message::Configuration { keymap: Some(Arc::new(keymap)), problem: None });
    stage.keys("<f9>").typed("show or hide the histogram");
    assert!(stage.app.look().histogram);
    let text = screen(&mut stage, 120, 36);
    assert!(!text.contains(" I "), "{text}");
    stage.keys("<enter>");
    assert!(!stage.app.look().histogram);
    assert!(screen(&mut stage, 120, 36).contains("F9 help"));
    assert_eq!(stage.app.keymap().key_for(Focus::List, Action::ToggleHistogram), None);
}
