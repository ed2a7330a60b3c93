//! Records inside of what others wrap them into: answers of a log search, of the OCI CLI, messages of Streaming.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use crate::domain::members::{Json, Members};

/// Wrappings inside of wrappings: more than these nobody makes.
const DEEPEST: usize = 6;

/// Members that hold a list of records.
const LISTS: [&str; 2] = ["results", "data"];

/// Something that was inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Where its bytes stand in the value.
    At(Range<usize>),
    /// What had to be decoded.
    Decoded(Vec<u8>),
    /// It cannot be read, and why.
    Broken(&'static str),
}

/// What is in a value that is a wrapping, in its order; `None` for a value that is none.
pub fn inside(value: &[u8]) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let place = |part: &[u8]| {
        let start = part.as_ptr() as usize - value.as_ptr() as usize;
        Part::At(start..start + part.len())
    };
    open(value, DEEPEST, &place, &mut parts).then_some(parts)
}

/// Whether it was a wrapping; its parts are added then.
fn open(value: &[u8], deepest: usize, place: &dyn Fn(&[u8]) -> Part, parts: &mut Vec<Part>) -> bool {
    let Some(members) = deepest.checked_sub(1).and_then(|_| serde_json::from_slice::<Members<'_>>(value).ok()) else {
        return false;
    };
    let mut add = |part: &[u8]| {
        if !open(part, deepest - 1, place, parts) {
            parts.push(place(part));
        }
    };
    // A record of a log search, below `data` as the API answers.
    if let Some(record) = members.get("logContent").filter(|record| is_object(*record)) {
        add(record.text().as_bytes());
        return true;
    }
    let data = members.get("data").filter(|data| is_object(*data));
    if let Some(data) = data.filter(|data| holds_records(&data.members())) {
        add(data.text().as_bytes());
        return true;
    }
    if let Some(list) = LISTS.iter().find_map(|name| list(&members, name)) {
        for record in list {
            add(record.get().as_bytes());
        }
        return true;
    }
    let is_message = ["partition", "offset", "stream"].iter().any(|name| members.get(name).is_some());
    is_message && members.has("value") && {
        message(&members, deepest, parts);
        true
    }
}

fn is_object(json: Json<'_>) -> bool {
    json.text().starts_with('{')
}

fn holds_records(members: &Members<'_>) -> bool {
    members.get("logContent").is_some_and(is_object) || list(members, "results").is_some()
}

fn list<'a>(members: &Members<'a>, name: &str) -> Option<Vec<&'a RawValue>> {
    members.get(name).and_then(|json| serde_json::from_str(json.text()).ok())
}

/// What a message of a stream carries, in Base64 or as the text that it was; a message without content has nothing.
fn message(message: &Members<'_>, deepest: usize, parts: &mut Vec<Part>) {
    let Some(text) = message.string("value") else { return };
    let decoded = match text.trim_start().as_bytes() {
        [b'{' | b'[', ..] => Ok(text.into_bytes()),
        _ => STANDARD.decode(text.trim()),
    };
    let Ok(record) = decoded else { return parts.push(Part::Broken("its value is no Base64")) };
    // Places in what was decoded are none in the value.
    let copied = |part: &[u8]| Part::Decoded(part.to_vec());
    let whole: &[u8] = record.trim_ascii();
    match serde_json::from_slice::<Vec<&RawValue>>(whole) {
        Ok(records) => records.iter().map(|record| record.get().as_bytes()).for_each(|record| {
            if !open(record, deepest - 1, &copied, parts) {
                parts.push(copied(record));
            }
        }),
        Err(_) if open(whole, deepest - 1, &copied, parts) => {}
        Err(_) => parts.push(copied(whole)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(value: &str) -> Option<Vec<String>> {
        let text = |part: Part| match part {
            Part::At(range) => value.get(range).unwrap().to_owned(),
            Part::Decoded(bytes) => format!("decoded {}", String::from_utf8(bytes).unwrap()),
            Part::Broken(why) => why.to_owned(),
        };
        Some(inside(value.as_bytes())?.into_iter().map(text).collect())
    }

    #[test]
    fn records_come_out_as_they_stand_there() {
        let record = r#"{"id" : "1"}"#;
        for wrapping in [
            format!(r#"{{"datetime":1,"logContent":{record},"oracle.tenantid":"t"}}"#),
            format!(r#"{{"data":{{"datetime":1,"logContent":{record}}}}}"#),
            format!(r#"{{"fields":[],"results":[{{"data":{{"logContent":{record}}}}}],"summary":{{}}}}"#),
            format!(r#"{{"data":{{"results":[{{"data":{{"logContent":{record}}}}}]}}}}"#),
            format!(r#"{{"opc-next-page":"x","data":[{record}]}}"#),
        ] {
            assert_eq!(texts(&wrapping).unwrap(), [record], "{wrapping}");
        }
    }

    #[test]
    fn messages_of_a_stream_are_decoded() {
        let message =
            |value: &str| format!(r#"{{"stream":"s","partition":"0","key":null,"value":{value},"offset":7}}"#);
        let record = r#"{"id":"1"}"#;
        let base64 = format!("\"{}\"", STANDARD.encode(record));
        assert_eq!(texts(&message(&base64)).unwrap(), [format!("decoded {record}")]);
        let list = format!("\"{}\"", STANDARD.encode(format!("[{record},{{\"logContent\":{record}}}]")));
        assert_eq!(texts(&message(&list)).unwrap(), [format!("decoded {record}"), format!("decoded {record}")]);
        assert_eq!(texts(&message(r#""{\"id\":\"1\"}""#)).unwrap(), [format!("decoded {record}")]);
        assert_eq!(texts(&message("null")).unwrap(), [""; 0]);
        assert_eq!(texts(&message("\"%\"")).unwrap(), ["its value is no Base64"]);
    }

    #[test]
    fn other_values_are_no_wrapping() {
        for value in
            [r#"{"eventId":"1","data":{"results":1}}"#, r#"{"value":"x"}"#, r#"{"logContent":"x"}"#, "[1]", "{", ""]
        {
            assert_eq!(texts(value), None, "{value}");
        }
        let deep = (0..40).fold("{}".to_owned(), |inner, _| format!(r#"{{"logContent":{inner}}}"#));
        assert_eq!(inside(deep.as_bytes()).unwrap().len(), 1);
    }
}
