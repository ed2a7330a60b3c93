//! One column of one segment: which value of the dictionary each row has.
//!
//! A segment sees few of a dictionary's values. So its rows hold small numbers, one or two bytes, and a table says which
//! code of the dictionary each number stands for and how many rows have it. What is asked about a value is asked of the
//! table first: a value that is not there needs no look at the rows, and neither does a count of all of them.

/// Dictionary codes by row, as narrow as they come.
#[derive(Debug)]
pub enum Codes {
    /// Every row has this code.
    Same(u32),
    /// At most 256 codes in the segment.
    Byte {
        table: Table,
        rows: Box<[u8]>,
    },
    Short {
        table: Table,
        rows: Box<[u16]>,
    },
    /// The codes themselves, where a table would take more than it saves.
    Wide(Box<[u32]>),
}

/// What the rows' numbers stand for.
#[derive(Debug)]
pub struct Table {
    codes: Box<[u32]>,
    counts: Box<[u16]>,
}

impl Table {
    /// By number.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// How many rows have each number, those included that have moved to another segment.
    pub fn counts(&self) -> &[u16] {
        &self.counts
    }

    fn bytes(&self) -> usize {
        size_of_val(&*self.codes) + size_of_val(&*self.counts)
    }
}

/// Gives numbers to codes; kept to be used again, because it is as large as the dictionary.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// By code: the round in which it was numbered last, and its number.
    numbers: Vec<(u32, u16)>,
    round: u32,
}

impl Codes {
    /// Of at most 65,536 rows.
    pub(super) fn new(codes: &[u32], numbering: &mut Numbering) -> Self {
        let (distinct, rows) = numbering.number(codes);
        let of_tables = distinct.len() * (size_of::<u32>() + size_of::<u16>());
        match distinct.len() {
            0 | 1 => Self::Same(distinct.first().copied().unwrap_or(0)),
            2..=256 => {
                Self::Byte { table: table(distinct, &rows), rows: rows.iter().map(|number| *number as u8).collect() }
            }
            _ if of_tables + size_of_val(&*rows) < size_of_val(codes) => {
                Self::Short { table: table(distinct, &rows), rows: rows.into() }
            }
            _ => Self::Wide(codes.into()),
        }
    }

    /// The code of `row`, which must be one.
    pub fn get(&self, row: usize) -> u32 {
        let code = match self {
            Self::Same(code) => Some(*code),
            Self::Byte { table, rows } => {
                rows.get(row).and_then(|number| table.codes.get(usize::from(*number))).copied()
            }
            Self::Short { table, rows } => {
                rows.get(row).and_then(|number| table.codes.get(usize::from(*number))).copied()
            }
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
                codes_by_number.iter_mut().zip(&table.codes).for_each(|(to, from)| *to = *from);
                codes.extend(rows.iter().skip(first).take(count).map(|number| codes_by_number[usize::from(*number)]));
            }
            Self::Short { table, rows } => {
                let code = |number: &u16| table.codes.get(usize::from(*number)).copied().unwrap_or(0);
                codes.extend(rows.iter().skip(first).take(count).map(code));
            }
            Self::Wide(all) => codes.extend(all.iter().skip(first).take(count)),
        }
    }

    /// As a segment would hold them; for tests outside of this room.
    #[cfg(test)]
    pub(crate) fn of(codes: &[u32]) -> Self {
        Self::new(codes, &mut Numbering::default())
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Same(_) => 0,
            Self::Byte { table, rows } => table.bytes() + size_of_val(&**rows),
            Self::Short { table, rows } => table.bytes() + size_of_val(&**rows),
            Self::Wide(codes) => size_of_val(&**codes),
        }
    }
}

/// Of two codes at least, so that no count passes 65,535.
fn table(codes: Vec<u32>, rows: &[u16]) -> Table {
    let mut counts = vec![0_u16; codes.len()];
    for number in rows {
        counts[usize::from(*number)] += 1;
    }
    Table { codes: codes.into(), counts: counts.into() }
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
                if let Codes::Byte { table, .. } | Codes::Short { table, .. } = &packed {
                    let count = |wanted: u32| codes.iter().filter(|code| **code == wanted).count();
                    let counted = table.codes().iter().zip(table.counts());
                    prop_assert!(counted.clone().all(|(code, rows)| usize::from(*rows) == count(*code)));
                    prop_assert_eq!(counted.map(|(_, rows)| usize::from(*rows)).sum::<usize>(), codes.len());
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
        assert_eq!(packed(257, 1_000).bytes(), 257 * 6 + 2_000);
    }
}
