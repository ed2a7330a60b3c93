//! A stream cut into JSON values: a line each, or the elements of an array, by brackets and quotes alone.
//!
//! A line is a value whatever is in it, so that a broken one costs no more than itself. Where a value would begin with
//! `[`, what follows are the elements of an array, as ListEvents answers them; arrays may follow each other. So may the
//! lists that stand first in an object, as the OCI CLI and a log search write them. A line of nothing but `{` begins an
//! object that somebody has laid out over many lines.

use std::io::{self, BufRead};
use std::ops::Range;

/// The longest value that is taken, in bytes; as much as an answer of the service may have.
pub const LONGEST: usize = 128 << 20;

/// How objects begin, without white space, of which the list is what they are for: answers of the OCI CLI, of a log search.
const LISTS: [&[u8]; 2] = [b"{\"data\":[", b"{\"results\":["];

/// Bytes that are looked at for that.
const MOST_BEGUN: usize = 64;

/// Cuts a stream.
pub struct Values<R> {
    reader: R,
    longest: usize,
    within: Within,
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

/// What the reading is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Nothing,
    Array,
    /// An array that is the first member of an object.
    List,
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
        Self { reader, longest, within: Within::Nothing, begun: false }
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
            match (first, self.within) {
                (None, Within::Nothing) => return Ok(Next::End),
                (None, _) => {
                    self.within = Within::Nothing;
                    return Ok(Next::Cut);
                }
                (Some(b'{'), Within::Nothing) => match self.begin_object(buffer, start)? {
                    Some(next) => return Ok(next),
                    None => self.within = Within::List,
                },
                (Some(first), Within::Nothing) if first != b'[' => return self.take_line(buffer, start),
                (Some(b'['), Within::Nothing) => {
                    self.within = Within::Array;
                    self.reader.consume(1);
                }
                (Some(b']'), within) => {
                    self.within = Within::Nothing;
                    self.reader.consume(1);
                    if within == Within::List && !self.skip_object()? {
                        return Ok(Next::Cut);
                    }
                }
                // A bracket too many is no value.
                (Some(b',' | b'}'), _) => self.reader.consume(1),
                (Some(_), _) => return self.take_element(buffer, start),
            }
        }
    }

    /// A line, or an object over many lines; `None` where a list begins.
    fn begin_object(&mut self, buffer: &mut Vec<u8>, start: usize) -> io::Result<Option<Next>> {
        while let Some(byte) = fill(&mut self.reader)?.first().copied() {
            buffer.push(byte);
            self.reader.consume(1);
            match opens_list(buffer.get(start..).unwrap_or_default()) {
                Some(true) => {
                    buffer.truncate(start);
                    return Ok(None);
                }
                Some(false) => break,
                None => {}
            }
        }
        self.take_line(buffer, start).map(Some)
    }

    /// Takes the rest of an object of which the list was read. Whether it comes to its end.
    fn skip_object(&mut self) -> io::Result<bool> {
        let mut open = Brackets { depth: 1, ..Brackets::default() };
        loop {
            let part = fill(&mut self.reader)?;
            if part.is_empty() {
                return Ok(false);
            }
            let end = open.end_of_object(part);
            let taken = end.unwrap_or(part.len());
            self.reader.consume(taken);
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    /// What is in the buffer already begins it.
    fn take_line(&mut self, buffer: &mut Vec<u8>, start: usize) -> io::Result<Next> {
        let begun = buffer.get(start..).unwrap_or_default();
        let mut length = Length { ended: begun.ends_with(b"\n"), bytes: begun.len() as u64 };
        if !length.ended && !is_laid_out(begun) {
            length += self.copy(buffer, start, Ends::Line, &mut Brackets::default())?;
        }
        let line = buffer.get(start..).unwrap_or_default();
        if is_laid_out(line) && length.bytes == line.len() as u64 {
            let mut open = Brackets::default();
            length.ended = open.end_of_object(line).is_some();
            if !length.ended {
                length += self.copy(buffer, start, Ends::Object, &mut open)?;
            }
        }
        let is_whole = length.ended || is_whole(trimmed(buffer, start));
        Ok(self.cut(buffer, start, length.bytes, is_whole))
    }

    fn take_element(&mut self, buffer: &mut Vec<u8>, start: usize) -> io::Result<Next> {
        let length = self.copy(buffer, start, Ends::Element, &mut Brackets::default())?;
        if !length.ended && length.bytes <= self.longest as u64 {
            // The end of a value that has none is the end of the array too.
            self.within = Within::Nothing;
        }
        Ok(self.cut(buffer, start, length.bytes, length.ended))
    }

    fn cut(&self, buffer: &mut Vec<u8>, start: usize, bytes: u64, is_whole: bool) -> Next {
        if bytes > self.longest as u64 {
            return Next::TooLong(bytes);
        }
        let end = start + trimmed(buffer, start).len();
        buffer.truncate(end);
        if is_whole { Next::Value(start..end) } else { Next::Cut }
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

impl std::ops::AddAssign for Length {
    fn add_assign(&mut self, more: Self) {
        *self = Self { ended: more.ended, bytes: self.bytes + more.bytes };
    }
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

/// Whether what was read of a line is the beginning of a list in an object; `None` while that is open.
fn opens_list(begun: &[u8]) -> Option<bool> {
    if begun.last() == Some(&b'\n') && !is_laid_out(begun) {
        return Some(false);
    }
    let text: Vec<u8> = begun.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    match () {
        () if LISTS.contains(&text.as_slice()) => Some(true),
        // So much white space nobody lays out.
        () if begun.len() <= MOST_BEGUN && LISTS.iter().any(|list| list.starts_with(&text)) => None,
        () => Some(false),
    }
}

/// Whether a line of nothing but `{` begins it.
fn is_laid_out(begun: &[u8]) -> bool {
    let line = begun.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    line.ends_with(b"\n") && line.trim_ascii_end() == b"{"
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
    fn a_list_that_an_object_begins_with_is_as_an_array() {
        let lists = [
            "{\"data\":[{\"a\":1},\n{\"b\":\"]\"}],\"opc-next-page\":\"}\"}\n{\"c\":3}\n",
            "{\n  \"data\" : [\n    {\"a\":1},{\"b\":\"]\"}\n  ]\n}\n{\"c\":3}",
            "{\"results\": [ {\"a\":1}, {\"b\":\"]\"}], \"summary\": {\"n\": [2]}} {\"c\":3}",
        ];
        for (buffer, text) in [1, 7, 1_000].into_iter().flat_map(|buffer| lists.map(|text| (buffer, text))) {
            assert_eq!(values(text, 99, buffer), ["{\"a\":1}", "{\"b\":\"]\"}", "{\"c\":3}"], "{text}");
        }
        assert_eq!(values("{\"data\":[]}", 99, 4), [""; 0]);
        assert_eq!(values("{\"data\":[{\"a\":1}],\"b\":", 99, 4), ["{\"a\":1}", "cut"]);
    }

    #[test]
    fn what_only_begins_like_a_list_is_a_value() {
        for text in ["{\"data\":{\"a\":[1]}}", "{\"data\"", "{}", "{\"dat\":[1]}", "{\n}", "{\n  \"data\": 1\n}"] {
            for buffer in [1, 3, 1_000] {
                assert_eq!(values(&format!("{text}\n{{\"b\":1}}\n"), 99, buffer), [text, "{\"b\":1}"]);
            }
        }
        assert_eq!(values("{\"dat", 99, 4), ["cut"]);
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
