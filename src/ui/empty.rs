//! Why there are no rows. What is still being read, what failed and what may not be read are three things.

use ratatui::layout::Rect;

use crate::app::App;
use crate::app::action::Action;
use crate::app::facts::Facts;
use crate::app::files::FilesSeen;
use crate::app::keymap::Focus;
use crate::app::setup::AccessFilter;
use crate::app::view::View;
use crate::domain::ledger::Coverage;
use crate::domain::problem::Problem;
use crate::domain::text::count_of;
use crate::query::{Expr, WhyNone};

use super::header::{at_least, searched};
use super::pen::{Pen, row, skip};
use super::text::{cut, number, width, wrap};

/// Rows that one sentence may take.
const LONGEST: usize = 8;
/// Permissions that are named; the tree shows what else may not be read.
const NAMED: usize = 3;

/// In the middle of the area, the first line strong.
pub fn draw(pen: &mut Pen<'_>, area: Rect, words: &[String]) {
    let cells = usize::from(area.width.saturating_sub(4)).clamp(1, 84);
    let lines: Vec<(usize, String)> = words
        .iter()
        .enumerate()
        .flat_map(|(place, line)| wrap(line, cells, LONGEST).into_iter().map(move |line| (place, line)))
        .collect();
    let top = area.height.saturating_sub(lines.len() as u16) / 2;
    for (place, (sentence, line)) in lines.iter().enumerate() {
        let left = usize::from(area.width).saturating_sub(width(line)) / 2;
        let at = skip(row(area, top + place as u16), left as u16);
        pen.put(at, line, if *sentence == 0 { pen.theme.strong } else { pen.theme.text });
    }
}

/// Why there are no rows; nothing when there are.
pub fn explain(app: &App, pen: &Pen<'_>) -> Vec<String> {
    let Some(tenancy) = app.tenancy() else { return not_connected(app) };
    if app.files().is_some() && tenancy.regions.is_empty() {
        return not_connected(app);
    }
    if app.included().compartment_count() == 0 || app.included().region_count() == 0 {
        return vec!["Nothing is included.".to_owned(), included(app)];
    }
    let asking = match &app.setup().files {
        Some(files) => format!("Reading {}…", files.name),
        None => format!("Asking {} for events…", tenancy.display_name()),
    };
    let Some(view) = app.view() else { return vec![asking] };
    if view.matched() > 0 {
        return Vec::new();
    }
    if !app.is_current() || !app.totals_are_current() {
        return vec!["Looking…".to_owned()];
    }
    if let Some(percent) = searched(app) {
        return vec![format!("Searching the events themselves, the newest first: {percent} %.")];
    }
    if app.facts().total == 0 { nothing_there(app) } else { nothing_matches(app, view, pen) }
}

fn included(app: &App) -> String {
    let (all, pane) = (app.key(Action::ScopeAll), app.key(Action::FocusTree));
    let one = app.keymap().name_for(Focus::Tree, Action::Toggle);
    format!("{all} looks at all compartments and regions; in pane {pane}, {one} includes one.")
}

fn not_connected(app: &App) -> Vec<String> {
    if let Some(problem) = app.standing() {
        return [vec!["Not connected.".to_owned()], whole(app, problem)].concat();
    }
    if let Some(files) = &app.setup().files {
        return match app.files().and_then(FilesSeen::end) {
            Some(_) => vec![format!("No events in {}.", files.name)],
            None => vec![format!("Reading {}…", files.name)],
        };
    }
    vec![
        format!("Connecting with profile {}…", app.setup().profile),
        "Next: which regions and compartments there are, then the newest events.".to_owned(),
    ]
}

/// What stands still, everything about it, and the key that goes on.
fn whole(app: &App, problem: &Problem) -> Vec<String> {
    let mut lines = vec![capital(&problem.what)];
    lines.extend(problem.hint.lines().map(capital));
    lines.push(format!("{} tries again.", app.key(Action::Refresh)));
    lines.extend(problem.request_id.as_ref().map(|id| format!("opc-request-id {id}")));
    lines
}

fn nothing_there(app: &App) -> Vec<String> {
    if let Some(files) = app.files() {
        let so_far = if files.end().is_some() { "No events here" } else { "No events here so far" };
        let (time, all) = (app.key(Action::PickTime), app.key(Action::ScopeAll));
        let ways = format!("{time} chooses another time range; {all} looks at all places and times.");
        let coverage = app.facts().coverage;
        if app.collected().is_some() && !coverage.is_complete() {
            let (read, key) = (coverage.percent().unwrap_or_default(), app.key(Action::Coverage));
            let partly = format!("Only {read} % of what is asked here was collected; {key} tells what is missing.");
            return vec![format!("{so_far}."), partly, ways];
        }
        return vec![format!("{so_far}."), ways];
    }
    let coverage = app.facts().coverage;
    let elsewhere = format!("{} chooses another time range.", app.key(Action::PickTime));
    if let Some(problem) = app.standing() {
        let read = coverage.percent().unwrap_or_default();
        return [vec![format!("0 events so far: only {read} % was read, then it stopped.")], whole(app, problem)]
            .concat();
    }
    if coverage.nothing_readable() {
        let mut lines = vec!["Nothing could be read: no access to audit events here.".to_owned()];
        lines.extend(permissions(app.facts()));
        lines.push(elsewhere);
        return lines;
    }
    if !coverage.is_complete() {
        let so_far = if coverage.unfinished() > 0 { "0 events so far." } else { "0 events in what could be read." };
        let mut lines = vec![so_far.to_owned()];
        lines.extend(missing(app));
        return lines;
    }
    if coverage.settling > 0 {
        return vec![
            format!(
                "No events yet. 100 % was read, but {} slices hold minutes so new",
                number(coverage.settling as u64)
            ),
            format!("that events may still arrive. {} reads them again; {elsewhere}", app.key(Action::Refresh)),
        ];
    }
    vec!["No events in 100 % of the range.".to_owned(), elsewhere]
}

