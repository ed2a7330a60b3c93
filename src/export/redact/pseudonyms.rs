//! Names in place of users and addresses: the same for the same, in every copy that was made with the same key, and nothing
//! that leads back without it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;
use ring::hmac;

use super::secrets::{fingerprint, plain};

/// Bytes that a key has at least: all addresses there are can be tried against a short one.
pub const SHORTEST_KEY: usize = 16;

/// Shorter names are replaced only where they are words of their own.
const SAFE_INSIDE_WORDS: usize = 5;

/// Members that name who it was, as [`plain`] writes them.
const WHO: [&str; 16] = [
    "principalname",
    "principalid",
    "username",
    "userid",
    "user",
    "actorname",
    "actordisplayname",
    "actorid",
    "loginname",
    "email",
    "emailaddress",
    "mail",
    "primaryemail",
    "subjectname",
    "createdby",
    "requestedby",
];

/// Replaces what names a person or a machine of one.
pub struct Pseudonyms {
    key: hmac::Key,
    /// Names that were seen in members that name somebody, written small.
    known: BTreeSet<String>,
    /// Finds those; made anew when there are more.
    finder: Option<AhoCorasick>,
}

/// Something that gets another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub range: Range<usize>,
    pub pseudonym: String,
}

static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"[^\s@"'<>,;:/\\()\[\]{}=&?|%]+@[^\s@"'<>,;:/\\()\[\]{}=&?|%]+\.[\pL\pN-]{2,}"#).ok()
});
static USER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)ocid1\.user\.[a-z0-9._-]*").ok());
static V4: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}").ok());
static V6: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*").ok());

/// Whether the member of this name says who it was.
pub fn names_somebody(name: &str) -> bool {
    WHO.contains(&plain(name).as_str())
}

impl Pseudonyms {
    /// `None` where the key is too short.
    pub fn new(key: &[u8]) -> Option<Self> {
        let key = (key.len() >= SHORTEST_KEY).then(|| hmac::Key::new(hmac::HMAC_SHA256, key))?;
        Some(Self { key, known: BTreeSet::new(), finder: None })
    }

    /// Tells copies that were made with other keys apart.
    pub fn key_check(&self) -> String {
        self.digest("check", "", 4)
    }

    /// Takes the value of a member that names somebody.
    pub fn meet(&mut self, name: &str) {
        let name = name.trim();
        // What is found by its form needs no list, and machines that act for themselves are nobody.
        let has_form = EMAIL.as_ref().is_some_and(|form| form.is_match(name)) || name.starts_with("ocid1.");
        if name.chars().count() >= 2
            && !has_form
            && name.parse::<IpAddr>().is_err()
            && self.known.insert(name.to_lowercase())
        {
            self.finder = None;
        }
    }

    /// To be called before [`find`](Self::find) when somebody was met.
    pub fn prepare(&mut self) {
        if self.finder.is_none() {
            let finder = AhoCorasick::builder().ascii_case_insensitive(true).build(&self.known);
            self.finder = finder.ok();
        }
    }

    pub fn user(&self, name: &str) -> String {
        format!("user-{}", self.digest("user", &name.trim().to_lowercase(), 8))
    }

    pub fn address(&self, address: IpAddr) -> String {
        format!("ip-{}", self.digest("ip", &address.to_canonical().to_string(), 8))
    }

    /// In the form of one, so that programs that look for a fingerprint find it.
    pub fn fingerprint(&self, of: &str) -> String {
        let digest = self.digest("fingerprint", &of.to_lowercase(), 16);
        let pairs: Vec<&str> = (0..16).filter_map(|at| digest.get(2 * at..2 * at + 2)).collect();
        pairs.join(":")
    }

    /// Everything in a text that gets another name, in no order, perhaps one within the other.
    pub fn find(&self, text: &str) -> Vec<Named> {
        let mut found = Vec::new();
        let by_form = [&EMAIL, &USER].into_iter().filter_map(|form| form.as_ref());
        for user in by_form.flat_map(|form| form.find_iter(text)) {
            found.push(Named { range: user.range(), pseudonym: self.user(user.as_str()) });
        }
        for name in self.finder.iter().flat_map(|finder| finder.find_overlapping_iter(text)) {
            let Some(name) = text.get(name.range()).map(|text| (name.range(), text)) else { continue };
            if name.1.chars().count() >= SAFE_INSIDE_WORDS || is_word(text, &name.0) {
                found.push(Named { pseudonym: self.user(name.1), range: name.0 });
            }
        }
        found.extend(addresses(text).map(|(range, address)| Named { range, pseudonym: self.address(address) }));
        found.extend(
            fingerprint(text)
                .map(|print| Named { range: text.len() - print.len()..text.len(), pseudonym: self.fingerprint(print) }),
        );
        found
    }

