//! A condition made ready to be asked of many texts: of a dictionary's values once each, or of event after event.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::condition::{Condition, Numbers, Pattern, Subject};
use super::field::Field;
use super::glob::Glob;
use super::path::{JsonPath, any_ocid, any_tag, json_of};
use super::raw::Needle;
use super::text;
use crate::domain::event::EventFields;
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::index::text::TextMatcher;

/// What is asked of a text.
#[derive(Clone, Debug)]
pub(super) enum ValueTest {
    Present,
    /// In lower case.
    Contains(String),
    /// In lower case.
    Equals(String),
    Glob(Glob),
    Matches(Pattern),
    Number(Numbers),
    Address(IpNet),
    /// Any of these texts, which are in lower case, or of these tests.
    Any(HashSet<String>, Vec<ValueTest>),
    /// The text, or one of the addresses in it; see [`EventFields::ip_address`].
    AnyAddress(Box<ValueTest>),
    Region(BTreeSet<RegionId>),
    Compartment(BTreeSet<Ocid>),
}

impl ValueTest {
    pub fn new(condition: &Condition) -> Self {
        match condition {
            Condition::Present => Self::Present,
            Condition::Contains(text) => Self::Contains(text.to_lowercase()),
            Condition::Equals(text) => Self::Equals(text.to_lowercase()),
            Condition::Glob(glob) => Self::Glob(glob.clone()),
            Condition::Matches(pattern) => Self::Matches(pattern.clone()),
            Condition::Number(numbers) => Self::Number(*numbers),
            Condition::Address(network) => Self::Address(*network),
            Condition::Any(any) => Self::any(any),
            Condition::Listed { any, .. } => Self::any(any),
        }
    }

    /// For a field's values as they stand in its column.
    pub fn of_field(field: Field, condition: &Condition) -> Self {
        match field {
            Field::Ip => Self::AnyAddress(Box::new(Self::new(condition))),
            _ => Self::new(condition),
        }
    }

    fn any(conditions: &[Condition]) -> Self {
        let (mut texts, mut tests) = (HashSet::new(), Vec::new());
        for condition in conditions {
            match condition {
                Condition::Equals(text) => {
                    texts.insert(text.to_lowercase());
                }
                other => tests.push(Self::new(other)),
            }
        }
        Self::Any(texts, tests)
    }

    pub fn holds(&self, value: &str) -> bool {
        match self {
            Self::Present => !value.is_empty(),
            Self::Contains(needle) => text::contains(value, needle),
            Self::Equals(needle) => text::equals(value, needle),
            Self::Glob(glob) => glob.is_match(value),
            Self::Matches(pattern) => pattern.is_match(value),
            Self::Number(numbers) => numbers.hold(value),
            Self::Address(network) => value.parse::<IpAddr>().is_ok_and(|address| network.contains(&address)),
            Self::Any(texts, tests) => {
                !texts.is_empty() && texts.contains(&value.to_lowercase()) || tests.iter().any(|test| test.holds(value))
            }
            Self::AnyAddress(test) => {
                test.holds(value) || value.contains(',') && value.split(',').any(|one| test.holds(one.trim()))
            }
            Self::Region(regions) => regions.iter().any(|region| region.as_str() == value),
            Self::Compartment(ids) => ids.iter().any(|id| id.as_str() == value),
        }
    }
}

/// What is asked of an event's bytes, and of the fields decoded from them.
#[derive(Clone, Debug)]
pub(super) enum BytesTest {
    /// A field without a column.
    Field(Field, ValueTest, Option<Needle>),
    Path(JsonPath, ValueTest, Option<Needle>),
    Tag(ValueTest),
    AnyOcid(ValueTest, Option<Needle>),
    /// The text anywhere in the event.
    Contains(String, TextMatcher),
    Raw(ValueTest),
}

impl BytesTest {
    /// For the subjects that no column holds; `None` for the others.
    pub fn new(subject: &Subject, condition: &Condition) -> Option<Self> {
        let value = || ValueTest::new(condition);
        Some(match (subject, condition) {
            (Subject::Field(field), _) => {
                Self::Field(*field, ValueTest::of_field(*field, condition), telling(condition))
            }
            (Subject::Path(path), _) => Self::Path(path.clone(), value(), telling(condition)),
            (Subject::Tag, _) => Self::Tag(value()),
            (Subject::AnyOcid, _) => Self::AnyOcid(value(), telling(condition)),
            (Subject::Raw, Condition::Contains(text)) => Self::Contains(text.clone(), TextMatcher::new(text)),
            (Subject::Raw, _) => Self::Raw(value()),
            (Subject::Shown, _) => return None,
        })
    }

    /// A text that every event has somewhere which passes.
    pub fn needle(&self) -> Option<&str> {
        match self {
            Self::Contains(text, _) => Some(text),
            Self::Field(_, _, needle) | Self::Path(_, _, needle) | Self::AnyOcid(_, needle) => {
                needle.as_ref().map(Needle::text)
            }
            Self::Tag(_) | Self::Raw(_) => None,
        }
    }

    /// Whether no event passes of those whose strings stand in these bytes, each of them whole.
    pub fn is_ruled_out(&self, strings: &[u8]) -> bool {
        match self {
            Self::Contains(text, matcher) => !text.contains(['"', '\n']) && !matcher.contains(strings),
            _ => false,
        }
    }

    /// `fields` were decoded from `bytes`.
    pub fn holds(&self, bytes: &[u8], fields: &EventFields<'_>) -> bool {
        match self {
            Self::Field(field, test, _) => test.holds(field.text_of_event(fields)),
            Self::Path(_, _, Some(needle)) if needle.is_ruled_out(bytes) => false,
            Self::Path(path, ValueTest::Present, _) => path.is_present(&json_of(bytes)),
            Self::Path(path, test, _) => path.any(&json_of(bytes), &mut |text| test.holds(text)),
            Self::Tag(test) => any_tag(&json_of(bytes), &mut |text| test.holds(text)),
            Self::AnyOcid(test, _) => any_ocid(bytes, &mut |text| test.holds(text)),
            Self::Contains(_, matcher) => matcher.contains(bytes),
            Self::Raw(test) => test.holds(&String::from_utf8_lossy(bytes)),
        }
    }
}

fn telling(condition: &Condition) -> Option<Needle> {
    match condition {
        Condition::Contains(text) | Condition::Equals(text) => Needle::telling(text),
        _ => None,
    }
}
