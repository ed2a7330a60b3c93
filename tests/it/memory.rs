//! How much memory the program takes: for answers that nobody expects, and where it is limited.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use auditui::domain::text::thousands;
use auditui::fake_oci::Scenario;
use auditui::index::{Store, StoreOptions};
use serde_json::Value;

use super::support::{Cloud, Home, Output, rfc3339};

/// Two compartments with one page of 120 MB each, events of 6 MB; one whose page unpacks to a gigabyte; one like any.
const LARGE: &str = r#"
about = "Answers that are far too large"
seed = 3
[tenancy]
name = "large"
home = "us-ashburn-1"
user = "auditor@acme.com"
[events]
exactly = 60
days = 1
[[regions]]
name = "us-ashburn-1"
[[compartments]]
path = ""
weight = 0
[[compartments]]
path = "large"
kinds = ["compute"]
[[compartments]]
path = "larger"
kinds = ["compute"]
[[compartments]]
path = "usual"
kinds = ["compute"]
[[compartments]]
path = "bomb"
weight = 0
[[faults]]
compartment = "large"
kind = "pad"
bytes = 6_000_000
[[faults]]
compartment = "larger"
kind = "pad"
bytes = 6_000_000
[[faults]]
compartment = "bomb"
kind = "bomb"
bytes = 1_000_000_000
"#;

/// Of the whole process, in KiB; the promise is 300 MB.
const MOST: u64 = 300_000_000 / 1024;

#[test]
#[cfg(target_os = "linux")]
fn answers_of_any_size_take_a_bounded_part_of_memory() {
    let cloud = Cloud::of(Scenario::parse(LARGE).unwrap());
    let path = cloud.home.path("events.jsonl");
    let [from, until] = cloud.range().map(rfc3339);
    let args = ["export", "--since", &from, "--until", &until, "--output-file", path.to_str().unwrap()];
    let (output, peak) = watched(&cloud, &args);
    let output = output.expect(3);
    assert!(peak < MOST, "{peak} KiB at its peak");
    assert!(peak > 100_000, "{peak} KiB: the large pages did not come");
    assert!(output.stderr.contains("failed: bomb @ us-ashburn-1"), "{}", output.stderr);
    assert!(output.stderr.contains("is larger than 134217728 bytes"), "{}", output.stderr);
    assert!(output.last_line().starts_with("export: 60 events, "), "{}", output.stderr);
    let written = std::fs::read(&path).unwrap();
    assert!(written.len() > 240_000_000, "{} bytes", written.len());
    let lines: Vec<&[u8]> = written.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), 60);
    assert!(lines.iter().all(|line| cloud.fake.has_served(line)));
}

#[test]
#[cfg(target_os = "linux")]
fn a_page_of_twenty_thousand_events_is_a_page() {
    let many = ["exactly = 60", "exactly = 20_000\npage_size = 20_000"];
    let (head, _) = LARGE.split_once("[[compartments]]\npath = \"larger\"").unwrap();
    let cloud = Cloud::of(Scenario::parse(&head.replace(many[0], many[1])).unwrap());
    let path = cloud.home.path("events.jsonl");
    let [from, until] = cloud.range().map(rfc3339);
    let args = ["export", "--since", &from, "--until", &until, "--output-file", path.to_str().unwrap()];
    let (output, peak) = watched(&cloud, &args);
    let output = output.expect(0);
    assert!(peak < MOST, "{peak} KiB at its peak");
    assert!(output.last_line().starts_with("export: 20,000 events, "), "{}", output.stderr);
    assert_eq!(cloud.fake.counts().list_events, 2, "one page each");
    let written = std::fs::read(&path).unwrap();
    assert!(written.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).all(|it| cloud.fake.has_served(it)));
}

/// Runs it, and tells the most memory that it held.
#[cfg(target_os = "linux")]
fn watched(cloud: &Cloud, args: &[&str]) -> (Output, u64) {
    let child = cloud.home.command(args).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let peak = || {
        let status = std::fs::read_to_string(&status).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    };
    let (home, (done, ended)) = (&cloud.home, channel());
    thread::scope(|scope| {
        let run = scope.spawn(move || {
            let output = home.finish(child);
            done.send(()).unwrap();
            output
        });
        let mut most = 0;
        while ended.recv_timeout(Duration::from_millis(5)) == Err(RecvTimeoutError::Timeout) {
            most = peak().map_or(most, |now| now.max(most));
        }
        (run.join().unwrap(), most)
    })
}

/// Events of eight bytes a word and a little more, of which no compressor makes much less.
fn noise(events: u64, words: usize) -> impl Iterator<Item = String> {
    const NAMES: [&str; 3] = ["GetBucket", "ListBuckets", "CreateVcn"];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..events).map(move |n| {
        let mut text = String::with_capacity(8 * words);
        for _ in 0..words {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let letters = state.to_le_bytes().map(|byte| char::from(b'0' + byte % 64));
            text.extend(letters.map(|c| if c == '\\' { '~' } else { c }));
        }
        let name = NAMES[n as usize % 3];
        format!(r#"{{"eventId":"{n}","data":{{"eventName":"{name}","noise":"{text}"}}}}"#)
    })
}

