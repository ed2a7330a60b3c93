//! `auditui export`: every event of a time span, in order, to standard output or a file, and what was covered.

use std::process::ExitCode;

use super::args::{ExportArgs, ExportFormat, FilterArgs};
use super::collect::Reading;
use super::connect::Connection;
use super::interrupt::Interrupt;
use super::output::{Sink, Written};
use super::proof::Proof;
use super::report;
use super::talk::Talk;
use crate::domain::event::{Decoded, Flags};
use crate::domain::ocid::Ocid;
use crate::domain::page::Page;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::RegionId;
use crate::domain::text::clean;
use crate::domain::time_range::TimeRange;
use crate::export::coverage::{ExportEntry, Filter};
use crate::export::{CoverageDocument, Format, Ordered, Sorter, SorterSettings, Tally};
use crate::query::{AccessSet, Query, RecordRef, Term, matches};

pub async fn run(
    connection: &Connection,
    args: &ExportArgs,
    range: TimeRange,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<ExitCode, Problem> {
    let sink = Sink::open(args.output_file.as_deref())?;
    let file = args.output_file.as_deref().filter(|_| sink.is_file());
    let proof = Proof::choose(args.coverage.as_deref(), file)?;
    let reading = Reading { connection, read: &args.read, range, talk };
    let mut sorter = Sorter::new(SorterSettings::default(), connection.client.profile().footprint());
    let query = query(&args.filter, range);
    let mut take = |page: &Page| {
        let (region, queried) = (&page.cell.region, &page.cell.compartment);
        let wanted = |decoded: &Decoded<'_>| is_wanted(&query, decoded, region, queried);
        sorter.push(page, wanted).map_err(|error| cannot_sort(&error))
    };
    let collected = reading.collect(&mut take, interrupt).await?;
    let mut document = reading.document(&collected, filter(&args.filter));
    drop(collected);
    let ordered = sorter.finish().map_err(|error| cannot_sort(&error))?;
    let format = format(args, &document.tenancy.id);
    // Writing waits for whoever reads our output, so it must not hold up the runtime.
    let (tally, written) = tokio::task::block_in_place(|| write(ordered, &format, sink))?;
    let reader_left = written == Written::ReaderLeft;
    document.interrupted = interrupt.happened();
    let name = file.and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
    document.export = Some(ExportEntry::new(name, whole(written), tally));
    conclude(&mut document, args);
    if reader_left {
        document.exit_code = 0;
    }
    let proven = tokio::task::block_in_place(|| proof.write(&document));
    if let Ok(Some(place)) = &proven {
        talk.note(&format!("the coverage is in {}", clean(&place.display().to_string())));
    }
    if !reader_left {
        talk.findings(&report::findings(&document));
        talk.summary(&document);
    }
    proven.map(|_| ExitCode::from(document.exit_code))
}

/// Says in the document what has become of it all.
fn conclude(document: &mut CoverageDocument, args: &ExportArgs) {
    document.complete = document.leaves_nothing_open() && !(args.strict && document.totals.gone > 0);
    document.exit_code = report::exit_code(document, args.strict, args.fail_on);
    document.sentence = report::sentence(document);
}

fn query(filter: &FilterArgs, range: TimeRange) -> Query {
    let mut query = Query::everything().and(Term::Time(range));
    if filter.writes {
        query.push(Term::Access(AccessSet::WRITES));
    } else if filter.reads {
        query.push(Term::Access(AccessSet::READS));
    }
    query
}

fn filter(filter: &FilterArgs) -> Filter {
    match (filter.writes, filter.reads) {
        (true, _) => Filter::Writes,
        (_, true) => Filter::Reads,
        _ => Filter::All,
    }
}

/// Events without a readable time cannot be placed in the range; they are kept rather than dropped on a guess.
fn is_wanted(query: &Query, decoded: &Decoded<'_>, region: &RegionId, queried: &Ocid) -> bool {
    let own = decoded.flags.contains(Flags::OWN);
    decoded.fields.time.is_none() || matches(query, &RecordRef { fields: &decoded.fields, region, queried, own })
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

fn whole(written: Written) -> Option<(u64, String)> {
    match written {
        Written::Whole { bytes, sha256 } => Some((bytes, sha256)),
        Written::ReaderLeft => None,
    }
}

fn format(args: &ExportArgs, tenancy: &Ocid) -> Format {
    match args.output {
        ExportFormat::Jsonl => Format::Jsonl { meta: args.meta, tenancy: tenancy.to_string() },
        ExportFormat::Table => Format::Table,
    }
}

fn cannot_sort(error: &std::io::Error) -> Problem {
    Problem::new(ProblemKind::Io, format!("events cannot be put in order on disk: {error}"))
        .hint("temporary files go to TMPDIR; is it full?")
}
