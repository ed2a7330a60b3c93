//! Events from files: a thread that reads them, and says now and then how far it is. Nothing of a network is known here.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::home::Home;
use crate::app::effect::Effect;
use crate::app::files::{End, Loading};
use crate::app::message::Message;
use crate::files::{FileRead, Input, Narrow, Places, Progress, Reader, RegionNames};
use crate::index::{IngestSender, Input as Taken};
use crate::oci::Clock;

/// The least time between two words on how far it is.
const WORD_EVERY: Duration = Duration::from_millis(100);

/// How often it is looked whether the index has everything.
const LOOK: Duration = Duration::from_millis(2);

/// What becomes known in the end.
pub type Judge = Box<dyn FnOnce(&[FileRead]) -> End + Send>;

/// What is to be read.
pub struct Files {
    pub inputs: Vec<Input>,
    /// What of them need not be read.
    pub narrow: Narrow,
    pub names: RegionNames,
    pub judge: Judge,
    pub clock: Clock,
}

/// Reads once it is asked what there is; dropping it ends that.
pub struct Shelf {
    files: Option<Files>,
    clock: Clock,
    held: IngestSender,
    home: Home,
    stop: Arc<AtomicBool>,
}

impl Shelf {
    pub fn new(files: Files, held: IngestSender, home: Home) -> Self {
        Self { clock: files.clock, files: Some(files), held, home, stop: Arc::default() }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Of all that may be asked of a tenancy, files know what there is. The machine does not ask for more.
    pub fn perform(&mut self, effect: &Effect) -> Option<Effect> {
        if *effect == Effect::Discover
            && let Some(files) = self.files.take()
        {
            self.read(files);
        }
        None
    }

    fn read(&self, files: Files) {
        let (held, home, stop) = (self.held.clone(), self.home.clone(), Arc::clone(&self.stop));
        let now = self.now();
        home.leave();
        // A thread that nobody waits for: whoever writes to standard input may never end.
        thread::spawn(move || {
            let progress = Arc::new(Progress::of(&files.inputs));
            let reader = Reader { narrow: files.narrow, ..Reader::new(files.names, now, Arc::clone(&progress)) };
            let mut told: Option<Instant> = None;
            let mut places = Places::default();
            let mut sent = 0;
            let read = reader.read(&files.inputs, &mut |chunk| {
                sent += chunk.pages.iter().map(|page| page.len() as u64).sum::<u64>();
                let taken = chunk.pages.into_iter().all(|page| held.blocking_send(Taken::Page(page)).is_ok());
                if !taken || stop.load(Ordering::Relaxed) {
                    return ControlFlow::Break(());
                }
                chunk.places.clone_into(&mut places);
                if told.is_none_or(|told| told.elapsed() >= WORD_EVERY) {
                    told = Some(Instant::now());
                    home.say(word(&places, &progress, None));
                }
                ControlFlow::Continue(())
            });
            let _ = held.blocking_send(Taken::Idle);
            // The end is told when all of it is held: no total is the last one before.
            let behind = || held.holdings().snapshot.totals().received < sent;
            while behind() && !stop.load(Ordering::Relaxed) {
                thread::park_timeout(LOOK);
            }
            if !stop.load(Ordering::Relaxed) {
                home.say(word(&places, &progress, Some((files.judge)(&read))));
            }
            home.come_back();
        });
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn word(places: &Places, progress: &Progress, end: Option<End>) -> Message {
    Message::Loaded(Box::new(Loading {
        tenancy: places.tenancy(),
        span: places.span(),
        read: progress.read(),
        total: progress.total(),
        end,
    }))
}
