//! Keymap: which key means what, per focus. Data (`assets/keymap.toml`, and what changes it: [`rebind`](super::rebind));
//! help, the key row and every text that names a key are made from the same table, so they cannot lie.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::key::KeyPress;

/// Where keys go. What a place does not bind falls through to the more general one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Focus {
    Global,
    Tree,
    List,
    /// The histogram, while a piece of it is being brushed.
    Histogram,
    Detail,
    /// The detail pane while it shows the document.
    Json,
    /// A line of text is being typed.
    Prompt,
    Help,
    Time,
    /// The calendar of the time range.
    Calendar,
    Copy,
    /// Choosing the columns of the list.
    Columns,
    Coverage,
    Facets,
    Pivot,
    Palette,
    Views,
}

impl Focus {
    pub const ALL: [Self; 17] = [
        Self::Global,
        Self::Tree,
        Self::List,
        Self::Histogram,
        Self::Detail,
        Self::Json,
        Self::Prompt,
        Self::Help,
        Self::Time,
        Self::Calendar,
        Self::Copy,
        Self::Columns,
        Self::Coverage,
        Self::Facets,
        Self::Pivot,
        Self::Palette,
        Self::Views,
    ];

    /// The next place to look in; a dialog lets nothing fall through.
    fn parent(self) -> Option<Self> {
        match self {
            Self::Tree | Self::List | Self::Histogram | Self::Detail => Some(Self::Global),
            Self::Json => Some(Self::Detail),
            Self::Global
            | Self::Prompt
            | Self::Help
            | Self::Time
            | Self::Calendar
            | Self::Copy
            | Self::Columns
            | Self::Coverage
            | Self::Facets
            | Self::Pivot
            | Self::Palette
            | Self::Views => None,
        }
    }

    /// As a table of keys is called in a file.
    pub fn name(self) -> String {
        // The one name that there is: serde's.
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            _ => String::new(),
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|focus| focus.name() == name)
    }

    /// This place and all it falls through to.
    pub fn chain(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |focus| focus.parent())
    }

    /// What help calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere",
            Self::Tree => "Compartments and regions",
            Self::List => "Events",
            Self::Histogram => "Histogram",
            Self::Detail => "Detail",
            Self::Json => "Detail, JSON",
            Self::Prompt => "While typing",
            Self::Help => "Help",
            Self::Time => "Time range",
            Self::Calendar => "Time range, calendar",
            Self::Copy => "Copy menu",
            Self::Columns => "Columns",
            Self::Coverage => "Coverage and errors",
            Self::Facets => "Facets",
            Self::Pivot => "Pivot menu",
            Self::Palette => "Command palette",
            Self::Views => "Views",
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Binding {
    pub focus: Focus,
    /// None where the configuration has taken them all away; help still runs the action.
    pub keys: Vec<KeyPress>,
    pub action: Action,
    /// One sentence for help.
    pub desc: String,
    /// One or two words for the key row; such lines appear there.
    pub short: Option<String>,
    /// The same where the row has room for more.
    pub spare: Option<String>,
}

impl Binding {
    /// The keys as people write them, the first ones first.
    pub fn keys_text(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(ToString::to_string).collect();
        keys.join(" ")
    }
}

#[derive(Clone, Debug)]
pub struct Keymap {
    pub(super) bindings: Vec<Binding>,
    /// `None`: the key does nothing there, whatever it does in the more general place.
    pub(super) by_key: HashMap<(Focus, KeyPress), Option<Action>>,
}

/// Why a table is no keymap.
#[derive(Debug, thiserror::Error)]
pub enum KeymapError {
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    #[error("{0}")]
    Key(#[from] super::key::NoKey),
    #[error("`{0}` is no action")]
    Action(String),
    #[error("{0} stands twice in one place")]
    Twice(KeyPress),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    on: Vec<String>,
    run: String,
    desc: String,
    short: Option<String>,
    spare: Option<String>,
}

impl Keymap {
    /// The keys that ship with the program.
    pub fn built_in() -> &'static Arc<Self> {
        static KEYMAP: LazyLock<Arc<Keymap>> = LazyLock::new(|| {
            // The asset is part of the program; a test reads it, so the empty table never happens.
            let keymap = Keymap::parse(include_str!("../../assets/keymap.toml"));
            Arc::new(keymap.unwrap_or_else(|_| Keymap { bindings: Vec::new(), by_key: HashMap::new() }))
        });
        &KEYMAP
    }

    pub fn parse(text: &str) -> Result<Self, KeymapError> {
        let table: HashMap<Focus, Vec<Line>> = toml::from_str(text)?;
        let mut keymap = Self { bindings: Vec::new(), by_key: HashMap::new() };
        for focus in Focus::ALL {
            for line in table.get(&focus).into_iter().flatten() {
                keymap.bind(focus, line)?;
            }
        }
        Ok(keymap)
    }

