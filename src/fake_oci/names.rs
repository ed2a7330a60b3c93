//! Invented identifiers in Oracle's forms: OCIDs, event ids, request ids.

use chrono::{DateTime, SecondsFormat, Utc};

use super::seed::{self, Stream};

const BASE32: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
const HEX: &[u8] = b"0123456789ABCDEF";
const LOWER_HEX: &[u8] = b"0123456789abcdef";

/// The OCID of a thing without a region: a tenancy, a user, a compartment.
pub fn global_ocid(kind: &str, about: &[&str]) -> String {
    format!("ocid1.{kind}.oc1..aaaaaaaa{}", unique(kind, about))
}

/// The OCID of a thing in a region. The two oldest regions go by their key.
pub fn regional_ocid(kind: &str, region: &str, about: &[&str]) -> String {
    let place = match region {
        "us-ashburn-1" => "iad",
        "us-phoenix-1" => "phx",
        other => other,
    };
    format!("ocid1.{kind}.oc1.{place}.aaaaaaaa{}", unique(kind, about))
}

fn unique(kind: &str, about: &[&str]) -> String {
    let parts: Vec<u64> = std::iter::once(kind).chain(about.iter().copied()).map(seed::text).collect();
    Stream::about(&parts).letters(52, BASE32)
}

/// A UUID, version 4 in form.
pub fn uuid(stream: &mut Stream) -> String {
    let (high, low) = (stream.number(), stream.number());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xFFFF,
        high & 0xFFF,
        8 + (low >> 62),
        low >> 48 & 0xFFF,
        low & 0xFFFF_FFFF_FFFF
    )
}

/// One segment of an opc-request-id.
pub fn segment(stream: &mut Stream) -> String {
    stream.letters(32, HEX)
}

/// A key's fingerprint.
pub fn fingerprint(stream: &mut Stream) -> String {
    let pairs: Vec<String> = (0..16).map(|_| stream.letters(2, LOWER_HEX)).collect();
    pairs.join(":")
}

/// RFC 3339 with milliseconds and `Z`, as events carry it.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// As in the header `Date`.
pub fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_their_form() {
        let mut stream = Stream::new(1);
        let id = uuid(&mut stream);
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(segment(&mut stream).len(), 32);
        assert_eq!(fingerprint(&mut stream).len(), 47);
        assert_eq!(global_ocid("user", &["a"]), global_ocid("user", &["a"]));
        assert_ne!(global_ocid("user", &["a"]), global_ocid("group", &["a"]));
        assert!(regional_ocid("vcn", "us-ashburn-1", &[]).starts_with("ocid1.vcn.oc1.iad."));
    }

    #[test]
    fn times_have_their_form() {
        let at: DateTime<Utc> = "2025-01-05T00:00:00Z".parse().unwrap();
        assert_eq!(http_date(at), "Sun, 05 Jan 2025 00:00:00 GMT");
        assert_eq!(rfc3339(at), "2025-01-05T00:00:00.000Z");
    }
}
