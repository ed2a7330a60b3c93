//! From a key press to the frame that shows it, with few and with many events held.

use std::io::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use auditui::app::App;
use auditui::app::effect::{Effect, SelectRequest};
use auditui::app::event_detail::EventDetail;
use auditui::app::facts::Facts;
use auditui::app::key::{KeyCode, KeyPress};
use auditui::app::keymap::Keymap;
use auditui::app::message::Message;
use auditui::app::setup::{AccessFilter, Glyphs, Past, Setup};
use auditui::app::view::View;
use auditui::domain::compartment::{Compartment, CompartmentTree, Lifecycle};
use auditui::domain::ledger::Ledger;
use auditui::domain::region::{Region, SubscriptionStatus};
use auditui::domain::scope::ScopeRequest;
use auditui::domain::tenancy::Tenancy;
use auditui::domain::time_range::TimeRange;
use auditui::domain::zone::Zone;
use auditui::index::{IndexBuilder, Snapshot};
use auditui::query::{Cancel, select};
use auditui::ui::{self, Theme};
use chrono::{DateTime, TimeDelta};
use divan::Bencher;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region as Allocations};

use crate::synthetic::{PAGE, REGIONS, compartment, page};
use crate::timing::median;

const SIZES: [usize; 2] = [5_000, 200_000];
/// How much longer a frame may take with forty times the events. It is the same work; caches are not.
const LONGER: f64 = 1.5;
const ROWS: usize = 50;
const FRAMES: usize = 301;
/// Most allocations of a frame.
const ALLOCATIONS: usize = 1_000;

struct Screen {
    snapshot: Arc<Snapshot>,
    app: App,
    theme: Theme,
    terminal: Terminal<TestBackend>,
}

impl Screen {
    fn holding(events: usize) -> Self {
        let (mut app, _) = App::new(setup());
        let mut effects = app.update(Message::TenancyKnown(Box::new(tenancy())));
        let theme = Theme::dark();
        let mut terminal = Terminal::new(TestBackend::new(200, ROWS as u16)).expect("a screen");
        let mut geometry = None;
        terminal.draw(|frame| geometry = Some(ui::draw(&app, &theme, frame))).expect("a frame");
        effects.extend(app.update(Message::Drawn(geometry.expect("a geometry"))));
        effects.extend(app.update(Message::Key(KeyPress::char('w'))));
        let asked = effects.into_iter().rev().find_map(|effect| match effect {
            Effect::Select(request) => Some(request),
            _ => None,
        });
        let snapshot = snapshot(events);
        app.update(Message::View(Arc::new(view(&snapshot, &asked.expect("a question")))));
        let mut screen = Self { snapshot, app, theme, terminal };
        screen.press(KeyCode::Down);
        screen
    }

    /// What the driver does for a key: the machine, then a frame.
    fn press(&mut self, code: KeyCode) -> usize {
        let effects = self.app.update(Message::Key(KeyPress::plain(code)));
        self.draw();
        effects.len()
    }

    /// The event under the cursor is read.
    fn load(&mut self) {
        let key = self.app.list().key().expect("an event");
        let raw = self.snapshot.find(key).and_then(|row| self.snapshot.raw(row)).expect("its document");
        self.app.update(Message::EventLoaded(Box::new(EventDetail::parse(key, raw))));
    }

    fn draw(&mut self) {
        let (app, theme) = (&self.app, &self.theme);
        self.terminal
            .draw(|frame| {
                ui::draw(app, theme, frame);
            })
            .expect("a frame");
    }

    /// Allocations of a frame with everything in it: on average, and at most.
    fn allocations(&mut self) -> (usize, usize) {
        let counts: Vec<usize> = (0..FRAMES)
            .map(|number| {
                self.press(if number % 2 == 0 { KeyCode::PageDown } else { KeyCode::Up });
                self.load();
                let region = Allocations::new(&INSTRUMENTED_SYSTEM);
                self.draw();
                let change = region.change();
                change.allocations + change.reallocations
            })
            .collect();
        (counts.iter().sum::<usize>() / FRAMES, counts.into_iter().max().unwrap_or_default())
    }

    /// As with `3` and `]`.
    fn with_document(mut self) -> Self {
        for key in ['3', ']'] {
            self.app.update(Message::Key(KeyPress::char(key)));
        }
        self.app.update(Message::Key(KeyPress::char('2')));
        self
    }

    fn median(&mut self) -> Duration {
        median(FRAMES, |number| {
            self.press(if number % 2 == 0 { KeyCode::PageDown } else { KeyCode::Up });
        })
    }
}

