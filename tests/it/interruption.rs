//! A signal in the middle of an export: what was received is written, and said to be unfinished.
#![cfg(unix)]

use std::process::{Child, Command};

use auditui::fake_oci::Gate;

use super::support::{Cloud, Output, rfc3339};

/// Interrupts an export whose calls to the last region hang.
fn interrupted_by(signal: &str, cloud: &Cloud, args: &[&str]) -> Output {
    cloud.fake.hold(Gate::region("us-phoenix-1"));
    let [from, until] = cloud.range().map(rfc3339);
    let args = [&["export", "--since", &from, "--until", &until, "--concurrency", "1"], args].concat();
    let child = cloud.home.command(&args).spawn().unwrap();
    cloud.wait_parked(1);
    send(signal, &child);
    cloud.home.finish(child)
}

pub fn send(signal: &str, child: &Child) {
    let kill = format!("kill -{signal} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

#[test]
fn what_was_received_is_written_and_called_unfinished() {
    for signal in ["INT", "TERM", "HUP"] {
        let cloud = Cloud::named("small");
        let output = interrupted_by(signal, &cloud, &[]).expect(130);
        cloud.assert_a_part(&output);
        let sentence = output.last_line();
        assert!(sentence.contains(" unfinished") && sentence.ends_with("; interrupted"), "{sentence}");
    }
}

#[test]
fn a_file_is_valid_as_well() {
    let cloud = Cloud::named("small");
    let path = cloud.home.path("events.jsonl");
    interrupted_by("INT", &cloud, &["--output-file", path.to_str().unwrap()]).expect(130);
    let proof: serde_json::Value =
        serde_json::from_slice(&std::fs::read(cloud.home.path("coverage.json")).unwrap()).unwrap();
    assert_eq!(
        (&proof["exitCode"], &proof["interrupted"], &proof["complete"]),
        (&130.into(), &true.into(), &false.into())
    );
    let unread = proof["cells"].as_array().unwrap().iter().filter(|cell| cell["readAt"].is_null());
    assert!(unread.count() >= 13, "what is missing is there: {proof}");
    let shown = cloud.run(&["coverage", path.to_str().unwrap()]).expect(3);
    assert!(shown.text().contains(" unfinished"), "{}", shown.text());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.ends_with('\n') && text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    let left = std::fs::read_dir(cloud.home.path("")).unwrap();
    assert!(left.map(|entry| entry.unwrap().file_name()).all(|name| !name.to_string_lossy().starts_with(".auditui-")));
}

#[test]
fn the_simulator_ends_when_it_is_told_to() {
    use std::io::{BufRead as _, BufReader};
    let home = super::support::Home::empty();
    let directory = home.path("oci");
    let log = home.path("requests.jsonl");
    let [directory_name, log_name] = [&directory, &log].map(|path| path.to_str().unwrap());
    let args = ["--port", "0", "--scenario", "small", "--home", directory_name, "--requests", log_name];
    let args = [&["simulate"], &args[..]].concat();
    let mut child = home.command(&args).spawn().unwrap();
    let mut first = String::new();
    // Its first line comes before it serves, also into a pipe.
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("serving http://127.0.0.1:") && first.ends_with("/{service}/{region}\n"), "{first}");
    let endpoint = first.trim_end().strip_prefix("serving ").unwrap();
    let config = directory.join("config");
    home.run(&["regions", "--config-file", config.to_str().unwrap(), "--endpoint", endpoint]).expect(0);
    send("TERM", &child);
    home.finish(child).expect(0);
    let log = std::fs::read_to_string(log).unwrap();
    let requests: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(requests.iter().any(|request| request["operation"] == "ListRegionSubscriptions"), "{log}");
    assert!(requests.iter().all(|request| request["status"] == 200), "{log}");
    assert!(directory.join("config").is_file());
}
