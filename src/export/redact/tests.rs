//! What is left of an event in a redacted copy.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::footprint::Footprint;
use crate::domain::ledger::CellKey;
use crate::domain::page::Page;
use crate::domain::time_range::FetchWindow;
use crate::export::{Format, Shape, Sorter, SorterSettings};

const KEY: &[u8] = b"0123456789abcdef";

fn record(event: &[u8]) -> Record {
    let cell =
        CellKey { region: "fra".into(), compartment: "c".into(), window: FetchWindow::from_minutes(0, 60).unwrap() };
    let page = Page::new(cell, [b"[", event, b"]"].concat(), None, chrono::DateTime::UNIX_EPOCH).unwrap();
    let mut sorter = Sorter::new(SorterSettings::default(), Footprint::default());
    sorter.push(&page, |_, _| true).unwrap();
    sorter.finish().unwrap().next().unwrap().unwrap()
}

fn redaction(key: Option<&[u8]>, events: &[&Value]) -> Redaction {
    let mut redaction = Redaction::new(key.map(|key| Pseudonyms::new(key).unwrap()));
    for event in events {
        redaction.meet(event.to_string().as_bytes());
    }
    redaction.prepare().unwrap();
    redaction
}

fn formats() -> Vec<Format> {
    let tenancy = || "ocid1.tenancy.oc1..t".to_owned();
    let shapes = [Shape::Csv, Shape::Ocsf, Shape::Ecs, Shape::Bulk, Shape::Hec];
    let made = shapes.into_iter().map(|shape| Format::Made { shape, tenancy: tenancy() });
    let lines = [false, true].map(|meta| Format::Jsonl { meta, tenancy: tenancy() });
    made.chain(lines).chain([Format::Table]).collect()
}

