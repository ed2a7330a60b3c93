//! [`TimePopup`]: choosing the time range, by typing or by a preset.

use chrono::TimeDelta;

use crate::domain::time_phrase::{Anchors, TimeError, parse_range};
use crate::domain::time_range::TimeRange;

use super::action::Action;
use super::key::KeyPress;
use super::line::LineEditor;

#[derive(Debug)]
pub struct TimePopup {
    pub line: LineEditor,
    /// The range that stays when nothing is chosen.
    pub before: TimeRange,
    /// Whether digits and letters choose presets; else they are typed.
    pub choosing: bool,
    cursor: usize,
}

/// A range with a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    pub key: char,
    pub name: &'static str,
    /// As it would be typed.
    pub phrase: &'static str,
    /// Needs an event with a time under the cursor.
    pub around_event: bool,
}

const fn quick(key: char, name: &'static str, phrase: &'static str) -> Preset {
    Preset { key, name, phrase, around_event: false }
}

const fn around(key: char, name: &'static str, phrase: &'static str) -> Preset {
    Preset { key, name, phrase, around_event: true }
}

/// From the start of the range as it stands: that has no words of its own.
const TO_HERE: &str = "start..event";

pub const PRESETS: [Preset; 15] = [
    quick('1', "last 15m", "-15m"),
    quick('2', "last 1h", "-1h"),
    quick('3', "last 4h", "-4h"),
    quick('4', "last 24h", "-24h"),
    quick('5', "last 7d", "-7d"),
    quick('6', "today", "today"),
    quick('7', "yesterday", "yesterday"),
    quick('8', "this week", "this week"),
    quick('9', "last 90d", "-90d"),
    around('a', "±1m", "event~1m"),
    around('b', "±5m", "event~5m"),
    around('c', "±15m", "event~15m"),
    around('d', "±1h", "event~1h"),
    around('e', "here to now", "event.."),
    around('f', "start to here", TO_HERE),
];

impl TimePopup {
    pub fn new(before: TimeRange) -> Self {
        Self { line: LineEditor::default(), before, choosing: false, cursor: 0 }
    }

    /// The preset under the cursor, while presets are being chosen.
    pub fn chosen(&self) -> Option<&'static Preset> {
        PRESETS.get(self.cursor).filter(|_| self.choosing)
    }

    /// What the words on show stand for; `None` while nothing is typed.
    pub fn resolve(&self, anchors: &Anchors) -> Option<Result<TimeRange, TimeError>> {
        match self.chosen() {
            Some(preset) => Some(self.range_of(preset, anchors)),
            None if self.line.text().trim().is_empty() => None,
            None => Some(parse_range(&self.line.text(), anchors)),
        }
    }

    /// What a preset stands for.
    pub fn range_of(&self, preset: &Preset, anchors: &Anchors) -> Result<TimeRange, TimeError> {
        if preset.phrase != TO_HERE {
            return parse_range(preset.phrase, anchors);
        }
        // The end is exclusive, and the event itself is wanted.
        let end = parse_range("event..", anchors)?.start() + TimeDelta::microseconds(1);
        TimeRange::new(self.before.start(), end).ok_or_else(|| TimeError {
            span: 0..0,
            message: "the event lies before the start of the range".to_owned(),
            suggestion: None,
        })
    }

    pub fn act(&mut self, action: Action) {
        match action {
            Action::SwitchPart => self.choosing = !self.choosing,
            Action::LineDown if self.choosing => self.cursor = (self.cursor + 1).min(PRESETS.len() - 1),
            Action::LineUp if self.choosing && self.cursor > 0 => self.cursor -= 1,
            Action::LineDown => self.choosing = true,
            Action::LineUp => self.choosing = false,
            _ => {}
        }
    }

    /// A key that is bound to nothing: text, or a preset's own key, which is returned.
    pub fn press(&mut self, key: KeyPress) -> Option<&'static Preset> {
        if !self.choosing {
            self.line.edit(key);
            return None;
        }
        let typed = key.typed()?;
        let place = PRESETS.iter().position(|preset| preset.key == typed)?;
        self.cursor = place;
        PRESETS.get(place)
    }

    pub fn paste(&mut self, text: &str) {
        self.choosing = false;
        self.line.paste(text);
    }
}
