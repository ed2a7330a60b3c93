//! What a coverage document says in words: what is missing, why and what to do about it, the coverage in one sentence, and
//! the exit code that goes with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::args::FailOn;
use super::proof::Compared;
use crate::domain::footprint;
use crate::domain::lateness::LatenessSummary;
use crate::domain::ledger::CellState;
use crate::domain::ocid::Ocid;
use crate::domain::problem::Problem;
use crate::domain::region::RegionId;
use crate::domain::text::{clean, count_of, thousands};
use crate::domain::time_phrase::format_length;
use crate::domain::time_range::rfc3339;
use crate::export::coverage::{CellEntry, CompartmentEntry, CoverageDocument, Span};

/// Failures listed one by one, those of every region first; the rest is counted.
const LISTED: usize = 10;

/// Something that is missing, or odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `no access`, `failed` and so on.
    pub word: &'static str,
    pub what: String,
    /// What to do about it.
    pub advice: String,
    pub request_id: Option<String>,
}

impl Finding {
    pub fn new(word: &'static str, what: String) -> Self {
        Self { word, what, advice: String::new(), request_id: None }
    }

    /// A problem of the whole. Files are written by strangers, so it is made harmless once more.
    fn of(word: &'static str, problem: &Problem) -> Self {
        let lines: Vec<_> = problem.hint.lines().map(clean).collect();
        let request_id = problem.request_id.as_deref().map(|id| clean(id).into_owned());
        Self { word, what: clean(&problem.what).into_owned(), advice: lines.join("\n"), request_id }
    }

    /// Good to know, rather than missing.
    pub fn is_no_problem(&self) -> bool {
        matches!(self.word, "note" | "late")
    }

    pub fn to_json(&self) -> Value {
        let mut line = json!({ "type": if self.is_no_problem() { "note" } else { "problem" } });
        if let Some(line) = line.as_object_mut() {
            if !self.is_no_problem() {
                line.insert("kind".into(), self.word.replace(' ', "-").into());
            }
            line.insert("what".into(), self.what.as_str().into());
            line.extend((!self.advice.is_empty()).then(|| ("hint".into(), self.advice.as_str().into())));
            line.extend(self.request_id.as_deref().map(|id| ("requestId".into(), id.into())));
        }
        line
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word, self.what)?;
        if let Some(id) = &self.request_id {
            write!(f, " (opc-request-id {id})")?;
        }
        match (self.advice.as_str(), self.word) {
            ("", _) => Ok(()),
            (policy, "no access") => write!(f, "; ask for\n  {policy}"),
            (advice, _) => write!(f, "\n{advice}"),
        }
    }
}

/// What is missing and what is odd, the worst last but one: notes end it.
pub fn findings(document: &CoverageDocument) -> Vec<Finding> {
    let places = Places::new(&document.compartments, &document.tenancy.id);
    let mut findings = Vec::new();
    findings.extend(document.listing.as_ref().map(|problem| Finding::of("incomplete", problem)));
    findings.extend(document.stopped.as_ref().map(|problem| Finding::of("stopped", problem)));
    findings.extend(refused(document, CellState::Denied, &places));
    findings.extend(refused(document, CellState::Gone, &places));
    findings.extend(failures(document, &places));
    findings.extend(unfinished(document, &places));
    findings.extend(not_read_again(document, &places));
    findings.extend(reader_left(document));
    findings.extend(lateness(document));
    findings.extend(oddities(document));
    findings
}

/// That the file is not the one that the document tells of.
pub fn of_file(document: &CoverageDocument, compared: &Compared) -> Option<Finding> {
    let Compared::Other(why) = compared else { return None };
    let export = document.export.as_ref()?;
    if export.parts.is_some() {
        return Some(Finding::new("changed", format!("the files are not those that were written: {why}")));
    }
    let name = export.file.as_deref().map(clean).unwrap_or_default();
    Some(Finding::new("changed", format!("{name} is not the file that was written: {why}")))
}

/// See `--help`. `strict`: a deleted compartment that no longer answers is missing.
pub fn exit_code(document: &CoverageDocument, strict: bool, fail_on: FailOn) -> u8 {
    if document.interrupted {
        return 130;
    }
    if let Some(problem) = &document.stopped {
        return problem.kind.exit_code();
    }
    match shortfall(document, strict) {
        3 if fail_on == FailOn::Never => 0,
        code => code,
    }
}

/// The exit code for what is missing, however the run ended.
pub fn shortfall(document: &CoverageDocument, strict: bool) -> u8 {
    let coverage = document.coverage();
    if coverage.nothing_readable() {
        5
    } else if !document.leaves_nothing_open() || (strict && coverage.gone > 0) {
        3
    } else {
        0
    }
}

