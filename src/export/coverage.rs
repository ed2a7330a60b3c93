//! The proof that goes with an export: what was asked, what was read, what was not, and why. A JSON document
//! (`coverage.json`) that can be read back.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::sorter::Tally;
use crate::domain::lateness::LatenessSummary;
use crate::domain::ledger::{Cell, CellState, Coverage, Ledger};
use crate::domain::ocid::Ocid;
use crate::domain::problem::Problem;
use crate::domain::region::{RegionId, SubscriptionStatus};
use crate::domain::scope::Scope;
use crate::domain::tenancy::Tenancy;
use crate::domain::text::{clean_json, clean_prefix};
use crate::domain::time_range::{FetchWindow, TimeRange};

/// The form that is written; a greater number is a form that this program does not know.
pub const FORM: u32 = 1;

/// What a fetch asked and what came of it. Times are UTC, lengths are whole seconds. Fields that a newer program has
/// added are passed over when it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CoverageDocument {
    pub form: u32,
    /// Name and version of the program that read.
    pub tool: String,
    /// Part of every request id of the run, `auditui-<run>-<count>`: its own calls are audit events as well.
    pub run_id: String,
    /// Requests made, to the identity service too, those that failed included.
    pub calls: u64,
    pub tenancy: TenancyEntry,
    pub profile: String,
    /// In place of the service's own host names.
    pub endpoint: Option<String>,
    /// What was asked for, by `eventTime`.
    pub range: Span,
    /// How much later than it happened an event may have been processed and was still found.
    pub padding_seconds: i64,
    /// How long after its end a window counts as settling.
    pub settling_seconds: i64,
    pub filter: Filter,
    /// Which of these were wanted, in the language of queries; `None` where all were.
    #[serde(default)]
    pub query: Option<String>,
    pub started_at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
    /// When regions and compartments were listed once more, after everything had been read.
    pub listed_again_at: Option<DateTime<Utc>>,
    /// The service's clock minus ours.
    pub clock_offset_milliseconds: Option<i64>,
    /// `None` where no events were written.
    pub export: Option<ExportEntry>,
    /// What the process returned.
    pub exit_code: u8,
    /// Everything that can be asked was listed and read to its end.
    pub complete: bool,
    /// The coverage in one sentence.
    pub sentence: String,
    pub interrupted: bool,
    /// Why no further call was made.
    pub stopped: Option<Problem>,
    /// Why the tenancy may hold more compartments or regions than are here.
    pub listing: Option<Problem>,
    pub totals: Coverage,
    /// Of the events that came when minutes were read again.
    #[serde(default)]
    pub lateness: Option<LatenessSummary>,
    pub regions: Vec<RegionEntry>,
    pub compartments: Vec<CompartmentEntry>,
    /// Every region, compartment and window that was to be read.
    pub cells: Vec<CellEntry>,
    /// What was read in place of the service, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileEntry>,
}

/// A file that events were read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// As it was named.
    pub file: String,
    /// Of its content, unpacked.
    pub bytes: u64,
    /// The same; `None` where not all of it could be read.
    pub sha256: Option<String>,
    /// Those that come twice count twice.
    pub events: u64,
    /// Whether a coverage document says that it is complete.
    pub complete: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenancyEntry {
    pub id: Ocid,
    pub name: Option<String>,
}

/// A span of time that does not contain its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

impl From<TimeRange> for Span {
    fn from(range: TimeRange) -> Self {
        Self { from: range.start(), until: range.end() }
    }
}

impl From<FetchWindow> for Span {
    fn from(window: FetchWindow) -> Self {
        Self { from: window.start(), until: window.end() }
    }
}

/// Which events of the range were wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    #[default]
    All,
    /// What changes something, and sign-ins.
    Writes,
    Reads,
}

/// The events that were written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportEntry {
    /// The name of the file, without its directory; `None` for standard output, and where there are parts.
    pub file: Option<String>,
    /// Of the file as it was written, packed where it is, or of all parts; `None` where whoever read standard output left
    /// before the end, and `sha256` likewise.
    pub bytes: Option<u64>,
    /// `None` where there are parts as well: each has its own.
    pub sha256: Option<String>,
    /// `gzip` or `zstd`, where the file, or each part, is packed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// What was taken out of the events; `None` where they are as they were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redacted: Option<RedactionEntry>,
    /// The files of a directory, where it was split, by the order of their names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Vec<PartEntry>>,
    pub events: u64,
    /// Copies left out.
    pub duplicates: u64,
    /// Events whose id stands over other bytes as well.
    pub conflicts: u64,
    /// Events that are odd in any way.
    pub flagged: u64,
    /// Events that are reads of this program, by this run or another.
    #[serde(default)]
    pub own: u64,
}

