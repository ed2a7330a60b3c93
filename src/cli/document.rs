//! What is the same in every document of coverage, whoever reads.

use chrono::{DateTime, SubsecRound, Utc};

use crate::domain::ledger::Ledger;
use crate::domain::tenancy::Tenancy;
use crate::export::coverage::{self, CoverageDocument, Filter, Span, TenancyEntry};
use crate::oci::{OciClient, clock};

/// Of who asked whom, when, and how much of it was read. What was asked is still to be put in, and the outcome.
pub fn of_client(
    client: &OciClient,
    tenancy: &Tenancy,
    ledger: &Ledger,
    range: Span,
    started_at: DateTime<Utc>,
) -> CoverageDocument {
    let entry = TenancyEntry { id: tenancy.id.clone(), name: tenancy.name.clone() };
    CoverageDocument {
        run_id: client.run_id().to_owned(),
        calls: client.calls(),
        profile: client.profile().name.clone(),
        endpoint: client.endpoint_override().map(ToString::to_string),
        ended_at: clock::now().trunc_subsecs(3),
        clock_offset_milliseconds: client.clock_offset().map(|offset| offset.num_milliseconds()),
        listing: tenancy.partial.clone(),
        ..of_ledger(entry, ledger, range, started_at)
    }
}

/// Of what a ledger says, whoever wrote it.
pub fn of_ledger(tenancy: TenancyEntry, ledger: &Ledger, range: Span, at: DateTime<Utc>) -> CoverageDocument {
    let at = at.trunc_subsecs(3);
    CoverageDocument {
        form: coverage::FORM,
        tool: concat!("auditui ", env!("CARGO_PKG_VERSION")).to_owned(),
        run_id: String::new(),
        calls: 0,
        tenancy,
        profile: String::new(),
        endpoint: None,
        range,
        padding_seconds: 0,
        settling_seconds: ledger.settling().num_seconds(),
        filter: Filter::All,
        query: None,
        started_at: at,
        ended_at: at,
        listed_again_at: None,
        clock_offset_milliseconds: None,
        export: None,
        exit_code: 0,
        complete: false,
        sentence: String::new(),
        interrupted: false,
        stopped: None,
        listing: None,
        totals: ledger.total(),
        lateness: ledger.lateness().summary(),
        regions: Vec::new(),
        compartments: Vec::new(),
        cells: Vec::new(),
        files: Vec::new(),
    }
}
