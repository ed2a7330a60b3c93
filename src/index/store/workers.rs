//! The threads that pack blocks while the next ones fill.
//!
//! They work at a lower priority: when cores are few, keys and frames come first, and packing late costs nothing but a
//! block that stays plain for a while.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::codec::{Encoder, kept_plain};
use super::pack::{Block, PackedBlock, Plain};
use super::primer::{PrimerId, Primers};

/// Blocks waiting for each worker; a block is about 225 kB.
const WAITING: usize = 2;

/// A block to pack.
pub(super) struct Job {
    pub number: u32,
    pub block: Arc<Block>,
    pub primers: Arc<Primers>,
}

/// A block that is packed; `None` when that was not possible.
pub(super) struct Done {
    pub number: u32,
    pub packed: Option<PackedBlock>,
}

/// Packs blocks on the thread that has it.
pub(super) struct Packer {
    encoder: Option<Encoder>,
}

impl Packer {
    pub fn new() -> Self {
        Self { encoder: Encoder::new() }
    }

    /// What else is to be computed from all events of a block belongs here, and into [`Done`].
    pub fn pack(&mut self, job: &Job) -> Done {
        let packed = job.block.plain().and_then(|plain| self.packed(plain, &job.primers, job.primers.best()));
        Done { number: job.number, packed }
    }

    fn packed(&mut self, plain: &Plain, primers: &Primers, with: PrimerId) -> Option<PackedBlock> {
        let bytes = match &mut self.encoder {
            Some(encoder) => encoder.pack(plain.small(), primers, with),
            None => kept_plain(plain.small()),
        };
        Some(PackedBlock { bytes: bytes?, large: plain.large() })
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.encoder.as_ref().map_or(0, Encoder::bytes)
    }
}

/// They end when this is dropped.
pub(super) struct Workers {
    jobs: SyncSender<Job>,
    done: Receiver<Done>,
    under_way: usize,
    held: Arc<AtomicUsize>,
}

impl Workers {
    /// `None` when no thread can be had.
    pub fn start(count: usize) -> Option<Self> {
        let (jobs, waiting) = sync_channel(WAITING * count);
        let (finished, done) = channel();
        let (waiting, held) = (Arc::new(Mutex::new(waiting)), Arc::new(AtomicUsize::new(0)));
        let mut started = 0;
        for _ in 0..count {
            let (waiting, finished, held) = (Arc::clone(&waiting), finished.clone(), Arc::clone(&held));
            let thread = thread::Builder::new().name("pack".into());
            started += usize::from(thread.spawn(move || work(&waiting, &finished, &held)).is_ok());
        }
        (started > 0).then_some(Self { jobs, done, under_way: 0, held })
    }

    /// Gives the job back when enough of them are waiting.
    pub fn offer(&mut self, job: Job) -> Option<Job> {
        match self.jobs.try_send(job) {
            Ok(()) => {
                self.under_way += 1;
                None
            }
            Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) => Some(job),
        }
    }

    /// A block that is done by now.
    pub fn try_done(&mut self) -> Option<Done> {
        let done = self.done.try_recv().ok()?;
        self.under_way -= 1;
        Some(done)
    }

    /// The next block that is done; `None` when none is under way.
    pub fn wait(&mut self) -> Option<Done> {
        if self.under_way == 0 {
            return None;
        }
        let done = self.done.recv().ok()?;
        self.under_way -= 1;
        Some(done)
    }

    /// Bytes held by the threads.
    pub fn bytes(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

fn work(waiting: &Mutex<Receiver<Job>>, finished: &Sender<Done>, held: &AtomicUsize) {
    yield_to_others();
    let mut packer = Packer::new();
    let mut bytes = 0;
    while let Some(job) = next(waiting) {
        let done = packer.pack(&job);
        // The sender must be the last who has the block: results are counted as the memory that is left.
        drop(job);
        held.fetch_add(packer.bytes().wrapping_sub(bytes), Ordering::Relaxed);
        bytes = packer.bytes();
        if finished.send(done).is_err() {
            return;
        }
    }
}

/// The lock is kept while waiting; the other workers wait for the lock.
fn next(waiting: &Mutex<Receiver<Job>>) -> Option<Job> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Lowers the priority of this thread.
#[cfg(target_os = "linux")]
pub fn yield_to_others() {
    // Of this thread alone on Linux; elsewhere it would be that of the process. If it is refused, work goes on as it is.
    let _ = rustix::process::nice(10);
}

#[cfg(not(target_os = "linux"))]
pub fn yield_to_others() {}
