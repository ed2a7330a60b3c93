//! A comparison as a table, as Markdown and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Outcome, Span, word};
use crate::cli::listing::aligned;
use crate::cli::summary::escaped;
use crate::domain::text::{clean_json, clean_prefix, thousands};
use crate::domain::time_range::rfc3339;
use crate::reconcile::{Counts, Difference, Row, Sort};

/// Characters of a region or an id that are shown.
const WIDEST: usize = 80;

const HEAD: [&str; 8] = ["HOUR (UTC)", "REGION", "KEPT", "ARCHIVE", "NOT IN ARCHIVE", "NOT KEPT", "DIFFERENT", "NOTE"];

/// What is compared of an event that is on both sides.
const COMPARED: &str = "of an id on both sides: type, time, operation, compartment, resource, principal and its tenancy, \
                        address, request id, method, path, status";

pub fn table(result: &Outcome<'_>) -> String {
    let mut out = lead(result).join("\n");
    let lines = lines(result);
    if lines.is_empty() {
        out.push_str("\n\nno hour differs");
    } else {
        let rows: Vec<[String; 8]> = [HEAD.map(str::to_owned)].into_iter().chain(lines).collect();
        let _ = write!(out, "\n\n{}", aligned(&rows));
    }
    out.push_str(if result.differences.is_empty() { "" } else { "\n" });
    for Difference { sort, region, time, id } in result.differences {
        let (region, id) = (shown(region.as_str()), shown(id));
        let _ = write!(out, "\n{}: {id} {} {region}", word(*sort), rfc3339(*time));
    }
    out
}

pub fn markdown(result: &Outcome<'_>) -> String {
    let mut out = "# What was kept and the archive\n\n".to_owned();
    for line in lead(result) {
        let _ = writeln!(out, "- {}", escaped(&line));
    }
    let _ = write!(out, "\n| {} |\n|---|---|--:|--:|--:|--:|--:|---|\n", HEAD.join(" | ").to_lowercase());
    for line in lines(result) {
        let _ = writeln!(out, "| {} |", line.map(|cell| escaped(&cell)).join(" | "));
    }
    if !result.differences.is_empty() {
        out.push_str("\n| what | id | time | region |\n|---|---|---|---|\n");
    }
    for Difference { sort, region, time, id } in result.differences {
        let (region, id) = (escaped(&shown(region.as_str())), escaped(&shown(id)));
        let _ = writeln!(out, "| {} | {id} | {} | {region} |", word(*sort), rfc3339(*time));
    }
    out.truncate(out.trim_end().len());
    out
}

pub fn document(result: &Outcome<'_>, with_ids: bool) -> String {
    let [kept, archive] = result.covers.map(|span| span.map(of_span));
    let hour = |row: &Row| {
        let mut line = counts(row.counts);
        line["hour"] = rfc3339(row.hour).into();
        line["region"] = some(row.region.as_str());
        line["partial"] = row.partial.into();
        line
    };
    let mut document = json!({
        "compared": of_span(result.compared),
        "kept": kept,
        "archive": archive,
        "content": COMPARED,
        "total": counts(result.report.total),
        "hours": result.report.rows.iter().map(hour).collect::<Vec<_>>(),
    });
    if with_ids {
        document["ids"] = result.differences.iter().map(difference).collect();
    }
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    // The line breaks are ours; what else a terminal would obey is not.
    text.split('\n').map(|line| clean_json(line.as_bytes())).collect::<Vec<_>>().join("\n")
}

pub fn counts(counts: Counts) -> Value {
    json!({
        "kept": counts.kept,
        "archive": counts.archive,
        "missingInArchive": counts.only_kept,
        "missingInKept": counts.only_archive,
        "different": counts.different,
    })
}

pub fn difference(found: &Difference) -> Value {
    let Difference { sort, region, time, id } = found;
    let sort = match sort {
        Sort::MissingInArchive => "missingInArchive",
        Sort::MissingInKept => "missingInKept",
        Sort::Different => "different",
    };
    json!({ "what": sort, "id": id, "time": rfc3339(*time), "region": some(region.as_str()) })
}

/// What is compared, and what each side covers.
fn lead(result: &Outcome<'_>) -> Vec<String> {
    let [kept, archive] = result.covers.map(|span| span.map_or_else(|| "nothing".to_owned(), Span::text));
    vec![
        format!("compared: {}", result.compared.text()),
        format!("kept: {kept}"),
        format!("archive: {archive}"),
        COMPARED.to_owned(),
    ]
}

/// The hours that differ, and the total.
fn lines(result: &Outcome<'_>) -> Vec<[String; 8]> {
    let line = |hour: String, region: String, of: Counts, note: &str| {
        let Counts { kept, archive, only_kept, only_archive, different } = of;
        let [kept, archive, only_kept, only_archive, different] =
            [kept, archive, only_kept, only_archive, different].map(thousands);
        [hour, region, kept, archive, only_kept, only_archive, different, note.to_owned()]
    };
    let differs = result.report.rows.iter().filter(|row| row.counts.differs());
    let mut lines: Vec<[String; 8]> = differs
        .map(|row| {
            let note = if row.partial { "partial" } else { "" };
            line(row.hour.format("%Y-%m-%dT%H").to_string(), shown(row.region.as_str()), row.counts, note)
        })
        .collect();
    if !lines.is_empty() {
        lines.push(line("all that is compared".to_owned(), String::new(), result.report.total, ""));
    }
    lines
}

fn of_span(span: Span) -> Value {
    json!({ "from": rfc3339(span.from), "until": rfc3339(span.until) })
}

fn shown(text: &str) -> String {
    if text.is_empty() { "(unknown)".to_owned() } else { clean_prefix(text, WIDEST).into_owned() }
}

/// Null where nobody knows.
fn some(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}
