use super::*;
use proptest::prelude::*;

fn value(text: &str, section: &str, key: &str) -> Option<String> {
    Document::parse(text).unwrap().lookup(section, key).map(|(_, entry)| entry.value.clone())
}

fn failure(text: &str) -> String {
    Document::parse(text).unwrap_err().to_string()
}

#[test]
fn the_first_separator_splits_and_nothing_else_is_special() {
    let text = "\u{feff}# c\r\n[A b]\r\nKEY : \"a=b:c#d;e%f$HOME\" # not a comment\r\n; c\r\n";
    assert_eq!(value(text, "A b", "key").unwrap(), "\"a=b:c#d;e%f$HOME\" # not a comment");
    assert_eq!(value(text, "a b", "key"), None);
    assert_eq!(value("[x]  trailing\nempty=\n", "x", "empty").unwrap(), "");
}

#[test]
fn every_section_inherits_from_default_wherever_it_stands() {
    let text = "[x]\na=1\n[DEFAULT]\na=2\nb=3\n[y]\n[DEFAULT]\nc=4\n";
    assert_eq!(value(text, "x", "a").unwrap(), "1");
    assert_eq!(value(text, "x", "c").unwrap(), "4");
    assert_eq!(
        Document::parse(text).unwrap().lookup("y", "b").map(|(from, entry)| (from, entry.line)),
        Some(("DEFAULT", 5))
    );
}

#[test]
fn a_deeper_line_continues_the_value_above() {
    let text = "[x]\n  a=1\n\n    b=2\n  # c\n  c=3\n";
    assert_eq!(value(text, "x", "a").unwrap(), "1\nb=2");
    assert_eq!(value(text, "x", "b"), None);
    assert_eq!(value(text, "x", "c").unwrap(), "3");
    assert_eq!(Document::parse(text).unwrap().lookup("x", "a").unwrap().1.continued_at, Some(4));
    // the first key of a section has nothing to continue
    assert_eq!(value("[x]\na=1\n[y]\n  b=2\n", "y", "b").unwrap(), "2");
}

#[test]
fn errors_name_their_line_and_quote_no_value() {
    assert_eq!(failure("\n\na=1\n"), "line 3: text before the first [section]");
    assert_eq!(failure("[x]\na=1\nA: 2\n"), "line 3: `a` stands twice in [x]");
    assert_eq!(failure("[x]\n[y]\n[x]\n"), "line 3: [x] stands twice");
    assert_eq!(failure("[DEFAULT]\na=1\n[DEFAULT]\na=2\n"), "line 4: `a` stands twice in [DEFAULT]");
    assert_eq!(failure("[x]\nhunter2\n"), "line 2: neither a [section], nor `key = value`, nor a comment");
    assert_eq!(failure("[x]\n=hunter2\n"), "line 2: a value without a key");
}

#[test]
fn debug_shows_no_values() {
    let text = format!("{:?}", Document::parse("[x]\npass_phrase=hunter2\n").unwrap());
    assert_eq!(text, r#"["x"]"#);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = Document::parse(&text);
    }

    #[test]
    fn what_was_written_is_read(
        values in prop::collection::btree_map("[a-z_][a-z0-9_-]{0,8}", "[!-~]([ -~]{0,20}[!-~])?", 0..8),
        separator in prop::sample::select(vec!["=", " = ", ": ", ":"]),
        ending in prop::sample::select(vec!["\n", "\r\n", "\n\n", "\n# c\n"]),
    ) {
        let mut text = format!("[p]{ending}");
        for (key, value) in &values {
            text += &[key.as_str(), separator, value, ending].concat();
        }
        let document = Document::parse(&text).unwrap();
        for (key, value) in &values {
            prop_assert_eq!(&document.lookup("p", key).unwrap().1.value, value);
        }
        prop_assert_eq!(document.section("p").unwrap().entries.len(), values.len());
    }
}
