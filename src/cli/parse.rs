//! From the arguments of the process to a [`CommandLine`]; what would be parsed and then have no effect is refused.

use std::ffi::OsString;

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory, FromArgMatches};

use super::args::{Command, CommandLine, CountArgs, EventsArgs, SummaryArgs};
use super::settings::Settings;
use crate::oci::Env;

impl CommandLine {
    /// Everything that may be typed. Variables of switches are as lenient as people are: 1, yes, true, on.
    pub fn definition() -> clap::Command {
        fn lenient(command: clap::Command) -> clap::Command {
            let is_switch = |arg: &Arg| matches!(arg.get_action(), ArgAction::SetTrue);
            let lenient_arg =
                |arg: Arg| if is_switch(&arg) { arg.value_parser(BoolishValueParser::new()) } else { arg };
            command.mut_args(lenient_arg).mut_subcommands(lenient)
        }
        lenient(Self::command())
    }

    /// Reads the arguments of this process, and the configuration files below them.
    pub fn from_process() -> Result<Self, clap::Error> {
        Self::configured(std::env::args_os().collect(), &Env::from_process())
    }

    /// As [`CommandLine::from_arguments`]; where these say nothing, the configuration files do.
    pub fn configured(arguments: Vec<OsString>, env: &Env) -> Result<Self, clap::Error> {
        let (line, matches) = Self::read(arguments.iter().cloned())?;
        if !line.has_use_for_settings() {
            return Ok(line);
        }
        let settings = Settings::load(&line, &matches, env);
        let mut command = settings.below(&line, env);
        let matches = command.try_get_matches_from_mut(arguments)?;
        let mut line = Self::from_arg_matches(&matches)?;
        line.identity.said_by = settings.said_by();
        Ok(Self { settings, ..line })
    }

    /// What is about the program itself says the same whatever is configured.
    fn has_use_for_settings(&self) -> bool {
        !matches!(self.command, Some(Command::Completions(_) | Command::Man | Command::Simulate(_)))
    }

    pub fn from_arguments<T: Into<OsString> + Clone>(
        arguments: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        Self::read(arguments).map(|(line, _)| line)
    }

    fn read<T: Into<OsString> + Clone>(
        arguments: impl IntoIterator<Item = T>,
    ) -> Result<(Self, ArgMatches), clap::Error> {
        let mut command = Self::definition();
        let matches = command.try_get_matches_from_mut(arguments).map_err(explained)?;
        let line = Self::from_arg_matches(&matches)?;
        match without_effect(&line, &command, &matches) {
            Some(message) => Err(command.error(ErrorKind::ArgumentConflict, message)),
            None => Ok((line, matches)),
        }
    }
}

/// `--query` is no option of ours, and means something else where people know it from.
fn explained(error: clap::Error) -> clap::Error {
    let named = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    if error.kind() != ErrorKind::UnknownArgument || named != "--query" {
        return error;
    }
    CommandLine::definition().error(
        ErrorKind::UnknownArgument,
        "there is no --query: in the OCI CLI it is a JMESPath expression. Say which events with -Q, as in\n\n  \
         auditui export --since 6h -Q 'user:alice is:denied'\n\nand take JSON apart with a tool for it, such as jq.",
    )
}

fn without_effect(line: &CommandLine, command: &clap::Command, matches: &ArgMatches) -> Option<String> {
    let (name, below) = matches.subcommand()?;
    if let Some(long) = typed(command, matches, &[]) {
        return Some(format!("--{long} stands before the command; write it after: auditui {name} --{long} ..."));
    }
    let below_it = command.find_subcommand(name)?;
    if let Some(Command::Count(CountArgs { events, .. }) | Command::Summary(SummaryArgs { events, .. })) = &line.command
    {
        return events_without_effect(events, below_it, below);
    }
    let Some(Command::Coverage(args)) = &line.command else { return None };
    if args.path.is_none() && args.read.when.names_a_time() {
        return None;
    }
    let long = typed(below_it, below, &["path", "output"])?;
    Some(if args.path.is_some() {
        format!("--{long} has no effect on a coverage that was written earlier; leave it or PATH out")
    } else {
        format!("--{long} needs a time span to read: --since, --until or --time")
    })
}

/// How to fetch says nothing about files.
fn events_without_effect(args: &EventsArgs, command: &clap::Command, matches: &ArgMatches) -> Option<String> {
    const OF_A_FETCH: [&str; 5] = ["padding", "settling", "concurrency", "plan", "strict"];
    if args.paths.is_empty() {
        return None;
    }
    let names = command.get_arguments().map(|argument| argument.get_id().as_str());
    let others: Vec<&str> = names.filter(|name| !OF_A_FETCH.contains(name)).collect();
    let long = typed(command, matches, &others)?;
    Some(format!("--{long} has no effect where files are counted; leave it or FILE out"))
}

/// The first option of this command, one `but` these, that stands on the command line. What the environment says is
/// meant for whoever has a use for it.
fn typed<'a>(command: &'a clap::Command, matches: &ArgMatches, but: &[&str]) -> Option<&'a str> {
    let local = command.get_arguments().filter(|argument| !argument.is_global_set());
    local
        .filter(|argument| !but.contains(&argument.get_id().as_str()))
        .filter(|argument| matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine))
        .find_map(|argument| argument.get_long())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<CommandLine, clap::Error> {
        CommandLine::from_arguments(line.split(' '))
    }

    #[test]
    fn the_definition_is_sound() {
        CommandLine::definition().debug_assert();
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
    fn a_coverage_is_either_read_from_a_file_or_made() {
        assert!(parse("auditui coverage day --region fra").unwrap_err().to_string().contains("leave it or PATH out"));
        assert!(parse("auditui coverage --region fra").unwrap_err().to_string().contains("needs a time span"));
        assert!(parse("auditui coverage --since 1h --region fra -n").is_ok());
        assert!(parse("auditui coverage day -o json --no-input").is_ok());
    }

    #[test]
    fn lists_and_repeats_add_up() {
        let parsed = parse("auditui --region iad,fra --region lhr --compartment-id a --compartment b").unwrap();
        assert_eq!(parsed.read.region, ["iad", "fra", "lhr"]);
        assert_eq!(parsed.read.compartment, ["a", "b"]);
    }
}
