//! What the explorer shows, through the real driver and the real fetch layer against the simulator. Never a sleep: the
//! driver works until nothing is under way, and calls that shall be under way are held at a gate.

mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use auditui::app::keymap::Keymap;
use auditui::app::message::Message;
use auditui::app::pivot::Same;
use auditui::app::setup::{AccessFilter, Glyphs, Past, Setup};
use auditui::domain::scope::ScopeRequest;
use auditui::domain::time_range::TimeRange;
use auditui::domain::zone::Zone;
use auditui::driver::{Clipboard, Driver, FetchOptions, Source};
use auditui::fake_oci::{FakeOci, Gate, Options, Scenario};
use auditui::fetch::Settings;
use auditui::oci::{ClientOptions, Clock, Env, OciClient, Profile, ProfileOptions, resolve};
use auditui::query::{ParseContext, Query, parse};
use auditui::ui::Theme;
use chrono::{DateTime, TimeDelta, Utc};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::support::scenario_but;

/// A Saturday; the simulated world is built around it, and every clock stands still there.
const EPOCH: &str = "2026-03-14T14:00:00Z";

struct Screen {
    fake: FakeOci,
    driver: Driver<TestBackend>,
}

struct Start {
    scenario: &'static str,
    size: (u16, u16),
    hours: i64,
    glyphs: Glyphs,
    gate: Option<Gate>,
    scope: ScopeRequest,
    query: Query,
    settings: Settings,
    /// Where the files of a session are; none signs with the key of the user.
    session: Option<PathBuf>,
    /// What stands in the scenario beside the rest.
    more: Option<&'static str>,
    /// It greets, as with `--demo`.
    demo: bool,
}

/// A profile whose session has its token in `directory`.
fn session_profile(fake: &FakeOci, directory: &Path) -> Profile {
    let home = fake.write_home(directory).unwrap();
    let token = directory.join("token");
    std::fs::write(&token, fake.new_session(1_800)).unwrap();
    let config = std::fs::read_to_string(&home.config).unwrap();
    std::fs::write(&home.config, format!("{config}security_token_file={}\n", token.display())).unwrap();
    let options = ProfileOptions { config_file: Some(home.config), ..ProfileOptions::default() };
    resolve(&options).unwrap().into_profile(None).unwrap()
}

impl Start {
    fn of(scenario: &'static str) -> Self {
        Self {
            scenario,
            size: (120, 36),
            hours: 26,
            glyphs: Glyphs::Unicode,
            gate: None,
            scope: ScopeRequest::default(),
            query: Query::everything(),
            settings: Settings::default(),
            session: None,
            more: None,
            demo: false,
        }
    }

    fn size(mut self, width: u16, height: u16) -> Self {
        self.size = (width, height);
        self
    }

    /// Opens the explorer and draws its first frame; nothing was answered yet.
    async fn open(self) -> Screen {
        let now: DateTime<Utc> = EPOCH.parse().unwrap();
        let options = Options { epoch: Some(now), now: Some(now), ..Options::default() };
        let scenario = match self.more {
            Some(more) => scenario_but(self.scenario, "[events]", &format!("{more}\n\n[events]")),
            None => Scenario::named(self.scenario).unwrap(),
        };
        let fake = FakeOci::start(scenario, options).await.unwrap();
        if let Some(gate) = self.gate {
            fake.hold(gate);
        }
        let who = fake.credentials();
        let by_key =
            || Profile::from_parts("TEST", &who.tenancy, &who.user, &who.fingerprint, &who.region, &who.key_pem);
        let by_session = self.session.map(|directory| session_profile(&fake, &directory));
        let profile = by_session.unwrap_or_else(|| by_key().unwrap());
        let options = ClientOptions {
            endpoint: Some(fake.endpoint_template().parse().unwrap()),
            clock: Clock::Frozen(now),
            ..ClientOptions::default()
        };
        let client = OciClient::new(profile, options).unwrap();
        let (padding, settling) = (TimeDelta::minutes(30), TimeDelta::minutes(15));
        let setup = Setup {
            profile: "TEST".into(),
            endpoint: None,
            demo: self.demo,
            identity: Vec::new(),
            files: None,
            range: TimeRange::ending_at(now, TimeDelta::hours(self.hours)),
            scope: self.scope,
            access: AccessFilter::WritesAndSessions,
            own_reads: false,
            query: self.query,
            views: auditui::app::saved::built_in(),
            past: Past::default(),
            views_directory: None,
            zone: Zone::Utc,
            glyphs: self.glyphs,
            keymap: Arc::clone(Keymap::built_in()),
            configuration: None,
            narrowed_by_default: false,
            padding,
            max_memory: None,
            now,
        };
        let fetch = FetchOptions { settings: self.settings, padding, settling };
        let terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        let clipboard = Clipboard::start(&[("SSH_TTY", "/dev/pts/0")].into_iter().collect::<Env>());
        let mut driver =
            Driver::new(Source::Tenancy { client, options: fetch }, setup, clipboard, Theme::dark(), terminal);
        driver.draw().unwrap();
        Screen { fake, driver }
    }

