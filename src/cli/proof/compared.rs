//! Whether the file that a coverage document tells of is the one that was written.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{NAME, candidates, directory_of};
use crate::domain::text::{clean, count_of, thousands};
use crate::export::CoverageDocument;
use crate::export::coverage::PartEntry;

/// What a look at the file has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// There is nothing to look at: no file was written, or it is not known what was.
    NoFile,
    /// The place of the document was chosen, and the file is somewhere else.
    Elsewhere,
    /// Size and SHA-256 are as they were.
    Same,
    /// It is not as it was, or not there; why.
    Other(String),
}

impl Compared {
    /// `proof` is where the document is; `export` the file, where the user has named it. Otherwise it is looked for
    /// beside the document.
    pub fn of(document: &CoverageDocument, proof: &Path, export: Option<&Path>) -> Self {
        let Some(written) = &document.export else { return Self::NoFile };
        if let Some(parts) = &written.parts {
            return Self::of_parts(parts, directory_of(proof));
        }
        let (Some(name), Some(bytes), Some(sha256)) = (&written.file, written.bytes, &written.sha256) else {
            return Self::NoFile;
        };
        if !is_name(name) {
            return Self::Other(NO_NAME.to_owned());
        }
        let beside = directory_of(proof).join(name);
        let path = export.unwrap_or(&beside);
        match difference(path, bytes, sha256) {
            Ok(None) => Self::Same,
            Ok(Some(difference)) => Self::Other(difference),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let belongs_here = candidates(path).iter().any(|usual| usual.file_name() == proof.file_name());
                if belongs_here { Self::Other(format!("there is none beside {NAME}")) } else { Self::Elsewhere }
            }
            Err(error) => Self::Other(format!("it cannot be read: {error}")),
        }
    }

    /// Those of a directory; each that is not as it was is named, up to a few.
    fn of_parts(parts: &[PartEntry], directory: &Path) -> Self {
        const NAMED: usize = 5;
        let fault = |part: &PartEntry| {
            // Before anything of it is looked at: a name that leads elsewhere is not followed.
            let looked = is_name(&part.file).then(|| difference(&directory.join(&part.file), part.bytes, &part.sha256));
            let why = match looked {
                None => NO_NAME.to_owned(),
                Some(Ok(None)) => return None,
                Some(Ok(Some(difference))) => difference,
                Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => "it is not there".to_owned(),
                Some(Err(error)) => format!("it cannot be read: {error}"),
            };
            Some(format!("{}: {why}", clean(&part.file)))
        };
        let mut faults: Vec<String> = parts.iter().filter_map(fault).collect();
        let more = faults.len().saturating_sub(NAMED);
        faults.truncate(NAMED);
        faults.extend((more > 0).then(|| format!("and {more} more")));
        if faults.is_empty() { Self::Same } else { Self::Other(faults.join("; ")) }
    }

    pub fn is_other(&self) -> bool {
        matches!(self, Self::Other(_))
    }
}

const BELOW: &str = "data/";

const NO_NAME: &str = "what the coverage names is no name of a file";

/// Documents are written by strangers: no name leads out of the directory.
fn is_name(name: &str) -> bool {
    // The events of an evidence bundle lie below it.
    let name = name.strip_prefix(BELOW).unwrap_or(name);
    Path::new(name).file_name() == Some(OsStr::new(name))
}

/// Whether a file has this size and SHA-256.
pub fn is_as_written(path: &Path, bytes: u64, sha256: &str) -> bool {
    difference(path, bytes, sha256).is_ok_and(|difference| difference.is_none())
}

