//! What is the same in every document of coverage, whoever reads.

use chrono::{DateTime, SubsecRound, Utc};

use crate::domain::ledger::Ledger;
use crate::domain::tenancy::Tenancy;
use crate::export::coverage::{self, CoverageDocument, Filter, Span, TenancyEntry};
use crate::oci::{OciClient, clock};

/// What every document says of who asked whom, when, and how much of it was read. What was asked is still to be put in,
/// and the outcome.
pub fn of_client(
    client: &OciClient,
    tenancy: &Tenancy,
    ledger: &Ledger,
    range: Span,
    started_at: DateTime<Utc>,
) -> CoverageDocument {
    CoverageDocument {
        form: coverage::FORM,
        tool: concat!("auditui ", env!("CARGO_PKG_VERSION")).to_owned(),
        run_id: client.run_id().to_owned(),
        calls: client.calls(),
        tenancy: TenancyEntry { id: tenancy.id.clone(), name: tenancy.name.clone() },
        profile: client.profile().name.clone(),
        endpoint: client.endpoint_override().map(ToString::to_string),
        range,
        padding_seconds: 0,
        settling_seconds: 0,
        filter: Filter::All,
        query: None,
        started_at: started_at.trunc_subsecs(3),
        ended_at: clock::now().trunc_subsecs(3),
        listed_again_at: None,
        clock_offset_milliseconds: client.clock_offset().map(|offset| offset.num_milliseconds()),
        export: None,
        exit_code: 0,
        complete: false,
        sentence: String::new(),
        interrupted: false,
        stopped: None,
        listing: tenancy.partial.clone(),
        totals: ledger.total(),
        lateness: ledger.lateness().summary(),
        regions: Vec::new(),
        compartments: Vec::new(),
        cells: Vec::new(),
    }
}
