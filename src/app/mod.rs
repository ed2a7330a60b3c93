//! What happens next: the pure machine. [`App::update`] takes a [`Message`] and answers with [`Effect`]s as data; it
//! never waits, never reads a clock and never fails.
//!
//! ```text
//!   keys, answers, time ──► update ──► effects ──► the driver performs them ──► answers …
//!                             └─► panes (each its own state) + overlay + facts ──► ui draws them
//! ```

pub mod action;
pub mod around;
mod asking;
pub mod brush;
mod bursts;
pub mod calendar;
pub mod column_chooser;
pub mod columns;
mod commands;
mod completing;
pub mod copy_menu;
mod copying;
mod counting;
pub mod coverage;
pub mod effect;
mod event_copies;
pub mod event_detail;
pub mod exporting;
pub mod facets;
pub mod facts;
pub mod files;
pub mod filters;
pub mod geometry;
pub mod help;
pub mod highlight;
pub mod hints;
pub mod history;
pub mod included;
pub mod json;
pub mod key;
pub mod keymap;
pub mod line;
mod logging_search;
pub mod look;
mod memory;
pub mod message;
pub mod mouse;
pub mod notices;
pub mod overlay;
pub mod palette;
pub mod panes;
mod permalink;
pub mod pivot;
mod printing;
pub mod prompt;
mod reading;
pub mod rebind;
pub mod recent;
pub mod redact;
pub mod saved;
pub mod setup;
mod shell;
mod sorting;
pub mod summary;
pub mod time_popup;
mod under_way;
pub mod values;
pub mod view;
pub mod viewport;
pub mod views;
pub mod watch;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::ocid::Ocid;
use crate::domain::problem::Problem;
use crate::domain::tenancy::Tenancy;
use crate::domain::time_range::{FetchWindow, TimeRange};
use crate::domain::traffic::Traffic;
use crate::query::{Order, ValueList};

use action::Action;
use around::Around;
use brush::Brush;
use counting::Count;
use coverage::CoveragePanel;
use effect::{Effect, FetchRequest, ListName, SelectRequest};
use event_detail::EventDetail;
use facets::Facets;
use facts::{About, Facts, OfFiles};
use files::FilesSeen;
use filters::Filters;
use geometry::Geometry;
use highlight::Highlight;
use history::{History, Place};
use included::{Included, with_unlisted};
use keymap::Keymap;
use look::Look;
use message::Message;
use notices::Notices;
use overlay::Overlay;
use panes::detail::DetailPane;
use panes::list::ListPane;
use panes::tree::TreePane;
use pivot::Pivot;
use prompt::Prompt;
use recent::Recent;
use setup::{Clock, Setup};
use time_popup::RecentRanges;
use view::View;
use watch::Watch;

/// The whole state of the explorer. Panes own theirs; here is what they share.
#[derive(Debug)]
pub struct App {
    setup: Setup,
    now: DateTime<Utc>,
    clock: Clock,
    tenancy: Option<Arc<Tenancy>>,
    files: Option<FilesSeen>,
    included: Included,
    /// The scopes that were asked for in this range; what lies in one of them is held or on its way.
    asked: Vec<Included>,
    range: TimeRange,
    ranges: RecentRanges,
    /// The processed minutes in which the range was asked for, at the time of asking.
    window: FetchWindow,
    filters: Filters,
    /// Of the last `Select`.
    generation: u64,
    /// Of the last `Select` that changed scope or range: views before it count something else.
    counted_since: u64,
    view: Option<Arc<View>>,
    /// Of the view; of nothing once the scope or range are others.
    facts: Arc<Facts>,
    focus: Pane,
    tree: TreePane,
    list: ListPane,
    detail: DetailPane,
    brush: Option<Brush>,
    around: Option<Around>,
    highlight: Option<Highlight>,
    count: Option<Count>,
    mouse: bool,
    order: Order,
    prompt: Option<Prompt>,
    /// Where the user was before the prompt was opened.
    before_prompt: Option<Place>,
    history: History,
    recent: Recent,
    /// What was run by its name.
    commands: Recent,
    /// The values of the files that the query line names, or why there are none.
    lists: HashMap<ListName, Result<ValueList, String>>,
    overlay: Option<Overlay>,
    notices: Notices,
    panel: CoveragePanel,
    facets: Facets,
    /// While it is open.
    pivot: Option<Pivot>,
    /// Of the last `Count`.
    counting: u64,
    traffic: Arc<Traffic>,
    watch: Watch,
    look: Look,
    geometry: Geometry,
    quits: bool,
    /// Nothing was pressed yet, and there is something to try.
    greets: bool,
}

