//! [`LineEditor`]: one line of text being typed, with the keys that shells taught everyone.

use super::key::{KeyCode, KeyPress};

/// More than anyone types; a paste beyond it is cut.
const LONGEST: usize = 1 << 16;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineEditor {
    chars: Vec<char>,
    cursor: usize,
    /// What was cut last, for Ctrl-Y.
    cut: Vec<char>,
}

impl LineEditor {
    pub fn new(text: &str) -> Self {
        let mut line = Self::default();
        line.set(text);
        line
    }

    pub fn set(&mut self, text: &str) {
        self.chars = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        self.cursor = self.chars.len();
    }

    /// This, the cursor, and what stands behind it.
    pub fn set_around(&mut self, before: &str, after: &str) {
        self.set(&format!("{before}{after}"));
        self.cursor = self.cursor.saturating_sub(after.chars().count());
    }

    /// Whether a line can hold this as it is.
    pub fn can_hold(text: &str) -> bool {
        text.chars().take(LONGEST + 1).count() <= LONGEST && !text.chars().any(char::is_control)
    }

    pub fn text(&self) -> String {
        self.chars.iter().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    /// What stands before and after the cursor.
    pub fn parts(&self) -> (String, String) {
        let (before, after) = self.chars.split_at(self.cursor);
        (before.iter().collect(), after.iter().collect())
    }

    /// A paste: line breaks become spaces, other control characters are dropped.
    pub fn paste(&mut self, text: &str) {
        let spaced = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c });
        for c in spaced.filter(|c| !c.is_control()) {
            self.insert(c);
        }
    }

    /// Applies an editing key; `false` when this key edits nothing.
    pub fn edit(&mut self, key: KeyPress) -> bool {
        match (key.code(), key.ctrl(), key.alt()) {
            (KeyCode::Char(c), false, false) => self.insert(c),
            (KeyCode::Char('a'), true, _) | (KeyCode::Home, ..) => self.cursor = 0,
            (KeyCode::Char('e'), true, _) | (KeyCode::End, ..) => self.cursor = self.chars.len(),
            (KeyCode::Char('b'), true, _) => self.cursor = self.cursor.saturating_sub(1),
            (KeyCode::Char('f'), true, _) => self.cursor = (self.cursor + 1).min(self.chars.len()),
            (KeyCode::Char('u'), true, _) => self.cut(0, self.cursor),
            (KeyCode::Char('k'), true, _) => self.cut(self.cursor, self.chars.len()),
            (KeyCode::Char('w'), true, _) | (KeyCode::Backspace, _, true) => self.cut(self.word_left(), self.cursor),
            (KeyCode::Char('d'), false, true) => self.cut(self.cursor, self.word_right()),
            (KeyCode::Char('y'), true, _) => {
                for c in self.cut.clone() {
                    self.insert(c);
                }
            }
            (KeyCode::Char('b'), _, true) | (KeyCode::Left, true, _) => self.cursor = self.word_left(),
            (KeyCode::Char('f'), _, true) | (KeyCode::Right, true, _) => self.cursor = self.word_right(),
            (KeyCode::Left, ..) => self.cursor = self.cursor.saturating_sub(1),
            (KeyCode::Right, ..) => self.cursor = (self.cursor + 1).min(self.chars.len()),
            (KeyCode::Backspace, ..) | (KeyCode::Char('h'), true, _) => self.delete(self.cursor.checked_sub(1)),
            (KeyCode::Delete, ..) | (KeyCode::Char('d'), true, _) => self.delete(Some(self.cursor)),
            _ => return false,
        }
        true
    }

    fn insert(&mut self, c: char) {
        if self.chars.len() < LONGEST {
            self.chars.insert(self.cursor, c);
            self.cursor += 1;
        }
    }

    fn delete(&mut self, at: Option<usize>) {
        if let Some(at) = at.filter(|at| *at < self.chars.len()) {
            self.chars.remove(at);
            self.cursor = at;
        }
    }

    fn cut(&mut self, from: usize, to: usize) {
        if from < to {
            self.cut = self.chars.drain(from..to).collect();
            self.cursor = from;
        }
    }

    fn word_left(&self) -> usize {
        let before = self.chars.iter().take(self.cursor).rev();
        let spaces = before.clone().take_while(|c| c.is_whitespace()).count();
        self.cursor - spaces - before.skip(spaces).take_while(|c| !c.is_whitespace()).count()
    }

    fn word_right(&self) -> usize {
        let after = self.chars.iter().skip(self.cursor);
        let spaces = after.clone().take_while(|c| c.is_whitespace()).count();
        self.cursor + spaces + after.skip(spaces).take_while(|c| !c.is_whitespace()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[&str]) -> LineEditor {
        let mut line = LineEditor::default();
        for key in keys {
            assert!(line.edit(key.parse().unwrap()), "{key}");
        }
        line
    }

    #[test]
    fn it_edits_as_a_shell_does() {
        let line = typed(&["a", "b", "<space>", "c", "d", "ctrl-w"]);
        assert_eq!(line.text(), "ab ");
        let line = typed(&["a", "b", "<space>", "c", "ctrl-a", "ctrl-k", "x", "ctrl-y"]);
        assert_eq!(line.text(), "xab c");
        let line = typed(&["日", "本", "<left>", "<backspace>"]);
        assert_eq!(line.parts(), (String::new(), "本".into()));
        let line = typed(&["a", "<space>", "b", "alt-b", "alt-b", "alt-d"]);
        assert_eq!(line.text(), " b");
    }

    #[test]
    fn a_paste_is_one_line() {
        let mut line = LineEditor::default();
        line.paste("10.0.0.1\r\n10.0.0.2\u{1b}[2J");
        assert_eq!(line.text(), "10.0.0.1  10.0.0.2[2J");
        line.paste(&"x".repeat(100_000));
        assert_eq!(line.text().chars().count(), LONGEST);
    }
}
