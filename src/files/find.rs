//! Which files hold events.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::text::clean;

/// The ending of exports that are tables.
const TABLE: &str = "parquet";

/// Endings of other exports, before that of what packs them; Connector Hub calls what it writes `.log.gz`.
const EXPORTS: [&str; 4] = ["jsonl", "ndjson", "json", "log"];
const PACKED: [&str; 2] = ["gz", "zst"];

/// The name, or the end of the name, of what an export leaves beside its events.
const COVERAGE: &str = "coverage.json";

/// The name of what a collection leaves beside its data.
const MANIFEST: &str = "_manifest.json";

/// What makes a directory an evidence bundle, and the list of cells among its events.
const BAG: &str = "bagit.txt";
const CELLS: &str = "_cells.ndjson";

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    pub origin: Origin,
    /// Whether to make a SHA-256 of its content, unpacked.
    pub digest: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Stdin,
    File(PathBuf),
}

impl fmt::Display for Origin {
    /// Harmless on a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) => f.write_str(&clean(&path.display().to_string())),
        }
    }
}

/// What paths stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// In the order of the paths, within a directory in the order of the names.
    pub inputs: Vec<Input>,
    /// What directories hold besides, by its ending no export.
    pub skipped: Vec<PathBuf>,
    /// Directories that could not be looked into, and why.
    pub faults: Vec<String>,
}

/// Looks paths up: `-` is standard input, a directory all exports in and below it, anything else a file, whatever its
/// name. `Err` with the path that is not there. In directories names that begin with a dot, links to directories,
/// `coverage.json` and `_manifest.json` are passed over.
pub fn find(paths: &[PathBuf]) -> Result<Found, (PathBuf, io::Error)> {
    let mut found = Found::default();
    for path in paths {
        if path == Path::new("-") {
            let stdin = Input { origin: Origin::Stdin, digest: false };
            // Its end is its end: a second time there is nothing.
            if !found.inputs.contains(&stdin) {
                found.inputs.push(stdin);
            }
            continue;
        }
        let what = path.metadata().map_err(|error| (path.clone(), error))?;
        if what.is_dir() { found.look_into(path) } else { found.add(path.clone()) }
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, path: PathBuf) {
        self.inputs.push(Input { origin: Origin::File(path), digest: false });
    }

    fn look_into(&mut self, directory: &Path) {
        // Of an evidence bundle the events, and not what tells of them.
        if directory.join(BAG).is_file() {
            return self.look_into(&directory.join("data"));
        }
        let entries = std::fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                self.faults.push(format!("{}: {error}", clean(&directory.display().to_string())));
                return;
            }
        };
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            match () {
                () if name.starts_with('.') || is_coverage(&name) || name == MANIFEST || name == CELLS => {}
                () if is_directory => self.look_into(&path),
                () if is_export(&name) => self.look_at(path),
                () => self.skipped.push(path),
            }
        }
    }

    /// By its name an export; it may be a link that leads nowhere.
    fn look_at(&mut self, path: PathBuf) {
        match std::fs::metadata(&path) {
            Ok(kind) if kind.is_file() => self.add(path),
            Ok(_) => self.skipped.push(path),
            Err(error) => self.faults.push(format!("{}: {error}", clean(&path.display().to_string()))),
        }
    }
}

fn is_coverage(name: &str) -> bool {
    name == COVERAGE || name.ends_with(&format!(".{COVERAGE}"))
}

fn is_export(name: &str) -> bool {
    let name = name.to_lowercase();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
    let ending = if PACKED.contains(&ending) { stem.rsplit_once('.').map_or("", |(_, ending)| ending) } else { ending };
    EXPORTS.contains(&ending) || name.ends_with(&format!(".{TABLE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn an_export_that_cannot_be_looked_at_is_a_fault() {
        let directory = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(directory.path().join("gone"), directory.path().join("a.jsonl")).unwrap();
        let mut found = Found::default();
        found.look_into(directory.path());
        assert!(found.inputs.is_empty() && found.skipped.is_empty());
        assert!(found.faults.len() == 1 && found.faults[0].contains("a.jsonl"));
    }

    #[test]
    fn a_directory_gives_its_exports_in_the_order_of_their_names() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::create_dir_all(path("a/b")).unwrap();
        for name in [
            "z.jsonl",
            "a/b/2.NDJSON.gz",
            "a/1.json.zst",
            "a/b/3.log.gz",
            "coverage.json",
            "z.jsonl.coverage.json",
            ".x.json",
            "a/_manifest.json",
        ] {
            std::fs::write(path(name), "").unwrap();
        }
        for name in ["notes.txt", "a/old.gz"] {
            std::fs::write(path(name), "").unwrap();
        }
        let found = find(&["-".into(), directory.path().to_owned(), path("notes.txt"), "-".into()]).unwrap();
        let named = |name: &str| Origin::File(path(name));
        let expected = [
            Origin::Stdin,
            named("a/1.json.zst"),
            named("a/b/2.NDJSON.gz"),
            named("a/b/3.log.gz"),
            named("z.jsonl"),
            named("notes.txt"),
        ];
        assert_eq!(found.inputs.iter().map(|input| input.origin.clone()).collect::<Vec<_>>(), expected);
        assert_eq!(found.skipped, [path("a/old.gz"), path("notes.txt")]);
        assert_eq!(find(&[path("none")]).unwrap_err().0, path("none"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_directory_does_not_lead_in_circles() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("loop.json");
        std::os::unix::fs::symlink(directory.path(), &link).unwrap();
        let found = find(&[directory.path().to_owned()]).unwrap();
        assert_eq!((found.inputs.len(), found.skipped), (0, vec![link]));
    }
}
