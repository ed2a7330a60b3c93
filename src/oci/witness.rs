//! What is told of every request, to whoever keeps a record of them. Headers that sign are no part of it.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::RequestBuilder;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// One request and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchanged {
    pub method: String,
    pub url: String,
    /// `opc-request-id` as it was sent.
    pub sent_request_id: String,
    pub began_at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
    /// `None` where no answer came.
    pub status: Option<u16>,
    /// `opc-request-id` of the answer.
    pub opc_request_id: Option<String>,
    /// The header `Date` of the answer, as it is.
    pub date: Option<String>,
    /// Of a body that was read to its end, unpacked; `None` of errors.
    pub bytes: Option<u64>,
    /// Of the same, in hexadecimal digits.
    pub sha256: Option<String>,
    /// Whether the answer was given up: it was an error, broke off, or nobody waited for it any more.
    pub failed: bool,
}

/// Is told of requests as they end, from any thread.
#[derive(Clone)]
pub struct Witness(Arc<dyn Fn(&Exchanged) + Send + Sync>);

impl Witness {
    pub fn new(tell: impl Fn(&Exchanged) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}

/// A request under way. What is known of it is told when this is dropped, however it ended.
pub(super) struct Account<'a> {
    witness: Option<&'a Witness>,
    now: &'a (dyn Fn() -> DateTime<Utc> + Send + Sync),
    pub exchanged: Exchanged,
}

impl<'a> Account<'a> {
    pub fn of(
        witness: Option<&'a Witness>,
        now: &'a (dyn Fn() -> DateTime<Utc> + Send + Sync),
        request: &RequestBuilder,
        sent_id: &str,
    ) -> Self {
        let mut exchanged = Exchanged { failed: true, ..Exchanged::default() };
        if witness.is_some() {
            if let Some(request) = request.try_clone().and_then(|request| request.build().ok()) {
                (exchanged.method, exchanged.url) = (request.method().to_string(), request.url().to_string());
            }
            (exchanged.sent_request_id, exchanged.began_at) = (sent_id.to_owned(), now());
        }
        Self { witness, now, exchanged }
    }

    pub fn read(&mut self, body: &[u8]) {
        self.exchanged.failed = false;
        if self.witness.is_some() {
            self.exchanged.bytes = Some(body.len() as u64);
            self.exchanged.sha256 = Some(format!("{:x}", Sha256::digest(body)));
        }
    }
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        if let Some(Witness(tell)) = self.witness {
            self.exchanged.ended_at = (self.now)();
            tell(&self.exchanged);
        }
    }
}
