//! A stream cut into JSON values: a line each, or the elements of an array, by brackets and quotes alone.
//!
//! A line is a value whatever is in it, so that a broken one costs no more than itself. Where a value would begin with
//! `[`, what follows are the elements of an array, as ListEvents answers them; arrays may follow each other. A line of
//! nothing but `{` begins an object that somebody has laid out over many lines.

use std::io::{self, BufRead};
use std::ops::Range;

/// The longest value that is taken, in bytes; as much as an answer of the service may have.
pub const LONGEST: usize = 128 << 20;

/// Cuts a stream.
pub struct Values<R> {
    reader: R,
    longest: usize,
    in_array: bool,
    /// Of the first value there may be a byte order mark.
    begun: bool,
}

/// What stands next in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It was put at the end of the buffer, without the space around it.
    Value(Range<usize>),
    /// A value of so many bytes was passed over.
    TooLong(u64),
    /// The stream ends in the middle of a value, or of an array.
    Cut,
    End,
}

/// How a value ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// With the line.
    Line,
    /// Before the `,` or `]` that stands outside of it.
    Element,
    /// With the bracket that closes its first.
    Object,
}

impl<R: BufRead> Values<R> {
    pub fn new(reader: R, longest: usize) -> Self {
        Self { reader, longest, in_array: false, begun: false }
    }

    /// The next value. After an error there is no more.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Next> {
        let start = buffer.len();
        let next = self.find(buffer, start);
        if !matches!(next, Ok(Next::Value(_))) {
            buffer.truncate(start);
        }
        next
    }

    fn find(&mut self, buffer: &mut Vec<u8>, start: usize) -> io::Result<Next> {
        loop {
            let first = self.skip_space()?;
            match (first, self.in_array) {
                (None, true) => {
                    self.in_array = false;
                    return Ok(Next::Cut);
                }
                (None, false) => return Ok(Next::End),
                (Some(b'['), false) => self.in_array = true,
                (Some(b']'), true) => self.in_array = false,
                // A bracket too many is no value.
                (Some(b',' | b'}'), true) => {}
                (Some(_), true) => return self.take(buffer, start, Ends::Element),
                (Some(_), false) => return self.take(buffer, start, Ends::Line),
            }
            self.reader.consume(1);
        }
    }

    fn take(&mut self, buffer: &mut Vec<u8>, start: usize, ends: Ends) -> io::Result<Next> {
        let mut length = self.copy(buffer, start, ends, &mut Brackets::default())?;
        if ends == Ends::Line && trimmed(buffer, start) == b"{" {
            let mut open = Brackets { depth: 1, ..Brackets::default() };
            let more = self.copy(buffer, start, Ends::Object, &mut open)?;
            length = Length { ended: more.ended, bytes: length.bytes + more.bytes };
        }
        if length.bytes > self.longest as u64 {
            return Ok(Next::TooLong(length.bytes));
        }
        // The end of a value that has none is the end of the array too.
        self.in_array &= length.ended;
        let text = trimmed(buffer, start);
        let whole = length.ended || (ends == Ends::Line && is_whole(text));
        let end = start + text.len();
        buffer.truncate(end);
        Ok(if whole { Next::Value(start..end) } else { Next::Cut })
    }

    /// Copies up to the end of the value, but no more than fits; the line break and the closing bracket belong to it.
    fn copy(&mut self, buffer: &mut Vec<u8>, start: usize, ends: Ends, brackets: &mut Brackets) -> io::Result<Length> {
        let mut bytes = 0u64;
        loop {
            let part = fill(&mut self.reader)?;
            let end = match ends {
                _ if part.is_empty() => return Ok(Length { ended: false, bytes }),
                Ends::Line => memchr::memchr(b'\n', part).map(|at| at + 1),
                Ends::Element => brackets.end_of_element(part),
                Ends::Object => brackets.end_of_object(part),
            };
            let taken = end.unwrap_or(part.len());
            if buffer.len() - start + taken <= self.longest {
                buffer.extend_from_slice(part.get(..taken).unwrap_or_default());
            } else {
                buffer.truncate(start);
            }
            bytes += taken as u64;
            self.reader.consume(taken);
            if end.is_some() {
                return Ok(Length { ended: true, bytes });
            }
        }
    }

    /// The byte after white space; `None` at the end.
    fn skip_space(&mut self) -> io::Result<Option<u8>> {
        loop {
            let part = fill(&mut self.reader)?;
            if part.is_empty() {
                return Ok(None);
            }
            if !std::mem::replace(&mut self.begun, true) && part.starts_with(b"\xef\xbb\xbf") {
                self.reader.consume(3);
                continue;
            }
            let space = part.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let next = part.get(space).copied();
            self.reader.consume(space);
            if next.is_some() {
                return Ok(next);
            }
        }
    }
}

