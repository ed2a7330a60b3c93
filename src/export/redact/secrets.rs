//! Where secrets stand: by the names of members, and in any text.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::walk::Fate;
use crate::domain::secret::is_headers;

/// What names of secrets have in them, written small and without marks.
const WORDS: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "privatekey",
    "authorization",
    "cookie",
    "signature",
    "bearer",
    "accesskey",
    "apikey",
    "connectionstring",
    "credential",
    "accessuri",
    "token",
];

/// What names end in that tell of a secret and hold none.
const TELLING: [&str; 13] = [
    "id", "ids", "ocid", "name", "names", "type", "state", "status", "count", "policy", "version", "number", "expires",
];

/// The name of a member as it is compared: small, letters and digits only.
pub fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What becomes of the member of this name.
pub fn fate(name: &str) -> Fate {
    let plain = plain(name);
    if is_headers(name) || plain.ends_with("headers") {
        return Fate::Gone;
    }
    if is_credentials(&plain) {
        return Fate::Kept;
    }
    let is_secret = WORDS.iter().any(|word| plain.contains(word)) && !TELLING.iter().any(|end| plain.ends_with(end));
    if is_secret { Fate::LeftOut } else { Fate::Kept }
}

/// Of these the fingerprint of the key stays. `plain`: see [`plain`].
pub fn is_credentials(plain: &str) -> bool {
    plain.ends_with("credentials") || plain == "credentialid"
}

/// What `credentials` hold that is no secret.
pub fn fingerprint(credentials: &str) -> Option<&str> {
    let last = credentials.rsplit('/').next()?;
    let is_pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
    (last.split(':').count() == 16 && last.split(':').all(is_pair)).then_some(last)
}

/// Words that have a secret behind them in queries, settings, commands and JSON inside of text, with what else is of the name.
const NAME: &str = "(?P<name>(?:passwo?r?d|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key\
    |connection[-_]?string|signature|credential|authorization|cookie)[A-Za-z0-9_-]*|sig)";

/// What stands there: behind a quote all up to the one that closes it, else all up to white space or an ampersand. The first is
/// for JSON that is a text in JSON, the second for one that is so more than once.
const VALUE: &str = r#"(?:\\"((?:[^"\\]|\\\\\\"|\\\\\\\\|\\\\[^"\\]|\\[^"\\])+)|\\{2,}"([^"]+)|"((?:[^"\\]|""|\\(?s:.)?)+)|\\*'((?:[^'\\]|''|\\(?s:.)?)+)|(\[[^\]]*[^\s&]*)|(\{[^}]*[^\s&]*)|((?:(?:bearer|basic|negotiate|digest)\s+)?[^\s&]+))"#;

/// What is a secret wherever it stands; where there is a group beside the name, that and not what is around it.
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let patterns = [
        r"ST\$[A-Za-z0-9._=+/$-]+".to_owned(),
        r"eyJ[A-Za-z0-9_=+/.-]{13,}".to_owned(),
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|$)".to_owned(),
        r"(?i)\b(?:bearer|basic|negotiate|digest)\s+([A-Za-z0-9._~+/=-]{16,})".to_owned(),
        // Of a pre-authenticated request.
        r#"/p/([^/\s"]+)/n/"#.to_owned(),
        format!(r#"(?i){NAME}\\*["']{{0,2}}\s*[:=]{{1,2}}>?\s*{VALUE}"#),
        format!(r#"(?i)(?:^|[\s"'])--?[A-Za-z0-9_-]*?{NAME}\s+{VALUE}"#),
        // Cookies have white space between them.
        r#"(?i)cookie:\s*([^\r\n"\\]+)"#.to_owned(),
        r"://([^/\s@]*:[^/\s]+)@".to_owned(),
    ];
    patterns.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect()
});

/// Where in a text secrets stand.
pub fn find(text: &str) -> impl Iterator<Item = Range<usize>> {
    PATTERNS.iter().flat_map(move |pattern| {
        let mut from = 0;
        std::iter::from_fn(move || {
            loop {
                let found = pattern.captures_at(text, from)?;
                let name = found.name("name");
                if let Some(name) = name.filter(|name| only_tells(name.as_str())) {
                    // What stands behind it may be a name as well.
                    from = name.end();
                    continue;
                }
                let mut groups =
                    found.iter().skip(1).flatten().filter(|group| Some(group.range()) != name.map(|name| name.range()));
                let secret = groups.next().or_else(|| found.get(0))?.range();
                from = secret.end;
                return Some(secret);
            }
        })
    })
}

