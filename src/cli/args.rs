//! The command line as data. `--help` is made from the comments here.

use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::domain::scope::ScopeRequest;
use crate::domain::time_phrase::parse_length;
use crate::domain::zone::Zone;
use crate::oci::AuthKind;

const EXAMPLES: &str = "\
Examples:
  auditui --demo                                     explore an invented tenancy, no account needed
  auditui --profile PROD --since 6h                  explore the last six hours
  auditui export --time 2026-03-14T08:00Z..14:00Z > events.jsonl
  auditui export --since yesterday --until today --writes -o table
  auditui doctor                                     what is wrong with my configuration?

Exit codes: 0 complete, 1 error, 2 usage or configuration, 3 finished but something is missing,
4 authentication, 5 nothing readable, 130 interrupted (what was written is valid)";

/// Reads every OCI Audit event of a time span, in every region and every compartment, says what it could not read, and
/// makes the events explorable.
///
/// Without a command it opens the explorer. It only ever reads from the tenancy.
#[derive(Debug, Parser)]
#[command(name = "auditui", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct CommandLine {
    #[command(flatten)]
    pub identity: IdentityArgs,
    #[command(flatten)]
    pub read: ReadArgs,
    #[command(flatten)]
    pub screen: ScreenArgs,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write the events of a time span to standard output or a file, without a screen
    #[command(visible_alias = "dump")]
    Export(ExportArgs),
    /// List the regions that would be read
    Regions(ListingArgs),
    /// List the compartments that would be read, deleted ones included
    Compartments(ListingArgs),
    /// Check configuration, key, clock and permissions, and say what is wrong
    Doctor(DoctorArgs),
    /// Serve an invented tenancy on a loopback port, for the OCI SDK, the OCI CLI or this program
    Simulate(SimulateArgs),
}

/// Who asks. The same names as in the OCI CLI, whose own variables (`OCI_CLI_PROFILE` and so on) count where these are
/// not given.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Identity")]
pub struct IdentityArgs {
    /// Profile of the OCI config file
    #[arg(long, global = true, value_name = "NAME", env = "AUDITUI_PROFILE")]
    pub profile: Option<String>,
    /// OCI config file, instead of ~/.oci/config
    #[arg(long, global = true, value_name = "PATH", env = "AUDITUI_CONFIG_FILE")]
    pub config_file: Option<PathBuf>,
    /// How to sign in; a profile with a security_token_file uses its token unless this says otherwise
    #[arg(long, global = true, value_enum, env = "AUDITUI_AUTH")]
    pub auth: Option<Auth>,
    #[arg(
        long,
        global = true,
        value_name = "TEMPLATE",
        env = "AUDITUI_ENDPOINT",
        help = "Where the services are, such as 'http://127.0.0.1:9800/{service}/{region}'; plain http to loopback only"
    )]
    pub endpoint: Option<String>,
    /// Certificates to trust beside those of the platform (PEM)
    #[arg(long, global = true, value_name = "PATH", env = "AUDITUI_CERT_BUNDLE")]
    pub cert_bundle: Option<PathBuf>,
    /// Longest wait for a connection
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds, env = "AUDITUI_CONNECTION_TIMEOUT")]
    pub connection_timeout: Option<Duration>,
    /// Longest silence in an answer
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds, env = "AUDITUI_READ_TIMEOUT")]
    pub read_timeout: Option<Duration>,
    /// Use an invented tenancy, served by this program itself
    #[arg(long, global = true, conflicts_with_all = ["profile", "config_file", "auth", "endpoint", "cert_bundle"])]
    pub demo: bool,
    /// Never ask anything; what would be asked becomes an error
    #[arg(long, global = true, env = "AUDITUI_NO_INPUT")]
    pub no_input: bool,
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
    /// Only events that change something, and sign-ins
    #[arg(long, conflicts_with = "reads", help_heading = "Filter", env = "AUDITUI_WRITES")]
    pub writes: bool,
    /// Only events that change nothing
    #[arg(long, help_heading = "Filter", env = "AUDITUI_READS")]
    pub reads: bool,
    /// How much later than it happened an event may have been processed and is still found
    #[arg(long, value_name = "LENGTH", value_parser = length, default_value = "30m", help_heading = "Fetch", env = "AUDITUI_PADDING")]
    pub padding: TimeDelta,
    /// How long after its end a window may still grow
    #[arg(long, value_name = "LENGTH", value_parser = length, default_value = "15m", help_heading = "Fetch", env = "AUDITUI_SETTLING")]
    pub settling: TimeDelta,
    /// Calls at once, over all regions [default: 64, and by what each region bears up to 32]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "Fetch", env = "AUDITUI_CONCURRENCY")]
    pub concurrency: Option<u16>,
}

