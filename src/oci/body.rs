//! Bodies of answers: how much of them is held at once, and how long they are waited for.
//!
//! Calls are many and pages usually small, but nothing in the API says so. Up to [`SMALL`] a body needs no leave; what is
//! larger needs the one place that there is for large ones, and keeps it until it is dropped, by whoever got it. While it
//! waits nothing more of it is read, so the service waits as well. The bodies of a client are therefore never more than
//! [`SMALL`] for each call and page on its way, and once [`MAX_BODY`].

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// The most bytes that an answer may have after unpacking.
pub const MAX_BODY: usize = 128 << 20;
/// What a body may have without the place for large ones; a page of a hundred events has 0.3 MB.
pub(super) const SMALL: usize = 2 << 20;

/// The place for large bodies.
pub(super) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Room {
    /// Waits until `body` may grow beyond [`SMALL`]; says how long that took.
    pub async fn admit(&self, body: &mut Body) -> Duration {
        let asked = Instant::now();
        if body.place.is_none() {
            // Never closed, so there is always a place in the end.
            body.place = Arc::clone(&self.0).acquire_owned().await.ok();
        }
        asked.elapsed()
    }
}

/// The bytes of an answer. A large one is the only large one until it is dropped.
#[derive(Default)]
pub(super) struct Body {
    bytes: Vec<u8>,
    place: Option<OwnedSemaphorePermit>,
}

impl Body {
    pub fn extend(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.bytes.len())
    }
}

/// How long an answer is waited for.
pub(super) struct Patience {
    silence: Duration,
    per_kib: Duration,
    /// Bytes since the last full KiB, and by when the next one has to be there: a byte now and then is no silence.
    since: usize,
    kib_due: Option<Instant>,
    end: Instant,
}

impl Patience {
    /// From now on: the longest silence, the longest wait for a KiB, the longest for all of it.
    pub fn new(silence: Duration, per_kib: Duration, all: Duration) -> Self {
        Self { silence, per_kib, since: 0, kib_due: None, end: Instant::now() + all }
    }

    /// What comes next, or why it is waited for no longer.
    pub async fn wait_for<T>(&mut self, next: impl Future<Output = T>) -> Result<T, &'static str> {
        let now = Instant::now();
        let limits = [
            Some((now + self.silence, "no answer, or none that goes on")),
            self.kib_due.map(|due| (due, "its answer trickles")),
            Some((self.end, "its answer has no end")),
        ];
        let (limit, why) = limits.into_iter().flatten().min().unwrap_or((self.end, ""));
        let next = timeout_at(limit, next).await.map_err(|_| why);
        self.kib_due.get_or_insert_with(|| Instant::now() + self.per_kib);
        next
    }

    pub fn received(&mut self, bytes: usize) {
        self.since += bytes;
        if self.since >= 1024 {
            self.since = 0;
            self.kib_due = Some(Instant::now() + self.per_kib);
        }
    }

    /// Time in which we did not read is not the service's.
    pub fn forgive(&mut self, waited: Duration) {
        self.end += waited;
        self.kib_due = self.kib_due.map(|due| due + waited);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn there_is_one_large_body_at_a_time_whoever_holds_it() {
        let room = Room::default();
        let (mut first, mut second) = (Body::default(), Body::default());
        room.admit(&mut first).await;
        room.admit(&mut first).await;
        assert!(room.admit(&mut second).now_or_never().is_none(), "the place is taken");
        let page: Arc<dyn AsRef<[u8]>> = Arc::new(first);
        let copy = Arc::clone(&page);
        drop(page);
        assert!(room.admit(&mut second).now_or_never().is_none(), "a copy of it is still held");
        drop(copy);
        assert!(room.admit(&mut second).now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_room_is_not_held_against_the_service() {
        let second = Duration::from_secs(1);
        let mut patience = Patience::new(5 * second, 10 * second, 20 * second);
        patience.wait_for(async {}).await.unwrap();
        let room = Room::default();
        let (mut held, mut body) = (Body::default(), Body::default());
        room.admit(&mut held).await;
        let release = async {
            tokio::time::sleep(60 * second).await;
            drop(held);
        };
        let (waited, ()) = tokio::join!(room.admit(&mut body), release);
        assert!(waited >= 60 * second, "{waited:?}");
        patience.forgive(waited);
        patience.wait_for(tokio::time::sleep(second)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn silence_trickling_and_endlessness_have_an_end() {
        let second = Duration::from_secs(1);
        let patience = || Patience::new(5 * second, 10 * second, 20 * second);
        let silent = patience().wait_for(std::future::pending::<()>()).await;
        assert_eq!(silent, Err("no answer, or none that goes on"));
        for (bytes, why, after) in [(1, "its answer trickles", 10), (1024, "its answer has no end", 20)] {
            let (mut patience, began) = (patience(), Instant::now());
            let ended = loop {
                match patience.wait_for(tokio::time::sleep(second)).await {
                    Ok(()) => patience.received(bytes),
                    Err(ended) => break ended,
                }
            };
            assert_eq!(ended, why);
            let took = began.elapsed();
            assert!((after * second..=(after + 1) * second).contains(&took), "{took:?}");
        }
    }
}
