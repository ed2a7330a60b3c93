//! An index for commands without a screen, and files read into it.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::oneshot;

use super::exports::Exports;
use super::interrupt::Interrupt;
use super::progress::{Bytes, Status};
use super::talk::Talk;
use crate::domain::page::Page;
use crate::domain::problem::{Problem, ProblemKind};
use crate::files::{self, FileRead, Narrow, Places, Progress, Reader, RegionNames};
use crate::index::{Holdings, IndexOptions, Ingest, IngestSender, Input};
use crate::oci::{Env, Regions, clock};

/// How often it is looked how far a reading is.
const LOOK: Duration = Duration::from_millis(100);

/// How long to wait for the index before looking again whether it has everything: its last word may come a moment before.
const PATIENCE: Duration = Duration::from_millis(2);

/// Everything that was read.
pub struct Held {
    ingest: Ingest,
    woken: mpsc::Receiver<()>,
}

impl Held {
    pub fn start(options: IndexOptions) -> Self {
        let (wake, woken) = mpsc::channel();
        // What is settling is for the ledger, and nothing is asked of that here.
        let ingest = Ingest::start(
            options,
            TimeDelta::zero(),
            Box::new(move || {
                // Whoever does not wait any more has what was wanted.
                let _ = wake.send(());
            }),
        );
        Self { ingest, woken }
    }

    pub fn sender(&self) -> IngestSender {
        self.ingest.sender()
    }

    /// What is held once everything that was sent is. Waits.
    pub fn finish(&self) -> Arc<Holdings> {
        while self.ingest.pending() > 0 {
            let _ = self.woken.recv_timeout(PATIENCE);
        }
        self.ingest.holdings()
    }
}

/// Hands a page to the index. Waits while that is behind.
pub fn send(sender: &IngestSender, page: Page) -> Result<(), Problem> {
    sender.blocking_send(Input::Page(page)).map_err(|stopped| Problem::new(ProblemKind::Io, stopped.to_string()))
}

/// Reads files into the index, but for what of them `narrow` leaves out, tells how far it is, what became of each, and how
/// many bytes of them were read.
pub async fn read_files(
    exports: &Exports,
    narrow: Narrow,
    held: &Held,
    env: &Env,
    talk: &Talk,
    interrupt: &mut Interrupt,
) -> Result<(Vec<FileRead>, Places, u64), Problem> {
    let sender = held.sender();
    let mut places = Places::default();
    exports.expect_places(&mut places, env);
    let take = move |_, page| send(&sender, page).is_ok();
    read_pages(&exports.inputs, places, narrow, env, talk, interrupt, take).await
}

/// Reads files, but for what of them `narrow` leaves out, tells how far it is, what became of each, and how many bytes of
/// them were read. `take` gets each page with the number of its file among those that are read, on another thread, and
/// says whether it wants more. `places`: those that are known already.
pub async fn read_pages(
    inputs: &[files::Input],
    mut places: Places,
    narrow: Narrow,
    env: &Env,
    talk: &Talk,
    interrupt: &mut Interrupt,
    mut take: impl FnMut(usize, Page) -> bool + Send + 'static,
) -> Result<(Vec<FileRead>, Places, u64), Problem> {
    let progress = Arc::new(Progress::of(inputs));
    let reader = Reader { narrow, ..Reader::new(region_names(env), clock::now(), Arc::clone(&progress)) };
    let inputs = inputs.to_vec();
    let stop = Arc::new(AtomicBool::new(false));
    let (done, mut result) = oneshot::channel();
    // A thread of its own, which nobody waits for: whoever writes to standard input may never end.
    thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            let files = reader.read_on(&mut places, &inputs, &mut |chunk| {
                let file = chunk.file;
                let taken = chunk.pages.into_iter().all(|page| take(file, page));
                if taken && !stop.load(Ordering::Relaxed) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            // What it holds is let go before anybody is told.
            drop(take);
            let _ = done.send((files, places));
        }
    });
    let status = || Status {
        events: progress.events(),
        files: Some(Bytes { read: progress.read(), total: progress.total() }),
        ..Status::default()
    };
    let read = loop {
        match tokio::time::timeout(LOOK, interrupt.unless(&mut result)).await {
            Ok(Some(Ok(read))) => break Ok(read),
            Ok(Some(Err(_))) => break Err(Problem::new(ProblemKind::Io, "the files could not be read to their end")),
            Ok(None) => {
                stop.store(true, Ordering::Relaxed);
                break Err(Problem::new(ProblemKind::Interrupted, "interrupted before everything was read"));
            }
            Err(_) => talk.progress(status),
        }
    };
    talk.end_of_progress(status());
    read.map(|(files, places)| (files, places, progress.read()))
}

/// The regions that this run knows by name.
pub fn region_names(env: &Env) -> RegionNames {
    let regions = Regions::load(env);
    Arc::new(move |name| regions.named(name))
}
