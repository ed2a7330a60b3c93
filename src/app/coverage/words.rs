//! What the panel says: about a row in a few words, about a cell in some lines, about all of it what it means.

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;
use crate::app::action::Action;
use crate::app::facts::{Facts, Own};
use crate::domain::compartment::NodeId;
use crate::domain::ledger::{Attempt, Cell, CellState};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::RegionId;
use crate::domain::text::{count_of, thousands};
use crate::domain::time_phrase::format_length;

/// A line, and how it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub tone: Tone,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    Title,
    Problem,
    Advice,
    Plain,
    Faint,
}

fn line(tone: Tone, text: impl Into<String>) -> Line {
    Line { tone, text: text.into() }
}

impl App {
    /// The cell that is looked at, the most important line first.
    pub fn about_cell(&self) -> Vec<Line> {
        let Some((cell, title)) = self.panel_cell().map(|cell| (cell, self.title(cell))) else {
            return vec![line(Tone::Faint, "Nothing was asked here yet.")];
        };
        let mut lines = vec![line(Tone::Title, title)];
        if let Some(problem) = cell.problem() {
            lines.push(line(Tone::Problem, problem.what.clone()));
            lines.extend(problem.request_id.iter().map(|id| line(Tone::Plain, format!("opc-request-id {id}"))));
            lines.extend(self.advice(cell, problem).into_iter().take(1));
        }
        lines.extend(self.received(cell).map(|text| line(Tone::Plain, text)));
        lines.push(line(Tone::Faint, call(cell)));
        lines
    }

    /// The same with nothing left out.
    pub fn everything_about_cell(&self) -> Vec<Line> {
        let Some(cell) = self.panel_cell() else { return Vec::new() };
        let mut lines = vec![line(Tone::Title, self.title(cell))];
        if let Some(problem) = cell.problem() {
            lines.push(line(Tone::Problem, problem.what.clone()));
            lines.push(line(Tone::Plain, meaning(problem.kind)));
            lines.extend(self.advice(cell, problem));
            let id = problem.request_id.as_deref().unwrap_or("none was received");
            lines.push(line(Tone::Plain, format!("opc-request-id  {id}")));
        }
        lines.extend(self.received(cell).map(|text| line(Tone::Plain, text)));
        lines.push(line(Tone::Plain, format!("region          {}", cell.key.region)));
        lines.push(line(Tone::Plain, format!("compartment     {}", cell.key.compartment)));
        let window = cell.key.window;
        let length = format_length(TimeDelta::minutes(window.minutes()));
        lines.push(line(Tone::Plain, format!("window          {window}  ({length} of processed time)")));
        lines.push(line(Tone::Faint, call(cell)));
        lines
    }

    /// `prod/prod-db @ us-ashburn-1   failed   2026-03-14T08:00Z..2026-03-14T14:30Z`
    fn title(&self, cell: &Cell) -> String {
        let tree = self.tenancy().map(|tenancy| &tenancy.tree);
        let path = tree.and_then(|tree| Some(tree.path(tree.find(&cell.key.compartment)?)));
        let path = path.unwrap_or_else(|| cell.key.compartment.short());
        format!("{path} @ {}   {}   {}", cell.key.region, self.state_word(cell), cell.key.window)
    }

