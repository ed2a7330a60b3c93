//! Reading that goes on: what comes late is found, each event is written once, and in the end it is said how late it was.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::sync::mpsc;
use std::time::Duration;

use auditui::domain::text::thousands;
use auditui::fake_oci::Scenario;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde_json::Value;

use super::interruption::send;
use super::support::{Cloud, rfc3339};

/// Many events, a fifth of which can be read only two minutes after they were processed.
fn busy() -> Cloud {
    let text = include_str!("../../assets/scenarios/late-events.toml");
    let text = text.replace("late_minutes = 20", "late_minutes = 2").replace("per_day = 2000", "per_day = 60000");
    Cloud::of(Scenario::parse(&text).unwrap())
}

/// Ids of lines as they come, until all of `wanted` are there. The second time that one comes fails.
fn read_until(
    lines: &mut impl Iterator<Item = std::io::Result<String>>,
    found: &mut BTreeSet<String>,
    wanted: &BTreeSet<String>,
) {
    while !wanted.is_subset(found) {
        let line = lines.next().expect("it ended before all was written").unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        let id = event["eventId"].as_str().unwrap().to_owned();
        assert!(found.insert(id.clone()), "{id} was written twice");
    }
}

/// Ends a child that does not come to its end, so that the test fails rather than hang.
fn watched(child: &Child) -> mpsc::Sender<()> {
    let (done, over) = mpsc::channel::<()>();
    let id = child.id();
    std::thread::spawn(move || {
        if over.recv_timeout(Duration::from_secs(100)) == Err(mpsc::RecvTimeoutError::Timeout) {
            std::process::Command::new("kill").args(["-9", &id.to_string()]).status().unwrap();
        }
    });
    done
}

#[test]
fn what_comes_late_is_found_and_each_event_is_written_once() {
    let cloud = busy();
    let began = cloud.fake.now();
    let since = began - TimeDelta::minutes(20);
    let world = cloud.fake.world_events(since, began);
    let there = |by: DateTime<Utc>| -> BTreeSet<String> {
        let there = world.iter().filter(|event| event.processed_time < began && event.visible_time < by);
        there.map(|event| event.event_id.clone()).collect()
    };
    let (early, all) = (there(began), there(began + TimeDelta::minutes(3)));
    assert!(early.len() < all.len());
    let mut child = cloud.home.command(&["export", "--since", &rfc3339(since), "--follow=1s"]).spawn().unwrap();
    let done = watched(&child);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut found = BTreeSet::new();
    read_until(&mut lines, &mut found, &early);
    // The service's clock may differ by less than five minutes before it refuses us.
    cloud.fake.set_clock(began + TimeDelta::minutes(3));
    read_until(&mut lines, &mut found, &all);
    send("INT", &child);
    let rest: Vec<String> = lines.map(|line| line.unwrap()).collect();
    let output = cloud.home.finish(child).expect(130);
    drop(done);
    for line in rest {
        let event: Value = serde_json::from_str(&line).unwrap();
        assert!(found.insert(event["eventId"].as_str().unwrap().to_owned()), "written twice: {line}");
    }
    let told =
        output.stderr.lines().find(|line| line.starts_with("late: ")).unwrap_or_else(|| panic!("{}", output.stderr));
    assert!(told.contains("half of them at most") && told.contains("99 % at most"), "{told}");
    let written = thousands(found.len() as u64);
    assert!(output.last_line().starts_with(&format!("export: {written} events, ")), "{}", output.stderr);
}

#[test]
fn waiting_until_all_is_final_leaves_nothing_settling() {
    let cloud = Cloud::named("small");
    let now = cloud.fake.now();
    let until = now.duration_trunc(TimeDelta::minutes(1)).unwrap();
    // Final in a few seconds.
    let settling = format!("{}s", (now - until).num_seconds() + 4);
    let [since, until] = [until - TimeDelta::hours(1), until].map(rfc3339);
    let args = ["export", "--since", &since, "--until", &until, "--padding", "0", "--settling", &settling, "--settle"];
    let output = cloud.run(&args).expect(3);
    assert!(output.last_line().contains(" complete") && !output.last_line().contains("settling"), "{}", output.stderr);
    assert!(!output.stderr.contains("late: "), "nothing was: {}", output.stderr);
    let asked: Vec<_> = cloud.fake.requests().into_iter().filter(|it| it.operation == "ListEvents").collect();
    let again = asked.iter().filter(|it| it.start_time.as_deref() > Some(since.as_str())).count();
    assert_eq!(again, 15, "the newest minutes of every slice that could be read, once: {asked:#?}");
}

#[test]
fn following_to_a_file_or_an_end_is_refused() {
    let cloud = Cloud::named("small");
    for args in [["--output-file", "x.jsonl"], ["--until", "1h"]] {
        let refused = cloud.run(&[&["export", "--since", "2h", "--follow"][..], &args].concat()).expect(2);
        assert!(refused.stderr.contains("--follow"), "{}", refused.stderr);
    }
    let refused = cloud.run(&["export", "--since", "2h", "--follow=0s"]).expect(2);
    assert!(refused.stderr.contains("from 1s to 1h"), "{}", refused.stderr);
}
