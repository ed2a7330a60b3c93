//! Reload: looks now and then whether a file of keys or colours has changed, and has it read again. Off the thread that
//! draws; between two looks nothing is done.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, SystemTime};

use super::home::{Happening, Home};
use crate::app::keymap::Keymap;
use crate::app::message::Message;
use crate::domain::problem::Problem;
use crate::ui::Theme;

/// How long after a change it may take to be seen.
const EVERY: Duration = Duration::from_secs(1);

/// What to look at, and how to read it.
pub struct Reload {
    pub files: Vec<PathBuf>,
    /// Every file in it as well.
    pub directory: Option<PathBuf>,
    pub read: Box<dyn Fn() -> Reloaded + Send>,
}

/// What the files say now. What is `None` stays as it was.
pub struct Reloaded {
    pub keymap: Option<Arc<Keymap>>,
    pub theme: Option<Theme>,
    /// What is wrong with them, until they are read again.
    pub problem: Option<Problem>,
}

/// Dropping it ends the looking.
pub struct Watching {
    _end: Sender<()>,
}

/// When a file was written last, and its length; `None` where there is none.
type Stamp = (PathBuf, Option<(SystemTime, u64)>);

impl Reload {
    pub fn watch(self, home: Home) -> Watching {
        let (sender, end) = channel();
        // Without the thread nothing is taken over, and everything else works.
        let _ = std::thread::Builder::new().name("reload".to_owned()).spawn(move || self.stay(&home, &end));
        Watching { _end: sender }
    }

    fn stay(&self, home: &Home, end: &Receiver<()>) {
        let mut seen = self.stamps();
        while end.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            if let Some(reloaded) = self.look(&mut seen) {
                home.happen(Happening::Reloaded(Box::new(reloaded)));
            }
        }
    }

    /// What the files say, if they are others than before.
    fn look(&self, seen: &mut Vec<Stamp>) -> Option<Reloaded> {
        let now = self.stamps();
        let changed = now != *seen;
        *seen = now;
        changed.then(|| (self.read)())
    }

    fn stamps(&self) -> Vec<Stamp> {
        let listed = self.directory.as_ref().and_then(|directory| fs::read_dir(directory).ok());
        let mut paths: Vec<PathBuf> = listed.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        self.files.iter().cloned().chain(paths).map(|path| (path.clone(), stamp(&path))).collect()
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let found = fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}

impl Reloaded {
    /// The part that is the machine's.
    pub fn message(self) -> (Option<Theme>, Message) {
        (self.theme, Message::Configuration { keymap: self.keymap, problem: self.problem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_any_of_the_files_is_seen_once() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.toml");
        let themes = directory.path().join("themes");
        let nothing = || Reloaded { keymap: None, theme: None, problem: None };
        let reload = Reload { files: vec![file.clone()], directory: Some(themes.clone()), read: Box::new(nothing) };
        let mut seen = reload.stamps();
        assert!(reload.look(&mut seen).is_none());
        fs::write(&file, "a").unwrap();
        assert!(reload.look(&mut seen).is_some() && reload.look(&mut seen).is_none());
        fs::write(&file, "ab").unwrap();
        assert!(reload.look(&mut seen).is_some());
        fs::create_dir(&themes).unwrap();
        assert!(reload.look(&mut seen).is_none(), "an empty directory says nothing");
        fs::write(themes.join("own.toml"), "text = {}").unwrap();
        assert!(reload.look(&mut seen).is_some());
        fs::remove_file(&file).unwrap();
        assert!(reload.look(&mut seen).is_some() && reload.look(&mut seen).is_none());
    }
}
