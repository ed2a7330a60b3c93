use super::*;
use crate::domain::ledger::CellKey;
use crate::domain::time_range::FetchWindow;
use proptest::prelude::*;

fn page(compartment: &str, events: &[String]) -> Page {
    let window = FetchWindow::from_minutes(0, 60).unwrap();
    let cell = CellKey { region: "r".into(), compartment: compartment.into(), window };
    Page::new(cell, format!("[{}]", events.join(",")).into_bytes(), None, DateTime::UNIX_EPOCH).unwrap()
}

fn event(id: u32, second: u32, text: &str) -> String {
    format!(r#"{{"eventId":"{id:04}","eventTime":"2026-03-14T08:00:{second:02}Z","x":"{text}"}}"#)
}

fn sorted(memory: usize, pages: &[Page]) -> (Vec<(String, String)>, Tally) {
    let mut sorter = Sorter::new(SorterSettings { memory }, Footprint::of(Some("us".into())));
    for page in pages {
        sorter.push(page, |_, _| true).unwrap();
    }
    let mut ordered = sorter.finish().unwrap();
    let mut out = Vec::new();
    while let Some(record) = ordered.next().unwrap() {
        let place = format!("{} {:?}", record.source.cell.compartment, record.flags.names().collect::<Vec<_>>());
        out.push((String::from_utf8(record.bytes.into()).unwrap(), place));
    }
    (out, ordered.tally())
}

#[test]
fn what_does_not_fit_into_memory_goes_where_it_was_told_to() {
    let directory = tempfile::tempdir().unwrap();
    let page = page("a", &[event(1, 1, "x"), event(2, 2, "x")]);
    let sorter = |name: &str| {
        let sorter = Sorter::new(SorterSettings { memory: 1 }, Footprint::default());
        sorter.in_directory(directory.path().join(name))
    };
    assert!(sorter("none").push(&page, |_, _| true).is_err());
    let mut sorter = sorter("");
    sorter.push(&page, |_, _| true).unwrap();
    assert_eq!(sorter.runs.len(), 2);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    let mut ordered = sorter.finish().unwrap();
    assert!(ordered.next().unwrap().is_some() && ordered.next().unwrap().is_some());
}

#[test]
fn time_then_id_and_what_has_no_time_last() {
    let no_time = r#"{"eventId":"0000"}"#.to_owned();
    let pages = [page("a", &[no_time.clone(), event(2, 5, ""), event(1, 5, ""), event(9, 1, "")])];
    let (out, tally) = sorted(1 << 20, &pages);
    let bytes: Vec<_> = out.into_iter().map(|(bytes, _)| bytes).collect();
    assert_eq!(bytes, [event(9, 1, ""), event(1, 5, ""), event(2, 5, ""), no_time]);
    assert_eq!(tally, Tally { events: 4, flagged: 1, ..Tally::default() });
}

#[test]
fn our_own_reads_are_written_and_counted_and_not_odd() {
    let read = |n: u32, principal: &str| {
        event(n, n, "").replace(
            "\"x\":\"\"",
            &format!(
                "\"data\":{{\"eventName\":\"ListEvents\",\"identity\":{{\"principalId\":\"{principal}\"}},\
                 \"request\":{{\"action\":\"GET\",\"id\":\"auditui-0badcafe-00000{n}/x\"}}}}"
            ),
        )
    };
    for memory in [1, 1 << 20] {
        let (out, tally) = sorted(memory, &[page("a", &[read(1, "us"), read(2, "them"), read(3, "us")])]);
        assert_eq!((out.len(), tally), (3, Tally { events: 3, own: 2, ..Tally::default() }));
        assert!(out.iter().all(|(_, place)| place == "a []"), "{out:?}");
    }
}

#[test]
fn a_copy_is_left_out_and_a_conflict_is_kept_and_flagged() {
    let pages = [
        page("b", &[event(1, 1, "same"), event(2, 2, "one")]),
        page("a", &[event(1, 1, "same"), event(2, 3, "other")]),
    ];
    for memory in [1, 1 << 20] {
        let (out, tally) = sorted(memory, &pages);
        let places: Vec<_> = out.iter().map(|(_, place)| place.as_str()).collect();
        assert_eq!(places, ["a []", r#"b ["conflict"]"#, r#"a ["conflict"]"#]);
        assert_eq!(tally, Tally { events: 3, duplicates: 1, conflicts: 2, flagged: 2, own: 0 });
    }
}

#[test]
fn events_without_an_id_are_told_apart_by_their_bytes() {
    let anonymous = |n: u32| format!(r#"{{"eventTime":"2026-03-14T08:00:00Z","n":{n}}}"#);
    let (out, tally) = sorted(1, &[page("a", &[anonymous(1), anonymous(2), anonymous(1)])]);
    assert_eq!((out.len(), tally.duplicates, tally.conflicts), (2, 1, 0));
}

proptest! {
    #[test]
    fn neither_budget_nor_order_of_pages_changes_the_output(
        events in prop::collection::vec((0u32..20, 0u32..5, 0u8..2), 0..40),
        split in 1usize..10,
        memory in 1usize..5_000,
    ) {
        let events: Vec<String> = events.iter().map(|(id, s, t)| event(*id, *s, &t.to_string())).collect();
        let pages: Vec<Page> = events.chunks(split).enumerate().map(|(n, part)| page(&n.to_string(), part)).collect();
        let mut reversed = pages.clone();
        reversed.reverse();
        let expected = sorted(1 << 20, &pages);
        prop_assert_eq!(&sorted(memory, &reversed), &expected);
        let distinct: HashSet<_> = events.iter().collect();
        prop_assert_eq!(expected.0.len(), distinct.len());
    }
}
