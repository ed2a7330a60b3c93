//! Files in place of a tenancy: the places and the span of time grow while they are read, and there is nobody to ask.

use std::sync::Arc;

use crate::domain::problem::Problem;
use crate::domain::scope::Scope;
use crate::domain::tenancy::Tenancy;
use crate::domain::time_range::TimeRange;

use super::App;
use super::effect::Effect;
use super::included::Included;

/// What was read of the files so far.
#[derive(Clone, Debug)]
pub struct Loading {
    /// Made of what the events say.
    pub tenancy: Tenancy,
    /// From the first event to the last one.
    pub span: Option<TimeRange>,
    /// Of the files as they are, packed or not; how many in all where that is known.
    pub read: u64,
    pub total: Option<u64>,
    /// Once everything is read.
    pub end: Option<End>,
}

/// What may be said when everything is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// How much of what there was the files hold, in two words.
    pub coverage: &'static str,
    /// Everything that is in the files was read.
    pub whole: bool,
    /// What could not be read, and what is known to be missing.
    pub problems: Vec<String>,
}

/// How the machine looks at files.
#[derive(Debug)]
pub struct FilesSeen {
    read: u64,
    total: Option<u64>,
    end: Option<End>,
    span: Option<TimeRange>,
    /// The range is all that there is, and grows with it.
    all_times: bool,
    /// Something has grown since the view was asked for.
    stale: bool,
}

impl FilesSeen {
    /// `all_times`: no range was asked for.
    pub fn new(all_times: bool) -> Self {
        Self { read: 0, total: None, end: None, span: None, all_times, stale: false }
    }

    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    pub fn read(&self) -> u64 {
        self.read
    }

    /// How much was read, where it is known of how much; 100 only in the end.
    pub fn percent(&self) -> Option<u64> {
        let total = self.total.filter(|total| *total > 0)?;
        Some((self.read.saturating_mul(100) / total).min(99))
    }

    /// Whether everything in the files is held.
    pub fn is_whole(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.whole)
    }

    /// Whether events of all times are shown, those without a time too.
    pub fn all_times(&self) -> bool {
        self.all_times
    }

    /// From the first event to the last.
    pub(super) fn span(&self) -> Option<TimeRange> {
        self.span
    }

    pub(super) fn set_all_times(&mut self, all_times: bool) {
        self.all_times = all_times;
    }
}

impl App {
    /// `None` where events come from a tenancy.
    pub fn files(&self) -> Option<&FilesSeen> {
        self.files.as_ref()
    }

    /// Whether the events of all times are shown, whatever the range: of files alone.
    pub(super) fn shows_all_times(&self) -> bool {
        self.files().is_some_and(FilesSeen::all_times)
    }

    pub(super) fn files_read(&mut self, loading: Loading) -> Vec<Effect> {
        let Loading { tenancy, span, read, total, end } = loading;
        let Some(files) = &mut self.files else { return Vec::new() };
        let ended = end.is_some();
        let grown = self.tenancy.as_deref() != Some(&tenancy) || files.span != span;
        (files.read, files.total, files.end, files.span) = (read, total, end, span);
        if let Some(span) = span.filter(|_| files.all_times) {
            self.range = span;
            self.window = span.fetch_window(self.setup.padding);
        }
        if let Some(problem) = files.end.as_ref().and_then(|end| end.problems.first()) {
            let count = files.end.as_ref().map_or(0, |end| end.problems.len());
            let more = if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
            self.notices.files = Some(format!("{problem}{more}"));
        }
        let answered = self.is_current();
        let first = self.tenancy.is_none();
        if grown {
            self.places_grown(tenancy);
        }
        let Some(files) = &mut self.files else { return Vec::new() };
        files.stale |= grown || ended;
        // A question before the answer to the last one would take that away, and there may be no end of them.
        if files.stale && (first || answered || ended) {
            files.stale = false;
            return self.select().into_iter().collect();
        }
        Vec::new()
    }

    /// What narrows the events to range and scope. Of files, what is all of it narrows nothing: questions stay the same
    /// while they are read, and events without a time are shown.
    pub(super) fn narrowing(&self, scope: Scope) -> (Option<TimeRange>, Option<Scope>) {
        let everything = self.tenancy().is_some_and(|tenancy| self.included.is_everything(tenancy));
        let all_places = self.files.is_some() && everything;
        (Some(self.range).filter(|_| !self.shows_all_times()), Some(scope).filter(|_| !all_places))
    }

    /// What has grown since the view was asked for is asked for now.
    pub(super) fn catch_up(&mut self) -> Vec<Effect> {
        let stale = self.files.as_mut().is_some_and(|files| std::mem::take(&mut files.stale));
        if stale { self.select().into_iter().collect() } else { Vec::new() }
    }

    /// New places are included where all were, and the cursor stays on its place.
    fn places_grown(&mut self, tenancy: Tenancy) {
        match self.tenancy.take() {
            None => {
                self.included = Included::everything(&tenancy);
                self.tree.open(&tenancy);
            }
            Some(before) => {
                self.included.grow(&before, &tenancy);
                self.tree.follow(&before, &tenancy);
            }
        }
        self.tenancy = Some(Arc::new(tenancy));
    }

