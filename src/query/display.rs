//! A query in words: as it would be typed, and as chips say it.

use std::fmt;

use chrono::{DateTime, Utc};

use super::condition::{Condition, Numbers, Pattern, Subject};
use super::flag::Flag;
use super::glob::{Glob, Token};
use super::parse::bare_value;
use super::path::JsonPath;
use super::term::{AccessSet, Expr, Query, Term};
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::domain::time_range::{TimeRange, rfc3339};

impl fmt::Display for Query {
    /// As it would be typed; empty when everything is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, conjunct) in self.conjuncts().iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            match conjunct {
                Expr::Or(any) if self.conjuncts().len() > 1 && any.len() > 1 => write!(f, "{space}({conjunct})")?,
                _ => write!(f, "{space}{conjunct}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::And(all) if all.is_empty() => f.write_str("*"),
            Self::Or(any) if any.is_empty() => f.write_str("NOT *"),
            Self::And(all) => joined(f, all, " "),
            Self::Or(any) => joined(f, any, " OR "),
            Self::Not(inner) if **inner == Self::All => f.write_str("NOT *"),
            Self::Not(inner) if inner.is_one_word() => write!(f, "-{inner}"),
            Self::Not(inner) => write!(f, "NOT ({inner})"),
            Self::Off(inner) => match &**inner {
                Self::And(_) | Self::Or(_) => write!(f, "~({inner})"),
                Self::Term(term) if !term.is_one_word() => write!(f, "~({inner})"),
                _ => write!(f, "~{inner}"),
            },
            Self::Term(term) => term.fmt(f),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Expr], separator: &str) -> fmt::Result {
    for (place, part) in parts.iter().enumerate() {
        let separator = if place == 0 { "" } else { separator };
        match part {
            Expr::And(inner) | Expr::Or(inner) if inner.len() > 1 => write!(f, "{separator}({part})")?,
            _ => write!(f, "{separator}{part}")?,
        }
    }
    Ok(())
}

impl Expr {
    /// Whether a `-` before it denies all of it.
    fn is_one_word(&self) -> bool {
        matches!(self, Self::Term(term) if term.is_one_word())
    }
}

impl Term {
    fn is_one_word(&self) -> bool {
        match self {
            Self::Text(text) => text.split_whitespace().count() == 1,
            Self::Access(set) => [AccessSet::READS, AccessSet::WRITES, AccessSet::LOGINS].contains(set),
            _ => true,
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Access(set) => f.write_str(access_typed(*set)),
            Self::Failed => f.write_str("is:failed"),
            Self::Own => f.write_str("is:self"),
            Self::Region(regions) => list(f, "region", regions.iter().map(RegionId::as_str)),
            Self::Queried(ids) => list(f, "queried", ids.iter().map(Ocid::as_str)),
            Self::Late => f.write_str("is:late"),
            Self::Flag(Flag::Diff) => f.write_str("has:diff"),
            Self::Flag(flag) => write!(f, "is:{}", flag.name()),
            Self::Time(range) => time(f, range),
            Self::Text(text) => {
                let words: Vec<String> = text.split_whitespace().map(bare_word).collect();
                f.write_str(&words.join(" "))
            }
            Self::About { subject: Subject::Shown, condition } => in_shown_fields(f, condition),
            Self::About { subject, condition } => about(f, subject, condition),
        }
    }
}

/// The eight sets there are. `is:write` has the sessions in it.
fn access_typed(set: AccessSet) -> &'static str {
    use crate::domain::access::Access::{Read, Session, Write};
    match (set.contains(Read), set.contains(Write), set.contains(Session)) {
        (true, true, true) => "*",
        (false, true, true) => "is:write",
        (true, false, false) => "is:read",
        (false, false, true) => "is:login",
        (false, true, false) => "(is:write -is:login)",
        (true, true, false) => "-is:login",
        (true, false, true) => "(is:read OR is:login)",
        (false, false, false) => "NOT *",
    }
}

fn list<'a>(f: &mut fmt::Formatter<'_>, name: &str, values: impl ExactSizeIterator<Item = &'a str>) -> fmt::Result {
    match values.len() {
        0 => f.write_str("NOT *"),
        1 => values.into_iter().try_for_each(|value| write!(f, "{name}={}", word(value))),
        _ => {
            let values: Vec<String> = values.map(word).collect();
            write!(f, "{name} in ({})", values.join(", "))
        }
    }
}

