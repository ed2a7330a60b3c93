//! What happens when memory is limited.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};

use super::testing::{Sent, cell, page};
use super::*;
use crate::domain::ledger::{CellState, CellUpdate, Change};
use crate::domain::text::thousands;

/// 3 kB that no compressor makes much less of.
fn noise(n: u64) -> Sent {
    let mut state = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let text: String = (0..3_000)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'!' + (state >> 40) as u8 % 90).to_ascii_lowercase()
        })
        .map(|c| if c == '\\' || c == '"' { ' ' } else { c })
        .collect();
    let bytes = format!(r#"{{"eventId":"{n}","data":{{"noise":"{text}"}}}}"#).into_bytes();
    Sent { region: "r".into(), compartment: "c".into(), bytes }
}

fn options(max_memory: u64, directory: Option<PathBuf>) -> IndexOptions {
    let store = StoreOptions { workers: 0, train: false, directory };
    IndexOptions { max_memory: Some(max_memory), store, ..IndexOptions::default() }
}

/// Takes so many, published now and then.
fn take(builder: &mut IndexBuilder, numbers: std::ops::Range<u64>) {
    for n in numbers {
        let sent = noise(n);
        builder.insert(&sent.region, &sent.compartment, &sent.bytes);
        if n % 512 == 511 {
            builder.snapshot();
        }
    }
}

fn nowhere() -> PathBuf {
    "/nonexistent/place".into()
}

#[test]
fn what_is_above_the_limit_moves_to_a_file_and_everything_is_held() {
    const LIMIT: u64 = 16 << 20;
    let mut builder = IndexBuilder::new(options(LIMIT, None));
    take(&mut builder, 0..3 * 4_096);
    let snapshot = builder.snapshot();
    let memory = snapshot.memory();
    assert!(memory.spilled > 8 << 20 && memory.resident() <= LIMIT, "{memory:?}");
    assert_eq!((snapshot.len(), snapshot.totals().refused), (3 * 4_096, 0));
    let mut reader = snapshot.blocks().reader();
    for n in [0, 1, 4_095, 4_096, 12_287] {
        assert_eq!(reader.read(Ordinal(n)), Some(&*noise(u64::from(n)).bytes));
    }
    let pressure = snapshot.pressure().unwrap();
    assert!(!pressure.is_full && pressure.failure.is_none());
    assert_eq!(pressure.directory, std::env::temp_dir());
}

#[test]
fn where_nothing_can_be_moved_what_is_new_is_refused_and_counted_and_nothing_is_lost() {
    let mut builder = IndexBuilder::new(options(12 << 20, Some(nowhere())));
    take(&mut builder, 0..8_000);
    let held = builder.snapshot();
    let totals = *held.totals();
    assert!(totals.refused > 0 && totals.events > 4_096, "{totals:?}");
    assert_eq!((totals.received, totals.events + totals.refused), (8_000, 8_000));
    let pressure = held.pressure().unwrap();
    assert!(pressure.is_full && pressure.failure.as_ref().unwrap().to_string().contains("temporary file"));
    // What is held already is no event more, whatever room there is.
    take(&mut builder, 0..1_000);
    let again = builder.snapshot();
    assert_eq!((again.totals().duplicates, again.totals().refused), (1_000, totals.refused));
    let mut reader = again.blocks().reader();
    assert_eq!(again.len() as u64, totals.events);
    assert!((0..totals.events).all(|n| reader.read(Ordinal(n as u32)) == Some(&*noise(n).bytes)));
}

#[test]
fn without_a_limit_nothing_is_said_of_one() {
    assert!(IndexBuilder::default().snapshot().pressure().is_none());
}

#[test]
fn a_cell_whose_events_were_refused_is_failed_until_a_read_of_it_is_held() {
    let (wake, woken) = mpsc::channel();
    let wake = Box::new(move || wake.send(()).unwrap_or_default());
    let ingest = Ingest::start(options(1 << 20, Some(nowhere())), TimeDelta::minutes(15), wake);
    let sender = ingest.sender();
    let at = DateTime::UNIX_EPOCH + TimeDelta::days(1);
    let update = |region: &str, change| CellUpdate { key: cell(&region.into(), &"c".into()), change };
    let send = |region: &str, numbers: std::ops::Range<u64>| {
        let events: Vec<Sent> = numbers.map(|n| Sent { region: region.into(), ..noise(n) }).collect();
        sender.blocking_send(Input::Update(update(region, Change::Started))).unwrap();
        for events in events.chunks(100) {
            sender.blocking_send(Input::Page(page(events))).unwrap();
            let events = events.len() as u64;
            sender.blocking_send(Input::Update(update(region, Change::Page { events }))).unwrap();
            while ingest.pending() > 0 {
                let _ = woken.recv_timeout(Duration::from_millis(5));
            }
        }
        sender.blocking_send(Input::Update(update(region, Change::Complete { at }))).unwrap();
        while ingest.pending() > 0 {
            let _ = woken.recv_timeout(Duration::from_millis(5));
        }
        ingest.holdings()
    };
    let state = |holdings: &Holdings, region: &str| {
        let cell = holdings.ledger.get(&cell(&region.into(), &"c".into())).unwrap();
        (holdings.ledger.state(cell), cell.problem().map(|problem| problem.what.clone()))
    };
    let first = send("a", 0..100);
    assert_eq!(state(&first, "a"), (CellState::Complete, None));
    let full = send("b", 100..1_500);
    let refused = full.snapshot.totals().refused;
    let words = format!("memory limit of 1 MiB reached: {} events not held", thousands(refused));
    assert!((1..1_400).contains(&refused), "{refused}");
    assert_eq!(state(&full, "b"), (CellState::Failed, Some(words)));
    assert_eq!(state(&full, "a"), (CellState::Complete, None));
    assert!(!full.ledger.total().is_complete());
    // Read again, it brings only what is held.
    let held = full.snapshot.len() as u64;
    let again = send("b", 100..held.min(200));
    assert_eq!(state(&again, "b"), (CellState::Complete, None));
}
