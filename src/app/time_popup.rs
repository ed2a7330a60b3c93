//! [`TimePopup`]: choosing the time range, by typing, by a preset, from what was chosen before, or by the calendar.

use chrono::TimeDelta;

use crate::domain::time_phrase::{Anchors, TimeError, parse_range};
use crate::domain::time_range::TimeRange;

use super::action::Action;
use super::calendar::Calendar;
use super::key::KeyPress;
use super::line::LineEditor;

#[derive(Debug)]
pub struct TimePopup {
    pub line: LineEditor,
    /// The range that stays when nothing is chosen.
    pub before: TimeRange,
    pub part: Part,
    pub calendar: Calendar,
    recent: RecentRanges,
    cursor: usize,
}

/// Which part of the dialog has the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Part {
    #[default]
    Text,
    /// Digits and letters choose; else they are typed.
    Presets,
    Calendar,
}

impl Part {
    const ALL: [Self; 3] = [Self::Text, Self::Presets, Self::Calendar];

    fn next(self, forward: bool) -> Self {
        let at = Self::ALL.iter().position(|part| *part == self).unwrap_or_default();
        Self::ALL[(at + if forward { 1 } else { Self::ALL.len() - 1 }) % Self::ALL.len()]
    }
}

/// Ranges that were looked at in this run, the last one first.
#[derive(Clone, Debug, Default)]
pub struct RecentRanges(Vec<TimeRange>);

/// Their keys.
const RECENT_KEYS: [char; 4] = ['h', 'i', 'j', 'k'];

impl RecentRanges {
    /// `range` was left for `now`.
    pub fn remember(&mut self, range: TimeRange, now: TimeRange) {
        self.0.retain(|known| *known != range && *known != now);
        self.0.insert(0, range);
        self.0.truncate(RECENT_KEYS.len());
    }

    pub fn keyed(&self) -> impl Iterator<Item = (char, TimeRange)> {
        RECENT_KEYS.into_iter().zip(self.0.iter().copied())
    }
}

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Preset(&'static Preset),
    Recent(TimeRange),
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
    pub fn new(before: TimeRange, recent: RecentRanges, anchors: &Anchors) -> Self {
        let day = |instant| anchors.zone.at(instant).date_naive();
        let last = before.end() - TimeDelta::microseconds(1);
        let calendar = Calendar::new(day(last), day(anchors.now));
        Self { line: LineEditor::default(), before, part: Part::default(), calendar, recent, cursor: 0 }
    }

    pub fn recent(&self) -> &RecentRanges {
        &self.recent
    }

    /// The choices, in the order in which the cursor goes over them.
    fn choices(&self) -> impl Iterator<Item = (char, Choice)> {
        let presets = PRESETS.iter().map(|preset| (preset.key, Choice::Preset(preset)));
        presets.chain(self.recent.keyed().map(|(key, range)| (key, Choice::Recent(range))))
    }

    /// The key of the choice under the cursor, and the choice, while one is being chosen.
    pub fn chosen(&self) -> Option<(char, Choice)> {
        self.choices().nth(self.cursor).filter(|_| self.part == Part::Presets)
    }

    /// What the words on show stand for; `None` while nothing is typed.
    pub fn resolve(&self, anchors: &Anchors) -> Option<Result<TimeRange, TimeError>> {
        match self.chosen() {
            Some((_, choice)) => Some(self.range_of(choice, anchors)),
            None if self.line.text().trim().is_empty() => None,
            None => Some(parse_range(&self.line.text(), anchors)),
        }
    }

    /// What a choice stands for.
    pub fn range_of(&self, choice: Choice, anchors: &Anchors) -> Result<TimeRange, TimeError> {
        let preset = match choice {
            Choice::Preset(preset) => preset,
            Choice::Recent(range) => return Ok(range),
        };
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
        match (action, self.part) {
            (Action::SwitchPart | Action::SwitchPartBack, _) => {
                self.part = self.part.next(action == Action::SwitchPart);
            }
            (_, Part::Calendar) => self.calendar.act(action),
            (Action::LineDown, Part::Presets) => self.cursor = (self.cursor + 1).min(self.choices().count() - 1),
            (Action::LineUp, Part::Presets) if self.cursor > 0 => self.cursor -= 1,
            (Action::LineDown, _) => self.part = Part::Presets,
            (Action::LineUp, _) => self.part = Part::Text,
            _ => {}
        }
    }

    /// Picks the day under the calendar's cursor, in words that can be read and changed; `true` when it was picked before,
    /// or when the keys are elsewhere: what is on show is to be used.
    pub fn pick(&mut self) -> bool {
        if self.part != Part::Calendar || self.calendar.pick() {
            return true;
        }
        if let Some(phrase) = self.calendar.phrase() {
            self.line.set(&phrase);
        }
        false
    }

    /// A key that is bound to nothing: text, or a choice's own key, which is returned.
    pub fn press(&mut self, key: KeyPress) -> Option<Choice> {
        if self.part != Part::Presets {
            self.part = Part::Text;
            self.line.edit(key);
            return None;
        }
        let typed = key.typed()?;
        let (place, (_, choice)) = self.choices().enumerate().find(|(_, (key, _))| *key == typed)?;
        self.cursor = place;
        Some(choice)
    }

    pub fn paste(&mut self, text: &str) {
        self.part = Part::Text;
        self.line.paste(text);
    }
}