    /// Opens the explorer and waits until everything that is not held was read.
    async fn loaded(self) -> Screen {
        let mut screen = self.open().await;
        screen.settle().await;
        screen
    }
}

impl Screen {
    async fn settle(&mut self) {
        let fake = &self.fake;
        self.driver.settle(|| fake.parked()).await.unwrap();
    }

    /// Presses keys, written as in the keymap: `jj<enter>w`.
    async fn keys(mut self, keys: &str) -> Self {
        for key in presses(keys) {
            self.driver.send(Message::Key(key.parse().unwrap()));
            self.settle().await;
        }
        self
    }

    /// Types a text with spaces in it.
    async fn words(mut self, text: &str) -> Self {
        self.driver.send(Message::Paste(text.to_owned()));
        self.settle().await;
        self
    }

    fn text(&self) -> String {
        let text = auditui::ui::plain(self.driver.terminal().backend().buffer());
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "a control character reached the screen");
        text
    }

    fn line(&self, wanted: &str) -> String {
        let text = self.text();
        text.lines().find(|line| line.contains(wanted)).unwrap_or_else(|| panic!("no “{wanted}” in\n{text}")).to_owned()
    }
}

/// `ab<enter>` is three keys.
fn presses(keys: &str) -> Vec<String> {
    let mut presses = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let length = match (first, rest.find('>')) {
            ('<', Some(end)) => end + 1,
            _ => first.len_utf8(),
        };
        let (press, after) = rest.split_at(length);
        presses.push(press.to_owned());
        rest = after;
    }
    presses
}