/// `export: 12,418 events, 1,225 of 1,260 slices complete, 2 failed, 3 unfinished, 30 no access`
pub fn sentence(document: &CoverageDocument) -> String {
    let coverage = document.coverage();
    let mut sentence = match &document.export {
        Some(export) => format!("export: {}, ", count_of(export.events, "event")),
        None => "coverage: ".to_owned(),
    };
    let _ = write!(
        sentence,
        "{} of {} complete",
        thousands(coverage.read() as u64),
        count_of(coverage.total() as u64, "slice")
    );
    let parts = [
        (coverage.settling, "of those still settling"),
        (coverage.failed, "failed"),
        (coverage.unfinished(), "unfinished"),
        (coverage.denied, "no access"),
        (coverage.gone, "gone"),
    ];
    for (count, words) in parts.into_iter().filter(|(count, _)| *count > 0) {
        let _ = write!(sentence, ", {} {words}", thousands(count as u64));
    }
    let _ = write!(sentence, "; {}", span(document.range));
    if document.interrupted {
        sentence.push_str("; interrupted");
    }
    sentence
}

/// Compartments that did not let us in, each once with its regions.
fn refused(document: &CoverageDocument, state: CellState, places: &Places<'_>) -> Vec<Finding> {
    let mut regions: BTreeMap<&Ocid, BTreeSet<&str>> = BTreeMap::new();
    for cell in document.cells.iter().filter(|cell| cell.state == state) {
        regions.entry(&cell.compartment).or_default().insert(cell.region.as_str());
    }
    let tell = |(compartment, regions): (&Ocid, BTreeSet<&str>)| {
        let name = places.name(compartment);
        let regions: Vec<_> = regions.into_iter().map(clean).collect();
        let regions = regions.join(", ");
        if state == CellState::Gone {
            return Finding::new("gone", format!("deleted compartment {name} no longer answers ({regions})"));
        }
        let advice = format!("Allow group <group> to read audit-events in {}", places.policy_place(compartment));
        let id = clean(compartment.as_str());
        Finding { advice, ..Finding::new("no access", format!("{name} {id} ({regions})")) }
    };
    regions.into_iter().map(tell).collect()
}

fn failures(document: &CoverageDocument, places: &Places<'_>) -> Vec<Finding> {
    let mut of_region: BTreeMap<&RegionId, usize> = BTreeMap::new();
    let mut failed: Vec<(usize, &CellEntry)> = Vec::new();
    for cell in document.cells.iter().filter(|cell| cell.state == CellState::Failed) {
        let nth = of_region.entry(&cell.region).or_default();
        failed.push((*nth, cell));
        *nth += 1;
    }
    failed.sort_by_key(|(nth, _)| *nth);
    let listed = LISTED.max(of_region.len());
    let tell = |(_, cell): &(usize, &CellEntry)| {
        let problem = cell.problem.as_ref();
        let why = problem.map_or("it is not known why", |problem| &problem.what);
        let name = places.name(&cell.compartment);
        let what = format!("{name} @ {} {}: {}", clean(cell.region.as_str()), minutes(cell.window), clean(why));
        let request_id = problem.and_then(|problem| problem.request_id.as_deref()).map(|id| clean(id).into_owned());
        Finding { request_id, ..Finding::new("failed", what) }
    };
    let mut findings: Vec<Finding> = failed.iter().take(listed).map(tell).collect();
    let more = failed.iter().skip(listed).map(|(_, cell)| *cell);
    findings.extend(by_region("failed", "more in ", more, places));
    findings
}

/// What nobody got round to reading, since the run ended before.
fn unfinished(document: &CoverageDocument, places: &Places<'_>) -> Vec<Finding> {
    let unread = |cell: &&CellEntry| matches!(cell.state, CellState::Queued | CellState::Loading);
    let cells: Vec<&CellEntry> = document.cells.iter().filter(unread).collect();
    with_reasons(by_region("unfinished", "in ", cells.iter().copied(), places), "", &cells)
}

/// Windows that were too young when they were read, and could not be read since. They count as settling, which says
/// nothing of the trouble.
fn not_read_again(document: &CoverageDocument, places: &Places<'_>) -> Vec<Finding> {
    let is_one = |cell: &&CellEntry| cell.state == CellState::Settling && cell.problem.is_some();
    let cells: Vec<&CellEntry> = document.cells.iter().filter(is_one).collect();
    let findings = by_region("not read again", "in ", cells.iter().copied(), places);
    with_reasons(findings, "the newest minutes may lack events: ", &cells)
}

