//! From a text to the blocks that may contain it.

use super::grams::{grams, has_grams};
use super::ids::{SHORTEST_PART, minimizers};
use super::needle::{Unit, units};
use super::pack::PackIndex;
use super::scan::{Gap, SHORTEST_ID, Stretch, is_in_compound, is_kept, is_kept_in_words, stretches, trim};
use super::terms::{Part, Terms};

/// What a text tells about the blocks that contain it.
#[derive(Clone, Debug)]
pub struct TextQuery {
    clues: Vec<Clue>,
    /// How many terms the clues know.
    terms: u32,
}

/// Something that a block must have: all of the ids, or one of the words. Without either it has nothing.
#[derive(Clone, Debug)]
struct Clue {
    ids: Vec<u32>,
    words: Vec<Word>,
}

/// A part of a word of the block.
#[derive(Clone, Debug)]
struct Word {
    /// Whether it counts only where an id was cut away from a word.
    is_cut: bool,
    /// `None` when nothing is known of it: every block may have it.
    part: Option<Part>,
    /// Terms that it is a part of, ascending.
    terms: Vec<u32>,
    grams: Vec<u32>,
}

impl TextQuery {
    pub fn new(needle: &str, terms: &Terms) -> Self {
        let mut clues: Vec<Clue> = compounds(&units(needle)).iter().flat_map(clues).collect();
        for word in clues.iter_mut().flat_map(|clue| &mut clue.words) {
            word.terms = word.part.as_ref().map(|part| terms.matching(part)).unwrap_or_default();
        }
        // Ids leave fewer blocks, and cost less.
        clues.sort_by_key(|clue| clue.ids.is_empty());
        Self { clues, terms: terms.len() }
    }

    /// Whether there is anything to skip blocks by.
    pub fn is_selective(&self) -> bool {
        !self.clues.is_empty()
    }

    /// A bit for each block of the pack that may contain the text; no other block does.
    pub fn candidates(&self, pack: &PackIndex) -> u64 {
        if pack.terms > self.terms {
            return pack.blocks;
        }
        let narrowed = |left: u64, clue: &Clue| if left == 0 { 0 } else { clue.blocks(pack, left) };
        self.clues.iter().fold(pack.blocks, narrowed)
    }
}

impl Clue {
    /// Those of `left` that have it.
    fn blocks(&self, pack: &PackIndex, left: u64) -> u64 {
        let mut found = 0;
        if !self.ids.is_empty() {
            found = self.ids.iter().fold(left, |left, id| if left == 0 { 0 } else { left & pack.ids.blocks(*id) });
        }
        for word in &self.words {
            let left = if word.is_cut { left & pack.cut } else { left };
            found |= if word.part.is_none() { left } else { left & pack.postings.blocks(&word.terms) };
            if !word.grams.is_empty() {
                found |= pack.grams.blocks(left & !found, &word.grams);
            }
        }
        found
    }
}

impl Word {
    /// `None` when a word with this in it need not be known.
    fn new(text: &[u8], open_left: bool, open_right: bool) -> Option<Self> {
        let text = trim(text);
        let is_known = is_kept(text) && (has_grams(text) || !open_left && !open_right);
        is_known.then(|| Self::known(text, open_left, open_right))
    }

    /// What is left of [`new`](Self::new) when an end of it is in an id.
    fn cut(text: &[u8], open_left: bool, open_right: bool) -> Self {
        let unknown = || Self { is_cut: true, part: None, terms: Vec::new(), grams: Vec::new() };
        Self::new(text, open_left, open_right).map_or_else(unknown, |word| Self { is_cut: true, ..word })
    }

    /// A segment of an id, if that is part of a word: how the word goes on is not known.
    fn around(segment: &[u8]) -> Option<Self> {
        (has_grams(segment) && is_kept_in_words(segment)).then(|| Self::known(segment, true, true))
    }

    fn known(text: &[u8], open_left: bool, open_right: bool) -> Self {
        let part = Some(Part { text: text.to_vec(), open_left, open_right });
        Self { is_cut: false, part, terms: Vec::new(), grams: grams(text).collect() }
    }
}