    pub(super) fn state_word(&self, cell: &Cell) -> &'static str {
        let Some(view) = &self.view else { return "" };
        let again = cell.read.is_some() && cell.is_under_way();
        match view.ledger.state(cell) {
            CellState::Complete if again => "complete, being read again",
            CellState::Settling if again => "settling, being read again",
            CellState::Complete => "complete",
            CellState::Settling => "settling",
            CellState::Gone => "deleted",
            CellState::Queued => "waiting",
            CellState::Loading => "loading",
            CellState::Denied => "no access",
            CellState::Failed => "failed",
        }
    }

    /// What to do: the policy that is missing, else what the problem says.
    fn advice(&self, cell: &Cell, problem: &Problem) -> Vec<Line> {
        let asked = self.statement_for(cell).map(|statement| format!("ask for  Allow group <group> to {statement}"));
        let hint = problem.hint.lines().map(str::to_owned);
        let lines: Vec<String> = if let Some(asked) = asked { vec![asked] } else { hint.collect() };
        let (row, all) = (self.key(Action::RetryRow), self.key(Action::Refresh));
        let retry = || format!("{row} asks for this row again, {all} for everything that failed");
        let retry = lines.is_empty().then(retry);
        lines.into_iter().chain(retry).map(|text| line(Tone::Advice, text)).collect()
    }

    /// That of the topmost compartment that is refused: what allows it allows this one.
    fn statement_for(&self, cell: &Cell) -> Option<&str> {
        let tree = &self.tenancy()?.tree;
        let node = tree.find(&cell.key.compartment)?;
        let is_denied = matches!(cell.attempt, Attempt::Denied(_));
        let covers = |refused: NodeId| {
            (refused.index()..=node.index()).contains(&node.index()) && tree.subtree(refused).any(|below| below == node)
        };
        let refusals = self.facts.refusals.iter().filter(|_| is_denied);
        refusals
            .filter(|refusal| tree.find(&refusal.compartment).is_some_and(covers))
            .find_map(|refusal| refusal.statement.as_deref())
    }

    /// What came of it, and what became of that.
    fn received(&self, cell: &Cell) -> Option<String> {
        let count = |events: u64, pages: u32| {
            format!("{} in {}", count_of(events, "event"), count_of(u64::from(pages), "page"))
        };
        let before = cell
            .broken_off
            .map(|(pages, events)| format!("{} came before that; they are kept, and shown", count(events, pages)));
        let words = match (&cell.attempt, &cell.read) {
            (Attempt::Loading { pages, events }, None) => {
                let why = self.why_nothing_is_asked().map(|why| format!("; {why}")).unwrap_or_default();
                format!("page {} is awaited; {} so far{why}", pages + 1, count_of(*events, "event"))
            }
            (Attempt::Queued, None) => match self.why_nothing_is_asked() {
                Some(why) => format!("waits: {why}"),
                None => format!("waits for its turn; {} asks it next", self.key(Action::AskFirst)),
            },
            (_, Some(read)) => {
                let late =
                    if read.late > 0 { format!(", {} of them late", thousands(read.late)) } else { String::new() };
                let again = before.map(|before| format!("; {before}")).unwrap_or_default();
                format!("read to its end at {}: {}{late}{again}", self.time(read.at), count(read.events, read.pages))
            }
            (Attempt::Failed(_), None) => before.unwrap_or_else(|| "nothing of it was received".to_owned()),
            (_, None) => return before,
        };
        Some(words)
    }

    fn why_nothing_is_asked(&self) -> Option<String> {
        match (self.is_halted(), self.traffic.paused) {
            (true, _) => Some(format!("fetching has stopped, {} tries again", self.key(Action::Refresh))),
            (_, true) => Some(format!("fetching is paused, {} goes on", self.key(Action::TogglePause))),
            _ => None,
        }
    }

    pub fn time(&self, at: DateTime<Utc>) -> String {
        self.clock.zone().at(at).format("%H:%M:%S").to_string()
    }

    /// Behind a row: the first problem, or what is being done.
    pub fn row_note(&self, node: NodeId) -> Line {
        let (Some(own), Some(view)) = (self.facts.own(node), &self.view) else { return line(Tone::Faint, "") };
        let Some(cell) = own.worst.as_ref().and_then(|key| view.ledger.get(key)) else {
            return line(Tone::Faint, if own.coverage.queued > 0 { "not asked yet" } else { "" });
        };
        let key = self.region_key(&cell.key.region);
        match (view.ledger.state(cell), cell.problem()) {
            (CellState::Denied, Some(problem)) => line(Tone::Advice, format!("{key} no access: {}", brief(problem))),
            (CellState::Gone, _) => line(Tone::Faint, "deleted, no answer"),
            (CellState::Failed, Some(problem)) => line(Tone::Problem, format!("{key} {}", brief(problem))),
            (_, Some(problem)) => line(Tone::Problem, format!("{key} not read again: {}", brief(problem))),
            (state, None) => line(Tone::Faint, quiet_note(own, cell, state, &key)),
        }
    }

    pub(super) fn region_key(&self, region: &RegionId) -> String {
        let known = self.tenancy().and_then(|tenancy| tenancy.region_named(region.as_str()));
        known.map_or_else(|| region.to_string(), |known| known.key.clone())
    }

    /// What is true now for whoever reads the screen, the most important first.
    pub fn meanings(&self) -> Vec<String> {
        let Facts { coverage, refusals, .. } = &*self.facts;
        let mut lines = Vec::new();
        if self.traffic.paused {
            lines.push(format!("Paused: nothing more is asked until {}.", self.key(Action::TogglePause)));
        }
        if !self.facts.is_lower_bound() {
            lines.push("All of it was read, and will not grow: every total is exact.".to_owned());
        } else if coverage.total() > 0 && !coverage.is_lower_bound() {
            lines
                .push("What is known of was read, but there may be more: every total is a lower bound (≥).".to_owned());
        } else if coverage.total() > 0 {
            lines.push("Every total is a lower bound (≥) until nothing is missing or settling.".to_owned());
        }
        if coverage.failed > 0 {
            lines.push(format!(
                "× {} failed: their events are not on screen. {} asks again.",
                count_of(coverage.failed as u64, "slice"),
                self.key(Action::Refresh)
            ));
        }
        if let Some(statement) = refusals.iter().find_map(|refusal| refusal.statement.as_ref()) {
            let more = refusals.len() - 1;
            let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
            lines.push(format!("ø no access: ask for “Allow group <group> to {statement}”{more}"));
        }
        if coverage.settling > 0 {
            lines.push(format!(
                "░ settling: read less than {} after their end; read again by itself until it is final.",
                self.view.as_ref().map_or_else(String::new, |view| format_length(view.ledger.settling()))
            ));
        }
        if coverage.unfinished() + coverage.failed + coverage.denied > 0 {
            lines.push("A place without events is only quiet where its slices are complete.".to_owned());
        }
        if coverage.gone > 0 {
            lines.push(format!(
                "- {} of deleted compartments no longer answer.",
                count_of(coverage.gone as u64, "slice")
            ));
        }
        if let Some(problem) = self.tenancy().and_then(|tenancy| tenancy.partial.as_ref()) {
            lines.push(format!("There may be compartments that are not in the list: {}", problem.what));
        }
        if coverage.failed + coverage.denied > 0 && coverage.read() > 0 {
            lines.push("An export of this says what is missing and exits with code 3.".to_owned());
        }
        lines
    }
}

