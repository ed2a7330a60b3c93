//! Cuts the bytes of an event into words and ids.
//!
//! A *compound* is a maximal run of ASCII letters, digits, the joiners `-`, `_`, `.`, `@`, and bytes of other characters:
//! `web-01`, `alice@example.com`, an OCID. Joiners divide it into segments; a segment of hexadecimal digits alone is
//! *pure*. Pure segments with nothing but dashes between them make a *stretch*. One of [`SHORTEST_ID`] bytes or more that
//! has dashes, or the end of the compound, on both sides is an id: a request id, a UUID. Ids are cut out of the compound;
//! what is left on each side, without joiners at its ends, is a word.
//!
//! Short words that are pure are numbers and dates, and are not kept, nor are parts of a time of day; addresses are.
//!
//! What decides is near at hand, so that a text to look for can be cut in the same way.

/// Bytes of the shortest stretch that is an id.
pub(super) const SHORTEST_ID: usize = 16;
/// Bytes of the longest word that may be part of a time of day: seconds, microseconds and a `Z`.
const LONGEST_CLOCK: usize = 10;
/// Bytes of the longest part of that without a dot. Parts of a UUID are longer.
const LONGEST_FRACTION: usize = 7;
/// Dots of an address.
const ADDRESS_DOTS: usize = 3;

const HEX_DIGIT: u8 = 1;
/// `g` to `z`, and what is not ASCII.
const IMPURE: u8 = 2;
const JOINER: u8 = 4;

/// The class of each byte in lower case; 0 is no part of a compound.
const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'0'..=b'9' | b'a'..=b'f' => HEX_DIGIT,
            b'g'..=b'z' | 0x80..=0xff => IMPURE,
            b'-' | b'_' | b'.' | b'@' => JOINER,
            _ => 0,
        };
        byte += 1;
    }
    class
};

fn class(byte: u8) -> u8 {
    CLASS[usize::from(byte)]
}

/// Whether a byte, in lower case, is part of a compound.
pub(super) fn is_in_compound(byte: u8) -> bool {
    class(byte) != 0
}

/// Takes what is found in a compound.
pub(super) trait Sink {
    /// A word, in lower case.
    fn word(&mut self, word: &[u8]);
    /// An id, in lower case.
    fn id(&mut self, stretch: &[u8]);
    /// Something was left of a compound that an id was cut out of.
    fn cut(&mut self);
}

/// Calls `take` with each compound of `event`, which is in lower case.
pub(super) fn compounds<'a>(event: &'a [u8], mut take: impl FnMut(&'a [u8])) {
    let mut start = None;
    let mut edge = |at: usize| match start.take() {
        None => start = Some(at),
        Some(start) => take(&event[start..at]),
    };
    let (steps, rest) = event.as_chunks::<STEP>();
    let mut last = [0; STEP];
    last[..rest.len()].copy_from_slice(rest);
    let mut before = 0;
    for (n, step) in steps.iter().chain([&last]).enumerate() {
        let inside = inside(step);
        let mut edges = inside ^ (inside << 1 | before);
        before = inside >> (STEP - 1);
        while edges != 0 {
            edge(n * STEP + edges.trailing_zeros() as usize);
            edges &= edges - 1;
        }
    }
    if before == 1 {
        edge(event.len());
    }
}

/// Bytes looked at in one go.
const STEP: usize = 64;

/// A bit for each byte that is part of a compound. Comparisons without a table become vector instructions.
fn inside(step: &[u8; STEP]) -> u64 {
    let mut flags = [0; STEP];
    for (flag, byte) in flags.iter_mut().zip(step) {
        let is_digit = u8::from(byte.wrapping_sub(b'0') < 10);
        let is_letter = u8::from(byte.wrapping_sub(b'a') < 26);
        let is_joiner = [b'-', b'_', b'.', b'@'].map(|joiner| u8::from(*byte == joiner));
        *flag = is_joiner.iter().fold(is_digit | is_letter | byte >> 7, |flag, joiner| flag | joiner);
    }
    // Each multiplication gathers the lowest bits of eight bytes in the uppermost byte.
    let gathered = |group: &[u8; 8]| u64::from_le_bytes(*group).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    flags.as_chunks::<8>().0.iter().rev().fold(0, |bits, group| bits << 8 | gathered(group))
}