/// Names what hides the events, and the key that shows them.
fn nothing_matches(app: &App, view: &View, pen: &Pen<'_>) -> Vec<String> {
    let filters = app.filters();
    let counts = view.selection.counts();
    let bound = at_least(app, pen);
    let total = number(app.facts().total);
    let mut lines = vec![format!("0 of {bound}{total} events match.")];
    let hidden = counts.hidden_by_access(filters.access_set());
    if hidden > 0 {
        let (what, after) = match filters.access {
            AccessFilter::Reads => ("writes and sign-ins", "writes and sign-ins"),
            AccessFilter::WritesAndSessions | AccessFilter::All => ("reads", "everything"),
        };
        // None of them is a write or a sign-in.
        let own = if filters.own || filters.access == AccessFilter::Reads { 0 } else { counts.any_access_own };
        let but = if own > 0 { format!(" but the {bound}{} of auditui itself", number(own)) } else { String::new() };
        lines.push(format!(
            "Hidden {what}: {bound}{}. {} shows {after}{but}.",
            number(hidden),
            app.key(Action::CycleAccess)
        ));
    }
    if counts.own_hidden > 0 {
        let own = number(counts.own_hidden);
        lines.push(format!(
            "Hidden reads of auditui itself (-is:self): {bound}{own}. The key {} shows them.",
            app.key(Action::ToggleOwn)
        ));
    }
    if filters.failed && counts.any_outcome[0] > 0 {
        lines.push(format!(
            "Hidden because they did not fail: {bound}{}. {} shows any status.",
            number(counts.any_outcome[0]),
            app.key(Action::ToggleFailed)
        ));
    }
    lines.extend(too_narrow(app, view, bound));
    lines.extend(missing(app));
    lines
}

/// Which term of the query finds nothing, or which of them together.
fn too_narrow(app: &App, view: &View, bound: &str) -> Vec<String> {
    let (clear, last) = (app.key(Action::ClearFilters), app.key(Action::RemoveLastFilter));
    let back = app.keymap().name_for(Focus::List, Action::Back);
    let narrower = format!("{clear} clears the query, {last} takes its last term, {back} goes back.");
    let said = |term: &Expr| cut(&term.chip(), 60).into_owned();
    let query = || cut(&app.filters().query().to_string(), 60).into_owned();
    let why = match view.why.as_deref() {
        None if app.filters().terms().next().is_none() => return Vec::new(),
        None => format!("Nothing that is shown answers “{}”.", query()),
        Some(WhyNone::Hidden { found }) => {
            return vec![format!("What answers “{}” is hidden: {bound}{}.", query(), count_of(*found, "event"))];
        }
        Some(WhyNone::Term { term, of, meant }) => {
            let alone = format!("“{}” alone matches 0 of {bound}{} events.", said(term), number(*of));
            let meant = meant.as_ref().map(|meant| format!("Did you mean {}?", said(meant)));
            return [alone].into_iter().chain(meant).chain([narrower]).collect();
        }
        Some(WhyNone::Together { terms, without_last }) => {
            let last = terms.last().map(said).unwrap_or_default();
            format!("“{last}” takes away the last {bound}{} that the terms before it leave.", number(*without_last))
        }
    };
    vec![why, narrower]
}

/// What was not read, by the reason.
fn missing(app: &App) -> Vec<String> {
    let coverage = app.facts().coverage;
    let share = |part: usize| share(&coverage, part);
    let mut lines = Vec::new();
    if coverage.unfinished() > 0 {
        let state = match (app.is_halted(), app.traffic().paused) {
            (true, _) => "was not read: fetching has stopped".to_owned(),
            (_, true) => {
                format!("was not read yet: fetching is paused, {} goes on", app.key(Action::TogglePause))
            }
            _ => "is still being read".to_owned(),
        };
        lines.push(format!("{} {state}.", share(coverage.unfinished())));
    }
    if coverage.failed > 0 {
        let slices = format!("{} of {} slices", coverage.failed, coverage.total());
        let retry = app.key(Action::Refresh);
        lines.push(format!("{} could not be read: {slices} failed. {retry} retries.", share(coverage.failed)));
    }
    if coverage.denied > 0 {
        lines.push(format!("{} could not be read: no access.", share(coverage.denied)));
    }
    lines
}

/// In percent of what can be asked, rounded up: what is missing is not said to be nothing.
fn share(coverage: &Coverage, part: usize) -> String {
    let all = (coverage.total() - coverage.gone).max(1);
    format!("{} %", (part * 100).div_ceil(all))
}

/// The policy statements to ask for.
fn permissions(facts: &Facts) -> Vec<String> {
    let named: Vec<&str> = facts.refusals.iter().filter_map(|refusal| refusal.statement.as_deref()).collect();
    let Some(first) = facts.refusals.first().filter(|_| named.is_empty()) else {
        let more = named.len().saturating_sub(NAMED);
        let mut lines = vec!["A policy that allows it:".to_owned()];
        lines.extend(named.into_iter().take(NAMED).map(|statement| format!("Allow group <group> to {statement}")));
        lines.extend((more > 0).then(|| format!("and {more} more like it, or the same in tenancy.")));
        return lines;
    };
    first.problem.hint.lines().map(capital).collect()
}

/// As a sentence begins; a command to type stays as it is.
fn capital(text: &str) -> String {
    if text.starts_with("oci ") || text.starts_with("auditui ") {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
