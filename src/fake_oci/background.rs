//! The everyday life of the tenancy: which events happen in which hour of which cell.
//!
//! Nothing is stored. The events of a cell's hour are a pure function of (seed, region, compartment, hour), drawn as
//! light [`Sketch`]es whenever someone asks, so that a year of history costs no memory and no start-up time.

use std::ops::Range;

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};

use super::cast::{Cast, How};
use super::catalogue::{Catalogue, Class, Kind};
use super::scenario::EventSpec;
use super::seed::{self, Stream};
use super::tenancy::{Cell, Tenancy};

/// Milliseconds of an hour.
pub const HOUR: i64 = 3_600_000;
/// No event is processed later than this after it happened, so a window can be answered from the hours around it.
pub const MAX_LAG: i64 = 25 * 60_000;

/// An event before it is written out. Times are milliseconds of the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sketch {
    pub time: i64,
    /// What ListEvents selects by.
    pub processed: i64,
    /// Not returned before.
    pub visible: i64,
    /// Seeds everything else about it and breaks ties.
    pub id: u64,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Routine(Routine),
    /// Position in the story.
    Story(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Routine {
    pub actor: usize,
    pub action: usize,
    pub phase: Phase,
    /// One visit of one principal: a console session, a script's run.
    pub burst: u64,
    /// Shared by the records of one operation.
    pub group: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Whole,
    Begin,
    End,
}

/// Draws the background of a tenancy.
#[derive(Debug)]
pub struct Background {
    seed: u64,
    /// Hours from the true calendar to the one the tenancy lives by.
    shift: i64,
    plan: Plan,
    late: f64,
    /// In milliseconds; one of them is drawn.
    late_by: Vec<i64>,
}

/// How many events each hour gets.
#[derive(Debug)]
enum Plan {
    /// Events of a cell's average hour, and the first hour that has any.
    Rate { per_hour: Vec<f64>, first: i64 },
    /// The cell's total, spread over `cumulative` parts of the hours from `first` on.
    Exactly { totals: Vec<u64>, first: i64, cumulative: Vec<u64> },
}

impl Background {
    pub fn new(seed: u64, spec: &EventSpec, tenancy: &Tenancy, epoch: DateTime<Utc>) -> Self {
        let epoch_hour = hour_of(epoch);
        let shift = spec.calendar.map_or(0, |calendar| hour_of(calendar) - epoch_hour);
        let first = epoch_hour - i64::from(spec.days) * 24;
        let plan = match spec.exactly {
            Some(total) => exactly(u64::from(total), first..epoch_hour, shift, tenancy),
            None => Plan::Rate { per_hour: rates(spec.per_day.unwrap_or(0), tenancy), first },
        };
        let delays = if spec.late_by_minutes.is_empty() { &[spec.late_minutes] } else { &*spec.late_by_minutes };
        let late_by = delays.iter().map(|minutes| i64::from(*minutes) * 60_000).collect();
        Self { seed, shift, plan, late: spec.late, late_by }
    }

    /// The events that happen in `hour` (counted from the Unix epoch) of `cell`, in no particular order.
    pub fn sketches(
        &self,
        tenancy: &Tenancy,
        cast: &Cast,
        catalogue: &Catalogue,
        cell: Cell,
        hour: i64,
    ) -> Vec<Sketch> {
        let (Some(region), Some(compartment)) =
            (tenancy.regions.get(cell.region), tenancy.compartments.get(cell.compartment))
        else {
            return Vec::new();
        };
        let lived = hour + self.shift;
        let place = [self.seed, seed::text(&region.name), seed::text(&compartment.path), lived as u64];
        let mut stream = Stream::about(&place);
        let cell_number = cell.region * tenancy.compartments.len() + cell.compartment;
        let count = self.count(cell_number, hour, &mut stream);
        let mut draft =
            Draft { cast, catalogue, hour, lived, stream, left: count, sketches: Vec::with_capacity(count) };
        while draft.left > 0 {
            draft.visit(&compartment.kinds);
        }
        let mut sketches = draft.sketches;
        for sketch in &mut sketches {
            self.delay(sketch);
        }
        sketches
    }

    fn count(&self, cell: usize, hour: i64, stream: &mut Stream) -> usize {
        match &self.plan {
            Plan::Rate { first, .. } if hour < *first => 0,
            Plan::Rate { per_hour, .. } => {
                let mean = per_hour.get(cell).copied().unwrap_or(0.0) * rhythm(hour + self.shift);
                let drawn = mean * (0.6 + 0.8 * stream.unit());
                drawn as usize + usize::from(stream.chance(drawn.fract()))
            }
            Plan::Exactly { totals, first, cumulative } => {
                let at = |hour: i64| usize::try_from(hour - first).ok().and_then(|at| cumulative.get(at)).copied();
                let (Some(from), Some(until), Some(all)) = (at(hour), at(hour + 1), cumulative.last()) else {
                    return 0;
                };
                let total = totals.get(cell).copied().unwrap_or(0);
                // whole events up to each hour's end; the differences add up to the total
                (total * until / all - total * from / all) as usize
            }
        }
    }

    fn delay(&self, sketch: &mut Sketch) {
        let mut stream = Stream::about(&[sketch.id, 1]);
        sketch.processed = sketch.time + lag(&mut stream);
        let late = stream.chance(self.late).then(|| stream.pick(&self.late_by)).flatten();
        sketch.visible = sketch.processed + late.copied().unwrap_or_default();
    }
}

/// How long processing takes: mostly seconds, sometimes minutes, never more than [`MAX_LAG`].
pub fn lag(stream: &mut Stream) -> i64 {
    let millis = match stream.below(1000) {
        0..950 => stream.between(5_000, 60_000),
        950..995 => stream.between(60_000, 360_000),
        _ => stream.between(360_000, MAX_LAG as u64 - 1),
    };
    millis as i64
}

/// An hour's events while they are drawn, visit by visit.
struct Draft<'a> {
    cast: &'a Cast,
    catalogue: &'a Catalogue,
    hour: i64,
    /// The hour by the calendar of the tenancy.
    lived: i64,
    stream: Stream,
    left: usize,
    sketches: Vec<Sketch>,
}

