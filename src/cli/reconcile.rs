//! `auditui reconcile`: what was kept against what arrived by another way.

mod print;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::args::{ReconcileArgs, SummaryFormat};
use super::collection::Asked;
use super::exports::{Completeness, Exports, nothing_readable};
use super::held::read_pages;
use super::interrupt::Interrupt;
use super::listing::print_text;
use super::output::Sink;
use super::report::Finding;
use super::talk::Talk;
use crate::domain::event::decode;
use crate::domain::page::Page;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::{count_of, thousands};
use crate::domain::time_range::{TimeRange, rfc3339};
use crate::files::{FileRead, Narrow, Origin, Places};
use crate::oci::{Env, clock};
use crate::query::{Query, Term};
use crate::reconcile::{Difference, Ledger, Reach, Report, Side, Sort};

/// What a comparison came to, as it is printed.
struct Outcome<'a> {
    report: &'a Report,
    compared: Span,
    /// What each side covers; `None` where it has no event.
    covers: [Option<Span>; 2],
    differences: &'a [Difference],
}

/// From a moment to another, not included.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

pub async fn run(env: &Env, args: &ReconcileArgs, talk: &Talk, interrupt: &mut Interrupt) -> Result<ExitCode, Problem> {
    let now = clock::now();
    let range = args.when.range(now)?;
    let kept = Exports::find(std::slice::from_ref(&args.kept))?;
    let archive = Exports::find(&args.archive)?;
    refuse_standard_input_twice(&kept, &archive)?;
    for skipped in [&kept, &archive].into_iter().filter_map(Exports::skipped) {
        talk.note(&skipped);
    }
    let ids = args.ids.as_ref().map(|file| file.as_deref());
    let sink = ids.flatten().map(|path| Sink::open(Some(path))).transpose()?;

    let (files, ledger) = read(&kept, &archive, env, talk, interrupt).await?;
    let of_kept = kept.inputs.len();
    let (of_kept, of_archive) = files.split_at(of_kept.min(files.len()));
    let judge = |query: &Query| {
        let asked = Asked { query, now, padding: TimeDelta::zero(), settling: TimeDelta::zero(), strict: false };
        [kept.judge(of_kept, None, &asked), archive.judge(of_archive, None, &asked)]
    };
    let told = [told(&kept), told(&archive)];
    let reaches = [Side::Kept, Side::Archive].map(|side| told[side as usize].or_else(|| ledger.reach(side)));
    let incomparable = [Side::Kept, Side::Archive].map(|side| ledger.incomparable(side));
    if [of_kept, of_archive].into_iter().any(nothing_readable) {
        for verdict in judge(&Query::everything()) {
            talk.findings(&verdict.findings);
        }
        return Err(Problem::new(ProblemKind::Io, "nothing of one side could be read"));
    }
    let reach = reach_compared(range, reaches)?;
    let mut compared = Query::everything();
    let Span { from, until } = reach.into();
    if let Some(range) = TimeRange::new(from, until) {
        compared.push(Term::Time(range));
    }
    let verdicts = judge(&compared);

    let mut differences = Vec::new();
    let mut tell = |difference| {
        if ids.is_some() {
            differences.push(difference);
        }
    };
    let report = tokio::task::block_in_place(|| ledger.compare(reach, &mut tell));
    let result = Outcome {
        report: &report,
        compared: reach.into(),
        covers: reaches.map(|reach| reach.map(Span::from)),
        differences: if sink.is_some() { &[] } else { &differences },
    };
    print(&result, args.output, ids.is_some() && sink.is_none())?;
    if let Some(sink) = sink {
        write_ids(sink, &differences)?;
    }

    let mut findings: Vec<Finding> = verdicts.iter().flat_map(|verdict| verdict.findings.clone()).collect();
    findings.extend(not_compared(incomparable));
    findings.extend(notes(&report));
    let is_known = verdicts.iter().all(|verdict| verdict.completeness != Completeness::Incomplete)
        && incomparable.iter().all(|count| *count == (0, 0));
    let code = if report.total.differs() || !is_known { 3 } else { 0 };
    talk.findings(&findings);
    talk.summary_of_files(&sentence(&result, is_known), code, &json!({ "counts": print::counts(report.total) }));
    Ok(ExitCode::from(code))
}

fn print(result: &Outcome<'_>, format: SummaryFormat, with_ids: bool) -> Result<(), Problem> {
    print_text(&match format {
        SummaryFormat::Table => print::table(result),
        SummaryFormat::Markdown => print::markdown(result),
        SummaryFormat::Json => print::document(result, with_ids),
    })
}

