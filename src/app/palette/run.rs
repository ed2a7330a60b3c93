//! The palette at work: what is listed as somebody types, and what Enter does.

use crate::app::action::Action;
use crate::app::asking::NotRead;
use crate::app::effect::{CountRequest, Effect};
use crate::app::key::KeyPress;
use crate::app::keymap::Focus;
use crate::app::overlay::Overlay;
use crate::app::values::{MOST, ValuesFound, ValuesRequest};
use crate::app::view::Seen;
use crate::app::{App, Pane};
use crate::domain::ocid::Ocid;
use crate::domain::text::clean_prefix;
use crate::domain::time_phrase::{format_length, parse_range};
use crate::query::{Field, FuzzyFind, Subject, Term};

use super::{Command, Palette, PaletteLine, Wanted, commands};

impl App {
    pub(in crate::app) fn open_palette(&mut self) -> Vec<Effect> {
        self.overlay = Some(Overlay::Palette(Palette::new(self.key_focus())));
        self.palette_edited()
    }

    /// Over the query line: what was asked before and has in it what is typed; Enter puts it on the line.
    pub(in crate::app) fn search_history(&mut self) -> Vec<Effect> {
        let typed = self.prompt.as_ref().map(|prompt| prompt.line.text()).unwrap_or_default();
        let mut palette = Palette::new(self.key_focus());
        palette.line.set(&format!(">{typed}"));
        self.overlay = Some(Overlay::Palette(palette));
        self.palette_edited()
    }

    fn palette_mut(&mut self) -> Option<&mut Palette> {
        match &mut self.overlay {
            Some(Overlay::Palette(palette)) => Some(palette),
            _ => None,
        }
    }

    pub fn palette(&self) -> Option<&Palette> {
        match &self.overlay {
            Some(Overlay::Palette(palette)) => Some(palette),
            _ => None,
        }
    }

    pub(in crate::app) fn edit_palette(&mut self, key: KeyPress) -> Vec<Effect> {
        let Some(palette) = self.palette_mut() else { return Vec::new() };
        // There is nothing before the colon to delete.
        if palette.line.is_empty() && key == KeyPress::plain(crate::app::key::KeyCode::Backspace) {
            return self.close_palette();
        }
        if palette.line.edit(key) { self.palette_edited() } else { Vec::new() }
    }

    pub(in crate::app) fn paste_in_palette(&mut self, text: &str) -> Vec<Effect> {
        let Some(palette) = self.palette_mut() else { return Vec::new() };
        palette.line.paste(text);
        self.palette_edited()
    }

    /// Lists what is found of what is typed now.
    fn palette_edited(&mut self) -> Vec<Effect> {
        let Some(palette) = self.palette() else { return Vec::new() };
        let text = palette.line.text();
        let lines = match Wanted::of(&text) {
            Wanted::Command(text) => commands(self.keymap(), palette.from, text),
            Wanted::Compartment(text) => self.compartments_like(text),
            Wanted::Query(text) => self.queries_like(text),
            Wanted::View(text) => self.views_like(text),
            Wanted::User(text) => return self.look_for_users(text.to_owned()),
        };
        if let Some(palette) = self.palette_mut() {
            palette.is_waiting = false;
            palette.list(lines);
        }
        Vec::new()
    }

    fn compartments_like(&self, text: &str) -> Vec<PaletteLine> {
        let Some(tenancy) = &self.tenancy else { return Vec::new() };
        let tree = &tenancy.tree;
        let find = FuzzyFind::new(text);
        let line = |node| PaletteLine::Compartment { id: tree.get(node).id.clone(), path: tree.path(node) };
        if text.is_empty() {
            return tree.nodes().take(MOST).map(line).collect();
        }
        let mut found: Vec<_> =
            tree.nodes().filter_map(|node| Some((std::cmp::Reverse(find.score(&tree.path(node))?), node))).collect();
        found.sort_by_key(|(score, _)| *score);
        found.into_iter().take(MOST).map(|(_, node)| line(node)).collect()
    }

    fn queries_like(&self, text: &str) -> Vec<PaletteLine> {
        let find = FuzzyFind::new(text);
        let recent = self.recent.newest_first().filter(|query| text.is_empty() || find.matches(query));
        recent.take(MOST).map(|query| PaletteLine::Query(query.to_owned())).collect()
    }

    fn views_like(&self, text: &str) -> Vec<PaletteLine> {
        let find = FuzzyFind::new(text);
        let views = self.saved_views().iter();
        let views = views.filter(|view| text.is_empty() || find.matches(&view.name) || find.matches(&view.about));
        views.take(MOST).cloned().map(PaletteLine::View).collect()
    }

