//! `auditui export`: every event of a time span, in order, to standard output or a file, and what was covered.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::args::{ExportArgs, ExportFormat, FilterArgs};
use super::collect::Reading;
use super::connect::Connection;
use super::evidence::{self, Bundle, Collector};
use super::filter;
use super::follow::follow;
use super::intake::{Intake, Wanted};
use super::interrupt::Interrupt;
use super::outlet::{Delivered, Form, Outlet};
use super::parquet;
use super::proof::Proof;
use super::report;
use super::staged::Staged;
use super::stats::{Load, Stats};
use super::talk::Talk;
use crate::collect::slug_of;
use crate::domain::ocid::Ocid;
use crate::domain::page::Page;
use crate::domain::problem::Problem;
use crate::domain::text::clean;
use crate::domain::time_range::TimeRange;
use crate::export::coverage::Filter;
use crate::export::{About, CoverageDocument, Format, Ordered, Redaction, Shape, Tally, bag};
use crate::query::Query;

/// What is exported, and what becomes of it on its way.
pub struct Order {
    pub wanted: Wanted,
    pub redaction: Option<Redaction>,
    pub bundle: Option<(Bundle, Collector)>,
}

pub async fn run(
    connection: &Connection,
    args: &ExportArgs,
    order: Order,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<ExitCode, Problem> {
    let Order { wanted, mut redaction, bundle } = order;
    if bundle.is_some() && args.output != ExportFormat::Jsonl {
        return Err(Problem::usage("--evidence holds events as they were sent, which only -o jsonl writes"));
    }
    if args.meta && args.output != ExportFormat::Jsonl {
        return Err(Problem::usage("--meta wraps events, which only -o jsonl writes")
            .hint("the other formats say the region that was asked anyway"));
    }
    let stats = Stats::begin(args.stats);
    let range = wanted.range;
    let asked = Some(wanted.query.to_string()).filter(|text| !text.is_empty());
    let packing = args.delivery.compress;
    let (staged, sealing) = bundle
        .map(|(bundle, collector)| {
            let (staged, records) = bundle.into_parts();
            (staged, (records, collector))
        })
        .unzip();
    let outlet = outlet(args, staged)?;
    let file = args.output_file.as_deref().filter(|_| outlet.is_file());
    let proof = Proof::choose(args.coverage.as_deref(), file)?;
    let reading = Reading { settle: args.settle, ..Reading::new(connection, &args.read, range, talk) };
    let goes_on = args.settle || args.follow.is_some();
    let (settling, footprint) = (args.read.settling, connection.client.profile().footprint());
    let wanted =
        Wanted { range: until(range, args.follow.is_some()), query: wanted.query.and_all(args.filter.access()) };
    let mut intake = Intake::new(wanted, settling, footprint, goes_on);
    let mut take = |page: &Page| {
        if let Some(redaction) = &mut redaction {
            page.events().for_each(|event| redaction.meet(event));
        }
        intake.take(page)
    };
    let mut collected = reading.collect(&mut take, interrupt).await?;
    redaction.iter_mut().try_for_each(Redaction::prepare)?;
    let redaction = redaction.map(Arc::new);
    let form = form(args, &collected.tenancy().id, slug_of(collected.tenancy()));
    let mut writing = Writing::new(outlet, form, redaction.clone());
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
    let (mut tally, delivered) = tokio::task::block_in_place(|| writing.close())?;
    tally.duplicates += intake.copies();
    let reader_left = delivered.reader_left();
    document.interrupted = interrupt.happened();
    let name = file.and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
    let mut entry = delivered.entry(name, tally, packing);
    entry.redacted = redaction.as_ref().map(|redaction| redaction.entry());
    if sealing.is_some() {
        entry.parts.iter_mut().flatten().for_each(|part| part.file = format!("{}/{}", bag::DATA, part.file));
    }
    document.export = Some(entry);
    if let Some(redaction) = &redaction {
        redaction.document(&mut document);
    }
    conclude(&mut document, args, reader_left);
    let proven = tokio::task::block_in_place(|| match &sealing {
        Some((records, collector)) => {
            evidence::seal(delivered, records, &document, connection, collector).map(|_| None)
        }
        None => prove(&proof, &document, delivered),
    });
    if let Ok(Some(place)) = &proven {
        talk.note(&format!("the coverage is in {}", clean(&place.display().to_string())));
    }
    let load = Load { rows: tally.events, raw_bytes: None, memory: None, refused: None, opened: None, groups: None };
    stats.tell(load, talk);
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
    outlet: Outlet,
    form: Form,
    redaction: Option<Arc<Redaction>>,
    tally: Tally,
    /// Whether all of it could be written so far.
    result: std::io::Result<()>,
}

impl Writing {
    pub fn new(outlet: Outlet, form: Form, redaction: Option<Arc<Redaction>>) -> Self {
        Self { outlet, form, redaction, tally: Tally::default(), result: Ok(()) }
    }

    /// Whether more can be written.
    pub fn is_going_on(&self) -> bool {
        self.result.is_ok()
    }

    /// Writes events behind those written before, and hands them on; their number.
    pub fn write(&mut self, mut ordered: Ordered) -> u64 {
        if self.is_going_on() {
            self.result = self.outlet.write(&mut ordered, &self.form, self.redaction.as_deref());
        }
        self.tally += ordered.tally();
        ordered.tally().events
    }

    pub fn close(self) -> Result<(Tally, Delivered), Problem> {
        Ok((self.tally, self.outlet.close(self.result)?))
    }
}

/// Where it goes; `bundle` is an evidence bundle that was begun.
pub fn outlet(args: &ExportArgs, bundle: Option<Staged>) -> Result<Outlet, Problem> {
    let packing = args.delivery.compress;
    let outlet = match (bundle, args.delivery.split, &args.output_file) {
        (Some(bundle), ..) => Outlet::bundle(bundle),
        (_, Some(split), Some(directory)) => Outlet::many(directory, split, args.output, packing)?,
        _ => Outlet::one(args.output_file.as_deref(), packing)?,
    };
    if args.output == ExportFormat::Parquet {
        parquet::check(args, outlet.is_terminal())?;
    }
    Ok(outlet)
}

/// Writes the coverage, into a directory of parts before that takes its place; gives back its place where that is not the
/// usual one.
pub fn prove(proof: &Proof, document: &CoverageDocument, delivered: Delivered) -> Result<Option<PathBuf>, Problem> {
    match &delivered {
        Delivered::One(_) => proof.write(document),
        Delivered::Many { directory, .. } => {
            Proof::within(directory.path()).write(document)?;
            delivered.put().map(|()| None)
        }
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
