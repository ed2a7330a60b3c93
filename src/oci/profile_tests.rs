use super::*;
use crate::oci::{Env, ProfileOptions, resolve};
use base64::Engine as _;
use secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;

fn key(name: &str) -> (String, String) {
    let vectors: Value = serde_json::from_str(include_str!("../../tests/fixtures/signing-vectors.json")).unwrap();
    let text = |field: &str| vectors["keys"][name][field].as_str().unwrap().to_owned();
    (text("pem"), text("fingerprint"))
}

fn token(expires: i64) -> String {
    let claims = format!(r#"{{"exp":{expires},"sub":"ocid1.user.oc1..tokenuser"}}"#);
    format!("e30.{}.c2ln", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims))
}

struct Home(TempDir);

impl Home {
    /// A profile with this key; `%F` in `lines` stands for its fingerprint.
    fn new(key_name: &str, lines: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let (pem, fingerprint) = key(key_name);
        home.write("key.pem", &pem);
        let config = format!(
            "[DEFAULT]\ntenancy=ocid1.tenancy.oc1..t\nregion=us-ashburn-1\nkey_file=~/key.pem\n{}\n",
            lines.replace("%F", &fingerprint)
        );
        home.write("config", &config);
        home
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn settings(&self) -> Settings {
        let home = self.0.path().to_str().unwrap().to_owned();
        let env: Env = [("HOME", home)].into_iter().collect();
        resolve(&ProfileOptions { config_file: Some("~/config".into()), env, ..ProfileOptions::default() }).unwrap()
    }
}

const API_KEY: &str = "user=ocid1.user.oc1..u\nfingerprint=%F";

#[test]
fn an_api_key_profile_signs() {
    let profile = Home::new("pkcs8_label", API_KEY).settings().into_profile(None).unwrap();
    assert_eq!(profile.fingerprint, key("pkcs8_label").1);
    assert_eq!(profile.user.unwrap().as_str(), "ocid1.user.oc1..u");
}

#[test]
fn a_key_that_is_not_the_one_named_is_refused_before_any_request() {
    let home = Home::new("pkcs8", &API_KEY.replace("%F", &key("pkcs1").1));
    let problem = home.settings().into_profile(None).unwrap_err();
    assert_eq!(problem.kind.exit_code(), 4);
    assert!(problem.what.contains(&key("pkcs8").1) && problem.what.contains(&key("pkcs1").1), "{problem}");
}

#[test]
fn pass_phrases_come_from_the_file_or_from_the_caller() {
    let home = Home::new("pkcs8_enc", API_KEY);
    assert!(home.settings().key_is_encrypted_without_passphrase());
    assert!(home.settings().into_profile(None).unwrap_err().what.contains("encrypted"));
    let wrong = home.settings().into_profile(Some("hunter2".into())).unwrap_err();
    assert!(wrong.what.contains("pass phrase is wrong") && !wrong.to_string().contains("hunter2"), "{wrong}");
    assert!(home.settings().into_profile(Some("s3cret-Pass".into())).is_ok());
    let home = Home::new("pkcs8_enc", &format!("{API_KEY}\npass_phrase=s3cret-Pass"));
    assert!(!home.settings().key_is_encrypted_without_passphrase());
    assert!(home.settings().into_profile(None).is_ok());
}

#[test]
fn a_key_file_without_a_key_is_a_problem_of_the_credential() {
    let home = Home::new("pkcs8", API_KEY);
    home.write("key.pem", "hunter2");
    let problem = home.settings().into_profile(None).unwrap_err();
    assert_eq!(problem.kind.exit_code(), 4);
    assert!(!problem.to_string().contains("hunter2"));
    let found = home.settings().credential_problems(DateTime::UNIX_EPOCH);
    assert_eq!((found[0].key, found[0].problem), ("key_file", Fault::Malformed));
}

#[test]
fn a_session_names_its_user_and_when_it_ends() {
    let home = Home::new("pkcs8", "security_token_file=~/token");
    home.write("token", &token(1_000));
    assert_eq!(home.settings().credential_problems(DateTime::UNIX_EPOCH), []);
    let late = home.settings().credential_problems(DateTime::from_timestamp(1_000, 0).unwrap());
    assert_eq!((late[0].key, late[0].problem), ("security_token_file", Fault::Expired));
    let profile = home.settings().into_profile(None).unwrap();
    assert_eq!(profile.user.as_ref().unwrap().as_str(), "ocid1.user.oc1..tokenuser");
    assert_eq!(profile.token_expires().unwrap().timestamp(), 1_000);
}

fn by_place(auth: AuthKind, env: &[(&str, &str)]) -> Settings {
    let env = env.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    resolve(&ProfileOptions { auth: Some(auth), env, ..ProfileOptions::default() }).unwrap()
}

fn resource_token() -> String {
    let claims = r#"{"exp":9000,"sub":"ocid1.fnfunc.oc1..f","res_tenant":"ocid1.tenancy.oc1..r"}"#;
    format!("e30.{}.c2ln", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims))
}

