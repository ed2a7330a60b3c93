//! `auditui collect`: run after run, ended at any moment, and in the end each event is there once.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Instant;

use auditui::fake_oci::{Gate, Scenario};
use chrono::TimeDelta;
use serde_json::Value;

use super::support::{Cloud, Output, assert_polite, rfc3339};

/// A cloud in which everything may be read but what was deleted.
fn open_cloud() -> Cloud {
    Cloud::small_but("readable = false", "readable = true")
}

/// The same with `more` in its scenario.
fn open_cloud_with(more: &str) -> Cloud {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/scenarios/small.toml");
    let text = std::fs::read_to_string(path).unwrap().replace("readable = false", "readable = true");
    Cloud::of(Scenario::parse(&format!("{text}\n{more}")).unwrap())
}

struct Collection {
    cloud: Rc<Cloud>,
    directory: PathBuf,
}

impl Collection {
    fn new(cloud: Cloud) -> Self {
        let directory = cloud.home.path("collection");
        Self { cloud: Rc::new(cloud), directory }
    }

    /// An empty one of the same cloud.
    fn another(&self, nth: u32) -> Self {
        Self { cloud: Rc::clone(&self.cloud), directory: self.directory.with_extension(nth.to_string()) }
    }

    fn args<'a>(&'a self, since: &'a str) -> Vec<&'a str> {
        vec!["collect", "--since", since, "--into", self.directory.to_str().unwrap()]
    }

    fn since(&self) -> String {
        rfc3339(self.cloud.range()[0])
    }

    fn run(&self, more: &[&str]) -> Output {
        self.cloud.run(&[&self.args(&self.since())[..], more].concat())
    }

    fn spawn(&self, more: &[&str]) -> Child {
        self.cloud.home.command(&[&self.args(&self.since())[..], more].concat()).spawn().unwrap()
    }

    fn verify(&self) -> Output {
        self.cloud.run(&["verify", self.directory.to_str().unwrap()])
    }

    fn ledger(&self) -> PathBuf {
        let hidden = std::fs::read_dir(self.directory.join(".auditui")).unwrap().map(|entry| entry.unwrap().path());
        hidden.into_iter().find(|path| path.is_dir()).unwrap().join("ledger")
    }

    /// The events of each partition.
    fn events(&self) -> BTreeMap<String, Vec<Vec<u8>>> {
        let mut events = BTreeMap::new();
        look_into(&self.directory.join("data"), &mut |path, line| {
            let partition = path.parent().unwrap().strip_prefix(&self.directory).unwrap().display().to_string();
            let value: Value = serde_json::from_slice(line).unwrap();
            let region = value["_meta"]["region"].as_str().unwrap();
            assert!(partition.contains(&format!("/region={region}/date=")), "{partition}");
            let at = line.windows(9).position(|part| part == b",\"event\":").unwrap() + 9;
            events.entry(partition).or_insert_with(Vec::new).push(line[at..line.len() - 1].to_vec());
        });
        for events in events.values_mut() {
            events.sort();
        }
        events
    }

    /// Every event of the world, byte for byte and once, in the partition of its day.
    #[track_caller]
    fn assert_holds_the_world(&self) {
        let mut expected: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
        let tenancy = std::fs::read_dir(self.directory.join("data")).unwrap().next().unwrap().unwrap().file_name();
        for event in self.cloud.world() {
            let (region, day) = (&event.region, event.event_time.date_naive());
            let partition = format!("data/{}/region={region}/date={day}", tenancy.to_str().unwrap());
            expected.entry(partition).or_default().push(event.bytes.clone());
        }
        for events in expected.values_mut() {
            events.sort();
        }
        assert!(self.events() == expected, "other events than there are");
    }
}

/// Each line of each data file; every file must be whole.
fn look_into(directory: &Path, take: &mut impl FnMut(&Path, &[u8])) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look_into(&path, take);
        } else if path.extension().is_some_and(|ending| ending == "zst") {
            let mut text = Vec::new();
            zstd::Decoder::new(std::fs::File::open(&path).unwrap()).unwrap().read_to_end(&mut text).unwrap();
            text.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n').for_each(|line| take(&path, line));
        } else {
            assert_eq!(path.file_name().unwrap(), "_manifest.json", "{}", path.display());
        }
    }
}