impl Draft<'_> {
    /// One principal comes by and makes a few calls.
    fn visit(&mut self, kinds: &[Kind]) {
        let kind = self.stream.pick(kinds).copied().unwrap_or(Kind::Compute);
        let burst = self.stream.number();
        let time = DateTime::from_timestamp_millis(self.lived * HOUR).unwrap_or_default();
        let actor = self.cast.draw(kind, time, &mut self.stream).unwrap_or(0);
        let manner = self.cast.actor(actor).map_or(Manner::of(How::Sdk), |actor| Manner::of(actor.how));
        let calls = if kind == Kind::SignOn { 1 } else { self.stream.between(1, manner.calls) };
        // room for the whole visit, and for the end of what it starts, before the hour is over
        let room = HOUR as u64 - calls * manner.pause - LONGEST_OPERATION;
        let mut at = self.hour * HOUR + self.stream.below(room) as i64;
        for _ in 0..calls {
            if self.left == 0 {
                return;
            }
            self.call(kind, actor, manner.reads, burst, at);
            at += self.stream.between(40, manner.pause) as i64;
        }
    }

    fn call(&mut self, kind: Kind, actor: usize, reads: f64, burst: u64, at: i64) {
        let class = match kind {
            Kind::SignOn => Class::Session,
            _ if self.stream.chance(reads) => Class::Read,
            _ => Class::Write,
        };
        let Some(action) = self.catalogue.draw(kind, class, &mut self.stream) else {
            self.left = 0;
            return;
        };
        let phases = self.catalogue.action(action).is_some_and(|action| action.phases);
        let routine = Routine { actor, action, phase: Phase::Whole, burst, group: self.stream.number() };
        if phases && self.left > 1 {
            let took = self.stream.between(4_000, LONGEST_OPERATION) as i64;
            self.push(at, Routine { phase: Phase::Begin, ..routine });
            self.push(at + took, Routine { phase: Phase::End, ..routine });
        } else {
            self.push(at, routine);
        }
    }

    fn push(&mut self, time: i64, routine: Routine) {
        self.left = self.left.saturating_sub(1);
        let id = self.stream.number();
        self.sketches.push(Sketch { time, processed: time, visible: time, id, what: What::Routine(routine) });
    }
}

