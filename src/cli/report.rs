//! What is said when a fetch without a screen has ended: what is missing and why, the coverage in one sentence, and the
//! exit code that goes with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::progress::say;
use crate::domain::footprint;
use crate::domain::ledger::{Cell, CellState, Coverage, Ledger};
use crate::domain::ocid::Ocid;
use crate::domain::problem::Problem;
use crate::domain::region::RegionId;
use crate::domain::tenancy::Tenancy;
use crate::domain::text::{clean, count_of, thousands};
use crate::domain::time_range::TimeRange;
use crate::export::Tally;

/// Failures listed one by one, those of every region first; the rest is counted.
const LISTED: usize = 10;

pub struct Report<'a> {
    pub tenancy: &'a Tenancy,
    pub ledger: &'a Ledger,
    pub tally: Tally,
    pub range: TimeRange,
    pub halted: Option<Problem>,
    pub interrupted: bool,
    pub strict: bool,
}

impl Report<'_> {
    /// Says it on standard error; the last line is the coverage sentence.
    pub fn print(&self) {
        for line in self.lines() {
            say(&line);
        }
    }

    /// See `--help`.
    pub fn exit_code(&self) -> u8 {
        let coverage = self.coverage();
        if self.interrupted {
            130
        } else if let Some(problem) = &self.halted {
            problem.kind.exit_code()
        } else if coverage.nothing_readable() {
            5
        } else if !coverage.is_complete() || self.tenancy.partial.is_some() || (self.strict && coverage.gone > 0) {
            3
        } else {
            0
        }
    }

    fn coverage(&self) -> Coverage {
        self.ledger.coverage(|_| true)
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(self.tenancy.partial.as_ref().map(|problem| format!("incomplete: {problem}")));
        lines.extend(self.halted.as_ref().map(|problem| format!("stopped: {problem}")));
        lines.extend(self.refused(CellState::Denied));
        lines.extend(self.refused(CellState::Gone));
        lines.extend(self.failures());
        lines.extend(self.oddities());
        lines.push(self.sentence());
        lines
    }

    /// Compartments that did not let us in, each once with its regions.
    fn refused(&self, state: CellState) -> Vec<String> {
        let mut regions: BTreeMap<&Ocid, std::collections::BTreeSet<&str>> = BTreeMap::new();
        for cell in self.ledger.cells().filter(|cell| self.ledger.state(cell) == state) {
            regions.entry(&cell.key.compartment).or_default().insert(cell.key.region.as_str());
        }
        let say = |(compartment, regions): (&Ocid, std::collections::BTreeSet<&str>)| {
            let name = self.name(compartment);
            let regions: Vec<&str> = regions.into_iter().collect();
            let regions = regions.join(", ");
            match state {
                CellState::Gone => format!("gone: deleted compartment {name} no longer answers ({regions})"),
                _ => format!(
                    "no access: {name} {compartment} ({regions}); ask for\n  Allow group <group> to read audit-events in {}",
                    self.policy_place(compartment)
                ),
            }
        };
        regions.into_iter().map(say).collect()
    }

    fn failures(&self) -> Vec<String> {
        let mut of_region: BTreeMap<&RegionId, usize> = BTreeMap::new();
        let mut failed: Vec<(usize, &Cell)> = Vec::new();
        for cell in self.ledger.failed() {
            let nth = of_region.entry(&cell.key.region).or_default();
            failed.push((*nth, cell));
            *nth += 1;
        }
        failed.sort_by_key(|(nth, _)| *nth);
        let listed = LISTED.max(of_region.len());
        let mut lines: Vec<String> = failed
            .iter()
            .take(listed)
            .filter_map(|(_, cell)| {
                let problem = cell.problem()?;
                let id = problem.request_id.as_deref().map(|id| format!(" (opc-request-id {id})")).unwrap_or_default();
                let name = self.name(&cell.key.compartment);
                Some(format!("failed: {name} @ {} {}: {}{id}", cell.key.region, cell.key.window, problem.what))
            })
            .collect();
        if failed.len() > listed {
            lines.push(format!("failed: and {} more", failed.len() - listed));
        }
        lines
    }

    fn oddities(&self) -> Vec<String> {
        let Tally { conflicts, flagged, own, .. } = self.tally;
        let mut lines = Vec::new();
        if conflicts > 0 {
            lines.push(format!(
                "note: {} with an id that other bytes carry as well; all are kept",
                count_of(conflicts, "event")
            ));
        }
        if flagged > conflicts {
            lines.push(format!(
                "note: {} odd in form; kept as received (--meta says how)",
                count_of(flagged - conflicts, "event")
            ));
        }
        if own > 0 {
            let are = if own == 1 { "is auditui's own read" } else { "are auditui's own reads" };
            lines.push(format!("note: {} {are} (request ids {}...)", count_of(own, "event"), footprint::PREFIX));
        }
        lines
    }

    /// `export: 12,418 events, 1,225 of 1,260 slices complete, 2 failed, 3 unfinished, 30 no access`
    fn sentence(&self) -> String {
        let coverage = self.coverage();
        let mut sentence = format!(
            "export: {}, {} of {} complete",
            count_of(self.tally.events, "event"),
            thousands(coverage.read() as u64),
            count_of(coverage.total() as u64, "slice"),
        );
        let parts = [
            (coverage.settling, "of those still settling"),
            (coverage.failed, "failed"),
            (coverage.unfinished(), "unfinished"),
            (coverage.denied, "no access"),
            (coverage.gone, "gone"),
        ];
        for (count, words) in parts.into_iter().filter(|(count, _)| *count > 0) {
            let _ = write!(sentence, ", {} {words}", thousands(count as u64));
        }
        let _ = write!(sentence, "; {}", self.range);
        if self.interrupted {
            sentence.push_str("; interrupted");
        }
        sentence
    }

    fn name(&self, compartment: &Ocid) -> String {
        match self.tenancy.tree.find(compartment) {
            Some(node) => clean(&self.tenancy.tree.path(node)).into_owned(),
            None => compartment.short(),
        }
    }

    fn policy_place(&self, compartment: &Ocid) -> String {
        match self.tenancy.tree.find(compartment) {
            Some(node) if node == self.tenancy.tree.root() => "tenancy".to_owned(),
            Some(node) => format!("compartment {}", clean(&self.tenancy.tree.path(node)).replace('/', ":")),
            None => format!("compartment id {compartment}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::compartment::{Compartment, CompartmentTree, Lifecycle};
    use crate::domain::ledger::{CellKey, CellUpdate, Change};
    use crate::domain::problem::ProblemKind;
    use crate::domain::time_range::FetchWindow;

    #[test]
    fn every_region_that_failed_is_named_however_many_slices_failed_in_the_first() {
        let mut ledger = Ledger::new(chrono::TimeDelta::zero());
        for (region, count) in [("r1", 30), ("r2", 5), ("r3", 1)] {
            for n in 0..count {
                let window = FetchWindow::from_minutes(0, 60).unwrap();
                let key = CellKey { region: region.into(), compartment: format!("c{n}").as_str().into(), window };
                let problem = Problem::new(ProblemKind::Service, "down").request_id(Some(format!("{region}-{n}")));
                ledger.apply(CellUpdate { key: key.clone(), change: Change::Queued });
                ledger.apply(CellUpdate { key, change: Change::Failed(problem.into()) });
            }
        }
        let id = Ocid::new("ocid1.tenancy.oc1..t");
        let root = Compartment { id: id.clone(), parent: None, name: "acme".into(), lifecycle: Lifecycle::Active };
        let tree = CompartmentTree::new(root, Vec::new());
        let tenancy = Tenancy { id, name: None, regions: Vec::new(), tree, partial: None };
        let range = TimeRange::new(chrono::DateTime::UNIX_EPOCH, chrono::DateTime::from_timestamp(3_600, 0).unwrap());
        let range = range.unwrap();
        let tally = Tally::default();
        let report = Report {
            tenancy: &tenancy,
            ledger: &ledger,
            tally,
            range,
            halted: None,
            interrupted: false,
            strict: false,
        };
        let lines = report.failures();
        assert_eq!(lines.len(), LISTED + 1);
        for id in ["r1-0", "r2-0", "r3-0"] {
            assert!(lines.iter().any(|line| line.ends_with(&format!("(opc-request-id {id})"))), "{lines:#?}");
        }
        assert_eq!(lines[LISTED], "failed: and 26 more");
    }
}
