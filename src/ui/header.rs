//! The lines at the top: what is looked at and how much of it is known, the filter, and what the filters hide.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::App;
use crate::app::action::Action;
use crate::app::files::FilesSeen;
use crate::app::geometry::Shape;
use crate::app::keymap::Focus;
use crate::app::prompt::{Fault, Purpose};
use crate::app::setup::AccessFilter;

use super::format;
use super::pen::{Pen, Spans, spans_width};
use super::text::{cut, number, short_number, width};

/// The line of truth: the longest form that fits.
pub fn truth(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let forms = [Form::Full, Form::Long, Form::Short, Form::Shorter, Form::Least];
    let mut line = Spans::new();
    for form in forms {
        line = truth_spans(app, pen, form);
        if spans_width(&line) <= usize::from(area.width) {
            break;
        }
    }
    pen.spans(area, &line);
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Full,
    Long,
    Short,
    Shorter,
    Least,
}

fn truth_spans(app: &App, pen: &Pen<'_>, form: Form) -> Spans {
    let theme = pen.theme;
    let mut spans = whose(app, pen, form);
    if app.tenancy().is_none() && app.files().is_some() {
        return spans;
    }
    let range = match form {
        Form::Full => format::range(app.range(), app.clock().zone(), app.now(), &pen.glyphs, false),
        Form::Long | Form::Short | Form::Shorter => {
            format::range(app.range(), app.clock().zone(), app.now(), &pen.glyphs, true)
        }
        Form::Least => crate::domain::time_phrase::format_length(app.range().length()),
    };
    spans.push((format!("{range}  "), theme.text));
    if app.tenancy().is_none() {
        return spans;
    }
    if form != Form::Least {
        spans.push((format!("{}  ", total(app, pen, form)), theme.strong));
    }
    spans.extend(coverage(app, pen));
    if form == Form::Least {
        spans.push((format!("  {}/{}", matched(app, pen, true), total(app, pen, form)), theme.strong));
    }
    spans
}

/// Tenancy, profile and scope.
fn whose(app: &App, pen: &Pen<'_>, form: Form) -> Spans {
    let theme = pen.theme;
    if let (Some(files), Some(setup)) = (app.files(), &app.setup().files) {
        return of_files(app, pen, form, files, &setup.name);
    }
    let profile = cut(&app.setup().profile, 20);
    let Some(tenancy) = app.tenancy() else {
        let state = if app.is_halted() { "not connected" } else { "connecting" };
        return vec![(format!(" {state} {} profile {profile}  ", pen.glyphs.dot), theme.loading)];
    };
    let name = tenancy.display_name();
    let name = cut(&name, if form <= Form::Long { 30 } else { 16 });
    let (regions, compartments) = (app.included().region_count(), app.included().compartment_count());
    let all_compartments = tenancy.tree.len();
    let all_regions = tenancy.ready_regions().count();
    let demo = app.setup().demo;
    let mut spans = vec![(format!(" {name}"), theme.strong)];
    match form {
        Form::Full | Form::Long => {
            let whose = if demo { "demo".to_owned() } else { format!("profile {profile}") };
            let parts = format!(
                "  {whose}  {} regions  {} compartments  ",
                of(regions, all_regions),
                of(compartments, all_compartments)
            );
            spans.push((parts, theme.text));
        }
        Form::Short => {
            let part = |part: usize, all: usize, word: &str| {
                if part == all { String::new() } else { format!(" {part}/{all} {word} ") }
            };
            let scope = part(regions, all_regions, "rgn") + &part(compartments, all_compartments, "cmp");
            spans.push((format!("/{} ", if demo { "demo" } else { &profile }), theme.text));
            spans.push((format!("{scope} "), theme.warning));
        }
        Form::Shorter | Form::Least => {
            let all = regions == all_regions && compartments == all_compartments;
            let scope = if all { " ".to_owned() } else { format!(" {compartments}/{all_compartments} ") };
            spans.push((scope, theme.warning));
        }
    }
    spans
}

/// ` day.jsonl  file, no network  3 regions  12 compartments  `
fn of_files(app: &App, pen: &Pen<'_>, form: Form, files: &FilesSeen, name: &str) -> Spans {
    let theme = pen.theme;
    let mut spans = vec![(format!(" {}", cut(name, if form <= Form::Long { 30 } else { 16 })), theme.strong)];
    let Some(tenancy) = app.tenancy() else {
        let state = if files.end().is_some() { "  no events" } else { "  reading" };
        spans.push((state.to_owned(), theme.loading));
        return spans;
    };
    let regions = of(app.included().region_count(), tenancy.regions.len());
    let compartments = of(app.included().compartment_count(), tenancy.tree.len());
    match form {
        Form::Full => {
            let words = format!("  from files, no network  {regions} regions  {compartments} compartments  ");
            spans.push((words, theme.text));
        }
        Form::Long => spans.push((format!("  files  {regions} rgn  {compartments} cmp  "), theme.text)),
        Form::Short | Form::Shorter | Form::Least => spans.push(("  files  ".to_owned(), theme.text)),
    }
    spans
}

