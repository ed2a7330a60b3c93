//! From the text of a file to what it says.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::known::{KNOWN, Known, Shape};
use super::{Config, File, Finding, KeyLine, Origin, Setting, State};
use crate::domain::text::{clean_prefix, line_at, nearest};

/// More than that is no configuration.
const LARGEST: u64 = 1 << 20;

/// Beside the settings.
const KEYS: &str = "keys";

impl Config {
    pub(super) fn take(&mut self, file: &File) -> State {
        match text_of(file) {
            Ok(Some(text)) => Reader { config: self, file, text: &text }.read(),
            Ok(None) => State::Missing,
            Err(error) => {
                self.findings.push(Finding {
                    is_error: true,
                    path: file.path.clone(),
                    line: None,
                    what: format!("cannot be read: {error}"),
                    remedy: "",
                });
                State::Broken
            }
        }
    }
}

/// `None` where there is no file and need not be one.
fn text_of(file: &File) -> io::Result<Option<String>> {
    let is_missing = |error: &io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    let found = match fs::metadata(&file.path) {
        Err(error) if is_missing(&error) && !file.is_named => return Ok(None),
        found => found?,
    };
    // A pipe that lies around would be waited for.
    if found.is_dir() || !(found.is_file() || file.is_named) {
        return Err(io::Error::other("it is no file"));
    }
    read(&file.path).map(Some)
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST { Err(io::Error::other("it is larger than 1 MiB")) } else { Ok(text) }
}

struct Reader<'a> {
    config: &'a mut Config,
    file: &'a File,
    text: &'a str,
}

impl Reader<'_> {
    fn read(&mut self) -> State {
        let text = self.text;
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let what = error.message().lines().collect::<Vec<_>>().join("; ");
                self.find(true, at, &what);
                if let Some(finding) = self.config.findings.last_mut() {
                    finding.remedy = "; mend this line, or put # before it: nothing of this file counts until then";
                }
                return State::Broken;
            }
        };
        for (name, value) in entries(table) {
            self.entry(&name, &value);
        }
        State::Read
    }

    fn find(&mut self, is_error: bool, at: usize, what: &str) {
        let line = Some(line_at(self.text, at));
        let what = clean_prefix(what, 400).into_owned();
        self.config.findings.push(Finding { is_error, path: self.file.path.clone(), line, what, remedy: "" });
    }

    fn origin(&self, at: usize) -> Origin {
        let (path, line) = (self.file.path.clone(), line_at(self.text, at));
        if self.file.is_project { Origin::Project(path, line) } else { Origin::User(path, line) }
    }

    fn entry(&mut self, name: &Spanned<String>, value: &Spanned<DeValue<'_>>) {
        let at = name.span().start;
        if name.get_ref() == KEYS {
            return self.keys(at, value.get_ref());
        }
        let known = KNOWN.iter().find(|known| known.name == name.get_ref());
        match known {
            None => self.unknown(name),
            Some(known) if self.file.is_project => {
                let what = format!("`{}` has no effect in a project's file: it belongs into your own", known.name);
                self.find(false, at, &what);
            }
            Some(known) => match values(known.shape, value.get_ref()) {
                Ok(values) => {
                    let origin = self.origin(at);
                    self.config.settings.push(Setting { known, values, origin });
                }
                Err(wanted) => {
                    self.find(true, at, &format!("`{}` is {wanted}, such as {}", known.name, example(known)));
                }
            },
        }
    }

    fn unknown(&mut self, name: &Spanned<String>) {
        let names: Vec<&str> = KNOWN.iter().map(|known| known.name).chain([KEYS]).collect();
        let near = nearest(name.get_ref(), &names);
        let what = format!("there is no key `{}`{near}", clean_prefix(name.get_ref(), 80));
        self.find(false, name.span().start, &what);
    }

    /// `[keys]`: the preset, and a table for each place.
    fn keys(&mut self, at: usize, value: &DeValue<'_>) {
        let DeValue::Table(table) = value else {
            return self.find(true, at, "`keys` is a table, such as [keys.list]");
        };
        for (name, value) in entries(table.clone()) {
            let at = name.span().start;
            match (name.get_ref().as_str(), value.get_ref()) {
                ("preset", DeValue::String(preset)) => {
                    self.config.preset = Some((preset.to_string(), self.origin(at)));
                }
                ("preset", _) => self.find(true, at, "`preset` is a name, such as \"k9s\""),
                (focus, DeValue::Table(keys)) => {
                    for (key, run) in entries(keys.clone()) {
                        self.key(focus, &key, run.get_ref());
                    }
                }
                (_, _) => {
                    let what = "keys stand below a place: [keys.list], then \"ctrl-d\" = \"page-down\"";
                    self.find(true, at, what);
                }
            }
        }
    }

    fn key(&mut self, focus: &str, key: &Spanned<String>, run: &DeValue<'_>) {
        let at = key.span().start;
        let run = match run {
            DeValue::String(action) => Some(action.to_string()),
            DeValue::Boolean(false) => None,
            _ => {
                let what =
                    format!("`{}` is the name of an action, or false for nothing", clean_prefix(key.get_ref(), 40));
                return self.find(true, at, &what);
            }
        };
        let origin = self.origin(at);
        self.config.keys.push(KeyLine { focus: focus.to_owned(), key: key.get_ref().clone(), run, origin });
    }
}

