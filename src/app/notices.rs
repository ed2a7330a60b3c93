//! Notices: what went wrong or was done, and which of it is the most important to say.

use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::RegionId;
use crate::domain::tenancy::Tenancy;

use super::facts::Facts;
use super::message::CopyReport;

#[derive(Debug, Default)]
pub struct Notices {
    /// Why the tenancy is not known.
    pub undiscovered: Option<Problem>,
    /// Why nothing more is fetched.
    pub halted: Option<Problem>,
    /// Why the scope that was asked for is not the one on screen.
    pub scope: Option<Problem>,
    /// Stays until the next key.
    pub passing: Option<Passing>,
    pub slowed: Vec<RegionId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passing {
    Done(String),
    Failed(Problem),
}

/// The one line at the bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub level: Level,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Something is missing, or stands still.
    Problem,
    Warning,
    Done,
}

impl Notices {
    pub fn copied(&mut self, report: &CopyReport) {
        let text = format!("copied {}: {} via {}", report.what, bytes(report.bytes), report.way);
        self.passing = Some(Passing::Done(text));
    }

    /// The most important thing to say; `None` when all is well.
    pub fn line(&self, facts: &Facts, tenancy: Option<&Tenancy>) -> Option<Notice> {
        let problem = |problem: &Problem| Notice { level: Level::Problem, text: sentence(problem) };
        match &self.passing {
            Some(Passing::Failed(failed)) => return Some(problem(failed)),
            Some(Passing::Done(text)) => return Some(Notice { level: Level::Done, text: text.clone() }),
            None => {}
        }
        let standing = self.undiscovered.as_ref().or(self.halted.as_ref());
        if let Some(standing) = standing {
            return Some(Notice { text: format!("{} (R tries again)", sentence(standing)), ..problem(standing) });
        }
        self.scope
            .as_ref()
            .map(problem)
            .or_else(|| gaps(facts, tenancy))
            .or_else(|| tenancy.and_then(|tenancy| tenancy.partial.as_ref()).map(problem))
            .or_else(|| refusals(facts, tenancy))
            .or_else(|| self.slowing())
    }

    fn slowing(&self) -> Option<Notice> {
        let regions: Vec<&str> = self.slowed.iter().map(RegionId::as_str).collect();
        (!regions.is_empty()).then(|| Notice {
            level: Level::Warning,
            text: format!("slowing down: the service asks for fewer requests in {}", regions.join(", ")),
        })
    }
}

fn gaps(facts: &Facts, tenancy: Option<&Tenancy>) -> Option<Notice> {
    let (cell, problem) = facts.failure.as_ref()?;
    let (failed, all) = (facts.coverage.failed, facts.coverage.total());
    let of_which = place(cell, tenancy);
    Some(Notice {
        level: Level::Problem,
        text: format!("{failed} of {all} slices failed, R retries: {of_which} {}. Results are partial", problem.what),
    })
}

fn refusals(facts: &Facts, tenancy: Option<&Tenancy>) -> Option<Notice> {
    let (cell, problem) = facts.refusal.as_ref()?;
    let (denied, all) = (facts.coverage.denied, facts.coverage.total());
    let hint = if problem.kind == ProblemKind::Denied { first_line(&problem.hint) } else { String::new() };
    Some(Notice {
        level: Level::Warning,
        text: format!("no access to {denied} of {all} slices, such as {}: {hint}", place(cell, tenancy)),
    })
}

/// `prod/prod-db@iad`
fn place(cell: &crate::domain::ledger::CellKey, tenancy: Option<&Tenancy>) -> String {
    let compartment = tenancy.and_then(|tenancy| Some(tenancy.tree.path(tenancy.tree.find(&cell.compartment)?)));
    let region =
        tenancy.and_then(|tenancy| tenancy.region_named(cell.region.as_str())).map(|region| region.key.clone());
    let compartment = compartment.unwrap_or_else(|| cell.compartment.short());
    format!("{compartment}@{}", region.unwrap_or_else(|| cell.region.to_string()))
}

/// What happened, and the first line of what to do about it.
fn sentence(problem: &Problem) -> String {
    let hint = first_line(&problem.hint);
    if hint.is_empty() { problem.what.clone() } else { format!("{}: {hint}", problem.what) }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn bytes(bytes: usize) -> String {
    if bytes < 10_000 { format!("{bytes} bytes") } else { format!("{} kB", bytes / 1_000) }
}