/// The words and ids of a compound.
pub(super) fn cut(compound: &[u8], sink: &mut impl Sink) {
    if compound.len() < SHORTEST_ID {
        word(compound, sink);
    } else {
        long_compound(compound, sink);
    }
}

fn long_compound(compound: &[u8], sink: &mut impl Sink) {
    let mut done = 0;
    let mut has_piece = false;
    for stretch in stretches(compound).filter(Stretch::is_id) {
        has_piece |= word(&compound[done..stretch.start], sink);
        sink.id(&compound[stretch.start..stretch.end]);
        done = stretch.end;
    }
    has_piece |= word(&compound[done..], sink);
    if done > 0 && has_piece {
        sink.cut();
    }
}

/// Whether there was anything.
fn word(piece: &[u8], sink: &mut impl Sink) -> bool {
    let word = trim(piece);
    if is_kept(word) {
        sink.word(word);
    }
    !word.is_empty()
}

/// Without joiners at its ends.
pub(super) fn trim(piece: &[u8]) -> &[u8] {
    let is_inner = |byte: &u8| class(*byte) != JOINER;
    let start = piece.iter().position(is_inner).unwrap_or(piece.len());
    let end = piece.iter().rposition(is_inner).map_or(start, |last| last + 1);
    &piece[start..end]
}

/// Whether a word is worth keeping. If a part of a word is, so is the word.
pub(super) fn is_kept(word: &[u8]) -> bool {
    let is_pure = word.iter().all(|byte| class(*byte) != IMPURE);
    if is_pure { word.len() >= SHORTEST_ID || dots(word) >= ADDRESS_DOTS } else { !is_clock(word) }
}

fn dots(word: &[u8]) -> usize {
    memchr::memchr_iter(b'.', word).count()
}

/// Whether every word with this pure segment in it is kept, unless it is pure and short.
pub(super) fn is_kept_in_words(segment: &[u8]) -> bool {
    segment.len() > LONGEST_FRACTION || !segment.iter().all(u8::is_ascii_digit)
}

/// Whether a word, which is not pure, looks as the end of `2026-01-31T08:15:00.125Z` does, or a part of that.
fn is_clock(word: &[u8]) -> bool {
    if word.len() > LONGEST_CLOCK {
        return false;
    }
    let mut others = word.iter().filter(|byte| !byte.is_ascii_digit() && **byte != b'.');
    matches!(others.next(), None | Some(b't' | b'z'))
        && others.next().is_none()
        && dots(word) < 2
        && word.split(|byte| *byte == b'.').all(|part| part.len() <= LONGEST_FRACTION)
}

/// What is between two segments, or beside the outermost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// The compound ends.
    End,
    Dashes,
    /// Another joiner is among them.
    Other,
}

/// Pure segments and the dashes between them: all that there are side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub start: usize,
    pub end: usize,
    /// Where its first segment ends and its last one starts.
    pub first_end: usize,
    pub last_start: usize,
    pub before: Gap,
    pub after: Gap,
}

impl Stretch {
    /// Whether it may be an id in a longer compound, or is a part of one.
    pub fn is_free(&self) -> bool {
        self.before != Gap::Other && self.after != Gap::Other
    }

    pub fn is_id(&self) -> bool {
        self.is_free() && self.end - self.start >= SHORTEST_ID
    }
}

/// The stretches of a compound.
pub(super) fn stretches(compound: &[u8]) -> impl Iterator<Item = Stretch> {
    let mut segments = Segments { compound, at: 0 }.peekable();
    std::iter::from_fn(move || {
        let first = segments.find(|segment| segment.is_pure)?;
        let mut last = first;
        while let Some(next) = segments.next_if(|next| next.is_pure && next.before == Gap::Dashes) {
            last = next;
        }
        let after = segments.peek().map_or(Gap::End, |next| next.before);
        let (first_end, last_start) = (first.end, last.start);
        Some(Stretch { start: first.start, end: last.end, first_end, last_start, before: first.before, after })
    })
}

