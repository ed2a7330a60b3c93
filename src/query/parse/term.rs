//! One term: a word, a phrase, a pattern, or a field with an operator and a value.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::condition::{Condition, Pattern, Subject};
use super::super::field::Field;
use super::super::flag::Flag;
use super::super::term::{Expr, Term};
use super::Parser;
use super::cursor::Word;
use super::error::ParseError;
use super::name::{self, Name};
use super::value::{self, How, Value};
use crate::domain::time_phrase::{Anchors, TimeError, parse_moment, parse_range};
use crate::domain::time_range::TimeRange;

/// As typed; a colon may stand before any of them.
const OPERATORS: [(&str, Operator); 8] = [
    ("=~", Operator::Like(false)),
    ("!~", Operator::Like(true)),
    ("!=", Operator::Value(How::Exactly, true)),
    (">=", Operator::Value(How::AtLeast, false)),
    ("<=", Operator::Value(How::AtMost, false)),
    ("=", Operator::Value(How::Exactly, false)),
    (">", Operator::Value(How::Above, false)),
    ("<", Operator::Value(How::Below, false)),
];

/// With whether it denies.
#[derive(Clone, Copy)]
enum Operator {
    Like(bool),
    Value(How, bool),
}

impl Operator {
    fn denies(self) -> bool {
        match self {
            Self::Like(denies) | Self::Value(_, denies) => denies,
        }
    }
}

impl Parser<'_, '_> {
    pub(super) fn term(&mut self) -> Result<Expr, ParseError> {
        let here = self.cursor.next_span();
        match self.cursor.peek() {
            Some('"') => return self.phrase(),
            Some('/') => {
                let pattern = pattern(self.cursor.slashed()?, here.start + 1)?;
                return Ok(about(Subject::Shown, Condition::Matches(pattern)));
            }
            Some('!') => return Err(ParseError::new(here, "a term is denied with - or NOT").nearest(["-"])),
            Some('[' | ']' | '{' | '}') => {
                return Err(ParseError::new(here, "a range follows a field, as in status:[400 TO 409]"));
            }
            Some('&' | '|') => {
                return Err(ParseError::new(self.cursor.run_span(), "terms are joined with a space, AND or OR"));
            }
            _ => {}
        }
        if self.cursor.is_keyword("AND") || self.cursor.is_keyword("OR") {
            let message = "a term is missing before this; for the word as such use quotes";
            return Err(ParseError::new(self.cursor.run_span(), message));
        }
        let head = self.cursor.word(begins_operator)?;
        if head.is_empty() {
            return Err(ParseError::new(
                self.cursor.next_span(),
                "a field stands directly before this, without a space",
            ));
        }
        match self.operator()? {
            Some(operator) => self.about(&head, operator),
            None => self.bare(&head),
        }
    }

    fn phrase(&mut self) -> Result<Expr, ParseError> {
        let start = self.cursor.at();
        let text = self.cursor.quoted()?;
        if text.trim().is_empty() {
            return Err(ParseError::new(self.cursor.since(start), "there is nothing between these quotes"));
        }
        Ok(in_shown_fields(text))
    }

    /// A word alone, or the field of an `in`.
    fn bare(&mut self, head: &Word) -> Result<Expr, ParseError> {
        let after = self.cursor.clone();
        self.cursor.skip_space();
        let denies = self.cursor.eat_keyword("NOT");
        self.cursor.skip_space();
        if self.cursor.eat_keyword("IN") {
            self.cursor.skip_space();
            if matches!(self.cursor.peek(), Some('(' | '@')) {
                return self.listed(head).map(|expr| if denies { expr.negated() } else { expr });
            }
        }
        self.cursor = after;
        if let Some((name, _)) = head.text().split_once('~').filter(|(name, _)| name::is_known(name)) {
            let operator = head.span.start + name.len()..head.span.start + name.len() + 1;
            return Err(ParseError::new(operator, "a regular expression goes with =~").nearest(["=~"]));
        }
        if head.is_star() {
            return Ok(Expr::All);
        }
        Ok(match head.glob() {
            Some(glob) => about(Subject::Shown, Condition::Glob(glob)),
            None => in_shown_fields(head.text()),
        })
    }

