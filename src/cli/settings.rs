//! What the configuration files say, laid below the command line and the environment.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::ffi::OsString;

use clap::builder::OsStr;
use clap::error::ContextKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::args::{Command as Asked, CommandLine};
use super::talk::Talk;
use crate::config::{Config, Finding, Origin, Places, Setting, Shape};
use crate::domain::problem::Problem;
use crate::oci::Env;

/// The configuration, and what was said before it was asked.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `None` where no file was looked for.
    pub places: Option<Places>,
    pub config: Config,
    /// What the command line and the environment say: the option, its values and who says so.
    pub said: Vec<(String, Vec<String>, Origin)>,
}

/// Settings that are more than the value of an option: who uses them asks for them.
const NOT_AN_OPTION: [&str; 4] = ["theme", "no-color", "time", "history"];

/// Options that say what is read.
const OF_SCOPE: [&str; 6] = ["region", "exclude-region", "compartment", "exclude-compartment", "no-subtree", "padding"];

/// Options that the OCI CLI has a variable for, which comes before our files.
const OCI_VARIABLES: [(&str, &[&str]); 3] = [
    ("profile", &["OCI_CLI_PROFILE", "OCI_CONFIG_PROFILE"]),
    ("config-file", &["OCI_CLI_CONFIG_FILE"]),
    ("auth", &["OCI_CLI_AUTH"]),
];

impl Settings {
    pub fn load(line: &CommandLine, matches: &ArgMatches, env: &Env) -> Self {
        let places = Places::find(line.tool_config.as_deref(), |name| env.get(name));
        let config = read(&places);
        Self { places: Some(places), config, said: said(matches) }
    }

    /// The definition of the command line, with the files' values as what options are where nobody says anything.
    pub fn below(&self, line: &CommandLine, env: &Env) -> Command {
        let wanted = self.config.settings.iter().filter(|setting| !NOT_AN_OPTION.contains(&setting.known.name));
        let wanted = wanted.filter(|setting| !(line.identity.demo && setting.known.of_tenancy));
        let wanted = wanted.filter(|setting| oci_variable(setting.known.name, env).is_none());
        // Regions that are named here come in place of all that others say of regions.
        let names_regions =
            self.said.iter().any(|(name, _, origin)| name == "region" && matches!(origin, Origin::Flag(_)));
        let wanted = wanted.filter(|setting| !(names_regions && setting.known.name == "exclude-region"));
        let definition = CommandLine::definition();
        let definition = if names_regions { unsaid_by_variable(definition, "exclude-region") } else { definition };
        wanted.fold(definition, |command, setting| with_default(command, setting, env))
    }

    /// Who says which profile it is, where it is not an option.
    pub fn said_by(&self) -> BTreeMap<&'static str, String> {
        let of = |name: &'static str| {
            let said = self.said.iter().find(|(said, ..)| said == name).map(|(.., origin)| origin.clone());
            let origin = said.or_else(|| Some(self.config.setting(name)?.origin.clone()))?;
            Some((name, origin.to_string()))
        };
        ["profile", "config-file", "auth"].into_iter().filter_map(of).collect()
    }

    /// Says what is wrong with the files, where the command has no screen to say it on. What asks a tenancy does not begin
    /// where a file is wrong: it might be another tenancy than the one that is meant.
    pub fn tell(&self, line: &CommandLine, talk: &Talk) -> Result<(), Problem> {
        let asks = match &line.command {
            None if line.read.plan => true,
            None | Some(Asked::Open(_) | Asked::Config(_)) => return Ok(()),
            Some(Asked::Coverage(args)) => args.path.is_none(),
            Some(Asked::Count(args)) => args.events.paths.is_empty(),
            Some(Asked::Summary(args)) => args.events.paths.is_empty(),
            Some(Asked::Export(args)) => args.from.from.is_empty(),
            Some(
                Asked::Collect(_) | Asked::Regions(_) | Asked::Compartments(_) | Asked::Doctor(_) | Asked::Probe(_),
            ) => true,
            Some(_) => false,
        };
        // The project's file says keys and nothing about a tenancy.
        let is_project =
            |finding: &Finding| self.config.files.iter().any(|(file, _)| file.is_project && file.path == finding.path);
        let stops = |finding: &&Finding| finding.is_error && asks && !is_project(finding);
        if let Some(error) = self.config.findings.iter().find(stops) {
            let hint = "auditui config check tells all; --tool-config /dev/null does without the file";
            return Err(Problem::usage(error.to_string()).hint(hint));
        }
        self.config.findings.iter().for_each(|finding| talk.warning(&finding.to_string()));
        for name in ["region", "exclude-region"] {
            let said = self.said.iter().any(|(said, ..)| said == name || said == "region");
            if let Some(setting) = self.config.setting(name).filter(|_| asks && !said) {
                talk.note(&format!("{name} {}: {}", setting.values.join(","), setting.origin));
            }
        }
        Ok(())
    }

    /// Whether the files or the environment say what is read where nobody says so on the command line.
    pub fn narrows(&self, env: &Env) -> bool {
        let variable = |name: &str| format!("AUDITUI_{}", name.to_uppercase().replace('-', "_"));
        OF_SCOPE.iter().any(|name| self.config.setting(name).is_some() || env.get(&variable(name)).is_some())
    }

    /// A switch or a value of [`NOT_AN_OPTION`].
    pub fn value(&self, name: &str) -> Option<&str> {
        self.config.setting(name)?.values.first().map(String::as_str)
    }
}

