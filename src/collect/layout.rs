//! What is where below the directory of a collection.
//!
//! ```text
//! DIR/data/tenancy=<slug>/region=<id>/date=<day>/<window>-<cell>.jsonl.zst     what readers may open
//! DIR/data/tenancy=<slug>/_manifest.json
//! DIR/.auditui/lock
//! DIR/.auditui/<slug>/ledger
//! DIR/.auditui/<slug>/staging/                                                 files on their way, never in `data`
//! ```
//!
//! Values in names of directories match `[a-z][a-z0-9-]{0,62}`: engines take digits for numbers, and not all of them
//! decode `%`.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};

use crate::domain::ledger::CellKey;
use crate::domain::tenancy::Tenancy;

/// What begins with a dot is passed over by whoever looks for exports.
const HIDDEN: &str = ".auditui";

/// The name of a manifest; what begins with `_` is no data to other engines.
pub const MANIFEST: &str = "_manifest.json";

/// The longest value in the name of a directory.
const LONGEST: usize = 63;

/// The places of one tenancy in a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
    pub slug: String,
}

impl Layout {
    /// A tenancy keeps the slug that it got first, whatever it is called since.
    pub fn of(root: &Path, tenancy: &Tenancy) -> Self {
        let tail = tail(tenancy);
        let known = tenancies(root).into_iter().find(|slug| slug.ends_with(&tail));
        Self::named(root, &known.unwrap_or_else(|| slug_of(tenancy)))
    }

    pub fn named(root: &Path, slug: &str) -> Self {
        Self { root: root.to_owned(), slug: slug.to_owned() }
    }

    /// The data of the tenancy.
    pub fn data(&self) -> PathBuf {
        self.root.join("data").join(format!("tenancy={}", self.slug))
    }

    pub fn manifest(&self) -> PathBuf {
        self.data().join(MANIFEST)
    }

    /// What is not data of the tenancy.
    pub fn hidden(&self) -> PathBuf {
        self.root.join(HIDDEN).join(&self.slug)
    }

    pub fn ledger(&self) -> PathBuf {
        self.hidden().join("ledger")
    }

    pub fn staging(&self) -> PathBuf {
        self.hidden().join("staging")
    }

    /// Where the events of a cell that happened on a day are, below [`data`](Self::data); of events that do not say when
    /// they happened, `None` as day, a file beside those of the first day of the window.
    pub fn file(key: &CellKey, day: Option<NaiveDate>) -> String {
        let minute = |time: chrono::DateTime<chrono::Utc>| time.format("%Y%m%dT%H%MZ");
        let cell = digest(&format!("{}\n{}\n{}", key.region, key.compartment, key.window), 12);
        let undated = if day.is_none() { "-undated" } else { "" };
        let day = day.unwrap_or_else(|| key.window.start().date_naive());
        let (start, end) = (minute(key.window.start()), minute(key.window.end()));
        let region = slug(key.region.as_str(), LONGEST);
        format!("region={region}/date={day}/{start}-{end}-{cell}{undated}.jsonl.zst")
    }
}

/// The lock of the whole collection.
pub fn lock_path(root: &Path) -> PathBuf {
    root.join(HIDDEN).join("lock")
}

/// The tenancies that a collection holds, by slug.
pub fn tenancies(root: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(root.join(HIDDEN)).into_iter().flatten().flatten();
    let mut slugs: Vec<String> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    slugs.sort();
    slugs
}

/// What a tenancy is called in names of directories, as long as it has no other name there.
pub fn slug_of(tenancy: &Tenancy) -> String {
    let tail = tail(tenancy);
    let name = slug(tenancy.name.as_deref().unwrap_or("tenancy"), LONGEST - tail.len());
    format!("{}{tail}", name.trim_end_matches('-'))
}

/// What tells it from others of its name.
fn tail(tenancy: &Tenancy) -> String {
    format!("-{}", digest(tenancy.id.as_str(), 8))
}

fn slug(name: &str, longest: usize) -> String {
    let mut slug = String::new();
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let trimmed = slug.trim_matches('-');
    let mut slug =
        if trimmed.starts_with(|c: char| c.is_ascii_lowercase()) { trimmed.to_owned() } else { format!("t-{trimmed}") };
    slug.truncate(longest);
    slug.trim_end_matches('-').to_owned()
}

/// The first hexadecimal digits of a SHA-256.
fn digest(text: &str, digits: usize) -> String {
    let mut digest = format!("{:x}", Sha256::digest(text));
    digest.truncate(digits);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time_range::FetchWindow;

    #[test]
    fn names_of_directories_are_safe_for_every_engine() {
        for (name, expected) in [
            ("ACME Corp.", "acme-corp"),
            ("007", "t-007"),
            ("a%2Fb/../c", "a-2fb-c"),
            ("", "t"),
            ("\u{202e}x", "x"),
            ("us-ashburn-1", "us-ashburn-1"),
        ] {
            assert_eq!(slug(name, LONGEST), expected);
        }
        assert_eq!(slug(&"x".repeat(100), 54).len(), 54);
    }

    #[test]
    fn a_cell_has_a_file_for_each_day() {
        let key = CellKey {
            region: "eu-frankfurt-1".into(),
            compartment: "c".into(),
            window: FetchWindow::from_minutes(29_000_000, 29_000_060).unwrap(),
        };
        let file = "region=eu-frankfurt-1/date=2025-02-20/20250219T2120Z-20250219T2220Z-1b4e067f039d.jsonl.zst";
        assert_eq!(Layout::file(&key, NaiveDate::from_ymd_opt(2025, 2, 20)), file);
        assert!(Layout::file(&key, None).ends_with("-undated.jsonl.zst"));
    }
}
