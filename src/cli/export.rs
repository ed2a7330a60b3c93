//! `auditui export`: every event of a time span, in order, to standard output or a file, and what was covered.

use std::process::ExitCode;

use chrono::{DateTime, Utc};

use super::args::{ExportArgs, ExportFormat, FilterArgs};
use super::collect::Reading;
use super::connect::Connection;
use super::filter;
use super::follow::follow;
use super::intake::{Intake, Wanted};
use super::interrupt::Interrupt;
use super::output::{Sink, Written};
use super::parquet;
use super::proof::Proof;
use super::report;
use super::stats::{Load, Stats};
use super::talk::Talk;
use crate::collect::slug_of;
use crate::domain::ocid::Ocid;
use crate::domain::problem::Problem;
use crate::domain::text::clean;
use crate::domain::time_range::TimeRange;
use crate::export::coverage::{ExportEntry, Filter};
use crate::export::{About, CoverageDocument, Format, Ordered, Shape, Tally};
use crate::query::Query;

pub async fn run(
    connection: &Connection,
    args: &ExportArgs,
    wanted: Wanted,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<ExitCode, Problem> {
    if args.meta && args.output != ExportFormat::Jsonl {
        return Err(Problem::usage("--meta wraps events, which only -o jsonl writes")
            .hint("the other formats say the region that was asked anyway"));
    }
    let stats = Stats::begin(args.stats);
    let range = wanted.range;
    let asked = Some(wanted.query.to_string()).filter(|text| !text.is_empty());
    let sink = Sink::open(args.output_file.as_deref())?;
    if args.output == ExportFormat::Parquet {
        parquet::check(args.follow.is_some(), sink.is_terminal())?;
    }
    let file = args.output_file.as_deref().filter(|_| sink.is_file());
    let proof = Proof::choose(args.coverage.as_deref(), file)?;
    let reading = Reading { settle: args.settle, ..Reading::new(connection, &args.read, range, talk) };
    let goes_on = args.settle || args.follow.is_some();
    let (settling, footprint) = (args.read.settling, connection.client.profile().footprint());
    let wanted =
        Wanted { range: until(range, args.follow.is_some()), query: wanted.query.and_all(args.filter.access()) };
    let mut intake = Intake::new(wanted, settling, footprint, goes_on);
    let mut collected = reading.collect(&mut |page| intake.take(page), interrupt).await?;
    let mut writing = Writing::new(sink, form(args, &collected.tenancy().id, slug_of(collected.tenancy())));
    let ordered = intake.drain()?;
    // Writing waits for whoever reads our output, so it must not hold up the runtime.
    tokio::task::block_in_place(|| writing.write(ordered));
    if let Some(pause) = args.follow {
        follow(&reading, &mut collected, &mut intake, &mut writing, pause, interrupt).await?;
    }
    let mut document = reading.document(&collected, access(&args.filter));
    document.query = asked;
    if args.follow.is_some() {
        document.range.until = document.ended_at;
    }
    drop(collected);
    let (mut tally, written) = tokio::task::block_in_place(|| writing.close())?;
    tally.duplicates += intake.copies();
    let reader_left = written == Written::ReaderLeft;
    document.interrupted = interrupt.happened();
    let name = file.and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
    document.export = Some(ExportEntry::new(name, whole(written), tally));
    conclude(&mut document, args, reader_left);
    let proven = tokio::task::block_in_place(|| proof.write(&document));
    if let Ok(Some(place)) = &proven {
        talk.note(&format!("the coverage is in {}", clean(&place.display().to_string())));
    }
    stats.tell(Load { rows: tally.events, raw_bytes: None, memory: None, refused: None, groups: None }, talk);
    if !reader_left {
        talk.findings(&report::findings(&document));
        talk.summary(&document);
    }
    proven.map(|_| ExitCode::from(document.exit_code))
}

impl ExportArgs {
    /// What the query and `--filter` say.
    pub fn asked(&self, now: DateTime<Utc>) -> Result<Query, Problem> {
        let zone = self.read.when.tz.0;
        let query = self.query.as_deref().map(|text| filter::read(text, now, zone)).transpose()?;
        let filter = self.filter.asked(now, zone)?;
        Ok(query.unwrap_or_default().and_all(filter.conjuncts().iter().cloned()))
    }
}

/// The output while it is written, in one go or round after round.
pub struct Writing {
    sink: Sink,
    form: Form,
    tally: Tally,
    /// Whether all of it could be written so far.
    result: std::io::Result<()>,
    begun: bool,
}

/// How events are written.
pub enum Form {
    /// Each by itself.
    Each(Format),
    /// As one table.
    Parquet(About),
}

impl Writing {
    pub fn new(sink: Sink, form: Form) -> Self {
        Self { sink, form, tally: Tally::default(), result: Ok(()), begun: false }
    }

    /// Whether more can be written.
    pub fn is_going_on(&self) -> bool {
        self.result.is_ok()
    }

    /// Writes events behind those written before, and hands them on; their number.
    pub fn write(&mut self, mut ordered: Ordered) -> u64 {
        if self.is_going_on() {
            self.result = self.write_all(&mut ordered);
        }
        self.tally += ordered.tally();
        ordered.tally().events
    }

    fn write_all(&mut self, ordered: &mut Ordered) -> std::io::Result<()> {
        let terminal = self.sink.is_terminal();
        let format = match &self.form {
            Form::Each(format) => format,
            Form::Parquet(about) => return parquet::write(self.sink.writer(), ordered, about.clone()),
        };
        if !std::mem::replace(&mut self.begun, true) {
            format.write_head(self.sink.writer())?;
        }
        while let Some(record) = ordered.next()? {
            format.write(&record, terminal, self.sink.writer())?;
        }
        self.sink.writer().flush()
    }

    pub fn close(self) -> Result<(Tally, Written), Problem> {
        Ok((self.tally, self.sink.close(self.result)?))
    }
}

/// Says in the document what has become of it all. A reader who leaves has what was wanted, so that is no failure, but
/// not everything was written.
fn conclude(document: &mut CoverageDocument, args: &ExportArgs, reader_left: bool) {
    let gone = args.verdict.strict && document.totals.gone > 0;
    document.complete = document.leaves_nothing_open() && !gone && !reader_left;
    document.exit_code =
        if reader_left { 0 } else { report::exit_code(document, args.verdict.strict, args.verdict.fail_on) };
    document.sentence = report::sentence(document);
}

/// `endless`: what happens after the end of the range is wanted as well.
fn until(range: TimeRange, endless: bool) -> TimeRange {
    TimeRange::new(range.start(), DateTime::<Utc>::MAX_UTC).filter(|_| endless).unwrap_or(range)
}

pub fn access(filter: &FilterArgs) -> Filter {
    match (filter.writes, filter.reads) {
        (true, _) => Filter::Writes,
        (_, true) => Filter::Reads,
        _ => Filter::All,
    }
}

pub fn whole(written: Written) -> Option<(u64, String)> {
    match written {
        Written::Whole { bytes, sha256 } => Some((bytes, sha256)),
        Written::ReaderLeft => None,
    }
}

/// `slug`: what the tenancy is called in names of directories; empty where it is not known.
pub fn form(args: &ExportArgs, tenancy: &Ocid, slug: String) -> Form {
    let tenancy = tenancy.to_string();
    let shape = match args.output {
        ExportFormat::Jsonl => return Form::Each(Format::Jsonl { meta: args.meta, tenancy }),
        ExportFormat::Table => return Form::Each(Format::Table),
        ExportFormat::Parquet => {
            return Form::Parquet(About { tenancy: slug, tenancy_ocid: tenancy, retrieval: false });
        }
        ExportFormat::Csv => Shape::Csv,
        ExportFormat::Ocsf => Shape::Ocsf,
        ExportFormat::Ecs => Shape::Ecs,
        ExportFormat::Bulk => Shape::Bulk,
        ExportFormat::Hec => Shape::Hec,
    };
    Form::Each(Format::Made { shape, tenancy })
}
