//! The audit service: ListEvents and GetConfiguration.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::domain::ledger::CellKey;
use crate::domain::page::Page;
use crate::domain::time_range::rfc3339;

use super::endpoint::Service;
use super::error::OciError;
use super::http::Answer;
use super::{OciClient, PageToken};

const LIST_EVENTS: &str = "/20190901/auditEvents";
const CONFIGURATION: &str = "/20190901/configuration";

/// One answer of ListEvents. More follow while there is a token, also after a page without events.
#[derive(Clone, Debug)]
pub struct EventPage {
    pub page: Page,
    pub next: Option<PageToken>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    retention_period_days: u16,
}

impl OciClient {
    /// One page of the events that were processed in the cell's window.
    pub async fn list_events(&self, cell: &CellKey, page: Option<&PageToken>) -> Result<EventPage, OciError> {
        self.list_events_between(cell, cell.window.start(), cell.window.end(), page).await
    }

    /// The same for times that need not be whole minutes. What the service makes of those is not written anywhere, so no
    /// coverage may be claimed for it.
    pub async fn list_events_between(
        &self,
        cell: &CellKey,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        page: Option<&PageToken>,
    ) -> Result<EventPage, OciError> {
        let (start, end) = (rfc3339(start), rfc3339(end));
        let mut query = vec![
            ("compartmentId", cell.compartment.as_str()),
            ("startTime", start.as_str()),
            ("endTime", end.as_str()),
        ];
        query.extend(page.map(|token| ("page", token.as_str())));
        let answer = self.get(Service::Audit, &cell.region, LIST_EVENTS, &query).await?;
        event_page(cell, answer)
    }

    /// For how many days events are kept (`retentionPeriodDays`).
    pub async fn retention_days(&self) -> Result<u16, OciError> {
        let query = [("compartmentId", self.profile().tenancy.as_str())];
        let answer = self.get(Service::Audit, self.home(), CONFIGURATION, &query).await?;
        let configuration: Configuration = answer.json("audit")?;
        Ok(configuration.retention_period_days)
    }
}

fn event_page(cell: &CellKey, answer: Answer) -> Result<EventPage, OciError> {
    let request_id = answer.request_id.as_deref().map(Into::into);
    let page =
        Page::new(cell.clone(), answer.body, request_id, answer.received_at).map_err(|error| OciError::Body {
            target: format!("audit in {}", cell.region).into(),
            detail: error.to_string().into(),
            request_id: answer.request_id,
        })?;
    Ok(EventPage { page, next: answer.next_page.map(PageToken::new) })
}
