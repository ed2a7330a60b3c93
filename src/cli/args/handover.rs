//! What was kept, handed on.

use std::path::PathBuf;

use clap::Args;

/// Where the events of an export are.
#[derive(Clone, Debug, Default, Args)]
pub struct FromArgs {
    /// Write the events of these files instead of asking anybody: exports, collections, archives of Connector Hub and
    /// whatever else `auditui open` reads, directories, or - for standard input (repeatable)
    #[arg(
        long,
        value_name = "FILE|DIR|-",
        conflicts_with_all = ["settle", "follow", "plan", "meta"],
        help_heading = "Scope",
        env = "AUDITUI_FROM"
    )]
    pub from: Vec<PathBuf>,
}
