//! How long something takes.

use std::time::{Duration, Instant};

/// The median of some rounds, each of which is told its number.
pub fn median(rounds: usize, mut work: impl FnMut(usize)) -> Duration {
    let mut took: Vec<Duration> = (0..rounds)
        .map(|round| {
            let began = Instant::now();
            work(round);
            began.elapsed()
        })
        .collect();
    took.sort();
    took[rounds / 2]
}
