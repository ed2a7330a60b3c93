//! How a record is written.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use chrono::SubsecRound;
use serde::Serialize;

use super::item::{Item, readable};
use super::record::Record;
use super::{csv, ecs, hec, ocsf};
use crate::domain::event::{EventFields, Flags, decode};
use crate::domain::text::{clean_json, clean_prefix, without_tokens};
use crate::domain::time_range::rfc3339;

/// The formats that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// One event a line, the bytes as received (line breaks between tokens left out). With `meta` wrapped as
    /// `{"_meta":{...},"event":...}`, since the region, for one, is not in the event.
    Jsonl { meta: bool, tenancy: String },
    /// Columns for people.
    Table,
    /// What is made of each event for other programs.
    Made { shape: Shape, tenancy: String },
}

/// Documents and rows that are made of events. Headers and credentials are in none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The columns of a data set that are single values.
    Csv,
    /// OCSF 1.8.0, class API Activity.
    Ocsf,
    /// Elastic Common Schema.
    Ecs,
    /// The same for the `_bulk` API of Elasticsearch and its kin.
    Bulk,
    /// Splunk's HTTP Event Collector.
    Hec,
}

impl Shape {
    fn write_head(self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Csv => out.write_all(&csv::head()?),
            Self::Ocsf | Self::Ecs | Self::Bulk | Self::Hec => Ok(()),
        }
    }

    fn lines(self, record: &Record, tenancy: &str) -> io::Result<Vec<u8>> {
        let text = readable(&record.bytes);
        let item = Item::of(record, &text, tenancy);
        match self {
            Self::Csv => csv::row(&item),
            Self::Ocsf => ocsf::line(&item),
            Self::Ecs => ecs::line(&item),
            Self::Bulk => ecs::bulk(&item),
            Self::Hec => hec::line(&item),
        }
    }
}

impl Format {
    /// What comes before the first record.
    pub fn write_head(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Jsonl { .. } => Ok(()),
            Self::Table => writeln!(out, "{}", table_line(&COLUMNS.map(|(name, _)| Cow::Borrowed(name)))),
            Self::Made { shape, .. } => shape.write_head(out),
        }
    }

    /// Writes one record. `terminal`: nothing that a terminal would obey may get through; JSON then has such characters
    /// as `\u` escapes and is still the same document.
    pub fn write(&self, record: &Record, terminal: bool, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Jsonl { meta, tenancy } => {
                let event = one_line(&record.bytes);
                let event = if terminal { Cow::Owned(clean_json(&event).into_bytes()) } else { event };
                if *meta { write_with_meta(record, tenancy, &event, out) } else { write_line(&event, out) }
            }
            Self::Table => {
                let decoded = decode(&record.bytes);
                writeln!(out, "{}", table_line(&row(&decoded.fields, record)))
            }
            Self::Made { shape, tenancy } => {
                let lines = shape.lines(record, tenancy)?;
                let lines = String::from_utf8_lossy(&lines);
                let lines = without_tokens(&lines);
                if terminal { write_clean(&lines, out) } else { out.write_all(lines.as_bytes()) }
            }
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    tenancy: &'a str,
    region: &'a str,
    compartment_id: &'a str,
    window_start: String,
    window_end: String,
    retrieved_at: String,
    request_id: Option<&'a str>,
    flags: Vec<&'static str>,
    /// A read of our own; left out where it is none.
    #[serde(rename = "self", skip_serializing_if = "std::ops::Not::not")]
    own: bool,
}

/// The lines as a terminal may have them: JSON with escapes, which is the same document.
fn write_clean(lines: &str, out: &mut dyn Write) -> io::Result<()> {
    lines.trim_end().split('\n').try_for_each(|line| writeln!(out, "{}", clean_json(line.trim_end().as_bytes())))
}

fn write_line(event: &[u8], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(event)?;
    out.write_all(b"\n")
}

