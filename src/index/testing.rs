//! Events for the tests of `index` and `query`: made of few values, so that they meet.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::json;

use super::{IndexBuilder, Snapshot};
use crate::domain::footprint::{Footprint, request_id};
use crate::domain::ledger::CellKey;
use crate::domain::ocid::Ocid;
use crate::domain::page::Page;
use crate::domain::region::RegionId;
use crate::domain::time_range::FetchWindow;

/// An event and where it is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sent {
    pub region: RegionId,
    pub compartment: Ocid,
    pub bytes: Vec<u8>,
}

pub(crate) fn at(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap()
}

pub(crate) fn cell(region: &RegionId, compartment: &Ocid) -> CellKey {
    CellKey {
        region: region.clone(),
        compartment: compartment.clone(),
        window: FetchWindow::from_minutes(0, 60).unwrap(),
    }
}

pub(crate) fn page(events: &[Sent]) -> Page {
    let first = &events[0];
    let mut body = b"[".to_vec();
    body.extend(events.iter().map(|sent| sent.bytes.as_slice()).collect::<Vec<_>>().join(&b","[..]));
    body.push(b']');
    Page::new(cell(&first.region, &first.compartment), body, None, at(0)).unwrap()
}

/// Of the user `us`, who made some of the events.
pub(crate) fn footprint() -> Footprint {
    Footprint::of(Some("us".into()))
}

pub(crate) fn insert(builder: &mut IndexBuilder, events: &[Sent]) {
    for sent in events {
        builder.insert(&sent.region, &sent.compartment, &sent.bytes);
    }
}

/// An index of these events, of which a snapshot was taken after every so many.
pub(crate) fn in_parts(mut builder: IndexBuilder, events: &[Sent], publish_every: usize) -> Arc<Snapshot> {
    for chunk in events.chunks(publish_every) {
        insert(&mut builder, chunk);
        builder.snapshot();
    }
    builder.snapshot()
}

/// Everything that a snapshot says about its rows, in one text each; the key speaks for the bytes.
pub(crate) fn contents(snapshot: &Snapshot) -> BTreeSet<String> {
    let rows = snapshot.rows().map(|row| {
        let columns = super::Column::ALL.map(|column| row.text(column));
        format!("{:?} {:?} {:?} {columns:?}", row.key(), row.access(), row.flags())
    });
    rows.collect()
}

/// A plain event, different for every `n`.
pub(crate) fn numbered(n: usize) -> Sent {
    Sent {
        region: "r1".into(),
        compartment: "c1".into(),
        bytes: event(&format!("id-{n}"), (n as i64 * 7_919) % 100_000, "GetBucket", "alice", "200"),
    }
}

pub(crate) fn event(id: &str, micros: i64, name: &str, user: &str, status: &str) -> Vec<u8> {
    json!({
        "eventId": id,
        "eventTime": at(micros),
        "eventType": format!("com.oraclecloud.Api.{name}"),
        "data": {
            "eventName": name,
            "identity": { "principalName": user },
            "request": { "action": if name.starts_with("Get") { "GET" } else { "POST" } },
            "response": { "status": status },
        },
    })
    .to_string()
    .into_bytes()
}

/// Events of every kind: duplicates, equal ids, no id, no time, no JSON at all.
pub(crate) fn sent() -> impl Strategy<Value = Sent> {
    let origin = (prop::sample::select(vec!["r1", "r2"]), prop::sample::select(vec!["c1", "c2", "c3"]));
    let odd = prop::sample::select(vec!["{}", "null", "{\"eventId\":7}", "\"\u{1}\"", "{\"data\":[1]}", "nonsense"]);
    let bytes = prop_oneof![
        20 => typical(),
        1 => odd.prop_map(|text| text.as_bytes().to_vec()),
    ];
    (origin, bytes).prop_map(|((region, compartment), bytes)| Sent {
        region: region.into(),
        compartment: compartment.into(),
        bytes,
    })
}

fn typical() -> impl Strategy<Value = Vec<u8>> {
    let id = prop_oneof![9 => (0..10_000u32).prop_map(|n| json!(format!("id-{n}"))), 1 => Just(json!(null))];
    let time = prop_oneof![
        9 => (0..60_000_000i64).prop_map(|micros| json!(at(micros))),
        3 => (0..3i64).prop_map(|second| json!(at(second * 1_000_000))),
        1 => Just(json!("None")),
    ];
    let name =
        prop::sample::select(vec!["GetBucket", "ListBuckets", "CreateVcn", "DeleteUser", "InteractiveLogin", ""]);
    let action = prop::sample::select(vec![json!("GET"), json!("POST"), json!("DELETE"), json!(null)]);
    let user = prop::sample::select(vec!["alice@acme.com", "Bob", "ÉMILE", "", "svc-backup"]);
    let status =
        prop::sample::select(vec![json!("200"), json!(404), json!("409"), json!("-"), json!(null), json!(" 500 ")]);
    // Some values come again, others are new in every page.
    let known = prop::sample::select(vec!["", "Straße", "203.0.113.9", "/n/x/b/backups-prod", "OK"]);
    let text = prop_oneof![known.prop_map(str::to_owned), (0..400).prop_map(|n| format!("Web-{n}"))];
    let principal = prop::sample::select(vec!["us", "them"]);
    let request = prop_oneof![(0..2u64).prop_map(|n| request_id("0badcafe", n)), text.clone()];
    let texts = [text.clone(), text.clone(), text.clone(), text];
    (id, time, name, action, user, status, texts, principal, request).prop_map(
        |(id, time, name, action, user, status, [resource, ip, path, message], principal, request)| {
            let sign_on = name == "InteractiveLogin";
            let service = if sign_on { "IdentitySignOn" } else { "Api" };
            let event = json!({
                "eventId": id,
                "eventTime": time,
                "eventType": format!("com.oraclecloud.{service}.{name}"),
                "source": service,
                "data": {
                    "eventName": name,
                    "resourceName": resource,
                    "compartmentName": message,
                    "identity": { "principalName": user, "principalId": principal, "ipAddress": ip, "authType": user, "userAgent": path },
                    "request": { "id": request, "action": action, "path": path },
                    "response": { "status": status, "message": message },
                },
            });
            event.to_string().into_bytes()
        },
    )
}
