//! The explorer over files: no network, no account, and nothing said that files do not tell.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use auditui::app::files::End;
use auditui::app::keymap::Keymap;
use auditui::app::message::Message;
use auditui::app::setup::{AccessFilter, FilesSetup, Glyphs, Past, Setup};
use auditui::domain::scope::ScopeRequest;
use auditui::domain::time_range::TimeRange;
use auditui::domain::zone::Zone;
use auditui::driver::{Clipboard, Driver, Files, Source};
use auditui::fake_oci::{FakeOci, Options, Scenario};
use auditui::files::find;
use auditui::oci::{Clock, Env, Regions};
use auditui::ui::Theme;
use chrono::{DateTime, TimeDelta, Utc};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const EPOCH: &str = "2026-03-14T14:00:00Z";

/// The events of the small world, with or without where they were read, as one file.
async fn world(path: &Path, meta: bool) -> usize {
    let epoch: DateTime<Utc> = EPOCH.parse().unwrap();
    let options = Options { epoch: Some(epoch), now: Some(epoch), ..Options::default() };
    let fake = FakeOci::start(Scenario::named("small").unwrap(), options).await.unwrap();
    let events = super::support::in_order(fake.world_events(epoch - TimeDelta::hours(26), epoch));
    let mut file = std::fs::File::create(path).unwrap();
    for event in &events {
        if meta {
            let (region, compartment) = (&event.region, &event.compartment);
            write!(file, r#"{{"_meta":{{"region":"{region}","compartmentId":"{compartment}"}},"event":"#).unwrap();
        }
        file.write_all(&event.bytes).unwrap();
        file.write_all(if meta { b"}\n" } else { b"\n" }).unwrap();
    }
    events.len()
}

struct Screen {
    driver: Driver<TestBackend>,
}

impl Screen {
    async fn open(path: &Path, size: (u16, u16), range: Option<TimeRange>) -> Self {
        let now: DateTime<Utc> = EPOCH.parse().unwrap();
        let setup = Setup {
            profile: String::new(),
            endpoint: None,
            demo: false,
            identity: Vec::new(),
            files: Some(FilesSetup {
                name: "day.jsonl".into(),
                paths: vec!["day.jsonl".into()],
                all_times: range.is_none(),
                collected: None,
            }),
            range: range.unwrap_or_else(|| TimeRange::ending_at(now, TimeDelta::hours(1))),
            scope: ScopeRequest::default(),
            access: AccessFilter::WritesAndSessions,
            own_reads: false,
            query: auditui::query::Query::everything(),
            views: auditui::app::saved::built_in(),
            past: Past::default(),
            views_directory: None,
            zone: Zone::Utc,
            glyphs: Glyphs::Unicode,
            keymap: Arc::clone(Keymap::built_in()),
            configuration: None,
            narrowed_by_default: false,
            padding: TimeDelta::zero(),
            max_memory: None,
            now,
        };
        let regions = Regions::load(&Env::default());
        let judge = |files: &[auditui::files::FileRead]| {
            let problems: Vec<String> = files.iter().flat_map(|file| file.faults.clone()).collect();
            End { coverage: "coverage unknown", whole: problems.is_empty(), problems }
        };
        let source = Source::Files(Box::new(Files {
            inputs: find(&[path.to_owned()]).unwrap().inputs,
            narrow: auditui::files::Narrow::default(),
            names: Arc::new(move |name| regions.named(name)),
            judge: Box::new(judge),
            clock: Clock::Frozen(now),
            collected: None,
        }));
        let clipboard = Clipboard::start(&[("SSH_TTY", "/dev/pts/0")].into_iter().collect::<Env>());
        let terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        let mut screen = Self { driver: Driver::new(source, setup, clipboard, Theme::dark(), terminal) };
        screen.driver.draw().unwrap();
        screen.settle().await;
        screen
    }

    async fn settle(&mut self) {
        self.driver.settle(|| 0).await.unwrap();
    }

    async fn keys(mut self, keys: &str) -> Self {
        for key in keys.split(' ') {
            self.driver.send(Message::Key(key.parse().unwrap()));
            self.settle().await;
        }
        self
    }

    fn text(&self) -> String {
        auditui::ui::plain(self.driver.terminal().backend().buffer())
    }

    fn first_line(&self) -> String {
        self.text().lines().next().unwrap().to_owned()
    }

    fn last_line(&self) -> String {
        self.text().lines().last().unwrap().to_owned()
    }
}

/// What a selection cost differs from run to run.
macro_rules! assert_screen {
    ($name:expr, $screen:expr) => {{
        let text = $screen.text();
        let filters = vec![(r" *(\S+ of \S+ match) +(✓|ok) +[\d,]+ m?s", "  $1  $2  N ms")];
        insta::with_settings!({ filters => filters, omit_expression => true }, {
            insta::assert_snapshot!($name, text);
        });
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_fills_the_screen_at_every_size() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("day.jsonl");
    world(&path, true).await;
    for (width, height) in [(120, 36), (80, 24), (60, 15)] {
        let screen = Screen::open(&path, (width, height), None).await;
        assert_screen!(format!("opened_{width}x{height}"), screen);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_meta_a_region_is_unknown_rather_than_guessed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("day.jsonl");
    let events = world(&path, false).await;
    let screen = Screen::open(&path, (120, 36), None).await.keys("w").await;
    assert!(screen.first_line().contains(&format!(" {events} ev")), "{}", screen.first_line());
    assert_screen!("opened_without_meta", screen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_files_cannot_do_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("day.jsonl");
    world(&path, true).await;
    let mut screen = Screen::open(&path, (120, 36), None).await;
    for (key, why) in [
        ("R", "there is nothing to ask again"),
        ("F", "no new ones will come"),
        ("P", "there are no calls to pause"),
        ("%", "coverage unknown"),
    ] {
        screen = screen.keys(key).await;
        let line = screen.last_line();
        assert!(line.contains("these events come from files: ") && line.contains(why), "{line}");
    }
    screen.driver.send(Message::Clock("2026-03-14T18:00:00Z".parse().unwrap()));
    screen.settle().await;
    assert!(!screen.text().contains('%') || screen.text().contains("% cover"), "{}", screen.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_narrows_and_zero_takes_everything_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("day.jsonl");
    let events = world(&path, true).await;
    let range = "2026-03-14T10:00:00Z".parse().ok().zip("2026-03-14T11:00:00Z".parse().ok());
    let range = range.and_then(|(from, until)| TimeRange::new(from, until)).unwrap();
    let screen = Screen::open(&path, (120, 36), Some(range)).await;
    assert!(screen.first_line().contains("10:00→11:00"), "{}", screen.first_line());
    assert!(!screen.first_line().contains(&format!(" {events} ev")));
    let screen = screen.keys("0").await;
    assert!(screen.first_line().contains(&format!(" {events} ev")), "{}", screen.first_line());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_file_is_a_lower_bound_and_said() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("day.jsonl");
    let events = world(&path, false).await;
    let text = std::fs::read(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 20]).unwrap();
    let screen = Screen::open(&path, (120, 36), None).await;
    assert!(screen.first_line().contains(&format!("≥{} ev", events - 1)), "{}", screen.first_line());
    assert!(screen.last_line().contains("it is cut off"), "{}", screen.last_line());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_without_a_time_is_shown_and_nothing_is_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("day.jsonl");
    std::fs::write(&path, "{\"eventId\":\"the one without a time\",\"data\":{\"eventName\":\"CreateBucket\"}}\n")
        .unwrap();
    let screen = Screen::open(&path, (120, 36), None).await.keys("w").await;
    assert!(screen.text().contains("CreateBucket"), "{}", screen.text());
    std::fs::write(&path, "").unwrap();
    let screen = Screen::open(&path, (120, 36), None).await;
    assert!(screen.text().contains("No events in day.jsonl."), "{}", screen.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facets_and_pivots_count_what_is_in_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("day.jsonl");
    let events = world(&path, true).await as u64;
    let screen = Screen::open(&path, (120, 36), None).await.keys("w f").await;
    let facets = screen.driver.app().facets();
    assert_eq!((0..facets.rows()).filter_map(|place| facets.row(place)).map(|row| row.count).sum::<u64>(), events);
    let screen = screen.keys("<esc> p").await;
    let lines = screen.driver.app().pivot().unwrap().lines();
    let user = lines.first().and_then(|line| line.count).unwrap();
    let screen = screen.keys("a").await;
    assert_eq!(screen.driver.app().view().unwrap().matched() as u64, user.events);
}
