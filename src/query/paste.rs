//! What a text that was copied elsewhere is, as a term: an OCID, an address, a fingerprint is recognised by its shape.

use std::net::IpAddr;

use ipnet::IpNet;

use super::condition::{Condition, Subject};
use super::field::Field;
use super::parse::bare_value;
use super::term::{Expr, Term};
use crate::domain::ocid::Ocid;

/// More lines than these are no list that anyone wants to see in a query; `in @file` takes them.
const MOST: usize = 200;

/// The term that a pasted text stands for, where it has one of the known shapes from beginning to end. Several of the
/// same field, a line or word each, become one term.
pub fn pasted(text: &str) -> Option<Expr> {
    let mut values = Vec::new();
    let mut subject = None;
    for word in text.split([' ', '\t', '\r', '\n', ',', ';']).filter(|word| !word.is_empty()) {
        let word = word.trim_matches(['"', '\'']);
        let kind = shape(word)?;
        if values.len() == MOST || subject.replace(kind.clone()).is_some_and(|before| before != kind) {
            return None;
        }
        let condition = bare_value(&kind, kind != Subject::AnyOcid, word)?;
        if !values.contains(&condition) {
            values.push(condition);
        }
    }
    let condition = if values.len() == 1 { values.pop()? } else { Condition::Any(values) };
    Some(Term::About { subject: subject?, condition }.into())
}

/// What a text is by its shape.
fn shape(word: &str) -> Option<Subject> {
    if Ocid::new(word).kind().is_some() {
        return Some(Subject::AnyOcid);
    }
    if word.parse::<IpAddr>().is_ok() || word.parse::<IpNet>().is_ok() {
        return Some(Subject::Field(Field::Ip));
    }
    if is_fingerprint(word) {
        return Some(Subject::Field(Field::Key));
    }
    if is_uuid(word) {
        return Some(Subject::Field(Field::Id));
    }
    is_mail_address(word).then_some(Subject::Field(Field::User))
}

/// `20:3b:97:…`: sixteen pairs.
fn is_fingerprint(word: &str) -> bool {
    let pairs: Vec<&str> = word.split(':').collect();
    pairs.len() == 16 && pairs.iter().all(|pair| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_uuid(word: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = word.split('-').collect();
    parts.len() == lengths.len()
        && parts.iter().zip(lengths).all(|(part, n)| part.len() == n && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_mail_address(word: &str) -> bool {
    let plain = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+'))
    };
    word.split_once('@').is_some_and(|(name, domain)| plain(name) && plain(domain) && domain.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::pasted;

    fn term(text: &str) -> Option<String> {
        pasted(text).map(|expr| expr.to_string())
    }

    #[test]
    fn what_is_pasted_alone_becomes_the_term_it_looks_like() {
        let shapes = [
            ("ocid1.bucket.oc1..aaaa", "ocid:\"ocid1.bucket.oc1..aaaa\""),
            (" 203.0.113.9\n", "ip:203.0.113.9"),
            ("2001:db8::1", "ip:2001:db8::1"),
            ("10.0.0.0/8", "ip:10.0.0.0/8"),
            ("alice@acme.com", "user=alice@acme.com"),
            ("93e7a143-650b-4632-8a53-a464f45ee3c5", "id=93e7a143-650b-4632-8a53-a464f45ee3c5"),
            ("20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:2d:81:72", "key=20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:2d:81:72"),
        ];
        for (text, printed) in shapes {
            assert_eq!(term(text).as_deref(), Some(printed));
        }
    }

    #[test]
    fn several_of_a_kind_become_one_term_and_anything_else_none() {
        assert_eq!(term("203.0.113.9\n198.51.100.7, 203.0.113.9").as_deref(), Some("ip:(203.0.113.9 OR 198.51.100.7)"));
        assert_eq!(term("a@b.c d@e.f").as_deref(), Some("user in (a@b.c, d@e.f)"));
        for text in ["", "delete bucket", "203.0.113.9 alice@acme.com", "10.0.0.300", "user:alice", "a@b", "12:34"] {
            assert_eq!(term(text), None, "{text}");
        }
        let many: Vec<String> = (0..=255).map(|n| format!("10.0.0.{n}")).collect();
        assert_eq!(term(&many.join(" ")), None);
    }
}
