//! The thread that answers "what is on screen now": selects, counts, draws up the histogram and weighs the facts, whenever
//! what is held or what is asked changes. A newer question cancels the one before. Where events must be read for an
//! answer, it tells what it has found so far, and goes on. What is held may change thousands of times a minute: after a
//! view the thread rests for as long as it took, unless a question comes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::app::effect::SelectRequest;
use crate::app::facts::Facts;
use crate::app::view::View;
use crate::index::Holdings;
use crate::query::{Cancel, Order, Selection, select, select_some, why_none};

/// How long events are searched before what was found is shown.
const SEARCH: Duration = Duration::from_millis(50);

/// Hands questions to the thread. Dropping it ends the thread.
pub struct Viewer {
    jobs: mpsc::Sender<Job>,
    cancel: Arc<Mutex<Cancel>>,
    pending: Arc<AtomicUsize>,
}

/// Says that what is held has changed; cheap to clone.
#[derive(Clone)]
pub struct Waker {
    jobs: mpsc::Sender<Job>,
    pending: Arc<AtomicUsize>,
}

enum Job {
    Ask(Box<SelectRequest>),
    HoldingsChanged,
}

impl Viewer {
    /// A waker to give away before the thread starts, because what is held and who looks at it need each other.
    pub fn channel() -> (Waker, Inbox) {
        let (jobs, receiver) = mpsc::channel();
        let waker = Waker { jobs, pending: Arc::default() };
        (waker, Inbox(receiver))
    }

    /// `holdings` gives what was published last; `show` is called on this thread with every new view.
    pub fn start(
        waker: &Waker,
        inbox: Inbox,
        holdings: impl Fn() -> Arc<Holdings> + Send + 'static,
        show: impl Fn(View) + Send + 'static,
    ) -> Self {
        let cancel = Arc::new(Mutex::new(Cancel::new()));
        let worker = Worker {
            inbox,
            pending: Arc::clone(&waker.pending),
            cancel: Arc::clone(&cancel),
            asked: None,
            selected: None,
            totals: None,
            spent: Duration::ZERO,
        };
        thread::spawn(move || worker.run(holdings, show));
        Self { jobs: waker.jobs.clone(), cancel, pending: Arc::clone(&waker.pending) }
    }

    /// From now on, views answer this.
    pub fn ask(&self, request: SelectRequest) {
        self.pending.fetch_add(1, Ordering::SeqCst);
        if self.jobs.send(Job::Ask(Box::new(request))).is_err() {
            self.pending.fetch_sub(1, Ordering::SeqCst);
        }
        // After it was sent: whoever is cancelled must find it.
        lock(&self.cancel).cancel();
    }

    /// Questions and changes not answered yet.
    pub fn pending(&self) -> usize {
        self.pending.load(Ordering::SeqCst)
    }
}

