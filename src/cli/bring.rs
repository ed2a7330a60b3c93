//! Events for a command that looks at all of them at once: out of files, or read from the tenancy, and what may be said of
//! their completeness.

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};

use super::args::{EventsArgs, FilterArgs, IdentityArgs, ReadArgs};
use super::collect::Reading;
use super::collection::Asked;
use super::connect::connect;
use super::exports::{Completeness, Exports, Verdict};
use super::held::{Held, read_files, send};
use super::interrupt::Interrupt;
use super::memory::{not_held, tell_spilling};
use super::narrow::{groups, narrow};
use super::plan;
use super::report::{self, Finding};
use super::stats::{Load, Opened, Stats};
use super::talk::Talk;
use crate::domain::footprint::Footprint;
use crate::domain::lateness::Added;
use crate::domain::page::Page;
use crate::domain::problem::Problem;
use crate::domain::scope::{Scope, ScopeRequest};
use crate::domain::text::{count_of, thousands};
use crate::domain::time_range::TimeRange;
use crate::export::CoverageDocument;
use crate::export::coverage::Filter;
use crate::files::{FileRead, Places};
use crate::index::{IndexOptions, Snapshot};
use crate::oci::{Env, clock};
use crate::query::{Cancel, Order, Query, Selection, Term, select};

/// What came of it.
pub enum Brought {
    /// Only the plan was asked for, and has been told.
    Planned(ExitCode),
    Events(Box<Events>),
}

/// Everything that was read, and which of it is asked for.
pub struct Events {
    snapshot: Arc<Snapshot>,
    query: Query,
    origin: Origin,
}

/// Where events came from, and what is known of what is not there.
enum Origin {
    Files {
        files: Vec<FileRead>,
        verdict: Verdict,
        code: u8,
        opened: Opened,
    },
    /// Findings of the index beside the document.
    Tenancy {
        document: Box<CoverageDocument>,
        not_held: Vec<Finding>,
    },
}

