//! How many of the selected rows have which value of a column.
//!
//! Counting a row is a step in an array that is as long as its segment's table. Segments that match as a whole are not
//! looked at at all: their tables know. What is exact for many rows takes longer than a frame, so there is an estimate
//! from a part of them, which says that it is one.

use super::mask::{WORD, bits};
use super::select::Cancel;
use super::selection::{Part, Selection};
use crate::index::{Codes, Column, Dictionary, Segment};

/// One of so many words of 64 rows is looked at for an estimate.
const SAMPLE: usize = 16;

/// The values of a column that occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    pub column: Column,
    /// Codes of the snapshot's dictionary, ascending, with rows. The empty value is among them: rows that have nothing
    /// there.
    pub values: Vec<(u32, u64)>,
    /// Whether the rows were counted; else they are projected from a part of them.
    pub exact: bool,
}

impl Facet {
    /// The most frequent values, at most `most` of them; equally frequent ones in the order of their text.
    pub fn top(&self, most: usize, dictionary: &Dictionary) -> Vec<(u32, u64)> {
        let compare = |(a, x): &(u32, u64), (b, y): &(u32, u64)| {
            y.cmp(x).then_with(|| dictionary.value(*a).cmp(dictionary.value(*b)))
        };
        let mut values = self.values.clone();
        if most < values.len() {
            values.select_nth_unstable_by(most, compare);
            values.truncate(most);
        }
        values.sort_unstable_by(compare);
        values
    }
}

impl Selection {
    /// Counts every row. `None` when it was cancelled.
    pub fn facet(&self, column: Column, cancel: &Cancel) -> Option<Facet> {
        self.count(column, 1, cancel)
    }

    /// Counts some of the rows, and projects; exact where there are few.
    pub fn facet_estimate(&self, column: Column, cancel: &Cancel) -> Option<Facet> {
        self.count(column, SAMPLE, cancel)
    }

    fn count(&self, column: Column, every: usize, cancel: &Cancel) -> Option<Facet> {
        let dictionary = self.snapshot.dictionary(column);
        let mut counts = Counting { by_code: vec![0; dictionary.len() as usize], every, exact: true };
        for (segment, part) in self.snapshot.segments().iter().zip(&*self.parts) {
            if cancel.is_cancelled() {
                return None;
            }
            counts.add(segment, part, column);
        }
        let counted = counts.by_code.iter().enumerate().filter(|(_, count)| **count > 0);
        let values = counted.map(|(code, count)| (code as u32, *count)).collect();
        Some(Facet { column, values, exact: counts.exact })
    }
}

struct Counting {
    by_code: Vec<u64>,
    every: usize,
    exact: bool,
}

impl Counting {
    fn add(&mut self, segment: &Segment, part: &Part, column: Column) {
        let hits = &part.found.hits;
        let matching = hits.total().all as usize;
        let codes = segment.codes(column);
        match codes {
            _ if matching == 0 => {}
            Codes::Same(code) => self.by_code[*code as usize] += matching as u64,
            Codes::Byte { table, .. } | Codes::Short { table, .. } if matching == segment.end() => {
                let counted = table.codes().iter().zip(table.counts());
                counted.for_each(|(code, rows)| self.by_code[*code as usize] += u64::from(*rows));
            }
            Codes::Byte { table, rows } => {
                let numbers = |row: usize| usize::from(rows[row]);
                self.add_numbers(table.codes(), part, numbers);
            }
            Codes::Short { table, rows } => {
                let numbers = |row: usize| usize::from(rows[row]);
                self.add_numbers(table.codes(), part, numbers);
            }
            Codes::Wide(codes) => {
                let (by_code, every) = (&mut self.by_code, self.every);
                self.exact &= visit(part, every, |row, weight| by_code[codes[row] as usize] += weight);
            }
        }
    }

