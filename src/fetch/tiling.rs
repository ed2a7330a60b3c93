//! A chain that turns out to be long is cut into windows that can be read side by side. Pure.
//!
//! Pages of one chain come one after the other, each naming the next. The first page shows whether a chain is long, and
//! how dense its events are. Then the *whole* window is tiled with chains of their own, because the order of pages is not
//! documented and "the rest" would be a guess; the events of the first page come twice and are told by their id.

use chrono::{DateTime, Utc};

use crate::domain::time_range::FetchWindow;

/// What the first page of a chain showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstPage {
    /// Whether the chain is a tile itself.
    pub of_tile: bool,
    /// The oldest and the newest event on it.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// Pages that a tile shall have: each tile costs a call that a longer chain would not.
const PAGES_PER_TILE: f64 = 4.0;
/// Chains with fewer pages are read to their end as they are; a tile is worth less than a whole chain, since the first
/// page of what is cut comes twice.
const SHORT: f64 = 4.0;
const SHORT_TILE: f64 = 8.0;
/// Tiles of one cut. A tile that is still long is cut again, by its own density.
const MOST: f64 = 32.0;
/// When the first page is a sample of the whole window, it tells nothing about how many there are: one cut is tried, and
/// what comes of it is read as it is.
const BLIND: f64 = 4.0;
/// Share of the window from which on a page counts as such a sample.
const SAMPLE: f64 = 0.8;

/// The tiles of `window`, newest first; `None` when it is better read as it is.
pub fn tiles(window: FetchWindow, first: FirstPage) -> Option<Vec<FetchWindow>> {
    let minutes = window.minutes() as f64;
    let seen = first.span.map(|(from, until)| (until - from).num_milliseconds() as f64 / 60_000.0)?;
    let blind = seen >= SAMPLE * minutes;
    if blind && first.of_tile {
        return None;
    }
    let pages = if blind { BLIND * PAGES_PER_TILE } else { minutes / seen.max(1.0 / 60.0) };
    if pages < if first.of_tile { SHORT_TILE } else { SHORT } {
        return None;
    }
    let count = (pages / PAGES_PER_TILE).ceil().min(MOST).min(minutes) as i64;
    (count > 1).then(|| cut(window, count))
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

    fn page(from: f64, until: f64) -> FirstPage {
        let at = |minute: f64| window(1).start() + TimeDelta::milliseconds((minute * 60_000.0) as i64);
        FirstPage { of_tile: false, span: Some((at(from), at(until))) }
    }

    #[test]
    fn a_chain_is_cut_by_the_density_of_its_first_page() {
        // A page holds an hour, so a day has about 24 pages and is cut into 6.
        assert_eq!(tiles(window(24 * 60), page(0.0, 60.0)).unwrap().len(), 6);
        assert_eq!(tiles(window(200), page(0.0, 60.0)), None);
        assert_eq!(tiles(window(400), FirstPage { of_tile: true, ..page(0.0, 60.0) }), None);
        assert_eq!(tiles(window(3), page(0.0, 0.001)).unwrap().len(), 3);
        assert_eq!(tiles(window(1), page(0.0, 0.1)), None);
        assert_eq!(tiles(window(60), FirstPage { of_tile: false, span: None }), None);
    }

    #[test]
    fn a_page_from_all_over_the_window_only_says_that_there_are_more() {
        assert_eq!(tiles(window(600), page(1.0, 598.0)).unwrap().len(), 4);
    }

    proptest! {
        #[test]
        fn tiles_cover_the_window_exactly(minutes in 1i64..100_000, from in 0.0f64..1.0, length in 0.0f64..1.0) {
            let window = window(minutes);
            let from = from * minutes as f64;
            if let Some(tiles) = tiles(window, page(from, from + length * minutes as f64)) {
                prop_assert!(window.minus(&tiles).is_empty());
                prop_assert_eq!(tiles.iter().map(|tile| tile.minutes()).sum::<i64>(), minutes);
                prop_assert!(tiles.is_sorted_by(|newer, older| newer > older));
            }
        }
    }
}
