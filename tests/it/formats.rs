//! Formats for other programs: of the same events, each once, in the same order.

use serde_json::Value;

use super::support::{Cloud, Output};

/// Ids in the order in which they were written.
fn ids(output: &Output, format: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let documents = || output.lines().into_iter().map(|line| serde_json::from_slice::<Value>(line).unwrap());
    match format {
        "jsonl" => documents().map(|event| text(&event["eventId"])).collect(),
        "ocsf" => documents().map(|event| text(&event["metadata"]["uid"])).collect(),
        "ecs" => documents().map(|event| text(&event["event"]["id"])).collect(),
        "bulk" => documents().step_by(2).map(|action| text(&action["create"]["_id"])).collect(),
        "hec" => documents().map(|line| text(&line["event"]["eventId"])).collect(),
        "csv" => {
            let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
            assert_eq!(&reader.headers().unwrap()[0], "event_id");
            reader.records().map(|row| row.unwrap()[0].to_owned()).collect()
        }
        _ => panic!("{format}"),
    }
}

#[test]
fn every_format_holds_the_events_that_jsonl_holds() {
    let cloud = Cloud::named("small");
    let expected = ids(&cloud.export(&[]).expect(3), "jsonl");
    assert_eq!(expected.len(), cloud.world().len());
    for format in ["csv", "ocsf", "ecs", "bulk", "hec"] {
        let output = cloud.export(&["-o", format]).expect(3);
        assert_eq!(ids(&output, format), expected, "{format}");
        let again = cloud.export(&["-o", format, "--concurrency", "1"]).expect(3);
        assert!(output.stdout == again.stdout, "{format}: the same question, other bytes");
    }
}

#[test]
fn the_region_is_the_one_that_was_asked() {
    let cloud = Cloud::named("small");
    let world = cloud.world();
    let output = cloud.export(&["-o", "ocsf"]).expect(3);
    for (line, event) in output.lines().into_iter().zip(&world) {
        let document: Value = serde_json::from_slice(line).unwrap();
        assert_eq!(document["cloud"]["region"], event.region.as_str());
        assert_eq!(document["time"], event.event_time.timestamp_millis());
    }
}

#[test]
fn what_wraps_events_is_for_events() {
    let cloud = Cloud::named("small");
    let output = cloud.export(&["-o", "ocsf", "--meta"]).expect(2);
    assert!(output.stdout.is_empty() && output.stderr.contains("--meta"), "{}", output.stderr);
}
