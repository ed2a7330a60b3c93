use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::*;
use crate::files::find;

/// What a reading gave: (region, compartment, event) in the order of pages, and what became of each file.
type Given = (Vec<(String, String, String)>, Vec<FileRead>, Places);

fn read_but(paths: &[PathBuf], longest: usize, digest: bool) -> Given {
    let mut inputs = find(paths).unwrap().inputs;
    for input in &mut inputs {
        input.digest = digest;
    }
    let progress = Arc::new(Progress::of(&inputs));
    let names: RegionNames = Arc::new(|name| {
        matches!(name, "iad" | "us-ashburn-1").then(|| (RegionId::new("us-ashburn-1"), "iad".to_owned()))
    });
    let reader = Reader { longest, ..Reader::new(names, DateTime::UNIX_EPOCH, Arc::clone(&progress)) };
    let (mut events, mut places) = (Vec::new(), Places::default());
    let files = reader.read(&inputs, &mut |chunk| {
        places = chunk.places.clone();
        for page in &chunk.pages {
            let cell = &page.cell;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let all = page.events().map(|e| (cell.region.to_string(), cell.compartment.to_string(), text(e)));
            events.extend(all);
        }
        ControlFlow::Continue(())
    });
    assert_eq!(progress.events(), events.len() as u64);
    (events, files, places)
}

fn read(paths: &[PathBuf]) -> Given {
    read_but(paths, LONGEST, false)
}

fn file(directory: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn event(id: u32, compartment: &str, resource: &str) -> String {
    format!(
        r#"{{"eventId":"{id}","eventTime":"2026-03-14T08:00:{:02}Z","data":{{"compartmentId":"{compartment}","resourceId":"{resource}"}}}}"#,
        id % 60
    )
}

#[test]
fn events_come_with_where_they_were_read() {
    let directory = tempfile::tempdir().unwrap();
    let (plain, other) = (event(1, "c1", "ocid1.instance.oc1.iad.x"), event(2, "c1", ""));
    let text = format!(
        "{plain}\n\n{other}\r\n{{\"_meta\":{{\"region\":\"fra\",\"compartmentId\":\"root\"}},\"event\":{plain}}}\n"
    );
    let (mut events, files, places) = read(&[file(directory.path(), "x", &text)]);
    events.sort();
    let expected = [("", "c1", other), ("fra", "root", plain.clone()), ("us-ashburn-1", "c1", plain)]
        .map(|(region, compartment, event)| (region.to_owned(), compartment.to_owned(), event));
    assert_eq!(events, expected);
    assert_eq!((files[0].events, files[0].others, files[0].faults.len()), (3, 0, 0));
    assert_eq!(files[0].bytes, text.len() as u64);
    assert_eq!(places.span().unwrap().to_string(), "2026-03-14T08:00:00Z..2026-03-14T08:01:00Z");
    assert_eq!(places.tenancy().regions.len(), 3);
}

#[test]
fn odd_lines_are_events_and_other_documents_are_not() {
    let directory = tempfile::tempdir().unwrap();
    let text = b"{\"eventId\":}\n{\"eventId\":\"\xff\x01\"}\n\"x\"\nlog line\n{\"form\":1,\"cells\":[]}\n{\"data\":3}\n{\"type\":\"note\"}\n";
    let wrapped = b"{\"_meta\":{},\"event\":\"{\\\"eventId\\\":}\"}\n{\"_meta\":{},\"event\":{}}\n";
    let (events, files, _) = read(&[file(directory.path(), "x.jsonl", [&text[..], &wrapped[..]].concat())]);
    let texts: Vec<&str> = events.iter().map(|(_, _, event)| event.as_str()).collect();
    assert_eq!(
        texts,
        ["{\"eventId\":}", "{\"eventId\":\"\u{fffd}\u{1}\"}", "\"x\"", "log line", "{\"eventId\":}", "{}"]
    );
    assert_eq!(files[0].others, 3);
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/events").join(name)
}

#[test]
fn every_shape_in_which_events_are_kept_is_read() {
    // Name, events, records that are none, whether something is wrong with it.
    let samples = [
        ("v2-create-vcn-denied.json", 1, 0, false),
        ("v1-page-derived.json", 3, 0, false),
        ("cli-kebab-derived.json", 5, 0, false),
        ("cli-kebab-stream-output-cut-derived.json", 4, 0, true),
        ("sdk-snake-derived.json", 5, 0, false),
        ("sch-interactive-login-success-domain.json", 1, 0, false),
        ("sch-list-compartments-obo.json", 1, 0, false),
        ("sch-parse-query-post-read.json", 1, 0, false),
        ("sch-array-private-ips-upload.json", 2, 0, false),
        ("search-api-results-two.json", 2, 0, false),
        ("search-api-create-bucket-flat-dup-keys.json", 1, 0, false),
        ("streaming-get-messages-derived.json", 1, 0, false),
        ("object-storage-export-derived.log.gz", 4, 1, false),
        ("sch-not-audit-connector-runlog.json", 0, 1, false),
        ("sch-not-audit-objectstorage-read.json", 0, 1, false),
        ("events-service-create-bucket.json", 0, 1, false),
        ("events-service-instance-action.json", 0, 1, false),
        ("truncated-array-one-byte.json", 0, 0, true),
        ("search-api-select.csv", 0, 0, true),
    ];
    for (name, count, others, is_broken) in samples {
        let (events, files, _) = read(&[sample(name)]);
        let file = &files[0];
        assert_eq!(
            (events.len(), file.others, !file.faults.is_empty()),
            (count, others, is_broken),
            "{name}: {file:?}"
        );
        for (_, _, event) in events {
            let decoded = decode(event.as_bytes());
            assert!(!decoded.fields.id.is_empty() && decoded.fields.time.is_some(), "{name}: {event}");
        }
    }
}

#[test]
fn a_directory_may_say_which_region_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let region = |below: &str| {
        std::fs::create_dir_all(directory.path().join(below)).unwrap();
        let (events, ..) = read(&[file(directory.path(), &format!("{below}/x.log"), event(1, "c", ""))]);
        events[0].0.clone()
    };
    let names = ["us-ashburn-1", "region=us-ashburn-1/date=2026-03-14", "iad", "us-nowhere-1"].map(region);
    assert_eq!(names, ["us-ashburn-1", "us-ashburn-1", "", ""]);
}

