//! `auditui summary`: what events come to: how many, how large, how many of them writes, and where and when.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::args::{IdentityArgs, SummaryArgs, SummaryFormat};
use super::bring::{Brought, bring};
use super::interrupt::Interrupt;
use super::listing::{aligned, print_text};
use super::stats::Stats;
use super::talk::Talk;
use crate::domain::ocid::Ocid;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::{clean_json, clean_prefix, count_of, thousands};
use crate::oci::Env;
use crate::query::{By, Field, Part, Sums, Total, sums};

/// Characters of a value in a table.
const WIDEST: usize = 80;

/// In a table, for what an event has not.
const NONE: &str = "(none)";

/// What the figures are called, for people.
const FIGURES: [&str; 5] = ["EVENTS", "LINES", "BYTES", "WRITES (METHOD)", "WRITES (MEANING)"];

const METHOD: &str = "events of calls with POST, PUT, PATCH or DELETE";
const MEANING: &str = "events that change something, and sign-ins (is:write); searches by POST are none";

/// Ways in which the whole is divided: by name, and what tells the parts apart. A compartment's name may stand twice, so
/// its OCID is with it.
const WAYS: [(&str, &[By]); 5] = [
    ("region", &[By::Field(Field::Region)]),
    ("compartment", &[By::Field(Field::Compartment), By::Field(Field::CompartmentId)]),
    ("service", &[By::Field(Field::Service)]),
    ("day", &[By::Day]),
    ("method", &[By::Field(Field::Action)]),
];