/// Reads files, where some are named, else the time span. `nothing`: what to say where neither is there.
pub async fn bring(
    identity: &IdentityArgs,
    env: &Env,
    args: &EventsArgs,
    nothing: impl FnOnce() -> Problem,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<Brought, Problem> {
    let asked = args.filter.asked(clock::now(), args.read.when.tz.0)?;
    if !args.paths.is_empty() {
        return of_files(env, args, asked, talk, interrupt).await.map(Brought::events);
    }
    if !args.read.when.names_a_time() {
        return Err(nothing());
    }
    let range = args.read.required_range(clock::now())?;
    let connection = connect(identity, env).await?;
    let reading = Reading::new(&connection, &args.read, range, talk);
    if args.read.plan {
        return plan::run(&reading, false, interrupt).await.map(Brought::Planned);
    }
    let footprint = connection.client.profile().footprint();
    of_fetch(&reading, footprint, args, asked, interrupt).await.map(Brought::events)
}

impl Brought {
    fn events(events: Events) -> Self {
        Self::Events(Box::new(events))
    }
}

impl Events {
    /// The events asked for.
    pub fn selection(&self) -> Option<Selection> {
        select(&self.snapshot, &self.query, Order::NewestFirst, None, &Cancel::new())
    }

    /// Whether there may be more than what was read.
    pub fn is_bound(&self) -> bool {
        match &self.origin {
            Origin::Files { verdict, .. } => verdict.completeness == Completeness::Incomplete,
            Origin::Tenancy { document, .. } => !document.complete,
        }
    }

    /// What the events are of, in words: `2,345 events in 2 files`; `None` where they were read from the tenancy.
    pub fn files_read(&self) -> Option<String> {
        let Origin::Files { files, .. } = &self.origin else { return None };
        let read: u64 = files.iter().map(|file| file.events).sum();
        let all = groups(files.iter()).is_none_or(|groups| groups.skipped == 0);
        let only = if all { "" } else { " read" };
        Some(format!("{}{only} in {}", count_of(read, "event"), count_of(files.len() as u64, "file")))
    }

    /// What is known of what is not there, in a sentence.
    pub fn coverage(&self) -> String {
        match &self.origin {
            Origin::Files { verdict, .. } => verdict.sentence(),
            Origin::Tenancy { document, .. } => report::sentence(document),
        }
    }

    /// Says what is missing and odd, and last the sentence that begins with `lead`, with `parts` for programs.
    pub fn conclude(self, lead: &str, parts: &Value, stats: &Stats, talk: &Talk) -> ExitCode {
        let sentence = format!("{lead}; {}", self.coverage());
        match self.origin {
            Origin::Files { files, verdict, code, opened } => {
                talk.findings(&verdict.findings);
                talk.findings(&oddities(&self.snapshot));
                let load = Load { groups: groups(files.iter()), opened: Some(opened), ..Load::of(&self.snapshot) };
                stats.tell(load, talk);
                talk.summary_of_files(&sentence, code, &parts_of_files(parts, &files, &verdict));
                ExitCode::from(code)
            }
            Origin::Tenancy { mut document, not_held } => {
                document.sentence = sentence;
                talk.findings(&not_held);
                talk.findings(&report::findings(&document));
                talk.findings(&oddities(&self.snapshot));
                stats.tell(Load::of(&self.snapshot), talk);
                talk.summary(&document);
                ExitCode::from(document.exit_code)
            }
        }
    }
}

async fn of_files(
    env: &Env,
    args: &EventsArgs,
    asked: Query,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<Events, Problem> {
    let now = clock::now();
    let range = args.read.when.range(now)?;
    let mut exports = Exports::find(&args.paths)?;
    if let Some(skipped) = exports.skipped() {
        talk.note(&skipped);
    }
    let mut query = narrowed(asked, &args.filter, range);
    exports.narrow(&among(&exports, query.clone(), &args.read.scope(), env), false);
    let held = Held::start(args.index(Footprint::default()));
    let (files, places, bytes) = read_files(&exports, narrow(&query), &held, env, talk, interrupt).await?;
    let snapshot = Arc::clone(&tokio::task::block_in_place(|| held.finish()).snapshot);
    scoped(&mut query, &args.read.scope(), &places)?;
    let ReadArgs { padding, settling, .. } = args.read;
    let mut verdict =
        exports.judge(&files, range, &Asked { query: &query, now, padding, settling, strict: args.verdict.strict });
    if let Some(finding) = exports.below_unknown(&args.read.scope()) {
        verdict.lacks(finding);
    }
    let opened = opened(&exports, &files, bytes);
    tell_spilling(&snapshot, talk);
    if let Some(finding) = not_held(&snapshot) {
        verdict.lacks(finding);
    }
    let code = verdict.exit_code(args.verdict.fail_on);
    Ok(Events { snapshot, query, origin: Origin::Files { files, verdict, code, opened } })
}

async fn of_fetch(
    reading: &Reading<'_>,
    footprint: Footprint,
    args: &EventsArgs,
    asked: Query,
    interrupt: &mut Interrupt,
) -> Result<Events, Problem> {
    let held = Held::start(args.index(footprint));
    let sender = held.sender();
    let mut take = |page: &Page| tokio::task::block_in_place(|| send(&sender, page.clone())).map(|()| Added::default());
    let mut collected = reading.collect(&mut take, interrupt).await?;
    let holdings = tokio::task::block_in_place(|| held.finish());
    collected.lose(&holdings.ledger);
    let snapshot = Arc::clone(&holdings.snapshot);
    tell_spilling(&snapshot, reading.talk);
    let mut document = reading.document(&collected, filter(&args.filter));
    document.interrupted = interrupt.happened();
    let gone = args.verdict.strict && document.totals.gone > 0;
    document.complete = document.leaves_nothing_open() && !gone;
    document.exit_code = report::exit_code(&document, args.verdict.strict, args.verdict.fail_on);
    let not_held = not_held(&snapshot).into_iter().collect();
    let query = narrowed(asked, &args.filter, Some(reading.range));
    Ok(Events { snapshot, query, origin: Origin::Tenancy { document: Box::new(document), not_held } })
}

impl EventsArgs {
    fn index(&self, footprint: Footprint) -> IndexOptions {
        IndexOptions { footprint, max_memory: self.memory.max_memory, ..IndexOptions::default() }
    }
}

fn parts_of_files(parts: &Value, files: &[FileRead], verdict: &Verdict) -> Value {
    let mut all = parts.clone();
    let completeness = verdict.completeness;
    let collected = verdict.extent.as_ref().map(|extent| {
        json!({ "places": extent.places, "minutes": extent.wanted, "collectedMinutes": extent.read, "percent": extent.percent() })
    });
    let of_files = json!({
        "events": files.iter().map(|file| file.events).sum::<u64>(),
        "files": files.len(),
        "coverage": completeness.word(),
        "complete": completeness == Completeness::Complete,
        "collected": collected,
    });
    if let (Some(all), Value::Object(of_files)) = (all.as_object_mut(), of_files) {
        all.extend(of_files);
    }
    all
}

/// As far as the places are known by their ids before anything is read, so that the files of others are not opened.
pub fn among(exports: &Exports, mut query: Query, request: &ScopeRequest, env: &Env) -> Query {
    let mut places = Places::default();
    exports.expect_places(&mut places, env);
    let regions = ScopeRequest {
        regions: request.regions.clone(),
        exclude_regions: request.exclude_regions.clone(),
        ..ScopeRequest::default()
    };
    // What is a name may be known by what is read; then the scope is asked once more.
    let known = scoped(&mut query, request, &places);
    known.or_else(|_| scoped(&mut query, &regions, &places)).unwrap_or_default();
    query
}

/// Narrows to what was asked for; names mean the places that the files name.
pub fn scoped(query: &mut Query, request: &ScopeRequest, places: &Places) -> Result<(), Problem> {
    if *request == ScopeRequest::default() {
        return Ok(());
    }
    let Scope { regions, compartments } = request.resolve(&places.tenancy())?;
    query.push(Term::Region(regions.into_iter().collect()));
    query.push(Term::Queried(compartments.into_iter().collect()));
    Ok(())
}

/// `bytes`: of the files that were read, as they are.
pub fn opened(exports: &Exports, files: &[FileRead], bytes: u64) -> Opened {
    Opened {
        files: files.len() as u64,
        bytes,
        skipped_files: exports.unopened.files.len() as u64,
        skipped_bytes: exports.unopened.bytes,
    }
}

/// `range`: events without a readable time are in none.
pub fn narrowed(mut query: Query, filter: &FilterArgs, range: Option<TimeRange>) -> Query {
    if let Some(range) = range {
        query.push(Term::Time(range));
    }
    query.and_all(filter.access())
}

fn filter(filter: &FilterArgs) -> Filter {
    match (filter.writes, filter.reads) {
        (true, _) => Filter::Writes,
        (_, true) => Filter::Reads,
        _ => Filter::All,
    }
}

/// What was left out, and what is odd.
fn oddities(snapshot: &Snapshot) -> Vec<Finding> {
    let totals = snapshot.totals();
    let note = |count, what: &str| (count > 0).then(|| Finding::new("note", format!("{} {what}", thousands(count))));
    let notes = [
        note(totals.duplicates, "copies of events left out"),
        note(totals.conflicts, "events with an id that other bytes carry as well; all are counted"),
        note(totals.flagged.saturating_sub(totals.conflicts), "events odd in form; counted as far as they can be read"),
    ];
    notes.into_iter().flatten().collect()
}
