//! Where the strings of a JSON text begin and end, found block by block.
//!
//! To look for the end of each string from its beginning would be to wait for one search before the next can begin.
//! Blocks are searched whatever they hold, so that the processor is ahead with them while what was found is looked at.

#![expect(clippy::inline_always, reason = "a call for each quote of an event is a fifth of the time")]

use wide::u8x16;

const BLOCK: usize = 64;

/// The quotes of a text that are not escaped, in their order.
pub(super) struct Quotes<'a> {
    bytes: &'a [u8],
    /// Where the block stands that was searched last, with a bit for each of its quotes that has not been taken.
    at: usize,
    found: u64,
    /// Where the next block stands, and whether its first byte is escaped.
    next: usize,
    carry: bool,
    pub(super) seen: Seen,
}

/// What else stands in the blocks that were searched: all up to the last quote taken, and a little more.
#[derive(Default)]
pub(super) struct Seen {
    /// The place behind the last backslash.
    pub(super) escapes: usize,
    /// An escape that is none, or that of half a surrogate pair.
    pub(super) bad_escapes: bool,
    pub(super) control: bool,
}

impl<'a> Quotes<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, found: 0, next: 0, carry: false, seen: Seen::default() }
    }

    /// Those behind the byte at `at`, which escapes nothing.
    pub(super) fn behind(bytes: &'a [u8], at: usize) -> Self {
        Self { next: at + 1, ..Self::new(bytes) }
    }

    /// The place of the closing quote of the string whose opening one stands at `start`, and is the next.
    #[inline(always)]
    pub(super) fn string(&mut self, start: usize) -> Option<usize> {
        if self.next()? == start { self.next() } else { None }
    }

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            self.search()?;
        }
        let quote = self.at + self.found.trailing_zeros() as usize;
        self.found &= self.found - 1;
        Some(quote)
    }

    #[inline(never)]
    fn search(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.next..)?;
        let marks = match rest.first_chunk() {
            Some(block) => Marks::of(block),
            None => Marks::of_last(rest)?,
        };
        self.at = self.next;
        self.next += BLOCK;
        self.found = marks.quotes;
        self.seen.control |= marks.control;
        if marks.backslashes != 0 || self.carry {
            self.unescape(&marks);
        }
        Some(())
    }

    /// Quotes behind a backslash that is not escaped itself are none.
    fn unescape(&mut self, marks: &Marks) {
        let mut escaped = u64::from(self.carry);
        let mut left = marks.backslashes & !escaped;
        self.carry = false;
        while left != 0 {
            let first = left & left.wrapping_neg();
            self.carry = first >> (BLOCK - 1) != 0;
            escaped |= first << 1;
            left &= !(first | first << 1);
        }
        self.found &= !escaped;
        self.seen.escapes = self.next - marks.backslashes.leading_zeros() as usize;
        let mut others = escaped & !(marks.quotes | marks.backslashes);
        while others != 0 {
            let rest = self.bytes.get(self.at + others.trailing_zeros() as usize..);
            self.seen.bad_escapes |= !rest.is_some_and(is_escape);
            others &= others - 1;
        }
    }
}

/// Whether what stands behind a backslash makes it an escape. Halves of surrogate pairs do not.
fn is_escape(rest: &[u8]) -> bool {
    match rest {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => true,
        [b'u', digits @ ..] => digits.first_chunk::<4>().is_some_and(|digits| {
            let is_surrogate = matches!(digits, [b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', ..]);
            digits.iter().all(u8::is_ascii_hexdigit) && !is_surrogate
        }),
        _ => false,
    }
}

/// A bit for each byte of a block that is one, and whether there are control characters.
struct Marks {
    quotes: u64,
    backslashes: u64,
    control: bool,
}

impl Marks {
    #[inline(always)]
    fn of(block: &[u8; BLOCK]) -> Self {
        let (quarters, _) = block.as_chunks::<16>();
        let quarters = [quarters[0], quarters[1], quarters[2], quarters[3]].map(u8x16::new);
        let quotes = quarters.map(|bytes| bytes.simd_eq(u8x16::splat(b'"')));
        let backslashes = quarters.map(|bytes| bytes.simd_eq(u8x16::splat(b'\\')));
        let lowest = quarters[0].min(quarters[1]).min(quarters[2].min(quarters[3]));
        let has_backslash = (backslashes[0] | backslashes[1] | backslashes[2] | backslashes[3]).to_bitmask() != 0;
        Self {
            quotes: bits(quotes),
            backslashes: if has_backslash { bits(backslashes) } else { 0 },
            control: lowest.simd_lt(u8x16::splat(b' ')).to_bitmask() != 0,
        }
    }

    #[cold]
    fn of_last(rest: &[u8]) -> Option<Self> {
        let mut block = [b' '; BLOCK];
        block.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        (!rest.is_empty()).then(|| Self::of(&block))
    }
}

#[inline(always)]
fn bits([a, b, c, d]: [u8x16; 4]) -> u64 {
    let [a, b, c, d] = [a, b, c, d].map(|x| u64::from(x.to_bitmask()));
    a | b << 16 | c << 32 | d << 48
}
