//! `auditui open`: the explorer over files. Nobody is asked anything.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::{SubsecRound, TimeDelta};

use super::args::OpenArgs;
use super::collection::{self, Asked};
use super::explore::terminal_failed;
use super::exports::{Completeness, Exports, NOT_READ, Verdict};
use super::held::region_names;
use super::interrupt::Interrupt;
use super::look::{self, Wanted};
use super::narrow::groups;
use super::past;
use super::report;
use super::settings::Settings;
use super::stats::{Load, Opened, Stats};
use super::talk::{Talk, say};
use super::views;
use crate::app::files::End;
use crate::app::setup::{FilesSetup, Setup};
use crate::config::Finding;
use crate::domain::problem::Problem;
use crate::domain::scope::ScopeRequest;
use crate::domain::text::count_of;
use crate::domain::time_range::TimeRange;
use crate::driver::{self, Clipboard, Collected, Files, Source, Taken};
use crate::files::{FileRead, Input, Narrow, Origin, Places, Progress};
use crate::oci::{Clock, Env};
use crate::query::{Query, Term};

/// What stands in the place of the range until the files say what they span.
const BEFORE_ANY: TimeDelta = TimeDelta::hours(1);

/// As the other commands take them where nothing is said.
const PADDING: TimeDelta = TimeDelta::minutes(30);
const SETTLING: TimeDelta = TimeDelta::minutes(15);

pub async fn run(
    args: &OpenArgs,
    settings: &Settings,
    env: &Env,
    interrupt: &mut Interrupt,
) -> Result<ExitCode, Problem> {
    let stats = Stats::begin(args.stats);
    let now = Clock::System.now().trunc_subsecs(0);
    let range = args.when.range(now)?;
    let query = args.filter.asked(now, args.when.tz.0)?;
    let mut exports = Exports::find(&args.paths)?;
    let shown: Query = range.map(Term::Time).into_iter().collect();
    exports.narrow(&shown, true);
    check_terminal(exports.inputs.iter().any(|input| input.origin == Origin::Stdin))?;
    let (views, broken) = views::all(env);
    let wanted = Wanted::new(&args.screen, settings, env);
    let look = wanted.look(&settings.config)?;
    let findings: Vec<Finding> = settings.config.findings.iter().cloned().chain(look.findings).collect();
    let setup = Setup {
        profile: String::new(),
        endpoint: None,
        demo: false,
        identity: Vec::new(),
        files: Some(FilesSetup {
            name: exports.name(),
            paths: paths(args),
            all_times: range.is_none(),
            collected: exports.window(),
        }),
        range: range.unwrap_or_else(|| TimeRange::ending_at(now, BEFORE_ANY)),
        scope: ScopeRequest::default(),
        narrowed_by_default: false,
        access: args.filter.shown(),
        own_reads: args.screen.own_reads,
        query,
        views,
        views_directory: views::directory(env),
        past: past::load(settings, env),
        zone: args.when.tz.0,
        glyphs: wanted.glyphs(),
        keymap: look.keymap,
        configuration: look::problem(&findings),
        padding: if exports.collections.is_empty() { TimeDelta::zero() } else { PADDING },
        max_memory: args.memory.max_memory,
        now,
    };
    let skipped = exports.skipped();
    let taken = Arc::new(Taken::default());
    let collected = collected(&mut exports, env, &taken);
    let inputs = exports.inputs.clone();
    let later = collected.iter().flat_map(|collected| collected.later.iter().map(|(input, _)| input));
    let all: Vec<Input> = inputs.iter().chain(later).cloned().collect();
    // Of a collection more is read when more is asked for.
    let narrow = if collected.is_some() { Narrow::default() } else { Narrow { range, ..Narrow::default() } };
    let judge = Box::new(move |files: &[FileRead]| {
        let asked = Asked { query: &shown, now, padding: PADDING, settling: SETTLING, strict: false };
        let mut verdict = exports.judge(files, range, &asked);
        if let Some(finding) = passed_over(files) {
            verdict.lacks(finding);
        }
        end(verdict)
    });
    let files = Files { inputs, narrow, names: region_names(env), judge, clock: Clock::System, collected };
    let stop = async {
        interrupt.unless(std::future::pending::<()>()).await;
    };
    let snapshot = driver::run(
        Source::Files(Box::new(files)),
        setup,
        Clipboard::start(env),
        look.theme,
        wanted.reload(),
        broken,
        stop,
    )
    .await
    .map_err(|error| terminal_failed(&error))?;
    if let Some(skipped) = skipped {
        say(&skipped);
    }
    let opened = opened(&taken, &all);
    stats.tell(Load { opened, ..Load::of(&snapshot) }, &Talk::plain("auditui"));
    Ok(if interrupt.happened() { ExitCode::from(130) } else { ExitCode::SUCCESS })
}

