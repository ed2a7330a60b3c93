//! Sessions and resources against a server made of a socket. Instances are tried against the simulator, which can tell
//! whether what they show is right.

use super::*;
use crate::domain::ledger::CellKey;
use crate::domain::time_range::FetchWindow;
use crate::oci::test_server::{Server, answer, key, now, ok};
use crate::oci::{AuthKind, ClientOptions, Env, OciClient, ProfileOptions, resolve};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

const REFUSED: &str = r#"{"code":"NotAuthenticated","message":"no"}"#;

fn token(name: &str, seconds_left: i64) -> String {
    let end = now().timestamp() + seconds_left;
    let claims = format!(r#"{{"exp":{end},"iat":{},"sub":"ocid1.user.oc1..{name}"}}"#, end - 3_600);
    format!("e30.{}.{name}", URL_SAFE_NO_PAD.encode(claims))
}

struct Home(TempDir);

impl Home {
    fn with_token(token: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write("key.pem", &key().0);
        home.write("token", token);
        let config = "[DEFAULT]\ntenancy=ocid1.tenancy.oc1..t\nregion=us-ashburn-1\nkey_file=~/key.pem\n\
                      security_token_file=~/token\n";
        home.write("config", config);
        home
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn client(&self, server: &Server) -> OciClient {
        let home = self.0.path().display().to_string();
        let env: Env = [("HOME", home)].into_iter().collect();
        let options = ProfileOptions { config_file: Some("~/config".into()), env, ..ProfileOptions::default() };
        let profile = resolve(&options).unwrap().into_profile(None).unwrap();
        server.client_of(profile, ClientOptions::default())
    }
}

/// A service that takes one token, and an auth service that gives it for another one.
async fn service(accepted: String, refresh: Vec<u8>) -> Server {
    let accepted = format!("ST${accepted}");
    Server::start_with(move |head| {
        Some(match head {
            head if head.starts_with("POST /auth/us-ashburn-1/v1/authentication/refresh ") => refresh.clone(),
            head if head.contains(&accepted) => ok("", "[]"),
            _ => answer("401 Unauthorized", "", REFUSED),
        })
    })
    .await
}

fn given(token: &str) -> Vec<u8> {
    ok("", format!(r#"{{"token":"{token}"}}"#))
}

fn cell() -> CellKey {
    let window = FetchWindow::from_minutes(29_218_421, 29_219_520).unwrap();
    CellKey { region: "eu-frankfurt-1".into(), compartment: "ocid1.compartment.oc1..c".into(), window }
}

fn posts(server: &Server) -> usize {
    server.requests().iter().filter(|request| request.starts_with("POST")).count()
}

#[tokio::test]
async fn a_session_about_to_end_is_renewed_before_the_next_call_and_its_file_too() {
    let (old, new) = (token("old", 30), token("new", 3_600));
    let (server, home) = (service(new.clone(), given(&new)).await, Home::with_token(&old));
    let client = home.client(&server);
    for _ in 0..3 {
        client.list_events(&cell(), None).await.unwrap();
    }
    assert_eq!(posts(&server), 1);
    assert_eq!(home.read("token"), new);
    let expires = client.profile().token_expires().unwrap();
    assert_eq!((expires - now()).num_seconds(), 3_600);
    let post = &server.requests()[0];
    assert!(post.contains(&format!("keyId=\"ST${old}\"")), "signed with the current token");
    let names = "date (request-target) host content-length content-type x-content-sha256";
    assert!(post.contains(&format!("headers=\"{names}\"")), "{post}");
}

#[tokio::test]
async fn of_many_that_are_refused_at_once_one_renews() {
    let (old, new) = (token("old", 1_800), token("new", 3_600));
    let (server, home) = (service(new.clone(), given(&new)).await, Home::with_token(&old));
    let client = home.client(&server);
    let calls = (0..8).map(|_| async { client.list_events(&cell(), None).await });
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!(posts(&server), 1);
}

#[tokio::test]
async fn what_another_program_renewed_is_taken_from_the_file() {
    let (old, new) = (token("old", 1_800), token("new", 3_600));
    let (server, home) = (service(new.clone(), Vec::new()).await, Home::with_token(&old));
    let client = home.client(&server);
    home.write("token", &new);
    client.list_events(&cell(), None).await.unwrap();
    assert_eq!(posts(&server), 0);
}

#[tokio::test]
async fn a_session_that_is_over_is_not_renewed_and_one_that_is_refused_not_again_and_again() {
    let home = Home::with_token(&token("old", -10));
    let server = service("none".to_owned(), Vec::new()).await;
    let problem = home.client(&server).list_events(&cell(), None).await.unwrap_err().to_problem();
    assert!(problem.what.contains("expired") && problem.hint.contains("oci session authenticate"), "{problem}");
    assert_eq!(posts(&server), 0);

    let home = Home::with_token(&token("old", 1_800));
    let server = service("none".to_owned(), answer("401 Unauthorized", "", REFUSED)).await;
    let client = home.client(&server);
    for _ in 0..3 {
        let error = client.list_events(&cell(), None).await.unwrap_err();
        assert!(error.is_auth() && error.to_problem().what.contains("another one was refused"), "{error:?}");
    }
    assert_eq!(posts(&server), 1);
}

#[tokio::test]
async fn an_auth_service_that_is_down_is_no_refusal() {
    let home = Home::with_token(&token("old", 1_800));
    let server = service("none".to_owned(), answer("503 Service Unavailable", "", "{}")).await;
    let error = home.client(&server).list_events(&cell(), None).await.unwrap_err();
    assert!(error.is_retryable() && !error.is_auth(), "{error:?}");
    assert!(error.to_string().contains("auth in us-ashburn-1"), "{error}");
}

#[tokio::test]
async fn a_new_login_with_another_key_is_taken_as_it_is() {
    let home = Home::with_token(&token("old", 1_800));
    let files = SessionFiles {
        token: home.0.path().join("token"),
        key: Some(home.0.path().join("key.pem")),
        region: "us-ashburn-1".into(),
    };
    let before =
        Credential::session(&token("old", 1_800).into(), crate::oci::PrivateKey::from_pem(&key().0, None).unwrap());
    assert!(files.read_again(&before).is_none(), "nothing changed");
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/signing-vectors.json")).unwrap();
    home.write("key.pem", vectors["keys"]["pkcs1"]["pem"].as_str().unwrap());
    let found = files.read_again(&before).unwrap();
    assert_eq!(found.credential.key().fingerprint(), vectors["keys"]["pkcs1"]["fingerprint"]);
    home.write("key.pem", "no key any more");
    home.write("token", &token("new", 3_600));
    assert_eq!(files.read_again(&before).unwrap().credential.key().fingerprint(), key().1, "the old key stays");
    std::fs::remove_file(home.0.path().join("token")).unwrap();
    assert!(files.read_again(&before).is_none(), "the old one stays");
}

#[tokio::test]
async fn a_resource_reads_its_files_again_when_it_is_refused() {
    let (home, new) = (Home::with_token(&token("old", 1_800)), token("new", 3_600));
    let server = service(new.clone(), Vec::new()).await;
    let path = |name: &str| home.0.path().join(name).display().to_string();
    let env: Env = [
        ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2".to_owned()),
        ("OCI_RESOURCE_PRINCIPAL_RPST", path("token")),
        ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", path("key.pem")),
        ("OCI_RESOURCE_PRINCIPAL_REGION", "us-ashburn-1".to_owned()),
    ]
    .into_iter()
    .collect();
    let options = ProfileOptions { auth: Some(AuthKind::ResourcePrincipal), env, ..ProfileOptions::default() };
    let claims = r#"{"exp":9999999999,"res_tenant":"ocid1.tenancy.oc1..t"}"#;
    home.write("token", &format!("e30.{}.first", URL_SAFE_NO_PAD.encode(claims)));
    let profile = resolve(&options).unwrap().into_profile(None).unwrap();
    let client = server.client_of(profile, ClientOptions::default());
    let refused = client.list_events(&cell(), None).await.unwrap_err();
    assert!(refused.to_problem().what.contains("token of the resource principal"), "{refused:?}");
    home.write("token", &new);
    client.list_events(&cell(), None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn attempts_are_three() {
    let tried = AtomicUsize::new(0);
    let fail = || async {
        tried.fetch_add(1, Ordering::Relaxed);
        Err::<(), _>(OciError::for_status(503, None))
    };
    assert!(retry(OciError::is_retryable, fail).await.is_err());
    assert_eq!(tried.load(Ordering::Relaxed), 3);
    assert!(retry(|_| false, fail).await.is_err());
    assert_eq!(tried.load(Ordering::Relaxed), 4);
}
