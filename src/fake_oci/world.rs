//! Everything that happens in the tenancy, asked for by the hour it happened in or the minutes it was processed in.

use std::io;

use chrono::{DateTime, Utc};

use super::background::{Background, HOUR, MAX_LAG, Sketch};
use super::cast::Cast;
use super::catalogue::Catalogue;
use super::event;
use super::scenario::{Scenario, Story};
use super::seed;
use super::story::Told;
use super::tenancy::{Cell, Tenancy};

/// The ground truth about one event, for tests and checkers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldEvent {
    pub region: String,
    /// OCID of the compartment whose ListEvents returns it.
    pub compartment: String,
    pub compartment_path: String,
    pub event_id: String,
    pub event_time: DateTime<Utc>,
    /// What ListEvents selects by.
    pub processed_time: DateTime<Utc>,
    /// Not returned before.
    pub visible_time: DateTime<Utc>,
    /// Whether our user is refused there.
    pub denied: bool,
    /// The event as it is served.
    pub bytes: Vec<u8>,
}

/// A span of processed time: start inclusive, end exclusive, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub start: i64,
    pub end: i64,
}

/// The last event of a page, in the order of processing: the next page starts behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub processed: i64,
    pub id: u64,
}

/// A page before it is written out.
#[derive(Debug)]
pub struct Slice {
    pub sketches: Vec<Sketch>,
    /// Whether anything visible follows.
    pub more: bool,
}

impl Slice {
    /// Where the next page starts.
    pub fn end(&self) -> Option<Cursor> {
        self.sketches.last().map(cursor)
    }
}

#[derive(Debug)]
pub struct World {
    pub tenancy: Tenancy,
    pub(super) cast: Cast,
    pub(super) catalogue: Catalogue,
    pub(super) seed: u64,
    pub(super) hostile: bool,
    pub(super) failures: f64,
    pub(super) story: Option<Told>,
    background: Background,
}

impl World {
    pub fn new(scenario: &Scenario, seed: u64, epoch: DateTime<Utc>, fingerprint: &str) -> io::Result<Self> {
        let tenancy = Tenancy::of(scenario);
        let cast = Cast::load(&tenancy, fingerprint)?;
        let catalogue = Catalogue::load()?;
        let story = match scenario.events.story {
            Some(Story::StolenKey) => Some(Told::stolen_key(seed, &tenancy, &cast, &catalogue, epoch)?),
            None => None,
        };
        Ok(Self {
            background: Background::new(seed, &scenario.events, &tenancy, epoch),
            tenancy,
            cast,
            catalogue,
            seed,
            hostile: scenario.events.hostile,
            failures: scenario.events.failures,
            story,
        })
    }

    /// The events of a cell that were processed in `window`, in the order of processing: at most `size` behind `after`,
    /// and of those only what is visible `now`.
    pub fn slice(&self, cell: Cell, window: Window, after: Option<Cursor>, size: usize, now: i64) -> Slice {
        let start = after.map_or(window.start, |cursor| cursor.processed.max(window.start));
        // nothing is visible before it is processed
        let end = window.end.min(now.saturating_add(1));
        let wanted = |sketch: &Sketch| {
            sketch.processed >= start
                && sketch.processed < end
                && sketch.visible <= now
                && after.is_none_or(|after| cursor(sketch) > after)
        };
        let mut found: Vec<Sketch> = Vec::new();
        let mut hour = (start - MAX_LAG).div_euclid(HOUR);
        while hour * HOUR < end {
            found.extend(self.sketches(cell, hour).into_iter().filter(wanted));
            hour += 1;
            // events of later hours are processed later than this
            let settled = found.iter().filter(|sketch| sketch.processed < hour * HOUR).count();
            if settled > size {
                break;
            }
        }
        found.sort_unstable_by_key(cursor);
        let more = found.len() > size;
        found.truncate(size);
        Slice { sketches: found, more }
    }

    /// The event ListEvents returns for a sketch.
    pub fn write(&self, cell: Cell, sketch: &Sketch) -> String {
        event::write(self, cell, sketch)
    }

    /// Every event that happened in `[from, until)`, also where our user is refused, in the order of time.
    pub fn events(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<WorldEvent> {
        let (from, until) = (from.timestamp_millis(), until.timestamp_millis());
        let hours = || from.div_euclid(HOUR)..=(until - 1).div_euclid(HOUR);
        let mut events: Vec<WorldEvent> = self
            .tenancy
            .cells()
            .flat_map(|cell| hours().map(move |hour| (cell, hour)))
            .flat_map(|(cell, hour)| self.sketches(cell, hour).into_iter().map(move |sketch| (cell, sketch)))
            .filter(|(_, sketch)| (from..until).contains(&sketch.time))
            .filter_map(|(cell, sketch)| self.truth(cell, &sketch))
            .collect();
        events.sort_by(|a, b| (a.event_time, &a.event_id).cmp(&(b.event_time, &b.event_id)));
        events
    }

    fn truth(&self, cell: Cell, sketch: &Sketch) -> Option<WorldEvent> {
        let compartment = self.tenancy.compartments.get(cell.compartment)?;
        Some(WorldEvent {
            region: self.tenancy.regions.get(cell.region)?.name.clone(),
            compartment: compartment.id.clone(),
            compartment_path: compartment.path.clone(),
            event_id: event::id(sketch),
            event_time: DateTime::from_timestamp_millis(sketch.time)?,
            processed_time: DateTime::from_timestamp_millis(sketch.processed)?,
            visible_time: DateTime::from_timestamp_millis(sketch.visible)?,
            denied: !compartment.answers(),
            bytes: self.write(cell, sketch).into_bytes(),
        })
    }

    fn sketches(&self, cell: Cell, hour: i64) -> Vec<Sketch> {
        let mut sketches = self.background.sketches(&self.tenancy, &self.cast, &self.catalogue, cell, hour);
        if let Some(story) = &self.story {
            sketches.extend(story.sketches(cell, hour));
        }
        sketches
    }
}

/// Puts the events of a page into an order that means nothing, as Oracle documents none.
pub fn shuffle(sketches: &mut [Sketch]) {
    sketches.sort_unstable_by_key(|sketch| seed::mix(&[sketch.id, 2]));
}

fn cursor(sketch: &Sketch) -> Cursor {
    Cursor { processed: sketch.processed, id: sketch.id }
}

#[cfg(test)]
mod tests;