const LONGEST_OPERATION: u64 = 90_000;

/// How a kind of principal behaves during one visit.
struct Manner {
    /// At most so many calls,
    calls: u64,
    /// at most so many milliseconds apart,
    pause: u64,
    /// this share of them reading.
    reads: f64,
}

impl Manner {
    fn of(how: How) -> Self {
        let (calls, pause, reads) = match how {
            How::Console | How::Federated => (14, 4_000, 0.93),
            How::Cli => (5, 20_000, 0.80),
            How::Sdk => (16, 700, 0.90),
            How::Terraform => (24, 1_200, 0.74),
            How::Instance | How::Resource => (4, 2_500, 0.96),
            How::Service => (8, 900, 0.90),
        };
        Self { calls, pause, reads }
    }
}

fn hour_of(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis().div_euclid(HOUR)
}

/// How busy an hour is against the average of a weekday.
fn rhythm(hour: i64) -> f64 {
    const WEEKDAY: [f64; 24] = [
        0.45, 0.42, 0.40, 0.40, 0.42, 0.52, 0.75, 1.15, 1.45, 1.50, 1.45, 1.40, 1.45, 1.65, 1.75, 1.70, 1.60, 1.35,
        1.10, 0.95, 0.80, 0.70, 0.60, 0.50,
    ];
    const WEEKEND: f64 = 0.65;
    let time = DateTime::from_timestamp_millis(hour * HOUR).unwrap_or_default();
    let busy = WEEKDAY.get(time.hour() as usize).copied().unwrap_or(1.0);
    if matches!(time.weekday(), Weekday::Sat | Weekday::Sun) { busy * WEEKEND } else { busy }
}

fn rates(per_day: u32, tenancy: &Tenancy) -> Vec<f64> {
    let weights: Vec<u64> = tenancy.cells().map(|cell| tenancy.weight(cell)).collect();
    let all = weights.iter().sum::<u64>().max(1);
    weights.iter().map(|&weight| f64::from(per_day) * weight as f64 / all as f64 / 24.0).collect()
}

/// Spreads `total` over the cells and hours so that it comes out to the event. The hour before the epoch stays empty:
/// whatever is late has arrived by then, and a reader at the epoch finds them all.
fn exactly(total: u64, hours: Range<i64>, shift: i64, tenancy: &Tenancy) -> Plan {
    let weights: Vec<u64> = tenancy.cells().map(|cell| tenancy.weight(cell)).collect();
    let all = weights.iter().sum::<u64>().max(1);
    let mut so_far = 0;
    let totals = weights.iter().map(|&weight| {
        let before = total * so_far / all;
        so_far += weight;
        total * so_far / all - before
    });
    let totals = totals.collect();
    let mut sum = 0;
    let first = hours.start;
    let hours = (first..hours.end - 1).map(|hour| {
        sum += (rhythm(hour + shift) * 1000.0) as u64;
        sum
    });
    let cumulative = std::iter::once(0).chain(hours).collect();
    Plan::Exactly { totals, first, cumulative }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_mostly_seconds_and_always_bounded() {
        let mut stream = Stream::new(1);
        let lags: Vec<i64> = (0..20_000).map(|_| lag(&mut stream)).collect();
        assert!(lags.iter().all(|lag| (5_000..MAX_LAG).contains(lag)));
        let quick = lags.iter().filter(|lag| **lag <= 60_000).count();
        assert!((18_500..19_500).contains(&quick), "{quick}");
        assert!(lags.iter().any(|lag| *lag > 600_000));
    }

    #[test]
    fn nights_and_weekends_are_quieter() {
        let hour = |text: &str| text.parse::<DateTime<Utc>>().unwrap().timestamp_millis() / HOUR;
        let wednesday = rhythm(hour("2026-03-11T14:00:00Z"));
        assert!(rhythm(hour("2026-03-11T03:00:00Z")) < wednesday / 3.0);
        assert!(rhythm(hour("2026-03-14T14:00:00Z")) < wednesday);
    }
}
