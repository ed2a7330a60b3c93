//! The thread that takes pages and publishes what is held.
//!
//! Inputs are applied strictly in the order in which they were sent, and the snapshot and the ledger are published as
//! one value. So a cell that was sent as complete after its last page is never seen complete without that page.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use arc_swap::ArcSwap;
use chrono::TimeDelta;
use tokio::sync::mpsc;

use super::builder::{IndexBuilder, IndexOptions};
use super::refusals::Refusals;
use super::snapshot::Snapshot;
use super::store::yield_to_others;
use crate::domain::lateness::Added;
use crate::domain::ledger::{CellUpdate, Change, Ledger};
use crate::domain::page::Page;

/// Inputs waiting at most. A page of an answer is about 350 kB, one out of a file up to 2 MiB, and they are accounted for
/// nowhere.
const QUEUE: usize = 16;

/// How much is applied before it is published while more is waiting. A few frames of work, told by its amount because no
/// clock is read here.
const EVENTS_PER_PUBLICATION: usize = 2_048;
const INPUTS_PER_PUBLICATION: usize = 256;

/// How much of the text index is made before it is published; a step is about a millisecond.
const TEXT_STEPS_PER_PUBLICATION: usize = 256;

/// Something for the index to take.
#[derive(Clone, Debug)]
pub enum Input {
    Page(Page),
    /// Pages do not count themselves in the ledger; who reads them says so (`Change::Page`).
    Update(CellUpdate),
    /// What was read before, by others; it takes the place of what was known of any cell.
    Ledger(Box<Ledger>),
    /// Nothing more is expected for now: while that is true, what is held is put into its final order.
    Idle,
}

/// What is held at one moment, and how much of what was asked that is.
#[derive(Clone, Debug)]
pub struct Holdings {
    pub snapshot: Arc<Snapshot>,
    pub ledger: Arc<Ledger>,
}

/// The thread has ended; nothing is taken any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the index takes no more pages")]
pub struct Stopped;

/// The index and its thread. Dropping it stops the thread; what was not published by then is lost.
pub struct Ingest {
    shared: Arc<Shared>,
    sender: mpsc::Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    holdings: ArcSwap<Holdings>,
    pending: AtomicUsize,
    stop: AtomicBool,
}

enum Message {
    Input(Input),
    Stop,
}

impl Ingest {
    /// `settling`: see [`Ledger::new`]. `wake` is called on the ingest thread after every publication; it must not wait.
    pub fn start(options: impl Into<IndexOptions>, settling: TimeDelta, wake: Box<dyn Fn() + Send>) -> Self {
        let options = options.into();
        let refusals = Refusals::new(options.max_memory);
        let builder = IndexBuilder::new(options);
        let ledger = Arc::new(Ledger::new(settling));
        let worker = Worker { builder, refusals, ledger, wake, is_idle: false };
        Self::start_with(worker)
    }

    fn start_with(mut worker: Worker) -> Self {
        let shared = Arc::new(Shared {
            holdings: ArcSwap::from(worker.holdings()),
            pending: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let (sender, receiver) = mpsc::channel(QUEUE);
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || worker.run(receiver, &shared)
        });
        Self { shared, sender, thread: Some(thread) }
    }

    pub fn sender(&self) -> IngestSender {
        IngestSender { sender: self.sender.clone(), shared: Arc::clone(&self.shared) }
    }

    /// What was published last.
    pub fn holdings(&self) -> Arc<Holdings> {
        self.shared.holdings.load_full()
    }

