//! One column of one segment: a dictionary code per row, as narrow as its values allow.

/// Codes by row. Two bytes a row until a dictionary of this segment passes 65,536 values.
#[derive(Debug)]
pub enum Codes {
    Narrow(Box<[u16]>),
    Wide(Box<[u32]>),
}

impl Codes {
    pub(super) fn new(codes: impl Iterator<Item = u32> + Clone) -> Self {
        let narrow: Option<Box<[u16]>> = codes.clone().map(|code| u16::try_from(code).ok()).collect();
        narrow.map_or_else(|| Self::Wide(codes.collect()), Self::Narrow)
    }

    /// The code of `row`; 0, the empty value, past the end.
    pub fn get(&self, row: usize) -> u32 {
        match self {
            Self::Narrow(codes) => codes.get(row).copied().map_or(0, u32::from),
            Self::Wide(codes) => codes.get(row).copied().unwrap_or(0),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Narrow(codes) => size_of_val(&**codes),
            Self::Wide(codes) => size_of_val(&**codes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_wide_as_it_must_be() {
        let (narrow, wide) = (Codes::new([1, 65_535].into_iter()), Codes::new([1, 65_536].into_iter()));
        assert!(matches!(&narrow, Codes::Narrow(_)) && matches!(&wide, Codes::Wide(_)));
        assert_eq!((narrow.get(1), wide.get(1), wide.get(2)), (65_535, 65_536, 0));
    }
}
