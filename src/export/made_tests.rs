//! What is made of events, whatever they hold.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::format::{Format, Shape};
use super::{Sorter, SorterSettings, columns};
use crate::domain::footprint::Footprint;
use crate::domain::ledger::CellKey;
use crate::domain::page::Page;
use crate::domain::time_range::FetchWindow;

const JSON: [Shape; 4] = [Shape::Ocsf, Shape::Ecs, Shape::Bulk, Shape::Hec];

/// Of events read in `fra` out of compartment `c` between 01:00 and 02:00 of 1970-01-01.
fn written(shape: Shape, events: &[&[u8]]) -> Vec<u8> {
    let window = FetchWindow::from_minutes(60, 120).unwrap();
    let cell = CellKey { region: "fra".into(), compartment: "c".into(), window };
    let body = [b"[", events.join(&b","[..]).as_slice(), b"]"].concat();
    let page = Page::new(cell, body, None, chrono::DateTime::UNIX_EPOCH).unwrap();
    let mut sorter = Sorter::new(SorterSettings::default(), Footprint::default());
    sorter.push(&page, |_, _| true).unwrap();
    let format = Format::Made { shape, tenancy: "ocid1.tenancy.oc1..t".into() };
    let (mut ordered, mut out) = (sorter.finish().unwrap(), Vec::new());
    while let Some(record) = ordered.next().unwrap() {
        format.write(&record, false, &mut out).unwrap();
    }
    out
}

