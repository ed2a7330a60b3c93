//! `auditui collect`: what a tenancy holds, kept on disk, and added to by every run.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use chrono::SubsecRound;
use serde_json::{Value, json};

use super::args::{CollectArgs, IdentityArgs};
use super::connect::{PassPhrases, connect_again};
use super::gather::Gathering;
use super::interrupt::Interrupt;
use super::listing::print_text;
use super::talk::Talk;
use crate::collect::{Disk, Layout, Lock, Owner, lock_path, rebuild, tenancies};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::{clean, clean_json, count_of};
use crate::domain::time_range::rfc3339;
use crate::oci::{Env, clock};

/// Exit codes from best to worst.
const WORSE: [u8; 7] = [0, 3, 5, 4, 2, 1, 130];

/// What became of one profile.
pub struct Outcome {
    pub exit_code: u8,
    /// For monitors.
    pub parts: Value,
}

pub async fn run(
    identity: &IdentityArgs,
    env: &Env,
    args: &CollectArgs,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<ExitCode, Problem> {
    // Before anything is looked for: this is what the user can mend without an account.
    args.when().range(clock::now())?;
    let disk = Disk::default();
    let owner = Owner::here(clock::now().trunc_subsecs(0));
    let (_lock, before) = Lock::take(&disk, &lock_path(&args.into), &owner)?;
    if let Some(before) = before {
        talk.note(&format!("took over from a collector that did not come to its end: {before}"));
    }
    if args.rebuild_ledger {
        rebuild_ledgers(&disk, &args.into, talk)?;
    }
    let mut run = Collecting { identity, env, args, disk, talk, phrases: PassPhrases::default() };
    loop {
        let begun = Instant::now();
        let exit_code = run.round(interrupt).await?;
        let Some(every) = args.watch.filter(|_| !interrupt.happened()) else { return Ok(ExitCode::from(exit_code)) };
        let rest = tokio::time::sleep(every.saturating_sub(begun.elapsed()));
        if interrupt.unless(rest).await.is_none() {
            return Ok(ExitCode::from(exit_code));
        }
    }
}

/// What each time has in common.
struct Collecting<'a> {
    identity: &'a IdentityArgs,
    env: &'a Env,
    args: &'a CollectArgs,
    disk: Disk,
    talk: &'a Talk,
    phrases: PassPhrases,
}

impl Collecting<'_> {
    /// Collects every profile once, and says what came of it in one line; the worst exit code.
    async fn round(&mut self, interrupt: &mut Interrupt) -> Result<u8, Problem> {
        let begun = Instant::now();
        let mut profiles: Vec<Option<String>> = self.args.profile.iter().cloned().map(Some).collect();
        if profiles.is_empty() {
            profiles.push(None);
        }
        let mut outcomes = Vec::new();
        for profile in profiles {
            if interrupt.happened() {
                break;
            }
            let name = profile.clone();
            let identity = IdentityArgs { profile, ..self.identity.clone() };
            let outcome = Box::pin(self.of_profile(&identity, interrupt)).await;
            outcomes.push(outcome.unwrap_or_else(|problem| {
                self.talk.problem(&problem);
                let exit_code = problem.kind.exit_code();
                let parts =
                    json!({ "profile": name, "exitCode": exit_code, "complete": false, "problem": problem.what });
                Outcome { exit_code, parts }
            }));
        }
        let rank = |code: &u8| WORSE.iter().position(|known| known == code).unwrap_or(WORSE.len());
        let ended = if interrupt.happened() { 130 } else { 0 };
        let codes = outcomes.iter().map(|outcome| outcome.exit_code);
        let exit_code = codes.chain([ended]).max_by_key(rank).unwrap_or(ended);
        let line = json!({
            "type": "collect",
            "time": rfc3339(clock::now().trunc_subsecs(3)),
            "exitCode": exit_code,
            "complete": !outcomes.is_empty() && outcomes.iter().all(|outcome| outcome.parts["complete"] == true),
            "seconds": begun.elapsed().as_secs(),
            "tenancies": outcomes.into_iter().map(|outcome| outcome.parts).collect::<Vec<_>>(),
        });
        print_text(&clean_json(line.to_string().as_bytes()))?;
        Ok(exit_code)
    }

    async fn of_profile(&mut self, identity: &IdentityArgs, interrupt: &mut Interrupt) -> Result<Outcome, Problem> {
        let Self { env, args, disk, talk, phrases, .. } = self;
        let connection = connect_again(identity, env, phrases).await?;
        for warning in &connection.warnings {
            talk.warning(warning);
        }
        let mut gathering = Gathering::open(&connection, args, disk, talk, interrupt).await?;
        gathering.read(interrupt).await?;
        gathering.conclude(interrupt.happened())
    }
}

fn rebuild_ledgers(disk: &Disk, root: &Path, talk: &Talk) -> Result<(), Problem> {
    let shown = |path: &str| clean(path).into_owned();
    for slug in tenancies(root) {
        let layout = Layout::named(root, &slug);
        let rebuilt = rebuild(disk, &layout, clock::now().trunc_subsecs(0)).map_err(|trouble| trouble.to_problem())?;
        let (slices, events) = (count_of(rebuilt.cells as u64, "slice"), count_of(rebuilt.rows, "event"));
        talk.note(&format!("the ledger of {} is made anew from {slices} with {events}", shown(&slug)));
        talk.note(&format!("the one that was is {}", shown(&rebuilt.aside)));
        for foreign in &rebuilt.foreign {
            talk.warning(&format!("left out, because it is no data file of ours: {}", shown(foreign)));
        }
    }
    if tenancies(root).is_empty() {
        let what = format!("there is no collection in {}", shown(&root.display().to_string()));
        return Err(Problem::new(ProblemKind::Usage, what));
    }
    Ok(())
}