/// In the order of the file.
fn entries(table: DeTable<'_>) -> Vec<(Spanned<String>, Spanned<DeValue<'_>>)> {
    let mut entries: Vec<_> =
        table.into_iter().map(|(name, value)| (Spanned::new(name.span(), name.get_ref().to_string()), value)).collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

/// As they would be typed; or what would be right.
fn values(shape: Shape, value: &DeValue<'_>) -> Result<Vec<String>, &'static str> {
    match (shape, value) {
        (Shape::Switch, DeValue::Boolean(on)) => Ok(vec![on.to_string()]),
        (Shape::Switch, _) => Err("true or false"),
        (_, DeValue::String(text)) => Ok(vec![text.to_string()]),
        (Shape::One, DeValue::Integer(number)) if number.radix() == 10 => Ok(vec![number.as_str().to_owned()]),
        (Shape::One, _) => Err("one value"),
        (Shape::Many, DeValue::Array(array)) => array
            .iter()
            .map(|value| value.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or("a list of names"),
        (Shape::Many, _) => Err("a name or a list of them"),
    }
}

fn example(known: &Known) -> String {
    format!("{} = {}", known.name, known.example)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::template::template;

    fn read(text: &str, is_project: bool) -> (Config, State) {
        let mut config = Config::default();
        let file = File { path: "c.toml".into(), is_project, is_named: false };
        let state = Reader { config: &mut config, file: &file, text }.read();
        (config, state)
    }

    fn told(text: &str) -> Vec<String> {
        read(text, false).0.findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn values_come_with_their_lines() {
        let (config, state) =
            read("# mine\nprofile = \"P\"\nregion = [\"a\", \"b\"]\n\nconcurrency = 8\nascii = false\n", false);
        assert_eq!((state, config.findings.as_slice()), (State::Read, &[][..]));
        let set: Vec<_> = config.settings.iter().map(|s| (s.known.name, s.values.join(","), s.origin.line())).collect();
        let expected = [("profile", "P", 2), ("region", "a,b", 3), ("concurrency", "8", 5), ("ascii", "false", 6)];
        assert_eq!(set, expected.map(|(name, value, line)| (name, value.to_owned(), Some(line))));
    }

    #[test]
    fn an_unknown_key_is_a_warning_with_the_nearest_name() {
        let (config, _) = read("thme = \"dark\"\n", false);
        assert!(!config.has_errors());
        assert_eq!(told("thme = \"dark\"\n"), ["c.toml line 1: there is no key `thme`; did you mean `theme`?"]);
        assert_eq!(told("pass_phrase = \"hunter2\"\n"), ["c.toml line 1: there is no key `pass_phrase`"]);
    }

    #[test]
    fn broken_syntax_is_told_with_its_line_and_nothing_counts() {
        let (config, state) = read("profile = \"P\"\nregion = [\"a\"\ntheme = \"dark\"\n", false);
        assert_eq!((state, config.settings.len()), (State::Broken, 0));
        let told = config.findings[0].to_string();
        assert!(config.has_errors() && told.contains(" line ") && told.contains("mend this line"), "{told}");
    }

    #[test]
    fn what_has_the_wrong_shape_is_told_with_an_example() {
        assert_eq!(
            told("ascii = \"yes\"\nregion = 3\nprofile = [1]\n"),
            [
                "c.toml line 1: `ascii` is true or false, such as ascii = true",
                "c.toml line 2: `region` is a name or a list of them, such as region = [\"eu-frankfurt-1\", \"iad\"]",
                "c.toml line 3: `profile` is one value, such as profile = \"PROD\"",
            ]
        );
        assert!(told("[keys]\n\"x\" = \"top\"\n")[0].contains("keys stand below a place"));
        assert!(told("[keys.list]\n\"x\" = 3\n")[0].contains("or false for nothing"));
        assert!(told("keys = 3\n")[0].contains("[keys.list]"));
    }

    #[test]
    fn a_project_says_keys_and_nothing_else() {
        let text = "profile = \"THEIRS\"\ntheme = \"light\"\n[keys]\npreset = \"k9s\"\n[keys.list]\n\"x\" = false\n";
        let (config, _) = read(text, true);
        assert_eq!((config.settings.len(), config.findings.len()), (0, 2));
        assert!(config.findings[0].to_string().contains("belongs into your own") && !config.has_errors());
        assert_eq!(config.preset.as_ref().map(|(name, origin)| (name.as_str(), origin.line())), Some(("k9s", Some(4))));
        assert_eq!((config.keys[0].run.clone(), config.keys[0].origin.line()), (None, Some(6)));
    }

    #[test]
    fn the_file_to_begin_with_says_nothing_and_everything_in_it_is_right() {
        let (config, state) = read(&template(), false);
        assert_eq!((state, config.findings.len(), config.settings.len()), (State::Read, 0, 0));
        let is_value = |line: &&str| line.contains(" = ") || line.starts_with("# [");
        let template = template();
        let lines = template.lines().map(|line| if is_value(&line) { line.trim_start_matches("# ") } else { line });
        let switched_on = lines.collect::<Vec<_>>().join("\n");
        let (config, _) = read(&switched_on, false);
        assert_eq!(config.findings, []);
        assert_eq!((config.settings.len(), config.keys.len()), (KNOWN.len(), 2));
        assert!(config.preset.is_some());
    }

    #[test]
    fn a_file_that_was_named_must_be_there_and_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("no.toml");
        let mut config = Config::default();
        let file = |is_named| File { path: path.clone(), is_project: false, is_named };
        assert_eq!(config.take(&file(false)), State::Missing);
        assert_eq!((config.take(&file(true)), config.has_errors()), (State::Broken, true));
        fs::create_dir(&path).unwrap();
        assert_eq!(config.take(&file(false)), State::Broken);
    }
}
