//! A collection as somebody sees it who does not add to it: no lock is taken, nothing is changed, and a collector may be
//! at work meanwhile. What the ledger says at one moment is taken; a file may hold more than that since, never less.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::Trouble;
use super::layout::{Layout, tenancies};
use super::manifest::Manifest;
use super::record::Why;
use super::state::{Slot, State};
use super::store::load;
use crate::domain::ledger::{CellKey, CellUpdate, Change, Ledger, Read};
use crate::domain::ocid::Ocid;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::RegionId;
use crate::domain::time_range::FetchWindow;

/// How often a ledger is read that does not go with its manifest, before that is called damage.
const TRIES: usize = 20;

/// What is held of one tenancy.
#[derive(Clone, Debug)]
pub struct Covered {
    layout: Layout,
    state: State,
}

/// The first and the last time of something; `None` where it has none.
pub type Span = Option<(DateTime<Utc>, DateTime<Utc>)>;

/// A data file, and what is known of the events in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub path: PathBuf,
    pub region: RegionId,
    /// The compartment queried.
    pub compartment: Ocid,
    pub bytes: u64,
    /// When the first and the last of its events happened; `None` where none says so.
    pub span: Span,
}

/// Minutes of a place, and what has become of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub key: CellKey,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Read(Read),
    /// With what went wrong when it was tried last, if it was.
    Unread(Option<(Why, Arc<Problem>)>),
    /// Before the place was first planned: nothing older could be had then.
    NotThere,
}

/// Every tenancy of the collection in a directory; none where it is no collection.
pub fn covered(root: &Path) -> Result<Vec<Covered>, Trouble> {
    tenancies(root).iter().map(|slug| Covered::of(Layout::named(root, slug))).collect()
}

impl Covered {
    fn of(layout: Layout) -> Result<Self, Trouble> {
        let told = || Manifest::read(&layout.manifest()).ok().flatten().map(|manifest| manifest.ledger);
        for _ in 1..TRIES {
            let before = told();
            match load(&layout) {
                // A collector has ended a run in between.
                Err(Trouble::Damaged { .. }) if told() != before => {}
                loaded => return loaded.map(|(_, state)| Self { layout: layout.clone(), state }),
            }
        }
        load(&layout).map(|(_, state)| Self { layout, state })
    }

    /// Whole minutes from the beginning of what is wanted to the beginning of the last run.
    pub fn window(&self) -> Option<FetchWindow> {
        let minute = |time: DateTime<Utc>| time.timestamp().div_euclid(60);
        FetchWindow::from_minutes(minute(self.state.from?), minute(self.state.begun?))
    }

    /// Whose events they are, and by what name.
    pub fn tenancy(&self) -> Option<(Ocid, Option<String>)> {
        self.state.head.as_ref().map(|head| (Ocid::new(&head.tenancy), head.name.clone()))
    }

    /// Every region and compartment that was ever planned.
    pub fn places(&self) -> impl Iterator<Item = &(RegionId, Ocid)> {
        self.state.places()
    }

    /// The data files, those with the newest events first; what is undated comes last.
    pub fn files(&self) -> Vec<Stored> {
        let stored = |slot: &Slot| {
            let key = slot.key.clone();
            let data = self.layout.data();
            slot.files
                .iter()
                .map(move |file| Stored {
                    path: data.join(&file.path),
                    region: key.region.clone(),
                    compartment: key.compartment.clone(),
                    bytes: file.bytes,
                    span: file.first.zip(file.last),
                })
                .collect::<Vec<_>>()
        };
        let mut files: Vec<Stored> = self.state.slots().flat_map(stored).collect();
        files.sort_by(|a, b| (b.span.map(|span| span.1), &a.path).cmp(&(a.span.map(|span| span.1), &b.path)));
        files
    }