struct Length {
    ended: bool,
    bytes: u64,
}

/// As `fill_buf`, and again where a signal came in between.
fn fill<R: BufRead>(reader: &mut R) -> io::Result<&[u8]> {
    loop {
        match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    // What was filled is there without asking anybody.
    reader.fill_buf()
}

fn trimmed(buffer: &[u8], start: usize) -> &[u8] {
    buffer.get(start..).unwrap_or_default().trim_ascii_end()
}

/// Whether a last line without a line break is all there. What does not begin as an object was never one.
fn is_whole(line: &[u8]) -> bool {
    !line.starts_with(b"{") || Brackets::default().end_of_object(line) == Some(line.len())
}

/// Counts brackets outside of strings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brackets {
    depth: u64,
    in_string: bool,
    escaped: bool,
}

impl Brackets {
    /// Where the `,` or bracket stands that ends an element.
    fn end_of_element(&mut self, part: &[u8]) -> Option<usize> {
        part.iter().position(|byte| {
            let ends = self.depth == 0 && !self.in_string && matches!(byte, b',' | b']' | b'}');
            if !ends {
                self.step(*byte);
            }
            ends
        })
    }

    /// Behind the bracket that closes the first one.
    pub fn end_of_object(&mut self, part: &[u8]) -> Option<usize> {
        let last = part.iter().position(|byte| {
            self.step(*byte);
            self.depth == 0 && !self.in_string && matches!(byte, b'}' | b']')
        });
        last.map(|at| at + 1)
    }

    fn step(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_string => self.escaped = true,
            b'"' => self.in_string = !self.in_string,
            _ if self.in_string => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// Each value as text, `#` and a length where it was too long, `cut` where it was that.
    fn values(text: &str, longest: usize, buffer: usize) -> Vec<String> {
        let mut values = Values::new(BufReader::with_capacity(buffer, text.as_bytes()), longest);
        let (mut held, mut found) = (b"before".to_vec(), Vec::new());
        loop {
            found.push(match values.next(&mut held).unwrap() {
                Next::Value(range) => String::from_utf8(held[range].to_vec()).unwrap(),
                Next::TooLong(bytes) => format!("#{bytes}"),
                Next::Cut => "cut".to_owned(),
                Next::End => return found,
            });
        }
    }

    #[test]
    fn a_line_is_a_value_whatever_is_in_it() {
        let text = "\u{feff}{\"a\":1}\r\n\n  \nnot json, ]\n{\"b\":\"}\n {\"c\":2} ";
        for buffer in [3, 7, 1_000] {
            assert_eq!(values(text, 99, buffer), ["{\"a\":1}", "not json, ]", "{\"b\":\"}", "{\"c\":2}"]);
        }
    }

    #[test]
    fn arrays_give_their_elements_and_lines_may_follow() {
        let text = "[{\"a\":\"],\\\"\"},\n 1e400 ,[2,{}]]\n[]\n[\"x\"]{\"b\":3}\n";
        for buffer in [1, 7, 1_000] {
            assert_eq!(values(text, 99, buffer), ["{\"a\":\"],\\\"\"}", "1e400", "[2,{}]", "\"x\"", "{\"b\":3}"]);
        }
    }

    #[test]
    fn an_object_over_many_lines_is_one_value() {
        assert_eq!(values("{\n  \"a\": {\n  }\n}\n{\"b\":1}\n", 99, 3), ["{\n  \"a\": {\n  }\n}", "{\"b\":1}"]);
    }

    #[test]
    fn brackets_too_many_are_passed_over() {
        assert_eq!(values("[{\"a\":1}}, }2]\n]\n", 99, 4), ["{\"a\":1}", "2", "]"]);
    }

    #[test]
    fn what_the_end_cuts_off_is_told() {
        assert_eq!(values("{\"a\":1}\n{\"b\":\"}", 99, 4), ["{\"a\":1}", "cut"]);
        assert_eq!(values("[{\"a\":1},{\"b\"", 99, 4), ["{\"a\":1}", "cut"]);
        assert_eq!(values("[{\"a\":1},", 99, 4), ["{\"a\":1}", "cut"]);
        assert_eq!(values("{\n\"a\":1", 99, 4), ["cut"]);
    }

    #[test]
    fn what_is_too_long_is_passed_over() {
        let text = format!("{{\"a\":\"{}\"}}\n{{\"b\":1}}\n", "x".repeat(50));
        for buffer in [1, 7, 1_000] {
            assert_eq!(values(&text, 20, buffer), ["#59", "{\"b\":1}"]);
        }
        assert_eq!(values(&format!("[{}, 2]", "1".repeat(50)), 20, 8), ["#50", "2"]);
    }
}
