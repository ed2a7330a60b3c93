use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::Value;

use super::super::scenario::Scenario;
use super::*;

fn day() -> Vec<Value> {
    let epoch: DateTime<Utc> = "2026-03-11T14:00:00Z".parse().unwrap();
    let world = World::new(&Scenario::named("small").unwrap(), 11, epoch, "aa:bb").unwrap();
    let events = world.events(epoch - TimeDelta::hours(25), epoch);
    events.iter().map(|event| serde_json::from_slice(&event.bytes).unwrap()).collect()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_envelope_and_blocks_are_those_of_the_api() {
    let events = day();
    for event in &events {
        let envelope = [
            "eventType",
            "cloudEventsVersion",
            "eventTypeVersion",
            "source",
            "eventId",
            "eventTime",
            "contentType",
            "data",
        ];
        assert_eq!(keys(event), envelope);
        let data = &event["data"];
        assert_eq!(
            keys(&data["identity"]),
            [
                "principalName",
                "principalId",
                "authType",
                "callerName",
                "callerId",
                "tenantId",
                "ipAddress",
                "credentials",
                "userAgent",
                "consoleSessionId"
            ]
        );
        assert_eq!(keys(&data["request"]), ["id", "path", "action", "parameters", "headers"]);
        assert_eq!(keys(&data["response"]), ["status", "responseTime", "headers", "payload", "message"]);
        assert_eq!(keys(&data["stateChange"]), ["previous", "current"]);
        assert!(data["response"]["status"].is_string() || data["response"]["status"].is_null());
    }
}

#[test]
fn every_way_of_signing_in_turns_up() {
    let events = day();
    let types: BTreeSet<String> =
        events.iter().map(|event| event["data"]["identity"]["authType"].to_string()).collect();
    for wanted in ["\"natv\"", "\"fed\"", "\"instance\"", "\"resource\"", "null"] {
        assert!(types.contains(wanted), "{wanted} not in {types:?}");
    }
    assert!(events.iter().any(|event| event["data"]["identity"]["callerName"].is_string()));
}

#[test]
fn no_placeholder_is_left_in_a_path() {
    for event in day() {
        let path = event["data"]["request"]["path"].as_str().unwrap_or_default().to_owned();
        assert!(!path.contains('{'), "{path}");
    }
}
