//! Files named on the command line, and the coverage that lies beside them or is in the ledger of their collection: what
//! may be said of their completeness.

mod parts;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::args::FailOn;
use super::collection::{Asked, Collection, Extent};
use super::held::region_names;
use super::proof;
use super::report::{Finding, span};
use crate::collect::{self, Stored};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::scope::ScopeRequest;
use crate::domain::text::{clean, count_of};
use crate::domain::time_range::{FetchWindow, TimeRange};
use crate::export::coverage::{Filter, Span};
use crate::export::{CoverageDocument, bag};
use crate::files::{FileRead, Found, Input, Origin, Places, find};
use crate::oci::Env;
use crate::query::Query;

/// Begins what could not be read.
pub const NOT_READ: &str = "not read";

/// Begins what is known to be missing.
const MISSING: &str = "missing";

/// What is to be read, and what was left behind with it.
pub struct Exports {
    /// Those of collections last.
    pub inputs: Vec<Input>,
    /// In the order of the inputs, as far as these are in no collection.
    documents: Vec<Option<CoverageDocument>>,
    pub collections: Vec<Collection>,
    /// Files of collections that need not be opened.
    pub unopened: Unopened,
    skipped: Vec<PathBuf>,
    faults: Vec<String>,
}

/// Files that cannot hold anything of what is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unopened {
    /// With the time of the first event and of the last, where these say so.
    pub files: Vec<(Input, collect::Span)>,
    pub bytes: u64,
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
    /// Of collections, if there are any.
    pub extent: Option<Extent>,
    nothing_readable: bool,
}

impl Exports {
    /// Looks them up, and the coverage of each.
    pub fn find(paths: &[PathBuf]) -> Result<Self, Problem> {
        let shown = |path: &Path| clean(&path.display().to_string()).into_owned();
        let (mut collections, mut others) = (Vec::new(), Vec::new());
        for path in paths {
            match Collection::at(path)? {
                Some(collection) => collections.push(collection),
                None => others.push(path.clone()),
            }
        }
        let Found { mut inputs, skipped, faults } = find(&others)
            .map_err(|(path, error)| Problem::new(ProblemKind::Io, format!("cannot read {}: {error}", shown(&path))))?;
        if inputs.is_empty() && collections.is_empty() {
            let there: Vec<String> = paths.iter().map(|path| shown(path)).collect();
            let hint = "exports end in .jsonl, .ndjson, .json or .log, or these with .gz or .zst, or in .parquet; or name the \
                        file itself";
            return Err(Problem::usage(format!("there is no export in {}", there.join(", "))).hint(hint));
        }
        let mut read = HashMap::new();
        let documents: Vec<_> = inputs.iter().map(|input| document_of(&input.origin, &mut read)).collect();
        for (input, document) in inputs.iter_mut().zip(&documents) {
            input.digest = document.as_ref().is_some_and(|document| written(document, &input.origin).is_some());
        }
        let mut exports = Self { inputs, documents, collections, unopened: Unopened::default(), skipped, faults };
        exports.narrow(&Query::everything(), true);
        Ok(exports)
    }

    /// Leaves out what of collections cannot hold anything that the query shows; files of events without a time only where
    /// these are not wanted whatever the time.
    pub fn narrow(&mut self, query: &Query, undated: bool) {
        self.inputs.truncate(self.documents.len());
        self.unopened = Unopened::default();
        for collection in &self.collections {
            let (mut needed, others) = collection.files(query);
            let (wanted, others): (Vec<_>, Vec<_>) =
                others.into_iter().partition(|stored| undated && stored.span.is_none());
            needed.extend(wanted);
            let input = |stored: &&Stored| Input { origin: Origin::File(stored.path.clone()), digest: false };
            self.inputs.extend(needed.iter().map(input));
            self.unopened.bytes += others.iter().map(|stored| stored.bytes).sum::<u64>();
            self.unopened.files.extend(others.iter().map(|stored| (input(stored), stored.span)));
        }
    }

    /// The minutes that collections were to hold; `None` where there are none.
    pub fn window(&self) -> Option<FetchWindow> {
        let windows = || self.collections.iter().filter_map(Collection::window);
        let start = windows().map(FetchWindow::start_minute).min()?;
        FetchWindow::from_minutes(start, windows().map(FetchWindow::end_minute).max()?)
    }

    /// Takes note of every place that a collection has, with or without events.
    pub fn expect_places(&self, places: &mut Places, env: &Env) {
        let names = region_names(env);
        for (region, compartment) in self.collections.iter().flat_map(Collection::places) {
            places.expect(region, compartment, &*names);
        }
    }

