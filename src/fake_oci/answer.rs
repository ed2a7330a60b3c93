//! Answers and their headers.

use hyper::Response;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, VARY};

use super::json::quoted;
use super::wire::{Body, Delivery, Packing};

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
    pub location: Option<String>,
    pub packing: Packing,
    pub delivery: Delivery,
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
            location: None,
            packing: Packing::Right,
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
        let (body, packed) = self.packing.pack(self.body, gzip);
        let mut response = Response::builder()
            .status(self.status)
            .header(CONTENT_TYPE, self.content_type)
            .header("opc-request-id", request_id)
            .header("date", date)
            .header("x-content-type-options", "nosniff")
            .header(VARY, "Accept-Encoding")
            .header(CONTENT_LENGTH, self.delivery.promise(body.len()));
        if packed {
            response = response.header(CONTENT_ENCODING, "gzip");
        }
        if let Some(next) = self.next {
            response = response.header(NEXT_PAGE, HeaderValue::try_from(next)?);
        }
        if let Some(seconds) = self.retry_after {
            response = response.header("retry-after", seconds);
        }
        if let Some(location) = self.location {
            response = response.header(LOCATION, HeaderValue::try_from(location)?);
        }
        response.body(self.delivery.body(body))
    }
}

const NEXT_PAGE: HeaderName = HeaderName::from_static("opc-next-page");

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::error(refusal.status, refusal.code, &refusal.message)
    }
}
