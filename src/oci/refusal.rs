//! Why a 401 came. The service gives one code for a wrong key, a clock that is off and an expired token; what is known
//! here tells them apart.

use chrono::{DateTime, TimeDelta, Utc};

use super::config::AuthKind;
use super::error::{OciError, Refusal};
use super::profile::{Profile, expired, renew, token_of};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::clean_prefix;

/// Requests whose date is further off are refused.
const MAX_SKEW: TimeDelta = TimeDelta::minutes(5);

/// Whether the clocks are so far apart that nothing else need be looked for.
pub(super) fn is_by_clock(error: &OciError) -> bool {
    let OciError::Status { clock_offset, .. } = error else { return false };
    clock_offset.is_some_and(|offset| offset.abs() >= MAX_SKEW - TimeDelta::seconds(1))
}

/// Adds the reason to a 401; other errors pass. `renewal` is why there is no other token.
pub(super) fn explain(error: OciError, profile: &Profile, now: DateTime<Utc>, renewal: Option<&OciError>) -> OciError {
    let by_clock = is_by_clock(&error);
    match error {
        OciError::Status {
            status: status @ 401, code, message, request_id, retry_after, clock_offset, target, ..
        } => {
            let offset = clock_offset.unwrap_or_default();
            let mut reason = if by_clock { clock(offset) } else { reason(profile, offset, now) };
            if let Some(renewal) = renewal.filter(|_| !by_clock) {
                reason.what = format!("{}, and another one was refused: {renewal}", reason.what);
            }
            let refusal = Some(Box::new(reason));
            OciError::Status { status, code, message, request_id, retry_after, clock_offset, target, refusal }
        }
        other => other,
    }
}

/// An instance, or a pod, was given no token at all.
pub(super) fn not_admitted(auth: AuthKind, error: &OciError) -> Problem {
    if let OciError::Status { status: 401, clock_offset: Some(offset), .. } = error
        && is_by_clock(error)
    {
        let Refusal { what, hint } = clock(*offset);
        return Problem::new(ProblemKind::Authentication, what).hint(hint);
    }
    let (who, hint) = match auth {
        AuthKind::OkeWorkloadIdentity => ("pod", of_pod(error)),
        _ => ("instance", of_instance(error)),
    };
    let Some(hint) = hint else { return error.to_problem() };
    let what = format!("no token for this {who}: {error}");
    Problem::new(ProblemKind::Authentication, what).hint(hint).request_id(error.request_id().map(str::to_owned))
}

fn of_instance(error: &OciError) -> Option<&'static str> {
    match error {
        OciError::Status { status: 401, .. } => Some("the auth service knows no such instance; was it moved or ended?"),
        _ if error.to_string().contains("metadata service") => Some(
            "is this a compute instance of Oracle Cloud? elsewhere use --auth api_key or security_token; \
             on one, firewalls must let 169.254.169.254 through",
        ),
        _ => None,
    }
}

fn of_pod(error: &OciError) -> Option<&'static str> {
    match error {
        OciError::Status { status: 403, .. } => {
            Some("workload identity needs an enhanced cluster; a basic one has none")
        }
        OciError::Status { status: 401, .. } => {
            Some("the cluster does not take the word of the service account; does the pod mount that of its own?")
        }
        OciError::Tls { .. } => {
            Some("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH has to name the cluster's own certificate")
        }
        OciError::Connect { .. } | OciError::Timeout { .. } => Some(
            "is this a pod in a cluster of Oracle's Kubernetes Engine? elsewhere use another --auth; \
             in one, network policies must let port 12250 of the cluster through",
        ),
        _ => None,
    }
}

fn clock(offset: TimeDelta) -> Refusal {
    let direction = if offset > TimeDelta::zero() { "behind" } else { "ahead of" };
    Refusal {
        what: format!(
            "your clock is {} {direction} Oracle's: requests more than 5 minutes off are refused",
            span(offset)
        ),
        hint: "set the clock, then try again".to_owned(),
    }
}

fn reason(profile: &Profile, offset: TimeDelta, now: DateTime<Utc>) -> Refusal {
    let (auth, name) = (profile.auth, clean_prefix(&profile.name, 80));
    if let Some(at) = profile.token_expires().filter(|at| *at <= now + offset) {
        return Refusal { what: expired(auth, at), hint: renew(auth, &profile.name) };
    }
    if auth == AuthKind::ApiKey {
        return Refusal {
            what: format!(
                "Oracle refused the key: is {} uploaded for user {}?",
                profile.fingerprint,
                profile.user.as_ref().map_or("(none)", |user| user.as_str())
            ),
            hint: format!(
                "compare fingerprint, user and tenancy of profile `{name}` with the API keys in the console; \
                 a key that was just added takes a minute to be known, and a region that the tenancy is not subscribed to \
                 may answer the same"
            ),
        };
    }
    let of = if auth == AuthKind::SecurityToken { format!(" of profile `{name}`") } else { String::new() };
    Refusal {
        what: format!("Oracle refused the {}{of}", token_of(auth)),
        hint: format!("it may have been revoked, or its region not be subscribed; {}", renew(auth, &profile.name)),
    }
}

/// `6 m 02 s`, `2 h 00 m 09 s`
fn span(offset: TimeDelta) -> String {
    let seconds = offset.abs().num_seconds();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours} h {minutes:02} m {seconds:02} s") } else { format!("{minutes} m {seconds:02} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_say_them() {
        assert_eq!(span(TimeDelta::seconds(362)), "6 m 02 s");
        assert_eq!(span(TimeDelta::seconds(-7209)), "2 h 00 m 09 s");
    }
}