/// What the files say, as far as the options agree.
pub fn read(places: &Places) -> Config {
    let mut config = Config::load(places);
    let findings: Vec<Finding> = config.settings.iter().filter_map(wrong_value).collect();
    let is_wrong = |setting: &Setting| findings.iter().any(|finding| finding.line == setting.origin.line());
    config.settings.retain(|setting| !is_wrong(setting));
    config.findings.extend(findings);
    config
}

/// The variable of the OCI CLI that says it.
pub fn oci_variable(name: &str, env: &Env) -> Option<&'static str> {
    let (_, variables) = OCI_VARIABLES.iter().find(|(known, _)| *known == name)?;
    variables.iter().copied().find(|variable| env.get(variable).is_some())
}

/// In every command that has the option.
fn with_default(command: Command, setting: &Setting, env: &Env) -> Command {
    let name = setting.known.name;
    // The shell would have put in the home directory.
    let expand = |value: &String| env.expand(value).into_os_string();
    let values: Vec<OsString> = setting.values.iter().map(expand).collect();
    let id = |command: &Command| {
        command.get_arguments().find(|arg| arg.get_long() == Some(name)).map(|arg| arg.get_id().to_string())
    };
    let set = |command: Command| match id(&command) {
        Some(id) => command.mut_arg(id, |arg| arg.default_values(values.iter().map(os_str))),
        None => command,
    };
    let below: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    below.into_iter().fold(set(command), |command, below| command.mut_subcommand(below, set))
}

/// The option without its variable, in every command that has it.
fn unsaid_by_variable(command: Command, name: &str) -> Command {
    let has_it = |command: &Command| command.get_arguments().any(|arg| arg.get_long() == Some(name));
    let unset = |arg: Arg| arg.env(None::<&str>);
    let id = command.get_arguments().find(|arg| arg.get_long() == Some(name)).map(|arg| arg.get_id().to_string());
    let command = if let Some(id) = id { command.mut_arg(id, unset) } else { command };
    let below: Vec<String> =
        command.get_subcommands().filter(|below| has_it(below)).map(|below| below.get_name().to_owned()).collect();
    below
        .into_iter()
        .fold(command, |command, below| command.mut_subcommand(below, |below| unsaid_by_variable(below, name)))
}

fn os_str(value: &OsString) -> OsStr {
    value.clone().into()
}

/// What the option itself says against a value.
fn wrong_value(setting: &Setting) -> Option<Finding> {
    let option = option(setting.known.name)?;
    if setting.known.shape == Shape::Switch {
        return None;
    }
    let alone =
        Arg::new("value").long("value").action(ArgAction::Append).value_parser(option.get_value_parser().clone());
    let typed = setting.values.iter().map(|value| format!("--value={value}"));
    let error =
        Command::new("check").arg(alone).try_get_matches_from(["check".to_owned()].into_iter().chain(typed)).err()?;
    let why = match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(source), _) => source.to_string(),
        (None, Some(valid)) => format!("it is one of {valid}"),
        (None, None) => "it cannot be read".to_owned(),
    };
    let (Origin::User(path, line) | Origin::Project(path, line)) = &setting.origin else { return None };
    let values = setting.values.join(", ");
    let what = format!("`{}` is `{}`: {why}", setting.known.name, crate::domain::text::clean_prefix(&values, 120));
    Some(Finding { is_error: true, path: path.clone(), line: Some(*line), what, remedy: "" })
}

/// An option by its name, of whatever command.
pub fn option(name: &str) -> Option<Arg> {
    let command = CommandLine::definition();
    let of = |command: &Command| command.get_arguments().find(|arg| arg.get_long() == Some(name)).cloned();
    of(&command).or_else(|| command.get_subcommands().find_map(of))
}

/// Options that may have a password in them.
const ADDRESSES: [&str; 2] = ["endpoint", "proxy"];

/// An address may have a name and a password before its host.
fn without_password(value: &str) -> String {
    let (scheme, rest) = value.split_once("://").map_or(("", value), |(scheme, rest)| (scheme, rest));
    match rest.rsplit_once('@') {
        Some((_, host)) if scheme.is_empty() => format!("…@{host}"),
        Some((_, host)) => format!("{scheme}://…@{host}"),
        None => value.to_owned(),
    }
}

