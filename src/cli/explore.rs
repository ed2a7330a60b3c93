//! `auditui` alone: the explorer.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::args::CommandLine;
use super::collect::{Reading, fetch_settings};
use super::config::wrong_time;
use super::connect::connect;
use super::interrupt::Interrupt;
use super::look::{self, Wanted};
use super::past;
use super::plan;
use super::range::retention_warning;
use super::stats::{Load, Stats};
use super::talk::{Talk, say};
use super::views;
use crate::app::setup::{Past, Setup};
use crate::config::{Finding, Setting};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::time_phrase::{Anchors, parse_range};
use crate::domain::time_range::TimeRange;
use crate::domain::zone::Zone;
use crate::driver::{self, Clipboard, FetchOptions, Source};
use crate::oci::Env;

/// How much of the demo's story is on screen at once, and of a real tenancy before anybody has said what to read.
const DEMO_RANGE: TimeDelta = TimeDelta::hours(24);
const FIRST_RANGE: TimeDelta = TimeDelta::hours(1);

pub async fn run(line: &CommandLine, env: &Env, interrupt: &mut Interrupt) -> Result<ExitCode, Problem> {
    let stats = Stats::begin(line.stats);
    let screen = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !(line.read.plan || screen) {
        say(&CommandLine::definition().render_help().to_string());
        return Err(Problem::usage("the explorer needs a terminal")
            .hint("without one, use a command: auditui export --since 1h, or auditui --help"));
    }
    let query = line.filter.asked(crate::oci::clock::now(), line.read.when.tz.0)?;
    let wanted = Wanted::new(&line.screen, &line.settings, env);
    let look = wanted.look(&line.settings.config)?;
    let connection = connect(&line.identity, env).await?;
    let client = &connection.client;
    let now = client.now().trunc_subsecs(0);
    let length = if line.identity.demo { DEMO_RANGE } else { FIRST_RANGE };
    let time = line.settings.config.setting("time").filter(|_| !line.identity.demo);
    let begin = time.and_then(|time| begins_with(time, line.read.when.tz.0, now));
    let range = line.read.when.range(now)?.or(begin).unwrap_or_else(|| TimeRange::ending_at(now, length));
    if line.read.plan {
        let talk = Talk::plain("plan");
        let reading = Reading::new(&connection, &line.read, range, &talk);
        return plan::run(&reading, true, interrupt).await;
    }
    let (views, broken) = views::all(env);
    let findings: Vec<Finding> =
        line.settings.config.findings.iter().cloned().chain(look.findings).chain(time.and_then(wrong_time)).collect();
    let setup = Setup {
        profile: client.profile().name.clone(),
        endpoint: client.endpoint_override().filter(|_| !line.identity.demo).map(ToString::to_string),
        demo: line.identity.demo,
        identity: line.identity.words(&client.profile().name),
        files: None,
        range,
        scope: line.read.scope(),
        narrowed_by_default: line.settings.narrows(env),
        access: line.filter.shown(),
        own_reads: line.screen.own_reads,
        query,
        views,
        views_directory: views::directory(env),
        past: if line.identity.demo { Past::default() } else { past::load(&line.settings, env) },
        zone: line.read.when.tz.0,
        glyphs: wanted.glyphs(),
        keymap: look.keymap,
        configuration: look::problem(&findings),
        padding: line.read.padding,
        max_memory: line.memory.max_memory,
        now,
    };
    let options =
        FetchOptions { settings: fetch_settings(&line.read), padding: line.read.padding, settling: line.read.settling };
    let warnings = connection.warnings.iter().cloned().chain(retention_warning(&range, now));
    let notes = warnings.map(|warning| Problem::new(ProblemKind::Io, warning)).chain(broken).collect();
    let stop = async {
        interrupt.unless(std::future::pending::<()>()).await;
    };
    let source = Source::Tenancy { client: client.clone(), options };
    let snapshot = driver::run(source, setup, Clipboard::start(env), look.theme, wanted.reload(), notes, stop)
        .await
        .map_err(|error| terminal_failed(&error))?;
    stats.tell(Load::of(&snapshot), &Talk::plain("auditui"));
    Ok(if interrupt.happened() { ExitCode::from(130) } else { ExitCode::SUCCESS })
}

/// What the configuration says to begin with.
fn begins_with(time: &Setting, zone: Zone, now: DateTime<Utc>) -> Option<TimeRange> {
    parse_range(time.values.first()?, &Anchors { now, zone, event: None }).ok()
}

pub fn terminal_failed(error: &io::Error) -> Problem {
    Problem::new(ProblemKind::Io, format!("the terminal failed: {error}"))
}
