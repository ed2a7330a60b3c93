//! What a value of a file is: an event, an event with where it was read (`export --meta`), or something else.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::values::Brackets;

/// How `export --meta` begins a line, and what stands behind what it says.
const META: &[u8] = b"{\"_meta\":";
const EVENT: &[u8] = b",\"event\":";

/// Where other programs may have put it, with spaces.
const NEAR: usize = 16;

/// What `export --meta` says of an event, as far as it is asked for here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    pub region: Option<String>,
    /// The compartment that was asked for.
    pub compartment_id: Option<String>,
    /// OCID of the tenancy that was read.
    pub tenancy: Option<String>,
}

/// An event of which more is known than it says itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    pub meta: Meta,
    pub event: Event,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Where its bytes stand in the line.
    At(Range<usize>),
    /// What was no JSON stands in a string.
    Text(String),
}

/// Takes apart what `export --meta` has written, or what another program has made of that; `None` for anything else.
pub fn unwrap(line: &[u8]) -> Option<Wrapped> {
    let (meta, event) = as_written(line).or_else(|| as_json(line))?;
    let meta = line.get(meta).and_then(|meta| serde_json::from_slice(meta).ok()).unwrap_or_default();
    let text = line.get(event.clone()).filter(|event| event.starts_with(b"\""));
    let event = match text.and_then(|text| serde_json::from_slice(text).ok()) {
        Some(text) => Event::Text(text),
        None => Event::At(event),
    };
    Some(Wrapped { meta, event })
}

type Parts = (Range<usize>, Range<usize>);

/// By the form in which we write it: the event's own bytes are not looked at, whatever they are.
fn as_written(line: &[u8]) -> Option<Parts> {
    let rest = line.strip_prefix(META).filter(|rest| rest.starts_with(b"{"))?;
    let meta = Brackets::default().end_of_object(rest)?;
    rest.get(meta..)?.strip_prefix(EVENT)?.strip_suffix(b"}")?;
    let first = META.len() + meta + EVENT.len();
    Some((META.len()..META.len() + meta, first..line.len() - 1))
}

fn as_json(line: &[u8]) -> Option<Parts> {
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(borrow, rename = "_meta")]
        meta: &'a RawValue,
        #[serde(borrow)]
        event: &'a RawValue,
    }
    memchr::memmem::find(line.get(..NEAR)?, b"\"_meta\"")?;
    let parsed: Line<'_> = serde_json::from_slice(line).ok()?;
    let place = |part: &RawValue| {
        let start = part.get().as_ptr() as usize - line.as_ptr() as usize;
        start..start + part.get().len()
    };
    Some((place(parsed.meta), place(parsed.event)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> Option<(Option<String>, String)> {
        let Wrapped { meta, event } = unwrap(line.as_bytes())?;
        let event = match event {
            Event::At(range) => line.get(range).unwrap().to_owned(),
            Event::Text(text) => format!("text {text}"),
        };
        Some((meta.region, event))
    }

    #[test]
    fn a_line_with_meta_gives_the_event_as_it_was() {
        let of = |line: &str| parts(line).unwrap();
        let (fra, none) = (Some("fra".to_owned()), None::<String>);
        assert_eq!(
            of(r#"{"_meta":{"region":"fra","x":{"}":1}},"event":{"a":1.50}}"#),
            (fra.clone(), r#"{"a":1.50}"#.into())
        );
        assert_eq!(of(r#"{"_meta":{"region":3},"event":{"a" : }}"#), (none.clone(), r#"{"a" : }"#.into()));
        assert_eq!(of(r#"{"_meta":{},"event":"{\"a\":}"}"#), (none, r#"text {"a":}"#.into()));
        assert_eq!(of(r#"{ "_meta": {"region": "fra"}, "event": {"a": 1} }"#), (fra, r#"{"a": 1}"#.into()));
    }

    #[test]
    fn an_event_alone_has_no_meta() {
        for line in [r#"{"eventId":"1","data":{"_meta":{},"event":{}}}"#, "{}", "", "x", r#"{"_meta":{},"event":"#] {
            assert_eq!(parts(line), None, "{line}");
        }
    }
}
