//! Answers: bodies, headers and the ways in which they can go wrong.

use std::convert::Infallible;
use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::Response;
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, VARY};

use super::json::quoted;

/// A body that may break off.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Why a request is not answered with what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
}

impl Refusal {
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidParameter", message)
    }

    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(400, "MissingParameter", message)
    }

    pub fn not_authenticated(message: impl Into<String>) -> Self {
        Self::new(401, "NotAuthenticated", message)
    }

    /// The one answer for what is not there and what may not be seen.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            404,
            "NotAuthorizedOrNotFound",
            format!("Authorization failed or requested resource not found. {what}"),
        )
    }

    pub fn too_many() -> Self {
        Self::new(429, "TooManyRequests", "User-rate limit exceeded.")
    }

    pub fn method() -> Self {
        Self::new(405, "MethodNotAllowed", "The requested method is not allowed for this resource.")
    }
}

/// An answer before it is sent.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// The code of an error body, for the log.
    pub code: Option<String>,
    pub body: Vec<u8>,
    pub content_type: &'static str,
    /// The value of `opc-next-page`.
    pub next: Option<String>,
    pub retry_after: Option<u64>,
    pub delivery: Delivery,
}

/// How the body travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    Whole,
    /// The connection is closed in the middle.
    Broken,
    /// Half arrives, then nothing.
    Stalled,
    /// No answer at all.
    None,
}

impl Answer {
    pub fn json(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            code: None,
            body: body.into(),
            content_type: "application/json",
            next: None,
            retry_after: None,
            delivery: Delivery::Whole,
        }
    }

    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = format!("{{\"code\":{},\"message\":{}}}", quoted(code), quoted(message));
        Self { status, code: Some(code.to_owned()), ..Self::json(body) }
    }

    pub fn none() -> Self {
        Self { status: 0, delivery: Delivery::None, ..Self::json("") }
    }

    /// The response, compressed if `gzip` and long enough, with the headers every answer has; none to close the
    /// connection without one.
    pub fn response(self, gzip: bool, date: &str, request_id: &str) -> Result<Response<Body>, hyper::http::Error> {
        let compress = gzip && self.body.len() > 256;
        let body = if compress { compressed(&self.body) } else { self.body };
        let mut response = Response::builder()
            .status(self.status)
            .header(CONTENT_TYPE, self.content_type)
            .header("opc-request-id", request_id)
            .header("date", date)
            .header("x-content-type-options", "nosniff")
            .header(VARY, "Accept-Encoding")
            .header(CONTENT_LENGTH, body.len());
        if compress {
            response = response.header(CONTENT_ENCODING, "gzip");
        }
        if let Some(next) = self.next {
            response = response.header(NEXT_PAGE, HeaderValue::try_from(next)?);
        }
        if let Some(seconds) = self.retry_after {
            response = response.header("retry-after", seconds);
        }
        response.body(deliver(body, self.delivery))
    }
}

const NEXT_PAGE: HeaderName = HeaderName::from_static("opc-next-page");

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::error(refusal.status, refusal.code, &refusal.message)
    }
}

fn deliver(body: Vec<u8>, delivery: Delivery) -> Body {
    let half = Bytes::copy_from_slice(body.get(..body.len() / 2).unwrap_or_default());
    match delivery {
        Delivery::Whole | Delivery::None => whole(body),
        Delivery::Broken => StreamBody::new(broken(half)).boxed_unsync(),
        Delivery::Stalled => StreamBody::new(stalled(half)).boxed_unsync(),
    }
}

fn whole(body: Vec<u8>) -> Body {
    Full::new(Bytes::from(body)).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// Half of the body, then an error; in between it steps back once, so that the half is really sent.
fn broken(half: Bytes) -> impl stream::Stream<Item = io::Result<Frame<Bytes>>> {
    stream::unfold(Some(half), |half| async move {
        match half {
            Some(half) if !half.is_empty() => Some((Ok(Frame::data(half)), Some(Bytes::new()))),
            Some(_) => {
                tokio::task::yield_now().await;
                Some((Err(io::ErrorKind::ConnectionReset.into()), None))
            }
            None => None,
        }
    })
}

fn stalled(half: Bytes) -> impl stream::Stream<Item = io::Result<Frame<Bytes>>> {
    stream::unfold(Some(half), |half| async move {
        match half {
            Some(half) => Some((Ok(Frame::data(half)), None)),
            None => std::future::pending().await,
        }
    })
}

fn compressed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 6), Compression::fast());
    // writing to memory does not fail
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}
