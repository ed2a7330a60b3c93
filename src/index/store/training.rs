//! A primer of the tenancy's own, from its first events.

use std::borrow::Cow;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use zstd::dict::from_continuous;

use super::codec::Encoder;
use super::content;
use super::pack::{Event, Plain};
use super::primer::{Primer, PrimerId, Primers, SHIPPED_BYTES};
use super::shred::Shredder;
use super::view::Blocks;
use super::workers::yield_to_others;

/// Blocks to train on, and blocks after them to try the result on.
const LESSONS: u32 = 72;
const TRIALS: u32 = 8;

/// When this many blocks are full, there is enough to train on.
pub(super) const ENOUGH: u32 = LESSONS + TRIALS;

/// Bytes to train on at most; events of the usual size need half of it.
const MOST: usize = 32 << 20;

/// Bytes of a primer to try. A large one packs better by a twentieth, and is nothing beside the events that it is made
/// for; but short events do not fill it.
const SIZES: [usize; 2] = [4 * SHIPPED_BYTES, SHIPPED_BYTES];

/// Training, somewhere else.
pub(super) struct Training {
    result: Receiver<Primer>,
}

impl Training {
    /// `None` when no thread can be had.
    pub fn start(blocks: Blocks) -> Option<Self> {
        let (sender, result) = channel();
        let thread = thread::Builder::new().name("train".into());
        let work = move || {
            yield_to_others();
            if let Some(primer) = train(&blocks) {
                // Nobody waits for it when the store is gone.
                let _ = sender.send(primer);
            }
        };
        thread.spawn(work).is_ok().then_some(Self { result })
    }

    /// The primer, if training is over and was worth it; `Err` while it is under way.
    pub fn poll(&self) -> Result<Option<Primer>, ()> {
        match self.result.try_recv() {
            Ok(primer) => Ok(Some(primer)),
            Err(TryRecvError::Disconnected) => Ok(None),
            Err(TryRecvError::Empty) => Err(()),
        }
    }
}

/// The dictionary of these events, of the size that is shipped: what `assets/events.zdict` is made with.
pub fn train_dictionary<'a>(events: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut lessons = Lessons::default();
    events.into_iter().for_each(|event| lessons.add(event));
    lessons.train(SHIPPED_BYTES)
}

/// The primer that packs the trials best, if it is better than the shipped one.
pub(super) fn train(blocks: &Blocks) -> Option<Primer> {
    let (lessons, trials) = (lessons(blocks)?, trials(blocks)?);
    let mut least = packed(&trials, &Primers::default())?;
    let mut best = None;
    for bytes in SIZES.into_iter().filter_map(|size| lessons.train(size)) {
        let Some(primer) = Primer::new(PrimerId::Trained, Cow::Owned(bytes)) else { continue };
        let Some((size, primer)) = packed_with(&trials, primer) else { continue };
        if size < least {
            (least, best) = (size, Some(primer));
        }
    }
    best
}

/// Events as they stand in a block of one.
#[derive(Default)]
struct Lessons {
    shredder: Shredder,
    shreds: Vec<u8>,
    bytes: Vec<u8>,
    sizes: Vec<usize>,
}

impl Lessons {
    /// What cannot be learnt from is left out.
    fn add(&mut self, event: &[u8]) {
        if event.len() > content::LONGEST || self.bytes.len() + event.len() > MOST {
            return;
        }
        if self.shredder.shred(std::iter::once(event), &mut self.shreds).is_some() {
            self.bytes.extend_from_slice(&self.shreds);
            self.sizes.push(self.shreds.len());
        }
    }

    fn train(&self, size: usize) -> Option<Vec<u8>> {
        from_continuous(&self.bytes, &self.sizes, size).ok()
    }
}

fn lessons(blocks: &Blocks) -> Option<Lessons> {
    let mut reader = blocks.reader();
    let mut lessons = Lessons::default();
    for at in (0..LESSONS).flat_map(|number| blocks.ordinals(number)) {
        lessons.add(reader.read(at)?);
    }
    Some(lessons)
}

fn trials(blocks: &Blocks) -> Option<Vec<Plain>> {
    let mut reader = blocks.reader();
    let mut trial = |number| {
        let plain = Plain::new();
        for at in blocks.ordinals(number) {
            plain.set(at.slot(), Event::new(reader.read(at)?));
        }
        Some(plain)
    };
    (LESSONS..ENOUGH).map(&mut trial).collect()
}

/// Bytes of the trials, packed with this primer.
fn packed_with(trials: &[Plain], trained: Primer) -> Option<(usize, Primer)> {
    let primers = Primers::default();
    primers.adopt(trained);
    let size = packed(trials, &primers)?;
    Some((size, primers.into_trained()?))
}

/// Bytes of the trials, packed with the best of these primers.
fn packed(trials: &[Plain], primers: &Primers) -> Option<usize> {
    let mut encoder = Encoder::new()?;
    trials.iter().map(|plain| Some(encoder.pack(plain.small(), primers, primers.best())?.len())).sum()
}
