//! `auditui export --from`: the events of files, in order, each once, in a format; nobody is asked anything.

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, Utc};

use super::args::{ExportArgs, FailOn, ReadArgs};
use super::bring::{among, narrowed, opened, scoped};
use super::collection::Asked;
use super::export::{Writing, access, form, outlet, prove};
use super::exports::{Completeness, Exports, NOT_READ, Verdict};
use super::held::read_pages;
use super::intake::{Wanted, cannot_sort};
use super::interrupt::Interrupt;
use super::proof::{Proof, would_be_same_file};
use super::report::Finding;
use super::stats::{Load, Stats};
use super::talk::Talk;
use crate::collect::slug_of;
use crate::domain::footprint::Footprint;
use crate::domain::ledger::Coverage;
use crate::domain::ocid::Ocid;
use crate::domain::page::Page;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::scope::{Scope, ScopeRequest};
use crate::domain::tenancy::Tenancy;
use crate::domain::text::{clean, count_of, thousands};
use crate::domain::time_range::TimeRange;
use crate::export::coverage::{self, FileEntry, Span, TenancyEntry};
use crate::export::{CoverageDocument, Ordered, Redaction, Sorter, SorterSettings, Source};
use crate::files::{FileRead, Narrow, Origin, Places};
use crate::oci::{Env, clock};
use crate::query::Query;

