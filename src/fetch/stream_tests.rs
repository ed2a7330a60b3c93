use std::time::Duration;

use super::*;
use crate::domain::ledger::CellKey;
use crate::domain::time_range::FetchWindow;
use crate::fetch::RetrySettings;
use crate::oci::test_server::{Server, answer};

fn planned(compartment: &str) -> PlannedCell {
    let window = FetchWindow::from_minutes(0, 60).unwrap();
    PlannedCell::whole(CellKey { region: "us-ashburn-1".into(), compartment: compartment.into(), window })
}

/// The credential is refused while another call waits for its next try; only when that wait ends is it known that no
/// region takes the credential.
#[tokio::test]
async fn a_halt_that_is_found_out_by_waiting_is_told() {
    let server = Server::start(vec![answer("503 Unavailable", "", "{}"), answer("401 Unauthorized", "", "{}")]).await;
    let retry = RetrySettings { base: Duration::from_millis(1), ..RetrySettings::default() };
    let (fetcher, mut stream) = fetch(server.client(), Settings { retry, ..Settings::default() });
    fetcher.add(vec![planned("a"), planned("b")]);
    drop(fetcher);
    let mut halted = 0;
    while let Some(event) = stream.next().await {
        halted += usize::from(matches!(event, FetchEvent::Halted(_)));
    }
    assert_eq!(halted, 1);
}
