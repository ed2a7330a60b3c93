use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
use ::parquet::record::RowAccessor as _;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::footprint::Footprint;
use crate::domain::ledger::CellKey;
use crate::domain::page::Page;
use crate::domain::time_range::FetchWindow;
use crate::export::{Sorter, SorterSettings};

fn about() -> About {
    About { tenancy: "acme-0badcafe".into(), tenancy_ocid: "ocid1.tenancy.oc1..t".into(), retrieval: false }
}

/// The events of a page, in order.
fn records(events: &[Vec<u8>]) -> Vec<Record> {
    let window = FetchWindow::from_minutes(60, 120).unwrap();
    let cell = CellKey { region: "fra".into(), compartment: "c".into(), window };
    let body = events.concat();
    let mut start = 0;
    let extents = events.iter().map(|event| {
        start += event.len();
        start - event.len()..start
    });
    let extents = extents.collect();
    let page = Page::of_values(cell, std::sync::Arc::new(body), extents, DateTime::UNIX_EPOCH);
    let mut sorter = Sorter::new(SorterSettings::default(), Footprint::default());
    sorter.push(&page, |_, _| true).unwrap();
    let mut ordered = sorter.finish().unwrap();
    std::iter::from_fn(|| ordered.next().unwrap()).collect()
}

fn written(records: &[Record], rows: usize) -> (Summary, Vec<u8>) {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, about()).unwrap().with_rows(rows);
    for record in records {
        writer.push(record).unwrap();
    }
    (writer.finish().unwrap(), bytes)
}

fn reader(bytes: Vec<u8>) -> SerializedFileReader<hyper::body::Bytes> {
    SerializedFileReader::new(hyper::body::Bytes::from(bytes)).unwrap()
}

fn event(id: usize, minute: i64) -> Vec<u8> {
    let time = crate::domain::time_range::rfc3339(DateTime::from_timestamp(minute * 60, 0).unwrap());
    json!({"eventId": format!("e{id:03}"), "eventTime": time, "data": {"identity": {"principalId": "ocid1.user.oc1..a"}}})
        .to_string()
        .into_bytes()
}

#[test]
fn the_columns_are_those_of_version_1() {
    insta::assert_snapshot!(schema::message());
}

#[test]
fn a_row_says_what_the_event_says_and_where_it_was_read() {
    let event = json!({
        "eventId": "e1", "eventTime": "1970-01-01T01:00:00.123456789Z", "eventType": "com.oraclecloud.ComputeApi.LaunchInstance",
        "source": "ComputeApi",
        "data": {
            "eventName": "LaunchInstance", "compartmentId": "c2", "freeformTags": {"a": "b"},
            "identity": {"principalId": "Ü", "credentials": "ST$secret"},
            "request": {"action": "POST", "parameters": {"x": ["1"]}}, "response": {"status": "200", "message": "for ST$secret"},
            "stateChange": {"previous": {"n": 1}, "current": {"n": 2}},
        },
    });
    let (summary, bytes) = written(&records(&[event.to_string().into_bytes()]), 10);
    let time = DateTime::from_timestamp(3_600, 123_456_789);
    assert_eq!(summary, Summary { rows: 1, groups: 1, first: time, last: time });
    let row = reader(bytes).get_row_iter(None).unwrap().next().unwrap().unwrap();
    let cells = row.get_column_iter().filter(|(name, _)| *name != "raw").map(|(name, cell)| format!("{name} {cell}"));
    insta::assert_snapshot!(cells.collect::<Vec<_>>().join("\n"));
}

#[test]
fn groups_end_where_they_are_full_and_say_what_they_span() {
    let events: Vec<Vec<u8>> = (0..7).map(|id| event(id, id as i64)).collect();
    let (summary, bytes) = written(&records(&events), 3);
    assert_eq!((summary.rows, summary.groups), (7, 3));
    let reader = reader(bytes);
    let groups = reader.metadata().row_groups();
    let spans: Vec<_> = groups
        .iter()
        .map(|group| {
            let column = group.column(1).statistics().unwrap();
            let micros = |bytes: Option<&[u8]>| i64::from_le_bytes(bytes.unwrap().try_into().unwrap()) / 60_000_000;
            (group.num_rows(), micros(column.min_bytes_opt()), micros(column.max_bytes_opt()))
        })
        .collect();
    assert_eq!(spans, [(3, 0, 2), (3, 3, 5), (1, 6, 6)]);
    let filtered = |group: &::parquet::file::metadata::RowGroupMetaData| {
        let has = |column: &&::parquet::file::metadata::ColumnChunkMetaData| column.bloom_filter_offset().is_some();
        group.columns().iter().filter(has).map(|column| column.column_path().string()).collect::<Vec<_>>()
    };
    assert!(groups.iter().all(|group| filtered(group) == FILTERED));
    assert!(groups.iter().all(|group| group.columns().iter().all(|column| column.offset_index_offset().is_some())));
    assert!(groups[0].column(40).statistics().is_some() && groups[0].column(39).statistics().is_none());
    let said = reader.metadata().file_metadata().key_value_metadata().unwrap();
    assert_eq!((said[0].key.as_str(), said[0].value.as_deref()), (LOWER_CASE, Some("event_id principal_id")));
}

#[test]
fn an_id_with_letters_in_upper_case_is_told() {
    let (_, bytes) = written(&records(&[event(1, 0), br#"{"eventId":"E2"}"#.to_vec()]), 9);
    let reader = reader(bytes);
    let said = reader.metadata().file_metadata().key_value_metadata().unwrap();
    assert_eq!(said[0].value.as_deref(), Some("principal_id"));
}

#[test]
fn rows_out_of_order_are_refused() {
    let all = records(&[event(1, 1), event(2, 2), br#"{"eventId":"x"}"#.to_vec()]);
    for (first, second) in [(1, 0), (2, 0)] {
        let mut writer = Writer::new(Vec::new(), about()).unwrap();
        writer.push(&all[first]).unwrap();
        assert!(writer.push(&all[second]).is_err());
    }
}

#[test]
fn a_closed_pipe_stays_one() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let writer = Writer::new(Closed, about()).unwrap();
    assert_eq!(writer.finish().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_sent_comes_back_and_gives_the_same_bytes_again(
        events in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 1..60),
                "\\{\"eventId\":\"\\PC{0,8}\",\"eventTime\":\"2026-03-1[0-9]T0[0-9]:00:00Z\",\"data\":\\{\"message\":\"\\PC{0,9}\"\\}\\}"
                    .prop_map(String::into_bytes),
            ],
            0..20,
        ),
        rows in 1..9usize,
    ) {
        let records = records(&events);
        let (summary, bytes) = written(&records, rows);
        prop_assert!(written(&records, rows).1 == bytes);
        prop_assert_eq!(summary.rows, records.len() as u64);
        let back: Vec<Vec<u8>> = reader(bytes)
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().get_bytes(39).unwrap().data().to_vec())
            .collect();
        prop_assert_eq!(back, records.iter().map(|record| record.bytes.to_vec()).collect::<Vec<_>>());
    }
}
