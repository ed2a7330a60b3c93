//! One pass gives what the parser gives, or nothing.

use serde_json::{Value, json};

use super::super::{Flags, as_it_is, decode, lenient, one_pass};
use proptest::prelude::*;

const SAMPLES: [&[u8]; 11] = [
    include_bytes!("../../../tests/fixtures/events/v2-create-vcn-denied.json"),
    include_bytes!("../../../tests/fixtures/events/sch-interactive-login-success-domain.json"),
    include_bytes!("../../../tests/fixtures/events/sch-list-compartments-obo.json"),
    include_bytes!("../../../tests/fixtures/events/sch-parse-query-post-read.json"),
    include_bytes!("../../../tests/fixtures/events/sch-not-audit-connector-runlog.json"),
    include_bytes!("../../../tests/fixtures/events/sch-not-audit-objectstorage-read.json"),
    include_bytes!("../../../tests/fixtures/events/events-service-create-bucket.json"),
    include_bytes!("../../../tests/fixtures/events/events-service-instance-action.json"),
    include_bytes!("../../../tests/fixtures/events/search-api-create-bucket-flat-dup-keys.json"),
    include_bytes!("../../../tests/fixtures/events/search-api-results-two.json"),
    include_bytes!("../../../tests/fixtures/events/sch-array-private-ips-upload.json"),
];

/// Short ones, in which a mutation nearly always hits something.
const DENSE: [&str; 5] = [
    r#"{"eventId":"a","eventTime":"2026-03-14T13:55:10.123Z","data":{"identity":null,"x":[1,-2.5e3,true,{"k":"v\\","l\n":[]}],"message":"a\u00e9\"b"},"y":{}}"#,
    r#"{"data":{"response":{"status":404,"message":" "},"message":"m","request":{"id":"a","path":"/\/","action":null}},"eventId":1.5,"source":[{"a":{"b":[[],{}]}}]}"#,
    "{ \"eventId\" : \"a\" ,\r\n\t\"data\" : { \"identity\" : {\"principalName\":false} } , \"z\" : \"\\u0064\\ud83d\\ude00 é\\\\\\\\\" }\n",
    r#"{"a":"\\","b":"\"","c":"\\\"","eventId":"\\\\"}"#,
    r#"{"eventId":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\","b":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"\\","c":"\/"}"#,
];

/// What bytes of JSON are, and are not.
const TELLING: &[u8] = b"\"\"\\\\{}[]:,0123456789-+.eEtfnuabd \n\t\x00\x1f\x7f\xc3\xa9\xff\xed\xf0/R";
const PIECES: [&str; 24] = [
    "\\u",
    "\\ud800",
    "\\udc00",
    "\\u12G4",
    "\\x",
    "\\\"",
    "\\\\",
    "\\/",
    "null",
    "true",
    "fals",
    "01",
    "-",
    "1e999",
    "1.",
    "{}",
    "[]",
    "[1,]",
    "{\"a\":1,}",
    "\"eventId\":",
    "\"data\":{",
    ",",
    "\u{feff}",
    "\"\"",
];

