//! How the question changes: by the query line, by what the cursor is on, by going back.

use std::cell::RefCell;

use crate::domain::access::Access;
use crate::domain::problem::Problem;
use crate::domain::time_range::TimeRange;
use crate::query::{AccessSet, Expr, Field, ParseContext, ParseError, Query, Subject, Term, ValueList, parse, pasted};

use super::action::Action;
use super::columns::ListColumn;
use super::effect::{Effect, ListName};
use super::files::FilesSeen;
use super::filters::Filters;
use super::history::Place;
use super::keymap::Focus;
use super::line::LineEditor;
use super::prompt::{Fault, Prompt, Purpose};
use super::{App, Included, Pane};

impl App {
    /// Asks this in place of the query line; the switches stay.
    pub fn ask(&mut self, query: Query) -> Vec<Effect> {
        self.change(|filters| filters.ask(query))
    }

    /// Asks for this beside what is asked already.
    pub fn include(&mut self, expr: Expr) -> Vec<Effect> {
        self.change(|filters| filters.include(expr))
    }

    /// Changes the filters as one step, from which there is a way back.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Filters)) -> Vec<Effect> {
        let here = self.place();
        change(&mut self.filters);
        if self.filters == here.filters {
            return Vec::new();
        }
        self.history.leave(here);
        self.select().into_iter().collect()
    }

    /// What is looked at now, and where.
    pub(super) fn place(&self) -> Place {
        Place {
            filters: self.filters.clone(),
            range: self.range,
            all_times: self.shows_all_times(),
            included: self.included.clone(),
            everything: self.tenancy().is_some_and(|tenancy| self.included.is_everything(tenancy)),
            order: self.order,
            at: self.list.line(),
        }
    }

    pub(super) fn travel(&mut self, back: bool) -> Vec<Effect> {
        let Some(place) = self.history.travel(self.place(), back) else {
            return self.say(if back { "this is where it began" } else { "there is nothing further on" });
        };
        self.go_to(place)
    }

    /// Shows what was shown there, the cursor on the same event and line.
    pub(super) fn go_to(&mut self, place: Place) -> Vec<Effect> {
        let Place { filters, mut range, all_times, mut included, everything, order, at } = place;
        // What has come since belongs to it: places, times of files, and the minutes that passed while following.
        if let Some(tenancy) = self.tenancy.as_ref().filter(|_| everything) {
            included = Included::everything(tenancy);
        }
        if let Some(span) = self.files.as_ref().and_then(FilesSeen::span).filter(|_| all_times) {
            range = span;
        }
        if self.is_following() && range.start() == self.range.start() {
            range = self.range;
        }
        let other_range = range != self.range;
        let other_scope = other_range || included != self.included || all_times != self.shows_all_times();
        (self.filters, self.range, self.included, self.order) = (filters, range, included, order);
        if let Some(files) = &mut self.files {
            files.set_all_times(all_times);
        }
        if let Some((key, line)) = at {
            self.list.go_to(key, line);
        }
        if other_range {
            self.set_following(false);
        }
        if other_scope { self.range_changed() } else { self.select().into_iter().collect() }
    }

    pub(super) fn change_filters(&mut self, action: Action) -> Vec<Effect> {
        self.change(|filters| match action {
            Action::CycleAccess => filters.access = filters.access.next(),
            Action::ToggleFailed => filters.failed = !filters.failed,
            Action::ToggleOwn => filters.own = !filters.own,
            Action::ClearFilters => filters.clear(),
            Action::SwitchFilters => filters.switch(),
            _ => {
                filters.remove_last();
            }
        })
    }

    /// Includes or excludes what the cursor is on.
    pub(super) fn narrow_to_value(&mut self, exclude: bool) -> Vec<Effect> {
        match self.term_under_cursor() {
            Ok(term) => self.include(if exclude { term.negated() } else { term }),
            Err(why) => self.fail(format!("nothing to filter by: {why}")),
        }
    }

    /// That an event has the value that the cursor is on.
    pub(super) fn term_under_cursor(&self) -> Result<Expr, String> {
        match self.focus {
            Pane::Tree => {
                let key = |action| self.keymap().name_for(Focus::Tree, action);
                let (one, only) = (key(Action::Toggle), key(Action::OnlyThis));
                Err(format!("in this pane {one} and {only} choose what is looked at"))
            }
            Pane::List => self.term_of_cell().map_err(str::to_owned),
            Pane::Detail => self.detail.term().map_err(str::to_owned),
        }
    }

    fn term_of_cell(&self) -> Result<Expr, &'static str> {
        let row = self.event_row().ok_or("no event is selected")?;
        let field = match self.list.column() {
            ListColumn::Time => {
                let time = row.time().ok_or("the event has no time")?;
                return Ok(Term::Time(TimeRange::minute_of(time)).into());
            }
            ListColumn::Class => {
                return Ok(Term::Access(match row.access() {
                    Access::Read => AccessSet::READS,
                    Access::Write => AccessSet::WRITES,
                    Access::Session => AccessSet::LOGINS,
                })
                .into());
            }
            ListColumn::Resource if row.resource_name().is_empty() => Field::ResourceId,
            ListColumn::User if row.principal_name().is_empty() && !row.caller_name().is_empty() => Field::Caller,
            column => column.field().ok_or("nothing is asked of this column")?,
        };
        let column = field.column().ok_or("nothing is asked of this column")?;
        Ok(Term::is(Subject::Field(field), row.text(column)))
    }
}

