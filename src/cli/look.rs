//! How the explorer looks and which keys it has: the options, the environment, the files.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::args::ScreenArgs;
use super::settings::{self, Settings};
use crate::app::keymap::Keymap;
use crate::app::rebind::Change;
use crate::app::setup::Glyphs;
use crate::config::{Config, Finding, KeyLine, Origin, Places};
use crate::domain::problem::Problem;
use crate::domain::text::{clean_prefix, nearest};
use crate::driver::{Reload, Reloaded};
use crate::oci::Env;
use crate::ui::{Theme, theme_names};

/// Everything that is asked for it, so that it can be asked again when a file changes.
#[derive(Clone)]
pub struct Wanted {
    screen: ScreenArgs,
    places: Option<Places>,
    env: Env,
}

/// What came of it.
pub struct Look {
    pub keymap: Arc<Keymap>,
    pub theme: Theme,
    /// What of the files has no effect.
    pub findings: Vec<Finding>,
}

impl Wanted {
    pub fn new(screen: &ScreenArgs, settings: &Settings, env: &Env) -> Self {
        Self { screen: screen.clone(), places: settings.places.clone(), env: env.clone() }
    }

    /// A theme that was asked for by an option must be there; all else that is wrong is found and left out.
    pub fn look(&self, config: &Config) -> Result<Look, Problem> {
        let (keymap, mut findings) = keymap(config);
        let theme = match &self.screen.theme {
            _ if self.is_colourless(config) => Theme::mono(),
            Some(name) => {
                self.named(name).map_err(|why| Problem::usage(format!("--theme: {why}")).hint(self.themes()))?
            }
            None => self.configured(config, &mut findings),
        };
        Ok(Look { keymap: Arc::new(keymap), theme: self.fitting(theme), findings })
    }

    pub fn glyphs(&self) -> Glyphs {
        if self.screen.ascii { Glyphs::Ascii } else { Glyphs::Unicode }
    }

    /// The same again, whenever one of the files has changed.
    pub fn reload(self) -> Option<Reload> {
        let places = self.places.clone()?;
        let themes = places.themes();
        let files = places.files().map(|file| file.path).collect();
        let read = move || {
            let config = settings::read(&places);
            let look = self.look(&config);
            let findings = config.findings.clone();
            match look {
                Ok(look) => {
                    let all: Vec<Finding> = findings.into_iter().chain(look.findings).collect();
                    // Where nothing of a file counts, what was in force is the better guess.
                    let kept = config.is_broken();
                    let problem = problem(&all).map(|problem| if kept { still_as_before(problem) } else { problem });
                    Reloaded { keymap: (!kept).then_some(look.keymap), theme: (!kept).then_some(look.theme), problem }
                }
                Err(problem) => Reloaded { keymap: None, theme: None, problem: Some(still_as_before(problem)) },
            }
        };
        Some(Reload { files, directory: themes, read: Box::new(read) })
    }

    fn is_colourless(&self, config: &Config) -> bool {
        let configured = config.setting("no-color").is_some_and(|setting| setting.values == ["true"]);
        let asked = self.screen.theme.is_some();
        self.screen.no_color || (configured && !asked)
    }

    fn configured(&self, config: &Config, findings: &mut Vec<Finding>) -> Theme {
        // What the terminal, or its user, wants of every program comes before a taste.
        if self.env.get("TERM").is_some_and(|term| term == "dumb") || self.env.get("NO_COLOR").is_some() {
            return Theme::mono();
        }
        let setting = config.setting("theme");
        let named = setting.and_then(|setting| Some((setting, setting.values.first()?)));
        match named.map(|(setting, name)| (setting, self.named(name))) {
            Some((_, Ok(theme))) => theme,
            Some((setting, Err(why))) => {
                findings.extend(finding(&setting.origin, &format!("`theme`: {why}")));
                self.suggested()
            }
            None => self.suggested(),
        }
    }

    /// By what the terminal says of its background.
    fn suggested(&self) -> Theme {
        let name = if has_light_background(&self.env) { "light" } else { "dark" };
        Theme::built_in(name).unwrap_or_default()
    }

    /// A file of the user's, else one of those that ship.
    fn named(&self, name: &str) -> Result<Theme, String> {
        if let Some(path) = self.file(name)
            && let Ok(text) = fs::read_to_string(&path)
        {
            return Theme::parse(&text).map_err(|error| format!("{}: {error}", path.display()));
        }
        Theme::built_in(name)
            .ok_or_else(|| format!("there is no theme `{}`{}", clean_prefix(name, 80), nearest(name, &theme_names())))
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        let is_name = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
        let themes = self.places.as_ref()?.themes()?;
        is_name.then(|| themes.join(format!("{name}.toml")))
    }

    fn themes(&self) -> String {
        let own = self.places.as_ref().and_then(Places::themes);
        let own = own.map(|own| format!(", or a file NAME.toml in {}", own.display())).unwrap_or_default();
        format!("one of {}{own}", theme_names().join(", "))
    }

    /// Terminals that name themselves without many colours get sixteen.
    fn fitting(&self, theme: Theme) -> Theme {
        let many = |term: &str| {
            ["256", "direct", "truecolor", "kitty", "alacritty", "ghostty", "wezterm", "foot"]
                .iter()
                .any(|word| term.contains(word))
        };
        let few = self.env.get("TERM").is_some_and(|term| !many(term)) && self.env.get("COLORTERM").is_none();
        if few { theme.sixteen() } else { theme }
    }
}

/// The first of what was found, and how many more there are.
pub fn problem(findings: &[Finding]) -> Option<Problem> {
    let first = findings.iter().find(|finding| finding.is_error).or(findings.first())?;
    let more = findings.len() - 1;
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    Some(Problem::usage(format!("{}{more}", first.short())).hint("auditui config check tells all"))
}

fn still_as_before(problem: Problem) -> Problem {
    Problem { hint: "keys and colours stay as they were".to_owned(), ..problem }
}

fn keymap(config: &Config) -> (Keymap, Vec<Finding>) {
    let mut findings = Vec::new();
    let preset = config.preset.as_ref().map(|(name, origin)| (Keymap::preset(name), origin));
    let mut keymap = match preset {
        Some((Ok(keymap), _)) => keymap,
        Some((Err(error), origin)) => {
            findings.extend(finding(origin, &error.to_string()));
            Keymap::clone(Keymap::built_in())
        }
        None => Keymap::clone(Keymap::built_in()),
    };
    for KeyLine { focus, key, run, origin } in &config.keys {
        let change = Change { focus: focus.clone(), key: key.clone(), run: run.clone() };
        if let Err(error) = keymap.change(&change) {
            findings.extend(finding(origin, &error.to_string()));
        }
    }
    (keymap, findings)
}

fn finding(origin: &Origin, what: &str) -> Option<Finding> {
    let (Origin::User(path, line) | Origin::Project(path, line)) = origin else { return None };
    let what = clean_prefix(what, 400).into_owned();
    Some(Finding { is_error: true, path: path.clone(), line: Some(*line), what, remedy: "" })
}

/// `COLORFGBG`, as some terminals set it: the last number is the background's.
fn has_light_background(env: &Env) -> bool {
    let background = env.get("COLORFGBG").and_then(|value| value.rsplit(';').next()).and_then(|n| n.parse::<u8>().ok());
    matches!(background, Some(7 | 15))
}
