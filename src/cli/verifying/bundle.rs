//! `auditui verify` of an evidence bundle.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::MISMATCH;
use crate::cli::args::{ListingFormat, VerifyArgs};
use crate::cli::listing::print_text;
use crate::collect::Owner;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::{clean, clean_json, count_of};
use crate::export::bag::{self, Bag, Finding, Kind};
use crate::oci::{Env, clock};

/// Cells of a kind that are named in the table; the rest is counted.
const NAMED: usize = 20;

pub fn run(args: &VerifyArgs, env: &Env) -> Result<ExitCode, Problem> {
    let cannot = |error: std::io::Error| {
        Problem::new(ProblemKind::Io, format!("{}: {error}", clean(&args.directory.display().to_string())))
    };
    let bag = bag::verify(&args.directory).map_err(cannot)?;
    let code = exit_code(&bag);
    match args.output {
        ListingFormat::Table => print_text(&text(&bag))?,
        ListingFormat::Json => print_text(&clean_json(object(&bag).to_string().as_bytes()))?,
    }
    if let Some(what) = &args.custody {
        if code == MISMATCH {
            return Err(Problem::new(
                ProblemKind::Io,
                "nothing was added to custody.log: the bundle is not as it was sealed",
            ));
        }
        note(&args.directory, &bag, what, env).map_err(cannot)?;
    }
    Ok(ExitCode::from(code))
}

/// Adds a line to the log of who had it.
fn note(directory: &Path, bag: &Bag, what: &str, env: &Env) -> std::io::Result<()> {
    let now = clock::now();
    let who = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| env.get(name)).unwrap_or("unknown");
    let seal = Some(bag.seal.clone());
    let (who, host, what) = (who.to_owned(), Owner::here(now).host, what.to_owned());
    let (hash_before, hash_after) = (seal.clone(), seal);
    bag::append(
        directory,
        bag::Entry { time: now, who, host, what, hash_before, hash_after, previous: None, digest: String::new() },
    )
}

/// What is still settling, or gone, was not missing for the export, and is not here.
fn exit_code(bag: &Bag) -> u8 {
    let is_other = bag.findings.iter().any(|finding| finding.kind == Kind::Mismatch);
    let is_complete = bag.document.as_ref().is_some_and(|document| document.complete);
    match (is_other, is_complete) {
        (true, _) => MISMATCH,
        (_, false) => 3,
        _ => 0,
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Mismatch => "mismatch",
        Kind::Gap => "gap",
        Kind::Empty => "empty",
    }
}

fn text(bag: &Bag) -> String {
    let mut text = String::new();
    let of = |kind: Kind| bag.findings.iter().filter(move |finding| finding.kind == kind).collect::<Vec<&Finding>>();
    for kind in [Kind::Empty, Kind::Gap, Kind::Mismatch] {
        let found = of(kind);
        let named = if kind == Kind::Mismatch { found.len() } else { NAMED };
        for finding in found.iter().take(named) {
            let _ = writeln!(text, "{}: {}", word(kind), finding.what);
        }
        if found.len() > named {
            let _ = writeln!(text, "{}: {} more (-o json has all of them)", word(kind), found.len() - named);
        }
    }
    let _ = write!(text, "evidence bundle: {}, {}", count_of(bag.files as u64, "file"), count_of(bag.events, "event"));
    text.push_str(match of(Kind::Mismatch).len() {
        0 => ": as it was sealed",
        _ => ": NOT as it was sealed",
    });
    let _ = write!(text, "\nsha256 of tagmanifest-sha256.txt: {}", bag.seal);
    if let Some(document) = &bag.document {
        let _ = write!(text, "\n{}", clean(&document.sentence));
    }
    text
}

fn object(bag: &Bag) -> serde_json::Value {
    let found = |finding: &Finding| json!({ "kind": word(finding.kind), "what": finding.what });
    json!({
        "files": bag.files,
        "events": bag.events,
        "seal": bag.seal,
        "sealed": bag.findings.iter().all(|finding| finding.kind != Kind::Mismatch),
        "found": bag.findings.iter().map(found).collect::<Vec<_>>(),
    })
}