fn write_with_meta(record: &Record, tenancy: &str, event: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let cell = &record.source.cell;
    let meta = Meta {
        tenancy,
        region: cell.region.as_str(),
        compartment_id: cell.compartment.as_str(),
        window_start: rfc3339(cell.window.start()),
        window_end: rfc3339(cell.window.end()),
        retrieved_at: rfc3339(record.source.retrieved_at.trunc_subsecs(3)),
        request_id: record.source.request_id.as_deref(),
        flags: record.flags.names().collect(),
        own: record.flags.contains(Flags::OWN),
    };
    out.write_all(b"{\"_meta\":")?;
    serde_json::to_writer(&mut *out, &meta)?;
    out.write_all(b",\"event\":")?;
    if record.flags.contains(Flags::UNREADABLE) {
        // What is no JSON would make the line none either; as a string it can still be read back.
        serde_json::to_writer(&mut *out, &String::from_utf8_lossy(event))?;
    } else {
        out.write_all(event)?;
    }
    out.write_all(b"}\n")
}

/// The meta and the event in a line that was written with `meta`, as they stand there; `None` for any other line.
pub fn parts_of_line(line: &[u8]) -> Option<(&[u8], &[u8])> {
    const EVENT: &[u8] = b",\"event\":";
    let parts = line.strip_prefix(b"{\"_meta\":")?.strip_suffix(b"}\n")?;
    // In a string the quotes would be escaped, and no field of the meta has this name.
    let at = memchr::memmem::find(parts, EVENT)?;
    Some((parts.get(..at)?, parts.get(at + EVENT.len()..)?))
}

/// The bytes without the line breaks between tokens. A raw line break inside a string, which JSON forbids, becomes its
/// escape: it must not begin a new line.
pub fn one_line(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\n', b'\r', bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let (mut in_string, mut escaped) = (false, false);
    for &byte in bytes {
        match byte {
            b'\n' if in_string => out.extend_from_slice(b"\\n"),
            b'\r' if in_string => out.extend_from_slice(b"\\r"),
            b'\n' | b'\r' => {}
            _ => out.push(byte),
        }
        in_string ^= byte == b'"' && !escaped;
        escaped = in_string && byte == b'\\' && !escaped;
    }
    Cow::Owned(out)
}

/// Names and widths of the table's columns; a longer value pushes the rest of its line to the right, so that nothing is
/// lost.
const COLUMNS: [(&str, usize); 8] = [
    ("TIME", 24),
    ("ACCESS", 7),
    ("STATUS", 6),
    ("USER", 28),
    ("EVENT", 32),
    ("RESOURCE", 28),
    ("COMPARTMENT", 20),
    ("REGION", 16),
];

fn row<'a>(fields: &'a EventFields<'a>, record: &'a Record) -> [Cow<'a, str>; 8] {
    let time = fields.time.map_or_else(|| fields.time_text.clone(), |time| Cow::Owned(rfc3339(time)));
    let access = match fields.access() {
        crate::domain::access::Access::Read => "read",
        crate::domain::access::Access::Write => "write",
        crate::domain::access::Access::Session => "session",
    };
    let user = match (&*fields.principal_name, &*fields.caller_name) {
        ("", "") => fields.principal_id.clone(),
        (user, "") => Cow::Borrowed(user),
        (user, caller) => Cow::Owned(format!("{user} (by {caller})")),
    };
    let resource = if fields.resource_name.is_empty() { &fields.resource_id } else { &fields.resource_name };
    [
        time,
        Cow::Borrowed(access),
        fields.status.clone(),
        user,
        Cow::Borrowed(fields.name()),
        resource.clone(),
        fields.compartment_name.clone(),
        Cow::Borrowed(record.source.cell.region.as_str()),
    ]
}

