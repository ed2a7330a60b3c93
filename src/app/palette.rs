//! Palette: everything that can be done, by its name, and what can be jumped to, found by a part of its name.

use std::cmp::Reverse;

use crate::domain::ocid::Ocid;
use crate::query::FuzzyFind;

use super::action::Action;
use super::keymap::{Focus, Keymap};
use super::line::LineEditor;
use super::saved::SavedView;
use super::viewport::Viewport;

mod run;

#[cfg(test)]
mod tests;

#[derive(Debug)]
pub struct Palette {
    /// Where the keys went when it was opened.
    from: Focus,
    pub line: LineEditor,
    pub view: Viewport,
    lines: Vec<PaletteLine>,
    /// Users are being looked for.
    is_waiting: bool,
    /// How many steps back in the commands that were run the line is.
    recalled: usize,
}

/// What Enter would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaletteLine {
    /// `here`: it would be served where the palette was opened.
    Action {
        action: Action,
        here: bool,
    },
    Command(Command),
    Compartment {
        id: Ocid,
        path: String,
    },
    User {
        name: String,
        events: u64,
    },
    Query(String),
    View(SavedView),
}

/// What takes a text of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    Time,
    Query,
    Export,
}

/// Other words for what has a name.
const ALIASES: [(&str, Action); 7] = [
    ("q", Action::Quit),
    ("copy-event", Action::CopyJson),
    ("copy-jq", Action::CopyPath),
    ("copy-permalink", Action::CopyQuery),
    ("copy-cli", Action::CopyExport),
    ("copy-id", Action::CopyEventId),
    ("copy-term", Action::CopyTerm),
];

impl Command {
    const ALL: [Self; 3] = [Self::Time, Self::Query, Self::Export];

    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Query => "query",
            Self::Export => "export",
        }
    }

    pub fn usage(self) -> &'static str {
        match self {
            Self::Time => "time -2h | yesterday | A..B | 13:47~10m",
            Self::Query => "query user:alice is:write",
            Self::Export => "export FILE",
        }
    }

    pub fn sentence(self) -> &'static str {
        match self {
            Self::Time => "Look at this time range",
            Self::Query => "Ask this in place of the query",
            Self::Export => "Write what is listed to a new file, as JSON Lines",
        }
    }

    /// A command and the text behind it, where there is one.
    fn with_argument(text: &str) -> Option<(Self, &str)> {
        let (name, argument) = text.trim().split_once(char::is_whitespace)?;
        let command = match name {
            "time" => Self::Time,
            "query" | "filter" => Self::Query,
            "export" => Self::Export,
            _ => return None,
        };
        Some((command, argument.trim()))
    }
}

/// What the first character says is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted<'a> {
    Command(&'a str),
    Compartment(&'a str),
    User(&'a str),
    Query(&'a str),
    View(&'a str),
}

impl<'a> Wanted<'a> {
    fn of(text: &'a str) -> Self {
        match (text.chars().next(), text.get(1..)) {
            (Some('#'), Some(rest)) => Self::Compartment(rest.trim()),
            (Some('@'), Some(rest)) => Self::User(rest.trim()),
            (Some('>'), Some(rest)) => Self::Query(rest.trim()),
            (Some('!'), Some(rest)) => Self::View(rest.trim()),
            // Typed twice by who is used to it.
            (Some(':'), Some(rest)) => Self::Command(rest.trim_start()),
            _ => Self::Command(text.trim_start()),
        }
    }
}

impl Palette {
    fn new(from: Focus) -> Self {
        Self {
            from,
            line: LineEditor::default(),
            view: Viewport::default(),
            lines: Vec::new(),
            is_waiting: false,
            recalled: 0,
        }
    }

    pub fn from(&self) -> Focus {
        self.from
    }

    pub fn lines(&self) -> &[PaletteLine] {
        &self.lines
    }

    /// Whether what is listed is still being looked for.
    pub fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// What the cursor is on.
    pub fn chosen(&self) -> Option<&PaletteLine> {
        self.lines.get(self.view.cursor)
    }

    /// The command that is typed with a text of its own.
    pub fn typed(&self) -> Option<(Command, String)> {
        let text = self.line.text();
        match Wanted::of(&text) {
            Wanted::Command(text) => Command::with_argument(text).map(|(command, text)| (command, text.to_owned())),
            _ => None,
        }
    }

    pub fn resize(&mut self, rows: u16) {
        self.view.resize(rows, self.lines.len());
    }

    fn list(&mut self, lines: Vec<PaletteLine>) {
        self.lines = lines;
        self.view.move_to(0, self.lines.len());
    }
}

/// What can be done: what it is called comes before what it means, and what cannot be done here comes last.
fn commands(keymap: &Keymap, from: Focus, text: &str) -> Vec<PaletteLine> {
    if let Some((command, _)) = Command::with_argument(text) {
        return vec![PaletteLine::Command(command)];
    }
    let words = text.to_lowercase().replace('-', " ");
    let wanted = words.split_whitespace().collect::<Vec<_>>().join("-");
    let find = FuzzyFind::new(&words);
    let alias = ALIASES.iter().find(|(alias, _)| *alias == wanted).map(|(_, action)| *action);
    // Without a text, what the key row shows comes first: moving about is not what anyone looks for here.
    let rank = |name: &str, sentence: &str, is_alias: bool, is_shown: bool| match find.score(name) {
        _ if wanted.is_empty() => Some((!is_shown, Reverse(0))),
        _ if is_alias || name == wanted => Some((false, Reverse(i64::MAX))),
        Some(score) => Some((false, Reverse(score))),
        None => has_words(sentence, &words).then_some((true, Reverse(0))),
    };
    let of_command = |command: Command| {
        let rank = rank(command.name(), command.sentence(), false, true)?;
        Some(((false, rank), PaletteLine::Command(command)))
    };
    let of_action = |action: Action| {
        let binding = keymap.binding(from, action)?;
        let rank = rank(&action.name(), &binding.desc, alias == Some(action), binding.short.is_some())?;
        let here = keymap.reaches(from, action);
        Some(((!here, rank), PaletteLine::Action { action, here }))
    };
    let mut found: Vec<_> =
        Command::ALL.into_iter().filter_map(of_command).chain(Action::all().filter_map(of_action)).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, line)| line).collect()
}

fn has_words(sentence: &str, words: &str) -> bool {
    let sentence = sentence.to_lowercase();
    words.split_whitespace().all(|word| sentence.contains(word))
}
