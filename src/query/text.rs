//! Text in any case: `lower(haystack)` contains, or is, a needle that is lower case already.

/// Whether `haystack`, in lower case, contains `needle`. Nothing is allocated for ASCII, which nearly all values are.
pub(super) fn contains(haystack: &str, needle: &str) -> bool {
    if haystack.is_ascii() {
        contains_ascii(haystack.as_bytes(), needle.as_bytes())
    } else {
        haystack.to_lowercase().contains(needle)
    }
}

/// Whether `text`, in lower case, is `lower`.
pub(super) fn equals(text: &str, lower: &str) -> bool {
    if text.is_ascii() { text.eq_ignore_ascii_case(lower) } else { text.to_lowercase() == lower }
}

fn contains_ascii(haystack: &[u8], needle: &[u8]) -> bool {
    let Some((&first, rest)) = needle.split_first() else { return true };
    let Some(last) = haystack.len().checked_sub(needle.len()) else { return false };
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), &haystack[..=last])
        .any(|at| haystack[at + 1..at + needle.len()].eq_ignore_ascii_case(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_what_lower_case_says(haystack in "[aAbBkK\u{212a}İßé]{0,8}", needle in "[aAbBkKßé]{0,3}") {
            let needle = needle.to_lowercase();
            prop_assert_eq!(contains(&haystack, &needle), haystack.to_lowercase().contains(&needle));
            prop_assert_eq!(equals(&haystack, &needle), haystack.to_lowercase() == needle);
        }
    }
}
