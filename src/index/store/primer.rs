//! What events have in common before the first of them was seen: zstd's dictionaries, here called primers because a
//! [`Dictionary`](crate::index::Dictionary) is another thing in this room.
//!
//! One is shipped, made from synthetic events of the real schema. A tenancy repeats itself in its own way, so another is
//! trained on its first events, in the background, and used from then on if it packs better.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use zstd::dict::DecoderDictionary;

static SHIPPED: LazyLock<Option<Primer>> =
    LazyLock::new(|| Primer::new(PrimerId::Shipped, Cow::Borrowed(include_bytes!("../../../assets/events.zdict"))));

/// The most bytes of a primer.
pub const PRIMER_BYTES: usize = 112 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PrimerId {
    Shipped = 1,
    Trained = 2,
}

impl PrimerId {
    /// How packed blocks name it.
    pub fn tag(self) -> u8 {
        self as u8
    }

    pub fn of_tag(tag: u8) -> Option<Self> {
        [Self::Shipped, Self::Trained].into_iter().find(|id| id.tag() == tag)
    }
}

pub(super) struct Primer {
    pub id: PrimerId,
    pub bytes: Cow<'static, [u8]>,
    pub decoder: DecoderDictionary<'static>,
}

impl Primer {
    /// `None` when zstd does not take the bytes.
    pub fn new(id: PrimerId, bytes: Cow<'static, [u8]>) -> Option<Self> {
        let decoder = DecoderDictionary::try_copy(&bytes).ok()?;
        Some(Self { id, bytes, decoder })
    }

    /// Bytes held on the heap.
    pub fn held(&self) -> usize {
        let own = if matches!(self.bytes, Cow::Owned(_)) { self.bytes.len() } else { 0 };
        own + self.decoder.as_ddict().sizeof()
    }
}

/// The primers of one store.
#[derive(Default)]
pub(super) struct Primers {
    trained: OnceLock<Primer>,
}

impl Primers {
    pub fn get(&self, id: PrimerId) -> Option<&Primer> {
        match id {
            PrimerId::Shipped => SHIPPED.as_ref(),
            PrimerId::Trained => self.trained.get(),
        }
    }

    /// Blocks are packed with it from now on.
    pub fn adopt(&self, trained: Primer) {
        let _ = self.trained.set(trained);
    }

    pub fn into_trained(self) -> Option<Primer> {
        self.trained.into_inner()
    }

    /// The one to pack with.
    pub fn best(&self) -> PrimerId {
        if self.trained.get().is_some() { PrimerId::Trained } else { PrimerId::Shipped }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        [PrimerId::Shipped, PrimerId::Trained].into_iter().filter_map(|id| self.get(id)).map(Primer::held).sum()
    }
}
