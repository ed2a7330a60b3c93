//! HTTP: the one place that sends requests. All of them are GETs, but for the exchange of tokens (`super::exchange`).
//! How the client is built stands in [`super::connector`].
//!
//! No redirects, no retries (whoever asks decides about those), HTTP/1.1, the platform's trust roots, the proxy variables
//! of the environment except for loopback. Answers are read to their end or they are errors; how much of them is held at
//! once stands in [`super::body`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use reqwest::header::{ACCEPT, AUTHORIZATION, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use secrecy::ExposeSecret;
use serde::Deserialize;

use crate::domain::footprint;
use crate::domain::text::clean_prefix;

use super::body::{Body, Patience, Room, SMALL};
use super::clock::Clock;
use super::connector::{HttpOptions, client};
use super::error::OciError;
use super::redact::without_tokens;
use super::signer::{Credential, Unsigned, host_header, http_date, request_target};

/// The most that is read of an answer which is an error.
const MAX_ERROR_BODY: usize = 64 << 10;
const MAX_MESSAGE: usize = 400;
const MAX_HEADER: usize = 200;
const REQUEST_ID: &str = "opc-request-id";

/// Who asks, as the request says it.
#[derive(Clone, Copy)]
pub(super) enum Proof<'a> {
    Signed(&'a Credential),
    /// A word in the `Authorization` header that is no secret.
    Word(&'static str),
}

/// Sends requests and remembers what it learnt from the answers.
pub(super) struct Http {
    options: HttpOptions,
    clock: Clock,
    run: String,
    sent: AtomicU64,
    offset: Mutex<Option<TimeDelta>>,
    room: Room,
    /// Built when first needed: reading the trust roots takes a while.
    client: OnceLock<Result<reqwest::Client, String>>,
}

/// A 200, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub body: Body,
    pub request_id: Option<Box<str>>,
    /// `opc-next-page`; an empty header counts as none.
    pub next_page: Option<String>,
    pub received_at: DateTime<Utc>,
}

impl Answer {
    /// The body as `T`; `target` names the service in the error.
    pub fn json<T: serde::de::DeserializeOwned>(&self, target: &str) -> Result<T, OciError> {
        // The position is told, the content never: serde's own message would quote it.
        serde_json::from_slice(without_mark(self.body.as_ref())).map_err(|error| {
            let kind = if error.is_data() { "it is not what the API promises" } else { "it is no JSON" };
            self.unusable(target, &format!("{kind}, at line {} column {}", error.line(), error.column()))
        })
    }

    pub fn unusable(&self, target: &str, why: &str) -> OciError {
        OciError::Body {
            target: target.into(),
            detail: clean_prefix(why, MAX_MESSAGE).into(),
            request_id: self.request_id.clone(),
        }
    }
}

impl Http {
    pub fn new(options: HttpOptions, clock: Clock) -> Self {
        let (sent, offset, client) = (AtomicU64::new(0), Mutex::new(None), OnceLock::new());
        Self { options, clock, run: run_id(), sent, offset, room: Room::default(), client }
    }

    /// Eight hexadecimal digits; part of every request id of this run.
    pub fn run_id(&self) -> &str {
        &self.run
    }

