//! Which blocks of a pack each term is in.
//!
//! Terms ascend, and each is written as its distance from the one before and its blocks: one byte when it is in one
//! block, or in all of them; else a list of up to seven that it is in, or is not in, or a bit for each block.

/// Terms between two places where reading can begin.
const RUN: usize = 64;
/// Below this, a byte is the one block.
const BLOCKS: u8 = 64;
/// All blocks of the pack.
const ALL: u8 = BLOCKS;
/// More than this by `n` stands for a list of `n` blocks.
const LIST: u8 = ALL;
const LONGEST_LIST: u32 = 7;
/// The same for a list of blocks that it is not in.
const EXCEPT: u8 = LIST + LONGEST_LIST as u8;
/// Eight bytes follow.
const MASK: u8 = 255;

#[derive(Debug, Default)]
pub(super) struct Postings {
    bytes: Box<[u8]>,
    /// The first term of each run, and where what follows it begins.
    runs: Box<[(u32, u32)]>,
    len: u32,
    all: u64,
}

impl Postings {
    /// `terms` ascending with their blocks, each of which is in `all`.
    pub fn new(terms: &[(u32, u64)], all: u64) -> Self {
        let mut bytes = Vec::new();
        let mut runs = Vec::with_capacity(terms.len().div_ceil(RUN));
        let mut before = 0;
        for (n, (term, blocks)) in terms.iter().enumerate() {
            if n % RUN == 0 {
                runs.push((*term, bytes.len() as u32));
            } else {
                push_number(&mut bytes, term - before);
            }
            push_blocks(&mut bytes, *blocks, all);
            before = *term;
        }
        Self { bytes: bytes.into(), runs: runs.into(), len: terms.len() as u32, all }
    }

    /// The blocks of any of `wanted`, which ascend.
    pub fn blocks(&self, wanted: &[u32]) -> u64 {
        let mut blocks = 0;
        let mut rest = wanted;
        while let Some(term) = rest.first() {
            let run = self.runs.partition_point(|(first, _)| first <= term);
            let Some(run) = run.checked_sub(1) else {
                let Some((first, _)) = self.runs.first() else { break };
                rest = &rest[rest.partition_point(|term| term < first)..];
                continue;
            };
            let end = self.runs.get(run + 1).map_or(rest.len(), |(next, _)| rest.partition_point(|term| term < next));
            blocks |= self.blocks_of_run(run, &rest[..end]);
            if blocks == self.all {
                break;
            }
            rest = &rest[end..];
        }
        blocks
    }

    fn blocks_of_run(&self, run: usize, wanted: &[u32]) -> u64 {
        let (mut term, start) = self.runs[run];
        let mut reader = Reader { bytes: &self.bytes[start as usize..], all: self.all };
        let mut wanted = wanted.iter().peekable();
        let mut blocks = 0;
        for n in 0..RUN.min(self.len as usize - run * RUN) {
            if n > 0 {
                term += reader.number();
            }
            let here = reader.blocks();
            while wanted.next_if(|wanted| **wanted < term).is_some() {}
            match wanted.peek() {
                None => break,
                Some(wanted) if **wanted == term => blocks |= here,
                Some(_) => {}
            }
        }
        blocks
    }

    pub fn bytes(&self) -> usize {
        size_of_val(&*self.bytes) + size_of_val(&*self.runs)
    }
}

fn push_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn push_blocks(bytes: &mut Vec<u8>, blocks: u64, all: u64) {
    let count = blocks.count_ones();
    if count == 1 {
        bytes.push(blocks.trailing_zeros() as u8);
    } else if blocks == all {
        bytes.push(ALL);
    } else if count <= LONGEST_LIST {
        bytes.push(LIST + count as u8);
        bytes.extend((0..BLOCKS).filter(|block| blocks >> block & 1 == 1));
    } else if (all & !blocks).count_ones() <= LONGEST_LIST {
        bytes.push(EXCEPT + (all & !blocks).count_ones() as u8);
        bytes.extend((0..BLOCKS).filter(|block| (all & !blocks) >> block & 1 == 1));
    } else {
        bytes.push(MASK);
        bytes.extend(blocks.to_le_bytes());
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    all: u64,
}

impl Reader<'_> {
    fn byte(&mut self) -> u8 {
        self.bytes.split_off_first().copied().unwrap_or_default()
    }

    fn number(&mut self) -> u32 {
        let mut number = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte();
            number |= u32::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 || shift > 28 {
                return number;
            }
        }
    }

    fn list(&mut self, count: u8) -> u64 {
        (0..count).fold(0, |mask, _| mask | 1 << (self.byte() % BLOCKS))
    }

    fn blocks(&mut self) -> u64 {
        match self.byte() {
            MASK => (0..8).fold(0, |mask, byte| mask | u64::from(self.byte()) << (8 * byte)),
            ALL => self.all,
            block if block < BLOCKS => 1 << block,
            list if list <= EXCEPT => self.list(list - LIST),
            list => self.all & !self.list(list - EXCEPT),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            terms in prop::collection::btree_map(0_u32..20_000, prop_oneof![(0_u32..64).prop_map(|n| 1 << n), 1_u64.., Just(u64::MAX), (0_u32..59).prop_map(|n| !(0b10101 << n)), (0_u32..59).prop_map(|n| 0b10101 << n)], 0..400),
            asked in prop::collection::btree_set(0_u32..20_000, 0..50),
        ) {
            let terms: Vec<(u32, u64)> = terms.into_iter().collect();
            let postings = Postings::new(&terms, u64::MAX);
            for (term, blocks) in &terms {
                prop_assert_eq!(postings.blocks(&[*term]), *blocks);
            }
            let asked: Vec<u32> = asked.into_iter().chain(terms.first().map(|term| term.0)).collect();
            let mut sorted = asked.clone();
            sorted.sort_unstable();
            let expected = terms.iter().filter(|term| asked.contains(&term.0)).fold(0, |all, term| all | term.1);
            prop_assert_eq!(postings.blocks(&sorted), expected);
        }
    }
}
