//! `export --follow`: round after round over the newest minutes, each writing what is new in it, until it is interrupted.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;

use super::collect::{Collected, Reading};
use super::export::Writing;
use super::intake::Intake;
use super::interrupt::Interrupt;
use crate::domain::problem::Problem;
use crate::domain::region::RegionId;
use crate::domain::text::{clean, count_of};

/// Calls a second that rounds may cost on average, however many cells there are.
const CALLS: u32 = 20;

/// After this long the tenancy is listed again.
const LISTING: TimeDelta = TimeDelta::hours(1);

/// Ends with an interrupt, when the credential is refused, or when nobody reads what is written.
pub async fn follow(
    reading: &Reading<'_>,
    collected: &mut Collected,
    intake: &mut Intake,
    writing: &mut Writing,
    pause: Duration,
    interrupt: &mut Interrupt,
) -> Result<(), Problem> {
    let client = &reading.connection.client;
    let mut listed_at = client.now();
    let mut troubled = BTreeMap::new();
    while writing.is_going_on() && collected.halted().is_none() {
        let pause = pause.max(Duration::from_secs(1) * collected.settling() as u32 / CALLS);
        if interrupt.unless(tokio::time::sleep(pause)).await.is_none() {
            break;
        }
        let mut cells = Vec::new();
        if client.now() >= listed_at + LISTING {
            listed_at = client.now();
            cells = reading.look_again(reading.window_ahead(), collected, interrupt).await;
        }
        cells.extend(reading.newest(collected));
        // A region in trouble must not hold up the others.
        reading.read_cells_within(Some(pause), cells, collected, &mut |page| intake.take(page), interrupt).await?;
        let ordered = intake.drain()?;
        let events = tokio::task::block_in_place(|| writing.write(ordered));
        if events > 0 {
            reading.talk.note(&format!("{} more", count_of(events, "event")));
        }
        tell_trouble(reading, &mut troubled, collected.troubled());
        if let Some(at) = collected.asked_again_from() {
            intake.forget_before(at);
        }
    }
    Ok(())
}

/// Silence must not pass for quiet: says which regions cannot be read any more, and which can again.
fn tell_trouble(reading: &Reading<'_>, before: &mut BTreeMap<RegionId, String>, now: BTreeMap<RegionId, String>) {
    for (region, what) in now.iter().filter(|(region, _)| !before.contains_key(region)) {
        reading.talk.warning(&format!("the newest minutes of {region} are not all read: {}", clean(what)));
    }
    for region in before.keys().filter(|region| !now.contains_key(region)) {
        reading.talk.note(&format!("{region} is read again"));
    }
    *before = now;
}
