//! Where the queries that were asked are kept, and which they were.

use std::path::PathBuf;

use super::settings::Settings;
use crate::app::setup::Past;
use crate::driver::past;
use crate::oci::Env;

/// What was asked in earlier runs, unless the configuration says `history = false`. A file that cannot be read is left alone.
pub fn load(settings: &Settings, env: &Env) -> Past {
    if settings.value("history") == Some("false") {
        return Past::default();
    }
    let read = path(env).and_then(|path| Some((past::load(&path).ok()?, path)));
    read.map_or_else(Past::default, |(queries, path)| Past { path: Some(path), queries })
}

/// `$XDG_STATE_HOME/auditui/history`, else below `~/.local/state`.
fn path(env: &Env) -> Option<PathBuf> {
    let state = env.get("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(env.home()?.join(".local").join("state")))?;
    Some(state.join("auditui").join("history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_kept_with_the_state_and_the_configuration_can_say_no() {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().display().to_string();
        let env: Env = [("XDG_STATE_HOME", home.clone())].into_iter().collect();
        let there = directory.path().join("auditui/history");
        assert_eq!(load(&Settings::default(), &env), Past { path: Some(there.clone()), queries: Vec::new() });
        past::append(&there, "user:alice").unwrap();
        assert_eq!(load(&Settings::default(), &env).queries, ["user:alice"]);
        let file = directory.path().join("config.toml");
        std::fs::write(&file, "history = false\n").unwrap();
        let places = crate::config::Places::find(Some(&file), |_| None);
        let settings = Settings { config: super::super::settings::read(&places), ..Settings::default() };
        assert_eq!(load(&settings, &env), Past::default());
        let env: Env = [("HOME", home)].into_iter().collect();
        assert!(path(&env).is_some_and(|path| path.ends_with(".local/state/auditui/history")));
    }
}
