//! The times of events.

use chrono::{DateTime, NaiveDate, Utc};

/// An RFC 3339 instant; `None` for anything else.
pub fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    usual(text.as_bytes()).or_else(|| by_chrono(text))
}

fn by_chrono(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text.trim()).ok().map(|time| time.with_timezone(&Utc))
}

/// What nearly all of them look like: `2026-03-14T13:55:10.123Z` with any fraction or none, or `+00:00` at its end.
/// `None` for all else, also where it is a time.
fn usual(text: &[u8]) -> Option<DateTime<Utc>> {
    let (head, tail) = text.split_at_checked("2026-03-14T13:55:10".len())?;
    let &[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', i0, i1, b':', s0, s1] = head else {
        return None;
    };
    let date = NaiveDate::from_ymd_opt((two(y0, y1)? * 100 + two(y2, y3)?).cast_signed(), two(m0, m1)?, two(d0, d1)?)?;
    Some(date.and_hms_nano_opt(two(h0, h1)?, two(i0, i1)?, two(s0, s1)?, nanoseconds(tail)?)?.and_utc())
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u32::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

/// The fraction before the zone, where that is UTC. Digits behind the ninth are cut off, as chrono does.
fn nanoseconds(tail: &[u8]) -> Option<u32> {
    let tail = tail.strip_suffix(b"Z").or_else(|| tail.strip_suffix(b"+00:00"))?;
    let Some(digits) = tail.strip_prefix(b".") else { return tail.is_empty().then_some(0) };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let padded = digits.iter().copied().chain(std::iter::repeat(b'0'));
    Some(padded.take(9).fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_usual_times_need_no_second_look() {
        for text in ["2026-03-14T13:55:10.123Z", "2026-03-14T13:55:10Z", "2024-02-29T23:59:59.123456789012+00:00"] {
            assert!(usual(text.as_bytes()).is_some(), "{text}");
            assert_eq!(usual(text.as_bytes()), by_chrono(text), "{text}");
        }
    }

    #[test]
    fn the_unusual_ones_are_still_times() {
        for text in
            ["2026-03-14t13:55:10z", " 2026-03-14T13:55:10Z\n", "2026-03-14T13:55:10-08:00", "2016-12-31T23:59:60Z"]
        {
            assert!(parse_time(text).is_some(), "{text}");
        }
        for text in ["", "now", "2026-02-29T00:00:00Z", "2026-03-14T24:00:00Z", "2026-03-14T13:55:10.Z", "1773496510"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn it_is_chronos_time(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,12})?(Z|z|[+-]0[0-9]:[0-5]0)?"
        ) {
            prop_assert_eq!(parse_time(&text), by_chrono(&text));
        }

        #[test]
        fn or_none_where_chrono_has_none(at in 0usize..30, byte in 0u8..128, insert: bool, cut in 0usize..40) {
            let mut bytes = b"2026-03-14T13:55:10.123456789Z".to_vec();
            if insert { bytes.insert(at, byte) } else { bytes[at] = byte }
            bytes.truncate(cut);
            let text = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(parse_time(&text), by_chrono(&text));
        }
    }
}
