//! Events as no healthy service would send them, and events that fill a page.

use super::scenario::Twist;

/// `event` with odd bytes in it.
pub fn twisted(event: &[u8], twist: Twist) -> Vec<u8> {
    match twist {
        Twist::RawControl => with_field(event, b"\"odd\":\"a\x01b\x1b[2Jc\td\"", At::Data),
        Twist::InvalidUtf8 => with_field(event, b"\"odd\":\"a\xff\xfe\xc3(b\"", At::Data),
        Twist::LoneSurrogate => with_field(event, b"\"odd\":\"a\\ud800b\\udc00\"", At::Data),
        Twist::HugeNumbers => {
            with_field(event, b"\"odd\":1e400,\"long\":123456789012345678901234567890,\"minus\":-1e-400", At::Data)
        }
        Twist::DuplicateKeys => with_field(event, b"\"eventName\":\"first\",\"eventName\":\"second\"", At::Data),
        Twist::Deep => {
            let deep = [&b"\"odd\":"[..], &b"[".repeat(DEPTH), &b"]".repeat(DEPTH)].concat();
            with_field(event, &deep, At::Top)
        }
        Twist::UnknownFields => with_field(event, b"\"newInVersion3\":{\"a\":[1,{\"b\":null}]}", At::Top),
        Twist::NullData => without_data(event, b",\"data\":null"),
        Twist::NoData => without_data(event, b""),
        Twist::NoneStrings => replaced(event, b":null", b":\"None\""),
        Twist::OtherTypes => with_field(event, b"\"status\":200,\"isPublic\":\"true\",\"tags\":7", At::Data),
    }
}

const DEPTH: usize = 100_000;

/// The same id over other bytes.
pub fn contradicting(event: &[u8]) -> Vec<u8> {
    with_field(event, b"\"told\":\"otherwise\"", At::Top)
}

/// `event` with `bytes` more bytes.
pub fn padded(event: &[u8], bytes: usize) -> Vec<u8> {
    let pad = [&b"\"pad\":\""[..], &b"x".repeat(bytes), b"\""].concat();
    with_field(event, &pad, At::Top)
}

#[derive(Clone, Copy)]
enum At {
    Top,
    Data,
}

/// Puts `field` first into the event, or into its data.
fn with_field(event: &[u8], field: &[u8], at: At) -> Vec<u8> {
    let (before, after) = match at {
        At::Top => event.split_at(1.min(event.len())),
        At::Data => split_behind(event, b"\"data\":{").unwrap_or((b"{", b"}")),
    };
    [before, field, b",", after].concat()
}

/// `data` is the last of an event.
fn without_data(event: &[u8], instead: &[u8]) -> Vec<u8> {
    let Some((head, _)) = split_behind(event, b",\"data\":{") else { return event.to_vec() };
    let head = head.strip_suffix(b",\"data\":{").unwrap_or(head);
    [head, instead, b"}"].concat()
}

fn split_behind<'a>(event: &'a [u8], what: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = event.windows(what.len()).position(|window| window == what)?;
    Some(event.split_at(at + what.len()))
}

fn replaced(event: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(event.len() + 64);
    let mut rest = event;
    while let Some((before, after)) = split_behind(rest, from) {
        out.extend_from_slice(before.strip_suffix(from).unwrap_or(before));
        out.extend_from_slice(to);
        rest = after;
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const EVENT: &[u8] = br#"{"eventId":"e","data":{"eventName":"x","resourceName":null,"more":[1]}}"#;

    fn value(event: &[u8]) -> Value {
        serde_json::from_slice(event).unwrap()
    }

    #[test]
    fn what_is_still_json_says_what_it_shall() {
        assert_eq!(value(&twisted(EVENT, Twist::NullData))["data"], Value::Null);
        assert!(value(&twisted(EVENT, Twist::NoData)).get("data").is_none());
        assert_eq!(value(&twisted(EVENT, Twist::NoneStrings))["data"]["resourceName"], "None");
        assert_eq!(value(&twisted(EVENT, Twist::OtherTypes))["data"]["status"], 200);
        assert!(value(&twisted(EVENT, Twist::UnknownFields))["newInVersion3"].is_object());
        assert_eq!(value(&contradicting(EVENT))["eventId"], "e");
        assert_eq!(padded(EVENT, 1_000).len(), EVENT.len() + 1_000 + br#""pad":"","#.len());
    }

    #[test]
    fn what_is_no_json_is_none() {
        for twist in [Twist::RawControl, Twist::InvalidUtf8, Twist::LoneSurrogate, Twist::HugeNumbers, Twist::Deep] {
            let event = twisted(EVENT, twist);
            assert!(serde_json::from_slice::<Value>(&event).is_err(), "{twist:?}");
            assert!(event.windows(5).any(|part| part == b"\"e\",\"" || part == b"d\":\"e"), "{twist:?} keeps the id");
        }
    }
}
