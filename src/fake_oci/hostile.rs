//! Texts an attacker would put into a user agent, a display name or a tag, to strike at whoever reads the log.

use super::seed::Stream;

/// Puts hostile text into strings, a different one each time.
#[derive(Debug)]
pub struct Poison(Stream);

/// What is appended to a value. Each is one known way to break a terminal, a table, a file or a spreadsheet.
const PAYLOADS: [&str; 26] = [
    "\u{1b}[2J\u{1b}[H",                                                              // clear the screen
    "\u{1b}]0;owned\u{7}",                                                            // set the window's title
    "\u{1b}]52;c;cm0gLXJmIH4=\u{7}",                                                  // write the clipboard
    "\u{1b}]8;;https://example.com\u{1b}\\x",                                         // a link
    "\u{1b}P+q544e\u{1b}\\",                                                          // ask the terminal to answer
    "\u{1b}[6n\u{1b}[c",                                                              // ask the terminal to type
    "\u{9b}31m\u{9d}0;c1\u{9c}",                                                      // the same with C1 controls
    "\r\nsecond line\nthird line",                                                    // rows that are not rows
    "\tcolumn\u{b}\u{c}\u{8}\u{8}\u{8}",                                              // tabs, form feeds and backspaces
    "\u{0}after nul",                                                                 // an end for those who think in C
    "\u{7}\u{5}\u{7f}",                                                               // bell, enquiry, delete
    "\u{202e}gpj.exe\u{202c}",                                                        // reads backwards
    "\u{2066}\u{2067}isolate",                                                        // isolates left open
    "\u{200b}\u{200d}\u{feff}\u{2060}",                                               // nothing to see
    "\u{e0001}\u{e0041}\u{e007f}",                                                    // tag characters
    "日本語テキスト全角",                                                             // two cells each
    "👩\u{200d}👩\u{200d}👧\u{200d}👦🏳\u{fe0f}\u{200d}🌈",                            // one cluster of many
    "e\u{301}\u{327}a\u{30a}\u{31b}",                                                 // combining marks
    "Z\u{351}\u{36b}\u{343}\u{36a}\u{302}\u{36b}\u{33d}\u{34f}\u{334}\u{319}\u{324}", // and too many of them
    "=HYPERLINK(\"http://example.com\",\"x\")",                                       // a formula
    "@SUM(1+1)*cmd|' /C calc'!A0",                                                    // another
    "\",\"injected\":\"yes",                                                          // JSON in JSON
    "|`$(id)`;rm -rf ~ #'\"<script>alert(1)</script>",                                // shell, Markdown, HTML
    "\u{2028}\u{2029}",                                                               // lines, for some
    "аdmin\u{ff1d}ｆｕｌｌ",                                                          // looks like something else
    "\u{fffd}\u{fffe}\u{10ffff}",                                                     // not characters
];

const LONG: usize = 70_000;

impl Poison {
    pub fn new(seed: u64) -> Self {
        Self(Stream::new(seed))
    }

    /// `value` with something hostile after it; sometimes before it, and rarely 70 KB of it.
    pub fn apply(&mut self, value: &str) -> String {
        let payload = self.0.pick(&PAYLOADS).copied().unwrap_or_default();
        match self.0.below(400) {
            0 => format!("{value}{}", payload.repeat(LONG / payload.len().max(1) + 1)),
            1..80 => format!("{payload}{value}"),
            _ => format!("{value}{payload}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_payload_turns_up_and_some_value_is_huge() {
        let mut poison = Poison::new(1);
        let values: Vec<String> = (0..3000).map(|_| poison.apply("name")).collect();
        for payload in PAYLOADS {
            assert!(values.iter().any(|value| value.contains(payload)), "{payload:?}");
        }
        assert!(values.iter().any(|value| value.len() > LONG));
        assert!(values.iter().all(|value| value.contains("name")));
    }
}
