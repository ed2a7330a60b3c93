//! Changes to the keymap: what a preset and the user's configuration make of the table that ships.
//!
//! ```toml
//! [list]
//! "ctrl-d" = "page-down"   # this key runs that action here
//! "x" = false              # this key does nothing here, whatever it does elsewhere
//! ```

use std::collections::BTreeMap;

use crate::domain::text::nearest;

use super::action::Action;
use super::key::{KeyCode, KeyPress};
use super::keymap::{Binding, Focus, Keymap};

/// The presets that ship, by name.
pub const PRESETS: [(&str, &str); 3] = [
    ("default", ""),
    ("k9s", include_str!("../../assets/keymap-k9s.toml")),
    ("lnav", include_str!("../../assets/keymap-lnav.toml")),
];

/// A key that shall mean something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The place, by its name.
    pub focus: String,
    pub key: String,
    /// The name of an action; `None` takes the key away.
    pub run: Option<String>,
}

/// Why a change is not made. In each case the rest of the keymap is in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    #[error("there is no preset `{0}`{1}")]
    Preset(String, String),
    #[error("`{0}` is no place where keys go{1}")]
    Focus(String, String),
    #[error("{0}")]
    Key(#[from] super::key::NoKey),
    #[error("`{0}` is no action{1}")]
    Action(String, String),
    /// Whatever is bound, these lead out.
    #[error("{0} cannot be changed: it always leads back or out")]
    Fixed(KeyPress),
}

impl Keymap {
    /// The keys that ship, as a preset changes them. An unknown preset changes nothing and is told.
    pub fn preset(name: &str) -> Result<Self, ChangeError> {
        let names = PRESETS.map(|(name, _)| name);
        let Some((_, text)) = PRESETS.iter().find(|(known, _)| *known == name) else {
            return Err(ChangeError::Preset(name.to_owned(), nearest(name, &names)));
        };
        let mut keymap = Self::clone(Self::built_in());
        // Presets are part of the program, and a test makes each of their changes.
        for change in changes(text).unwrap_or_default() {
            let _ = keymap.change(&change);
        }
        Ok(keymap)
    }

    pub fn change(&mut self, change: &Change) -> Result<(), ChangeError> {
        let focus = Focus::from_name(&change.focus).ok_or_else(|| {
            let names = Focus::ALL.map(Focus::name);
            ChangeError::Focus(change.focus.clone(), nearest(&change.focus, &names))
        })?;
        let key: KeyPress = change.key.parse()?;
        let action = change.run.as_deref().map(action_named).transpose()?;
        if is_fixed(key) {
            return Err(ChangeError::Fixed(key));
        }
        self.take(focus, key);
        self.by_key.insert((focus, key), action);
        if let Some(action) = action {
            self.show(focus, key, action);
        }
        Ok(())
    }

    /// Takes the key from what it was bound to here.
    fn take(&mut self, focus: Focus, key: KeyPress) {
        for binding in self.bindings.iter_mut().filter(|binding| binding.focus == focus) {
            binding.keys.retain(|bound| *bound != key);
        }
    }

    /// Lists the key first among those of the action; where the action is not listed in this place, as it is in another.
    fn show(&mut self, focus: Focus, key: KeyPress, action: Action) {
        if let Some(binding) = self.bindings.iter_mut().find(|b| b.focus == focus && b.action == action) {
            return binding.keys.insert(0, key);
        }
        let like = focus.chain().chain(Focus::ALL);
        let like = like
            .into_iter()
            .find_map(|place| self.bindings.iter().find(|binding| binding.focus == place && binding.action == action));
        let Some(like) = like else { return };
        let binding = Binding { focus, keys: vec![key], ..like.clone() };
        let behind = self.bindings.iter().rposition(|binding| binding.focus == focus).map_or(0, |last| last + 1);
        self.bindings.insert(behind, binding);
    }
}

/// The changes that a table of the shape above asks for, place by place.
fn changes(text: &str) -> Result<Vec<Change>, toml::de::Error> {
    let table: BTreeMap<String, BTreeMap<String, toml::Value>> = toml::from_str(text)?;
    let of_place = |(focus, keys): (String, BTreeMap<String, toml::Value>)| {
        let change = move |(key, run): (String, toml::Value)| Change {
            focus: focus.clone(),
            key,
            run: run.as_str().map(str::to_owned),
        };
        keys.into_iter().map(change)
    };
    Ok(table.into_iter().flat_map(of_place).collect())
}

fn action_named(name: &str) -> Result<Action, ChangeError> {
    Action::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Action::all().map(Action::name).collect();
        ChangeError::Action(name.to_owned(), nearest(name, &names))
    })
}

