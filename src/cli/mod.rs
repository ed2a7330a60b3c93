//! Without a screen: the command line, and the commands that write to standard output.

pub mod args;
mod bring;
mod collect;
mod collecting;
mod collection;
mod config;
pub mod connect;
mod count;
mod coverage;
mod diagnose;
pub mod doctor;
mod document;
mod evidence;
mod explore;
mod export;
mod exports;
mod filter;
mod follow;
mod from_files;
mod gather;
mod harden;
mod held;
mod intake;
mod interrupt;
mod listing;
mod look;
mod memory;
mod narrow;
mod news;
mod open;
mod outlet;
mod output;
mod parquet;
mod parse;
mod parts;
mod past;
mod plan;
mod probe;
mod progress;
mod proof;
mod range;
mod reconcile;
mod redacting;
mod report;
mod settings;
mod shell;
mod simulate;
mod staged;
mod stats;
mod summary;
mod talk;
#[cfg(test)]
mod testing;
mod verifying;
mod views;

use std::process::ExitCode;

use args::{Command, CommandLine, CoverageArgs, ExportArgs, IdentityArgs, ListingArgs};
use collect::Reading;
use connect::connect;
use interrupt::Interrupt;
use look::Wanted;
use talk::{Talk, say};

use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::tenancy::Tenancy;
use crate::fetch::{RetrySettings, discover};
use crate::oci::Env;

/// Does what the command line says; every error has become a sentence and an exit code when it returns.
pub fn run(mut line: CommandLine) -> ExitCode {
    harden::keep_memory_private();
    let env = Env::from_process();
    let talk = match &line.command {
        Some(Command::Export(args)) => Talk::new("export", &args.talk, &env),
        Some(Command::Coverage(args)) => Talk::new("coverage", &args.talk, &env),
        Some(Command::Collect(args)) => Talk::new("collect", &args.talk, &env),
        Some(Command::Count(args)) => Talk::new("count", &args.events.talk, &env),
        Some(Command::Summary(args)) => Talk::new("summary", &args.events.talk, &env),
        Some(Command::Reconcile(args)) => Talk::new("reconcile", &args.talk, &env),
        _ => Talk::plain("auditui"),
    };
    if let Err(problem) = views::apply(&mut line, &env) {
        talk.problem(&problem);
        return ExitCode::from(problem.kind.exit_code());
    }
    let result = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Problem::new(ProblemKind::Io, format!("cannot start: {error}")))
        .and_then(|runtime| runtime.block_on(dispatch(&line, &env, &talk)));
    result.unwrap_or_else(|problem| {
        talk.problem(&problem);
        ExitCode::from(problem.kind.exit_code())
    })
}

async fn dispatch(line: &CommandLine, env: &Env, talk: &Talk) -> Result<ExitCode, Problem> {
    let mut interrupt = Interrupt::listen();
    line.settings.tell(line, talk)?;
    match &line.command {
        Some(Command::Export(args)) => export(&line.identity, env, args, talk, &mut interrupt).await,
        Some(Command::Coverage(args)) => coverage(&line.identity, env, args, talk, &mut interrupt).await,
        Some(Command::Collect(args)) => collecting::run(&line.identity, env, args, talk, &mut interrupt).await,
        Some(Command::Verify(args)) => verifying::run(args, env),
        Some(Command::Count(args)) => count::run(&line.identity, env, args, talk, &mut interrupt).await,
        Some(Command::Summary(args)) => summary::run(&line.identity, env, args, talk, &mut interrupt).await,
        Some(Command::Reconcile(args)) => reconcile::run(env, args, talk, &mut interrupt).await,
        Some(Command::Open(args)) => open::run(args, &line.settings, env, &mut interrupt).await,
        Some(Command::Config(args)) => {
            let wanted = Wanted::new(&line.screen, &line.settings, env);
            config::run(&args.command, &line.settings, &line.identity, &wanted, env)
        }
        Some(Command::Completions(args)) => shell::completions(args.shell),
        Some(Command::Man) => shell::man(),
        Some(Command::Regions(args)) => list(&line.identity, env, args, listing::regions).await,
        Some(Command::Compartments(args)) => list(&line.identity, env, args, listing::compartments).await,
        Some(Command::Probe(args)) => probe::run(&line.identity, env, args.output).await,
        Some(Command::Doctor(args)) => diagnose::run(&line.identity, env, args).await,
        Some(Command::Simulate(args)) => simulate::run(args, &mut interrupt).await,
        None => explore::run(line, env, &mut interrupt).await,
    }
}

async fn export(
    identity: &IdentityArgs,
    env: &Env,
    args: &ExportArgs,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<ExitCode, Problem> {
    // Before anything is looked for: this is what the user can mend without an account.
    let now = crate::oci::clock::now();
    let asked = args.asked(now)?;
    let redaction = redacting::redaction(&args.delivery, identity.no_input, talk)?;
    if !args.from.from.is_empty() {
        return from_files::run(env, args, asked, redaction, talk, interrupt).await;
    }
    let range = args.read.required_range(now)?;
    let bundle = args.delivery.evidence.as_deref().map(evidence::Bundle::begin).transpose()?;
    let witness = bundle.as_ref().map(evidence::Bundle::witness);
    let connection = connect(&IdentityArgs { witness, ..identity.clone() }, env).await?;
    if args.read.plan {
        let reading = Reading::new(&connection, &args.read, range, talk);
        return plan::run(&reading, false, interrupt).await;
    }
    let bundle = bundle.map(|bundle| (bundle, evidence::Collector::of(&args.delivery, env, now)));
    let order = export::Order { wanted: intake::Wanted { range, query: asked }, redaction, bundle };
    export::run(&connection, args, order, talk, interrupt).await
}

async fn coverage(
    identity: &IdentityArgs,
    env: &Env,
    args: &CoverageArgs,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<ExitCode, Problem> {
    if args.path.is_some() || !args.read.when.names_a_time() {
        return coverage::show(args.path.as_deref(), args.output);
    }
    let range = args.read.required_range(crate::oci::clock::now())?;
    let connection = connect(identity, env).await?;
    let reading = Reading::new(&connection, &args.read, range, talk);
    if args.read.plan {
        plan::run(&reading, false, interrupt).await
    } else {
        coverage::make(&reading, args, interrupt).await
    }
}

type Listing = fn(&Tenancy, args::ListingFormat) -> Result<(), Problem>;

async fn list(identity: &IdentityArgs, env: &Env, args: &ListingArgs, listing: Listing) -> Result<ExitCode, Problem> {
    let connection = connect(identity, env).await?;
    connection.warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
    let tenancy = discover(&connection.client, RetrySettings::default()).await?;
    listing(&tenancy, args.output)?;
    Ok(match &tenancy.partial {
        Some(problem) => {
            say(&format!("incomplete: {problem}"));
            ExitCode::from(3)
        }
        None => ExitCode::SUCCESS,
    })
}
