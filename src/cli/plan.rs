//! `--plan`: what would be asked, in which order, at what cost; asks for no event.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::collect::{Reading, fetch_settings};
use super::interrupt::Interrupt;
use super::listing::{aligned, print_text};
use crate::domain::compartment::Lifecycle;
use crate::domain::ledger::Ledger;
use crate::domain::problem::Problem;
use crate::domain::scope::Scope;
use crate::domain::tenancy::Tenancy;
use crate::domain::text::{clean, count_of, thousands};
use crate::domain::time_phrase::format_length;
use crate::fetch::{PlannedCell, plan};

/// Slices listed one by one.
const LISTED: usize = 10;

/// `watched`: as the explorer reads, the newest hour of the root first.
pub async fn run(reading: &Reading<'_>, watched: bool, interrupt: &mut Interrupt) -> Result<ExitCode, Problem> {
    let client = &reading.connection.client;
    let (begun, calls) = (Instant::now(), client.calls());
    let tenancy = reading.tenancy(interrupt).await?;
    let measured = Measured { calls: client.calls() - calls, time: begun.elapsed() };
    let scope = reading.read.scope().resolve(&tenancy)?;
    let window = reading.range.fetch_window(reading.read.padding);
    let ledger = Ledger::new(reading.read.settling);
    let cells = plan(&tenancy, &scope, window, &ledger, watched.then_some(&[]), client.now());
    let settings = fetch_settings(reading.read);
    let at_once = settings.in_flight.min(scope.regions.len() * settings.lane.window.0).max(1);
    let mut text = format!(
        "{}, {} ({}), in what was processed {}\n",
        clean(&tenancy.display_name()),
        reading.range,
        format_length(reading.range.length()),
        window.passed(client.now()),
    );
    text.push_str(&places(&tenancy, &scope));
    text.push_str(&cost(cells.len(), at_once, measured));
    text.push('\n');
    text.push_str(&order(&tenancy, &cells));
    print_text(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Calls that were made one after the other.
#[derive(Clone, Copy)]
struct Measured {
    calls: u64,
    time: Duration,
}

fn places(tenancy: &Tenancy, scope: &Scope) -> String {
    let name = |region: &crate::domain::region::RegionId| {
        let home = if tenancy.home() == Some(region) { " (home)" } else { "" };
        format!("{region}{home}")
    };
    let asked: Vec<String> = scope.regions.iter().map(name).collect();
    let mut text = format!("regions       {}: {}", asked.len(), asked.join(", "));
    let waiting: Vec<&str> = tenancy.regions.iter().filter(|r| !r.is_ready()).map(|r| r.id.as_str()).collect();
    if !waiting.is_empty() {
        let _ = write!(text, "; not ready, not asked: {}", waiting.join(", "));
    }
    let deleted = |id: &&crate::domain::ocid::Ocid| {
        tenancy.tree.find(id).is_some_and(|node| tenancy.tree.get(node).lifecycle == Lifecycle::Deleted)
    };
    let deleted = scope.compartments.iter().filter(deleted).count();
    let _ = write!(text, "\ncompartments  {}", thousands(scope.compartments.len() as u64));
    if deleted > 0 {
        let _ = write!(text, ", {} of them deleted: they may no longer answer", thousands(deleted as u64));
    }
    if let Some(partial) = &tenancy.partial {
        let _ = write!(text, "; there may be more: {}", clean(&partial.what));
    }
    text.push('\n');
    text
}

fn cost(slices: usize, at_once: usize, measured: Measured) -> String {
    let each = measured.time.as_secs_f64() / measured.calls.max(1) as f64;
    let rounds = slices.div_ceil(at_once);
    format!(
        "calls         at least {}: one for each slice, more where a page is full\n\
         time          about {} for those, if each takes {each:.2} s as the {} just made did, and {at_once} go at once; \
         more for full pages and where the service asks us to slow down\n",
        thousands(slices as u64),
        seconds(each * rounds as f64),
        count_of(measured.calls, "call"),
    )
}

fn seconds(seconds: f64) -> String {
    if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else {
        format_length(chrono::TimeDelta::seconds(seconds.round() as i64))
    }
}

fn order(tenancy: &Tenancy, cells: &[PlannedCell]) -> String {
    let mut rows = vec![["SLICE", "REGION", "COMPARTMENT", "PROCESSED"].map(str::to_owned)];
    rows.extend((1..).zip(cells).take(LISTED).map(|(place, cell)| {
        let compartment = &cell.key.compartment;
        let name = match tenancy.tree.find(compartment) {
            Some(node) => clean(&tenancy.tree.path(node)).into_owned(),
            None => clean(compartment.as_str()).into_owned(),
        };
        [thousands(place), cell.key.region.to_string(), name, cell.ask.to_string()]
    }));
    let mut text = aligned(&rows);
    if cells.len() > LISTED {
        let more = thousands((cells.len() - LISTED) as u64);
        let _ = write!(text, "\nand {more} more: the newest first, the home region and the root before others");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::compartment::{Compartment, CompartmentTree};
    use crate::domain::problem::ProblemKind;

    #[test]
    fn why_there_may_be_more_cannot_speak_to_the_terminal() {
        let id = crate::domain::ocid::Ocid::from("root");
        let root = Compartment { id: id.clone(), parent: None, name: "acme".into(), lifecycle: Lifecycle::Active };
        let partial = Some(Problem::new(ProblemKind::Denied, "no\u{1b}[2J\u{202e}"));
        let tree = CompartmentTree::new(root, Vec::new());
        let tenancy = Tenancy { id: id.clone(), name: None, regions: Vec::new(), tree, partial };
        let text = places(&tenancy, &Scope { regions: Vec::new(), compartments: vec![id] });
        assert!(text.contains("there may be more: no\\x1b[2J\\u{202e}"), "{text:?}");
    }

    #[test]
    fn the_cost_is_a_lower_bound_that_names_its_assumption() {
        let measured = Measured { calls: 4, time: Duration::from_secs(1) };
        let text = cost(1_260, 12, measured);
        assert!(text.contains("at least 1,260: one for each slice"), "{text}");
        assert!(
            text.contains("about 26s for those, if each takes 0.25 s as the 4 calls just made did, and 12 go at once"),
            "{text}"
        );
        assert!(cost(12, 12, measured).contains("about 0.2 s"), "{}", cost(12, 12, measured));
    }
}