fn table_line(cells: &[Cow<'_, str>; 8]) -> String {
    let mut line = String::new();
    for (cell, (_, width)) in cells.iter().zip(COLUMNS) {
        let cell = if cell.trim().is_empty() { Cow::Borrowed("-") } else { clean_prefix(cell, 256) };
        let padding = width.saturating_sub(unicode_width::UnicodeWidthStr::width(&*cell));
        let _ = write!(line, "{cell}{:padding$}  ", "");
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::footprint::Footprint;
    use crate::domain::ledger::CellKey;
    use crate::domain::page::Page;
    use crate::domain::time_range::FetchWindow;
    use crate::export::{Sorter, SorterSettings};

    fn written(format: &Format, terminal: bool, event: &[u8]) -> String {
        let window = FetchWindow::from_minutes(0, 60).unwrap();
        let cell = CellKey { region: "fra".into(), compartment: "c".into(), window };
        let body = [b"[", event, b"]"].concat();
        let page = Page::new(cell, body, Some("A/B".into()), chrono::DateTime::UNIX_EPOCH).unwrap();
        let mut sorter = Sorter::new(SorterSettings::default(), Footprint::of(Some("us".into())));
        sorter.push(&page, |_, _| true).unwrap();
        let record = sorter.finish().unwrap().next().unwrap().unwrap();
        let mut out = Vec::new();
        format.write(&record, terminal, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn jsonl(meta: bool) -> Format {
        Format::Jsonl { meta, tenancy: "t".into() }
    }

    #[test]
    fn jsonl_is_the_event_as_sent_on_one_line() {
        let event = b"{ \"a\" : 1.50,\n  \"b\":\"\\n \\\" x\" ,\r\n\"a\":1e400}";
        assert_eq!(written(&jsonl(false), false, event), "{ \"a\" : 1.50,  \"b\":\"\\n \\\" x\" ,\"a\":1e400}\n");
        assert_eq!(written(&jsonl(false), false, b"{\"a\":\"x\ny\"}"), "{\"a\":\"x\\ny\"}\n");
    }

    #[test]
    fn meta_says_where_it_was_read() {
        let line = written(&jsonl(true), false, b"{\"eventId\":\"1\"}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let expected = serde_json::json!({
            "_meta": {"tenancy": "t", "region": "fra", "compartmentId": "c", "windowStart": "1970-01-01T00:00:00Z",
                "windowEnd": "1970-01-01T01:00:00Z", "retrievedAt": "1970-01-01T00:00:00Z", "requestId": "A/B",
                "flags": ["no-time"]},
            "event": {"eventId": "1"},
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn meta_says_which_reads_are_our_own() {
        let event = br#"{"eventId":"1","eventTime":"2026-03-14T08:00:00Z","data":{"eventName":"ListEvents",
            "identity":{"principalId":"us"},"request":{"action":"GET","id":"auditui-0badcafe-000001/x"}}}"#;
        let value: serde_json::Value = serde_json::from_str(&written(&jsonl(true), false, event)).unwrap();
        assert_eq!((&value["_meta"]["self"], &value["_meta"]["flags"]), (&true.into(), &serde_json::json!([])));
        assert!(written(&jsonl(false), false, event).starts_with("{\"eventId\""));
    }

    #[test]
    fn the_event_of_a_line_is_as_it_was_written() {
        for event in ["{\"eventId\":\"1\",\"event\":{}}", "{\"_meta\":1,\"event\":2}", "[1]"] {
            let line = written(&jsonl(true), false, event.as_bytes());
            let (meta, found) = parts_of_line(line.as_bytes()).unwrap();
            assert_eq!(found, event.as_bytes());
            assert_eq!(serde_json::from_slice::<serde_json::Value>(meta).unwrap()["region"], "fra");
        }
        let of = |tenancy: &str| {
            let format = Format::Jsonl { meta: true, tenancy: tenancy.into() };
            written(&format, false, b"{}")
        };
        assert_eq!(parts_of_line(of("x\",\"event\":y").as_bytes()).unwrap().1, b"{}");
        assert_eq!(parts_of_line(b"{\"eventId\":\"1\"}\n"), None);
    }

    #[test]
    fn what_is_no_json_is_kept_as_a_string() {
        let line = written(&jsonl(true), false, b"{\"eventId\":}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["event"], "{\"eventId\":}");
        assert_eq!(value["_meta"]["flags"][0], "unreadable");
    }

    #[test]
    fn a_terminal_gets_nothing_to_obey() {
        let hostile = "{\"eventId\":\"a\u{202e}b\",\"data\":{\"eventName\":\"\\u001b]52;c;x\\u0007\\nnext\"}}";
        for format in [jsonl(false), jsonl(true), Format::Table] {
            let out = written(&format, true, hostile.as_bytes());
            assert!(out.trim_end_matches('\n').chars().all(|c| !c.is_control() && c != '\u{202e}'), "{out}");
        }
    }
}
