//! Words for a POSIX shell: what is written here, `sh` reads as exactly these words.

use std::borrow::Cow;

/// A word as `sh` reads it back. Other characters than these may mean something to some shell.
pub fn quote(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:,@%+-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', r"'\''")).into()
}

/// A command line of these words.
pub fn line<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    words.into_iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_and_the_rest_is_quoted() {
        assert_eq!(quote("2026-03-14T08:00:00Z..2026-03-14T14:00:00Z"), "2026-03-14T08:00:00Z..2026-03-14T14:00:00Z");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("user:alice is:write"), "'user:alice is:write'");
        assert_eq!(quote("it's"), r"'it'\''s'");
    }

    #[cfg(unix)]
    mod in_a_shell {
        use std::process::Command;

        use proptest::prelude::*;

        use super::*;

        proptest! {
            #![proptest_config(ProptestConfig::with_cases(40))]

            // Many words to a shell: starting one is what costs.
            #[test]
            fn a_shell_reads_the_same_words(words in prop::collection::vec("[ -~äß→'\"$`\\\\!*\n\t]{0,12}", 1..60)) {
                let script = format!("printf '%s\\0' {}", line(&words));
                let output = Command::new("sh").args(["-c", &script]).output().unwrap();
                prop_assert!(output.status.success(), "{script}");
                let read = String::from_utf8(output.stdout).unwrap();
                let read: Vec<&str> = read.strip_suffix('\0').unwrap().split('\0').collect();
                prop_assert_eq!(read, words);
            }
        }
    }
}
