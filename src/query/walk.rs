//! The rows that match in one order, although they lie in several runs.
//!
//! Within a run the number of matching rows before each segment is known, so any rank is two searches away. Where runs
//! overlap, the instant is searched for before which as many rows match, all runs together; from there on the runs are
//! merged for as many rows as are asked for. Nothing is ever put in order that is not shown.

use std::ops::Range;

use super::hits::{Hits, Tally};
use super::selection::Part;
use crate::index::{EventKey, RowId, Segment, Snapshot};

/// See the module. All ranks count from the oldest.
#[derive(Debug)]
pub(super) struct Lines {
    lines: Vec<Line>,
    len: usize,
}

/// A run.
#[derive(Debug)]
struct Line {
    /// Its segments.
    places: Range<usize>,
    /// What matches before each segment, and in all.
    sums: Box<[Tally]>,
}

/// The rows of a snapshot that match; what `Lines` are about.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub snapshot: &'a Snapshot,
    pub parts: &'a [Part],
}

impl Lines {
    pub fn new(snapshot: &Snapshot, parts: &[Part]) -> Self {
        let lines: Vec<Line> = snapshot.runs().map(|places| Line::new(places, parts)).collect();
        let len = lines.iter().map(Line::len).sum();
        Self { lines, len }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// What matches before an instant, in microseconds.
    pub fn before(&self, micros: i64, ground: Ground<'_>) -> Tally {
        let mut tally = Tally::default();
        self.lines.iter().for_each(|line| tally.add(line.before(micros, ground)));
        tally
    }

    /// How many rows match before a key.
    pub fn rank_of(&self, key: EventKey, ground: Ground<'_>) -> usize {
        self.lines.iter().map(|line| line.rank_of(key, ground)).sum()
    }

    /// The failed row that comes next after a key, or before it.
    pub fn next_failed(&self, key: EventKey, later: bool, ground: Ground<'_>) -> Option<EventKey> {
        let next = |line: &Line| {
            let row = if later {
                let after = EventKey { digest: key.digest.saturating_add(1), ..key };
                line.failed_row(line.tally(after, ground).failed as usize, ground)
            } else {
                line.failed_row((line.tally(key, ground).failed as usize).checked_sub(1)?, ground)
            };
            ground.snapshot.key(row?)
        };
        let keys = self.lines.iter().filter_map(next);
        if later { keys.min() } else { keys.max() }
    }

    /// The rows of a window of ranks, as far as there are any.
    pub fn rows(&self, ranks: Range<usize>, ground: Ground<'_>) -> Vec<RowId> {
        let ranks = ranks.start..ranks.end.min(self.len);
        if ranks.is_empty() {
            return Vec::new();
        }
        if let [line] = &*self.lines {
            return ranks.filter_map(|rank| line.row(rank, ground)).collect();
        }
        let mut heads: Vec<Head<'_>> = self.lines.iter().map(|line| Head::new(line, ground)).collect();
        let starts = self.starts(ranks.start, ground);
        heads.iter_mut().zip(starts).for_each(|(head, rank)| head.seek(rank, ground));
        let mut next = || {
            let head =
                heads.iter_mut().filter(|head| head.at.is_some()).min_by_key(|head| head.at.map(|(key, _)| key))?;
            let (_, row) = head.at?;
            head.seek(head.rank + 1, ground);
            Some(row)
        };
        ranks.map_while(|_| next()).collect()
    }

    /// How many rows of each run come before the row of this rank, which there must be.
    fn starts(&self, rank: usize, ground: Ground<'_>) -> Vec<usize> {
        let count_at = |micros| self.lines.iter().map(|line| line.count_before(micros, ground)).sum::<usize>();
        // The instant of that row: the last one before which no more than `rank` rows match.
        let micros = last(i64::MIN, i64::MAX, i64::midpoint, |micros| count_at(micros) <= rank);
        let count = |digest| self.rank_of(EventKey { micros, digest }, ground);
        let digest = last(0, u64::MAX, u64::midpoint, |digest| count(digest) <= rank);
        self.lines.iter().map(|line| line.rank_of(EventKey { micros, digest }, ground)).collect()
    }
}

/// The last of some values for which `holds`, which holds for the first, and for none after one for which it does not.
fn last<T: Copy + PartialOrd>(first: T, end: T, middle: impl Fn(T, T) -> T, holds: impl Fn(T) -> bool) -> T {
    if holds(end) {
        return end;
    }
    let (mut low, mut high) = (first, end);
    loop {
        let probe = middle(low, high);
        if probe <= low || probe >= high {
            return low;
        }
        if holds(probe) {
            low = probe;
        } else {
            high = probe;
        }
    }
}

/// Where a run has come to while runs are merged.
struct Head<'a> {
    line: &'a Line,
    rank: usize,
    at: Option<(EventKey, RowId)>,
}

