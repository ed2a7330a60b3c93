use std::time::Duration;

use super::*;
use crate::domain::ledger::{CellKey, Change};
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

#[tokio::test]
async fn when_all_is_read_that_is_told_once_and_more_can_be_asked_for() {
    let server = Server::start(vec![answer("200 OK", "", "[]"); 2]).await;
    let (fetcher, mut stream) = fetch(server.client(), Settings::default());
    for compartment in ["a", "b"] {
        fetcher.add(vec![planned(compartment)]);
        let mut completed = 0;
        loop {
            match stream.next().await.unwrap() {
                FetchEvent::Update(CellUpdate { change: Change::Complete { .. }, .. }) => completed += 1,
                FetchEvent::Idle => break,
                _ => {}
            }
        }
        assert_eq!(completed, 1);
    }
    drop(fetcher);
    while let Some(event) = stream.next().await {
        assert!(!matches!(event, FetchEvent::Idle));
    }
}
