//! Where the files are.

use std::path::{Path, PathBuf};

/// What people put into the directory of the work at hand.
const PROJECT: &str = ".auditui.toml";

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The directory of the user's configuration: themes are below it.
    pub directory: Option<PathBuf>,
    user: Option<File>,
    project: File,
}

/// A file that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub path: PathBuf,
    pub is_project: bool,
    /// Somebody said that it is there.
    pub is_named: bool,
}

impl Places {
    /// The user's file is the one that `named` says, else that of `AUDITUI_CONFIG`, else `config.toml` in the usual place:
    /// `$XDG_CONFIG_HOME/auditui`, else `~/.config/auditui`, on Windows `%APPDATA%\auditui`.
    pub fn find<'a>(named: Option<&Path>, variable: impl Fn(&str) -> Option<&'a str>) -> Self {
        let named = named.map(Path::to_path_buf).or_else(|| variable("AUDITUI_CONFIG").map(PathBuf::from));
        let directory = directory(&variable);
        let user = match named {
            Some(path) => Some(File { path, is_project: false, is_named: true }),
            None => directory.as_ref().map(|directory| File {
                path: directory.join("config.toml"),
                is_project: false,
                is_named: false,
            }),
        };
        // Themes go with the file, wherever it is.
        let beside =
            user.as_ref().filter(|user| user.is_named).and_then(|user| user.path.parent().map(Path::to_path_buf));
        let project = File { path: PathBuf::from(PROJECT), is_project: true, is_named: false };
        Self { directory: beside.or(directory), user, project }
    }

    /// The user's file, there or not.
    pub fn user(&self) -> Option<&Path> {
        self.user.as_ref().map(|file| file.path.as_path())
    }

    pub fn project(&self) -> &Path {
        &self.project.path
    }

    pub fn themes(&self) -> Option<PathBuf> {
        self.directory.as_ref().map(|directory| directory.join("themes"))
    }

    /// The user's file before the project's.
    pub fn files(&self) -> impl Iterator<Item = File> {
        self.user.iter().chain([&self.project]).cloned().collect::<Vec<_>>().into_iter()
    }
}

/// Where the user's configuration is, where nothing else was named: the file, and beside it themes and views.
pub fn directory<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Option<PathBuf> {
    // A relative path is none, says the XDG specification.
    let xdg = variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || variable("HOME").or_else(|| variable("USERPROFILE")).map(|home| Path::new(home).join(".config"));
    let windows = || variable("APPDATA").filter(|_| cfg!(windows)).map(PathBuf::from);
    xdg.or_else(windows).or_else(home).map(|base| base.join("auditui"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(named: Option<&str>, env: &[(&'static str, &'static str)]) -> Option<PathBuf> {
        let variable = |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        Places::find(named.map(Path::new), variable).user().map(Path::to_path_buf)
    }

    #[test]
    #[cfg(not(windows))]
    fn the_file_that_was_named_comes_before_the_usual_places() {
        let home = ("HOME", "/home/jo");
        assert_eq!(user(None, &[home]), Some("/home/jo/.config/auditui/config.toml".into()));
        assert_eq!(user(None, &[home, ("XDG_CONFIG_HOME", "/x")]), Some("/x/auditui/config.toml".into()));
        assert_eq!(
            user(None, &[home, ("XDG_CONFIG_HOME", "x")]),
            Some("/home/jo/.config/auditui/config.toml".into()),
            "a relative path does not count"
        );
        assert_eq!(user(None, &[home, ("AUDITUI_CONFIG", "/a.toml")]), Some("/a.toml".into()));
        assert_eq!(user(Some("/b.toml"), &[home, ("AUDITUI_CONFIG", "/a.toml")]), Some("/b.toml".into()));
        assert_eq!(user(None, &[]), None);
    }

    #[test]
    fn themes_are_beside_the_file() {
        let places = Places::find(Some(Path::new("/etc/a/b.toml")), |_| None);
        assert_eq!(places.themes(), Some("/etc/a/themes".into()));
    }
}