/// The query line.
impl App {
    pub(super) fn open_prompt(&mut self) {
        self.leave_histogram();
        let query = self.filters.query().to_string();
        if self.focus == Pane::List && !LineEditor::can_hold(&query) {
            let why = "the query is too long for a line, or has characters that no key types";
            let hint = format!("{} takes its last term away", self.key(Action::RemoveLastFilter));
            self.tell(Problem::usage(why).hint(hint));
            return;
        }
        // Files of values may have changed since.
        self.lists.clear();
        self.prompt = Some(match self.focus {
            Pane::List => Prompt::new(Purpose::FilterEvents, &query),
            Pane::Tree => Prompt::new(Purpose::FindCompartment, self.tree.find_text()),
            Pane::Detail => Prompt::new(Purpose::FindInDetail, self.detail.find_text()),
        });
        self.before_prompt = Some(self.place());
    }

    pub(super) fn act_in_prompt(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Open => self.keep_prompt(),
            Action::Cancel => self.leave_prompt(),
            Action::LineUp | Action::LineDown if self.is_asking() => self.recall(action == Action::LineUp),
            Action::Complete | Action::CompleteBack if self.is_asking() => self.complete(action == Action::Complete),
            Action::SearchHistory if self.is_asking() => self.search_history(),
            _ => self.move_in_pane(action),
        }
    }

    pub(super) fn is_asking(&self) -> bool {
        self.prompt.as_ref().is_some_and(|prompt| prompt.purpose == Purpose::FilterEvents)
    }

    /// A text that is no query stays open: it would be lost, and something else would be on the screen.
    fn keep_prompt(&mut self) -> Vec<Effect> {
        if self.prompt.as_ref().is_some_and(|prompt| prompt.fault.is_some()) {
            return Vec::new();
        }
        let asked = self.is_asking();
        self.prompt = None;
        if let Some(before) = self.before_prompt.take().filter(|before| asked && before.filters != self.filters) {
            self.history.leave(before);
        }
        if asked { self.remember(&self.filters.query().to_string()) } else { Vec::new() }
    }

    /// Keeps a query among those that were asked.
    pub(super) fn remember(&mut self, query: &str) -> Vec<Effect> {
        self.recent.remember(query);
        let path = self.setup.past.path.clone().filter(|_| !query.is_empty());
        path.map(|path| Effect::Remember { query: query.to_owned(), path }).into_iter().collect()
    }

    pub(super) fn leave_prompt(&mut self) -> Vec<Effect> {
        let Some(prompt) = self.prompt.take() else { return Vec::new() };
        match (prompt.purpose, self.before_prompt.take()) {
            (Purpose::FilterEvents, Some(before)) if before.filters != self.filters => self.go_to(before),
            (Purpose::FilterEvents, _) => Vec::new(),
            (purpose, _) => {
                self.find(purpose, &prompt.before);
                Vec::new()
            }
        }
    }

    /// What is typed takes effect as it is typed.
    pub(super) fn prompt_edited(&mut self) -> Vec<Effect> {
        let Some(prompt) = &mut self.prompt else { return Vec::new() };
        if prompt.choices.as_ref().is_some_and(|choices| !choices.are_of(&prompt.line)) {
            prompt.choices = None;
        }
        let text = prompt.line.text();
        if prompt.purpose != Purpose::FilterEvents {
            let purpose = prompt.purpose;
            self.find(purpose, &text);
            return Vec::new();
        }
        let (query, fault, effect) = match self.read(&text) {
            Ok(query) => (Some(query), None, None),
            Err(NotRead::Wrong(error)) => (self.before_fault(&text, &error), Some(Fault::Wrong(error)), None),
            Err(NotRead::Needs(list)) => (None, Some(Fault::Waiting), Some(Effect::ReadList(list))),
        };
        if let Some(prompt) = &mut self.prompt {
            prompt.fault = fault;
        }
        let query = query.filter(|query| query != self.filters.query());
        if let Some(query) = query {
            self.filters.ask(query);
            return self.select().into_iter().collect();
        }
        effect.into_iter().collect()
    }

    /// What stands before a last term that cannot be read, as it cannot while it is being typed: of `user:` that is not
    /// the word user, which could be read a moment ago. `None` where something else is wrong: then all stays as it was.
    fn before_fault(&self, text: &str, error: &ParseError) -> Option<Query> {
        let last = text.get(error.span.start..)?;
        let before = text.get(..error.span.start)?;
        let begins = before.rfind(char::is_whitespace).map_or(0, |space| space + 1);
        let is_last = !last.trim_end().contains(char::is_whitespace);
        self.read(before.get(..begins).filter(|_| is_last)?).ok()
    }

    fn find(&mut self, purpose: Purpose, text: &str) {
        match (purpose, &self.tenancy) {
            (Purpose::FindCompartment, Some(tenancy)) => self.tree.find(text, tenancy),
            (Purpose::FindInDetail, _) => self.detail.find(text),
            _ => {}
        }
    }

    /// Reads a query as it is typed here: times are those of the clock on the screen.
    pub(super) fn read(&self, text: &str) -> Result<Query, NotRead> {
        let needs = RefCell::new(None);
        let read_list = |file: &str, subject: &Subject| {
            let list = ListName { file: file.to_owned(), subject: subject.clone() };
            self.lists.get(&list).cloned().unwrap_or_else(|| {
                needs.borrow_mut().get_or_insert(list);
                Err("it is being read".to_owned())
            })
        };
        let context = ParseContext { now: self.now, zone: self.clock.zone(), read_list: &read_list };
        let query = parse(text, &context);
        match needs.into_inner() {
            Some(list) => Err(NotRead::Needs(list)),
            None => query.map_err(NotRead::Wrong),
        }
    }

    /// A file of values was read, or could not be.
    pub(super) fn list_read(&mut self, list: ListName, values: Result<ValueList, String>) -> Vec<Effect> {
        self.lists.insert(list, values);
        if self.is_asking() { self.prompt_edited() } else { Vec::new() }
    }

    /// Through the queries that were asked before.
    fn recall(&mut self, older: bool) -> Vec<Effect> {
        let Some(prompt) = &mut self.prompt else { return Vec::new() };
        let back = if older { prompt.recalled + 1 } else { prompt.recalled.saturating_sub(1) };
        let text = match back {
            0 => Some(prompt.before.as_str()),
            back => self.recent.back(back),
        };
        let Some(text) = text.filter(|_| back != prompt.recalled) else { return Vec::new() };
        prompt.line.set(text);
        prompt.recalled = back;
        self.prompt_edited()
    }

    /// A text from elsewhere, in the list or on an empty place of the query line, is the term that it looks like.
    pub(super) fn paste_query(&mut self, text: &str) -> Vec<Effect> {
        if self.prompt.is_none() {
            if self.focus != Pane::List {
                return Vec::new();
            }
            self.open_prompt();
            if let Some(prompt) = self.prompt.as_mut().filter(|prompt| !prompt.line.is_empty()) {
                prompt.line.paste(" ");
            }
        }
        let asking = self.is_asking();
        let Some(prompt) = &mut self.prompt else { return Vec::new() };
        let stands_alone = prompt.line.parts().0.chars().last().is_none_or(char::is_whitespace);
        match pasted(text).filter(|_| asking && stands_alone) {
            Some(term) => prompt.line.paste(&term.to_string()),
            None => prompt.line.paste(text),
        }
        self.prompt_edited()
    }
}

/// Why a text is no query yet.
pub(super) enum NotRead {
    Wrong(ParseError),
    /// It names a file of values that was not read.
    Needs(ListName),
}

#[cfg(test)]
#[path = "asking_tests.rs"]
mod tests;
