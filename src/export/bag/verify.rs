//! Whether a bag is what it was sealed as, and what it says of each cell.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Component, Path};

use super::{
    CELLS, COVERAGE, CUSTODY, CellLine, DATA, DECLARATION, INFO, MANIFEST, TAG_MANIFEST, TAGS, custody, digest_of,
    plain, was_read,
};
use crate::domain::text::{clean, count_of};
use crate::domain::time_range::rfc3339;
use crate::export::CoverageDocument;
use crate::export::coverage::{CellEntry, Span};

/// Signatures and time stamps over `tagmanifest-sha256.txt` may lie beside it.
const SIGNATURES: [&str; 4] = ["sig", "asc", "minisig", "tsr"];

/// What a look at a bag has shown.
#[derive(Clone, Debug, Default)]
pub struct Bag {
    pub findings: Vec<Finding>,
    /// Files whose digests were compared.
    pub files: usize,
    pub events: u64,
    /// SHA-256 of `tagmanifest-sha256.txt`, which stands for the whole.
    pub seal: String,
    pub document: Option<CoverageDocument>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: Kind,
    pub what: String,
}

/// From the worst to what is good to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Something is not as it was sealed.
    Mismatch,
    /// A cell that was not read, or not to its end.
    Gap,
    /// A cell that was read to its end and has no event that was asked for: nothing of that kind happened there.
    Empty,
}

/// Whether a directory is a bag.
pub fn is_bag(directory: &Path) -> bool {
    directory.join(DECLARATION).is_file()
}

/// Looks at every byte. Fails only where the directory cannot be read.
pub fn verify(directory: &Path) -> io::Result<Bag> {
    let mut bag = Bag::default();
    let tags = bag.digests(directory, TAG_MANIFEST);
    let payload = bag.digests(directory, MANIFEST);
    bag.files = tags.len() + payload.len();
    for name in TAGS.iter().filter(|name| !tags.contains(**name)) {
        bag.mismatch(format!("{name} is not in {TAG_MANIFEST}"));
    }
    bag.strangers(directory, "", &tags)?;
    bag.strangers(directory, DATA, &payload)?;
    bag.seal = digest_within(directory, TAG_MANIFEST).unwrap_or_default();
    bag.declaration(directory);
    bag.custody(directory);
    bag.coverage(directory);
    Ok(bag)
}

impl Bag {
    fn mismatch(&mut self, what: String) {
        self.findings.push(Finding { kind: Kind::Mismatch, what });
    }

    /// The files of a manifest, each of which must be there and have its digest.
    fn digests(&mut self, directory: &Path, manifest: &str) -> BTreeSet<String> {
        let mut listed = BTreeSet::new();
        let text = match plain::read_text(directory, manifest, plain::LARGEST) {
            Ok(text) => text,
            Err(error) => {
                self.mismatch(format!("{manifest} cannot be read: {error}"));
                return listed;
            }
        };
        for line in text.lines() {
            let Some((sha256, name)) = line.split_once("  ").filter(|(_, name)| is_inside(name)) else {
                self.mismatch(format!("{manifest} has a line that names no file of the bag: {}", clean(line)));
                continue;
            };
            match digest_within(directory, name) {
                Ok(found) if found == sha256 => {}
                Ok(_) => self.mismatch(format!("{} is not as it was sealed: its SHA-256 is another", clean(name))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.mismatch(format!("{} is missing", clean(name)));
                }
                Err(error) => self.mismatch(format!("{} cannot be read: {error}", clean(name))),
            }
            if !listed.insert(name.to_owned()) {
                self.mismatch(format!("{} stands twice in {manifest}", clean(name)));
            }
        }
        listed
    }

