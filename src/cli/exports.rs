//! Files named on the command line, and the coverage that lies beside them: what may be said of their completeness.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::args::FailOn;
use super::proof;
use super::report::{Finding, span};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::{clean, count_of};
use crate::domain::time_range::TimeRange;
use crate::export::CoverageDocument;
use crate::export::coverage::{Filter, Span};
use crate::files::{FileRead, Found, Input, Origin, find};

/// Begins what could not be read.
pub const NOT_READ: &str = "not read";

/// Begins what is known to be missing.
const MISSING: &str = "missing";

/// What is to be read, and what was left behind with it.
pub struct Exports {
    pub inputs: Vec<Input>,
    /// In the order of the inputs.
    documents: Vec<Option<CoverageDocument>>,
    skipped: Vec<PathBuf>,
    faults: Vec<String>,
}

/// How much of what there was the files hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Files say nothing of what was not read.
    Unknown,
    /// The coverage of each file says that it is complete, and that this is the file.
    Complete,
    /// Something is known to be missing.
    Incomplete,
    /// Each says that all is there that it was to hold, and some were to hold some events only.
    Filtered,
}

/// What may be said in the end.
pub struct Verdict {
    pub completeness: Completeness,
    pub findings: Vec<Finding>,
    nothing_readable: bool,
}

impl Exports {
    /// Looks them up, and the coverage of each.
    pub fn find(paths: &[PathBuf]) -> Result<Self, Problem> {
        let shown = |path: &Path| clean(&path.display().to_string()).into_owned();
        let Found { mut inputs, skipped, faults } = find(paths)
            .map_err(|(path, error)| Problem::new(ProblemKind::Io, format!("cannot read {}: {error}", shown(&path))))?;
        if inputs.is_empty() {
            let there: Vec<String> = paths.iter().map(|path| shown(path)).collect();
            let hint = "exports end in .jsonl, .ndjson, .json or .log, or these with .gz or .zst, or in .parquet; or name the \
                        file itself";
            return Err(Problem::usage(format!("there is no export in {}", there.join(", "))).hint(hint));
        }
        let mut read = HashMap::new();
        let documents: Vec<_> = inputs.iter().map(|input| document_of(&input.origin, &mut read)).collect();
        for (input, document) in inputs.iter_mut().zip(&documents) {
            let export = document.as_ref().and_then(|document| document.export.as_ref());
            input.digest = export.is_some_and(|export| export.sha256.is_some());
        }
        Ok(Self { inputs, documents, skipped, faults })
    }

    /// What the files are called as one: by the name of the only one, else by their number.
    pub fn name(&self) -> String {
        match self.inputs.as_slice() {
            [Input { origin: Origin::File(path), .. }] => {
                clean(&path.file_name().unwrap_or_default().to_string_lossy()).into_owned()
            }
            [Input { origin, .. }] => origin.to_string(),
            inputs => count_of(inputs.len() as u64, "file"),
        }
    }

    /// What directories hold besides, in words.
    pub fn skipped(&self) -> Option<String> {
        const NAMED: usize = 3;
        let names = self.skipped.iter().take(NAMED).map(|path| clean(&path.display().to_string()).into_owned());
        let mut names: Vec<String> = names.collect();
        let more = self.skipped.len().saturating_sub(NAMED);
        names.extend((more > 0).then(|| format!("and {more} more")));
        let files = count_of(self.skipped.len() as u64, "file");
        (!names.is_empty()).then(|| format!("passed over {files} that by name are no exports: {}", names.join(", ")))
    }

    /// A SHA-256 of every file is wanted, whether there is one to compare it with or not.
    pub fn with_digests(mut self) -> Self {
        self.inputs.iter_mut().for_each(|input| input.digest = true);
        self
    }

    /// What is told of each file beside it, in the order of the inputs.
    pub fn documents(&self) -> &[Option<CoverageDocument>] {
        &self.documents
    }

    /// Whether no file was made to hold some events only.
    fn hold_all(&self) -> bool {
        self.documents.iter().flatten().all(|document| document.query.is_none() && only(document).is_none())
    }

