//! How much memory the program takes for answers that nobody expects.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use auditui::fake_oci::Scenario;

use super::support::{Cloud, Output, rfc3339};

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
