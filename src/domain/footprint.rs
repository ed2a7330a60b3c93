//! Our own calls, which the service audits as it audits everybody's.
//!
//! They can be told by the request id that we send, because the service keeps it as the first segment of
//! `data.request.id`. Whoever attacks may send the same, so an event is ours only if it was also made by the user of our
//! profile, and reads: nothing that somebody else did, and nothing that changed anything, is ever taken for ours.

use super::access::Access;
use super::event::{Decoded, EventFields, Flags, decode};
use super::ocid::Ocid;

/// What request ids of ours begin with; the run and the count follow.
pub const PREFIX: &str = "auditui-";

/// The request id of a run's call: `auditui-<8 hexadecimal digits>-<6 or more>`.
pub fn request_id(run: &str, count: u64) -> String {
    format!("{PREFIX}{run}-{count:06x}")
}

/// Recognises our own reads.
#[derive(Clone, Debug, Default)]
pub struct Footprint {
    user: Option<Ocid>,
}

impl Footprint {
    /// `user` is whom we sign as. Where that is not known, nothing counts as ours.
    pub fn of(user: Option<Ocid>) -> Self {
        Self { user: user.filter(|user| !user.as_str().is_empty()) }
    }

    /// As [`decode`], with [`Flags::OWN`] where that is so.
    pub fn decode<'a>(&self, bytes: &'a [u8]) -> Decoded<'a> {
        let mut decoded = decode(bytes);
        // What is odd may say one thing to us and another to the next reader.
        if !decoded.flags.is_odd() && self.left(&decoded.fields) {
            decoded.flags.insert(Flags::OWN);
        }
        decoded
    }

    fn left(&self, fields: &EventFields<'_>) -> bool {
        let by_us = self.user.as_ref().is_some_and(|user| user.as_str() == fields.principal_id);
        by_us && is_ours(&fields.request_id) && fields.access() == Access::Read
    }
}

/// Whether the first segment of a request id has the form of ours.
fn is_ours(id: &str) -> bool {
    let first = id.split('/').next().unwrap_or_default();
    let Some((run, count)) = first.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')) else { return false };
    let is_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    run.len() == 8 && (6..=16).contains(&count.len()) && is_hex(run) && is_hex(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OURS: &str = "ocid1.user.oc1..auditor";

    fn event(request: &str, principal: &str, action: &str) -> Vec<u8> {
        json!({
            "eventId": "e", "eventTime": "2026-03-14T08:00:00Z", "eventType": "com.oraclecloud.Audit.ListEvents",
            "data": {
                "eventName": if action == "GET" { "ListEvents" } else { "UpdateConfiguration" },
                "identity": { "principalId": principal },
                "request": { "id": request, "action": action },
            },
        })
        .to_string()
        .into_bytes()
    }

    fn is_own(footprint: &Footprint, bytes: &[u8]) -> bool {
        footprint.decode(bytes).flags.contains(Flags::OWN)
    }

    #[test]
    fn it_takes_the_prefix_and_our_user_and_a_read() {
        let us = Footprint::of(Some(OURS.into()));
        let id = request_id("0badcafe", 0x3a);
        assert_eq!(id, "auditui-0badcafe-00003a");
        assert!(is_own(&us, &event(&format!("{id}/9C1E/51AB"), OURS, "GET")));
        assert!(is_own(&us, &event(&request_id("0badcafe", 0x123_4567), OURS, "GET")));
        assert!(!is_own(&us, &event(&id, "ocid1.user.oc1..thief", "GET")), "the prefix alone hides nobody");
        assert!(!is_own(&us, &event(&id, OURS, "PUT")), "we never write");
        assert!(!is_own(&us, &event("9C1E/auditui-0badcafe-00003a", OURS, "GET")), "not the first segment");
    }

    #[test]
    fn whoever_we_do_not_know_left_nothing() {
        let id = request_id("0badcafe", 1);
        for user in [None, Some(""), Some(" ")] {
            let nobody = Footprint::of(user.map(Ocid::new));
            assert!(!is_own(&nobody, &event(&id, "", "GET")) && !is_own(&nobody, &event(&id, OURS, "GET")));
        }
    }

    #[test]
    fn what_is_odd_is_not_ours() {
        let us = Footprint::of(Some(OURS.into()));
        let plain = String::from_utf8(event(&request_id("0badcafe", 1), OURS, "GET")).unwrap();
        let twice = plain.replacen("\"eventId\"", "\"eventId\":\"x\",\"eventId\"", 1);
        assert!(is_own(&us, plain.as_bytes()) && !is_own(&us, twice.as_bytes()));
    }

    #[test]
    fn other_request_ids_are_others() {
        for id in [
            "",
            "auditui",
            "auditui-",
            "auditui-0badcafe",
            "auditui-0badcafe-",
            "auditui-0badcafe-00001",
            "auditui-0badcaf-000001",
            "auditui-0badcafe0-000001",
            "auditui-0BADCAFE-000001",
            "auditui-0badcafe-00000g",
            "auditui-0badcafe-000001-x",
            "xauditui-0badcafe-000001",
            "auditui-0badcafe-00000000000000001",
        ] {
            assert!(!is_ours(id), "{id}");
        }
    }
}