    /// What lies in the bag, or in its `data`, and is in no manifest.
    fn strangers(&mut self, directory: &Path, below: &str, listed: &BTreeSet<String>) -> io::Result<()> {
        let place = directory.join(below);
        if !place.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            self.mismatch(format!("{below} is missing"));
            return Ok(());
        }
        let entries = std::fs::read_dir(place)?.collect::<io::Result<Vec<_>>>()?;
        let mut names: Vec<String> =
            entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        for name in names {
            let whole = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            let belongs =
                below.is_empty() && ([DATA, CUSTODY, TAG_MANIFEST].contains(&name.as_str()) || is_signature(&name));
            if !belongs && !listed.contains(&whole) {
                self.mismatch(format!("{} was added: no manifest names it", clean(&whole)));
            }
        }
        Ok(())
    }

    /// What `bagit.txt` and `bag-info.txt` say of the bag.
    fn declaration(&mut self, directory: &Path) {
        let text = |name: &str| plain::read_text(directory, name, plain::LARGEST).unwrap_or_default();
        if !text(DECLARATION).starts_with("BagIt-Version: ") {
            self.mismatch(format!("{DECLARATION} does not say which version of BagIt this is"));
        }
        let entries = std::fs::read_dir(directory.join(DATA)).into_iter().flatten().flatten();
        let sizes: Vec<u64> = entries.filter_map(|entry| Some(entry.metadata().ok()?.len())).collect();
        let oxum = format!("{}.{}", sizes.iter().sum::<u64>(), sizes.len());
        let info = text(INFO);
        let told = info.lines().find_map(|line| line.strip_prefix("Payload-Oxum: ")).map(str::to_owned);
        if told.as_deref() != Some(&oxum) {
            let told = told.map_or_else(|| "nothing".to_owned(), |told| clean(&told).into_owned());
            self.mismatch(format!("Payload-Oxum in {INFO} says {told}, and {DATA} has {oxum} (bytes.files)"));
        }
    }

    fn custody(&mut self, directory: &Path) {
        match plain::read(directory, CUSTODY, plain::LARGEST) {
            Ok(log) => {
                if let Some(fault) = custody::fault(&log, &self.seal) {
                    self.mismatch(fault);
                }
            }
            Err(error) => self.mismatch(format!("{CUSTODY} cannot be read: {error}")),
        }
    }

    /// Holds coverage, cells and events against each other, and says what is empty and what is missing.
    fn coverage(&mut self, directory: &Path) {
        let text = plain::read(directory, COVERAGE, plain::LARGEST).unwrap_or_default();
        let document = match CoverageDocument::from_json(&text) {
            Ok(document) => document,
            Err(error) => return self.mismatch(format!("{COVERAGE} cannot be used: {error}")),
        };
        let lines = plain::read_text(directory, &format!("{DATA}/{CELLS}"), plain::LARGEST).unwrap_or_default();
        let lines: Result<Vec<CellLine>, _> = lines.lines().map(serde_json::from_str).collect();
        let Ok(lines) = lines else { return self.mismatch(format!("{DATA}/{CELLS} cannot be used")) };
        self.compare_cells(&document, &lines);
        let files: BTreeSet<&str> = lines.iter().filter_map(|line| line.file.as_deref()).collect();
        let mut events = BTreeMap::new();
        for file in files {
            let opened = is_inside(file).then(|| plain::open(directory, &format!("{DATA}/{file}")).ok()).flatten();
            if let Some(count) = opened.and_then(|opened| count_lines(opened).ok()) {
                events.insert(file, count);
            }
        }
        self.events = events.values().sum();
        let told = document.export.as_ref().map(|export| export.events);
        if told != Some(self.events) {
            let told = told.map_or_else(|| "none".to_owned(), |told| count_of(told, "event"));
            self.mismatch(format!("{DATA} has {}, and {COVERAGE} tells of {told}", count_of(self.events, "event")));
        }
        for line in &lines {
            self.say(
                &document,
                line,
                line.file.as_deref().and_then(|file| events.get(file)).copied().unwrap_or_default(),
            );
        }
        self.document = Some(document);
    }

    /// Each cell of one is in the other, and says the same.
    fn compare_cells(&mut self, document: &CoverageDocument, lines: &[CellLine]) {
        let key =
            |cell: &CellEntry| (cell.region.clone(), cell.compartment.clone(), cell.window.from, cell.window.until);
        let told: BTreeMap<_, &CellEntry> = document.cells.iter().map(|cell| (key(cell), cell)).collect();
        let held: BTreeMap<_, &CellEntry> = lines.iter().map(|line| (key(&line.cell), &line.cell)).collect();
        for (key, cell) in &told {
            match held.get(key) {
                None => self.mismatch(format!("{} was removed from {DATA}/{CELLS}", name(document, cell))),
                Some(other) if other != cell => {
                    self.mismatch(format!(
                        "{} is told differently in {COVERAGE} and {DATA}/{CELLS}",
                        name(document, cell)
                    ));
                }
                Some(_) => {}
            }
        }
        for cell in held.iter().filter(|(key, _)| !told.contains_key(key)).map(|(_, cell)| *cell) {
            self.mismatch(format!("{} was removed from {COVERAGE}", name(document, cell)));
        }
        if document.cells.len() != told.len() || document.totals != document.coverage() {
            self.mismatch(format!("the totals in {COVERAGE} are not those of its cells"));
        }
    }

    /// `events`: those that were kept of all windows of its place.
    fn say(&mut self, document: &CoverageDocument, line: &CellLine, events: u64) {
        let cell = &line.cell;
        if was_read(cell.state) {
            let came = cell.events.unwrap_or_default();
            // What came may have been left out because it lies in another place as well: then it did happen.
            let copies = document.export.as_ref().is_none_or(|export| export.duplicates > 0);
            if came == 0 || events == 0 && !copies {
                self.findings.push(Finding { kind: Kind::Empty, what: empty(document, cell, came) });
            }
        } else {
            let name = name(document, cell);
            let why = cell.problem.as_ref().map(|problem| format!(": {}", clean(&problem.what))).unwrap_or_default();
            let state = serde_json::to_value(cell.state).ok();
            let state = state.as_ref().and_then(|state| state.as_str()).unwrap_or("not read");
            self.findings.push(Finding { kind: Kind::Gap, what: format!("{name} is {state}{why}") });
        }
    }
}

