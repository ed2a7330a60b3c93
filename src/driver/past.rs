//! The file of queries that were asked, one a line, the newest last; its owner's alone.
//!
//! Several explorers may add to it: a line is written at once, and lines are only ever taken away at a start, when there
//! are twice as many as are kept.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use crate::app::recent::MOST;

use super::private::{append_to, write_whole};

/// Bytes that are read, from the end.
const LARGEST: u64 = 1 << 20;

/// What was asked, the newest last; nothing where there is no file.
pub fn load(path: &Path) -> io::Result<Vec<String>> {
    let text = match end_of(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let lines: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let kept = lines.iter().skip(lines.len().saturating_sub(MOST)).cloned().collect::<Vec<_>>();
    if lines.len() > 2 * MOST {
        write_whole(path, &(kept.join("\n") + "\n"))?;
    }
    Ok(kept)
}

/// The last lines, all of them whole.
fn end_of(path: &Path) -> io::Result<String> {
    // A pipe would be waited for when it is opened already.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut file = File::open(path)?;
    let skipped = file.metadata()?.len().saturating_sub(LARGEST);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(match text.split_once('\n') {
        Some((_, whole)) if skipped > 0 => whole.to_owned(),
        _ => text,
    })
}

/// Adds a query, which is one line.
pub fn append(path: &Path, query: &str) -> io::Result<()> {
    let line: String = query.chars().filter(|c| !c.is_control()).chain(['\n']).collect();
    append_to(path)?.write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_is_there_again_and_does_not_grow_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/auditui/history");
        assert!(load(&path).unwrap().is_empty());
        append(&path, "user:alice").unwrap();
        append(&path, "two\nlines").unwrap();
        assert_eq!(load(&path).unwrap(), ["user:alice", "twolines"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
        (0..2 * MOST).for_each(|number| append(&path, &format!("user:{number}")).unwrap());
        let kept = load(&path).unwrap();
        assert_eq!((kept.len(), kept.last().unwrap().as_str()), (MOST, "user:999"));
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), MOST);
        std::fs::write(&path, "x".repeat(LARGEST as usize) + "\nlast\n").unwrap();
        assert_eq!(load(&path).unwrap(), ["last"], "of a line that was not read whole nothing is taken");
        assert!(load(directory.path()).is_err());
    }
}
