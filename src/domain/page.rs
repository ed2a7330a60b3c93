//! One answer of ListEvents, cut into events but not decoded.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::ledger::CellKey;
use super::quotes::Quotes;

/// The events of one page exactly as received, with where they came from. Cheap to clone.
///
/// It holds the whole body, and of large ones only one is held at a time, so take what you need of it and drop it.
#[derive(Clone)]
pub struct Page {
    pub cell: CellKey,
    /// The decoded body (gunzipped, nothing else), in whatever it was received in: it is not copied.
    body: Arc<dyn AsRef<[u8]> + Send + Sync>,
    extents: Arc<[Range<usize>]>,
    /// `opc-request-id` of the answer.
    pub request_id: Option<Arc<str>>,
    pub received_at: DateTime<Utc>,
    /// When these minutes were read to their end before, if they were.
    pub read_at: Option<DateTime<Utc>>,
}

impl Page {
    /// `Err` when the body is not one JSON array.
    pub fn new(
        cell: CellKey,
        body: impl AsRef<[u8]> + Send + Sync + 'static,
        request_id: Option<Arc<str>>,
        received_at: DateTime<Utc>,
    ) -> Result<Self, NotAnArray> {
        let extents = array_elements(body.as_ref())?.into();
        Ok(Self { cell, body: Arc::new(body), extents, request_id, received_at, read_at: None })
    }

    /// Events that were cut out of something else than an answer, such as the lines of a file. What lies outside of the
    /// body is left out.
    pub fn of_values(
        cell: CellKey,
        body: Arc<dyn AsRef<[u8]> + Send + Sync>,
        mut extents: Vec<Range<usize>>,
        received_at: DateTime<Utc>,
    ) -> Self {
        let length = (*body).as_ref().len();
        extents.retain(|extent| extent.start <= extent.end && extent.end <= length);
        Self { cell, body, extents: extents.into(), request_id: None, received_at, read_at: None }
    }

    pub fn len(&self) -> usize {
        self.extents.len()
    }

    pub fn is_empty(&self) -> bool {
        self.extents.is_empty()
    }

    /// How late an event came that happened at `time` and that no read before this one had: `None` where that says
    /// nothing, because these minutes are read for the first time, or were before it happened.
    pub fn lateness(&self, time: DateTime<Utc>) -> Option<TimeDelta> {
        self.read_at.filter(|before| time <= *before).map(|_| self.received_at - time)
    }

    /// Each event's bytes, as Oracle sent them.
    pub fn events(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let body = (*self.body).as_ref();
        self.extents.iter().map(move |extent| &body[extent.clone()])
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("cell", &self.cell).field("events", &self.len()).finish_non_exhaustive()
    }
}

/// A body that is no JSON array: cut short, an error page, `null`, nothing at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not a JSON array of events ({0})")]
pub struct NotAnArray(pub &'static str);

/// Bytes that an event has at least, by far, where there are more than a few: a list of millions of nothings would take
/// many times its size.
const LEAST_EVENT: usize = 64;
const FEW: usize = 10_000;

/// Where each element of a top-level JSON array stands, by brackets and quotes alone.
///
/// The elements are not validated: raw control characters, invalid UTF-8, huge numbers and any depth pass, because such
/// an event must be kept and shown rather than sink its page. A body that does not end with its array is refused.
fn array_elements(body: &[u8]) -> Result<Vec<Range<usize>>, NotAnArray> {
    let start = skip_space(body, if body.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 });
    match body.get(start) {
        Some(b'[') => {}
        None => return Err(NotAnArray("it is empty")),
        Some(_) => return Err(NotAnArray("it does not begin with `[`")),
    }
    let mut quotes = Quotes::behind(body, start);
    let mut elements = Vec::new();
    let mut at = skip_space(body, start + 1);
    if body.get(at) == Some(&b']') {
        return end_of_body(body, at + 1).map(|()| elements);
    }
    loop {
        let end = element_end(body, at, &mut quotes).ok_or(NotAnArray("it is cut short"))?;
        let text = &body[at..end];
        if elements.len() > FEW + body.len() / LEAST_EVENT {
            return Err(NotAnArray("its elements are too small to be events"));
        }
        elements.push(at..end - text.iter().rev().take_while(|b| b.is_ascii_whitespace()).count());
        if elements.last().is_some_and(Range::is_empty) {
            return Err(NotAnArray("an element is missing"));
        }
        match body[end] {
            b',' => at = skip_space(body, end + 1),
            b']' => return end_of_body(body, end + 1).map(|()| elements),
            _ => return Err(NotAnArray("its brackets do not match")),
        }
    }
}

fn end_of_body(body: &[u8], at: usize) -> Result<(), NotAnArray> {
    if skip_space(body, at) == body.len() { Ok(()) } else { Err(NotAnArray("more follows its end")) }
}

