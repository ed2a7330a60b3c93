//! The file to begin with: everything that may stand in it, as comments.

use std::fmt::Write as _;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::known::KNOWN;

const KEYS: &str = "\
[keys]
# Where to begin from: default, k9s or lnav.
# preset = \"k9s\"

# Then key by key: what it does there, false for nothing. `?` in the explorer lists what there is; places are global, list,
# tree, detail, json, prompt, help and so on. Esc and Ctrl-C stay what they are.
# [keys.list]
# \"ctrl-d\" = \"page-down\"
# \"x\" = false
";

/// The text of such a file.
pub fn template() -> String {
    let head = "# Configuration of auditui. What is not said here is as it would be without this file.\n\
                # Keys are named like the options of the command line, which come before them, as does the environment\n\
                # (AUDITUI_*, OCI_CLI_*). `auditui config show` says what is in force, and why.\n\n";
    let mut text = head.to_owned();
    for known in &KNOWN {
        // A `String` takes whatever is written.
        let _ = writeln!(text, "# {}\n# {} = {}\n", known.about, known.name, known.example);
    }
    text + KEYS
}

/// Writes it, readable for its owner alone, and the directory above it where that is missing. An existing file is an error.
pub fn write_default(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(template().as_bytes())
}