    /// What has become of every minute of every place, in the order of places and then of time. What was read is put
    /// together as far as it is final: `settling` after it has passed.
    pub fn stretches(&self, settling: TimeDelta) -> Vec<Stretch> {
        let Some(whole) = self.window() else { return Vec::new() };
        let mut reads: BTreeMap<(&RegionId, &Ocid), Vec<(FetchWindow, Read)>> = BTreeMap::new();
        for slot in self.state.slots() {
            let windows = slot.covered().into_iter().filter_map(|window| window.common(whole));
            let read = windows.filter_map(|window| Some((window, slot.read?)));
            reads.entry((&slot.key.region, &slot.key.compartment)).or_default().extend(read);
        }
        let mut stretches = Vec::new();
        for place in self.state.places() {
            let read = reads.remove(&(&place.0, &place.1)).unwrap_or_default();
            stretches.extend(self.of_place(place, joined(read, settling), whole));
        }
        stretches
    }

    fn of_place(&self, place: &(RegionId, Ocid), read: Vec<(FetchWindow, Read)>, whole: FetchWindow) -> Vec<Stretch> {
        let taken: Vec<FetchWindow> = read.iter().map(|(window, _)| *window).collect();
        let start = self.state.start(place).unwrap_or(whole.start_minute());
        let before = FetchWindow::from_minutes(whole.start_minute(), start.min(whole.end_minute()));
        let wanted = FetchWindow::from_minutes(start.max(whole.start_minute()), whole.end_minute());
        let trouble = self.state.troubles.get(place);
        let trouble = trouble.map(|missing| (missing.why, Arc::new(missing.problem.clone())));
        let key = |window| CellKey { region: place.0.clone(), compartment: place.1.clone(), window };
        let mut stretches: Vec<Stretch> =
            read.into_iter().map(|(window, read)| Stretch { key: key(window), what: What::Read(read) }).collect();
        let gaps = wanted.map(|wanted| wanted.minus(&taken)).unwrap_or_default();
        stretches.extend(gaps.into_iter().map(|gap| Stretch { key: key(gap), what: What::Unread(trouble.clone()) }));
        stretches.extend(before.map(|before| Stretch { key: key(before), what: What::NotThere }));
        stretches.sort_by_key(|stretch| stretch.key.window);
        stretches
    }
}

/// Windows that follow each other as one, as long as they are final.
fn joined(mut reads: Vec<(FetchWindow, Read)>, settling: TimeDelta) -> Vec<(FetchWindow, Read)> {
    reads.sort_by_key(|(window, _)| *window);
    let is_final = |(window, read): &(FetchWindow, Read)| read.at >= window.end() + settling;
    let mut joined: Vec<(FetchWindow, Read)> = Vec::new();
    for next in reads {
        match joined.last_mut() {
            Some(last) if is_final(last) && is_final(&next) && next.0.start_minute() <= last.0.end_minute() => {
                let (window, read) = next;
                let before = last.1;
                last.0 = last.0.extended_to(window.end_minute());
                last.1 = Read {
                    at: before.at.max(read.at),
                    pages: before.pages.saturating_add(read.pages),
                    events: before.events + read.events,
                    late: before.late + read.late,
                };
            }
            _ => joined.push(next),
        }
    }
    joined
}