#[test]
fn a_tenancy_is_kept_whole_and_a_second_run_asks_only_what_may_have_grown() {
    let collection = Collection::new(open_cloud());
    let first = collection.run(&[]).expect(0).json();
    collection.assert_holds_the_world();
    let calls = |line: &Value| line["tenancies"][0]["calls"].as_u64().unwrap();
    assert_eq!(first["complete"], true, "{first}");
    assert_eq!(first["tenancies"][0]["newEvents"], collection.cloud.world().len(), "{first}");
    let second = collection.run(&[]).expect(0).json();
    assert_eq!((&second["tenancies"][0]["newEvents"], &second["exitCode"]), (&0.into(), &0.into()), "{second}");
    assert!(calls(&second) < calls(&first), "{second}");
    collection.assert_holds_the_world();
    assert_polite(&collection.cloud.fake.requests(), &collection.cloud.fake.ready_regions());
    let directory = collection.directory.to_str().unwrap();
    let count = collection.cloud.run(&["count", directory, "-o", "json"]).expect(0);
    assert_eq!(count.json()["count"], collection.cloud.world().len(), "{}", count.text());
    let verified = collection.verify().expect(0);
    assert!(verified.text().ends_with(": as it was written, and without a gap\n"), "{}", verified.text());
}

#[test]
fn all_there_is_can_be_collected_and_added_to() {
    let collection = Collection::new(Cloud::named("small"));
    let run = || collection.cloud.run(&["collect", "--into", collection.directory.to_str().unwrap()]).expect(3);
    run();
    // A compartment may not be read; all else is as it was written.
    assert!(!collection.verify().expect(3).stderr.contains("mismatch"));
    run();
    assert!(!collection.verify().expect(3).stderr.contains("mismatch"));
    let found: usize = collection.events().values().map(Vec::len).sum();
    assert_eq!(found, collection.cloud.world().len());
}

/// What lies below a compartment is in no ledger, and a place that nobody collected is no empty one.
#[test]
fn what_a_collection_cannot_tell_of_a_compartment_is_not_called_complete() {
    let collection = Collection::new(open_cloud());
    collection.run(&[]).expect(0);
    let until = rfc3339(collection.cloud.range()[1] - TimeDelta::hours(2));
    let since = rfc3339(collection.cloud.range()[0] + TimeDelta::hours(1));
    let count = |more: &[&str]| {
        let args = ["count", collection.directory.to_str().unwrap(), "--since", &since, "--until", &until];
        collection.cloud.run(&[&args[..], more].concat())
    };
    count(&[]).expect(0);
    let prod = collection.cloud.ocid("prod");
    let below = count(&["--compartment", &prod]).expect(3);
    assert!(below.stderr.contains("what lies below the compartments named is not known"), "{}", below.stderr);
    count(&["--compartment", &prod, "--no-subtree"]).expect(0);
    let nobody = count(&["--compartment", "ocid1.compartment.oc1..typo", "--no-subtree"]).expect(3);
    assert!(nobody.stderr.contains("no such region or compartment was ever collected"), "{}", nobody.stderr);
}

#[test]
fn what_may_not_be_read_makes_exit_code_3_and_is_read_once_it_may() {
    let collection = Collection::new(Cloud::named("small"));
    let line = collection.run(&[]).expect(3);
    assert!(line.stderr.contains("no access: secret "), "{}", line.stderr);
    assert_eq!(line.json()["tenancies"][0]["slices"]["denied"], 6);
    collection.assert_holds_the_world();
    let verified = collection.verify().expect(3);
    assert!(verified.text().contains("gap: "), "{}", verified.text());
}

