//! Whose a collection is. Who can write to it can change what it says happened, so a collector adds to none that somebody
//! else can write to. Reading is another matter: files are never taken at their word.

use std::path::Path;

use crate::domain::problem::Problem;

/// The directory of a collection, and what lies in it, by the path of its hidden part.
#[cfg(unix)]
pub fn check(hidden: &Path) -> Result<(), Problem> {
    let root = hidden.parent().filter(|root| !root.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The directory itself may be a link: that is how its owner calls it.
    check_one(root, std::fs::metadata(root).ok())?;
    for inner in [hidden.to_owned(), root.join("data")] {
        check_one(&inner, std::fs::symlink_metadata(&inner).ok())?;
    }
    Ok(())
}

#[cfg(unix)]
fn check_one(path: &Path, metadata: Option<std::fs::Metadata>) -> Result<(), Problem> {
    use std::os::unix::fs::MetadataExt as _;

    use crate::domain::problem::ProblemKind;
    use crate::domain::text::clean;

    let Some(metadata) = metadata else { return Ok(()) };
    let (owner, ours) = (metadata.uid(), rustix::process::geteuid().as_raw());
    let shown = path.display().to_string();
    let shown = clean(&shown);
    let refuse = |why: String, hint: String| Err(Problem::new(ProblemKind::Io, why).hint(hint));
    if metadata.is_symlink() {
        return refuse(
            format!("{shown} is a link: others could choose where the collection is written"),
            "name the directory that it leads to".to_owned(),
        );
    }
    if owner != ours {
        return refuse(
            format!("{shown} belongs to the user with id {owner}, not to this one ({ours})"),
            "run it as that user, or collect into a directory of your own".to_owned(),
        );
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return refuse(
            format!("{shown} has mode {mode:04o}, so others could change what was collected"),
            format!("chmod go-w {shown}"),
        );
    }
    Ok(())
}

/// Where files have no owners in numbers nobody is refused.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same form on every system")]
pub fn check(_: &Path) -> Result<(), Problem> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn only_what_nobody_else_can_write_to_is_added_to() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("c");
        let hidden = root.join(".auditui");
        fs::create_dir_all(&hidden).unwrap();
        for good in [0o700, 0o750, 0o755] {
            set(&root, good);
            set(&hidden, 0o700);
            assert!(check(&hidden).is_ok(), "{good:o}");
        }
        for bad in [0o770, 0o775, 0o757, 0o1777] {
            set(&root, bad);
            let problem = check(&hidden).unwrap_err();
            assert!(problem.what.contains("others could change") && problem.hint.contains("chmod go-w"), "{problem}");
            set(&root, 0o700);
            set(&hidden, bad);
            assert!(check(&hidden).unwrap_err().what.contains(".auditui"), "{bad:o}");
            set(&hidden, 0o700);
        }
        symlink(directory.path(), root.join("data")).unwrap();
        assert!(check(&hidden).unwrap_err().what.contains("is a link"));
        fs::remove_file(root.join("data")).unwrap();
        let link = directory.path().join("called");
        symlink(&root, &link).unwrap();
        assert!(check(&link.join(".auditui")).is_ok(), "its owner may call it by a link");
    }

    #[test]
    fn what_belongs_to_somebody_else_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let others = if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(directory.path(), Some(65_534), None).unwrap();
            directory.path().to_owned()
        } else {
            Path::new("/usr").to_owned()
        };
        let problem = check(&others.join(".auditui")).unwrap_err();
        assert!(problem.what.contains("belongs to the user with id"), "{problem}");
    }
}
