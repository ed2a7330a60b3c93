//! A small tenancy that is served out of a table, and disks that fail.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;

use super::disk::{Disk, Op, Step, Watch};
use super::layout::{Layout, lock_path};
use super::lock::{Lock, Owner};
use super::scan::{paths, scan};
use super::store::{Run, Store};
use super::{Gains, Trouble};
use crate::domain::compartment::{Compartment, CompartmentTree, Lifecycle};
use crate::domain::footprint::Footprint;
use crate::domain::ledger::{CellKey, CellUpdate, Change};
use crate::domain::page::Page;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::{Region, SubscriptionStatus};
use crate::domain::scope::ScopeRequest;
use crate::domain::tenancy::Tenancy;
use crate::domain::time_range::FetchWindow;
use crate::fetch::PlannedCell;

/// An event that ListEvents has from `visible` on.
#[derive(Clone, Debug)]
pub struct Served {
    pub compartment: &'static str,
    pub processed: DateTime<Utc>,
    pub visible: DateTime<Utc>,
    pub text: String,
}

/// What is served.
pub struct World {
    pub compartments: Vec<&'static str>,
    pub events: Vec<Served>,
    /// What may not be read.
    pub denied: Vec<&'static str>,
    /// Windows of as many minutes are cut in three.
    pub long: i64,
    /// For how many days events are kept; `None`: it does not tell.
    pub retention: Option<u16>,
    /// Bytes from which on the ledger is told anew.
    pub ledger: u64,
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub const SETTLING: TimeDelta = TimeDelta::minutes(15);

/// The same of the small tenancy.
pub const LONG: i64 = 1_500;

/// Events on a page.
const PAGE: usize = 2;

impl World {
    /// Events of two days in the root and in `a`, one of them late, one without a time, one that is no JSON; `denied` may
    /// not be read.
    pub fn small() -> Self {
        let mut world = Self {
            compartments: vec!["root", "a", "denied"],
            events: Vec::new(),
            denied: vec!["denied"],
            long: LONG,
            retention: Some(365),
            ledger: super::LEDGER,
        };
        for (n, time) in ["2026-03-12T20:00:00Z", "2026-03-13T23:59:59Z", "2026-03-14T07:00:00Z"].iter().enumerate() {
            world.add("root", &format!("r{n}"), at(time), TimeDelta::seconds(20));
            world.add("a", &format!("a{n}"), at(time), TimeDelta::zero());
        }
        world.add("root", "late", at("2026-03-14T07:55:00Z"), TimeDelta::minutes(12));
        world.add("root", "next day", at("2026-03-14T23:30:00Z"), TimeDelta::zero());
        let odd = |text: &str| Served {
            compartment: "root",
            processed: at("2026-03-13T10:00:00Z"),
            visible: at("2026-03-13T10:00:00Z"),
            text: text.to_owned(),
        };
        world.events.push(odd(r#"{"eventId":"undated"}"#));
        world.events.push(odd("{\"eventId\":\"broken\",\u{1}}"));
        world
    }

    fn add(&mut self, compartment: &'static str, id: &str, time: DateTime<Utc>, late: TimeDelta) {
        let time_text = time.to_rfc3339();
        let text =
            format!(r#"{{"eventId":"{id}","eventTime":"{time_text}","data":{{"compartmentId":"{compartment}"}}}}"#);
        self.events.push(Served { compartment, processed: time, visible: time + late, text });
    }

    pub fn tenancy(&self) -> Tenancy {
        let compartment = |id: &&'static str| Compartment {
            id: (*id).into(),
            parent: (*id != "root").then(|| "root".into()),
            name: (*id).to_owned(),
            lifecycle: Lifecycle::Active,
        };
        let listed = self.compartments.iter().filter(|id| **id != "root").map(compartment).collect();
        let region = Region { id: "fra-1".into(), key: "fra".into(), status: SubscriptionStatus::Ready, home: true };
        Tenancy {
            id: "root".into(),
            name: Some("acme".into()),
            regions: vec![region],
            tree: CompartmentTree::new(compartment(&"root"), listed),
            partial: None,
        }
    }

    /// As an engine would tell it: pages and what becomes of the cell.
    fn serve(&self, store: &mut Store, cell: &PlannedCell, now: DateTime<Utc>) -> Result<(), Trouble> {
        let key = &cell.key;
        let tell =
            |store: &mut Store, key: &CellKey, change| store.update(&CellUpdate { key: key.clone(), change }).map(drop);
        tell(store, key, Change::Started)?;
        if self.denied.contains(&key.compartment.as_str()) {
            let problem = Problem::new(ProblemKind::Denied, "no").into();
            return tell(store, key, Change::Denied(problem));
        }
        let found: Vec<&Served> = self
            .events
            .iter()
            .filter(|event| {
                let (compartment, visible) = (event.compartment == key.compartment.as_str(), event.visible <= now);
                compartment && visible && cell.ask.start() <= event.processed && event.processed < cell.ask.end()
            })
            .collect();
        for chunk in found.chunks(PAGE) {
            let body = format!("[{}]", chunk.iter().map(|event| event.text.as_str()).collect::<Vec<_>>().join(","));
            let mut page = Page::new(key.clone(), body.into_bytes(), Some("request".into()), now).unwrap();
            page.read_at = cell.read_at;
            store.page(&page)?;
            tell(store, key, Change::Page { events: chunk.len() as u64 })?;
            if cell.read_at.is_none() && key.window.minutes() >= self.long {
                return self.split(store, cell, now);
            }
        }
        tell(store, key, Change::Complete { at: now })
    }

    fn split(&self, store: &mut Store, cell: &PlannedCell, now: DateTime<Utc>) -> Result<(), Trouble> {
        let (start, minutes) = (cell.key.window.start_minute(), cell.key.window.minutes());
        let edge = |n: i64| start + minutes * n / 3;
        let parts = (0..3).filter_map(|n| FetchWindow::from_minutes(edge(n), edge(n + 1)));
        let parts: Vec<PlannedCell> = parts
            .map(|window| PlannedCell { key: CellKey { window, ..cell.key.clone() }, ask: window, ..cell.clone() })
            .collect();
        store.update(&CellUpdate { key: cell.key.clone(), change: Change::Split })?;
        for part in &parts {
            store.update(&CellUpdate { key: part.key.clone(), change: Change::Queued })?;
        }
        parts.iter().try_for_each(|part| self.serve(store, part, now))
    }

    /// One run.
    pub fn collect(&self, root: &Path, disk: &Disk, now: DateTime<Utc>) -> Result<Gains, Trouble> {
        let owner = Owner { pid: 1, host: "here".into(), since: now, boot: None };
        let (_lock, _) = Lock::take(disk, &lock_path(root), &owner)
            .map_err(|problem| Trouble::Io(io::Error::other(problem.what)))?;
        let run = Run {
            at: now,
            since: Some(at("2026-03-12T12:00:00Z")),
            retention_days: self.retention,
            run_id: "run".into(),
            settling: SETTLING,
            ledger: self.ledger,
        };
        let tenancy = self.tenancy();
        let mut store = Store::open(disk, root, &tenancy, Footprint::default(), run)?;
        let scope = store.scope(ScopeRequest::default().resolve(&tenancy).unwrap());
        for cell in store.plan(&tenancy, &scope, now, |_| true)? {
            self.serve(&mut store, &cell, now)?;
        }
        store.finish(now, 0, "done".into())?;
        Ok(store.gains().clone())
    }

    pub fn layout(&self, root: &Path) -> Layout {
        Layout::of(root, &self.tenancy())
    }

    /// Every event, with the path of its file, in the order of both.
    pub fn kept(&self, root: &Path) -> Vec<(String, String)> {
        let mut kept = Vec::new();
        for (path, bytes) in contents(&self.layout(root)) {
            let text = zstd::decode_all(&*bytes).unwrap();
            let lines = text.split_inclusive(|byte| *byte == b'\n');
            kept.extend(lines.map(|line| {
                let event = crate::export::parts_of_line(line).unwrap().1;
                (path.clone(), String::from_utf8_lossy(event).into_owned())
            }));
        }
        kept
    }
}

/// The data of a tenancy, but the manifest.
pub fn contents(layout: &Layout) -> BTreeMap<String, Vec<u8>> {
    let read = |path: String| {
        let bytes = std::fs::read(layout.data().join(&path)).unwrap();
        (path, bytes)
    };
    paths(layout).unwrap().into_iter().map(read).collect()
}

/// Every file that a reader may open is whole, and where it belongs.
pub fn assert_whole(layout: &Layout) {
    for path in paths(layout).unwrap() {
        assert!(scan(layout, &path).unwrap().is_some(), "{path} is not whole");
    }
}

/// In memory, where there is such a place.
pub fn directory() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// How the n-th operation goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails with this code of the operating system; the process goes on.
    Error(i32),
    /// The process ends before it.
    Kill,
    /// The process ends in the middle of it.
    Half,
    /// The machine ends: of what was written and not synced there is nothing, and names are those that were.
    PowerCut,
}

/// What a power cut takes back.
#[derive(Default)]
struct Unsynced {
    /// How long files were when they were synced last.
    lengths: BTreeMap<PathBuf, u64>,
    /// What stood under names that were given to other files.
    names: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

impl Unsynced {
    fn note(&mut self, op: Op, path: &Path) {
        let length = || std::fs::metadata(path).map_or(0, |found| found.len());
        match op {
            Op::Write => drop(self.lengths.entry(path.to_owned()).or_insert_with(length)),
            Op::Sync | Op::Remove => drop(self.lengths.remove(path)),
            Op::Rename => {
                let unsynced = self.lengths.keys().find(|path| path.extension().is_some_and(|ending| ending == "part"));
                assert_eq!(unsynced, None, "it is not on disk, and something is put in its place");
                self.names.insert(path.to_owned(), std::fs::read(path).ok());
            }
            Op::SyncDirectory => self.names.retain(|name, _| name.parent() != Some(path)),
            _ => {}
        }
    }

