//! A credential that is not accepted: one clear sentence, exit 4, and no storm of further tries.

use auditui::domain::problem::ProblemKind;
use auditui::oci::{Profile, ProfileOptions, resolve};
use serde_json::Value;

use super::support::{Cloud, Home, Output, scenario_but};

/// No stack of causes: what happened, and what to do.
#[track_caller]
fn assert_one_sentence(output: &Output, words: &[&str]) {
    let told: Vec<&str> = output.stderr.lines().filter(|line| line.starts_with("auditui: ")).collect();
    assert_eq!(told.len(), 1, "{}", output.stderr);
    for word in words {
        assert!(output.stderr.contains(word), "{word}: {}", output.stderr);
    }
}

fn other_key() -> (String, String) {
    let vectors: Value = serde_json::from_str(include_str!("../fixtures/signing-vectors.json")).unwrap();
    let text = |field: &str| vectors["keys"]["pkcs8"][field].as_str().unwrap().to_owned();
    (text("pem"), text("fingerprint"))
}

#[test]
fn a_key_that_is_not_registered_is_refused_once() {
    let mut cloud = Cloud::named("small");
    let (pem, fingerprint) = other_key();
    let home = cloud.fake.write_home(&cloud.home.path(".oci")).unwrap();
    let config = std::fs::read_to_string(&home.config).unwrap();
    cloud.home.keep_secret(&pem);
    std::fs::write(&home.key, &pem).unwrap();
    let mismatch = cloud.export(&[]).expect(4);
    assert_one_sentence(&mismatch, &["fingerprint", &fingerprint]);
    assert_eq!(cloud.fake.counts().requests, 0, "what can be seen here is not asked there");
    std::fs::write(&home.config, config.replace(&cloud.fake.credentials().fingerprint, &fingerprint)).unwrap();
    let refused = cloud.export(&[]).expect(4);
    assert_one_sentence(&refused, &["key", "fingerprint"]);
    assert!(refused.stdout.is_empty());
    assert_eq!(cloud.fake.counts().requests, 1);
}

#[test]
fn a_clock_that_is_off_is_named_with_how_far() {
    let cloud = Cloud::named("skewed-clock");
    let output = cloud.export(&[]).expect(4);
    assert_one_sentence(&output, &["clock", "behind"]);
    assert!(output.stderr.contains("6 m") || output.stderr.contains("5 m 59 s"), "{}", output.stderr);
    assert_eq!(cloud.fake.counts().requests, 1);
}

#[test]
fn a_session_that_is_over_says_how_to_renew_it() {
    let cloud = Cloud::of(scenario_but("expired-token", "expires_in_seconds = 3600", "expires_in_seconds = -60"));
    let output = cloud.export(&[]).expect(4);
    assert_one_sentence(&output, &["expired", "oci session"]);
}

#[test]
fn a_session_that_ends_in_the_middle_leaves_what_was_read() {
    let cloud = Cloud::named("expired-token");
    let output = cloud.export(&["--concurrency", "1"]).expect(4);
    assert!(output.stderr.lines().any(|line| line.starts_with("stopped: ")), "{}", output.stderr);
    assert!(output.last_line().contains("unfinished"), "{}", output.stderr);
    cloud.assert_a_part(&output);
    let refused = cloud.fake.requests().iter().filter(|request| request.status == 401).count();
    assert!(refused <= 2, "{refused} calls were made with a token that was refused before");
}

#[test]
fn without_a_configuration_the_first_steps_are_told() {
    for command in [&["export", "--since", "1h"][..], &["regions"], &["compartments"], &["doctor"]] {
        let output = Home::empty().run(command).expect(2);
        let all = format!("{}{}", output.stderr, output.text());
        for word in [".oci/config", "oci setup config", "--demo"] {
            assert!(all.contains(word), "{command:?} does not say {word}: {all}");
        }
    }
}

#[test]
fn an_encrypted_key_without_its_pass_phrase_is_not_asked_for_where_nobody_is() {
    let vectors: Value = serde_json::from_str(include_str!("../fixtures/signing-vectors.json")).unwrap();
    let key = &vectors["keys"]["pkcs8_enc"];
    let pem = key["pem"].as_str().unwrap();
    let mut home = Home::empty();
    home.keep_secret(pem);
    home.write("~/.oci/k.pem", pem);
    let config = format!(
        "[DEFAULT]\nuser=ocid1.user.oc1..u\nfingerprint={}\nkey_file=~/.oci/k.pem\ntenancy=ocid1.tenancy.oc1..t\n\
         region=us-ashburn-1\n",
        key["fingerprint"].as_str().unwrap()
    );
    home.write("~/.oci/config", &config);
    let output = home.run(&["export", "--since", "1h"]).expect(4);
    assert_one_sentence(&output, &["pass phrase", "OCI_CLI_PASSPHRASE"]);
    home.keep_secret("hunter-is-not-it");
    home.set("OCI_CLI_PASSPHRASE", "hunter-is-not-it");
    assert_one_sentence(&home.run(&["export", "--since", "1h"]).expect(4), &["pass phrase"]);
}

#[test]
fn secrets_have_no_debug() {
    let cloud = Cloud::named("expired-token");
    let home = cloud.home.path("").display().to_string();
    let options = ProfileOptions { env: [("HOME", home)].into_iter().collect(), ..ProfileOptions::default() };
    let settings = resolve(&options).unwrap();
    let shown = format!("{settings:?}");
    let profile: Profile = settings.into_profile(None).unwrap();
    let shown = format!("{shown}{profile:?}");
    let client = auditui::oci::OciClient::new(profile, auditui::oci::ClientOptions::default()).unwrap();
    let shown = format!("{shown}{client:?}{:?}", cloud.fake.credentials());
    let pem = cloud.fake.credentials().key_pem;
    for secret in pem.lines().filter(|line| !line.starts_with("---")).chain(cloud.fake.session_token()) {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(ProblemKind::Authentication.exit_code(), 4);
}
