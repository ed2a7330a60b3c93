//! `auditui completions` and `auditui man`, made from the definition of the command line.

use std::process::ExitCode;

use clap_complete::{Shell as Script, generate};

use super::args::{CommandLine, Shell};
use super::output::Sink;
use crate::domain::problem::{Problem, ProblemKind};

const NAME: &str = "auditui";

pub fn completions(shell: Shell) -> Result<ExitCode, Problem> {
    let script = match shell {
        Shell::Bash => Script::Bash,
        Shell::Zsh => Script::Zsh,
        Shell::Fish => Script::Fish,
        Shell::PowerShell => Script::PowerShell,
        Shell::Elvish => Script::Elvish,
    };
    let mut text = Vec::new();
    generate(script, &mut CommandLine::definition(), NAME, &mut text);
    write(&text)
}

/// One page: the program, then each command with its options.
pub fn man() -> Result<ExitCode, Problem> {
    let no_page = |error| Problem::new(ProblemKind::Io, format!("the manual page cannot be made: {error}"));
    let mut text = Vec::new();
    let mut command = CommandLine::definition();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut text).map_err(no_page)?;
    for below in command.get_subcommands().filter(|below| below.get_name() != "help" && !below.is_hide_set()) {
        of_command(below.clone(), &mut text).map_err(no_page)?;
    }
    write(&text)
}

fn of_command(command: clap::Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    use std::io::Write as _;

    writeln!(text, ".SH \"AUDITUI {}\"", command.get_name().to_uppercase())?;
    let page = clap_mangen::Man::new(command);
    page.render_description_section(text)?;
    page.render_options_section(text)?;
    page.render_extra_section(text)
}

fn write(text: &[u8]) -> Result<ExitCode, Problem> {
    let mut sink = Sink::open(None)?;
    let result = sink.writer().write_all(text);
    sink.close(result)?;
    Ok(ExitCode::SUCCESS)
}