fn time(f: &mut fmt::Formatter<'_>, range: &TimeRange) -> fmt::Result {
    match open_ends(range) {
        (true, true) => f.write_str("time:*"),
        (true, false) => write!(f, "time:<{}", rfc3339(range.end())),
        (false, true) => write!(f, "time:>={}", rfc3339(range.start())),
        (false, false) => write!(f, "time:{range}"),
    }
}

/// Whether the range has no beginning, and no end.
fn open_ends(range: &TimeRange) -> (bool, bool) {
    (range.start() == DateTime::<Utc>::MIN_UTC, range.end() == DateTime::<Utc>::MAX_UTC)
}

fn any_shown(f: &mut fmt::Formatter<'_>, any: &[Condition]) -> fmt::Result {
    f.write_str("(")?;
    for (place, one) in any.iter().enumerate() {
        f.write_str(if place == 0 { "" } else { " OR " })?;
        in_shown_fields(f, one)?;
    }
    f.write_str(")")
}

fn in_shown_fields(f: &mut fmt::Formatter<'_>, condition: &Condition) -> fmt::Result {
    match condition {
        Condition::Contains(text) | Condition::Equals(text) => f.write_str(&quoted(text)),
        Condition::Glob(pattern) => f.write_str(&glob(pattern, false)),
        Condition::Matches(pattern) => f.write_str(&slashed(pattern)),
        Condition::Number(numbers) => write!(f, "{numbers}"),
        Condition::Address(network) => write!(f, "{network}"),
        Condition::Present => f.write_str("*"),
        Condition::Any(any) => any_shown(f, any),
        Condition::Listed { any, .. } => any_shown(f, any),
    }
}

fn about(f: &mut fmt::Formatter<'_>, subject: &Subject, condition: &Condition) -> fmt::Result {
    let name = subject_name(subject);
    match condition {
        Condition::Present => write!(f, "{name}:*"),
        Condition::Equals(_) => write!(f, "{name}={}", element(subject, condition)),
        Condition::Matches(pattern) => write!(f, "{name}=~{}", slashed(pattern)),
        Condition::Number(bound) if !matches!(bound, Numbers::Between(..)) => write!(f, "{name}{bound}"),
        Condition::Contains(_) | Condition::Glob(_) | Condition::Number(_) | Condition::Address(_) => {
            write!(f, "{name}:{}", element(subject, condition))
        }
        Condition::Any(any) if any.is_empty() => f.write_str("NOT *"),
        Condition::Any(any) => {
            let values: Vec<String> = any.iter().map(|one| element(subject, one)).collect();
            if any.iter().any(|one| matches!(one, Condition::Equals(_))) {
                write!(f, "{name} in ({})", values.join(", "))
            } else {
                write!(f, "{name}:({})", values.join(" OR "))
            }
        }
        Condition::Listed { file, .. } => write!(f, "{name} in @{}", word(file)),
    }
}

impl fmt::Display for Subject {
    /// As it stands before a colon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&subject_name(self))
    }
}

fn subject_name(subject: &Subject) -> String {
    match subject {
        Subject::Field(field) => field.name().to_owned(),
        Subject::Path(path) => path_name(path),
        Subject::Tag => "tag".to_owned(),
        Subject::AnyOcid => "ocid".to_owned(),
        Subject::Raw | Subject::Shown => "*".to_owned(),
    }
}

fn path_name(path: &JsonPath) -> String {
    let escaped = |key: &String| {
        let mut out = String::new();
        for (place, c) in key.chars().enumerate() {
            let is_plain = c.is_alphanumeric() || c == '_' || c == '-' && place > 0;
            out.extend((!is_plain).then_some('\\').into_iter().chain([c]));
        }
        out
    };
    path.keys().iter().map(escaped).collect::<Vec<_>>().join(".")
}

