//! The event in the forms in which it is taken elsewhere, and the ids that it holds.

use crate::domain::text::{clean, clean_prefix};
use crate::domain::time_range::rfc3339;
use crate::index::{Column, RowView};

use super::App;
use super::action::Action;
use super::copying::Copy;
use super::summary::{one_line, target, who};

/// Longer values are cut in what people read.
const LONGEST: usize = 300;

impl App {
    pub(super) fn event_copy(&self, action: Action) -> Copy {
        let row = self.event_row().ok_or("no event is selected")?;
        let fields = || self.loaded().map(|event| &event.fields);
        match action {
            Action::CopyRow => Ok(("the row".to_owned(), tabbed(&row))),
            Action::CopyMarkdown => Ok(("a line of Markdown".to_owned(), markdown(&row))),
            Action::CopySummary => {
                let id = self.loaded().ok().map(|event| event.fields.id.to_string());
                Ok(("one line".to_owned(), one_line(&row, id.as_deref())))
            }
            Action::CopyLine => {
                let (pretty, _) = self
                    .loaded()?
                    .redacted_json()
                    .ok_or("the event is not JSON, and can only be copied as received")?;
                Ok(("the event as a line of JSON, credentials left out".to_owned(), on_one_line(&pretty)))
            }
            Action::CopyEventId => id("the event id", &fields()?.id),
            Action::CopyPrincipal => id("the principal's OCID", &fields()?.principal_id),
            Action::CopyOperation => id("the eventGroupingId", &fields()?.group),
            Action::CopyRequest => id("the opc-request-id", &fields()?.request_id),
            Action::CopyFingerprint => {
                let print = fields()?.key_fingerprint().ok_or("no API key signed the event")?;
                id("the fingerprint of the API key", print)
            }
            _ => Err("this copies nothing"),
        }
    }
}

fn id(what: &str, text: &str) -> Copy {
    if text.is_empty() {
        return Err("the event has no such id");
    }
    Ok((what.to_owned(), clean(text).into_owned()))
}

/// Time, status, user, event, resource, address, compartment, region.
fn columns(row: &RowView<'_>) -> [String; 8] {
    let time = row.time().map(rfc3339).unwrap_or_default();
    let texts = [
        &time,
        row.text(Column::Status),
        &who(row.principal_name(), row.caller_name()),
        row.event_name(),
        &target(row.resource_name(), row.resource_id()),
        row.ip_address(),
        row.compartment_name(),
        row.region(),
    ];
    texts.map(|text| clean_prefix(text, LONGEST).into_owned())
}

/// For a spreadsheet, where a text that begins like a formula must not become one.
fn tabbed(row: &RowView<'_>) -> String {
    let safe = |text: String| if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text };
    columns(row).map(safe).join("\t")
}

/// `- 2026-03-14T13:47:30Z **alice** UpdateSecurityList on web-sl: 200, from 203.0.113.9 (prod-net, eu-frankfurt-1)`
fn markdown(row: &RowView<'_>) -> String {
    let [time, status, who, event, resource, ip, compartment, region] = columns(row).map(|text| escaped(&text));
    let some = |before: &str, text: &str| if text.is_empty() { String::new() } else { format!("{before}{text}") };
    let place = [compartment, region].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
    let place = if place.is_empty() { place } else { format!(" ({place})") };
    let who = if who.is_empty() { "someone".to_owned() } else { format!("**{who}**") };
    format!("- {time} {who} {event}{}{}{}{place}", some(" on ", &resource), some(": ", &status), some(", from ", &ip))
}

/// A text that means nothing in Markdown.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// JSON without the white space between its parts.
fn on_one_line(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_text, mut is_escaped) = (false, false);
    for c in json.chars() {
        if in_text || !c.is_whitespace() {
            out.push(c);
        }
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = in_text,
            '"' => in_text = !in_text,
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_json_is_the_same_document() {
        let text = "{\n  \"a b\": [1, \"x \\\" y\\\\\", 1.50],\n  \"c\": null\n}";
        assert_eq!(on_one_line(text), r#"{"a b":[1,"x \" y\\",1.50],"c":null}"#);
    }

    #[test]
    fn what_an_event_says_is_no_markup() {
        assert_eq!(escaped("a*b_[x](y)|<b>"), "a\\*b\\_\\[x\\](y)\\|\\<b\\>");
    }
}
