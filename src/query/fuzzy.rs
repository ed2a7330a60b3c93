//! What somebody may have meant who typed some of its letters.

use std::cmp::Reverse;

use fuzzy_matcher::FuzzyMatcher as _;
use fuzzy_matcher::skim::SkimMatcherV2;

use super::select::Cancel;
use crate::index::Dictionary;

/// Values that are looked at before somebody is asked whether it is still wanted.
const STRIDE: u32 = 1 << 10;

/// Words of which each must be found in a text, in any ASCII case, letter by letter and with anything between them.
///
/// Weighing a match costs a table of the text by the word, so it is asked first whether the letters are there at all.
pub struct FuzzyFind {
    matcher: SkimMatcherV2,
    words: Vec<String>,
}

impl FuzzyFind {
    /// The matcher itself takes spaces literally.
    pub fn new(text: &str) -> Self {
        let words = text.split_whitespace().map(str::to_owned).collect();
        Self { matcher: SkimMatcherV2::default().ignore_case(), words }
    }

    pub fn matches(&self, text: &str) -> bool {
        self.score(text).is_some()
    }

    /// How well it matches, the more the better; `None` where it does not, or where there are no words.
    pub fn score(&self, text: &str) -> Option<i64> {
        let may_match = !self.words.is_empty() && self.words.iter().all(|word| has_letters(text, word));
        let scores = || self.words.iter().map(|word| self.matcher.fuzzy_match(text, word)).sum();
        if may_match { scores() } else { None }
    }
}

/// The values that match, at most `most` of them, with their scores: the best first, equally good ones in the order of
/// their text. `None` when it was cancelled.
pub fn fuzzy(dictionary: &Dictionary, pattern: &str, most: usize, cancel: &Cancel) -> Option<Vec<(u32, i64)>> {
    let find = FuzzyFind::new(pattern);
    let mut found = Vec::new();
    for (code, value) in dictionary.values_from(0) {
        if code.is_multiple_of(STRIDE) && cancel.is_cancelled() {
            return None;
        }
        found.extend(find.score(value).map(|score| (code, score)));
    }
    let compare = |(a, x): &(u32, i64), (b, y): &(u32, i64)| {
        Reverse(x).cmp(&Reverse(y)).then_with(|| dictionary.value(*a).cmp(dictionary.value(*b)))
    };
    if most < found.len() {
        found.select_nth_unstable_by(most, compare);
        found.truncate(most);
    }
    found.sort_unstable_by(compare);
    Some(found)
}

/// Whether the letters of `word` stand in `text`, one after the other, as the matcher compares them.
fn has_letters(text: &str, word: &str) -> bool {
    if !word.is_ascii() {
        let mut letters = text.chars();
        return word.chars().all(|wanted| letters.any(|letter| letter.eq_ignore_ascii_case(&wanted)));
    }
    // No byte of another letter is an ASCII byte, so the text may be anything.
    let mut rest = text.as_bytes();
    word.bytes().all(|wanted| {
        let found = memchr::memchr2(wanted.to_ascii_lowercase(), wanted.to_ascii_uppercase(), rest);
        rest = found.and_then(|at| rest.get(at + 1..)).unwrap_or_default();
        found.is_some()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::index::testing::event;
    use crate::index::{Column, IndexBuilder};

    #[test]
    fn every_word_must_match() {
        assert!(FuzzyFind::new("net prod").matches("prod/prod-net"));
        assert!(!FuzzyFind::new("net dev").matches("prod/prod-net"));
        assert!(!FuzzyFind::new(" ").matches("anything"));
    }

    fn found(values: &[&str], pattern: &str, most: usize) -> Vec<String> {
        let mut builder = IndexBuilder::default();
        for (n, user) in values.iter().enumerate() {
            builder.insert(&"r".into(), &"c".into(), &event(&format!("id-{n}"), 0, "GetX", user, "200"));
        }
        let snapshot = builder.snapshot();
        let dictionary = snapshot.dictionary(Column::User);
        let found = fuzzy(dictionary, pattern, most, &Cancel::new()).unwrap();
        assert!(found.is_sorted_by_key(|(_, score)| Reverse(*score)));
        found.into_iter().map(|(code, _)| dictionary.value(code).to_owned()).collect()
    }

    #[test]
    fn the_best_values_come_first() {
        let values = ["xaxlxixcxe", "Alice", "bob", "malice", "alice-b", "alice-a", ""];
        assert_eq!(found(&values, "alice", 2), ["alice-a", "alice-b"]);
        let all = found(&values, "alice", 10);
        assert_eq!((all.len(), all[4].as_str()), (5, "xaxlxixcxe"));
        assert_eq!(found(&values, "alice -", 10), ["alice-a", "alice-b"]);
        assert_eq!(found(&values, "alice -", 1), ["alice-a"]);
        assert_eq!(found(&values, "", 10), [""; 0]);
        assert_eq!(found(&values, "alicea", 10), ["alice-a"]);
    }

    #[test]
    fn a_cancelled_search_is_none() {
        let cancel = Cancel::new();
        cancel.cancel();
        let snapshot = IndexBuilder::default().snapshot();
        assert_eq!(fuzzy(snapshot.dictionary(Column::User), "a", 1, &cancel), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn nothing_is_dropped_that_the_matcher_would_accept(text in "[aAbB \u{212a}kKéÉß-]{0,12}", word in "[aAbBkK\u{212a}éß-]{1,4}") {
            let accepted = SkimMatcherV2::default().ignore_case().fuzzy_match(&text, &word).is_some();
            prop_assert!(has_letters(&text, &word) || !accepted);
            prop_assert_eq!(FuzzyFind::new(&word).matches(&text), accepted);
        }
    }
}