/// What is known of collections, if there are any. What says of no event when it happened is opened at once: nobody knows
/// which range would ask for it.
fn collected(exports: &mut Exports, env: &Env, taken: &Arc<Taken>) -> Option<Collected> {
    exports.window()?;
    let later = std::mem::take(&mut exports.unopened.files);
    let (undated, later): (Vec<_>, Vec<_>) = later.into_iter().partition(|(_, span)| span.is_none());
    exports.inputs.extend(undated.into_iter().map(|(input, _)| input));
    let mut places = Places::default();
    exports.expect_places(&mut places, env);
    let ledger = collection::ledger(&exports.collections, SETTLING);
    Some(Collected { later, places, ledger, taken: Arc::clone(taken) })
}

/// `all`: files that could be opened.
fn opened(taken: &Taken, all: &[Input]) -> Option<Opened> {
    let (files, bytes) = (taken.files.load(Ordering::Relaxed), taken.bytes.load(Ordering::Relaxed));
    let skipped_files = (all.len() as u64).saturating_sub(files);
    let skipped_bytes = Progress::of(all).total()?.saturating_sub(bytes);
    (files > 0).then_some(Opened { files, bytes, skipped_files, skipped_bytes })
}

/// As they were given. One that begins like an option is given so that it is none.
fn paths(args: &OpenArgs) -> Vec<String> {
    let path = |path: &std::path::PathBuf| match path.display().to_string() {
        path if path.starts_with('-') && path != "-" => format!("./{path}"),
        path => path,
    };
    args.paths.iter().map(path).collect()
}

/// Where standard input holds events, keys come from the terminal itself.
fn check_terminal(stdin_is_taken: bool) -> Result<(), Problem> {
    let keys = if stdin_is_taken { File::open("/dev/tty").is_ok() } else { io::stdin().is_terminal() };
    if keys && io::stdout().is_terminal() {
        return Ok(());
    }
    let hint = "without one, use a command: auditui count FILE --by user, or auditui --help";
    Err(Problem::usage("the explorer needs a terminal").hint(hint))
}

/// The range may be widened later, but what was passed over is not there then.
fn passed_over(files: &[FileRead]) -> Option<report::Finding> {
    let groups = groups(files.iter()).filter(|groups| groups.skipped > 0)?;
    let skipped = count_of(groups.skipped, "row group");
    let what = format!("{skipped} of Parquet files, which cannot hold anything of the range that was named");
    let advice = "open them without a range for all of it".to_owned();
    Some(report::Finding { advice, ..report::Finding::new(NOT_READ, what) })
}

fn end(verdict: Verdict) -> End {
    let Verdict { completeness, findings, .. } = verdict;
    let problems: Vec<_> = findings.iter().filter(|finding| !finding.is_no_problem()).collect();
    End {
        coverage: match completeness {
            Completeness::Unknown => "coverage unknown",
            Completeness::Complete => "coverage complete",
            Completeness::Filtered => "only some events",
            Completeness::Incomplete => "coverage incomplete",
        },
        whole: !problems.iter().any(|finding| finding.word == NOT_READ),
        problems: problems.iter().map(ToString::to_string).collect(),
    }
}
