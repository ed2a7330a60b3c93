//! Redacted copies: events without secrets and, with a case key, without persons and addresses.
//!
//! ```text
//! Record ──► walk (member by member) ──► secrets by name and by form, pseudonyms, also encoded ──► Record
//! ```
//!
//! The same events and the same key give the same bytes. Each record keeps the SHA-256 of what it was, so that a line can
//! be tied to the one that was sealed.

mod encoded;
mod pseudonyms;
mod secrets;
mod walk;

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::coverage::{CoverageDocument, RedactionEntry};
use super::item::readable;
use super::record::{Record, Sealed};
use crate::domain::event::Flags;
use crate::domain::problem::{Problem, ProblemKind};
pub use pseudonyms::{Pseudonyms, SHORTEST_KEY};
use walk::{Fate, Rules, rewrite};

const LEFT_OUT: &str = "[left out]";

/// What is copied in place of an event that no parser reads, or that is no object: nothing of it can be judged.
const UNREADABLE: &[u8] = br#"{"data":{"message":"[left out: what cannot be read cannot be redacted]"}}"#;

/// Objects whose members have Oracle's names; in all others strangers may have named them.
const OURS: [&str; 8] =
    ["", "data", "data.identity", "data.request", "data.response", "identity", "request", "response"];

/// What Oracle wrote, and what ties a copy to its event: no name of a person is looked for in it.
const FIXED: [&str; 17] = [
    "eventId",
    "eventTime",
    "eventType",
    "eventTypeVersion",
    "cloudEventsVersion",
    "contentType",
    "source",
    "specversion",
    "data.eventGroupingId",
    "data.eventName",
    "data.compartmentId",
    "data.availabilityDomain",
    "data.identity.authType",
    "data.identity.tenantId",
    "data.request.action",
    "data.response.status",
    "data.response.responseTime",
];

/// Makes redacted copies of events.
#[derive(Debug, Default)]
pub struct Redaction {
    pseudonyms: Option<Pseudonyms>,
}

impl Redaction {
    /// Without `pseudonyms`, users and addresses stay.
    pub fn new(pseudonyms: Option<Pseudonyms>) -> Self {
        Self { pseudonyms }
    }

    /// Takes the names that stand in an event: they are replaced in all events that are copied later, wherever they stand.
    pub fn meet(&mut self, event: &[u8]) {
        if let Some(pseudonyms) = &mut self.pseudonyms {
            rewrite(&readable(event), &mut Meeting { pseudonyms, depth: 0 });
        }
    }

    /// To be called when no more events are to be met before some are copied. A problem ends the export: the copies would have
    /// the names of everybody.
    pub fn prepare(&mut self) -> Result<(), Problem> {
        self.pseudonyms.iter_mut().try_for_each(Pseudonyms::prepare).map_err(|error| {
            Problem::new(ProblemKind::Io, format!("the names that are to be replaced cannot be looked for: {error}"))
                .hint("a shorter span has fewer names")
        })
    }

    /// The record without what must not be told.
    pub fn copy(&self, record: &Record) -> Record {
        let sealed =
            Sealed { sha256: format!("{:x}", Sha256::digest(&record.bytes)), bytes: record.bytes.len() as u64 };
        let readable = readable(&record.bytes);
        let is_object = !record.flags.contains(Flags::UNREADABLE) && readable.trim_ascii_start().starts_with(b"{");
        let bytes = Some(readable).filter(|_| is_object).and_then(|json| rewrite(&json, &mut Copying(self)));
        Record {
            bytes: bytes.unwrap_or_else(|| UNREADABLE.to_vec()).into(),
            sealed: Some(Arc::new(sealed)),
            ..record.clone()
        }
    }

    /// A text without what must not be told; `None` where it has nothing of that.
    pub fn text(&self, text: &str) -> Option<String> {
        encoded::scrub(text, &|text| self.plain(text))
    }

    /// What is said beside the events: the question, and what compartments are called.
    pub fn document(&self, document: &mut CoverageDocument) {
        let scrub = |text: &mut String| *text = self.text(text).unwrap_or_else(|| std::mem::take(text));
        document.query.iter_mut().for_each(scrub);
        document.tenancy.name.iter_mut().for_each(scrub);
        scrub(&mut document.profile);
        document.compartments.iter_mut().filter_map(|compartment| compartment.path.as_mut()).for_each(scrub);
        let cells = document.cells.iter_mut().filter_map(|cell| cell.problem.as_mut());
        for problem in cells.chain(&mut document.stopped).chain(&mut document.listing) {
            scrub(&mut problem.what);
            scrub(&mut problem.hint);
        }
    }

    /// What the coverage says of it.
    pub fn entry(&self) -> RedactionEntry {
        RedactionEntry {
            pseudonyms: self.pseudonyms.is_some(),
            key_check: self.pseudonyms.as_ref().map(Pseudonyms::key_check),
        }
    }

