//! `open`, `count` and `summary` over a collection: its ledger says what is covered, and only what is needed is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use auditui::app::files::End;
use auditui::app::keymap::Keymap;
use auditui::app::message::Message;
use auditui::app::setup::{AccessFilter, FilesSetup, Glyphs, Past, Setup};
use auditui::collect::{covered, ledger_of};
use auditui::domain::scope::ScopeRequest;
use auditui::domain::time_range::TimeRange;
use auditui::domain::zone::Zone;
use auditui::driver::{Clipboard, Collected, Driver, Files, Source, Taken};
use auditui::files::{Input, Origin, Places};
use auditui::oci::{Clock, Env};
use auditui::ui::Theme;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::Value;

use super::support::{Cloud, Output, rfc3339};

struct Collection {
    cloud: Cloud,
    directory: PathBuf,
}

impl Collection {
    /// Of a cloud in which everything may be read, or not.
    fn new(readable: bool) -> Self {
        let cloud =
            if readable { Cloud::small_but("readable = false", "readable = true") } else { Cloud::named("small") };
        let directory = cloud.home.path("collection");
        let since = rfc3339(cloud.range()[0]);
        let args = ["collect", "--since", &since, "--into", directory.to_str().unwrap()];
        cloud.run(&args).expect(if readable { 0 } else { 3 });
        Self { cloud, directory }
    }

    fn run(&self, command: &str, args: &[&str]) -> Output {
        let directory = self.directory.to_str().unwrap();
        self.cloud.run(&[&[command, directory, "--progress", "json", "--stats"], args].concat())
    }

    /// The longer part of the two days that it holds, without the last minutes.
    fn a_day(&self) -> [DateTime<Utc>; 2] {
        let [start, end] = self.cloud.range();
        let midnight = start.date_naive().succ_opt().unwrap().and_time(NaiveTime::MIN).and_utc();
        if midnight - start >= end - midnight { [start, midnight] } else { [midnight, end - TimeDelta::hours(1)] }
    }

    /// Of all data files.
    fn bytes(&self) -> u64 {
        sizes(&self.directory.join("data")).into_iter().map(|(_, size)| size).sum()
    }

    /// Bytes of the files of a day.
    fn bytes_of(&self, day: DateTime<Utc>) -> u64 {
        let partition = format!("date={}", day.date_naive());
        let files = sizes(&self.directory.join("data")).into_iter();
        files.filter(|(path, _)| path.contains(&partition)).map(|(_, size)| size).sum()
    }
}

/// The data files, with their sizes.
fn sizes(directory: &Path) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sizes(&path));
        } else if !path.ends_with("_manifest.json") {
            found.push((path.display().to_string(), path.metadata().unwrap().len()));
        }
    }
    found
}

fn told(output: &Output, kind: &str) -> Value {
    let lines: Vec<Value> = output.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.into_iter().rfind(|line| line["type"] == kind).unwrap_or_default()
}

#[test]
fn a_query_of_one_day_reads_at_most_the_bytes_of_that_day() {
    let collection = Collection::new(true);
    let [from, until] = collection.a_day();
    let world = collection.cloud.fake.world_events(from, until);
    let (since, to) = (rfc3339(from), rfc3339(until));
    let time = format!("time:{since}..{to}");
    for asked in [vec!["--since", &since, "--until", &to], vec!["-Q", &time]] {
        let output = collection.run("count", &[&asked[..], &["-o", "json"]].concat()).expect(0);
        let stats = told(&output, "stats");
        assert_eq!(output.json()["count"], world.len(), "{asked:?}");
        let read = stats["bytesRead"].as_u64().unwrap();
        let skipped = stats["bytesSkipped"].as_u64().unwrap();
        assert!(0 < read && read <= collection.bytes_of(from), "{asked:?} {stats}");
        assert_eq!(read + skipped, collection.bytes());
        assert!(stats["rows"].as_u64().unwrap() >= world.len() as u64);
    }
}

