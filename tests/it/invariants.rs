//! What must hold after every read, whatever went wrong on its way.

use std::collections::{BTreeMap, BTreeSet};

use auditui::domain::ledger::{Cell, CellKey, CellState};
use auditui::domain::time_range::{FetchWindow, TimeRange};
use auditui::fake_oci::{FakeOci, WorldEvent};

use super::reader::Reading;
use super::support::assert_polite;

/// A region and the path of a compartment in it; the root is `.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub region: String,
    pub path: String,
}

impl Place {
    pub fn of(event: &WorldEvent) -> Self {
        Self { region: event.region.clone(), path: shown(&event.compartment_path) }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.path, self.region)
    }
}

/// Every place of the tenancy that can be asked.
pub fn places(fake: &FakeOci) -> Vec<Place> {
    let paths = fake.compartments().into_iter().map(|(_, path)| shown(&path));
    let regions = fake.ready_regions();
    paths
        .flat_map(|path| regions.iter().map(move |region| Place { region: region.clone(), path: path.clone() }))
        .collect()
}

fn shown(path: &str) -> String {
    if path.is_empty() { ".".to_owned() } else { path.to_owned() }
}

/// The worst state of each place that was planned.
pub fn states(fake: &FakeOci, reading: &Reading) -> BTreeMap<Place, CellState> {
    let paths: BTreeMap<String, String> = fake.compartments().into_iter().collect();
    let mut states = BTreeMap::new();
    for cell in reading.ledger.cells() {
        let CellKey { region, compartment, .. } = &cell.key;
        let place = Place { region: region.to_string(), path: shown(&paths[compartment.as_str()]) };
        let state = reading.ledger.state(cell);
        states.entry(place).and_modify(|worst: &mut CellState| *worst = (*worst).max(state)).or_insert(state);
    }
    states
}

/// Holds a read against the world it was read from.
#[track_caller]
pub fn assert_honest(fake: &FakeOci, range: TimeRange, reading: &Reading, most_requests: usize) {
    let lines: Vec<&[u8]> = reading.lines.iter().map(Vec::as_slice).collect();
    let world = fake.world_events_with_denied(range.start(), range.end());
    assert_complete_where_said(reading, &world);
    assert_whole_plan(reading);
    assert_eq!(reading.lost, [], "what was complete is not any more");
    assert_invents_nothing(fake, &lines);
    assert_bounded_and_read_only(fake, most_requests);
    let key = fake.credentials().key_pem;
    let told = format!("{reading:?}{}", reading.problems());
    for secret in key.lines().filter(|line| !line.starts_with("-----")).chain(fake.session_token()) {
        assert!(!told.contains(secret), "a secret is told");
    }
}

/// Where a cell is called complete or settling, everything that could be seen when it was read came out.
fn assert_complete_where_said(reading: &Reading, world: &[WorldEvent]) {
    let found: BTreeSet<&[u8]> = reading.lines.iter().filter_map(|line| id(line)).collect();
    for event in world.iter().filter(|event| !found.contains(event.event_id.as_bytes())) {
        let (region, compartment) = (event.region.as_str().into(), event.compartment.as_str().into());
        let said = reading.ledger.of_place(&region, &compartment);
        let claims = |cell: &&Cell| {
            let window = cell.key.window;
            let within = window.start() <= event.processed_time && event.processed_time < window.end();
            within && cell.read.is_some_and(|read| event.visible_time <= read.at)
        };
        let liar = said.filter(claims).find(|cell| reading.ledger.state(cell) <= CellState::Settling);
        assert!(liar.is_none(), "{} of {} is missing, and {liar:?}", event.event_id, event.compartment_path);
    }
}

/// Nothing that was planned fell out, and nothing is left over: every cell was read, or says why not.
fn assert_whole_plan(reading: &Reading) {
    for planned in &reading.planned {
        let cells: Vec<&Cell> = reading.ledger.of_place(&planned.region, &planned.compartment).collect();
        let windows: Vec<FetchWindow> = cells.iter().map(|cell| cell.key.window).collect();
        assert!(planned.window.minus(&windows).is_empty(), "a part of {planned:?} is in no cell");
        for cell in cells.iter().filter(|cell| cell.read.is_none()) {
            assert!(cell.problem().is_some() || reading.halted.is_some(), "neither read nor explained: {cell:?}");
        }
    }
}

/// Each line is an event as it was served, and none stands there twice.
#[track_caller]
pub fn assert_invents_nothing(fake: &FakeOci, lines: &[&[u8]]) {
    let mut seen = BTreeSet::new();
    for line in lines {
        assert!(fake.has_served(line), "nobody sent {}", String::from_utf8_lossy(&line[..line.len().min(300)]));
        assert!(seen.insert(line), "twice: {}", String::from_utf8_lossy(&line[..line.len().min(300)]));
    }
}

/// How often an id stands over different bytes.
pub fn contradictions(lines: &[&[u8]]) -> usize {
    let ids: Vec<&[u8]> = lines.iter().filter_map(|line| id(line)).collect();
    ids.len() - ids.iter().collect::<BTreeSet<_>>().len()
}

#[track_caller]
pub fn assert_bounded_and_read_only(fake: &FakeOci, most_requests: usize) {
    let requests = fake.requests();
    assert!(requests.len() <= most_requests, "{} requests, {most_requests} are enough", requests.len());
    assert_polite(&requests, &fake.ready_regions());
}

/// The id in an event, by its bytes: it may be no JSON.
pub fn id(line: &[u8]) -> Option<&[u8]> {
    const KEY: &[u8] = b"\"eventId\":\"";
    let at = line.windows(KEY.len()).position(|window| window == KEY)? + KEY.len();
    line[at..].split(|byte| *byte == b'"').next()
}