/// The position of the `,` or bracket that ends the element which starts at `at`.
fn element_end<'a>(body: &'a [u8], mut at: usize, quotes: &mut Quotes<'a>) -> Option<usize> {
    let mut depth = 0usize;
    loop {
        at += structural(body.get(at..)?)?;
        match body[at] {
            b'"' => at = quotes.string(at)?,
            // Between strings it escapes nothing.
            b'\\' => *quotes = Quotes::behind(body, at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 0 => depth -= 1,
            b',' if depth > 0 => {}
            _ => return Some(at),
        }
        at += 1;
    }
}

/// Between strings these are few bytes apart.
fn structural(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|b| matches!(b, b'"' | b'{' | b'[' | b'}' | b']' | b',' | b'\\'))
}

fn skip_space(body: &[u8], at: usize) -> usize {
    at + body.get(at..).map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_whitespace()).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn elements(body: &[u8]) -> Result<Vec<&[u8]>, NotAnArray> {
        array_elements(body).map(|extents| extents.into_iter().map(|e| &body[e]).collect())
    }

    #[test]
    fn a_list_of_very_many_nothings_is_no_page() {
        let list = |count: usize| format!("[{}]", vec!["0"; count].join(","));
        assert!(elements(list(FEW).as_bytes()).is_ok());
        assert!(elements(list(FEW * 2).as_bytes()).is_err());
    }

    #[test]
    fn elements_are_the_bytes_as_sent() {
        let body = br#" [ {"a":"]},{\"","b":[1,{"c":2}]} , {} ,"x", 1e400 ]
        "#;
        let expected: [&[u8]; 4] = [br#"{"a":"]},{\"","b":[1,{"c":2}]}"#, b"{}", br#""x""#, b"1e400"];
        assert_eq!(elements(body).unwrap(), expected);
        assert!(elements(b"[]").unwrap().is_empty());
        assert!(elements(b"\xef\xbb\xbf[ ]").unwrap().is_empty());
    }

    #[test]
    fn odd_bytes_inside_an_event_do_not_sink_the_page() {
        let mut body = b"[{\"a\":\"\x1b\xff\n\"},".to_vec();
        body.extend(b"[".repeat(100_000));
        body.extend(b"]".repeat(100_000));
        body.extend(b"]");
        assert_eq!(elements(&body).unwrap().len(), 2);
    }

    #[test]
    fn whatever_is_no_array_is_refused() {
        for bad in
            ["", " ", "null", "{}", "<html>", "[", "[{}", "[{},", "[{}]]", "[{}}", "[,]", "[{},]", "[\"x", "[] []"]
        {
            assert!(elements(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    /// As [`array_elements`], a byte at a time.
    fn cut_slowly(body: &[u8]) -> Option<Vec<&[u8]>> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii().strip_prefix(b"[")?;
        if body.trim_ascii() == b"]" {
            return Some(Vec::new());
        }
        let (mut depth, mut in_string, mut escaped, mut start, mut elements) = (0, false, false, 0, Vec::new());
        for (at, byte) in body.iter().enumerate() {
            if in_string {
                (in_string, escaped) = (escaped || *byte != b'"', !escaped && *byte == b'\\');
                continue;
            }
            match byte {
                b'"' => in_string = true,
                b'[' | b'{' => depth += 1,
                b']' | b'}' if depth > 0 => depth -= 1,
                b',' if depth > 0 => {}
                b',' | b']' => {
                    elements.push(body[start..at].trim_ascii());
                    start = at + 1;
                    if *byte == b']' {
                        let is_whole = start == body.len() && elements.iter().all(|element| !element.is_empty());
                        return is_whole.then_some(elements);
                    }
                }
                b'}' => return None,
                _ => {}
            }
        }
        None
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn bytes_of_any_kind_are_cut_alike(
            pieces in prop::collection::vec(
                prop_oneof![
                    4 => Just("\""), 3 => Just("\\"), 2 => Just(","), 1 => Just("{"), 1 => Just("}"), 1 => Just("["), 1 => Just("]"),
                    2 => Just("x"), 1 => Just(" "), 1 => Just("\n"), 1 => Just("\u{7}"), 2 => Just("a text that is longer"),
                ],
                0..60,
            ),
        ) {
            let body = format!("[{}]", pieces.concat());
            prop_assert_eq!(elements(body.as_bytes()).ok(), cut_slowly(body.as_bytes()));
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(values in prop::collection::vec(json(), 0..6)) {
            let body = serde_json::to_vec_pretty(&values).unwrap();
            let cut: Vec<serde_json::Value> =
                elements(&body).unwrap().into_iter().map(|e| serde_json::from_slice(e).unwrap()).collect();
            prop_assert_eq!(cut, values);
        }

        #[test]
        fn a_cut_body_is_never_taken_for_a_page(values in prop::collection::vec(json(), 1..4), cut in 0.0f64..1.0) {
            let body = serde_json::to_vec(&values).unwrap();
            let keep = ((body.len() - 1) as f64 * cut) as usize;
            prop_assert!(elements(&body[..keep]).is_err());
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::hash_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }
}