/// What is not there. A window is one of processing, the range one of happening: neither speaks for the other.
fn empty(document: &CoverageDocument, cell: &CellEntry, came: u64) -> String {
    let asked = document.asked().map(|asked| format!(" and answers {}", clean(&asked))).unwrap_or_default();
    let left_out = if came == 0 { "none came".to_owned() } else { format!("{} left out", count_of(came, "event")) };
    format!(
        "no event in {} that happened in {}{asked} among those processed {}: read to its end at {}, {left_out}",
        place(document, cell),
        span(document.range),
        span(cell.window),
        cell.read_at.map(rfc3339).unwrap_or_default(),
    )
}

/// `prod/web @ eu-frankfurt-1, 2026-03-14T08:00:00Z..2026-03-14T14:00:00Z`
fn name(document: &CoverageDocument, cell: &CellEntry) -> String {
    format!("{}, {}", place(document, cell), span(cell.window))
}

fn place(document: &CoverageDocument, cell: &CellEntry) -> String {
    let known = document.compartments.iter().find(|compartment| compartment.id == cell.compartment);
    let path = known.and_then(|compartment| compartment.path.as_deref()).unwrap_or(cell.compartment.as_str());
    format!("{} @ {}", clean(path), clean(cell.region.as_str()))
}

fn span(span: Span) -> String {
    format!("{}..{}", rfc3339(span.from), rfc3339(span.until))
}

/// SHA-256 of a plain file of a bag.
fn digest_within(bag: &Path, name: &str) -> io::Result<String> {
    Ok(digest_of(&mut plain::open(bag, name)?)?.0)
}

fn count_lines(file: File) -> io::Result<u64> {
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut count = 0;
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(count);
        }
        count += memchr::memchr_iter(b'\n', bytes).count() as u64;
        let all = bytes.len();
        reader.consume(all);
    }
}

/// Whether a name leads to nowhere but into the bag.
fn is_inside(name: &str) -> bool {
    !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

fn is_signature(name: &str) -> bool {
    let (stem, ending) = name.rsplit_once('.').unwrap_or_default();
    stem == TAG_MANIFEST && SIGNATURES.contains(&ending)
}
