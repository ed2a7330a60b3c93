//! The thread that answers "what is on screen now": selects, counts and draws up the histogram, whenever what is held or
//! what is asked changes. A newer question cancels the one before.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Instant;

use crate::app::effect::SelectRequest;
use crate::app::view::View;
use crate::index::Holdings;
use crate::query::{Cancel, Selection, select};

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
        };
        thread::spawn(move || worker.run(holdings, show));
        Self { jobs: waker.jobs.clone(), cancel, pending: Arc::clone(&waker.pending) }
    }

    /// From now on, views answer this.
    pub fn ask(&self, request: SelectRequest) {
        lock(&self.cancel).cancel();
        self.pending.fetch_add(1, Ordering::SeqCst);
        if self.jobs.send(Job::Ask(Box::new(request))).is_err() {
            self.pending.fetch_sub(1, Ordering::SeqCst);
        }
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

struct Worker {
    inbox: Inbox,
    pending: Arc<AtomicUsize>,
    cancel: Arc<Mutex<Cancel>>,
    asked: Option<SelectRequest>,
    selected: Option<Arc<Selection>>,
    totals: Option<Arc<Selection>>,
}

impl Worker {
    fn run(mut self, holdings: impl Fn() -> Arc<Holdings>, show: impl Fn(View)) {
        while let Ok(job) = self.inbox.0.recv() {
            let mut jobs = 1;
            // Taken before the jobs are looked at: a question that comes later cancels this.
            let cancel = Cancel::new();
            *lock(&self.cancel) = cancel.clone();
            self.note(job);
            while let Ok(job) = self.inbox.0.try_recv() {
                jobs += 1;
                self.note(job);
            }
            if let Some(view) = self.view(&holdings(), &cancel) {
                show(view);
            }
            self.pending.fetch_sub(jobs, Ordering::SeqCst);
        }
    }

    fn note(&mut self, job: Job) {
        if let Job::Ask(request) = job {
            self.asked = Some(*request);
        }
    }

    /// `None` when nothing was asked yet, or when a newer question is there.
    fn view(&mut self, holdings: &Holdings, cancel: &Cancel) -> Option<View> {
        let began = Instant::now();
        let asked = self.asked.as_ref()?;
        let Holdings { snapshot, ledger } = holdings;
        let selection = Arc::new(select(snapshot, &asked.query, asked.order, self.selected.as_deref(), cancel)?);
        self.selected = Some(Arc::clone(&selection));
        let totals = Arc::new(select(snapshot, &asked.totals, asked.order, self.totals.as_deref(), cancel)?);
        self.totals = Some(Arc::clone(&totals));
        Some(View {
            generation: asked.generation,
            snapshot: Arc::clone(snapshot),
            histogram: selection.histogram(asked.range, asked.buckets),
            selection,
            totals,
            ledger: Arc::clone(ledger),
            elapsed: began.elapsed(),
        })
    }
}

fn lock(cancel: &Mutex<Cancel>) -> MutexGuard<'_, Cancel> {
    cancel.lock().unwrap_or_else(PoisonError::into_inner)
}
