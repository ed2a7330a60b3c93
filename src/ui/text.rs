//! Text for cells: made harmless, cut by the width it takes, never by bytes.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::domain::ocid::Ocid;
use crate::domain::text::clean_prefix;

/// Characters that may share a cell: a letter and some accents. What is beyond is a trick.
const CLUSTER: usize = 4;

/// Cells that a text takes.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(cluster_width).sum()
}

fn cluster_width(cluster: &str) -> usize {
    cluster.width()
}

/// What of a cluster is shown.
fn shown(cluster: &str) -> &str {
    let end = cluster.char_indices().nth(CLUSTER).map_or(cluster.len(), |(end, _)| end);
    cluster.get(..end).unwrap_or_default()
}

/// Foreign text for `max` cells at most: harmless, on one line, with `…` where it was cut. The cost depends on `max`
/// alone, however long the text is. Borrowed where nothing had to change, which is nearly always.
pub fn cut(text: &str, max: usize) -> Cow<'_, str> {
    let clean = match clean_prefix(text, max.saturating_mul(CLUSTER).saturating_add(1)) {
        Cow::Borrowed(clean) if fits(clean, max) => return Cow::Borrowed(clean),
        clean => clean,
    };
    let mut out = String::new();
    let mut used = 0;
    for cluster in clean.graphemes(true).map(shown) {
        let cells = cluster_width(cluster);
        if cells == 0 {
            continue;
        }
        if used + cells > max {
            return ellipsis(&out, max).into();
        }
        used += cells;
        out.push_str(cluster);
    }
    out.into()
}

/// Whether a clean text can be shown in `max` cells as it is.
fn fits(text: &str, max: usize) -> bool {
    if text.is_ascii() {
        return text.len() <= max;
    }
    let mut used = 0;
    text.graphemes(true).all(|cluster| {
        let cells = cluster_width(cluster);
        used += cells;
        cells > 0 && shown(cluster).len() == cluster.len() && used <= max
    })
}

/// As [`cut`], keeping the end where that says more: `ocid1.compartment…k2pq7x`.
pub fn cut_middle(text: &str, max: usize) -> String {
    let clean = clean_prefix(text, 4_096);
    if width(&clean) <= max {
        return cut(&clean, max).into_owned();
    }
    let tail_width = (max.saturating_sub(1)) / 3;
    let mut tail = Vec::new();
    let mut used = 0;
    for cluster in clean.graphemes(true).rev() {
        used += cluster_width(cluster);
        if used > tail_width {
            break;
        }
        tail.push(cluster);
    }
    let tail: String = tail.into_iter().rev().collect();
    let head = cut(&clean, max.saturating_sub(width(&tail)));
    cut(&format!("{head}{tail}"), max).into_owned()
}

/// As [`cut`], keeping the end: what is being typed.
pub fn cut_start(text: &str, max: usize) -> String {
    let clean = clean_prefix(text, 8_192);
    if width(&clean) <= max {
        return cut(&clean, max).into_owned();
    }
    let mut used = 1;
    let kept = clean.graphemes(true).rev().take_while(|cluster| {
        used += cluster_width(cluster);
        used <= max
    });
    let kept: Vec<&str> = kept.collect();
    cut(&format!("…{}", kept.into_iter().rev().collect::<String>()), max).into_owned()
}

/// A text with its OCIDs in their short forms: `PUT /securityLists/ocid1.securitylist…k2pq7x`.
pub fn short_ocids(text: &str) -> String {
    let mut out = String::new();
    for part in text.split_inclusive(['/', ' ', ',', '?', '&', '=']) {
        let end = part.len() - part.chars().next_back().filter(|c| "/ ,?&=".contains(*c)).map_or(0, char::len_utf8);
        let (word, separator) = part.split_at(end);
        if word.starts_with("ocid1.") {
            let short = Ocid::new(word).short();
            out.push_str(if short.starts_with("ocid1.") { "" } else { "ocid1." });
            out.push_str(&short);
        } else {
            out.push_str(word);
        }
        out.push_str(separator);
    }
    out
}

/// Cut or padded with spaces to exactly `cells`.
pub fn fit(text: &str, cells: usize) -> String {
    let mut out = cut(text, cells).into_owned();
    pad(&mut out, cells);
    out
}

