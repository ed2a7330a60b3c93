use super::*;
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/signing-vectors.json")).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

fn passphrase(value: &Value) -> Option<SecretString> {
    value["passphrase"].as_str().map(SecretString::from)
}

#[test]
fn every_key_form_is_read_and_has_its_fingerprint() {
    for (name, key) in vectors()["keys"].as_object().unwrap() {
        let read = PrivateKey::from_pem(text(key, "pem"), passphrase(key).as_ref()).unwrap();
        assert_eq!(read.fingerprint(), text(key, "fingerprint"), "{name}");
        assert_eq!(is_encrypted(text(key, "pem")), key["encrypted"].as_bool().unwrap(), "{name}");
    }
}

#[test]
fn key_cases() {
    for case in vectors()["key_cases"].as_array().unwrap() {
        let read = PrivateKey::from_pem(text(case, "pem"), passphrase(case).as_ref());
        let expect = &case["expect"];
        match (&read, expect["error"].as_str()) {
            (Ok(key), None) => assert_eq!(key.fingerprint(), text(expect, "fingerprint"), "{}", case["id"]),
            (Err(KeyError::PassphraseRequired), Some("passphrase_required"))
            | (Err(KeyError::PublicKeyGiven), Some("public_key_given"))
            | (Err(KeyError::WrongPassphrase | KeyError::NotAKey | KeyError::Damaged), Some("bad_key_or_passphrase")) =>
                {}
            (result, expected) => panic!("{}: {result:?}, expected {expected:?}", case["id"]),
        }
    }
}

#[test]
fn what_stands_around_the_key_does_not_matter() {
    let vectors = vectors();
    let key = &vectors["keys"]["pkcs8"];
    let public = text(&vectors["key_cases"].as_array().unwrap()[10], "pem");
    let pem = text(key, "pem");
    let one_line = pem.replace('\n', "").replace("KEY-----M", "KEY-----\nM").replace("=-----END", "=\n-----END");
    for variant in [
        format!("\u{feff}{pem}"),
        format!("{public}\n{pem}"),
        pem.trim_end().to_owned() + "OCI_API_KEY",
        pem.replace('\n', "\r\n"),
        pem.replace('\n', "\n    "),
        one_line,
    ] {
        assert_eq!(PrivateKey::from_pem(&variant, None).unwrap().fingerprint(), text(key, "fingerprint"), "{variant}");
    }
}

#[test]
fn what_is_no_rsa_key_in_pem_form_says_what_it_is() {
    let refuse = |text: &str| PrivateKey::from_pem(text, None).unwrap_err();
    assert!(refuse("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END").to_string().contains("ssh-keygen"));
    assert!(refuse("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END").to_string().contains("RSA keys only"));
    assert_eq!(refuse(""), KeyError::NotAKey);
    assert_eq!(refuse("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), KeyError::NotAKey);
    assert_eq!(refuse("-----BEGIN PRIVATE KEY-----\nAAAA\n"), KeyError::Damaged);
    assert_eq!(refuse("-----BEGIN PRIVATE KEY-----\nA?\n-----END PRIVATE KEY-----"), KeyError::Damaged);
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----";
    let old = PrivateKey::from_pem(old, Some(&SecretString::from("x"))).unwrap_err();
    assert!(old.to_string().contains("openssl pkcs8"), "{old}");
}

#[test]
fn ring_and_rsa_sign_alike() {
    let vectors = vectors();
    for name in ["pkcs8", "pkcs1", "pkcs1_label"] {
        let pem = text(&vectors["keys"][name], "pem");
        let key = Block::find(pem).unwrap().decode(None).unwrap();
        let rsa = rsa::pkcs1v15::SigningKey::<sha2::Sha256>::new(key.clone());
        let PrivateKey { signer, .. } = PrivateKey::new(&key).unwrap();
        let Signer::Ring(ring) = &*signer else { panic!("ring takes {name}") };
        assert_eq!(sign_with_ring(ring, b"message"), sign_with_rsa(&rsa, b"message"));
    }
}

#[test]
fn a_key_that_ring_refuses_signs_all_the_same() {
    use rsa::signature::Verifier;
    let pem = include_str!("../../tests/fixtures/keys/1024.pem");
    let key = PrivateKey::from_pem(pem, None).unwrap();
    assert!(matches!(&*key.signer, Signer::Rsa(_)));
    let public = Block::find(pem).unwrap().decode(None).unwrap().to_public_key();
    let signature = BASE64.decode(key.sign(b"message").unwrap()).unwrap();
    let signature = rsa::pkcs1v15::Signature::try_from(signature.as_slice()).unwrap();
    rsa::pkcs1v15::VerifyingKey::<sha2::Sha256>::new(public).verify(b"message", &signature).unwrap();
}

#[test]
fn debug_shows_the_fingerprint_alone() {
    let vectors = vectors();
    let key = &vectors["keys"]["pkcs8"];
    let shown = format!("{:?}", PrivateKey::from_pem(text(key, "pem"), None).unwrap());
    assert_eq!(shown, format!("PrivateKey({}, [redacted])", text(key, "fingerprint")));
}

#[test]
fn encrypted_forms_of_openssl_are_read_or_named() {
    let read = |pem: &str| PrivateKey::from_pem(pem, Some(&SecretString::from("pw")));
    let plain = PrivateKey::from_pem(include_str!("../../tests/fixtures/keys/1024.pem"), None).unwrap();
    for pem in [
        include_str!("../../tests/fixtures/keys/1024-legacy-aes192.pem"),
        include_str!("../../tests/fixtures/keys/1024-legacy-aes256.pem"),
        include_str!("../../tests/fixtures/keys/1024-legacy-des3.pem"),
        include_str!("../../tests/fixtures/keys/1024-scrypt.pem"),
    ] {
        assert!(is_encrypted(pem));
        assert_eq!(read(pem).unwrap().fingerprint(), plain.fingerprint());
        assert_eq!(PrivateKey::from_pem(pem, None).unwrap_err(), KeyError::PassphraseRequired);
        let wrong = PrivateKey::from_pem(pem, Some(&SecretString::from("wrong"))).unwrap_err();
        assert_eq!(wrong, KeyError::WrongPassphrase);
    }
    let pbe1 = read(include_str!("../../tests/fixtures/keys/1024-pbe1.pem")).unwrap_err();
    assert!(pbe1.to_string().contains("openssl pkcs8 -topk8"), "{pbe1}");
}
