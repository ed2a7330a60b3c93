//! Glyphs of our own, with their plain twins. None is two cells wide.

use std::borrow::Cow;

use crate::app::facts::{Mark, PlaceState, Ruler};
use crate::app::setup::Glyphs;

#[derive(Clone, Copy, Debug)]
pub struct GlyphSet {
    pub plain: bool,
    pub frame: Frame,
    pub cursor: char,
    pub folded: char,
    pub unfolded: char,
    pub at_least: &'static str,
    pub arrow: &'static str,
    pub dot: &'static str,
    pub ellipsis: &'static str,
    pub good: &'static str,
    pub bad: &'static str,
    bars: &'static [char],
}

#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub horizontal: char,
    pub vertical: char,
    pub top_left: char,
    pub top_right: char,
    pub bottom_left: char,
    pub bottom_right: char,
    pub branch: char,
    pub last_branch: char,
    pub axis: char,
    pub left_end: char,
    pub right_end: char,
}

const UNICODE: GlyphSet = GlyphSet {
    plain: false,
    frame: Frame {
        horizontal: '─',
        vertical: '│',
        top_left: '┌',
        top_right: '┐',
        bottom_left: '└',
        bottom_right: '┘',
        branch: '├',
        last_branch: '└',
        axis: '┤',
        left_end: '▕',
        right_end: '▏',
    },
    cursor: '▶',
    folded: '▸',
    unfolded: '▾',
    at_least: "≥",
    arrow: "→",
    dot: "·",
    ellipsis: "…",
    good: "✓",
    bad: "✗",
    bars: &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
};

const ASCII: GlyphSet = GlyphSet {
    plain: true,
    frame: Frame {
        horizontal: '-',
        vertical: '|',
        top_left: '+',
        top_right: '+',
        bottom_left: '+',
        bottom_right: '+',
        branch: '+',
        last_branch: '+',
        axis: '|',
        left_end: '|',
        right_end: '|',
    },
    cursor: '>',
    folded: '+',
    unfolded: '-',
    at_least: ">=",
    arrow: "->",
    dot: "-",
    ellipsis: "..",
    good: "ok",
    bad: "x",
    bars: &['.', ':', '|', '#'],
};

impl GlyphSet {
    pub fn new(glyphs: Glyphs) -> Self {
        match glyphs {
            Glyphs::Unicode => UNICODE,
            Glyphs::Ascii => ASCII,
        }
    }

    /// Our own marks in a text that is already cut, as plain ones of the same width. Letters of events are not touched.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.plain || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            // Two dots where there is room for them: one alone could be part of the text.
            if c == '…' && out.chars().next_back().is_some_and(|before| before.is_ascii()) {
                out.pop();
                out.push('.');
            }
            out.push(plain(c));
        }
        out.into()
    }

    /// A bar of `eighths` of a cell; a full one from 8 on, nothing at 0.
    pub fn bar(&self, eighths: u64) -> char {
        let Some(place) = eighths.checked_sub(1) else { return ' ' };
        let place = place.min(7) as usize * self.bars.len() / 8;
        self.bars.get(place).copied().unwrap_or(' ')
    }

    pub fn ruler(&self, mark: Ruler) -> char {
        match (mark, self.plain) {
            (Ruler::Complete, false) => '━',
            (Ruler::Complete, true) => '=',
            (Ruler::Gap, false) => '×',
            (Ruler::Gap, true) => 'x',
            (Ruler::Loading, false) => '╌',
            (Ruler::Loading, true) => '-',
            (Ruler::Settling, false) => '░',
            (Ruler::Settling, true) => '~',
        }
    }

    /// A column of a place's band.
    pub fn mark(&self, mark: Mark) -> char {
        match (mark, self.plain) {
            (Mark::Failed, _) => self.ruler(Ruler::Gap),
            (Mark::Denied, false) => 'ø',
            (Mark::Denied, true) => 'o',
            (Mark::Loading, _) => self.ruler(Ruler::Loading),
            (Mark::Queued, _) => '?',
            (Mark::Settling, _) => self.ruler(Ruler::Settling),
            (Mark::Gone, false) => '-',
            (Mark::Gone, true) => '_',
            (Mark::Complete, _) => self.ruler(Ruler::Complete),
        }
    }

    /// The state of a place; `quiet` when it holds no events.
    pub fn place(&self, state: PlaceState, quiet: bool) -> char {
        match (state, self.plain) {
            (PlaceState::Complete, false) if quiet => '·',
            (PlaceState::Complete, true) if quiet => '.',
            (PlaceState::Complete, false) => '✓',
            (PlaceState::Complete, true) => 'v',
            (PlaceState::Settling, false) => '░',
            (PlaceState::Settling, true) => '"',
            (PlaceState::Loading, _) => '~',
            (PlaceState::Queued, _) => '?',
            (PlaceState::Failed, _) => '!',
            (PlaceState::Limited | PlaceState::Denied, false) => 'ø',
            (PlaceState::Limited | PlaceState::Denied, true) => 'o',
            (PlaceState::Gone, _) => '-',
            (PlaceState::Found, _) => ' ',
        }
    }
}

fn plain(c: char) -> char {
    match c {
        '…' => '.',
        '→' | '⇒' | '▶' | '▸' | '›' | '≥' => '>',
        '‹' | '←' => '<',
        '▾' | '↓' => 'v',
        '·' | '─' => '-',
        '│' | '▌' | '▏' => '|',
        '±' | '░' => '~',
        'ø' => 'o',
        '×' => 'x',
        '“' | '”' => '"',
        '↑' => '^',
        other => other,
    }
}
