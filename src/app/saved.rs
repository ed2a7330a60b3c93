//! Views: queries with a name. Some ship with the program, others are files of the user.

use serde::{Deserialize, Serialize};

use super::setup::AccessFilter;

/// Longest name, in characters; it becomes the name of a file.
const LONGEST: usize = 60;

/// A query under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedView {
    pub name: String,
    /// One sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// As it is typed.
    #[serde(default)]
    pub query: String,
    /// Which classes of events it shows.
    #[serde(default)]
    pub show: Show,
}

/// [`AccessFilter`] as it stands in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Show {
    /// Sign-ins are among them.
    #[default]
    Writes,
    All,
    Reads,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    view: Vec<SavedView>,
}

/// Why a file holds no views.
#[derive(Debug, thiserror::Error)]
pub enum NoViews {
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    #[error("a view has the name “{0}”: 1 to {LONGEST} letters, digits, spaces, - and _")]
    Name(String),
}

impl SavedView {
    /// Whether a view may be called so.
    pub fn is_name(name: &str) -> bool {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        !name.trim().is_empty() && name.trim() == name && name.chars().count() <= LONGEST && name.chars().all(plain)
    }

    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("{}.toml", self.name.to_lowercase().replace(' ', "-"))
    }

    /// The content of its file.
    pub fn to_toml(&self) -> String {
        toml::to_string(&File { view: vec![self.clone()] }).unwrap_or_default()
    }
}

impl From<Show> for AccessFilter {
    fn from(show: Show) -> Self {
        match show {
            Show::Writes => Self::WritesAndSessions,
            Show::All => Self::All,
            Show::Reads => Self::Reads,
        }
    }
}

impl From<AccessFilter> for Show {
    fn from(access: AccessFilter) -> Self {
        match access {
            AccessFilter::WritesAndSessions => Self::Writes,
            AccessFilter::All => Self::All,
            AccessFilter::Reads => Self::Reads,
        }
    }
}

/// Adds a view, in the place of one with the same name.
pub fn add(views: &mut Vec<SavedView>, view: SavedView) {
    match views.iter_mut().find(|other| other.name == view.name) {
        Some(other) => *other = view,
        None => views.push(view),
    }
}

/// The views of a file.
pub fn parse(text: &str) -> Result<Vec<SavedView>, NoViews> {
    let File { view } = toml::from_str(text)?;
    match view.iter().find(|view| !SavedView::is_name(&view.name)) {
        Some(wrong) => Err(NoViews::Name(crate::domain::text::clean(&wrong.name).into_owned())),
        None => Ok(view),
    }
}

/// The views that ship with the program.
pub fn built_in() -> Vec<SavedView> {
    // The asset is part of the program; a test reads it.
    parse(include_str!("../../assets/views.toml")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::zone::Zone;
    use crate::query::ParseContext;

    #[test]
    fn what_ships_can_be_read_and_its_queries_too() {
        let views = parse(include_str!("../../assets/views.toml")).unwrap();
        assert_eq!(views.len(), 7);
        let read_list = |_: &str, _: &crate::query::Subject| Err(String::new());
        let context = ParseContext { now: chrono::DateTime::UNIX_EPOCH, zone: Zone::Utc, read_list: &read_list };
        for view in &views {
            assert!(crate::query::parse(&view.query, &context).is_ok(), "{}", view.name);
            assert!(!view.about.is_empty() && !view.about.ends_with('.'));
        }
        assert_eq!(built_in(), views);
    }

    #[test]
    fn a_view_is_its_file() {
        let view = SavedView {
            name: "What Alice did".into(),
            about: String::new(),
            query: "user:\"alice \\\\ x\" -is:read".into(),
            show: Show::All,
        };
        assert_eq!(view.file_name(), "what-alice-did.toml");
        assert_eq!(parse(&view.to_toml()).unwrap(), [view]);
        for name in ["", " x", "../x", "a/b", "x.toml", &"x".repeat(61), "a\u{1b}b"] {
            let text = format!("[[view]]\nname = {name:?}\n").replace("\\u{1b}", "\\u001b");
            assert!(parse(&text).is_err(), "{name}");
        }
        assert!(parse("[[view]]\nname = \"x\"\nqueery = \"\"").is_err());
    }
}
