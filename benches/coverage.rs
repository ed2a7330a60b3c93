//! What a large tenancy costs: 40 regions of 500 compartments against 20 of 25.

use std::io::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use auditui::app::App;
use auditui::app::effect::{Effect, SelectRequest};
use auditui::app::facts::Facts;
use auditui::app::key::KeyPress;
use auditui::app::message::Message;
use auditui::app::view::View;
use auditui::domain::compartment::{Compartment, CompartmentTree, Lifecycle};
use auditui::domain::ledger::{CellKey, CellUpdate, Change, Ledger};
use auditui::domain::problem::{Problem, ProblemKind};
use auditui::domain::region::{Region, SubscriptionStatus};
use auditui::domain::tenancy::Tenancy;
use auditui::index::IndexBuilder;
use auditui::query::{Cancel, Selection, select};
use auditui::ui::{self, Theme};
use chrono::TimeDelta;
use divan::Bencher;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::frame::setup;
use crate::synthetic::compartment;
use crate::timing::median;

/// Regions and compartments.
const SIZES: [(usize, usize); 2] = [(20, 25), (40, 500)];
/// How much longer a frame may take with forty times the cells. What is in sight is the same.
const LONGER: f64 = 2.0;
/// How much more a cell may cost among forty times as many: trees grow deeper, caches do not.
const DEARER: f64 = 4.0;
const ROUNDS: usize = 41;

struct Stage {
    app: App,
    asked: SelectRequest,
    ledger: Arc<Ledger>,
    totals: Arc<Selection>,
    terminal: Terminal<TestBackend>,
    theme: Theme,
}

impl Stage {
    fn of((regions, compartments): (usize, usize)) -> Self {
        let (mut app, _) = App::new(setup());
        let mut effects = app.update(Message::TenancyKnown(Box::new(tenancy(regions, compartments))));
        let mut stage_terminal = Terminal::new(TestBackend::new(200, 50)).expect("a screen");
        let theme = Theme::dark();
        effects.extend(draw(&mut app, &theme, &mut stage_terminal));
        let asked = effects.into_iter().rev().find_map(|effect| match effect {
            Effect::Select(request) => Some(request),
            _ => None,
        });
        let asked = asked.expect("a question");
        let snapshot = IndexBuilder::default().snapshot();
        let totals = select(&snapshot, &asked.totals, asked.order, None, &Cancel::new()).expect("nobody cancels");
        let ledger = Arc::new(ledger(regions, compartments));
        let mut stage = Self { app, asked, ledger, totals: Arc::new(totals), terminal: stage_terminal, theme };
        let view = stage.view();
        stage.app.update(Message::View(Arc::new(view)));
        stage.app.update(Message::Key(KeyPress::char('%')));
        stage.draw();
        stage
    }

    fn facts(&self) -> Facts {
        Facts::new(&self.ledger, &self.totals, &self.asked.about)
    }

    fn view(&self) -> View {
        View {
            generation: self.asked.generation,
            snapshot: Arc::clone(self.totals.snapshot()),
            selection: Arc::clone(&self.totals),
            totals: Arc::clone(&self.totals),
            histogram: self.totals.histogram(self.asked.about.range, self.asked.about.columns),
            ledger: Arc::clone(&self.ledger),
            facts: Arc::new(self.facts()),
            why: None,
            elapsed: Duration::ZERO,
        }
    }

    fn draw(&mut self) {
        draw(&mut self.app, &self.theme, &mut self.terminal);
    }

    /// A key in the panel, and the frame that shows it.
    fn press(&mut self, key: char) {
        self.app.update(Message::Key(KeyPress::char(key)));
        self.draw();
    }
}

fn draw(app: &mut App, theme: &Theme, terminal: &mut Terminal<TestBackend>) -> Vec<Effect> {
    let mut geometry = None;
    terminal.draw(|frame| geometry = Some(ui::draw(app, theme, frame))).expect("a frame");
    app.update(Message::Drawn(geometry.expect("a geometry")))
}

