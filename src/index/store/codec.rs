//! Packing and unpacking of one block.
//!
//! A packed block is a tag and a zstd frame. The tag names the primer, because a store changes to a better one on its way,
//! and says whether events were taken apart; without a primer it is a content that the compressor refused.

use zstd::dict::DecoderDictionary;
use zstd::zstd_safe::{CCtx, CParameter, DCtx, compress_bound, get_frame_content_size};

use super::content;
use super::primer::{Primer, PrimerId, Primers};
use super::shred::Shredder;

pub(super) const LEVEL: i32 = 3;

/// In the tag of what is not compressed, the primer is missing.
const PLAIN: u8 = 0;
/// In the tag of a block whose events were taken apart.
const SHREDDED: u8 = 0x80;

/// Compresses, one block after the other, on one thread.
pub(super) struct Encoder {
    context: CCtx<'static>,
    /// The primer that the context was prepared with.
    prepared: Option<PrimerId>,
    /// As large as a result may get; results are copied out of it, exactly.
    buffer: Vec<u8>,
    content: Vec<u8>,
    shredder: Shredder,
}

impl Encoder {
    /// `None` without memory for it.
    pub fn new() -> Option<Self> {
        let mut context = CCtx::try_create()?;
        context.set_parameter(CParameter::CompressionLevel(LEVEL)).ok()?;
        // The tag says it already.
        context.set_parameter(CParameter::DictIdFlag(false)).ok()?;
        Some(Self { context, prepared: None, buffer: Vec::new(), content: Vec::new(), shredder: Shredder::default() })
    }

    /// The packed block of `events`, none of which is longer than [`content::LONGEST`].
    pub fn pack<'a>(
        &mut self,
        events: impl Iterator<Item = &'a [u8]> + Clone,
        primers: &Primers,
        with: PrimerId,
    ) -> Option<Box<[u8]>> {
        let shredded = match self.shredder.shred(events.clone(), &mut self.content) {
            Some(()) => SHREDDED,
            None => content::join(events, &mut self.content).map(|()| 0)?,
        };
        Some(match self.compress(primers.get(with)) {
            Some(()) => tagged(shredded | with.tag(), &self.buffer),
            None => tagged(shredded | PLAIN, &self.content),
        })
    }

    /// From `content` into `buffer`.
    fn compress(&mut self, primer: Option<&Primer>) -> Option<()> {
        let primer = primer?;
        if self.prepared != Some(primer.id) {
            self.prepared = None;
            self.context.load_dictionary(&primer.bytes).ok()?;
            self.prepared = Some(primer.id);
        }
        self.buffer.clear();
        self.buffer.reserve(compress_bound(self.content.len()));
        let packed = self.context.compress2(&mut self.buffer, &self.content);
        if packed.is_err() {
            let _ = self.context.reset(zstd::zstd_safe::ResetDirective::SessionOnly);
        }
        packed.ok().map(|_| ())
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.context.sizeof() + self.buffer.capacity() + self.content.capacity() + self.shredder.bytes()
    }
}

/// A packed block with events that no encoder takes.
pub(super) fn kept_plain<'a>(events: impl Iterator<Item = &'a [u8]> + Clone) -> Option<Box<[u8]>> {
    let mut joined = Vec::new();
    content::join(events, &mut joined)?;
    Some(tagged(PLAIN, &joined))
}

fn tagged(tag: u8, bytes: &[u8]) -> Box<[u8]> {
    let mut block = Vec::with_capacity(1 + bytes.len());
    block.push(tag);
    block.extend_from_slice(bytes);
    block.into_boxed_slice()
}

/// How events stand in a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// See `content`.
    Joined,
    /// See `shred`.
    Shredded,
}

/// Decompresses, one block after the other; knows every primer.
pub(super) struct Decoder {
    context: Option<DCtx<'static>>,
}

impl Decoder {
    pub fn new() -> Self {
        Self { context: None }
    }

    /// The content of a packed block, into `content`.
    pub fn unpack(&mut self, block: &[u8], primers: &Primers, content: &mut Vec<u8>) -> Option<Form> {
        content.clear();
        let (tag, frame) = block.split_first()?;
        let form = if tag & SHREDDED == 0 { Form::Joined } else { Form::Shredded };
        if tag & !SHREDDED == PLAIN {
            content.extend_from_slice(frame);
        } else {
            let primer = primers.get(PrimerId::of_tag(tag & !SHREDDED)?)?;
            self.decompress(frame, Some(&primer.decoder), content::LARGEST, content)?;
        }
        Some(form)
    }

    /// A frame by itself, of at most `limit` bytes.
    pub fn unpack_alone(&mut self, frame: &[u8], limit: usize, content: &mut Vec<u8>) -> Option<()> {
        content.clear();
        self.decompress(frame, None, limit, content)
    }

    fn decompress(
        &mut self,
        frame: &[u8],
        dictionary: Option<&DecoderDictionary<'static>>,
        limit: usize,
        content: &mut Vec<u8>,
    ) -> Option<()> {
        let len = usize::try_from(get_frame_content_size(frame).ok()??).ok().filter(|len| *len <= limit)?;
        content.reserve(len);
        if self.context.is_none() {
            self.context = DCtx::try_create();
        }
        let context = self.context.as_mut()?;
        let unpacked = match dictionary {
            Some(dictionary) => context.decompress_using_ddict(content, frame, dictionary.as_ddict()),
            None => context.decompress(content, frame),
        };
        (unpacked.ok()? == len).then_some(())
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.context.as_ref().map_or(0, DCtx::sizeof)
    }
}

/// One event by itself, for those too long to stand among others.
pub(super) fn pack_alone(bytes: &[u8]) -> Option<Box<[u8]>> {
    zstd::bulk::compress(bytes, LEVEL).ok().map(Vec::into_boxed_slice)
}
