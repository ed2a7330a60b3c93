//! In which order the values of a column stand.
//!
//! Values are put in order, not rows: each once, and only those that some row has.

use std::cmp::Ordering;

use super::condition::number;
use super::select::Cancel;
use crate::index::{Column, Dictionary};

/// Values that are put in order, or merged, before somebody is asked whether it is still wanted.
const STRIDE: usize = 1 << 13;

/// The empty text, in every dictionary.
const NOTHING: u32 = 0;

/// See the module. The empty value comes last either way.
#[derive(Clone, Copy)]
pub(super) struct Ranking<'a> {
    dictionary: &'a Dictionary,
    has_numbers: bool,
    descending: bool,
}

/// A code, after what its value begins with, which mostly decides: the values themselves lie far from each other.
type Headed = (u64, u32);

impl<'a> Ranking<'a> {
    pub fn new(column: Column, dictionary: &'a Dictionary, descending: bool) -> Self {
        Self { dictionary, has_numbers: column == Column::Status, descending }
    }

    /// Two codes by their values.
    pub fn compare(&self, one: u32, other: u32) -> Ordering {
        self.compare_headed(&(0, one), &(0, other))
    }

    /// The codes in the order of their values. `None` when it was cancelled.
    pub fn sorted(&self, codes: impl Iterator<Item = u32>, cancel: &Cancel) -> Option<Vec<u32>> {
        let mut headed = Vec::with_capacity(codes.size_hint().0);
        for code in codes {
            if headed.len().is_multiple_of(STRIDE) && cancel.is_cancelled() {
                return None;
            }
            headed.push((self.head(code), code));
        }
        let sorted = sort(headed, |one, other| self.compare_headed(one, other), cancel)?;
        Some(sorted.into_iter().map(|(_, code)| code).collect())
    }

    fn compare_headed(&self, one: &Headed, other: &Headed) -> Ordering {
        if one.1 == other.1 {
            return Ordering::Equal;
        }
        let nothing = (one.1 == NOTHING).cmp(&(other.1 == NOTHING));
        let ascending = || one.0.cmp(&other.0).then_with(|| self.compare_values(one.1, other.1));
        nothing.then_with(|| if self.descending { ascending().reverse() } else { ascending() })
    }

    fn compare_values(&self, one: u32, other: u32) -> Ordering {
        let (one, other) = (self.dictionary.value(one), self.dictionary.value(other));
        let numbers = if self.has_numbers { [number(one), number(other)] } else { [None; 2] };
        let by_number = match numbers {
            [Some(one), Some(other)] => one.total_cmp(&other),
            [one, other] => other.is_some().cmp(&one.is_some()),
        };
        by_number.then_with(|| compare_texts(one, other))
    }

    /// What is less for a value that comes before; the same for many that do not need to be.
    fn head(&self, code: u32) -> u64 {
        if self.has_numbers {
            return 0;
        }
        let value = self.dictionary.value(code);
        let mut head = [0; 8];
        if value.is_ascii() {
            head.iter_mut().zip(value.bytes()).for_each(|(to, from)| *to = from.to_ascii_lowercase());
        } else {
            let lower: String = value.chars().take(head.len()).flat_map(char::to_lowercase).collect();
            head.iter_mut().zip(lower.bytes()).for_each(|(to, from)| *to = from);
        }
        u64::from_be_bytes(head)
    }
}

/// In any case; texts that are equal then, as they are written.
fn compare_texts(one: &str, other: &str) -> Ordering {
    let in_lower_case = if one.is_ascii() && other.is_ascii() {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        one.bytes().map(lower).cmp(other.bytes().map(lower))
    } else {
        one.chars().flat_map(char::to_lowercase).cmp(other.chars().flat_map(char::to_lowercase))
    };
    in_lower_case.then_with(|| one.cmp(other))
}

