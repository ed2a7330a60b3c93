//! Patterns of whole values: `*` is any number of characters, `?` is one.

/// See the module. Kept as it was typed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob(Vec<Token>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    Char(char),
    One,
    Many,
}

impl Glob {
    pub fn new(tokens: Vec<Token>) -> Self {
        Self(tokens)
    }

    pub fn tokens(&self) -> &[Token] {
        &self.0
    }

    /// Whether the whole of `text` is as the pattern says, in any case. Takes no more steps than the product of the lengths.
    pub fn is_match(&self, text: &str) -> bool {
        let pattern: Vec<Token> = self.0.iter().flat_map(|token| lower(*token)).collect();
        let text: Vec<char> = text.to_lowercase().chars().collect();
        let (mut at, mut place) = (0, 0);
        // The last `*`, and how far into the text it has been stretched.
        let mut retry = None;
        while place < text.len() {
            match pattern.get(at) {
                Some(Token::Many) => {
                    retry = Some((at, place));
                    at += 1;
                }
                Some(token) if *token == Token::One || *token == Token::Char(text[place]) => {
                    at += 1;
                    place += 1;
                }
                _ => {
                    let Some((star, stretched)) = retry else { return false };
                    retry = Some((star, stretched + 1));
                    (at, place) = (star + 1, stretched + 1);
                }
            }
        }
        pattern.iter().skip(at).all(|token| *token == Token::Many)
    }
}

fn lower(token: Token) -> Vec<Token> {
    match token {
        Token::Char(c) => c.to_lowercase().map(Token::Char).collect(),
        other => vec![other],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn glob(text: &str) -> Glob {
        let token = |c| match c {
            '*' => Token::Many,
            '?' => Token::One,
            c => Token::Char(c),
        };
        Glob::new(text.chars().map(token).collect())
    }

    /// The definition, by trying everything.
    fn plainly(pattern: &[Token], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, _) => text.is_empty(),
            (Some((Token::Many, rest)), _) => (0..=text.len()).any(|skipped| plainly(rest, &text[skipped..])),
            (Some((Token::One, rest)), Some((_, after))) => plainly(rest, after),
            (Some((Token::Char(c), rest)), Some((first, after))) => c == first && plainly(rest, after),
            (Some(_), None) => false,
        }
    }

    #[test]
    fn it_is_about_the_whole_value_in_any_case() {
        assert!(glob("Delete*").is_match("DELETEBUCKET") && !glob("Delete*").is_match("UndeleteBucket"));
        assert!(glob("ST?AẞE").is_match("straße") && !glob("a?").is_match("a"));
    }

    #[test]
    fn a_hostile_text_takes_no_time() {
        assert!(!glob(&format!("{}b", "*a".repeat(30))).is_match(&"a".repeat(3_000)));
    }

    proptest! {
        #[test]
        fn it_means_what_it_says(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            let glob = glob(&pattern);
            prop_assert_eq!(glob.is_match(&text), plainly(glob.tokens(), &text.chars().collect::<Vec<_>>()));
        }
    }
}
