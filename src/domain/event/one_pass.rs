//! An event read in one pass: many times faster than a parser, because what is not wanted is checked and left.
//!
//! It gives what [`lenient`](super::lenient) gives, or nothing: whatever is odd in any way is left to that one. So all
//! that `serde_json` would refuse or that sets a flag must be seen here, also in what is skipped.

use std::borrow::Cow;

use super::record::{Block, Envelope, Lax, Text};
use super::scan::Scan;
use super::{Decoded, Flags};

/// The fields of an ordinary event; `None` for one that needs [`lenient`](super::lenient), be it good or not.
pub fn decode(bytes: &[u8]) -> Option<Decoded<'_>> {
    let mut scan = Scan::new(std::str::from_utf8(bytes).ok()?);
    let mut envelope = Envelope::default();
    object(&mut envelope, &mut scan)?;
    scan.end()?;
    Some(Decoded::new(envelope.into_fields(), Flags::default()))
}

fn object<'a>(block: &mut impl Block<'a>, scan: &mut Scan<'a>) -> Option<()> {
    let mut more = scan.enter_object()?;
    while more {
        let key = scan.key()?;
        block.scan(key, scan)?;
        more = scan.next_member()?;
    }
    Some(())
}

impl<'a, T: Block<'a>> Lax<T> {
    /// An object or null.
    pub(super) fn scan(&mut self, scan: &mut Scan<'a>) -> Option<()> {
        match scan.peek()? {
            b'{' => object(&mut self.0, scan),
            b'n' => scan.skip(),
            _ => None,
        }
    }
}

impl<'a> Text<'a> {
    /// Any value. What is no plain string is read by `serde_json` from its own bytes alone, so that escapes and numbers
    /// mean what they mean there.
    pub(super) fn scan(&mut self, scan: &mut Scan<'a>) -> Option<()> {
        let first = scan.peek()?;
        let start = scan.at();
        if first == b'"' {
            let string = scan.string()?;
            if !string.has_escapes {
                self.0 = Cow::Borrowed(string.text);
                return Some(());
            }
        } else {
            scan.skip()?;
            if matches!(first, b'n' | b'{' | b'[') {
                return Some(());
            }
        }
        self.parse(scan.since(start)?)
    }

    #[cold]
    fn parse(&mut self, json: &'a str) -> Option<()> {
        *self = serde_json::from_str(json).ok()?;
        Some(())
    }
}

#[cfg(test)]
#[path = "one_pass_tests.rs"]
mod tests;
