//! Coverage documents for tests of this room.

use chrono::{DateTime, TimeDelta};

use crate::domain::ledger::CellState;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::SubscriptionStatus;
use crate::export::CoverageDocument;
use crate::export::coverage::{
    CellEntry, CompartmentEntry, ExportEntry, FORM, Filter, RegionEntry, Span, TenancyEntry,
};

/// Cells as (region, compartment, state); each region and compartment is known and was asked.
pub fn document(cells: &[(&str, &str, CellState)]) -> CoverageDocument {
    let at = DateTime::UNIX_EPOCH;
    let span = Span { from: at, until: at + TimeDelta::hours(1) };
    let mut document = CoverageDocument {
        form: FORM,
        tool: "auditui 0".into(),
        run_id: "0123abcd".into(),
        calls: 9,
        tenancy: TenancyEntry { id: "root".into(), name: Some("acme".into()) },
        profile: "DEFAULT".into(),
        endpoint: None,
        range: span,
        padding_seconds: 1_800,
        settling_seconds: 900,
        filter: Filter::All,
        query: None,
        started_at: at,
        ended_at: at,
        listed_again_at: None,
        clock_offset_milliseconds: None,
        export: None,
        exit_code: 0,
        complete: true,
        sentence: String::new(),
        interrupted: false,
        stopped: None,
        listing: None,
        totals: crate::domain::ledger::Coverage::default(),
        lateness: None,
        regions: Vec::new(),
        compartments: Vec::new(),
        cells: Vec::new(),
        files: Vec::new(),
    };
    for (region, compartment, state) in cells {
        let read = matches!(state, CellState::Complete | CellState::Settling);
        let refused = matches!(state, CellState::Denied | CellState::Failed | CellState::Gone);
        let id = format!("{region}-{compartment}");
        let problem = Problem::new(ProblemKind::Service, "down").request_id(Some(id));
        document.cells.push(CellEntry {
            region: (*region).into(),
            compartment: (*compartment).into(),
            window: span,
            asked: None,
            state: *state,
            read_at: read.then_some(at),
            pages: read.then_some(1),
            events: read.then_some(1_000),
            problem: refused.then_some(problem),
        });
        if document.regions.iter().all(|entry| entry.id.as_str() != *region) {
            let (id, key) = ((*region).into(), (*region).to_owned());
            document.regions.push(RegionEntry { id, key, status: SubscriptionStatus::Ready, home: false, asked: true });
        }
        if document.compartments.iter().all(|entry| entry.id.as_str() != *compartment) {
            let path = Some((*compartment).to_owned());
            let lifecycle = Some("ACTIVE".to_owned());
            document.compartments.push(CompartmentEntry { id: (*compartment).into(), path, lifecycle, asked: true });
        }
    }
    document.totals = document.coverage();
    document
}

/// Says that the document is of the export of that name.
pub fn of_export(mut document: CoverageDocument, name: &str) -> CoverageDocument {
    document.export =
        Some(ExportEntry::new(Some(name.into()), Some((3, "00ff".into())), crate::export::Tally::default()));
    document
}
