//! Segments in order: a few runs, each of segments one after the other in time.
//!
//! Events arrive in many orders at once, so what is new overlaps what is there. It becomes a run of its own, and two runs
//! of about the same size are merged, a segment at a time: what is merged goes into the older run before the rows that are
//! still to come, so that the runs are in order at every moment and no step is long. A row is moved once for each time
//! that the number of rows doubles; what arrives in order is not moved at all, but to make segments large.
//!
//! Moving touches columns only. The bytes of events stay where they are.

use std::collections::VecDeque;
use std::sync::Arc;

use super::codes::Numbering;
use super::column::Column;
use super::identity::EventKey;
use super::segment::{Part, Row, Segment};
use super::store::Ordinal;
use crate::domain::event::Flags;

/// Rows of a full segment, at most.
pub(super) const SEGMENT_ROWS: usize = 65_536;

/// Runs of about one size that are made one; and how much larger one of the next size is.
const MANY: usize = 8;

/// Rows from which on a run is merged with one other: of fewer, so many fit into what is made of many.
const SMALL: usize = 2 * SEGMENT_ROWS / MANY;

/// Tells an event's digest, which decides between events of the same time.
pub(super) type Digests<'a> = dyn Fn(Ordinal) -> u64 + 'a;

/// See the module.
pub(super) struct Runs {
    /// The largest first, but for what is being merged.
    runs: Vec<Run>,
    maker: Maker,
}

/// Segments whose keys ascend from one to the next.
type Run = VecDeque<Arc<Segment>>;

/// Makes segments.
struct Maker {
    made: u32,
    numbering: Vec<Numbering>,
}

impl Runs {
    pub fn new() -> Self {
        let numbering = Column::ALL.iter().map(|_| Numbering::default()).collect();
        Self { runs: Vec::new(), maker: Maker { made: 0, numbering } }
    }

    /// Takes new rows.
    pub fn push(&mut self, rows: Vec<Row>, digests: &Digests<'_>) {
        if rows.is_empty() {
            return;
        }
        let segment = Arc::new(self.maker.segment(rows));
        let (first, last) = (first_key(&segment, digests), last_key(&segment, digests));
        let is_after = |run: &Run| run.back().is_some_and(|back| last_key(back, digests) < first);
        let is_before = |run: &Run| run.front().is_some_and(|front| last < first_key(front, digests));
        if let Some(run) = self.runs.iter_mut().find(|run| is_after(run)) {
            run.push_back(segment);
            self.maker.join_at_back(run);
        } else if let Some(run) = self.runs.iter_mut().find(|run| is_before(run)) {
            run.push_front(segment);
            self.maker.join_at_front(run);
        } else {
            self.runs.push(VecDeque::from([segment]));
        }
    }

    /// Does one step of what must be merged; whether there was one. With `all`, everything becomes one run in the end;
    /// without, runs of very different sizes are left for later.
    pub fn step(&mut self, all: bool, digests: &Digests<'_>) -> bool {
        let mut gathered = false;
        // What was gathered may be one of many itself.
        while self.gather_small(digests) {
            gathered = true;
        }
        if gathered {
            return true;
        }
        let sizes: Vec<usize> = self.runs.iter().map(rows_of).collect();
        let is_due = |newer: &usize| sizes[*newer] >= SMALL && sizes[newer - 1] <= 2 * sizes[*newer];
        let Some(newer) = (1..sizes.len()).rev().find(|newer| all || is_due(newer)) else { return false };
        let mut from = std::mem::take(&mut self.runs[newer]);
        self.maker.merge_some(&mut self.runs[newer - 1], &mut from, digests);
        if from.is_empty() {
            self.runs.remove(newer);
        } else {
            self.runs[newer] = from;
        }
        true
    }

