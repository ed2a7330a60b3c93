use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde_json::Value;

use super::*;

fn demo() -> (World, DateTime<Utc>) {
    let epoch = "2026-03-11T14:00:00Z".parse().unwrap();
    let scenario = Scenario::named("demo").unwrap();
    (World::new(&scenario, 20_260_314, epoch, "aa:bb").unwrap(), epoch)
}

fn parsed(events: &[WorldEvent]) -> Vec<Value> {
    events.iter().map(|event| serde_json::from_slice(&event.bytes).unwrap()).collect()
}

/// The sketches of the 24 hours before `until`.
fn day(world: &World, until: DateTime<Utc>) -> Vec<(Cell, Sketch)> {
    let last = until.timestamp_millis() / HOUR;
    let cells = world.tenancy.cells().flat_map(|cell| (last - 24..last).map(move |hour| (cell, hour)));
    cells.flat_map(|(cell, hour)| world.sketches(cell, hour).into_iter().map(move |sketch| (cell, sketch))).collect()
}

#[test]
fn a_day_of_the_demo_is_believable() {
    let (world, epoch) = demo();
    let sketches = day(&world, epoch);
    assert!((15_000..30_000).contains(&sketches.len()), "{} events", sketches.len());
    let sample: Vec<String> = sketches.iter().step_by(7).map(|(cell, sketch)| world.write(*cell, sketch)).collect();
    let mean = sample.iter().map(String::len).sum::<usize>() / sample.len();
    assert!((2_500..3_500).contains(&mean), "{mean} bytes on average");
    let values: Vec<Value> = sample.iter().map(|event| serde_json::from_str(event).unwrap()).collect();
    let reads = values.iter().filter(|event| event["data"]["request"]["action"] == "GET").count();
    let share = reads * 100 / values.len();
    assert!((60..90).contains(&share), "{share} % reads");
    let failed = |event: &&Value| event["data"]["response"]["status"].as_str().is_some_and(|s| s.starts_with('4'));
    let share = values.iter().filter(failed).count() * 100 / values.len();
    assert!((1..9).contains(&share), "{share} % failures");
    let distinct = |field: &dyn Fn(&Value) -> String| values.iter().map(field).collect::<BTreeSet<_>>().len();
    assert!(distinct(&|event| event["eventType"].to_string()) > 150);
    assert!(distinct(&|event| event["data"]["identity"]["principalName"].to_string()) > 35);
    assert!(distinct(&|event| event["data"]["compartmentName"].to_string()) > 35);
    assert_eq!(distinct(&|event| event["eventId"].to_string()), values.len());
}

#[test]
fn a_weekend_is_quieter_and_still_worth_looking_at() {
    let (world, _) = demo();
    let sunday: DateTime<Utc> = "2026-03-15T23:00:00Z".parse().unwrap();
    let events = day(&world, sunday).len();
    assert!((14_000..22_000).contains(&events), "{events} events");
}

#[test]
fn a_calendar_of_its_own_makes_all_hours_alike() {
    let noon = "2026-03-11T12:00:00Z".parse().unwrap();
    for (scenario, hours) in [("small", 25), ("demo", 2)] {
        let scenario = Scenario::named(scenario).unwrap().living_by(noon);
        let before = |epoch: &str| {
            let epoch: DateTime<Utc> = epoch.parse().unwrap();
            let world = World::new(&scenario, 7, epoch, "aa:bb").unwrap();
            let events = world.events(epoch - TimeDelta::hours(hours), epoch);
            events.into_iter().map(|event| (event.event_id, epoch - event.processed_time)).collect::<Vec<_>>()
        };
        let night = before("2026-11-22T03:00:00Z");
        assert!(!night.is_empty());
        assert_eq!(before("2027-01-01T16:00:00Z"), night);
    }
}

#[test]
fn begin_and_end_share_their_group() {
    let (world, epoch) = demo();
    let values = parsed(&world.events(epoch - TimeDelta::hours(1), epoch));
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in &values {
        let kind = event["eventType"].as_str().unwrap().to_owned();
        if matches!(kind.rsplit('.').next(), Some("begin" | "end")) {
            groups.entry(event["data"]["eventGroupingId"].to_string()).or_default().push(kind);
        }
    }
    assert!(groups.len() > 20, "{}", groups.len());
    assert!(groups.values().all(|kinds| kinds.len() == 2), "each begin has its end");
}

#[test]
fn the_story_is_told_in_the_last_hour() {
    let (world, epoch) = demo();
    let values = parsed(&world.events(epoch - TimeDelta::hours(1), epoch));
    let by = |name: &str| {
        values
            .iter()
            .filter(|event| event["data"]["identity"]["ipAddress"].as_str().unwrap().starts_with("203.0.113.9"))
            .filter(|event| event["data"]["eventName"] == name)
            .collect::<Vec<_>>()
    };
    let status = |event: &Value| event["data"]["response"]["status"].as_str().unwrap_or("-").to_owned();
    let logins = by("InteractiveLogin");
    assert_eq!(logins.len(), 15);
    assert_eq!(logins.iter().filter(|event| status(event) == "400").count(), 14);
    assert_eq!(status(by("UploadApiKey")[0]), "200");
    let retention = by("UpdateConfiguration")[0];
    assert_eq!(retention["data"]["stateChange"]["previous"]["retentionPeriodDays"], 365);
    assert_eq!(retention["data"]["stateChange"]["current"]["retentionPeriodDays"], 90);
    assert!(retention["data"]["identity"]["credentials"].as_str().unwrap().ends_with(":2d:81:72:b2"));
    assert_eq!(status(by("DeleteLogGroup")[0]), "404");
    let opened = by("UpdateSecurityList")[0];
    assert_eq!(opened["data"]["resourceName"], "web-sl");
    assert_eq!(opened["data"]["stateChange"]["current"]["ingressSecurityRules"][3]["source"], "0.0.0.0/0");
    assert_eq!(by("UpdateBucket")[0]["data"]["additionalDetails"]["publicAccessType"], "ObjectRead");
    assert_eq!(by("CreatePreauthenticatedRequest")[0]["data"]["additionalDetails"]["accessType"], "AnyObjectRead");
    assert_eq!(by("LaunchInstance").len(), 12, "six begins and six ends");
    assert_eq!(by("DeleteUser")[0]["data"]["resourceName"], "svc-backup");
    let discovery = values.iter().filter(|event| {
        event["data"]["identity"]["ipAddress"] == "203.0.113.9"
            && event["data"]["eventName"].as_str().unwrap().starts_with("List")
    });
    let statuses: Vec<String> = discovery.map(status).collect();
    assert!(statuses.len() > 200, "{}", statuses.len());
    let denied = statuses.iter().filter(|status| *status != "200").count();
    assert!(denied * 2 > statuses.len(), "most doors are shut");
}

#[test]
fn slices_are_ascending_and_meet() {
    let (world, epoch) = demo();
    let cell = Cell { region: world.tenancy.home(), compartment: 0 };
    let end = epoch.timestamp_millis();
    let window = Window { start: end - 6 * HOUR, end };
    let whole = world.slice(cell, window, None, usize::MAX, end);
    assert!(!whole.more);
    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let slice = world.slice(cell, window, after, 37, end);
        after = slice.end();
        let more = slice.more;
        paged.extend(slice.sketches);
        if !more {
            break;
        }
    }
    assert_eq!(paged, whole.sketches);
    assert!(paged.is_sorted_by_key(|sketch| sketch.processed));
}