impl Waker {
    pub fn wake(&self) {
        self.pending.fetch_add(1, Ordering::SeqCst);
        if self.jobs.send(Job::HoldingsChanged).is_err() {
            self.pending.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Where jobs wait for the thread.
pub struct Inbox(mpsc::Receiver<Job>);

/// Jobs that one view answers.
#[derive(Default)]
struct Jobs {
    count: usize,
    /// The newest question among them.
    asked: Option<Box<SelectRequest>>,
}

impl Jobs {
    fn add(&mut self, job: Job) {
        self.count += 1;
        if let Job::Ask(request) = job {
            self.asked = Some(request);
        }
    }

    fn add_waiting(&mut self, inbox: &Inbox) {
        inbox.0.try_iter().for_each(|job| self.add(job));
    }
}

impl Inbox {
    /// Waits for something to do, and then on until `rested` or a question. `None` when nothing can come any more.
    fn gather(&self, rested: Instant) -> Option<Jobs> {
        let mut jobs = Jobs::default();
        jobs.add(self.0.recv().ok()?);
        while jobs.asked.is_none() {
            let left = rested.saturating_duration_since(Instant::now());
            match self.0.recv_timeout(left) {
                Ok(job) => jobs.add(job),
                Err(_) => break,
            }
        }
        Some(jobs)
    }
}

struct Worker {
    inbox: Inbox,
    pending: Arc<AtomicUsize>,
    cancel: Arc<Mutex<Cancel>>,
    asked: Option<SelectRequest>,
    selected: Option<Arc<Selection>>,
    totals: Option<Arc<Selection>>,
    /// What selecting has taken, over all views of one answer.
    spent: Duration,
}

impl Worker {
    fn run(mut self, holdings: impl Fn() -> Arc<Holdings>, show: impl Fn(View)) {
        let mut rested = Instant::now();
        while let Some(mut jobs) = self.inbox.gather(rested) {
            let began = Instant::now();
            loop {
                // Taken before the last jobs are looked at: a question that comes later cancels this.
                let cancel = Cancel::new();
                *lock(&self.cancel) = cancel.clone();
                jobs.add_waiting(&self.inbox);
                self.asked = jobs.asked.take().map(|request| *request).or(self.asked);
                match self.view(&holdings(), &cancel) {
                    Some(view) => {
                        let goes_on = !view.selection.is_complete();
                        // Of a view with rows there is nothing to explain.
                        let empty = (!goes_on && view.selection.is_empty()).then(|| view.clone());
                        show(view);
                        if goes_on {
                            continue;
                        }
                        if let Some(explained) = empty.and_then(|view| self.explained(view, &cancel)) {
                            show(explained);
                        } else if cancel.is_cancelled() {
                            continue;
                        }
                    }
                    // The question that cancelled this may be among the jobs already: nobody else would answer it.
                    None if self.asked.is_some() => continue,
                    None => {}
                }
                break;
            }
            rested = Instant::now() + began.elapsed();
            self.pending.fetch_sub(jobs.count, Ordering::SeqCst);
        }
    }

    /// `None` when nothing was asked yet, or when a newer question is there.
    fn view(&mut self, holdings: &Holdings, cancel: &Cancel) -> Option<View> {
        let began = Instant::now();
        let asked = self.asked.as_ref()?;
        let Holdings { snapshot, ledger } = holdings;
        let mut enough = || began.elapsed() > SEARCH;
        let before = self.selected.as_deref();
        let selection = select_some(snapshot, &asked.query, asked.order, before, cancel, &mut enough)?;
        let goes_on = before.is_some_and(|before| !before.is_complete() && before.query() == selection.query());
        self.spent = if goes_on { self.spent } else { Duration::ZERO } + began.elapsed();
        let selection = Arc::new(selection);
        self.selected = Some(Arc::clone(&selection));
        let totals = Arc::new(select(snapshot, &asked.totals, Order::default(), self.totals.as_deref(), cancel)?);
        self.totals = Some(Arc::clone(&totals));
        let about = &asked.about;
        let histogram = selection.histogram(about.range, about.columns);
        Some(View {
            generation: asked.generation,
            snapshot: Arc::clone(snapshot),
            histogram,
            selection,
            facts: Arc::new(Facts::new(ledger, &totals, about)),
            totals,
            ledger: Arc::clone(ledger),
            why: None,
            elapsed: self.spent,
        })
    }

    /// The same view with why nothing matches, where that can be told.
    fn explained(&self, view: View, cancel: &Cancel) -> Option<View> {
        let asked = self.asked.as_ref()?;
        let why = why_none(&view.snapshot, &asked.totals, &asked.terms, cancel)?;
        Some(View { why: Some(Arc::new(why)), ..view })
    }
}

fn lock(cancel: &Mutex<Cancel>) -> MutexGuard<'_, Cancel> {
    cancel.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::{Stage, ledger};

    fn inbox(jobs: Vec<Job>) -> (mpsc::Sender<Job>, Inbox) {
        let (sender, receiver) = mpsc::channel();
        for job in jobs {
            sender.send(job).unwrap();
        }
        (sender, Inbox(receiver))
    }

    fn question(generation: u64) -> Job {
        let request = Stage::new(ledger(&[])).last_select();
        Job::Ask(Box::new(SelectRequest { generation, ..request }))
    }

    #[test]
    fn a_question_ends_the_rest() {
        let (_sender, inbox) = inbox(vec![Job::HoldingsChanged, Job::HoldingsChanged, question(1), question(2)]);
        let mut jobs = inbox.gather(Instant::now() + Duration::from_hours(1)).unwrap();
        assert_eq!((jobs.count, jobs.asked.as_ref().unwrap().generation), (3, 1));
        jobs.add_waiting(&inbox);
        assert_eq!((jobs.count, jobs.asked.unwrap().generation), (4, 2));
    }

    #[test]
    fn changes_are_gathered_and_the_end_is_no_reason_to_wait() {
        let (sender, inbox) = inbox(vec![Job::HoldingsChanged, Job::HoldingsChanged]);
        drop(sender);
        let jobs = inbox.gather(Instant::now() + Duration::from_hours(1)).unwrap();
        assert!(jobs.count == 2 && jobs.asked.is_none());
        assert!(inbox.gather(Instant::now()).is_none());
    }
}
