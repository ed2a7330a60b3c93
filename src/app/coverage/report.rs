//! The report: everything that is known about the coverage as plain text, for a ticket or a colleague.

use std::fmt::Write as _;

use crate::app::App;
use crate::domain::ledger::{Cell, Coverage};
use crate::domain::text::{clean, thousands};
use crate::domain::traffic::{Calls, Standing, Traffic};

use super::words::call;

impl App {
    /// Totals, how the calls went, and every problem in scope with its request id. Foreign text is made harmless.
    pub fn coverage_report(&self) -> String {
        let mut text = self.report_head();
        text.push_str(&traffic(&self.traffic));
        for cell in self.troubled() {
            self.report_cell(&mut text, cell);
        }
        text
    }

    fn report_head(&self) -> String {
        let mut text = "auditui coverage report\n".to_owned();
        if let Some(tenancy) = self.tenancy() {
            let _ = writeln!(text, "tenancy   {} {}", clean(&tenancy.display_name()), tenancy.id);
        }
        let _ = writeln!(text, "profile   {}", clean(&self.setup.profile));
        let _ = writeln!(text, "range     {}", self.range);
        let _ = writeln!(text, "as of     {}", self.now.format("%Y-%m-%dT%H:%M:%SZ"));
        let _ = writeln!(text, "slices    {}", totals(&self.facts.coverage));
        let bound = if self.facts.is_lower_bound() { "at least " } else { "" };
        let _ = writeln!(text, "events    {bound}{}", thousands(self.facts.total));
        let _ = writeln!(text, "memory    {}", self.memory_words().join(", "));
        if let Some(problem) = self.standing() {
            let _ = writeln!(text, "stopped   {}", clean(&problem.what));
        }
        text
    }

    /// Cells in scope whose last try ended without a complete read, in the order of the ledger.
    fn troubled(&self) -> impl Iterator<Item = &Cell> {
        let window = self.window;
        let cells = self.view.iter().flat_map(|view| view.ledger.cells());
        cells.filter(move |cell| {
            cell.problem().is_some() && self.included.has_cell(&cell.key) && cell.key.window.overlaps(window)
        })
    }

    fn report_cell(&self, text: &mut String, cell: &Cell) {
        let Some(problem) = cell.problem() else { return };
        let tree = self.tenancy().map(|tenancy| &tenancy.tree);
        let path = tree.and_then(|tree| Some(tree.path(tree.find(&cell.key.compartment)?))).unwrap_or_default();
        let (state, region, window) = (self.state_word(cell), &cell.key.region, cell.key.window);
        let _ = writeln!(text, "\n{state}: {} @ {region} {window}", clean(&path));
        let _ = writeln!(text, "  {}", clean(&problem.what));
        if let Some(id) = &problem.request_id {
            let _ = writeln!(text, "  opc-request-id {}", clean(id));
        }
        let _ = writeln!(text, "  {}", call(cell));
        for line in problem.hint.lines() {
            let _ = writeln!(text, "  {}", clean(line));
        }
    }
}

fn totals(coverage: &Coverage) -> String {
    let Coverage { complete: _, settling, gone, queued, loading, denied, failed } = *coverage;
    let parts = [
        (settling, "of those settling"),
        (loading, "loading"),
        (queued, "waiting"),
        (failed, "failed"),
        (denied, "no access"),
        (gone, "deleted"),
    ];
    let parts = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!(", {} {word}", thousands(*count as u64)));
    let all = thousands(coverage.total() as u64);
    format!("{} of {all} read to their end{}", thousands(coverage.read() as u64), parts.collect::<String>())
}

fn traffic(traffic: &Traffic) -> String {
    let Calls { ended, refused, failed, latency, .. } = traffic.calls;
    let mut text = format!("calls     {}, {refused} refused (429), {failed} failed", thousands(ended));
    if let Some(latency) = latency {
        let _ = write!(text, ", p50 {} ms, p95 {} ms", latency.p50.as_millis(), latency.p95.as_millis());
    }
    text.push('\n');
    if traffic.paused {
        text.push_str("paused    by the user\n");
    }
    for region in traffic.regions.iter().filter(|region| region.standing != Standing::Open || region.rate.is_some()) {
        let rate = region.rate.map(|rate| format!(", {rate:.1} calls a second")).unwrap_or_default();
        let _ = writeln!(text, "region    {}: {}{rate}", region.region, region.standing.word());
    }
    text
}