    fn bind(&mut self, focus: Focus, line: &Line) -> Result<(), KeymapError> {
        let action = Action::from_name(&line.run).ok_or_else(|| KeymapError::Action(line.run.clone()))?;
        let keys = line.on.iter().map(|key| key.parse()).collect::<Result<Vec<KeyPress>, _>>()?;
        for key in &keys {
            if self.by_key.insert((focus, *key), Some(action)).is_some() {
                return Err(KeymapError::Twice(*key));
            }
        }
        self.bindings.push(Binding {
            focus,
            keys,
            action,
            desc: line.desc.clone(),
            short: line.short.clone(),
            spare: line.spare.clone(),
        });
        Ok(())
    }

    pub fn action(&self, focus: Focus, key: KeyPress) -> Option<Action> {
        focus.chain().find_map(|place| self.by_key.get(&(place, key))).copied().flatten()
    }

    /// Every line, place by place, in the order of the file.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// Whether an action would be served where `focus` has the keys. What the copy menu copies is copied from every pane.
    pub fn reaches(&self, focus: Focus, action: Action) -> bool {
        let is_bound = |place| self.bindings.iter().any(|b| b.action == action && b.focus == place);
        focus.chain().any(|place| is_bound(place) || place == Focus::Global && action.is_copy())
    }

    /// The line that tells most about an action where `focus` has the keys.
    pub fn binding(&self, focus: Focus, action: Action) -> Option<&Binding> {
        let at = |place| self.bindings.iter().find(|b| b.action == action && b.focus == place);
        focus.chain().find_map(at).or_else(|| self.bindings.iter().find(|b| b.action == action))
    }

    /// The key to show for an action where `focus` has the keys; `None` when it cannot be reached from there.
    pub fn key_for(&self, focus: Focus, action: Action) -> Option<KeyPress> {
        // The nearest place first: what is bound there is meant for it.
        let of_place = |place| self.bindings.iter().filter(move |b| b.action == action && b.focus == place);
        let mut keys = focus.chain().flat_map(of_place).flat_map(|binding| &binding.keys).copied();
        keys.find(|key| self.action(focus, *key) == Some(action))
    }

    /// What a text calls the key for an action: as it is where `focus` has the keys, else where it is bound; where no key
    /// is left, how to run it all the same.
    pub fn name_for(&self, focus: Focus, action: Action) -> String {
        let places = [focus].into_iter().chain(Focus::ALL);
        let key = places.into_iter().find_map(|place| self.key_for(place, action));
        key.map_or_else(|| format!("“{}” in help", action.name()), |key| key.to_string())
    }
}

/// The keys as they are where somebody reads about them.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a> {
    pub keymap: &'a Keymap,
    pub focus: Focus,
}

impl Keys<'_> {
    pub fn name(self, action: Action) -> String {
        self.keymap.name_for(self.focus, action)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_that_ships_holds_every_action_and_says_what_it_does() {
        let keymap = Keymap::parse(include_str!("../../assets/keymap.toml")).unwrap();
        let bound: HashSet<Action> = keymap.bindings().iter().map(|b| b.action).collect();
        let unbound: Vec<Action> = Action::all().filter(|action| !bound.contains(action)).collect();
        assert!(unbound.is_empty(), "no key for {unbound:?}");
        for binding in keymap.bindings() {
            assert!(!binding.keys.is_empty() && binding.desc.len() > 8, "{binding:?}");
            assert!(binding.desc.chars().count() <= 66, "too long for help: {}", binding.desc);
            assert!(!binding.desc.ends_with('.'), "{}", binding.desc);
        }
    }

    #[test]
    fn a_key_stands_once_in_each_place() {
        let twice =
            "list = [{ on = [\"a\"], run = \"top\", desc = \"d\" }, { on = [\"a\"], run = \"open\", desc = \"d\" }]";
        assert!(matches!(Keymap::parse(twice), Err(KeymapError::Twice(_))));
        let unknown = "list = [{ on = [\"a\"], run = \"dance\", desc = \"d\" }]";
        assert!(matches!(Keymap::parse(unknown), Err(KeymapError::Action(_))));
        assert!(Keymap::parse("nowhere = []").is_err());
    }

    #[test]
    fn what_a_place_does_not_bind_falls_through() {
        let keymap = Keymap::built_in();
        let key = |text: &str| text.parse().unwrap();
        assert_eq!(keymap.action(Focus::Json, key("3")), Some(Action::UnfoldTo(3)));
        assert_eq!(keymap.action(Focus::List, key("3")), Some(Action::FocusDetail));
        assert_eq!(keymap.action(Focus::Json, key("q")), Some(Action::Close));
        assert_eq!(keymap.action(Focus::Copy, key("w")), None);
        assert_eq!(keymap.key_for(Focus::Tree, Action::Toggle), Some(key("<space>")));
    }
}
