//! `auditui export`: every event of a time span, in order, to standard output or a file.

use std::process::ExitCode;

use tokio::sync::mpsc;

use super::args::{ExportArgs, ExportFormat, ReadArgs};
use super::connect::Connection;
use super::interrupt::Interrupt;
use super::output::{Sink, Written};
use super::progress::Progress;
use super::range::retention_warning;
use super::report::Report;
use crate::domain::event::Decoded;
use crate::domain::ledger::Ledger;
use crate::domain::page::Page;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::scope::Scope;
use crate::domain::tenancy::Tenancy;
use crate::domain::text::clean;
use crate::domain::time_range::TimeRange;
use crate::export::{Format, Ordered, Sorter, SorterSettings, Tally};
use crate::fetch::{FetchEvent, FetchStream, LaneSettings, RetrySettings, Settings, discover, fetch, plan};
use crate::query::{AccessSet, Query, RecordRef, Term, matches};

/// Pages received and not yet sorted; when the sorter is behind, the fetch waits. A page has at most 2 MiB, except for one
/// in the whole process that may have more (`oci::body`), so this is a bound on bytes as well.
const PAGES_AHEAD: usize = 8;

pub async fn run(
    connection: &Connection,
    args: &ExportArgs,
    range: TimeRange,
    interrupt: &mut Interrupt,
) -> Result<ExitCode, Problem> {
    let client = &connection.client;
    let progress = Progress::new("export", args.quiet);
    let sink = Sink::open(args.output_file.as_deref())?;
    progress.line(&format!("{range}, profile {}: asking what the tenancy consists of", clean(&client.profile().name)));
    for warning in connection.warnings.iter().cloned().chain(retention_warning(&range, client.now())) {
        progress.line(&format!("warning: {warning}"));
    }
    let Some(found) = interrupt.unless(discover(client, RetrySettings::default())).await else {
        return Err(Problem::new(ProblemKind::Interrupted, "interrupted before anything was read"));
    };
    let tenancy = found?;
    let scope = args.read.scope().resolve(&tenancy)?;
    let mut fetched = Fetched::new(&args.read, range);
    let stream = start(connection, args, &tenancy, &scope, range, &fetched.ledger);
    progress.line(&announcement(&tenancy, &scope));
    read_all(stream, &mut fetched, interrupt, &progress).await?;
    let Fetched { sorter, ledger, halted, .. } = fetched;
    let ordered = sorter.finish().map_err(|error| cannot_sort(&error))?;
    let format = format(args, &tenancy);
    // Writing waits for whoever reads our output, so it must not hold up the runtime.
    let (tally, written) = tokio::task::block_in_place(|| write(ordered, &format, sink))?;
    let report = Report {
        tenancy: &tenancy,
        ledger: &ledger,
        tally,
        range,
        halted,
        interrupted: interrupt.happened(),
        strict: args.strict,
    };
    progress.finish();
    if written == Written::ReaderLeft {
        return Ok(ExitCode::SUCCESS);
    }
    report.print();
    Ok(ExitCode::from(report.exit_code()))
}

/// What a fetch without a screen leaves behind.
struct Fetched {
    sorter: Sorter,
    ledger: Ledger,
    query: Query,
    received: u64,
    halted: Option<Problem>,
}

impl Fetched {
    fn new(read: &ReadArgs, range: TimeRange) -> Self {
        let mut query = Query::everything().and(Term::Time(range));
        if read.writes {
            query.push(Term::Access(AccessSet::WRITES));
        } else if read.reads {
            query.push(Term::Access(AccessSet::READS));
        }
        let sorter = Sorter::new(SorterSettings::default());
        Self { sorter, ledger: Ledger::new(read.settling), query, received: 0, halted: None }
    }

    fn take(&mut self, event: FetchEvent) -> Result<(), Problem> {
        match event {
            FetchEvent::Page(page) => self.take_page(&page).map_err(|error| cannot_sort(&error))?,
            FetchEvent::Update(update) => self.ledger.apply(update),
            FetchEvent::Halted(problem) => self.halted = Some(problem),
            // Waiting shows in the progress by itself.
            FetchEvent::Slowed(_) => {}
        }
        Ok(())
    }