pub async fn run(
    identity: &IdentityArgs,
    env: &Env,
    args: &SummaryArgs,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<ExitCode, Problem> {
    let stats = Stats::begin(args.events.stats);
    let nothing = || {
        Problem::usage("sum up what? name files, or a time span to read")
            .hint("auditui summary events.jsonl, or auditui summary --since 24h")
    };
    let events = match bring(identity, env, &args.events, nothing, talk, interrupt).await? {
        Brought::Planned(code) => return Ok(code),
        Brought::Events(events) => events,
    };
    let ways = WAYS.map(|(_, by)| by);
    let mut found = tokio::task::block_in_place(|| sums(&events.selection()?, &ways))
        .ok_or_else(|| Problem::new(ProblemKind::Io, "events that were held cannot be read back"))?;
    in_order_of_time(&mut found);
    let (is_bound, coverage) = (events.is_bound(), events.coverage());
    print_text(&match args.output {
        SummaryFormat::Table => table(&found, is_bound),
        SummaryFormat::Markdown => markdown(&found, is_bound, &coverage),
        SummaryFormat::Json => document(&found, is_bound, &coverage),
    })?;
    let Total { events: count, bytes, writes, writes_by_method } = found.total;
    let counted = match events.files_read() {
        Some(read) => format!("{} of {read}", thousands(count)),
        None => count_of(count, "event"),
    };
    let lead = format!(
        "summary: {counted}, {}, {} writes by method, {} by meaning",
        count_of(bytes, "byte"),
        thousands(writes_by_method),
        thousands(writes)
    );
    Ok(events.conclude(&lead, &json!({ "count": count }), &stats, talk))
}

/// Days by their order; all else stays as it is, the largest first. What has no day comes last.
fn in_order_of_time(found: &mut Sums) {
    for ((_, way), parts) in WAYS.iter().zip(&mut found.parts) {
        if **way == [By::Day] {
            parts.sort_by(|a, b| (a.values[0].is_none(), &a.values).cmp(&(b.values[0].is_none(), &b.values)));
        }
    }
}

fn figures(total: Total, is_bound: bool) -> [String; 5] {
    let Total { events, bytes, writes_by_method, writes } = total;
    let at_least = if is_bound { ">=" } else { "" };
    [events, events, bytes, writes_by_method, writes].map(|figure| format!("{at_least}{}", thousands(figure)))
}

/// What a part is called, for people: names, and a short form of an OCID.
fn name(part: &Part) -> String {
    let shown = |text: &str| clean_prefix(text, WIDEST).into_owned();
    match part.values.as_slice() {
        [Some(name), Some(id)] => format!("{} ({})", shown(name), shown(&Ocid::new(id).short())),
        [None, Some(id)] => shown(id),
        values => values.iter().flatten().next().map_or_else(|| NONE.to_owned(), |value| shown(value)),
    }
}

/// What follows the name of what the lines are, by way of division; the whole first.
fn tables(found: &Sums, is_bound: bool) -> Vec<(&'static str, Vec<[String; 6]>)> {
    let line = |name: String, total| {
        let [events, lines, bytes, by_method, by_meaning] = figures(total, is_bound);
        [name, events, lines, bytes, by_method, by_meaning]
    };
    let mut tables = vec![("all", vec![line("all".to_owned(), found.total)])];
    let parts = WAYS.iter().zip(&found.parts);
    tables
        .extend(parts.map(|((way, _), parts)| (*way, parts.iter().map(|part| line(name(part), part.total)).collect())));
    tables
}

fn table(found: &Sums, is_bound: bool) -> String {
    let mut rows = Vec::new();
    for (way, lines) in tables(found, is_bound) {
        if !rows.is_empty() {
            rows.push([const { String::new() }; 6]);
        }
        let mut head = [const { String::new() }; 6];
        let names = [if way == "all" { String::new() } else { way.to_uppercase() }];
        head.iter_mut().zip(names.into_iter().chain(FIGURES.map(str::to_owned))).for_each(|(cell, name)| *cell = name);
        rows.push(head);
        rows.extend(lines);
    }
    format!("{}\n\nWRITES (METHOD): {METHOD}\nWRITES (MEANING): {MEANING}", aligned(&rows))
}

fn markdown(found: &Sums, is_bound: bool, coverage: &str) -> String {
    let mut out = format!("# Audit events\n\n{}\n", escaped(coverage));
    for (way, lines) in tables(found, is_bound) {
        let _ = write!(out, "\n| {way} | {} |\n|---|--:|--:|--:|--:|--:|\n", FIGURES.join(" | ").to_lowercase());
        for line in lines {
            let _ = writeln!(out, "| {} |", line.map(|cell| escaped(&cell)).join(" | "));
        }
    }
    let notes =
        [("by method", METHOD), ("by meaning", MEANING)].map(|(name, what)| format!("- Writes {name}: {what}."));
    format!("{out}\n{}", notes.join("\n"))
}

/// Text that Markdown takes for nothing else.
pub fn escaped(text: &str) -> String {
    let special = |c: char| "\\`*_[]<>|#&~!".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

fn document(found: &Sums, is_bound: bool, coverage: &str) -> String {
    let parts = WAYS.iter().zip(&found.parts).map(|((way, by), parts)| {
        let lines: Vec<Value> = parts.iter().map(|part| object(by, part)).collect();
        ((*way).to_owned(), Value::Array(lines))
    });
    let document = json!({
        "partial": is_bound,
        "coverage": coverage,
        "definitions": { "writesByMethod": METHOD, "writesByMeaning": MEANING },
        "all": of_total(found.total),
        "by": parts.collect::<Map<String, Value>>(),
    });
    let text = serde_json::to_string_pretty(&document).unwrap_or_default();
    // The line breaks are ours; what else a terminal would obey is not.
    text.split('\n').map(|line| clean_json(line.as_bytes())).collect::<Vec<_>>().join("\n")
}

fn object(by: &[By], part: &Part) -> Value {
    let values = by.iter().zip(&part.values).map(|(by, value)| (by.name().to_owned(), json!(value)));
    Value::Object(values.chain(of_total(part.total)).collect())
}

fn of_total(total: Total) -> Map<String, Value> {
    let Total { events, bytes, writes_by_method, writes } = total;
    let figures = [
        ("events", events),
        ("lines", events),
        ("bytes", bytes),
        ("writesByMethod", writes_by_method),
        ("writesByMeaning", writes),
    ];
    figures.into_iter().map(|(name, figure)| (name.to_owned(), json!(figure))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Sums {
        let total = |events| Total { events, bytes: 1_000 * events, writes_by_method: events / 2, writes: 1 };
        let part = |values: &[Option<&str>], events| Part {
            values: values.iter().map(|value| value.map(str::to_owned)).collect(),
            total: total(events),
        };
        let mut found = Sums {
            total: total(1_234),
            parts: vec![
                vec![part(&[Some("r|1")], 1_234)],
                vec![part(&[Some("a\u{1b}b"), Some("c")], 1_230), part(&[None, Some("c2")], 4)],
                vec![part(&[None], 1_234)],
                vec![part(&[None], 1_000), part(&[Some("2026-03-14")], 200), part(&[Some("2026-03-13")], 34)],
                vec![part(&[Some("GET")], 1_234)],
            ],
        };
        in_order_of_time(&mut found);
        found
    }

    #[test]
    fn a_table_has_both_definitions_and_marks_what_may_be_more() {
        insta::assert_snapshot!("summary_table", table(&found(), true));
        assert!(!table(&found(), false).contains(">="));
    }

    #[test]
    fn markdown_is_no_markup_of_strangers() {
        insta::assert_snapshot!("summary_markdown", markdown(&found(), false, "complete *so* far"));
    }

    #[test]
    fn json_says_the_same() {
        let value: Value = serde_json::from_str(&document(&found(), true, "c")).unwrap();
        assert_eq!((&value["partial"], &value["all"]["bytes"]), (&json!(true), &json!(1_234_000)));
        assert_eq!(value["by"]["compartment"][1]["compid"], "c2");
        let days: Vec<&Value> = value["by"]["day"].as_array().unwrap().iter().map(|day| &day["day"]).collect();
        assert_eq!(days, [&json!("2026-03-13"), &json!("2026-03-14"), &Value::Null]);
        assert!(!document(&found(), true, "c").contains('\u{1b}'));
    }
}
