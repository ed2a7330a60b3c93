//! Events by their time: the bars over the list.

use chrono::{DateTime, Utc};

use crate::domain::access::Access;
use crate::domain::time_range::TimeRange;

/// The events of one part of the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// In the order of [`Access::ALL`].
    pub by_access: [u32; 3],
    pub failed: u32,
}

impl Bucket {
    pub fn total(&self) -> u32 {
        self.by_access.iter().sum()
    }

    pub fn of(&self, access: Access) -> u32 {
        self.by_access[access as usize]
    }

    /// What there is in this and not in `other`, which is a part of it.
    fn without(&self, other: &Self) -> Self {
        let by_access = std::array::from_fn(|access| self.by_access[access] - other.by_access[access]);
        Self { by_access, failed: self.failed - other.failed }
    }
}

/// A range in equal parts; the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    range: TimeRange,
    buckets: Vec<Bucket>,
}

impl Histogram {
    /// `before` counts what happened before an instant, in microseconds.
    pub(super) fn new(range: TimeRange, buckets: usize, before: impl Fn(i64) -> Bucket) -> Self {
        let mut histogram = Self { range, buckets: vec![Bucket::default(); buckets] };
        let sums: Vec<Bucket> = (0..=buckets).map(|bucket| before(histogram.first_micros(bucket))).collect();
        let between = |(sum, next): (&Bucket, &Bucket)| next.without(sum);
        histogram.buckets = sums.iter().zip(sums.iter().skip(1)).map(between).collect();
        histogram
    }

    pub fn range(&self) -> TimeRange {
        self.range
    }

    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    pub fn total(&self) -> u64 {
        self.buckets.iter().map(|bucket| u64::from(bucket.total())).sum()
    }

    /// The events of the fullest bucket.
    pub fn peak(&self) -> u32 {
        self.buckets.iter().map(Bucket::total).max().unwrap_or(0)
    }

    /// The bucket that an instant falls into.
    pub fn bucket_at(&self, instant: DateTime<Utc>) -> Option<usize> {
        self.place(instant.timestamp_micros())
    }

    /// When a bucket begins; the end of the range for the bucket after the last one.
    pub fn start_of(&self, bucket: usize) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.first_micros(bucket)).unwrap_or(self.range.end())
    }

    fn first_micros(&self, bucket: usize) -> i64 {
        let (start, length) = self.micros();
        let parts = self.buckets.len().max(1) as i128;
        // Rounded up, so that the instant falls into its own bucket.
        let offset = (length * bucket as i128 + parts - 1).div_euclid(parts);
        (start + offset.min(length)) as i64
    }

    fn place(&self, micros: i64) -> Option<usize> {
        let (start, length) = self.micros();
        let offset = i128::from(micros) - start;
        (0..length).contains(&offset).then(|| (offset * self.buckets.len() as i128 / length) as usize)
    }

    /// Start and length of the range.
    fn micros(&self) -> (i128, i128) {
        let start = i128::from(self.range.start().timestamp_micros());
        (start, i128::from(self.range.end().timestamp_micros()) - start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_begins_where_its_first_instant_falls_into_it() {
        let at = |micros| DateTime::from_timestamp_micros(micros).unwrap();
        for buckets in [1, 3, 7, 120] {
            let histogram = Histogram::new(TimeRange::new(at(-5), at(1_000)).unwrap(), buckets, |_| Bucket::default());
            for bucket in 0..buckets {
                assert_eq!(histogram.bucket_at(histogram.start_of(bucket)), Some(bucket));
            }
            assert_eq!((histogram.bucket_at(at(-6)), histogram.bucket_at(at(1_000))), (None, None));
            assert_eq!(histogram.start_of(buckets), at(1_000));
        }
    }
}
