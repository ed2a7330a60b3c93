//! One column of one segment: which value of the dictionary each row has.
//!
//! A segment sees few of a dictionary's values. So its rows hold small numbers, one or two bytes, and a table says which
//! code of the dictionary each number stands for. What is asked about a value is asked of the table first: a value that
//! is not there needs no look at the rows.

/// Dictionary codes by row, as narrow as they come.
#[derive(Debug)]
pub enum Codes {
    /// Every row has this code.
    Same(u32),
    /// At most 256 codes in the segment: `table[number]` is the code.
    Byte { table: Box<[u32]>, rows: Box<[u8]> },
    Short { table: Box<[u32]>, rows: Box<[u16]> },
    /// The codes themselves, where a table would take more than it saves.
    Wide(Box<[u32]>),
}

/// Gives numbers to codes; kept to be used again, because it is as large as the dictionary.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// By code: the round in which it was numbered last, and its number.
    numbers: Vec<(u32, u16)>,
    round: u32,
}

impl Codes {
    pub(super) fn new(codes: &[u32], numbering: &mut Numbering) -> Self {
        let (table, rows) = numbering.number(codes);
        let wide = size_of_val(codes);
        match table.len() {
            0 | 1 => Self::Same(table.first().copied().unwrap_or(0)),
            2..=256 => Self::Byte { table: table.into(), rows: rows.iter().map(|number| *number as u8).collect() },
            count if count * size_of::<u32>() + rows.len() * size_of::<u16>() < wide && count <= 1 << 16 => {
                Self::Short { table: table.into(), rows: rows.into() }
            }
            _ => Self::Wide(codes.into()),
        }
    }

    /// The code of `row`; 0, the empty value, past the end.
    pub fn get(&self, row: usize) -> u32 {
        let code = match self {
            Self::Same(code) => Some(*code),
            Self::Byte { table, rows } => rows.get(row).and_then(|number| table.get(usize::from(*number))).copied(),
            Self::Short { table, rows } => rows.get(row).and_then(|number| table.get(usize::from(*number))).copied(),
            Self::Wide(codes) => codes.get(row).copied(),
        };
        code.unwrap_or(0)
    }

    /// Appends the codes of the rows from `first` on, up to `end`.
    pub(super) fn unpack(&self, first: usize, end: usize, codes: &mut Vec<u32>) {
        let count = end.saturating_sub(first);
        match self {
            Self::Same(code) => codes.resize(codes.len() + count, *code),
            Self::Byte { table, rows } => {
                // As long as the numbers may be large, so that no look-up needs a check.
                let mut codes_by_number = [0; 256];
                codes_by_number.iter_mut().zip(table).for_each(|(to, from)| *to = *from);
                codes.extend(rows.iter().skip(first).take(count).map(|number| codes_by_number[usize::from(*number)]));
            }
            Self::Short { table, rows } => {
                let code = |number: &u16| table.get(usize::from(*number)).copied().unwrap_or(0);
                codes.extend(rows.iter().skip(first).take(count).map(code));
            }
            Self::Wide(all) => codes.extend(all.iter().skip(first).take(count)),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Same(_) => 0,
            Self::Byte { table, rows } => size_of_val(&**table) + size_of_val(&**rows),
            Self::Short { table, rows } => size_of_val(&**table) + size_of_val(&**rows),
            Self::Wide(codes) => size_of_val(&**codes),
        }
    }
}

impl Numbering {
    /// The codes that occur, in the order of their first occurrence, and each row's number. Numbers past 65,535 are
    /// wrong: who has more codes than that does not use them.
    fn number(&mut self, codes: &[u32]) -> (Vec<u32>, Vec<u16>) {
        self.begin(codes.iter().max().map_or(0, |code| *code as usize + 1));
        let mut table = Vec::new();
        let number = |code: &u32| {
            let (round, number) = &mut self.numbers[*code as usize];
            if *round != self.round {
                (*round, *number) = (self.round, table.len() as u16);
                table.push(*code);
            }
            *number
        };
        let rows = codes.iter().map(number).collect();
        (table, rows)
    }

    fn begin(&mut self, codes: usize) {
        if self.numbers.len() < codes {
            self.numbers.resize(codes, (0, 0));
        }
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.numbers.fill((0, 0));
            self.round = 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unpacked(codes: &Codes, first: usize, end: usize) -> Vec<u32> {
        let mut unpacked = Vec::new();
        codes.unpack(first, end, &mut unpacked);
        unpacked
    }

    proptest! {
        #[test]
        fn codes_come_back(
            codes in prop::collection::vec(prop_oneof![Just(7u32), 0..300u32, 0..100_000u32], 1..900),
            many in any::<bool>(),
        ) {
            let codes = if many { codes } else { codes.iter().map(|code| code % 90).collect() };
            let mut numbering = Numbering::default();
            for _ in 0..2 {
                let packed = Codes::new(&codes, &mut numbering);
                prop_assert!((0..codes.len()).all(|row| packed.get(row) == codes[row]));
                prop_assert_eq!(unpacked(&packed, 0, codes.len()), codes.clone());
                let half = codes.len() / 2;
                prop_assert_eq!(unpacked(&packed, half, codes.len()), codes[half..].to_vec());
                if !matches!(packed, Codes::Same(_)) {
                    prop_assert_eq!(packed.get(codes.len()), 0);
                }
            }
        }
    }

    #[test]
    fn a_column_is_as_wide_as_it_must_be() {
        let mut numbering = Numbering::default();
        let mut packed = |distinct: u32, rows: u32| {
            Codes::new(&(0..rows).map(|row| row % distinct * 1_000).collect::<Vec<_>>(), &mut numbering)
        };
        assert!(matches!(packed(1, 10), Codes::Same(0)));
        assert!(matches!(packed(256, 1_000), Codes::Byte { .. }));
        assert!(matches!(packed(257, 1_000), Codes::Short { .. }));
        assert!(matches!(packed(65_536, 65_536), Codes::Wide(_)));
        assert_eq!(packed(257, 1_000).bytes(), 257 * 4 + 2_000);
    }
}