#[test]
fn a_region_is_read_alone_whether_it_is_asked_for_by_option_or_by_query() {
    let collection = Collection::new(true);
    let of_region = |event: &&auditui::fake_oci::WorldEvent| event.region == "us-phoenix-1";
    let count = collection.cloud.world().iter().filter(of_region).count();
    for asked in [["--region", "phx"], ["-Q", "region:us-phoenix-1"]] {
        let output = collection.run("count", &[&asked[..], &["-o", "json"]].concat()).expect(0);
        assert_eq!(output.json()["count"], count, "{asked:?}");
        assert_eq!(told(&output, "stats")["rows"], count, "{asked:?}: others were read");
    }
}

#[test]
fn what_is_covered_is_said_for_the_range_that_is_asked() {
    let collection = Collection::new(true);
    let [start, _] = collection.cloud.range();
    let hours = |hours| rfc3339(start + TimeDelta::hours(hours));
    let whole = collection.run("count", &[]).expect(0);
    let summary = told(&whole, "summary");
    assert_eq!((&summary["complete"], &summary["collected"]["percent"]), (&true.into(), &100.into()), "{summary}");
    collection.run("summary", &["--since", &hours(1), "--until", &hours(3)]).expect(0);
    let before = collection.run("count", &["--since", &hours(-2), "--until", &hours(3)]).expect(3);
    let missing = told(&before, "problem");
    assert!(
        missing["what"].as_str().unwrap().contains("nothing was collected of what was processed before"),
        "{missing}"
    );
    assert_eq!(told(&before, "summary")["coverage"], "incomplete");
    let after = collection.run("summary", &["--since", &hours(1)]).expect(3);
    let missing = told(&after, "problem");
    assert!(missing["what"].as_str().unwrap().contains("processed from"), "{missing}");
    collection.run("count", &["--since", &hours(1), "--fail-on", "never"]).expect(0);
}

#[test]
fn what_may_not_be_read_is_missing_where_it_is_asked_for_and_nowhere_else() {
    let collection = Collection::new(false);
    let secret = collection.cloud.ocid("secret");
    let output = collection.run("count", &[]).expect(3);
    let missing = told(&output, "problem");
    let what = missing["what"].as_str().unwrap();
    let problems = output.stderr.lines().filter(|line| line.contains("not collected")).count();
    assert_eq!(problems, 1, "one gap in three regions is one line: {}", output.stderr);
    assert!(what.contains("not collected 2") && what.contains(&secret), "{what}");
    let percent = told(&output, "summary")["collected"]["percent"].as_u64().unwrap();
    assert!((50..100).contains(&percent), "{percent}");
    let verified = collection.cloud.run(&["verify", collection.directory.to_str().unwrap()]).expect(3);
    assert!(verified.text().contains(&secret), "{}", verified.text());
    let denied: Vec<String> = collection.cloud.fake.compartments().into_iter().map(|(id, _)| id).collect();
    let denied = denied.iter().filter(|id| verified.text().contains(id.as_str()));
    let without = denied.map(|id| format!("-queried:{id}")).collect::<Vec<_>>().join(" ");
    collection.run("count", &["-Q", &without]).expect(0);
}

#[test]
fn the_coverage_of_a_collection_is_shown_as_that_of_an_export() {
    let whole = Collection::new(true);
    let directory = whole.directory.to_str().unwrap();
    let shown = whole.cloud.run(&["coverage", directory]).expect(0);
    assert!(shown.text().contains("COMPARTMENT") && shown.text().contains("us-phoenix-1"), "{}", shown.text());
    let partial = Collection::new(false);
    let directory = partial.directory.to_str().unwrap();
    let shown = partial.cloud.run(&["coverage", directory]).expect(3);
    assert!(shown.text().contains("no access: "), "{}", shown.text());
    let json = partial.cloud.run(&["coverage", directory, "-o", "json"]).expect(3).json();
    assert_eq!((&json["complete"], &json["totals"]["denied"]), (&false.into(), &3.into()), "{json}");
}

/// Reads a collection as `open` does, the range first.
struct Screen {
    driver: Driver<TestBackend>,
    taken: Arc<Taken>,
}