/// Esc backs out of everything, and Ctrl-C ends the program: nobody is ever locked in.
fn is_fixed(key: KeyPress) -> bool {
    key == KeyPress::plain(KeyCode::Esc) || key == KeyPress::new(KeyCode::Char('c'), true, false, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(focus: &str, key: &str, run: Option<&str>) -> Change {
        Change { focus: focus.into(), key: key.into(), run: run.map(str::to_owned) }
    }

    fn changed(changes: &[(&str, &str, Option<&str>)]) -> Keymap {
        let mut keymap = Keymap::clone(Keymap::built_in());
        for (focus, key, run) in changes {
            keymap.change(&change(focus, key, *run)).unwrap();
        }
        keymap
    }

    fn key(text: &str) -> KeyPress {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_can_mean_something_else_in_one_place() {
        let keymap = changed(&[("list", "ctrl-d", Some("page-down"))]);
        assert_eq!(keymap.action(Focus::List, key("ctrl-d")), Some(Action::PageDown));
        assert_eq!(keymap.action(Focus::Tree, key("ctrl-d")), Some(Action::HalfPageDown));
        assert_eq!(keymap.key_for(Focus::List, Action::HalfPageDown), None, "its key is another's there");
        assert_eq!(keymap.name_for(Focus::Global, Action::HalfPageDown), "Ctrl-D");
    }

    #[test]
    fn the_key_that_was_chosen_is_the_one_shown() {
        let keymap = changed(&[("global", "<f9>", Some("refresh"))]);
        assert_eq!(keymap.key_for(Focus::List, Action::Refresh), Some(key("<f9>")));
        assert_eq!(keymap.action(Focus::List, key("R")), Some(Action::Refresh), "the old keys stay");
    }

    #[test]
    fn a_key_taken_away_does_nothing_although_it_does_something_elsewhere() {
        let keymap = changed(&[("list", "x", None)]);
        assert_eq!(keymap.action(Focus::List, key("x")), None);
        assert_eq!(keymap.action(Focus::Tree, key("x")), Some(Action::ClearFilters));
        let keymap = changed(&[("global", "x", None)]);
        assert_eq!(keymap.name_for(Focus::List, Action::ClearFilters), "“clear-filters” in help");
        assert!(keymap.bindings().iter().any(|b| b.action == Action::ClearFilters && b.keys.is_empty()));
    }

    #[test]
    fn what_cannot_be_meant_is_told_with_the_nearest_name() {
        let mut keymap = Keymap::clone(Keymap::built_in());
        let mut told = |focus, key, run| keymap.change(&change(focus, key, run)).unwrap_err().to_string();
        assert_eq!(told("list", "a", Some("pagedown")), "`pagedown` is no action; did you mean `page-down`?");
        assert_eq!(told("lisst", "a", None), "`lisst` is no place where keys go; did you mean `list`?");
        assert_eq!(told("list", "a", Some("make coffee")), "`make coffee` is no action");
        assert!(told("list", "hyper-a", None).contains("is no key"));
        assert_eq!(Keymap::preset("k9").unwrap_err().to_string(), "there is no preset `k9`; did you mean `k9s`?");
    }

    #[test]
    fn nobody_can_be_locked_in() {
        let mut keymap = Keymap::clone(Keymap::built_in());
        for way_out in ["<esc>", "ctrl-c"] {
            for focus in Focus::ALL.map(Focus::name) {
                let error = keymap.change(&change(&focus, way_out, Some("top"))).unwrap_err();
                assert!(matches!(error, ChangeError::Fixed(_)), "{error}");
            }
        }
        for (name, _) in PRESETS {
            let keymap = Keymap::preset(name).unwrap();
            for focus in Focus::ALL {
                assert_eq!(keymap.action(focus, key("<esc>")), Some(Action::Cancel), "{name} {focus:?}");
                assert_eq!(keymap.action(focus, key("ctrl-c")), Some(Action::Quit), "{name} {focus:?}");
            }
        }
    }

    #[test]
    fn every_change_of_a_preset_is_one_and_no_action_loses_its_last_key() {
        for (name, text) in PRESETS {
            let mut keymap = Keymap::clone(Keymap::built_in());
            for change in changes(text).unwrap() {
                keymap.change(&change).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            for binding in keymap.bindings() {
                let reachable = Focus::ALL.into_iter().any(|focus| keymap.key_for(focus, binding.action).is_some());
                assert!(reachable, "{name}: no key for {:?}", binding.action);
            }
        }
    }
}
