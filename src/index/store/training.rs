//! A primer of the tenancy's own, from its first events.

use std::borrow::Cow;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use zstd::dict::from_continuous;

use super::codec::Encoder;
use super::content;
use super::pack::{Event, Plain};
use super::primer::{PRIMER_BYTES, Primer, PrimerId, Primers};
use super::view::Blocks;
use super::workers::yield_to_others;

/// Blocks to train on, and as many more to try the result on.
const LESSONS: u32 = 72;
const TRIALS: u32 = 8;

/// Bytes to train on at most; what real events need is half of it.
const MOST: usize = 32 << 20;

/// When this many blocks are full, there is enough to train on.
pub(super) const ENOUGH: u32 = LESSONS + TRIALS;

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

/// `None` when it fails, or does not pack better than the shipped one.
pub(super) fn train(blocks: &Blocks) -> Option<Primer> {
    let mut samples = Vec::new();
    let mut sizes = Vec::new();
    let mut reader = blocks.reader();
    for at in (0..LESSONS).flat_map(|number| blocks.ordinals(number)) {
        let event = reader.read(at)?;
        if event.len() <= content::LONGEST && samples.len() + event.len() <= MOST {
            samples.extend_from_slice(event);
            sizes.push(event.len());
        }
    }
    let bytes = from_continuous(&samples, &sizes, PRIMER_BYTES).ok()?;
    drop(samples);
    let trained = Primer::new(PrimerId::Trained, Cow::Owned(bytes))?;
    is_better(trained, blocks)
}

fn is_better(trained: Primer, blocks: &Blocks) -> Option<Primer> {
    let mut encoder = Encoder::new()?;
    let primers = Primers::default();
    let mut reader = blocks.reader();
    let trials: Vec<Plain> = (LESSONS..ENOUGH)
        .map(|number| {
            let plain = Plain::new();
            for at in blocks.ordinals(number) {
                plain.set(at.slot(), Event::new(reader.read(at)?));
            }
            Some(plain)
        })
        .collect::<Option<_>>()?;
    let mut packed = |with| {
        let lens = trials.iter().map(|plain| encoder.pack(plain.small(), &primers, with).map(|bytes| bytes.len()));
        lens.sum::<Option<usize>>()
    };
    let shipped = packed(PrimerId::Shipped)?;
    primers.adopt(trained);
    let own = packed(PrimerId::Trained)?;
    primers.into_trained().filter(|_| own < shipped)
}