/// Fails when a frame depends on how many events are held, or allocates too much.
pub fn assert_independent_of_events(out: &mut impl Write) -> std::io::Result<()> {
    assert_allocates_little("a frame with a summary", out, Screen::holding)?;
    assert_allocates_little("a frame with a document", out, |events| Screen::holding(events).with_document())?;
    let [few, many] = SIZES.map(|events| Screen::holding(events).median());
    let ratio = many.as_secs_f64() / few.as_secs_f64();
    writeln!(
        out,
        "key to frame, 200x50: {few:.1?} with {} events, {many:.1?} with {}: x{ratio:.2}",
        SIZES[0], SIZES[1]
    )?;
    assert!(ratio < LONGER, "a frame takes x{ratio:.2} as long with {} events as with {}", SIZES[1], SIZES[0]);
    Ok(())
}

fn assert_allocates_little(what: &str, out: &mut impl Write, screen: impl Fn(usize) -> Screen) -> std::io::Result<()> {
    let [(few, most_few), (many, most_many)] = SIZES.map(|events| screen(events).allocations());
    let most = most_few.max(most_many);
    writeln!(
        out,
        "{what}: {few} allocations with {} events, {many} with {}; {most} at most, limit {ALLOCATIONS}",
        SIZES[0], SIZES[1]
    )?;
    assert!(most <= ALLOCATIONS, "{what} makes {most} allocations");
    // Other rows are in sight: a compartment without events has no count, a short text need not be cut.
    assert!(few.abs_diff(many) < ROWS, "{what} makes {few} allocations with few events, {many} with many");
    Ok(())
}

#[divan::bench(args = SIZES)]
fn key_to_frame(bencher: Bencher<'_, '_>, events: usize) {
    let mut screen = Screen::holding(events);
    bencher.bench_local(|| screen.press(KeyCode::PageDown));
}

pub fn setup() -> Setup {
    let now = DateTime::from_timestamp(1_790_021_600, 0).expect("an instant");
    Setup {
        profile: "BENCH".into(),
        endpoint: None,
        demo: false,
        identity: Vec::new(),
        files: None,
        range: TimeRange::ending_at(now, TimeDelta::hours(6)),
        narrowed_by_default: false,
        scope: ScopeRequest::default(),
        access: AccessFilter::WritesAndSessions,
        own_reads: false,
        query: auditui::query::Query::everything(),
        views: Vec::new(),
        past: Past::default(),
        views_directory: None,
        zone: Zone::Utc,
        glyphs: Glyphs::Unicode,
        keymap: Arc::clone(Keymap::built_in()),
        configuration: None,
        padding: TimeDelta::minutes(30),
        max_memory: None,
        now,
    }
}

fn tenancy() -> Tenancy {
    let region = |id: &&str| Region {
        id: (*id).into(),
        key: id.chars().take(3).collect(),
        status: SubscriptionStatus::Ready,
        home: false,
    };
    let root = Compartment {
        id: "ocid1.tenancy.oc1..aaaa".into(),
        parent: None,
        name: "bench".into(),
        lifecycle: Lifecycle::Active,
    };
    let below = (0..40).map(|number| Compartment {
        id: compartment(number).as_str().into(),
        parent: Some(root.id.clone()),
        name: format!("team-{number:02}"),
        lifecycle: Lifecycle::Active,
    });
    Tenancy {
        id: root.id.clone(),
        name: Some("bench".into()),
        regions: REGIONS.iter().map(region).collect(),
        tree: CompartmentTree::new(root.clone(), below.collect()),
        partial: None,
    }
}

fn snapshot(events: usize) -> Arc<Snapshot> {
    static BUILT: [OnceLock<Arc<Snapshot>>; 2] = [OnceLock::new(), OnceLock::new()];
    let built = &BUILT[usize::from(events != SIZES[0])];
    Arc::clone(built.get_or_init(|| {
        let mut builder = IndexBuilder::default();
        (0..events / PAGE).for_each(|number| {
            builder.insert_page(&page(number));
        });
        builder.snapshot()
    }))
}

fn view(snapshot: &Arc<Snapshot>, asked: &SelectRequest) -> View {
    let found = |query| {
        let selection = select(snapshot, query, asked.order, None, &Cancel::new());
        Arc::new(selection.expect("nobody cancels"))
    };
    let (selection, totals) = (found(&asked.query), found(&asked.totals));
    let ledger = Arc::new(Ledger::new(TimeDelta::minutes(15)));
    View {
        generation: asked.generation,
        snapshot: Arc::clone(snapshot),
        histogram: selection.histogram(asked.about.range, asked.about.columns),
        facts: Arc::new(Facts::new(&ledger, &totals, &asked.about)),
        totals,
        selection,
        ledger,
        why: None,
        elapsed: Duration::ZERO,
    }
}
