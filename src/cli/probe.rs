//! `auditui probe`: what the service does where nothing is written about it.
//!
//! A few GETs on the user's own tenancy, and a report that names nobody: no OCID, no name, no address, only counts, times
//! between times, and statuses. Whoever wants to help can paste it into an issue.

use std::process::ExitCode;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde::Serialize;

use super::args::{IdentityArgs, ListingFormat};
use super::connect::connect;
use super::listing::{aligned, print_json, print_text};
use crate::domain::compartment::Lifecycle;
use crate::domain::event::decode;
use crate::domain::ledger::CellKey;
use crate::domain::ocid::Ocid;
use crate::domain::page::Page;
use crate::domain::problem::Problem;
use crate::domain::region::RegionId;
use crate::domain::tenancy::Tenancy;
use crate::domain::time_range::FetchWindow;
use crate::fetch::{RetrySettings, discover};
use crate::oci::{Env, OciClient, OciError};

/// No question takes more pages than this.
const PAGES: usize = 3;

/// What was asked, and what came.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    question: &'static str,
    answer: String,
}

#[derive(Serialize)]
struct Report<'a> {
    version: &'static str,
    findings: &'a [Finding],
}

/// Asks, and prints the report.
pub async fn run(identity: &IdentityArgs, env: &Env, format: ListingFormat) -> Result<ExitCode, Problem> {
    let connection = connect(identity, env).await?;
    let tenancy = discover(&connection.client, RetrySettings::default()).await?;
    let findings = Probe::new(&connection.client, &tenancy).findings().await;
    match format {
        ListingFormat::Json => print_json(&Report { version: env!("CARGO_PKG_VERSION"), findings: &findings })?,
        ListingFormat::Table => {
            let rows: Vec<[String; 2]> =
                findings.into_iter().map(|Finding { question, answer }| [question.to_owned(), answer]).collect();
            print_text(&aligned(&rows))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

struct Probe<'a> {
    client: &'a OciClient,
    tenancy: &'a Tenancy,
    home: RegionId,
    now: DateTime<Utc>,
}

impl<'a> Probe<'a> {
    fn new(client: &'a OciClient, tenancy: &'a Tenancy) -> Self {
        let home = tenancy.regions.iter().find(|region| region.home).map(|region| region.id.clone());
        let home = home.unwrap_or_else(|| client.profile().region.clone());
        Self { client, tenancy, home, now: client.now() }
    }

    async fn findings(&self) -> Vec<Finding> {
        let mut findings = self.pages().await;
        findings.push(self.seconds().await);
        findings.push(self.ahead().await);
        findings.push(self.deleted().await);
        findings.push(self.elsewhere().await);
        findings
    }

    /// The root, in the home region, in the hours before now.
    fn cell(&self, compartment: &Ocid, hours: i64) -> Option<CellKey> {
        let end = self.now.timestamp().div_euclid(60);
        let window = FetchWindow::from_minutes(end - 60 * hours, end)?;
        Some(CellKey { region: self.home.clone(), compartment: compartment.clone(), window })
    }

    fn root(&self) -> &Ocid {
        &self.client.profile().tenancy
    }

    /// Sizes, order and emptiness of the first pages of a day, and how old the newest event of the last hour is.
    async fn pages(&self) -> Vec<Finding> {
        let (mut sizes, mut times, mut next, mut more) = (Vec::new(), Vec::new(), None, false);
        let Some(cell) = self.cell(self.root(), 24) else { return Vec::new() };
        for _ in 0..PAGES {
            match self.client.list_events(&cell, next.as_ref()).await {
                Ok(page) => {
                    sizes.push(page.page.len().to_string());
                    times.extend(times_of(&page.page));
                    more = page.next.is_some();
                    next = page.next;
                }
                Err(error) => {
                    sizes.push(status(&error));
                    more = false;
                }
            }
            if !more {
                break;
            }
        }
        let sizes = format!("{}{}", sizes.join(", "), if more { ", and more" } else { "" });
        let newest = times.iter().max().map(|time| format!("{} s before now", (self.now - *time).num_seconds()));
        vec![
            finding("events on each page of a day of the root", sizes),
            finding("order of these events by eventTime", order(&times).to_owned()),
            finding("newest of these events", newest.unwrap_or_else(|| "there is none".to_owned())),
        ]
    }

    /// A window that begins in the middle of a minute: refused, taken at its word, or widened?
    async fn seconds(&self) -> Finding {
        const QUESTION: &str = "a window from second 30 of a minute on";
        let Some(cell) = self.cell(self.root(), 1) else { return finding(QUESTION, "not asked") };
        let minute = self.now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(self.now) - TimeDelta::minutes(30);
        let start = minute + TimeDelta::seconds(30);
        let asked = |start| self.client.list_events_between(&cell, start, minute + TimeDelta::minutes(1), None);
        match (asked(minute).await, asked(start).await) {
            (Ok(whole), Ok(half)) => {
                finding(QUESTION, format!("{} of the minute's {} events", half.page.len(), whole.page.len()))
            }
            (_, Err(error)) | (Err(error), _) => finding(QUESTION, status(&error)),
        }
    }

    async fn ahead(&self) -> Finding {
        let minute = self.now.timestamp().div_euclid(60);
        let window = FetchWindow::from_minutes(minute + 60, minute + 120);
        let Some(window) = window else { return finding("a window in the future", "not asked") };
        let cell = CellKey { region: self.home.clone(), compartment: self.root().clone(), window };
        self.answer("a window in the future", &cell).await
    }

    async fn deleted(&self) -> Finding {
        const QUESTION: &str = "a compartment that was deleted";
        let tree = &self.tenancy.tree;
        let deleted = tree.nodes().map(|node| tree.get(node)).find(|known| known.lifecycle == Lifecycle::Deleted);
        match deleted.and_then(|compartment| self.cell(&compartment.id, 24)) {
            Some(cell) => self.answer(QUESTION, &cell).await,
            None => finding(QUESTION, "there is none"),
        }
    }

    async fn elsewhere(&self) -> Finding {
        const QUESTION: &str = "a region to which the tenancy is not subscribed";
        let subscribed = |id: &RegionId| self.tenancy.regions.iter().any(|region| region.id == *id);
        let other = self.client.likely_homes().into_iter().find(|region| !subscribed(region));
        match (other, self.cell(self.root(), 1)) {
            (Some(region), Some(cell)) => self.answer(QUESTION, &CellKey { region, ..cell }).await,
            _ => finding(QUESTION, "not asked: the larger ones are all subscribed"),
        }
    }

    async fn answer(&self, question: &'static str, cell: &CellKey) -> Finding {
        match self.client.list_events(cell, None).await {
            Ok(page) => finding(question, format!("200, {} events", page.page.len())),
            Err(error) => finding(question, status(&error)),
        }
    }
}

fn finding(question: &'static str, answer: impl Into<String>) -> Finding {
    Finding { question, answer: answer.into() }
}

/// Status and code; messages may name things.
fn status(error: &OciError) -> String {
    match error {
        OciError::Status { status, code: Some(code), .. } => format!("{status} {code}"),
        OciError::Status { status, .. } => status.to_string(),
        _ => "no usable answer".to_owned(),
    }
}

fn times_of(page: &Page) -> Vec<DateTime<Utc>> {
    page.events().filter_map(|bytes| decode(bytes).fields.time).collect()
}

fn order(times: &[DateTime<Utc>]) -> &'static str {
    if times.len() < 2 {
        "too few to tell"
    } else if times.is_sorted() {
        "ascending"
    } else if times.iter().rev().is_sorted() {
        "descending"
    } else {
        "none"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_told_apart() {
        let times =
            |seconds: &[i64]| -> Vec<_> { seconds.iter().map(|s| DateTime::from_timestamp(*s, 0).unwrap()).collect() };
        for (seconds, word) in
            [(&[1][..], "too few to tell"), (&[1, 1, 2], "ascending"), (&[3, 2], "descending"), (&[1, 3, 2], "none")]
        {
            assert_eq!(order(&times(seconds)), word);
        }
    }

    #[test]
    fn refusals_are_told_without_their_words() {
        assert_eq!(status(&OciError::for_status(404, Some("NotAuthorizedOrNotFound"))), "404 NotAuthorizedOrNotFound");
        assert_eq!(status(&OciError::for_status(502, None)), "502");
    }
}
