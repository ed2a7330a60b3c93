//! Whether an event contains a text, by its bytes alone. The definition is in the module above.
//!
//! Speed comes from looking for three rare bytes of the text at their distances, 64 places at a time: the compiler makes
//! vector instructions of that. Only where they all stand is the text compared.

use std::ops::Range;

use super::needle::{Unit, units};

/// Places looked at in one go.
const STEP: usize = 64;

/// Letters of audit events, the rarest first. What is missing comes before them.
const COMMON: &[u8] = b"%+()*;?!'<>&=|~$#@_[]{}qjzxkvwyb8f9g67h5p3u42d1mlsnc,.-:/r0oiate \"";

/// Finds one text in events.
#[derive(Clone, Debug)]
pub struct TextMatcher {
    units: Vec<Unit>,
    /// The longest run of units that stand as themselves.
    anchor: Range<usize>,
    /// The anchor's bytes.
    bytes: Vec<u8>,
    /// Places in the anchor and what is there, with the bit that makes letters small.
    probes: ([usize; 3], [u8; 3]),
}

impl TextMatcher {
    pub fn new(needle: &str) -> Self {
        let units = units(needle);
        let anchor = longest_run(&units);
        let bytes: Vec<u8> = units[anchor.clone()].iter().filter_map(Unit::byte).collect();
        let probes = probes(&bytes);
        Self { units, anchor, bytes, probes }
    }

    /// Whether the event contains the text.
    pub fn contains(&self, event: &[u8]) -> bool {
        if self.units.is_empty() {
            return true;
        }
        if self.bytes.is_empty() {
            return (0..event.len()).any(|start| self.is_at(event, start, start));
        }
        self.anchors(event, |at| self.is_at(event, at, at + self.bytes.len()))
    }

    /// Whether one of the places where the anchor stands satisfies `is_hit`.
    fn anchors(&self, event: &[u8], is_hit: impl Fn(usize) -> bool) -> bool {
        let Some(places) = (event.len() + 1).checked_sub(self.bytes.len()) else { return false };
        let (offsets, wanted) = self.probes;
        let is_there = |at: usize| {
            (0..3).all(|n| event[at + offsets[n]] | 0x20 == wanted[n])
                && event[at..at + self.bytes.len()].eq_ignore_ascii_case(&self.bytes)
                && is_hit(at)
        };
        let mut at = 0;
        while at + STEP <= places {
            let windows = offsets.map(|offset| event[at + offset..].first_chunk::<STEP>());
            let [Some(first), Some(second), Some(third)] = windows else { break };
            if any_at_once([first, second, third], wanted) && (at..at + STEP).any(is_there) {
                return true;
            }
            at += STEP;
        }
        (at..places).any(is_there)
    }

    /// Whether what is before the anchor ends at `start`, and what is after it begins at `end`.
    fn is_at(&self, event: &[u8], start: usize, end: usize) -> bool {
        let before = self.units[..self.anchor.start].iter().rev();
        let after = self.units[self.anchor.end..].iter();
        reaches(before, start, |unit, at, next| {
            unit.forms(|form| {
                if event[..at].len() >= form.len() && event[at - form.len()..at].eq_ignore_ascii_case(form) {
                    next(at - form.len());
                }
            });
        }) && reaches(after, end, |unit, at, next| {
            unit.forms(|form| {
                if event.get(at..at + form.len()).is_some_and(|text| text.eq_ignore_ascii_case(form)) {
                    next(at + form.len());
                }
            });
        })
    }
}

impl Unit {
    fn byte(&self) -> Option<u8> {
        match self {
            Self::Byte(byte) => Some(*byte),
            Self::Any(_) => None,
        }
    }

    fn forms(&self, mut each: impl FnMut(&[u8])) {
        match self {
            Self::Byte(byte) => each(&[*byte]),
            Self::Any(forms) => forms.iter().for_each(|form| each(form)),
        }
    }
}

/// Whether there is a way from `start` over all units; `step` tells where a unit can lead from a place. A backslash is
/// one byte or two, so there may be several places at a time, but never more than there are bytes.
fn reaches<'a>(
    units: impl Iterator<Item = &'a Unit>,
    start: usize,
    step: impl Fn(&Unit, usize, &mut dyn FnMut(usize)),
) -> bool {
    let mut places = vec![start];
    for unit in units {
        let mut reached = Vec::new();
        for at in places {
            step(unit, at, &mut |next| {
                if !reached.contains(&next) {
                    reached.push(next);
                }
            });
        }
        places = reached;
        if places.is_empty() {
            return false;
        }
    }
    true
}

fn any_at_once(windows: [&[u8; STEP]; 3], wanted: [u8; 3]) -> bool {
    let [first, second, third] = windows;
    let mut any = 0;
    for n in 0..STEP {
        any |= u8::from(first[n] | 0x20 == wanted[0])
            & u8::from(second[n] | 0x20 == wanted[1])
            & u8::from(third[n] | 0x20 == wanted[2]);
    }
    any != 0
}

fn longest_run(units: &[Unit]) -> Range<usize> {
    let mut longest = 0..0;
    let mut start = 0;
    for (n, unit) in units.iter().enumerate() {
        if unit.byte().is_none() {
            start = n + 1;
        } else if n + 1 - start > longest.len() {
            longest = start..n + 1;
        }
    }
    longest
}

/// The three rarest bytes, or the same again where there are fewer.
fn probes(bytes: &[u8]) -> ([usize; 3], [u8; 3]) {
    let rank = |byte: u8| COMMON.iter().position(|common| *common == byte);
    let mut places: Vec<usize> = (0..bytes.len()).collect();
    places.sort_by_key(|place| rank(bytes[*place]));
    let place = |n: usize| places.get(n).or(places.first()).copied().unwrap_or_default();
    let offsets = [place(0), place(1), place(2)];
    (offsets, offsets.map(|place| bytes.get(place).copied().unwrap_or_default() | 0x20))
}
