//! Events from files: a thread that reads them, and says now and then how far it is. Nothing of a network is known here.
//! Of a collection only what is looked at is opened; the rest when it is.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::home::Home;
use crate::app::effect::Effect;
use crate::app::files::{End, Loading};
use crate::app::message::Message;
use crate::domain::ledger::Ledger;
use crate::domain::time_range::TimeRange;
use crate::files::{FileRead, Input, Narrow, Places, Progress, Reader, RegionNames};
use crate::index::{IngestSender, Input as Ingested};
use crate::oci::Clock;

/// The least time between two words on how far it is.
const WORD_EVERY: Duration = Duration::from_millis(100);

/// How often it is looked whether the index has everything.
const LOOK: Duration = Duration::from_millis(2);

/// What becomes known in the end; asked again when more is read.
pub type Judge = Box<dyn Fn(&[FileRead]) -> End + Send>;

/// When the first and the last event of a file happened; `None` where it is not known.
type Span = Option<(DateTime<Utc>, DateTime<Utc>)>;

/// What is to be read.
pub struct Files {
    pub inputs: Vec<Input>,
    /// What of them need not be read.
    pub narrow: Narrow,
    pub names: RegionNames,
    pub judge: Judge,
    pub clock: Clock,
    /// Of collections among them.
    pub collected: Option<Collected>,
}

/// What is known of collections before anything is read.
pub struct Collected {
    /// Files that are opened only when the time they are of is looked at.
    pub later: Vec<(Input, Span)>,
    pub places: Places,
    pub ledger: Ledger,
    pub taken: Arc<Taken>,
}

/// How much was opened so far.
#[derive(Debug, Default)]
pub struct Taken {
    pub files: AtomicU64,
    /// As they are on disk, packed or not.
    pub bytes: AtomicU64,
}

/// Reads once it is asked what there is; dropping it ends that.
pub struct Shelf {
    files: Option<Box<Files>>,
    /// Takes what is to be read next.
    queue: Option<mpsc::Sender<Vec<Input>>>,
    later: Vec<(Input, Span)>,
    clock: Clock,
    held: IngestSender,
    home: Home,
    stop: Arc<AtomicBool>,
}

impl Shelf {
    pub fn new(mut files: Files, held: IngestSender, home: Home) -> Self {
        let later = files.collected.as_mut().map(|collected| std::mem::take(&mut collected.later)).unwrap_or_default();
        let clock = files.clock;
        Self { clock, files: Some(Box::new(files)), queue: None, later, held, home, stop: Arc::default() }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Of all that may be asked of a tenancy, files know what there is. The machine asks for no more than that.
    pub fn perform(&mut self, effect: &Effect) -> Option<Effect> {
        match effect {
            Effect::Discover => {
                if let Some(files) = self.files.take() {
                    self.start(*files);
                }
            }
            Effect::Fetch(request) => self.open(request.range),
            _ => {}
        }
        None
    }

    /// Reads what may hold events of a range and is not read yet.
    fn open(&mut self, range: TimeRange) {
        let may_hold =
            |(_, span): &(Input, Span)| span.is_none_or(|(first, last)| first < range.end() && range.start() <= last);
        let (wanted, later) = std::mem::take(&mut self.later).into_iter().partition::<Vec<_>, _>(may_hold);
        self.later = later;
        if !wanted.is_empty() {
            self.read(wanted.into_iter().map(|(input, _)| input).collect());
        }
    }

    fn read(&self, inputs: Vec<Input>) {
        self.home.leave();
        if self.queue.as_ref().is_none_or(|queue| queue.send(inputs).is_err()) {
            self.home.come_back();
        }
    }

    fn start(&mut self, mut files: Files) {
        let first = std::mem::take(&mut files.inputs);
        let (queue, waiting) = mpsc::channel();
        self.queue = Some(queue);
        let (held, home, stop) = (self.held.clone(), self.home.clone(), Arc::clone(&self.stop));
        let mut work = Work { files, now: self.now(), held, home, stop, sent: 0, read: Vec::new() };
        // A thread that nobody waits for: whoever writes to standard input may never end.
        thread::spawn(move || {
            let mut places = work.begin();
            while let Ok(inputs) = waiting.recv() {
                work.read(&inputs, &mut places);
                work.home.come_back();
            }
        });
        self.read(first);
    }
}

/// What the thread has to do with.
struct Work {
    files: Files,
    now: DateTime<Utc>,
    held: IngestSender,
    home: Home,
    stop: Arc<AtomicBool>,
    /// Events.
    sent: u64,
    /// What became of the files so far.
    read: Vec<FileRead>,
}

impl Work {
    /// The places that are known already, and what is known of them.
    fn begin(&mut self) -> Places {
        let Some(collected) = &self.files.collected else { return Places::default() };
        let _ = self.held.blocking_send(Ingested::Ledger(Box::new(collected.ledger.clone())));
        collected.places.clone()
    }

    fn read(&mut self, inputs: &[Input], places: &mut Places) {
        let progress = Arc::new(Progress::of(inputs));
        let Self { files, held, home, stop, sent, .. } = self;
        let reader = Reader {
            narrow: files.narrow.clone(),
            ..Reader::new(Arc::clone(&files.names), self.now, Arc::clone(&progress))
        };
        let mut told: Option<Instant> = None;
        let read = reader.read_on(places, inputs, &mut |chunk| {
            *sent += chunk.pages.iter().map(|page| page.len() as u64).sum::<u64>();
            let taken = chunk.pages.into_iter().all(|page| held.blocking_send(Ingested::Page(page)).is_ok());
            if !taken || stop.load(Ordering::Relaxed) {
                return ControlFlow::Break(());
            }
            if told.is_none_or(|told| told.elapsed() >= WORD_EVERY) {
                told = Some(Instant::now());
                home.say(word(chunk.places, &progress, None));
            }
            ControlFlow::Continue(())
        });
        self.read.extend(read);
        if let Some(collected) = &self.files.collected {
            collected.taken.files.store(self.read.len() as u64, Ordering::Relaxed);
            collected.taken.bytes.fetch_add(progress.read(), Ordering::Relaxed);
        }
        let _ = self.held.blocking_send(Ingested::Idle);
        // The end is told when all of it is held: no total is the last one before.
        let behind = || self.held.holdings().snapshot.totals().received < self.sent;
        while behind() && !self.stop.load(Ordering::Relaxed) {
            thread::park_timeout(LOOK);
        }
        if !self.stop.load(Ordering::Relaxed) {
            self.home.say(word(places, &progress, Some((self.files.judge)(&self.read))));
        }
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
