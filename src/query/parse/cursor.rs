//! The typed text and how far it has been read: words, quotes, patterns.

use std::ops::Range;

use super::super::glob::{Glob, Token};
use super::error::ParseError;

#[derive(Clone, Debug)]
pub struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

/// A run of characters without spaces. A backslash before anything that is neither letter nor digit makes that a plain
/// character; elsewhere it is one itself.
#[derive(Clone, Debug)]
pub struct Word {
    /// With whether it was escaped.
    chars: Vec<(char, bool)>,
    pub span: Range<usize>,
}

impl Word {
    /// Without the escapes.
    pub fn text(&self) -> String {
        self.chars.iter().map(|(c, _)| c).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    /// The text, where nothing in it was escaped.
    pub fn unescaped(&self) -> Option<String> {
        self.chars.iter().all(|(_, escaped)| !escaped).then(|| self.text())
    }

    pub fn is_star(&self) -> bool {
        self.chars == [('*', false)]
    }

    /// The pattern, where there is a `*` or `?` in it.
    pub fn glob(&self) -> Option<Glob> {
        let token = |(c, escaped): &(char, bool)| match (c, escaped) {
            ('*', false) => Token::Many,
            ('?', false) => Token::One,
            (c, _) => Token::Char(*c),
        };
        let tokens: Vec<Token> = self.chars.iter().map(token).collect();
        tokens.iter().any(|token| !matches!(token, Token::Char(_))).then(|| Glob::new(tokens))
    }

    /// The parts between unescaped dots.
    pub fn segments(&self) -> Vec<String> {
        self.chars.split(|c| *c == ('.', false)).map(|part| part.iter().map(|(c, _)| c).collect()).collect()
    }
}

impl<'t> Cursor<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    pub fn since(&self, start: usize) -> Range<usize> {
        start..self.at
    }

    pub fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The place of the next character; empty at the end.
    pub fn next_span(&self) -> Range<usize> {
        self.at..self.at + self.peek().map_or(0, char::len_utf8)
    }

    /// From here to the next space.
    pub fn run_span(&self) -> Range<usize> {
        let run = self.rest().split(char::is_whitespace).next().unwrap_or_default();
        self.at..self.at + run.len()
    }

    pub fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    pub fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
    }

    /// Whether a word ends here.
    pub fn is_boundary(&self) -> bool {
        self.peek().is_none_or(|c| c.is_whitespace() || c == ')')
    }

    /// Whether this word, in any case, stands here alone.
    pub fn is_keyword(&self, keyword: &str) -> bool {
        let rest = self.rest();
        let after = rest.get(keyword.len()..).and_then(|after| after.chars().next());
        rest.get(..keyword.len()).is_some_and(|start| start.eq_ignore_ascii_case(keyword))
            && after.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | '@'))
    }

    pub fn eat_keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        if found {
            self.at += keyword.len();
        }
        found
    }

    /// A word up to a space, a closing parenthesis or where `stop` says so of the rest.
    pub fn word(&mut self, stop: impl Fn(&str) -> bool) -> Result<Word, ParseError> {
        let start = self.at;
        let mut chars = Vec::new();
        while let Some(c) = self.peek() {
            if c.is_whitespace() || c == ')' || stop(self.rest()) {
                break;
            }
            if matches!(c, '(' | '"') {
                let message = "quotes and parentheses cannot stand inside a word: put all of it in quotes";
                return Err(ParseError::new(self.next_span(), message));
            }
            self.bump();
            match self.peek().filter(|next| c == '\\' && !next.is_alphanumeric()) {
                Some(next) => {
                    self.bump();
                    chars.push((next, true));
                }
                None => chars.push((c, false)),
            }
        }
        Ok(Word { chars, span: self.since(start) })
    }

    /// What stands between quotes, the first of which is next. `\"` and `\\` are a quote and a backslash.
    pub fn quoted(&mut self) -> Result<String, ParseError> {
        let start = self.next_span();
        self.bump();
        let mut text = String::new();
        while let Some(c) = self.bump() {
            match c {
                '"' => return Ok(text),
                '\\' if matches!(self.peek(), Some('"' | '\\')) => text.extend(self.bump()),
                c => text.push(c),
            }
        }
        Err(ParseError::new(start, "this quote is not closed"))
    }

    /// What stands between slashes, the first of which is next, and ends a word. `\/` is a slash in it.
    pub fn slashed(&mut self) -> Result<&'t str, ParseError> {
        let whole = self.run_span();
        let start = self.at + 1;
        self.bump();
        loop {
            match self.bump() {
                Some('/') if self.is_boundary() => break,
                Some('/') | None => {
                    let message =
                        "a slash begins a regular expression, /like this/; for a text with a slash use quotes";
                    let quoted = format!("\"{}\"", self.text.get(whole.clone()).unwrap_or_default());
                    return Err(ParseError::new(whole, message).nearest([quoted]));
                }
                Some('\\') => {
                    self.bump();
                }
                Some(_) => {}
            }
        }
        Ok(self.text.get(start..self.at - 1).unwrap_or_default())
    }

    /// Everything up to the next space, and at most to the parenthesis that closes one before it.
    pub fn balanced(&mut self) -> &'t str {
        let start = self.at;
        let mut open = 0;
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace()) {
            match c {
                '(' => open += 1,
                ')' if open == 0 => break,
                ')' => open -= 1,
                '\\' => {
                    self.bump();
                }
                _ => {}
            }
            if self.peek().is_some_and(|c| !c.is_whitespace()) {
                self.bump();
            }
        }
        self.text.get(start..self.at).unwrap_or_default()
    }
}