#[test]
fn a_resource_finds_everything_in_variables_or_in_the_files_they_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (pem, fingerprint) = key("pkcs8_enc");
    std::fs::write(path("pem"), &pem).unwrap();
    std::fs::write(path("rpst"), format!("{}\n", resource_token())).unwrap();
    std::fs::write(path("phrase"), "s3cret-Pass\n").unwrap();
    let values = [resource_token(), pem, "s3cret-Pass".to_owned()];
    let files = [path("rpst"), path("pem"), path("phrase")];
    for [rpst, pem, phrase] in [values, files] {
        let settings = by_place(
            AuthKind::ResourcePrincipal,
            &[
                ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
                ("OCI_RESOURCE_PRINCIPAL_RPST", &rpst),
                ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", &pem),
                ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE", &phrase),
                ("OCI_RESOURCE_PRINCIPAL_REGION", "IAD"),
            ],
        );
        assert_eq!(settings.credential_problems(DateTime::UNIX_EPOCH), []);
        let profile = settings.into_profile(None).unwrap();
        assert_eq!((profile.name.as_str(), profile.fingerprint.as_str()), ("resource_principal", &*fingerprint));
        assert_eq!((profile.tenancy.as_str(), profile.region.as_str()), ("ocid1.tenancy.oc1..r", "us-ashburn-1"));
        assert_eq!(profile.user.unwrap().as_str(), "ocid1.fnfunc.oc1..f");
    }
}

#[test]
fn what_a_resource_lacks_is_named_by_its_variable() {
    let problems = |env: &[(&str, &str)]| {
        let found = by_place(AuthKind::ResourcePrincipal, env).problems;
        found.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("\n")
    };
    assert!(problems(&[]).contains("OCI_RESOURCE_PRINCIPAL_VERSION is not set"));
    assert!(problems(&[("OCI_RESOURCE_PRINCIPAL_VERSION", "3.0")]).contains("`3.0`; only 2.2"));
    let all = problems(&[("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")]);
    for name in ["RPST", "PRIVATE_PEM", "REGION"] {
        assert!(all.contains(&format!("OCI_RESOURCE_PRINCIPAL_{name} is not set")), "{all}");
    }
}

#[test]
fn problems_of_the_configuration_come_together_and_first() {
    let home = Home::new("pkcs8", "fingerprint=20:3B");
    home.write("key.pem", "no key");
    let problem = home.settings().into_profile(None).unwrap_err();
    assert_eq!(problem.kind.exit_code(), 2);
    assert!(problem.what.contains("`user`") && problem.what.contains("`fingerprint` is `20:3B`"), "{problem}");
}

#[test]
fn debug_shows_no_secrets() {
    let home = Home::new("pkcs8", "security_token_file=~/token\npass_phrase=hunter2");
    home.write("token", &token(1_000));
    let settings = home.settings();
    let shown = format!("{settings:?} {:?}", home.settings().into_profile(None).unwrap());
    for secret in ["hunter2", "PRIVATE KEY", "c2ln", token(1_000).as_str()] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(settings.passphrase.unwrap().expose_secret(), "hunter2");
}

#[test]
fn the_demo_builds_its_profile_from_parts() {
    let (pem, fingerprint) = key("pkcs1");
    let make = |fingerprint: &str| {
        Profile::from_parts("demo", "ocid1.tenancy.oc1..t", "ocid1.user.oc1..u", fingerprint, "fra", &pem)
    };
    assert_eq!(make(&fingerprint).unwrap().region.as_str(), "eu-frankfurt-1");
    assert!(make("20:3b").is_err());
}

#[test]
fn a_key_in_the_environment_wins_over_the_file() {
    let home = Home::new("pkcs8", API_KEY);
    home.write("key.pem", "no key");
    let (pem, _) = key("pkcs8");
    let path = home.0.path().to_str().unwrap().to_owned();
    let env: Env = [("HOME", path), ("OCI_CLI_KEY_CONTENT", pem)].into_iter().collect();
    let options = ProfileOptions { config_file: Some("~/config".into()), env, ..ProfileOptions::default() };
    assert!(!format!("{options:?}").contains("PRIVATE KEY"));
    let settings = resolve(&options).unwrap();
    assert!(settings.values.key_file.is_some(), "named all the same");
    assert!(settings.into_profile(None).is_ok());
}
