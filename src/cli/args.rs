//! The command line as data. `--help` is made from the comments here.

use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::scope::ScopeRequest;
use crate::domain::time_phrase::parse_length;
use crate::domain::zone::Zone;

use super::settings::Settings;

mod collecting;
mod delivery;
mod examples;
mod files;
mod handover;
mod identity;
mod memory;
mod shell;

pub use collecting::{CollectArgs, VerifyArgs};
pub use delivery::DeliveryArgs;
pub use files::{CountArgs, EventsArgs, OpenArgs, SummaryArgs, SummaryFormat};
pub use handover::{FromArgs, ReconcileArgs};
pub use identity::IdentityArgs;
pub use memory::MemoryArgs;
pub use shell::{CompletionsArgs, ConfigArgs, ConfigCommand, Shell};

/// Reads every OCI Audit event of a time span, in every region and every compartment, says what it could not read, and
/// makes the events explorable.
///
/// Without a command it opens the explorer. It only ever reads from the tenancy.
#[derive(Debug, Parser)]
#[command(name = "auditui", version, after_help = examples::PROGRAM, max_term_width = 100)]
pub struct CommandLine {
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// The program's own configuration file [default: AUDITUI_CONFIG, else config.toml where `auditui config path` says]
    #[arg(long, global = true, value_name = "PATH", help_heading = "Configuration")]
    pub tool_config: Option<PathBuf>,
    #[command(flatten)]
    pub read: ReadArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub screen: ScreenArgs,
    #[command(flatten)]
    pub memory: MemoryArgs,
    #[command(flatten)]
    pub stats: StatsArgs,
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What the configuration files say.
    #[arg(skip)]
    pub settings: Settings,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write the events of a time span to standard output or a file, without a screen
    #[command(visible_alias = "dump", after_help = examples::EXPORT)]
    Export(ExportArgs),
    /// Keep what the tenancy holds in a directory, and add to it with every run
    ///
    /// The first run reads all that the service still holds, or from --since on; later ones go on where each slice ended,
    /// read again what may have grown, and catch up on what was missed. It may be ended at any moment: each event is there
    /// once. Standard output gets one line of JSON for each time it collects.
    #[command(after_help = examples::COLLECT)]
    Collect(CollectArgs),
    /// Say whether a collection, or an evidence bundle, is what it was written as, and what is missing in it
    ///
    /// Exit code 6: a file, the ledger or the manifest is not what it was; 3: something was not read, or a run did not
    /// come to its end.
    #[command(after_help = examples::VERIFY)]
    Verify(VerifyArgs),
    /// Count events, in files or of a time span, by what they have in common
    ///
    /// With FILE it counts what exports hold, and asks nobody: NDJSON or Parquet as `auditui export` writes it, or pages as
    /// ListEvents answers them, plain or packed by gzip or zstd; or the directory of a collection, of which only what is
    /// needed is read. Without it reads the time span as `auditui export` does.
    #[command(after_help = examples::COUNT)]
    Count(CountArgs),
    /// Sum events up, in files or of a time span: how many, how large, how many of them writes, and where and when
    ///
    /// With FILE it sums up what exports hold, and asks nobody. Without it reads the time span as `auditui export` does.
    #[command(after_help = examples::SUMMARY)]
    Summary(SummaryArgs),
    /// Compare what was kept with what Connector Hub has archived: which events are missing on either side, by hour and
    /// region
    ///
    /// Events are told by their ids, over the time that both sides cover, or the time given. Exit code 0: both have the
    /// same; 3: something is missing, different or not known; 1: nothing could be compared.
    #[command(after_help = examples::RECONCILE)]
    Reconcile(ReconcileArgs),
    /// Explore events out of files, without any network
    #[command(after_help = examples::OPEN)]
    Open(OpenArgs),
    /// Show what an export, or a reading of its own, covers and what is missing
    ///
    /// With PATH it shows the coverage that an export has left behind, and compares the file with it, or what the ledger of
    /// a collection says; it asks nobody. With a time span it reads everything of that span, writes no events, and shows
    /// what could be read.
    #[command(after_help = examples::COVERAGE)]
    Coverage(CoverageArgs),
    /// List the regions that would be read
    #[command(after_help = examples::REGIONS)]
    Regions(ListingArgs),
    /// List the compartments that would be read, deleted ones included
    #[command(after_help = examples::COMPARTMENTS)]
    Compartments(ListingArgs),
    /// Show what is configured, where it comes from, and what is wrong with it
    #[command(after_help = examples::CONFIG)]
    Config(ConfigArgs),
    /// Check configuration, key, clock and permissions, and say what is wrong
    #[command(after_help = examples::DOCTOR)]
    Doctor(DoctorArgs),
    /// Ask the service, in a few reads, what is not documented about it, and report that without naming anything
    Probe(ListingArgs),
    /// Serve an invented tenancy on a loopback port, for the OCI SDK, the OCI CLI or this program
    #[command(after_help = examples::SIMULATE)]
    Simulate(SimulateArgs),
    /// Write a completion script for a shell to standard output
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Write the manual page to standard output
    #[command(after_help = examples::MAN)]
    Man,
}

