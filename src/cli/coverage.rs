//! `auditui coverage`: what an export covers, from the document beside it; or what can be read of a time span.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::TimeDelta;

use super::args::{CoverageArgs, FailOn, ListingFormat};
use super::collect::Reading;
use super::collection::Collection;
use super::interrupt::Interrupt;
use super::listing::{aligned, print_text};
use super::news::News;
use super::proof::{self, Compared};
use super::report;
use super::talk::say;
use crate::app::facts::PlaceState;
use crate::app::setup::Glyphs;
use crate::domain::event::decode;
use crate::domain::lateness::Added;
use crate::domain::ledger::CellState;
use crate::domain::ocid::Ocid;
use crate::domain::page::Page;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::RegionId;
use crate::domain::text::{clean, clean_prefix, count_of, thousands};
use crate::domain::time_range::rfc3339;
use crate::export::CoverageDocument;
use crate::export::coverage::{CellEntry, CompartmentEntry, Filter};
use crate::ui::GlyphSet;

/// How long after its end a window of a collection may still grow.
const SETTLING: TimeDelta = TimeDelta::minutes(15);

/// Characters of a note in the table; the rest is in the findings below it.
const NOTE: usize = 60;

/// Shows the document at `path`, and whether its file is still the one that was written.
pub fn show(path: Option<&Path>, format: ListingFormat) -> Result<ExitCode, Problem> {
    let path = path.unwrap_or(Path::new("."));
    if let Some(collection) = Collection::at(path)? {
        return show_collection(&collection, format);
    }
    let (place, export) = find(path)?;
    let document = proof::read(&place)?;
    let compared = Compared::of(&document, &place, export);
    print(&document, &compared, format)?;
    // How the run ended was its own affair; here only what is missing counts.
    Ok(ExitCode::from(match report::shortfall(&document, false) {
        0 if !document.complete || compared.is_other() => 3,
        code => code,
    }))
}

/// Shows what each tenancy of a collection covers of what it was to hold; the worst exit code.
fn show_collection(collection: &Collection, format: ListingFormat) -> Result<ExitCode, Problem> {
    let documents = collection.documents(SETTLING);
    for document in &documents {
        print(document, &Compared::NoFile, format)?;
    }
    let nothing = if documents.is_empty() { 3 } else { 0 };
    Ok(ExitCode::from(documents.iter().map(|document| document.exit_code).fold(nothing, u8::max)))
}

/// Reads everything, keeps no event, shows what could be read.
pub async fn make(reading: &Reading<'_>, args: &CoverageArgs, interrupt: &mut Interrupt) -> Result<ExitCode, Problem> {
    let mut news = News::new(reading.read.settling, false);
    let collected = reading.collect(&mut |page| Ok(added(&mut news, page)), interrupt).await?;
    let mut document = reading.document(&collected, Filter::All);
    document.interrupted = interrupt.happened();
    document.complete = document.leaves_nothing_open();
    document.exit_code = report::exit_code(&document, false, FailOn::Partial);
    document.sentence = report::sentence(&document);
    print(&document, &Compared::NoFile, args.output)?;
    reading.talk.summary(&document);
    Ok(ExitCode::from(document.exit_code))
}

/// What a page brought that was not there when its window was read before.
fn added(news: &mut News, page: &Page) -> Added {
    let mut added = Added::default();
    for bytes in page.events() {
        if news.is_new(page, bytes) && page.read_at.is_some() {
            added.count(decode(bytes).fields.time.and_then(|time| page.lateness(time)));
        }
    }
    added
}

/// The document that a path stands for, itself, the one in a directory or the one beside an export; and that export.
fn find(path: &Path) -> Result<(PathBuf, Option<&Path>), Problem> {
    if path.is_dir() {
        let document = path.join(proof::NAME);
        if document.exists() {
            return Ok((document, None));
        }
        let hint = "export --output-file writes one; so does --coverage".to_owned();
        let others = others(path);
        let hint = if others.is_empty() { hint } else { format!("there is: {}", others.join(", ")) };
        let what = format!("there is no {} in {}", proof::NAME, path.display());
        return Err(Problem::new(ProblemKind::Io, what).hint(hint));
    }
    let beside = proof::candidates(path).into_iter().find(|candidate| proof::tells_of(candidate, path));
    Ok(match beside {
        Some(document) => (document, Some(path)),
        None => (path.to_owned(), None),
    })
}

/// Documents under other names.
fn others(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(&format!(".{}", proof::NAME))).collect();
    names.sort();
    names.iter().take(5).map(|name| clean(name).into_owned()).collect()
}

fn print(document: &CoverageDocument, compared: &Compared, format: ListingFormat) -> Result<(), Problem> {
    match format {
        ListingFormat::Table => print_text(&table(document, compared)),
        ListingFormat::Json => {
            let text = document.to_json().map_err(|error| Problem::new(ProblemKind::Io, error.to_string()))?;
            print_text(String::from_utf8_lossy(&text).trim_end())?;
            // The document is given as it was written; what is seen now stands beside it.
            if let Some(finding) = report::of_file(document, compared) {
                say(&finding.to_string());
            }
            Ok(())
        }
    }
}