/// A value as it stands after a colon or in a list.
fn element(subject: &Subject, condition: &Condition) -> String {
    match condition {
        Condition::Contains(text) => value(subject, false, text, condition),
        Condition::Equals(text) => value(subject, true, text, condition),
        Condition::Glob(pattern) => glob(pattern, true),
        Condition::Matches(pattern) => slashed(pattern),
        Condition::Number(Numbers::AtLeast(bound)) => format!("{bound}.."),
        Condition::Number(Numbers::AtMost(bound)) => format!("..{bound}"),
        Condition::Number(Numbers::Between(first, last)) if first % 100 == 0 && last - first == 99 && *first > 0 => {
            hundred(subject, *first / 100).unwrap_or_else(|| format!("{first}..{last}"))
        }
        Condition::Number(Numbers::Between(first, last)) if !matches!(subject, Subject::Field(_)) => {
            format!("{first}..{last}")
        }
        Condition::Number(numbers) => numbers.to_string(),
        Condition::Address(network) if network.prefix_len() == network.max_prefix_len() => network.addr().to_string(),
        Condition::Address(network) => network.to_string(),
        Condition::Present => "*".to_owned(),
        Condition::Any(any) => elements(subject, any),
        Condition::Listed { any, .. } => elements(subject, any),
    }
}

fn elements(subject: &Subject, any: &[Condition]) -> String {
    any.iter().map(|one| element(subject, one)).collect::<Vec<_>>().join(" OR ")
}

/// `4xx`, where the field understands it.
fn hundred(subject: &Subject, digit: i64) -> Option<String> {
    let text = format!("{digit}xx");
    matches!(bare_value(subject, false, &text), Some(Condition::Number(_))).then_some(text)
}

/// A value as somebody types it: bare where that can be read, whatever it then means.
pub(super) fn typed_value(subject: &Subject, exactly: bool, text: &str) -> String {
    let is_bare = is_word(text) && bare_value(subject, exactly, text).is_some();
    if is_bare { text.to_owned() } else { quoted(text) }
}

/// Without quotes where that means the same.
fn value(subject: &Subject, exactly: bool, text: &str, condition: &Condition) -> String {
    if is_word(text) && bare_value(subject, exactly, text).as_ref() == Some(condition) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Quoted where the text would be read as something else.
fn word(text: &str) -> String {
    if is_word(text) { text.to_owned() } else { quoted(text) }
}

/// As [`word`], where no field stands before it.
fn bare_word(text: &str) -> String {
    if is_word(text) && !text.contains(':') { text.to_owned() } else { quoted(text) }
}

fn is_word(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '@' | '-' | ':' | '/' | '+');
    let is_keyword = ["and", "or", "not", "to", "in"].iter().any(|keyword| text.eq_ignore_ascii_case(keyword));
    text.chars().all(plain) && text.starts_with(char::is_alphanumeric) && !text.contains("..") && !is_keyword
}

/// `after_field`: where a colon is part of a value.
fn glob(pattern: &Glob, after_field: bool) -> String {
    let mut out = String::new();
    for (place, token) in pattern.tokens().iter().enumerate() {
        match token {
            Token::Many => out.push('*'),
            Token::One => out.push('?'),
            Token::Char(c) => {
                let is_plain = c.is_alphanumeric()
                    || place > 0 && (matches!(c, '.' | '_' | '@' | '-' | '/' | '+') || after_field && *c == ':');
                out.extend((!is_plain).then_some('\\').into_iter().chain([*c]));
            }
        }
    }
    out
}

/// With its slashes escaped; see [`Pattern`].
fn slashed(pattern: &Pattern) -> String {
    let mut out = "/".to_owned();
    let mut chars = pattern.source().chars();
    while let Some(c) = chars.next() {
        match c {
            '/' => out.push_str("\\/"),
            '\\' => out.extend(std::iter::once(c).chain(chars.next())),
            c => out.push(c),
        }
    }
    out.push('/');
    out
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Expr {
    /// As it is typed, times in a short form, for a chip. Text that came from an event or was typed must be made
    /// harmless by who shows it.
    pub fn chip(&self) -> String {
        match self {
            Self::Term(Term::Time(range)) if open_ends(range) == (false, false) => {
                let same_day = range.start().date_naive() == range.end().date_naive();
                let end = if same_day { "%H:%M" } else { "%d %b %H:%M" };
                format!("{} → {} UTC", range.start().format("%d %b %H:%M"), range.end().format(end))
            }
            _ => self.to_string(),
        }
    }
}