/// Compares with the stored picture. What a selection cost differs from run to run, and shifts what stands before it.
macro_rules! assert_screen {
    ($name:expr, $screen:expr) => {{
        let text = $screen.text();
        insta::with_settings!({
            filters => vec![
                (r" *(\S+ of \S+ match) +(✓|ok) +[\d,]+ m?s", "  $1  $2  N ms"),
                (r"([│┐])(✓|ok) +\d+ ms", "$1$2 N ms"),
                // Which call came first is not ours to say.
                (
                    r"auditui-[0-9a-f]{8}-[0-9a-f]{6}/[0-9A-F]{32}/[0-9A-F]{4}",
                    "auditui-01234567-00000a/0123456789ABCDEF0123456789ABCDEF/0123",
                ),
                (r"/0123[0-9A-F]{28} ", "/0123456789ABCDEF0123456789ABCDEF "),
                (r"auditui-[0-9a-f]{8}", "auditui-01234567"),
                (r"memory \S+ [KM]iB(   \S+ events? held), \S+ [KM]?i?B each *│", "memory N$1, N each │"),
                (r"p50 \S+ m?s  p95 \S+ m?s([^│]*?) +│", "p50 N  p95 N$1 │"),
            ],
            omit_expression => true,
        }, {
            insta::assert_snapshot!($name, text);
        });
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_frame_is_there_before_any_answer() {
    assert_screen!("connecting", Start::of("small").open().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_read_at_every_size() {
    for (width, height) in [(120, 36), (80, 24), (60, 15), (39, 9)] {
        let screen = Start::of("small").size(width, height).loaded().await;
        assert_screen!(format!("loaded_{width}x{height}"), screen);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_for_at_the_start_is_on_the_screen_and_can_be_taken_away() {
    let context = ParseContext { now: EPOCH.parse().unwrap(), zone: Zone::Utc, read_list: &|_, _| Err(String::new()) };
    for (width, height) in [(120, 36), (80, 24)] {
        let query = parse("event:Create* -status:>=400", &context).unwrap();
        let screen = Start { query, ..Start::of("small") }.size(width, height).loaded().await;
        let shown = screen.line("event:Create*");
        assert!(shown.contains("status>=400"), "{shown}");
        let rows = |screen: &Screen, name: &str| screen.text().lines().filter(|line| line.contains(name)).count();
        assert!(rows(&screen, " Create") > 0 && rows(&screen, " InteractiveLogin ") == 0, "{}", screen.text());
        let screen = screen.keys("x").await;
        assert!(
            !screen.text().contains("event:Create*") && rows(&screen, " InteractiveLogin ") > 0,
            "{}",
            screen.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_reads_stand_behind_a_chip() {
    let screen = Start::of("own-reads").loaded().await.keys("w").await;
    let matched = |screen: &Screen| {
        let line = screen.line("600 match").replace('≥', "");
        line.split_whitespace()
            .rev()
            .nth(6)
            .and_then(|word| word.parse::<u32>().ok())
            .unwrap_or_else(|| panic!("{line}"))
    };
    let chip = screen.line("-is:self, ").replace('≥', "");
    let hidden: u32 = chip.split("-is:self, ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().parse().unwrap();
    assert!(hidden > 0 && matched(&screen) + hidden == 600, "{chip}");
    let screen = screen.keys(".").await;
    assert!(screen.line("own reads shown").contains("[.]") && matched(&screen) == 600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_with_its_story() {
    let screen = Start { hours: 24, ..Start::of("demo") }.loaded().await;
    assert_screen!("demo", screen);
    let screen = screen.keys("w/203.0.113.9<enter>").await;
    assert_screen!("demo_story", screen);
    // What came in from that address, down to the moment at which a port was opened.
    let mut screen = screen.keys("xww/203.0.113.9").await.words(" frankfurt").await.keys("<enter>").await;
    while !screen.text().contains("3 UpdateSecurityList") {
        let before = screen.text();
        screen = screen.keys("j").await;
        assert_ne!(before, screen.text(), "nobody changed a security list from there");
    }
    crate::picture::assert_picture("demo.svg", &without_cost(screen.driver.terminal().backend().buffer()));
}

/// What the selection cost is the one thing on the screen that no clock of ours decides.
fn without_cost(buffer: &Buffer) -> Buffer {
    let mut buffer = buffer.clone();
    let columns = (0..buffer.area.width).rev();
    let tick = columns.clone().find(|column| buffer[(*column, 1)].symbol() == "✓");
    for column in columns.take_while(|column| Some(*column) > tick) {
        buffer[(column, 1)].set_symbol(" ");
    }
    buffer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_appear_while_the_rest_loads_and_totals_say_so() {
    let gate = Gate::region("eu-frankfurt-1");
    let mut screen = Start { gate: Some(gate.clone()), ..Start::of("small") }.loaded().await;
    assert_screen!("half_loaded", screen);
    let before = screen.driver.app().view().unwrap().totals.len();
    assert!(before > 0);
    screen.fake.release(&gate);
    // Until those that were held have gone on, they still count as held.
    while screen.fake.parked() > 0 {
        tokio::task::yield_now().await;
    }
    screen.settle().await;
    let after = screen.driver.app().view().unwrap().totals.len();
    assert!(after > before);
    let range = screen.driver.app().range();
    assert_eq!(after, screen.fake.world_events(range.start(), range.end()).len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_say_what_they_hide() {
    let screen = Start::of("small").loaded().await.keys("w").await;
    assert_screen!("all_events", screen);
    let screen = screen.keys("w").await;
    assert!(screen.line("[w]").contains("reads"));
    let screen = screen.keys("w!").await;
    assert_screen!("failed_only", screen);
    let screen = screen.keys("x/no such thing").await;
    assert_screen!("nothing_matches", screen);
    let screen = screen.keys("<esc>").await;
    assert!(!screen.text().contains("no such thing"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scope_is_compartments_times_regions() {
    let screen = Start::of("small").loaded().await.keys("w1").await;
    let all = screen.driver.app().view().unwrap().selection.len();
    let screen = screen.keys("/prod<enter>o").await;
    assert_screen!("one_subtree", screen);
    assert!(screen.driver.app().view().unwrap().selection.len() < all);
    let screen = screen.keys("0").await;
    assert_eq!(screen.driver.app().view().unwrap().selection.len(), all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_detail_is_a_summary_and_a_document() {
    let screen = Start::of("small").loaded().await.keys("<enter>").await;
    assert_screen!("detail_summary", screen);
    let screen = screen.keys("]").await;
    assert_screen!("detail_json", screen);
    let screen = screen.keys("1").await;
    assert_screen!("detail_json_folded", screen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_popup_echoes_and_refuses() {
    let screen = Start::of("small").loaded().await.keys("tyesterday").await;
    assert_screen!("time_popup", screen);
    let screen = screen.keys("x").await;
    assert_screen!("time_popup_error", screen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_range_fetches_only_what_is_not_covered() {
    let windows = |screen: &Screen| -> Vec<DateTime<Utc>> {
        let requests = screen.fake.requests();
        requests.iter().filter_map(|request| request.end_time.as_deref()?.parse().ok()).collect()
    };
    let asked = |screen: &Screen| windows(screen).len();
    let screen = Start { hours: 6, ..Start::of("small") }.loaded().await;
    let first = asked(&screen);
    let screen = screen.keys("t-3h<enter>").await;
    assert_eq!(asked(&screen), first, "a narrower range is held already");
    let screen = screen.keys("t-30h<enter>").await;
    assert!(asked(&screen) > first);
    let six_hours_ago = screen.driver.app().now() - TimeDelta::hours(6);
    let asked_again = windows(&screen).into_iter().skip(first).any(|end| end > six_hours_ago);
    assert!(!asked_again, "what was held is asked again");
    let range = screen.driver.app().range();
    let held = screen.driver.app().view().unwrap().totals.len();
    assert_eq!(held, screen.fake.world_events(range.start(), range.end()).len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_says_which_way_it_went() {
    let screen = Start::of("small").loaded().await.keys("y").await;
    assert_screen!("copy_menu", screen);
    let screen = screen.keys("i").await;
    assert!(screen.text().contains("36 bytes via terminal (OSC 52)"), "{}", screen.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_lists_what_the_keys_do() {
    let screen = Start::of("small").loaded().await.keys("?copy").await;
    assert_screen!("help", screen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_screens_slide_the_tree_over_and_the_detail_fills() {
    let screen = Start::of("small").size(80, 24).loaded().await.keys("B").await;
    assert_screen!("tree_80x24", screen);
    let screen = Start::of("small").size(60, 15).loaded().await.keys("<enter>").await;
    assert_screen!("detail_60x15", screen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_told_on_the_problem_line() {
    for scenario in ["all-denied", "skewed-clock", "expired-token"] {
        // One call after the other: which of them still get an answer is then always the same.
        let settings = Settings { in_flight: 1, ..Settings::default() };
        assert_screen!(scenario, Start { settings, ..Start::of(scenario) }.loaded().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_text_breaks_no_row() {
    for (width, height) in [(120, 36), (80, 24), (60, 15)] {
        let mut screen = Start::of("hostile").size(width, height).loaded().await.keys("w<enter>]").await;
        for _ in 0..12 {
            screen = screen.keys("2j3").await;
            let text = screen.text();
            assert_eq!(text.lines().count(), usize::from(height));
            let foreign = |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
            assert!(!text.contains(foreign), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_coverage_panel_at_every_size() {
    for (width, height) in [(120, 36), (80, 24), (60, 15)] {
        let settings = Settings { in_flight: 1, ..Settings::default() };
        let screen = Start { settings, ..Start::of("small").size(width, height) }.loaded().await.keys("%").await;
        assert_screen!(format!("coverage_{width}x{height}"), screen);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_holds_calls_back_and_is_told_until_it_ends() {
    let gate = Gate::region("eu-frankfurt-1");
    let settings = Settings { in_flight: 1, ..Settings::default() };
    let screen = Start { gate: Some(gate.clone()), settings, ..Start::of("small") }.loaded().await.keys("P").await;
    assert!(screen.line("cover").contains("paused"));
    screen.fake.release(&gate);
    let mut screen = screen;
    while screen.fake.parked() > 0 {
        tokio::task::yield_now().await;
    }
    screen.settle().await;
    assert!(screen.line("fetching is paused").contains("P goes on"));
    let asked = screen.fake.requests().len();
    let screen = screen.keys("P").await;
    assert!(screen.fake.requests().len() > asked && !screen.text().contains("paused"));
    assert_eq!(screen.driver.app().facts().coverage.unfinished(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_over_halts_and_after_a_new_login_it_goes_on() {
    let (home, gate) = (tempfile::tempdir().unwrap(), Gate::region("eu-frankfurt-1"));
    let settings = Settings { in_flight: 1, ..Settings::default() };
    let session = Some(home.path().to_owned());
    let mut screen = Start { gate: Some(gate.clone()), settings, session, ..Start::of("small") }.loaded().await;
    screen.fake.revoke_tokens();
    screen.fake.release(&gate);
    while screen.fake.parked() > 0 {
        tokio::task::yield_now().await;
    }
    screen.settle().await;
    assert!(screen.driver.app().is_halted(), "{}", screen.text());
    assert!(screen.text().contains("Oracle refused the session token"), "{}", screen.text());
    assert!(screen.driver.app().facts().coverage.unfinished() > 0);
    std::fs::write(home.path().join("token"), screen.fake.new_session(1_800)).unwrap();
    let screen = screen.keys("R").await;
    assert!(!screen.driver.app().is_halted(), "{}", screen.text());
    assert_eq!(screen.driver.app().facts().coverage.unfinished(), 0);
}

/// One that can be renewed is, and nobody who looks at the screen has to know.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_can_be_renewed_halts_nothing() {
    let home = tempfile::tempdir().unwrap();
    let settings = Settings { in_flight: 1, ..Settings::default() };
    let session = Some(home.path().to_owned());
    let more = Some("[tokens]\ncalls = 9");
    let screen = Start { settings, session, more, ..Start::of("small") }.loaded().await;
    let renewed = screen.fake.requests().iter().filter(|request| request.operation == "RefreshSession").count();
    assert!(renewed >= 2 && !screen.driver.app().is_halted(), "{renewed}: {}", screen.text());
    assert_eq!(screen.driver.app().facts().coverage.unfinished(), 0);
    let by_key = Start::of("small").loaded().await;
    let events = |screen: &Screen| screen.driver.app().view().unwrap().matched();
    assert_eq!(events(&screen), events(&by_key), "as many as with a key that does not end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_row_is_asked_again_and_the_report_is_copied() {
    let screen = Start::of("small").loaded().await.keys("%").await;
    let asked = screen.fake.requests().len();
    let screen = screen.keys("gr").await;
    assert!(screen.fake.requests().len() > asked, "{}", screen.text());
    let screen = screen.keys("y").await;
    assert!(screen.text().contains("copied the coverage report"), "{}", screen.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ascii_is_ascii() {
    let screen = Start { glyphs: Glyphs::Ascii, ..Start::of("small") }.loaded().await;
    assert!(screen.text().is_ascii(), "{}", screen.text());
    assert_screen!("ascii", screen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facets_and_pivots_lead_to_as_many_events_as_they_say() {
    let screen = Start::of("small").loaded().await.keys("wf").await;
    assert_screen!("facets", screen);
    let facets = screen.driver.app().facets();
    let counted: u64 = (0..facets.rows()).filter_map(|place| facets.row(place)).map(|row| row.count).sum();
    assert_eq!(counted, screen.driver.app().view().unwrap().matched() as u64);
    let wanted = facets.row(0).unwrap().count;
    let screen = screen.keys("<enter><enter>").await;
    assert_eq!(screen.driver.app().view().unwrap().matched() as u64, wanted);
    let screen = screen.keys("p").await;
    assert_screen!("pivot", screen);
    let lines = screen.driver.app().pivot().unwrap().lines();
    let events = lines.iter().find(|line| line.same == Same::Ip).and_then(|line| line.count).unwrap().events;
    let screen = screen.keys("i").await;
    assert_eq!(screen.driver.app().view().unwrap().matched() as u64, events);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facets_grow_with_what_arrives() {
    let gate = Gate::region("eu-frankfurt-1");
    let screen = Start { gate: Some(gate.clone()), ..Start::of("small") }.loaded().await;
    let mut screen = screen.keys("wfadata.request.action<enter>").await;
    let counted = |screen: &Screen| screen.driver.app().facets().values().unwrap().progress;
    let (before, of) = counted(&screen);
    assert!(before == of && screen.text().contains('≥'), "{}", screen.text());
    screen.fake.release(&gate);
    while screen.fake.parked() > 0 {
        tokio::task::yield_now().await;
    }
    screen.settle().await;
    let (after, of) = counted(&screen);
    assert!(after > before && after == of);
    assert_eq!(of, screen.driver.app().view().unwrap().matched() as u64);
}