fn table(document: &CoverageDocument, compared: &Compared) -> String {
    let mut text = head(document, compared);
    let regions: Vec<&RegionId> = document.regions.iter().filter(|r| r.asked).map(|r| &r.id).collect();
    let keys = document.regions.iter().filter(|r| r.asked).map(|r| clean(&r.key).into_owned());
    let mut rows = vec![vec!["COMPARTMENT".to_owned()]];
    rows[0].extend(keys);
    rows[0].extend(["EVENTS", "LAST READ", "NOTE"].map(str::to_owned));
    let mut places: BTreeMap<&Ocid, Vec<&CellEntry>> = BTreeMap::new();
    for cell in &document.cells {
        places.entry(&cell.compartment).or_default().push(cell);
    }
    for compartment in document.compartments.iter().filter(|compartment| compartment.asked) {
        rows.push(row(compartment, &regions, places.get(&compartment.id).map_or(&[], Vec::as_slice)));
    }
    let _ = write!(text, "\n{}\n\n{}\n\n", aligned(&rows), legend());
    for finding in report::of_file(document, compared).into_iter().chain(report::findings(document)) {
        let _ = writeln!(text, "{finding}");
    }
    text.push_str(&report::sentence(document));
    text
}

fn head(document: &CoverageDocument, compared: &Compared) -> String {
    let name = document.tenancy.name.clone().unwrap_or_else(|| document.tenancy.id.short());
    let mut text = format!("{}, {}", clean(&name), report::span(document.range));
    match document.filter {
        Filter::All => {}
        Filter::Writes => text.push_str(", only what changes something and sign-ins"),
        Filter::Reads => text.push_str(", only what changes nothing"),
    }
    if let Some(query) = &document.query {
        let _ = write!(text, ", only what answers {}", clean(query));
    }
    let _ = writeln!(
        text,
        "\nread {}..{} by {}, profile {}, run {}, {}",
        rfc3339(document.started_at),
        rfc3339(document.ended_at),
        clean(&document.tool),
        clean(&document.profile),
        clean(&document.run_id),
        count_of(document.calls, "call"),
    );
    if let Some(export) = &document.export {
        let file = export.file.as_deref().map_or("standard output".into(), clean);
        let file = export.parts.as_ref().map_or(file, |parts| count_of(parts.len() as u64, "file").into());
        let _ = write!(text, "{file}: {}", count_of(export.events, "event"));
        text.push_str(&export.bytes.map(|bytes| format!(", {}", count_of(bytes, "byte"))).unwrap_or_default());
        text.push_str(&export.sha256.as_ref().map(|sha256| format!(", sha256 {}", clean(sha256))).unwrap_or_default());
        text.push_str(match compared {
            Compared::NoFile => "",
            Compared::Elsewhere => "; the file is not here, so it was not compared",
            Compared::Same if export.parts.is_some() => "; compared with the files: the same",
            Compared::Other(_) if export.parts.is_some() => "; compared with the files: NOT the same",
            Compared::Same => "; compared with the file: the same",
            Compared::Other(_) => "; compared with the file: NOT the same",
        });
        text.push('\n');
    }
    text
}

fn row(compartment: &CompartmentEntry, regions: &[&RegionId], cells: &[&CellEntry]) -> Vec<String> {
    let name = compartment.path.as_deref().unwrap_or(compartment.id.as_str());
    let mut row = vec![clean(name).into_owned()];
    row.extend(regions.iter().map(|region| {
        let states = cells.iter().filter(|cell| cell.region == **region).map(|cell| cell.state);
        // None: not asked in this region.
        states.max().map(sign).map_or_else(String::new, String::from)
    }));
    let known: Vec<u64> = cells.iter().filter_map(|cell| cell.events).collect();
    let whole = known.len() == cells.iter().filter(|cell| cell.state != CellState::Gone).count();
    row.push(match (known.is_empty(), whole) {
        (true, _) => "--".to_owned(),
        (_, true) => thousands(known.iter().sum()),
        _ => format!(">={}", thousands(known.iter().sum())),
    });
    let last = cells.iter().filter_map(|cell| cell.read_at).max();
    row.push(last.map_or_else(|| "--".to_owned(), rfc3339));
    let worst = cells.iter().filter(|cell| cell.problem.is_some()).max_by_key(|cell| cell.state);
    row.push(
        worst
            .and_then(|cell| cell.problem.as_ref())
            .map_or_else(String::new, |problem| clean_prefix(&problem.what, NOTE).into_owned()),
    );
    row
}

/// From best to worst, with what each means in a reading that has ended.
const MEANINGS: [(CellState, &str); 7] = [
    (CellState::Complete, "complete"),
    (CellState::Settling, "settling"),
    (CellState::Gone, "gone"),
    (CellState::Queued, "not read"),
    (CellState::Loading, "not read to its end"),
    (CellState::Denied, "no access"),
    (CellState::Failed, "failed"),
];

fn legend() -> String {
    let signs: Vec<String> = MEANINGS.iter().map(|(state, meaning)| format!("{} {meaning}", sign(*state))).collect();
    format!("{}; EVENTS as received, those just outside of the range included", signs.join("   "))
}

/// The explorer's sign for such a place, in its plain form.
fn sign(state: CellState) -> char {
    let state = match state {
        CellState::Complete => PlaceState::Complete,
        CellState::Settling => PlaceState::Settling,
        CellState::Failed => PlaceState::Failed,
        CellState::Denied => PlaceState::Denied,
        CellState::Gone => PlaceState::Gone,
        CellState::Queued => PlaceState::Queued,
        CellState::Loading => PlaceState::Loading,
    };
    GlyphSet::new(Glyphs::Ascii).place(state, false)
}

#[cfg(test)]
#[path = "coverage_tests.rs"]
mod tests;
