//! What stands after an operator, read as the field before it asks for.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::condition::{Condition, Numbers, Subject};
use super::super::field::Field;
use super::cursor::{Cursor, Word};
use super::name::shortened;
use crate::domain::region::named_by_key;

/// How a value is compared; the negations are made of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// `:`, by what the field is and what the value looks like.
    Loosely,
    /// `=`
    Exactly,
    /// An element of `in (..)`: exactly, or as a pattern.
    Listed,
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// A value as it stands in the text.
#[derive(Clone, Debug)]
pub enum Value {
    /// Always a text, whatever it looks like.
    Quoted(String),
    Word(Word),
}

/// What a value asks of a subject.
pub fn condition(subject: &Subject, how: How, value: &Value) -> Result<Condition, String> {
    match value {
        Value::Quoted(text) if text.is_empty() => {
            wrong("an empty text is in everything; f:* is any value, -f:* is none")
        }
        Value::Quoted(text) => plain(subject, how, text),
        Value::Word(word) => word_condition(subject, how, word),
    }
}

fn plain(subject: &Subject, how: How, text: &str) -> Result<Condition, String> {
    match how {
        How::Loosely => Ok(Condition::Contains(text.to_owned())),
        How::Exactly | How::Listed if *subject == Subject::Raw => {
            wrong("the whole event is no value: *:word finds a text anywhere in it")
        }
        How::Exactly | How::Listed => Ok(Condition::Equals(text.to_owned())),
        How::Above | How::AtLeast | How::Below | How::AtMost => compared(subject, how, text),
    }
}

fn word_condition(subject: &Subject, how: How, word: &Word) -> Result<Condition, String> {
    let text = word.text();
    if matches!(how, How::Above | How::AtLeast | How::Below | How::AtMost) {
        return compared(subject, how, &text);
    }
    if is_slashed(subject, &text) {
        return wrong("a regular expression goes with =~, and a text with slashes in quotes");
    }
    if let Some(glob) = word.glob() {
        return match how {
            _ if *subject == Subject::Raw => wrong("* and ? stand for parts of one value: *:word, or *=~pattern"),
            How::Exactly => Err(format!(
                "= is exact; a pattern goes with a colon, :{}, and a * as such in quotes",
                shortened(&text)
            )),
            _ => Ok(Condition::Glob(glob)),
        };
    }
    // What was escaped is meant as it stands.
    let Some(bare) = word.unescaped() else { return plain(subject, how, &text) };
    typed(subject, how, &bare).unwrap_or_else(|| plain(subject, how, &text))
}

/// What an unquoted text means for a field that is not just text; `None` where it is just that.
fn typed(subject: &Subject, how: How, text: &str) -> Option<Result<Condition, String>> {
    match subject {
        Subject::Field(Field::Status) => Some(numbers(text).map(Condition::Number).ok_or_else(|| {
            "a status is a number: 404, 4xx, 400..409 or >=400; in quotes it is compared as text".to_owned()
        })),
        Subject::Field(Field::Ip) => address(text),
        Subject::Field(Field::Region) => named_by_key(text).map(|name| plain(subject, how, name)),
        Subject::Path(_) if text.contains("..") => numbers(text).map(|numbers| Ok(Condition::Number(numbers))),
        _ => None,
    }
}

/// `404`, `4xx`, `400..409`, `400..`, `..409`
pub fn numbers(text: &str) -> Option<Numbers> {
    if let Some((first, last)) = text.split_once("..") {
        return match (first, last) {
            ("", last) => last.parse().ok().map(Numbers::AtMost),
            (first, "") => first.parse().ok().map(Numbers::AtLeast),
            (first, last) => between(first, last),
        };
    }
    let hundred = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX")).filter(|digit| digit.len() == 1);
    match hundred {
        Some(digit) => digit.parse::<i64>().ok().map(|digit| Numbers::Between(digit * 100, digit * 100 + 99)),
        None => text.parse().ok().map(|number| Numbers::Between(number, number)),
    }
}

/// Both ends included; `None` where that is none, or no numbers.
pub fn between(first: &str, last: &str) -> Option<Numbers> {
    let (first, last) = (first.trim().parse::<i64>().ok()?, last.trim().parse::<i64>().ok()?);
    (first <= last).then_some(Numbers::Between(first, last))
}

/// An address or a network; a part of an address is a text.
fn address(text: &str) -> Option<Result<Condition, String>> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(Ok(Condition::Address(address.into())));
    }
    if let Ok(network) = text.parse::<IpNet>() {
        return Some(Ok(Condition::Address(network.trunc())));
    }
    let refused = |message: &str| Some(wrong(message));
    match text {
        _ if text.contains('/') => refused("no network: write 10.0.0.0/8 or 2001:db8::/32"),
        _ if text.contains("..") => refused("addresses have no ranges; a network is written 10.0.0.0/8"),
        _ => None,
    }
}

fn compared(subject: &Subject, how: How, text: &str) -> Result<Condition, String> {
    if !matches!(subject, Subject::Field(Field::Status) | Subject::Path(_)) {
        return wrong("only status, time and paths with numbers have an order");
    }
    let Ok(bound) = text.parse() else {
        return Err(format!("“{}” is no whole number", shortened(text)));
    };
    Ok(Condition::Number(match how {
        How::Above => Numbers::Above(bound),
        How::AtLeast => Numbers::AtLeast(bound),
        How::Below => Numbers::Below(bound),
        _ => Numbers::AtMost(bound),
    }))
}

/// Whether it looks like a regular expression where a path is not to be expected.
fn is_slashed(subject: &Subject, text: &str) -> bool {
    let may_be_path =
        matches!(subject, Subject::Field(Field::Path | Field::ResourceId | Field::Resource | Field::Message));
    let is_field = matches!(subject, Subject::Field(_));
    is_field && !may_be_path && text.len() > 2 && text.starts_with('/') && text.ends_with('/')
}

/// The values of a file: one to a line, as in `in (..)`; what follows a `#` at the beginning of a line is passed over.
/// `Err` says what is wrong, and in which line.
pub fn listed(subject: &Subject, content: &str) -> Result<Vec<Condition>, String> {
    let lines = content.lines().enumerate().map(|(n, line)| (n + 1, line.trim()));
    let values = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let conditions: Result<Vec<Condition>, String> = values
        .map(|(number, line)| {
            let mut cursor = Cursor::new(line);
            let value = if line.starts_with('"') {
                cursor.quoted().map(Value::Quoted)
            } else {
                cursor.word(|_| false).map(Value::Word)
            };
            let value = value.map_err(|error| error.message);
            let rest = cursor.rest();
            let whole = value.and_then(|value| match rest {
                "" => condition(subject, How::Listed, &value),
                _ => wrong("one value to a line; a value with spaces goes in quotes"),
            });
            whole.map_err(|message| format!("line {number}: {message}"))
        })
        .collect();
    match conditions {
        Ok(conditions) if conditions.is_empty() => Err("it holds no value".to_owned()),
        other => other,
    }
}

fn wrong<T>(message: &str) -> Result<T, String> {
    Err(message.to_owned())
}