#[test]
fn many_events_come_in_chunks_and_none_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let text: String = (0..2_000).map(|id| event(id, &format!("c{}", id % 7), "") + "\n").collect();
    let mut packed = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let path = file(directory.path(), "x.jsonl", &packed);
    let (events, files, _) = read_but(std::slice::from_ref(&path), LONGEST, true);
    assert_eq!((events.len(), files[0].events, files[0].bytes), (2_000, 2_000, text.len() as u64));
    assert_eq!(files[0].sha256.as_deref(), Some(format!("{:x}", Sha256::digest(&text)).as_str()));
    packed.truncate(packed.len() - 5);
    std::fs::write(&path, packed).unwrap();
    let (some, files, _) = read_but(&[path], LONGEST, true);
    assert!(some.len() < 2_000 && files[0].sha256.is_none());
    let [fault] = files[0].faults.as_slice() else { panic!("{:?}", files[0].faults) };
    assert!(fault.starts_with(&format!("behind event {} it cannot be read", thousands(some.len() as u64))), "{fault}");
}

#[test]
fn a_cut_line_ends_what_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let text = format!("{}\n{}", event(1, "c", ""), event(2, "c", "").chars().take(40).collect::<String>());
    let (events, files, _) = read(&[file(directory.path(), "x.jsonl", text), file(directory.path(), "y", "")]);
    assert_eq!((events.len(), files[0].faults.as_slice()), (1, &["behind event 1 it is cut off".to_owned()][..]));
    assert!(files[1].faults.is_empty());
}

#[test]
fn what_is_too_long_is_left_out_and_told() {
    let directory = tempfile::tempdir().unwrap();
    let text = format!("{}\n{}\n{}\n", event(1, "c", ""), event(2, "c", &"x".repeat(900)), event(3, "c", ""));
    let (events, files, _) = read_but(&[file(directory.path(), "x.jsonl", text)], 500, false);
    assert_eq!(events.len(), 2);
    let [fault] = files[0].faults.as_slice() else { panic!("{:?}", files[0].faults) };
    assert!(
        fault.starts_with("behind event 1, one of ") && fault.ends_with(" bytes was left out: too long"),
        "{fault}"
    );
}

#[test]
fn what_is_no_text_or_cannot_be_opened_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(b"\0\0").unwrap();
    let gone = file(directory.path(), "gone.json", "");
    let paths =
        [file(directory.path(), "x.json", "PK\x03\x04\0\0"), file(directory.path(), "y.gz", gz.finish().unwrap())];
    let inputs = find(&[paths[0].clone(), paths[1].clone(), gone.clone()]).unwrap().inputs;
    std::fs::remove_file(gone).unwrap();
    let reader = Reader::new(Arc::new(|_| None), DateTime::UNIX_EPOCH, Arc::default());
    let files = reader.read(&inputs, &mut |_| ControlFlow::Continue(()));
    let faults: Vec<usize> = files.iter().map(|file| file.faults.len()).collect();
    assert_eq!(faults, [1, 1, 1]);
}

#[test]
fn of_long_events_one_is_held_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let text: String = (0..4).map(|id| event(id, "c", &"x".repeat(LARGE)) + "\n").collect();
    let inputs = find(&[file(directory.path(), "x.jsonl", text)]).unwrap().inputs;
    let reader = Reader::new(Arc::new(|_| None), DateTime::UNIX_EPOCH, Arc::default());
    let let_go = Arc::new(AtomicU64::new(0));
    let (sender, pages) = std::sync::mpsc::channel::<Vec<Page>>();
    let holder = thread::spawn({
        let let_go = Arc::clone(&let_go);
        move || {
            for pages in pages {
                // Longer than reading the next one would take.
                thread::park_timeout(Duration::from_millis(50));
                let_go.fetch_add(1, Ordering::SeqCst);
                drop(pages);
            }
        }
    });
    let mut handed = 0;
    reader.read(&inputs, &mut |chunk| {
        assert_eq!(let_go.load(Ordering::SeqCst), handed, "the one before is still held");
        handed += 1;
        sender.send(chunk.pages).unwrap();
        ControlFlow::Continue(())
    });
    drop(sender);
    holder.join().unwrap();
    assert_eq!(handed, 4);
}
