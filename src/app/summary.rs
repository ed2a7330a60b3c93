//! An event in words: the sentence, the lines of the summary, and the one line that is copied into a ticket.
//!
//! Neutral on purpose: it says what the event says, and judges nothing.

use std::borrow::Cow;

use chrono::TimeDelta;

use crate::domain::access::Access;
use crate::domain::event::{EventFields, parse_time};
use crate::domain::text::clean_prefix;
use crate::domain::time_range::rfc3339;
use crate::index::RowView;
use crate::query::Field;

use super::event_detail::EventDetail;

/// One line of the summary. Texts are as received; whoever draws them makes them harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryLine {
    pub label: &'static str,
    pub text: String,
    /// What a copy of this line means.
    pub value: String,
    /// What is asked of an event that has the same value.
    pub field: Option<Field>,
    pub failed: bool,
}

const NOTHING: &str = "--";

/// Longer than any screen is wide, shorter than what could slow one down.
const LONGEST: usize = 2_000;

/// Who called: the principal, and the service that called for it.
pub fn who<'a>(principal: &'a str, caller: &'a str) -> Cow<'a, str> {
    match (principal.is_empty(), caller.is_empty()) {
        (_, true) => principal.into(),
        (true, false) => caller.into(),
        (false, false) => format!("{principal}⇒{caller}").into(),
    }
}

/// What was acted upon: the resource's name, else the short form of its OCID.
pub fn target<'a>(name: &'a str, id: &str) -> Cow<'a, str> {
    if !name.is_empty() || id.is_empty() {
        return name.into();
    }
    crate::domain::ocid::Ocid::new(id).short().into()
}

/// `alice called UpdateSecurityList on web-sl: 200 (prod-net, eu-frankfurt-1)`, from the list's columns.
pub fn sentence(row: &RowView<'_>) -> String {
    let who = or(who(row.principal_name(), row.caller_name()), "someone");
    let target = target(row.resource_name(), row.resource_id());
    let on = if target.is_empty() { String::new() } else { format!(" on {target}") };
    let place = joined(&[row.compartment_name(), row.region()], ", ");
    let place = if place.is_empty() { place } else { format!(" ({place})") };
    let verb = if row.access() == Access::Session { "signed in or out:" } else { "called" };
    let event = or(row.event_name(), "an operation without a name");
    let result = match row.text(crate::index::Column::Status) {
        "" => String::new(),
        status if row.is_failed() => format!(": failed with {status}"),
        status => format!(": {status}"),
    };
    format!("{who} {verb} {event}{on}{result}{place}")
}

/// One line for a ticket: UTC time, who, what, to what, result, from where, region, id.
pub fn one_line(row: &RowView<'_>, id: Option<&str>) -> String {
    let time = row.time().map_or_else(|| "no-time".to_owned(), rfc3339);
    let parts = [
        time,
        or(who(row.principal_name(), row.caller_name()), NOTHING),
        or(row.event_name(), NOTHING),
        or(target(row.resource_name(), row.resource_id()), NOTHING),
        or(row.text(crate::index::Column::Status), NOTHING),
        or(row.ip_address(), NOTHING),
        row.region().to_owned(),
        id.unwrap_or_default().to_owned(),
    ];
    let shown: Vec<String> =
        parts.iter().filter(|part| !part.is_empty()).map(|part| clean_prefix(part, 300).into_owned()).collect();
    shown.join("  ")
}

