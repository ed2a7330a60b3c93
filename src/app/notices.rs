//! Notices: what went wrong or was done, and which of it is the most important to say.

use crate::domain::ledger::CellKey;
use crate::domain::ocid::Ocid;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::RegionId;
use crate::domain::tenancy::Tenancy;
use crate::domain::text::count_of;
use crate::query::ParseError;

use super::App;
use super::action::Action;
use super::effect::Effect;
use super::exporting::UnderWay;
use super::facts::{Facts, Refusal};
use super::keymap::Keys;
use super::message::CopyReport;

#[derive(Debug, Default)]
pub struct Notices {
    /// Why the tenancy is not known.
    pub undiscovered: Option<Problem>,
    /// Why nothing more is fetched.
    pub halted: Option<Problem>,
    /// Why the scope that was asked for is not the one on screen.
    pub scope: Option<Problem>,
    /// What is wrong with the configuration.
    pub configuration: Option<Problem>,
    /// What of files could not be read, or is known to be missing.
    pub files: Option<String>,
    /// Events that were read are not held.
    pub refused: Option<Problem>,
    /// It was said that events have moved to a file.
    pub spilling_told: bool,
    /// Stays until the next key.
    pub passing: Option<Passing>,
    /// Events are being written to a file.
    pub exporting: Option<UnderWay>,
    pub slowed: Vec<RegionId>,
    /// The user said to make no calls.
    pub paused: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passing {
    Done(String),
    Failed(Problem),
}

/// What stands at the bottom: what it is, more about it, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub level: Level,
    pub what: String,
    /// Where it is narrow this is cut, then left out.
    pub detail: String,
    /// What to do, in words and in fewer of them. Never left out where one of the forms fits.
    pub actions: Vec<String>,
    /// Nothing goes on before somebody does something: worth more than one row.
    pub standing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Something is missing, or stands still.
    Problem,
    /// Something may not be read.
    NoAccess,
    Warning,
    Done,
}

impl Notice {
    pub(super) fn new(level: Level, what: impl Into<String>) -> Self {
        Self { level, what: what.into(), detail: String::new(), actions: Vec::new(), standing: false }
    }

    /// A problem, with the statement to ask for where a policy would help, else with its hint.
    fn of(problem: &Problem) -> Self {
        let level = if problem.kind == ProblemKind::Denied { Level::NoAccess } else { Level::Problem };
        let notice = Self::new(level, &problem.what);
        match statement(problem) {
            Some(statement) => {
                let (verb, _) = statement.split_once(" in ").unwrap_or((statement, ""));
                Self {
                    actions: vec![format!(": ask for “{statement}”"), format!(": ask for “{verb}”")], ..notice
                }
            }
            None => Self { detail: after_colon(&problem.hint), ..notice },
        }
    }

    /// Why what is typed is no query.
    pub fn of_query(text: &str, error: &ParseError, keys: Keys<'_>) -> Self {
        let what = format!("col {}: {}", error.column(text), error.message);
        let suggestion = error.suggestion().map(|suggestion| format!("; {suggestion}")).unwrap_or_default();
        let take = || vec![format!("  {} takes it", keys.name(Action::Complete))];
        let actions = if suggestion.is_empty() { Vec::new() } else { take() };
        Self { detail: suggestion, actions, ..Self::new(Level::Problem, what) }
    }

    /// What Tab found.
    pub fn of_choices(words: String) -> Self {
        Self::new(Level::Done, words)
    }

    /// Everything in one sentence.
    pub fn text(&self) -> String {
        format!("{}{}{}", self.what, self.detail, self.actions.first().map_or("", String::as_str))
    }
}

impl Notices {
    pub fn copied(&mut self, report: &CopyReport) {
        let text = format!("copied {}: {} via {}", report.what, bytes(report.bytes), report.way);
        self.passing = Some(Passing::Done(text));
    }

    /// Why nothing is fetched, if so.
    pub fn standing(&self) -> Option<&Problem> {
        self.undiscovered.as_ref().or(self.halted.as_ref())
    }

    /// The most important thing to say; `None` when all is well.
    pub fn line(&self, facts: &Facts, tenancy: Option<&Tenancy>, keys: Keys<'_>) -> Option<Notice> {
        match &self.passing {
            Some(Passing::Failed(failed)) => return Some(Notice::of(failed)),
            Some(Passing::Done(text)) => return Some(Notice::new(Level::Done, text)),
            None => {}
        }
        self.exporting
            .as_ref()
            .map(UnderWay::notice)
            .or_else(|| self.standing().map(|problem| stands_still(problem, keys)))
            .or_else(|| self.scope.as_ref().map(Notice::of))
            .or_else(|| self.refused.as_ref().map(Notice::of))
            .or_else(|| self.files.as_ref().map(|problem| Notice::new(Level::Problem, problem)))
            .or_else(|| self.configuration.as_ref().map(Notice::of))
            .or_else(|| self.pause(facts, keys))
            .or_else(|| gaps(facts, tenancy, keys))
            .or_else(|| tenancy.and_then(|tenancy| tenancy.partial.as_ref()).map(Notice::of))
            .or_else(|| refusals(facts, tenancy))
            .or_else(|| self.slowing())
    }

