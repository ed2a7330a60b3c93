//! What was kept, handed on.

use std::path::PathBuf;

use clap::Args;

use super::{SummaryFormat, TalkArgs, TimeArgs};

/// Where the events of an export are.
#[derive(Clone, Debug, Default, Args)]
pub struct FromArgs {
    /// Write the events of these files instead of asking anybody: exports, collections, archives of Connector Hub and
    /// whatever else `auditui open` reads, directories, or - for standard input (repeatable)
    #[arg(
        long,
        value_name = "FILE|DIR|-",
        conflicts_with_all = ["settle", "follow", "plan", "meta", "evidence"],
        help_heading = "Scope",
        env = "AUDITUI_FROM"
    )]
    pub from: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ReconcileArgs {
    /// What was read from the service and kept: a collection, or whatever else `auditui open` reads
    #[arg(value_name = "KEPT")]
    pub kept: PathBuf,
    /// What arrived by another way: what Connector Hub has written to a bucket, or any of the same
    #[arg(value_name = "ARCHIVE", required = true)]
    pub archive: Vec<PathBuf>,
    /// Format: table and markdown have the hours that differ, json has all
    #[arg(short, long, value_enum, default_value = "table", help_heading = "Output")]
    pub output: SummaryFormat,
    /// Name every id that is missing or different, below the table or, as JSON lines, in a file
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, help_heading = "Output")]
    pub ids: Option<Option<PathBuf>>,
    #[command(flatten)]
    pub when: TimeArgs,
    #[command(flatten)]
    pub talk: TalkArgs,
}
