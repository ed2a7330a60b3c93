//! How many rows come from where: which compartment was asked, in which region.

use super::grid::{Axis, grid};
use super::mask::Mask;
use crate::index::{Column, Segment};

/// Rows by codes of (queried compartment, region).
pub(super) type Origins = Vec<((u32, u32), u64)>;

pub(super) fn origins(segment: &Segment, mask: &Mask) -> Origins {
    let rows = mask.count() as usize;
    if rows == segment.end() {
        return segment.origins().iter().map(|(origin, count)| (*origin, u64::from(*count))).collect();
    }
    let axes = [Column::Queried, Column::Region].map(|column| Axis::Codes(segment.codes(column)));
    grid(&axes, mask).into_iter().map(|(codes, count)| ((codes[0], codes[1]), count)).collect()
}