    fn look_for_users(&mut self, find: String) -> Vec<Effect> {
        let seen = self.view.clone();
        let Some(palette) = self.palette_mut() else { return Vec::new() };
        palette.is_waiting = seen.is_some();
        palette.list(Vec::new());
        let request = |view| ValuesRequest { seen: Seen(view), field: Field::User, find };
        seen.map(|view| Effect::Count(CountRequest::Values(request(view)))).into_iter().collect()
    }

    pub(in crate::app) fn users_found(&mut self, found: ValuesFound) -> Vec<Effect> {
        if let Some(palette) = self.palette_mut()
            && Wanted::of(&palette.line.text()) == Wanted::User(&found.find)
        {
            palette.is_waiting = false;
            palette.list(found.values.into_iter().map(|(name, events)| PaletteLine::User { name, events }).collect());
        }
        Vec::new()
    }

    pub(in crate::app) fn act_in_palette(&mut self, action: Action) -> Vec<Effect> {
        let Some(palette) = self.palette_mut() else { return Vec::new() };
        match action {
            Action::Cancel => self.close_palette(),
            Action::Open => self.run_palette(),
            Action::Complete => self.complete_palette(),
            Action::LineUp if palette.view.cursor == 0 => self.recall_command(),
            _ => {
                palette.view.act(action, palette.lines.len());
                Vec::new()
            }
        }
    }

    /// Back to where it was opened.
    fn close_palette(&mut self) -> Vec<Effect> {
        self.overlay = self.palette().and_then(|palette| Overlay::below(palette.from));
        Vec::new()
    }

    fn complete_palette(&mut self) -> Vec<Effect> {
        let over_query = self.prompt.is_some();
        let Some(palette) = self.palette_mut() else { return Vec::new() };
        let text = match palette.chosen() {
            Some(PaletteLine::Action { action, .. }) => action.name().into_owned(),
            Some(PaletteLine::Command(_)) if palette.typed().is_some() => return Vec::new(),
            Some(PaletteLine::Command(command)) => format!("{} ", command.name()),
            Some(PaletteLine::Compartment { path, .. }) => format!("#{path}"),
            Some(PaletteLine::User { name, .. }) => format!("@{name}"),
            Some(PaletteLine::View(view)) => format!("!{}", view.name),
            // To be changed before it is asked.
            Some(PaletteLine::Query(_)) if over_query => return self.run_palette(),
            Some(PaletteLine::Query(query)) => format!("query {query}"),
            None => return Vec::new(),
        };
        palette.line.set(&text);
        self.palette_edited()
    }

    /// The command that was run before the one on the line.
    fn recall_command(&mut self) -> Vec<Effect> {
        let Some(palette) = self.palette() else { return Vec::new() };
        let recalled = palette.recalled + 1;
        let Some(text) = self.commands.back(recalled).map(str::to_owned) else { return Vec::new() };
        if let Some(palette) = self.palette_mut() {
            palette.line.set(&text);
            palette.recalled = recalled;
        }
        self.palette_edited()
    }

    fn run_palette(&mut self) -> Vec<Effect> {
        let Some(palette) = self.palette() else { return Vec::new() };
        let typed = palette.typed();
        let chosen = palette.chosen().cloned();
        // Opened over the query line it serves that, and whatever leads elsewhere closes both.
        if let Some(prompt) = &mut self.prompt {
            match &chosen {
                Some(PaletteLine::Query(query)) => {
                    prompt.line.set(query);
                    self.overlay = None;
                    return self.prompt_edited();
                }
                Some(PaletteLine::Action { .. }) | None => {}
                _ => {
                    let left = self.leave_prompt();
                    return [left, self.run_chosen(typed, chosen)].concat();
                }
            }
        }
        self.run_chosen(typed, chosen)
    }

    fn run_chosen(&mut self, typed: Option<(Command, String)>, chosen: Option<PaletteLine>) -> Vec<Effect> {
        if let Some((command, text)) = typed {
            return self.run_command(command, &text);
        }
        match chosen {
            Some(PaletteLine::Action { action, here: true }) => {
                self.commands.remember(&action.name());
                self.close_palette();
                self.act(action)
            }
            Some(PaletteLine::Action { action, here: false }) => {
                let from = self.palette().map_or(Focus::Global, Palette::from);
                self.not_here(action, from)
            }
            Some(PaletteLine::Command(command)) => self.begin_command(command),
            Some(PaletteLine::Compartment { id, .. }) => self.jump_to_compartment(&id),
            Some(PaletteLine::User { name, .. }) => {
                self.overlay = None;
                self.include(Term::is(Subject::Field(Field::User), &name))
            }
            Some(PaletteLine::Query(query)) => self.run_command(Command::Query, &query),
            Some(PaletteLine::View(view)) => {
                self.overlay = None;
                self.use_view(&view)
            }
            None => Vec::new(),
        }
    }