    /// Makes one run of the last ones when there are enough of about one size: rows of small runs move less often that
    /// way.
    fn gather_small(&mut self, digests: &Digests<'_>) -> bool {
        let Some(class) = self.runs.last().map(|run| class_of(rows_of(run))) else { return false };
        let alike = self.runs.iter().rev().take_while(|run| class_of(rows_of(run)) <= class).count();
        let first = self.runs.len() - alike.min(MANY);
        let small = &self.runs[first..];
        let rows: usize = small.iter().map(rows_of).sum();
        if small.len() < MANY || rows > 2 * SEGMENT_ROWS {
            return false;
        }
        let segments: Vec<Arc<Segment>> = small.iter().flatten().cloned().collect();
        self.runs.truncate(first);
        self.runs.push(self.maker.sorted(&segments, digests));
        true
    }

    /// All segments, run by run, and where each run ends in that list.
    pub fn list(&self) -> (Arc<[Arc<Segment>]>, Arc<[usize]>) {
        let ends = self.runs.iter().scan(0, |end, run| {
            *end += run.len();
            Some(*end)
        });
        (self.runs.iter().flatten().cloned().collect(), ends.collect())
    }

    /// Puts a flag on events. Those that are not here are left out.
    pub fn mark(&mut self, keys: &[EventKey], flag: Flags, digests: &Digests<'_>) {
        let mut rows: Vec<(usize, usize, usize)> = keys.iter().filter_map(|key| self.find(*key, digests)).collect();
        rows.sort_unstable();
        for here in rows.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (run, place, _) = here[0];
            let rows: Vec<usize> = here.iter().map(|(_, _, row)| *row).collect();
            let segment = &mut self.runs[run][place];
            *segment = Arc::new(segment.marked(&rows, flag));
        }
    }

    /// The flags of an event; none where it is not here.
    pub fn flags(&self, key: EventKey, digests: &Digests<'_>) -> Flags {
        let found = self.find(key, digests);
        found.map_or_else(Flags::default, |(run, place, row)| self.runs[run][place].flags(row))
    }

    fn find(&self, key: EventKey, digests: &Digests<'_>) -> Option<(usize, usize, usize)> {
        self.runs.iter().enumerate().find_map(|(number, run)| {
            let place = run.partition_point(|segment| last_key(segment, digests) < key);
            let row = find(run.get(place)?, key, digests)?;
            Some((number, place, row))
        })
    }
}

/// The row of an event, if it is in this segment.
pub(super) fn find(segment: &Segment, key: EventKey, digests: &Digests<'_>) -> Option<usize> {
    let row = rows_before(segment, key, digests);
    (segment.rows().contains(&row) && key_of(segment, row, digests) == key).then_some(row)
}