fn written(format: &Format, record: &Record) -> String {
    let mut out = Vec::new();
    format.write(record, false, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn copied(redaction: &Redaction, event: &Value) -> Value {
    let copy = redaction.copy(&record(event.to_string().as_bytes()));
    serde_json::from_str(&written(&formats()[5], &copy)).unwrap()
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |out, byte| format!("{out}%{byte:02X}"))
}

/// Everything that may name a user or an address, or carries a secret, wherever events have been seen to have it.
fn event(user: &str, address: &str, secret: &str) -> Value {
    let mail = format!("{user}@acme.example");
    json!({
        "eventType": "com.oraclecloud.ComputeApi.LaunchInstance.begin", "source": "ComputeApi", "eventId": "e-1",
        "eventTime": "2026-03-14T08:00:00.123Z",
        "data": {
            "eventName": "LaunchInstance", "compartmentId": "ocid1.compartment.oc1..a", "resourceName": format!("vm-{user}"),
            "freeformTags": {user: mail, "n": 1.50, "on": true},
            "definedTags": {"Oracle-Tags": {"CreatedBy": format!("idcs/{mail}")}},
            "identity": {
                "principalName": user, "principalId": "ocid1.user.oc1..zqu", "authType": "natv", "ipAddress": address,
                "credentials": format!("{secret}/ocid1.user.oc1..zqu/20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34"),
            },
            "request": {
                "id": "r", "action": "POST", "path": format!("/20160918/users/{}", percent(&mail)),
                "headers": {"Authorization": [secret], "X-Forwarded-For": [address]},
                "parameters": {
                    "password": [secret], "q": [format!("Bearer {secret}0123456789")], "url": format!("https://h/?token={secret}&a=1"),
                    "par": format!("/p/{secret}/n/ns/b/x"), "body": format!("{{\"adminPassword\":\"{secret}\",\"a\":1}}"),
                },
            },
            "response": {"status": "200", "headers": {"Set-Cookie": [secret]}, "message": format!("{user} came from {address}")},
            "additionalDetails": {
                "text": format!("x {} y", STANDARD.encode(format!("for {mail} of {address}"))),
                "url_text": URL_SAFE_NO_PAD.encode(format!("{mail}??")), "session": format!("ST${secret}.x"),
                "key": format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----"), "userName": user,
            },
            "stateChange": {"current": {"n": [1, null, {"ip": address}]}},
        }
    })
}

#[test]
fn without_a_key_secrets_go_and_names_stay() {
    let event = event("zqalice", "203.0.113.9", "canary");
    let copy = copied(&redaction(None, &[]), &event);
    insta::assert_snapshot!("secrets", serde_json::to_string_pretty(&copy).unwrap());
}

#[test]
fn with_a_key_the_same_name_stands_for_the_same_in_all_events() {
    let (first, second) = (
        event("zqalice", "203.0.113.9", "canary"),
        json!({"eventId": "e-2", "data": {
        "identity": {"principalName": "bob", "ipAddress": "2001:db8::1"},
        "message": "asked by ZQALICE (203.0.113.9); zqalice@acme.example was told"}}),
    );
    let redaction = redaction(Some(KEY), &[&first, &second]);
    let (one, two) = (copied(&redaction, &first), copied(&redaction, &second));
    insta::assert_snapshot!("pseudonyms", serde_json::to_string_pretty(&one).unwrap());
    let of = |value: &Value| value.as_str().unwrap().to_owned();
    let (user, ip) = (of(&one["data"]["identity"]["principalName"]), of(&one["data"]["identity"]["ipAddress"]));
    let mail = of(&one["data"]["freeformTags"][&user]);
    assert_eq!(of(&two["data"]["message"]), format!("asked by {user} ({ip}); {mail} was told"));
    assert!(user != mail && of(&two["data"]["identity"]["principalName"]).starts_with("user-"));
}

#[test]
fn a_copy_is_tied_to_its_event_in_every_format() {
    let event = event("zqalice", "203.0.113.9", "canary");
    let record = record(event.to_string().as_bytes());
    let sha256 = format!("{:x}", Sha256::digest(&record.bytes));
    let copy = redaction(Some(KEY), &[&event]).copy(&record);
    for format in formats().iter().filter(|format| **format != Format::Table) {
        let text = written(format, &copy);
        assert_eq!((text.matches(&sha256).count(), text.contains("e-1")), (1, true), "{format:?}: {text}");
    }
    let forged = json!({"eventId": "1", "raw_sha256": "00"});
    assert_ne!(copied(&redaction(None, &[]), &forged)["raw_sha256"], "00");
}

#[test]
fn what_cannot_be_read_is_left_out_whole() {
    for odd in [&b"{\"eventId\":canary}"[..], b"\"canary\"", b"[\"canary\"]", b"{\"a\":\"canary\" \"b\"}"] {
        let copy = redaction(Some(KEY), &[]).copy(&record(odd));
        for format in formats() {
            let text = written(&format, &copy);
            assert!(!text.contains("canary") && !text.is_empty(), "{text}");
        }
    }
}

#[test]
fn what_is_said_beside_the_events_is_redacted_as_well() {
    let event = event("zqalice", "203.0.113.9", "canary");
    let redaction = redaction(Some(KEY), &[&event]);
    assert!(!redaction.text("user:zqalice ip:203.0.113.9").unwrap().contains("zqalice"));
    let entry = redaction.entry();
    assert!(entry.pseudonyms && entry.key_check.is_some_and(|check| check.len() == 8));
}

#[test]
fn nothing_within_credentials_stays_in_text_either() {
    let inner = r#"{"credentials":{"value":"CANARY","n":[4711],"on":true}}"#;
    let twice = json!({ "a": inner }).to_string();
    let event = json!({"eventId": "1", "data": {"message": inner, "text": twice, "credentials": {"pin": 4711}}});
    let copy = copied(&redaction(None, &[]), &event);
    assert!(!["CANARY", "4711"].iter().any(|gone| copy.to_string().contains(gone)), "{copy}");
    assert_eq!(copy["data"]["message"], r#"{"credentials":{"value":"[left out]","n":["[left out]"],"on":true}}"#);
}

#[test]
fn persons_are_met_in_every_form() {
    let event = json!({"eventId": "1", "data": {
        "identity": {"principalName": "Alice Smith <alice@acme.example>"},
        "message": r#"{"userName":"charlie","a":"{\"user\":\"delta\"}"}"#,
        "stateChange": {"current": {"user": "oracleidentitycloudservice/jdoe42"}},
        "additionalDetails": {"text": "charlie, delta, jdoe42, Alice Smith; Élodie Durand", "actorName": "élodie DURAND"},
    }});
    let of_all = redaction(Some(KEY), &[&event]);
    let nobody_met = redaction(Some(KEY), &[]);
    let gone = ["Alice", "acme", "charlie", "delta", "jdoe42", "lodie", "DURAND"];
    let copy = copied(&of_all, &event);
    assert!(!gone.iter().any(|gone| copy.to_string().contains(gone)), "{copy}");
    // Where nobody was met, names are replaced where they stand alone.
    let mut copy = copied(&nobody_met, &event);
    copy["data"]["additionalDetails"]["text"].take();
    assert!(!gone.iter().any(|gone| copy.to_string().contains(gone)), "{copy}");
}

/// The names and kinds of everything, without values.
fn structure(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Array(members.values().map(structure).collect()),
        Value::Array(values) => Value::Array(values.iter().map(structure).collect()),
        Value::String(_) => "text".into(),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_that_was_taken_out_is_left_in_any_format(
        user in "zq[a-z]{4,12}( [A-Z][a-z]{3,8})?", octets in prop::array::uniform4(0u8..), six in any::<bool>(),
        secret in "[a-zA-Z0-9]{20,40}",
    ) {
        let address = if six { format!("2001:db8::{:x}:{:x}", octets[0], octets[1]) }
            else { octets.map(|octet| octet.to_string()).join(".") };
        prop_assume!(!["0.0.0.0", "2001:db8::0:0"].contains(&address.as_str()));
        let event = event(&user, &address, &secret);
        let record = record(event.to_string().as_bytes());
        let redaction = redaction(Some(KEY), &[&event]);
        let copy = redaction.copy(&record);
        prop_assert_eq!(&copy.bytes, &redaction.copy(&record).bytes);
        let mail = format!("{user}@acme.example");
        for format in formats() {
            let text = written(&format, &copy);
            let percent = percent(&mail);
            let base64 = STANDARD.encode(format!("for {mail} of {address}"));
            let url = URL_SAFE_NO_PAD.encode(format!("{mail}??"));
            for gone in [user.as_str(), &address, &secret, &mail, &percent, &base64, &url, "ocid1.user.", "20:3b:97"] {
                prop_assert!(!text.to_lowercase().contains(&gone.to_lowercase()), "{:?} has {}: {}", format, gone, text);
            }
        }
        let mut copied: Value = serde_json::from_slice(&copy.bytes).unwrap();
        let mut event = event;
        for block in ["request", "response"] {
            event["data"][block].as_object_mut().unwrap().remove("headers");
        }
        event["data"]["request"]["parameters"]["password"] = "".into();
        prop_assert_eq!(structure(&copied), structure(&event));
        prop_assert_eq!(copied["data"]["identity"].take()["authType"].take(), "natv");
    }

    #[test]
    fn text_of_strangers_never_breaks_a_copy(text in "[\\PC\\pC]{0,60}", key in "[\\PC\\pC]{1,20}") {
        let event = json!({"eventId": "1", "data": {"message": text, "freeformTags": {key: text}, "identity": {"principalName": text}}});
        let redaction = redaction(Some(KEY), &[&event]);
        let copy = redaction.copy(&record(event.to_string().as_bytes()));
        for format in formats() {
            let out = written(&format, &copy);
            if !matches!(format, Format::Table | Format::Made { shape: Shape::Csv | Shape::Bulk, .. }) {
                prop_assert!(serde_json::from_str::<Value>(&out).is_ok(), "{:?}: {}", format, out);
            }
        }
    }
}