    /// Requests begun so far, whatever came of them.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The server's clock minus ours, at the newest answer.
    pub fn clock_offset(&self) -> Option<TimeDelta> {
        *self.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One GET. `target` names service and region in errors.
    pub async fn get(&self, url: Url, target: &str, proof: Proof<'_>) -> Result<Answer, OciError> {
        let sent_id = self.next_request_id();
        let failed = Failed { target, sent_id: &sent_id };
        let client = self.client().map_err(|detail| failed.tls(detail))?;
        let headers = self.headers(&url, &sent_id, proof).map_err(|detail| failed.transport(detail))?;
        self.send(client.get(url).headers(headers), &failed).await
    }

    pub(super) async fn send(&self, request: RequestBuilder, failed: &Failed<'_>) -> Result<Answer, OciError> {
        let mut patience = Patience::new(self.options.read_timeout, self.options.slowest_kib, self.options.deadline);
        let sent = patience.wait_for(request.send()).await;
        let response = sent.map_err(|why| failed.timeout(why))?.map_err(|error| failed.by(&error))?;
        let received_at = self.clock.now();
        let answered = header_date(response.headers());
        let offset = answered.map(|server| server - received_at);
        self.remember(offset);
        if response.status() != StatusCode::OK {
            return Err(refused(response, patience, failed, offset, answered.unwrap_or(received_at)).await);
        }
        let request_id = header(response.headers(), REQUEST_ID).map(Into::into);
        let next_page = next_page(response.headers())
            .map_err(|why| failed.body(why.to_owned(), header(response.headers(), REQUEST_ID)))?;
        let body = self.body(response, patience, failed).await?;
        Ok(Answer { body, request_id, next_page, received_at: self.clock.now() })
    }

    fn remember(&self, offset: Option<TimeDelta>) {
        if offset.is_some() {
            *self.offset.lock().unwrap_or_else(PoisonError::into_inner) = offset;
        }
    }

    pub(super) fn next_request_id(&self) -> String {
        let count = self.sent.fetch_add(1, Ordering::Relaxed) & 0xfff_ffff_ffff;
        footprint::request_id(&self.run, count)
    }

    fn headers(&self, url: &Url, sent_id: &str, proof: Proof<'_>) -> Result<HeaderMap, &'static str> {
        let date = http_date(self.clock.now());
        match proof {
            Proof::Word(word) => {
                let mut headers = common_headers(&date, sent_id)?;
                headers.insert(AUTHORIZATION, HeaderValue::from_static(word));
                Ok(headers)
            }
            Proof::Signed(credential) => {
                let (host, target) = (host_header(url), request_target(url));
                let request =
                    Unsigned { method: "GET", target: &target, host: Some(&host), date: &date, ..Unsigned::default() };
                signed_headers(&request, sent_id, credential)
            }
        }
    }

    /// The time by which requests are dated.
    pub(super) fn date(&self) -> String {
        http_date(self.clock.now())
    }

    async fn body(
        &self,
        mut response: Response,
        mut patience: Patience,
        failed: &Failed<'_>,
    ) -> Result<Body, OciError> {
        let mut body = Body::default();
        loop {
            let chunk = patience.wait_for(response.chunk()).await.map_err(|why| failed.timeout(why))?;
            let Some(chunk) = chunk.map_err(|error| failed.by(&error))? else { return Ok(body) };
            patience.received(chunk.len());
            let size = body.as_ref().len() + chunk.len();
            if size > self.options.max_body {
                return Err(failed.too_large(self.options.max_body, header(response.headers(), REQUEST_ID)));
            }
            if size > SMALL {
                patience.forgive(self.room.admit(&mut body).await);
            }
            body.extend(&chunk);
        }
    }

    pub(super) fn client(&self) -> Result<&reqwest::Client, &str> {
        self.client.get_or_init(|| client(&self.options, &self.run)).as_ref().map_err(String::as_str)
    }
}

pub(super) fn common_headers(date: &str, sent_id: &str) -> Result<HeaderMap, &'static str> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(DATE, header_value(date)?);
    headers.insert(REQUEST_ID, header_value(sent_id)?);
    Ok(headers)
}

/// Every header that is signed (host and length are left to the client, which takes them from the same places), the
/// signature, and what goes with every request.
pub(super) fn signed_headers(
    request: &Unsigned<'_>,
    sent_id: &str,
    credential: &Credential,
) -> Result<HeaderMap, &'static str> {
    let request = Unsigned { delegation: credential.delegation(), ..*request };
    let signed = credential.authorize(&request).map_err(|_| "the request could not be signed")?;
    let mut headers = common_headers(request.date, sent_id)?;
    for (name, value) in request.headers() {
        if ["opc-obo-token", "content-type", "x-content-sha256"].contains(&name) {
            let mut value = header_value(&value)?;
            value.set_sensitive(name == "opc-obo-token");
            headers.insert(name, value);
        }
    }
    let mut authorization = header_value(signed.expose_secret())?;
    authorization.set_sensitive(true);
    headers.insert(AUTHORIZATION, authorization);
    Ok(headers)
}

pub(super) fn header_value(text: &str) -> Result<HeaderValue, &'static str> {
    HeaderValue::from_str(text).map_err(|_| "the request has a header that cannot be sent")
}

/// What is known about a request that failed.
pub(super) struct Failed<'a> {
    pub target: &'a str,
    pub sent_id: &'a str,
}

impl Failed<'_> {
    fn by(&self, error: &reqwest::Error) -> OciError {
        let (target, request_id) = (self.target.into(), self.sent_id.into());
        let detail: Box<str> = causes(error).into();
        if is_tls(error) {
            OciError::Tls { target, detail }
        } else if error.is_timeout() {
            OciError::Timeout { target, detail, request_id }
        } else if error.is_connect() {
            OciError::Connect { target, detail, request_id }
        } else {
            OciError::Transport { target, detail, request_id }
        }
    }

    pub(super) fn tls(&self, detail: &str) -> OciError {
        OciError::Tls { target: self.target.into(), detail: detail.into() }
    }

    pub(super) fn transport(&self, detail: &str) -> OciError {
        OciError::Transport { target: self.target.into(), detail: detail.into(), request_id: self.sent_id.into() }
    }

    fn timeout(&self, detail: &str) -> OciError {
        OciError::Timeout { target: self.target.into(), detail: detail.into(), request_id: self.sent_id.into() }
    }

    fn body(&self, detail: String, request_id: Option<String>) -> OciError {
        OciError::Body { target: self.target.into(), detail: detail.into(), request_id: request_id.map(Into::into) }
    }

    fn too_large(&self, limit: usize, request_id: Option<String>) -> OciError {
        OciError::TooLarge { target: self.target.into(), limit, request_id: request_id.map(Into::into) }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
}

