//! Help: every action by its sentence, this pane's first, searched by words.

use std::sync::Arc;

use super::action::Action;
use super::key::KeyPress;
use super::keymap::{Binding, Focus, Keymap};
use super::line::LineEditor;
use super::viewport::Viewport;

#[derive(Debug)]
pub struct Help {
    /// Where the keys went when help was opened.
    from: Focus,
    /// As it is in force.
    pub keymap: Arc<Keymap>,
    pub search: LineEditor,
    pub view: Viewport,
}

/// A line of help.
#[derive(Clone, Copy, Debug)]
pub enum HelpLine<'a> {
    Heading(HelpPart),
    /// The binding, and whether it can be run from here.
    Entry(&'a Binding, bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelpPart {
    ThisPane,
    Everywhere,
    Elsewhere,
}

impl HelpPart {
    const ALL: [Self; 3] = [Self::ThisPane, Self::Everywhere, Self::Elsewhere];

    pub fn title(self) -> &'static str {
        match self {
            Self::ThisPane => "In this pane",
            Self::Everywhere => "From anywhere",
            Self::Elsewhere => "Not available here",
        }
    }

    fn of(keymap: &Keymap, binding: &Binding, from: Focus) -> Self {
        match binding.focus {
            Focus::Global => Self::Everywhere,
            focus if from.chain().any(|place| place == focus) => Self::ThisPane,
            // What the copy menu copies.
            _ if binding.action.is_copy() && keymap.reaches(from, binding.action) => Self::Everywhere,
            _ => Self::Elsewhere,
        }
    }
}

impl Help {
    pub fn new(from: Focus, keymap: Arc<Keymap>) -> Self {
        let mut help = Self { from, keymap, search: LineEditor::default(), view: Viewport::default() };
        help.seek_entry(true);
        help
    }

    pub fn from(&self) -> Focus {
        self.from
    }

    /// The lines that the search leaves, in the order in which they help most.
    pub fn lines(&self) -> Vec<HelpLine<'_>> {
        let text = self.search.text().to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        let wanted = |binding: &Binding| {
            let (keys, name) = (keys_text(&self.keymap, binding), binding.action.name());
            let line = format!("{keys} {} {} {name}", binding.desc, binding.focus.title()).to_lowercase();
            words.iter().all(|word| line.contains(word))
        };
        let mut lines = Vec::new();
        for part in HelpPart::ALL {
            let bindings = self.keymap.bindings().iter();
            let of_part = bindings.filter(|b| self.part_of(b) == Some(part) && wanted(b));
            let mut entries = of_part.map(|b| HelpLine::Entry(b, part != HelpPart::Elsewhere)).peekable();
            if entries.peek().is_some() {
                lines.push(HelpLine::Heading(part));
                lines.extend(entries);
            }
        }
        lines
    }

    /// Where a binding is listed. What works everywhere is not told again for each dialog.
    fn part_of(&self, binding: &Binding) -> Option<HelpPart> {
        let part = HelpPart::of(&self.keymap, binding, self.from);
        let everywhere = matches!(binding.action, Action::Quit | Action::Redraw | Action::Suspend);
        (part != HelpPart::Elsewhere || !everywhere).then_some(part)
    }

    /// Entries that the search leaves, and all there are.
    pub fn count(&self) -> (usize, usize) {
        let shown = self.lines().iter().filter(|line| matches!(line, HelpLine::Entry(..))).count();
        let all = self.keymap.bindings().iter().filter(|binding| self.part_of(binding).is_some()).count();
        (shown, all)
    }

    pub fn edit(&mut self, key: KeyPress) {
        if self.search.edit(key) {
            self.searched();
        }
    }

    pub fn paste(&mut self, text: &str) {
        self.search.paste(text);
        self.searched();
    }

    fn searched(&mut self) {
        self.view.cursor = 0;
        self.view.offset = 0;
        self.seek_entry(true);
    }

    pub fn act(&mut self, action: Action) {
        if self.view.act(action, self.lines().len()) {
            self.seek_entry(!matches!(action, Action::LineUp | Action::PageUp));
        }
    }

    pub fn resize(&mut self, rows: u16) {
        self.view.resize(rows, self.lines().len());
    }

    /// What Enter runs, and whether it can be run from here.
    pub fn chosen(&self) -> Option<(Action, bool)> {
        match self.lines().get(self.view.cursor) {
            Some(HelpLine::Entry(binding, here)) => Some((binding.action, *here)),
            _ => None,
        }
    }

    /// Headings are no place for the cursor.
    fn seek_entry(&mut self, down: bool) {
        let lines = self.lines();
        let is_entry = |at: &usize| matches!(lines.get(*at), Some(HelpLine::Entry(..)));
        let here = self.view.cursor;
        let below = (here..lines.len()).find(is_entry);
        let above = (0..here).rev().find(is_entry);
        let place = if down { below.or(above) } else { (0..=here).rev().find(is_entry).or(below) };
        self.view.move_to(place.unwrap_or_default(), lines.len());
        if !down && place == Some(1) {
            self.view.offset = 0;
        }
    }
}

/// The keys as people press them: those of the copy menu after the one that opens it.
pub fn keys_text(keymap: &Keymap, binding: &Binding) -> String {
    let menu = keymap.key_for(Focus::List, Action::CopyMenu);
    match menu.filter(|_| binding.focus == Focus::Copy && binding.action.is_copy()) {
        Some(menu) => binding.keys.first().map(|key| format!("{menu} {key}")).unwrap_or_default(),
        None => binding.keys_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_every_action_this_pane_first() {
        let help = Help::new(Focus::Tree, Arc::clone(Keymap::built_in()));
        let lines = help.lines();
        for action in Action::all() {
            assert!(lines.iter().any(|line| matches!(line, HelpLine::Entry(b, _) if b.action == action)), "{action:?}");
        }
        assert_eq!(help.count().0, help.count().1);
        assert!(matches!(lines[0], HelpLine::Heading(HelpPart::ThisPane)));
        assert!(matches!(lines[1], HelpLine::Entry(b, true) if b.focus == Focus::Tree));
        assert_eq!(help.view.cursor, 1);
    }

    #[test]
    fn it_is_searched_by_words_and_runs_what_is_found() {
        let mut help = Help::new(Focus::List, Arc::clone(Keymap::built_in()));
        help.paste("histogram show");
        assert_eq!(help.count().0, 1);
        assert_eq!(help.chosen(), Some((Action::ToggleHistogram, true)));
        help.paste(" nonsense");
        assert_eq!((help.count().0, help.chosen()), (0, None));
    }

    #[test]
    fn what_cannot_be_done_here_is_told_but_not_run() {
        let mut help = Help::new(Focus::List, Arc::clone(Keymap::built_in()));
        help.paste("unfold everything");
        assert_eq!((help.count().0, help.chosen()), (1, Some((Action::UnfoldAll, false))));
    }

    #[test]
    fn actions_are_found_by_their_names_and_copies_work_everywhere() {
        let mut help = Help::new(Focus::Tree, Arc::clone(Keymap::built_in()));
        help.paste("copy-query");
        assert_eq!((help.count().0, help.chosen()), (1, Some((Action::CopyQuery, true))));
        let lines = help.lines();
        let Some(HelpLine::Entry(binding, _)) = lines.last() else { panic!("no entry") };
        assert_eq!(keys_text(Keymap::built_in(), binding), "y y");
    }
}
