//! JSON read from its beginning to its end, checked as strictly as `serde_json` does, and rather more: what is `None`
//! here may be good JSON. Nothing is allocated, and no depth of nesting takes stack.

#![expect(clippy::inline_always, reason = "calls for what is a few bytes long are a fifth of the time")]

use crate::domain::quotes::Quotes;

/// A place in a text.
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
    quotes: Quotes<'a>,
}

/// A string without its quotes, as it stands there.
pub(super) struct Raw<'a> {
    pub(super) text: &'a str,
    pub(super) has_escapes: bool,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, quotes: Quotes::new(text.as_bytes()) }
    }

    /// Nothing but space follows, and all that was skipped was good.
    pub(super) fn end(&mut self) -> Option<()> {
        (self.peek().is_none() && !self.quotes.seen.bad_escapes).then_some(())
    }

    /// The next byte that is no space, not taken.
    #[inline(always)]
    pub(super) fn peek(&mut self) -> Option<u8> {
        let byte = *self.text.as_bytes().get(self.at)?;
        if byte > b' ' { Some(byte) } else { self.peek_behind_space() }
    }

    #[cold]
    #[inline(never)]
    fn peek_behind_space(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Takes the next byte that is no space.
    #[inline(always)]
    fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    #[inline(always)]
    fn expect(&mut self, byte: u8) -> Option<()> {
        if self.text.as_bytes().get(self.at) == Some(&byte) || self.peek_behind_space()? == byte {
            self.at += 1;
            return Some(());
        }
        None
    }

    /// Takes the `{`, and the `}` where it is empty. Whether a member follows.
    #[inline(always)]
    pub(super) fn enter_object(&mut self) -> Option<bool> {
        self.expect(b'{')?;
        self.is_filled(b'}')
    }

    #[inline(always)]
    fn is_filled(&mut self, end: u8) -> Option<bool> {
        let filled = self.peek()? != end;
        self.at += usize::from(!filled);
        Some(filled)
    }

    /// Takes what stands behind a member. Whether another follows.
    #[inline(always)]
    pub(super) fn next_member(&mut self) -> Option<bool> {
        match self.take()? {
            b',' => Some(true),
            b'}' => Some(false),
            _ => None,
        }
    }

    /// A key and its colon. One with escapes is none of ours, or not plainly.
    #[inline(always)]
    pub(super) fn key(&mut self) -> Option<&'a str> {
        let Raw { text, has_escapes: false } = self.string()? else { return None };
        self.expect(b':')?;
        Some(text)
    }

    #[inline(always)]
    pub(super) fn string(&mut self) -> Option<Raw<'a>> {
        self.expect(b'"')?;
        let start = self.at;
        self.rest_of_string()?;
        let text = self.text.get(start..self.at - 1)?;
        Some(Raw { text, has_escapes: self.quotes.seen.escapes > start && text.contains('\\') })
    }

    /// To behind the closing quote of the string whose opening one was taken last.
    #[inline(always)]
    fn rest_of_string(&mut self) -> Option<()> {
        let start = self.at;
        let end = self.quotes.string(start - 1)?;
        self.at = end + 1;
        if self.quotes.seen.control && has_control(self.text.as_bytes().get(start..end)?) {
            return None;
        }
        Some(())
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What was taken from `start` on.
    pub(super) fn since(&self, start: usize) -> Option<&'a str> {
        self.text.get(start..self.at)
    }

    /// Skips a value, however deep up to [`Nesting`].
    pub(super) fn skip(&mut self) -> Option<()> {
        let mut nesting = Nesting::default();
        loop {
            let first = self.take()?;
            if first == b'"' {
                self.rest_of_string()?;
            } else {
                match first {
                    b'{' => {
                        if self.is_filled(b'}')? {
                            nesting.enter(true)?;
                            self.skip_key()?;
                            continue;
                        }
                    }
                    b'[' => {
                        if self.is_filled(b']')? {
                            nesting.enter(false)?;
                            continue;
                        }
                    }
                    b'n' => self.rest_of_word(b"ull")?,
                    b't' => self.rest_of_word(b"rue")?,
                    b'f' => self.rest_of_word(b"alse")?,
                    b'-' | b'0'..=b'9' => self.rest_of_number(first)?,
                    _ => return None,
                }
            }
            loop {
                let Some(in_object) = nesting.in_object() else { return Some(()) };
                match self.take()? {
                    b',' => {
                        if in_object {
                            self.skip_key()?;
                        }
                        break;
                    }
                    b'}' if in_object => nesting.leave(),
                    b']' if !in_object => nesting.leave(),
                    _ => return None,
                }
            }
        }
    }

    #[inline(always)]
    fn skip_key(&mut self) -> Option<()> {
        self.expect(b'"')?;
        self.rest_of_string()?;
        self.expect(b':')
    }

    #[inline(always)]
    fn rest_of_word(&mut self, rest: &[u8]) -> Option<()> {
        self.text.as_bytes().get(self.at..)?.starts_with(rest).then(|| self.at += rest.len())
    }

    /// `-? (0 | [1-9] [0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    fn rest_of_number(&mut self, first: u8) -> Option<()> {
        let first = if first == b'-' { self.bump()? } else { first };
        match first {
            b'0' => {}
            b'1'..=b'9' => _ = self.digits(),
            _ => return None,
        }
        if self.bump_if(|byte| byte == b'.') && self.digits() == 0 {
            return None;
        }
        if self.bump_if(|byte| matches!(byte, b'e' | b'E')) {
            self.bump_if(|byte| matches!(byte, b'+' | b'-'));
            if self.digits() == 0 {
                return None;
            }
        }
        Some(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.bump_if(|byte| byte.is_ascii_digit()) {}
        self.at - start
    }

    fn bump(&mut self) -> Option<u8> {
        let byte = *self.text.as_bytes().get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn bump_if(&mut self, wanted: impl FnOnce(u8) -> bool) -> bool {
        let found = self.text.as_bytes().get(self.at).is_some_and(|byte| wanted(*byte));
        self.at += usize::from(found);
        found
    }
}

#[cold]
fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| *byte < b' ')
}

/// The brackets that are open, a bit for each that says whether it is an object's.
#[derive(Default)]
struct Nesting {
    objects: u64,
    depth: u32,
}

impl Nesting {
    #[inline(always)]
    fn enter(&mut self, object: bool) -> Option<()> {
        self.depth += 1;
        self.objects = self.objects << 1 | u64::from(object);
        (self.depth <= u64::BITS).then_some(())
    }

    #[inline(always)]
    fn leave(&mut self) {
        self.depth -= 1;
        self.objects >>= 1;
    }

    #[inline(always)]
    fn in_object(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.objects & 1 == 1)
    }
}