    fn add_numbers(&mut self, table: &[u32], part: &Part, number: impl Fn(usize) -> usize) {
        // As long as a byte's numbers may be large, which spares the check.
        let mut counts = vec![0_u64; table.len().max(256)];
        self.exact &= visit(part, self.every, |row, weight| counts[number(row)] += weight);
        table.iter().zip(counts).for_each(|(code, count)| self.by_code[*code as usize] += count);
    }
}

/// Calls with matching rows and how many each stands for; whether it was with all of them.
fn visit(part: &Part, every: usize, mut count: impl FnMut(usize, u64)) -> bool {
    let words = part.found.hits.mask().words();
    let every = if words.len() < every * every { 1 } else { every };
    for (place, word) in words.iter().enumerate().step_by(every).filter(|(_, word)| **word != 0) {
        bits(*word).for_each(|bit| count(place * WORD + bit, every as u64));
    }
    every == 1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::index::IndexBuilder;
    use crate::index::testing::{event, numbered};
    use crate::query::{Order, Query, Term, select};

    fn selection(query: &Query) -> Selection {
        let mut builder = IndexBuilder::default();
        for n in 0..40_000_i64 {
            let (name, user) = (["GetX", "ListY", "DeleteZ"][n as usize % 3], format!("user-{}", n % 700));
            let bytes = event(&format!("id-{n}"), n * 1_000, name, &user, ["200", "404"][n as usize % 2]);
            builder.insert(&"r1".into(), &"c1".into(), &bytes);
            if n == 20_000 {
                builder.snapshot();
            }
        }
        builder.insert(&"r2".into(), &"c1".into(), &numbered(7).bytes);
        select(&builder.snapshot(), query, Order::NewestFirst, None, &Cancel::new()).unwrap()
    }

    fn plain(selection: &Selection, column: Column) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for row in selection.rows(0..selection.len()).filter_map(|id| selection.snapshot().row(id)) {
            *counts.entry(row.text(column).to_owned()).or_default() += 1;
        }
        counts
    }

    fn named(selection: &Selection, facet: &Facet) -> BTreeMap<String, u64> {
        let dictionary = selection.snapshot().dictionary(facet.column);
        facet.values.iter().map(|(code, count)| (dictionary.value(*code).to_owned(), *count)).collect()
    }

    #[test]
    fn exact_is_what_each_row_says() {
        for query in [Query::everything(), Query::everything().and(Term::Failed)] {
            let selection = selection(&query);
            for column in [Column::Event, Column::User, Column::Status, Column::Region, Column::Resource] {
                let facet = selection.facet(column, &Cancel::new()).unwrap();
                assert!(facet.exact);
                assert_eq!(named(&selection, &facet), plain(&selection, column));
                let dictionary = selection.snapshot().dictionary(column);
                let top = facet.top(5, dictionary);
                assert!(top.is_sorted_by(|a, b| a.1 >= b.1) && top.len() == facet.values.len().min(5));
                assert_eq!(top, facet.top(1_000, dictionary)[..top.len()]);
            }
        }
    }

    #[test]
    fn an_estimate_says_so_and_is_near() {
        let selection = selection(&Query::everything().and(Term::Failed));
        let exact = selection.facet(Column::User, &Cancel::new()).unwrap();
        let estimate = selection.facet_estimate(Column::User, &Cancel::new()).unwrap();
        assert!(!estimate.exact);
        let total = |facet: &Facet| facet.values.iter().map(|(_, count)| count).sum::<u64>() as f64;
        assert!((total(&estimate) / total(&exact) - 1.0).abs() < 0.1);
        // One value only: nothing to look at.
        assert!(selection.facet_estimate(Column::Status, &Cancel::new()).unwrap().values.len() == 1);
    }

    #[test]
    fn a_cancelled_count_is_none() {
        let cancel = Cancel::new();
        cancel.cancel();
        assert_eq!(selection(&Query::everything()).facet(Column::User, &cancel), None);
    }
}
