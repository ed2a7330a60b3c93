//! Collections among the paths of the command line: which of their files are needed, and how much of what is asked they
//! cover.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::document::of_ledger;
use super::report::{self, Finding};
use crate::collect::{Covered, Stored, Stretch, What, Why, covered, ledger_of};
use crate::domain::ledger::Ledger;
use crate::domain::ocid::Ocid;
use crate::domain::problem::Problem;
use crate::domain::region::{RegionId, SubscriptionStatus};
use crate::domain::text::{clean, count_of};
use crate::domain::time_range::FetchWindow;
use crate::export::CoverageDocument;
use crate::export::coverage::{self, CompartmentEntry, RegionEntry, TenancyEntry};
use crate::query::{Lot, Query, may_match};

/// Begins what is known to be missing.
const MISSING: &str = "missing";

/// Gaps that are told one by one.
const TOLD: usize = 10;

/// Compartments of a gap that are named.
const NAMED: usize = 3;

/// What one directory holds, by its ledgers.
pub struct Collection {
    directory: PathBuf,
    tenancies: Vec<Covered>,
    stored: Vec<Stored>,
}

/// What is wanted of it.
pub struct Asked<'a> {
    pub query: &'a Query,
    pub now: DateTime<Utc>,
    /// How much later than it happened an event may have been processed.
    pub padding: TimeDelta,
    /// How long after its end a window may still grow.
    pub settling: TimeDelta,
    /// A deleted compartment that no longer answers is missing.
    pub strict: bool,
}

/// How much of what is asked was collected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Minutes of places: those that were read, and all.
    pub read: u64,
    pub wanted: u64,
    pub places: usize,
    pub findings: Vec<Finding>,
}

impl Collection {
    /// `None` where the path is no collection.
    pub fn at(path: &Path) -> Result<Option<Self>, Problem> {
        let tenancies = covered(path).map_err(|trouble| trouble.to_problem())?;
        if tenancies.is_empty() {
            return Ok(None);
        }
        let mut stored: Vec<Stored> = tenancies.iter().flat_map(Covered::files).collect();
        stored.sort_by_key(|stored| std::cmp::Reverse(stored.span.map(|span| span.1)));
        Ok(Some(Self { directory: path.to_owned(), tenancies, stored }))
    }

    /// By the name of its directory.
    pub fn name(&self) -> String {
        let name = self.directory.file_name().map(|name| name.to_string_lossy().into_owned());
        clean(&name.unwrap_or_else(|| self.directory.display().to_string())).into_owned()
    }

    pub fn places(&self) -> impl Iterator<Item = &(RegionId, Ocid)> {
        self.tenancies.iter().flat_map(Covered::places)
    }

    /// The files that may hold what the query shows, the newest first, and the others.
    pub fn files(&self, query: &Query) -> (Vec<&Stored>, Vec<&Stored>) {
        self.stored.iter().partition(|stored| may_match(query, &lot(stored)))
    }

    /// What each tenancy covers of what it was to hold.
    pub fn documents(&self, settling: TimeDelta) -> Vec<CoverageDocument> {
        self.tenancies.iter().filter_map(|tenancy| document(tenancy, settling)).collect()
    }

    /// From the first minute that any tenancy was collected to the last.
    pub fn window(&self) -> Option<FetchWindow> {
        let windows = || self.tenancies.iter().filter_map(Covered::window);
        let start = windows().map(FetchWindow::start_minute).min()?;
        FetchWindow::from_minutes(start, windows().map(FetchWindow::end_minute).max()?)
    }

    /// Every minute of every place as a ledger.
    pub fn stretches(&self, settling: TimeDelta) -> Vec<Stretch> {
        self.tenancies.iter().flat_map(|tenancy| tenancy.stretches(settling)).collect()
    }

    /// What of what is asked was collected; where no time is asked, of what the collection was to hold.
    pub fn extent(&self, asked: &Asked<'_>) -> Extent {
        let mut extent = Extent::default();
        for tenancy in &self.tenancies {
            self.add(tenancy, asked, &mut extent);
        }
        extent
    }