/// Where a key stands or would stand among all rows of a segment, those that are gone included.
pub(super) fn rows_before(segment: &Segment, key: EventKey, digests: &Digests<'_>) -> usize {
    let times = segment.times();
    let (mut low, mut high) = (times.before(key.micros), times.before(key.micros.saturating_add(1)));
    if key.micros == i64::MAX {
        high = segment.end();
    }
    // Rows of one instant stand in the order of their digests.
    while low < high {
        let middle = low.midpoint(high);
        if key_of(segment, middle, digests).digest < key.digest {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

fn key_of(segment: &Segment, row: usize, digests: &Digests<'_>) -> EventKey {
    EventKey { micros: segment.times().get(row), digest: segment.at(row).map_or(0, digests) }
}

fn first_key(segment: &Segment, digests: &Digests<'_>) -> EventKey {
    key_of(segment, segment.rows().start, digests)
}

fn last_key(segment: &Segment, digests: &Digests<'_>) -> EventKey {
    key_of(segment, segment.end().saturating_sub(1), digests)
}

/// Runs of one class are of about one size.
fn class_of(rows: usize) -> u32 {
    rows.max(1).ilog2() / MANY.ilog2()
}

fn rows_of(run: &Run) -> usize {
    run.iter().map(|segment| segment.len()).sum()
}

fn whole(segment: &Segment) -> Part<'_> {
    Part { segment, rows: segment.rows() }
}

impl Maker {
    fn number(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    fn segment(&mut self, rows: Vec<Row>) -> Segment {
        Segment::new(self.number(), rows, &mut self.numbering)
    }

    /// All rows of some segments as a run.
    fn sorted(&mut self, segments: &[Arc<Segment>], digests: &Digests<'_>) -> Run {
        let rows = segments.iter().flat_map(|segment| segment.rows().map(|row| key_of(segment, row, digests)));
        let mut order: Vec<(EventKey, u32)> = rows.enumerate().map(|(place, key)| (key, place as u32)).collect();
        // It is made of sorted stretches, which is what this sort is good at.
        order.sort();
        let order: Vec<u32> = order.into_iter().map(|(_, place)| place).collect();
        let parts: Vec<Part<'_>> = segments.iter().map(|segment| whole(segment)).collect();
        self.cut(&parts, &order).collect()
    }

    /// Segments of rows that are in order: halves rather than a full one and a rest.
    fn cut(&mut self, parts: &[Part<'_>], order: &[u32]) -> impl Iterator<Item = Arc<Segment>> {
        let count = order.len().div_ceil(SEGMENT_ROWS).max(1);
        let segments = order.chunks(order.len().div_ceil(count).max(1)).map(|order| self.gathered(parts, order));
        segments.map(Arc::new).collect::<Vec<_>>().into_iter()
    }

    /// Makes one segment of the last two while they are small.
    fn join_at_back(&mut self, run: &mut Run) {
        while let Some(before) = run.len().checked_sub(2)
            && is_due(&run[before], &run[before + 1])
        {
            self.join(run, before);
        }
    }

    fn join_at_front(&mut self, run: &mut Run) {
        while run.len() > 1 && is_due(&run[1], &run[0]) {
            self.join(run, 0);
        }
    }

    /// Makes one segment of that at `place` and the next.
    fn join(&mut self, run: &mut Run, place: usize) {
        let (one, other) = (Arc::clone(&run[place]), Arc::clone(&run[place + 1]));
        let order: Vec<u32> = (0..(one.len() + other.len()) as u32).collect();
        run[place] = Arc::new(self.gathered(&[whole(&one), whole(&other)], &order));
        run.remove(place + 1);
    }

    fn gathered(&mut self, parts: &[Part<'_>], order: &[u32]) -> Segment {
        Segment::gathered(self.number(), parts, order, &mut self.numbering)
    }

    /// Moves rows of `from`, oldest first, to where they belong in `run`: one segment's worth of either, or as much as
    /// does not overlap.
    fn merge_some(&mut self, run: &mut Run, from: &mut Run, digests: &Digests<'_>) {
        let Some(head) = from.front() else { return };
        let lowest = first_key(head, digests);
        let place = run.partition_point(|segment| last_key(segment, digests) < lowest);
        match run.get(place) {
            None => {
                run.append(from);
                self.join_small(run, place);
            }
            Some(next) if last_key(head, digests) < first_key(next, digests) => {
                run.extend(from.pop_front());
                run.make_contiguous()[place..].rotate_right(1);
                self.join_small(run, place);
            }
            Some(_) => self.merge_overlapping(run, place, from, digests),
        }
    }

    /// Joins the segment at `place` with its neighbours where one segment has room for both.
    fn join_small(&mut self, run: &mut Run, place: usize) {
        let have_room = |run: &Run, place: usize| {
            run.get(place + 1).is_some_and(|next| run[place].len() + next.len() <= SEGMENT_ROWS)
        };
        if have_room(run, place) {
            self.join(run, place);
        }
        if let Some(before) = place.checked_sub(1)
            && have_room(run, before)
        {
            self.join(run, before);
        }
    }

    /// Merges the segment of `run` at `place`, and the next ones while they are small, with what of `from` comes before
    /// their end.
    fn merge_overlapping(&mut self, run: &mut Run, place: usize, from: &mut Run, digests: &Digests<'_>) {
        let count = count_within(run.iter().skip(place), SEGMENT_ROWS, |_| true);
        let older: Vec<Arc<Segment>> = run.range(place..place + count).cloned().collect();
        let Some(limit) = older.last().map(|segment| last_key(segment, digests)) else { return };
        let is_below = |segment: &Segment| first_key(segment, digests) < limit;
        let taken = count_within(from.iter(), 2 * SEGMENT_ROWS, is_below);
        let newer: Vec<Arc<Segment>> = from.range(..taken).cloned().collect();
        let is_cut = from.get(taken).is_some_and(|next| is_below(next));

        let merge = Merge::of(&older, &newer, is_cut, digests);
        let parts: Vec<Part<'_>> = older.iter().chain(&newer).map(|segment| whole(segment)).collect();
        let merged = self.cut(&parts, &merge.order);

        let rest = trimmed(&older, merge.taken_of_older);
        let after = run.split_off(place + count);
        run.truncate(place);
        run.extend(merged.chain(rest).chain(after));
        let rest = trimmed(&newer, merge.taken_of_newer);
        let after = from.split_off(taken);
        *from = rest.into_iter().chain(after).collect();
    }
}

/// How rows of two runs follow each other.
struct Merge {
    /// Places in the older rows, then the newer ones.
    order: Vec<u32>,
    taken_of_older: usize,
    taken_of_newer: usize,
}

impl Merge {
    /// Up to the end of the older rows; up to the end of the newer ones as well where `is_cut`, because more of them may
    /// come before the next older one.
    fn of(older: &[Arc<Segment>], newer: &[Arc<Segment>], is_cut: bool, digests: &Digests<'_>) -> Self {
        let [old, new] = [older, newer].map(|segments| {
            let rows = segments.iter().flat_map(|segment| segment.rows().map(move |row| (segment, row)));
            rows.map(|(segment, row)| (segment.times().get(row), segment.at(row).unwrap_or_default()))
                .collect::<Vec<(i64, Ordinal)>>()
        });
        let mut order = Vec::with_capacity(old.len() + new.len());
        let (mut i, mut j) = (0, 0);
        while let Some(a) = old.get(i) {
            let b = new.get(j);
            if b.is_none() && is_cut {
                break;
            }
            let is_older = |b: &(i64, Ordinal)| a.0 < b.0 || (a.0 == b.0 && digests(a.1) < digests(b.1));
            if b.is_none_or(is_older) {
                order.push(i as u32);
                i += 1;
            } else {
                order.push((old.len() + j) as u32);
                j += 1;
            }
        }
        Self { order, taken_of_older: i, taken_of_newer: j }
    }
}

/// How many segments have at most `rows` together, one at least, while `wanted` holds.
fn count_within<'a>(
    segments: impl Iterator<Item = &'a Arc<Segment>>,
    rows: usize,
    wanted: impl Fn(&Segment) -> bool,
) -> usize {
    let sums = segments.take_while(|segment| wanted(segment)).scan(0, |sum, segment| {
        *sum += segment.len();
        Some(*sum)
    });
    sums.enumerate().take_while(|(place, sum)| *place == 0 || *sum <= rows).count()
}

/// What is left of segments without their first `taken` rows.
fn trimmed(segments: &[Arc<Segment>], mut taken: usize) -> Vec<Arc<Segment>> {
    let mut left = Vec::new();
    for segment in segments {
        let gone = taken.min(segment.len());
        taken -= gone;
        if gone == 0 {
            left.push(Arc::clone(segment));
        } else if gone < segment.len() {
            left.push(Arc::new(segment.rest(segment.rows().start + gone)));
        }
    }
    left
}

/// Whether a segment that something was put beside is to be made one with it: only when that has about its size, so that
/// few rows are not paid for with many.
fn is_due(large: &Segment, small: &Segment) -> bool {
    large.len() + small.len() <= SEGMENT_ROWS && large.len() < 2 * small.len()
}