/// How the explorer looks.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Screen")]
pub struct ScreenArgs {
    /// Draw with ASCII characters only
    #[arg(long, env = "AUDITUI_ASCII")]
    pub ascii: bool,
    /// Colours for a dark or a light background, or none
    #[arg(long, value_enum, env = "AUDITUI_THEME")]
    pub theme: Option<ThemeName>,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub read: ReadArgs,
    /// Format: jsonl is each event as Oracle sent it, one per line
    #[arg(short, long, value_enum, default_value = "jsonl", help_heading = "Output", env = "AUDITUI_OUTPUT")]
    pub output: ExportFormat,
    /// Write to this file, put in its place in one step at the end
    #[arg(long, value_name = "PATH", help_heading = "Output", env = "AUDITUI_OUTPUT_FILE")]
    pub output_file: Option<PathBuf>,
    /// Wrap each event with where and when it was read: {"_meta":{"region":...},"event":...}
    #[arg(long, help_heading = "Output", env = "AUDITUI_META")]
    pub meta: bool,
    /// Count a deleted compartment that no longer answers as missing (exit 3)
    #[arg(long, help_heading = "Output", env = "AUDITUI_STRICT")]
    pub strict: bool,
    /// No progress on standard error
    #[arg(short, long, help_heading = "Output", env = "AUDITUI_QUIET")]
    pub quiet: bool,
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
pub enum Auth {
    #[value(name = "api_key", alias = "api-key")]
    ApiKey,
    #[value(name = "security_token", alias = "security-token")]
    SecurityToken,
}

impl From<Auth> for AuthKind {
    fn from(auth: Auth) -> Self {
        match auth {
            Auth::ApiKey => Self::ApiKey,
            Auth::SecurityToken => Self::SecurityToken,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    Jsonl,
    Table,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListingFormat {
    Table,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThemeName {
    Dark,
    Light,
    Mono,
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

impl CommandLine {
    /// Reads the arguments of this process. Options of the explorer given before a command would have no effect, so they
    /// are refused.
    pub fn from_process() -> Result<Self, clap::Error> {
        Self::from_arguments(std::env::args_os())
    }

    pub fn from_arguments<T: Into<std::ffi::OsString> + Clone>(
        arguments: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let matches = command.try_get_matches_from_mut(arguments)?;
        if let Some((name, _)) = matches.subcommand() {
            let local = command.get_arguments().filter(|argument| !argument.is_global_set());
            let misplaced = local
                .filter(|argument| {
                    matches.value_source(argument.get_id().as_str()) == Some(clap::parser::ValueSource::CommandLine)
                })
                .find_map(|argument| argument.get_long());
            if let Some(long) = misplaced {
                let message =
                    format!("--{long} stands before the command; write it after: auditui {name} --{long} ...");
                return Err(command.error(clap::error::ErrorKind::ArgumentConflict, message));
            }
        }
        Self::from_arg_matches(&matches)
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) if (1..=3_600).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err("a number of seconds from 1 to 3600".to_owned()),
    }
}

fn length(text: &str) -> Result<TimeDelta, String> {
    if text == "0" {
        return Ok(TimeDelta::zero());
    }
    parse_length(text)
        .filter(|length| *length <= TimeDelta::days(30))
        .ok_or_else(|| "a length such as 15m, 2h or 0, at most 30d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<CommandLine, clap::Error> {
        CommandLine::from_arguments(line.split(' '))
    }

    #[test]
    fn the_definition_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn identity_may_stand_on_either_side_of_the_command() {
        for line in ["auditui --profile P export --since -1h", "auditui export --profile P --since -1h"] {
            let parsed = parse(line).unwrap();
            assert_eq!(parsed.identity.profile.as_deref(), Some("P"));
        }
    }

    #[test]
    fn an_option_that_would_have_no_effect_is_refused() {
        assert!(parse("auditui --since 1h export").unwrap_err().to_string().contains("auditui export --since"));
        assert!(parse("auditui export --since 1h --time today").is_err());
        assert!(parse("auditui --demo --profile P").is_err());
        assert!(parse("auditui export --writes --reads").is_err());
        assert!(parse("auditui export --settling 1y").is_err());
    }

    #[test]
    fn lists_and_repeats_add_up() {
        let parsed = parse("auditui --region iad,fra --region lhr --compartment-id a --compartment b").unwrap();
        assert_eq!(parsed.read.region, ["iad", "fra", "lhr"]);
        assert_eq!(parsed.read.compartment, ["a", "b"]);
    }
}