    fn add(&self, tenancy: &Covered, asked: &Asked<'_>, extent: &mut Extent) {
        let name = clean(&self.directory.display().to_string()).into_owned();
        let Some(window) = tenancy.window() else {
            extent.findings.push(Finding::new(MISSING, format!("{name}: nothing was collected yet")));
            return;
        };
        let time = asked.query.time();
        let wanted = time.map_or(window, |range| range.fetch_window(asked.padding).passed(asked.now));
        let begins = time.is_some_and(|range| range.start() > DateTime::<Utc>::MIN_UTC);
        let ends = time.is_some_and(|range| range.end() < DateTime::<Utc>::MAX_UTC);
        let mut outside = 0;
        if begins && wanted.start_minute() < window.start_minute() {
            outside += window.start_minute().min(wanted.end_minute()) - wanted.start_minute();
            extent.findings.push(not_at_all(&name, "before", window.start()));
        }
        if ends && wanted.end_minute() > window.end_minute() {
            outside += wanted.end_minute() - window.end_minute().max(wanted.start_minute());
            extent.findings.push(not_at_all(&name, "from", window.end()));
        }
        let (mut gaps, mut young) = (Gaps::default(), 0);
        let stretches = tenancy.stretches(asked.settling);
        for stretches in stretches.chunk_by(same_place) {
            let asked_of: Vec<(FetchWindow, &Stretch)> =
                stretches.iter().filter_map(|stretch| Some((asked.part_of(stretch, wanted)?, stretch))).collect();
            if !stretches.first().is_some_and(|stretch| asked.asks_of(stretch)) {
                continue;
            }
            extent.places += 1;
            extent.wanted += outside.unsigned_abs();
            for (part, stretch) in &asked_of {
                let minutes = part.minutes().unsigned_abs();
                match &stretch.what {
                    What::NotThere => continue,
                    What::Unread(Some((Why::Gone, _))) if !asked.strict => continue,
                    What::Read(read) => {
                        extent.read += minutes;
                        young += usize::from(read.at < part.end() + asked.settling);
                    }
                    What::Unread(why) => gaps.add(*part, why.as_ref()),
                }
                extent.wanted += minutes;
            }
            gaps.end_of_place(stretches);
        }
        extent.findings.extend(gaps.findings(&name));
        if young > 0 {
            let places = count_of(young as u64, "place");
            let what = format!("{name}: the newest minutes of {places} were read early and may lack late events");
            extent.findings.push(Finding::new("note", what));
        }
    }
}

impl Extent {
    /// Rounded down, so that 100 means all; `None` where nothing is asked.
    pub fn percent(&self) -> Option<u64> {
        self.read.saturating_mul(100).checked_div(self.wanted)
    }
}

impl Asked<'_> {
    /// Whether anything is asked of the place, whenever it was.
    fn asks_of(&self, stretch: &Stretch) -> bool {
        let (region, queried) = (Some(&stretch.key.region), Some(&stretch.key.compartment));
        let span = Some((DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC));
        may_match(self.query, &Lot { region, queried, span, undated: true })
    }

    /// The minutes of a stretch in which what is asked may have been processed.
    fn part_of(&self, stretch: &Stretch, wanted: FetchWindow) -> Option<FetchWindow> {
        let part = stretch.key.window.common(wanted)?;
        let (region, queried) = (Some(&stretch.key.region), Some(&stretch.key.compartment));
        let span = Some((part.start() - self.padding, part.end()));
        may_match(self.query, &Lot { region, queried, span, undated: true }).then_some(part)
    }
}

/// What one tenancy of a collection covers of what it was to hold.
fn document(tenancy: &Covered, settling: TimeDelta) -> Option<CoverageDocument> {
    let stretches = tenancy.stretches(settling).into_iter().filter(|stretch| stretch.what != What::NotThere);
    let ledger = ledger_of(stretches, settling);
    let (id, name) = tenancy.tenancy()?;
    let regions: BTreeSet<&RegionId> = tenancy.places().map(|(region, _)| region).collect();
    let compartments: BTreeSet<&Ocid> = tenancy.places().map(|(_, compartment)| compartment).collect();
    // What they are called is in no ledger.
    let region = |id: &RegionId| {
        let (status, key) = (SubscriptionStatus::Ready, id.to_string());
        RegionEntry { id: id.clone(), key, status, home: false, asked: true }
    };
    let compartment = |place: &Ocid| {
        let path = name.clone().filter(|_| *place == id);
        CompartmentEntry { id: place.clone(), path, lifecycle: None, asked: true }
    };
    let regions: Vec<RegionEntry> = regions.into_iter().map(region).collect();
    let compartments: Vec<CompartmentEntry> = compartments.into_iter().map(compartment).collect();
    let window = tenancy.window()?;
    let mut document = CoverageDocument {
        cells: coverage::cells(&ledger, &regions, &compartments),
        regions,
        compartments,
        ..of_ledger(TenancyEntry { id, name }, &ledger, window.into(), window.end())
    };
    document.complete = document.leaves_nothing_open();
    document.sentence = report::sentence(&document);
    document.exit_code = report::shortfall(&document, false);
    Some(document)
}