    /// The first bytes of the HMAC-SHA-256 of a value, in hexadecimal digits.
    fn digest(&self, kind: &str, value: &str, bytes: usize) -> String {
        let tag = hmac::sign(&self.key, format!("{kind}\0{value}").as_bytes());
        tag.as_ref().iter().take(bytes).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pseudonyms").field("known", &self.known.len()).finish_non_exhaustive()
    }
}

fn around(text: &str, range: &Range<usize>) -> (Option<char>, Option<char>) {
    let before = text.get(..range.start).and_then(|before| before.chars().next_back());
    (before, text.get(range.end..).and_then(|after| after.chars().next()))
}

fn is_word(text: &str, range: &Range<usize>) -> bool {
    let (before, after) = around(text, range);
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !is_part(before) && !is_part(after)
}

fn addresses(text: &str) -> impl Iterator<Item = (Range<usize>, IpAddr)> {
    let four = V4.iter().flat_map(move |form| form.find_iter(text)).filter_map(move |found| {
        let (before, after) = around(text, &found.range());
        let octets: Vec<u8> = found.as_str().split('.').filter_map(|octet| octet.parse().ok()).collect();
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let octets = <[u8; 4]>::try_from(octets).ok().filter(|_| !is_digit(before) && !is_digit(after))?;
        Some((found.range(), IpAddr::from(octets)))
    });
    let six = V6.iter().flat_map(move |form| form.find_iter(text)).filter_map(move |found| {
        let start = found.start();
        let (before, _) = around(text, &found.range());
        let trimmed = found.as_str().trim_end_matches('.');
        let shorter = trimmed.strip_suffix(':').unwrap_or(trimmed);
        let (range, address) = [trimmed, shorter].into_iter().find_map(|text| {
            let address = text.parse::<std::net::Ipv6Addr>().ok()?;
            Some((start..start + text.len(), IpAddr::from(address)))
        })?;
        // `std::io` is none, nor is what stands in the middle of a word.
        let has_digit = found.as_str().bytes().any(|byte| byte.is_ascii_hexdigit());
        (has_digit && !before.is_some_and(char::is_alphanumeric)).then_some((range, address))
    });
    four.chain(six)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pseudonyms(key: u8) -> Pseudonyms {
        let mut pseudonyms = Pseudonyms::new(&[key; 16]).unwrap();
        for name in ["Alice Smith", "bob", "jo", "carol@acme.com", "ocid1.instance.oc1..x"] {
            pseudonyms.meet(name);
        }
        pseudonyms.prepare();
        pseudonyms
    }

    fn found(text: &str) -> Vec<&str> {
        let mut found = pseudonyms(1).find(text);
        found.sort_by_key(|named| named.range.start);
        found.into_iter().map(|named| text.get(named.range).unwrap()).collect()
    }

    #[test]
    fn who_and_where_from_is_found_in_any_text() {
        assert_eq!(found("by ALICE SMITH, (Bob) and bobby"), ["ALICE SMITH", "Bob"]);
        assert_eq!(found("mail carol@acme.com or x.y+z@sub.example.org."), ["carol@acme.com", "x.y+z@sub.example.org"]);
        assert_eq!(found("/users/ocid1.user.oc1..aaa/keys"), ["ocid1.user.oc1..aaa"]);
        assert_eq!(
            found("10.0.0.1, [2001:db8::1]:443 and ::ffff:10.0.0.1; 203.0.113.9:80"),
            ["10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1", "10.0.0.1", "203.0.113.9"]
        );
        let print = "20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34";
        assert_eq!(found(print), [print]);
        for none in
            ["08:00:00", "2026-03-14T08:00:00Z", "std::io", "300.1.1.1", "1.2.3", "a@b", "ocid1.instance.oc1..x"]
        {
            assert_eq!(found(none), Vec::<&str>::new(), "{none}");
        }
    }

    #[test]
    fn the_same_has_the_same_name_and_another_key_gives_others() {
        let (one, other) = (pseudonyms(1), pseudonyms(2));
        assert_eq!(one.user("Alice"), one.user("alice "));
        assert_ne!(one.user("alice"), other.user("alice"));
        assert_ne!(one.key_check(), other.key_check());
        let [plain, mapped] = ["10.0.0.1", "::ffff:10.0.0.1"].map(|address| one.address(address.parse().unwrap()));
        assert_eq!(plain, mapped);
        assert!(fingerprint(&one.fingerprint("a")).is_some());
        assert!(Pseudonyms::new(b"too short").is_none());
        assert!(!format!("{one:?}").contains("bob"), "{one:?}");
    }
}
