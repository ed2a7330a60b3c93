use super::*;
use serde_json::{Value, json};
use std::path::PathBuf;
use tempfile::TempDir;

struct Home(TempDir);

impl Home {
    fn new(config: &str, key: Option<&str>) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(home.0.path().join(".oci")).unwrap();
        home.write("config", config);
        if let Some(key) = key {
            home.write("k.pem", key);
        }
        home
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(".oci").join(name)
    }

    fn report(&self) -> DoctorReport {
        let home = self.0.path().to_str().unwrap().to_owned();
        report(&ProfileOptions { env: [("HOME", home)].into_iter().collect(), ..ProfileOptions::default() })
    }
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/signing-vectors.json")).unwrap()
}

fn config(fingerprint: &str) -> String {
    format!(
        "[DEFAULT]\nuser=ocid1.user.oc1..u\nfingerprint={fingerprint}\nkey_file=~/.oci/k.pem\n\
         tenancy=ocid1.tenancy.oc1..t\nregion=FRA\npass_phrase=hunter2\n"
    )
}

#[test]
fn a_sound_profile_is_reported_whole() {
    let vectors = vectors();
    let key = &vectors["keys"]["pkcs8"];
    let fingerprint = key["fingerprint"].as_str().unwrap();
    let home = Home::new(&config(fingerprint), key["pem"].as_str());
    let report = home.report();
    let (file, key_file) = (home.path("config").display().to_string(), home.path("k.pem").display().to_string());
    let origin = format!("DEFAULT in {file}");
    let expected = json!({
        "profile": {
            "profile": "DEFAULT", "config_file": file, "tenancy": "ocid1.tenancy.oc1..t", "user": "ocid1.user.oc1..u",
            "fingerprint": fingerprint, "region": "eu-frankfurt-1", "key_file": key_file, "auth": "api_key",
        },
        "origin": {
            "profile": "default", "config_file": "default location", "auth": "default", "tenancy": origin,
            "user": origin, "fingerprint": origin, "region": origin, "key_file": origin, "pass_phrase": origin,
        },
        "endpoints": {
            "audit": "https://audit.eu-frankfurt-1.oraclecloud.com",
            "identity": "https://identity.eu-frankfurt-1.oci.oraclecloud.com",
        },
        "problems": [],
    });
    assert_eq!(serde_json::to_value(&report).unwrap(), expected);
    assert_eq!(report.exit_code(), 0);
    let text = report.to_text();
    assert!(!text.contains("hunter2") && !text.contains("PRIVATE"), "{text}");
}

#[test]
fn exit_codes_tell_configuration_from_credential() {
    let good = "20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34";
    let vectors = vectors();
    let pem = vectors["keys"]["pkcs8"]["pem"].as_str();
    for (config, key, exit, problem) in [
        (config(good), Some("no key"), 4, json!(["key_file", "malformed"])),
        (config(good), pem, 4, json!(["fingerprint", "mismatch"])),
        (config(good), None, 2, json!(["key_file", "missing"])),
        (config("20:3B"), Some("no key"), 2, json!(["fingerprint", "malformed"])),
        ("[DEFAULT]\na\n".to_owned(), None, 2, json!(["config_file", "malformed"])),
    ] {
        let report = Home::new(&config, key).report();
        let shown = serde_json::to_value(&report).unwrap();
        assert_eq!(json!([shown["problems"][0]["key"], shown["problems"][0]["problem"]]), problem);
        assert_eq!(report.exit_code(), exit, "{problem}");
        if problem[0] != "config_file" {
            assert_eq!(shown["profile"]["tenancy"], "ocid1.tenancy.oc1..t", "printed all the same");
        }
    }
}

#[test]
fn without_a_configuration_every_value_is_null() {
    let home = tempfile::tempdir().unwrap();
    let env = [("HOME", home.path().to_str().unwrap())].into_iter().collect();
    let report = report(&ProfileOptions { env, ..ProfileOptions::default() });
    let shown = serde_json::to_value(&report).unwrap();
    assert_eq!(shown["profile"]["config_file"], Value::Null);
    assert_eq!(shown["problems"][0]["key"], "config_file");
    assert_eq!(shown["problems"][0]["problem"], "missing");
    assert_eq!(report.exit_code(), 2);
    assert!(report.to_text().contains("oci setup config"));
}

#[test]
fn the_text_shows_sections_values_and_where_they_came_from() {
    let home = Home::new(&config("20:3B\u{1b}[2J"), Some("no key"));
    let mut report = home.report();
    report.checks = vec![clock_check(TimeDelta::seconds(-90)), clock_check(TimeDelta::seconds(2))];
    let text = report.to_text().replace(home.0.path().to_str().unwrap(), "~");
    assert!(text.contains("  region              eu-frankfurt-1  (DEFAULT in ~/.oci/config)\n"), "{text}");
    assert!(text.contains("  warn clock          this clock is 90 s ahead of Oracle's\n"), "{text}");
    assert!(text.contains("  ok   clock          within 3 s of Oracle's\n"), "{text}");
    assert!(text.contains("20:3B\\x1b[2J") && !text.contains('\u{1b}'), "{text}");
    for name in ["profile", "endpoints", "checks", "problems"] {
        assert!(text.lines().any(|line| line == name), "{text}");
    }
}

#[tokio::test]
async fn the_service_is_asked_once_for_each_thing() {
    use crate::oci::test_server::{Server, answer, ok};
    let date = "date: Tue, 22 Jul 2025 08:35:46 GMT\r\n";
    let regions = r#"[{"regionKey":"FRA","regionName":"eu-frankfurt-1","status":"READY","isHomeRegion":true}]"#;
    let denied = r#"{"code":"NotAuthorizedOrNotFound","message":"no"}"#;
    let server = Server::start(vec![
        ok(date, regions),
        ok("", r#"{"name":"acme"}"#),
        ok("", "[]"),
        ok("opc-next-page: x\r\n", "[{}]"),
        answer("404 Not Found", "", denied),
    ])
    .await;
    let checks = online(&server.client()).await;
    let shown: Vec<_> = checks.iter().map(|check| (check.name, check.result, check.what.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("clock", CheckResult::Ok, "within 1 s of Oracle's"),
            ("regions", CheckResult::Ok, "1 subscribed, home eu-frankfurt-1"),
            ("compartments", CheckResult::Ok, "1 listed, the root included"),
            ("events", CheckResult::Ok, "more than 1 in the last hour of the root in eu-frankfurt-1"),
            ("retention", CheckResult::Warn, "how long events are kept may not be read"),
        ]
    );
    assert!(server.requests()[3].contains("startTime=2025-07-22T07%3A35%3A00Z&endTime=2025-07-22T08%3A36%3A00Z"));
}

#[tokio::test]
async fn after_a_refused_signature_nothing_more_is_asked() {
    use crate::oci::test_server::{Server, answer};
    let late = "date: Tue, 22 Jul 2025 08:41:48 GMT\r\n";
    let server = Server::start(vec![answer("401 Unauthorized", late, r#"{"code":"NotAuthenticated"}"#)]).await;
    let mut report = Home::new("", None).report();
    report.problems.clear();
    report.checks = online(&server.client()).await;
    assert_eq!(report.checks.iter().map(|check| check.name).collect::<Vec<_>>(), ["clock", "sign-in"]);
    assert_eq!(report.exit_code(), 4);
}
