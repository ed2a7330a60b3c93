//! `auditui regions` and `auditui compartments`: what would be read.

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::args::ListingFormat;
use super::output::Sink;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::tenancy::Tenancy;
use crate::domain::text::{clean, clean_json};

/// Every subscribed region, whatever its status.
pub fn regions(tenancy: &Tenancy, format: ListingFormat) -> Result<(), Problem> {
    match format {
        ListingFormat::Json => {
            let rows: Vec<RegionRow<'_>> = tenancy
                .regions
                .iter()
                .map(|region| RegionRow {
                    region: region.id.as_str(),
                    key: region.key.to_uppercase(),
                    status: &region.status,
                    home: region.home,
                })
                .collect();
            print_json(&rows)
        }
        ListingFormat::Table => {
            let mut rows = vec![["REGION", "KEY", "STATUS", "HOME"].map(str::to_owned)];
            rows.extend(tenancy.regions.iter().map(|region| {
                let status = serde_json::to_value(&region.status).unwrap_or_default();
                let status = clean(status.as_str().unwrap_or_default()).into_owned();
                let home = if region.home { "home" } else { "" };
                [region.id.to_string(), region.key.to_uppercase(), status, home.to_owned()]
            }));
            print_table(&rows)
        }
    }
}

/// The root and every compartment below it, in every lifecycle state.
pub fn compartments(tenancy: &Tenancy, format: ListingFormat) -> Result<(), Problem> {
    let tree = &tenancy.tree;
    match format {
        ListingFormat::Json => {
            let rows: Vec<CompartmentRow<'_>> = tree
                .nodes()
                .map(|node| {
                    let compartment = tree.get(node);
                    CompartmentRow {
                        id: compartment.id.as_str(),
                        name: &compartment.name,
                        path: tree.path(node),
                        parent: compartment.parent.as_ref().map(crate::domain::ocid::Ocid::as_str),
                        lifecycle_state: compartment.lifecycle.as_api(),
                    }
                })
                .collect();
            print_json(&rows)
        }
        ListingFormat::Table => {
            let mut rows = vec![["COMPARTMENT", "STATE", "OCID"].map(str::to_owned)];
            rows.extend(tree.nodes().map(|node| {
                let compartment = tree.get(node);
                let name = format!("{:indent$}{}", "", clean(&compartment.name), indent = 2 * tree.depth(node));
                [name, clean(compartment.lifecycle.as_api()).into_owned(), clean(compartment.id.as_str()).into_owned()]
            }));
            print_table(&rows)
        }
    }
}

#[derive(Serialize)]
struct RegionRow<'a> {
    region: &'a str,
    /// As Oracle writes it.
    key: String,
    status: &'a crate::domain::region::SubscriptionStatus,
    home: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CompartmentRow<'a> {
    id: &'a str,
    name: &'a str,
    path: String,
    parent: Option<&'a str>,
    lifecycle_state: &'a str,
}

/// Writes a value as indented JSON to standard output.
pub fn print_json(value: &impl Serialize) -> Result<(), Problem> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|error| Problem::new(ProblemKind::Io, format!("this cannot be written as JSON: {error}")))?;
    print_text(&clean_json_lines(&text))
}

/// Writes text to standard output; a reader that has left is no error.
pub fn print_text(text: &str) -> Result<(), Problem> {
    let mut sink = Sink::open(None)?;
    let result = sink.writer().write_all(text.as_bytes()).and_then(|()| sink.writer().write_all(b"\n"));
    sink.close(result).map(drop)
}

/// Names are written by strangers; the line breaks are ours.
fn clean_json_lines(json: &[u8]) -> String {
    json.split(|byte| *byte == b'\n').map(clean_json).collect::<Vec<_>>().join("\n")
}

fn print_table<const N: usize>(rows: &[[String; N]]) -> Result<(), Problem> {
    print_text(&aligned(rows))
}

/// Rows of equally many columns, each as wide as its widest.
pub fn aligned(rows: &[impl AsRef<[String]>]) -> String {
    let columns = rows.first().map_or(0, |row| row.as_ref().len());
    let width = |column: usize| rows.iter().filter_map(|row| Some(row.as_ref().get(column)?.width())).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let line = |row: &[String]| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width + 2 - cell.width()));
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(|row| line(row.as_ref())).collect::<Vec<_>>().join("\n")
}