/// The summary, most telling lines first. `place` is the path of the compartment that was asked, and the region.
pub fn lines(detail: &EventDetail, place: &str) -> Vec<SummaryLine> {
    let fields = &detail.fields;
    let mut lines = vec![who_line(fields), from_line(fields), target_line(fields), call_line(fields)];
    lines.push(line("says", Some(Field::Message), &[&fields.message], &fields.message));
    let place = [&*fields.compartment_name, place, &fields.availability_domain];
    lines.push(line("where", Some(Field::CompartmentId), &place, &fields.compartment_id));
    lines.push(time_line(fields));
    lines.push(line(
        "op",
        Some(Field::Group),
        &[&fields.group, &prefixed("request ", &fields.request_id)],
        &fields.group,
    ));
    lines.push(line("session", Some(Field::Session), &[&fields.session], &fields.session));
    let size = format!("{} bytes", detail.size());
    lines.push(line("id", Some(Field::Id), &[&fields.id, &fields.event_type, &size], &fields.id));
    let odd = detail.flags.names().collect::<Vec<_>>().join(", ");
    lines.push(line("odd", None, &[&odd], &odd));
    // That nobody is named, or no address, is worth knowing; of the rest only what there is.
    lines.retain(|line| line.text != NOTHING || matches!(line.label, "who" | "from"));
    lines
}

fn who_line(fields: &EventFields<'_>) -> SummaryLine {
    let key = fields.key_fingerprint().map(|print| prefixed("key …", &tail(print, 14))).unwrap_or_default();
    let name = who(&fields.principal_name, &fields.caller_name);
    let name = or(name, &fields.principal_id);
    let (field, value) = first(&[(Field::User, &fields.principal_name), (Field::UserId, &fields.principal_id)]);
    line("who", Some(field), &[&name, &fields.auth_type, &key], value)
}

/// The first that is there, else the last.
fn first<'a>(fields: &[(Field, &'a str); 2]) -> (Field, &'a str) {
    let [first, last] = *fields;
    if first.1.is_empty() { last } else { first }
}

fn from_line(fields: &EventFields<'_>) -> SummaryLine {
    line("from", Some(Field::Ip), &[&fields.ip_address, &fields.user_agent], &fields.ip_address)
}

fn target_line(fields: &EventFields<'_>) -> SummaryLine {
    let (field, value) = first(&[(Field::ResourceId, &fields.resource_id), (Field::Resource, &fields.resource_name)]);
    line("target", Some(field), &[&fields.resource_name, &fields.resource_id], value)
}

fn call_line(fields: &EventFields<'_>) -> SummaryLine {
    let call = joined(&[&fields.action, &fields.path], " ");
    let status = prefixed("→ ", &fields.status);
    SummaryLine { failed: fields.is_failed(), ..line("call", Some(Field::Path), &[&call, &status], &fields.path) }
}

fn time_line(fields: &EventFields<'_>) -> SummaryLine {
    let answered = prefixed("answered ", &fields.response_time);
    let took = duration(fields).map(|took| format!("({} ms)", took.num_milliseconds())).unwrap_or_default();
    line("time", None, &[&fields.time_text, &answered, &took], &fields.time_text)
}

/// How long the call took, where the event says when it was answered.
pub fn duration(fields: &EventFields<'_>) -> Option<TimeDelta> {
    let took = parse_time(&fields.response_time)? - fields.time?;
    (took >= TimeDelta::zero()).then_some(took)
}

fn line(label: &'static str, field: Option<Field>, parts: &[&str], value: &str) -> SummaryLine {
    let text = or(joined(parts, "  "), NOTHING);
    SummaryLine { label, text, value: value.to_owned(), field, failed: false }
}

fn joined(parts: &[&str], separator: &str) -> String {
    let cut: Vec<String> = parts
        .iter()
        .filter(|part| !part.trim().is_empty())
        .map(|part| part.chars().take(LONGEST).collect::<String>())
        .collect();
    cut.join(separator)
}

fn prefixed(prefix: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{prefix}{text}") }
}

fn or<'a>(text: impl Into<Cow<'a, str>>, otherwise: &str) -> String {
    let text = text.into();
    if text.trim().is_empty() { otherwise.to_owned() } else { text.into_owned() }
}

fn tail(text: &str, chars: usize) -> String {
    text.chars().skip(text.chars().count().saturating_sub(chars)).collect()
}
