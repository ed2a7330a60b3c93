//! From a typed line to a [`Query`]. `docs/query.md` has the language.
//!
//! A hand-written descent: what a word is depends on the field before it, every way to go wrong has a sentence of its
//! own, and nothing is ever read twice. Nothing is dropped and nothing is guessed: what cannot be read is a
//! [`ParseError`] that points at it.

mod cursor;
mod error;
mod name;
mod term;
mod value;

use chrono::{DateTime, Utc};

use super::condition::{Condition, Subject, ValueList};
use super::term::{Expr, Query};
use crate::domain::zone::Zone;
use cursor::Cursor;
pub use error::ParseError;
pub(super) use name::{field_names, flag_names, nearest};

const NOT_WHOLE: &str = "~ switches a whole term off, not a part of one; for a ~ as such use quotes";

/// How deep parentheses and denials may stand in each other.
const DEPTH: usize = 64;

/// What words are relative to, and where the content of `in @file` comes from: nothing is read here.
#[derive(Clone, Copy)]
pub struct ParseContext<'a> {
    pub now: DateTime<Utc>,
    pub zone: Zone,
    /// The values of a file as a subject takes them (see [`list_of`]), or in a sentence why there are none.
    pub read_list: &'a dyn Fn(&str, &Subject) -> Result<ValueList, String>,
}

/// The values in a file's content as `subject` takes them, or in a sentence why there are none.
pub fn list_of(subject: &Subject, file: &str, content: &str) -> Result<ValueList, String> {
    let values = value::listed(subject, content);
    values.map(ValueList::from).map_err(|error| format!("{}: {error}", name::shortened(file)))
}

/// Reads a query; an empty text shows everything.
pub fn parse(text: &str, context: &ParseContext<'_>) -> Result<Query, ParseError> {
    let mut parser = Parser { cursor: Cursor::new(text), context, depth: 0, off: None };
    parser.cursor.skip_space();
    if parser.cursor.peek().is_none() {
        return Ok(Query::everything());
    }
    let expr = parser.alternatives()?;
    // Only a closing parenthesis ends an expression before the text does.
    if parser.cursor.peek().is_some() {
        return Err(ParseError::new(parser.cursor.next_span(), "no parenthesis is open that this could close"));
    }
    if let Some(span) = parser.off.filter(|_| matches!(expr, Expr::Or(_))) {
        return Err(ParseError::new(span, NOT_WHOLE));
    }
    Ok(match expr {
        Expr::And(all) => all.into_iter().fold(Query::everything(), Query::and),
        other => Query::everything().and(other),
    })
}

/// What a text means as the value of a field, typed without quotes; `None` where it cannot stand there.
pub(super) fn bare_value(subject: &Subject, exactly: bool, text: &str) -> Option<Condition> {
    let mut cursor = Cursor::new(text);
    let word = cursor.word(|rest| rest.starts_with(',')).ok().filter(|_| cursor.rest().is_empty())?;
    let how = if exactly { value::How::Listed } else { value::How::Loosely };
    value::condition(subject, how, &value::Value::Word(word)).ok()
}

struct Parser<'t, 'c> {
    cursor: Cursor<'t>,
    context: &'c ParseContext<'c>,
    depth: usize,
    /// The first `~` that switches a term off.
    off: Option<std::ops::Range<usize>>,
}

impl Parser<'_, '_> {
    fn alternatives(&mut self) -> Result<Expr, ParseError> {
        let mut any = vec![self.conjunction()?];
        while self.cursor.is_keyword("OR") {
            let keyword = self.cursor.at();
            self.cursor.eat_keyword("OR");
            self.needs_term(keyword, "after OR comes another term")?;
            any.push(self.conjunction()?);
        }
        Ok(flat(any, Expr::Or, |expr| match expr {
            Expr::Or(inner) => Ok(inner),
            other => Err(other),
        }))
    }

    fn conjunction(&mut self) -> Result<Expr, ParseError> {
        let mut all = vec![self.denied_or_not()?];
        loop {
            self.cursor.skip_space();
            if self.cursor.is_keyword("AND") {
                let keyword = self.cursor.at();
                self.cursor.eat_keyword("AND");
                self.needs_term(keyword, "after AND comes another term")?;
            } else if self.cursor.is_keyword("OR") || matches!(self.cursor.peek(), None | Some(')')) {
                break;
            }
            all.push(self.denied_or_not()?);
        }
        Ok(flat(all, Expr::And, |expr| match expr {
            Expr::And(inner) => Ok(inner),
            other => Err(other),
        }))
    }

    /// A term with what denies it.
    fn denied_or_not(&mut self) -> Result<Expr, ParseError> {
        let start = self.cursor.at();
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(ParseError::new(self.cursor.next_span(), "this stands too deep inside parentheses"));
        }
        let expr = if self.cursor.eat_keyword("NOT") {
            self.needs_term(start, "after NOT comes what it denies")?;
            self.denied_or_not()?.negated()
        } else if self.cursor.eat("-") {
            if self.cursor.is_boundary() {
                let message = "- stands directly before what it denies; a dash as such goes in quotes";
                return Err(ParseError::new(self.cursor.since(start), message));
            }
            self.denied_or_not()?.negated()
        } else if self.cursor.peek() == Some('~') {
            self.switched_off()?
        } else if self.cursor.peek() == Some('(') {
            self.group()?
        } else {
            self.term()?
        };
        self.depth -= 1;
        if !self.cursor.is_boundary() {
            return Err(ParseError::new(self.cursor.next_span(), "a space is missing before this"));
        }
        Ok(expr)
    }

    fn switched_off(&mut self) -> Result<Expr, ParseError> {
        let span = self.cursor.next_span();
        if self.depth > 1 {
            return Err(ParseError::new(span, NOT_WHOLE));
        }
        self.cursor.bump();
        if self.cursor.is_boundary() {
            return Err(ParseError::new(span, "~ stands directly before the term that it switches off"));
        }
        self.off.get_or_insert(span);
        self.denied_or_not().map(Expr::switched)
    }

    fn group(&mut self) -> Result<Expr, ParseError> {
        let open = self.cursor.next_span();
        self.cursor.bump();
        self.cursor.skip_space();
        if self.cursor.peek() == Some(')') {
            return Err(ParseError::new(
                open.start..self.cursor.next_span().end,
                "there is nothing in these parentheses",
            ));
        }
        if self.cursor.peek().is_none() {
            return Err(ParseError::new(open, "this parenthesis is not closed"));
        }
        let expr = self.alternatives()?;
        if self.cursor.eat(")") { Ok(expr) } else { Err(ParseError::new(open, "this parenthesis is not closed")) }
    }

    /// After a keyword, which began at `keyword`.
    fn needs_term(&mut self, keyword: usize, message: &str) -> Result<(), ParseError> {
        let span = self.cursor.since(keyword);
        self.cursor.skip_space();
        let is_missing = matches!(self.cursor.peek(), None | Some(')')) || self.cursor.is_keyword("OR");
        if is_missing { Err(ParseError::new(span, message)) } else { Ok(()) }
    }
}

/// One alone is itself; one of the same kind gives its parts.
fn flat(parts: Vec<Expr>, make: fn(Vec<Expr>) -> Expr, open: fn(Expr) -> Result<Vec<Expr>, Expr>) -> Expr {
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        match open(part) {
            Ok(inner) => all.extend(inner),
            Err(other) => all.push(other),
        }
    }
    match all.pop() {
        Some(only) if all.is_empty() => only,
        last => {
            all.extend(last);
            make(all)
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
