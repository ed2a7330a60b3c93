//! Without a screen: the command line, and the commands that write to standard output.

pub mod args;
pub mod connect;
mod diagnose;
pub mod doctor;
mod explore;
mod export;
mod interrupt;
mod listing;
mod output;
mod progress;
mod range;
mod report;
mod simulate;

use std::process::ExitCode;

use args::{Command, CommandLine, IdentityArgs, ListingArgs};
use connect::connect;
use interrupt::Interrupt;
use progress::say;

use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::tenancy::Tenancy;
use crate::fetch::{RetrySettings, discover};
use crate::oci::Env;

/// Does what the command line says; every error has become a sentence and an exit code when it returns.
pub fn run(line: CommandLine) -> ExitCode {
    let result = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Problem::new(ProblemKind::Io, format!("cannot start: {error}")))
        .and_then(|runtime| runtime.block_on(dispatch(line)));
    result.unwrap_or_else(|problem| {
        say(&format!("auditui: {problem}"));
        ExitCode::from(problem.kind.exit_code())
    })
}

async fn dispatch(line: CommandLine) -> Result<ExitCode, Problem> {
    let env = Env::from_process();
    let mut interrupt = Interrupt::listen();
    match &line.command {
        Some(Command::Export(args)) => {
            // Before anything is looked for: this is what the user can mend without an account.
            let range = args.read.required_range(crate::oci::clock::now())?;
            let connection = connect(&line.identity, &env).await?;
            export::run(&connection, args, range, &mut interrupt).await
        }
        Some(Command::Regions(args)) => list(&line.identity, &env, args, listing::regions).await,
        Some(Command::Compartments(args)) => list(&line.identity, &env, args, listing::compartments).await,
        Some(Command::Doctor(args)) => diagnose::run(&line.identity, &env, args).await,
        Some(Command::Simulate(args)) => simulate::run(args, &mut interrupt).await,
        None => explore::run(&line, &env, &mut interrupt).await,
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