/// An answer that is not a 200, as an error.
async fn refused(
    mut response: Response,
    patience: Patience,
    failed: &Failed<'_>,
    offset: Option<TimeDelta>,
    now: DateTime<Utc>,
) -> OciError {
    let (status, target) = (response.status(), failed.target.into());
    let request_id = header(response.headers(), REQUEST_ID).map(Into::into);
    if status.is_redirection() {
        let location = header(response.headers(), LOCATION.as_str()).unwrap_or_default().into();
        return OciError::Redirect { target, status: status.as_u16(), location, request_id };
    }
    let retry_after = header(response.headers(), RETRY_AFTER.as_str()).and_then(|text| retry_after(&text, now));
    let (body, cut) = error_body(&mut response, patience, failed).await;
    let read = serde_json::from_slice(without_mark(&body));
    // These mean one thing or another by their code; where that was lost on the way, the question is asked again.
    if matches!(status, StatusCode::NOT_FOUND | StatusCode::CONFLICT) && read.is_err() {
        if let Some(cut) = cut {
            return cut;
        }
        if body.starts_with(b"{") {
            return failed.body(format!("its error {} is cut short", status.as_u16()), request_id.map(Into::into));
        }
    }
    let ErrorBody { code, message } = read
        .unwrap_or_else(|_| ErrorBody { code: None, message: Some(String::from_utf8_lossy(&body).trim().to_owned()) });
    let message = message.filter(|text| !text.is_empty()).unwrap_or_else(|| "no message".to_owned());
    OciError::Status {
        status: status.as_u16(),
        code: code.map(|code| clean_prefix(&code, 80).into()),
        message: clean_prefix(&without_tokens(&message), MAX_MESSAGE).into(),
        request_id,
        retry_after,
        clock_offset: offset,
        target,
        refusal: None,
    }
}

/// As much of the body as came, up to a limit, and what cut it off.
async fn error_body(
    response: &mut Response,
    mut patience: Patience,
    failed: &Failed<'_>,
) -> (Vec<u8>, Option<OciError>) {
    let mut body = Vec::new();
    loop {
        match patience.wait_for(response.chunk()).await {
            Err(why) => return (body, Some(failed.timeout(why))),
            Ok(Err(error)) => return (body, Some(failed.by(&error))),
            Ok(Ok(None)) => return (body, None),
            Ok(Ok(Some(chunk))) => {
                patience.received(chunk.len());
                body.extend_from_slice(&chunk);
            }
        }
        if body.len() >= MAX_ERROR_BODY {
            body.truncate(MAX_ERROR_BODY);
            return (body, None);
        }
    }
}

/// Some proxies put a byte order mark before JSON.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// A header's value as harmless text; `None` when it is absent or empty.
fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty()).then(|| clean_prefix(value, MAX_HEADER).into_owned())
}

/// The page token, whole. One that cannot be read must not pass for the end of the pages.
fn next_page(headers: &HeaderMap) -> Result<Option<String>, &'static str> {
    let Some(value) = headers.get("opc-next-page") else { return Ok(None) };
    let token = value.to_str().map_err(|_| "its page token is no text")?.trim();
    Ok((!token.is_empty()).then(|| token.to_owned()))
}

fn header_date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    parse_http_date(&header(headers, DATE.as_str())?)
}

fn parse_http_date(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text, "%a, %d %b %Y %H:%M:%S GMT").ok().map(|instant| instant.and_utc())
}

/// Seconds, or a date; a date in the past means now.
fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    match text.parse::<u64>() {
        // No more than can be added to any time; nobody waits for so long.
        Ok(seconds) => Some(Duration::from_secs(seconds.min(7 * 86_400))),
        Err(_) => Some((parse_http_date(text)? - now).to_std().unwrap_or_default()),
    }
}

/// An error with everything behind it, without the URL.
pub(super) fn causes(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&words);
        }
        next = cause.source();
    }
    if text.is_empty() {
        text.push_str(if error.is_timeout() { "timed out" } else { "the request failed" });
    }
    clean_prefix(&text, MAX_MESSAGE).into_owned()
}

/// Whether a certificate or the TLS handshake is the reason.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if cause.is::<rustls::Error>() || cause.downcast_ref::<std::io::Error>().is_some_and(wraps_tls) {
            return true;
        }
        next = cause.source();
    }
    false
}

/// An I/O error hides what it wraps from `source`, and may wrap another one.
fn wraps_tls(error: &std::io::Error) -> bool {
    let mut error = error;
    while let Some(inner) = error.get_ref() {
        if inner.is::<rustls::Error>() {
            return true;
        }
        let Some(deeper) = inner.downcast_ref() else { return false };
        error = deeper;
    }
    false
}

fn run_id() -> String {
    use ring::rand::SecureRandom as _;
    let mut bytes = [0; 4];
    if ring::rand::SystemRandom::new().fill(&mut bytes).is_err() {
        bytes = std::process::id().to_be_bytes();
    }
    format!("{:08x}", u32::from_be_bytes(bytes))
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
