//! Names in place of users and addresses: the same for the same, in every copy that was made with the same key, and nothing
//! that leads back without it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, BuildError};
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
    /// Names that were seen in members that name somebody, as [`folded`] writes them.
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
        if has_form(name) {
            return;
        }
        // Of `provider/name` and `DOMAIN\name` the name may stand alone elsewhere, as may that of `Name <address>`.
        let alone = behind_provider(name).map(|(_, name)| name);
        let shown = name.split_once('<').map(|(shown, _)| shown.trim().trim_matches('"'));
        for name in [Some(name), alone, shown].into_iter().flatten().filter(|name| !has_form(name)) {
            if name.chars().count() >= 2 && self.known.insert(folded(name)) {
                self.finder = None;
            }
        }
    }

    /// To be called before [`find`](Self::find) when somebody was met. Without it no name would be found.
    pub fn prepare(&mut self) -> Result<(), BuildError> {
        if self.finder.is_none() {
            self.finder = Some(AhoCorasick::builder().ascii_case_insensitive(true).build(&self.known)?);
        }
        Ok(())
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
        for range in self.names(text) {
            let Some(name) = text.get(range.clone()) else { continue };
            if name.chars().count() >= SAFE_INSIDE_WORDS || is_word(text, &range) {
                found.push(Named { pseudonym: self.user(name), range });
            }
        }
        found.extend(addresses(text).map(|(range, address)| Named { range, pseudonym: self.address(address) }));
        found.extend(
            fingerprint(text)
                .map(|print| Named { range: text.len() - print.len()..text.len(), pseudonym: self.fingerprint(print) }),
        );
        found
    }

    /// Where names that are known stand, however they are written there.
    fn names(&self, text: &str) -> Vec<Range<usize>> {
        let Some(finder) = &self.finder else { return Vec::new() };
        if text.is_ascii() {
            return finder.find_overlapping_iter(text).map(|name| name.range()).collect();
        }
        // The finder takes large for small letters in ASCII only. `from`: where the letter begins and ends that a byte is of.
        let (mut small, mut from) = (String::with_capacity(text.len()), Vec::with_capacity(text.len()));
        for (at, letter) in text.char_indices() {
            small.extend(fold(letter));
            from.resize(small.len(), at..at + letter.len_utf8());
        }
        let range = |name: Range<usize>| Some(from.get(name.start)?.start..from.get(name.end.checked_sub(1)?)?.end);
        finder.find_overlapping_iter(&small).filter_map(|name| range(name.range())).collect()
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

/// Whether the whole of a name is found by its form and needs no list, or is that of a machine, which is nobody.
pub fn has_form(name: &str) -> bool {
    let name = name.trim();
    let is_mail = |name: &str| {
        EMAIL.as_ref().and_then(|form| form.find(name)).is_some_and(|mail| mail.range() == (0..name.len()))
    };
    let is_mail_of_provider = |(provider, name): (&str, &str)| !provider.contains(char::is_whitespace) && is_mail(name);
    is_mail(name)
        || behind_provider(name).is_some_and(is_mail_of_provider)
        || (name.starts_with("ocid1.") && !name.contains(char::is_whitespace))
        || name.parse::<IpAddr>().is_ok()
}

/// Who knows the name, and the name.
fn behind_provider(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once(['/', '\\']).map(|(provider, name)| (provider, name.trim()))
}

/// The letter written small, the same for all that are one letter written large.
fn fold(letter: char) -> impl Iterator<Item = char> {
    letter.to_uppercase().flat_map(char::to_lowercase)
}

fn folded(name: &str) -> String {
    name.chars().flat_map(fold).collect()
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
    let six = V6.iter().flat_map(move |form| form.find_iter(text)).filter_map(move |found| six(text, &found.range()));
    four.chain(six)
}

/// Groups that may stand before an address and look like some of its own, as in `src:2001:db8::1`. Of a fingerprint, which has
/// 16 groups, nothing is an address.
const GROUPS_BEFORE: usize = 3;

/// The address in a run of digits, colons and dots.
fn six(text: &str, run: &Range<usize>) -> Option<(Range<usize>, IpAddr)> {
    let whole = text.get(run.clone())?;
    let starts = std::iter::once(0).chain(whole.match_indices(':').map(|(at, _)| at + 1).take(GROUPS_BEFORE));
    let (_, after) = around(text, run);
    starts.filter_map(|start| whole.get(start..)).find_map(|rest| {
        let rest = rest.trim_start_matches('.');
        let trimmed = rest.trim_end_matches('.');
        let shorter = trimmed.strip_suffix(':').unwrap_or(trimmed);
        // In `2001:db8::1:dst` the last digit is none.
        let before_word = trimmed.rsplit_once(':').map(|(before, _)| before);
        let before_word = before_word.filter(|_| after.is_some_and(char::is_alphanumeric));
        let start = run.end - rest.len();
        let (range, address) = before_word.into_iter().chain([trimmed, shorter]).find_map(|text| {
            let address = text.parse::<std::net::Ipv6Addr>().ok()?;
            Some((start..start + text.len(), IpAddr::from(address)))
        })?;
        // `std::io` is none, nor is what stands in the middle of a word.
        let has_digit = text.get(range.clone())?.bytes().any(|byte| byte.is_ascii_hexdigit());
        let (before, _) = around(text, &range);
        (has_digit && !before.is_some_and(char::is_alphanumeric)).then_some((range, address))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pseudonyms(key: u8) -> Pseudonyms {
        let mut pseudonyms = Pseudonyms::new(&[key; 16]).unwrap();
        for name in ["Alice Smith", "bob", "jo", "carol@acme.com", "ocid1.instance.oc1..x"] {
            pseudonyms.meet(name);
        }
        pseudonyms.prepare().unwrap();
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

    fn found_of(name: &str, text: &str) -> Vec<String> {
        let mut pseudonyms = Pseudonyms::new(&[1; 16]).unwrap();
        pseudonyms.meet(name);
        pseudonyms.prepare().unwrap();
        pseudonyms.find(text).into_iter().map(|named| text.get(named.range).unwrap().to_owned()).collect()
    }

    #[test]
    fn names_are_found_in_every_script_however_they_are_written() {
        for (name, text) in [
            ("Élodie Durand", "von ÉLODIE DURAND, élodie durand und Élodie Durand"),
            ("Иван Петров", "(Иван Петров), иван ПЕТРОВ; ИВАН петров"),
            ("Ωμέγας Σίσυφος", "— Ωμέγας Σίσυφος, ΩΜΈΓΑΣ ΣΊΣΥΦΟΣ, ωμέγας σίσυφος"),
        ] {
            let found = found_of(name, text);
            assert_eq!(found.len(), 3, "{found:?}");
            assert!(found.iter().all(|found| found.to_lowercase() == name.to_lowercase()), "{found:?}");
        }
        assert_eq!(found_of("alice smith", "İİ ALICE SMITH ß"), ["ALICE SMITH"]);
        assert_eq!(found_of("Anna Weiß", "ANNA WEISS!"), ["ANNA WEISS"]);
    }

    #[test]
    fn names_beside_an_address_or_behind_a_provider_are_names_of_their_own() {
        assert_eq!(found_of("Alice Smith <alice@acme.com>", "by Alice Smith"), ["Alice Smith"]);
        for name in ["oracleidentitycloudservice/jdoe42", "ACME\\jdoe42"] {
            assert_eq!(found_of(name, "for jdoe42."), ["jdoe42"], "{name}");
        }
        assert_eq!(found_of("idcs/carol@acme.com", "idcs/carol@acme.com"), ["carol@acme.com"]);
        assert_eq!(found_of("ocid1.instance.oc1..x", "ocid1.instance.oc1..x"), Vec::<String>::new());
    }

    #[test]
    fn addresses_are_found_behind_a_colon() {
        for (text, address) in [
            ("ip:2001:db8::77", "2001:db8::77"),
            ("src:2001:db8::78 x", "2001:db8::78"),
            ("src:2001:db8::78:dst", "2001:db8::78"),
            ("ip:::1", "::1"),
            ("at.2001:db8::79", "2001:db8::79"),
            ("srcaddr:2001:db8:0:0:0:0:0:1", "2001:db8:0:0:0:0:0:1"),
        ] {
            assert_eq!(found(text), [address], "{text}");
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