/// As a ledger: what the screen shows of coverage comes from one.
pub fn ledger(collections: &[Collection], settling: TimeDelta) -> Ledger {
    ledger_of(collections.iter().flat_map(|collection| collection.stretches(settling)), settling)
}

fn lot(stored: &Stored) -> Lot<'_> {
    Lot {
        region: Some(&stored.region),
        queried: Some(&stored.compartment),
        span: stored.span,
        undated: stored.span.is_none(),
    }
}

fn same_place(a: &Stretch, b: &Stretch) -> bool {
    (&a.key.region, &a.key.compartment) == (&b.key.region, &b.key.compartment)
}

fn not_at_all(name: &str, word: &str, edge: DateTime<Utc>) -> Finding {
    let what = format!("{name}: nothing was collected of what was processed {word} {}", edge.format("%Y-%m-%dT%H:%MZ"));
    let advice = if word == "from" { "auditui collect adds what has come since" } else { "" };
    Finding { advice: advice.to_owned(), ..Finding::new(MISSING, what) }
}

/// Gaps, those of several places together where they are the same minutes for the same kind of reason.
#[derive(Default)]
struct Gaps {
    found: BTreeMap<(Vec<FetchWindow>, Option<Why>), Gap>,
    /// Of the place at hand.
    windows: Vec<FetchWindow>,
    why: Option<(Why, Arc<Problem>)>,
}

#[derive(Default)]
struct Gap {
    /// Regions by compartment.
    places: BTreeMap<String, Vec<String>>,
    /// Of the first place.
    problem: Option<Arc<Problem>>,
}

impl Gaps {
    fn add(&mut self, part: FetchWindow, why: Option<&(Why, Arc<Problem>)>) {
        self.windows.push(part);
        self.why = why.cloned();
    }

    fn end_of_place(&mut self, stretches: &[Stretch]) {
        let (windows, why) = (std::mem::take(&mut self.windows), self.why.take());
        let Some(key) = stretches.first().map(|stretch| &stretch.key).filter(|_| !windows.is_empty()) else { return };
        let (why, problem) = why.unzip();
        let gap = self.found.entry((windows, why)).or_default();
        gap.problem = gap.problem.take().or(problem);
        let shown = |text: &str| clean(text).into_owned();
        gap.places.entry(shown(key.compartment.as_str())).or_default().push(shown(key.region.as_str()));
    }

    fn findings(self, name: &str) -> Vec<Finding> {
        let count = self.found.len();
        let tell = |((windows, _), gap): ((Vec<FetchWindow>, Option<Why>), Gap)| {
            let windows: Vec<String> = windows.iter().map(ToString::to_string).collect();
            let place =
                |(compartment, regions): (&String, &Vec<String>)| format!("{compartment} ({})", regions.join(", "));
            let mut named: Vec<String> = gap.places.iter().take(NAMED).map(place).collect();
            let more = gap.places.len().saturating_sub(NAMED);
            named.extend((more > 0).then(|| format!("and {} more", count_of(more as u64, "compartment"))));
            let why = gap.problem.map_or_else(String::new, |problem| format!(": {}", clean(&problem.what)));
            let what = format!("{name}: not collected {}: {}{why}", windows.join(", "), named.join(", "));
            Finding::new(MISSING, what)
        };
        let mut findings: Vec<Finding> = self.found.into_iter().take(TOLD).map(tell).collect();
        if count > TOLD {
            let what = format!("{name}: {} more", count_of((count - TOLD) as u64, "gap"));
            let advice = format!("`auditui verify {name}` names them all");
            findings.push(Finding { advice, ..Finding::new(MISSING, what) });
        }
        findings
    }
}