impl Screen {
    fn open(collection: &Collection, range: TimeRange) -> Self {
        let held = covered(&collection.directory).unwrap().remove(0);
        let now = Clock::System.now();
        let setup = Setup {
            profile: String::new(),
            endpoint: None,
            demo: false,
            identity: Vec::new(),
            files: Some(FilesSetup {
                name: "collection".into(),
                paths: vec!["collection".into()],
                all_times: false,
                collected: held.window(),
            }),
            range,
            scope: ScopeRequest::default(),
            access: AccessFilter::All,
            own_reads: true,
            query: auditui::query::Query::everything(),
            views: auditui::app::saved::built_in(),
            views_directory: None,
            zone: Zone::Utc,
            glyphs: Glyphs::Unicode,
            keymap: Arc::clone(Keymap::built_in()),
            past: Past::default(),
            configuration: None,
            narrowed_by_default: false,
            padding: TimeDelta::minutes(30),
            max_memory: None,
            now,
        };
        let settling = TimeDelta::minutes(15);
        let taken = Arc::new(Taken::default());
        let files = held.files().into_iter();
        let files = files.map(|file| (Input { origin: Origin::File(file.path), digest: false }, file.span));
        let (first, later): (Vec<_>, Vec<_>) =
            files.partition(|(_, span)| span.is_none_or(|(first, last)| first < range.end() && range.start() <= last));
        let mut places = Places::default();
        held.places().for_each(|(region, compartment)| places.expect(region, compartment, &|_| None));
        let ledger = ledger_of(held.stretches(settling), settling);
        let source = Source::Files(Box::new(Files {
            inputs: first.into_iter().map(|(input, _)| input).collect(),
            narrow: auditui::files::Narrow::default(),
            names: Arc::new(|_| None),
            judge: Box::new(|_| End { coverage: "coverage incomplete", whole: true, problems: Vec::new() }),
            clock: Clock::Frozen(now),
            collected: Some(Collected { later, places, ledger, taken: Arc::clone(&taken) }),
        }));
        let clipboard = Clipboard::start(&[("SSH_TTY", "/dev/pts/0")].into_iter().collect::<Env>());
        let terminal = Terminal::new(TestBackend::new(140, 36)).unwrap();
        Self { driver: Driver::new(source, setup, clipboard, Theme::dark(), terminal), taken }
    }

    async fn settle(&mut self) -> String {
        self.driver.draw().unwrap();
        self.driver.settle(|| 0).await.unwrap();
        auditui::ui::plain(self.driver.terminal().backend().buffer())
    }

    async fn key(&mut self, key: &str) -> String {
        self.driver.send(Message::Key(key.parse().unwrap()));
        self.settle().await
    }

    fn bytes(&self) -> u64 {
        self.taken.bytes.load(Ordering::Relaxed)
    }
}

#[test]
fn the_explorer_opens_what_the_range_needs_and_the_rest_when_it_is_asked_for() {
    let collection = Collection::new(true);
    let [from, until] = collection.a_day();
    let range = TimeRange::new(from, until).unwrap();
    let day = collection.cloud.fake.world_events(from, until).len();
    collection.cloud.runtime().block_on(async {
        let mut screen = Screen::open(&collection, range);
        let text = screen.settle().await;
        let first = text.lines().next().unwrap();
        assert!(first.contains(&format!("{day} ev")) && first.contains("cover 100%"), "{first}");
        assert!(0 < screen.bytes() && screen.bytes() <= collection.bytes_of(from));
        let panel = screen.key("%").await;
        assert!(panel.contains("Coverage") && !panel.contains("these events come from files"), "{panel}");
        screen.key("<esc>").await;
        let text = screen.key("0").await;
        let all = format!("{} ev", collection.cloud.world().len());
        assert!(text.lines().next().unwrap().contains(&all), "{text}");
        assert_eq!(screen.bytes(), collection.bytes());
    });
}

#[test]
fn the_explorer_says_what_a_collection_lacks() {
    let collection = Collection::new(false);
    let [from, until] = collection.cloud.range();
    collection.cloud.runtime().block_on(async {
        let mut screen = Screen::open(&collection, TimeRange::new(from, until).unwrap());
        let text = screen.settle().await;
        let first = text.lines().next().unwrap();
        assert!(first.contains("ø3") && !first.contains("cover 100%"), "{first}");
        let mut screen = Screen::open(&collection, TimeRange::new(from - TimeDelta::hours(6), until).unwrap());
        let text = screen.settle().await;
        assert!(text.lines().next().unwrap().contains('≥'), "{text}");
    });
}