    /// `files`: what became of them; `range`: what was asked of them.
    pub fn judge(&self, files: &[FileRead], range: Option<TimeRange>) -> Verdict {
        let mut findings: Vec<Finding> =
            self.faults.iter().map(|fault| Finding::new(NOT_READ, fault.clone())).collect();
        let mut notes = Vec::new();
        for (document, file) in self.documents.iter().zip(files) {
            let name = file.origin.to_string();
            findings.extend(file.faults.iter().map(|fault| Finding::new(NOT_READ, format!("{name}: {fault}"))));
            if file.others > 0 {
                let others = count_of(file.others, "record");
                notes.push(Finding::new("note", format!("{name}: {others} left out: no audit event")));
            }
            let Some(document) = document else { continue };
            findings.extend(changed(document, file));
            if !document.complete {
                let advice = format!("`auditui coverage {name}` tells more");
                let what = format!("{name}: {}", clean(&document.sentence));
                findings.push(Finding { advice, ..Finding::new("incomplete", what) });
            }
            notes.extend(document.query.as_deref().map(|query| {
                Finding::new("note", format!("{name} holds only what this query found: {}", clean(query)))
            }));
            notes.extend(only(document).map(|only| Finding::new("note", format!("{name} holds only {only}"))));
        }
        let spans: Option<Vec<Span>> =
            self.documents.iter().map(|document| document.as_ref().map(|document| document.range)).collect();
        findings.extend(range.zip(spans.as_deref()).and_then(|(range, spans)| beyond(range, spans)));
        let completeness = match () {
            () if !findings.is_empty() => Completeness::Incomplete,
            () if spans.is_some() && self.hold_all() => Completeness::Complete,
            () if spans.is_some() => Completeness::Filtered,
            () => Completeness::Unknown,
        };
        let nothing_readable = files.iter().all(|file| file.events == 0 && !file.faults.is_empty());
        findings.append(&mut notes);
        Verdict { completeness, findings, nothing_readable }
    }
}

impl Completeness {
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Unknown => "coverage unknown: files say nothing of what was not read",
            Self::Complete => "coverage complete, as coverage.json says of each file",
            Self::Filtered => "coverage complete of what the files were made to hold, which is not all events",
            Self::Incomplete => "coverage incomplete, see above",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Complete => "complete",
            Self::Filtered => "filtered",
            Self::Incomplete => "incomplete",
        }
    }
}

impl Verdict {
    /// Something more that is missing.
    pub fn lacks(&mut self, finding: Finding) {
        self.findings.insert(0, finding);
        self.completeness = Completeness::Incomplete;
    }

    /// Whether of all files none could be read, and none gave an event.
    pub fn is_nothing_readable(&self) -> bool {
        self.nothing_readable
    }

    pub fn exit_code(&self, fail_on: FailOn) -> u8 {
        match self.completeness {
            _ if self.nothing_readable => 5,
            Completeness::Incomplete if fail_on == FailOn::Partial => 3,
            _ => 0,
        }
    }
}

/// The document that tells of a file, or of what it was before it was packed.
fn document_of(origin: &Origin, read: &mut HashMap<PathBuf, Option<CoverageDocument>>) -> Option<CoverageDocument> {
    let Origin::File(path) = origin else { return None };
    let packed = path.extension().is_some_and(|ending| ending == "gz" || ending == "zst");
    let names = [Some(path.clone()), packed.then(|| path.with_extension(""))];
    for name in names.into_iter().flatten() {
        let file_name = name.file_name().map(|name| name.to_string_lossy().into_owned());
        for place in proof::candidates(&name) {
            let document = read.entry(place).or_insert_with_key(|place| proof::read(place).ok());
            let tells =
                |document: &&CoverageDocument| document.export.as_ref().is_some_and(|export| export.file == file_name);
            if let Some(document) = document.as_ref().filter(tells) {
                return Some(document.clone());
            }
        }
    }
    None
}

/// That a file is not what its coverage tells of; where some of it could not be read, that is said already.
fn changed(document: &CoverageDocument, file: &FileRead) -> Option<Finding> {
    let written = document.export.as_ref()?;
    // Of a file that was read in parts there is no digest.
    let in_parts = file.groups.is_some_and(|groups| groups.skipped > 0);
    let as_written = (in_parts || file.sha256 == written.sha256) && written.bytes == Some(file.bytes);
    let known = file.faults.is_empty() && written.sha256.is_some();
    let what = format!("{} is not the file that its coverage.json tells of", file.origin);
    (known && !as_written).then(|| Finding::new("changed", what))
}

