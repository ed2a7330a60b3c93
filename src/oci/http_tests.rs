//! What goes over the wire, byte for byte, against a server made of a socket.

use super::*;
use crate::domain::ledger::CellKey;
use crate::domain::time_range::FetchWindow;
use crate::oci::test_server::{Server, answer, key, now, ok, profile};
use crate::oci::{ClientOptions, PageToken};
use rsa::pkcs8::DecodePrivateKey;
use rsa::signature::Verifier;
use std::io::Write as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

fn cell() -> CellKey {
    let window = FetchWindow::from_minutes(29_218_421, 29_219_520).unwrap();
    CellKey { region: "eu-frankfurt-1".into(), compartment: "ocid1.compartment.oc1..c".into(), window }
}

fn header_of<'a>(request: &'a str, name: &str) -> &'a str {
    let mut lines = request.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(other, _)| other.eq_ignore_ascii_case(name)).unwrap_or_else(|| panic!("{name} in {request}")).1
}

async fn list(answers: Vec<u8>) -> Result<crate::oci::EventPage, OciError> {
    Server::start(vec![answers]).await.client().list_events(&cell(), None).await
}

#[tokio::test]
async fn what_is_sent_is_what_was_signed() {
    let server = Server::start(vec![ok("opc-next-page: n\r\nopc-request-id: a/b/c\r\n", "[{},{}]")]).await;
    let client = server.client();
    let page = client.list_events(&cell(), Some(&PageToken::new("a/b+c ==é"))).await.unwrap();
    assert_eq!((page.page.len(), page.page.request_id.as_deref()), (2, Some("a/b/c")));
    assert_eq!(page.next, Some(PageToken::new("n")));

    let request = &server.requests()[0];
    let target = "/audit/eu-frankfurt-1/20190901/auditEvents?compartmentId=ocid1.compartment.oc1..c\
                  &startTime=2025-07-21T13%3A41%3A00Z&endTime=2025-07-22T08%3A00%3A00Z&page=a%2Fb%2Bc+%3D%3D%C3%A9";
    assert_eq!(request.lines().next().unwrap(), format!("GET {target} HTTP/1.1"));
    let host = format!("127.0.0.1:{}", server.port);
    assert_eq!(header_of(request, "host"), host);
    assert_eq!(header_of(request, "date"), "Tue, 22 Jul 2025 08:35:46 GMT");
    assert_eq!(header_of(request, "accept"), "application/json");
    assert_eq!(header_of(request, "accept-encoding"), "gzip");
    let agent = format!("auditui/{} run={}", env!("CARGO_PKG_VERSION"), client.run_id());
    assert_eq!(header_of(request, "user-agent"), agent);
    let id = header_of(request, "opc-request-id");
    assert!(id.starts_with(&format!("auditui-{}-", client.run_id())) && id.len() <= 32, "{id}");

    let signed = format!("date: Tue, 22 Jul 2025 08:35:46 GMT\n(request-target): get {target}\nhost: {host}");
    verify(&signed, header_of(request, "authorization"));
}

