//! Text inside of text: percent signs and Base64 hide a name from whoever only looks at letters.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regex::Regex;

/// How often what was encoded may have been encoded again.
const LAYERS: usize = 3;

const LEFT_OUT: &str = "[left out]";

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: [GeneralPurpose; 2] =
    [GeneralPurpose::new(&alphabet::STANDARD, LENIENT), GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT)];

/// What has percent signs, with all that may stand beside them.
static PERCENT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[A-Za-z0-9._~+!*-]*(?:%[0-9A-Fa-f]{2}[A-Za-z0-9._~+!*-]*)+").ok());
static RUN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[A-Za-z0-9+/_-]{6,}={0,2}").ok());

/// The text without what `plain` replaces, in whichever form it stands there. Percent signs are written again; of Base64
/// that holds something nothing is left.
pub fn scrub(text: &str, plain: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    scrub_layers(text, plain, LAYERS)
}

fn scrub_layers(text: &str, plain: &dyn Fn(&str) -> Option<String>, layers: usize) -> Option<String> {
    let first = plain(text);
    let Some(layers) = layers.checked_sub(1) else { return first };
    let mut out = first.map_or(Cow::Borrowed(text), Cow::Owned);
    if out.contains('%') {
        let decoded = |run: &str| Some(percent_encoded(&scrub_layers(&percent_decoded(run)?, plain, layers)?));
        if let Some(other) = replaced(&out, PERCENT.as_ref(), &decoded) {
            out = Cow::Owned(other);
        }
    }
    let hides = |run: &str| {
        let decoded = BASE64.iter().filter_map(|engine| engine.decode(run).ok());
        let mut texts = decoded.filter_map(|bytes| String::from_utf8(bytes).ok());
        texts.any(|text| text.chars().count() > 2 && scrub_layers(&text, plain, layers).is_some())
    };
    let left_out = |run: &str| match () {
        () if hides(run) => Some(LEFT_OUT.to_owned()),
        // A path, perhaps, of which one part is Base64.
        () if run.contains('/') => {
            let parts: Vec<&str> = run.split('/').map(|part| if hides(part) { LEFT_OUT } else { part }).collect();
            Some(parts.join("/")).filter(|other| other != run)
        }
        () => None,
    };
    if let Some(other) = replaced(&out, RUN.as_ref(), &left_out) {
        out = Cow::Owned(other);
    }
    match out {
        Cow::Borrowed(_) => None,
        Cow::Owned(other) => Some(other),
    }
}

/// The text with another in place of some of what matches; `None` where it is the same.
fn replaced(text: &str, form: Option<&Regex>, other: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut changed = false;
    let out = form?.replace_all(text, |found: &regex::Captures<'_>| {
        let run = found.get(0).map_or("", |run| run.as_str());
        other(run).inspect(|_| changed = true).unwrap_or_else(|| run.to_owned())
    });
    let out = out.into_owned();
    changed.then_some(out)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).filter(|_| *byte == b'%');
        if let Some(decoded) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(decoded);
            rest = after.get(2..).unwrap_or_default();
        } else {
            out.push(if *byte == b'+' { b' ' } else { *byte });
            rest = after;
        }
    }
    String::from_utf8(out).ok()
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(text: &str) -> String {
        let plain = |text: &str| text.contains("a@b").then(|| text.replace("a@b", "x"));
        scrub(text, &plain).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn what_is_encoded_is_looked_into() {
        assert_eq!(scrubbed("/users/a%40b?x=1%202"), "/users/x?x=1%202");
        assert_eq!(scrubbed("q=%22a%40b%22"), "q=%22x%22");
        assert_eq!(scrubbed("twice a%2540b"), "twice x");
        for (text, expected) in [("is YSBhQGIgYg==.", "is [left out]."), ("/v1/eCBhQGI/x", "/v1/[left out]/x")] {
            assert_eq!(scrubbed(text), expected);
        }
        for same in ["100 %", "%zz", "/20160918/instances", "ocid1.instance.oc1..aaaabbbbcccc", "a%20b", "%ff%fe"] {
            assert_eq!(scrubbed(same), same);
        }
    }
}
