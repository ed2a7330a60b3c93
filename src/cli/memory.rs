//! What is said of a limit of memory.

use super::report::Finding;
use super::talk::Talk;
use crate::domain::size;
use crate::domain::text::clean;
use crate::index::{MORE_MEMORY, Pressure, Snapshot, refusal};

/// Says once that events were moved to a file, and where that is.
pub fn tell_spilling(snapshot: &Snapshot, talk: &Talk) {
    let spilled = snapshot.memory().spilled;
    let Some(Pressure { limit, directory, .. }) = snapshot.pressure().filter(|_| spilled > 0) else { return };
    let (limit, spilled, directory) = (size::format(*limit), size::format(spilled), directory.display().to_string());
    talk.note(&format!(
        "memory limit of {limit} reached: {spilled} of events moved to a temporary file in {}",
        clean(&directory)
    ));
}

/// That events were read and are not held; `None` when all are.
pub fn not_held(snapshot: &Snapshot) -> Option<Finding> {
    let refused = snapshot.totals().refused;
    let pressure = snapshot.pressure().filter(|_| refused > 0)?;
    let advice = match &pressure.failure {
        Some(failure) => format!("{MORE_MEMORY}; {}", clean(&failure.to_string())),
        None => MORE_MEMORY.to_owned(),
    };
    Some(Finding { advice, ..Finding::new("not held", refusal(pressure.limit, refused)) })
}
