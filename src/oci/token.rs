//! Tokens that sign: those of `oci session authenticate`, of instances and of resources. All are JWTs.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::Deserialize;

use crate::domain::ocid::Ocid;

use super::files::{self, FileError};

/// A session token and what it says about itself. Its signature is Oracle's to check.
#[derive(Clone)]
pub struct SessionToken {
    pub text: SecretString,
    /// Claim `exp`.
    pub expires: Option<DateTime<Utc>>,
    /// How long before that another one is due: a third of its life, a quarter of an hour at most. A session can only be
    /// renewed while it lasts, and there may be no call for minutes.
    pub margin: TimeDelta,
    /// Claim `sub`, where it is an OCID: a user, an instance, a function.
    pub user: Option<Ocid>,
    /// Claim `res_tenant` of resources, else `tenant`.
    pub tenancy: Option<Ocid>,
}

const MARGIN: TimeDelta = TimeDelta::minutes(15);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("{0}")]
    File(#[from] FileError),
    #[error("its content is no session token")]
    NotAToken,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    exp: Option<i64>,
    iat: Option<i64>,
    sub: Option<String>,
    tenant: Option<String>,
    res_tenant: Option<String>,
}

impl SessionToken {
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        Self::parse(&files::read_small(path)?)
    }

    /// Claims that cannot be read are left out: the token is used as it is.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        // It goes between quotes in a header.
        if text.is_empty() || text.bytes().any(|b| !b.is_ascii_graphic() || b == b'"' || b == b'\\') {
            return Err(TokenError::NotAToken);
        }
        let claims = claims(text).unwrap_or_default();
        let instant = |seconds: Option<i64>| DateTime::from_timestamp(seconds?, 0);
        let expires = instant(claims.exp);
        let life = expires.zip(instant(claims.iat)).map(|(end, start)| end - start);
        Ok(Self {
            text: text.into(),
            expires,
            margin: life.map_or(MARGIN, |life| MARGIN.min(life / 3)),
            user: claims.sub.filter(|sub| sub.starts_with("ocid1.")).map(Ocid::new),
            tenancy: claims.res_tenant.or(claims.tenant).map(Ocid::new),
        })
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionToken([redacted], expires {:?})", self.expires)
    }
}

fn claims(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?.trim_end_matches('=');
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn claims_are_read_where_they_can_be() {
        let claims = r#"{"exp":1753175600,"sub":"ocid1.user.oc1..x","n":[]}"#;
        let token = SessionToken::parse(&format!("h.{}.s\n", URL_SAFE_NO_PAD.encode(claims))).unwrap();
        assert_eq!(token.expires.unwrap().timestamp(), 1_753_175_600);
        assert_eq!(token.user.as_ref().unwrap().as_str(), "ocid1.user.oc1..x");
        assert!(!token.text.expose_secret().contains(char::is_whitespace));
        assert_eq!(token.margin, MARGIN);
        let short = r#"{"iat":100,"exp":130,"sub":"someone","tenant":"t","res_tenant":"r"}"#;
        let short = SessionToken::parse(&format!("h.{}.s", URL_SAFE_NO_PAD.encode(short))).unwrap();
        assert_eq!((short.margin.num_seconds(), short.user), (10, None));
        assert_eq!(short.tenancy.unwrap().as_str(), "r");
        let odd = SessionToken::parse("x.y.z").unwrap();
        assert!(odd.expires.is_none() && odd.user.is_none());
    }

    #[test]
    fn what_cannot_go_into_a_header_is_no_token() {
        for text in ["", " \n", "a\nb", "a b", "a\"b", "ä"] {
            assert_eq!(SessionToken::parse(text).unwrap_err(), TokenError::NotAToken, "{text}");
        }
    }

    #[test]
    fn debug_shows_no_token() {
        assert!(!format!("{:?}", SessionToken::parse("hunter2").unwrap()).contains("hunter2"));
    }
}