    /// Says where an action works that nobody serves where the keys are.
    pub(in crate::app) fn not_here(&mut self, action: Action, from: Focus) -> Vec<Effect> {
        let place = self.keymap().binding(from, action).map_or("another place", |binding| binding.focus.title());
        let what = format!("{} does nothing here: it works in “{place}”", action.name());
        self.fail(what)
    }

    /// Without a text of its own a command asks for it where that is typed.
    fn begin_command(&mut self, command: Command) -> Vec<Effect> {
        self.overlay = None;
        match command {
            Command::Time => self.act(Action::PickTime),
            Command::Query => {
                self.focus_on(Pane::List);
                self.act(Action::Search)
            }
            Command::Export => {
                let mut palette = Palette::new(self.key_focus());
                palette.line.set("export ");
                self.overlay = Some(Overlay::Palette(palette));
                self.palette_edited()
            }
        }
    }

    /// What cannot be read stays on the line, where it is told why.
    fn run_command(&mut self, command: Command, text: &str) -> Vec<Effect> {
        let typed = format!("{} {text}", command.name());
        match command {
            Command::Time => {
                let Ok(range) = parse_range(text, &self.anchors()) else { return Vec::new() };
                self.commands.remember(&typed);
                self.use_range(range)
            }
            Command::Export => {
                self.commands.remember(&typed);
                self.overlay = None;
                self.export(text)
            }
            Command::Query => match self.read(text) {
                Ok(query) => {
                    self.commands.remember(&typed);
                    let remembered = self.remember(&query.to_string());
                    self.overlay = None;
                    [remembered, self.ask(query)].concat()
                }
                Err(NotRead::Wrong(_)) => Vec::new(),
                // The query line waits for the file, and says so.
                Err(NotRead::Needs(_)) => {
                    self.overlay = None;
                    self.focus_on(Pane::List);
                    self.open_prompt();
                    if let Some(prompt) = &mut self.prompt {
                        prompt.line.set(text);
                    }
                    self.prompt_edited()
                }
            },
        }
    }

    /// Only this compartment and what is below it.
    fn jump_to_compartment(&mut self, id: &Ocid) -> Vec<Effect> {
        self.overlay = None;
        self.focus_on(Pane::List);
        let Some(tenancy) = &self.tenancy else { return Vec::new() };
        let Some(node) = tenancy.tree.find(id) else { return Vec::new() };
        let mut included = self.included.clone();
        included.only_subtree(&tenancy.tree, node);
        self.look_at(included)
    }

    /// What is typed, explained: how it is used, what it stands for, why it cannot be read. `true` where it cannot.
    pub fn palette_usage(&self) -> (String, bool) {
        let Some(palette) = self.palette() else { return (String::new(), false) };
        match palette.typed() {
            Some((Command::Time, text)) => match parse_range(&text, &self.anchors()) {
                Ok(range) => (format!("= {range}  {}, end exclusive", format_length(range.length())), false),
                Err(error) => (error.message, true),
            },
            Some((Command::Export, _)) => match self.export_words() {
                Ok(words) => (words, false),
                Err(why) => (format!("nothing can be written: {why}"), true),
            },
            Some((Command::Query, text)) => match self.read(&text) {
                Ok(query) if query.is_everything() => ("= every event".to_owned(), false),
                Ok(query) => (format!("= {query}"), false),
                Err(NotRead::Wrong(error)) => (error.message, true),
                Err(NotRead::Needs(list)) => (format!("{} is read first", clean_prefix(&list.file, 60)), false),
            },
            None => (self.chosen_usage(palette), false),
        }
    }

    fn chosen_usage(&self, palette: &Palette) -> String {
        match palette.chosen() {
            Some(PaletteLine::Action { action, .. }) => {
                let sentence = self.keymap().binding(palette.from, *action).map_or("", |binding| &binding.desc);
                format!(":{}  {sentence}", action.name())
            }
            Some(PaletteLine::Command(command)) => format!(":{}", command.usage()),
            Some(PaletteLine::Compartment { .. }) => "only this compartment and what is below it".to_owned(),
            Some(PaletteLine::User { .. }) => "only events of this user; how many of all in scope and time".to_owned(),
            Some(PaletteLine::Query(_)) if self.prompt.is_some() => "puts this on the query line".to_owned(),
            Some(PaletteLine::Query(_)) => "asks this again; Tab takes it over to be changed".to_owned(),
            Some(PaletteLine::View(view)) => format!("shows this view: {}", view.query),
            None => String::new(),
        }
    }
}
