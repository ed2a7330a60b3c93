//! Paging, windows and what is in the world.

use super::*;

#[tokio::test]
async fn paging_finds_every_event_exactly_once() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let (from, until) = day();
    let mut served = BTreeMap::new();
    for region in fake.ready_regions() {
        for (id, path) in fake.compartments().into_iter().filter(|(_, path)| path != "secret" && path != "gone") {
            for event in client.all(&region, &id, from, until).await {
                let key = (region.clone(), path.clone(), event["eventId"].as_str().unwrap().to_owned());
                assert!(served.insert(key, event).is_none(), "twice");
            }
        }
    }
    let world = fake.world_events(from, until);
    assert_eq!(served.len(), world.len());
    for event in &world {
        let key = (event.region.clone(), event.compartment_path.clone(), event.event_id.clone());
        let truth: Value = serde_json::from_slice(&event.bytes).unwrap();
        assert_eq!(served.get(&key), Some(&truth), "{key:?}");
    }
    assert_eq!(fake.world_events_with_denied(from, until).len(), 240, "as many as the scenario says");
    assert!(world.len() < 240, "some are denied");
}

#[tokio::test]
async fn windows_that_touch_tile_the_whole() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let tenancy = fake.credentials().tenancy;
    let (from, until) = day();
    let whole = client.all("us-ashburn-1", &tenancy, from, until).await;
    let middle = now() - TimeDelta::minutes(617);
    let mut parts = client.all("us-ashburn-1", &tenancy, from, middle).await;
    let first = parts.len();
    parts.extend(client.all("us-ashburn-1", &tenancy, middle, until).await);
    assert!(first > 0 && first < parts.len());
    assert_eq!(parts.len(), whole.len());
    assert_eq!(ids(&parts), ids(&whole));
}

#[tokio::test]
async fn events_are_chosen_by_processed_time_and_only_when_visible() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let tenancy = fake.credentials().tenancy;
    let (from, until) = day();
    let world = fake.world_events(from, until);
    let event = world.iter().find(|event| event.compartment_path.is_empty() && event.region == "us-ashburn-1").unwrap();
    assert!(event.event_time < event.processed_time && event.processed_time <= event.visible_time);
    let minute = |at: DateTime<Utc>| DateTime::from_timestamp(at.timestamp() / 60 * 60, 0).unwrap();
    let start = minute(event.processed_time);
    let around = client.all("us-ashburn-1", &tenancy, start, start + TimeDelta::minutes(1)).await;
    assert!(ids(&around).contains(&event.event_id));
    let after = client.all("us-ashburn-1", &tenancy, start + TimeDelta::minutes(1), until).await;
    assert!(!ids(&after).contains(&event.event_id));

    // the same world, looked at just before the event is visible
    let options = Options {
        now: Some(event.visible_time - TimeDelta::milliseconds(1)),
        epoch: Some(fake.epoch()),
        ..Options::default()
    };
    let early = FakeOci::start(Scenario::named("small").unwrap(), options).await.unwrap();
    let client = Client { date: early.now(), ..Client::of(&early) };
    assert!(!ids(&client.all("us-ashburn-1", &tenancy, from, until).await).contains(&event.event_id));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_bytes_in_any_order() {
    let (from, until) = day();
    let demo = async |seed| {
        let options = Options { now: Some(now()), seed, ..Options::default() };
        FakeOci::start(Scenario::named("demo").unwrap(), options).await.unwrap()
    };
    let span = |fake: &FakeOci, hours: i64| {
        fake.world_events(until - TimeDelta::hours(hours), until - TimeDelta::hours(hours - 1))
    };
    let (one, other) = (demo(None).await, demo(None).await);
    let forward: Vec<Vec<WorldEvent>> = (1..4).map(|hours| span(&one, hours)).collect();
    let mut backward: Vec<Vec<WorldEvent>> = (1..4).rev().map(|hours| span(&other, hours)).collect();
    backward.reverse();
    assert_eq!(forward, backward);
    let different = demo(Some(1)).await;
    assert_ne!(span(&different, 2), forward[1]);
    assert!(from < until);
}

#[tokio::test]
async fn strict_has_exactly_twenty_thousand() {
    let fake = start("strict").await;
    let events = fake.world_events(now() - TimeDelta::days(30), now());
    assert_eq!(events.len(), 20_000);
    let ids: BTreeSet<&str> = events.iter().map(|event| event.event_id.as_str()).collect();
    assert_eq!(ids.len(), 20_000);
    assert!(events.iter().all(|event| event.visible_time < now()), "all of it can be read at the epoch");
    assert_eq!(fake.compartments().len(), 13);
    assert_eq!(fake.ready_regions().len(), 4);
}

#[tokio::test]
async fn hostile_events_are_json_all_the_same() {
    let fake = start("hostile").await;
    let (from, until) = day();
    let events = fake.world_events(from, until);
    assert!(!events.is_empty());
    let mut text = String::new();
    for event in &events {
        let value: Value = serde_json::from_slice(&event.bytes).unwrap();
        assert!(value["eventTime"].as_str().unwrap().parse::<DateTime<Utc>>().is_ok());
        text.push_str(value["data"]["identity"]["userAgent"].as_str().unwrap());
        text.push_str(value["data"]["eventName"].as_str().unwrap());
    }
    for nasty in ['\u{1b}', '\u{0}', '\u{202e}', '\n', '\t', '\u{9b}'] {
        assert!(text.contains(nasty), "{nasty:?}");
    }
}
