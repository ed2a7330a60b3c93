//! What the ledger of a tenancy is made of: lines that are only ever added.

use std::path::{Component, Path};

use chrono::{DateTime, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::ledger::Read;
use crate::domain::problem::Problem;

/// The form that is written; a greater number is a form that this program does not know.
pub const FORM: u32 = 1;

/// The number of a cell in its ledger.
pub type CellId = u32;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Record {
    /// The first line.
    Head(Head),
    /// A run begins. `from`: what was processed before is not wanted, as of this run.
    #[serde(rename_all = "camelCase")]
    Begin {
        at: DateTime<Utc>,
        from: DateTime<Utc>,
        run_id: String,
        tool: String,
        /// For how many days the service held events, where it told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retention_days: Option<u16>,
    },
    /// Cells that shall be read.
    Plan(Vec<Planned>),
    /// A cell that turned out to be long; these take its place.
    Split { id: CellId, into: Vec<Planned> },
    /// These files are about to be put in their places.
    Intent {
        id: CellId,
        files: Vec<DataFile>,
        /// What the cell is read as, once they are there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        read: Option<Read>,
    },
    /// A cell with what is held of it now.
    Cell(Held),
    /// Cells that were read and brought nothing new.
    Quiet { at: DateTime<Utc>, cells: Vec<Quiet> },
    /// Cells that could not be read. What is not held of them is planned anew by the next run.
    Missing(Vec<Missing>),
    /// The same, where the reason is that which the ledger knows of the place already.
    Still(Vec<CellId>),
    /// Minutes of a cell that were lost before they could be read, whatever is read of it later.
    Hole { id: CellId, window: (i64, i64) },
    /// What a ledger that is told anew knows of places, beside their cells.
    Known(Vec<Known>),
    /// All lines before this one say what another ledger said up to the line with this checksum.
    Since { ledger: String },
    /// A run came to its end.
    #[serde(rename_all = "camelCase")]
    End { at: DateTime<Utc>, exit_code: u8, sentence: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub form: u32,
    /// OCID.
    pub tenancy: String,
    pub name: Option<String>,
}

/// What ListEvents is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    pub id: CellId,
    pub place: Place,
    /// First minute and the one after the last, since 1970.
    pub window: (i64, i64),
}

/// A region and a compartment, written out once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Place {
    Named(String, String),
    /// That of a cell which was planned before.
    Of(CellId),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub id: CellId,
    /// What could be read then was read.
    pub at: DateTime<Utc>,
    pub pages: u32,
    pub events: u64,
    /// Of those, the ones that had happened before a read that did not have them yet.
    pub late: u64,
    pub files: Vec<DataFile>,
}

/// A file of data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// Below the data of the tenancy, with `/`.
    #[serde(deserialize_with = "below")]
    pub path: String,
    /// Of the file as it is, packed, in hexadecimal digits.
    pub sha256: String,
    pub bytes: u64,
    pub rows: u64,
    /// Of the events in it; none where no event says when it happened.
    pub first: Option<DateTime<Utc>>,
    pub last: Option<DateTime<Utc>>,
}

/// A ledger may be a stranger's: what it names lies in its collection.
fn below<'de, D: Deserializer<'de>>(text: D) -> Result<String, D::Error> {
    let path = String::deserialize(text)?;
    let is_below = Path::new(&path).components().all(|part| matches!(part, Component::Normal(_)));
    if is_below { Ok(path) } else { Err(D::Error::custom("a file outside of the collection")) }
}

/// The number of a cell, how many seconds after the time of the line it was read, and on how many pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet(pub CellId, pub i64, pub u32);

/// A region and a compartment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub place: (String, String),
    /// The first minute that was ever planned of it.
    pub start: i64,
    /// Why it could not be read when it was tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Missing>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    pub id: CellId,
    pub why: Why,
    pub problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    Failed,
    Denied,
    Gone,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_outside_of_the_collection_is_no_file_of_it() {
        let read = |path: &str| {
            let file = serde_json::json!({ "path": path, "sha256": "", "bytes": 0, "rows": 0 });
            serde_json::from_value::<DataFile>(file)
        };
        assert!(read("region=r/date=2026-03-14/x.jsonl.zst").is_ok());
        for path in ["../x", "/dev/zero", "region=r/../../../x", "a/./../b"] {
            assert!(read(path).is_err(), "{path}");
        }
    }
}
