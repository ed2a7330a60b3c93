//! The thread that counts what facets, the pivot menu and the palette ask for, a part at a time, and tells each part. A newer question
//! cancels the one before; once nobody asks any more, all that was kept for the next one is given up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::app::effect::CountRequest;
use crate::app::facets::count::FacetCounter;
use crate::app::message::Message;
use crate::app::pivot::count::PivotCounter;
use crate::query::Cancel;

/// How long is counted before what is known is told.
const PART: Duration = Duration::from_millis(50);

/// Hands questions to the thread. Dropping it ends the thread.
pub struct Counter {
    jobs: mpsc::Sender<Option<CountRequest>>,
    cancel: Arc<Mutex<Cancel>>,
    pending: Arc<AtomicUsize>,
}

impl Counter {
    /// `tell` is called on the thread with every part.
    pub fn start(tell: impl Fn(Message) + Send + 'static) -> Self {
        let (jobs, inbox) = mpsc::channel();
        let (cancel, pending) = (Arc::new(Mutex::new(Cancel::new())), Arc::default());
        let worker = Worker { inbox, cancel: Arc::clone(&cancel), pending: Arc::clone(&pending), taken: 0 };
        thread::spawn(move || worker.run(tell));
        Self { jobs, cancel, pending }
    }

    /// Counts this from now on, `None`: nothing.
    pub fn ask(&self, request: Option<CountRequest>) {
        self.pending.fetch_add(1, Ordering::SeqCst);
        if self.jobs.send(request).is_err() {
            self.pending.fetch_sub(1, Ordering::SeqCst);
        }
        // After it was sent: whoever is cancelled must find it.
        lock(&self.cancel).cancel();
    }

    /// Questions not answered yet.
    pub fn pending(&self) -> usize {
        self.pending.load(Ordering::SeqCst)
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.ask(None);
    }
}

struct Worker {
    inbox: mpsc::Receiver<Option<CountRequest>>,
    cancel: Arc<Mutex<Cancel>>,
    pending: Arc<AtomicUsize>,
    /// Of the pending ones, those that what is being counted answers.
    taken: usize,
}

impl Worker {
    fn run(mut self, tell: impl Fn(Message)) {
        let mut counters = Counters::default();
        while let Ok(mut asked) = self.inbox.recv() {
            self.taken += 1;
            loop {
                // Taken before the last questions are looked at: one that comes later cancels this.
                let cancel = Cancel::new();
                *lock(&self.cancel) = cancel.clone();
                for job in self.inbox.try_iter() {
                    (asked, self.taken) = (job, self.taken + 1);
                }
                let Some(request) = &asked else {
                    counters = Counters::default();
                    break;
                };
                // The question that cancelled it is among those that were taken, or comes next.
                let Some((answer, is_last)) = counters.count(request, &cancel) else { continue };
                tell(answer);
                if is_last {
                    break;
                }
            }
            self.pending.fetch_sub(std::mem::take(&mut self.taken), Ordering::SeqCst);
        }
    }
}

#[derive(Default)]
struct Counters {
    facets: FacetCounter,
    pivot: PivotCounter,
}

impl Counters {
    /// A part of the answer, and whether it is the last one.
    fn count(&mut self, request: &CountRequest, cancel: &Cancel) -> Option<(Message, bool)> {
        let began = Instant::now();
        let mut enough = || began.elapsed() > PART;
        match request {
            CountRequest::Facets(request) => {
                let answer = self.facets.count(request, cancel, &mut enough)?;
                let is_last = answer.is_last;
                Some((Message::FacetsCounted(Box::new(answer)), is_last))
            }
            CountRequest::Pivot(request) => {
                let answer = self.pivot.count(request, cancel, &mut enough)?;
                let is_last = answer.is_last;
                Some((Message::PivotCounted(Box::new(answer)), is_last))
            }
            CountRequest::Values(request) => Some((Message::ValuesFound(request.find(cancel)?), true)),
        }
    }
}

fn lock(cancel: &Mutex<Cancel>) -> MutexGuard<'_, Cancel> {
    cancel.lock().unwrap_or_else(PoisonError::into_inner)
}
