//! Hints: the keys worth showing at the bottom, only those that would do something now.

use super::App;
use super::action::Action;
use super::key::KeyPress;
use super::keymap::{Binding, Focus, Keymap, Keys};
use super::panes::detail::Tab;

/// A key and what it does, in a word or two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    pub key: String,
    pub short: String,
}

impl App {
    /// In the order in which they should be dropped last; the last one stays longest.
    pub fn hints(&self) -> Vec<Hint> {
        let mut seen = Vec::new();
        let mut hints = self.hints_of(|binding| binding.short.as_deref(), &mut seen);
        let spare = self.hints_of(|binding| binding.spare.as_deref(), &mut seen);
        let before_last = hints.len().saturating_sub(1);
        hints.splice(before_last..before_last, spare);
        hints
    }

    fn hints_of<'a>(&'a self, short: impl Fn(&'a Binding) -> Option<&'a str>, seen: &mut Vec<Action>) -> Vec<Hint> {
        let keymap = self.keymap();
        let focus = self.key_focus();
        let mut hints = Vec::new();
        for place in focus.chain() {
            for binding in keymap.bindings().iter().filter(|binding| binding.focus == place) {
                let Some(short) = short(binding) else { continue };
                let Some(key) = keymap.key_for(focus, binding.action) else { continue };
                if seen.contains(&binding.action) || !self.is_of_use(binding.action) {
                    continue;
                }
                seen.push(binding.action);
                let key = match binding.action {
                    Action::UnfoldTo(1) => levels(keymap, focus, key),
                    _ => key.to_string(),
                };
                hints.push(Hint { key, short: self.short(binding.action, short) });
            }
        }
        hints
    }

    /// What a text calls the key for an action, as things are.
    pub fn key(&self, action: Action) -> String {
        self.keys().name(action)
    }

    pub fn keys(&self) -> Keys<'_> {
        Keys { keymap: self.keymap(), focus: self.key_focus() }
    }

    /// Whether an action would do something now.
    fn is_of_use(&self, action: Action) -> bool {
        let dialog = self.overlay.is_some() || self.prompt.is_some();
        match action {
            Action::Open if !dialog && self.key_focus() == Focus::List => self.list.key().is_some(),
            Action::Open if self.key_focus() == Focus::Json => false,
            Action::CopyMenu => self.has_something_to_copy(),
            Action::Toggle if self.key_focus() == Focus::Json => {
                self.detail.node().is_some_and(|node| self.detail.can_fold(node))
            }
            Action::Facets => self.view().is_some_and(|view| view.matched() > 0),
            Action::Complete | Action::SearchHistory if self.key_focus() == Focus::Prompt => self.is_asking(),
            Action::Pivot | Action::LookAround => self.list.key().is_some(),
            Action::FocusHistogram => self.geometry.buckets > 0,
            Action::RetryRow => self.panel_cell().is_some_and(|cell| cell.problem().is_some()),
            Action::AskFirst | Action::AskLast => self.facts.coverage.unfinished() > 0,
            Action::ShowAll => !self.facts.open.is_empty(),
            Action::ToggleTree => self.geometry.tree_rows == 0 && self.tenancy.is_some(),
            Action::Refresh | Action::Follow | Action::TogglePause => self.files.is_none(),
            Action::NextTab => self.detail.tab() == Tab::Json,
            _ => true,
        }
    }

    fn short(&self, action: Action, short: &str) -> String {
        match action {
            Action::CycleAccess => match self.filters.access.next() {
                super::setup::AccessFilter::WritesAndSessions => "writes".to_owned(),
                super::setup::AccessFilter::All => "all".to_owned(),
                super::setup::AccessFilter::Reads => "reads".to_owned(),
            },
            Action::TogglePause if self.traffic.paused => "go on".to_owned(),
            Action::Open if self.key_focus() == Focus::Coverage && self.panel.reading().is_some() => "table".to_owned(),
            Action::Open if self.key_focus() == Focus::Facets => self.facets.enter_hint().to_owned(),
            Action::ToggleFailed if self.filters.failed => "any status".to_owned(),
            _ => short.to_owned(),
        }
    }
}

/// The nine levels are one hint: `1-9`, from the first key to the last.
fn levels(keymap: &Keymap, focus: Focus, first: KeyPress) -> String {
    match keymap.key_for(focus, Action::UnfoldTo(9)) {
        Some(last) => format!("{first}-{last}"),
        None => first.to_string(),
    }
}
