//! `auditui count`: how many events, by what they have in common.

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::args::{CountArgs, FilterArgs, IdentityArgs, ListingFormat};
use super::collect::Reading;
use super::connect::{Connection, connect};
use super::exports::{Completeness, Exports};
use super::held::{Held, read_files, send};
use super::interrupt::Interrupt;
use super::listing::{aligned, print_text};
use super::memory::{not_held, tell_spilling};
use super::plan;
use super::report::{self, Finding};
use super::stats::{Load, Stats};
use super::talk::Talk;
use crate::domain::footprint::Footprint;
use crate::domain::lateness::Added;
use crate::domain::page::Page;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::scope::{Scope, ScopeRequest};
use crate::domain::text::{clean_json, clean_prefix, count_of, thousands};
use crate::domain::time_range::TimeRange;
use crate::export::coverage::Filter;
use crate::files::{FileRead, Places};
use crate::index::{IndexOptions, Snapshot};
use crate::oci::{Env, clock};
use crate::query::{By, Cancel, Order, Query, Term, Tuple, count, select};

/// Characters of a value in a table.
const WIDEST: usize = 80;

/// In a table, for what an event has not.
const NONE: &str = "(none)";

pub async fn run(
    identity: &IdentityArgs,
    env: &Env,
    args: &CountArgs,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<ExitCode, Problem> {
    let stats = Stats::begin(args.stats);
    // Before anything is looked for: this is what the user can mend without an account.
    let by = fields(&args.by)?;
    let asked = args.filter.asked(clock::now(), args.read.when.tz.0)?;
    if !args.paths.is_empty() {
        return of_files(env, args, &by, asked, talk, interrupt, &stats).await;
    }
    if !args.read.when.names_a_time() {
        return Err(Problem::usage("count what? name files, or a time span to read")
            .hint("auditui count events.jsonl --by user, or auditui count --since 6h --by user"));
    }
    let range = args.read.required_range(clock::now())?;
    let connection = connect(identity, env).await?;
    let reading = Reading::new(&connection, &args.read, range, talk);
    if args.read.plan {
        return plan::run(&reading, false, interrupt).await;
    }
    of_fetch(&connection, &reading, args, &by, asked, interrupt, &stats).await
}

/// What to count by, or the nearest names there are.
fn fields(names: &[String]) -> Result<Vec<By>, Problem> {
    let field = |name: &String| {
        By::named(name.trim()).ok_or_else(|| {
            let all: Vec<&str> = By::names().collect();
            let problem = Problem::usage(format!("--by {}: there is no such field", clean_prefix(name, 40)));
            problem.hint(match By::nearest(name.trim()).as_slice() {
                [] => format!("there are: {}", all.join(" ")),
                near => format!("did you mean {}? There are: {}", near.join(" or "), all.join(" ")),
            })
        })
    };
    names.iter().map(field).collect()
}

async fn of_files(
    env: &Env,
    args: &CountArgs,
    by: &[By],
    asked: Query,
    talk: &Talk,
    interrupt: &mut Interrupt,
    stats: &Stats,
) -> Result<ExitCode, Problem> {
    let range = args.read.when.range(clock::now())?;
    let exports = Exports::find(&args.paths)?;
    if let Some(skipped) = exports.skipped() {
        talk.note(&skipped);
    }
    let held = Held::start(args.index(Footprint::default()));
    let (files, places) = read_files(&exports, &held, env, talk, interrupt).await?;
    let snapshot = Arc::clone(&tokio::task::block_in_place(|| held.finish()).snapshot);
    let mut query = narrowed(asked, &args.filter, range);
    scoped(&mut query, &args.read.scope(), &places)?;
    let tuples = counted(&snapshot, &query, by)?;
    let mut verdict = exports.judge(&files, range);
    let not_held = not_held(&snapshot);
    tell_spilling(&snapshot, talk);
    if let Some(finding) = not_held {
        verdict.lacks(finding);
    }
    let is_bound = verdict.completeness == Completeness::Incomplete;
    print(&tuples, by, args.output, is_bound)?;
    talk.findings(&verdict.findings);
    talk.findings(&oddities(&snapshot));
    stats.tell(Load::of(&snapshot), talk);
    let code = verdict.exit_code(args.verdict.fail_on);
    talk.summary_of_files(
        &sentence(&tuples, &files, verdict.completeness),
        code,
        &parts(&tuples, &files, verdict.completeness),
    );
    Ok(ExitCode::from(code))
}

/// `count: 1,234 of 2,345 events in 2 files; coverage unknown: …`
fn sentence(tuples: &[Tuple], files: &[FileRead], completeness: Completeness) -> String {
    let read: u64 = files.iter().map(|file| file.events).sum();
    let (count, files) = (thousands(total(tuples)), count_of(files.len() as u64, "file"));
    format!("count: {count} of {} in {files}; {}", count_of(read, "event"), completeness.sentence())
}

fn parts(tuples: &[Tuple], files: &[FileRead], completeness: Completeness) -> Value {
    let read: u64 = files.iter().map(|file| file.events).sum();
    json!({
        "count": total(tuples),
        "events": read,
        "files": files.len(),
        "coverage": completeness.word(),
        "complete": completeness == Completeness::Complete,
    })
}

/// Narrows to what was asked for; names mean the places that the files name.
fn scoped(query: &mut Query, request: &ScopeRequest, places: &Places) -> Result<(), Problem> {
    if *request == ScopeRequest::default() {
        return Ok(());
    }
    let Scope { regions, compartments } = request.resolve(&places.tenancy())?;
    query.push(Term::Region(regions.into_iter().collect()));
    query.push(Term::Queried(compartments.into_iter().collect()));
    Ok(())
}

async fn of_fetch(
    connection: &Connection,
    reading: &Reading<'_>,
    args: &CountArgs,
    by: &[By],
    asked: Query,
    interrupt: &mut Interrupt,
    stats: &Stats,
) -> Result<ExitCode, Problem> {
    let held = Held::start(args.index(connection.client.profile().footprint()));
    let sender = held.sender();
    let mut take = |page: &Page| tokio::task::block_in_place(|| send(&sender, page.clone())).map(|()| Added::default());
    let mut collected = reading.collect(&mut take, interrupt).await?;
    let holdings = tokio::task::block_in_place(|| held.finish());
    collected.lose(&holdings.ledger);
    let snapshot = Arc::clone(&holdings.snapshot);
    tell_spilling(&snapshot, reading.talk);
    let tuples = counted(&snapshot, &narrowed(asked, &args.filter, Some(reading.range)), by)?;
    let mut document = reading.document(&collected, filter(&args.filter));
    document.interrupted = interrupt.happened();
    let gone = args.verdict.strict && document.totals.gone > 0;
    document.complete = document.leaves_nothing_open() && !gone;
    document.exit_code = report::exit_code(&document, args.verdict.strict, args.verdict.fail_on);
    document.sentence = format!("count: {}; {}", count_of(total(&tuples), "event"), report::sentence(&document));
    print(&tuples, by, args.output, !document.complete)?;
    reading.talk.findings(&not_held(&snapshot).into_iter().collect::<Vec<_>>());
    reading.talk.findings(&report::findings(&document));
    reading.talk.findings(&oddities(&snapshot));
    stats.tell(Load::of(&snapshot), reading.talk);
    reading.talk.summary(&document);
    Ok(ExitCode::from(document.exit_code))
}

impl CountArgs {
    fn index(&self, footprint: Footprint) -> IndexOptions {
        IndexOptions { footprint, max_memory: self.memory.max_memory, ..IndexOptions::default() }
    }
}

/// `range`: events without a readable time are in none.
fn narrowed(mut query: Query, filter: &FilterArgs, range: Option<TimeRange>) -> Query {
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

fn counted(snapshot: &Arc<Snapshot>, query: &Query, by: &[By]) -> Result<Vec<Tuple>, Problem> {
    tokio::task::block_in_place(|| {
        let selection = select(snapshot, query, Order::NewestFirst, None, &Cancel::new());
        selection.map(|selection| count(&selection, by))
    })
    .ok_or_else(|| Problem::new(ProblemKind::Interrupted, "interrupted while counting"))
}

fn total(tuples: &[Tuple]) -> u64 {
    tuples.iter().map(|tuple| tuple.count).sum()
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

/// `is_bound`: there may be more than was counted.
fn print(tuples: &[Tuple], by: &[By], format: ListingFormat, is_bound: bool) -> Result<(), Problem> {
    match format {
        ListingFormat::Table => print_text(&table(tuples, by, is_bound)),
        ListingFormat::Json => print_text(&json(tuples, by)),
    }
}

fn table(tuples: &[Tuple], by: &[By], is_bound: bool) -> String {
    let at_least = if is_bound { ">=" } else { "" };
    let mut rows = vec![by.iter().map(|by| by.name().to_uppercase()).chain(["COUNT".to_owned()]).collect::<Vec<_>>()];
    rows.extend(tuples.iter().map(|tuple| {
        let values = tuple.values.iter();
        let values =
            values.map(|value| value.as_deref().map_or(NONE.into(), |text| clean_prefix(text, WIDEST).into_owned()));
        values.chain([format!("{at_least}{}", thousands(tuple.count))]).collect()
    }));
    aligned(&rows)
}

/// An object a line, so that it can be read and cut by lines as well.
fn json(tuples: &[Tuple], by: &[By]) -> String {
    let object = |tuple: &Tuple| {
        let values = by.iter().zip(&tuple.values).map(|(by, value)| (by.name().to_owned(), json!(value)));
        let object: Map<String, Value> = values.chain([("count".to_owned(), json!(tuple.count))]).collect();
        clean_json(Value::Object(object).to_string().as_bytes())
    };
    match tuples {
        [tuple] if by.is_empty() => object(tuple),
        [] => "[]".to_owned(),
        tuples => format!("[\n{}\n]", tuples.iter().map(object).collect::<Vec<_>>().join(",\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_told() {
        assert!(fields(&["user".into(), " EVENT".into()]).is_ok());
        assert!(fields(&["eventz".into()]).unwrap_err().hint.starts_with("did you mean event"));
        assert!(fields(&["favourite colour".into()]).unwrap_err().hint.starts_with("there are: event"));
    }

    #[test]
    fn counts_are_written_for_people_and_for_programs() {
        let tuple = |value: Option<&str>, count| Tuple { values: vec![value.map(str::to_owned)], count };
        let tuples = [tuple(Some("a\u{1b}b"), 1_234), tuple(None, 5)];
        let by = fields(&["user".into()]).unwrap();
        assert_eq!(table(&tuples, &by, false), "USER    COUNT\na\\x1bb  1,234\n(none)  5");
        assert!(table(&tuples, &by, true).contains(">=1,234"));
        assert_eq!(json(&tuples, &by), "[\n{\"user\":\"a\\u001bb\",\"count\":1234},\n{\"user\":null,\"count\":5}\n]");
        assert_eq!(json(&[], &by), "[]");
        assert_eq!(json(&[Tuple { values: Vec::new(), count: 7 }], &[]), "{\"count\":7}");
    }
}
