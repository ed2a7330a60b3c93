//! What can go wrong with a request, and how it becomes a sentence.

use std::time::Duration;

use chrono::TimeDelta;

use crate::domain::problem::{Problem, ProblemKind};

/// One request failed. `target` names the service and the region; `request_id` is the answer's `opc-request-id`, or the
/// one we sent where no answer came. All text from outside is harmless already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OciError {
    #[error("{target} answered {status}{}: {message}", code.as_deref().map(|code| format!(" {code}")).unwrap_or_default())]
    Status {
        status: u16,
        code: Option<Box<str>>,
        message: Box<str>,
        request_id: Option<Box<str>>,
        retry_after: Option<Duration>,
        /// The server's clock minus ours.
        clock_offset: Option<TimeDelta>,
        target: Box<str>,
        /// For a 401: what to tell the user, found out where the profile is known.
        refusal: Option<Box<Refusal>>,
    },
    #[error("{target} did not answer in time ({detail})")]
    Timeout { target: Box<str>, detail: Box<str>, request_id: Box<str> },
    #[error("{target} cannot be reached: {detail}")]
    Connect { target: Box<str>, detail: Box<str>, request_id: Box<str> },
    /// The connection was reset, or the answer was cut.
    #[error("the connection to {target} broke: {detail}")]
    Transport { target: Box<str>, detail: Box<str>, request_id: Box<str> },
    /// The answer is larger than we take; asked again it would be as large.
    #[error("the answer of {target} is larger than {limit} bytes")]
    TooLarge { target: Box<str>, limit: usize, request_id: Option<Box<str>> },
    /// The answer came, but cannot be used: not what the API promises, damaged.
    #[error("the answer of {target} cannot be used: {detail}")]
    Body { target: Box<str>, detail: Box<str>, request_id: Option<Box<str>> },
    /// No secure connection, or no way to make one.
    #[error("no secure connection to {target}: {detail}")]
    Tls { target: Box<str>, detail: Box<str> },
    /// A signed request is never sent on to another place.
    #[error("{target} answered with a redirect to {location}, which is not followed")]
    Redirect { target: Box<str>, status: u16, location: Box<str>, request_id: Option<Box<str>> },
    /// There is no credential to be had, and asking again would not change that.
    #[error("{target}: {detail}")]
    Credential { target: Box<str>, detail: Box<str> },
    /// The service sent a page token twice, or page after page without anything new: following would never end.
    #[error("{target} sends pages that never end")]
    Paging { target: Box<str>, request_id: Option<Box<str>> },
}

/// What the HTTP client says when a proxy answers 407.
const PROXY_LOGIN: &str = "proxy authorization required";

/// Why the service did not accept the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub what: String,
    pub hint: String,
}

