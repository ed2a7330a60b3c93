use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const START: i64 = 1_773_475_200_000;

fn event(id: &str, millisecond: i64, status: &str) -> EventFields<'static> {
    EventFields {
        id: id.to_owned().into(),
        time: DateTime::from_timestamp_millis(START + millisecond),
        status: status.to_owned().into(),
        ..EventFields::default()
    }
}

fn compared(ledger: Ledger, reach: Reach) -> (Report, Vec<Difference>) {
    let mut differences = Vec::new();
    let report = ledger.compare(reach, &mut |difference| differences.push(difference));
    (report, differences)
}

fn hours(first: i64, last: i64) -> Reach {
    Reach { first: START + first * HOUR, last: START + last * HOUR - 1 }
}

#[test]
fn an_event_takes_24_bytes() {
    assert_eq!(size_of::<Item>(), 24);
    const { assert!(HOUR < 1 << OF_TIME) };
}

#[test]
fn the_region_is_that_of_whoever_knows_it() {
    let mut ledger = Ledger::default();
    let [fra, iad, none] = ["fra", "iad", ""].map(RegionId::new);
    for (side, region, id) in [
        (Side::Kept, &fra, "a"),
        (Side::Archive, &iad, "a"),
        (Side::Kept, &none, "b"),
        (Side::Archive, &iad, "b"),
        (Side::Archive, &none, "c"),
    ] {
        ledger.take(side, region, &event(id, 5, "200"));
    }
    let (report, differences) = compared(ledger, hours(0, 1));
    let regions: Vec<_> =
        report.rows.iter().map(|row| (row.region.as_str(), row.counts.kept, row.counts.archive)).collect();
    assert_eq!(regions, [("", 0, 1), ("fra", 1, 1), ("iad", 1, 1)]);
    let expected = Difference {
        sort: Sort::MissingInKept,
        region: none,
        time: DateTime::from_timestamp_millis(START + 5).unwrap(),
        id: "c".into(),
    };
    assert_eq!(differences, [expected]);
}

#[test]
fn more_regions_than_there_are_become_one() {
    let mut ledger = Ledger::default();
    for number in 0..2 * REGIONS {
        ledger.take(Side::Kept, &RegionId::new(format!("r{number}")), &event(&format!("{number}"), 5, ""));
    }
    let (report, _) = compared(ledger, hours(0, 1));
    assert_eq!(report.rows.len(), REGIONS);
    assert_eq!(report.total.only_kept, 2 * REGIONS as u64);
}

#[test]
fn an_hour_at_an_edge_is_compared_as_far_as_both_have_it() {
    let mut ledger = Ledger::default();
    let fra = RegionId::new("fra");
    for (id, at) in [("early", HOUR / 4), ("in", HOUR / 2 + 1), ("late", 2 * HOUR)] {
        ledger.take(Side::Kept, &fra, &event(id, at, ""));
    }
    ledger.take(Side::Archive, &fra, &event("first", HOUR / 2, ""));
    ledger.take(Side::Archive, &fra, &event("last", HOUR + 5, ""));
    let both = ledger.reach(Side::Kept).unwrap().and(ledger.reach(Side::Archive).unwrap()).unwrap();
    assert_eq!(both, Reach { first: START + HOUR / 2, last: START + HOUR + 5 });
    let (report, _) = compared(ledger, both);
    assert!(report.rows.iter().all(|row| row.partial) && report.rows.len() == 2);
    assert_eq!((report.total.only_kept, report.total.only_archive, report.outside), (1, 2, [2, 0]));
}

#[test]
fn what_cannot_be_compared_is_counted() {
    let mut ledger = Ledger::default();
    ledger.take(Side::Archive, &RegionId::new(""), &event("", 5, ""));
    ledger.take(Side::Archive, &RegionId::new(""), &EventFields { time: None, ..event("x", 5, "") });
    assert_eq!((ledger.incomparable(Side::Kept), ledger.incomparable(Side::Archive)), ((0, 0), (1, 1)));
    assert_eq!(ledger.reach(Side::Archive), None);
}

