//! A set of rows of one segment, a bit each.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mask {
    words: Vec<u64>,
}

impl Mask {
    pub fn none(rows: usize) -> Self {
        Self { words: vec![0; rows.div_ceil(64)] }
    }

    pub fn all(rows: usize) -> Self {
        let mut mask = Self { words: vec![u64::MAX; rows.div_ceil(64)] };
        if let Some(last) = mask.words.last_mut()
            && !rows.is_multiple_of(64)
        {
            *last = (1 << (rows % 64)) - 1;
        }
        mask
    }

    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Keeps the rows for which `test` holds; the others are not asked about.
    pub fn retain(&mut self, mut test: impl FnMut(usize) -> bool) {
        for (place, word) in self.words.iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                if !test(place * 64 + bit as usize) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    pub fn rows(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(place, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(place * 64 + bit as usize)
            })
        })
    }

    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    pub fn add(&mut self, other: &Self) {
        self.zip(other, |word, other| word | other);
    }

    pub fn intersect(&mut self, other: &Self) {
        self.zip(other, |word, other| word & other);
    }

    pub fn subtract(&mut self, other: &Self) {
        self.zip(other, |word, other| word & !other);
    }

    fn zip(&mut self, other: &Self, combine: impl Fn(u64, u64) -> u64) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word = combine(*word, *other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Mask;

    #[test]
    fn rows_come_back_in_order() {
        for rows in [0, 1, 63, 64, 65, 4_096] {
            let mut mask = Mask::all(rows);
            assert!(mask.rows().eq(0..rows));
            mask.retain(|row| row % 3 == 1);
            assert!(mask.rows().eq((0..rows).filter(|row| row % 3 == 1)));
            let mut rest = Mask::all(rows);
            rest.subtract(&mask);
            assert!(rest.rows().eq((0..rows).filter(|row| row % 3 != 1)));
            rest.add(&mask);
            assert_eq!(rest, Mask::all(rows));
            rest.intersect(&Mask::none(rows));
            assert!(rest.is_empty());
        }
    }
}