/// As [`fit`], flush right.
pub fn fit_right(text: &str, cells: usize) -> String {
    let cut = cut(text, cells);
    format!("{}{cut}", " ".repeat(cells.saturating_sub(width(&cut))))
}

pub fn pad(text: &mut String, cells: usize) {
    text.push_str(&" ".repeat(cells.saturating_sub(width(text))));
}

fn ellipsis(text: &str, max: usize) -> String {
    if max == 0 {
        return String::new();
    }
    let mut out = String::new();
    let mut used = 0;
    for cluster in text.graphemes(true) {
        let cells = cluster_width(cluster);
        if used + cells > max - 1 {
            break;
        }
        used += cells;
        out.push_str(cluster);
    }
    out.push('…');
    out
}

/// The text in lines of at most `cells`, no more than `most` of them; broken at spaces where that is possible.
pub fn wrap(text: &str, cells: usize, most: usize) -> Vec<String> {
    let clean = clean_prefix(text, cells.saturating_mul(most).saturating_add(1));
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in clean.split_word_bounds() {
        if width(&line) + width(word) > cells && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if line.is_empty() && word.trim().is_empty() && !lines.is_empty() {
            continue;
        }
        for cluster in word.graphemes(true).map(shown) {
            if width(&line) + cluster_width(cluster) > cells && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            if cluster_width(cluster) <= cells {
                line.push_str(cluster);
            }
        }
    }
    lines.push(line);
    lines.truncate(most);
    lines
}

/// `12,418`
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Four characters at most, rounded down: `999`, `9.1k`, `12k`, `1.2M`.
pub fn short_number(number: u64) -> String {
    let scaled = |unit: u64, letter: char| {
        let (whole, tenth) = (number / unit, number % unit * 10 / unit);
        if whole < 10 { format!("{whole}.{tenth}{letter}") } else { format!("{whole}{letter}") }
    };
    match number {
        0..1_000 => number.to_string(),
        1_000..1_000_000 => scaled(1_000, 'k'),
        1_000_000..1_000_000_000 => scaled(1_000_000, 'M'),
        _ => scaled(1_000_000_000, 'G'),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_cut_by_cells() {
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}b", 2).chars().count(), 5);
        assert_eq!(cut("x\ny\u{1b}[2J", 20), "x\\ny\\x1b[2J");
        assert_eq!(fit("日本語", 4), "日… ");
        assert_eq!(cut_middle("ocid1.compartment.oc1..aaaaaaaabbbbk2pq7x", 20), "ocid1.compart…k2pq7x");
    }

    #[test]
    fn numbers_are_short_and_never_round_up() {
        assert_eq!(number(12_418), "12,418");
        assert_eq!(number(999), "999");
        assert_eq!(short_number(9_199), "9.1k");
        assert_eq!(short_number(999_999), "999k");
        assert_eq!(short_number(1_250_000), "1.2M");
    }

    proptest! {
        #[test]
        fn no_text_takes_more_cells_than_it_may(text in any::<String>(), cells in 0usize..40) {
            prop_assert!(width(&cut(&text, cells)) <= cells);
            prop_assert!(width(&cut_middle(&text, cells)) <= cells);
            prop_assert_eq!(width(&fit(&text, cells)), cells);
            prop_assert_eq!(width(&fit_right(&text, cells)), cells);
            for line in wrap(&text, cells.max(2), 5) {
                prop_assert!(width(&line) <= cells.max(2));
            }
        }
    }

    #[test]
    fn the_end_of_what_is_typed_stays() {
        assert_eq!(cut_start("abcdef", 6), "abcdef");
        assert_eq!(cut_start("abcdefg", 6), "…cdefg");
        assert_eq!(cut_start("漢字漢字", 5), "…漢字");
        assert_eq!(cut_start("abc", 0), "");
    }

    #[test]
    fn ocids_are_shortened_where_they_stand() {
        let id = "ocid1.securitylist.oc1.eu-frankfurt-1.aaaaaaaaduzahzshkeffzjpne7tfqsulaq";
        assert_eq!(
            short_ocids(&format!("PUT /lists/{id}/rules  → 200")),
            "PUT /lists/ocid1.securitylist…qsulaq/rules  → 200"
        );
        assert_eq!(short_ocids("no id, none"), "no id, none");
        assert_eq!(short_ocids("ocid1.a"), "ocid1.a");
    }
}
