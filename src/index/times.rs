//! The times of a segment's rows, ascending: four bytes a row where that loses nothing.

use super::identity::EventKey;

/// See the module. Rows without a time come first.
#[derive(Debug)]
pub struct Times {
    untimed: usize,
    /// Of the first row with a time.
    base: i64,
    rows: Steps,
}

/// What lies between the base and each row that has a time.
#[derive(Debug)]
enum Steps {
    /// In whole milliseconds: up to 49 days.
    Millis(Box<[u32]>),
    /// In microseconds: up to 71 minutes.
    Micros(Box<[u32]>),
    Wide(Box<[i64]>),
}

const MILLI: i64 = 1_000;

impl Times {
    /// `micros` ascending; see [`EventKey::micros`].
    pub(super) fn new(micros: &[i64]) -> Self {
        let untimed = micros.partition_point(|micros| *micros == EventKey::NO_TIME);
        let timed = micros.get(untimed..).unwrap_or_default();
        let base = timed.first().copied().unwrap_or(0);
        let span = timed.last().map_or(Some(0), |last| last.checked_sub(base));
        let fits = |unit: i64| span.is_some_and(|span| span / unit <= i64::from(u32::MAX));
        let in_units = |unit: i64| timed.iter().map(|micros| ((micros - base) / unit) as u32).collect();
        let rows = if fits(MILLI) && timed.iter().all(|micros| (micros - base) % MILLI == 0) {
            Steps::Millis(in_units(MILLI))
        } else if fits(1) {
            Steps::Micros(in_units(1))
        } else {
            Steps::Wide(timed.into())
        };
        Self { untimed, base, rows }
    }

    pub fn len(&self) -> usize {
        self.untimed + self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The time of `row`, which must be one; [`EventKey::NO_TIME`] for any other.
    pub fn get(&self, row: usize) -> i64 {
        row.checked_sub(self.untimed).and_then(|step| self.timed(step)).unwrap_or(EventKey::NO_TIME)
    }

    /// How many rows lie before an instant; those without a time lie before all others.
    pub fn before(&self, micros: i64) -> usize {
        if micros == EventKey::NO_TIME {
            return 0;
        }
        self.untimed + self.rows.before(micros, self.base)
    }

    pub(super) fn bytes(&self) -> usize {
        match &self.rows {
            Steps::Millis(steps) | Steps::Micros(steps) => size_of_val(&**steps),
            Steps::Wide(micros) => size_of_val(&**micros),
        }
    }

    fn timed(&self, step: usize) -> Option<i64> {
        Some(match &self.rows {
            Steps::Millis(steps) => self.base + i64::from(*steps.get(step)?) * MILLI,
            Steps::Micros(steps) => self.base + i64::from(*steps.get(step)?),
            Steps::Wide(micros) => *micros.get(step)?,
        })
    }
}

impl Steps {
    fn len(&self) -> usize {
        match self {
            Self::Millis(steps) | Self::Micros(steps) => steps.len(),
            Self::Wide(micros) => micros.len(),
        }
    }

    fn before(&self, micros: i64, base: i64) -> usize {
        // A step lies before the instant where it is less than the instant's distance, rounded up.
        let within = |steps: &[u32], unit: i128| {
            let distance = (i128::from(micros) - i128::from(base) + unit - 1).div_euclid(unit);
            steps.partition_point(|step| i128::from(*step) < distance)
        };
        match self {
            Self::Millis(steps) => within(steps, i128::from(MILLI)),
            Self::Micros(steps) => within(steps, 1),
            Self::Wide(all) => all.partition_point(|one| *one < micros),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn micros() -> impl Strategy<Value = Vec<i64>> {
        let near = (0..100_000i64).prop_map(|millis| 1_790_000_000_000_000 + millis * MILLI);
        let odd = 1_790_000_000_000_000..1_790_000_100_000_000i64;
        let any = prop_oneof![any::<i64>(), Just(EventKey::NO_TIME)];
        prop_oneof![
            prop::collection::vec(near.clone(), 0..50),
            prop::collection::vec(odd, 0..50),
            prop::collection::vec(prop_oneof![near, Just(EventKey::NO_TIME)], 0..50),
            prop::collection::vec(any, 0..50),
        ]
    }

    proptest! {
        #[test]
        fn nothing_is_lost(mut micros in micros(), probe in any::<i64>()) {
            micros.sort_unstable();
            let times = Times::new(&micros);
            prop_assert_eq!(times.len(), micros.len());
            prop_assert!((0..micros.len()).all(|row| times.get(row) == micros[row]));
            let near: Vec<i64> = micros.iter().flat_map(|m| [m.saturating_sub(1), *m, m.saturating_add(1)]).collect();
            for instant in near.into_iter().chain([probe, i64::MIN, i64::MAX]) {
                prop_assert_eq!(times.before(instant), micros.partition_point(|m| *m < instant), "{}", instant);
            }
        }
    }

    #[test]
    fn four_bytes_a_row_where_they_do() {
        let day = 86_400_000_000;
        assert_eq!(Times::new(&[0, 40 * day]).bytes(), 8);
        assert_eq!(Times::new(&[1, 1_000_000]).bytes(), 8);
        assert_eq!(Times::new(&[0, 60 * day]).bytes(), 16);
        assert_eq!(Times::new(&[1, day]).bytes(), 16);
    }
}
