//! What the rows of a selection come to: how many, how large, how many of them writes, in all and part by part.

use std::collections::HashMap;

use super::count::{By, STRIDE, Texts};
use super::selection::Selection;
use crate::domain::access::Access;
use crate::domain::event::decode;
use crate::index::Column;

/// What some events come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub events: u64,
    /// Of the events as they were sent.
    pub bytes: u64,
    /// Calls whose HTTP method says that something changes: POST, PUT, PATCH and DELETE.
    pub writes_by_method: u64,
    /// Events that by their meaning change something, and sign-ins: `is:write`.
    pub writes: u64,
}

/// The totals of all events that have these values, in the order of what they are told apart by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub values: Vec<Option<String>>,
    pub total: Total,
}

/// The whole, and its parts for each way in which it was to be divided, the largest first, then by value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub total: Total,
    pub parts: Vec<Vec<Part>>,
}

impl std::ops::AddAssign for Total {
    fn add_assign(&mut self, more: Self) {
        self.events += more.events;
        self.bytes += more.bytes;
        self.writes_by_method += more.writes_by_method;
        self.writes += more.writes;
    }
}

/// Adds them up, in one pass over the events. `None` where the bytes of one cannot be read back.
pub fn sums(selection: &Selection, ways: &[&[By]]) -> Option<Sums> {
    let snapshot = selection.snapshot();
    let mut texts: Vec<Vec<Texts>> = ways.iter().map(|way| way.iter().map(|_| Texts::default()).collect()).collect();
    let mut parts: Vec<HashMap<Box<[u64]>, Total>> = ways.iter().map(|_| HashMap::new()).collect();
    let mut total = Total::default();
    let mut reader = snapshot.blocks().reader();
    let strides = (0..selection.len()).step_by(STRIDE).map(|start| start..start + STRIDE);
    for row in strides.flat_map(|ranks| selection.rows(ranks)).filter_map(|id| snapshot.row(id)) {
        let place = snapshot.segments().get(row.id().segment as usize)?.at(row.id().row as usize)?;
        let bytes = reader.read(place)?;
        let one = Total {
            events: 1,
            bytes: bytes.len() as u64,
            writes_by_method: u64::from(Access::is_write_method(row.text(Column::Action))),
            writes: u64::from(row.access() != Access::Read),
        };
        total += one;
        let fields = decode(bytes).fields;
        for ((way, texts), parts) in ways.iter().zip(&mut texts).zip(&mut parts) {
            let codes = way.iter().zip(texts).map(|(by, texts)| by.code(&row, &fields, texts)).collect();
            *parts.entry(codes).or_default() += one;
        }
    }
    let part = |way: &[By], texts: &[Texts], codes: &[u64], total| Part {
        values: way.iter().zip(texts).zip(codes).map(|((by, texts), code)| by.value(*code, selection, texts)).collect(),
        total,
    };
    let of_ways = ways.iter().zip(&texts).zip(parts).map(|((way, texts), parts)| {
        let mut parts: Vec<Part> = parts.into_iter().map(|(codes, total)| part(way, texts, &codes, total)).collect();
        parts.sort_unstable_by(|a, b| b.total.events.cmp(&a.total.events).then_with(|| a.values.cmp(&b.values)));
        parts
    });
    Some(Sums { total, parts: of_ways.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::IndexBuilder;
    use crate::index::testing::{Sent, insert};
    use crate::query::{Cancel, Order, Query, Term, select};

    fn sent(id: u32, name: &str, action: &str, region: &str) -> Sent {
        let bytes = format!(
            "{{\"eventId\":\"{id}\",\"eventTime\":\"2026-03-14T08:00:00Z\",\"data\":{{\"eventName\":\"{name}\",\
             \"request\":{{\"action\":\"{action}\"}}}}}}"
        );
        Sent { region: region.into(), compartment: "c".into(), bytes: bytes.into_bytes() }
    }

    #[test]
    fn totals_are_those_of_the_rows_and_parts_add_up_to_the_whole() {
        let events = [
            sent(1, "GetBucket", "GET", "r1"),
            sent(2, "SearchLogs", "POST", "r1"),
            sent(3, "DeleteBucket", "DELETE", "r2"),
            sent(3, "DeleteBucket", "DELETE", "r2"),
        ];
        let mut builder = IndexBuilder::default();
        insert(&mut builder, &events);
        let snapshot = builder.snapshot();
        let (region, day) = ([By::named("region").unwrap()], [By::Day]);
        let asked = |query: &Query| {
            let selection = select(&snapshot, query, Order::NewestFirst, None, &Cancel::new()).unwrap();
            sums(&selection, &[&region, &day]).unwrap()
        };
        let found = asked(&Query::everything());
        let bytes = events[..3].iter().map(|sent| sent.bytes.len() as u64).sum();
        assert_eq!(found.total, Total { events: 3, bytes, writes_by_method: 2, writes: 1 });
        let by_region: Vec<_> =
            found.parts[0].iter().map(|part| (part.values[0].as_deref(), part.total.events)).collect();
        assert_eq!(by_region, [(Some("r1"), 2), (Some("r2"), 1)]);
        assert_eq!(found.parts[1].len(), 1);
        for parts in &found.parts {
            let mut sum = Total::default();
            for part in parts {
                sum += part.total;
            }
            assert_eq!(sum, found.total);
        }
        let mut one = Query::everything();
        one.push(Term::Region([crate::domain::region::RegionId::new("r2")].into_iter().collect()));
        assert_eq!(asked(&one).total.events, 1);
    }
}
