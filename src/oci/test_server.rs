//! For tests: an Oracle Cloud made of a socket and a list of answers.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeZone, Utc};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{ClientOptions, Clock, OciClient, Profile};

pub(crate) const TENANCY: &str = "ocid1.tenancy.oc1..t";

/// Answers each connection with the next of its answers, then hangs up.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(answers: Vec<Vec<u8>>) -> Self {
        let mut answers = answers.into_iter();
        Self::start_with(move |_| answers.next()).await
    }

    /// Answers by the head of the request; ends where there is no answer.
    pub(crate) async fn start_with(mut respond: impl FnMut(&str) -> Option<Vec<u8>> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), requests: Arc::default() };
        let requests = Arc::clone(&server.requests);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let length =
                    head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                stream.read_exact(&mut body).await.unwrap();
                let Some(answer) = respond(&head) else { break };
                requests.lock().unwrap().push(head);
                stream.write_all(&answer).await.unwrap();
            }
        });
        server
    }

    pub(crate) fn client(&self) -> OciClient {
        self.client_with(ClientOptions::default())
    }

    pub(crate) fn client_with(&self, options: ClientOptions) -> OciClient {
        self.client_of(profile(), options)
    }

    pub(crate) fn client_of(&self, profile: Profile, options: ClientOptions) -> OciClient {
        let endpoint = format!("http://127.0.0.1:{}/{{service}}/{{region}}", self.port).parse().unwrap();
        let options = ClientOptions { endpoint: Some(endpoint), clock: Clock::Frozen(now()), ..options };
        OciClient::new(profile, options).unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

pub(crate) fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub(crate) fn ok(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    answer("200 OK", headers, body)
}

/// PEM and fingerprint of the key that signs.
pub(crate) fn key() -> (String, String) {
    let vectors: Value = serde_json::from_str(include_str!("../../tests/fixtures/signing-vectors.json")).unwrap();
    let text = |field: &str| vectors["keys"]["pkcs8"][field].as_str().unwrap().to_owned();
    (text("pem"), text("fingerprint"))
}

pub(crate) fn profile() -> Profile {
    let (pem, fingerprint) = key();
    Profile::from_parts("p", TENANCY, "ocid1.user.oc1..u", &fingerprint, "us-ashburn-1", &pem).unwrap()
}

pub(crate) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2025, 7, 22, 8, 35, 46).unwrap()
}