/// Adds what went wrong, if anything did, to findings that are one for each region of `cells`.
fn with_reasons(mut findings: Vec<Finding>, words: &str, cells: &[&CellEntry]) -> Vec<Finding> {
    let mut problems: BTreeMap<&RegionId, Option<&Problem>> = BTreeMap::new();
    for cell in cells {
        let problem = problems.entry(&cell.region).or_default();
        *problem = problem.or(cell.problem.as_ref());
    }
    for (finding, problem) in findings.iter_mut().zip(problems.into_values()) {
        let Some(problem) = problem else { continue };
        let _ = write!(finding.what, "; {words}{}", clean(&problem.what));
        finding.request_id = problem.request_id.as_deref().map(|id| clean(id).into_owned());
    }
    findings
}

/// What was not written because nobody took it.
fn reader_left(document: &CoverageDocument) -> Option<Finding> {
    let left = document.export.as_ref().is_some_and(|export| export.bytes.is_none());
    left.then(|| Finding::new("cut off", "whoever read the output left before its end".to_owned()))
}

/// Every one of these cells by name, a line for each region.
fn by_region<'a>(
    word: &'static str,
    before: &str,
    cells: impl Iterator<Item = &'a CellEntry>,
    places: &Places<'_>,
) -> Vec<Finding> {
    let mut regions: BTreeMap<&RegionId, (usize, BTreeSet<String>)> = BTreeMap::new();
    for cell in cells {
        let (count, names) = regions.entry(&cell.region).or_default();
        *count += 1;
        names.insert(places.name(&cell.compartment));
    }
    let tell = |(region, (count, names)): (&RegionId, (usize, BTreeSet<String>))| {
        let (slices, region) = (count_of(count as u64, "slice"), clean(region.as_str()));
        let names: Vec<String> = names.into_iter().collect();
        Finding::new(word, format!("{slices} {before}{region}: {}", names.join(", ")))
    };
    regions.into_iter().map(tell).collect()
}

/// How late events were, so that nobody need guess how long to wait for them.
fn lateness(document: &CoverageDocument) -> Option<Finding> {
    let LatenessSummary { events, p50_seconds, p99_seconds, max_seconds } = document.lateness?;
    let length = |seconds| format_length(TimeDelta::seconds(seconds));
    let what = format!(
        "{} came when minutes were read again: half of them at most {} after they happened, 99 % at most {}, the last {}",
        count_of(events, "event"),
        length(p50_seconds),
        length(p99_seconds),
        length(max_seconds)
    );
    Some(Finding::new("late", what))
}

pub fn oddities(document: &CoverageDocument) -> Vec<Finding> {
    let Some(export) = &document.export else { return Vec::new() };
    let note = |count, what: &str| Finding::new("note", format!("{} {what}", count_of(count, "event")));
    let mut findings = Vec::new();
    if let Some(redacted) = &export.redacted {
        let names = if redacted.pseudonyms { ", and users and addresses have other names" } else { "" };
        let what = format!("the events are redacted copies: headers, credentials and tokens are left out{names}");
        findings.push(Finding::new("note", what));
    }
    if export.conflicts > 0 {
        findings.push(note(export.conflicts, "with an id that other bytes carry as well; all are kept"));
    }
    if export.flagged > export.conflicts {
        findings.push(note(export.flagged - export.conflicts, "odd in form; kept as received (--meta says how)"));
    }
    if export.own > 0 {
        let are = if export.own == 1 { "is auditui's own read" } else { "are auditui's own reads" };
        findings.push(note(export.own, &format!("{are} (request ids {}...)", footprint::PREFIX)));
    }
    findings
}

/// `2026-03-14T08:00:00Z..2026-03-14T14:00:00Z`
pub fn span(span: Span) -> String {
    format!("{}..{}", rfc3339(span.from), rfc3339(span.until))
}

/// `2026-03-14T08:00Z..2026-03-14T14:00Z`
fn minutes(window: Span) -> String {
    format!("{}..{}", window.from.format("%Y-%m-%dT%H:%MZ"), window.until.format("%Y-%m-%dT%H:%MZ"))
}

/// What compartments are called.
struct Places<'a> {
    paths: BTreeMap<&'a Ocid, &'a str>,
    root: &'a Ocid,
}

impl<'a> Places<'a> {
    fn new(compartments: &'a [CompartmentEntry], root: &'a Ocid) -> Self {
        let paths = compartments.iter().filter_map(|entry| Some((&entry.id, entry.path.as_deref()?)));
        Self { paths: paths.collect(), root }
    }

    fn name(&self, compartment: &Ocid) -> String {
        match self.paths.get(compartment) {
            Some(path) => clean(path).into_owned(),
            None => clean(&compartment.short()).into_owned(),
        }
    }

    fn policy_place(&self, compartment: &Ocid) -> String {
        match self.paths.get(compartment) {
            Some(_) if compartment == self.root => "tenancy".to_owned(),
            Some(path) => format!("compartment {}", clean(path).replace('/', ":")),
            None => format!("compartment id {}", clean(compartment.as_str())),
        }
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