/// A compound in what is looked for; open where the event's may go on.
#[derive(Debug)]
struct Compound {
    text: Vec<u8>,
    open_left: bool,
    open_right: bool,
}

fn compounds(units: &[Unit]) -> Vec<Compound> {
    let mut compounds = Vec::new();
    // Nothing is known about what comes before the text, nor after it.
    let mut open_left = true;
    let mut text = Vec::new();
    for unit in units {
        match unit {
            Unit::Byte(byte) if is_in_compound(*byte) => text.push(*byte),
            other => {
                let text = std::mem::take(&mut text);
                compounds.push(Compound { text, open_left, open_right: other.may_begin_in_compound() });
                open_left = other.may_end_in_compound();
            }
        }
    }
    compounds.push(Compound { text, open_left, open_right: true });
    compounds
}

/// What the event's compound, which is this one or contains it, leaves in the index.
fn clues(compound: &Compound) -> Vec<Clue> {
    let Compound { text, open_left, open_right } = compound;
    let mut clues = Vec::new();
    let mut piece = Piece { text, open_left: *open_left, open_right: *open_right, ..Piece::default() };
    let mut kept = 0;
    for stretch in stretches(text).filter(Stretch::is_free) {
        let is_first = stretch.before == Gap::End;
        let is_last = stretch.after == Gap::End;
        let is_open = (is_first && *open_left, is_last && *open_right);
        match is_open {
            (false, false) if stretch.is_id() => {
                clues.extend(id(text, &stretch, is_open));
                clues.extend(Piece { text: &text[kept..stretch.start], open_right: false, ..piece }.clue());
                piece = Piece { open_left: false, open_right: *open_right, ..Piece::default() };
                kept = stretch.end;
            }
            (false, false) => {}
            _ => clues.extend(id(text, &stretch, is_open)),
        }
        if is_first && is_last {
            return clues;
        }
        if is_open.0 {
            piece.unsure_left = stretch.end;
        }
        if is_open.1 {
            piece.unsure_right = text.len() - stretch.start;
        }
    }
    clues.extend(Piece { text: &text[kept..], ..piece }.clue());
    clues
}

/// A stretch that is an id, unless what is outside of the text makes its first or last segment part of a word.
fn id(text: &[u8], stretch: &Stretch, (open_left, open_right): (bool, bool)) -> Option<Clue> {
    let shortest = if open_left || open_right { SHORTEST_PART } else { SHORTEST_ID };
    let mut clue = Clue { ids: Vec::new(), words: Vec::new() };
    if stretch.end - stretch.start < shortest {
        return None;
    }
    minimizers(&text[stretch.start..stretch.end], |minimizer| clue.ids.push(minimizer));
    if open_left {
        clue.words.push(Word::around(&text[stretch.start..stretch.first_end])?);
    }
    if open_right {
        clue.words.push(Word::around(&text[stretch.last_start..stretch.end])?);
    }
    Some(clue)
}

/// A piece of a compound that is in one word, but for the bytes at its ends that may be in an id.
#[derive(Clone, Copy, Debug, Default)]
struct Piece<'a> {
    text: &'a [u8],
    open_left: bool,
    open_right: bool,
    unsure_left: usize,
    unsure_right: usize,
}

impl Piece<'_> {
    fn clue(&self) -> Option<Clue> {
        let mut words = vec![Word::new(self.text, self.open_left, self.open_right)?];
        let end = self.text.len().saturating_sub(self.unsure_right);
        if self.unsure_left > 0 {
            words.push(Word::cut(&self.text[self.unsure_left..], false, self.open_right));
        }
        if self.unsure_right > 0 {
            words.push(Word::cut(&self.text[..end], self.open_left, false));
        }
        if self.unsure_left > 0 && self.unsure_right > 0 {
            words.push(Word::cut(self.text.get(self.unsure_left..end).unwrap_or_default(), false, false));
        }
        Some(Clue { ids: Vec::new(), words })
    }
}
