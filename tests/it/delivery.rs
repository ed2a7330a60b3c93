//! `auditui export --compress` and `--split`: the same events, packed and cut, and read back.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::support::{Cloud, Output, assert_same_events};

fn coverage(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut reader: Box<dyn std::io::Read> = match bytes.first() {
        Some(0x1f) => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
        Some(0x28) => Box::new(zstd::Decoder::new(bytes).unwrap()),
        _ => Box::new(bytes),
    };
    std::io::Read::read_to_end(&mut reader, &mut out).unwrap();
    out
}

/// A tenancy of which everything can be read.
fn readable() -> Cloud {
    Cloud::small_but("readable = false", "readable = true")
}

fn count(output: &Output) -> u64 {
    output.json()["count"].as_u64().unwrap()
}

#[test]
fn what_is_packed_is_the_same_and_is_read_back() {
    let cloud = readable();
    let plain = cloud.export(&[]).expect(0).stdout;
    for (how, ending) in [("gzip", "gz"), ("zstd", "zst")] {
        let piped = cloud.export(&["--compress", how]).expect(0).stdout;
        assert!(piped.len() < plain.len() / 2 && unpacked(&piped) == plain, "{how}");
        let file = cloud.home.path(&format!("{how}/day.jsonl.{ending}"));
        std::fs::create_dir(file.parent().unwrap()).unwrap();
        let path = file.to_str().unwrap();
        cloud.export(&["--compress", how, "--output-file", path]).expect(0);
        assert_eq!(std::fs::read(&file).unwrap(), piped, "{how}: the same question, other bytes");
        let export = &coverage(&file.with_file_name("coverage.json"))["export"];
        assert_eq!((export["compression"].as_str(), export["bytes"].as_u64()), (Some(how), Some(piped.len() as u64)));
        let compared = cloud.run(&["coverage", path]).expect(0);
        assert!(compared.text().contains("compared with the file: the same"), "{}", compared.text());
        let counted = cloud.run(&["count", path, "-o", "json"]).expect(0);
        assert_eq!(count(&counted), cloud.world().len() as u64);
        assert!(counted.stderr.contains("coverage complete"), "{}", counted.stderr);
        // The same events in other bytes are not what was written.
        std::fs::write(&file, unpacked(&piped)).unwrap();
        cloud.run(&["coverage", path]).expect(3);
        let counted = cloud.run(&["count", path, "-o", "json"]).expect(3);
        assert!(counted.stderr.contains("is not the file"), "{}", counted.stderr);
    }
}

#[test]
fn an_export_in_parts_is_the_export() {
    let cloud = readable();
    let whole = cloud.export(&[]).expect(0);
    let expected: BTreeSet<&[u8]> = whole.lines().into_iter().collect();
    for (split, packing) in
        [("day", None), ("hour", Some("zstd")), ("region", Some("gzip")), ("compartment", None), ("20K", None)]
    {
        let (first, again) = (cloud.home.path(&format!("{split}-1")), cloud.home.path(&format!("{split}-2")));
        for directory in [&first, &again] {
            let mut args = vec!["--split", split, "--output-file", directory.to_str().unwrap()];
            args.extend(packing.iter().flat_map(|how| ["--compress", how]));
            cloud.export(&args).expect(0);
        }
        assert_eq!(names(&first), names(&again), "{split}");
        let document = coverage(&first.join("coverage.json"));
        let parts = document["export"]["parts"].as_array().unwrap();
        let told: BTreeSet<String> = parts.iter().map(|part| part["file"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names(&first), told.iter().cloned().chain(["coverage.json".to_owned()]).collect(), "{split}");
        let mut events = Vec::new();
        for name in &told {
            let bytes = std::fs::read(first.join(name)).unwrap();
            assert_eq!(bytes, std::fs::read(again.join(name)).unwrap(), "{split}: the same question, other bytes");
            events.extend(unpacked(&bytes).split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec));
        }
        assert_eq!(events.len(), expected.len(), "{split}");
        assert!(events.iter().all(|event| expected.contains(event.strip_suffix(b"\n").unwrap())), "{split}");
        let counted = cloud.run(&["count", first.to_str().unwrap(), "-o", "json"]).expect(0);
        assert_eq!(count(&counted), expected.len() as u64);
        assert!(counted.stderr.contains("coverage complete"), "{}", counted.stderr);
        let compared = cloud.run(&["coverage", first.to_str().unwrap()]).expect(0);
        assert!(compared.text().contains("compared with the files: the same"), "{}", compared.text());
    }
}

#[test]
fn a_part_that_is_missing_or_was_left_out_is_told() {
    let cloud = readable();
    let directory = cloud.home.path("parts");
    cloud.export(&["--split", "region", "--output-file", directory.to_str().unwrap()]).expect(0);
    let part = directory.join("region-us-ashburn-1.jsonl");
    let one = cloud.run(&["count", part.to_str().unwrap(), "-o", "json"]).expect(0);
    assert!(one.stderr.contains("not among the files"), "{}", one.stderr);
    assert!(!one.stderr.contains("as coverage.json says"), "a part passes for the whole: {}", one.stderr);
    std::fs::remove_file(&part).unwrap();
    let rest = cloud.run(&["count", directory.to_str().unwrap(), "-o", "json"]).expect(3);
    assert!(rest.stderr.contains("region-us-ashburn-1.jsonl"), "{}", rest.stderr);
    let compared = cloud.run(&["coverage", directory.to_str().unwrap()]).expect(3);
    assert!(compared.text().contains("region-us-ashburn-1.jsonl: it is not there"), "{}", compared.text());
}

#[test]
fn parts_have_a_directory_of_their_own() {
    let cloud = Cloud::named("small");
    cloud.home.write("full/mine", "x");
    let full = cloud.home.path("full");
    let refused = cloud.export(&["--split", "day", "--output-file", full.to_str().unwrap()]).expect(2);
    assert!(refused.stderr.contains("not an empty directory"), "{}", refused.stderr);
    assert_eq!(names(&full), ["mine".to_owned()].into());
    cloud.export(&["--split", "day"]).expect(2);
    cloud.export(&["--split", "week", "--output-file", "x"]).expect(2);
    let csv = cloud.home.path("csv");
    let output = cloud.export(&["--split", "region", "-o", "csv", "--output-file", csv.to_str().unwrap()]).expect(3);
    assert!(output.last_line().starts_with("export: "), "{}", output.stderr);
    let files = names(&csv).into_iter().filter(|name| name != "coverage.json");
    for name in files {
        assert!(std::fs::read_to_string(csv.join(&name)).unwrap().starts_with("event_id,"), "{name}");
    }
    let plain = cloud.export(&[]).expect(3);
    assert_same_events(&plain.lines(), &cloud.world());
}