/// `7/42`, or `42` when that is all.
fn of(part: usize, all: usize) -> String {
    if part == all { all.to_string() } else { format!("{part}/{all}") }
}

fn total(app: &App, pen: &Pen<'_>, form: Form) -> String {
    if !app.totals_are_current() {
        return format!("{} events", pen.glyphs.ellipsis);
    }
    let bound = at_least(app, pen);
    let total = app.facts().total;
    match form {
        Form::Full => format!("{bound}{} {}", number(total), if total == 1 { "event" } else { "events" }),
        Form::Long | Form::Short | Form::Shorter => format!("{bound}{} ev", number(total)),
        Form::Least => format!("{bound}{}", short_number(total)),
    }
}

/// `≥` while a total may still grow.
pub fn at_least(app: &App, pen: &Pen<'_>) -> &'static str {
    if app.facts().is_lower_bound() { pen.glyphs.at_least } else { "" }
}

/// The same of what was found: `≥` also while events are still being searched.
pub fn found_at_least(app: &App, pen: &Pen<'_>) -> &'static str {
    let is_searching = app.view().is_some_and(|view| !view.selection.is_complete());
    if is_searching { pen.glyphs.at_least } else { at_least(app, pen) }
}

/// `cover 97% !2 ~3 ø30`
fn coverage(app: &App, pen: &Pen<'_>) -> Spans {
    let theme = pen.theme;
    if let Some(files) = app.files() {
        let mut spans = coverage_of_files(pen, files);
        spans.extend(memory(app, pen));
        return spans;
    }
    let coverage = app.facts().coverage;
    let Some(percent) = coverage.percent().filter(|_| app.view().is_some()) else {
        return vec![("cover --".to_owned(), theme.loading)];
    };
    let style = if coverage.is_complete() { theme.done } else { theme.strong };
    let mut spans = vec![(format!("cover {percent}%"), style)];
    let mut mark = |count: usize, glyph: &str, style: Style| {
        if count > 0 {
            spans.push((format!(" {glyph}{count}"), style));
        }
    };
    mark(coverage.failed, "!", theme.problem);
    mark(coverage.unfinished(), "~", theme.loading);
    mark(coverage.denied, if pen.glyphs.plain { "o" } else { "ø" }, theme.warning);
    spans.extend(memory(app, pen));
    if !app.slowed().is_empty() {
        spans.push((" slow".to_owned(), theme.warning));
    }
    if app.traffic().paused {
        spans.push((" paused".to_owned(), theme.warning));
    }
    if app.is_following() {
        spans.push((" follow".to_owned(), theme.done));
    }
    if app.is_halted() {
        spans.push((" halted".to_owned(), theme.problem));
    }
    spans
}

/// What a limit of memory has led to.
fn memory(app: &App, pen: &Pen<'_>) -> Option<(String, Style)> {
    let held = &app.facts().held;
    match () {
        () if held.refused > 0 => Some((" memory full".to_owned(), pen.theme.problem)),
        () if held.memory.spilled > 0 => Some((" on disk".to_owned(), pen.theme.warning)),
        () => None,
    }
}

/// `reading 45%`, in the end what is known of the coverage; a percentage of that is never known.
fn coverage_of_files(pen: &Pen<'_>, files: &FilesSeen) -> Spans {
    let theme = pen.theme;
    match files.end() {
        Some(end) if end.problems.is_empty() => vec![(end.coverage.to_owned(), theme.text)],
        Some(end) => vec![(end.coverage.to_owned(), theme.warning)],
        None => {
            let read = match files.percent() {
                Some(percent) => format!("reading {percent}%"),
                None => format!("reading, {} MB", number(files.read() / 1_000_000)),
            };
            vec![(read, theme.loading)]
        }
    }
}

/// Around which event everything is shown, in place of the query: there is none.
pub fn around(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let Some(around) = app.around() else { return };
    let theme = pen.theme;
    let view = app.view();
    let event = view.and_then(|view| view.snapshot.row(view.snapshot.find(around.event())?));
    let name = event.map_or("this event", |event| event.event_name());
    let time = format::RowClock::new(app.clock(), app.now(), app.range()).text(around.event().time()).to_string();
    let wide = area.width >= 100;
    let count = format!("{} here  ", matched(app, pen, !wide));
    let right = [(count, theme.strong), (app.key(Action::Cancel), theme.key), (" returns ".to_owned(), theme.text)];
    let says = if wide { "  every event of the scope, filters ignored" } else { "  no filters" };
    let fixed = spans_width(&right) + width(&time) + width(says) + 14 + around.reach().len();
    let name = cut(name, usize::from(area.width).saturating_sub(fixed)).into_owned();
    let left = [
        (format!(" ±{} around ", around.reach()), theme.key),
        (format!("{name} {time}"), theme.strong),
        (says.to_owned(), theme.warning),
    ];
    pen.ends(area, &left, &right);
}

/// The filter, or the line that is being typed; how many match, and what that cost.
pub fn query(app: &App, pen: &mut Pen<'_>, area: Rect, shape: Shape) {
    let right = if app.prompt().is_some_and(|prompt| prompt.purpose != Purpose::FilterEvents) {
        Spans::new()
    } else {
        query_right(app, pen, shape)
    };
    let left = query_left(app, pen, shape, area.width.saturating_sub(spans_width(&right) as u16 + 1));
    pen.ends(area, &left, &right);
}

/// What can be typed.
const ASKS: &str = "words, user:alice, is:failed, -event:Get*, ip:10.0.0.0/8";

fn query_left(app: &App, pen: &Pen<'_>, shape: Shape, cells: u16) -> Spans {
    let theme = pen.theme;
    if let Some(prompt) = app.prompt() {
        let label = match prompt.purpose {
            Purpose::FilterEvents => search_sign(app),
            Purpose::FindCompartment => " find compartment: ".to_owned(),
            Purpose::FindInDetail => " find in detail: ".to_owned(),
        };
        return pen.typed(&label, &prompt.line, cells);
    }
    let text = app.filters().query().to_string();
    let mut spans = vec![(search_sign(app), theme.key)];
    let switches = if shape == Shape::Wide { Spans::new() } else { switches(app, pen, shape) };
    match text.is_empty() {
        true if shape == Shape::Wide => spans.push((ASKS.to_owned(), theme.faint)),
        true => {}
        false => {
            let room = usize::from(cells).saturating_sub(spans_width(&switches) + 5).max(12);
            spans.push((cut(&text, room).into_owned(), theme.strong));
            spans.push(("  ".to_owned(), theme.text));
        }
    }
    spans.extend(switches);
    spans
}

/// The key that opens the line stands before it.
fn search_sign(app: &App) -> String {
    format!(" {} ", app.keymap().name_for(Focus::List, Action::Search))
}

fn query_right(app: &App, pen: &Pen<'_>, shape: Shape) -> Spans {
    let theme = pen.theme;
    match app.prompt().and_then(|prompt| prompt.fault.as_ref()) {
        Some(Fault::Wrong(error)) => {
            let column = app.prompt().map_or(0, |prompt| error.column(&prompt.line.text()));
            return vec![(format!("{} col {column} ", pen.glyphs.bad), theme.problem)];
        }
        Some(Fault::Waiting) => return vec![(format!("{} ", pen.glyphs.ellipsis), theme.loading)],
        None => {}
    }
    if app.tenancy().is_none() {
        return vec![(format!("{} ", pen.glyphs.ellipsis), theme.loading)];
    }
    // With the frame of the key: what takes longer than that is seen to be under way.
    if !app.is_current() {
        return vec![(format!("searching{} ", pen.glyphs.ellipsis), theme.loading)];
    }
    let count = matched(app, pen, false);
    match shape {
        Shape::Wide => {
            let cost = app.view().map_or(0, |view| view.elapsed.as_millis());
            if let Some(percent) = searched(app) {
                return vec![
                    (format!("{count} match  "), theme.strong),
                    (format!("searched {percent:>2} % "), theme.loading),
                ];
            }
            let of = total(app, pen, Form::Full);
            let of = of.trim_end_matches(" events").trim_end_matches(" event").to_owned();
            vec![
                (format!("{count} of {of} match  "), theme.strong),
                (format!("{} {cost:>4} ms ", pen.glyphs.good), theme.done),
            ]
        }
        Shape::Medium => {
            if let Some(percent) = searched(app) {
                return vec![(format!("{count} match  "), theme.strong), (format!("{percent:>2} % "), theme.loading)];
            }
            vec![(format!("{count} match  "), theme.strong), (format!("{} ", pen.glyphs.good), theme.done)]
        }
        Shape::Small | Shape::TooSmall => Spans::new(),
    }
}

/// How much of the events was looked at, in percent, while not all of them were.
pub fn searched(app: &App) -> Option<usize> {
    let selection = &app.view()?.selection;
    let (seen, all) = selection.progress();
    (!selection.is_complete()).then(|| seen * 100 / all.max(1))
}

fn matched(app: &App, pen: &Pen<'_>, short: bool) -> String {
    match app.view().filter(|_| app.is_current()) {
        None => pen.glyphs.ellipsis.to_owned(),
        Some(view) => {
            let n = view.matched() as u64;
            format!("{}{}", found_at_least(app, pen), if short { short_number(n) } else { number(n) })
        }
    }
}

/// The filters in words, with what each hides.
pub fn filters(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let mut spans: Spans = vec![(" ".to_owned(), theme.text)];
    spans.extend(scope_words(app, pen));
    spans.extend(switches(app, pen, Shape::Wide));
    let (open, close) = if pen.glyphs.plain { ("<", ">") } else { ("‹", "›") };
    for term in app.filters().query().conjuncts().iter().take(12) {
        let style = if term.is_off() { theme.faint } else { theme.hit };
        spans.push((format!("{open}{}{close} ", cut(&term.chip(), 30)), style));
    }
    if app.filters().is_narrowed() {
        spans.push((format!(" {}", app.key(Action::ClearFilters)), theme.key));
        spans.push((" clear".to_owned(), theme.text));
    }
    pen.spans(area, &spans);
}

fn scope_words(app: &App, pen: &Pen<'_>) -> Spans {
    let theme = pen.theme;
    let Some(tenancy) = app.tenancy() else { return vec![("scope not known yet   ".to_owned(), theme.loading)] };
    if app.included().is_everything(tenancy) {
        return vec![("scope all   ".to_owned(), theme.text)];
    }
    let words = format!("scope {}/{} compartments  ", app.included().compartment_count(), tenancy.tree.len());
    vec![(words, theme.warning), (app.key(Action::ScopeAll), theme.key), (" all   ".to_owned(), theme.text)]
}

fn switches(app: &App, pen: &Pen<'_>, shape: Shape) -> Spans {
    let theme = pen.theme;
    let filters = app.filters();
    let wide = shape == Shape::Wide;
    let hidden = hidden(app, pen);
    let access = match (filters.access, wide) {
        (AccessFilter::WritesAndSessions, true) => {
            format!(" writes and sign-ins{}   ", comma(hidden.as_ref(), "reads hidden"))
        }
        (AccessFilter::WritesAndSessions, false) => format!(" writes{}  ", comma(hidden.as_ref(), "reads hidden")),
        (AccessFilter::All, true) => " writes, sign-ins and reads   ".to_owned(),
        (AccessFilter::All, false) => " all  ".to_owned(),
        (AccessFilter::Reads, true) => format!(" reads{}   ", comma(hidden.as_ref(), "writes and sign-ins hidden")),
        (AccessFilter::Reads, false) => format!(" reads{}  ", comma(hidden.as_ref(), "writes hidden")),
    };
    let mut spans = vec![(format!("[{}]", app.key(Action::CycleAccess)), theme.key), (access, theme.text)];
    spans.extend(own_reads(app, pen, wide));
    if wide || filters.failed {
        let status = if filters.failed { " failed only" } else { " any status" };
        let passed = app.view().filter(|_| filters.failed && app.is_current());
        let passed = passed
            .map(|view| format!("{}{}", found_at_least(app, pen), number(view.selection.counts().any_outcome[0])));
        let words = format!("{status}{}   ", passed.map(|n| format!(", {n} others hidden")).unwrap_or_default());
        spans.push((format!("[{}]", app.key(Action::ToggleFailed)), theme.key));
        spans.push((words, if filters.failed { theme.warning } else { theme.text }));
    }
    spans
}

/// Our own reads, where that they are hidden or shown makes a difference.
fn own_reads(app: &App, pen: &Pen<'_>, wide: bool) -> Spans {
    let theme = pen.theme;
    let hidden = app.view().filter(|_| app.is_current()).map_or(0, |view| view.selection.counts().own_hidden);
    let words = match (app.filters().own, hidden) {
        (true, _) => "own reads shown".to_owned(),
        (false, 0) => return Spans::new(),
        (false, _) => format!("-is:self, {}{} hidden", found_at_least(app, pen), number(hidden)),
    };
    vec![
        (format!("[{}]", app.key(Action::ToggleOwn)), theme.key),
        (format!(" {words}{}", if wide { "   " } else { "  " }), theme.text),
    ]
}

/// How many events the choice of writes or reads hides, with `≥`; `None` while that is not known.
fn hidden(app: &App, pen: &Pen<'_>) -> Option<String> {
    let view = app.view().filter(|_| app.is_current())?;
    let count = view.selection.counts().hidden_by_access(app.filters().access_set());
    Some(format!("{}{}", found_at_least(app, pen), number(count)))
}

fn comma(count: Option<&String>, what: &str) -> String {
    count.map(|count| format!(", {count} {what}")).unwrap_or_default()
}
