//! What the word that is being typed may become: the name of a field or flag, or a value of a field.

use super::condition::Subject;
use super::display::typed_value;
use super::field::Field;
use super::parse::{field_names, flag_names};

/// The end of a text that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Where what would be replaced begins, in bytes.
    pub start: usize,
    /// So much of it is there.
    pub typed: String,
    pub wanted: Completion,
}

/// What may stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// One of these.
    Names(Vec<String>),
    /// A value of this field; `exactly`: after `=`.
    Values { field: Field, exactly: bool },
}

/// What `before`, the text up to the cursor, ends in; `None` where nothing is known that could stand there.
pub fn unfinished(before: &str) -> Option<Unfinished> {
    let word = last_word(before);
    let start = before.len() - word.len();
    let bare = word.trim_start_matches(['-', '~']);
    let Some(at) = bare.find(['=', ':', '<', '>', '!']) else {
        let names = field_names().map(|name| format!("{name}:"));
        return names_like(bare, names, before.len() - bare.len());
    };
    let (name, rest) = bare.split_at(at);
    let operator = rest.len() - rest.trim_start_matches(['=', ':', '<', '>', '!', '~']).len();
    let (operator, typed) = rest.split_at(operator);
    let value_start = start + word.len() - typed.len();
    match name.to_ascii_lowercase().as_str() {
        "is" => return names_like(typed, flag_names().map(str::to_owned), value_start),
        "has" => return names_like(typed, std::iter::once("diff".to_owned()), value_start),
        _ if operator.contains(['~', '<', '>']) => return None,
        _ => {}
    }
    let field = Field::named(name).filter(|field| field.column().is_some())?;
    let typed = typed.trim_start_matches('"').to_owned();
    Some(Unfinished {
        start: value_start,
        typed,
        wanted: Completion::Values { field, exactly: operator.contains('=') },
    })
}

/// How a value is typed after the operator.
pub fn completed(field: Field, exactly: bool, value: &str) -> String {
    typed_value(&Subject::Field(field), exactly, value)
}

fn names_like(typed: &str, names: impl Iterator<Item = String>, start: usize) -> Option<Unfinished> {
    let lower = typed.to_ascii_lowercase();
    let names: Vec<String> = names.filter(|name| name.starts_with(&lower)).collect();
    let wanted = Completion::Names(names);
    (wanted != Completion::Names(Vec::new())).then(|| Unfinished { start, typed: typed.to_owned(), wanted })
}

/// From the last space, parenthesis or comma that stands in no quotes.
fn last_word(before: &str) -> &str {
    let mut start = 0;
    let mut quoted = false;
    let mut escaped = false;
    for (place, c) in before.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '(' | ',' if !quoted => start = place + 1,
            _ => {}
        }
    }
    before.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(before: &str) -> Option<(usize, String, Field, bool)> {
        let Unfinished { start, typed, wanted } = unfinished(before)?;
        match wanted {
            Completion::Values { field, exactly } => Some((start, typed, field, exactly)),
            Completion::Names(_) => None,
        }
    }

    fn names(before: &str) -> Vec<String> {
        match unfinished(before).map(|unfinished| unfinished.wanted) {
            Some(Completion::Names(names)) => names,
            _ => Vec::new(),
        }
    }

    #[test]
    fn the_word_at_the_end_says_what_may_stand_there() {
        assert_eq!(values("is:write user:al"), Some((14, "al".into(), Field::User, false)));
        assert_eq!(values("-user=\"al b"), Some((6, "al b".into(), Field::User, true)));
        assert_eq!(values("(svc!="), Some((6, String::new(), Field::Service, true)));
        assert_eq!(values("user=~al"), None, "a pattern is no value");
        assert_eq!(values("status>=4"), None);
        assert_eq!(values("id:x"), None, "nothing is known of what has no column");
        assert_eq!(names("us"), ["user:"]);
        assert_eq!(names("x -is:fa"), ["failed"]);
        assert_eq!(names("has:"), ["diff"]);
        assert!(names("").contains(&"user:".to_owned()) && names("is:").contains(&"write".to_owned()));
        assert_eq!(unfinished("zebra"), None);
        assert_eq!(unfinished("is:x"), None);
    }

    #[test]
    fn a_value_is_typed_so_that_it_can_be_read() {
        assert_eq!(completed(Field::User, false, "alice@acme.com"), "alice@acme.com");
        assert_eq!(completed(Field::Ip, false, "203.0.113.9"), "203.0.113.9");
        assert_eq!(completed(Field::Status, true, "404"), "404");
        assert_eq!(completed(Field::Agent, false, "Mozilla 5 (x)"), "\"Mozilla 5 (x)\"");
        assert_eq!(completed(Field::Event, false, "or"), "\"or\"");
    }
}
