//! A chain that turns out to be long is cut into windows that can be read side by side. Pure.
//!
//! Pages of one chain come one after the other, each naming the next. The first page shows whether a chain is long, and
//! how dense its events are; where that would be a very long one, the second must say so too, because events come in
//! bursts. Then the *whole* window is tiled with chains of their own, because the order of pages is not documented and
//! "the rest" would be a guess; the events of the pages that were read come twice and are told by their id.

use chrono::{DateTime, Utc};

use crate::domain::time_range::FetchWindow;

/// What the first pages of a chain showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Whether the chain is a tile itself.
    pub of_tile: bool,
    pub pages: u32,
    /// The oldest and the newest event on them.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// What is to become of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is better read as it is.
    Whole,
    /// Another page has to be seen.
    Unsure,
    /// The tiles of its window, newest first.
    Cut(Vec<FetchWindow>),
}

impl Sample {
    /// Takes what another page showed.
    pub fn add(&mut self, span: Option<(DateTime<Utc>, DateTime<Utc>)>) {
        self.pages += 1;
        self.span = match (self.span, span) {
            (Some(known), Some(more)) => Some((known.0.min(more.0), known.1.max(more.1))),
            (known, more) => known.or(more),
        };
    }
}

/// Pages that a tile shall have: each tile costs a call that a longer chain would not.
const PAGES_PER_TILE: f64 = 4.0;
/// Chains with fewer pages, for each that was seen, are read to their end as they are; a tile is worth less than a whole
/// chain, since what was seen of it comes twice.
const SHORT: f64 = 4.0;
const SHORT_TILE: f64 = 8.0;
/// Tiles of one cut. A tile that is still long is cut again, by its own density.
const MOST: f64 = 16.0;
/// Pages that a single page may promise and be believed.
const CREDIBLE: f64 = 8.0;
/// When the first page is a sample of the whole window, it tells nothing about how many there are: one cut is tried, and
/// what comes of it is read as it is.
const BLIND: f64 = 4.0;
/// Share of the window from which on a page counts as such a sample.
const SAMPLE: f64 = 0.8;

/// What is to become of the chain of `window` behind these pages.
pub fn judge(window: FetchWindow, sample: Sample) -> Verdict {
    let minutes = window.minutes() as f64;
    let Some((from, until)) = sample.span else { return Verdict::Whole };
    let seen = (until - from).num_milliseconds() as f64 / 60_000.0;
    let blind = seen >= SAMPLE * minutes;
    if blind && (sample.of_tile || sample.pages > 1) {
        return Verdict::Whole;
    }
    let promised = minutes / seen.max(1.0 / 60.0) * f64::from(sample.pages);
    let pages = if blind { BLIND * PAGES_PER_TILE } else { promised };
    let short = if sample.of_tile { SHORT_TILE } else { SHORT };
    if pages < short * f64::from(sample.pages) {
        return Verdict::Whole;
    }
    if pages > CREDIBLE && sample.pages == 1 && !blind {
        return Verdict::Unsure;
    }
    let count = (pages / PAGES_PER_TILE).ceil().min(MOST).min(minutes) as i64;
    if count > 1 { Verdict::Cut(cut(window, count)) } else { Verdict::Whole }
}

/// Whole minutes, as even as they can be.
fn cut(window: FetchWindow, count: i64) -> Vec<FetchWindow> {
    let edge = |n: i64| window.start_minute() + window.minutes() * n / count;
    (0..count).rev().filter_map(|n| FetchWindow::from_minutes(edge(n), edge(n + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn window(minutes: i64) -> FetchWindow {
        FetchWindow::from_minutes(1_000, 1_000 + minutes).unwrap()
    }

    fn pages(pages: u32, from: f64, until: f64) -> Sample {
        let at = |minute: f64| window(1).start() + TimeDelta::milliseconds((minute * 60_000.0) as i64);
        Sample { of_tile: false, pages, span: Some((at(from), at(until))) }
    }

    fn page(from: f64, until: f64) -> Sample {
        pages(1, from, until)
    }

    fn tiles(window: FetchWindow, sample: Sample) -> Option<usize> {
        match judge(window, sample) {
            Verdict::Cut(tiles) => Some(tiles.len()),
            Verdict::Whole => None,
            Verdict::Unsure => Some(0),
        }
    }

    #[test]
    fn a_chain_is_cut_by_the_density_of_its_first_page() {
        // A page holds an hour, so six hours have about six pages.
        assert_eq!(tiles(window(6 * 60), page(0.0, 60.0)), Some(2));
        // A day would have 24 and be cut into 6, if the next page is as dense.
        assert_eq!(tiles(window(24 * 60), page(0.0, 60.0)), Some(0));
        assert_eq!(tiles(window(24 * 60), pages(2, 0.0, 120.0)), Some(6));
        assert_eq!(tiles(window(200), page(0.0, 60.0)), None);
        assert_eq!(tiles(window(400), Sample { of_tile: true, ..page(0.0, 60.0) }), None);
        assert_eq!(tiles(window(3), pages(2, 0.0, 0.001)), Some(3));
        assert_eq!(tiles(window(1), pages(2, 0.0, 0.1)), None);
        assert_eq!(tiles(window(60), Sample { pages: 1, ..Sample::default() }), None);
    }

    #[test]
    fn a_page_from_all_over_the_window_only_says_that_there_are_more() {
        assert_eq!(tiles(window(600), page(1.0, 598.0)), Some(4));
    }

    #[test]
    fn a_burst_alone_makes_no_long_chain() {
        let day = window(24 * 60);
        let mut seen = page(700.0, 702.0);
        assert_eq!(judge(day, seen), Verdict::Unsure);
        // The next page reaches over the rest of the day: that was the burst.
        seen.add(page(702.0, 1_400.0).span);
        assert_eq!((seen.pages, tiles(day, seen)), (2, None));
        let mut dense = page(700.0, 702.0);
        dense.add(page(702.0, 704.0).span);
        assert_eq!(tiles(day, dense), Some(16));
    }

    proptest! {
        #[test]
        fn tiles_cover_the_window_exactly(minutes in 1i64..100_000, from in 0.0f64..1.0, length in 0.0f64..1.0) {
            let window = window(minutes);
            let from = from * minutes as f64;
            if let Verdict::Cut(tiles) = judge(window, pages(2, from, from + length * minutes as f64)) {
                prop_assert!(window.minus(&tiles).is_empty());
                prop_assert_eq!(tiles.iter().map(|tile| tile.minutes()).sum::<i64>(), minutes);
                prop_assert!(tiles.is_sorted_by(|newer, older| newer > older));
            }
        }
    }
}
