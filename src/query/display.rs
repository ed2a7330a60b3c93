//! A query in words: as it would be typed, and as chips say it.

use std::fmt;

use super::term::{AccessSet, Expr, Op, Query, Term};
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;

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
            Self::Not(inner) if inner.is_one_word() => write!(f, "-{inner}"),
            Self::Not(inner) => write!(f, "NOT ({inner})"),
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
        match self {
            Self::Term(Term::Text(text)) => text.split_whitespace().count() == 1,
            Self::Term(Term::Access(set)) => [AccessSet::READS, AccessSet::WRITES, AccessSet::LOGINS].contains(set),
            Self::Term(_) => true,
            _ => false,
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
            Self::Time(range) => write!(f, "time:{range}"),
            Self::Text(text) => {
                let words: Vec<String> = text.split_whitespace().map(quoted).collect();
                f.write_str(&words.join(" "))
            }
            Self::Field { field, op, value } => {
                let op = match op {
                    Op::Contains => ':',
                    Op::Equals => '=',
                };
                write!(f, "{}{op}{}", field.name(), word(value))
            }
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
        1 => values.into_iter().try_for_each(|value| write!(f, "{name}:{}", word(value))),
        _ => {
            let values: Vec<String> = values.map(word).collect();
            write!(f, "{name}:({})", values.join(" OR "))
        }
    }
}

/// Quoted where the text would be read as something else.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '@' | '-' | ':' | '/' | '+');
    let is_keyword = ["and", "or", "not", "to", "in"].iter().any(|keyword| text.eq_ignore_ascii_case(keyword));
    let is_plain = text.chars().all(plain) && text.starts_with(char::is_alphanumeric) && !text.contains("..");
    if is_plain && !is_keyword { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Expr {
    /// In a few words, for a chip. Text that came from an event or was typed must be made harmless by who shows it.
    pub fn describe(&self) -> String {
        match self {
            Self::Term(term) => term.describe(),
            Self::Not(inner) => format!("not {}", inner.describe()),
            Self::All => "everything".to_owned(),
            Self::And(_) | Self::Or(_) => self.to_string(),
        }
    }
}

impl Term {
    /// In a few words, for a chip; see [`Expr::describe`].
    pub fn describe(&self) -> String {
        match self {
            Self::Access(set) => access_said(*set).to_owned(),
            Self::Failed => "failed".to_owned(),
            Self::Own => "own reads".to_owned(),
            Self::Region(regions) => counted("region", regions.iter().map(RegionId::as_str)),
            Self::Queried(ids) => match ids.first() {
                Some(only) if ids.len() == 1 => only.short(),
                _ => format!("{} compartments", ids.len()),
            },
            Self::Time(range) => {
                let same_day = range.start().date_naive() == range.end().date_naive();
                let end = if same_day { "%H:%M" } else { "%d %b %H:%M" };
                format!("{} → {} UTC", range.start().format("%d %b %H:%M"), range.end().format(end))
            }
            Self::Text(text) => format!("“{}”", text.split_whitespace().collect::<Vec<_>>().join(" ")),
            Self::Field { .. } => self.to_string(),
        }
    }
}

fn access_said(set: AccessSet) -> &'static str {
    use crate::domain::access::Access::{Read, Session, Write};
    match (set.contains(Read), set.contains(Write), set.contains(Session)) {
        (true, true, true) => "reads and writes",
        (false, true, true) => "writes",
        (true, false, false) => "reads",
        (false, false, true) => "sign-ins",
        (false, true, false) => "writes without sign-ins",
        (true, true, false) => "all but sign-ins",
        (true, false, true) => "reads and sign-ins",
        (false, false, false) => "nothing",
    }
}

fn counted<'a>(noun: &str, mut values: impl ExactSizeIterator<Item = &'a str>) -> String {
    match (values.len(), values.next()) {
        (1, Some(only)) => only.to_owned(),
        (n, _) => format!("{n} {noun}s"),
    }
}