impl<'a> Head<'a> {
    fn new(line: &'a Line, ground: Ground<'_>) -> Self {
        let mut head = Self { line, rank: 0, at: None };
        head.seek(0, ground);
        head
    }

    fn seek(&mut self, rank: usize, ground: Ground<'_>) {
        self.rank = rank;
        let row = self.line.row(rank, ground);
        self.at = row.and_then(|row| Some((ground.snapshot.key(row)?, row)));
    }
}

impl Line {
    fn new(places: Range<usize>, parts: &[Part]) -> Self {
        let mut sum = Tally::default();
        let mut sums = vec![sum];
        for part in parts.get(places.clone()).unwrap_or_default() {
            sum.add(part.found.hits.total());
            sums.push(sum);
        }
        Self { places, sums: sums.into() }
    }

    fn len(&self) -> usize {
        self.sums.last().map_or(0, |sum| sum.all as usize)
    }

    fn row(&self, rank: usize, ground: Ground<'_>) -> Option<RowId> {
        self.nth(rank, |sum| sum.all, |hits, _, count| hits.row(count), ground)
    }

    fn failed_row(&self, count: usize, ground: Ground<'_>) -> Option<RowId> {
        self.nth(count, |sum| sum.failed, |hits, segment, count| hits.failed_row(count, segment), ground)
    }

    fn nth(
        &self,
        count: usize,
        of: impl Fn(&Tally) -> u32,
        find: impl Fn(&Hits, &Segment, usize) -> Option<usize>,
        ground: Ground<'_>,
    ) -> Option<RowId> {
        let number = self.sums.partition_point(|sum| of(sum) as usize <= count).checked_sub(1)?;
        let (segment, hits) = self.at(number, ground)?;
        let row = find(hits, segment, count - of(self.sums.get(number)?) as usize)?;
        Some(RowId { segment: (self.places.start + number) as u32, row: row as u32 })
    }

    fn before(&self, micros: i64, ground: Ground<'_>) -> Tally {
        let number = self.segments_before(micros, ground);
        let mut tally = self.sums.get(number).copied().unwrap_or_default();
        if let Some((segment, hits)) = self.at(number, ground) {
            tally.add(hits.before(segment.times().before(micros), segment));
        }
        tally
    }

    fn count_before(&self, micros: i64, ground: Ground<'_>) -> usize {
        let number = self.segments_before(micros, ground);
        let sum = self.sums.get(number).map_or(0, |sum| sum.all as usize);
        let here = self.at(number, ground);
        sum + here.map_or(0, |(segment, hits)| hits.count_before(segment.times().before(micros)))
    }

    fn rank_of(&self, key: EventKey, ground: Ground<'_>) -> usize {
        self.tally(key, ground).all as usize
    }

    /// What matches before a key.
    fn tally(&self, key: EventKey, ground: Ground<'_>) -> Tally {
        let ends_before = |number: usize| {
            let place = self.places.start + number;
            let last = ground.snapshot.segments().get(place).map(|segment| segment.end().saturating_sub(1));
            let last = last.and_then(|row| ground.snapshot.key(RowId { segment: place as u32, row: row as u32 }));
            last.is_some_and(|last| last < key)
        };
        // Events of one instant may lie in several segments.
        let mut number = self.segments_before(key.micros, ground);
        while number < self.places.len() && ends_before(number) {
            number += 1;
        }
        let mut tally = self.sums.get(number).copied().unwrap_or_default();
        if let Some((segment, hits)) = self.at(number, ground) {
            tally.add(hits.before(ground.snapshot.rows_before(self.places.start + number, key), segment));
        }
        tally
    }

    /// A segment of the run, and what matches in it.
    fn at<'a>(&self, number: usize, ground: Ground<'a>) -> Option<(&'a Segment, &'a Hits)> {
        let place = self.places.clone().nth(number)?;
        Some((ground.snapshot.segments().get(place)?, &ground.parts.get(place)?.found.hits))
    }

    /// How many segments end before an instant.
    fn segments_before(&self, micros: i64, ground: Ground<'_>) -> usize {
        let segments = ground.snapshot.segments().get(self.places.clone()).unwrap_or_default();
        segments.partition_point(|segment| segment.times().get(segment.end().saturating_sub(1)) < micros)
    }
}