/// Fails when a frame of the panel depends on how many cells there are, or the facts grow faster than they do.
pub fn assert_scales_with_cells(out: &mut impl Write) -> std::io::Result<()> {
    let [few, many] = SIZES.map(|(regions, compartments)| regions * compartments);
    let mut stages = SIZES.map(Stage::of);
    let [a, b] =
        stages.each_mut().map(|stage| median(ROUNDS, |round| stage.press(if round % 2 == 0 { 'j' } else { 'k' })));
    let ratio = b.as_secs_f64() / a.as_secs_f64();
    writeln!(
        out,
        "key to frame of the coverage panel, 200x50: {a:.1?} of {few} cells, {b:.1?} of {many}: x{ratio:.2}"
    )?;
    assert!(ratio < LONGER, "a frame takes x{ratio:.2} as long with {many} cells as with {few}");
    let [a, b] = stages.each_ref().map(|stage| median(ROUNDS, |_| drop(divan::black_box(stage.facts()))));
    let dearer = b.as_secs_f64() / a.as_secs_f64() * few as f64 / many as f64;
    writeln!(out, "facts: {a:.1?} of {few} cells, {b:.1?} of {many}: a cell costs x{dearer:.2}")?;
    assert!(dearer < DEARER, "a cell costs x{dearer:.2} as much among {many} as among {few}");
    Ok(())
}

#[divan::bench(args = SIZES)]
fn facts(bencher: Bencher<'_, '_>, size: (usize, usize)) {
    let stage = Stage::of(size);
    bencher.bench_local(|| stage.facts());
}

#[divan::bench(args = SIZES)]
fn panel_frame(bencher: Bencher<'_, '_>, size: (usize, usize)) {
    let mut stage = Stage::of(size);
    bencher.bench_local(|| stage.press('j'));
}

/// What the index does for each publication: a ledger that is shared takes one update.
#[divan::bench(args = SIZES)]
fn ledger_shared_and_changed(bencher: Bencher<'_, '_>, size: (usize, usize)) {
    let mut ledger = ledger(size.0, size.1);
    let keys: Vec<CellKey> = ledger.cells().map(|cell| cell.key.clone()).collect();
    let mut number = 0;
    bencher.bench_local(|| {
        let published = ledger.clone();
        number = (number + 7_919) % keys.len();
        ledger.apply(CellUpdate { key: keys[number].clone(), change: Change::Started });
        published
    });
}

fn tenancy(regions: usize, compartments: usize) -> Tenancy {
    let region = |number: usize| Region {
        id: format!("region-{number:02}").as_str().into(),
        key: format!("r{number:02}"),
        status: SubscriptionStatus::Ready,
        home: number == 0,
    };
    let root = Compartment {
        id: "ocid1.tenancy.oc1..aaaa".into(),
        parent: None,
        name: "bench".into(),
        lifecycle: Lifecycle::Active,
    };
    let below = (1..compartments).map(|number| Compartment {
        id: compartment(number).as_str().into(),
        parent: Some(root.id.clone()),
        name: format!("team-{number:03}"),
        lifecycle: Lifecycle::Active,
    });
    Tenancy {
        id: root.id.clone(),
        name: Some("bench".into()),
        regions: (0..regions).map(region).collect(),
        tree: CompartmentTree::new(root.clone(), below.collect()),
        partial: None,
    }
}

/// One cell in a hundred failed, one in three is complete, the rest waits.
fn ledger(regions: usize, compartments: usize) -> Ledger {
    static PROBLEM: OnceLock<Arc<Problem>> = OnceLock::new();
    let problem = PROBLEM.get_or_init(|| Arc::new(Problem::new(ProblemKind::Service, "503 ServiceUnavailable")));
    let tenancy = tenancy(regions, compartments);
    let window = setup().range.fetch_window(TimeDelta::minutes(30));
    let mut ledger = Ledger::new(TimeDelta::minutes(15));
    let places = tenancy.regions.iter().flat_map(|region| {
        tenancy.tree.compartments().map(move |compartment| (region.id.clone(), compartment.id.clone()))
    });
    for (number, (region, compartment)) in places.enumerate() {
        let change = match number % 100 {
            0 => Change::Failed(Arc::clone(problem)),
            1..=33 => Change::Complete { at: setup().now },
            _ => Change::Queued,
        };
        ledger.apply(CellUpdate { key: CellKey { region, compartment, window }, change });
    }
    ledger
}