#[test]
fn minutes_that_no_run_has_read_are_not_said_to_be_complete() {
    let first = Collection::new(open_cloud());
    let calls = first.run(&[]).expect(0).json()["tenancies"][0]["calls"].as_u64().unwrap();
    let ends = |kind: &str| format!("after = {calls}\n{kind}\n");
    for (trouble, word) in [
        (format!("[[changes]]\n{}", ends("kind = \"revoked\"\ncompartment = \"prod/prod-net\"")), "denied"),
        (
            format!(
                "[[faults]]\noperation = \"ListEvents\"\ncompartment = \"prod/prod-net\"\n{}",
                ends("kind = \"status\"\nstatus = 400\ncode = \"InvalidParameter\"")
            ),
            "failed",
        ),
    ] {
        let collection = Collection::new(open_cloud_with(&trouble));
        // More than five minutes would be a clock that is wrong; of two, the slower counts.
        let now = collection.cloud.fake.now();
        collection.cloud.fake.set_clock(now - TimeDelta::minutes(4));
        collection.run(&[]).expect(0);
        collection.cloud.fake.set_clock(now);
        let line = collection.run(&[]).expect(3).json();
        assert_eq!((&line["complete"], &line["tenancies"][0]["complete"]), (&false.into(), &false.into()), "{line}");
        assert!(line["tenancies"][0]["slices"][word].as_u64().unwrap() > 0, "{line}");
        collection.verify().expect(3);
    }
}

#[test]
fn a_data_file_that_is_damaged_costs_its_own_slice_and_no_other() {
    let collection = Collection::new(open_cloud());
    collection.run(&[]).expect(0);
    let mut files = Vec::new();
    look_into(&collection.directory.join("data"), &mut |path, _| files.push(path.to_owned()));
    std::fs::write(&files[0], "no zstd").unwrap();
    let removed = files.iter().rfind(|path| **path != files[0]).unwrap();
    std::fs::remove_file(removed).unwrap();
    for _ in 0..2 {
        let output = collection.run(&["--rebuild-ledger"]).expect(1);
        let line = output.json();
        assert_eq!(line["complete"], false, "{line}");
        assert_eq!(line["tenancies"][0]["slices"]["failed"], 1, "{line}");
        assert!(line["tenancies"][0]["problem"].as_str().unwrap().contains("cannot be read"), "{line}");
        assert!(output.stderr.contains("restore it from a backup"), "{}", output.stderr);
        assert!(removed.exists(), "the others were not read");
    }
    std::fs::remove_file(&files[0]).unwrap();
    collection.run(&[]).expect(0);
    collection.assert_holds_the_world();
    collection.verify().expect(0);
}

#[test]
fn how_long_events_are_kept_is_asked_again_where_the_answer_fails() {
    let fault = "[[faults]]\noperation = \"GetConfiguration\"\nkind = \"status\"\nstatus = 503\n";
    let output = Collection::new(open_cloud_with(&format!("{fault}first = 1"))).run(&[]).expect(0);
    assert!(!output.stderr.contains("how long events are kept"), "{}", output.stderr);
    let fault = fault.replace("503", "404");
    let output = Collection::new(open_cloud_with(&fault)).run(&[]).expect(0);
    assert!(output.stderr.contains("how long events are kept may not be read"), "{}", output.stderr);
}

#[test]
fn where_the_second_listing_fails_nothing_is_said_to_be_complete() {
    let fault = "[[faults]]\noperation = \"ListCompartments\"\nafter = 10\nkind = \"status\"\nstatus = 400\n";
    let collection = Collection::new(open_cloud_with(fault));
    let line = collection.run(&[]).expect(3).json();
    assert_eq!((&line["complete"], &line["tenancies"][0]["exitCode"]), (&false.into(), &3.into()), "{line}");
    collection.assert_holds_the_world();
}

#[test]
fn a_second_collector_is_refused_and_told_who_is_the_first() {
    let collection = Collection::new(open_cloud());
    collection.cloud.fake.hold(Gate::region("us-phoenix-1"));
    let first = collection.spawn(&[]);
    collection.cloud.wait_parked(1);
    let refused = collection.run(&[]).expect(1);
    assert!(refused.stderr.contains(&format!("another collector works in {}", collection.directory.display())));
    assert!(refused.stderr.contains(&format!("process {} on ", first.id())), "{}", refused.stderr);
    collection.cloud.fake.release_all();
    collection.cloud.home.finish(first).expect(0);
    collection.assert_holds_the_world();
}

