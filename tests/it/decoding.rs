//! What the service sends is what one pass over the bytes can read.

use auditui::domain::event::{lenient, one_pass};
use chrono::TimeDelta;

use super::support::Cloud;

#[test]
fn ordinary_events_need_no_second_look() {
    for (scenario, days) in [("demo", 1), ("small", 2), ("strict", 3)] {
        let fake = Cloud::named(scenario).fake;
        let events = fake.world_events(fake.epoch() - TimeDelta::days(days), fake.epoch());
        assert!(events.len() > 100, "{scenario} has only {}", events.len());
        let mut left = 0;
        for event in &events {
            match one_pass::decode(&event.bytes) {
                Some(quick) => assert_eq!(quick, lenient::decode(&event.bytes)),
                None => left += 1,
            }
        }
        assert!(left * 100 <= events.len(), "{left} of {} of {scenario} are left to the parser", events.len());
    }
}
