//! Why a text is no query, and where.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use crate::domain::text::clean;

/// Columns of the query that are shown to either side of the place, where the query is long.
const AROUND: usize = 50;

/// See the module. The message may repeat what was typed; it is harmless on a terminal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// Bytes of the text that the message is about; empty at the end of the text where something is missing.
    pub span: Range<usize>,
    /// A sentence without its full stop.
    pub message: String,
    /// What may have been meant, the most likely first: something to put in the place of the span.
    pub nearest: Vec<String>,
}

impl ParseError {
    pub(super) fn new(span: Range<usize>, message: impl AsRef<str>) -> Self {
        Self { span, message: clean(message.as_ref()).into_owned(), nearest: Vec::new() }
    }

    #[must_use]
    pub(super) fn nearest(mut self, nearest: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.nearest.extend(nearest.into_iter().map(|name| clean(name.as_ref()).into_owned()));
        self
    }

    /// The character at which the span begins, counted from 1.
    pub fn column(&self, text: &str) -> usize {
        text.get(..self.span.start).unwrap_or(text).chars().count() + 1
    }

    /// `did you mean user or uid?`
    pub fn suggestion(&self) -> Option<String> {
        let (last, others) = self.nearest.split_last()?;
        Some(match others {
            [] => format!("did you mean {last}?"),
            others => format!("did you mean {} or {last}?", others.join(", ")),
        })
    }

    /// The query, a line of carets under the place, and what is wrong there, for a terminal:
    ///
    /// ```text
    ///   usr:alice is:write
    ///   ^^^
    /// no field is called “usr”; did you mean user?
    /// ```
    pub fn render(&self, text: &str) -> String {
        let suggestion = self.suggestion().map(|suggestion| format!("; {suggestion}")).unwrap_or_default();
        format!("{}\n{}{suggestion}", self.pointer(text), self.message)
    }

    /// The first two lines of [`render`](Self::render).
    pub fn pointer(&self, text: &str) -> String {
        let (before, place, after) = self.cut(text);
        let carets = "^".repeat(place.width().max(1));
        let indent = " ".repeat(before.width());
        format!("  {before}{place}{after}\n  {indent}{carets}")
    }

    /// What is shown of the text before, in and after the span.
    fn cut(&self, text: &str) -> (String, String, String) {
        let before = text.get(..self.span.start).unwrap_or(text);
        let place = text.get(self.span.clone()).unwrap_or_default();
        let after = text.get(self.span.end..).unwrap_or_default();
        let skipped = before.chars().count().saturating_sub(AROUND);
        let mark = if skipped > 0 { "…" } else { "" };
        let before: String = before.chars().skip(skipped).collect();
        (format!("{mark}{}", clean(&before)), first(place), first(after))
    }
}

fn first(text: &str) -> String {
    crate::domain::text::clean_prefix(text, AROUND).into_owned()
}
