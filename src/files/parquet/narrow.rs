//! Which row groups may hold anything of what is asked: by the times that they span, and by the Bloom filters of two ids.

use ::parquet::bloom_filter::Sbbf;
use ::parquet::file::reader::FileReader as _;
use ::parquet::file::statistics::Statistics;

use super::{Group, Table, check};
use crate::domain::time_range::TimeRange;

/// Names the columns of which no value would change in lower case; see `export::parquet`.
const LOWER_CASE: &str = "auditui.lower_case";

/// What of the events is wanted. The rest need not be read, and may be all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    /// Events that happened in it, and those of which nobody knows when.
    pub range: Option<TimeRange>,
    /// Ids that are asked for in any case, in lower case.
    pub event_ids: Option<Vec<String>>,
    pub principal_ids: Option<Vec<String>>,
}

impl Narrow {
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

pub(super) fn may_hold(table: &Table, group: &Group, narrow: &Narrow) -> bool {
    let ids = [(&narrow.event_ids, table.places.event_id), (&narrow.principal_ids, table.places.principal_id)];
    narrow.range.is_none_or(|range| may_lie_in(group, table.places.time, range))
        && ids.into_iter().all(|(ids, place)| ids.as_ref().is_none_or(|ids| may_have(table, group, place, ids)))
}

/// By the microsecond, as queries compare.
fn may_lie_in(group: &Group, place: usize, range: TimeRange) -> bool {
    let Some(Statistics::Int64(found)) = group.column(place).statistics() else { return true };
    let (Some(first), Some(last), Some(0)) = (found.min_opt(), found.max_opt(), found.null_count_opt()) else {
        return true;
    };
    *last >= range.start().timestamp_micros() && *first < range.end().timestamp_micros()
}

fn may_have(table: &Table, group: &Group, place: usize, ids: &[String]) -> bool {
    let column = group.column(place);
    if !is_lower_case(table, column.column_path().string().as_str()) {
        return true;
    }
    let statistics = column.statistics();
    let bounds = statistics.and_then(|found| Some((found.min_bytes_opt()?, found.max_bytes_opt()?)));
    let lies_between = |id: &&String| bounds.is_none_or(|(first, last)| (first..=last).contains(&id.as_bytes()));
    let mut ids = ids.iter().filter(lies_between).peekable();
    if ids.peek().is_none() || check(column).is_err() {
        return ids.peek().is_some();
    }
    let filter = Sbbf::read_from_column_chunk(column, &table.source).ok().flatten();
    let filter = filter.filter(|filter| filter.num_blocks() > 0);
    filter.is_none_or(|filter| ids.any(|id| filter.check(id.as_bytes())))
}

fn is_lower_case(table: &Table, name: &str) -> bool {
    let said = table.reader.metadata().file_metadata().key_value_metadata();
    let said = said.into_iter().flatten().find(|said| said.key == LOWER_CASE);
    said.and_then(|said| said.value.as_deref()).is_some_and(|names| names.split(' ').any(|found| found == name))
}
