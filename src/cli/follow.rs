//! `export --follow`: round after round over the newest minutes, each writing what is new in it, until it is interrupted.

use std::time::Duration;

use super::collect::{Collected, Reading};
use super::export::Writing;
use super::intake::Intake;
use super::interrupt::Interrupt;
use crate::domain::problem::Problem;
use crate::domain::text::count_of;

/// Calls a second that rounds may cost on average, however many cells there are.
const CALLS: u32 = 20;

/// Ends with an interrupt, when the credential is refused, or when nobody reads what is written.
pub async fn follow(
    reading: &Reading<'_>,
    collected: &mut Collected,
    intake: &mut Intake,
    writing: &mut Writing,
    pause: Duration,
    interrupt: &mut Interrupt,
) -> Result<(), Problem> {
    while writing.is_going_on() && collected.halted().is_none() {
        let pause = pause.max(Duration::from_secs(1) * collected.settling() as u32 / CALLS);
        if interrupt.unless(tokio::time::sleep(pause)).await.is_none() {
            break;
        }
        let cells = reading.newest(collected);
        reading.read_cells(cells, collected, &mut |page| intake.take(page), interrupt).await?;
        let ordered = intake.drain()?;
        let events = tokio::task::block_in_place(|| writing.write(ordered));
        if events > 0 {
            reading.talk.note(&format!("{} more", count_of(events, "event")));
        }
        if let Some(at) = collected.asked_again_from() {
            intake.forget_before(at);
        }
    }
    Ok(())
}
