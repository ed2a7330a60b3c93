//! The question asked of one event, without an index. Plain on purpose: `select` is tested against it.

use std::net::IpAddr;

use serde_json::Value;

use super::condition::{Condition, Subject};
use super::field::Field;
use super::path::{any_ocid, any_tag, json_of};
use super::term::{Expr, Query, Term};
use crate::domain::event::{EventFields, Flags};
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::index::text::TextMatcher;
use crate::index::{Column, RecordRef};

/// The columns that the live filter searches: what the list and the head of the detail show.
pub(super) const TEXT_COLUMNS: [Column; 13] = [
    Column::Event,
    Column::User,
    Column::Caller,
    Column::Resource,
    Column::ResourceId,
    Column::Compartment,
    Column::Ip,
    Column::Agent,
    Column::Key,
    Column::Message,
    Column::Path,
    Column::Region,
    Column::Status,
];

/// One event, and where it was read: all that a query may ask about.
#[derive(Clone, Copy, Debug)]
pub struct EventRef<'a> {
    pub fields: &'a EventFields<'a>,
    /// [`Flags::OWN`] and [`Flags::LATE`] where they are known.
    pub flags: Flags,
    pub region: &'a RegionId,
    /// The compartment queried; the event's own is a field.
    pub queried: &'a Ocid,
    /// As Oracle sent it.
    pub bytes: &'a [u8],
}

impl<'a> EventRef<'a> {
    fn record(&self) -> RecordRef<'a> {
        let own = self.flags.contains(Flags::OWN);
        RecordRef { fields: self.fields, region: self.region, queried: self.queried, own }
    }
}

/// Whether the query shows this event.
pub fn matches(query: &Query, event: &EventRef<'_>) -> bool {
    let subject = Asked { event, record: event.record(), json: std::cell::OnceCell::new() };
    query.conjuncts().iter().all(|conjunct| subject.answers(conjunct))
}

/// An event while a query is asked of it; its JSON is read once, if at all.
struct Asked<'a> {
    event: &'a EventRef<'a>,
    record: RecordRef<'a>,
    json: std::cell::OnceCell<Value>,
}

impl Asked<'_> {
    fn answers(&self, expr: &Expr) -> bool {
        match expr {
            Expr::All | Expr::Off(_) => true,
            Expr::And(all) => all.iter().all(|expr| self.answers(expr)),
            Expr::Or(any) => any.iter().any(|expr| self.answers(expr)),
            Expr::Not(inner) => !self.answers(inner),
            Expr::Term(term) => self.answers_term(term),
        }
    }

    fn answers_term(&self, term: &Term) -> bool {
        let Self { event, record, .. } = self;
        match term {
            Term::Access(set) => set.contains(event.fields.access()),
            Term::Failed => event.fields.is_failed(),
            Term::Own => event.flags.contains(Flags::OWN),
            Term::Late => event.flags.contains(Flags::LATE),
            Term::Flag(flag) => self.answers(&flag.meaning()),
            Term::Region(regions) => regions.contains(event.region),
            Term::Queried(compartments) => compartments.contains(event.queried),
            Term::Time(range) => event.fields.time.is_some_and(|time| {
                let micros = time.timestamp_micros();
                range.start().timestamp_micros() <= micros && micros < range.end().timestamp_micros()
            }),
            Term::Text(text) => text.split_whitespace().all(|word| {
                let word = word.to_lowercase();
                TEXT_COLUMNS.iter().any(|column| column.text(record).to_lowercase().contains(&word))
            }),
            Term::About { subject, condition } => self.holds(subject, condition),
        }
    }

    fn holds(&self, subject: &Subject, condition: &Condition) -> bool {
        let mut test = |text: &str| holds(condition, text);
        match subject {
            Subject::Field(Field::Ip) => addresses(Field::Ip.text(&self.record)).any(test),
            Subject::Field(field) => test(field.text(&self.record)),
            Subject::Path(path) if *condition == Condition::Present => path.is_present(self.json()),
            Subject::Path(path) => path.any(self.json(), &mut test),
            Subject::Tag => any_tag(self.json(), &mut test),
            Subject::AnyOcid => any_ocid(self.event.bytes, &mut test),
            Subject::Raw => match condition {
                Condition::Contains(text) => TextMatcher::new(text).contains(self.event.bytes),
                _ => test(&String::from_utf8_lossy(self.event.bytes)),
            },
            Subject::Shown => TEXT_COLUMNS.iter().any(|column| test(column.text(&self.record))),
        }
    }

    fn json(&self) -> &Value {
        self.json.get_or_init(|| json_of(self.event.bytes))
    }
}

/// The field as it is, and each address where it holds several.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let several = text.contains(',').then(|| text.split(',').map(str::trim));
    std::iter::once(text).chain(several.into_iter().flatten())
}

fn holds(condition: &Condition, text: &str) -> bool {
    match condition {
        Condition::Present => !text.is_empty(),
        Condition::Contains(value) => text.to_lowercase().contains(&value.to_lowercase()),
        Condition::Equals(value) => text.to_lowercase() == value.to_lowercase(),
        Condition::Glob(glob) => glob.is_match(text),
        Condition::Matches(pattern) => pattern.is_match(text),
        Condition::Number(numbers) => numbers.hold(text),
        Condition::Address(network) => text.parse::<IpAddr>().is_ok_and(|address| network.contains(&address)),
        Condition::Any(any) => any.iter().any(|one| holds(one, text)),
        Condition::Listed { any, .. } => any.iter().any(|one| holds(one, text)),
    }
}
