use super::*;

#[test]
fn parameters_may_come_in_any_order() {
    let orders = [
        "Signature algorithm=\"rsa-sha256\",headers=\"date (request-target) host\",keyId=\"k\",signature=\"cw==\",version=\"1\"",
        "Signature version=\"1\",keyId=\"k\",headers=\"date (request-target) host\",algorithm=\"rsa-sha256\",signature=\"cw==\"",
        "Signature headers=\"date (request-target) host\", keyId=\"k\", algorithm=\"rsa-sha256\", signature=\"cw==\", version=\"1\"",
    ];
    for header in orders {
        let claim = Claim::parse(header).unwrap();
        assert_eq!((claim.key_id.as_str(), claim.signature.as_str()), ("k", "cw=="));
        assert!(claim.signs("(request-target)") && claim.signs("date") && !claim.signs("x-date"));
    }
}

#[test]
fn what_is_no_signature_is_not_read() {
    let headers = [
        "Bearer abc",
        "Signature ",
        "Signature keyId=\"k\",headers=\"date\",signature=\"s\",version=\"1\"",
        "Signature algorithm=\"hmac-sha256\",keyId=\"k\",headers=\"date\",signature=\"s\",version=\"1\"",
        "Signature algorithm=\"rsa-sha256\",keyId=\"k\",keyId=\"l\",headers=\"date\",signature=\"s\",version=\"1\"",
        "Signature algorithm=\"rsa-sha256\",keyId=\"k,headers=",
    ];
    for header in headers {
        assert!(Claim::parse(header).is_none(), "{header}");
    }
}
