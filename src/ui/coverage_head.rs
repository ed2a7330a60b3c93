//! The first lines of the coverage panel: totals, how the calls go, what memory is taken, and what slows calls down.

use std::time::Duration;

use chrono::TimeDelta;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::App;
use crate::app::action::Action;
use crate::domain::time_phrase::format_length;
use crate::domain::traffic::{RegionTraffic, Standing};

use super::pen::{Pen, Spans, row};
use super::text::{cut, number};

/// How many lines there are on a panel of this height.
pub fn rows(app: &App, height: u16) -> u16 {
    match height {
        ..=8 => 1,
        9..=12 => 2,
        _ => 3 + u16::from(has_obstacles(app)),
    }
}

pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let wide = area.width >= 100;
    let totals = totals(app, pen, wide);
    pen.spans(row(area, 0), &totals);
    if area.height < 2 {
        return;
    }
    if area.height < 3 {
        // What stands in the way comes first.
        let second = match () {
            () if has_obstacles(app) => obstacles(app, pen),
            () if is_short_of_memory(app) => memory(app, pen),
            () => calls(app, pen),
        };
        pen.spans(row(area, 1), &second);
        return;
    }
    pen.spans(row(area, 1), &calls(app, pen));
    pen.spans(row(area, 2), &memory(app, pen));
    if area.height >= 4 {
        pen.spans(row(area, 3), &obstacles(app, pen));
    }
}

fn is_short_of_memory(app: &App) -> bool {
    let held = &app.facts().held;
    held.refused > 0 || held.memory.spilled > 0
}

/// ` memory 186.2 MiB of 512 MiB   570,123 events held, 342 B each   on disk 61 MiB   refused 12 events`
fn memory(app: &App, pen: &Pen<'_>) -> Spans {
    let theme = pen.theme;
    let style = if app.facts().held.refused > 0 { theme.problem } else { theme.text };
    vec![(format!(" {}", app.memory_words().join("   ")), style)]
}

/// ` 97% read, 1,225 of 1,260   failed 2 (1%)   …`: what is wrong comes first, because the end may be cut off.
fn totals(app: &App, pen: &Pen<'_>, wide: bool) -> Spans {
    let coverage = app.facts().coverage;
    let theme = pen.theme;
    let percent = coverage.percent().map_or_else(|| "--".to_owned(), |percent| percent.to_string());
    let read = format!(" {percent}% read, {} of {}", number(coverage.read() as u64), number(coverage.askable() as u64));
    let mut spans = vec![(read, if coverage.is_complete() { theme.done } else { theme.strong })];
    let parts: [(&str, usize, Style); 6] = [
        ("failed", coverage.failed, theme.problem),
        ("no access", coverage.denied, theme.warning),
        ("loading", coverage.loading, theme.loading),
        ("waiting", coverage.queued, theme.loading),
        ("settling", coverage.settling, theme.text),
        ("deleted", coverage.gone, theme.faint),
    ];
    let gap = if wide { "   " } else { "  " };
    for (word, count, style) in parts.into_iter().filter(|(_, count, _)| *count > 0) {
        // Rounded up: what is missing is not said to be nothing.
        let share = (count * 100).div_ceil(coverage.askable().max(1));
        let share = if wide && word != "deleted" { format!(" ({share}%)") } else { String::new() };
        spans.push((format!("{gap}{word} {}{share}", number(count as u64)), style));
    }
    spans
}

/// ` calls 4,118   12 on the wire   p50 0.9 s  p95 11 s   429s 37   late 3: …`
fn calls(app: &App, pen: &Pen<'_>) -> Spans {
    let theme = pen.theme;
    let calls = &app.traffic().calls;
    let mut spans = vec![(format!(" calls {}", number(calls.ended)), theme.text)];
    if calls.in_flight > 0 {
        spans.push((format!("   {} on the wire", calls.in_flight), theme.loading));
    }
    if let Some(latency) = calls.latency {
        spans.push((format!("   p50 {}  p95 {}", short(latency.p50), short(latency.p95)), theme.text));
    }
    if calls.refused > 0 {
        spans.push((format!("   429s {}", number(calls.refused)), theme.warning));
    }
    if calls.failed > 0 {
        spans.push((format!("   failed calls {}", number(calls.failed)), theme.warning));
    }
    if let Some(late) = app.view().and_then(|view| view.ledger.lateness().summary()) {
        let length = |seconds| format_length(TimeDelta::seconds(seconds));
        let words = format!(
            "   late events {}: p50 {}  p99 {}  max {}",
            number(late.events),
            length(late.p50_seconds),
            length(late.p99_seconds),
            length(late.max_seconds)
        );
        spans.push((words, theme.text));
    }
    spans
}

/// `47 ms`, `0.9 s`, `11 s`
fn short(length: Duration) -> String {
    match length.as_millis() {
        millis @ 0..1_000 => format!("{millis} ms"),
        millis @ 1_000..10_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        millis => format!("{} s", millis / 1_000),
    }
}

fn has_obstacles(app: &App) -> bool {
    app.standing().is_some() || app.traffic().paused || hindered(app).next().is_some()
}

fn hindered(app: &App) -> impl Iterator<Item = &RegionTraffic> {
    app.traffic().regions.iter().filter(|region| region.standing != Standing::Open || region.rate.is_some())
}

/// ` paused, P goes on   iad slowed, 19 calls/s   phx down`
fn obstacles(app: &App, pen: &Pen<'_>) -> Spans {
    let theme = pen.theme;
    let mut spans = vec![(" ".to_owned(), theme.text)];
    if let Some(problem) = app.standing() {
        spans.push((format!("stopped: {}   ", cut(&problem.what, 200)), theme.problem));
    }
    if app.traffic().paused {
        spans.push((format!("paused, {} goes on   ", app.key(Action::TogglePause)), theme.warning));
    }
    for region in hindered(app) {
        let known = app.tenancy().and_then(|tenancy| tenancy.region_named(region.region.as_str()));
        let key = known.map_or_else(|| region.region.to_string(), |known| known.key.clone());
        let standing = match region.standing {
            Standing::Open => String::new(),
            standing => format!(" {}", standing.word()),
        };
        let rate = region.rate.map(|rate| format!(" {} calls/s", rounded(rate))).unwrap_or_default();
        let style = if region.standing == Standing::Down { theme.problem } else { theme.warning };
        spans.push((format!("{key}{standing}{rate}   "), style));
    }
    spans
}

fn rounded(rate: f64) -> String {
    if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") }
}