    /// What the files are called as one: by the name of the only one, or of the collection, else by their number.
    pub fn name(&self) -> String {
        match self.inputs.as_slice() {
            _ if self.collections.len() == 1 && self.documents.is_empty() => {
                self.collections.first().map(Collection::name).unwrap_or_default()
            }
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

    /// `files`: what became of them; `range` and `asked`: what was asked of them.
    pub fn judge(&self, files: &[FileRead], range: Option<TimeRange>, asked: &Asked<'_>) -> Verdict {
        let mut findings: Vec<Finding> =
            self.faults.iter().map(|fault| Finding::new(NOT_READ, fault.clone())).collect();
        let mut notes = Vec::new();
        let documents = self.documents.iter().map(Option::as_ref).chain(std::iter::repeat(None));
        for (document, file) in documents.zip(files) {
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
            let redacted = document.export.as_ref().is_some_and(|export| export.redacted.is_some());
            notes.extend(redacted.then(|| Finding::new("note", format!("{name} holds redacted copies of events"))));
            notes.extend(only(document).map(|only| Finding::new("note", format!("{name} holds only {only}"))));
        }
        let spans: Option<Vec<Span>> =
            self.documents.iter().map(|document| document.as_ref().map(|document| document.range)).collect();
        let spans = spans.filter(|spans| !spans.is_empty() || self.collections.is_empty());
        let (missing, left_out) = parts::judge(&self.inputs, &self.documents);
        let whole = left_out.is_empty();
        findings.extend(missing);
        notes.extend(left_out);
        findings.extend(range.zip(spans.as_deref()).and_then(|(range, spans)| beyond(range, spans)));
        let told = !self.documents.is_empty() && spans.is_none();
        let extent = self.extent(asked);
        let (of_extent, of_note): (Vec<_>, Vec<_>) =
            extent.iter().flat_map(|extent| extent.findings.clone()).partition(|finding| !finding.is_no_problem());
        findings.extend(of_extent);
        notes.extend(of_note);
        let completeness = match () {
            () if !findings.is_empty() => Completeness::Incomplete,
            () if told => Completeness::Unknown,
            () if whole && self.hold_all() => Completeness::Complete,
            () => Completeness::Filtered,
        };
        let nothing_readable = nothing_readable(files);
        findings.append(&mut notes);
        Verdict { completeness, findings, extent, nothing_readable }
    }

    fn extent(&self, asked: &Asked<'_>) -> Option<Extent> {
        let mut extents = self.collections.iter().map(|collection| collection.extent(asked));
        let mut all = extents.next()?;
        for Extent { read, wanted, places, findings } in extents {
            all = Extent { read: all.read + read, wanted: all.wanted + wanted, places: all.places + places, ..all };
            all.findings.extend(findings);
        }
        if all.places == 0 && all.findings.is_empty() {
            all.findings.push(Finding::new("missing", "no such region or compartment was ever collected".to_owned()));
        }
        Some(all)
    }
}

impl Exports {
    /// That more may have been asked than can be told: what lies below a compartment is in no ledger.
    pub fn below_unknown(&self, request: &ScopeRequest) -> Option<Finding> {
        let named = !request.compartments.is_empty() || !request.exclude_compartments.is_empty();
        let open = named && !request.no_subtree && !self.collections.is_empty();
        let advice = "name each compartment, with --no-subtree".to_owned();
        let what = "what lies below the compartments named is not known: a collection does not say it".to_owned();
        open.then(|| Finding { advice, ..Finding::new("missing", what) })
    }
}

/// Whether of all files none could be read, and none gave an event.
pub fn nothing_readable(files: &[FileRead]) -> bool {
    !files.is_empty() && files.iter().all(|file| file.events == 0 && !file.faults.is_empty())
}

impl Completeness {
    fn sentence(self) -> &'static str {
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
    /// How much of what is asked there is.
    pub fn sentence(&self) -> String {
        let Some(extent) = &self.extent else { return self.completeness.sentence().to_owned() };
        let places = count_of(extent.places as u64, "place");
        let share = extent.percent().map_or_else(|| "nothing".to_owned(), |percent| format!("{percent} %"));
        match self.completeness {
            Completeness::Complete => format!("coverage complete: every minute of {places} was collected"),
            Completeness::Incomplete => {
                format!("coverage incomplete: {share} of the minutes of {places} collected, see above")
            }
            Completeness::Unknown | Completeness::Filtered => {
                format!(
                    "{share} of the minutes of {places} collected; of the other files: {}",
                    self.completeness.sentence()
                )
            }
        }
    }

    /// Something more that is missing.
    pub fn lacks(&mut self, finding: Finding) {
        self.findings.insert(0, finding);
        self.completeness = Completeness::Incomplete;
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
        let Some(file_name) = name.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        for place in proof::candidates(&name).into_iter().chain(of_bundle(&name)) {
            let document = read.entry(place).or_insert_with_key(|place| proof::read(place).ok());
            let tells =
                |document: &&CoverageDocument| document.export.as_ref().is_some_and(|export| export.names(&file_name));
            if let Some(document) = document.as_ref().filter(tells) {
                return Some(document.clone());
            }
        }
    }
    None
}

/// The coverage of the evidence bundle that a file lies in.
fn of_bundle(path: &Path) -> Option<PathBuf> {
    let data = path.parent().filter(|data| data.ends_with(bag::DATA))?;
    let bundle = data.parent().filter(|bundle| bag::is_bag(bundle))?;
    Some(bundle.join(proof::NAME))
}

/// That a file is not what its coverage tells of; where some of it could not be read, that is said already.
fn changed(document: &CoverageDocument, file: &FileRead) -> Option<Finding> {
    let Origin::File(path) = &file.origin else { return None };
    let (bytes, sha256) = written(document, &file.origin)?;
    // The content is what was read; what was packed when it was written has the digest of the file. So has what was read
    // in parts: which parts could be passed over is what the file itself said, and may have been changed.
    let content = file.bytes == bytes && file.sha256.as_deref() == Some(sha256);
    let as_written = content || proof::is_as_written(path, bytes, sha256);
    let what = format!("{} is not the file that its coverage.json tells of", file.origin);
    (file.faults.is_empty() && !as_written).then(|| Finding::new("changed", what))
}

/// Size and SHA-256 that a file had when it was written.
fn written<'a>(document: &'a CoverageDocument, origin: &Origin) -> Option<(u64, &'a str)> {
    let name = file_name(origin)?;
    let export = document.export.as_ref()?;
    // What was packed since has the name with one ending less in its coverage.
    let stem = Path::new(&name).file_stem()?.to_string_lossy();
    let (bytes, sha256) = export.written(&name).or_else(|| export.written(&stem))?;
    bytes.zip(sha256)
}

fn file_name(origin: &Origin) -> Option<String> {
    let Origin::File(path) = origin else { return None };
    Some(path.file_name()?.to_string_lossy().into_owned())
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
        let inputs = documents.iter().map(input).collect();
        let (collections, unopened) = (Vec::new(), Unopened::default());
        Exports { inputs, documents, collections, unopened, skipped: Vec::new(), faults: Vec::new() }
    }

