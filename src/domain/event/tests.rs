use super::*;
use proptest::prelude::*;

const DENIED: &[u8] = include_bytes!("../../../tests/fixtures/events/v2-create-vcn-denied.json");

#[test]
fn a_published_record_is_read() {
    let Decoded { fields, flags } = decode(DENIED);
    assert_eq!(flags, Flags::default());
    assert_eq!(fields.id, "1fd6329b-6e11-40a5-bb48-b4db04cce956");
    assert_eq!(fields.time, Some("2019-12-08T03:08:53.799Z".parse().unwrap()));
    assert_eq!((fields.name(), fields.service()), ("CreateVcn", "virtualNetwork"));
    assert_eq!(fields.access(), Access::Write);
    assert!(fields.is_failed());
    assert_eq!(fields.ip_address, "192.168.0.1");
    assert_eq!(fields.key_fingerprint(), None);
    assert!(matches!(fields.principal_name, Cow::Borrowed("user1")));
}

#[test]
fn any_field_may_be_anything() {
    for (json, status) in [
        (r#"{"data":null}"#, ""),
        (r#"{"data":{"response":null,"identity":{},"request":"x"}}"#, ""),
        (r#"{"data":{"response":{"status":404}}}"#, "404"),
        (r#"{"data":{"response":{"status":[1,{"a":2}]},"identity":[],"request":7}}"#, ""),
        (r#"{"data":{"response":{"status":true}}}"#, "true"),
        (r"[]", ""),
        (r"null", ""),
        (r#""text""#, ""),
    ] {
        let decoded = decode(json.as_bytes());
        assert_eq!(decoded.fields.status, status, "{json}");
        assert!(decoded.flags.contains(Flags::NO_ID) && decoded.flags.contains(Flags::NO_TIME), "{json}");
        assert!(!decoded.flags.contains(Flags::UNREADABLE), "{json}");
    }
}

#[test]
fn odd_bytes_are_repaired_for_reading() {
    let raw = b"{\"eventId\":\"a\x1b\xff\",\"data\":{\"eventName\":\"\\ud800x\\ud83d\\ude00\\\\\"}}";
    let Decoded { fields, flags } = decode(raw);
    assert!(flags.contains(Flags::REPAIRED));
    assert_eq!(fields.id, "a\u{1b}\u{fffd}");
    assert_eq!(fields.event_name, "\u{fffd}x😀\\");
}

#[test]
fn what_is_no_json_is_flagged() {
    for raw in [&b"{\"eventId\":}"[..], b"{", b"", b"\\"] {
        assert!(decode(raw).flags.contains(Flags::UNREADABLE));
    }
}

#[test]
fn a_key_that_stands_twice_is_said() {
    let decoded = decode(br#"{"eventId":"a","eventId":"b","data":{"x":1,"x":2}}"#);
    assert_eq!(decoded.fields.id, "b");
    assert!(decoded.flags.contains(Flags::DUPLICATE_KEY));
    assert!(decode(br#"{"data":{"request":{"id":"a","id":"a"}}}"#).flags.contains(Flags::DUPLICATE_KEY));
}

#[test]
fn depth_does_not_matter() {
    let deep = format!("{{\"eventId\":\"x\",\"data\":{{\"u\":{}{}}}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(decode(deep.as_bytes()).fields.id, "x");
}

#[test]
fn only_a_fingerprint_leaves_the_credentials() {
    let print = "6b:70:95:b8:b4:1c:ee:ae:d8:f5:a4:b3:96:97:07:30";
    let fields = |credentials: String| EventFields { credentials: credentials.into(), ..EventFields::default() };
    assert_eq!(fields(format!("t/u/{print}")).key_fingerprint(), Some(print));
    assert_eq!(fields("ST$eyJ.payload.signature".into()).key_fingerprint(), None);
    assert_eq!(fields(String::new()).key_fingerprint(), None);
}

proptest! {
    #[test]
    fn mutated_bytes_never_panic(at in 0..DENIED.len(), byte: u8, cut in 0..DENIED.len()) {
        let mut bytes = DENIED.to_vec();
        bytes[at] = byte;
        decode(&bytes);
        decode(&bytes[..cut]);
    }

    #[test]
    fn repair_leaves_good_json_alone(text in any::<String>()) {
        let json = serde_json::to_vec(&serde_json::json!({ "a": text })).unwrap();
        prop_assert_eq!(repair(&json), json);
    }
}
