//! A list that grows at its end while others read it: append-only, shared, never copied.
//!
//! Items live in chunks that double in size, in slots that are set once. An [`Appended`] is a view of the first `len` of
//! them: the writer may set later slots of the same chunk, the reader never looks there.

use std::sync::{Arc, OnceLock};

/// Slots of the first chunk; a power of two.
const FIRST_CHUNK: u32 = 64;

type Chunk<T> = Arc<[OnceLock<T>]>;

/// What was in the list at one moment.
#[derive(Debug)]
pub(super) struct Appended<T> {
    chunks: Arc<[Chunk<T>]>,
    len: u32,
}

impl<T> Clone for Appended<T> {
    fn clone(&self) -> Self {
        Self { chunks: Arc::clone(&self.chunks), len: self.len }
    }
}

impl<T> Appended<T> {
    pub fn len(&self) -> u32 {
        self.len
    }

    pub fn get(&self, at: u32) -> Option<&T> {
        if at >= self.len {
            return None;
        }
        let (chunk, slot) = place(at);
        self.chunks.get(chunk)?.get(slot)?.get()
    }

    /// Bytes of the slots, used or not; what items hold beside themselves is not in it.
    pub fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| size_of_val(&**chunk)).sum()
    }
}

/// The writer's side. There is one, or slots would be set twice.
#[derive(Debug)]
pub(super) struct Appender<T> {
    list: Appended<T>,
}

impl<T> Appender<T> {
    pub fn new() -> Self {
        Self { list: Appended { chunks: Arc::from([]), len: 0 } }
    }

    pub fn push(&mut self, item: T) {
        let list = &mut self.list;
        let (chunk, slot) = place(list.len);
        if chunk == list.chunks.len() {
            let slots: Chunk<T> = (0..FIRST_CHUNK << chunk).map(|_| OnceLock::new()).collect();
            list.chunks = list.chunks.iter().cloned().chain([slots]).collect();
        }
        if let Some(free) = list.chunks[chunk].get(slot) {
            free.get_or_init(|| item);
        }
        list.len += 1;
    }

    /// What was appended so far.
    pub fn list(&self) -> &Appended<T> {
        &self.list
    }
}

/// The chunk and slot of an item: chunk `n` holds `64 << n` of them.
fn place(at: u32) -> (usize, usize) {
    let shifted = u64::from(at) + u64::from(FIRST_CHUNK);
    let chunk = shifted.ilog2() - FIRST_CHUNK.ilog2();
    (chunk as usize, (shifted - (u64::from(FIRST_CHUNK) << chunk)) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_their_places_and_a_view_does_not_grow() {
        let mut appender = Appender::new();
        (0..5_000u64).for_each(|n| appender.push(n));
        let view = appender.list().clone();
        appender.push(7);
        assert_eq!((view.len(), view.get(5_000)), (5_000, None));
        assert_eq!(appender.list().get(5_000), Some(&7));
        assert!((0..5_000).all(|n| view.get(n) == Some(&u64::from(n))));
        assert!(view.bytes() >= 5_000 * size_of::<u64>());
    }
}