    /// All places, and all times.
    pub(super) fn all_of_files(&mut self) {
        if let Some(files) = &mut self.files {
            files.all_times = true;
            if let Some(span) = files.span {
                self.range = span;
                self.window = span.fetch_window(self.setup.padding);
            }
        }
    }

    /// Says why a key does nothing; `true` where it does not.
    pub(super) fn refuses(&mut self, what: &str) -> bool {
        if self.files.is_some() {
            let problem = Problem::usage("these events come from files").hint(what);
            self.tell(problem);
        }
        self.files.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Pane;
    use crate::app::action::Action;
    use crate::app::message::Message;
    use crate::app::panes::tree::{TreePane, TreeRow};
    use crate::app::setup::{FilesSetup, Setup};
    use crate::app::testing::{setup, tenancy};
    use crate::domain::compartment::CompartmentTree;
    use crate::query::Term;

    /// The tenancy with its first so many compartments and regions.
    fn part(compartments: usize, regions: usize) -> Tenancy {
        let whole = tenancy();
        let root = whole.tree.get(whole.tree.root()).clone();
        let below = whole.tree.compartments().skip(1).take(compartments).cloned().collect();
        let regions = whole.regions.iter().rev().take(regions).rev().cloned().collect();
        Tenancy { regions, tree: CompartmentTree::new(root, below), ..whole }
    }

    fn loading(tenancy: Tenancy, end: bool) -> Message {
        let end = end.then(|| End { coverage: "coverage unknown", whole: true, problems: Vec::new() });
        Message::Loaded(Box::new(Loading { tenancy, span: Some(setup().range), read: 50, total: Some(50), end }))
    }

    fn app() -> App {
        let files = FilesSetup { name: "day.jsonl".into(), paths: vec!["day.jsonl".into()], all_times: true };
        App::new(Setup { files: Some(files), ..setup() }).0
    }

    fn selects(effects: &[Effect]) -> usize {
        assert!(effects.iter().all(|effect| matches!(effect, Effect::Select(_))), "nobody can be asked: {effects:?}");
        effects.len()
    }

    #[test]
    fn a_question_is_not_asked_again_before_it_is_answered_but_for_the_end() {
        let mut app = app();
        let asked: Vec<usize> = [(1, false), (2, false), (3, false), (3, true)]
            .into_iter()
            .map(|(compartments, end)| selects(&app.update(loading(part(compartments, 1), end))))
            .collect();
        assert_eq!(asked, [1, 0, 0, 1]);
        assert_eq!((app.included().compartment_count(), app.files().unwrap().percent()), (4, Some(99)));
    }

    #[test]
    fn all_of_files_narrows_nothing_and_a_part_of_it_does() {
        let mut app = app();
        app.update(loading(part(2, 2), false));
        let narrows = |app: &mut App| {
            let Some(Effect::Select(request)) = app.select() else { panic!("nothing asked") };
            let has = |term: fn(&Term) -> bool| {
                request.query.conjuncts().iter().any(|c| matches!(c, crate::query::Expr::Term(t) if term(t)))
            };
            (has(|term| matches!(term, Term::Time(_))), has(|term| matches!(term, Term::Queried(_))))
        };
        assert_eq!(narrows(&mut app), (false, false));
        let root = tenancy().tree.get(tenancy().tree.root()).id.clone();
        let first = app.tenancy().unwrap().tree.nodes().nth(1).unwrap();
        let tree = app.tenancy().unwrap().tree.clone();
        app.included.only_subtree(&tree, first);
        app.update(loading(part(5, 3), false));
        assert!(!app.included().has_compartment(&root), "what was narrowed stays so");
        assert_eq!(app.included().region_count(), 3, "where all regions were in, all are");
        assert_eq!(narrows(&mut app), (false, true));
        app.files.as_mut().unwrap().set_all_times(false);
        assert_eq!(narrows(&mut app), (true, true));
        app.focus = Pane::List;
        app.update(Message::Key("0".parse().unwrap()));
        assert_eq!(narrows(&mut app), (false, false));
    }

    #[test]
    fn going_back_to_everything_is_everything_there_is_by_now() {
        let mut app = app();
        app.update(loading(part(2, 1), false));
        app.focus = Pane::List;
        app.update(Message::Key("!".parse().unwrap()));
        app.update(loading(part(8, 3), true));
        app.update(Message::Key("[".parse().unwrap()));
        assert!(!app.filters.failed && app.included.is_everything(app.tenancy().unwrap()));
    }

    #[test]
    fn the_cursor_stays_where_it_is_while_places_come() {
        let (before, after) = (part(2, 1), part(8, 3));
        let mut pane = TreePane::default();
        pane.resize(20, 3, Some(&before));
        let named = |pane: &TreePane, tenancy: &Tenancy| match pane.row(tenancy) {
            TreeRow::Compartment(node) => tenancy.tree.get(node).id.to_string(),
            TreeRow::Region(place) => tenancy.regions[place].id.to_string(),
        };
        let mut included = Included::everything(&before);
        for _ in 0..=3 {
            let here = named(&pane, &before);
            pane.follow(&before, &after);
            assert_eq!(named(&pane, &after), here);
            pane.follow(&after, &before);
            pane.act(Action::LineDown, &before, &mut included);
        }
    }
}