#[track_caller]
fn agree(bytes: &[u8]) {
    let by_parser = lenient::decode(bytes);
    if let Some(quick) = one_pass::decode(bytes) {
        assert_eq!(quick, by_parser, "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(as_it_is(bytes), by_parser);
}

/// The samples as they stand, and each record in them as ListEvents would give it.
fn ordinary() -> Vec<Vec<u8>> {
    let parsed = SAMPLES.map(|sample| serde_json::from_slice::<Value>(sample).unwrap());
    let lists = parsed.iter().flat_map(|sample| match sample {
        Value::Array(records) => records.clone(),
        Value::Object(answer) if answer.contains_key("results") => {
            answer["results"].as_array().unwrap().iter().map(|result| result["data"]["logContent"].clone()).collect()
        }
        record => vec![record.clone()],
    });
    let as_listed = |record: &Value| {
        json!({
            "eventType": record["type"], "cloudEventsVersion": "0.1", "eventTypeVersion": "2.0", "source": record["source"],
            "eventId": record["id"], "eventTime": record["time"], "contentType": "application/json", "data": record["data"],
        })
    };
    let listed: Vec<Value> = lists.flat_map(|record| [as_listed(&record), record]).collect();
    let compact = listed.iter().map(|record| serde_json::to_vec(record).unwrap());
    let pretty = listed.iter().map(|record| serde_json::to_vec_pretty(record).unwrap());
    compact.chain(pretty).collect()
}

#[test]
fn every_published_record_is_read_in_one_pass() {
    let records = ordinary();
    assert!(records.len() >= 50);
    for record in &records {
        assert!(one_pass::decode(record).is_some(), "{}", String::from_utf8_lossy(record));
        agree(record);
    }
    assert!(records.iter().filter(|record| !decode(record).fields.request_id.is_empty()).count() >= 20);
    for sample in SAMPLES {
        agree(sample);
    }
}

#[test]
fn dense_ones_too() {
    let quick = DENSE.iter().filter(|text| one_pass::decode(text.as_bytes()).is_some());
    assert_eq!(quick.count(), DENSE.len() - 1, "surrogates are left to the parser");
    for text in DENSE {
        agree(text.as_bytes());
    }
}

/// What is odd about an event must be found wherever it stands: where it is read, and where it is skipped.
#[test]
fn whatever_is_odd_is_left_to_the_parser() {
    let bad: [&[u8]; 33] = [
        b"01",
        b"-",
        b"1.",
        b"1e",
        b"1e+",
        b".5",
        b"+1",
        b"-a",
        b"0x1",
        b"1 2",
        b"nul",
        b"nullx",
        b"True",
        b"NaN",
        b"\"\\x\"",
        b"\"\\u12\"",
        b"\"\\u12g4\"",
        b"\"\\ud800\"",
        b"\"\\udc00\"",
        b"\"\x01\"",
        b"\"a\nb\"",
        b"\"\xff\"",
        b"\"\xed\xa0\x80\"",
        b"\"open",
        b"\"\\\"",
        b"[1,]",
        b"[,1]",
        b"[1 2]",
        b"{\"a\":1,}",
        b"{\"a\" 1}",
        b"{a:1}",
        b"[}",
        b"",
    ];
    for value in bad {
        for (before, after) in [
            (&b"{\"eventId\":"[..], &b"}"[..]),
            (b"{\"x\":", b"}"),
            (b"{\"x\":[0,", b"]}"),
            (b"{\"data\":{\"x\":{\"y\":", b"}}}"),
            (b"{\"data\":{\"identity\":{\"userAgent\":", b",\"z\":1}}}"),
            (b"{\"data\":", b",\"source\":\"s\"}"),
        ] {
            let event = [before, value, after].concat();
            assert_eq!(one_pass::decode(&event), None, "{}", String::from_utf8_lossy(&event));
            agree(&event);
        }
    }
    let whole: [&[u8]; 13] = [
        b"",
        b" ",
        b"[]",
        b"null",
        b"\"a\"",
        b"{}x",
        b"{}{}",
        b"\xef\xbb\xbf{}",
        b"{\"eventId\":\"a\",\"eventId\":\"a\"}",
        b"{\"\\u0065ventId\":\"a\"}",
        b"{\"data\":[]}",
        b"{\"data\":7}",
        b"{\"data\":{\"identity\":\"\"}}",
    ];
    for event in whole {
        assert_eq!(one_pass::decode(event), None, "{}", String::from_utf8_lossy(event));
        agree(event);
    }
}

#[test]
fn null_is_a_value_that_stood_there() {
    let twice = br#"{"eventId":null,"eventId":"a"}"#;
    assert!(one_pass::decode(twice).is_none());
    assert!(decode(twice).flags.contains(Flags::DUPLICATE_KEY));
}

#[test]
fn no_depth_is_too_deep() {
    for depth in [1, 63, 64, 65, 126, 127, 128, 129, 10_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let event = format!("{{\"eventId\":\"x\",\"u\":{}0{}}}", open.repeat(depth), close.repeat(depth));
            agree(event.as_bytes());
            assert_eq!(one_pass::decode(event.as_bytes()).is_some(), depth <= 64);
            agree(format!("{event}}}").as_bytes());
            agree(&event.as_bytes()[..event.len() - 2]);
        }
    }
}

/// Blocks of 64 bytes are searched: whatever stands at their edges must not matter.
#[test]
fn nothing_depends_on_where_a_string_stands() {
    for padding in 0..140 {
        for tail in ["", "\\\\", "\\\"", "\\n", "\\u0041", "\\\\\\\\\\\"", "é", "\\"] {
            let event = format!(r#"{{"p":"{}","eventId":"{tail}","x":"{tail}{tail}"}}"#, "p".repeat(padding));
            agree(event.as_bytes());
            assert_eq!(one_pass::decode(event.as_bytes()).is_some(), tail != "\\", "{event}");
        }
    }
}

#[derive(Clone, Debug)]
enum Mutation {
    Flip(u8),
    Write(prop::sample::Index),
    Insert(prop::sample::Index),
    Put(prop::sample::Index),
    Delete(usize),
    Copy(usize, prop::sample::Index),
    Truncate,
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>, at: prop::sample::Index) {
        if bytes.is_empty() {
            return;
        }
        let at = at.index(bytes.len());
        match self {
            Self::Flip(bit) => bytes[at] ^= 1 << bit,
            Self::Write(byte) => bytes[at] = *byte.get(TELLING),
            Self::Insert(byte) => bytes.insert(at, *byte.get(TELLING)),
            Self::Put(piece) => _ = bytes.splice(at..at, piece.get(&PIECES).bytes()),
            Self::Delete(length) => _ = bytes.drain(at..(at + length).min(bytes.len())),
            Self::Copy(length, to) => {
                let copy = bytes[at..(at + length).min(bytes.len())].to_vec();
                let to = to.index(bytes.len());
                bytes.splice(to..to, copy);
            }
            Self::Truncate => bytes.truncate(at),
        }
    }
}

fn mutations() -> impl Strategy<Value = Vec<(Mutation, prop::sample::Index)>> {
    let one = prop_oneof![
        2 => (0u8..8).prop_map(Mutation::Flip),
        3 => any::<prop::sample::Index>().prop_map(Mutation::Write),
        3 => any::<prop::sample::Index>().prop_map(Mutation::Insert),
        3 => any::<prop::sample::Index>().prop_map(Mutation::Put),
        2 => (1usize..20).prop_map(Mutation::Delete),
        2 => ((1usize..40), any::<prop::sample::Index>()).prop_map(|(length, to)| Mutation::Copy(length, to)),
        1 => Just(Mutation::Truncate),
    ];
    prop::collection::vec((one, any::<prop::sample::Index>()), 1..4)
}

fn mutated(bytes: &[u8], mutations: &[(Mutation, prop::sample::Index)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (mutation, at) in mutations {
        mutation.apply(&mut bytes, *at);
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn damaged_records_are_read_alike(sample in 0..SAMPLES.len() - 2, mutations in mutations()) {
        agree(&mutated(SAMPLES[sample], &mutations));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(15_000))]
    #[test]
    fn damaged_dense_ones_are_read_alike(text in 0..DENSE.len(), mutations in mutations()) {
        agree(&mutated(DENSE[text].as_bytes(), &mutations));
    }

    #[test]
    fn any_bytes_that_look_like_json_are_read_alike(bytes in prop::collection::vec(prop::sample::select(TELLING), 0..40)) {
        agree(&[b"{\"eventId\":", &bytes[..], b"}"].concat());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn any_text_is_read_alike(id: String, agent: String, skipped: String) {
        let event = json!({ "eventId": id, "data": { "identity": { "userAgent": agent }, skipped.clone(): [skipped] } });
        agree(&serde_json::to_vec(&event).unwrap());
    }
}
