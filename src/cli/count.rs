//! `auditui count`: how many events, by what they have in common.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::args::{CountArgs, IdentityArgs, ListingFormat};
use super::bring::{Brought, Events, bring};
use super::interrupt::Interrupt;
use super::listing::{aligned, print_text};
use super::stats::Stats;
use super::talk::Talk;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::{clean_json, clean_prefix, count_of, thousands};
use crate::oci::Env;
use crate::query::{By, Tuple, count};

/// Characters of a value in a table.
const WIDEST: usize = 80;

/// In a table, for what an event has not.
const NONE: &str = "(none)";

pub async fn run(
    identity: &IdentityArgs,
    env: &Env,
    args: &CountArgs,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<ExitCode, Problem> {
    let stats = Stats::begin(args.events.stats);
    // Before anything is looked for: this is what the user can mend without an account.
    let by = fields(&args.by)?;
    let nothing = || {
        Problem::usage("count what? name files, or a time span to read")
            .hint("auditui count events.jsonl --by user, or auditui count --since 6h --by user")
    };
    let events = match bring(identity, env, &args.events, nothing, talk, interrupt).await? {
        Brought::Planned(code) => return Ok(code),
        Brought::Events(events) => events,
    };
    let tuples = counted(&events, &by)?;
    print(&tuples, &by, args.output, events.is_bound())?;
    let count = match events.files_read() {
        Some(read) => format!("{} of {read}", thousands(total(&tuples))),
        None => count_of(total(&tuples), "event"),
    };
    Ok(events.conclude(&format!("count: {count}"), &json!({ "count": total(&tuples) }), &stats, talk))
}

/// What to count by, or the nearest names there are.
fn fields(names: &[String]) -> Result<Vec<By>, Problem> {
    let field = |name: &String| {
        By::named(name.trim()).ok_or_else(|| {
            let all: Vec<&str> = By::names().collect();
            let problem = Problem::usage(format!("--by {}: there is no such field", clean_prefix(name, 40)));
            problem.hint(match By::nearest(name.trim()).as_slice() {
                [] => format!("there are: {}", all.join(" ")),
                near => format!("did you mean {}? There are: {}", near.join(" or "), all.join(" ")),
            })
        })
    };
    names.iter().map(field).collect()
}

fn counted(events: &Events, by: &[By]) -> Result<Vec<Tuple>, Problem> {
    tokio::task::block_in_place(|| events.selection().map(|selection| count(&selection, by)))
        .ok_or_else(|| Problem::new(ProblemKind::Interrupted, "interrupted while counting"))
}

fn total(tuples: &[Tuple]) -> u64 {
    tuples.iter().map(|tuple| tuple.count).sum()
}

/// `is_bound`: there may be more than was counted.
fn print(tuples: &[Tuple], by: &[By], format: ListingFormat, is_bound: bool) -> Result<(), Problem> {
    match format {
        ListingFormat::Table => print_text(&table(tuples, by, is_bound)),
        ListingFormat::Json => print_text(&json(tuples, by)),
    }
}

fn table(tuples: &[Tuple], by: &[By], is_bound: bool) -> String {
    let at_least = if is_bound { ">=" } else { "" };
    let mut rows = vec![by.iter().map(|by| by.name().to_uppercase()).chain(["COUNT".to_owned()]).collect::<Vec<_>>()];
    rows.extend(tuples.iter().map(|tuple| {
        let values = tuple.values.iter();
        let values =
            values.map(|value| value.as_deref().map_or(NONE.into(), |text| clean_prefix(text, WIDEST).into_owned()));
        values.chain([format!("{at_least}{}", thousands(tuple.count))]).collect()
    }));
    aligned(&rows)
}

/// An object a line, so that it can be read and cut by lines as well.
fn json(tuples: &[Tuple], by: &[By]) -> String {
    let object = |tuple: &Tuple| {
        let values = by.iter().zip(&tuple.values).map(|(by, value)| (by.name().to_owned(), json!(value)));
        let object: Map<String, Value> = values.chain([("count".to_owned(), json!(tuple.count))]).collect();
        clean_json(Value::Object(object).to_string().as_bytes())
    };
    match tuples {
        [tuple] if by.is_empty() => object(tuple),
        [] => "[]".to_owned(),
        tuples => format!("[\n{}\n]", tuples.iter().map(object).collect::<Vec<_>>().join(",\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_told() {
        assert!(fields(&["user".into(), " EVENT".into()]).is_ok());
        assert!(fields(&["eventz".into()]).unwrap_err().hint.starts_with("did you mean event"));
        assert!(fields(&["favourite colour".into()]).unwrap_err().hint.starts_with("there are: event"));
    }

    #[test]
    fn counts_are_written_for_people_and_for_programs() {
        let tuple = |value: Option<&str>, count| Tuple { values: vec![value.map(str::to_owned)], count };
        let tuples = [tuple(Some("a\u{1b}b"), 1_234), tuple(None, 5)];
        let by = fields(&["user".into()]).unwrap();
        assert_eq!(table(&tuples, &by, false), "USER    COUNT\na\\x1bb  1,234\n(none)  5");
        assert!(table(&tuples, &by, true).contains(">=1,234"));
        assert_eq!(json(&tuples, &by), "[\n{\"user\":\"a\\u001bb\",\"count\":1234},\n{\"user\":null,\"count\":5}\n]");
        assert_eq!(json(&[], &by), "[]");
        assert_eq!(json(&[Tuple { values: Vec::new(), count: 7 }], &[]), "{\"count\":7}");
    }
}