fn quiet_note(own: &Own, cell: &Cell, state: CellState, key: &str) -> String {
    match (state, &cell.attempt) {
        (CellState::Loading, Attempt::Loading { pages, .. }) => format!("{key} page {}…", pages + 1),
        (CellState::Queued, _) => format!("{} of {} wait", own.coverage.queued, own.coverage.total()),
        _ if own.late > 0 => format!("{} came late", thousands(own.late)),
        (CellState::Settling, _) => "settling".to_owned(),
        _ => String::new(),
    }
}

/// Without the place, which the row tells: `503 ServiceUnavailable: …`
fn brief(problem: &Problem) -> &str {
    problem.what.split_once(" answered ").map_or(problem.what.as_str(), |(_, answer)| answer)
}

/// What a problem of this kind means.
fn meaning(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Usage => "The request or the configuration cannot be used as it is.",
        ProblemKind::Authentication => "The service did not accept the key or the token.",
        ProblemKind::Denied => {
            "The service says that it may not be read, or does not exist; it does not tell which of the two."
        }
        ProblemKind::Throttled => "The service asked us to slow down, for longer than we wait.",
        ProblemKind::Service => "The service, or the way to it, did not answer as it should, and kept doing so.",
        ProblemKind::Io => "A file or a connection of this computer failed.",
        ProblemKind::Interrupted => "It was stopped on request.",
    }
}

/// The call that reads the cell's first page, as a service log names it.
pub(super) fn call(cell: &Cell) -> String {
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%MZ").to_string();
    let window = cell.key.window;
    format!(
        "GET /20190901/auditEvents?compartmentId={}&startTime={}&endTime={}",
        cell.key.compartment,
        time(window.start()),
        time(window.end())
    )
}
