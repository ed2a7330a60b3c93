//! [`KeyPress`]: our own name for a key, so that the machine knows no terminal.
//!
//! Shift is folded into the character (`G`, not shift-g), because terminals disagree on sending both.

use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPress {
    code: KeyCode,
    ctrl: bool,
    alt: bool,
    shift: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    Char(char),
    Enter,
    Esc,
    Backspace,
    Delete,
    Tab,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    Insert,
    F(u8),
}

impl KeyPress {
    /// Normalises: shift with a letter is its capital, shift with another character is nothing (the terminal sent the
    /// character that shift makes), control with a letter has no case.
    pub fn new(code: KeyCode, ctrl: bool, alt: bool, shift: bool) -> Self {
        let (code, shift) = match code {
            KeyCode::Char(c) if ctrl => (KeyCode::Char(c.to_ascii_lowercase()), false),
            KeyCode::Char(c) if shift => (KeyCode::Char(c.to_ascii_uppercase()), false),
            KeyCode::Char(c) => (KeyCode::Char(c), false),
            other => (other, shift),
        };
        Self { code, ctrl, alt, shift }
    }

    pub fn plain(code: KeyCode) -> Self {
        Self::new(code, false, false, false)
    }

    pub fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    pub fn code(self) -> KeyCode {
        self.code
    }

    pub fn ctrl(self) -> bool {
        self.ctrl
    }

    pub fn alt(self) -> bool {
        self.alt
    }

    /// The character that was typed, when no control or alt was held.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

const NAMED: [(&str, KeyCode); 17] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("tab", KeyCode::Tab),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("insert", KeyCode::Insert),
    ("space", KeyCode::Char(' ')),
    ("lt", KeyCode::Char('<')),
    ("gt", KeyCode::Char('>')),
];

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key; write `x`, `X`, `ctrl-d`, `<enter>`, `<f1>` or `shift-<tab>`")]
pub struct NoKey(String);

impl FromStr for KeyPress {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let mut rest = text;
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        for (prefix, held) in [("ctrl-", &mut ctrl), ("alt-", &mut alt), ("shift-", &mut shift)] {
            if let Some(after) = rest.strip_prefix(prefix).filter(|after| !after.is_empty()) {
                *held = true;
                rest = after;
            }
        }
        let code = read_code(rest).ok_or_else(|| NoKey(text.to_owned()))?;
        Ok(Self::new(code, ctrl, alt, shift))
    }
}

fn read_code(text: &str) -> Option<KeyCode> {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return Some(KeyCode::Char(c));
    }
    let name = text.strip_prefix('<')?.strip_suffix('>')?.to_ascii_lowercase();
    if let Some((_, code)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some(*code);
    }
    let number: u8 = name.strip_prefix('f')?.parse().ok()?;
    (1..=12).contains(&number).then_some(KeyCode::F(number))
}

impl fmt::Display for KeyPress {
    /// As people write it: `Ctrl-D`, `Shift-Tab`, `G`, `Space`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [(self.ctrl, "Ctrl-"), (self.alt, "Alt-"), (self.shift, "Shift-")] {
            if held {
                f.write_str(name)?;
            }
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) if self.ctrl => write!(f, "{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(number) => write!(f, "F{number}"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            other => write!(f, "{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_people_write_them() {
        let key = |text: &str| text.parse::<KeyPress>().unwrap();
        assert_eq!(key("ctrl-D"), key("ctrl-d"));
        assert_eq!(key("shift-g"), KeyPress::char('G'));
        assert_eq!(key("<space>"), KeyPress::char(' '));
        assert_eq!(key("<lt>"), key("<"));
        assert_eq!(key("-"), KeyPress::char('-'));
        assert_eq!(key("shift-<tab>").to_string(), "Shift-Tab");
        assert_eq!(key("ctrl-u").to_string(), "Ctrl-U");
        assert_eq!(key("<f1>"), KeyPress::plain(KeyCode::F(1)));
        for bad in ["", "<nothing>", "ctrl-", "ab", "<f13>"] {
            assert!(bad.parse::<KeyPress>().is_err(), "{bad}");
        }
    }

    #[test]
    fn shift_is_folded_into_the_character() {
        assert_eq!(KeyPress::new(KeyCode::Char('g'), false, false, true), KeyPress::char('G'));
        assert_eq!(KeyPress::new(KeyCode::Char('G'), false, false, true), KeyPress::char('G'));
        assert_eq!(KeyPress::new(KeyCode::Char('?'), false, false, true), KeyPress::char('?'));
    }
}