/// What happens to an event on its two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Both,
    OnlyKept,
    OnlyArchive,
    Changed,
    TwiceInArchive,
    TwiceKept,
}

proptest! {
    #[test]
    fn planted_differences_are_found_and_nothing_else(
        fates in prop::collection::vec(
            (prop_oneof![
                6 => Just(Fate::Both), 1 => Just(Fate::OnlyKept), 1 => Just(Fate::OnlyArchive), 1 => Just(Fate::Changed),
                1 => Just(Fate::TwiceInArchive), 1 => Just(Fate::TwiceKept),
            ], 0..4 * HOUR, 0..3usize), 0..80),
        order in any::<prop::sample::Index>(),
    ) {
        let mut records = Vec::new();
        for (number, (fate, at, region)) in fates.iter().enumerate() {
            let id = if number % 2 == 0 { format!("{number:08x}-0000-4000-8000-000000000000") } else { format!("id{number}") };
            let sides: &[(Side, &str)] = match fate {
                Fate::Both => &[(Side::Kept, "200"), (Side::Archive, "200")],
                Fate::OnlyKept => &[(Side::Kept, "200")],
                Fate::OnlyArchive => &[(Side::Archive, "200")],
                Fate::Changed => &[(Side::Kept, "200"), (Side::Archive, "404")],
                Fate::TwiceInArchive => &[(Side::Kept, "200"), (Side::Archive, "404"), (Side::Archive, "200")],
                Fate::TwiceKept => &[(Side::Kept, "200"), (Side::Kept, "200"), (Side::Archive, "200")],
            };
            records.extend(sides.iter().map(|(side, status)| (*side, *region, event(&id, *at, status))));
        }
        if !records.is_empty() {
            let middle = order.index(records.len());
            records.rotate_left(middle);
        }
        let mut ledger = Ledger::default();
        for (side, region, fields) in &records {
            ledger.take(*side, &RegionId::new(format!("region-{region}")), fields);
        }
        let (report, differences) = compared(ledger, hours(0, 4));

        let mut expected: BTreeMap<(i64, usize), Counts> = BTreeMap::new();
        let mut ids = BTreeSet::new();
        for (number, (fate, at, region)) in fates.iter().enumerate() {
            let counts = expected.entry((at / HOUR, *region)).or_default();
            counts.kept += u64::from(*fate != Fate::OnlyArchive);
            counts.archive += u64::from(*fate != Fate::OnlyKept);
            counts.only_kept += u64::from(*fate == Fate::OnlyKept);
            counts.only_archive += u64::from(*fate == Fate::OnlyArchive);
            counts.different += u64::from(*fate == Fate::Changed);
            if matches!(fate, Fate::OnlyKept | Fate::OnlyArchive | Fate::Changed) {
                ids.insert(if number % 2 == 0 { format!("{number:08x}-0000-4000-8000-000000000000") } else { format!("id{number}") });
            }
        }
        let found: BTreeMap<(i64, usize), Counts> = report.rows.iter().map(|row| {
            let hour = (row.hour.timestamp_millis() - START) / HOUR;
            ((hour, row.region.as_str().strip_prefix("region-").unwrap().parse().unwrap()), row.counts)
        }).collect();
        prop_assert_eq!(found, expected);
        prop_assert!(report.rows.iter().all(|row| !row.partial));
        prop_assert_eq!(differences.len(), ids.len());
        prop_assert_eq!(differences.into_iter().map(|difference| difference.id).collect::<BTreeSet<_>>(), ids);
        let twice = |fate| fates.iter().filter(|(one, ..)| *one == fate).count() as u64;
        prop_assert_eq!(report.copies, [twice(Fate::TwiceKept), twice(Fate::TwiceInArchive)]);
    }
}
