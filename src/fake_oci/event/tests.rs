use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::Value;

use super::super::scenario::Scenario;
use super::*;

fn world(scenario: &str) -> (World, Vec<Value>) {
    let epoch: DateTime<Utc> = "2026-03-11T14:00:00Z".parse().unwrap();
    let scenario = Scenario::named(scenario).unwrap();
    let world = World::new(&scenario, scenario.seed, epoch, "aa:bb").unwrap();
    let events = world.events(epoch - TimeDelta::hours(25), epoch);
    let events = events.iter().map(|event| serde_json::from_slice(&event.bytes).unwrap()).collect();
    (world, events)
}

fn day() -> Vec<Value> {
    world("small").1
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

#[test]
fn three_kinds_of_calls_carry_the_request_ids_of_auditui() {
    let (world, events) = world("own-reads");
    let user = names::global_ocid("user", &[&world.tenancy.name, &world.tenancy.user_name]);
    assert_eq!(user, world.tenancy.user, "who signs in the simulator's key is who acts in its events");
    let mut kinds = BTreeSet::new();
    for event in events {
        let data = &event["data"];
        let id = data["request"]["id"].as_str().unwrap();
        let agent = data["identity"]["userAgent"].as_str().unwrap();
        assert_eq!(id.starts_with("auditui-"), agent.starts_with("auditui/"), "{id} {agent}");
        if let Some(run) = id.strip_prefix("auditui-").and_then(|rest| rest.split('-').next()) {
            assert!(agent.ends_with(&format!(" run={run}")), "{id} {agent}");
            kinds.insert((data["identity"]["principalId"] == user.as_str(), data["request"]["action"] == "GET"));
        }
    }
    assert!([(true, true), (true, false), (false, true)].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
}
