use super::*;
use crate::domain::event::{Flags, decode, listed};

const DENIED: &[u8] = include_bytes!("../../../tests/fixtures/events/v2-create-vcn-denied.json");
const KEBAB: &[u8] = include_bytes!("../../../tests/fixtures/events/cli-kebab-derived.json");
const SNAKE: &[u8] = include_bytes!("../../../tests/fixtures/events/sdk-snake-derived.json");
const FIRST_VERSION: &[u8] = include_bytes!("../../../tests/fixtures/events/v1-page-derived.json");
const LOGIN: &[u8] = include_bytes!("../../../tests/fixtures/events/sch-interactive-login-success-domain.json");
const LOGGED: &[u8] = include_bytes!("../../../tests/fixtures/events/sch-list-compartments-obo.json");

/// The elements of a list, or of the list in `data`.
fn elements(text: &[u8]) -> Vec<Vec<u8>> {
    let list = serde_json::from_slice::<Vec<Box<RawValue>>>(text).unwrap_or_else(|_| {
        let data = serde_json::from_slice::<Members<'_>>(text).unwrap().get("data").unwrap();
        serde_json::from_str(data.text()).unwrap()
    });
    list.iter().map(|raw| raw.get().as_bytes().to_vec()).collect()
}

/// What is the same in every shape.
fn facts(bytes: &[u8]) -> Vec<String> {
    let decoded = decode(bytes);
    assert!(!decoded.flags.contains(Flags::NO_ID) && !decoded.flags.contains(Flags::NO_TIME), "{decoded:?}");
    let f = decoded.fields;
    let time = f.time.unwrap().to_rfc3339();
    let texts = [
        &f.id,
        &f.event_name,
        &f.compartment_id,
        &f.compartment_name,
        &f.principal_name,
        &f.principal_id,
        &f.tenant_id,
        &f.ip_address,
        &f.user_agent,
        &f.credentials,
        &f.request_id,
        &f.path,
        &f.action,
        &f.status,
    ];
    [time].into_iter().chain(texts.map(ToString::to_string)).collect()
}

#[test]
fn the_same_event_is_read_alike_in_every_shape() {
    let denied = facts(DENIED);
    for (name, text) in [("CLI", KEBAB), ("SDK", SNAKE), ("first version", FIRST_VERSION)] {
        assert_eq!(facts(&elements(text)[0]), denied, "{name}");
    }
    for (sample, text) in [(LOGIN, KEBAB), (LOGIN, SNAKE), (LOGGED, FIRST_VERSION)] {
        assert_eq!(facts(&elements(text)[1]), facts(sample));
    }
    assert_eq!(decode(&elements(KEBAB)[0]).fields.event_type, "com.oraclecloud.virtualNetwork.CreateVcn");
    assert_eq!(decode(LOGGED).fields.event_type, "com.oraclecloud.Compartments.ListCompartments");
}

#[test]
fn what_is_data_keeps_its_bytes_and_what_has_no_place_stays() {
    let logged = br#"{"data":{"identity":{},"eventName":"X","n":1.50},"id":"a","oracle":{"loggroupid":"_Audit"},"time":"t","type":"y"}"#;
    let expected = r#"{"data":{"identity":{},"eventName":"X","n":1.50},"eventId":"a","oracle":{"loggroupid":"_Audit"},"eventTime":"t","eventType":"y"}"#;
    assert_eq!(String::from_utf8_lossy(&listed(logged)), expected);
    let cli = br#"{"event-id":"a","data":{"identity":{"auth-type":"x"},"defined-tags":{"my-space":{"a_b":1.50}},"additional-details":{"X-Real-Port":1}}}"#;
    let expected = r#"{"eventId":"a","data":{"identity":{"authType":"x"},"definedTags":{"my-space":{"a_b":1.50}},"additionalDetails":{"X-Real-Port":1}}}"#;
    assert_eq!(String::from_utf8_lossy(&listed(cli)), expected);
    let first = br#"{"eventId":"a","eventSource":"s","requestAction":null,"more":[1]}"#;
    let expected =
        r#"{"eventId":"a","source":"s","more":[1],"data":{"identity":{},"request":{"action":null},"response":{}}}"#;
    assert_eq!(String::from_utf8_lossy(&listed(first)), expected);
}

#[test]
fn what_has_the_shape_or_none_stays_as_it_is() {
    for bytes in
        [DENIED, b"{}", b"[1]", b"{\"eventId\":", b"{\"eventId\":\"a\",\"data\":null,\"id\":\"b\",\"type\":\"c\"}"]
    {
        assert_eq!(&*listed(bytes), bytes);
    }
}

#[test]
fn an_event_that_has_to_be_repaired_is_so_in_every_shape() {
    let decoded =
        decode(b"{\"data\":{\"identity\":{},\"eventName\":\"a\nb\"},\"id\":\"x\",\"time\":\"t\",\"type\":\"y\"}");
    assert!(decoded.flags.contains(Flags::REPAIRED) && decoded.fields.id == "x");
    assert_eq!(decoded.fields.event_name, "a\nb");
}

#[test]
fn other_logs_are_told_from_the_audit_log() {
    for other in [
        &include_bytes!("../../../tests/fixtures/events/sch-not-audit-connector-runlog.json")[..],
        include_bytes!("../../../tests/fixtures/events/sch-not-audit-objectstorage-read.json"),
        include_bytes!("../../../tests/fixtures/events/events-service-create-bucket.json"),
        include_bytes!("../../../tests/fixtures/events/events-service-instance-action.json"),
    ] {
        assert!(is_of_another_log(other) && &*listed(other) == other, "{}", String::from_utf8_lossy(other));
    }
    for event in [DENIED, LOGGED, br#"{"data":{"identity":{},"eventName":"X"},"id":"a","type":"y"}"#, b"{}"] {
        assert!(!is_of_another_log(event));
    }
}