impl ExportEntry {
    /// `written`: number and SHA-256 of the bytes, where all of them were taken.
    pub fn new(file: Option<String>, written: Option<(u64, String)>, tally: Tally) -> Self {
        let Tally { events, duplicates, conflicts, flagged, own } = tally;
        let (bytes, sha256) = written.unzip();
        let (compression, redacted, parts) = (None, None, None);
        Self { file, bytes, sha256, compression, redacted, parts, events, duplicates, conflicts, flagged, own }
    }

    /// Whether a file of that name was written.
    pub fn names(&self, file: &str) -> bool {
        self.written(file).is_some()
    }

    /// Size and SHA-256 of the file of that name.
    pub fn written(&self, file: &str) -> Option<(Option<u64>, Option<&str>)> {
        if self.file.as_deref() == Some(file) {
            return Some((self.bytes, self.sha256.as_deref()));
        }
        let part = self.parts.iter().flatten().find(|part| part.name() == file)?;
        Some((Some(part.bytes), Some(&part.sha256)))
    }
}

/// That events are copies without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RedactionEntry {
    /// Whether users and addresses have other names.
    pub pseudonyms: bool,
    /// The same for copies that were made with the same key; tells nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_check: Option<String>,
}

/// One of the files of an export that was split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartEntry {
    /// The name of the file, without its directory.
    pub file: String,
    /// The day, hour, region or compartment that its events have in common.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Of the file as it was written, packed where it is.
    pub bytes: u64,
    pub sha256: String,
    pub events: u64,
}

