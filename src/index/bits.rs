//! A bit per row.

/// Rows of a word.
pub(super) const WORD: usize = u64::BITS as usize;

/// Which of some rows are in; as many words as the rows need, none when it is empty by nature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits(Box<[u64]>);

impl Bits {
    /// Of `rows` rows, those for which `test` holds. No memory is taken when it holds for none.
    pub(super) fn of(rows: usize, test: impl Fn(usize) -> bool) -> Self {
        let word = |place: usize| {
            let end = rows.min((place + 1) * WORD);
            (place * WORD..end).fold(0, |word, row| word | u64::from(test(row)) << (row % WORD))
        };
        let words: Vec<u64> = (0..rows.div_ceil(WORD)).map(word).collect();
        if words.iter().all(|word| *word == 0) { Self::default() } else { Self(words.into()) }
    }

    pub fn get(&self, row: usize) -> bool {
        self.word(row / WORD) >> (row % WORD) & 1 != 0
    }

    /// The rows from 64 times `place` on; none past the end.
    pub fn word(&self, place: usize) -> u64 {
        self.0.get(place).copied().unwrap_or(0)
    }

    /// The rows of eight words from 512 times `stride` on.
    pub fn eight(&self, stride: usize) -> [u64; 8] {
        let rest = self.0.get(stride * 8..).unwrap_or_default();
        if let Some(eight) = rest.first_chunk() {
            return *eight;
        }
        let mut eight = [0; 8];
        eight.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        eight
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts rows in, of `rows` in all.
    pub(super) fn insert(&mut self, rows: usize, row: usize) {
        if self.0.is_empty() {
            self.0 = vec![0; rows.div_ceil(WORD)].into();
        }
        if let Some(word) = self.0.get_mut(row / WORD) {
            *word |= 1 << (row % WORD);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_is_in_or_not() {
        let thirds = Bits::of(130, |row| row % 3 == 0);
        assert!((0..200).all(|row| thirds.get(row) == (row < 130 && row % 3 == 0)));
        let mut none = Bits::of(130, |_| false);
        assert!(none.is_empty() && none.bytes() == 0 && !none.get(5));
        none.insert(130, 129);
        assert!(none.get(129) && none.bytes() == 24);
    }
}
