//! `auditui config`: where the files are, what is in force and who says so, and what is wrong.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::args::{ConfigCommand, IdentityArgs, ListingFormat};
use super::listing::{aligned, print_json, print_text};
use super::look::Wanted;
use super::output::cannot_write;
use super::settings::{Settings, oci_variable, option};
use super::talk::say;
use crate::config::{Finding, KNOWN, Origin, Setting, State, write_default};
use crate::domain::problem::Problem;
use crate::domain::text::clean;
use crate::domain::time_phrase::{Anchors, parse_range};
use crate::oci::{Env, try_resolve};

/// A value in force.
#[derive(Serialize)]
struct Row {
    key: String,
    value: Option<String>,
    origin: String,
}

pub fn run(
    command: &ConfigCommand,
    settings: &Settings,
    identity: &IdentityArgs,
    wanted: &Wanted,
    env: &Env,
) -> Result<ExitCode, Problem> {
    match command {
        ConfigCommand::Path => print_text(&user_file(settings)?.display().to_string()).map(|()| ExitCode::SUCCESS),
        ConfigCommand::Show { output } => show(*output, settings, identity, wanted, env),
        ConfigCommand::Check { write_default: true } => write(user_file(settings)?),
        ConfigCommand::Check { write_default: false } => check(settings, wanted),
    }
}

fn user_file(settings: &Settings) -> Result<&Path, Problem> {
    let user = settings.places.as_ref().and_then(|places| places.user());
    user.ok_or_else(|| {
        Problem::usage("there is no place for a configuration file: HOME is not set")
            .hint("name the file with --tool-config or AUDITUI_CONFIG")
    })
}

fn write(path: &Path) -> Result<ExitCode, Problem> {
    match write_default(path) {
        Ok(()) => {
            print_text(&format!("{}: written, with everything in it as comments", path.display()))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let what = format!("{} is there already, and stays as it is", path.display());
            Err(Problem::usage(what).hint("move it away first, or name another one with --tool-config"))
        }
        Err(error) => Err(cannot_write(path, &error)),
    }
}

