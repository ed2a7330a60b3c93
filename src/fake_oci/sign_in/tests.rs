use super::*;

fn sign_in() -> SignIn {
    let people = People {
        tenancy: "ocid1.tenancy.oc1..t".into(),
        user: "ocid1.user.oc1..u".into(),
        region: "us-ashburn-1".into(),
        region_key: "iad".into(),
    };
    SignIn::new(people, TokenSpec::default(), noon())
}

fn noon() -> DateTime<Utc> {
    "2026-03-14T12:00:00Z".parse().unwrap()
}

fn text(sign_in: &SignIn, path: &str) -> String {
    String::from_utf8(sign_in.metadata(path, Some("Bearer Oracle"), noon()).unwrap().body).unwrap()
}

#[test]
fn metadata_wants_the_word_of_version_2() {
    let sign_in = sign_in();
    for word in [None, Some("Oracle"), Some("bearer Oracle")] {
        assert_eq!(sign_in.metadata("/instance/region", word, noon()).unwrap_err().status, 401);
    }
    assert_eq!(text(&sign_in, "/instance/region"), "iad");
    assert!(text(&sign_in, "/instance/regionInfo").contains("\"us-ashburn-1\""));
    assert_eq!(sign_in.metadata("/secrets", Some("Bearer Oracle"), noon()).unwrap_err().status, 404);
}

#[test]
fn the_key_belongs_to_the_certificate_and_the_certificate_to_the_authority() {
    let sign_in = sign_in();
    let key = RsaPrivateKey::from_pkcs8_pem(&text(&sign_in, "/identity/key.pem")).unwrap();
    let der = |path: &str| STANDARD.decode(stripped(&text(&sign_in, path))).unwrap();
    let [leaf, authority] = ["/identity/cert.pem", "/identity/intermediate.pem"].map(der);
    let contains = |outer: &[u8], inner: &[u8]| outer.windows(inner.len()).any(|part| part == inner);
    assert!(contains(&leaf, &key.n().to_bytes_be()), "its public key");
    assert!(contains(&leaf, b"opc-tenant:ocid1.tenancy.oc1..t"));
    assert!(contains(&authority, AUTHORITY.trim_start_matches("CN=").as_bytes()));
    assert_eq!(leaf, der("/identity/cert.pem"), "it stays until a token was given for it");
}

#[test]
fn tokens_are_all_different() {
    let sign_in = sign_in();
    assert_ne!(sign_in.session_token(noon(), noon()), sign_in.session_token(noon(), noon()));
}
