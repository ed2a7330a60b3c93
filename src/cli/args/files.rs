//! Commands that read files.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{FilterArgs, ListingFormat, MemoryArgs, ReadArgs, ScreenArgs, StatsArgs, TalkArgs, TimeArgs, VerdictArgs};

/// Events to look at all at once: of files, or of a time span.
#[derive(Debug, Args)]
pub struct EventsArgs {
    /// Exports, directories with exports in them (*.jsonl, *.ndjson, *.json, *.log, these with .gz or .zst, and *.parquet), or - for
    /// standard input
    #[arg(value_name = "FILE|DIR|-")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub read: ReadArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub verdict: VerdictArgs,
    #[command(flatten)]
    pub talk: TalkArgs,
    #[command(flatten)]
    pub memory: MemoryArgs,
    #[command(flatten)]
    pub stats: StatsArgs,
}

#[derive(Debug, Args)]
pub struct CountArgs {
    /// Count by these, such as user,event; see below [default: all in one]
    #[arg(long, value_name = "FIELD", value_delimiter = ',', help_heading = "Output", env = "AUDITUI_BY")]
    pub by: Vec<String>,
    /// Format
    #[arg(short, long, value_enum, default_value = "table", help_heading = "Output")]
    pub output: ListingFormat,
    #[command(flatten)]
    pub events: EventsArgs,
}

#[derive(Debug, Args)]
pub struct SummaryArgs {
    /// Format: markdown is tables for a report
    #[arg(short, long, value_enum, default_value = "table", help_heading = "Output")]
    pub output: SummaryFormat,
    #[command(flatten)]
    pub events: EventsArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SummaryFormat {
    Table,
    Markdown,
    Json,
}

#[derive(Debug, Args)]
pub struct OpenArgs {
    /// Exports, directories with exports in them (*.jsonl, *.ndjson, *.json, *.log, these with .gz or .zst, and *.parquet), or - for
    /// standard input
    #[arg(value_name = "FILE|DIR|-", required = true)]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub when: TimeArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub screen: ScreenArgs,
    #[command(flatten)]
    pub memory: MemoryArgs,
    #[command(flatten)]
    pub stats: StatsArgs,
}