/// Whether the name is that of something which is no secret, such as an id of one.
fn only_tells(name: &str) -> bool {
    let plain = plain(name);
    !is_credentials(&plain) && TELLING.iter().any(|end| plain.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(PATTERNS.len(), 9);
    }

    #[test]
    fn names_of_secrets_are_known_and_what_only_tells_of_them_stays() {
        for name in ["headers", "requestHeaders", "data.request.headers.Accept"] {
            assert_eq!(fate(name), Fate::Gone, "{name}");
        }
        for name in [
            "password",
            "adminPassword",
            "client_secret",
            "secretBundleContent",
            "AuthToken",
            "accessUri",
            "PRIVATE-KEY",
        ] {
            assert_eq!(fate(name), Fate::LeftOut, "{name}");
        }
        for name in ["secretId", "secretName", "tokenType", "passwordPolicy", "credentials", "shape", "apiKeyId"] {
            assert_eq!(fate(name), Fate::Kept, "{name}");
        }
    }

    #[test]
    fn nothing_of_a_secret_stays() {
        for text in [
            r#"sent '{"password":"CAN,ARY CANARY"}' x"#,
            r#"sent {\"password\":\"CAN,ARY \\\"CANARY\\\" CANARY\"} x"#,
            r#"sent {\\\"password\\\":\\\"CAN,ARY CANARY\\\"} x"#,
            r#"sent {"password":"CAN\"ARY CANARY"} x"#,
            r#"sent {"password":["CAN ARY","CANARY"]} x"#,
            "Pwd='CANARY CANARY' x",
            "DB_PASSWORD=abc;CANARY x",
            "aws_secret_access_key = CANARY x",
            "client_secret_value=CANARY x",
            "AccessKey=CANARY x",
            "Cookie: a=CANARY; b=CANARY",
            "Authorization: Basic CANARY x",
            "run --password CANARY x",
            "run --db-token 'CANARY CANARY' x",
            "run -secret CANARY x",
            "https://:CANARY@h x",
            "https://me:CAN@ARY@h x",
            "secretId=a,password=CANARY x",
            "password => CANARY x",
        ] {
            let mut left = text.to_owned();
            let mut found: Vec<_> = find(text).collect();
            found.sort_by_key(|range| std::cmp::Reverse(range.start));
            for range in found {
                left.replace_range(range.start..range.end.min(left.len()), "");
            }
            assert!(!left.contains("CAN") && !left.contains("ARY") && left.len() < text.len(), "{text}: {left}");
        }
    }

    #[test]
    fn secrets_are_found_in_text() {
        let found = |text: &str| find(text).map(|range| text.get(range).unwrap().to_owned()).collect::<Vec<_>>();
        for (text, secret) in [
            ("a ST$eyJ.x-y b", "ST$eyJ.x-y"),
            ("is eyJraWQiOiJhc3ciLCJ.x.y!", "eyJraWQiOiJhc3ciLCJ.x.y"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- x", "MIIE"),
            ("Authorization: Bearer 0123456789abcdefXY", "0123456789abcdefXY"),
            ("/p/Zm9vYmFy/n/ns/b/x", "Zm9vYmFy"),
            ("/x?a=1&token=canary&b=2", "canary"),
            (r#"{\"password\":\"canary\"}"#, "canary"),
            ("password: canary", "canary"),
            ("https://me:canary@host/", "me:canary"),
        ] {
            assert!(found(text).iter().any(|found| found.contains(secret)), "{text}: {:?}", found(text));
        }
        for plain in [
            "?secretId=ocid1.x&tokenType=b",
            "--secret-name b",
            "the design: x",
            "a basic question",
            "tokens of two",
            "/p/a",
            "https://host/x@y",
        ] {
            assert_eq!(found(plain), Vec::<String>::new(), "{plain}");
        }
    }
}
