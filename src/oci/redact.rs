//! Secrets in what others write: a service, or a proxy, may quote the token it did not like.

use std::borrow::Cow;

/// What a JSON object in Base64 begins with; every JWT does.
const JWT: &str = "eyJ";
/// Shorter ones are words.
const SHORTEST: usize = 16;

/// The text with `[redacted]` in place of each token.
pub(super) fn without_tokens(text: &str) -> Cow<'_, str> {
    if !text.contains(JWT) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(JWT) {
        out.push_str(before);
        let of_token = |c: char| c.is_ascii_alphanumeric() || ".-_=+/".contains(c);
        let end = after.find(|c| !of_token(c)).unwrap_or(after.len());
        let (token, tail) = after.split_at(end);
        if token.len() < SHORTEST {
            out.extend([JWT, token]);
        } else {
            out.push_str("[redacted]");
        }
        rest = tail;
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_taken_out_and_nothing_else() {
        let token = "eyJraWQiOiJhc3ciLCJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJvY2lkMSJ9.c2ln-_";
        assert_eq!(without_tokens(&format!("ST${token} is \"{token}\"!")), "ST$[redacted] is \"[redacted]\"!");
        for plain in ["", "no token", "keyJ is a word", "eyJ"] {
            assert_eq!(without_tokens(plain), plain);
        }
    }
}