/// What is not as it was. The bytes are read only where there are as many as there were.
fn difference(path: &Path, bytes: u64, sha256: &str) -> io::Result<Option<String>> {
    let found = path.metadata()?;
    if !found.is_file() {
        return Ok(Some("it is no plain file".to_owned()));
    }
    if found.len() != bytes {
        return Ok(Some(format!("it has {}, and had {}", count_of(found.len(), "byte"), thousands(bytes))));
    }
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    let digest = format!("{:x}", hash.finalize());
    Ok((digest != sha256).then(|| format!("its sha256 is {digest}, and was {}", clean(sha256))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::{document, of_export};
    use crate::domain::ledger::CellState::Complete;
    use crate::export::Tally;
    use crate::export::coverage::ExportEntry;

    const SHA256: &str = "3661291e28107bb940142d346bdb3a86da68415ae7fe451374d403c6037b9fa5";

    /// Of a file of that name with the six bytes `whole\n`.
    fn proof_of(name: &str) -> CoverageDocument {
        let mut proof = of_export(document(&[("r", "c", Complete)]), name);
        proof.export = Some(ExportEntry::new(Some(name.into()), Some((6, SHA256.into())), Tally::default()));
        proof
    }

    #[test]
    fn a_file_is_the_one_that_was_written_by_size_and_digest() {
        let directory = tempfile::tempdir().unwrap();
        let (file, usual) = (directory.path().join("day.jsonl"), directory.path().join(NAME));
        let compared = |text: &str| {
            std::fs::write(&file, text).unwrap();
            Compared::of(&proof_of("day.jsonl"), &usual, None)
        };
        assert_eq!(compared("whole\n"), Compared::Same);
        assert_eq!(compared("whole"), Compared::Other("it has 5 bytes, and had 6".into()));
        let Compared::Other(why) = compared("Whole\n") else { panic!("taken for the same") };
        assert!(why.starts_with("its sha256 is ") && why.ends_with(&format!(", and was {SHA256}")), "{why}");
    }

    #[test]
    fn it_must_be_there_where_the_coverage_is_in_its_usual_place() {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| directory.path().join(name);
        let compared = |proof: &str| Compared::of(&proof_of("day.jsonl"), &place(proof), None);
        for usual in [NAME, "day.jsonl.coverage.json"] {
            assert!(compared(usual).is_other(), "{usual}");
        }
        assert_eq!(compared("proof.json"), Compared::Elsewhere);
        let named = Compared::of(&proof_of("day.jsonl"), &place(NAME), Some(&place("day.jsonl")));
        assert!(named.is_other());
        std::fs::create_dir(place("day.jsonl")).unwrap();
        assert_eq!(compared("proof.json"), Compared::Other("it is no plain file".into()));
    }

    #[test]
    fn nothing_outside_of_the_directory_is_looked_at() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("day.jsonl"), "whole\n").unwrap();
        let below = directory.path().join("below");
        std::fs::create_dir(&below).unwrap();
        let absolute = directory.path().join("day.jsonl").display().to_string();
        for name in ["../day.jsonl", "..", "", &absolute] {
            assert!(Compared::of(&proof_of(name), &below.join(NAME), None).is_other(), "{name}");
        }
    }

    #[test]
    fn each_part_that_is_not_as_it_was_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let part = |file: &str| PartEntry { file: file.into(), of: None, bytes: 6, sha256: SHA256.into(), events: 1 };
        let mut proof = proof_of("x");
        let mut compared = |names: &[&str]| {
            let parts = Some(names.iter().map(|name| part(name)).collect());
            proof.export = proof.export.take().map(|export| ExportEntry { file: None, parts, ..export });
            Compared::of(&proof, &directory.path().join(NAME), None)
        };
        std::fs::write(directory.path().join("a"), "whole\n").unwrap();
        std::fs::write(directory.path().join("b"), "other").unwrap();
        assert_eq!(compared(&["a"]), Compared::Same);
        let expected =
            "b: it has 5 bytes, and had 6; c: it is not there; ../a: what the coverage names is no name of a file";
        assert_eq!(compared(&["a", "b", "c", "../a"]), Compared::Other(expected.into()));
        let Compared::Other(many) = compared(&["c"; 9]) else { panic!() };
        assert!(many.ends_with("; and 4 more"), "{many}");
    }

    #[test]
    fn standard_output_leaves_nothing_to_compare() {
        let mut proof = proof_of("x");
        proof.export = Some(ExportEntry::new(None, Some((6, SHA256.into())), Tally::default()));
        assert_eq!(Compared::of(&proof, Path::new(NAME), None), Compared::NoFile);
        proof.export = None;
        assert_eq!(Compared::of(&proof, Path::new(NAME), None), Compared::NoFile);
    }
}
