//! Text written by strangers, made harmless.
//!
//! Anyone who can make a call in the tenancy chooses strings that end up in audit events, also by calls that fail. On a
//! terminal such text could move the cursor, set the clipboard or reverse the reading order. Everything foreign goes
//! through [`clean`] before it is shown or printed.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with everything that is not plainly visible written out: control characters as `\n`, `\t`, `\x1b`;
/// bidi controls, zero-width and other invisible characters as `\u{202e}`. One line, always. Borrowed when nothing had
/// to change.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push_clean(&mut out, c);
    }
    Cow::Owned(out)
}

/// As [`clean`], and no longer than `max` characters: what is cut is replaced by `…`. Costs no more than `max` however
/// long the text is.
pub fn clean_prefix(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        None => clean(text),
        Some((end, _)) => Cow::Owned(format!("{}…", clean(text.get(..end).unwrap_or_default()))),
    }
}

/// Bytes of a JSON document for a terminal: as they are, but control characters, bidi controls and the like inside
/// strings as JSON escapes, so that it stays the same document. Invalid UTF-8 becomes U+FFFD.
pub fn clean_json(json: &[u8]) -> String {
    let text = String::from_utf8_lossy(json);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_plain(c) {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// Stands for a credential that is not shown.
pub const LEFT_OUT: &str = "[left out]";

/// How session tokens begin.
const TOKEN: &str = "ST$";

/// The text with each session token left out, up to the next character that no token has.
pub fn without_tokens(text: &str) -> Cow<'_, str> {
    let Some((before, mut rest)) = text.split_once(TOKEN) else { return Cow::Borrowed(text) };
    let mut out = before.to_owned();
    let of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '=' | '+' | '/' | '$');
    loop {
        out.push_str(LEFT_OUT);
        rest = rest.trim_start_matches(of_token);
        let Some((between, after)) = rest.split_once(TOKEN) else { break };
        out.push_str(between);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// `; did you mean …?`, where one of the known names is near; else nothing.
pub fn nearest<T: AsRef<str>>(name: &str, known: &[T]) -> String {
    let near = known.iter().map(|known| (strsim::osa_distance(name, known.as_ref()), known.as_ref())).min();
    let near = near.filter(|(distance, near)| *distance <= 1 + near.chars().count() / 3);
    near.map(|(_, near)| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// The line, from 1, in which a byte of a text stands.
pub fn line_at(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count()
}

/// `12,418`: the digits of a count in groups of three.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 event`, `2 events`, `12,418 events`.
pub fn count_of(count: u64, thing: &str) -> String {
    format!("{} {thing}{}", thousands(count), if count == 1 { "" } else { "s" })
}

fn push_clean(out: &mut String, c: char) {
    match c {
        _ if is_plain(c) => out.push(c),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if u32::from(c) < 0x100 => {
            let _ = write!(out, "\\x{:02x}", u32::from(c));
        }
        _ => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
}

/// Whether a character shows as itself and disturbs nothing around it.
fn is_plain(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    !(c.is_control() || is_invisible(c) || is_blank(c) || is_private_or_no_character(c))
}

/// Bidi controls, zero-width and other format characters, variation selectors, tags.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// What looks like a space and is none: a name made of these would be a hole in the screen. The ideographic space, which
/// stands in names, stays.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{2800}')
}

/// Without a look of its own: each font shows something else, or nothing.
fn is_private_or_no_character(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{f0000}'..='\u{10ffff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_tokens_are_left_out_wherever_they_stand() {
        assert_eq!(without_tokens("a ST$eyJ.x-y_z=, \"ST$b\" c"), "a [left out], \"[left out]\" c");
        assert_eq!(without_tokens("ST$ST$a b"), "[left out] b");
        assert!(matches!(without_tokens("LIST $"), Cow::Borrowed(_)));
    }
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(clean("plain, naïve, 日本"), "plain, naïve, 日本");
        assert_eq!(clean("a\u{1b}]52;c;eA==\u{7}\n"), "a\\x1b]52;c;eA==\\x07\\n");
        assert_eq!(clean("\u{202e}gpj.exe\u{9b}2J"), "\\u{202e}gpj.exe\\x9b2J");
        assert_eq!(clean("x\u{200b}y\u{e0041}"), "x\\u{200b}y\\u{e0041}");
        assert_eq!(clean("a\u{a0}b\u{3000}c\u{fffe}"), "a\\xa0b\u{3000}c\\u{fffe}");
    }

    #[test]
    fn a_name_that_is_near_is_suggested() {
        assert_eq!(nearest("thme", &["theme", "time"]), "; did you mean `theme`?");
        assert_eq!(nearest("make coffee", &["theme", "time"]), "");
        assert_eq!(["a\nb", "", "a\nb\n"].map(|text| line_at(text, text.len())), [2, 1, 3]);
    }

    #[test]
    fn counts_are_grouped() {
        let shown = [0, 999, 1_000, 12_418, 1_234_567].map(thousands);
        assert_eq!(shown, ["0", "999", "1,000", "12,418", "1,234,567"]);
        assert_eq!(count_of(1, "event"), "1 event");
    }

    #[test]
    fn a_prefix_is_cut_by_characters_not_bytes() {
        assert_eq!(clean_prefix("日本語", 2), "日本…");
        assert_eq!(clean_prefix("日本", 2), "日本");
    }

    #[test]
    fn json_for_a_terminal_is_still_the_same_document() {
        let json = "{\"a\":\"\u{202e}x\u{7f}\u{e0041}\"}";
        let safe = clean_json(json.as_bytes());
        assert!(safe.is_ascii());
        let (before, after): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(json).unwrap(), serde_json::from_str(&safe).unwrap());
        assert_eq!(before, after);
    }

    proptest! {
        #[test]
        fn nothing_invisible_survives(text in any::<String>()) {
            prop_assert!(clean(&text).chars().all(is_plain));
            prop_assert!(clean_prefix(&text, 5).chars().all(is_plain));
        }
    }
}
