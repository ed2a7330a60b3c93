//! Views: those that ship with the program, those of the user, and `--view`, which asks one.

use std::fs;
use std::path::PathBuf;

use super::args::{Command, CommandLine, FilterArgs};
use crate::app::saved::{self, SavedView, Show};
use crate::config;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::{clean, clean_prefix};
use crate::oci::Env;

/// Files of views that are read, and bytes of each.
const MOST_FILES: usize = 500;
const LARGEST: u64 = 1 << 20;

/// Where the user's views are: `views` below the configuration.
pub fn directory(env: &Env) -> Option<PathBuf> {
    Some(config::directory(|name| env.get(name))?.join("views"))
}

/// All views, the user's last and by the names of their files; what of them cannot be read is told.
pub fn all(env: &Env) -> (Vec<SavedView>, Vec<Problem>) {
    let (mut views, mut problems) = (saved::built_in(), Vec::new());
    let Some(entries) = directory(env).and_then(|directory| fs::read_dir(directory).ok()) else {
        return (views, problems);
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    for path in paths.into_iter().take(MOST_FILES) {
        let small = fs::metadata(&path).is_ok_and(|data| data.is_file() && data.len() <= LARGEST);
        let text = if small { fs::read_to_string(&path) } else { Err(std::io::ErrorKind::FileTooLarge.into()) };
        let read = text
            .map_err(|error| error.to_string())
            .and_then(|text| saved::parse(&text).map_err(|error| error.to_string()));
        match read {
            Ok(read) => read.into_iter().for_each(|view| saved::add(&mut views, view)),
            Err(error) => {
                let what = format!("{} holds no views: {error}", path.display());
                problems.push(Problem::new(ProblemKind::Io, clean(&what)));
            }
        }
    }
    (views, problems)
}

/// Puts what a view asks in the place of `--view`.
pub fn apply(line: &mut CommandLine, env: &Env) -> Result<(), Problem> {
    for filter in filters(line) {
        if let Some(name) = filter.view.take() {
            ask(filter, &find(&name, env)?);
        }
    }
    Ok(())
}

fn filters(line: &mut CommandLine) -> impl Iterator<Item = &mut FilterArgs> {
    let of_command = match &mut line.command {
        Some(Command::Export(args)) => Some(&mut args.filter),
        Some(Command::Count(args)) => Some(&mut args.events.filter),
        Some(Command::Summary(args)) => Some(&mut args.events.filter),
        Some(Command::Open(args)) => Some(&mut args.filter),
        _ => None,
    };
    [Some(&mut line.filter), of_command].into_iter().flatten()
}

fn find(name: &str, env: &Env) -> Result<SavedView, Problem> {
    let (views, problems) = all(env);
    if let Some(view) = views.iter().find(|view| view.name.eq_ignore_ascii_case(name)) {
        return Ok(view.clone());
    }
    let names: Vec<&str> = views.iter().map(|view| view.name.as_str()).collect();
    let likeness = |other: &&str| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
    let near =
        names.iter().copied().filter(|other| likeness(other) > 0.8).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let meant = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
    let broken = problems.first().map(|problem| format!("; {}", problem.what)).unwrap_or_default();
    let problem = Problem::usage(format!("--view {}: there is no such view", clean_prefix(name, 40)));
    Err(problem.hint(format!("{meant}There are: {}{broken}", names.join(", "))))
}

fn ask(filter: &mut FilterArgs, view: &SavedView) {
    filter.filter = Some(match filter.filter.take() {
        Some(more) if !view.query.is_empty() => format!("({}) ({more})", view.query),
        Some(more) => more,
        None => view.query.clone(),
    });
    if !(filter.writes || filter.reads) {
        filter.writes = view.show == Show::Writes;
        filter.reads = view.show == Show::Reads;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(home: &std::path::Path) -> Env {
        [("XDG_CONFIG_HOME", home.display().to_string())].into_iter().collect()
    }

    #[test]
    fn the_users_views_stand_beside_those_that_ship_and_broken_files_are_told() {
        let home = tempfile::tempdir().unwrap();
        let env = env(home.path());
        let directory = directory(&env).unwrap();
        fs::create_dir_all(&directory).unwrap();
        fs::write(
            directory.join("a.toml"),
            "[[view]]\nname = \"mine\"\nquery = \"user:a OR user:b\"\nshow = \"all\"\n",
        )
        .unwrap();
        fs::write(directory.join("b.toml"), "[[view]]\nname = \"failed\"\nquery = \"is:denied\"\n").unwrap();
        fs::write(directory.join("c.toml"), "view = 1").unwrap();
        let (views, problems) = all(&env);
        assert_eq!((views.len(), problems.len()), (saved::built_in().len() + 1, 1));
        assert!(problems[0].what.contains("c.toml"));
        assert_eq!(views.iter().find(|view| view.name == "failed").unwrap().query, "is:denied");
        let mut filter = FilterArgs { filter: Some("-ip:10.0.0.0/8".into()), ..FilterArgs::default() };
        ask(&mut filter, &find("Mine", &env).unwrap());
        assert_eq!(filter.filter.as_deref(), Some("(user:a OR user:b) (-ip:10.0.0.0/8)"));
        assert!(!filter.writes && !filter.reads);
        let error = find("writs", &env).unwrap_err();
        assert!(error.hint.starts_with("did you mean writes?"), "{}", error.hint);
    }
}
