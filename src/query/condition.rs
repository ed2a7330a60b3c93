//! What a term asks of a text, and which texts of an event it asks.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use ipnet::IpNet;
use regex::{Regex, RegexBuilder};

use super::field::Field;
use super::glob::Glob;
use super::path::JsonPath;

/// Which texts of an event a term is about. A condition holds where it holds for any of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Field(Field),
    /// What stands at a place in the event's JSON.
    Path(JsonPath),
    /// Freeform tags as `key=value`, defined tags as `namespace.key=value`.
    Tag,
    /// Every OCID in the event, wherever it stands.
    AnyOcid,
    /// The event's JSON as it was sent.
    Raw,
    /// The fields that are shown in the list and in the head of the detail.
    Shown,
}

/// What must hold for a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// There is one, and it is not empty.
    Present,
    /// In any case.
    Contains(String),
    /// In any case.
    Equals(String),
    /// The whole text, in any case.
    Glob(Glob),
    /// Somewhere in the text; in any case only where the pattern says so.
    Matches(Pattern),
    /// It is a number, and one of these.
    Number(Numbers),
    /// It is an IP address of this network.
    Address(IpNet),
    Any(Vec<Self>),
    /// As `Any`, of the values in a file.
    Listed {
        file: String,
        any: ValueList,
    },
}

/// The values of a file as one subject takes them: read once, shared from then on.
pub type ValueList = Arc<[Condition]>;

/// Numbers as they are typed: a bound on one side or on both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Numbers {
    Above(i64),
    AtLeast(i64),
    Below(i64),
    AtMost(i64),
    /// Both included.
    Between(i64, i64),
}

impl Numbers {
    pub fn contains(self, number: f64) -> bool {
        match self {
            Self::Above(bound) => number > bound as f64,
            Self::AtLeast(bound) => number >= bound as f64,
            Self::Below(bound) => number < bound as f64,
            Self::AtMost(bound) => number <= bound as f64,
            Self::Between(first, last) => number >= first as f64 && number <= last as f64,
        }
    }

    /// Whether `text` is a number and one of these.
    pub fn hold(self, text: &str) -> bool {
        number(text).is_some_and(|number| self.contains(number))
    }
}

/// The number that a text is.
pub(super) fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Above(bound) => write!(f, ">{bound}"),
            Self::AtLeast(bound) => write!(f, ">={bound}"),
            Self::Below(bound) => write!(f, "<{bound}"),
            Self::AtMost(bound) => write!(f, "<={bound}"),
            Self::Between(first, last) if first == last => write!(f, "{first}"),
            Self::Between(first, last) => write!(f, "{first}..{last}"),
        }
    }
}

/// A regular expression. Matching takes time in proportion to the text, whatever the pattern; patterns that would need a
/// machine of more than 1 MiB are refused.
#[derive(Clone)]
pub struct Pattern {
    regex: Regex,
}

impl Pattern {
    /// Bytes of a compiled pattern.
    const SIZE: usize = 1 << 20;

    /// `Err` says in a sentence why `source` is no pattern.
    pub fn new(source: &str) -> Result<Self, String> {
        if source.is_empty() {
            return Err("an empty pattern is found in everything".to_owned());
        }
        let source = without_escaped_slashes(source);
        let build = RegexBuilder::new(&source).size_limit(Self::SIZE).build();
        build.map(|regex| Self { regex }).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "this pattern is too large".to_owned(),
            error => {
                // The last line says what; the lines above point into the pattern, as the caller does.
                let text = error.to_string();
                let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                format!("no regular expression: {reason}")
            }
        })
    }

    pub fn source(&self) -> &str {
        self.regex.as_str()
    }

    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// `\/` means `/`; with one way to say it, patterns that are the same compare as the same.
fn without_escaped_slashes(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, false) => out.push(c),
            (_, true) => match chars.next() {
                Some('/') => out.push('/'),
                next => out.extend(std::iter::once(c).chain(next)),
            },
        }
    }
    out
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.source())
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source().hash(state);
    }
}