fn documents(shape: Shape, events: &[&[u8]]) -> Vec<Value> {
    let out = written(shape, events);
    let lines = out.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n');
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

fn document(shape: Shape, event: &Value) -> Value {
    documents(shape, &[event.to_string().as_bytes()]).pop().unwrap()
}

fn cells(event: &Value) -> std::collections::BTreeMap<String, String> {
    let out = written(Shape::Csv, &[event.to_string().as_bytes()]);
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(out.as_slice());
    let row = reader.records().next().unwrap().unwrap();
    columns::of_csv().map(|column| column.name.to_owned()).zip(row.iter().map(str::to_owned)).collect()
}

fn launch() -> Value {
    json!({
        "eventType": "com.oraclecloud.ComputeApi.LaunchInstance.begin", "cloudEventsVersion": "0.1",
        "eventTypeVersion": "2.0", "source": "ComputeApi", "eventId": "e-1", "contentType": "application/json",
        "eventTime": "2026-03-14T08:00:00.123Z",
        "data": {
            "eventGroupingId": "g", "eventName": "LaunchInstance", "compartmentId": "ocid1.compartment.oc1..a",
            "compartmentName": "prod", "resourceName": "vm", "resourceId": "ocid1.instance.oc1.fra.b",
            "availabilityDomain": "AD-1", "freeformTags": {"team": "red"}, "definedTags": {"ns": {"k": "v"}},
            "identity": {
                "principalName": "alice", "principalId": "ocid1.user.oc1..u", "authType": "natv",
                "callerName": "svc", "callerId": "ocid1.svc", "tenantId": "ocid1.tenancy.oc1..t",
                "ipAddress": "10.0.0.7, 203.0.113.9", "userAgent": "cli", "consoleSessionId": "s",
                "credentials": "canary/20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34"},
            "request": {
                "id": "r", "path": "/20160918/instances", "action": "POST", "parameters": {"shape": ["x"]},
                "headers": {"Authorization": ["canary"], "X-Forwarded-For": ["203.0.113.9, canary"]}},
            "response": {
                "status": "200", "responseTime": "2026-03-14T08:00:01Z", "payload": {"id": 1}, "message": "done",
                "headers": {"Set-Cookie": ["canary"]}},
            "stateChange": {"current": {"state": "on"}}, "additionalDetails": {"n": "ST$canary"}
        }
    })
}

#[test]
fn an_event_as_each_format_has_it() {
    for (name, shape) in [("ocsf", Shape::Ocsf), ("ecs", Shape::Ecs), ("hec", Shape::Hec)] {
        let document = serde_json::to_string_pretty(&document(shape, &launch())).unwrap();
        insta::assert_snapshot!(name, document);
    }
    insta::assert_snapshot!(
        "csv",
        cells(&launch()).iter().map(|(k, v)| format!("{k}: {v}")).collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn no_secret_is_in_what_is_made() {
    for shape in JSON.into_iter().chain([Shape::Csv]) {
        let out = String::from_utf8(written(shape, &[launch().to_string().as_bytes()])).unwrap();
        assert!(!out.contains("canary"), "{shape:?}: {out}");
    }
}

#[test]
fn in_bulk_what_is_sent_twice_is_there_once() {
    let twice = [launch().to_string(), launch().to_string().replace("alice", "mallory")];
    let twice: Vec<&[u8]> = twice.iter().map(String::as_bytes).collect();
    let one = documents(Shape::Bulk, &twice[..1]);
    assert_eq!((one.len(), &one[0]), (2, &json!({"create": {"_id": "e-1"}})));
    assert_eq!(one[1], document(Shape::Ecs, &launch()));
    // An id that stands over other bytes is none.
    let both = documents(Shape::Bulk, &twice);
    let ids: Vec<&Value> = both.iter().step_by(2).map(|action| &action["create"]["_id"]).collect();
    assert!(ids[0] != ids[1] && ids.iter().all(|id| id.as_str().unwrap().len() == 64), "{ids:?}");
}

#[test]
fn whatever_an_event_lacks_it_comes_out() {
    let odd: [&[u8]; 8] = [
        br#"{"eventId":"1"}"#,
        br#"{"eventId":"2","data":null}"#,
        br#"{"eventId":"3","data":"text","eventTime":5}"#,
        br#"{"eventId":"4","data":{"request":7,"response":{"status":"odd","payload":1e400},"identity":[]}}"#,
        br#"{"eventId":}"#,
        b"{\"eventId\":\"6\",\"data\":{\"resourceName\":\"a\x01\xff\nb\",\"additionalDetails\":\"\\ud800\"}}",
        br#"{"eventId":"7","data":{"request":{"headers":"x"}},"data":{"request":{"headers":"y"}}}"#,
        b"{}",
    ];
    for shape in JSON {
        let lines = if shape == Shape::Bulk { 16 } else { 8 };
        assert_eq!(documents(shape, &odd).len(), lines, "{shape:?}");
    }
    let rows = written(Shape::Csv, &odd);
    assert_eq!(::csv::ReaderBuilder::new().has_headers(false).from_reader(rows.as_slice()).records().count(), 8);
    let ocsf = documents(Shape::Ocsf, &odd[..1]);
    let expected = json!([3_600_000, ["no-time"], "unknown", "unknown", 0]);
    let of = &ocsf[0];
    let found = json!([
        of["time"],
        of["metadata"]["labels"],
        of["actor"]["user"]["name"],
        of["src_endpoint"]["name"],
        of["status_id"]
    ]);
    assert_eq!(found, expected);
}

#[test]
fn numbers_and_unknown_members_keep_their_bytes() {
    let event = br#"{"eventId":"1","eventTime":"2026-03-14T08:00:00Z","new":{"n":123456789012345678901234567890},
        "data":{"also":1.50,"request":{"id":"r","parameters":{"x":1e400,"y":1.10}}}}"#;
    let out = String::from_utf8(written(Shape::Ocsf, &[event])).unwrap();
    assert!(out.contains(r#""new":{"n":123456789012345678901234567890}"#) && out.contains(r#""also":1.50"#), "{out}");
    assert!(out.contains(r#""data":"{\"x\":1e400,\"y\":1.10}""#), "{out}");
}

proptest! {
    #[test]
    fn text_of_strangers_is_data(text in "[\\PC\\pC]{0,40}", key in "[\\PC\\pC]{1,20}") {
        prop_assume!(!text.contains("ST$") && !key.contains("ST$"));
        let mut event = launch();
        event["data"]["resourceName"] = json!(format!("x{text}"));
        event["data"]["identity"]["userAgent"] = json!(format!("x{text}"));
        event["data"]["request"]["parameters"] = json!({ &*key: text });
        let expected = json!(format!("x{text}"));
        let ocsf = document(Shape::Ocsf, &event);
        prop_assert_eq!(&ocsf["resources"][0]["name"], &expected);
        prop_assert_eq!(&ocsf["http_request"]["user_agent"], &expected);
        prop_assert_eq!(&ocsf["api"]["request"]["data"][&key], &json!(text));
        let ecs = document(Shape::Ecs, &event);
        prop_assert_eq!(&ecs["user_agent"]["original"], &expected);
        let parameters: Value = serde_json::from_str(ecs["oci"]["audit"]["parameters"].as_str().unwrap()).unwrap();
        prop_assert_eq!(&parameters[&key], &json!(text));
        prop_assert_eq!(&documents(Shape::Bulk, &[event.to_string().as_bytes()])[1], &ecs);
        let hec = document(Shape::Hec, &event);
        prop_assert_eq!(&hec["event"]["data"]["resourceName"], &expected);
        prop_assert_eq!(&hec["event"]["data"]["request"]["parameters"][&key], &json!(text));
        prop_assert_eq!(&cells(&event)["resource_name"], &format!("x{text}"));
    }
}
