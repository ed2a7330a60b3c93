//! The question on the screen as a command: run by a shell it writes the same events, and an explorer that is opened with
//! it shows them.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;

use auditui::app::action::Action;
use auditui::app::keymap::Keymap;
use auditui::app::message::Message;
use auditui::app::setup::{AccessFilter, Glyphs, Past, Setup};
use auditui::cli::args::CommandLine;
use auditui::domain::scope::ScopeRequest;
use auditui::domain::time_range::TimeRange;
use auditui::domain::zone::Zone;
use auditui::driver::{Clipboard, Driver, FetchOptions, Source};
use auditui::fetch::Settings;
use auditui::oci::{ClientOptions, Env, OciClient, Profile};
use auditui::query::Query;
use auditui::ui::Theme;
use chrono::TimeDelta;
use clap::Parser as _;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::Value;

use super::support::Cloud;

struct Explorer<'a> {
    cloud: &'a Cloud,
    driver: Driver<TestBackend>,
}

/// From within a second to within another.
fn range(cloud: &Cloud) -> TimeRange {
    let [from, until] = cloud.range();
    TimeRange::new(from + TimeDelta::milliseconds(17_250), until - TimeDelta::milliseconds(33_501)).unwrap()
}

fn setup(cloud: &Cloud) -> Setup {
    Setup {
        profile: "DEFAULT".into(),
        endpoint: None,
        demo: false,
        identity: ["--profile", "DEFAULT"].map(str::to_owned).to_vec(),
        files: None,
        range: range(cloud),
        scope: ScopeRequest::default(),
        narrowed_by_default: false,
        access: AccessFilter::WritesAndSessions,
        own_reads: false,
        query: Query::everything(),
        views: Vec::new(),
        past: Past::default(),
        views_directory: None,
        zone: Zone::Utc,
        glyphs: Glyphs::Unicode,
        padding: TimeDelta::minutes(30),
        keymap: Arc::clone(Keymap::built_in()),
        configuration: None,
        max_memory: None,
        now: cloud.fake.epoch(),
    }
}

impl<'a> Explorer<'a> {
    /// Opens it and waits until everything was read.
    fn open(cloud: &'a Cloud, setup: Setup) -> Self {
        let _inside = cloud.runtime().enter();
        let who = cloud.fake.credentials();
        let profile =
            Profile::from_parts("DEFAULT", &who.tenancy, &who.user, &who.fingerprint, &who.region, &who.key_pem);
        let options = ClientOptions {
            endpoint: Some(cloud.fake.endpoint_template().parse().unwrap()),
            ..ClientOptions::default()
        };
        let client = OciClient::new(profile.unwrap(), options).unwrap();
        let fetch = FetchOptions {
            settings: Settings::default(),
            padding: TimeDelta::minutes(30),
            settling: TimeDelta::minutes(15),
        };
        let terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
        let clipboard = Clipboard::start(&[("SSH_TTY", "/dev/pts/0")].into_iter().collect::<Env>());
        let source = Source::Tenancy { client, options: fetch };
        let driver = Driver::new(source, setup, clipboard, Theme::dark(), terminal);
        let mut explorer = Self { cloud, driver };
        explorer.settle();
        explorer
    }

    fn settle(&mut self) {
        let fake = &self.cloud.fake;
        self.cloud.runtime().block_on(self.driver.settle(|| fake.parked())).unwrap();
    }

    /// Presses keys; what begins with a blank is pasted.
    fn keys(&mut self, keys: &[&str]) {
        for key in keys {
            self.driver.send(match key.strip_prefix(' ') {
                Some(text) => Message::Paste(text.to_owned()),
                None => Message::Key(key.parse().unwrap()),
            });
            self.settle();
        }
    }

    /// Ids of all events on the list.
    fn ids(&self) -> BTreeSet<String> {
        let view = self.driver.app().view().unwrap();
        let events = view.rows(0..view.matched());
        let raw = |key| view.snapshot.find(key).and_then(|row| view.snapshot.raw(row)).unwrap();
        let ids: BTreeSet<String> = events.map(|row| id(&raw(row.key()))).collect();
        assert_eq!(ids.len(), view.matched());
        ids
    }

    fn command(&self, action: Action) -> String {
        self.driver.app().copy_of(action).unwrap().1
    }
}

fn id(event: &[u8]) -> String {
    serde_json::from_slice::<Value>(event).unwrap()["eventId"].as_str().unwrap().to_owned()
}

/// The words that a shell makes of a line.
fn words(line: &str) -> Vec<String> {
    let output = Command::new("sh").args(["-c", &format!("printf '%s\\0' {line}")]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.strip_suffix('\0').unwrap().split('\0').map(str::to_owned).collect()
}

/// What `auditui` opens with these arguments.
fn opened(cloud: &Cloud, words: &[String]) -> Setup {
    let line = CommandLine::try_parse_from(words).unwrap();
    let now = auditui::oci::clock::now().max(cloud.fake.epoch());
    Setup {
        range: line.read.when.range(now).unwrap().unwrap(),
        scope: line.read.scope(),
        access: line.filter.shown(),
        own_reads: line.screen.own_reads,
        query: line.filter.asked(now, line.read.when.tz.0).unwrap(),
        padding: line.read.padding,
        ..setup(cloud)
    }
}

const CASES: [&[&str]; 12] = [
    &[],
    &["w"],
    &["w", "w"],
    &["w", "!"],
    &["w", "."],
    &["w", "w", ".", "!"],
    &["w", "/", " event:(Create* OR Get*) -status:404", "<enter>"],
    &["w", "/", " \"it's $HOME `x` \\\\ \\\" !\"", "<enter>"],
    &["w", "/", " -user:alice", "<enter>", "X", "/", " is:write", "<enter>"],
    &["w", "1", "/", "p", "r", "o", "d", "<enter>", "o"],
    &["w", "1", "j", "<space>"],
    &["w", "1", "G", "o"],
];

#[test]
fn the_commands_give_what_is_on_the_screen() {
    for (scenario, cases) in [("small", &CASES[..]), ("own-reads", &CASES[..6]), ("hostile", &CASES[..6])] {
        let cloud = Cloud::named(scenario);
        let mut sizes = BTreeSet::new();
        for keys in cases {
            let mut explorer = Explorer::open(&cloud, setup(&cloud));
            explorer.keys(keys);
            let ids = explorer.ids();
            sizes.insert(ids.len());
            let command = explorer.command(Action::CopyExport);
            let output = cloud.home.shell(&command);
            // In some scenarios a compartment may not be read, here and there.
            assert!(matches!(output.code, Some(0 | 3)), "{}", output.stderr);
            let exported: Vec<String> = output.lines().into_iter().map(id).collect();
            assert_eq!(exported.len(), ids.len(), "{command}");
            assert_eq!(exported.into_iter().collect::<BTreeSet<_>>(), ids, "{command}");

            let command = explorer.command(Action::CopyQuery);
            let again = Explorer::open(&cloud, opened(&cloud, &words(&command)));
            assert_eq!(again.ids(), ids, "{command}");
            assert_eq!(again.driver.app().range(), explorer.driver.app().range(), "{command}");
        }
        assert!(sizes.len() > 3, "the questions have different answers: {sizes:?}");
    }
}