fn only(document: &CoverageDocument) -> Option<&'static str> {
    match document.filter {
        Filter::All => None,
        Filter::Writes => Some("what changes something and sign-ins"),
        Filter::Reads => Some("what changes nothing"),
    }
}

/// The first part of a range that no file was to hold.
fn beyond(range: TimeRange, spans: &[Span]) -> Option<Finding> {
    let mut spans: Vec<Span> = spans.to_vec();
    spans.sort_by_key(|span| span.from);
    let mut at = range.start();
    for one in spans {
        if one.from > at {
            break;
        }
        at = at.max(one.until);
    }
    let missing = Span { from: at, until: range.end() };
    (at < range.end()).then(|| Finding::new(MISSING, format!("the files do not hold all of {}", span(missing))))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::cli::testing::{document, of_export};
    use crate::domain::ledger::CellState;
    use crate::domain::ledger::CellState::{Complete, Failed};
    use crate::export::Tally;
    use crate::export::coverage::ExportEntry;

    fn exports(documents: Vec<Option<CoverageDocument>>) -> Exports {
        let input = |_: &Option<CoverageDocument>| Input { origin: Origin::File("x".into()), digest: true };
        Exports { inputs: documents.iter().map(input).collect(), documents, skipped: Vec::new(), faults: Vec::new() }
    }

    fn file(sha256: &str, faults: &[&str]) -> FileRead {
        FileRead {
            origin: Origin::File("x".into()),
            events: 1,
            others: 0,
            bytes: 6,
            sha256: Some(sha256.into()),
            groups: None,
            faults: faults.iter().map(|fault| (*fault).to_owned()).collect(),
        }
    }

    /// Of the first hour of 1970, and a file with the digest `a`.
    fn proof(state: CellState) -> CoverageDocument {
        let mut document = of_export(document(&[("r", "c", state)]), "x");
        document.complete = state == Complete;
        document.export = Some(ExportEntry::new(Some("x".into()), Some((6, "a".into())), Tally::default()));
        document
    }

    fn completeness(documents: Vec<Option<CoverageDocument>>, files: &[FileRead]) -> Completeness {
        exports(documents).judge(files, None).completeness
    }

    #[test]
    fn complete_is_what_the_coverage_of_every_file_says() {
        use Completeness::{Incomplete, Unknown};
        let whole = || file("a", &[]);
        assert_eq!(completeness(vec![Some(proof(Complete))], &[whole()]), Completeness::Complete);
        assert_eq!(completeness(vec![None], &[whole()]), Unknown);
        assert_eq!(completeness(vec![Some(proof(Complete)), None], &[whole(), whole()]), Unknown);
        assert_eq!(completeness(vec![Some(proof(Complete)), Some(proof(Failed))], &[whole(), whole()]), Incomplete);
        assert_eq!(completeness(vec![Some(proof(Complete))], &[file("b", &[])]), Incomplete);
        assert_eq!(completeness(vec![None], &[file("a", &["cut"])]), Incomplete);
    }

    #[test]
    fn a_range_beyond_what_the_files_were_to_hold_is_not_complete() {
        let hours = |from, until| {
            let at = |hours| DateTime::UNIX_EPOCH + TimeDelta::hours(hours);
            TimeRange::new(at(from), at(until))
        };
        let judged = |range| exports(vec![Some(proof(Complete))]).judge(&[file("a", &[])], range).completeness;
        assert_eq!(judged(hours(0, 1)), Completeness::Complete);
        for beyond in [hours(0, 2), hours(-1, 1), hours(2, 3)] {
            assert_eq!(judged(beyond), Completeness::Incomplete, "{beyond:?}");
        }
    }

    #[test]
    fn exit_codes_are_those_of_an_export() {
        let code = |documents, files: &[FileRead], fail_on| exports(documents).judge(files, None).exit_code(fail_on);
        assert_eq!(code(vec![None], &[file("a", &[])], FailOn::Partial), 0);
        assert_eq!(code(vec![None], &[file("a", &["cut"])], FailOn::Partial), 3);
        assert_eq!(code(vec![None], &[file("a", &["cut"])], FailOn::Never), 0);
        let unreadable = FileRead { events: 0, ..file("a", &["no text"]) };
        assert_eq!(code(vec![None], &[unreadable], FailOn::Never), 5);
    }
}