    fn operator(&mut self) -> Result<Option<Operator>, ParseError> {
        let start = self.cursor.at();
        let colon = self.cursor.eat(":");
        let found = OPERATORS.into_iter().find(|(typed, _)| self.cursor.eat(typed)).map(|(_, operator)| operator);
        let unknown = [":", "=", "<", ">", "!"].into_iter().find(|typed| self.cursor.eat(typed));
        match unknown {
            Some("!") if colon => {
                let message = "a term is denied with - before the field, or with !=";
                Err(ParseError::new(self.cursor.since(start), message).nearest(["!="]))
            }
            Some(_) if colon || found.is_some() => {
                let message = "no operator: there are : = != =~ !~ > >= < <=";
                Err(ParseError::new(self.cursor.since(start), message))
            }
            _ if colon => Ok(found.or(Some(Operator::Value(How::Loosely, false)))),
            _ => Ok(found),
        }
    }

    fn about(&mut self, head: &Word, operator: Operator) -> Result<Expr, ParseError> {
        let name = name::named(head)?;
        if self.cursor.is_boundary() {
            let name = head.text();
            let message = format!("a value is missing here: {name}:value without a space, or {name}:* for any");
            return Err(ParseError::new(head.span.start..self.cursor.at(), message));
        }
        let expr = match name {
            Name::Is | Name::Has if !matches!(operator, Operator::Value(How::Loosely, false)) => {
                let message = "is: and has: take a colon, and a - before them to deny";
                return Err(ParseError::new(head.span.start..self.cursor.at(), message));
            }
            Name::Is => name::flag(&self.word(|_| false)?)?,
            Name::Has => self.has()?,
            Name::Time => self.time(head, operator)?,
            Name::Subject(subject) => match operator {
                Operator::Like(_) => {
                    let condition = Condition::Matches(self.pattern()?);
                    about(subject, condition)
                }
                Operator::Value(how, _) => self.compared(subject, how)?,
            },
        };
        Ok(if operator.denies() { expr.negated() } else { expr })
    }

    fn has(&mut self) -> Result<Expr, ParseError> {
        let word = self.word(|_| false)?;
        match word.text().to_ascii_lowercase().as_str() {
            "diff" => return Ok(Term::Flag(Flag::Diff).into()),
            "hint" => return Err(ParseError::new(word.span, "there are no hints yet")),
            "time" => return Ok(any_time()),
            _ => {}
        }
        match name::named(&word)? {
            Name::Subject(subject) if subject != Subject::Raw => Ok(about(subject, Condition::Present)),
            _ => Err(ParseError::new(word.span, "has: takes a field, a path or diff")),
        }
    }

    fn compared(&mut self, subject: Subject, how: How) -> Result<Expr, ParseError> {
        match self.cursor.peek() {
            Some('(') if matches!(how, How::Loosely | How::Exactly) => {
                let any = self.values(&subject, how)?;
                Ok(about(subject, any))
            }
            Some('[') if how == How::Loosely => {
                let (range, first, last) = self.bracketed()?;
                let has_order = matches!(subject, Subject::Field(Field::Status) | Subject::Path(_));
                let numbers = value::between(&first, &last).filter(|_| has_order);
                let message = "a range of whole numbers, the smaller first, as in status:[400 TO 409]";
                let numbers = numbers.ok_or_else(|| ParseError::new(range, message))?;
                Ok(about(subject, Condition::Number(numbers)))
            }
            _ => {
                let (value, span) = self.value(|_| false)?;
                if how == How::Loosely && matches!(&value, Value::Word(word) if word.is_star()) {
                    return Ok(match subject {
                        Subject::Raw => Expr::All,
                        subject => about(subject, Condition::Present),
                    });
                }
                Ok(about(subject.clone(), condition(&subject, how, &value, span)?))
            }
        }
    }