/// Everything that is wrong; a missing file is not.
fn check(settings: &Settings, wanted: &Wanted) -> Result<ExitCode, Problem> {
    let findings = findings(settings, wanted)?;
    let mut lines: Vec<String> = Vec::new();
    for (file, state) in &settings.config.files {
        let words = match state {
            State::Read => "read",
            State::Missing => "not there, which is fine",
            State::Broken => "not used",
        };
        lines.push(format!("{}: {words}", clean(&file.path.display().to_string())));
    }
    lines.extend(findings.iter().map(told));
    print_text(&lines.join("\n"))?;
    let is_wrong = findings.iter().any(|finding| finding.is_error);
    Ok(if is_wrong { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

/// Of the files, the keys, the theme and the time.
fn findings(settings: &Settings, wanted: &Wanted) -> Result<Vec<Finding>, Problem> {
    let config = &settings.config;
    let look = wanted.look(config)?.findings;
    let time = config.setting("time").and_then(wrong_time);
    let mut all: Vec<Finding> = config.findings.iter().cloned().chain(look).chain(time).collect();
    all.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    Ok(all)
}

fn told(finding: &Finding) -> String {
    format!("{}: {finding}", if finding.is_error { "error" } else { "warning" })
}

/// What the explorer would say against the time that it shall begin with.
pub fn wrong_time(setting: &Setting) -> Option<Finding> {
    let text = setting.values.first()?;
    let anchors = Anchors { now: crate::oci::clock::now(), zone: crate::domain::zone::Zone::Utc, event: None };
    let error = parse_range(text, &anchors).err()?;
    let (Origin::User(path, line) | Origin::Project(path, line)) = &setting.origin else { return None };
    let what = format!("`time` is `{}`: {}", clean(text), error.message);
    Some(Finding { is_error: true, path: path.clone(), line: Some(*line), what, remedy: "" })
}

fn show(
    output: ListingFormat,
    settings: &Settings,
    identity: &IdentityArgs,
    wanted: &Wanted,
    env: &Env,
) -> Result<ExitCode, Problem> {
    let mut rows = options(settings, identity.demo, env);
    rows.extend(keys(settings));
    let findings = findings(settings, wanted)?;
    for row in &mut rows {
        without_effect(row, &findings);
    }
    let oci = try_resolve(&identity.profile_options(env));
    let of_oci = oci.as_ref().map(|resolved| of_oci(resolved, &rows)).unwrap_or_default();
    rows.extend(of_oci);
    match output {
        ListingFormat::Json => print_json(&rows)?,
        ListingFormat::Table => {
            let mut table = vec![["SETTING", "VALUE", "FROM"].map(str::to_owned)];
            let cell = |text: &str| clean(text).into_owned();
            table.extend(rows.iter().map(|row| {
                [cell(&row.key), row.value.as_deref().map_or_else(|| "-".to_owned(), cell), cell(&row.origin)]
            }));
            print_text(&aligned(&table))?;
        }
    }
    for finding in &findings {
        say(&told(finding));
    }
    if let Err(unresolved) = oci {
        say(&format!("the OCI configuration says nothing: {}", unresolved.problem.message));
    }
    Ok(ExitCode::SUCCESS)
}

/// A line that is wrong says so.
fn without_effect(row: &mut Row, findings: &[Finding]) {
    let mut wrong = findings.iter().filter(|finding| finding.is_error);
    if wrong.any(|finding| finding.line.is_some() && finding.place() == row.origin) {
        row.origin.push_str(" (no effect: it is wrong)");
    }
}

/// Every setting that a file may hold, and every other option that somebody gave.
fn options(settings: &Settings, demo: bool, env: &Env) -> Vec<Row> {
    let known = KNOWN.iter().map(|known| known.name.to_owned());
    let other = settings.said.iter().map(|(name, ..)| name.clone()).filter(|name| !is_known(name));
    known.chain(other).map(|name| in_force(name, settings, demo, env)).collect()
}

fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|known| known.name == name)
}

fn in_force(name: String, settings: &Settings, demo: bool, env: &Env) -> Row {
    if let Some((_, values, origin)) = settings.said.iter().find(|(said, ..)| *said == name) {
        return row(name, Some(values.join(",")), origin);
    }
    if let Some(variable) = oci_variable(&name, env) {
        return row(name, env.get(variable).map(str::to_owned), &Origin::Variable(variable.to_owned()));
    }
    if let Some(setting) = settings.config.setting(&name).filter(|setting| !(demo && setting.known.of_tenancy)) {
        return row(name, Some(setting.values.join(",")), &setting.origin);
    }
    let default = option(&name).and_then(|option| {
        let values: Vec<_> =
            option.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
        (!values.is_empty()).then(|| values.join(","))
    });
    row(name, default, &Origin::Default)
}

fn row(key: String, value: Option<String>, origin: &Origin) -> Row {
    Row { key, value, origin: origin.to_string() }
}

fn keys(settings: &Settings) -> Vec<Row> {
    let config = &settings.config;
    let preset = match &config.preset {
        Some((name, origin)) => row("keys.preset".to_owned(), Some(name.clone()), origin),
        None => row("keys.preset".to_owned(), Some("default".to_owned()), &Origin::Default),
    };
    let of_line = |line: &crate::config::KeyLine| {
        let name = format!("keys.{}.{}", line.focus, line.key);
        row(name, Some(line.run.clone().unwrap_or_else(|| "false".to_owned())), &line.origin)
    };
    [preset].into_iter().chain(config.keys.iter().map(of_line)).collect()
}

/// What the OCI configuration says, as far as nobody above it has said so already. None of it is secret.
fn of_oci(resolved: &crate::oci::Settings, above: &[Row]) -> Vec<Row> {
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let values = &resolved.values;
    let all = [
        ("profile", Some(resolved.profile_name.clone())),
        ("config_file", path(&resolved.config_file)),
        ("auth", Some(values.auth.to_string())),
        ("tenancy", values.tenancy.clone()),
        ("user", values.user.clone()),
        ("fingerprint", values.fingerprint.clone()),
        ("region", values.region.clone()),
        ("key_file", path(&values.key_file)),
        ("security_token_file", path(&values.security_token_file)),
    ];
    let is_said = |key: &str| {
        let named = key.replace('_', "-");
        key != "region" && above.iter().any(|row| row.key == named && row.value.is_some())
    };
    let told = all.into_iter().filter(|(key, value)| value.is_some() && !is_said(key));
    told.map(|(key, value)| Row {
        key: format!("oci.{key}"),
        value,
        origin: resolved.origins.get(key).cloned().unwrap_or_else(|| Origin::Default.to_string()),
    })
    .collect()
}