    fn take_page(&mut self, page: &Page) -> std::io::Result<()> {
        self.received += page.len() as u64;
        let Self { sorter, query, .. } = self;
        let (region, queried) = (&page.cell.region, &page.cell.compartment);
        sorter.push(page, |decoded| is_wanted(query, decoded, region, queried))
    }
}

/// Events without a readable time cannot be placed in the range; they are kept rather than dropped on a guess.
fn is_wanted(
    query: &Query,
    decoded: &Decoded<'_>,
    region: &crate::domain::region::RegionId,
    queried: &crate::domain::ocid::Ocid,
) -> bool {
    decoded.fields.time.is_none() || matches(query, &RecordRef { fields: &decoded.fields, region, queried })
}

fn start(
    connection: &Connection,
    args: &ExportArgs,
    tenancy: &Tenancy,
    scope: &Scope,
    range: TimeRange,
    ledger: &Ledger,
) -> FetchStream {
    let client = &connection.client;
    let window = range.fetch_window(args.read.padding, client.now());
    let (fetcher, stream) = fetch(client.clone(), fetch_settings(&args.read));
    fetcher.add(plan(tenancy, scope, window, ledger, None));
    stream
}

/// The bounds of a fetch as the user set them.
pub fn fetch_settings(read: &ReadArgs) -> Settings {
    let defaults = Settings::default();
    read.concurrency.map_or(defaults, |calls| {
        let calls = usize::from(calls);
        let (first, most) = defaults.lane.window;
        let lane = LaneSettings { window: (first.min(calls), most.min(calls)), ..defaults.lane };
        Settings { in_flight: calls, lane, ..defaults }
    })
}

async fn read_all(
    mut stream: FetchStream,
    fetched: &mut Fetched,
    interrupt: &mut Interrupt,
    progress: &Progress,
) -> Result<(), Problem> {
    let (sender, mut receiver) = mpsc::channel(PAGES_AHEAD);
    let reader = tokio::spawn(async move {
        while let Some(event) = stream.next().await {
            if sender.send(event).await.is_err() {
                break;
            }
        }
    });
    while let Some(Some(event)) = interrupt.unless(receiver.recv()).await {
        fetched.take(event)?;
        progress.show(&fetched.ledger, fetched.received);
    }
    reader.abort();
    // What had been received when the signal came is written as well.
    while let Ok(event) = receiver.try_recv() {
        fetched.take(event)?;
    }
    Ok(())
}

fn write(mut ordered: Ordered, format: &Format, mut sink: Sink) -> Result<(Tally, Written), Problem> {
    let terminal = sink.is_terminal();
    let result = (|| {
        format.write_head(sink.writer())?;
        while let Some(record) = ordered.next()? {
            format.write(&record, terminal, sink.writer())?;
        }
        Ok(())
    })();
    let written = sink.close(result)?;
    Ok((ordered.tally(), written))
}

fn format(args: &ExportArgs, tenancy: &Tenancy) -> Format {
    match args.output {
        ExportFormat::Jsonl => Format::Jsonl { meta: args.meta, tenancy: tenancy.id.to_string() },
        ExportFormat::Table => Format::Table,
    }
}

fn announcement(tenancy: &Tenancy, scope: &Scope) -> String {
    let waiting: Vec<&str> = tenancy.regions.iter().filter(|r| !r.is_ready()).map(|r| r.id.as_str()).collect();
    let note =
        if waiting.is_empty() { String::new() } else { format!(" (not ready, not asked: {})", waiting.join(", ")) };
    format!(
        "{}: {} regions x {} compartments{note}",
        clean(&tenancy.display_name()),
        scope.regions.len(),
        scope.compartments.len()
    )
}

fn cannot_sort(error: &std::io::Error) -> Problem {
    Problem::new(ProblemKind::Io, format!("events cannot be put in order on disk: {error}"))
        .hint("temporary files go to TMPDIR; is it full?")
}