    /// `(a OR b)`, `(a, b)`
    fn values(&mut self, subject: &Subject, how: How) -> Result<Condition, ParseError> {
        let open = self.cursor.next_span();
        self.cursor.bump();
        let mut any = Vec::new();
        loop {
            self.cursor.skip_space();
            let (value, span) = self.value(|rest| rest.starts_with(','))?;
            if span.is_empty() || matches!(&value, Value::Word(word) if word.is_star()) {
                let message =
                    if span.is_empty() { "a value is missing here" } else { "any value at all is f:*, alone" };
                return Err(ParseError::new(if span.is_empty() { self.cursor.next_span() } else { span }, message));
            }
            any.push(condition(subject, how, &value, span)?);
            self.cursor.skip_space();
            if self.cursor.eat(")") {
                break;
            }
            if self.cursor.peek().is_none() {
                return Err(ParseError::new(open, "this parenthesis is not closed"));
            }
            if !self.cursor.eat(",") && !self.cursor.eat_keyword("OR") {
                return Err(ParseError::new(self.cursor.run_span(), "between values goes OR or a comma"));
            }
        }
        let only = if any.len() == 1 { any.pop() } else { None };
        Ok(only.unwrap_or(Condition::Any(any)))
    }

    /// What follows `in`.
    fn listed(&mut self, head: &Word) -> Result<Expr, ParseError> {
        let Name::Subject(subject) = name::named(head)? else {
            return Err(ParseError::new(
                head.span.clone(),
                "in goes with fields that hold a text, a number or an address",
            ));
        };
        if subject == Subject::Raw {
            return Err(ParseError::new(head.span.clone(), "the whole event is no value that could be in a list"));
        }
        if self.cursor.peek() == Some('(') {
            let any = self.values(&subject, How::Listed)?;
            return Ok(about(subject, any));
        }
        let start = self.cursor.at();
        self.cursor.bump();
        let (value, _) = self.value(|_| false)?;
        let file = match value {
            Value::Quoted(text) => text,
            Value::Word(word) => word.text(),
        };
        let span = self.cursor.since(start);
        if file.is_empty() {
            return Err(ParseError::new(span, "the name of a file is missing after @"));
        }
        let any = (self.context.read_list)(&file, &subject).map_err(|error| ParseError::new(span, error))?;
        Ok(about(subject, Condition::Listed { file, any }))
    }

    fn time(&mut self, head: &Word, operator: Operator) -> Result<Expr, ParseError> {
        let Operator::Value(how, false) = operator else {
            return Err(ParseError::new(head.span.start..self.cursor.at(), "a time takes : > >= < or <="));
        };
        if self.cursor.peek() == Some('[') && how == How::Loosely {
            let (span, first, last) = self.bracketed()?;
            return self.time_value(&format!("{first}..{last}"), how, &span);
        }
        if self.cursor.peek() == Some('(') {
            return Err(ParseError::new(
                self.cursor.next_span(),
                "one range of time at a time: (time:a..b OR time:c..d)",
            ));
        }
        let (value, span) = self.value(|_| false)?;
        match value {
            Value::Word(word) if word.is_star() && how == How::Loosely => Ok(any_time()),
            Value::Word(word) => self.time_value(&word.text(), how, &span),
            Value::Quoted(text) => self.time_value(&text, how, &(span.start + 1..span.end - 1)),
        }
    }

