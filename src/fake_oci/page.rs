//! Page tokens: opaque to clients, bound to the question they continue, proof against invention.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;

use super::seed;
use super::world::Cursor;

/// The standard alphabet, for invented hashes.
pub const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const LENGTH: usize = 37;

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// A hash of the question: service, place, window.
    pub scope: u64,
    /// The page starts behind this; none is the first page, reached again after an empty one.
    pub after: Option<Cursor>,
    /// Pages already served at this place that led nowhere else.
    pub hops: u32,
}

impl Token {
    /// URL-safe Base64 with padding, as tokens in the wild have it. `seed` seals it.
    pub fn encode(&self, seed: u64) -> String {
        let mut bytes = [0_u8; LENGTH];
        let after = self.after.unwrap_or(Cursor { processed: i64::MIN, id: 0 });
        let words = [self.scope, after.processed as u64, after.id, self.seal(seed)];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_be_bytes());
        }
        bytes[32..36].copy_from_slice(&self.hops.to_be_bytes());
        bytes[36] = VERSION;
        URL_SAFE.encode(bytes)
    }

    /// The token of `text`, if it was made with `seed`.
    pub fn decode(text: &str, seed: u64) -> Option<Self> {
        let bytes: [u8; LENGTH] = URL_SAFE.decode(text).ok()?.try_into().ok()?;
        let mut words = [0_u64; 4];
        for (chunk, word) in bytes.chunks_exact(8).zip(&mut words) {
            *word = u64::from_be_bytes(chunk.try_into().ok()?);
        }
        let [scope, processed, id, sealed] = words;
        let processed = processed as i64;
        let after = (processed != i64::MIN).then_some(Cursor { processed, id });
        let hops = u32::from_be_bytes(bytes[32..36].try_into().ok()?);
        let token = Self { scope, after, hops };
        (sealed == token.seal(seed) && bytes[36] == VERSION).then_some(token)
    }

    fn seal(&self, seed: u64) -> u64 {
        let after = self.after.unwrap_or(Cursor { processed: i64::MIN, id: 0 });
        seed::mix(&[seed, self.scope, after.processed as u64, after.id, u64::from(self.hops)])
    }
}

const VERSION: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_cannot_be_made_up() {
        for after in [None, Some(Cursor { processed: 1_773_496_800_123, id: 77 })] {
            let token = Token { scope: 9, after, hops: 1 };
            let text = token.encode(1);
            assert!(text.ends_with("=="), "{text}");
            assert_eq!(Token::decode(&text, 1), Some(token));
            assert_eq!(Token::decode(&text, 2), None, "another seed");
        }
        assert_eq!(Token::decode("AAAA", 1), None);
        assert_eq!(Token::decode("not base64!", 1), None);
    }
}
