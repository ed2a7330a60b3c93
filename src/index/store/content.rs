//! The events of a block one after the other, for those that cannot be taken apart (see `shred`).
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

/// Where the first event starts.
pub(super) const START: usize = HEADER;

/// Puts into `ends` where each event of a content ends. `None` when it is no content.
pub(super) fn ends(content: &[u8], ends: &mut Vec<u32>) -> Option<()> {
    let (low, high) = content.get(..HEADER)?.split_at(EVENTS);
    let lens = low.iter().zip(high).map(|(low, high)| u32::from(u16::from_le_bytes([*low, *high])));
    ends.clear();
    ends.extend(lens.scan(START as u32, |end, len| {
        *end += len;
        Some(*end)
    }));
    (ends.last().map(|end| *end as usize) == Some(content.len())).then_some(())
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
        let mut found = Vec::new();
        ends(&content, &mut found).unwrap();
        let starts = [START as u32].into_iter().chain(found.iter().copied());
        let back: Vec<&[u8]> = starts.zip(&found).map(|(start, end)| &content[start as usize..*end as usize]).collect();
        assert_eq!(back, events);
        assert!(content.len() <= LARGEST);
    }

    #[test]
    fn what_is_too_long_or_cut_short_is_refused() {
        let mut content = Vec::new();
        assert!(join([&*vec![0; LONGEST + 1]].into_iter(), &mut content).is_none());
        join([&b"{}"[..]].into_iter(), &mut content).unwrap();
        let is_content = |bytes: &[u8]| ends(bytes, &mut Vec::new()).is_some();
        assert!(is_content(&content) && !is_content(&content[..content.len() - 1]) && !is_content(b""));
    }
}
