//! Commands that keep what they read.

use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;

use super::{ListingFormat, ReadArgs, TalkArgs, TimeArgs, VerdictArgs, ZoneArg, length};
use crate::domain::time_phrase::parse_length;

#[derive(Debug, Args)]
pub struct CollectArgs {
    /// Directory of the collection; made where there is none
    #[arg(long, value_name = "DIR", help_heading = "Output", env = "AUDITUI_INTO")]
    pub into: PathBuf,
    /// Profile of the OCI config file; several are read one after the other (repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Identity", env = "AUDITUI_PROFILE")]
    pub profile: Vec<String>,
    /// From when on, by when the service processed events [default: as before; the first time all that it still holds]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Time", env = "AUDITUI_SINCE")]
    pub since: Option<String>,
    /// Zone of times typed: utc, local or an offset such as +02:00
    #[arg(
        long,
        value_name = "ZONE",
        default_value = "utc",
        allow_hyphen_values = true,
        help_heading = "Time",
        env = "AUDITUI_TZ"
    )]
    pub tz: ZoneArg,
    /// Go on until interrupted: collect again this long after the last time began [default: 10m]
    #[arg(
        long,
        value_name = "EVERY",
        value_parser = every,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "10m",
        help_heading = "Fetch",
        env = "AUDITUI_WATCH"
    )]
    pub watch: Option<Duration>,
    /// How long after its end a window may still grow, and is read again
    #[arg(long, value_name = "LENGTH", value_parser = length, default_value = "15m", help_heading = "Fetch", env = "AUDITUI_SETTLING")]
    pub settling: TimeDelta,
    /// Calls at once, over all regions [default: 64, and by what each region bears up to 32]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "Fetch", env = "AUDITUI_CONCURRENCY")]
    pub concurrency: Option<u16>,
    /// Before collecting make the ledger anew from the data, where one of the two is damaged; the one that was is kept
    /// beside it
    #[arg(long, help_heading = "Output")]
    pub rebuild_ledger: bool,
    #[command(flatten)]
    pub verdict: VerdictArgs,
    #[command(flatten)]
    pub talk: TalkArgs,
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Directory of a collection, or of an evidence bundle
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// When an evidence bundle is as it was sealed, add this to its custody.log, with the time and who says so
    #[arg(long, value_name = "TEXT")]
    pub custody: Option<String>,
    /// Format
    #[arg(short, long, value_enum, default_value = "table")]
    pub output: ListingFormat,
}

impl CollectArgs {
    /// The bounds of a fetch.
    pub fn read(&self) -> ReadArgs {
        ReadArgs { settling: self.settling, concurrency: self.concurrency, ..ReadArgs::default() }
    }

    pub fn when(&self) -> TimeArgs {
        TimeArgs { since: self.since.clone(), tz: self.tz, ..TimeArgs::default() }
    }
}

fn every(text: &str) -> Result<Duration, String> {
    let length = parse_length(text).and_then(|length| length.to_std().ok());
    let fits = |length: &Duration| (Duration::from_secs(1)..=Duration::from_hours(24)).contains(length);
    length.filter(fits).ok_or_else(|| "a length from 1s to 24h".to_owned())
}
