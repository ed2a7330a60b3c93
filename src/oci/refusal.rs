//! Why a 401 came. The service gives one code for a wrong key, a clock that is off and an expired token; what is known
//! here tells them apart.

use chrono::{DateTime, TimeDelta, Utc};

use super::config::AuthKind;
use super::error::{OciError, Refusal};
use super::profile::{Profile, expired, renew};

/// Requests whose date is further off are refused.
const MAX_SKEW: TimeDelta = TimeDelta::minutes(5);

/// Adds the reason to a 401; other errors pass.
pub(super) fn explain(error: OciError, profile: &Profile, now: DateTime<Utc>) -> OciError {
    match error {
        OciError::Status {
            status: status @ 401,
            code,
            message,
            request_id,
            retry_after,
            clock_offset,
            target,
            refusal: _,
        } => {
            let refusal = Some(Box::new(reason(profile, clock_offset, now)));
            OciError::Status { status, code, message, request_id, retry_after, clock_offset, target, refusal }
        }
        other => other,
    }
}

fn reason(profile: &Profile, clock_offset: Option<TimeDelta>, now: DateTime<Utc>) -> Refusal {
    if let Some(offset) = clock_offset.filter(|offset| offset.abs() >= MAX_SKEW - TimeDelta::seconds(1)) {
        let direction = if offset > TimeDelta::zero() { "behind" } else { "ahead of" };
        return Refusal {
            what: format!(
                "your clock is {} {direction} Oracle's: requests more than 5 minutes off are refused",
                span(offset)
            ),
            hint: "set the clock, then try again".to_owned(),
        };
    }
    if let Some(at) = profile.token_expires().filter(|at| *at <= now + clock_offset.unwrap_or_default()) {
        return Refusal { what: expired(at), hint: renew(&profile.name) };
    }
    match profile.auth {
        AuthKind::SecurityToken => Refusal {
            what: format!("Oracle refused the session token of profile `{}`", profile.name),
            hint: format!("it may have been revoked, or its region not be subscribed; {}", renew(&profile.name)),
        },
        AuthKind::ApiKey => Refusal {
            what: format!(
                "Oracle refused the key: is {} uploaded for user {}?",
                profile.fingerprint,
                profile.user.as_ref().map_or("(none)", |user| user.as_str())
            ),
            hint: format!(
                "compare fingerprint, user and tenancy of profile `{}` with the API keys in the console; \
                 a key that was just added takes a minute to be known, and a region that the tenancy is not subscribed to \
                 may answer the same",
                profile.name
            ),
        },
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
