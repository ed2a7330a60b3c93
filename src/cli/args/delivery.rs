//! How what is exported is packed and cut.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::Args;

use crate::cli::output::Packing;
use crate::domain::size;
use crate::export::Split;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct DeliveryArgs {
    /// Pack what is written; the name of the file stays as it was given
    #[arg(long, value_enum, value_name = "HOW", env = "AUDITUI_COMPRESS")]
    pub compress: Option<Packing>,
    /// Write a directory of files, one for each day or hour (UTC), region, compartment, place (both), or for so many bytes
    /// before they are packed, such as 50M; the directory that --output-file names must be new or empty
    #[arg(
        long,
        value_name = "BY",
        value_parser = split,
        requires = "output_file",
        conflicts_with_all = ["follow", "coverage"],
        env = "AUDITUI_SPLIT"
    )]
    pub split: Option<Split>,
    /// Leave headers, credentials, tokens and other secrets out of jsonl as well, and wherever else they stand; each line
    /// keeps the SHA-256 of the event as it was sent
    #[arg(long, env = "AUDITUI_REDACT")]
    pub redact: bool,
    /// With --redact, give users and addresses other names, the same for the same: by HMAC-SHA-256 with a key that is asked
    /// for, or read from --case-key
    #[arg(long, requires = "redact", conflicts_with = "follow", env = "AUDITUI_PSEUDONYMS")]
    pub pseudonyms: bool,
    /// File with the key of the case, at least 16 bytes; a line break at its end does not count
    #[arg(long, value_name = "FILE", requires = "pseudonyms", env = "AUDITUI_CASE_KEY")]
    pub case_key: Option<PathBuf>,
    /// Write an evidence bundle (BagIt) to this new directory: raw events, coverage, every request, and their digests
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = ["output_file", "split", "compress", "redact", "coverage", "meta", "follow"],
        help_heading = "Evidence",
        env = "AUDITUI_EVIDENCE"
    )]
    pub evidence: Option<PathBuf>,
    /// What the bundle is called in the files of the case
    #[arg(long, value_name = "TEXT", requires = "evidence", help_heading = "Evidence", env = "AUDITUI_CASE")]
    pub case: Option<String>,
    /// Who collects [default: the user of this machine]
    #[arg(long, value_name = "NAME", requires = "evidence", help_heading = "Evidence", env = "AUDITUI_OPERATOR")]
    pub operator: Option<String>,
}

fn split(text: &str) -> Result<Split, String> {
    match text {
        "day" => Ok(Split::Day),
        "hour" => Ok(Split::Hour),
        "region" => Ok(Split::Region),
        "compartment" => Ok(Split::Compartment),
        "place" => Ok(Split::Place),
        _ => size::parse(text)
            .and_then(NonZeroU64::new)
            .map(Split::Size)
            .ok_or_else(|| "day, hour, region, compartment, place, or a size such as 50M".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_is_cut_by_what_has_a_name_or_by_size() {
        assert_eq!(split("day"), Ok(Split::Day));
        assert_eq!(split("50M"), Ok(Split::Size(NonZeroU64::new(50 << 20).unwrap())));
        for odd in ["0", "week", "", "-1", "DAY"] {
            assert!(split(odd).unwrap_err().contains("50M"), "{odd}");
        }
    }
}