    fn judge(exports: &Exports, files: &[FileRead], range: Option<TimeRange>) -> Verdict {
        let (query, length) = (Query::everything(), TimeDelta::zero());
        let now = DateTime::UNIX_EPOCH;
        exports.judge(files, range, &Asked { query: &query, now, padding: length, settling: length, strict: false })
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
        judge(&exports(documents), files, None).completeness
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
    fn what_was_read_in_parts_is_complete_only_if_the_file_is_the_one_that_was_written() {
        const SHA256: &str = "3661291e28107bb940142d346bdb3a86da68415ae7fe451374d403c6037b9fa5";
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        let judged = |content: &str| {
            std::fs::write(&path, content).unwrap();
            let mut document = proof(Complete);
            document.export = Some(ExportEntry::new(Some("x".into()), Some((6, SHA256.into())), Tally::default()));
            let groups = Some(crate::files::Groups { read: 1, skipped: 1, bytes: 3 });
            let file = FileRead { origin: Origin::File(path.clone()), sha256: None, groups, ..file("", &[]) };
            completeness(vec![Some(document)], &[file])
        };
        assert_eq!(judged("whole\n"), Completeness::Complete);
        assert_eq!(judged("Whole\n"), Completeness::Incomplete, "as many bytes, but others");
    }

    #[test]
    fn a_range_beyond_what_the_files_were_to_hold_is_not_complete() {
        let hours = |from, until| {
            let at = |hours| DateTime::UNIX_EPOCH + TimeDelta::hours(hours);
            TimeRange::new(at(from), at(until))
        };
        let judged = |range| judge(&exports(vec![Some(proof(Complete))]), &[file("a", &[])], range).completeness;
        assert_eq!(judged(hours(0, 1)), Completeness::Complete);
        for beyond in [hours(0, 2), hours(-1, 1), hours(2, 3)] {
            assert_eq!(judged(beyond), Completeness::Incomplete, "{beyond:?}");
        }
    }

    #[test]
    fn exit_codes_are_those_of_an_export() {
        let code = |documents, files: &[FileRead], fail_on| judge(&exports(documents), files, None).exit_code(fail_on);
        assert_eq!(code(vec![None], &[file("a", &[])], FailOn::Partial), 0);
        assert_eq!(code(vec![None], &[file("a", &["cut"])], FailOn::Partial), 3);
        assert_eq!(code(vec![None], &[file("a", &["cut"])], FailOn::Never), 0);
        let unreadable = FileRead { events: 0, ..file("a", &["no text"]) };
        assert_eq!(code(vec![None], &[unreadable], FailOn::Never), 5);
    }
}
