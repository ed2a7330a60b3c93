//! The events of a block one after the other, as the compressor sees them.
//!
//! ```text
//!   64 x length, low bytes | 64 x length, high bytes | the events
//! ```
//!
//! Lengths stand inside, where they compress. In two planes, because the high bytes are much alike.

use super::BLOCK_EVENTS;

/// The longest event that has a place among others; its length fits two bytes.
pub(super) const LONGEST: usize = u16::MAX as usize;

const EVENTS: usize = BLOCK_EVENTS as usize;
const HEADER: usize = 2 * EVENTS;

/// The largest content there is.
pub(super) const LARGEST: usize = HEADER + EVENTS * LONGEST;

/// Puts `events` into `content`, in the place of what was there. `None` when one is too long.
pub(super) fn join<'a>(events: impl Iterator<Item = &'a [u8]> + Clone, content: &mut Vec<u8>) -> Option<()> {
    content.clear();
    content.resize(HEADER, 0);
    for (slot, event) in events.take(EVENTS).enumerate() {
        let [low, high] = u16::try_from(event.len()).ok()?.to_le_bytes();
        content[slot] = low;
        content[EVENTS + slot] = high;
        content.extend_from_slice(event);
    }
    Some(())
}

/// Where each event of a content ends; the first starts after the lengths.
pub(super) type Ends = Box<[u32]>;

/// `None` when it is no content.
pub(super) fn ends(content: &[u8]) -> Option<Ends> {
    let (low, high) = content.get(..HEADER)?.split_at(EVENTS);
    let mut end = HEADER as u32;
    let ends: Ends = low
        .iter()
        .zip(high)
        .map(|(low, high)| {
            end += u32::from(u16::from_le_bytes([*low, *high]));
            end
        })
        .collect();
    (end as usize == content.len()).then_some(ends)
}

/// The event in `slot`.
pub(super) fn event<'a>(content: &'a [u8], ends: &[u32], slot: usize) -> Option<&'a [u8]> {
    let start = slot.checked_sub(1).map_or(Some(HEADER as u32), |before| ends.get(before).copied())?;
    content.get(start as usize..*ends.get(slot)? as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_any_allowed_length_come_back() {
        let lengths = [0, 1, 255, 256, 3_500, LONGEST];
        let events: Vec<Vec<u8>> = (0..EVENTS).map(|slot| vec![slot as u8; lengths[slot % lengths.len()]]).collect();
        let mut content = b"left over".to_vec();
        join(events.iter().map(Vec::as_slice), &mut content).unwrap();
        let ends = ends(&content).unwrap();
        assert!(events.iter().enumerate().all(|(slot, bytes)| event(&content, &ends, slot) == Some(bytes)));
        assert!(content.len() <= LARGEST && event(&content, &ends, EVENTS).is_none());
    }

    #[test]
    fn what_is_too_long_or_cut_short_is_refused() {
        let mut content = Vec::new();
        assert!(join([&*vec![0; LONGEST + 1]].into_iter(), &mut content).is_none());
        join([&b"{}"[..]].into_iter(), &mut content).unwrap();
        assert!(ends(&content).is_some() && ends(&content[..content.len() - 1]).is_none() && ends(b"").is_none());
    }
}