/// What is read: places, times, and how hard to try.
#[derive(Clone, Debug, Default, Args)]
pub struct ReadArgs {
    /// Only this region, by name or three-letter key (repeatable) [default: all subscribed]
    #[arg(long, value_name = "REGION", value_delimiter = ',', help_heading = "Scope", env = "AUDITUI_REGION")]
    pub region: Vec<String>,
    /// Not this region (repeatable)
    #[arg(long, value_name = "REGION", value_delimiter = ',', help_heading = "Scope", env = "AUDITUI_EXCLUDE_REGION")]
    pub exclude_region: Vec<String>,
    /// Only this compartment and what is below it, by name, path or OCID (repeatable) [default: the whole tenancy]
    #[arg(
        long,
        visible_alias = "compartment-id",
        value_name = "NAME|PATH|OCID",
        help_heading = "Scope",
        env = "AUDITUI_COMPARTMENT"
    )]
    pub compartment: Vec<String>,
    /// Not this compartment, nor what is below it (repeatable)
    #[arg(long, value_name = "NAME|PATH|OCID", help_heading = "Scope", env = "AUDITUI_EXCLUDE_COMPARTMENT")]
    pub exclude_compartment: Vec<String>,
    /// Only the compartments named, not what is below them
    #[arg(long, help_heading = "Scope", env = "AUDITUI_NO_SUBTREE")]
    pub no_subtree: bool,
    #[command(flatten)]
    pub when: TimeArgs,
    /// How much later than it happened an event may have been processed and is still found
    #[arg(long, value_name = "LENGTH", value_parser = length, default_value = "30m", help_heading = "Fetch", env = "AUDITUI_PADDING")]
    pub padding: TimeDelta,
    /// How long after its end a window may still grow
    #[arg(long, value_name = "LENGTH", value_parser = length, default_value = "15m", help_heading = "Fetch", env = "AUDITUI_SETTLING")]
    pub settling: TimeDelta,
    /// Calls at once, over all regions [default: 64, and by what each region bears up to 32]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "Fetch", env = "AUDITUI_CONCURRENCY")]
    pub concurrency: Option<u16>,
    /// Say what would be asked, in which order and at what cost, and ask for no event
    #[arg(short = 'n', long, help_heading = "Fetch", env = "AUDITUI_PLAN")]
    pub plan: bool,
}

/// From when to when, and how times are told.
#[derive(Clone, Debug, Default, Args)]
pub struct TimeArgs {
    /// From when: 6h, yesterday, '2026-03-14 08:00', 2026-03-14T08:00Z
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Time", env = "AUDITUI_SINCE")]
    pub since: Option<String>,
    /// Until when, exclusive [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Time", env = "AUDITUI_UNTIL")]
    pub until: Option<String>,
    /// Both ends at once: A..B, -6h, today, 13:47~10m, 2026-03-14T08:00Z/PT6H
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true, conflicts_with_all = ["since", "until"], help_heading = "Time", env = "AUDITUI_TIME")]
    pub time: Option<String>,
    /// Zone of times typed and shown: utc, local or an offset such as +02:00
    #[arg(
        long,
        value_name = "ZONE",
        default_value = "utc",
        allow_hyphen_values = true,
        help_heading = "Time",
        env = "AUDITUI_TZ"
    )]
    pub tz: ZoneArg,
}