/// What somebody said, in the order of help; of a command what was said to it as well.
fn said(matches: &ArgMatches) -> Vec<(String, Vec<String>, Origin)> {
    said_to(&CommandLine::definition(), matches)
}

fn said_to(command: &Command, matches: &ArgMatches) -> Vec<(String, Vec<String>, Origin)> {
    let options = command.get_arguments().filter_map(|arg| {
        let (id, long) = (arg.get_id().as_str(), arg.get_long()?);
        let origin = match matches.value_source(id)? {
            ValueSource::CommandLine => Origin::Flag(long.to_owned()),
            ValueSource::EnvVariable => Origin::Variable(arg.get_env()?.to_string_lossy().into_owned()),
            _ => return None,
        };
        let raw = matches.get_raw(id).into_iter().flatten().map(std::ffi::OsStr::to_owned);
        let shown = |value: &OsString| {
            let value = value.to_string_lossy();
            if ADDRESSES.contains(&long) { without_password(&value) } else { value.into_owned() }
        };
        Some((long.to_owned(), raw.map(|value| shown(&value)).collect(), origin))
    });
    let below = matches.subcommand().and_then(|(name, matches)| Some((command.find_subcommand(name)?, matches)));
    options.chain(below.into_iter().flat_map(|(command, matches)| said_to(command, matches))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `tell` says of a user's file that is broken.
    fn told(words: &str, text: &str) -> Result<(), Problem> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        let config = read(&Places::find(Some(&file), |_| None));
        let settings = Settings { places: None, config, said: Vec::new() };
        settings.tell(&CommandLine::from_arguments(words.split(' ')).unwrap(), &Talk::plain("test"))
    }

    #[test]
    fn files_and_variables_narrow_what_is_read() {
        let env = |name: &str| -> Env { [(name.to_owned(), "x".to_owned())].into_iter().collect() };
        let none = Settings::default();
        assert!(none.narrows(&env("AUDITUI_EXCLUDE_COMPARTMENT")) && none.narrows(&env("AUDITUI_PADDING")));
        assert!(!none.narrows(&env("AUDITUI_TZ")));
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.toml");
        for (text, narrows) in [("region = \"iad\"\n", true), ("tz = \"local\"\n", false)] {
            std::fs::write(&file, text).unwrap();
            let config = read(&Places::find(Some(&file), |_| None));
            let settings = Settings { config, ..Settings::default() };
            assert_eq!(settings.narrows(&env("HOME")), narrows, "{text}");
        }
    }

    /// What holds once the files lie below these words.
    fn line_with(file: &std::path::Path, words: &str, env: &Env) -> CommandLine {
        let words = format!("{words} --tool-config {}", file.display());
        CommandLine::configured(words.split(' ').map(Into::into).collect(), env).unwrap()
    }

    #[test]
    fn regions_that_are_named_come_in_place_of_all_that_is_configured() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.toml");
        std::fs::write(&file, "region = [\"fra\", \"iad\"]\nexclude-region = [\"iad\"]\n").unwrap();
        let env = Env::default();
        let usual = line_with(&file, "auditui", &env);
        assert_eq!((usual.read.region.len(), usual.read.exclude_region.len()), (2, 1));
        let named = line_with(&file, "auditui --region iad", &env);
        assert_eq!((named.read.region.clone(), named.read.exclude_region.len()), (vec!["iad".to_owned()], 0));
        let said = |words| line_with(&file, words, &env).settings.said.iter().any(|(name, ..)| name == "region");
        assert!(said("auditui export --since 1h --region iad") && !said("auditui export --since 1h"));
    }

    #[test]
    fn a_broken_file_of_the_project_stops_nothing() {
        let path = std::path::PathBuf::from(".auditui.toml");
        let file = crate::config::File { path: path.clone(), is_project: true, is_named: false };
        let finding = Finding { is_error: true, path, line: Some(1), what: "broken".into(), remedy: "" };
        let broken = crate::config::State::Broken;
        let config = Config { files: vec![(file, broken)], findings: vec![finding], ..Config::default() };
        let mut settings = Settings { config, ..Settings::default() };
        let line = CommandLine::from_arguments(["auditui", "export", "--since", "1h"]).unwrap();
        assert!(settings.tell(&line, &Talk::plain("test")).is_ok());
        settings.config.files[0].0.is_project = false;
        assert!(settings.tell(&line, &Talk::plain("test")).is_err());
    }

    #[test]
    fn a_broken_file_stops_whatever_asks_a_tenancy() {
        for words in [
            "auditui collect --into d",
            "auditui --plan --since 1h",
            "auditui export --since 1h",
            "auditui doctor",
            "auditui probe",
        ] {
            let problem = told(words, "region = [\n").unwrap_err();
            assert_eq!((problem.kind.exit_code(), told(words, "region = []\n").is_ok()), (2, true), "{words}");
        }
        for words in ["auditui", "auditui open x", "auditui verify d", "auditui count x"] {
            assert!(told(words, "region = [\n").is_ok(), "{words}");
        }
    }
}