/// Stretches as a ledger.
pub fn ledger_of(stretches: impl IntoIterator<Item = Stretch>, settling: TimeDelta) -> Ledger {
    let mut ledger = Ledger::new(settling);
    let never = || {
        let what = "what was there before it was first asked for was held no longer then";
        Arc::new(Problem::new(ProblemKind::Denied, what))
    };
    for Stretch { key, what } in stretches {
        let change = match what {
            What::Read(read) => {
                ledger.restore(key, read);
                continue;
            }
            What::NotThere => Change::Gone(never()),
            What::Unread(None) => Change::Queued,
            What::Unread(Some((Why::Failed, problem))) => Change::Failed(problem),
            What::Unread(Some((Why::Denied, problem))) => Change::Denied(problem),
            What::Unread(Some((Why::Gone, problem))) => Change::Gone(problem),
        };
        ledger.apply(CellUpdate { key, change });
    }
    ledger
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::disk::Disk;
    use crate::collect::testing::{SETTLING, World, at, directory};

    fn whole(stretches: &[Stretch], compartment: &str) -> Vec<(String, &'static str)> {
        let of_it = stretches.iter().filter(|stretch| stretch.key.compartment.as_str() == compartment);
        let told = |stretch: &Stretch| {
            let word = match &stretch.what {
                What::Read(read) if read.at >= stretch.key.window.end() + SETTLING => "final",
                What::Read(_) => "read",
                What::Unread(None) => "unread",
                What::Unread(Some((why, _))) if *why == Why::Denied => "denied",
                What::Unread(_) => "failed",
                What::NotThere => "not there",
            };
            (stretch.key.window.to_string(), word)
        };
        of_it.map(told).collect()
    }

    #[test]
    fn every_minute_of_every_place_is_told_once_and_what_is_final_as_one() {
        let (directory, mut world) = (directory(), World::small());
        let all = std::mem::replace(&mut world.compartments, vec!["root", "denied"]);
        for now in ["2026-03-14T08:00:00Z", "2026-03-14T08:10:00Z", "2026-03-23T09:00:00Z"] {
            world.collect(directory.path(), &Disk::default(), at(now)).unwrap();
        }
        world.compartments = all;
        world.retention = Some(3);
        world.collect(directory.path(), &Disk::default(), at("2026-03-23T09:30:00Z")).unwrap();
        let held = covered(directory.path()).unwrap().remove(0);
        let stretches = held.stretches(SETTLING);
        let window = "2026-03-12T12:00Z..2026-03-23T09:30Z";
        assert_eq!(held.window().unwrap().to_string(), window);
        assert_eq!(whole(&stretches, "denied"), [(window.to_owned(), "denied")]);
        let (before, last) = ("2026-03-12T12:00Z..2026-03-23T00:00Z", "2026-03-23T00:00Z..2026-03-23T09:30Z");
        assert_eq!(whole(&stretches, "root"), [(before.to_owned(), "final"), (last.to_owned(), "read")]);
        let (before, first) = ("2026-03-12T12:00Z..2026-03-20T09:30Z", "2026-03-20T09:30Z..2026-03-23T00:00Z");
        let expected = [(before, "not there"), (first, "final"), (last, "read")];
        assert_eq!(whole(&stretches, "a"), expected.map(|(window, word)| (window.to_owned(), word)));
        let ledger = ledger_of(stretches, SETTLING);
        assert_eq!((ledger.total().denied, ledger.total().gone, ledger.total().read()), (1, 1, 4));
    }

    #[test]
    fn a_collector_at_work_disturbs_nobody_who_looks() {
        let (directory, world) = (directory(), World { ledger: 1, ..World::small() });
        let root = directory.path().to_owned();
        let first = at("2026-03-14T08:00:00Z");
        world.collect(&root, &Disk::default(), first).unwrap();
        let collector = std::thread::spawn({
            let root = root.clone();
            move || {
                for hours in 1..10 {
                    world.collect(&root, &Disk::default(), first + TimeDelta::hours(hours)).unwrap();
                }
            }
        });
        let mut looks = 0;
        while !collector.is_finished() || looks == 0 {
            let held = covered(&root).unwrap().remove(0);
            assert!(held.files().iter().all(|file| file.path.is_file()));
            assert!(!held.stretches(SETTLING).is_empty());
            looks += 1;
        }
        collector.join().unwrap();
    }

    #[test]
    fn files_are_told_with_the_newest_first_and_what_has_no_time_last() {
        let (directory, world) = (directory(), World::small());
        world.collect(directory.path(), &Disk::default(), at("2026-03-15T08:00:00Z")).unwrap();
        let files = covered(directory.path()).unwrap().remove(0).files();
        assert!(files.iter().all(|file| file.path.is_file()));
        let last: Vec<_> = files.iter().map(|file| file.span.map(|span| span.1)).collect();
        assert!(last.is_sorted_by(|a, b| a >= b) && last.last() == Some(&None), "{last:?}");
    }
}