    fn time_value(&self, text: &str, how: How, span: &Range<usize>) -> Result<Expr, ParseError> {
        let anchors = Anchors { now: self.context.now, zone: self.context.zone, event: None };
        let refused = |error: TimeError| {
            // Where the text is as it was typed, its places are places of the query.
            let exact = span.len() == text.len();
            let at = if exact { span.start + error.span.start..span.start + error.span.end } else { span.clone() };
            let whole = error.span.len() == text.len();
            let suggestion = error.suggestion.filter(|_| exact && whole);
            ParseError::new(at, error.message).nearest(suggestion)
        };
        let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        let range = match how {
            How::Loosely => return parse_range(text, &anchors).map(|range| Term::Time(range).into()).map_err(refused),
            How::Exactly | How::Listed => {
                return Err(ParseError::new(span.clone(), "a time takes a range: time:13:40..13:56 or time:13:47~10m"));
            }
            // Events are compared by the microsecond.
            How::Above => {
                TimeRange::new(parse_moment(text, &anchors).map_err(refused)? + TimeDelta::microseconds(1), last)
            }
            How::AtLeast => TimeRange::new(parse_moment(text, &anchors).map_err(refused)?, last),
            How::Below => TimeRange::new(first, parse_moment(text, &anchors).map_err(refused)?),
            How::AtMost => {
                TimeRange::new(first, parse_moment(text, &anchors).map_err(refused)? + TimeDelta::microseconds(1))
            }
        };
        range
            .map(|range| Term::Time(range).into())
            .ok_or_else(|| ParseError::new(span.clone(), "no event can have such a time"))
    }

    /// `[a TO b]`
    fn bracketed(&mut self) -> Result<(Range<usize>, String, String), ParseError> {
        let open = self.cursor.next_span();
        let rest = self.cursor.rest();
        let Some(end) = rest.find(']') else { return Err(ParseError::new(open, "this bracket is not closed")) };
        let inner = rest.get(1..end).unwrap_or_default();
        let range = open.start..open.start + end + 1;
        let lower = inner.to_ascii_lowercase();
        let Some(place) = lower.find(" to ") else {
            return Err(ParseError::new(range, "a range is written [a TO b]"));
        };
        let (first, last) = (inner.get(..place).unwrap_or_default(), inner.get(place + 4..).unwrap_or_default());
        while self.cursor.at() < range.end {
            self.cursor.bump();
        }
        Ok((range, first.trim().to_owned(), last.trim().to_owned()))
    }

    /// After `=~` or `!~`.
    fn pattern(&mut self) -> Result<Pattern, ParseError> {
        let start = self.cursor.at();
        match self.cursor.peek() {
            Some('"') => {
                let text = self.cursor.quoted()?;
                Pattern::new(&text).map_err(|error| ParseError::new(self.cursor.since(start), error))
            }
            Some('/') => pattern(self.cursor.slashed()?, start + 1),
            _ => pattern(self.cursor.balanced(), start),
        }
    }

    fn value(&mut self, stop: impl Fn(&str) -> bool) -> Result<(Value, Range<usize>), ParseError> {
        let start = self.cursor.at();
        let value = match self.cursor.peek() {
            Some('"') => Value::Quoted(self.cursor.quoted()?),
            _ => Value::Word(self.word(stop)?),
        };
        Ok((value, self.cursor.since(start)))
    }

    fn word(&mut self, stop: impl Fn(&str) -> bool) -> Result<Word, ParseError> {
        self.cursor.word(stop)
    }
}

fn begins_operator(rest: &str) -> bool {
    rest.starts_with([':', '=', '<', '>']) || rest.starts_with("!=") || rest.starts_with("!~")
}

fn condition(subject: &Subject, how: How, value: &Value, span: Range<usize>) -> Result<Condition, ParseError> {
    value::condition(subject, how, value).map_err(|message| ParseError::new(span, message))
}

/// `source` stands at `start`.
fn pattern(source: &str, start: usize) -> Result<Pattern, ParseError> {
    Pattern::new(source).map_err(|error| ParseError::new(start..start + source.len(), error))
}

fn about(subject: Subject, condition: Condition) -> Expr {
    Term::About { subject, condition }.into()
}

/// One word is looked for as the live filter does; with spaces it is one text.
fn in_shown_fields(text: String) -> Expr {
    if text.contains(char::is_whitespace) {
        about(Subject::Shown, Condition::Contains(text))
    } else {
        Term::Text(text).into()
    }
}

fn any_time() -> Expr {
    let range = TimeRange::new(DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    range.map_or(Expr::All, |range| Term::Time(range).into())
}
