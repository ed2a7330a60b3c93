//! Files that are their owner's alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file so that it is there whole or not at all, for its owner alone; its directory is made where it is missing.
pub fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let directory = make_directory(path)?;
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

/// Opens a file to add to it, made where it is missing.
pub fn append_to(path: &Path) -> io::Result<File> {
    make_directory(path)?;
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.append(true).create(true).open(path)
}

/// The directory of a file.
fn make_directory(path: &Path) -> io::Result<&Path> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)?;
    Ok(directory)
}