fn verify(signed: &str, authorization: &str) {
    use base64::Engine as _;
    assert!(authorization.contains(r#"headers="date (request-target) host""#), "{authorization}");
    let (_, signature) = authorization.split_once("signature=\"").unwrap();
    let signature = base64::engine::general_purpose::STANDARD.decode(signature.split_once('"').unwrap().0).unwrap();
    let public = rsa::RsaPrivateKey::from_pkcs8_pem(&key().0).unwrap().to_public_key();
    rsa::pkcs1v15::VerifyingKey::<sha2::Sha256>::new(public)
        .verify(signed.as_bytes(), &rsa::pkcs1v15::Signature::try_from(signature.as_slice()).unwrap())
        .unwrap();
}

#[tokio::test]
async fn an_empty_page_token_is_none_and_an_empty_page_may_have_one() {
    assert_eq!(list(ok("opc-next-page: \r\n", "[]")).await.unwrap().next, None);
    let page = list(ok("opc-next-page: x\r\n", "[]")).await.unwrap();
    assert!(page.page.is_empty() && page.next.is_some());
    let long = "x".repeat(3_000);
    let page = list(ok(&format!("opc-next-page: {long}\r\n"), "[]")).await.unwrap();
    assert_eq!(page.next.unwrap().as_str(), long, "whole");
    let odd = list(ok("opc-next-page: \u{e9}\r\n", "[]")).await.unwrap_err();
    assert!(matches!(odd, OciError::Body { .. }), "an unreadable token is not the end: {odd:?}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = Server::start(vec![answer("307 Temporary Redirect", "location: http://127.0.0.1:1/x\r\n", "")]).await;
    let error = server.client().list_events(&cell(), None).await.unwrap_err();
    assert!(matches!(&error, OciError::Redirect { status: 307, .. }), "{error:?}");
    assert!(!error.is_retryable());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn packed_answers_are_unpacked_and_capped_unpacked() {
    let pack = |body: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    };
    let packed = pack(b"[{\"a\":1}]");
    let gzip = "content-encoding: gzip\r\n";
    assert_eq!(list(ok(gzip, &packed)).await.unwrap().page.events().next().unwrap(), b"{\"a\":1}");
    let error = list(ok(gzip, &packed[..packed.len() - 12])).await.unwrap_err();
    assert!(error.is_retryable(), "cut: {error:?}");
    let error = list(ok(gzip, "[no gzip]")).await.unwrap_err();
    assert!(error.is_retryable(), "bad: {error:?}");

    let bomb = pack(&b" ".repeat(100_000));
    let server = Server::start(vec![ok(gzip, bomb)]).await;
    let small = ClientOptions { max_body: 50_000, ..ClientOptions::default() };
    let error = server.client_with(small).list_events(&cell(), None).await.unwrap_err();
    assert!(matches!(&error, OciError::TooLarge { limit: 50_000, .. }) && !error.is_retryable(), "{error:?}");
}

#[tokio::test]
async fn a_cut_or_odd_answer_is_an_error_worth_another_try() {
    for cut in [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{}".to_vec(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[{},\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(),
        Vec::new(),
        ok("", "[{}"),
        ok("", "<html>"),
        ok("", ""),
        answer("204 No Content", "", ""),
    ] {
        let error = list(cut.clone()).await.unwrap_err();
        let fine = match &error {
            OciError::Status { status: 204, .. } => true,
            error => error.is_retryable(),
        };
        assert!(fine, "{error:?} for {:?}", String::from_utf8_lossy(&cut));
    }
}

#[tokio::test]
async fn errors_keep_code_message_request_id_and_wait() {
    let body = r#"{"code":"TooManyRequests","message":"Too many\u001b[2J","more":1}"#;
    let headers = "opc-request-id: a/b/c\r\nretry-after: 7\r\ndate: Tue, 22 Jul 2025 08:41:48 GMT\r\n";
    let server = Server::start(vec![answer("429 Too Many Requests", headers, body)]).await;
    let client = server.client();
    let error = client.list_events(&cell(), None).await.unwrap_err();
    assert_eq!((error.request_id(), error.retry_after()), (Some("a/b/c"), Some(Duration::from_secs(7))));
    assert_eq!(error.to_string(), "audit in eu-frankfurt-1 answered 429 TooManyRequests: Too many\\x1b[2J");
    assert_eq!(client.clock_offset(), Some(TimeDelta::seconds(362)));
    let html = list(answer("503 Service Unavailable", "", "<html>\nbusy")).await.unwrap_err();
    assert!(html.is_retryable() && html.to_string().ends_with("503: <html>\\nbusy"), "{html}");
}

#[tokio::test]
async fn a_refusal_that_is_cut_is_asked_for_again() {
    let body = r#"{"code":"NotAuthorizedOrNotFound","message":"x"}"#;
    let whole = answer("404 Not Found", "", body);
    assert!(list(whole.clone()).await.unwrap_err().is_denied());
    let error = list(whole[..whole.len() - 20].to_vec()).await.unwrap_err();
    assert!(error.is_retryable() && !error.is_denied(), "closed early: {error:?}");
    let error = list(answer("404 Not Found", "", &body.as_bytes()[..20])).await.unwrap_err();
    assert!(error.is_retryable() && !error.is_denied(), "short length: {error:?}");
    let error = list(answer("404 Not Found", "", "<html>")).await.unwrap_err();
    assert!(!error.is_retryable(), "a page of somebody else: {error:?}");
}

#[tokio::test]
async fn a_byte_order_mark_hides_neither_a_refusal_nor_a_list() {
    let marked = |text: &str| format!("\u{feff}{text}");
    let denied = list(answer("404 Not Found", "", marked(r#"{"code":"NotAuthorizedOrNotFound"}"#))).await.unwrap_err();
    assert!(denied.is_denied(), "{denied}");
    let server = Server::start(vec![ok("", marked("[]"))]).await;
    assert!(server.client().region_subscriptions().await.unwrap().is_empty());
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    assert_eq!(retry_after("12", now()), Some(Duration::from_secs(12)));
    assert_eq!(retry_after("Tue, 22 Jul 2025 08:36:00 GMT", now()), Some(Duration::from_secs(14)));
    assert_eq!(retry_after("Tue, 22 Jul 2025 08:00:00 GMT", now()), Some(Duration::ZERO));
    assert_eq!(retry_after("soon", now()), None);
}

#[tokio::test]
async fn a_refused_signature_is_explained() {
    let refused =
        |date: &str| answer("401 Unauthorized", &format!("date: {date}\r\n"), r#"{"code":"NotAuthenticated"}"#);
    let behind = list(refused("Tue, 22 Jul 2025 08:41:48 GMT")).await.unwrap_err().to_problem();
    assert_eq!(behind.kind.exit_code(), 4);
    assert!(behind.what.starts_with("your clock is 6 m 02 s behind Oracle's"), "{behind}");
    let ahead = list(refused("Tue, 22 Jul 2025 08:00:00 GMT")).await.unwrap_err().to_problem();
    assert!(ahead.what.starts_with("your clock is 35 m 46 s ahead of Oracle's"), "{ahead}");
    let key = list(refused("Tue, 22 Jul 2025 08:35:40 GMT")).await.unwrap_err().to_problem();
    assert!(key.what.contains(&super::super::test_server::key().1) && key.what.contains("ocid1.user.oc1..u"), "{key}");
}

#[tokio::test]
async fn nobody_listening_is_a_connection_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server { port: listener.local_addr().unwrap().port(), requests: std::sync::Arc::default() };
    drop(listener);
    let error = server.client().list_events(&cell(), None).await.unwrap_err();
    assert!(matches!(&error, OciError::Connect { .. }) && error.is_retryable(), "{error:?}");
}

#[tokio::test]
async fn silence_ends_in_a_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server { port: listener.local_addr().unwrap().port(), requests: std::sync::Arc::default() };
    let options = ClientOptions { read_timeout: Duration::from_millis(50), ..ClientOptions::default() };
    let error = server.client_with(options).list_events(&cell(), None).await.unwrap_err();
    assert!(matches!(&error, OciError::Timeout { .. }) && error.is_retryable(), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_trickles_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server { port: listener.local_addr().unwrap().port(), requests: std::sync::Arc::default() };
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await.unwrap();
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let read_timeout = Duration::from_millis(300);
    let options = ClientOptions { read_timeout, slowest_kib: read_timeout, ..ClientOptions::default() };
    let (client, cell) = (server.client_with(options), cell());
    let listed = client.list_events(&cell, None);
    let error = tokio::time::timeout(Duration::from_secs(20), listed).await.unwrap().unwrap_err();
    assert!(matches!(&error, OciError::Timeout { .. }) && error.is_retryable(), "{error:?}");
}

#[tokio::test]
async fn regions_are_read_and_odd_names_refused() {
    let regions = r#"[{"regionKey":"PHX","regionName":"us-phoenix-1","status":"READY","isHomeRegion":false},
        {"regionKey":"FRA","regionName":"eu-frankfurt-1","status":"IN_PROGRESS","isHomeRegion":true}]"#;
    let server = Server::start(vec![ok("", regions), ok("", r#"{"retentionPeriodDays":365}"#)]).await;
    let client = server.client();
    let listed = client.region_subscriptions().await.unwrap();
    assert!(listed[0].is_ready() && !listed[1].is_ready() && listed[1].home && listed[1].key == "fra");
    assert_eq!(client.retention_days().await.unwrap(), 365);
    assert!(server.requests()[1].starts_with("GET /audit/eu-frankfurt-1/20190901/configuration?"), "the home region");
    let evil = r#"[{"regionName":"evil.example/"}]"#;
    let error = Server::start(vec![ok("", evil)]).await.client().region_subscriptions().await.unwrap_err();
    assert!(matches!(error, OciError::Body { .. }), "{error:?}");
}

#[tokio::test]
async fn unusable_answers_are_not_quoted() {
    let error = Server::start(vec![ok("", r#"{"name":["hunter2"]}"#)]).await.client().tenancy_name().await.unwrap_err();
    assert!(matches!(error, OciError::Body { .. }) && !error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_renewed_session_token_is_read_once_a_401_came() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("key.pem", &key().0);
    write("token", "old\n");
    write("config", "[s]\ntenancy=ocid1.tenancy.oc1..t\nregion=fra\nkey_file=~/key.pem\nsecurity_token_file=~/token\n");
    let options = crate::oci::ProfileOptions {
        config_file: Some("~/config".into()),
        profile: Some("s".to_owned()),
        env: [("HOME", dir.path().to_str().unwrap())].into_iter().collect(),
        ..crate::oci::ProfileOptions::default()
    };
    let profile = crate::oci::resolve(&options).unwrap().into_profile(None).unwrap();
    let refused = || answer("401 Unauthorized", "", r#"{"code":"NotAuthenticated"}"#);
    let server = Server::start(vec![refused(), ok("", "[]"), refused(), refused()]).await;
    let client = server.client_of(profile, ClientOptions::default());
    write("token", "new\n");
    client.list_events(&cell(), None).await.unwrap();
    let signed_as = |index: usize| header_of(&server.requests()[index], "authorization").to_owned();
    assert!(signed_as(0).contains(r#"keyId="ST$old""#) && signed_as(1).contains(r#"keyId="ST$new""#));
    let error = client.list_events(&cell(), None).await.unwrap_err().to_problem();
    assert!(error.what.contains("session token of profile `s`") && error.hint.contains("oci session"), "{error}");
    let requests = server.requests();
    assert!(requests[3].starts_with("POST /auth/eu-frankfurt-1/v1/authentication/refresh "), "{}", requests[3]);
    assert_eq!(requests.len(), 4, "a token that cannot be renewed is not tried again");
}

#[tokio::test]
async fn an_answer_without_tls_is_no_secure_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port()).parse().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]").await.unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    });
    let options = ClientOptions { endpoint: Some(endpoint), ..ClientOptions::default() };
    let error = crate::oci::OciClient::new(profile(), options).unwrap().list_events(&cell(), None).await.unwrap_err();
    assert!(matches!(&error, OciError::Tls { .. }) && !error.is_retryable(), "{error:?}");
    assert!(error.to_problem().hint.contains("SSL_CERT_FILE"));
}