impl OciError {
    /// An answer with this status and code, and nothing else known about it.
    pub fn for_status(status: u16, code: Option<&str>) -> Self {
        Self::Status {
            status,
            code: code.map(Into::into),
            message: Box::default(),
            request_id: None,
            retry_after: None,
            clock_offset: None,
            target: "the service".into(),
            refusal: None,
        }
    }

    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Status { status: 409, code, .. } => {
                matches!(code.as_deref(), Some("IncorrectState" | "LockConflict"))
            }
            // A success that is no 200 has nothing in it: as odd, and as likely to pass, as an empty 200.
            Self::Status { status, .. } => matches!(status, 200..=299 | 429) || *status >= 500 && *status != 501,
            Self::Connect { detail, .. } if detail.contains(PROXY_LOGIN) => false,
            Self::Timeout { .. } | Self::Connect { .. } | Self::Transport { .. } | Self::Body { .. } => true,
            Self::TooLarge { .. }
            | Self::Tls { .. }
            | Self::Redirect { .. }
            | Self::Credential { .. }
            | Self::Paging { .. } => false,
        }
    }

    /// How long the service asks us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The service says no, or that there is no such thing; it does not tell which.
    pub fn is_denied(&self) -> bool {
        match self {
            Self::Status { status: 403, .. } => true,
            Self::Status { status: 404, code, .. } => code.as_deref() == Some("NotAuthorizedOrNotFound"),
            _ => false,
        }
    }

    /// The signature was not accepted. Asking again changes nothing.
    pub fn is_auth(&self) -> bool {
        matches!(self, Self::Status { status: 401, .. })
    }

    pub fn is_throttled(&self) -> bool {
        matches!(self, Self::Status { status: 429, .. })
    }

    /// The answer's `opc-request-id`; where there was no answer, ours.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Status { request_id, .. }
            | Self::Body { request_id, .. }
            | Self::TooLarge { request_id, .. }
            | Self::Redirect { request_id, .. }
            | Self::Paging { request_id, .. } => request_id.as_deref(),
            Self::Timeout { request_id, .. }
            | Self::Connect { request_id, .. }
            | Self::Transport { request_id, .. } => Some(request_id),
            Self::Tls { .. } | Self::Credential { .. } => None,
        }
    }

    pub fn to_problem(&self) -> Problem {
        self.to_problem_for("tenancy")
    }

    /// As [`to_problem`](Self::to_problem); `place` is where a policy statement would have to allow it: `tenancy`, or
    /// `compartment payments`.
    pub fn to_problem_for(&self, place: &str) -> Problem {
        let place = crate::domain::text::clean(place);
        let problem = match self {
            Self::Status { refusal: Some(refusal), .. } => {
                Problem::new(ProblemKind::Authentication, &refusal.what).hint(&refusal.hint)
            }
            _ => Problem::new(self.kind(), self.to_string()).hint(self.hint(&place)),
        };
        problem.request_id(self.request_id().map(str::to_owned))
    }

    fn kind(&self) -> ProblemKind {
        match self {
            Self::Status { status: 401, .. } | Self::Credential { .. } => ProblemKind::Authentication,
            Self::Status { status: 429, .. } => ProblemKind::Throttled,
            _ if self.is_denied() => ProblemKind::Denied,
            _ => ProblemKind::Service,
        }
    }

    fn hint(&self, place: &str) -> String {
        match self {
            Self::Status { status: 401, .. } => "check the clock, the key and its fingerprint: auditui doctor".into(),
            Self::Status { status: 403, code: None, .. } => {
                "this may be a proxy's answer; check HTTPS_PROXY and NO_PROXY".into()
            }
            Self::Status { status: 407, .. } => {
                "the proxy wants a login: http://user:password@host:port in HTTPS_PROXY or --proxy".into()
            }
            Self::Status { status: 429, .. } => "fewer requests at once, or later".into(),
            _ if self.is_denied() => format!(
                "no permission, or no such compartment; the service does not tell which. A policy that allows it:\n\
                 Allow group <group> to read audit-events in {place}"
            ),
            Self::Connect { detail, .. } if detail.contains(PROXY_LOGIN) => {
                "the proxy wants a login: http://user:password@host:port in HTTPS_PROXY or --proxy".into()
            }
            Self::Connect { .. } | Self::Timeout { .. } => "check the network, HTTPS_PROXY and NO_PROXY".into(),
            Self::Tls { .. } => {
                "TLS inspection is a likely cause: behind a proxy that opens TLS, name its certificate \
                                 with --cert-bundle; slim images need the ca-certificates package, or SSL_CERT_FILE"
                    .into()
            }
            Self::TooLarge { .. } => "a shorter time range has smaller pages, if the page is not one huge event".into(),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_tried_again() {
        for (status, code, retryable) in [
            (204, None, true),
            (400, Some("InvalidParameter"), false),
            (401, Some("NotAuthenticated"), false),
            (403, Some("NotAllowed"), false),
            (404, Some("NotAuthorizedOrNotFound"), false),
            (409, Some("IncorrectState"), true),
            (409, Some("LockConflict"), true),
            (409, Some("InvalidatedRetryToken"), false),
            (409, None, false),
            (429, None, true),
            (500, Some("InternalError"), true),
            (501, None, false),
            (503, None, true),
        ] {
            assert_eq!(OciError::for_status(status, code).is_retryable(), retryable, "{status} {code:?}");
        }
    }

    #[test]
    fn kinds_pick_the_exit_code() {
        for (status, code, exit) in [
            (401, Some("NotAuthenticated"), 4),
            (403, Some("NotAllowed"), 5),
            (404, Some("NotAuthorizedOrNotFound"), 5),
            (404, Some("NotFound"), 1),
            (429, None, 1),
            (500, None, 1),
        ] {
            assert_eq!(OciError::for_status(status, code).to_problem().kind.exit_code(), exit, "{status}");
        }
    }

    #[test]
    fn a_denial_says_which_policy_would_allow_it() {
        let denied = OciError::for_status(404, Some("NotAuthorizedOrNotFound"));
        let problem = denied.to_problem_for("compartment pay\u{1b}[2Jments");
        assert!(problem.hint.contains("to read audit-events in compartment pay\\x1b[2Jments"), "{}", problem.hint);
    }

    #[test]
    fn errors_stay_small() {
        assert!(size_of::<OciError>() <= 128, "{}", size_of::<OciError>());
    }
}