impl PartEntry {
    /// Without the directory in which an evidence bundle has its events.
    pub fn name(&self) -> &str {
        self.file.strip_prefix("data/").unwrap_or(&self.file)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionEntry {
    pub id: RegionId,
    /// Three letters.
    pub key: String,
    pub status: SubscriptionStatus,
    pub home: bool,
    pub asked: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompartmentEntry {
    pub id: Ocid,
    /// Names from below the root, joined by `/`; `None` for an OCID that no listing holds.
    pub path: Option<String>,
    /// API field `lifecycleState`.
    pub lifecycle: Option<String>,
    pub asked: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CellEntry {
    pub region: RegionId,
    /// The compartment queried.
    pub compartment: Ocid,
    /// Minutes in which the service processed the events.
    pub window: Span,
    /// Of a window that had not passed when it was read, the minutes that had, and were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Span>,
    pub state: CellState,
    /// As of when it was last read to its end.
    pub read_at: Option<DateTime<Utc>>,
    /// Pages of that read, and the events in them, those outside of the range included.
    pub pages: Option<u32>,
    pub events: Option<u64>,
    /// Why the last try ended without a complete read.
    pub problem: Option<Problem>,
}

impl CellEntry {
    fn new(cell: &Cell, state: CellState) -> Self {
        let window = cell.key.window;
        let early = cell.read.filter(|read| read.at < window.end());
        Self {
            region: cell.key.region.clone(),
            compartment: cell.key.compartment.clone(),
            window: window.into(),
            asked: early.map(|read| window.passed(read.at).into()),
            state,
            read_at: cell.read.map(|read| read.at.trunc_subsecs(3)),
            pages: cell.read.map(|read| read.pages),
            events: cell.read.map(|read| read.events),
            problem: cell.problem().cloned(),
        }
    }
}

/// What a fetch read of, the earlier of two listings last.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub tenancy: &'a Tenancy,
    pub earlier: Option<&'a Tenancy>,
    pub scope: &'a Scope,
}

impl Asked<'_> {
    /// Every region that either listing holds, in the order of the tenancy.
    pub fn regions(&self) -> Vec<RegionEntry> {
        let known: HashSet<&RegionId> = self.tenancy.regions.iter().map(|region| &region.id).collect();
        let gone = self.earlier.into_iter().flat_map(|earlier| &earlier.regions);
        let all = self.tenancy.regions.iter().chain(gone.filter(|region| !known.contains(&region.id)));
        let entry = |region: &crate::domain::region::Region| RegionEntry {
            id: region.id.clone(),
            key: region.key.clone(),
            status: region.status.clone(),
            home: region.home,
            asked: self.scope.regions.contains(&region.id),
        };
        all.map(entry).collect()
    }

    /// Every compartment that either listing holds, in the order of the tree, then what was asked though no listing
    /// holds it.
    pub fn compartments(&self) -> Vec<CompartmentEntry> {
        let asked: HashSet<&Ocid> = self.scope.compartments.iter().collect();
        let entry = |tenancy: &Tenancy, node| {
            let compartment = tenancy.tree.get(node);
            CompartmentEntry {
                id: compartment.id.clone(),
                path: Some(tenancy.tree.path(node)),
                lifecycle: Some(compartment.lifecycle.as_api().to_owned()),
                asked: asked.contains(&compartment.id),
            }
        };
        let now = &self.tenancy.tree;
        let mut entries: Vec<_> = now.nodes().map(|node| entry(self.tenancy, node)).collect();
        if let Some(earlier) = self.earlier {
            let gone = earlier.tree.nodes().filter(|node| now.find(&earlier.tree.get(*node).id).is_none());
            entries.extend(gone.map(|node| entry(earlier, node)));
        }
        let listed: HashSet<Ocid> = entries.iter().map(|entry| entry.id.clone()).collect();
        let unlisted = self.scope.compartments.iter().filter(|id| !listed.contains(*id)).cloned();
        entries.extend(unlisted.map(|id| CompartmentEntry { id, path: None, lifecycle: None, asked: true }));
        entries
    }
}

/// The cells by region, compartment (both in the order given) and window.
pub fn cells(ledger: &Ledger, regions: &[RegionEntry], compartments: &[CompartmentEntry]) -> Vec<CellEntry> {
    let regions: HashMap<&RegionId, usize> = regions.iter().map(|region| &region.id).zip(0..).collect();
    let compartments: HashMap<&Ocid, usize> = compartments.iter().map(|entry| &entry.id).zip(0..).collect();
    let mut cells: Vec<&Cell> = ledger.cells().collect();
    cells.sort_by_key(|cell| {
        let key = &cell.key;
        (regions.get(&key.region), compartments.get(&key.compartment), key.window)
    });
    cells.into_iter().map(|cell| CellEntry::new(cell, ledger.state(cell))).collect()
}

/// What is wrong with a text that should be a [`CoverageDocument`], and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotCoverage(String);

impl CoverageDocument {
    /// Which events of the range were wanted, by query and by option; `None` where all were.
    pub fn asked(&self) -> Option<String> {
        let option = match self.filter {
            Filter::All => None,
            Filter::Writes => Some("--writes"),
            Filter::Reads => Some("--reads"),
        };
        let said: Vec<&str> = self.query.as_deref().into_iter().chain(option).collect();
        Some(said.join(" with ")).filter(|said| !said.is_empty())
    }

    /// Reads what [`to_json`](Self::to_json) has written, here or in another version.
    pub fn from_json(text: &[u8]) -> Result<Self, NotCoverage> {
        #[derive(Deserialize)]
        struct Form {
            form: u32,
        }
        let unreadable = |error: serde_json::Error| NotCoverage(clean_prefix(&error.to_string(), 300).into_owned());
        // The document itself first: what it lacks is the better answer, unless it is of a later form.
        let document = serde_json::from_slice::<Self>(text);
        match serde_json::from_slice(text) {
            Ok(Form { form }) if form > FORM => {
                Err(NotCoverage(format!("its form is {form}, and this program knows forms up to {FORM}")))
            }
            _ => document.map_err(unreadable),
        }
    }

    /// The document with each cell, compartment and region on a line of its own. Harmless on a terminal.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut out = b"{".to_vec();
        if let Value::Object(fields) = serde_json::to_value(self)? {
            for (place, (name, value)) in fields.iter().enumerate() {
                out.extend_from_slice(if place == 0 { b"\n  " } else { b",\n  " });
                serde_json::to_writer(&mut out, name)?;
                out.extend_from_slice(b": ");
                match value.as_array().filter(|lines| !lines.is_empty()) {
                    Some(lines) => write_lines(lines, &mut out)?,
                    None => out.extend_from_slice(clean_json(&serde_json::to_vec(value)?).as_bytes()),
                }
            }
        }
        out.extend_from_slice(b"\n}\n");
        Ok(out)
    }

    /// Counted anew from the cells.
    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::default();
        self.cells.iter().for_each(|cell| coverage.add(cell.state));
        coverage
    }

    /// Whether the cells and what is said beside them leave nothing open.
    pub fn leaves_nothing_open(&self) -> bool {
        self.coverage().is_complete() && self.listing.is_none() && self.stopped.is_none() && !self.interrupted
    }
}

fn write_lines(lines: &[Value], out: &mut Vec<u8>) -> serde_json::Result<()> {
    for (place, line) in lines.iter().enumerate() {
        out.extend_from_slice(if place == 0 { b"[\n    " } else { b",\n    " });
        out.extend_from_slice(clean_json(&serde_json::to_vec(line)?).as_bytes());
    }
    out.extend_from_slice(b"\n  ]");
    Ok(())
}

#[cfg(test)]
#[path = "coverage_tests.rs"]
mod tests;