    /// A text that no one but a stranger has written: what a member of this name holds. `depth`: texts around it.
    fn member(&self, name: &str, text: &str, depth: usize) -> Option<String> {
        let who = pseudonyms::names_somebody(name) && !text.trim().is_empty();
        if let Some(pseudonyms) = self.pseudonyms.as_ref().filter(|_| who && !pseudonyms::has_form(text)) {
            // Perhaps too short to be looked for, or met by nobody.
            return Some(pseudonyms.user(text));
        }
        // JSON inside of text: members are known by their names there as well.
        if is_json(text, depth) {
            let inner = rewrite(text.as_bytes(), &mut Inner { redaction: self, depth: depth + 1 });
            if let Some(inner) = inner.and_then(|inner| String::from_utf8(inner).ok()) {
                return Some(inner).filter(|inner| inner != text);
            }
        }
        self.text(text)
    }

    /// Everything that is found in the text as it stands, replaced in one pass: what was put in is not looked at again.
    fn plain(&self, text: &str) -> Option<String> {
        let mut found: Vec<(Range<usize>, Option<String>)> = secrets::find(text).map(|range| (range, None)).collect();
        let named = self.pseudonyms.iter().flat_map(|pseudonyms| pseudonyms.find(text));
        found.extend(named.map(|named| (named.range, Some(named.pseudonym))));
        if found.is_empty() {
            return None;
        }
        found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut out = String::with_capacity(text.len());
        let mut behind = 0;
        let mut found = found.into_iter().peekable();
        while let Some((mut range, mut other)) = found.next() {
            // What overlaps goes as one: nothing of a secret may stay because a name stands in it.
            while let Some((next, pseudonym)) = found.next_if(|(next, _)| next.start < range.end) {
                range.end = range.end.max(next.end);
                other = other.filter(|_| pseudonym.is_some());
            }
            let _ = write!(out, "{}{}", text.get(behind..range.start)?, other.as_deref().unwrap_or(LEFT_OUT));
            behind = range.end;
        }
        out.push_str(text.get(behind..)?);
        Some(out)
    }
}

/// How often JSON that is a text may be within another; each time it gets longer.
const DEEPEST_TEXT: usize = 8;

fn is_json(text: &str, depth: usize) -> bool {
    depth < DEEPEST_TEXT && text.trim_start().starts_with(['{', '['])
}

/// Whether this stands within credentials.
fn is_of_credentials(place: &[String]) -> bool {
    place.iter().any(|name| secrets::is_credentials(&secrets::plain(name)))
}

/// Looks for names, and changes nothing that anybody sees.
struct Meeting<'a> {
    pseudonyms: &'a mut Pseudonyms,
    /// Texts around it.
    depth: usize,
}

impl Rules for Meeting<'_> {
    fn fate(&self, _: &[String]) -> Fate {
        Fate::Kept
    }

    fn name(&mut self, _: &[String]) -> Option<String> {
        None
    }

    fn text(&mut self, place: &[String], text: &str) -> Option<String> {
        if place.last().is_some_and(|name| pseudonyms::names_somebody(name)) {
            self.pseudonyms.meet(text);
        }
        if is_json(text, self.depth) {
            rewrite(text.as_bytes(), &mut Meeting { pseudonyms: self.pseudonyms, depth: self.depth + 1 });
        }
        None
    }
}

struct Copying<'a>(&'a Redaction);

impl Rules for Copying<'_> {
    fn fate(&self, place: &[String]) -> Fate {
        match place {
            // What a stranger wrote there would pass for ours.
            [name] if name == super::format::RAW_SHA256 => Fate::Gone,
            [.., name] => secrets::fate(name),
            [] => Fate::Kept,
        }
    }

    fn name(&mut self, place: &[String]) -> Option<String> {
        let (name, parents) = place.split_last()?;
        if OURS.contains(&parents.join(".").as_str()) { None } else { self.0.text(name) }
    }

    fn text(&mut self, place: &[String], text: &str) -> Option<String> {
        let name = place.last().map(String::as_str).unwrap_or_default();
        if is_of_credentials(place) {
            let print = secrets::fingerprint(text);
            let other =
                |print: &str| self.0.pseudonyms.as_ref().map_or(print.to_owned(), |names| names.fingerprint(print));
            return Some(print.map_or_else(String::new, other));
        }
        if place == ["eventId"] {
            return None;
        }
        if FIXED.contains(&place.join(".").as_str()) {
            return encoded::scrub(text, &|text| Redaction::default().plain(text));
        }
        self.0.member(name, text, 0)
    }

    fn keeps_number(&self, place: &[String]) -> bool {
        !is_of_credentials(place)
    }
}

/// JSON that stands in a text, all of it a stranger's.
struct Inner<'a> {
    redaction: &'a Redaction,
    depth: usize,
}

impl Rules for Inner<'_> {
    fn fate(&self, place: &[String]) -> Fate {
        place.last().map_or(Fate::Kept, |name| secrets::fate(name))
    }

    fn name(&mut self, place: &[String]) -> Option<String> {
        self.redaction.text(place.last()?)
    }

    fn text(&mut self, place: &[String], text: &str) -> Option<String> {
        if is_of_credentials(place) {
            return Some(LEFT_OUT.to_owned());
        }
        let name = place.last().map(String::as_str).unwrap_or_default();
        self.redaction.member(name, text, self.depth)
    }

    fn keeps_number(&self, place: &[String]) -> bool {
        !is_of_credentials(place)
    }
}

#[cfg(test)]
mod tests;
