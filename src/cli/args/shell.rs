//! Commands about the program itself.

use clap::{Args, Subcommand, ValueEnum};

use super::ListingFormat;

#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    pub command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print where the configuration file is, whether there is one or not
    Path,
    /// Print every value in force, and where it comes from
    Show {
        /// Format
        #[arg(short, long, value_enum, default_value = "table")]
        output: ListingFormat,
    },
    /// Check the files: settings, keys and themes; exit code 2 where something cannot be as it says
    Check {
        /// Write a file to begin with, everything in it as comments; an existing one stays as it is
        #[arg(long)]
        write_default: bool,
    },
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
    Elvish,
}