/// Which of the events read are wanted.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Filter")]
pub struct FilterArgs {
    /// Only events that answer this query, such as 'user:alice -ip:10.0.0.0/8 event:Delete*'
    #[arg(short = 'Q', long, value_name = "QUERY", allow_hyphen_values = true, env = "AUDITUI_FILTER")]
    pub filter: Option<String>,
    /// Only events of this view: writes, failed, sign-ins, identity, exposure, deletes, secrets, or one that was saved
    #[arg(long, value_name = "NAME", env = "AUDITUI_VIEW")]
    pub view: Option<String>,
    /// Only events that change something, and sign-ins
    #[arg(long, conflicts_with = "reads", env = "AUDITUI_WRITES")]
    pub writes: bool,
    /// Only events that change nothing
    #[arg(long, env = "AUDITUI_READS")]
    pub reads: bool,
}

/// What standard error says while something is read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Talk")]
pub struct TalkArgs {
    /// How standard error tells of the progress: auto is a bar on a terminal and plain elsewhere, plain a line now and
    /// then, json an object per line for all that is said
    #[arg(long, value_enum, value_name = "HOW", default_value = "auto", env = "AUDITUI_PROGRESS")]
    pub progress: ProgressMode,
    /// As --progress none: only what is missing and the coverage
    #[arg(short, long, env = "AUDITUI_QUIET")]
    pub quiet: bool,
}

/// What makes the exit code.
#[derive(Clone, Copy, Debug, Args)]
pub struct VerdictArgs {
    /// Count a deleted compartment that no longer answers as missing (exit 3)
    #[arg(long, help_heading = "Output", env = "AUDITUI_STRICT")]
    pub strict: bool,
    /// Whether a part that is missing makes exit code 3, or 0; other codes stay as they are
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value = "partial",
        help_heading = "Output",
        env = "AUDITUI_FAIL_ON"
    )]
    pub fail_on: FailOn,
}

/// What is said of the run itself.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct StatsArgs {
    /// In the end, say on standard error how many events and bytes there were, and what memory and time it took
    #[arg(long, help_heading = "Talk", env = "AUDITUI_STATS")]
    pub stats: bool,
}

/// How the explorer looks.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Screen")]
pub struct ScreenArgs {
    /// Draw with ASCII characters only
    #[arg(long, env = "AUDITUI_ASCII")]
    pub ascii: bool,
    /// Colours: dark, light, high-contrast, blue-orange-dark, blue-orange-light, mono, or a file in themes/ beside the
    /// configuration [default: by what the terminal says of its background]
    #[arg(long, value_name = "NAME", env = "AUDITUI_THEME")]
    pub theme: Option<String>,
    /// No colours, as the variable `NO_COLOR` says
    #[arg(long, env = "AUDITUI_NO_COLOR")]
    pub no_color: bool,
    /// Show the reads that auditui made itself as well
    #[arg(long, env = "AUDITUI_OWN_READS")]
    pub own_reads: bool,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Only events that answer this query; with --filter, both
    #[arg(value_name = "QUERY")]
    pub query: Option<String>,
    #[command(flatten)]
    pub from: FromArgs,
    #[command(flatten)]
    pub read: ReadArgs,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Format; but for jsonl and parquet, headers and credentials are left out
    #[arg(short, long, value_enum, default_value = "jsonl", help_heading = "Output", env = "AUDITUI_OUTPUT")]
    pub output: ExportFormat,
    /// Write to this file, or with --split to this directory, put in its place in one step at the end
    #[arg(long, value_name = "PATH", help_heading = "Output", env = "AUDITUI_OUTPUT_FILE")]
    pub output_file: Option<PathBuf>,
    #[command(flatten)]
    pub delivery: DeliveryArgs,
    /// With jsonl, wrap each event with where and when it was read: {"_meta":{"region":...},"event":...}
    #[arg(long, help_heading = "Output", env = "AUDITUI_META")]
    pub meta: bool,
    /// Write what was read and what was not to this file [default: coverage.json beside --output-file]
    #[arg(long, value_name = "PATH", help_heading = "Output", env = "AUDITUI_COVERAGE")]
    pub coverage: Option<PathBuf>,
    /// Wait until nothing can come late any more: the newest minutes are read again until they are final
    #[arg(long, conflicts_with = "follow", help_heading = "Fetch", env = "AUDITUI_SETTLE")]
    pub settle: bool,
    /// Go on until interrupted: read the newest minutes again and again, this far apart [default: 10s], and write what is
    /// new
    #[arg(
        long,
        value_name = "LENGTH",
        value_parser = pause,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "10s",
        conflicts_with_all = ["output_file", "until", "time"],
        help_heading = "Fetch",
        env = "AUDITUI_FOLLOW"
    )]
    pub follow: Option<Duration>,
    #[command(flatten)]
    pub verdict: VerdictArgs,
    #[command(flatten)]
    pub stats: StatsArgs,
    #[command(flatten)]
    pub talk: TalkArgs,
}