/// Which pane has the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pane {
    Tree,
    #[default]
    List,
    Detail,
}

impl App {
    pub fn new(setup: Setup) -> (Self, Vec<Effect>) {
        let app = Self {
            now: setup.now,
            clock: Clock::Wall(setup.zone),
            tenancy: None,
            files: setup.files.as_ref().map(|files| FilesSeen::new(files.all_times)),
            included: Included::default(),
            asked: Vec::new(),
            range: setup.range,
            ranges: RecentRanges::default(),
            window: setup.range.fetch_window(setup.padding).passed(setup.now),
            filters: Filters::new(setup.access, setup.query.clone()).with_own(setup.own_reads),
            generation: 0,
            counted_since: 0,
            view: None,
            facts: Arc::default(),
            focus: Pane::default(),
            tree: TreePane::default(),
            list: ListPane::default(),
            detail: DetailPane::default(),
            brush: None,
            around: None,
            highlight: None,
            count: None,
            mouse: false,
            order: Order::default(),
            prompt: None,
            before_prompt: None,
            history: History::default(),
            recent: setup.past.queries.iter().cloned().collect(),
            commands: Recent::default(),
            lists: HashMap::new(),
            overlay: None,
            notices: Notices { configuration: setup.configuration.clone(), ..Notices::default() },
            panel: CoveragePanel::default(),
            facets: Facets::default(),
            pivot: None,
            counting: 0,
            traffic: Arc::default(),
            watch: Watch::new(setup.now),
            look: Look::default(),
            geometry: Geometry::default(),
            quits: false,
            greets: setup.demo,
            setup,
        };
        (app, vec![Effect::Discover])
    }

    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Key(key) => self.press(key),
            Message::Mouse(mouse) => self.mouse(mouse),
            Message::Paste(text) => self.paste(&text),
            Message::Drawn(geometry) => self.drawn(geometry),
            Message::Clock(now) => self.tick(now),
            Message::TenancyKnown(tenancy) => self.tenancy_known(*tenancy),
            Message::Loaded(loading) => self.files_read(*loading),
            Message::TenancyFailed(problem) => self.note(|notices| notices.undiscovered = Some(problem)),
            Message::View(view) => self.view_made(view),
            Message::EventLoaded(detail) => self.event_loaded(detail),
            Message::FacetsCounted(answer) => self.facets_counted(answer),
            Message::ValuesFound(found) => self.values_found(found),
            Message::PivotCounted(answer) => self.pivot_counted(&answer),
            Message::ListRead { list, values } => self.list_read(list, values),
            Message::ViewSaved { view, path } => self.view_saved(view, &path),
            Message::Exporting(how) => self.exporting(how),
            Message::Copied(report) => self.note(|notices| notices.copied(&report)),
            Message::CopyFailed(problem) | Message::Note(problem) => self.tell(problem),
            Message::Configuration { keymap, problem } => self.configured(keymap, problem),
            Message::FetchHalted(problem) => self.note(|notices| notices.halted = Some(problem)),
            Message::FetchResumed => self.note(|notices| notices.halted = None),
            Message::Traffic(traffic) => {
                self.notices.paused = traffic.paused;
                self.traffic = traffic;
                Vec::new()
            }
            Message::SlowedDown(regions) => self.note(|notices| notices.slowed = regions),
        }
    }

    fn note(&mut self, change: impl FnOnce(&mut Notices)) -> Vec<Effect> {
        change(&mut self.notices);
        Vec::new()
    }

    fn configured(&mut self, keymap: Option<Arc<Keymap>>, problem: Option<Problem>) -> Vec<Effect> {
        if let Some(keymap) = keymap {
            if let Some(Overlay::Help(help)) = &mut self.overlay {
                help.keymap = Arc::clone(&keymap);
            }
            self.setup.keymap = keymap;
        }
        self.note(|notices| notices.configuration = problem)
    }

    fn drawn(&mut self, geometry: Geometry) -> Vec<Effect> {
        let buckets = geometry.buckets != self.geometry.buckets;
        self.geometry = geometry;
        self.tree.resize(geometry.tree_rows, geometry.region_rows, self.tenancy.as_deref());
        self.list.resize(geometry.list_rows, geometry.list_columns, self.view.as_deref());
        self.detail.resize(geometry.detail_rows);
        match &mut self.overlay {
            Some(Overlay::Help(help)) => help.resize(geometry.overlay_rows),
            Some(Overlay::Palette(palette)) => palette.resize(geometry.overlay_rows),
            Some(Overlay::Columns(chooser)) => chooser.resize(geometry.overlay_rows),
            _ => {}
        }
        self.facets.resize(geometry.overlay_rows);
        if let Some(pivot) = &mut self.pivot {
            pivot.resize(geometry.overlay_rows);
        }
        self.panel.resize(geometry.overlay_rows, geometry.overlay_columns, &self.facts);
        if buckets { self.select().into_iter().collect() } else { Vec::new() }
    }

    fn tenancy_known(&mut self, tenancy: Tenancy) -> Vec<Effect> {
        self.notices.undiscovered = None;
        let scope = match self.setup.scope.resolve(&tenancy) {
            Ok(scope) => scope,
            // Nothing is looked at rather than something else than was asked for; one key takes everything.
            Err(problem) => {
                self.notices.scope =
                    Some(Problem { hint: format!("{} looks at everything", self.key(Action::ScopeAll)), ..problem });
                crate::domain::scope::Scope::default()
            }
        };
        let tenancy = with_unlisted(tenancy, &scope);
        self.included = Included::new(scope);
        self.tree.open(&tenancy);
        self.tenancy = Some(Arc::new(tenancy));
        self.range_changed()
    }

    fn view_made(&mut self, view: Arc<View>) -> Vec<Effect> {
        if view.generation != self.generation {
            return Vec::new();
        }
        let view = view.after(self.view.as_deref());
        self.list.follow(&view);
        self.facts = Arc::clone(&view.facts);
        self.panel.follow(&self.facts);
        self.watch_memory();
        self.view = Some(view);
        let mut effects = self.look_at_event();
        effects.extend(self.catch_up());
        effects.extend(self.recount_facets());
        effects.extend(self.recount_pivot());
        effects
    }

    fn event_loaded(&mut self, detail: Box<EventDetail>) -> Vec<Effect> {
        if self.list.key() == Some(detail.key) {
            let place = self.place_of_event();
            self.detail.show(detail, &place);
            return self.pivot_event_known();
        }
        Vec::new()
    }

    /// Asks for the event under the cursor, unless the detail shows it already.
    fn look_at_event(&mut self) -> Vec<Effect> {
        let Some(key) = self.list.key() else {
            self.detail.forget();
            return Vec::new();
        };
        if self.detail.wants(key) { vec![Effect::LoadEvent(key)] } else { Vec::new() }
    }

    /// Where the event under the cursor was found, in words.
    fn place_of_event(&self) -> String {
        let Some(row) = self.event_row() else { return String::new() };
        let path = self
            .tenancy
            .as_ref()
            .and_then(|tenancy| tenancy.tree.find(&row.queried_compartment()).map(|node| tenancy.tree.path(node)));
        let region = if row.region().is_empty() { "unknown region" } else { row.region() };
        format!("{} @ {region}", path.unwrap_or_else(|| row.queried_compartment().short()))
    }

    fn range_changed(&mut self) -> Vec<Effect> {
        self.asked.clear();
        self.renew_window();
        self.scope_changed()
    }

    /// The end of the range has moved on: what was counted still counts, and what is new is asked for.
    fn range_moved(&mut self) -> Vec<Effect> {
        self.renew_window();
        let mut effects: Vec<Effect> = self.select().into_iter().collect();
        effects.extend(self.fetch_ahead());
        effects
    }

    fn renew_window(&mut self) {
        self.window = self.range.fetch_window(self.setup.padding).passed(self.now);
    }

    /// Scope or range are others now: counts begin anew, and what was not asked for yet is fetched.
    fn scope_changed(&mut self) -> Vec<Effect> {
        let select = self.select();
        self.counted_since = self.generation;
        self.facts = Arc::default();
        let mut effects: Vec<Effect> = select.into_iter().collect();
        effects.extend(self.fetch());
        effects.extend(self.look_first());
        effects
    }

    /// What is looked at is asked first, where something waits and not all is looked at.
    fn look_first(&self) -> Option<Effect> {
        let tenancy = self.tenancy.as_ref().filter(|_| self.files.is_none())?;
        let waits = self.view.as_ref().is_some_and(|view| view.ledger.total().unfinished() > 0);
        let scope = self.included.scope(tenancy);
        (waits && !self.included.is_everything(tenancy)).then_some(Effect::Prefer(scope))
    }

    fn fetch(&mut self) -> Option<Effect> {
        let tenancy = self.tenancy.as_ref().filter(|_| self.files.is_none())?;
        let scope = self.included.scope(tenancy);
        let nothing = scope.regions.is_empty() || scope.compartments.is_empty();
        if nothing || self.asked.iter().any(|asked| asked.holds(&self.included)) {
            return None;
        }
        self.asked.push(self.included.clone());
        Some(self.request(self.range))
    }

    /// While following, whole hours are asked for at once, so that few windows come of it: of them, each call asks what
    /// has passed.
    fn fetch_ahead(&self) -> Option<Effect> {
        let range = self.range.through_hour_of(self.range.end());
        self.was_asked().then(|| self.request(range))
    }

    /// Whether the scope was asked for in this range.
    fn was_asked(&self) -> bool {
        self.asked.iter().any(|asked| asked.holds(&self.included))
    }

    fn request(&self, range: TimeRange) -> Effect {
        let scope = self.tenancy.as_ref().map(|tenancy| self.included.scope(tenancy)).unwrap_or_default();
        let first = self.compartment_under_cursor().filter(|id| self.included.has_compartment(id));
        Effect::Fetch(FetchRequest { range, regions: scope.regions, compartments: scope.compartments, first })
    }

    fn compartment_under_cursor(&self) -> Option<Ocid> {
        let tenancy = self.tenancy.as_ref()?;
        match self.tree.row(tenancy) {
            panes::tree::TreeRow::Compartment(node) => Some(tenancy.tree.get(node).id.clone()),
            panes::tree::TreeRow::Region(_) => None,
        }
    }

    /// Asks for the rows that the filters leave.
    fn select(&mut self) -> Option<Effect> {
        let tenancy = Arc::clone(self.tenancy.as_ref()?);
        self.generation += 1;
        let scope = self.included.scope(&tenancy);
        let about = About {
            tenancy,
            included: self.included.clone(),
            range: self.range,
            window: self.window,
            padding: self.setup.padding,
            columns: usize::from(self.geometry.buckets),
            files: self.files.as_ref().map(|files| OfFiles { whole: files.is_whole() }),
        };
        let (range, scope) = self.narrowing(scope);
        Some(Effect::Select(SelectRequest {
            generation: self.generation,
            query: self.filters.question(range, scope.as_ref()),
            order: self.order,
            totals: filters::totals(range, scope.as_ref()),
            terms: self.filters.terms().cloned().collect(),
            about: Arc::new(about),
        }))
    }
}