/// Reads both sides, in one go.
async fn read(
    kept: &Exports,
    archive: &Exports,
    env: &Env,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<(Vec<FileRead>, Ledger), Problem> {
    let of_kept = kept.inputs.len();
    let inputs = [kept.inputs.as_slice(), &archive.inputs].concat();
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let shared = Arc::clone(&ledger);
    let take = move |file, page: Page| {
        let side = if file < of_kept { Side::Kept } else { Side::Archive };
        let mut ledger = shared.lock().unwrap_or_else(PoisonError::into_inner);
        page.events().for_each(|event| ledger.take(side, &page.cell.region, &decode(event).fields));
        true
    };
    let (files, ..) = read_pages(&inputs, Places::default(), Narrow::default(), env, talk, interrupt, take).await?;
    let ledger = Arc::into_inner(ledger).map(|ledger| ledger.into_inner().unwrap_or_else(PoisonError::into_inner));
    let unfinished = || Problem::new(ProblemKind::Io, "the files could not be read to their end");
    Ok((files, ledger.ok_or_else(unfinished)?))
}

fn refuse_standard_input_twice(kept: &Exports, archive: &Exports) -> Result<(), Problem> {
    let reads = |exports: &Exports| exports.inputs.iter().any(|input| input.origin == Origin::Stdin);
    if reads(kept) && reads(archive) {
        return Err(Problem::usage("standard input can be one side only"));
    }
    Ok(())
}

/// The time that coverage documents give, where every file of a side has one.
fn told(exports: &Exports) -> Option<Reach> {
    let spans: Option<Vec<_>> = exports.documents().iter().map(|one| one.as_ref().map(|one| one.range)).collect();
    let spans = spans?;
    let (from, until) = (spans.iter().map(|span| span.from).min()?, spans.iter().map(|span| span.until).max()?);
    TimeRange::new(from, until).map(of_range)
}

fn of_range(range: TimeRange) -> Reach {
    Reach { first: range.start().timestamp_millis(), last: range.end().timestamp_millis() - 1 }
}

/// What is asked, else what both cover.
fn reach_compared(asked: Option<TimeRange>, covers: [Option<Reach>; 2]) -> Result<Reach, Problem> {
    if let Some(asked) = asked {
        return Ok(of_range(asked));
    }
    let hint = "say with --since and --until, or --time, which time both sides should have";
    match covers {
        [Some(kept), Some(archive)] => kept.and(archive).ok_or_else(|| {
            let [kept, archive] = [kept, archive].map(Span::from).map(Span::text);
            let what = format!("there is no time that both cover: {kept} was kept, {archive} is in the archive");
            Problem::new(ProblemKind::Io, what).hint(hint)
        }),
        [None, _] => Err(Problem::new(ProblemKind::Io, "there is no event in what was kept").hint(hint)),
        [_, None] => Err(Problem::new(ProblemKind::Io, "there is no event in the archive").hint(hint)),
    }
}

impl From<Reach> for Span {
    fn from(reach: Reach) -> Self {
        let at = |milliseconds| DateTime::from_timestamp_millis(milliseconds).unwrap_or_default();
        Self { from: at(reach.first), until: at(reach.last + 1) }
    }
}

impl Span {
    fn text(self) -> String {
        format!("{}..{}", rfc3339(self.from), rfc3339(self.until))
    }
}

/// Events that one of the two sides could not be asked for.
fn not_compared(incomparable: [(u64, u64); 2]) -> Vec<Finding> {
    let of = |(side, (nameless, timeless)): (&str, (u64, u64))| {
        let without = [(nameless, "an id"), (timeless, "a readable time")];
        let without = without.into_iter().filter(|(count, _)| *count > 0);
        let tell = |(count, what)| format!("{} {side} without {what}", count_of(count, "event"));
        without.map(|found| Finding::new("not compared", tell(found))).collect::<Vec<_>>()
    };
    ["kept", "in the archive"].into_iter().zip(incomparable).flat_map(of).collect()
}

fn notes(report: &Report) -> Vec<Finding> {
    let mut notes = Vec::new();
    for (side, (copies, outside)) in ["kept", "in the archive"].iter().zip(report.copies.iter().zip(report.outside)) {
        let mut note = |count, what: &str| {
            if count > 0 {
                notes.push(Finding::new("note", format!("{} {side} {what}", count_of(count, "record"))));
            }
        };
        note(*copies, "of an id that is there already; each id counts once");
        note(outside, "outside of the time compared");
    }
    notes
}

fn sentence(result: &Outcome<'_>, is_known: bool) -> String {
    let total = result.report.total;
    let [kept, archive] = [total.kept, total.archive].map(thousands);
    let [only_kept, only_archive, different] = [total.only_kept, total.only_archive, total.different].map(thousands);
    let verdict = match (total.differs(), is_known) {
        (false, true) => "both sides have the same events".to_owned(),
        (false, false) => "no difference in what could be read, see above".to_owned(),
        (true, _) => {
            format!(
                "{only_kept} missing in the archive, {only_archive} missing in what was kept, {different} different"
            )
        }
    };
    format!("reconcile: {kept} kept, {archive} in the archive, {}: {verdict}", result.compared.text())
}

fn write_ids(mut sink: Sink, differences: &[Difference]) -> Result<(), Problem> {
    let lines = differences.iter().map(|difference| print::difference(difference).to_string());
    let written = lines.into_iter().try_for_each(|line| writeln!(sink.writer(), "{line}"));
    sink.close(written).map(drop)
}

/// The word for a difference.
fn word(sort: Sort) -> &'static str {
    match sort {
        Sort::MissingInArchive => "missing in the archive",
        Sort::MissingInKept => "missing in what was kept",
        Sort::Different => "different",
    }
}