    fn pause(&self, facts: &Facts, keys: Keys<'_>) -> Option<Notice> {
        let waiting = facts.coverage.unfinished();
        let detail = if waiting > 0 { format!(": {} wait", count_of(waiting as u64, "slice")) } else { String::new() };
        let actions = vec![format!("  {} goes on", keys.name(Action::TogglePause))];
        self.paused.then(|| Notice { detail, actions, ..Notice::new(Level::Warning, "fetching is paused") })
    }

    fn slowing(&self) -> Option<Notice> {
        let regions: Vec<&str> = self.slowed.iter().map(RegionId::as_str).collect();
        let detail = format!(": the service asks for fewer requests in {}", regions.join(", "));
        (!regions.is_empty()).then(|| Notice { detail, ..Notice::new(Level::Warning, "slowing down") })
    }
}

impl App {
    /// Says what was done, or why there is nothing to do, until the next key.
    pub(super) fn say(&mut self, what: impl Into<String>) -> Vec<Effect> {
        self.notices.passing = Some(Passing::Done(what.into()));
        Vec::new()
    }

    /// Says why what was asked for cannot be.
    pub(super) fn fail(&mut self, why: impl Into<String>) -> Vec<Effect> {
        self.tell(Problem::usage(why))
    }

    pub(super) fn tell(&mut self, problem: Problem) -> Vec<Effect> {
        self.notices.passing = Some(Passing::Failed(problem));
        Vec::new()
    }
}

fn stands_still(problem: &Problem, keys: Keys<'_>) -> Notice {
    Notice {
        detail: after_colon(&problem.hint),
        actions: vec![format!("  {} tries again", keys.name(Action::Refresh))],
        standing: true,
        ..Notice::new(Level::Problem, &problem.what)
    }
}

fn gaps(facts: &Facts, tenancy: Option<&Tenancy>, keys: Keys<'_>) -> Option<Notice> {
    let (cell, problem) = facts.failure.as_ref()?;
    let (failed, all) = (facts.coverage.failed, facts.coverage.total());
    Some(Notice {
        detail: format!(": {} {}", place(cell, tenancy), problem.what),
        actions: vec![format!("  {} retries", keys.name(Action::Refresh))],
        ..Notice::new(Level::Problem, format!("{failed} of {all} slices failed"))
    })
}

fn refusals(facts: &Facts, tenancy: Option<&Tenancy>) -> Option<Notice> {
    let refusal = facts.refusals.first()?;
    let names: Vec<String> = facts.refusals.iter().map(|refusal| name(refusal, tenancy)).collect();
    let (what, detail) = match names.as_slice() {
        [name] => (name.clone(), format!(" ({})", regions(refusal, tenancy))),
        [first, rest @ ..] => (format!("{first} and {} more", rest.len()), format!(" ({})", rest.join(", "))),
        [] => return None,
    };
    let actions = match &refusal.statement {
        // Who says no without naming a permission is no service of Oracle's.
        None => vec![after_colon(&refusal.problem.hint)],
        Some(statement) if names.len() == 1 => {
            vec![format!(": ask for “{statement}”"), ": ask for “read audit-events” there".to_owned()]
        }
        Some(_) => vec![
            ": ask for “read audit-events” in each, or in the tenancy".to_owned(),
            ": ask for “read audit-events”".to_owned(),
        ],
    };
    Some(Notice { detail, actions, ..Notice::new(Level::NoAccess, format!("no access: {what}")) })
}

/// `prod/prod-db and 3 below`
fn name(refusal: &Refusal, tenancy: Option<&Tenancy>) -> String {
    let path = path(&refusal.compartment, tenancy);
    if refusal.below == 0 { path } else { format!("{path} and {} below", refusal.below) }
}

fn regions(refusal: &Refusal, tenancy: Option<&Tenancy>) -> String {
    match refusal.regions.as_slice() {
        [region] => key(region, tenancy),
        regions => format!("{} regions", regions.len()),
    }
}

/// `prod/prod-db@iad`
fn place(cell: &CellKey, tenancy: Option<&Tenancy>) -> String {
    format!("{}@{}", path(&cell.compartment, tenancy), key(&cell.region, tenancy))
}

fn path(compartment: &Ocid, tenancy: Option<&Tenancy>) -> String {
    let known = tenancy.and_then(|tenancy| Some(tenancy.tree.path(tenancy.tree.find(compartment)?)));
    known.unwrap_or_else(|| compartment.short())
}

fn key(region: &RegionId, tenancy: Option<&Tenancy>) -> String {
    let known = tenancy.and_then(|tenancy| tenancy.region_named(region.as_str()));
    known.map_or_else(|| region.to_string(), |known| known.key.clone())
}

/// What a policy would have to say, where the hint holds a statement: `read audit-events in compartment payments`.
pub fn statement(problem: &Problem) -> Option<&str> {
    problem.hint.lines().find_map(|line| line.strip_prefix("Allow group <group> to "))
}

/// The first line of what to do, behind what happened.
fn after_colon(hint: &str) -> String {
    let line = hint.lines().next().unwrap_or_default();
    if line.is_empty() { String::new() } else { format!(": {line}") }
}

fn bytes(bytes: usize) -> String {
    if bytes < 10_000 { format!("{bytes} bytes") } else { format!("{} kB", bytes / 1_000) }
}
