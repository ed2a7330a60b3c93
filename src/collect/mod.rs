//! A collection: what was read of tenancies, kept on disk, added to by run after run.
//!
//! ```text
//! plan ──► (fetch) ──► Page ──► staging ──► files in staging ──► ledger: about to ──► data ──► ledger: done
//! ```
//!
//! Each event once, however often a run ends in the middle; `store` says why. Everything here waits for the disk.

mod commit;
pub mod disk;
mod journal;
mod layout;
mod lines;
mod lock;
mod manifest;
mod ownership;
mod rebuild;
mod record;
mod scan;
mod staging;
mod state;
mod store;
mod verify;

use std::io;

pub use disk::Disk;
pub use layout::{Layout, lock_path, slug_of, tenancies};
pub use lock::{Lock, Owner};
pub use rebuild::rebuild;
pub use store::{Gains, Run, Store};
pub use verify::{Found, Sort, Verified, verify};

use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::clean;

/// Why a collection cannot be added to.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("the collection cannot be written: {0}")]
    Io(#[from] io::Error),
    #[error("{what}")]
    Damaged { what: String, hint: String },
    /// One data file is not what was written; the rest can be added to.
    #[error("{what}")]
    DamagedData { what: String, hint: String },
    #[error("{0}; that is a mistake of this program")]
    Bug(&'static str),
}

impl Trouble {
    fn bug(what: &'static str) -> Self {
        Self::Bug(what)
    }

    pub fn to_problem(&self) -> Problem {
        let problem = Problem::new(ProblemKind::Io, clean(&self.to_string()));
        match self {
            Self::Io(_) => problem.hint("what was collected before is whole; once there is room, run it again"),
            Self::Damaged { hint, .. } | Self::DamagedData { hint, .. } => problem.hint(hint),
            Self::Bug(_) => problem,
        }
    }
}

fn damaged(layout: &Layout, why: &str) -> Trouble {
    let path = layout.ledger();
    Trouble::Damaged {
        what: format!("the ledger {} is damaged: {why}", path.display()),
        hint: "restore it from a backup, or make it anew from the data: auditui collect --into DIR --rebuild-ledger\n\
               (what the service still holds is then asked once more; no event is lost or doubled)"
            .to_owned(),
    }
}

/// Of a file that new events were to be added to.
fn damaged_data(place: &std::path::Path, why: &str) -> Trouble {
    Trouble::DamagedData {
        what: format!("nothing was added to the data file {}: {why}", place.display()),
        hint:
            "restore it from a backup; or move it away and use --rebuild-ledger: what the service still holds is then\n\
               asked once more"
                .to_owned(),
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