#[derive(Debug, Args)]
pub struct CoverageArgs {
    /// A coverage.json, an export with one beside it, or a directory that holds one [default: this directory]
    pub path: Option<PathBuf>,
    /// Format
    #[arg(short, long, value_enum, default_value = "table")]
    pub output: ListingFormat,
    #[command(flatten)]
    pub read: ReadArgs,
    #[command(flatten)]
    pub talk: TalkArgs,
}

#[derive(Debug, Args)]
pub struct ListingArgs {
    /// Format
    #[arg(short, long, value_enum, default_value = "table")]
    pub output: ListingFormat,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Format
    #[arg(short, long, value_enum, default_value = "table")]
    pub output: ListingFormat,
    /// Stop before the first request
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 9800)]
    pub port: u16,
    /// Scenario file (TOML), or the name of a built-in scenario
    #[arg(long, value_name = "FILE", default_value = "demo")]
    pub scenario: String,
    /// Write a ready OCI config and its key into this directory
    #[arg(long, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Seed of the invented events, instead of the scenario's own
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The instant the invented tenancy is built around, RFC 3339 [default: the current hour]
    #[arg(long, value_name = "TIME")]
    pub epoch: Option<chrono::DateTime<chrono::Utc>>,
    /// When it ends, write the requests that it answered into this file, one JSON object per line
    #[arg(long, value_name = "FILE")]
    pub requests: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Each event as Oracle sent it, one per line
    Jsonl,
    /// Columns for people
    Table,
    /// RFC 4180: the values that stand alone, safe to open in a spreadsheet
    Csv,
    /// Parquet, for SQL engines such as Spark: the same values as columns, and each event as Oracle sent it
    Parquet,
    /// OCSF 1.8.0 API Activity, a JSON document per line
    Ocsf,
    /// Elastic Common Schema, a JSON document per line
    Ecs,
    /// The same for the `_bulk` API of Elasticsearch and its kin
    Bulk,
    /// Splunk HTTP Event Collector, a JSON object per line
    Hec,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressMode {
    #[default]
    Auto,
    Plain,
    Json,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Partial,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListingFormat {
    Table,
    Json,
}

/// [`Zone`] with what clap asks of an argument.
#[derive(Clone, Copy, Debug, Default)]
pub struct ZoneArg(pub Zone);

impl std::str::FromStr for ZoneArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl std::fmt::Display for ZoneArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Zone::Utc => "utc",
            Zone::Local => "local",
            Zone::Fixed(_) => "offset",
        })
    }
}

impl ReadArgs {
    pub fn scope(&self) -> ScopeRequest {
        ScopeRequest {
            regions: self.region.clone(),
            exclude_regions: self.exclude_region.clone(),
            compartments: self.compartment.clone(),
            exclude_compartments: self.exclude_compartment.clone(),
            no_subtree: self.no_subtree,
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) if (1..=3_600).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err("a number of seconds from 1 to 3600".to_owned()),
    }
}

fn pause(text: &str) -> Result<Duration, String> {
    let length = parse_length(text).and_then(|length| length.to_std().ok());
    let fits = |length: &Duration| (Duration::from_secs(1)..=Duration::from_hours(1)).contains(length);
    length.filter(fits).ok_or_else(|| "a length from 1s to 1h".to_owned())
}

fn length(text: &str) -> Result<TimeDelta, String> {
    if text == "0" {
        return Ok(TimeDelta::zero());
    }
    parse_length(text)
        .filter(|length| *length <= TimeDelta::days(30))
        .ok_or_else(|| "a length such as 15m, 2h or 0, at most 30d".to_owned())
}
