//! One call chain: the pages of a cell, each naming the next, and what has become of it so far.

use std::collections::HashSet;
use std::hash::Hash;

use chrono::{DateTime, Utc};

use super::call::Answer;
use super::engine::Settings;
use super::plan::PlannedCell;
use super::tiling::{self, Sample, Verdict};
use crate::domain::time_range::FetchWindow;

pub(super) struct Chain<T> {
    pub planned: PlannedCell,
    pub priority: i64,
    pub phase: Phase,
    /// How often it may still be cut into tiles.
    pub cuts: u8,
    /// What its first pages showed, until it is settled whether it is to be cut.
    pub sample: Option<Sample>,
    /// The page to ask for next.
    pub page: Option<T>,
    pub pages: u32,
    /// When the first page was asked for.
    first_at: Option<DateTime<Utc>>,
    tokens_seen: HashSet<T>,
    contents_seen: HashSet<u64>,
    /// Pages in a row that brought nothing new.
    idle_pages: u32,
    /// Failed tries of the current page.
    pub tries: u32,
    /// Times that the current page was refused because we ask too much.
    pub refusals: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Ready,
    OnTheWire,
    Waiting,
    Ended,
}

/// A chain may be cut, and its tiles once more, where they are much denser than the first page promised.
pub(super) const CUTS: u8 = 2;

impl<T: Clone + Eq + Hash> Chain<T> {
    pub fn new(planned: PlannedCell) -> Self {
        Self {
            planned,
            priority: 0,
            phase: Phase::Ended,
            cuts: 0,
            sample: None,
            page: None,
            pages: 0,
            first_at: None,
            tokens_seen: HashSet::new(),
            contents_seen: HashSet::new(),
            idle_pages: 0,
            tries: 0,
            refusals: 0,
        }
    }

    /// From the first page, as if it had never been asked.
    pub fn restart(&mut self, priority: i64, cuts: u8) {
        self.priority = priority;
        self.cuts = cuts;
        self.sample = (cuts > 0).then(|| Sample { of_tile: cuts < CUTS, ..Sample::default() });
        self.page = None;
        self.pages = 0;
        self.first_at = None;
        self.tries = 0;
        self.refusals = 0;
        self.idle_pages = 0;
        self.tokens_seen.clear();
        self.contents_seen.clear();
    }

    /// Whether no call was made for it yet.
    pub fn is_untried(&self) -> bool {
        self.pages == 0 && self.tries + self.refusals == 0
    }

    /// As of when the chain is read when its last page has come: events that can be read only later may be on pages that
    /// went by, and minutes that had not passed when it was planned were not asked for.
    pub fn read_as_of(&self, last: DateTime<Utc>) -> DateTime<Utc> {
        let PlannedCell { key, ask, .. } = &self.planned;
        let at = self.first_at.unwrap_or(last);
        if ask.end_minute() < key.window.end_minute() { at.min(ask.end()) } else { at }
    }

    /// Takes over a newer plan of the same cell, as long as nothing of it was asked.
    pub fn renew(&mut self, planned: PlannedCell) {
        if self.pages == 0 && self.phase != Phase::OnTheWire {
            self.planned = planned;
        }
    }

    /// Counts a page; says why the chain must be taken for endless, if so.
    pub fn page_arrived(&mut self, settings: &Settings, page: &Answer<T>) -> Option<&'static str> {
        self.first_at.get_or_insert(page.at);
        self.tries = 0;
        self.refusals = 0;
        self.pages += 1;
        let news = page.events > 0 && self.contents_seen.insert(page.content);
        self.idle_pages = if news { 0 } else { self.idle_pages + 1 };
        if let Some(sample) = self.sample.as_mut().filter(|_| news) {
            sample.add(page.span);
        }
        match &page.next {
            Some(token) if !self.tokens_seen.insert(token.clone()) => Some("the same page token came twice"),
            Some(_) if self.pages >= settings.longest_chain => Some("there is no end of pages"),
            Some(_) if self.idle_pages >= settings.longest_idle => Some("page after page brings nothing new"),
            _ => None,
        }
    }

    /// The tiles to read in its place, if there shall be any; asked of after every page but the last.
    pub fn tiles(&mut self) -> Option<Vec<FetchWindow>> {
        let sample = self.sample.filter(|sample| sample.pages > 0)?;
        let verdict = tiling::judge(self.planned.ask, sample);
        if verdict != Verdict::Unsure {
            self.sample = None;
        }
        match verdict {
            Verdict::Cut(tiles) => Some(tiles),
            Verdict::Whole | Verdict::Unsure => None,
        }
    }

    pub fn end(&mut self) {
        self.phase = Phase::Ended;
        self.tokens_seen = HashSet::new();
        self.contents_seen = HashSet::new();
    }
}
