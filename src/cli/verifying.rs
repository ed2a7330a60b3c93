//! `auditui verify`: whether a collection, or an evidence bundle, is what it was written as.

mod bundle;

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::{ListingFormat, VerifyArgs};
use super::listing::print_text;
use crate::collect::{Sort, Verified, tenancies, verify};
use crate::domain::problem::Problem;
use crate::domain::text::{clean, clean_json, count_of};
use crate::domain::time_range::rfc3339;
use crate::export::bag;
use crate::oci::Env;

/// The exit code where something is not what it was written as.
const MISMATCH: u8 = 6;

pub fn run(args: &VerifyArgs, env: &Env) -> Result<ExitCode, Problem> {
    if bag::is_bag(&args.directory) {
        return bundle::run(args, env);
    }
    if args.custody.is_some() {
        return Err(Problem::usage("--custody is for evidence bundles, which export --evidence DIR makes"));
    }
    let slugs = tenancies(&args.directory);
    if slugs.is_empty() {
        let what = format!(
            "there is no collection and no evidence bundle in {}",
            clean(&args.directory.display().to_string())
        );
        return Err(Problem::usage(what).hint("a collection is what `auditui collect --into DIR` makes, a bundle what `auditui export --evidence DIR` makes"));
    }
    let mut all = Vec::new();
    for slug in slugs {
        let verified = verify(&args.directory, &slug).map_err(|trouble| trouble.to_problem())?;
        all.push((slug, verified));
    }
    match args.output {
        ListingFormat::Table => print_text(&all.iter().map(text).collect::<Vec<_>>().join("\n"))?,
        ListingFormat::Json => {
            let value = Value::Array(all.iter().map(object).collect());
            print_text(&clean_json(value.to_string().as_bytes()))?;
        }
    }
    let worst = all.iter().flat_map(|(_, verified)| &verified.found).map(|found| found.sort).max();
    Ok(ExitCode::from(match worst {
        Some(Sort::Mismatch) => MISMATCH,
        Some(Sort::Unfinished | Sort::Gap) => 3,
        Some(Sort::Note) | None => 0,
    }))
}

fn word(sort: Sort) -> &'static str {
    match sort {
        Sort::Mismatch => "mismatch",
        Sort::Unfinished => "unfinished",
        Sort::Gap => "gap",
        Sort::Note => "note",
    }
}

fn text((slug, verified): &(String, Verified)) -> String {
    let mut text = String::new();
    for found in &verified.found {
        let _ = writeln!(text, "{}: {}", word(found.sort), found.what);
    }
    let _ = write!(
        text,
        "{}: {}, {}",
        clean(slug),
        count_of(verified.files as u64, "file"),
        count_of(verified.rows, "event")
    );
    if let (Some(from), Some(until)) = (verified.from, verified.until) {
        let _ = write!(text, ", collected from {} to {}", rfc3339(from), rfc3339(until));
    }
    let of = |sort| verified.found.iter().filter(|found| found.sort == sort).count() as u64;
    let bad = [(Sort::Mismatch, "mismatches"), (Sort::Unfinished, "unfinished"), (Sort::Gap, "gaps")];
    for (sort, name) in bad.into_iter().filter(|(sort, _)| of(*sort) > 0) {
        let _ = write!(text, ", {name}: {}", of(sort));
    }
    if bad.into_iter().all(|(sort, _)| of(sort) == 0) {
        text.push_str(": as it was written, and without a gap");
    }
    text
}

fn object((slug, verified): &(String, Verified)) -> Value {
    json!({
        "tenancy": slug,
        "files": verified.files,
        "rows": verified.rows,
        "bytes": verified.bytes,
        "from": verified.from.map(rfc3339),
        "until": verified.until.map(rfc3339),
        "found": verified.found.iter().map(|found| json!({ "kind": word(found.sort), "what": found.what })).collect::<Vec<_>>(),
    })
}