fn write_noise(path: &Path) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    noise(NOISES, 375).for_each(|event| writeln!(file, "{event}").unwrap());
    file.flush().unwrap();
}

const NOISES: u64 = 33_000;

struct Counted {
    output: Output,
    stats: Value,
    problems: Vec<Value>,
}

fn counted(home: &Home, args: &[&str], code: i32) -> Counted {
    let path = home.path("noise.jsonl").display().to_string();
    let usual = ["count", &path, "-o", "json", "--by", "event", "--stats", "--progress", "json"];
    let output = home.run(&[&usual, args].concat()).expect(code);
    let lines: Vec<Value> = output.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_type = |wanted: &str| lines.iter().filter(|line| line["type"] == wanted).cloned().collect::<Vec<_>>();
    Counted { stats: of_type("stats").remove(0), problems: of_type("problem"), output }
}

#[test]
fn above_a_limit_of_memory_events_move_to_a_file_and_count_as_before() {
    let home = Home::empty();
    write_noise(&home.path("noise.jsonl"));
    let free = counted(&home, &[], 0);
    let limited = counted(&home, &["--max-memory", "32M"], 0);
    assert_eq!(limited.output.json(), free.output.json(), "counts do not depend on where events are");
    let bytes = |run: &Counted, name: &str| run.stats[name].as_u64().unwrap();
    assert_eq!((bytes(&limited, "rows"), bytes(&limited, "refusedRows")), (NOISES, 0));
    assert_eq!(bytes(&free, "spilledBytes"), 0);
    let spilled = bytes(&limited, "spilledBytes");
    assert!(spilled > 32 << 20 && bytes(&limited, "accountedBytes") <= 32 << 20, "{}", limited.stats);
    let told = home.run(&["count", home.path("noise.jsonl").to_str().unwrap(), "--max-memory", "32M"]).expect(0);
    let lines = told.stderr.lines().filter(|line| line.contains("memory limit of 32 MiB reached")).count();
    assert!(lines == 1 && told.stderr.contains("moved to a temporary file in /"), "{}", told.stderr);
}

#[test]
fn where_nothing_can_be_moved_what_is_not_held_is_told() {
    let mut home = Home::empty();
    write_noise(&home.path("noise.jsonl"));
    home.set("AUDITUI_TMPDIR", home.path("nowhere").display().to_string());
    home.set("AUDITUI_MAX_MEMORY", "33554432");
    let full = counted(&home, &[], 3);
    let counts: u64 = full.output.json().as_array().unwrap().iter().map(|t| t["count"].as_u64().unwrap()).sum();
    let refused = full.stats["refusedRows"].as_u64().unwrap();
    assert!(refused > 0 && counts > 5_000, "{}", full.stats);
    assert_eq!(counts + refused, NOISES);
    let problem = full.problems.iter().find(|problem| problem["kind"] == "not-held").unwrap();
    let what = format!("memory limit of 32 MiB reached: {} events not held", thousands(refused));
    assert_eq!(problem["what"], what);
    let hint = problem["hint"].as_str().unwrap();
    assert!(hint.starts_with("raise --max-memory or narrow the time") && hint.contains("temporary file"), "{hint}");
    assert!(full.output.last_line().contains("\"incomplete\""), "{}", full.output.stderr);
}

/// Set for the process that measures itself: beside other tests nothing could be told from it.
#[cfg(target_os = "linux")]
const ALONE: &str = "AUDITUI_TEST_ALONE";

#[test]
#[cfg(target_os = "linux")]
fn what_is_spilled_is_given_back_to_the_system() {
    if std::env::var_os(ALONE).is_none() {
        let name = "memory::what_is_spilled_is_given_back_to_the_system";
        let mut alone = Command::new(std::env::current_exe().unwrap());
        let output = alone.args(["--exact", name, "--nocapture"]).env(ALONE, "1").output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
        return;
    }
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1_024
    };
    let mut store = Store::new(StoreOptions { workers: 0, train: false, directory: None });
    // As a page that came and went: from then on the allocator takes pieces of this size from what it keeps.
    drop(vec![1_u8; 8 << 20]);
    // Packs of 1.3 MB, as those of usual events.
    noise(12 * 4_096, 50).for_each(|event| store.push(event.as_bytes(), 0));
    let (before, accounted) = (resident(), store.memory());
    store.spill(0).unwrap();
    let (after, left) = (resident(), store.memory());
    assert!(left.spilled > 12 << 20 && accounted.resident - left.resident >= left.spilled, "{accounted:?} {left:?}");
    // Of all that is not accounted for any more, most is gone from the process too.
    assert!(before - after > left.spilled / 4 * 3, "from {before} to {after} bytes: {left:?}");
}