    fn take_back(&mut self) {
        for (path, before) in std::mem::take(&mut self.names) {
            match before {
                Some(before) => std::fs::write(path, before).unwrap(),
                None => drop(std::fs::remove_file(path)),
            }
        }
        for (path, length) in std::mem::take(&mut self.lengths) {
            if let Ok(file) = std::fs::OpenOptions::new().write(true).open(path) {
                file.set_len(length).unwrap();
            }
        }
    }
}

pub struct Faulty {
    pub at: usize,
    pub fault: Fault,
    pub count: AtomicUsize,
    dead: AtomicBool,
    unsynced: Mutex<Unsynced>,
    layout: Layout,
}

impl Faulty {
    pub fn new(at: usize, fault: Fault, layout: Layout) -> Arc<Self> {
        Arc::new(Self {
            at,
            fault,
            count: AtomicUsize::new(0),
            dead: AtomicBool::new(false),
            unsynced: Mutex::default(),
            layout,
        })
    }

    pub fn has_struck(&self) -> bool {
        self.count.load(Ordering::SeqCst) > self.at
    }
}

impl Watch for Faulty {
    fn before(&self, op: Op, path: &Path) -> io::Result<Step> {
        if self.dead.load(Ordering::SeqCst) {
            return Err(io::Error::other("the process has ended"));
        }
        if matches!(op, Op::Rename | Op::SyncDirectory) {
            assert_whole(&self.layout);
        }
        if self.count.fetch_add(1, Ordering::SeqCst) != self.at {
            self.unsynced.lock().unwrap().note(op, path);
            return Ok(Step::Whole);
        }
        match self.fault {
            Fault::PowerCut => {
                self.dead.store(true, Ordering::SeqCst);
                self.unsynced.lock().unwrap().take_back();
                Err(io::Error::other("the power is cut"))
            }
            Fault::Error(code) => Err(io::Error::from_raw_os_error(code)),
            Fault::Half if op == Op::Write => {
                self.dead.store(true, Ordering::SeqCst);
                Ok(Step::Half)
            }
            Fault::Kill | Fault::Half => {
                self.dead.store(true, Ordering::SeqCst);
                Err(io::Error::other("the process ends"))
            }
        }
    }
}
