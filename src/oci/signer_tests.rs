use super::*;
use chrono::TimeZone;
use proptest::prelude::*;
use reqwest::Url;
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/signing-vectors.json")).unwrap()
}

fn credential(vectors: &Value, vector: &Value) -> Credential {
    let key = &vectors["keys"][vector["key"].as_str().unwrap()];
    let passphrase = key["passphrase"].as_str().map(SecretString::from);
    let key = PrivateKey::from_pem(key["pem"].as_str().unwrap(), passphrase.as_ref()).unwrap();
    Credential { key_id: vector["key_id"].as_str().unwrap().into(), key, delegation: None }
}

fn body(vector: &Value) -> Option<Vec<u8>> {
    let has_body = ["POST", "PUT", "PATCH"].contains(&vector["method"].as_str().unwrap());
    let given = vector["body"].as_str().map(|text| text.as_bytes().to_vec());
    let encoded = vector["body_base64"].as_str().map(|text| BASE64.decode(text).unwrap());
    has_body.then(|| given.or(encoded).unwrap_or_default())
}

#[test]
fn every_vector_is_reproduced_byte_for_byte() {
    let vectors = vectors();
    let mut count = 0;
    for vector in vectors["vectors"].as_array().unwrap().iter().filter(|vector| vector["optional"] != true) {
        let url = vector["url_given"].as_str().or(vector["url"].as_str()).unwrap();
        let url = Url::parse(url).unwrap();
        let (target, host, body) = (request_target(&url), host_header(&url), body(vector));
        let given = |name: &str| vector["headers"][name].as_str();
        let content_type = given("content-type").unwrap_or("application/json");
        let request = Unsigned {
            method: vector["method"].as_str().unwrap(),
            target: &target,
            host: (vector["auth"] != "fed_x509").then_some(&host),
            date: given("date").unwrap(),
            delegation: given("opc-obo-token"),
            body: body.as_deref().map(|bytes| (content_type, bytes)),
        };
        let expect = &vector["expect"];
        assert_eq!(request.signing_string(), expect["signing_string"], "{}", vector["id"]);
        for (name, value) in request.headers().iter().filter(|(name, _)| *name != "(request-target)") {
            assert_eq!(*value, expect["headers"][name].as_str().unwrap(), "{}", vector["id"]);
        }
        let authorization = credential(&vectors, vector).authorize(&request).unwrap();
        assert_eq!(authorization.expose_secret(), expect["headers"]["authorization"], "{}", vector["id"]);
        count += 1;
    }
    assert_eq!(count, 28);
}

#[test]
fn queries_are_built_as_the_vectors_say() {
    for vector in vectors()["vectors"].as_array().unwrap() {
        let Some(pairs) = vector["build"]["params"].as_array() else { continue };
        let pairs: Vec<_> = pairs.iter().map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).collect();
        let base = vector["build"]["url"].as_str().unwrap();
        let url = if pairs.is_empty() { base.to_owned() } else { format!("{base}?{}", query(&pairs)) };
        assert_eq!(url, vector["url"], "{}", vector["id"]);
        assert_eq!(Url::parse(&url).unwrap().as_str(), url, "the URL type leaves it alone");
    }
}

#[test]
fn dates_are_written_in_english_with_two_digit_days() {
    let instant = Utc.with_ymd_and_hms(2025, 1, 5, 0, 0, 0).unwrap();
    assert_eq!(http_date(instant), "Sun, 05 Jan 2025 00:00:00 GMT");
}

#[test]
fn debug_shows_neither_key_nor_token() {
    let vectors = vectors();
    let key = PrivateKey::from_pem(vectors["keys"]["pkcs8"]["pem"].as_str().unwrap(), None).unwrap();
    let shown = format!("{:?}", Credential::session(&"hunter2".into(), key));
    assert!(shown.contains("[redacted]") && !shown.contains("hunter2"), "{shown}");
}

proptest! {
    #[test]
    fn a_query_is_escaped_once_and_sent_as_it_was_signed(pairs in prop::collection::vec(any::<(String, String)>(), 1..4)) {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let url = Url::parse(&format!("http://127.0.0.1:1/p?{}", query(&pairs))).unwrap();
        prop_assert_eq!(request_target(&url), format!("/p?{}", query(&pairs)));
        let read: Vec<_> = url.query_pairs().collect();
        prop_assert!(read.iter().map(|(name, value)| (&**name, &**value)).eq(pairs));
    }
}