    /// Inputs taken but not published yet. When this is 0, [`holdings`](Self::holdings) has everything that was sent.
    pub fn pending(&self) -> usize {
        self.shared.pending.load(Ordering::Acquire)
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        // A full queue wakes the thread as well as this message would.
        let _ = self.sender.try_send(Message::Stop);
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

/// Hands inputs to the index; clone it freely.
#[derive(Clone)]
pub struct IngestSender {
    sender: mpsc::Sender<Message>,
    shared: Arc<Shared>,
}

impl IngestSender {
    /// As [`Ingest::holdings`].
    pub fn holdings(&self) -> Arc<Holdings> {
        self.shared.holdings.load_full()
    }

    /// Waits while the queue is full, without holding up the runtime.
    pub async fn send(&self, input: Input) -> Result<(), Stopped> {
        let permit = self.sender.reserve().await.map_err(|_| Stopped)?;
        self.shared.pending.fetch_add(1, Ordering::AcqRel);
        permit.send(Message::Input(input));
        Ok(())
    }

    /// As [`send`](Self::send), for code outside of a runtime.
    pub fn blocking_send(&self, input: Input) -> Result<(), Stopped> {
        self.shared.pending.fetch_add(1, Ordering::AcqRel);
        self.sender.blocking_send(Message::Input(input)).map_err(|_| {
            self.shared.pending.fetch_sub(1, Ordering::AcqRel);
            Stopped
        })
    }
}

struct Worker {
    builder: IndexBuilder,
    refusals: Refusals,
    ledger: Arc<Ledger>,
    wake: Box<dyn Fn() + Send>,
    /// The last input said that no more is expected.
    is_idle: bool,
}

impl Worker {
    fn run(mut self, mut inputs: mpsc::Receiver<Message>, shared: &Shared) {
        // Keys and frames come first where cores are few.
        yield_to_others();
        while let Some(message) = inputs.blocking_recv() {
            let Some(applied) = self.apply_waiting(message, &mut inputs, shared) else { return };
            self.publish(shared);
            let is_idle = || inputs.is_empty() && !shared.stop.load(Ordering::Acquire);
            let is_settled = self.is_idle && self.settle(is_idle, shared);
            shared.pending.fetch_sub(applied, Ordering::AcqRel);
            if is_settled {
                self.index_text(is_idle, shared);
            }
        }
    }

    /// Puts what is held into its final order, while nothing comes; whether it got to the end.
    fn settle(&mut self, is_idle: impl Fn() -> bool, shared: &Shared) -> bool {
        while is_idle() {
            if self.builder.settle().is_none() {
                // What it takes has changed, what is held has not.
                shared.holdings.store(self.holdings());
                return true;
            }
            self.publish(shared);
        }
        false
    }

    /// While nothing comes. Nobody is told: it changes nothing of what is held.
    fn index_text(&mut self, is_idle: impl Fn() -> bool, shared: &Shared) {
        let mut steps = 0;
        while is_idle() && self.builder.index_text() {
            steps += 1;
            if steps % TEXT_STEPS_PER_PUBLICATION == 0 {
                shared.holdings.store(self.holdings());
            }
        }
        if steps > 0 {
            shared.holdings.store(self.holdings());
        }
    }

    /// The listener comes before the count goes down: whoever sees nothing pending must find its own work begun.
    fn publish(&mut self, shared: &Shared) {
        shared.holdings.store(self.holdings());
        (self.wake)();
    }

    /// Applies `message` and what else is waiting, up to the amount of one publication. The number of inputs applied;
    /// `None` when it is time to stop.
    fn apply_waiting(
        &mut self,
        message: Message,
        inputs: &mut mpsc::Receiver<Message>,
        shared: &Shared,
    ) -> Option<usize> {
        let (mut applied, mut events) = (0, 0);
        let mut next = Some(message);
        while let Some(message) = next {
            let Message::Input(input) = message else { return None };
            if shared.stop.load(Ordering::Acquire) {
                return None;
            }
            applied += 1;
            self.is_idle = matches!(input, Input::Idle);
            events += self.apply(input);
            let enough = applied >= INPUTS_PER_PUBLICATION || events >= EVENTS_PER_PUBLICATION;
            next = if enough { None } else { inputs.try_recv().ok() };
        }
        Some(applied)
    }

    /// The number of events in the input.
    fn apply(&mut self, input: Input) -> usize {
        match input {
            Input::Page(page) => {
                let before = self.builder.totals().refused;
                let Added { events, late } = self.builder.insert_page(&page);
                if let Some(update) = self.refusals.add(&page.cell, self.builder.totals().refused - before) {
                    self.note(update);
                }
                // The first read of a window is counted by whoever reads it.
                if page.read_at.is_some() && events > 0 {
                    self.note(CellUpdate { key: page.cell.clone(), change: Change::Added { events, late } });
                }
                page.len()
            }
            Input::Update(update) => {
                let update = self.refusals.judge(update);
                self.note(update);
                0
            }
            Input::Ledger(ledger) => {
                self.ledger = Arc::new(*ledger);
                0
            }
            Input::Idle => 0,
        }
    }

    fn note(&mut self, update: CellUpdate) {
        Arc::make_mut(&mut self.ledger).apply(update);
    }

    fn holdings(&mut self) -> Arc<Holdings> {
        Arc::new(Holdings { snapshot: self.builder.snapshot(), ledger: Arc::clone(&self.ledger) })
    }
}
