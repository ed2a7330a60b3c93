//! How what is exported is packed and cut.

use std::num::NonZeroU64;

use clap::Args;

use crate::cli::output::Packing;
use crate::domain::size;
use crate::export::Split;

#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct DeliveryArgs {
    /// Pack what is written; the name of the file stays as it was given
    #[arg(long, value_enum, value_name = "HOW", env = "AUDITUI_COMPRESS")]
    pub compress: Option<Packing>,
    /// Write a directory of files, one for each day or hour (UTC), region, compartment, or for so many bytes before they
    /// are packed, such as 50M; the directory that --output-file names must be new or empty
    #[arg(
        long,
        value_name = "BY",
        value_parser = split,
        requires = "output_file",
        conflicts_with_all = ["follow", "coverage"],
        env = "AUDITUI_SPLIT"
    )]
    pub split: Option<Split>,
}

fn split(text: &str) -> Result<Split, String> {
    match text {
        "day" => Ok(Split::Day),
        "hour" => Ok(Split::Hour),
        "region" => Ok(Split::Region),
        "compartment" => Ok(Split::Compartment),
        _ => size::parse(text)
            .and_then(NonZeroU64::new)
            .map(Split::Size)
            .ok_or_else(|| "day, hour, region, compartment, or a size such as 50M".to_owned()),
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