pub async fn run(
    env: &Env,
    args: &ExportArgs,
    asked: Query,
    redaction: Option<Redaction>,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<ExitCode, Problem> {
    let stats = Stats::begin(args.stats);
    let started_at = clock::now().trunc_subsecs(3);
    let range = args.read.when.range(started_at)?;
    let mut exports = Exports::find(&args.from.from)?;
    if let Some(skipped) = exports.skipped() {
        talk.note(&skipped);
    }
    let request = args.read.scope();
    let mut judged = narrowed(asked.clone(), &args.filter, range);
    // An event that does not say when it happened may belong to the time.
    exports.narrow(&among(&exports, judged.clone(), &request, env), true);
    let exports = exports.with_digests();
    refuse_own_input(args.output_file.as_deref(), &exports)?;
    let outlet = outlet(args, None)?;
    let file = args.output_file.as_deref().filter(|_| outlet.is_file());
    let proof = Proof::choose(args.coverage.as_deref(), file)?;

    let query = Some(asked.to_string()).filter(|text| !text.is_empty());
    let wanted = Wanted { range: range.unwrap_or(always()), query: asked.and_all(args.filter.access()) };
    let Input { files, places, bytes, ordered, redaction } =
        read(&exports, wanted, redaction, env, talk, interrupt).await?;
    let ordered = within(ordered, &request, &places)?;
    scoped(&mut judged, &request, &places)?;
    let tenancy = places.only_tenancy().cloned().unwrap_or_else(|| Ocid::new(""));
    let redaction = redaction.map(Arc::new);
    let mut writing = Writing::new(outlet, form(args, &tenancy, slug(&places)), redaction.clone());
    tokio::task::block_in_place(|| writing.write(ordered));
    let (tally, delivered) = tokio::task::block_in_place(|| writing.close())?;

    let ReadArgs { padding, settling, .. } = args.read;
    let asked = Asked { query: &judged, now: started_at, padding, settling, strict: args.verdict.strict };
    let told = Told::of(&exports, &files, &places, range, &asked);
    let mut document = told.document(tenancy, started_at);
    (document.filter, document.query) = (access(&args.filter), query);
    let reader_left = delivered.reader_left();
    let name = file.and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
    let mut entry = delivered.entry(name, tally, args.delivery.compress);
    entry.redacted = redaction.as_ref().map(|redaction| redaction.entry());
    document.export = Some(entry);
    if let Some(redaction) = &redaction {
        redaction.document(&mut document);
    }
    let narrowed = request != ScopeRequest::default();
    document.complete = told.is_complete() && !narrowed && !reader_left;
    document.exit_code = if reader_left { 0 } else { told.exit_code(document.complete, args.verdict.fail_on) };
    document.sentence = told.sentence(tally.events, narrowed);
    let proven = tokio::task::block_in_place(|| prove(&proof, &document, delivered));
    if let Ok(Some(place)) = &proven {
        talk.note(&format!("the coverage is in {}", clean(&place.display().to_string())));
    }
    let opened = Some(opened(&exports, &files, bytes));
    stats.tell(Load { rows: tally.events, raw_bytes: None, memory: None, refused: None, opened, groups: None }, talk);
    if !reader_left {
        talk.findings(&told.verdict.findings);
        talk.findings(&super::report::oddities(&document));
        talk.summary(&document);
    }
    proven.map(|_| ExitCode::from(document.exit_code))
}

/// What the tenancy of all of it is called in names of directories; nothing where there are several, or none is known.
fn slug(places: &Places) -> String {
    let Some(id) = places.only_tenancy().cloned() else { return String::new() };
    let named = Tenancy { name: places.name_of(&id).map(str::to_owned), id, ..places.tenancy() };
    slug_of(&named)
}

/// What was read.
struct Input {
    files: Vec<FileRead>,
    places: Places,
    /// Of the files as they are, packed or not.
    bytes: u64,
    ordered: Ordered,
    /// With all that it has to know of the events.
    redaction: Option<Redaction>,
}

/// Reads all of it, and puts it in order.
async fn read(
    exports: &Exports,
    wanted: Wanted,
    redaction: Option<Redaction>,
    env: &Env,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<Input, Problem> {
    let sorting = Arc::new(Mutex::new(Sorting::new(wanted, redaction)));
    let taken = Arc::clone(&sorting);
    let take = move |_, page| taken.lock().unwrap_or_else(PoisonError::into_inner).take(&page);
    let mut places = Places::default();
    exports.expect_places(&mut places, env);
    let (files, places, bytes) =
        read_pages(&exports.inputs, places, Narrow::default(), env, talk, interrupt, take).await?;
    let sorting = Arc::into_inner(sorting).map(|sorting| sorting.into_inner().unwrap_or_else(PoisonError::into_inner));
    let (ordered, redaction) = sorting.ok_or_else(unfinished)?.finish()?;
    Ok(Input { files, places, bytes, ordered, redaction })
}

/// What is read would be replaced by what is made of it.
fn refuse_own_input(output: Option<&Path>, exports: &Exports) -> Result<(), Problem> {
    let is_own = |output: &Path| {
        exports
            .inputs
            .iter()
            .any(|input| matches!(&input.origin, Origin::File(path) if would_be_same_file(output, path)))
    };
    match output.filter(|output| is_own(output)) {
        Some(output) => {
            let what =
                format!("--output-file {} is one of the files that --from names", clean(&output.display().to_string()));
            Err(Problem::usage(what).hint("give the output another name"))
        }
        None => Ok(()),
    }
}

fn always() -> TimeRange {
    let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    TimeRange::ending_at(last, last - first)
}

fn unfinished() -> Problem {
    Problem::new(ProblemKind::Io, "the files could not be read to their end")
}

/// Events on their way into order, and what went wrong with that.
struct Sorting {
    sorter: Sorter,
    wanted: Wanted,
    redaction: Option<Redaction>,
    result: std::io::Result<()>,
}

impl Sorting {
    fn new(wanted: Wanted, redaction: Option<Redaction>) -> Self {
        let sorter = Sorter::new(SorterSettings::default(), Footprint::default());
        Self { sorter, wanted, redaction, result: Ok(()) }
    }

    /// Whether more can be taken.
    fn take(&mut self, page: &Page) -> bool {
        let wanted = &self.wanted;
        if let Some(redaction) = &mut self.redaction {
            page.events().for_each(|event| redaction.meet(event));
        }
        if self.result.is_ok() {
            self.result = self.sorter.push(page, |bytes, decoded| wanted.has(bytes, decoded, page));
        }
        self.result.is_ok()
    }

    fn finish(mut self) -> Result<(Ordered, Option<Redaction>), Problem> {
        self.redaction.iter_mut().try_for_each(Redaction::prepare)?;
        let ordered = self.result.and_then(|()| self.sorter.finish()).map_err(|error| cannot_sort(&error))?;
        Ok((ordered, self.redaction))
    }
}

/// Names mean the places that the files name, so they are looked up when all has been read.
fn within(ordered: Ordered, request: &ScopeRequest, places: &Places) -> Result<Ordered, Problem> {
    if *request == ScopeRequest::default() {
        return Ok(ordered);
    }
    let Scope { regions, compartments } = request.resolve(&places.tenancy())?;
    let is_in =
        |source: &Source| regions.contains(&source.cell.region) && compartments.contains(&source.cell.compartment);
    ordered.only(is_in).map_err(|error| cannot_sort(&error))
}

/// What the files, and the coverage beside them, tell of themselves.
struct Told<'a> {
    files: &'a [FileRead],
    documents: Vec<Option<&'a CoverageDocument>>,
    verdict: Verdict,
    range: Span,
}

impl<'a> Told<'a> {
    /// `range`: what was asked of them.
    fn of(
        exports: &'a Exports,
        files: &'a [FileRead],
        places: &Places,
        range: Option<TimeRange>,
        asked: &Asked<'_>,
    ) -> Self {
        let documents: Vec<_> = exports.documents().iter().map(Option::as_ref).collect();
        let all: Option<Vec<Span>> = documents.iter().map(|document| document.map(|document| document.range)).collect();
        let hull = all.and_then(|spans| {
            let (from, until) = (spans.iter().map(|span| span.from).min()?, spans.iter().map(|span| span.until).max()?);
            TimeRange::new(from, until)
        });
        let range = range.or(hull);
        let verdict = exports.judge(files, range, asked);
        let span = range.or_else(|| places.span());
        let range = span.map_or(Span { from: DateTime::UNIX_EPOCH, until: DateTime::UNIX_EPOCH }, Span::from);
        Self { files, documents, verdict, range }
    }

    fn is_complete(&self) -> bool {
        self.verdict.completeness == Completeness::Complete
    }

    /// What is not known to be complete is not: this is handed on.
    fn exit_code(&self, complete: bool, fail_on: FailOn) -> u8 {
        match self.verdict.exit_code(fail_on) {
            0 if !complete && fail_on == FailOn::Partial => 3,
            code => code,
        }
    }

    fn sentence(&self, written: u64, narrowed: bool) -> String {
        let read: u64 = self.files.iter().map(|file| file.events).sum();
        let (read, files) = (count_of(read, "event"), count_of(self.files.len() as u64, "file"));
        let coverage = match (self.is_complete(), narrowed) {
            (true, true) => "coverage unknown: of which place an event is, files do not always say".to_owned(),
            _ => self.verdict.sentence(),
        };
        format!("export: {} of {read} in {files}; {coverage}", thousands(written))
    }

    /// But for what was written.
    fn document(&self, tenancy: Ocid, started_at: DateTime<Utc>) -> CoverageDocument {
        let known: Vec<&CoverageDocument> = self.documents.iter().copied().flatten().collect();
        let cells: Vec<_> = known.iter().flat_map(|document| document.cells.iter().cloned()).collect();
        let mut totals = Coverage::default();
        for cell in &cells {
            totals.add(cell.state);
        }
        let name = known.iter().find(|document| document.tenancy.id == tenancy);
        let mut document = CoverageDocument {
            form: coverage::FORM,
            tool: concat!("auditui ", env!("CARGO_PKG_VERSION")).to_owned(),
            run_id: String::new(),
            calls: 0,
            tenancy: TenancyEntry { name: name.and_then(|document| document.tenancy.name.clone()), id: tenancy },
            profile: String::new(),
            endpoint: None,
            range: self.range,
            padding_seconds: known.iter().map(|document| document.padding_seconds).min().unwrap_or_default(),
            settling_seconds: known.iter().map(|document| document.settling_seconds).min().unwrap_or_default(),
            filter: coverage::Filter::All,
            query: None,
            started_at,
            ended_at: clock::now().trunc_subsecs(3),
            listed_again_at: None,
            clock_offset_milliseconds: None,
            export: None,
            exit_code: 0,
            complete: false,
            sentence: String::new(),
            interrupted: false,
            stopped: None,
            listing: self.open(),
            totals,
            lateness: None,
            regions: Vec::new(),
            compartments: Vec::new(),
            cells,
            files: self.entries(),
        };
        for known in known {
            let regions = known.regions.iter().filter(|one| document.regions.iter().all(|there| there.id != one.id));
            let regions: Vec<_> = regions.cloned().collect();
            document.regions.extend(regions);
            let there: std::collections::HashSet<Ocid> =
                document.compartments.iter().map(|one| one.id.clone()).collect();
            document.compartments.extend(known.compartments.iter().filter(|one| !there.contains(&one.id)).cloned());
        }
        document
    }

    /// Why there may be more than the files hold.
    fn open(&self) -> Option<Problem> {
        let first = self.verdict.findings.iter().find(|finding| !finding.is_no_problem());
        let what = match (self.verdict.completeness, first) {
            (Completeness::Complete, _) => return None,
            (Completeness::Incomplete, Some(Finding { word, what, .. })) if *word == NOT_READ => {
                format!("{word}: {what}")
            }
            (Completeness::Incomplete, Some(Finding { what, .. })) => what.clone(),
            _ => self.verdict.sentence(),
        };
        Some(Problem::new(ProblemKind::Io, what))
    }

    fn entries(&self) -> Vec<FileEntry> {
        let entry = |(file, document): (&FileRead, Option<&CoverageDocument>)| FileEntry {
            file: file.origin.to_string(),
            bytes: file.bytes,
            sha256: file.sha256.clone(),
            events: file.events,
            complete: document.is_some_and(|document| document.complete),
        };
        // Of what is in a collection, nothing lies beside it.
        let documents = self.documents.iter().copied().chain(std::iter::repeat(None));
        self.files.iter().zip(documents).map(entry).collect()
    }
}