#[test]
fn a_profile_that_fails_hides_no_other() {
    let collection = Collection::new(open_cloud());
    let output = collection.run(&["--profile", "NOBODY", "--profile", "DEFAULT"]).expect(2);
    let line = output.json();
    assert_eq!((&line["tenancies"][0]["profile"], &line["tenancies"][0]["exitCode"]), (&"NOBODY".into(), &2.into()));
    assert_eq!((&line["tenancies"][1]["profile"], &line["tenancies"][1]["exitCode"]), (&"DEFAULT".into(), &0.into()));
    collection.assert_holds_the_world();
}

#[test]
fn a_damaged_ledger_is_refused_and_made_anew_without_losing_or_doubling_anything() {
    let collection = Collection::new(open_cloud());
    collection.run(&[]).expect(0);
    let mut ledger = std::fs::read(collection.ledger()).unwrap();
    let middle = ledger.len() / 2;
    ledger[middle] ^= 1;
    std::fs::write(collection.ledger(), ledger).unwrap();
    collection.verify().expect(6);
    let refused = collection.run(&[]).expect(1);
    assert!(refused.stderr.contains("is damaged: line ") && refused.stderr.contains("--rebuild-ledger"));
    let rebuilt = collection.run(&["--rebuild-ledger"]).expect(0);
    assert!(rebuilt.stderr.contains("is made anew from "), "{}", rebuilt.stderr);
    assert_eq!(rebuilt.json()["tenancies"][0]["newEvents"], 0);
    collection.assert_holds_the_world();
    collection.verify().expect(0);
}

#[cfg(unix)]
#[test]
fn watching_collects_again_and_again_and_ends_when_it_is_told_to() {
    let collection = Collection::new(open_cloud());
    let mut child = collection.spawn(&["--watch=1s"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!((&line["exitCode"], &line["complete"]), (&0.into(), &true.into()), "{line}");
    }
    super::interruption::send("TERM", &child);
    for line in lines {
        line.unwrap();
    }
    let output = collection.cloud.home.finish(child);
    assert!(matches!(output.code, Some(0 | 130)), "{:?} {}", output.code, output.stderr);
    collection.assert_holds_the_world();
    collection.verify().expect(0);
}

/// Moments at which the process is killed; more by `AUDITUI_KILLS`.
const KILLS: u32 = 20;

#[cfg(unix)]
#[test]
fn a_process_may_be_killed_at_any_moment() {
    let undisturbed = Collection::new(open_cloud());
    let begun = Instant::now();
    undisturbed.run(&[]).expect(0);
    let whole = begun.elapsed();
    undisturbed.assert_holds_the_world();
    let kills = std::env::var("AUDITUI_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    // Another seed each time; it is told where the test fails.
    let mut random = u64::from(std::process::id());
    for nth in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = whole.mul_f64((random >> 40) as f64 / f64::from(1 << 24));
        let collection = undisturbed.another(nth);
        let mut child = collection.spawn(&[]);
        let (_never, over) = mpsc::channel::<()>();
        assert_eq!(over.recv_timeout(moment), Err(mpsc::RecvTimeoutError::Timeout));
        child.kill().unwrap();
        child.wait().unwrap();
        let told = format!("killed after {moment:?} of {whole:?}");
        // What is there is whole, and nothing is taken for damage.
        look_into(&collection.directory.join("data"), &mut |_, _| {});
        if collection.directory.join(".auditui").is_dir() {
            let verified = collection.verify();
            assert!(matches!(verified.code, Some(0 | 2 | 3)), "{told}: {} {}", verified.text(), verified.stderr);
        }
        let resumed = collection.run(&[]);
        assert_eq!(resumed.code, Some(0), "{told}: {}", resumed.stderr);
        assert!(collection.events() == undisturbed.events(), "{told}: other events");
        assert_eq!(collection.verify().code, Some(0), "{told}");
    }
}