/// As the standard library sorts, but to be given up on the way.
fn sort<T: Copy>(mut items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering, cancel: &Cancel) -> Option<Vec<T>> {
    for chunk in items.chunks_mut(STRIDE) {
        if cancel.is_cancelled() {
            return None;
        }
        chunk.sort_unstable_by(&compare);
    }
    let mut length = STRIDE;
    while length < items.len() {
        let mut merged = Vec::with_capacity(items.len());
        for pair in items.chunks(2 * length) {
            let (one, other) = pair.split_at(length.min(pair.len()));
            merge(one, other, &compare, &mut merged, cancel)?;
        }
        (items, length) = (merged, 2 * length);
    }
    Some(items)
}

fn merge<T: Copy>(
    mut one: &[T],
    mut other: &[T],
    compare: impl Fn(&T, &T) -> Ordering,
    merged: &mut Vec<T>,
    cancel: &Cancel,
) -> Option<()> {
    while let (Some((first, rest)), Some((second, others))) = (one.split_first(), other.split_first()) {
        if merged.len().is_multiple_of(STRIDE) && cancel.is_cancelled() {
            return None;
        }
        if compare(second, first).is_lt() {
            merged.push(*second);
            other = others;
        } else {
            merged.push(*first);
            one = rest;
        }
    }
    merged.extend_from_slice(one);
    merged.extend_from_slice(other);
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::index::IndexBuilder;
    use crate::index::testing::event;

    /// The texts in the order in which the ranking puts them.
    fn ranked(column: Column, texts: &[&str], descending: bool) -> Vec<String> {
        let mut builder = IndexBuilder::default();
        for (n, text) in texts.iter().enumerate() {
            builder.insert(&"r".into(), &"c".into(), &event(&format!("id-{n}"), 0, "GetX", text, text));
        }
        let snapshot = builder.snapshot();
        let dictionary = snapshot.dictionary(column);
        let ranking = Ranking::new(column, dictionary, descending);
        let sorted = ranking.sorted(0..dictionary.len(), &Cancel::new()).unwrap();
        assert!(sorted.is_sorted_by(|one, other| ranking.compare(*one, *other).is_lt()));
        sorted.into_iter().map(|code| dictionary.value(code).to_owned()).collect()
    }

    #[test]
    fn texts_stand_in_any_case_and_nothing_comes_last() {
        let texts = ["b", "É", "", "B", "a", "abcdefgh2", "ABCDEFGH1", "é", "Z"];
        let ascending = ["a", "ABCDEFGH1", "abcdefgh2", "B", "b", "Z", "É", "é", ""];
        assert_eq!(ranked(Column::User, &texts, false), ascending);
        let descending = ["é", "É", "Z", "b", "B", "abcdefgh2", "ABCDEFGH1", "a", ""];
        assert_eq!(ranked(Column::User, &texts, true), descending);
    }

    #[test]
    fn a_status_is_a_number() {
        let texts = ["1000", "-", "404", "", "99", "-1", "x"];
        assert_eq!(ranked(Column::Status, &texts, false), ["-1", "99", "404", "1000", "-", "x", ""]);
        assert_eq!(ranked(Column::Status, &texts, true), ["x", "-", "1000", "404", "99", "-1", ""]);
        assert_eq!(ranked(Column::User, &["1000", "99"], false), ["1000", "99", ""]);
    }

    #[test]
    fn a_cancelled_order_is_none() {
        let cancel = Cancel::new();
        cancel.cancel();
        assert_eq!(sort(vec![2, 1], i32::cmp, &cancel), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        #[test]
        fn many_are_sorted_as_few_are(items in prop::collection::vec(any::<u32>(), 0..5 * STRIDE)) {
            let mut expected = items.clone();
            expected.sort_unstable();
            prop_assert_eq!(sort(items, u32::cmp, &Cancel::new()), Some(expected));
        }

        #[test]
        fn what_a_value_begins_with_does_not_contradict_it(texts in prop::collection::vec("[aAbB\u{130}ßéÉ\u{1e9e}0-9]{0,10}", 2..12)) {
            let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            texts.push("");
            let ranked = ranked(Column::User, &texts, false);
            texts.sort_unstable();
            texts.dedup();
            let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
            texts.sort_by_key(|text| (text.is_empty(), lower(text)));
            prop_assert_eq!(ranked, texts);
        }
    }
}