#[derive(Clone, Copy)]
struct Segment {
    start: usize,
    end: usize,
    is_pure: bool,
    before: Gap,
}

struct Segments<'a> {
    compound: &'a [u8],
    at: usize,
}

impl Iterator for Segments<'_> {
    type Item = Segment;

    fn next(&mut self) -> Option<Segment> {
        let rest = &self.compound[self.at..];
        let gap = rest.iter().position(|byte| class(*byte) != JOINER)?;
        let before = match &rest[..gap] {
            _ if self.at == 0 => Gap::End,
            joiners if joiners.iter().all(|byte| *byte == b'-') => Gap::Dashes,
            _ => Gap::Other,
        };
        let start = self.at + gap;
        let mut classes = 0;
        let length = rest[gap..].iter().take_while(|byte| {
            let class = class(**byte);
            classes |= class;
            class != JOINER
        });
        self.at = start + length.count();
        Some(Segment { start, end: self.at, is_pure: classes & IMPURE == 0, before })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Found(Vec<String>);

    impl Sink for Found {
        fn word(&mut self, word: &[u8]) {
            self.0.push(String::from_utf8_lossy(word).into_owned());
        }

        fn id(&mut self, stretch: &[u8]) {
            self.0.push(format!("<{}>", String::from_utf8_lossy(stretch)));
        }

        fn cut(&mut self) {
            self.0.push("cut".into());
        }
    }

    fn found(text: &str) -> Vec<String> {
        let mut found = Found::default();
        compounds(text.to_ascii_lowercase().as_bytes(), |compound| cut(compound, &mut found));
        found.0
    }

    #[test]
    fn words_and_addresses_are_kept_and_numbers_and_times_are_not() {
        assert_eq!(found(r#"{"eventName":"GetVcn","n":12,"d":"AD1"}"#), ["eventname", "getvcn", "n"]);
        assert_eq!(found(r#""2026-01-31T08:15:00.125Z""#), ["2026-01-31t08"]);
        assert_eq!(found("web-7f1 café. z 1z 00.125000z 2.5"), ["web-7f1", "café"]);
        assert_eq!(found("10.0.0.17, alice.smith@example.com"), ["10.0.0.17", "alice.smith@example.com"]);
        assert_eq!(found("csid0234d20c41bcafe8ae4426aa5e56"), ["csid0234d20c41bcafe8ae4426aa5e56"]);
    }

    #[test]
    fn compounds_are_what_the_classes_say() {
        for length in 0..200 {
            let text: Vec<u8> = (0..length).map(|n| (n * n * 31 + length * 7) as u8).collect();
            let expected: Vec<&[u8]> =
                text.split(|byte| !is_in_compound(*byte)).filter(|run| !run.is_empty()).collect();
            let mut found = Vec::new();
            compounds(&text, |compound| found.push(compound));
            assert_eq!(found, expected);
        }
        let letters = vec![b'x'; 640];
        compounds(&letters, |compound| assert_eq!(compound.len(), 640));
    }

    #[test]
    fn ids_are_cut_out_of_names() {
        let uuid = "1fd6329b-6e11-40a5-bb48-b4db04cce956";
        assert_eq!(
            found(&format!("x-{uuid}-web")),
            ["x".to_owned(), format!("<{uuid}>"), "web".to_owned(), "cut".to_owned()]
        );
        assert_eq!(found(&format!("{uuid}.")), [format!("<{uuid}>")]);
        assert_eq!(found(&format!("{uuid}.log")), [format!("{uuid}.log")]);
        assert_eq!(found("AB/00112233445566778899AABBCCDDEEFF/0011"), ["<00112233445566778899aabbccddeeff>"]);
        assert_eq!(found("--0123456789-abcdef--"), ["<0123456789-abcdef>"]);
    }
}
